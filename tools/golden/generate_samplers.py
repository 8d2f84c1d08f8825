"""Goldens of run/generate: samplers that transformers lacks, written here in plain numpy from llama.cpp's documentation.

usage: generate_samplers.py
Writes tests/golden/run_generate/samplers/{data.json, origin.json}: scores before and after (null where a token is removed).
"""
import json
import pathlib

import numpy

FOLDER = pathlib.Path(__file__).resolve().parents[2] / 'tests' / 'golden' / 'run_generate' / 'samplers'
SEED, VOCAB = 21, 30
PIECES = [chr(ord('a') + i % 26) + ('' if i < 26 else str(i)) for i in range(VOCAB)]
PIECES[20], PIECES[21], PIECES[22], PIECES[23] = '\n', 'x: ', '<', '/s>'


def log_softmax(scores):
    shifted = scores - scores.max()
    with numpy.errstate(divide='ignore'):
        return shifted - numpy.log(numpy.exp(shifted).sum())


def top_n_sigma(scores, n):
    possible = scores[numpy.isfinite(scores)]
    return numpy.where(scores < scores.max() - n * possible.std(), -numpy.inf, scores)


def xtc(scores, threshold):
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    above = [i for i in order if numpy.exp(log_softmax(scores)[i]) >= threshold]
    out = scores.copy()
    out[above[:-1]] = -numpy.inf
    return out


def dry(scores, ids, multiplier, base, allowed, last_n, breakers):
    """Every earlier place's common suffix with the end, one comparison after another."""
    out, ids = scores.copy(), ids[len(ids) - last_n:] if 0 <= last_n < len(ids) else ids
    if len(ids) <= allowed:
        return out
    text, owner = '', []
    for place, i in enumerate(ids):
        text, owner = text + PIECES[i], owner + [place] * len(PIECES[i])
    found = [(at, at + len(b)) for b in breakers for at in range(len(text)) if text.startswith(b, at)]
    limit = len(ids)
    if found:
        last_start = max(owner[start] for start, _ in found)
        limit = len(ids) - 1 - max(owner[end - 1] for start, end in found if owner[start] == last_start)
    if limit < allowed:
        return out
    longest = {}
    for j in range(len(ids) - 1):
        n = 0
        while n <= j and n < limit and ids[j - n] == ids[-1 - n]:
            n += 1
        if n >= allowed:
            longest[ids[j + 1]] = max(n, longest.get(ids[j + 1], 0))
    for token, n in longest.items():
        if not any(b in PIECES[token] for b in breakers):
            out[token] -= multiplier * base ** (n - allowed)
    return out


def mirostat(steps, tau, eta):
    """[(scores, drawn)] -> what is left at each step."""
    mu, kept = 2 * tau, []
    for scores, drawn in steps:
        bits = -log_softmax(scores) / numpy.log(2)
        left = numpy.where((bits > mu) & (scores < scores.max()), -numpy.inf, scores)
        kept.append(left)
        mu -= eta * (-log_softmax(left)[drawn(left)] / numpy.log(2) - tau)
    return kept


def dola(rows):
    """transformers 4.49's _dola_select_contrast: kl_div(log q, m) is m (ln m - ln q), averaged over the vocabulary."""
    *early, last = [log_softmax(row) for row in rows]
    divergence = lambda q, m: (m * (numpy.log(m) - q)).mean()
    distances = []
    for q in early:
        m = (numpy.exp(q) + numpy.exp(last)) / 2
        distances.append((divergence(last, m) + divergence(q, m)) / 2)
    base = early[int(numpy.argmax(distances))]
    return numpy.where(last < last.max() + numpy.log(0.1), -numpy.inf, last - base)


def listed(scores):
    return [None if numpy.isinf(s) else round(float(s), 5) for s in scores]


def main():
    random = numpy.random.default_rng(SEED)
    draw = lambda size=2.0: random.normal(0, size, VOCAB).round(4)
    cases = []

    def add(options, scores, after, ids=()):
        cases.append(dict(options=options, ids=[int(i) for i in ids], scores=listed(scores), after=listed(after)))

    for n in (0.1, 1.0, 2.5):
        scores = draw()
        scores[3] = -numpy.inf
        add(dict(top_n_sigma=n), scores, top_n_sigma(scores, n))
    for threshold in (0.01, 0.1, 0.2, 0.5):
        for _ in range(3):
            scores = draw()
            add(dict(xtc_probability=1.0, xtc_threshold=threshold), scores, xtc(scores, threshold))
    for number in range(60):
        breakers = [['\n', ':'], ['</s>'], ['\n', '</s>', 'b'], []][number % 4]
        few = random.choice(VOCAB, 3, replace=False) if number % 3 else numpy.array([20, 21, 22, 23, 1, 2])
        ids = random.choice(few, int(random.integers(1, 40)))
        last_n, allowed = int(random.choice([-1, -1, 5, 12])), int(random.integers(1, 4))
        scores, multiplier, base = draw(), float(random.uniform(0.1, 2).__round__(3)), float(random.uniform(1, 2).__round__(3))
        add(dict(dry_multiplier=multiplier, dry_base=base, dry_allowed_length=allowed, dry_penalty_last_n=last_n, dry_sequence_breakers=breakers),
            scores, dry(scores, ids.tolist(), multiplier, base, allowed, last_n, breakers), ids)
    chains = []
    for tau, eta in ((1.0, 0.1), (3.0, 0.5), (0.0, 0.2)):
        steps = [(draw(), lambda left, r=float(random.uniform()): numpy.flatnonzero(numpy.isfinite(left))[int(r * numpy.isfinite(left).sum())])
                 for _ in range(12)]
        kept = mirostat(steps, tau, eta)
        chains.append(dict(options=dict(mirostat=2, mirostat_tau=tau, mirostat_eta=eta), scores=[listed(s) for s, _ in steps],
                           drawn=[int(d(k)) for (_, d), k in zip(steps, kept)], after=[listed(k) for k in kept]))
    layers = []
    for count in (1, 2, 5, 5):
        rows = [draw(1 + i % 3) for i in range(count + 1)]
        layers.append(dict(rows=[listed(r) for r in rows], after=listed(dola(rows))))
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / 'data.json').write_text(f'{{"pieces": {json.dumps(PIECES)},\n"cases": [\n' + ',\n'.join(json.dumps(c) for c in cases) +
                                      '\n],\n"mirostat": [\n' + ',\n'.join(json.dumps(c) for c in chains) +
                                      '\n],\n"dola": [\n' + ',\n'.join(json.dumps(c) for c in layers) + '\n]}\n')
    origin = dict(library='numpy', version=f'{numpy.__version__}, formulas of llama.cpp\'s documentation', command='python tools/golden/generate_samplers.py', seed=SEED,
                  tolerance=2e-5, why='scores of size 10 in float32, written with five decimals; which tokens are removed is exact')
    (FOLDER / 'origin.json').write_text(json.dumps(origin, indent=2) + '\n')


if __name__ == '__main__':
    main()
