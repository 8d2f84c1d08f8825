"""Golden learn_train/sft: loss and gradients of a tiny transformers llama on samples of which a part is learned, padded to one batch in
transformers' way (attention mask, labels -100), computed in float64. The padding token is also the end token of every sample.

python tools/golden/train_sft.py        (from the repository's root)
"""

import json
import pathlib
import shutil

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

FOLDER = pathlib.Path("tests/golden/learn_train/sft")
SEED, END, LENGTHS = 5, 2, [3, 17, 9, 2, 12, 25, 5, 8]
KEYS = dict(vocab_size=47, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=40,
            max_position_embeddings=64, tie_word_embeddings=False)

torch.manual_seed(SEED)
config = AutoConfig.for_model("llama", **KEYS, attn_implementation="eager")
model = AutoModelForCausalLM.from_config(config).float().double()
arrays = {"weight." + name: value.detach().float().clone() for name, value in model.named_parameters()}
samples, masks = [], []
for n in LENGTHS:
    ids = torch.randint(3, 47, (n,)).tolist()
    answer = torch.randint(1, n, (1,)).item()
    mask = [0] * answer + [1] * (n - answer)
    if n > 15:  # two answers
        mask[3:5] = [1, 1]
        ids[4] = END
    ids[-1] = END
    samples.append(ids), masks.append(mask)
width = max(LENGTHS)
ids = torch.tensor([s + [END] * (width - len(s)) for s in samples])
attention = torch.tensor([[1] * len(s) + [0] * (width - len(s)) for s in samples])
labels = torch.tensor([[i if m else -100 for i, m in zip(s, mask)] + [-100] * (width - len(s)) for s, mask in zip(samples, masks)])
out = model(input_ids=ids, attention_mask=attention, labels=labels)
out.loss.backward()
arrays |= {"grad." + name: value.grad.float() for name, value in model.named_parameters()}
shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
save_file({key: value.contiguous() for key, value in arrays.items()}, FOLDER / "data.safetensors")
data = {"config": dict(KEYS, model_type="llama", rms_norm_eps=config.rms_norm_eps), "samples": samples, "masks": masks, "loss": out.loss.item(),
        "targets": int((labels[:, 1:] != -100).sum())}
(FOLDER / "data.json").write_text(json.dumps(data) + "\n")
origin = {
    "library": "torch and transformers",
    "version": f"{torch.__version__.split('+')[0]} and {transformers.__version__}",
    "command": "python tools/golden/train_sft.py",
    "seed": SEED,
    "tolerance": {"loss": 1e-6, "gradient": 1e-5},
    "why": "f32 here, f64 there; the loss relative, a gradient by its largest difference over its largest value",
}
(FOLDER / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")
