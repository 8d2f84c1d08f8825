"""Golden of run/engine: models with windows, far past what their caches hold.

python tools/golden/engine_windows.py        (from the repository's root)

tests/golden/run_engine/windows: ids [700], and for each variant of tests/golden/families named below its logits [LAST, V] at the last positions.
"""

import json
import pathlib

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

FAMILIES = pathlib.Path("tests/golden/families")
FOLDER = pathlib.Path("tests/golden/run_engine/windows")
VARIANTS = ["mistral-window", "qwen2-window", "starcoder2", "phi3", "gemma2", "gemma3", "gemma3-scaled"]
LENGTH, LAST, SEED = 700, 20, 5

torch.manual_seed(SEED)
ids = torch.randint(0, 53, (LENGTH,))
tensors = {"ids": ids.int()}
for name in VARIANTS:
    model = AutoModelForCausalLM.from_pretrained(FAMILIES / name, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        tensors["logits." + name] = model(ids[None], use_cache=False).logits[0, -LAST:].contiguous().clone()
FOLDER.mkdir(parents=True, exist_ok=True)
save_file(tensors, FOLDER / "data.safetensors")
origin = {
    "library": "transformers",
    "version": f"{transformers.__version__} (torch {torch.__version__})",
    "command": "python tools/golden/engine_windows.py",
    "seed": SEED,
    "tolerance": 1e-4,
    "why": "f32 on both sides, sums in different orders",
}
(FOLDER / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")
