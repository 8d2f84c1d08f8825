"""Golden for learn/train's loop: 20 steps of a plain PyTorch loop on a tiny transformers llama, with accumulation, clipping, warm-up and cosine.

python tools/golden/train_loop.py        (from the repository's root)
"""

import json
import math
import pathlib
import shutil

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

FOLDER = pathlib.Path("tests/golden/learn_train/loop")
SEED, STEPS, ACCUMULATION, BATCH, LENGTH = 3, 20, 2, 2, 16
LR, WARMUP, FLOOR, CLIP = 1e-2, 4, 0.1, 1.0
KEYS = dict(vocab_size=61, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=40,
            max_position_embeddings=64, tie_word_embeddings=True)


def factor(step):
    if step + 1 < WARMUP:
        return (step + 1) / WARMUP
    progress = (step - WARMUP) / (STEPS - WARMUP)
    return FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * max(0.0, progress)))


torch.manual_seed(SEED)
config = AutoConfig.for_model("llama", **KEYS, attn_implementation="eager")
model = AutoModelForCausalLM.from_config(config).float().train()
arrays = {"weight." + name: value.detach().clone() for name, value in model.named_parameters()}
# a language with structure, so that there is something to learn: the next id is a fixed function of the last, three times out of four
table = torch.randperm(61)
ids = torch.zeros(STEPS * ACCUMULATION, BATCH, LENGTH + 1, dtype=torch.long)
ids[:, :, 0] = torch.randint(0, 61, (STEPS * ACCUMULATION, BATCH))
for t in range(LENGTH):
    follow = torch.rand(ids.shape[:2]) < 0.75
    ids[:, :, t + 1] = torch.where(follow, table[ids[:, :, t]], torch.randint(0, 61, ids.shape[:2]))
targets = ids[:, :, 1:].clone()
targets[torch.rand(targets.shape) < 0.1] = -100  # micro-batches with different numbers of targets
arrays |= {"ids": ids[:, :, :-1].int().contiguous(), "targets": targets.int()}

decayed = [p for p in model.parameters() if p.dim() > 1]
plain = [p for p in model.parameters() if p.dim() == 1]
optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}], lr=LR, betas=(0.9, 0.95))
losses, norms, rates = [], [], []
for step in range(STEPS):
    parts = range(step * ACCUMULATION, (step + 1) * ACCUMULATION)
    count = sum(int((targets[k] != -100).sum()) for k in parts)
    total = 0.0
    for k in parts:
        logits = model(ids[k, :, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets[k].flatten(), reduction="sum") / count
        loss.backward()
        total += loss.item()
    norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP).item())
    rates.append(LR * factor(step))
    for group in optimizer.param_groups:
        group["lr"] = rates[-1]
    optimizer.step()
    optimizer.zero_grad()
    losses.append(total)

arrays |= {"loss": torch.tensor(losses), "grad_norm": torch.tensor(norms), "lr": torch.tensor(rates)}
shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
save_file({key: value.contiguous() for key, value in arrays.items()}, FOLDER / "data.safetensors")
(FOLDER / "data.json").write_text(json.dumps({"config": dict(KEYS, model_type="llama", rms_norm_eps=config.rms_norm_eps)}, indent=1) + "\n")
origin = {
    "library": "torch and transformers",
    "version": f"{torch.__version__.split('+')[0]} and {transformers.__version__}",
    "command": "python tools/golden/train_loop.py",
    "seed": SEED,
    "tolerance": {"loss": 1e-5, "grad_norm": 1e-4, "lr": 1e-7},
    "why": "f32 on both sides; differences of rounding grow over 20 updates. Relative.",
}
(FOLDER / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")
