"""Adaptive softmax against the full softmax (logits made for a block of rows at a time): speed and memory of training, and what it costs in loss.

    python3 bench/adaptive_softmax.py [--vocab 32000 128000] [--rounds 3] [--threads 2] [--steps 12] [--tiny]

Speed: `athanor train` on words drawn by Zipf's law (word k with probability 1/k), V of them, so that ids are by frequency as the method wants;
the two heads in interleaved rounds, medians. Loss: both heads on the bundled corpus with a BPE of 4,096 tokens, the same seed and steps; a BPE's ids are
only roughly by frequency. Needs no package; build/bin/athanor is run as a user would run it.
"""
import argparse
import itertools
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATHANOR = ROOT / "build/bin/athanor"
SHAPE = dict(model_type="llama", hidden_size=512, num_hidden_layers=4, num_attention_heads=8, num_key_value_heads=4, intermediate_size=1408,
             max_position_embeddings=512, tie_word_embeddings=False)
TINY = dict(hidden_size=64, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2, intermediate_size=128)


def run(command):
    """Runs a command and returns its peak memory in MB."""
    with tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            err.seek(0)
            sys.exit(f"{' '.join(map(str, command[:3]))} failed: {err.read().strip().splitlines()[-2:]}")
    return usage.ru_maxrss / 1024


def write_zipf(folder, vocab, tokens):
    """A tokenizer of V words, and text in which word k has probability 1/k."""
    folder.mkdir()
    words = {f"w{i}": i for i in range(vocab - 1)} | {"<end>": vocab - 1}
    model = dict(type="WordLevel", vocab=words, unk_token="w0")
    end = dict(id=vocab - 1, content="<end>", single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    (folder / "tokenizer_config.json").write_text(json.dumps(dict(eos_token="<end>")))
    (folder / "tokenizer.json").write_text(json.dumps(dict(version="1.0", added_tokens=[end], normalizer=None, pre_tokenizer=dict(type="WhitespaceSplit"),
                                                           post_processor=None, decoder=None, model=model, truncation=None, padding=None)))
    random.seed(1)
    weights = list(itertools.accumulate(1 / (k + 1) for k in range(vocab - 1)))
    words = random.choices(range(vocab - 1), cum_weights=weights, k=tokens)
    (folder / "text.txt").write_text("\n\n".join(" ".join(f"w{w}" for w in words[i:i + 2000]) for i in range(0, tokens, 2000)))


def train(folder, out, shape, data, steps, args, batch):
    """tokens per second (median step), peak memory in MB, held-out loss."""
    recipe = dict(stage="pretrain", model=shape, tokenizer=str(folder), data=data,
                  train=dict(steps=steps, batch=batch, length=64 if args.tiny else 256, lr=1e-3, dtype="f32", threads=args.threads, log_every=1))
    (folder / "recipe.json").write_text(json.dumps(recipe))
    rss = run([ATHANOR, "train", folder / "recipe.json", f"out={out}"])
    lines = [json.loads(line) for line in (out / "train.log").read_text().splitlines()]
    losses = [line["eval_loss"] for line in lines if "eval_loss" in line]
    return statistics.median([line["tokens_per_second"] for line in lines if "tokens_per_second" in line][2:]), rss, losses[-1] if losses else None


def heads(shape, vocab, cutoffs):
    full = dict(shape, vocab_size=vocab)
    return {"full": full, "adaptive": dict(full, adaptive_softmax=dict(cutoffs=cutoffs, div_value=4.0))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocab", nargs="+", type=int, default=[32000, 128000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--loss-steps", type=int, default=300)
    parser.add_argument("--tiny", action="store_true")
    args = parser.parse_args()
    shape = dict(SHAPE, **TINY) if args.tiny else SHAPE
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for vocab in args.vocab:
            place = folder / f"zipf-{vocab}"
            write_zipf(place, vocab, 40_000 if args.tiny else 400_000)
            kinds, results = heads(shape, vocab, [vocab // 16, vocab // 4]), {"full": [], "adaptive": []}
            for number in range(args.rounds):
                for kind, model in kinds.items():
                    data = dict(train=[str(place / "text.txt")], separator="blank-lines")
                    results[kind].append(train(place, place / f"out-{kind}-{number}", model, data, args.steps, args, 4))
            ratio = statistics.median(a[0] / f[0] for a, f in zip(results["adaptive"], results["full"]))
            speed = {kind: statistics.median(r[0] for r in rows) for kind, rows in results.items()}
            memory = {kind: max(r[1] for r in rows) for kind, rows in results.items()}
            print(f"V {vocab}, cutoffs {vocab // 16} and {vocab // 4}: adaptive {ratio:.2f}x full ({speed['adaptive']:.0f} against {speed['full']:.0f} "
                  f"tokens/s); memory {memory['adaptive'] / memory['full']:.0%} ({memory['adaptive']:.0f} against {memory['full']:.0f} MB)", flush=True)
        corpus = ROOT / "assets/corpus/tinyshakespeare.txt"
        place = folder / "bpe"
        run([ATHANOR, "train-tokenizer", corpus, "--out", place, "--kind", "bpe", "--vocab-size", 4096])
        for kind, model in heads(dict(shape, num_hidden_layers=2, hidden_size=128, intermediate_size=384), 4096, [512, 2048]).items():
            data = dict(train=[str(corpus)], holdout=0.1)
            _, _, loss = train(place, place / f"out-{kind}", model, data, 4 if args.tiny else args.loss_steps, args, 8)
            print(f"bundled corpus, V 4096, {kind}: held-out loss {loss:.4f} nats per token", flush=True)


main()
