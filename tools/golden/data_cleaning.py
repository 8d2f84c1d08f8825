"""Goldens for core/data's cleaning: what Python makes of broken UTF-8 (errors="replace") and of NFC.

python tools/golden/data_cleaning.py        (from the repository's root)
"""

import json
import pathlib
import platform
import random
import unicodedata

SEED = 7
random.seed(SEED)
PIECES = [b"a", b"\n", "é".encode(), "汉".encode(), "😀".encode(), b"\xc3", b"\xe6\xb1", b"\xf0\x9f\x98", b"\xff", b"\x80", b"\xed\xa0\x80",
          b"\xe0\x80\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xf8\x88", b"\xf0\x80\x80\x80"]
broken = [b"".join(random.choice(PIECES) for _ in range(random.randint(0, 12))) for _ in range(300)]
LETTERS = ["e", "\u0301", "\u00e9", "\u1100", "\u1161", "\u11a8", "\u0323", "\u0307", "a", "\u212b", "汉", "\ufb01", "\u1e9b", "\u0344"]
texts = ["".join(random.choice(LETTERS) for _ in range(random.randint(0, 8))) for _ in range(300)]

folder = pathlib.Path("tests/golden/core_data/cleaning")
folder.mkdir(parents=True, exist_ok=True)
data = {
    "repair": [[b.hex(), b.decode("utf-8", errors="replace").encode().hex()] for b in broken],
    "nfc": [[t.encode().hex(), unicodedata.normalize("NFC", t).encode().hex()] for t in texts],
}
(folder / "data.json").write_text(json.dumps(data, separators=(",", ":")) + "\n")
origin = {
    "library": "CPython",
    "version": f"{platform.python_version()}, Unicode {unicodedata.unidata_version}",
    "command": "python tools/golden/data_cleaning.py",
    "seed": SEED,
    "tolerance": 0,
    "why": "bytes are equal or they are not",
}
(folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")
