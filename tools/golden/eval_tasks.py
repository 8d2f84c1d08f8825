"""Goldens of run/eval: perplexity through transformers' sliding window, multiple choice by lm-evaluation-harness's definitions.

usage: eval_tasks.py
Over the model tests/golden/run_engine/llama-gqa; writes tests/golden/run_eval/tasks/{data.json, origin.json}.
"""
import json
import pathlib
import random

import torch
import transformers

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / 'tests' / 'golden'
SEED, VOCAB = 31, 97
PIECES = list('abcdefghijklmnopqrstuvwxyz .?é') + ['the', ' the', ' a', 'in', ' in', 'er', 'ou', 'é ', 'qu', ' b']
PIECES += [chr(0x4e00 + i) for i in range(VOCAB - 1 - len(PIECES))] + ['</s>']
END = VOCAB - 1


def encode(text):
    """The longest piece that fits, again and again: the tests' ListTokenizer."""
    ids = []
    while text:
        ids.append(max((i for i, p in enumerate(PIECES) if text.startswith(p)), key=lambda i: len(PIECES[i].encode())))
        text = text[len(PIECES[ids[-1]]):]
    return ids


def logits(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].double().log_softmax(-1)


def sliding(model, ids, window, stride):
    """The loop of transformers' page on perplexity, summed instead of averaged by window."""
    nats, previous = 0.0, 0
    for begin in range(0, len(ids), stride):
        end = min(begin + window, len(ids))
        part, target = ids[begin:end], end - previous
        labels = [-100] * (len(part) - target) + part[len(part) - target:]
        with torch.no_grad():
            loss = model(torch.tensor([part]), labels=torch.tensor([labels])).loss
        nats += float(loss) * sum(label != -100 for label in labels[1:])
        previous = end
        if end == len(ids):
            break
    return nats


def loglikelihood(model, context, continuation, most):
    spaces = len(context) - len(context.rstrip())
    if spaces:
        continuation, context = context[-spaces:] + continuation, context[:-spaces]
    if context:
        whole, before = encode(context + continuation), encode(context)
    else:
        before = [END]
        whole = before + encode(continuation)
    after = whole[len(before):]
    ids = (before + after)[-(most + 1):]
    log_p = logits(model, ids[:-1])[-len(after):]
    return sum(float(log_p[i, token]) for i, token in enumerate(after[-len(log_p):]))


def main():
    rng = random.Random(SEED)
    model = transformers.AutoModelForCausalLM.from_pretrained(GOLDEN / 'run_engine' / 'llama-gqa', attn_implementation='eager').eval()
    ids = [rng.randrange(VOCAB - 1) for _ in range(100)]
    windows = [dict(window=w, stride=s, nats=sliding(model, ids, w, s)) for w, s in ((65, 32), (65, 64), (16, 4), (40, 1), (2, 1), (51, 50))]
    text = lambda n: ''.join(rng.choice(PIECES[:40]) for _ in range(n))
    lines, results = [], []
    for number in range(30):
        query = ['', text(5) + '  ', text(120)][number % 3] if number % 2 else text(8)
        choices = [text(rng.randint(1, 9)).strip() or 'a' for _ in range(rng.randint(2, 5))]
        lines.append(dict(query=query, choices=choices, gold=rng.randrange(len(choices))))
        results.append([loglikelihood(model, query, ' ' + c, 64) for c in choices])
    score = lambda rate: sum(max(range(len(r)), key=lambda i: rate(r[i], q['choices'][i])) == q['gold'] for q, r in zip(lines, results)) / len(lines)
    data = dict(pieces=PIECES, context=64, ids=ids, windows=windows, questions=lines, logprobs=[[round(x, 6) for x in r] for r in results],
                acc=score(lambda x, c: x), acc_norm=score(lambda x, c: x / len(c)), acc_bytes=score(lambda x, c: x / len(c.encode())))
    folder = GOLDEN / 'run_eval' / 'tasks'
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'data.json').write_text(json.dumps(data, ensure_ascii=False) + '\n')
    origin = dict(library='transformers', version=f'{transformers.__version__} (torch {torch.__version__}), definitions of lm-evaluation-harness 0.4',
                  command='python tools/golden/eval_tasks.py', seed=SEED, tolerance=1e-4, why='nats per token and log-probabilities in float32; shares of right answers are exact')
    (folder / 'origin.json').write_text(json.dumps(origin, indent=2) + '\n')


if __name__ == '__main__':
    main()
