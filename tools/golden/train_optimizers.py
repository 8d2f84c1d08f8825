"""Goldens for learn/train's optimizers: weights after each of several steps of torch's own optimizers, and of two written out here.

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


def run(name, make, tolerance, why, more={}):
    torch.manual_seed(SEED)
    weights = {key: torch.nn.Parameter(torch.randn(shape) * 0.3) for key, shape in {**SHAPES, **more}.items()}
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


class Decayed:
    """Decoupled decay around an optimizer whose own is part of the gradient."""

    def __init__(self, optimizer, weights):
        self.param_groups, self.inner = optimizer.param_groups, optimizer
        self.decayed = [w for n, w in weights.items() if n != "vector"]

    @torch.no_grad()
    def step(self):
        for w in self.decayed:
            w.mul_(1 - self.param_groups[0]["lr"] * 0.1)
        self.inner.step()


class Lion:
    """Chen et al. 2023, Algorithm 2."""

    def __init__(self, weights):
        self.param_groups, self.weights = [{"lr": 1.0}], weights
        self.mean = {n: torch.zeros_like(w) for n, w in weights.items()}

    @torch.no_grad()
    def step(self):
        lr = self.param_groups[0]["lr"]
        for n, w in self.weights.items():
            update = (0.9 * self.mean[n] + 0.1 * w.grad).sign()
            w.sub_(lr * (update + (0.1 if n != "vector" else 0.0) * w))
            self.mean[n] = 0.95 * self.mean[n] + 0.05 * w.grad


class AdamW8bit:
    """AdamW whose moments go through bitsandbytes' dynamic maps in blocks of 256, for weights of 4,096 numbers and more."""

    def __init__(self, weights):
        from bitsandbytes.functional import create_dynamic_map

        self.param_groups, self.weights, self.t = [{"lr": 1.0}], weights, 0
        self.maps = [create_dynamic_map(signed=True), create_dynamic_map(signed=False)]
        self.moments = {n: [torch.zeros_like(w), torch.zeros_like(w)] for n, w in weights.items()}

    def rounded(self, x, which):
        if x.numel() < 4096:
            return x
        blocks = x.reshape(-1, 256)
        scale = blocks.abs().amax(1, keepdim=True)
        codes = (blocks[:, :, None] / scale[:, :, None] - self.maps[which]).abs().argmin(-1)
        return (self.maps[which][codes] * scale).reshape(x.shape)

    @torch.no_grad()
    def step(self):
        self.t += 1
        lr = self.param_groups[0]["lr"]
        for n, w in self.weights.items():
            m, v = self.moments[n]
            m, v = 0.9 * m + 0.1 * w.grad, 0.95 * v + 0.05 * w.grad**2
            w.mul_(1 - lr * (0.1 if n != "vector" else 0.0))
            w.sub_(lr / (1 - 0.9**self.t) * m / ((v / (1 - 0.95**self.t)).sqrt() + 1e-8))
            self.moments[n] = [self.rounded(m, 0), self.rounded(v, 1)]


def adafactor(weights):
    groups = [{"params": [w for n, w in weights.items() if n != "vector"], "weight_decay": 0.1}, {"params": [weights["vector"]], "weight_decay": 0.0}]
    return torch.optim.Adafactor(groups, lr=1.0)


run("sgd", lambda w: [Decayed(torch.optim.SGD(list(w.values()), lr=1.0, momentum=0.95), w)], 1e-6, "f32 on both sides")
run("lion", lambda w: [Lion(w)], 1e-6, "f32 on both sides; an update is a sign")
run("adafactor", lambda w: [adafactor(w)], 1e-6, "f32 on both sides")
run("adamw8bit", lambda w: [AdamW8bit(w)], 2e-3, "a code at a tie may fall to either side, which moves a weight by part of lr; absolute", {"large": (72, 64)})
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
