"""Prefill and decode speed of the engine against llama.cpp and transformers: the same random weights, interleaved, medians.

    python3 bench/engine_speed.py [--rounds 3] [--threads 2] [--prompt 512] [--new 64] [--llama PYTHON] [--keep FOLDER]

Needs torch, transformers, safetensors, gguf (any environment); build/bin/athanor is run as a user would run it. llama.cpp is measured
through llama-cpp-python in the environment whose python is --llama; without it that row is missing. To make one (it compiles for a
while): python3 -m venv V && nice -n 19 V/bin/pip install llama-cpp-python.

The model has the shape of Qwen2-0.5B in bfloat16. transformers computes in float32 on a processor without bfloat16 products, where
libtorch's are a hundred times slower than its float32. Prints tokens per second of each, ratios to the best peer, and for decode the floor:
bytes that a token must read over what this machine's memory gives (a sum over 1 GiB).
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATHANOR = ROOT / "build/bin/athanor"
CONFIG = dict(vocab_size=151936, hidden_size=896, num_hidden_layers=24, num_attention_heads=14, num_key_value_heads=2,
              intermediate_size=4864, max_position_embeddings=32768, tie_word_embeddings=True, rms_norm_eps=1e-6, rope_theta=1e6)


def make_folder(folder):
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM
    torch.manual_seed(0)
    config = {k: v for k, v in CONFIG.items() if k != "rope_theta"}
    config = Qwen2Config(**config, rope_parameters=dict(rope_type="default", rope_theta=CONFIG["rope_theta"]))
    Qwen2ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)


def make_gguf(folder):
    """The same weights for llama.cpp: matrices stay bfloat16, vectors become float32."""
    import gguf
    import torch
    from safetensors.torch import load_file
    names = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
             "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
             "mlp.down_proj": "ffn_down"}
    writer = gguf.GGUFWriter(folder / "model.gguf", "qwen2")
    writer.add_block_count(CONFIG["num_hidden_layers"])
    writer.add_context_length(CONFIG["max_position_embeddings"])
    writer.add_embedding_length(CONFIG["hidden_size"])
    writer.add_feed_forward_length(CONFIG["intermediate_size"])
    writer.add_head_count(CONFIG["num_attention_heads"])
    writer.add_head_count_kv(CONFIG["num_key_value_heads"])
    writer.add_rope_freq_base(CONFIG["rope_theta"])
    writer.add_layer_norm_rms_eps(CONFIG["rms_norm_eps"])
    writer.add_vocab_size(CONFIG["vocab_size"])
    writer.add_tokenizer_model("none")
    for name, tensor in load_file(folder / "model.safetensors").items():
        if name == "model.embed_tokens.weight":
            out = "token_embd.weight"
        elif name == "model.norm.weight":
            out = "output_norm.weight"
        else:
            _, _, layer, rest = name.split(".", 3)
            module, kind = rest.rsplit(".", 1)
            out = f"blk.{layer}.{names[module]}.{kind}"
        if tensor.dim() == 1:
            writer.add_tensor(out, tensor.float().numpy())
        else:
            writer.add_tensor(out, tensor.view(torch.uint8).numpy(), raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def run_llama(folder, prompt, new, threads):
    import llama_cpp as L
    L.llama_backend_init()
    params = L.llama_model_default_params()
    model = L.llama_model_load_from_file(str(folder / "model.gguf").encode(), params)
    params = L.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_ubatch = prompt + new + 8, prompt, prompt
    params.n_threads = params.n_threads_batch = threads
    context = L.llama_init_from_model(model, params)
    ids = (L.llama_token * prompt)(*[(i * 7919 + 13) % CONFIG["vocab_size"] for i in range(prompt)])

    def decode(begin, count):
        piece = (L.llama_token * count)(*ids[begin:begin + count])  # the batch only points to it
        assert L.llama_decode(context, L.llama_batch_get_one(piece, count)) == 0
        L.llama_synchronize(context)

    for _ in range(2):  # the first round warms up
        L.llama_memory_clear(L.llama_get_memory(context), True)
        start = time.time()
        decode(0, prompt)
        middle = time.time()
        for i in range(new):
            decode(i % prompt, 1)
        end = time.time()
    return dict(prefill=prompt / (middle - start), decode=new / (end - middle))


def run_transformers(folder, prompt, new, threads):
    import torch
    from transformers import AutoModelForCausalLM
    torch.set_num_threads(threads)
    narrow = "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16 if narrow else torch.float32).eval()
    ids = torch.tensor([[(i * 7919 + 13) % CONFIG["vocab_size"] for i in range(prompt)]])
    with torch.inference_mode():
        for _ in range(2):
            start = time.time()
            cache = model(ids, use_cache=True, logits_to_keep=1).past_key_values
            middle = time.time()
            for i in range(new):
                cache = model(ids[:, i % prompt:i % prompt + 1], past_key_values=cache, use_cache=True).past_key_values
            end = time.time()
    memory = torch.ones(1 << 28)
    times = []
    for _ in range(8):
        begin = time.time()
        memory.sum()
        times.append(time.time() - begin)
    return dict(prefill=prompt / (middle - start), decode=new / (end - middle), read_gb_s=memory.numel() * 4e-9 / min(times))


def run_athanor(folder, a, dtype):
    command = [ATHANOR, "bench", folder, "-p", a.prompt, "-n", a.new, "-t", a.threads, "-r", 3, "--json"]
    out = subprocess.run([str(c) for c in command + (["--dtype", dtype] if dtype else [])], check=True, capture_output=True, text=True).stdout
    result = json.loads(out)
    return dict(prefill=result["prefill_tok_s"], decode=result["decode_tok_s"], bytes=result["bytes_per_token"], load_s=result["load_s"])


def run_role(python, role, folder, a):
    command = [python, __file__, "--role", role, "--keep", folder, "--prompt", a.prompt, "--new", a.new, "--threads", a.threads]
    environment = dict(os.environ, OMP_NUM_THREADS=str(a.threads))
    return json.loads(subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True, env=environment).stdout.splitlines()[-1])


def compare(folder, a):
    runs = {"athanor": lambda: run_athanor(folder, a, ""), "athanor i8": lambda: run_athanor(folder, a, "i8"),
            "transformers": lambda: run_role(sys.executable, "transformers", folder, a)}
    if a.llama:
        if not (folder / "model.gguf").exists():
            make_gguf(folder)
        runs["llama.cpp"] = lambda: run_role(a.llama, "llama", folder, a)
    rounds = {name: [] for name in runs}
    for _ in range(a.rounds):
        for name, run in runs.items():
            rounds[name].append(run())
    median = lambda name, key: statistics.median(r[key] for r in rounds[name])
    peers = [name for name in runs if not name.startswith("athanor")]
    read = max(r["read_gb_s"] for r in rounds["transformers"])
    for name in runs:
        row = f"{name:13}  prefill {median(name, 'prefill'):7.1f} tok/s  decode {median(name, 'decode'):6.2f} tok/s"
        if name.startswith("athanor"):
            best = {key: max(median(p, key) for p in peers) for key in ("prefill", "decode")}
            gb_s = median(name, "decode") * median(name, "bytes") * 1e-9
            row += f"  ({median(name, 'prefill') / best['prefill']:.2f} and {median(name, 'decode') / best['decode']:.2f} of the best peer;"
            row += f" reads {gb_s:.1f} GB/s, {gb_s / read:.2f} of the {read:.1f} that memory gives)"
        print(row)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--new", type=int, default=64)
    parser.add_argument("--llama", help="python of an environment with llama-cpp-python")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the model, made where absent and kept")
    parser.add_argument("--role", choices=["llama", "transformers"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.role:
        role = run_llama if arguments.role == "llama" else run_transformers
        print(json.dumps(role(arguments.keep, arguments.prompt, arguments.new, arguments.threads)))
        sys.exit(0)
    with tempfile.TemporaryDirectory() as temporary:
        where = arguments.keep or pathlib.Path(temporary)
        if not (where / "config.json").exists():
            make_folder(where)
        compare(where, arguments)
