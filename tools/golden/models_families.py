"""Goldens for core/models and core/checkpoint: what transformers and the safetensors library write for tiny models.

python tools/golden/models_families.py        (from the repository's root)
"""

import json
import pathlib
import shutil

import safetensors
import torch
import transformers
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

GOLDEN = pathlib.Path("tests/golden")
SEED = 0


def write_origin(case, library, version, why):
    origin = {
        "library": library,
        "version": version,
        "command": "python tools/golden/models_families.py",
        "seed": SEED,
        "tolerance": 0,
        "why": why,
    }
    (GOLDEN / case / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")


def fresh(case):
    folder = GOLDEN / case
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


SMALL = dict(vocab_size=48, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=32)
SMALL_GPT2 = dict(vocab_size=48, n_embd=16, n_layer=2, n_head=4, n_positions=32, bos_token_id=0, eos_token_id=0)

torch.manual_seed(SEED)
MODELS = {
    "llama": LlamaForCausalLM(LlamaConfig(**SMALL)),
    "llama-grouped-tied": LlamaForCausalLM(LlamaConfig(**SMALL, num_key_value_heads=2, tie_word_embeddings=True)),
    "llama-grouped": LlamaForCausalLM(LlamaConfig(**SMALL, num_key_value_heads=2)),
    "llama-biases-wide-heads": LlamaForCausalLM(
        LlamaConfig(**SMALL, num_key_value_heads=1, attention_bias=True, mlp_bias=True, head_dim=6, hidden_act="gelu_new")
    ),
    "llama3": LlamaForCausalLM(
        LlamaConfig(
            **SMALL,
            rope_parameters=dict(
                rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                original_max_position_embeddings=16,
            ),
        )
    ),
    "qwen2-tied": Qwen2ForCausalLM(Qwen2Config(**SMALL, num_key_value_heads=2, tie_word_embeddings=True)),
    "qwen2": Qwen2ForCausalLM(Qwen2Config(**SMALL, num_key_value_heads=4)),
    "gpt2": GPT2LMHeadModel(GPT2Config(**SMALL_GPT2)),
    "gpt2-untied-narrow": GPT2LMHeadModel(GPT2Config(**SMALL_GPT2, n_inner=40, tie_word_embeddings=False, activation_function="relu")),
}


def families():
    """config.json, the names and shapes in the file, and the number of parameters."""
    folder = fresh("core_models/families")
    table = {}
    for name, model in MODELS.items():
        model.save_pretrained(folder / "model")
        with safetensors.safe_open(folder / "model" / "model.safetensors", "pt") as file:
            shapes = {key: file.get_slice(key).get_shape() for key in file.keys()}
        table[name] = {
            "config": json.loads((folder / "model" / "config.json").read_text()),
            "shapes": shapes,
            "parameters": sum(p.numel() for p in model.parameters()),
        }
        shutil.rmtree(folder / "model")
    (folder / "data.json").write_text(json.dumps(table) + "\n")
    write_origin("core_models/families", "transformers", transformers.__version__, "names, shapes and counts are exact")


def model_folders():
    """Whole folders as transformers writes them, in one file and in shards."""
    for case, shard in {"folder": "1GB", "sharded": "4KB"}.items():
        folder = fresh(f"core_checkpoint/{case}")
        MODELS["llama-grouped-tied"].save_pretrained(folder / "model", max_shard_size=shard)
        write_origin(f"core_checkpoint/{case}", "transformers", transformers.__version__, "files and arrays are compared byte by byte")


def all_types():
    """Every dtype both sides know, a scalar, empty arrays, names that need escapes; written by the Rust library."""
    folder = fresh("core_checkpoint/types")
    generator = torch.Generator().manual_seed(SEED)
    tensors = {}
    for dtype in [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2]:
        tensors[f"w.{str(dtype)[6:]}"] = torch.randn(3, 5, generator=generator).to(dtype)
    for dtype in [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint64, torch.uint32, torch.uint16, torch.uint8]:
        tensors[f"w.{str(dtype)[6:]}"] = torch.randint(0, 100, (7,), generator=generator).to(dtype)
    tensors["w.bool"] = torch.tensor([True, False, True])
    tensors["scalar"] = torch.tensor(1.5)
    tensors["empty"] = torch.zeros(0, 4)
    tensors["empty too"] = torch.zeros(2, 0)
    tensors["名字 \"quoted\" \\ \t"] = torch.arange(4, dtype=torch.float32)
    save_file(tensors, folder / "data.safetensors", {"format": "pt"})
    write_origin("core_checkpoint/types", "safetensors", safetensors.__version__, "written again by us, the file is the same byte by byte")


if __name__ == "__main__":
    families()
    model_folders()
    all_types()
