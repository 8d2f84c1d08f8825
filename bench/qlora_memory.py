"""Peak memory of QLoRA on a model in Qwen2-0.5B's shape with random weights: what a run holds in all, its start included.

    python3 bench/qlora_memory.py [--batch 1] [--length 256] [--steps 2] [--threads 2] [--quantize nf4|none] [--checkpointing]

Needs numpy and nothing else; build/bin/athanor is run as a user would run it. The model is made once in a temporary folder (1 GB).
Prints the largest resident size, what `athanor estimate` says, and the size of the weights' file.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATHANOR = ROOT / "build/bin/athanor"
CONFIG = dict(model_type="qwen2", architectures=["Qwen2ForCausalLM"], vocab_size=151936, hidden_size=896, num_hidden_layers=24,
              num_attention_heads=14, num_key_value_heads=2, intermediate_size=4864, max_position_embeddings=32768, rope_theta=1e6,
              rms_norm_eps=1e-6, hidden_act="silu", tie_word_embeddings=True, use_sliding_window=False)


def shapes(config):
    """Every array of the model by its name in the files."""
    width, inner, kv = config["hidden_size"], config["intermediate_size"], config["hidden_size"] // config["num_attention_heads"] * config["num_key_value_heads"]
    yield "model.embed_tokens.weight", (config["vocab_size"], width)
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        for name, rows in (("q", width), ("k", kv), ("v", kv)):
            yield f"{layer}self_attn.{name}_proj.weight", (rows, width)
            yield f"{layer}self_attn.{name}_proj.bias", (rows,)
        yield f"{layer}self_attn.o_proj.weight", (width, width)
        yield f"{layer}mlp.gate_proj.weight", (inner, width)
        yield f"{layer}mlp.up_proj.weight", (inner, width)
        yield f"{layer}mlp.down_proj.weight", (width, inner)
        yield f"{layer}input_layernorm.weight", (width,)
        yield f"{layer}post_attention_layernorm.weight", (width,)
    yield "model.norm.weight", (width,)


def write_model(folder, config):
    """config.json and model.safetensors in bf16: normal numbers of deviation 0.02, norms one."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    header, at = {}, 0
    for name, shape in shapes(config):
        size = 2 * int(numpy.prod(shape))
        header[name] = dict(dtype="BF16", shape=list(shape), data_offsets=[at, at + size])
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    random = numpy.random.default_rng(0)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes(config):
            values = numpy.ones(shape, numpy.float32) if name.endswith("norm.weight") else random.standard_normal(shape, numpy.float32) * numpy.float32(0.02)
            file.write((values.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes())


def run(command):
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))} failed: {out.strip()[-300:]}")
    return out, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="f32")
    parser.add_argument("--quantize", default="nf4")
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--layers", type=int, default=CONFIG["num_hidden_layers"])
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        os.environ["ATHANOR_RUNS"] = str(folder / "runs.db")
        config = dict(CONFIG, num_hidden_layers=a.layers)
        # In a process of its own: what a parent has held counts as the most that its children held (exec keeps the figure).
        maker = multiprocessing.Process(target=write_model, args=(folder / "model", config))
        maker.start()
        maker.join()
        text = (ROOT / "assets/corpus/tinyshakespeare.txt").read_text()
        (folder / "text.txt").write_text(text[:50_000])
        run([ATHANOR, "train-tokenizer", folder / "text.txt", "--out", folder / "tokenizer", "--vocab-size", 512])
        recipe = dict(stage="pretrain", model=str(folder / "model"), tokenizer=str(folder / "tokenizer"), data=dict(train=[str(folder / "text.txt")]),
                      adapter=dict(method="lora", r=8, alpha=16, quantize=a.quantize), out=str(folder / "out"),
                      train=dict(steps=a.steps, batch=a.batch, length=a.length, lr=1e-4, dtype=a.dtype, threads=a.threads, activation_checkpointing=a.checkpointing))
        (folder / "recipe.yaml").write_text(json.dumps(recipe))
        said = json.loads(run([ATHANOR, "estimate", folder / "recipe.yaml", "--json"])[0])
        _, peak = run([ATHANOR, "train", folder / "recipe.yaml"])
        weights = (folder / "model/model.safetensors").stat().st_size / 2**20
        print(f"{said['parameters'] / 1e6:.0f}M parameters, {said['learned'] / 1e6:.1f}M learn; {a.batch} x {a.length} tokens, {a.dtype}, {a.quantize}" + (", checkpointing" if a.checkpointing else ""))
        print(f"weights' file {weights:.0f} MiB, estimated {said['total'] / 2**20:.0f} MiB, measured {peak:.0f} MiB at the peak")


if __name__ == "__main__":
    main()
