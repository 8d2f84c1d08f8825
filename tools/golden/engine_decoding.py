"""Goldens of decoding over the engine: the ids that transformers' generate writes with the tiny models of tests/golden/run_engine.

usage: engine_decoding.py
With transformers 5 it writes run_engine/decoding (penalties, beams, guidance); with 4.49, the last that has them in its core,
run_engine/decoding-4 (diverse and constrained beams, contrastive search, DoLa): pip install --target F transformers==4.49.0, then PYTHONPATH=F.
"""
import json
import pathlib
import random

import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parents[2] / 'tests' / 'golden' / 'run_engine'
SEED = 30
MODELS = ['llama-gqa', 'gpt2-base', 'qwen2-tied']
PENALTIES = [dict(), dict(repetition_penalty=1.3), dict(no_repeat_ngram_size=2), dict(exponential_decay_length_penalty=[4, 1.4])]
PAD = 0


def generate(model, prompt, end_ids, options):
    options = dict(options)
    if 'force_words' in options:
        options['force_words_ids'] = options.pop('force_words')
    if 'negative_prompt' in options:
        options['negative_prompt_ids'] = torch.tensor([options.pop('negative_prompt')])
    if 'exponential_decay_length_penalty' in options:
        options['exponential_decay_length_penalty'] = tuple(options['exponential_decay_length_penalty'])
    out = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False, eos_token_id=end_ids, pad_token_id=PAD,
                         return_dict_in_generate=True, output_scores=True, **options)
    ids = out.sequences[0, len(prompt):].tolist()
    ends = [i for i, token in enumerate(ids) if token in end_ids]
    ids = ids[:ends[0]] if ends else ids  # 4.49 writes the first end token whichever came
    score = getattr(out, 'sequences_scores', None)
    return ids, None if score is None else round(float(score[0]), 6)


def wanted_5(rng):
    for beams in (2, 3, 5):
        for early in (True, False, 'never'):
            for length_penalty in (1.0, 0.0, 2.0, -1.0):
                yield dict(num_beams=beams, early_stopping=early, length_penalty=length_penalty, max_new_tokens=rng.choice([6, 14])) | rng.choice(PENALTIES)
    for penalty in PENALTIES:
        yield dict(max_new_tokens=16) | penalty
    for scale in (1.5, 3.0, 0.5, -1.0):
        yield dict(guidance_scale=scale, max_new_tokens=12)
        yield dict(guidance_scale=scale, max_new_tokens=12, negative_prompt=[rng.randrange(61) for _ in range(rng.randint(1, 6))])


def wanted_4(rng):
    for beams, groups in ((2, 2), (4, 2), (6, 3), (6, 2)):
        for penalty in (0.3, 1.0, 5.0):
            for early in (True, False):
                yield dict(num_beams=beams, num_beam_groups=groups, diversity_penalty=penalty, early_stopping=early, max_new_tokens=10)
    for words in (1, 2, 3):
        for length in (1, 2, 3):
            for beams in (2, 4):
                yield dict(num_beams=beams, max_new_tokens=12, force_words=[rng.sample(range(10, 61), length) for _ in range(words)])
    for alpha in (0.1, 0.4, 0.6, 0.9):
        for top_k in (2, 4, 8):
            yield dict(penalty_alpha=alpha, top_k=top_k, max_new_tokens=14)
    for layers in ('low', 'high', [0], [3], [1, 2, 4], [5]):
        for penalty in (1.0, 1.2):
            yield dict(dola_layers=layers, repetition_penalty=penalty, max_new_tokens=12)


def main():
    old = transformers.__version__.startswith('4')
    rng = random.Random(SEED)
    models = {name: transformers.AutoModelForCausalLM.from_pretrained(ROOT / name, attn_implementation='eager').eval() for name in MODELS + ['llama-deep']}
    for model in models.values():
        model.generation_config = transformers.GenerationConfig(pad_token_id=PAD)
    cases = []
    for options in (wanted_4 if old else wanted_5)(rng):
        name = 'llama-deep' if 'dola_layers' in options else rng.choice(MODELS)
        prompt = [rng.randrange(1, 10 if 'force_words' in options else 61) for _ in range(rng.randint(2, 9))]  # 4.49 counts phrases of the prompt too
        greedy, _ = generate(models[name], prompt, [96], dict(max_new_tokens=12))
        end_ids = [PAD + 1] if 'num_beam_groups' in options and rng.random() < 0.5 else sorted(set(rng.sample(range(1, 61), 2) + rng.choices(greedy[3:] or greedy or [5], k=1)))
        ids, score = generate(models[name], prompt, end_ids, options)
        case = dict(model=name, prompt=prompt, end_ids=end_ids, options=options, ids=ids)
        cases.append(case if score is None else case | dict(score=score))
    folder = ROOT / ('decoding-4' if old else 'decoding')
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'data.json').write_text('{"cases": [\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]}\n')
    origin = dict(library='transformers', version=f'{transformers.__version__} (torch {torch.__version__})', command='python tools/golden/engine_decoding.py', seed=SEED,
                  tolerance=1e-4, why='ids are exact; scores of beams are sums of some ten log-probabilities in float32')
    (folder / 'origin.json').write_text(json.dumps(origin, indent=2) + '\n')


if __name__ == '__main__':
    main()
