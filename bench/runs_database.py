#!/usr/bin/env python3
"""A history of runs that nobody trained: bench/runs_database.py FILE [--runs 100] [--points 100000].

What `athanor runs serve` is measured on, and looked at while the page is made. The athanor in build/bin makes the tables.
"""

import argparse
import math
import os
import random
import sqlite3
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECIPE = """stage: pretrain
model:
  model_type: llama
  hidden_size: {hidden}
  num_hidden_layers: {layers}
data:
  train: [corpus/train.txt]
train:
  steps: {steps}
  batch: {batch}
  lr: {lr}
  schedule: {schedule}
  optimizer: {optimizer}
  seed: {seed}
out: {out}
"""


def curve(rng, points, lr):
    """(step, loss, norm, tokens per second, elapsed seconds) of a plausible run."""
    floor, fall, seconds = 1.2 + rng.random() * 0.8, 0.25 + rng.random() * 0.2, 0.0
    for step in range(1, points + 1):
        noise = rng.gauss(0, 0.05)
        spike = 1.5 if rng.random() < 2e-4 else 0
        seconds += 0.02 * (1 + 0.1 * noise)
        yield step, floor + 8 * (step + 20) ** -fall + noise + spike, 0.5 + abs(noise) * 8 + 40 / (step + 40) + spike * 3, 51000 * (1 - 0.3 * noise), seconds


def add_run(db, number, points, rng, now):
    lr, batch = rng.choice([1e-4, 3e-4, 1e-3, 3e-3]), rng.choice([8, 16, 32])
    optimizer = rng.choice(["adamw", "muon"])
    out = f"/experiments/{optimizer}-lr{lr:g}-b{batch}-s{number}"
    recipe = RECIPE.format(hidden=256, layers=rng.choice([4, 6, 8]), steps=points, batch=batch, lr=lr, schedule=rng.choice(["cosine", "wsd"]),
                           optimizer=optimizer, seed=number, out=out)
    status = ["finished", "finished", "finished", "stopped", "failed"][number % 5]
    begin = now - (101 - number) * 7200
    db.execute("INSERT INTO runs (stage, out, status, recipe, pid, started, updated, step, steps) VALUES ('pretrain', ?, ?, ?, 1, ?, ?, ?, ?)",
               (out, status, recipe, begin, begin + 0.02 * points, points, points))
    run = db.execute("SELECT max(id) FROM runs").fetchone()[0]
    every = max(1, points // 2000)  # what is not the loss is logged more rarely
    rows = []
    for step, loss, norm, rate, seconds in curve(rng, points, lr):
        rows.append((run, "loss", step, loss))
        if step % every == 0:
            shape = lr * min(1, step / (0.02 * points)) * (0.55 + 0.45 * math.cos(math.pi * step / points))
            rows += [(run, "grad_norm", step, norm), (run, "lr", step, shape), (run, "tokens_per_second", step, rate), (run, "elapsed_s", step, seconds),
                     (run, "memory_bytes", step, 1.4e9 + 2e8 * min(1, step / 500))]
        if step % max(1, points // 20) == 0:
            rows.append((run, "eval_loss", step, loss + 0.1))
    rows.sort(key=lambda row: row[1:3])
    db.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?)", rows)
    texts = [(run, step, n, prompt, " there was a furnace that would not go out." * (1 + n)) for step in range(points // 4, points + 1, points // 4)
             for n, prompt in enumerate(["Once upon a time", "The alchemist said:"])]
    db.executemany("INSERT INTO samples VALUES (?, ?, ?, ?, ?)", texts)


def make(path, runs, points, athanor=ROOT / "build/bin/athanor"):
    subprocess.run([athanor, "runs", "list"], env={**os.environ, "ATHANOR_RUNS": str(path)}, check=True, stdout=subprocess.DEVNULL)
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    for number in range(1, runs + 1):
        add_run(db, number, points, random.Random(number), time.time())
        db.commit()
    db.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--points", type=int, default=100_000)
    options = parser.parse_args()
    make(options.file, options.runs, options.points)
