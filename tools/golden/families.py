"""Goldens of the model families: tiny random models in transformers, one row of the table per variant.

python tools/golden/families.py [VARIANT ...]        (from the repository's root; none: all)

tests/golden/families/<variant>/ is a model folder (config.json, model.safetensors) with data.safetensors and origin.json:
  ids [2, T], targets [2, T] (-100: none), logits [T, V] of the first row, loss (sum over targets of both rows), gradient.<name> of
  every weight under its name on disk, greedy [32]: what follows the first PROMPT ids, with the cache.
"""

import copy
import json
import pathlib
import shutil
import sys
import tempfile
import zlib

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

ROOT = pathlib.Path("tests/golden/families")
LENGTH, PROMPT, NEW = 36, 20, 32
# Where a config names head_dim, heads are wider than hidden_size / heads; elsewhere three heads of eight.
SIZES = dict(vocab_size=53, num_hidden_layers=2, intermediate_size=20, max_position_embeddings=64)
WIDE = dict(SIZES, hidden_size=16, num_attention_heads=4, num_key_value_heads=2, head_dim=8)
EVEN = dict(SIZES, hidden_size=24, num_attention_heads=3)
ONE = dict(EVEN, num_key_value_heads=1)
LATENT = dict(
    SIZES, hidden_size=16, num_attention_heads=2, num_key_value_heads=2, moe_intermediate_size=12, n_routed_experts=4,
    num_experts_per_tok=2, n_shared_experts=2, first_k_dense_replace=1, kv_lora_rank=12, q_lora_rank=10, qk_nope_head_dim=8,
    qk_rope_head_dim=4, v_head_dim=6, topk_group=1, n_group=1,
)


def rope(kind, **keys):
    return dict(rope_type=kind, rope_theta=10000.0, **keys)


LONG = rope("longrope", short_factor=[1.0, 1.1, 1.3, 1.6], long_factor=[1.0, 2.0, 3.5, 6.0])
VARIANTS = {
    "llama-biases": ("llama", dict(WIDE, attention_bias=True, mlp_bias=True)),
    "llama-llama3": ("llama", dict(WIDE, rope_parameters=rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                                              original_max_position_embeddings=16))),
    "llama-yarn": ("llama", dict(WIDE, rope_parameters=rope("yarn", factor=4.0, original_max_position_embeddings=16))),
    "llama-linear": ("llama", dict(WIDE, rope_parameters=rope("linear", factor=3.0))),
    "llama-dynamic": ("llama", dict(WIDE, max_position_embeddings=16, rope_parameters=rope("dynamic", factor=2.0))),
    "mistral-window": ("mistral", dict(WIDE, sliding_window=8)),
    "mistral-full": ("mistral", dict(WIDE, sliding_window=None, tie_word_embeddings=True)),
    "qwen2-window": ("qwen2", dict(WIDE, head_dim=None, use_sliding_window=True, sliding_window=8, max_window_layers=1)),
    "qwen3": ("qwen3", WIDE),
    "qwen3-bias-tied": ("qwen3", dict(WIDE, attention_bias=True, tie_word_embeddings=True)),
    "smollm3-nope": ("smollm3", dict(WIDE, head_dim=None, no_rope_layer_interval=2)),
    "granite": ("granite", dict(WIDE, head_dim=None, embedding_multiplier=3.0, residual_multiplier=0.4, attention_multiplier=0.3,
                                logits_scaling=2.0)),
    "olmo2": ("olmo2", dict(WIDE, head_dim=None)),
    "starcoder2": ("starcoder2", dict(ONE, sliding_window=8)),
    "stablelm": ("stablelm", dict(ONE, use_qkv_bias=True)),
    "stablelm-parallel": ("stablelm", dict(ONE, use_parallel_residual=True, rope_parameters=rope("default", partial_rotary_factor=0.5))),
    "stablelm-head-norms": ("stablelm", dict(WIDE, head_dim=None, qk_layernorm=True, rope_parameters=rope("default", partial_rotary_factor=0.5))),
    "phi3": ("phi3", dict(ONE, sliding_window=8)),
    "phi3-short": ("phi3", dict(ONE, rope_parameters=LONG, original_max_position_embeddings=60)),
    "phi3-long": ("phi3", dict(ONE, rope_parameters=LONG, original_max_position_embeddings=16)),
    "phi3-partial": ("phi3", dict(ONE, rope_parameters=rope("default", partial_rotary_factor=0.5))),
    "gemma2": ("gemma2", dict(WIDE, sliding_window=8, query_pre_attn_scalar=5, attn_logit_softcapping=1.5, final_logit_softcapping=3.0)),
    "gemma3": ("gemma3_text", dict(WIDE, num_hidden_layers=3, sliding_window=8, query_pre_attn_scalar=16,
                                   layer_types=["sliding_attention", "full_attention", "sliding_attention"])),
    "gemma3-scaled": ("gemma3_text", dict(WIDE, sliding_window=8, query_pre_attn_scalar=16,
                                          layer_types=["sliding_attention", "full_attention"],
                                          rope_parameters=dict(full_attention=rope("linear", factor=8.0),
                                                               sliding_attention=rope("default")))),
    "gpt_neox": ("gpt_neox", EVEN),
    "gpt_neox-serial": ("gpt_neox", dict(EVEN, use_parallel_residual=False, rope_parameters=rope("default", partial_rotary_factor=0.5))),
    "bloom": ("bloom", dict(vocab_size=53, hidden_size=12, n_layer=2, n_head=3)),
    "falcon": ("falcon", dict(EVEN, multi_query=True, parallel_attn=True, ffn_hidden_size=20)),
    "falcon-groups": ("falcon", dict(SIZES, hidden_size=32, num_attention_heads=4, num_kv_heads=2, new_decoder_architecture=True,
                                     ffn_hidden_size=20)),
    "falcon-one-norm": ("falcon", dict(SIZES, hidden_size=16, num_attention_heads=4, num_kv_heads=2, new_decoder_architecture=True,
                                       num_ln_in_parallel_attn=1)),
    "falcon-alibi": ("falcon", dict(SIZES, hidden_size=16, num_attention_heads=4, alibi=True, multi_query=False, parallel_attn=False,
                                    bias=True)),
    "glm": ("glm", WIDE),
    "glm4": ("glm4", WIDE),
    "chatglm": ("glm", dict(WIDE, attention_bias=True)),
    "mixtral": ("mixtral", dict(WIDE, intermediate_size=12, num_local_experts=4, num_experts_per_tok=2)),
    "qwen3_moe": ("qwen3_moe", dict(WIDE, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=12, norm_topk_prob=False,
                                    mlp_only_layers=[1])),
    "qwen3_moe-normalized": ("qwen3_moe", dict(WIDE, num_experts=4, num_experts_per_tok=3, moe_intermediate_size=12, norm_topk_prob=True,
                                               decoder_sparse_step=2)),
    "deepseek_v2": ("deepseek_v2", dict(LATENT, q_lora_rank=None)),
    "deepseek_v2-groups": ("deepseek_v2", dict(LATENT, topk_method="group_limited_greedy", n_group=2, topk_group=1,
                                               routed_scaling_factor=1.5)),
    "deepseek_v3": ("deepseek_v3", dict(LATENT, n_group=2)),
    "deepseek_v3-yarn": ("deepseek_v3", dict(LATENT, rope_parameters=rope("yarn", factor=4.0, mscale=1.0, mscale_all_dim=0.8,
                                                                          original_max_position_embeddings=16))),
}


def randomize(model):
    """Scores and logits of a trained model's size; norms and biases away from 1 and 0."""
    with torch.no_grad():
        for name, parameter in list(model.named_parameters()) + [(n, b) for n, b in model.named_buffers() if "correction" in n]:
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
            else:
                embedding = "embed" in name or "embedding" in name
                parameter.normal_(0, 1.0 if embedding else 1.3 * parameter.shape[-1] ** -0.5)


def greedy_of(model, ids):
    """The 32 tokens that follow, and the least lead that one of them had."""
    out = model.generate(
        ids[:1, :PROMPT], attention_mask=torch.ones(1, PROMPT, dtype=torch.long), max_new_tokens=NEW, min_new_tokens=NEW,
        do_sample=False, use_cache=True, eos_token_id=None, pad_token_id=0, return_dict_in_generate=True, output_logits=True,
    )
    two = torch.stack(out.logits)[:, 0].topk(2, -1).values
    return out.sequences[0, PROMPT:], (two[:, 0] - two[:, 1]).min().item()


def gradients_on_disk(model, folder):
    """Gradients under the names that save_pretrained writes: a copy of the model with gradients for weights is saved."""
    other = copy.deepcopy(model)
    with torch.no_grad():
        for mine, its in zip(model.parameters(), other.parameters()):
            its.copy_(mine.grad)
    with tempfile.TemporaryDirectory() as temporary:
        other.save_pretrained(temporary)
        return {k: v for k, v in load_file(temporary + "/model.safetensors").items() if "correction" not in k}


def as_chatglm(config, arrays):
    """GLM's weights and config under the names of Zhipu's files."""
    def renamed(name):
        for theirs, ours in [("model.embed_tokens", "transformer.embedding.word_embeddings"), ("model.layers", "transformer.encoder.layers"),
                             ("model.norm", "transformer.encoder.final_layernorm"), ("lm_head", "transformer.output_layer"),
                             ("self_attn.o_proj", "self_attention.dense"), ("mlp.gate_up_proj", "mlp.dense_h_to_4h"),
                             ("mlp.down_proj", "mlp.dense_4h_to_h")]:
            name = name.replace(theirs, ours)
        return name
    out = {renamed(k): v for k, v in arrays.items() if ".self_attn." not in k or "o_proj" in k}
    for layer in range(config["num_hidden_layers"]):
        for kind in ("weight", "bias"):
            parts = [arrays[f"model.layers.{layer}.self_attn.{p}_proj.{kind}"] for p in "qkv"]
            out[f"transformer.encoder.layers.{layer}.self_attention.query_key_value.{kind}"] = torch.cat(parts)
    keys = dict(
        model_type="chatglm", architectures=["ChatGLMForConditionalGeneration"], padded_vocab_size=config["vocab_size"],
        hidden_size=config["hidden_size"], num_layers=config["num_hidden_layers"], ffn_hidden_size=config["intermediate_size"],
        num_attention_heads=config["num_attention_heads"], kv_channels=config["head_dim"], multi_query_attention=True,
        multi_query_group_num=config["num_key_value_heads"], layernorm_epsilon=config["rms_norm_eps"], seq_length=64,
        add_qkv_bias=True, pad_token_id=config["pad_token_id"], rmsnorm=True, original_rope=True, post_layer_norm=True, torch_dtype="float32",
    )
    return keys, out


def make(name):
    family, keys = VARIANTS[name]
    keys = {k: v for k, v in keys.items() if v is not None or k in ("sliding_window", "q_lora_rank")}
    for attempt in range(50):  # a seed whose greedy tokens all lead by far
        seed = zlib.crc32(name.encode()) + attempt
        torch.manual_seed(seed)
        if family in ("phi3", "glm", "glm4", "gemma2", "gemma3_text", "olmo2", "smollm3"):
            keys = dict(keys, pad_token_id=0)
        # Falcon's eager attention adds ALiBi twice, once with the mask; its sdpa, the default, once.
        attention = "sdpa" if keys.get("alibi") else "eager"
        config = AutoConfig.for_model(family, **copy.deepcopy(keys), attn_implementation=attention)
        model = AutoModelForCausalLM.from_config(config).eval().float()
        randomize(model)
        ids = torch.randint(0, keys["vocab_size"], (2, LENGTH))
        greedy, lead = greedy_of(copy.deepcopy(model), ids)  # a copy: "dynamic" remembers the longest sequence
        if lead > 5e-3:
            break
    targets = torch.roll(ids, -1, 1)
    targets[:, -1] = -100
    targets[0, :4] = -100
    with torch.no_grad():  # what f32 rounds of logits of 16 would be as large as the tolerance
        logits = copy.deepcopy(model).double()(ids, use_cache=False).logits[0].float()
    out = model(ids, use_cache=False)
    loss = torch.nn.functional.cross_entropy(out.logits.flatten(0, 1), targets.flatten(), reduction="sum")
    loss.backward()
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    gradients = gradients_on_disk(model, folder)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if name == "chatglm":
        written = json.loads((folder / "config.json").read_text())
        chat, arrays = as_chatglm(written, load_file(folder / "model.safetensors"))
        gradients = as_chatglm(written, gradients)[1]
        save_file({k: v.contiguous() for k, v in arrays.items()}, folder / "model.safetensors", {"format": "pt"})
        (folder / "config.json").write_text(json.dumps(chat, indent=1) + "\n")
    tensors = {"ids": ids.int(), "targets": targets.int(), "logits": logits, "loss": loss.detach().reshape(1),
               "greedy": greedy.int()}
    tensors |= {"gradient." + k: v for k, v in gradients.items()}
    save_file({k: v.contiguous().clone() for k, v in tensors.items()}, folder / "data.safetensors")
    origin = {
        "library": "transformers",
        "version": f"{transformers.__version__} (torch {torch.__version__})",
        "command": f"python tools/golden/families.py {name}",
        "seed": seed,
        "tolerance": {"engine": 1e-4, "logits": 1e-5, "loss": 2e-6, "gradient": 1e-4},
        "why": "f32 on both sides (logits of the reference: f64), sums in different orders; logits absolute, loss and each gradient relative to its largest number; "
        f"greedy tokens are equal: each leads by {lead:.4f} or more",
    }
    (folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")
    print(name, seed, f"lead {lead:.4f}", sum(f.stat().st_size for f in folder.iterdir()) // 1000, "kB", flush=True)


if __name__ == "__main__":
    for variant in sys.argv[1:] or VARIANTS:
        try:
            make(variant)
        except Exception as error:  # the table goes on: what failed is said
            print(variant, "failed:", repr(error)[:300], flush=True)
