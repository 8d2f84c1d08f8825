"""Golden of damaged safetensors headers: what the Rust library says to each.

python tools/golden/checkpoint_differential.py [cases] [file]        (from the repository's root)

Without arguments 600 cases become tests/golden/core_checkpoint/differential. With them, that many go to a file, for a longer comparison by
hand (tests/core/checkpoint/test_differential.cpp reads ATHANOR_DIFFERENTIAL).
"""

import json
import pathlib
import random
import sys

import safetensors

SEED = 0
WHOLE = [
    ({"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "b": {"dtype": "U8", "shape": [8], "data_offsets": [24, 32]}}, 32),
    ({"__metadata__": {"format": "pt", "k": "v"}, "x": {"dtype": "BF16", "shape": [], "data_offsets": [0, 2]}}, 2),
    ({"e": {"dtype": "F64", "shape": [0, 4], "data_offsets": [0, 0]}, "f": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}}, 8),
    ({"\u540d\n": {"dtype": "BOOL", "shape": [3], "data_offsets": [1, 4]}, "q": {"dtype": "I8", "shape": [1], "data_offsets": [0, 1]}}, 4),
    ({}, 0),
]
NUMBERS = ["0", "1", "2", "8", "24", "32", "-1", "1.0", "1e1", "01", "18446744073709551615", "18446744073709551616", "9223372036854775808", "null"]
PIECES = ['"', "{", "}", "[", "]", ",", ":", " ", "\n", "\\", "\\u0061", "\\u0000", "\\ud83d\\ude00", "\\ud800", "\t", "0", "F16", "a", "dtype", "true"]


def numbers_in(text):
    spans, i = [], 0
    while i < len(text):
        j = i
        while j < len(text) and text[j].isdigit():
            j += 1
        if j > i:
            spans.append((i, j))
        i = max(j, i + 1)
    return spans


def damage(rng, text, size):
    kind = rng.randrange(7)
    if kind == 0 and text:
        at = rng.randrange(len(text))
        text = text[:at] + text[at + rng.randint(1, 4):]
    elif kind == 1:
        at = rng.randint(0, len(text))
        text = text[:at] + rng.choice(PIECES) + text[at:]
    elif kind in (2, 3) and numbers_in(text):
        a, b = rng.choice(numbers_in(text))
        text = text[:a] + rng.choice(NUMBERS) + text[b:]
    elif kind == 4:
        size = max(0, size + rng.choice([-8, -1, 1, 8]))
    elif kind == 5:
        word = rng.choice(["F32", "U8", "BF16", "I64", "dtype", "shape", "data_offsets", "__metadata__", "a", "b"])
        text = text.replace(word, rng.choice(["F32", "U8", "F16", "I64", "C64", "dtype", "shape", "data_offsets", "a", "b"]), 1)
    else:
        text = text + rng.choice([" ", "\n", "  ", "x", "}"])
    return text, size


def verdict(text, size):
    header = text.encode()
    try:
        safetensors.deserialize(len(header).to_bytes(8, "little") + header + bytes(size))
        return True
    except Exception:
        return False


def cases(count):
    rng = random.Random(SEED)
    for _ in range(count):
        tensors, size = rng.choice(WHOLE)
        text = json.dumps(tensors, ensure_ascii=False, separators=(",", ":"))
        for _ in range(rng.randint(0, 3)):
            text, size = damage(rng, text, size)
        yield [text, size, verdict(text, size)]


def main():
    if len(sys.argv) == 3:
        pathlib.Path(sys.argv[2]).write_text(json.dumps(list(cases(int(sys.argv[1])))))
        return
    folder = pathlib.Path("tests/golden/core_checkpoint/differential")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.json").write_text(json.dumps(list(cases(600))) + "\n")
    origin = {
        "library": "safetensors (Rust)",
        "version": safetensors.__version__,
        "command": "python tools/golden/checkpoint_differential.py",
        "seed": SEED,
        "tolerance": 0,
        "why": "[header, bytes of data, whether the library opens it]: what it refuses we refuse; what we refuse beyond that has a reason from a short list",
    }
    (folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")


if __name__ == "__main__":
    main()
