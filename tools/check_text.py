#!/usr/bin/env python3
"""Text of the repository: no unfinished marks, no paths of one machine, no registry hosts, no file too long to be read.

A file past 400 lines needs a line `path: reason` in tools/long_files.txt.
"""

import re
import subprocess

import law

MOST_LINES = 400
CODE = {".h", ".cpp", ".cu", ".py", ".sh", ".js", ".ts", ".css", ".cmake"}
TEXT = CODE | {".md", ".txt", ".yaml", ".yml", ".json", ".html", ".cases", ""}
DATA = ("tests/golden/", "tests/corpus/", "tests/malformed/", "assets/", "LICENSE")  # others' words, or hostile on purpose
# Put together here, so that this file does not find itself.
MARKS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b|not implement" + "ed|DISABL" + "ED_")
PATHS = re.compile(r"(^|[^A-Za-z0-9_.])/(" + "|".join(["home", "root", "wor" + "k"]) + r")/|/tmp/(build|[a-z]*bench)")
HOSTS = re.compile("|".join(["index-" + "url", "trusted-" + "host", r"pypi\." + r"org/simple", r"\bproxy" + r"\.golang"]))
RULES = [(MARKS, "an unfinished mark"), (PATHS, "a path of one machine"), (HOSTS, "a registry host")]


def own_files(root):
    """What git knows or would add; everything where there is no git."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
    names = listed.stdout.splitlines() if listed.returncode == 0 else [str(p.relative_to(root)) for p in root.rglob("*")]
    return sorted(n for n in names if (root / n).is_file() and not n.startswith(DATA))


def read_reasons(root):
    path = root / "tools/long_files.txt"
    lines = path.read_text().splitlines() if path.is_file() else []
    return dict(line.split(": ", 1) for line in lines if ": " in line and not line.startswith("#"))


def check_length(name, lines, reasons):
    if len(lines) > MOST_LINES and name not in reasons:
        yield f"{name}:1: {len(lines)} lines, more than {MOST_LINES}: is there a second file inside?"
    if len(lines) <= MOST_LINES and name in reasons:
        yield f"tools/long_files.txt:1: {name} is not long any more"


def check(root):
    reasons = read_reasons(root)
    names = own_files(root)
    complaints = [f"tools/long_files.txt:1: {name} is not there" for name in reasons if name not in names]
    for name in names:
        suffix = (root / name).suffix
        if suffix not in TEXT:
            continue
        lines = (root / name).read_text(errors="replace").splitlines()
        if suffix in CODE:
            complaints += check_length(name, lines, reasons)
        for number, line in enumerate(lines, 1):
            complaints += [f"{name}:{number}: {what}: {line.strip()[:80]}" for rule, what in RULES if rule.search(line)]
    return complaints


if __name__ == "__main__":
    law.run(check)
