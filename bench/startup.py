"""From the start of `athanor` to what it is asked for, in milliseconds: help, ids of a text, and the first byte of a generated text.

    python3 bench/startup.py [--rounds 9]

Needs torch and transformers (any environment) for the model: 9.7M parameters in bfloat16 with random weights, 19 MB. Medians.
"""
import argparse
import pathlib
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATHANOR = str(ROOT / "build/bin/athanor")


def make_model(folder):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    subprocess.run([ATHANOR, "train-tokenizer", ROOT / "assets/corpus/tinyshakespeare.txt", "--out", folder, "--vocab-size", "1024"],
                   check=True, capture_output=True)
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=1024, hidden_size=320, num_hidden_layers=8, num_attention_heads=8, num_key_value_heads=4,
                         intermediate_size=896, max_position_embeddings=1024, tie_word_embeddings=True)
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)


def first_byte(*arguments):
    start = time.perf_counter()
    process = subprocess.Popen([ATHANOR, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
    process.stdout.read(1)
    took = time.perf_counter() - start
    process.kill()
    process.wait()
    return took * 1e3


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        make_model(folder)
        generate = ["generate", folder, "--prompt", "JULIET: O", "--stream", "--temperature", "0", "--max-new-tokens", "50"]
        for name, arguments in {"--help": ["--help"], "tokenize": ["tokenize", folder, "--text", "hello there"], "generate": generate,
                                "generate --dtype i8": [*generate, "--dtype", "i8"], "generate --dtype f32": [*generate, "--dtype", "f32"]}.items():
            print(f"{name:22} {statistics.median(first_byte(*arguments) for _ in range(rounds)):6.1f} ms")
