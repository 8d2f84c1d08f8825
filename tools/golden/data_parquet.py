"""Golden core_data/parquet: small Parquet files as pyarrow writes them, and their rows as pyarrow reads them back.

usage: python tools/golden/data_parquet.py        (from the repository's root; needs pyarrow)
"""
import datetime
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

OUT = pathlib.Path("tests/golden/core_data/parquet")


def tables():
    n = 2500
    yield "texts", pa.table({"text": pa.array([f"line {i}\n\u6c49" if i % 7 else None for i in range(n)]), "id": pa.array(range(n), pa.int32())}), {"row_group_size": 700}
    yield "numbers", pa.table({
        "b": pa.array([True, False, None]), "i8": pa.array([-1, 2, None], pa.int8()), "u64": pa.array([2**63 + 1, 0, None], pa.uint64()),
        "i64": pa.array([-2**62, 5, None]), "f": pa.array([0.5, -1.25, None], pa.float32()), "d": pa.array([1e300, 0.1, None]),
        "day": pa.array([datetime.date(2026, 1, 2), None, None]), "large": pa.array(["x", "", None], pa.large_string()),
        "kind": pa.array(["a", "b", "a"]).dictionary_encode(), "bytes": pa.array([b"\xff\xfe", b"ok", None])}), {"compression": "zstd"}
    yield "nested", pa.table({
        "messages": pa.array([[{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], [], None],
                             pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        "deep": pa.array([[[1, None], []], None, [[2]]], pa.list_(pa.list_(pa.int64())))}), {"compression": "gzip"}
    yield "empty", pa.table({"text": pa.array([], pa.string())}), {}


def plain(value):
    if isinstance(value, bytes):
        return value.decode() if value.isascii() else None
    return value.isoformat() if isinstance(value, datetime.date) else value


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rows = {}
    for name, table, options in tables():
        pq.write_table(table, OUT / f"{name}.parquet", **options)
        rows[name] = [{k: plain(v) for k, v in row.items()} for row in pq.read_table(OUT / f"{name}.parquet").to_pylist()]
    rows["texts"] = rows["texts"][:3] + rows["texts"][-3:]
    (OUT / "data.json").write_text(json.dumps(rows, ensure_ascii=False, indent=0) + "\n")
    (OUT / "origin.json").write_text(json.dumps({
        "library": "pyarrow", "version": pa.__version__, "command": "python tools/golden/data_parquet.py", "seed": 0, "tolerance": 0,
        "why": "values are equal or not"}, indent=1) + "\n")


if __name__ == "__main__":
    main()
