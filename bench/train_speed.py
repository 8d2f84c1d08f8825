"""Training speed and memory against PyTorch eager with transformers: the same model, batch and optimizer, interleaved, medians.

    python3 bench/train_speed.py [--model 7m|40m ...] [--dtype bf16|f32 ...] [--rounds 3] [--threads 2]

Needs torch, transformers, safetensors (any environment); build/bin/athanor is run as a user would run it. Prints, for each model and
dtype: tokens per second of both, the ratio (median over rounds of paired runs), peak memory of both, and the fraction of the machine's
matrix peak that Athanor reaches (--peak-bf16 and --peak-f32, in GFLOP/s; default measured here with a large matrix product).
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import matrix_work

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATHANOR = ROOT / "build/bin/athanor"
MODELS = {
    "7m": dict(config=dict(model_type="llama", vocab_size=4096, hidden_size=256, num_hidden_layers=6, num_attention_heads=8,
                           num_key_value_heads=8, intermediate_size=1024, max_position_embeddings=512, tie_word_embeddings=True),
               batch=16, length=256, steps=14),
    "40m": dict(config=dict(model_type="llama", vocab_size=32000, hidden_size=512, num_hidden_layers=8, num_attention_heads=8,
                            num_key_value_heads=4, intermediate_size=1408, max_position_embeddings=512, tie_word_embeddings=True),
                batch=4, length=512, steps=12),
}


def peer(spec, dtype, threads):
    """One run of the PyTorch side, in this process: prints tokens per second (median step) and peak memory in MB."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    config = {k: v for k, v in spec["config"].items() if k != "model_type"}
    model = LlamaForCausalLM(LlamaConfig(**config)).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    ids = torch.randint(0, config["vocab_size"], (spec["batch"], spec["length"]))
    times = []
    for _ in range(spec["steps"]):
        start = time.time()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bf16"):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        times.append(time.time() - start)
    speed = spec["batch"] * spec["length"] / statistics.median(times[2:])
    print(json.dumps(dict(speed=speed, rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))


def run(command):
    """Runs a command and returns (stdout, peak memory in MB of that child)."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command[:3]))} failed: {err.strip().splitlines()[-1:]}")
    return out, usage.ru_maxrss / 1024


def ours(spec, dtype, threads, folder, round_number):
    """One run of `athanor train`: tokens per second (median step) and peak memory in MB."""
    recipe = dict(stage="pretrain", model=spec["config"], tokenizer=str(folder / "tokenizer"), data=dict(train=[str(folder / "text.txt")]),
                  train=dict(steps=spec["steps"], batch=spec["batch"], length=spec["length"], lr=1e-3, dtype=dtype, threads=threads, log_every=1))
    (folder / "recipe.yaml").write_text(json.dumps(recipe))
    out = folder / f"out-{dtype}-{round_number}"
    _, rss = run([ATHANOR, "train", folder / "recipe.yaml", f"out={out}"])
    lines = [json.loads(line) for line in (out / "train.log").read_text().splitlines()]
    return statistics.median([l["tokens_per_second"] for l in lines if "tokens_per_second" in l][2:]), rss


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--dtype", nargs="+", default=["bf16", "f32"], choices=["bf16", "f32"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        return peer(MODELS[args.peer], args.dtype[0], args.threads)
    with tempfile.TemporaryDirectory() as temporary:
        for name in args.model:
            spec, folder = MODELS[name], pathlib.Path(temporary) / name
            folder.mkdir()
            corpus = (ROOT / "assets/corpus/tinyshakespeare.txt").read_text()
            (folder / "text.txt").write_text(corpus)
            run([ATHANOR, "train-tokenizer", folder / "text.txt", "--out", folder / "tokenizer", "--kind", "bpe", "--vocab-size", "4096"])
            for dtype in args.dtype:
                if dtype == "bf16" and "avx512_bf16" not in pathlib.Path("/proc/cpuinfo").read_text():
                    print(f"{name} bf16: left out, this processor has no bf16 products (a step takes PyTorch minutes)", flush=True)
                    continue
                peak = matrix_work.measured_peak(dtype, args.threads)
                theirs, mine = [], []
                for k in range(args.rounds):
                    out, rss = run([sys.executable, __file__, "--peer", name, "--dtype", dtype, "--threads", str(args.threads)])
                    theirs.append((json.loads(out)["speed"], rss))
                    mine.append(ours(spec, dtype, args.threads, folder, k))
                ratio = statistics.median(a[0] / b[0] for a, b in zip(mine, theirs))
                speed, other = (statistics.median(x[0] for x in side) for side in (mine, theirs))
                memory, other_memory = (max(x[1] for x in side) for side in (mine, theirs))
                fraction = speed * matrix_work.per_token(spec["config"], spec["length"]) / 1e9 / peak
                print(f"{name} {dtype}: {ratio:.2f}x PyTorch ({speed:.0f} against {other:.0f} tokens/s); memory {memory / other_memory:.0%} "
                      f"({memory:.0f} against {other_memory:.0f} MB); {fraction:.0%} of {peak:.0f} GFLOP/s", flush=True)


main()
