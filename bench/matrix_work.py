"""What a training step has to multiply, and what the machine multiplies at most. The measurements of training speed read it."""
import subprocess
import sys


def per_token(config, length, adapter=False, learned=1.0):
    """Operations of a token of a llama-shaped model (forward and backward) in rows of `length`. `adapter`: the base's matrices get no gradient.
    `learned`: the part of the tokens that the head is needed for."""
    c, l, v = config["hidden_size"], config["num_hidden_layers"], config["vocab_size"]
    head = c // config["num_attention_heads"]
    matrices = l * (c * c * 2 + 2 * c * head * config["num_key_value_heads"] + 3 * c * config["intermediate_size"]) + learned * v * c
    return (4 if adapter else 6) * matrices + 6 * l * length * c


def measured_peak(dtype, threads):
    """GFLOP/s of a large product in PyTorch, in a process of its own: the best of twelve."""
    code = f"""
import torch, time
torch.set_num_threads({threads}); d = torch.bfloat16 if {dtype == 'bf16'} else torch.float32
a, b, best = torch.randn(2048, 2048).to(d), torch.randn(2048, 2048).to(d), 0
for _ in range(12):
    t = time.time(); a @ b; best = max(best, 2 * 2048**3 / (time.time() - t))
print(best / 1e9)"""
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
