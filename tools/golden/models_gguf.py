"""Golden of core/models' GGUF reading: a tiny Llama of tests/golden/run_engine as llama.cpp's converter writes it.

python tools/golden/models_gguf.py          (from the repository's root)

The converter itself is no package; what it does for a Llama is written out here with gguf-py's writer and its own table of names: rows of
q and k permuted head by head, norms F32, no rotary buffers.
"""

import json
import pathlib

import gguf
import numpy as np
from safetensors.numpy import load_file

NAME = "llama-gqa"


def permute(weights, heads):
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def main():
    source = pathlib.Path("tests/golden/run_engine") / NAME
    folder = pathlib.Path("tests/golden/core_models/gguf")
    folder.mkdir(parents=True, exist_ok=True)
    config = json.loads((source / "config.json").read_text())
    writer = gguf.GGUFWriter(folder / f"{NAME}.gguf", "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_rope_dimension_count(config["hidden_size"] // config["num_attention_heads"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(0)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    for name, array in load_file(source / "model.safetensors").items():
        if name.endswith("q_proj.weight"):
            array = permute(array, config["num_attention_heads"])
        if name.endswith("k_proj.weight"):
            array = permute(array, config["num_key_value_heads"])
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight", ".bias")), np.ascontiguousarray(array.astype(np.float32)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    origin = {"library": "gguf", "version": "0.19.0", "command": "python tools/golden/models_gguf.py", "seed": None, "tolerance": 0,
              "why": "the same tensors under the same names, byte by byte"}
    (folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")


if __name__ == "__main__":
    main()
