"""The engine's distributions and texts against llama.cpp's over the same GGUF file.

    V/bin/python bench/llama_kl.py [MODEL.gguf] [--tokens 2048] [--window 512] [--dtype f32|bf16|i8] [--types q8_0,q4_0] [--f32-cache]
                                 [--itself]

Needs a python with cyllama, which carries llama.cpp in its wheel, and numpy: python3 -m venv V && V/bin/pip install cyllama numpy.
MODEL is SmolLM2-135M-Instruct in Q4_1 unless named (make real-models). build/bin/athanor (ATHANOR names another) is run as a user would
run it. The text is the beginning of wikitext-2's test set (ATHANOR_DATA, else ../shared/data), cut into windows that begin anew.

For MODEL itself, then for each of --types that `athanor convert` makes of it: mean and largest KL(llama.cpp || athanor) in nats, how
often both put the same token first, both perplexities and their ratio, and how many of --new greedy tokens after each of four prompts
agree. llama.cpp rounds activations to 8 bits before a product with quantized weights, and the engine does not, so of quantized files the
KL measures that rounding; f32 among --types shows what remains without it. --itself compares llama.cpp with llama.cpp instead: as it
comes, without flash attention, and with one token at a time. The order of its sums differs then, and rounding to 8 bits makes of such
differences whole steps: no engine can come nearer to it than it comes to itself.
"""
import argparse
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy
from cyllama.llama import llama_cpp

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATHANOR = os.environ.get("ATHANOR", str(ROOT / "build/bin/athanor"))
DATA = pathlib.Path(os.environ.get("ATHANOR_DATA", ROOT.parent / "shared/data"))
PROMPTS = ["The capital of France is", "Once upon a time", "Water boils at", "def fibonacci(n):"]


class Model(llama_cpp.LlamaModel):
    """With what the context's get_logits_ith asks it for, and 0.2.18 lacks."""

    n_vocab = property(lambda self: self.get_vocab().n_vocab)


class Peer:
    """llama.cpp over one file."""

    def __init__(self, path, window, f32_cache, threads, flash_attention=None, at_once=None):
        keys = llama_cpp.LlamaModelParams()
        keys.n_gpu_layers = 0
        self.model = Model(str(path), keys)
        self.vocab = self.model.get_vocab()
        keys = llama_cpp.LlamaContextParams()
        keys.n_ctx = keys.n_batch = window
        keys.n_ubatch = at_once or window
        keys.n_threads = keys.n_threads_batch = threads
        if flash_attention is not None:
            keys.flash_attn_type = flash_attention
        if f32_cache:
            keys.type_k = keys.type_v = 0  # GGML_TYPE_F32
        self.context = llama_cpp.LlamaContext(self.model, keys)
        self.window = window

    def decode(self, ids, first, every):
        batch = llama_cpp.LlamaBatch(n_tokens=len(ids), embd=0, n_seq_max=1)
        for i, token in enumerate(ids):
            batch.add(token, first + i, [0], every or i == len(ids) - 1)
        self.context.decode(batch)
        rows = range(len(ids)) if every else [len(ids) - 1]
        return numpy.array([self.context.get_logits_ith(i) for i in rows], dtype=numpy.float32)

    def logits(self, ids):
        self.context.kv_cache_clear()
        return self.decode(ids, 0, True)

    def greedy(self, prompt, new):
        self.context.kv_cache_clear()
        ids = self.vocab.tokenize(prompt, False, True)
        out, row = [], self.decode(ids, 0, False)
        for i in range(new):
            out.append(int(row[0].argmax()))
            row = self.decode(out[-1:], len(ids) + i, False)
        return out


def athanor(*arguments):
    done = subprocess.run([ATHANOR, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"athanor {' '.join(map(str, arguments[:2]))}: {done.stderr.strip()}")
    return done.stdout


def safetensors_logits(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8:8 + length])["logits"]
    begin, end = (8 + length + n for n in entry["data_offsets"])
    return numpy.frombuffer(data[begin:end], numpy.float32).reshape(entry["shape"])


def log_softmax(x):
    x = x.astype(numpy.float64)
    x -= x.max(-1, keepdims=True)
    return x - numpy.log(numpy.exp(x).sum(-1, keepdims=True))


class Engine:
    def __init__(self, path, dtype, folder):
        self.path, self.dtype, self.folder = path, ["--dtype", dtype] if dtype else [], folder

    def logits(self, ids):
        out = self.folder / "logits.safetensors"
        athanor("logits", self.path, "--ids", ",".join(map(str, ids)), "--out", out, *self.dtype, "--context", len(ids))
        return safetensors_logits(out)

    def greedy(self, prompt, new):
        said = athanor("generate", self.path, "--prompt", prompt, "--max-new-tokens", new, "--temperature", 0, "--json", "--ignore-eos",
                       *self.dtype)
        return json.loads(said)["ids"]


def compare(peer, other, arguments, ids):
    divergence, same, costs, count = [], 0, [0.0, 0.0], 0
    for begin in range(0, len(ids), arguments.window):
        part = ids[begin:begin + arguments.window]
        p, q = log_softmax(peer.logits(part)), log_softmax(other.logits(part))
        divergence += list((numpy.exp(p) * (p - q)).sum(-1))
        same += int((p.argmax(-1) == q.argmax(-1)).sum())
        at = numpy.arange(len(part) - 1)
        for i, x in enumerate((p, q)):
            costs[i] -= float(x[at, part[1:]].sum())
        count += len(part) - 1
    theirs, mine = (math.exp(c / count) for c in costs)
    row = dict(kl=float(numpy.mean(divergence)), kl_most=float(numpy.max(divergence)), top1=same / len(ids), ppl=theirs, other_ppl=mine,
               ratio=mine / theirs)
    row["greedy"] = []
    for prompt in PROMPTS:
        a, b = peer.greedy(prompt, arguments.new), other.greedy(prompt, arguments.new)
        row["greedy"].append(next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), len(a)))
    return row


def comparisons(path, arguments, folder):
    """Name, llama.cpp as it comes, and what is held against it."""
    peer = lambda **changes: Peer(path, arguments.window, arguments.f32_cache, arguments.threads, **changes)
    usual = peer()
    if not arguments.itself:
        return [("", usual, Engine(path, arguments.dtype, folder))]
    return [(", no flash attention", usual, peer(flash_attention=0)), (", one token at a time", usual, peer(at_once=1))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default=str(ROOT / ".deps/real-models/SmolLM2-135M-Instruct.Q4_1.gguf"))
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--window", type=int, default=512)
    parser.add_argument("--new", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="f32")
    parser.add_argument("--types", default="")
    parser.add_argument("--f32-cache", action="store_true", help="llama.cpp keeps keys and values in float32 instead of float16")
    parser.add_argument("--itself", action="store_true", help="llama.cpp against llama.cpp")
    arguments = parser.parse_args()
    model = pathlib.Path(arguments.model)
    llama_cpp.disable_logging()
    text = (DATA / "text/wikitext-2.test.txt").read_text()[:20 * arguments.tokens]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        first = Peer(model, 32, False, 1)  # the vocabulary does not keep its model alive
        ids = first.vocab.tokenize(text, False, False)[:arguments.tokens]
        print("file | mean KL | most KL | same top-1 | llama.cpp ppl | the other's ppl | ratio | greedy tokens alike", flush=True)
        for kind in ["", *filter(None, arguments.types.split(","))]:
            path = model
            if kind:
                path = folder / f"{kind}.gguf"
                athanor("convert", model, "--out", path, "--type", kind)
            for name, peer, other in comparisons(path, arguments, folder):
                row = compare(peer, other, arguments, ids)
                print(f"{kind or model.stem}{name} | {row['kl']:.2e} | {row['kl_most']:.2e} | {row['top1']:.4f} | {row['ppl']:.4f} | "
                      f"{row['other_ppl']:.4f} | {row['ratio']:.5f} | {row['greedy']} of {arguments.new}", flush=True)
            if kind:
                path.unlink()


if __name__ == "__main__":
    main()
