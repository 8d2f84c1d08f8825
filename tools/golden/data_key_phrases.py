"""Golden core_data/key_phrases: TextRank written once more with numpy: the graph of words as a matrix, the scores as the solution of the
linear system s = (1 - d) + d A D^-1 s (solved, not iterated), and the phrases from them, over paragraphs of random words and a few by
hand.

usage: python tools/golden/data_key_phrases.py        (from the repository's root)
"""
import json
import pathlib
import random
import re

import numpy as np

OUT = pathlib.Path("tests/golden/core_data/key_phrases")
random.seed(11)
SOURCE = pathlib.Path("athanor/core/data/key_phrases.cpp").read_text()
STOP = set(re.findall(r'"([a-z]+)"', SOURCE[SOURCE.index("words = {"):SOURCE.index("};", SOURCE.index("words = {"))]))
D, REACH, LONGEST = 0.85, 2, 3


def tokens(text):
    found, last = [], None
    for match in re.finditer(r"[A-Za-z\u0080-\U0010ffff]+(?:['-][A-Za-z\u0080-\U0010ffff]+)*", text):
        adjoins = last is not None and not text[last:match.start()].strip(" \t\r\n")
        found.append((match.group(), adjoins))
        last = match.end()
    return found


def candidate(word):
    return len(word.encode()) >= 3 and word not in STOP


def analyse(text):
    words = tokens(text)
    lower = ["".join(c.lower() if c.isascii() else c for c in w) for w, _ in words]
    names = list(dict.fromkeys(w for w in lower if candidate(w)))
    n = len(names)
    adjacency = np.zeros((n, n))
    for i in range(len(words)):
        for distance in range(1, REACH + 1):
            j = i - distance
            if j < 0 or not all(words[k][1] for k in range(j + 1, i + 1)):
                break
            if candidate(lower[i]) and candidate(lower[j]) and lower[i] != lower[j]:
                a, b = names.index(lower[i]), names.index(lower[j])
                adjacency[a, b] = adjacency[b, a] = 1
    degree = adjacency.sum(0)
    scores = np.linalg.solve(np.eye(n) - D * adjacency / np.where(degree > 0, degree, 1), np.full(n, 1 - D)) if n else np.zeros(0)
    phrases, i = {}, 0
    while i < len(words):
        if not candidate(lower[i]):
            i += 1
            continue
        end = i + 1
        while end < len(words) and end - i < LONGEST and candidate(lower[end]) and words[end][1]:
            end += 1
        name = " ".join(lower[i:end])
        phrases.setdefault(name, (sum(scores[names.index(w)] for w in lower[i:end]), len(phrases)))
        i = end
    ranked = sorted(phrases, key=lambda p: (-round(phrases[p][0], 8), phrases[p][1]))
    chosen = []
    for phrase in ranked:
        if len(chosen) < 4 and not any(f" {phrase} " in f" {c} " or f" {c} " in f" {phrase} " for c in chosen):
            chosen.append(phrase)
    return [[name, float(score)] for name, score in zip(names, scores)], chosen


def paragraph():
    vocabulary = random.sample(["matrix", "rank", "graph", "vertex", "edge", "Linear", "systems", "solution", "compatible", "Diophantine",
                                "equations", "strict", "inequations", "natural", "numbers", "minimal", "generating", "sets", "well-known", "it's"], 12)
    words = [random.choice(vocabulary + ["the", "of", "and", "with", "a"]) for _ in range(random.randint(20, 80))]
    return "".join(w + random.choice([" ", " ", " ", " ", ", ", ". ", "\n", " 7 "]) for w in words)


def main():
    texts = [
        "Compatibility of systems of linear constraints over the set of natural numbers. Criteria of compatibility of a system of linear "
        "Diophantine equations, strict inequations, and nonstrict inequations are considered. Upper bounds for components of a minimal set "
        "of solutions and algorithms of construction of minimal generating sets of solutions for all types of systems are given.",
        "the of and", "", "One word: electromagnetism.",
    ] + [paragraph() for _ in range(40)]
    cases = []
    for text in texts:
        scores, phrases = analyse(text)
        cases.append({"text": text, "scores": scores, "phrases": phrases})
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "data.json").write_text(json.dumps({"cases": cases}, indent=0, ensure_ascii=False) + "\n")
    (OUT / "origin.json").write_text(json.dumps({
        "library": "numpy", "version": np.__version__, "command": "python tools/golden/data_key_phrases.py", "seed": 11,
        "tolerance": {"scores": 1e-6}, "why": "the scores are iterated until they change by less than 1e-9, here they are solved; phrases are equal"}, indent=1) + "\n")


if __name__ == "__main__":
    main()
