"""Goldens of GGUF's block formats and of one small file, from the `gguf` package.

python tools/golden/checkpoint_gguf.py          (from the repository's root)

blocks: for each type two rows of random bytes (with scales that are finite) and what the package makes of them; and for the types that the
package can write, random numbers and the bytes that it writes. file: a tiny file with a value of every type.
"""

import json
import pathlib

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as T
from safetensors.numpy import save_file

SEED = 5
READ = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS"]
WRITTEN = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]
# where the float16 numbers of a block lie
HALVES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2],
          "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0]}


def origin(folder, tolerance, why):
    fields = {"library": "gguf", "version": "0.19.0", "command": "python tools/golden/checkpoint_gguf.py", "seed": SEED, "tolerance": tolerance,
              "why": why}
    (folder / "origin.json").write_text(json.dumps(fields, indent=1) + "\n")


def random_blocks(rng, name):
    values, size = GGML_QUANT_SIZES[T[name]]
    count = 512 // values
    if name in ("F16", "BF16"):
        halves = rng.standard_normal(count).astype(np.float32)
        return (halves.astype(np.float16).view(np.uint8) if name == "F16" else (halves.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8))
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for at in HALVES[name]:
        scales = (rng.standard_normal(count) * 10.0 ** rng.integers(-6, 3, count)).astype(np.float16)
        blocks[:, at:at + 2] = scales.view(np.uint8).reshape(count, 2)
    return blocks.reshape(-1)


def blocks(folder):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    arrays = {}
    for name in READ:
        data = random_blocks(rng, name)
        arrays[f"{name}.bytes"] = data
        arrays[f"{name}.values"] = gguf.dequantize(data.reshape(1, -1), T[name]).reshape(-1)
    numbers = (rng.standard_normal(512) * np.repeat(10.0 ** rng.integers(-3, 2, 16), 32)).astype(np.float32)
    numbers[:32] = 0
    numbers[32:64] = 0.5
    arrays["numbers"] = numbers
    for name in WRITTEN:
        arrays[f"{name}.written"] = gguf.quantize(numbers.reshape(1, -1), T[name]).view(np.uint8).reshape(-1)
    save_file(arrays, folder / "data.safetensors")
    origin(folder, 0, "the same numbers, and the same bytes")


def file(folder):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "test")
    writer.add_uint8("u8", 250)
    writer.add_int8("i8", -3)
    writer.add_uint16("u16", 65000)
    writer.add_int16("i16", -300)
    writer.add_uint32("u32", 4000000000)
    writer.add_int32("i32", -70000)
    writer.add_float32("f32", 0.1)
    writer.add_bool("bool", True)
    writer.add_string("text", "été 炉")
    writer.add_uint64("u64", 1 << 40)
    writer.add_int64("i64", -(1 << 40))
    writer.add_float64("f64", 0.25)
    writer.add_array("texts", ["a", "", "bc"])
    writer.add_array("integers", [3, -1, 2])
    writer.add_array("numbers", [0.5, -2.0])
    writer.add_custom_alignment(64)
    rng = np.random.default_rng(SEED)
    writer.add_tensor("plain", np.arange(6, dtype=np.float32).reshape(2, 3))
    writer.add_tensor("half", np.arange(4, dtype=np.float16))
    writer.add_tensor("blocks", gguf.quantize(rng.standard_normal((3, 64)).astype(np.float32), T.Q8_0), raw_dtype=T.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    reader = gguf.GGUFReader(path)
    tensors = {t.name: gguf.dequantize(t.data, t.tensor_type).reshape([int(n) for n in reversed(t.shape)]) for t in reader.tensors}
    save_file({k: np.ascontiguousarray(v.astype(np.float32)) for k, v in tensors.items()}, folder / "data.safetensors")
    origin(folder, 0, "read as the package reads it")


if __name__ == "__main__":
    root = pathlib.Path("tests/golden/core_checkpoint")
    blocks(root / "blocks")
    file(root / "gguf")
