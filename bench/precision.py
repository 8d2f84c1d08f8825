"""What bf16 and i8 weights change in the engine's answers, against its own f32: the same text, every position.

    python3 bench/precision.py [MODEL] [--text FILE] [--tokens 4096] [--window 256]

MODEL is a folder or a GGUF file; without it, stories260K out of tests/ reads tinyshakespeare. Needs numpy and safetensors (any environment).
Prints for each type: the mean and 99th percentile of KL(f32 || type) over positions, how often both give the same token the highest
score, and the perplexity of the text.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy as np
from safetensors.numpy import load_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATHANOR = ROOT / "build/bin/athanor"


def run(*arguments):
    return subprocess.run([str(ATHANOR), *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def stories(folder):
    golden = ROOT / "tests/golden/run_engine/stories260K"
    run("convert", golden / "stories260K.bin", "--tokenizer", golden / "stories260K.tok512.bin", "--out", folder)
    return folder


def log_softmax(x):
    x = x.astype(np.float64)
    x -= x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def log_probabilities(model, ids, dtype, folder):
    out = folder / "logits.safetensors"
    run("logits", model, "--ids", ",".join(map(str, ids)), "--dtype", dtype, "--out", out)
    return log_softmax(load_file(out)["logits"])


def compare(model, ids, window, folder):
    types = ("f32", "bf16", "i8")
    loss, kl, same = {t: [] for t in types}, {t: [] for t in types}, {t: [] for t in types}
    for begin in range(0, len(ids) - window, window):
        piece = ids[begin:begin + window]
        reference = None
        for t in types:
            p = log_probabilities(model, piece, t, folder)
            reference = p if reference is None else reference
            loss[t].extend(-p[np.arange(window - 1), piece[1:]])
            kl[t].extend((np.exp(reference) * (reference - p)).sum(axis=-1))
            same[t].extend(reference.argmax(axis=-1) == p.argmax(axis=-1))
    for t in types:
        print(f"{t:5} KL mean {np.mean(kl[t]):.2e}, 99 % {np.quantile(kl[t], .99):.2e}; same top token {100 * np.mean(same[t]):.2f} %; "
              f"perplexity {np.exp(np.mean(loss[t])):.4f}  ({len(kl[t])} positions)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?")
    parser.add_argument("--text", default=ROOT / "assets/corpus/tinyshakespeare.txt")
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--window", type=int, default=256)
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        temporary = pathlib.Path(temporary)
        model = a.model or stories(temporary / "stories")
        text = pathlib.Path(a.text).read_bytes()[:16 * a.tokens].decode(errors="ignore")  # a token is seldom more than 16 bytes
        (temporary / "text.txt").write_text(text)
        ids = json.loads(run("tokenize", model, temporary / "text.txt", "--json"))["ids"][:a.tokens + 1]
        compare(model, ids, a.window, temporary)
