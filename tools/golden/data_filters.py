"""Golden core_data/filters: Gopher's quality and repetition rules written once more in Python, with strings and Counter, over texts that
sit around the rules' borders. Kept is whether the rules of Rae et al. 2021 (appendix A.1.1 and table A1) keep the text.

usage: python tools/golden/data_filters.py        (from the repository's root)
"""
import collections
import json
import pathlib
import random

OUT = pathlib.Path("tests/golden/core_data/filters")
random.seed(7)
COMMON = ["the", "be", "to", "of", "and", "that", "have", "with"]
WORDS = ["house", "river", "tall", "green", "walked", "stone", "under", "evening", "letters", "because", "never", "garden", "told", "window"] + COMMON


def quality(text):
    words = text.split()
    if not 50 <= len(words) <= 100_000 or not 3 <= sum(map(len, words)) / len(words) <= 10:
        return False
    if text.count("#") / len(words) > 0.1 or (text.count("...") + text.count("…")) / len(words) > 0.1:
        return False
    lines = [line.strip(" \t") for line in text.split("\n") if line.strip(" \t")]
    if sum(line.startswith(("•", "- ", "* ")) for line in lines) / len(lines) > 0.9:
        return False
    if sum(line.endswith(("…", "...")) for line in lines) / len(lines) > 0.3:
        return False
    if sum(any(c.isalpha() or ord(c) >= 0x80 for c in w) for w in words) / len(words) < 0.8:
        return False
    return len(set(words) & set(COMMON)) >= 2


def repeated(parts, text):
    seen, again, size = set(), 0, 0
    for part in parts:
        if part in seen:
            again, size = again + 1, size + len(part.encode())
        seen.add(part)
    return bool(parts) and (again / len(parts) > 0.3 or size / len(text.encode()) > 0.2)


def repetition(text):
    for separator in ("\n", "\n\n"):
        if repeated([p for p in text.split(separator) if p.strip()], text):
            return False
    words = text.split()
    total = sum(map(len, words))
    for n, limit in ((2, 0.20), (3, 0.18), (4, 0.16)):
        counts = collections.Counter(tuple(words[i:i + n]) for i in range(len(words) - n + 1))
        if counts and max(counts.values()) > 1:
            most = max(counts.values())
            if max(most * sum(map(len, gram)) for gram, c in counts.items() if c == most) / total > limit:
                return False
    for n, limit in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10)):
        seen, size, i = set(), 0, 0
        while i + n <= len(words):
            gram = tuple(words[i:i + n])
            if gram in seen:
                size, i = size + sum(map(len, gram)), i + n
            else:
                seen.add(gram)
                i += 1
        if size / total > limit:
            return False
    return True


def prose(n, repeat=0.0, bullets=0.0, ellipses=0.0, symbols=0.0, numbers=0.0, long=0.0):
    lines, count = [], 0
    while count < n:
        if lines and random.random() < repeat:
            lines.append(random.choice(lines))
            count += len(lines[-1].split())
            continue
        words = [random.choice(WORDS) for _ in range(min(n - count, random.randint(4, 12)))]
        words = [str(random.randint(10, 99999)) if random.random() < numbers else w + ("x" * 9 if random.random() < long else "") for w in words]
        words = [w + "#" if random.random() < symbols else w for w in words]
        count += len(words)
        lines.append(("- " if random.random() < bullets else "") + " ".join(words) + ("..." if random.random() < ellipses else "."))
    return "\n".join(lines)


texts = [prose(random.randint(45, 56)) for _ in range(20)]
for key in ("repeat", "bullets", "ellipses", "symbols", "numbers", "long"):
    texts += [prose(random.randint(60, 200), **{key: random.random() * (0.3 if key == "symbols" else 1)}) for _ in range(40)]
texts += ["one two three four five " * 20, "word " * 60, "The and of.\n\nSame here.\n\nSame here.\n\nOther one.", "a b " * 40]
cases = [[t, quality(t), repetition(t)] for t in texts]
for column in (1, 2):
    print([sum(c[column] == value for c in cases) for value in (True, False)])
OUT.mkdir(parents=True, exist_ok=True)
(OUT / "data.json").write_text(json.dumps({"cases": cases}, ensure_ascii=False, indent=0) + "\n")
origin = {"library": "Python's own strings and Counter", "version": "3", "command": "python tools/golden/data_filters.py", "seed": 7,
          "tolerance": 0, "why": "a text is kept or not"}
(OUT / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")
