"""Goldens of --lora: adapters as PEFT saves them, and the logits of PEFT's model.

usage: engine_lora.py
Over models of tests/golden/run_engine; each tests/golden/run_engine/<case>/ is an adapter folder with data.safetensors (ids, logits) and origin.json.
"""
import json
import pathlib

import peft
import torch
import transformers
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parents[2] / 'tests' / 'golden' / 'run_engine'
SEED = 32
CASES = {
    'lora-llama': ('llama-gqa', dict(r=4, lora_alpha=10, target_modules=['q_proj', 'v_proj', 'down_proj'])),
    'lora-rs-gpt2': ('gpt2-base', dict(r=3, lora_alpha=6, use_rslora=True, target_modules=['c_attn', 'c_proj'], fan_in_fan_out=True)),
    'lora-whole': ('llama-mqa-bias', dict(r=4, lora_alpha=4, target_modules=['q_proj', 'up_proj', 'embed_tokens'], bias='lora_only', modules_to_save=['lm_head'],
                                          rank_pattern={'up_proj': 2}, alpha_pattern={'model.layers.1.self_attn.q_proj': 9})),
}


def make(name):
    base, options = CASES[name]
    torch.manual_seed(SEED)
    model = transformers.AutoModelForCausalLM.from_pretrained(ROOT / base, attn_implementation='eager').eval()
    model = peft.get_peft_model(model, peft.LoraConfig(task_type='CAUSAL_LM', **options)).eval()
    with torch.no_grad():
        for p in model.parameters():
            if p.requires_grad:
                p.add_(torch.randn_like(p) * 0.1)
        ids = torch.randint(1, 60, (1, 24))
        logits = model(ids).logits[0]
    folder = ROOT / name
    model.save_pretrained(folder)
    (folder / 'README.md').unlink(missing_ok=True)
    config = json.loads((folder / 'adapter_config.json').read_text()) | {'base_model_name_or_path': base}
    (folder / 'adapter_config.json').write_text(json.dumps(config, indent=2, sort_keys=True) + '\n')
    save_file({'ids': ids[0], 'logits': logits.contiguous()}, folder / 'data.safetensors')
    origin = dict(library='peft', version=f'{peft.__version__} (transformers {transformers.__version__}, torch {torch.__version__})', command='python tools/golden/engine_lora.py',
                  seed=SEED, tolerance=2e-4, why='float32: merged and added beside differ by the order of sums, logits of size 20')
    (folder / 'origin.json').write_text(json.dumps(origin, indent=2) + '\n')


if __name__ == '__main__':
    for case in CASES:
        make(case)
