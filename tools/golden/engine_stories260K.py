"""Golden of stories260K: a Llama in a page of numpy, run on the .bin as llama2.c's run.c reads it (pairs of neighbours rotate).

python tools/golden/engine_stories260K.py        (from the repository's root; weights and tokenizer lie beside the golden already)
"""

import json
import pathlib

import numpy as np

FOLDER = pathlib.Path("tests/golden/run_engine/stories260K")
TEXTS = ["Once upon a time", "Lily loved to play outside."]


class Model:
    def __init__(self, path):
        raw = path.read_bytes()
        c, f, layers, heads, kv_heads, vocab, length = np.frombuffer(raw, np.int32, 7).tolist()
        self.sizes = dict(dim=c, hidden=f, layers=layers, heads=heads, kv_heads=kv_heads, vocab=abs(vocab), seq_len=length)
        self.sizes |= dict(rope="interleaved pairs, theta 10000", rms_eps=1e-05, tied=vocab > 0)
        rest, d = np.frombuffer(raw, np.float32, offset=28), c // heads
        kv = d * kv_heads

        def take(*shape):
            nonlocal rest
            n = int(np.prod(shape))
            out, rest = rest[:n].reshape(shape).astype(np.float64), rest[n:]
            return out

        self.embedding = take(abs(vocab), c)
        self.norm1, self.q, self.k, self.v, self.o = take(layers, c), take(layers, c, c), take(layers, kv, c), take(layers, kv, c), take(layers, c, c)
        self.norm2, self.gate, self.down, self.up = take(layers, c), take(layers, f, c), take(layers, c, f), take(layers, f, c)
        self.norm = take(c)

    def norm_of(self, x, weight):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * weight

    def turned(self, x, heads):
        length, d = x.shape[0], x.shape[1] // heads
        angle = np.arange(length)[:, None, None] * 10000.0 ** (-np.arange(0, d, 2) / d)
        x = x.reshape(length, heads, d)
        out = np.empty_like(x)
        out[..., 0::2] = x[..., 0::2] * np.cos(angle) - x[..., 1::2] * np.sin(angle)
        out[..., 1::2] = x[..., 0::2] * np.sin(angle) + x[..., 1::2] * np.cos(angle)
        return out

    def logits(self, ids):
        heads, kv_heads = self.sizes["heads"], self.sizes["kv_heads"]
        x = self.embedding[ids]
        mask = np.triu(np.full((len(ids), len(ids)), -np.inf), 1)
        for i in range(self.sizes["layers"]):
            h = self.norm_of(x, self.norm1[i])
            q, k = self.turned(h @ self.q[i].T, heads), self.turned(h @ self.k[i].T, kv_heads)
            v = (h @ self.v[i].T).reshape(len(ids), kv_heads, -1)
            k, v = np.repeat(k, heads // kv_heads, 1), np.repeat(v, heads // kv_heads, 1)
            scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(q.shape[-1]) + mask
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            weights /= weights.sum(-1, keepdims=True)
            x = x + np.einsum("hqk,khd->qhd", weights, v).reshape(len(ids), -1) @ self.o[i].T
            h = self.norm_of(x, self.norm2[i])
            g = h @ self.gate[i].T
            x = x + (g / (1 + np.exp(-g)) * (h @ self.up[i].T)) @ self.down[i].T
        return self.norm_of(x, self.norm) @ self.embedding.T


def read_vocabulary(path):
    raw, at, pieces, scores = path.read_bytes(), 4, [], []
    while at < len(raw):
        scores.append(np.frombuffer(raw, np.float32, 1, at)[0])
        size = int(np.frombuffer(raw, np.int32, 1, at + 4)[0])
        pieces.append(raw[at + 8 : at + 8 + size].decode())
        at += 8 + size
    return pieces, scores


def encode(text, pieces, scores):
    """Characters, then the best-scored neighbours joined until none is a piece."""
    ids = [pieces.index(c) for c in " " + text]
    while True:
        joins = [(scores[pieces.index(j)], -i) for i in range(len(ids) - 1) if (j := pieces[ids[i]] + pieces[ids[i + 1]]) in pieces]
        if not joins:
            return [1] + ids
        i = -max(joins)[1]
        ids[i : i + 2] = [pieces.index(pieces[ids[i]] + pieces[ids[i + 1]])]


def main():
    model = Model(FOLDER / "stories260K.bin")
    pieces, scores = read_vocabulary(FOLDER / "stories260K.tok512.bin")
    first = model.logits([1])[0]
    ids = [1]
    while len(ids) <= 120:
        ids.append(int(model.logits(ids)[-1].argmax()))
    data = {
        "config": model.sizes,
        "bos_top5": [[int(i), round(float(first[i]), 4)] for i in np.argsort(-first)[:5]],
        "encode": [{"text": text, "ids": encode(text, pieces, scores)} for text in TEXTS],
        "greedy_ids_from_bos": ids,
        "greedy_text": "".join(pieces[i] for i in ids[1:]),
    }
    (FOLDER / "data.json").write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
