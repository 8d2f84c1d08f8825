"""Golden of core/models' GGUF: what llama.cpp's own converter makes of the tiny models of tests/golden/families.

python tools/golden/models_gguf_converter.py LLAMA_CPP        (from the repository's root)

LLAMA_CPP is llama.cpp's source folder, as the sdist of llama-cpp-python carries it under vendor/ (pip download --no-deps --no-binary
llama-cpp-python llama-cpp-python). Its convert_hf_to_gguf.py runs unchanged but for the tokenizer, which these models do not have.
data.json: for each variant what was changed in config.json, the keys, and for each tensor its shape (row-major) and the CRC-32 of its float32 bytes; tensors of rotary
factors list their numbers instead.
"""

import json
import pathlib
import shutil
import sys
import tempfile
import zlib

from safetensors.numpy import load_file, save_file

FAMILIES = pathlib.Path("tests/golden/families")
FOLDER = pathlib.Path("tests/golden/core_models/gguf_converter")
# What the converter wants to find under a name that the installed transformers no longer keeps, or (Falcon-7B's one key head) fills in.
EXTRA = {"falcon": {"num_kv_heads": 1}, "gpt_neox": {"rotary_pct": 0.25}, "gpt_neox-serial": {"rotary_pct": 0.5}}
# llama.cpp has no key for some numbers; these are the values that it takes for granted. One layer of Qwen3-MoE's two: all have experts there.
PATCHES = {
    "qwen3_moe": {"num_hidden_layers": 1, "mlp_only_layers": [], "norm_topk_prob": True},
    "gemma2": {"query_pre_attn_scalar": 8}, "gemma3": {"query_pre_attn_scalar": 8}, "gemma3-scaled": {"query_pre_attn_scalar": 8},
    "smollm3-nope": {"no_rope_layer_interval": 4, "no_rope_layers": [1, 1]},
    "deepseek_v3-yarn": {"rope_parameters": {"mscale": 0.8}},
}
VARIANTS = [
    "llama-biases", "llama-llama3", "llama-yarn", "llama-linear", "mistral-full", "mistral-window", "qwen2-window", "qwen3",
    "qwen3-bias-tied", "smollm3-nope", "granite", "olmo2", "starcoder2", "stablelm", "stablelm-parallel", "stablelm-head-norms", "phi3", "phi3-short", "phi3-long",
    "phi3-partial", "gemma2", "gemma3", "gemma3-scaled", "gpt_neox", "gpt_neox-serial", "bloom", "falcon", "falcon-groups",
    "falcon-one-norm", "glm", "glm4", "chatglm", "mixtral", "qwen3_moe", "deepseek_v2", "deepseek_v2-groups", "deepseek_v3",
    "deepseek_v3-yarn",
]
LEFT_OUT = ("GGUF.", "general.name", "general.type", "general.size_label", "tokenizer.", "general.quantization_version")


def prepared(name, folder):
    shutil.copytree(FAMILIES / name, folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    for key, value in PATCHES.get(name, {}).items():
        config[key] = config[key] | value if isinstance(value, dict) else value
    layers = config.get("num_hidden_layers")
    arrays = {k: v for k, v in load_file(folder / "model.safetensors").items() if f"layers.{layers}." not in k}
    save_file(arrays, folder / "model.safetensors", {"format": "pt"})
    if name.startswith("phi3"):  # Phi-3's own files have it beside the rest
        rope = config["rope_parameters"]
        rope.setdefault("original_max_position_embeddings", config.get("original_max_position_embeddings", 4096))
    path.write_text(json.dumps(config))
    vocab = {f"t{i}": i for i in range(config.get("vocab_size", config.get("padded_vocab_size")))}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocab}, "added_tokens": []}))


def with_returned(modify_tensors):
    """StableLM's generator returns the tensors of its stacked norms instead of yielding them, and so loses them."""
    def modified(self, *arguments):
        rest = yield from modify_tensors(self, *arguments)
        if rest is not None:
            yield from rest
    return modified


def converted(name, conversion, gguf):
    with tempfile.TemporaryDirectory() as temporary:
        folder, out = pathlib.Path(temporary) / name, pathlib.Path(temporary) / "out.gguf"
        prepared(name, folder)
        hparams = conversion.ModelBase.load_hparams(folder, False)
        kind = conversion.get_model_class(conversion.get_model_architecture(hparams, conversion.ModelType.TEXT))
        kind.set_vocab = kind._set_vocab_none
        if name == "stablelm-head-norms":
            kind.modify_tensors = with_returned(kind.modify_tensors)
        model = kind(folder, gguf.LlamaFileType.ALL_F32, out, eager=True)
        model.hparams |= EXTRA.get(name, {})
        model.write()
        reader = gguf.GGUFReader(out)
        keys = {k: f.contents() for k, f in reader.fields.items() if not k.startswith(LEFT_OUT)}
        tensors = {}
        for tensor in reader.tensors:
            shape = [int(n) for n in reversed(tensor.shape)]
            last = [float(x) for x in tensor.data] if tensor.name.startswith("rope_") else zlib.crc32(tensor.data.tobytes())
            tensors[tensor.name] = [shape, last]
    return {"config": PATCHES.get(name, {}), "keys": keys, "tensors": dict(sorted(tensors.items()))}


def main():
    source = pathlib.Path(sys.argv[1])
    sys.path[:0] = [str(source), str(source / "gguf-py")]
    import conversion
    import gguf
    import torch

    with torch.inference_mode():
        data = {name: converted(name, conversion, gguf) for name in VARIANTS}
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = [f'"{name}": {{"config": {json.dumps(one["config"])}, "keys": {json.dumps(one["keys"])},\n "tensors": {json.dumps(one["tensors"])}}}' for name, one in data.items()]
    (FOLDER / "data.json").write_text("{" + ",\n".join(rows) + "}\n")
    origin = {
        "library": "llama.cpp's convert_hf_to_gguf.py",
        "version": "as vendored by llama-cpp-python 0.3.36",
        "command": "python tools/golden/models_gguf_converter.py LLAMA_CPP",
        "seed": None,
        "tolerance": {"tensors": 0, "factors": 1e-5},
        "why": "the same tensors under the same names, byte by byte; rotary factors are powers computed in float32 there",
    }
    (FOLDER / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")


if __name__ == "__main__":
    main()
