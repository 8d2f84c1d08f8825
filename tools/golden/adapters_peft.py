"""Goldens for learn/adapters: PEFT's model over a tiny base: logits, loss, every learned gradient, and the folder that PEFT saves.

python tools/golden/adapters_peft.py [CASE]        (from the repository's root)
Each tests/golden/learn_adapters/<case>/ is an adapter folder with data.safetensors: ids, targets, logits, loss, base.<name> (bases of
other cases are shared: data.json's "base"), gradient.<key of the file>, and value.<name> of an encoder that the folder does not hold.
"""

import json
import pathlib
import shutil
import sys
import zlib

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

GOLDEN = pathlib.Path("tests/golden/learn_adapters")
TOLERANCE = {"logits": 1e-5, "loss": 1e-6, "gradient": 1e-4}

SIZE = dict(vocab_size=61, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40, max_position_embeddings=64)
BASES = {
    "base-llama": ("llama", dict(SIZE, num_key_value_heads=2)),
    "base-qwen2": ("qwen2", dict(SIZE, num_key_value_heads=2, tie_word_embeddings=True)),
    "base-gpt2": ("gpt2", dict(vocab_size=61, n_embd=32, n_layer=2, n_head=4, n_positions=48)),
}
LORA, IA3, PROMPT, PTUNING, PREFIX = peft.LoraConfig, peft.IA3Config, peft.PromptTuningConfig, peft.PromptEncoderConfig, peft.PrefixTuningConfig
CASES = {
    "lora": ("base-llama", LORA, dict(r=4, lora_alpha=10, target_modules=["q_proj", "v_proj", "down_proj"])),
    "lora-rs-patterns": ("base-qwen2", LORA, dict(r=4, lora_alpha=6, use_rslora=True, target_modules=r".*layers\.\d\.(self_attn\.[qk]_proj|mlp\.up_proj)",
                                                  rank_pattern={"up_proj": 2}, alpha_pattern={r"layers\.1\.self_attn\.q_proj": 9})),
    "lora-gpt2": ("base-gpt2", LORA, dict(r=3, lora_alpha=6, target_modules=["c_attn", "c_proj", "wte"], fan_in_fan_out=True)),
    "lora-head": ("base-llama", LORA, dict(r=4, lora_alpha=4, target_modules=["k_proj", "lm_head", "embed_tokens"], modules_to_save=["norm"])),
    "lora-bias": ("base-qwen2", LORA, dict(r=4, lora_alpha=8, bias="lora_only", target_modules=["q_proj", "v_proj", "o_proj"])),
    "lora-bias-all": ("base-gpt2", LORA, dict(r=3, lora_alpha=6, bias="all", target_modules=["c_attn"], fan_in_fan_out=True)),
    "lora-all": ("base-llama", LORA, dict(r=2, lora_alpha=4, target_modules="all-linear")),
    "dora": ("base-qwen2", LORA, dict(r=4, lora_alpha=8, use_dora=True, target_modules=["q_proj", "o_proj", "gate_proj"])),
    "dora-gpt2": ("base-gpt2", LORA, dict(r=2, lora_alpha=4, use_dora=True, target_modules=["c_attn", "c_fc"], fan_in_fan_out=True)),
    "ia3": ("base-qwen2", IA3, dict(target_modules=["k_proj", "v_proj", "down_proj"], feedforward_modules=["down_proj"])),
    "ia3-gpt2": ("base-gpt2", IA3, dict(target_modules=["c_attn", "mlp.c_proj"], feedforward_modules=["mlp.c_proj"], fan_in_fan_out=True)),
    "prompt-tuning": ("base-llama", PROMPT, dict(num_virtual_tokens=5)),
    "prompt-tuning-gpt2": ("base-gpt2", PROMPT, dict(num_virtual_tokens=4)),
    "p-tuning-mlp": ("base-llama", PTUNING, dict(num_virtual_tokens=4, encoder_hidden_size=24)),
    "p-tuning-lstm": ("base-gpt2", PTUNING, dict(num_virtual_tokens=4, encoder_hidden_size=12, encoder_reparameterization_type="LSTM", encoder_num_layers=2, encoder_dropout=0.0)),
    "prefix": ("base-llama", PREFIX, dict(num_virtual_tokens=5)),
    "prefix-projected": ("base-qwen2", PREFIX, dict(num_virtual_tokens=3, prefix_projection=True, encoder_hidden_size=20)),
    "prefix-gpt2": ("base-gpt2", PREFIX, dict(num_virtual_tokens=4)),
}


def write_origin(folder, name, tolerance, why):
    origin = {"library": "peft", "version": f"{peft.__version__} (transformers {transformers.__version__}, torch {torch.__version__})",
              "command": "python tools/golden/adapters_peft.py", "seed": zlib.crc32(name.encode()), "tolerance": tolerance, "why": why}
    (folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")


def fresh(name):
    folder = GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def base_model(name):
    model_type, keys = BASES[name]
    torch.manual_seed(zlib.crc32(name.encode()))
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(model_type, **keys, attn_implementation="eager")).eval().float()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p) * 0.1) if p.dim() == 1 else p.mul_(5)
    return model


def write_base(name):
    model, folder = base_model(name), fresh(name)
    save_file({k: v.detach().contiguous().clone() for k, v in model.named_parameters()}, folder / "data.safetensors")
    (folder / "data.json").write_text(json.dumps({"config": json.loads(model.config.to_json_string(use_diff=False))}) + "\n")
    write_origin(folder, name, 0, "the base's weights themselves, which other cases share")


def case(name):
    base, kind, options = CASES[name]
    torch.manual_seed(zlib.crc32(name.encode()))
    model = peft.get_peft_model(base_model(base), kind(task_type="CAUSAL_LM", **options)).eval()
    with torch.no_grad():
        for p in model.parameters():
            if p.requires_grad:
                p.add_(torch.randn_like(p) * 0.1)
    vocab = model.config.vocab_size
    ids = torch.randint(0, vocab, (2, 13))
    ids[:, 5] = ids[:, 9]
    labels = ids.clone()
    labels[:, 0] = -100  # the first token is predicted by nothing here; PEFT lets the last virtual token predict it
    targets = torch.roll(labels, -1, 1)
    targets[:, -1] = -100
    out = model(input_ids=ids, attention_mask=torch.ones_like(ids))
    logits = out.logits[:, -ids.shape[1]:]
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")
    loss.backward()

    folder = fresh(name)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text()) | {"base_model_name_or_path": base}
    if isinstance(config.get("target_modules"), list):
        config["target_modules"].sort()
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    arrays = {"ids": ids.int(), "targets": targets.int(), "logits": logits.detach(), "loss": loss.detach().reshape(1)}
    for key, p in model.named_parameters():
        if p.requires_grad:
            key = key.removeprefix("base_model.model.").replace(".default", "").replace("modules_to_save.", "")
            arrays["gradient." + key] = p.grad
            if "prompt_encoder" in key:
                arrays["value." + key] = p.detach()
    save_file({k: v.contiguous().clone() for k, v in arrays.items()}, folder / "data.safetensors")
    (folder / "data.json").write_text(json.dumps({"base": base}) + "\n")
    write_origin(folder, name, TOLERANCE, "f32 on both sides, sums in different orders; logits absolute, loss and each gradient relative to its largest number")


def four_bit_base():
    """A folder as Athanor's LoftQ writes it: PEFT opens it on a base that bitsandbytes rounded, and warns of what it does not read."""
    import bitsandbytes

    name, base = "lora-four-bit-base", "base-llama"
    torch.manual_seed(zlib.crc32(name.encode()))
    model = base_model(base)
    wanted = LORA(task_type="CAUSAL_LM", r=4, lora_alpha=8, target_modules=["q_proj", "down_proj"])
    folder = fresh(name)
    with torch.no_grad():
        learned = peft.get_peft_model(model, wanted)
        for p in learned.parameters():
            if p.requires_grad:
                p.add_(torch.randn_like(p) * 0.1)
        learned.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = {key: json.loads((folder / "adapter_config.json").read_text())[key] for key in ("peft_type", "task_type", "r", "lora_alpha", "bias")}
    config |= {"inference_mode": True, "init_lora_weights": True, "target_modules": ["down_proj", "q_proj"], "base_model_name_or_path": base,
               "loftq_config": {"loftq_bits": 4, "loftq_iter": 1, "base": "nf4-double-quant"}}
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    rounded = base_model(base)
    with torch.no_grad():
        for path, layer in rounded.named_modules():
            if isinstance(layer, torch.nn.Linear) and path != "lm_head":
                packed, state = bitsandbytes.functional.quantize_4bit(layer.weight.detach().contiguous(), blocksize=64, compress_statistics=True, quant_type="nf4")
                layer.weight.copy_(bitsandbytes.functional.dequantize_4bit(packed, state))
        ids = torch.randint(0, model.config.vocab_size, (2, 13))
        logits = peft.PeftModel.from_pretrained(rounded, str(folder)).eval()(input_ids=ids).logits
    save_file({"ids": ids.int(), "logits": logits.contiguous()}, folder / "data.safetensors")
    (folder / "data.json").write_text(json.dumps({"base": base}) + "\n")
    write_origin(folder, name, {"logits": 1e-4}, "f32 on both sides, and a scale's mean in another order of sums")
    origin = json.loads((folder / "origin.json").read_text())
    origin["version"] += f", bitsandbytes {bitsandbytes.__version__}"
    (folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")


def products():
    """First values of a small matrix: PEFT's PiSSA, PEFT's LoftQ on bitsandbytes' NF4; and what bitsandbytes makes of a larger one."""
    import bitsandbytes
    from peft.utils.loftq_utils import _low_rank_decomposition

    name = "products"
    torch.manual_seed(zlib.crc32(name.encode()))
    linear = torch.nn.Sequential(torch.nn.Linear(64, 48, bias=False))
    weight = linear[0].weight.detach().clone()
    wrapped = peft.get_peft_model(linear, LORA(r=4, lora_alpha=6, target_modules=["0"], init_lora_weights="pissa"))
    layer = wrapped.base_model.model[0]
    product = layer.scaling["default"] * layer.lora_B["default"].weight @ layer.lora_A["default"].weight
    wide, quantize, widen = torch.randn(60, 300) * 0.1, bitsandbytes.functional.quantize_4bit, bitsandbytes.functional.dequantize_4bit
    packed, state = quantize(weight, blocksize=64, compress_statistics=False, quant_type="nf4")
    parts = _low_rank_decomposition(weight - widen(packed, state), reduced_rank=4)
    arrays = {"weight": weight, "pissa": product.detach(), "packed": packed.flatten(), "kept": widen(packed, state), "loftq": parts["L"] @ parts["R"]}
    packed, state = quantize(wide, blocksize=64, compress_statistics=True, quant_type="nf4")
    arrays |= {"large": wide, "large.packed": packed.flatten(), "large.kept": widen(packed, state)}
    folder = fresh(name)
    save_file({k: v.contiguous().clone() for k, v in arrays.items()}, folder / "data.safetensors")
    write_origin(folder, name, {"product": 1e-5, "kept": 1e-6}, "singular vectors in f32; a scale's mean in another order of sums")
    origin = json.loads((folder / "origin.json").read_text())
    origin["version"] += f", bitsandbytes {bitsandbytes.__version__}"
    (folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")


if __name__ == "__main__":
    wanted = sys.argv[1:]
    for each in BASES:
        if not wanted or each in wanted:
            write_base(each)
    for each in CASES:
        if not wanted or each in wanted:
            case(each)
    if not wanted or "products" in wanted:
        products()
    if not wanted or "lora-four-bit-base" in wanted:
        four_bit_base()
