"""Golden of rotary frequencies: transformers' ROPE_INIT_FUNCTIONS for every scaling, under the old and the new keys.

python tools/golden/models_rope.py        (from the repository's root)
"""

import json
import pathlib

import transformers
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

CASES = {
    "default": dict(rope_theta=10000.0),
    "default-theta": dict(rope_theta=500000.0, head_dim=64),
    "default-new-keys": dict(rope_parameters=dict(rope_type="default", rope_theta=1e6)),
    "linear": dict(rope_scaling=dict(type="linear", factor=4.0)),
    "linear-new-keys": dict(rope_parameters=dict(rope_type="linear", rope_theta=5000.0, factor=2.5)),
    "dynamic-short": dict(rope_scaling=dict(type="dynamic", factor=2.0), length=100),
    "dynamic-long": dict(rope_scaling=dict(type="dynamic", factor=2.0), length=5000),
    "dynamic-new-keys": dict(rope_parameters=dict(rope_type="dynamic", rope_theta=10000.0, factor=8.0), length=9000),
    "llama3": dict(
        rope_theta=500000.0, head_dim=128, max_position_embeddings=131072,
        rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192),
    ),
    "llama3-32": dict(
        head_dim=64, max_position_embeddings=131072,
        rope_parameters=dict(
            rope_type="llama3", rope_theta=500000.0, factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=8192,
        ),
    ),
    "yarn": dict(rope_scaling=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=2048), max_position_embeddings=8192),
    "yarn-qwen": dict(
        rope_theta=1e6, head_dim=128, max_position_embeddings=32768,
        rope_scaling=dict(type="yarn", factor=4.0, original_max_position_embeddings=32768),
    ),
    "yarn-mscale": dict(
        max_position_embeddings=163840,
        rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=40.0, mscale=0.707, mscale_all_dim=1.0, beta_fast=32, beta_slow=1,
            original_max_position_embeddings=4096,
        ),
    ),
    "yarn-given-attention": dict(
        max_position_embeddings=8192,
        rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=4.0, attention_factor=1.25, beta_fast=16.0, beta_slow=2.0, truncate=False,
            original_max_position_embeddings=2048,
        ),
    ),
}


def main():
    table = {}
    for name, settings in CASES.items():
        length = settings.pop("length", None)
        keys = {"model_type": "llama", "vocab_size": 32, "hidden_size": 128, "intermediate_size": 64, "num_hidden_layers": 1,
                "num_attention_heads": 4, "max_position_embeddings": 2048, **settings}
        config = LlamaConfig(**json.loads(json.dumps(keys)))
        kind = config.rope_parameters["rope_type"]
        if kind == "default":
            inverse, factor = LlamaRotaryEmbedding.compute_default_rope_parameters(config)
        else:
            inverse, factor = ROPE_INIT_FUNCTIONS[kind](config, seq_len=length)
        table[name] = {"config": keys, "length": length or 1, "inverse": [float(f) for f in inverse], "attention_factor": float(factor)}
    folder = pathlib.Path("tests/golden/core_models/rope")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.json").write_text(json.dumps(table) + "\n")
    origin = {
        "library": "transformers",
        "version": transformers.__version__,
        "command": "python tools/golden/models_rope.py",
        "seed": 0,
        "tolerance": 3e-7,
        "why": "relative; the reference computes in float32, three roundings of which may differ from ours in double",
    }
    (folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")


if __name__ == "__main__":
    main()
