"""Goldens of run/generate: what transformers' LogitsProcessors, in transformers' order, make of random scores.

usage: generate_processors.py
Writes tests/golden/run_generate/processors/{data.json, origin.json}. Expected numbers are log-softmax of the processed scores (null where
a token is removed), since a shift of all scores changes nothing.
"""
import itertools
import json
import pathlib

import torch
import transformers

FOLDER = pathlib.Path(__file__).resolve().parents[2] / 'tests' / 'golden' / 'run_generate' / 'processors'
SEED, VOCAB, END_IDS = 20, 40, [3, 7]
CASES = [dict(temperature=t) for t in (0.1, 0.7, 1.0, 3.0, 100.0)]
CASES += [dict(top_k=k) for k in (1, 5, 39, 40, 1000)]
CASES += [dict(top_p=p) for p in (0.0, 0.05, 0.5, 0.9, 0.999, 1.0)]
CASES += [dict(min_p=p) for p in (0.01, 0.2, 1.0)]
CASES += [dict(repetition_penalty=r) for r in (0.5, 1.1, 3.0)]
CASES += [dict(temperature=t, top_k=k, top_p=p, min_p=m, repetition_penalty=r) for t, k, p, m, r in
          itertools.product((0.5, 1.5), (3, 12), (0.4, 0.95), (0.0, 0.1), (1.0, 1.3))]
CASES += [dict(typical_p=p) for p in (0.01, 0.2, 0.5, 0.9, 0.99)]
CASES += [dict(epsilon_cutoff=e) for e in (0.001, 0.02, 0.05, 0.9)]
CASES += [dict(eta_cutoff=e) for e in (0.001, 0.05, 0.3, 0.9)]
CASES += [dict(no_repeat_ngram_size=n) for n in (1, 2, 3, 4, 8, 9) for _ in range(3)]
CASES += [dict(exponential_decay_length_penalty=(s, f)) for s, f in itertools.product((0, 2, 3, 10), (1.2, 3.0, 0.5))]
CASES += [dict(temperature=t, top_k=20, typical_p=p, epsilon_cutoff=0.01, eta_cutoff=0.02, repetition_penalty=1.2, no_repeat_ngram_size=2)
          for t, p in itertools.product((0.7, 2.0), (0.5, 0.9))]


def processors(options):
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=VOCAB, n_embd=8, n_layer=1, n_head=1, bos_token_id=0, eos_token_id=0))
    config = transformers.GenerationConfig(do_sample=True, **(dict(top_k=0, temperature=1.0) | options))
    config.min_p = options.get('min_p') or None
    config._eos_token_tensor = torch.tensor(END_IDS)
    return model._get_logits_processor(generation_config=config, input_ids_seq_length=5, encoder_input_ids=None, prefix_allowed_tokens_fn=None,
                                       logits_processor=transformers.LogitsProcessorList())


if __name__ == '__main__':
    torch.manual_seed(SEED)
    cases = []
    for index, options in enumerate(CASES):
        scores = (torch.randn(1, VOCAB) * (1 + index % 3)).round(decimals=1 if index % 4 == 3 else 4)  # every fourth has ties
        prompt, generated = torch.randint(0, VOCAB, (5,)), torch.randint(0, VOCAB, (3,))
        if 'no_repeat_ngram_size' in options:  # few distinct tokens, so that something repeats
            prompt, generated = prompt % 2, generated % 2
        out = processors(options)(torch.cat([prompt, generated])[None], scores.clone())
        expected = out.double().log_softmax(-1)[0]
        cases.append(dict(options=options, prompt=prompt.tolist(), generated=generated.tolist(), scores=[round(s, 4) for s in scores[0].tolist()],
                          logprobs=[None if e == float('-inf') else round(e, 6) for e in expected.tolist()]))
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / 'data.json').write_text(f'{{"end_ids": {END_IDS}, "cases": [\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]}\n')
    origin = dict(library='transformers', version=f'{transformers.__version__} (torch {torch.__version__})', command='python tools/golden/generate_processors.py',
                  seed=SEED, tolerance=2e-5, why='log-probabilities of size 10 in float32, written with six decimals; which tokens are removed is exact')
    (FOLDER / 'origin.json').write_text(json.dumps(origin, indent=2) + '\n')
