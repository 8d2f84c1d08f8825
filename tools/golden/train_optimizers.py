"""Goldens for learn/train's optimizers: weights after each of several steps of torch.optim.AdamW and torch.optim.Muon.

python tools/golden/train_optimizers.py        (from the repository's root)
"""

import json
import pathlib
import shutil

import torch
from safetensors.torch import save_file

GOLDEN = pathlib.Path("tests/golden/learn_train")
SEED = 11
STEPS = 6
LRS = [1e-2, 2e-2, 3e-2, 2e-2, 1e-2, 5e-3]
SHAPES = {"tall": (24, 8), "wide": (8, 20), "embedding": (13, 8), "vector": (8,)}


def write(name, arrays, tolerance, why):
    folder = GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save_file({key: value.contiguous() for key, value in arrays.items()}, folder / "data.safetensors")
    origin = {
        "library": "torch",
        "version": torch.__version__.split("+")[0],
        "command": "python tools/golden/train_optimizers.py",
        "seed": SEED,
        "tolerance": tolerance,
        "why": why,
    }
    (folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")


def run(name, make, tolerance, why):
    torch.manual_seed(SEED)
    weights = {key: torch.nn.Parameter(torch.randn(shape) * 0.3) for key, shape in SHAPES.items()}
    arrays = {f"start.{key}": value.detach().clone() for key, value in weights.items()}
    optimizers = make(weights)
    for step in range(STEPS):
        for key, value in weights.items():
            value.grad = torch.randn_like(value) * (3.0 if step == 2 else 0.2)
            arrays[f"gradient.{step}.{key}"] = value.grad.clone()
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = LRS[step]
            optimizer.step()
        for key, value in weights.items():
            arrays[f"weight.{step}.{key}"] = value.detach().clone()
    write(name, arrays, tolerance, why)


def adamw(weights, names):
    decayed = [weights[n] for n in names if n != "vector"]
    plain = [weights[n] for n in names if n == "vector"]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=1.0, betas=(0.9, 0.95), eps=1e-8)


run("adamw", lambda w: [adamw(w, list(SHAPES))], 1e-6, "f32 on both sides; absolute, weights are below 2")
run(
    "muon",
    lambda w: [
        torch.optim.Muon([w["tall"], w["wide"]], lr=1.0, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        adamw(w, ["embedding", "vector"]),
    ],
    1e-6,
    "Newton-Schulz runs the same bf16 operators on both sides; absolute, weights are below 2",
)
