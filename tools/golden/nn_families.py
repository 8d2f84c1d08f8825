"""Goldens for learn/nn: tiny random models in transformers: weights, logits, hidden states, loss and every gradient.

python tools/golden/nn_families.py        (from the repository's root)
"""

import json
import pathlib
import shutil
import zlib

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

GOLDEN = pathlib.Path("tests/golden/learn_nn")

BASE = dict(vocab_size=61, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40, max_position_embeddings=64)
GROUPED = dict(BASE, num_key_value_heads=2)
LLAMA3 = dict(
    rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16
)
MODELS = {
    "llama-gqa": ("llama", GROUPED),
    "llama-mha-tied": ("llama", dict(BASE, num_key_value_heads=4, tie_word_embeddings=True)),
    "llama-mqa-biases": ("llama", dict(BASE, num_key_value_heads=1, attention_bias=True, mlp_bias=True, head_dim=10)),
    "llama-llama3-rope": ("llama", dict(GROUPED, rope_parameters=LLAMA3)),
    "qwen2": ("qwen2", GROUPED),
    "gpt2": ("gpt2", dict(vocab_size=61, n_embd=32, n_layer=2, n_head=4, n_positions=32)),
    "gpt2-odd-sizes": ("gpt2", dict(vocab_size=53, n_embd=30, n_layer=3, n_head=5, n_positions=27, n_inner=44)),
}


def golden(name, model_type, keys):
    torch.manual_seed(zlib.crc32(name.encode()))
    config = AutoConfig.for_model(model_type, **keys, attn_implementation="eager")
    model = AutoModelForCausalLM.from_config(config).eval().float()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)  # norms and biases away from 1 and 0
            else:
                parameter.mul_(5)  # scores and logits of a trained model's size
    ids = torch.randint(0, config.vocab_size, (2, 21))
    ids[:, 5] = ids[:, 11]  # a repeated token: its embedding's gradient is a sum
    targets = torch.roll(ids, -1, 1)
    targets[:, -1] = -100
    targets[0, :4] = -100
    out = model(ids, output_hidden_states=True)
    loss = torch.nn.functional.cross_entropy(out.logits.flatten(0, 1), targets.flatten(), reduction="sum")
    loss.backward()

    arrays = {"ids": ids.int(), "targets": targets.int(), "logits": out.logits.detach(), "loss": loss.detach().reshape(1)}
    arrays |= {f"hidden.{i}": state.detach() for i, state in enumerate(out.hidden_states)}
    for key, parameter in model.named_parameters():
        arrays["weight." + key] = parameter.detach()
        arrays["gradient." + key] = parameter.grad
    folder = GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save_file({key: value.contiguous().clone() for key, value in arrays.items()}, folder / "data.safetensors")
    (folder / "data.json").write_text(json.dumps({"config": json.loads(config.to_json_string(use_diff=False))}) + "\n")
    origin = {
        "library": "transformers",
        "version": transformers.__version__,
        "command": "python tools/golden/nn_families.py",
        "seed": zlib.crc32(name.encode()),
        "tolerance": {"logits": 1e-5, "loss": 1e-6, "gradient": 1e-4},
        "why": "f32 on both sides, sums in different orders; logits absolute, loss and each gradient relative to its largest number",
    }
    (folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")


if __name__ == "__main__":
    for name, (model_type, keys) in MODELS.items():
        golden(name, model_type, keys)
