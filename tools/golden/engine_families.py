"""Goldens of run/engine: tiny random decoders as transformers saves and executes them.

usage: engine_families.py [CASE ...]    (none: all)
Each tests/golden/run_engine/<case>/ is a model folder (config.json, model.safetensors) with data.safetensors (ids [T], logits [T, V],
hidden.0 .. hidden.L [T, C]) and origin.json.
"""
import json
import pathlib
import sys
import zlib

import torch
import transformers
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parents[2] / 'tests' / 'golden' / 'run_engine'
BASE = dict(vocab_size=97, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=52, max_position_embeddings=128)
GQA = dict(BASE, num_key_value_heads=2)


def scaled(kind, **keys):
    return dict(GQA, rope_parameters=dict(rope_type=kind, rope_theta=10000.0, **keys))


CASES = {
    'llama-gqa': ('llama', GQA),
    'llama-mha-tied': ('llama', dict(BASE, num_key_value_heads=4, tie_word_embeddings=True)),
    'llama-mqa-bias': ('llama', dict(BASE, num_key_value_heads=1, attention_bias=True, mlp_bias=True)),
    'llama-head-dim': ('llama', dict(GQA, head_dim=20)),
    'llama-rope-llama3': ('llama', scaled('llama3', factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)),
    'llama-rope-linear': ('llama', scaled('linear', factor=3.0)),
    'llama-rope-yarn': ('llama', scaled('yarn', factor=4.0, original_max_position_embeddings=32)),
    'llama-rope-dynamic': ('llama', dict(scaled('dynamic', factor=2.0), max_position_embeddings=32)),
    'gpt2-base': ('gpt2', dict(vocab_size=97, n_embd=32, n_layer=2, n_head=4, n_positions=64, bos_token_id=0, eos_token_id=0)),
    'gpt2-odd': ('gpt2', dict(vocab_size=89, n_embd=30, n_layer=2, n_head=5, n_positions=64, n_inner=49, bos_token_id=0, eos_token_id=0)),
    'llama-deep': ('llama', dict(BASE, vocab_size=61, hidden_size=16, num_hidden_layers=6, num_attention_heads=2, num_key_value_heads=1, intermediate_size=24)),
    'qwen2-base': ('qwen2', GQA),
    'qwen2-tied': ('qwen2', dict(GQA, tie_word_embeddings=True)),
}


def make(name):
    family, keys = CASES[name]
    seed = zlib.crc32(name.encode())
    torch.manual_seed(seed)
    config = transformers.AutoConfig.for_model(family, **keys)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation='eager').eval().float()
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(4) if p.dim() > 1 else p.add_(torch.randn_like(p) * 0.1)  # away from 0.02, from ones and from zeros
        ids = torch.randint(1, keys['vocab_size'], (1, 48))
        out = model(ids, output_hidden_states=True)
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    (folder / 'generation_config.json').unlink(missing_ok=True)
    tensors = {'ids': ids[0], 'logits': out.logits[0]}
    tensors |= {f'hidden.{i}': h[0] for i, h in enumerate(out.hidden_states)}
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / 'data.safetensors')
    origin = {
        'library': 'transformers',
        'version': f'{transformers.__version__} (torch {torch.__version__})',
        'command': f'python tools/golden/engine_families.py {name}',
        'seed': seed,
        'tolerance': 1e-4,
        'why': 'float32 on both sides: logits of size 10 differ by the order of sums only, a hundred roundings of 2^-24 are 1e-4',
    }
    (folder / 'origin.json').write_text(json.dumps(origin, indent=2) + '\n')


if __name__ == '__main__':
    for case in sys.argv[1:] or CASES:
        make(case)
