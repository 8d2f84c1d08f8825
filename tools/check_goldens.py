#!/usr/bin/env python3
"""Goldens: tests/golden/<room>/<case>/ says in origin.json where it is from, a test uses it, and the script that made it is there."""

import json
import re

import law

FIELDS = ["library", "version", "command", "seed", "tolerance", "why"]
MOST_BYTES = 300_000


def check_origin(root, case):
    origin = case / "origin.json"
    place = f"{case.relative_to(root)}/origin.json:1"
    if not origin.is_file():
        yield f"{place}: a golden without an origin"
        return
    try:
        fields = json.loads(origin.read_text())
    except ValueError as error:
        yield f"{place}: not JSON: {error}"
        return
    empty = ["", None]
    missing = [f for f in FIELDS if f not in fields or (fields[f] in empty and f != "seed")]  # null: nothing was random
    if missing:
        yield f"{place}: lacks {', '.join(missing)}"
    script = re.search(r"tools/golden/\S+\.py", str(fields.get("command", "")))
    if not script:
        yield f"{place}: its command names no script of tools/golden"
    elif not (root / script.group()).is_file():
        yield f"{place}: {script.group()} is not there"


def is_used(case, tests):
    """Some test has the whole name, or the room's folder and the case's name apart."""
    room, name = case.parts[-2:]
    return any(f"{room}/{name}" in text or (f'"{room}/' in text and f'"{name}"' in text) for text in tests)


def check(root):
    tests = [p.read_text(errors="replace") for p in law.files(root, "tests", suffixes=(".cpp",))]
    complaints = []
    for case in sorted(p for p in (root / "tests/golden").glob("*/*")):
        if not case.is_dir():
            complaints.append(f"{case.relative_to(root)}:1: a file outside a case's folder")
            continue
        complaints += check_origin(root, case)
        if not is_used(case, tests):
            complaints.append(f"{case.relative_to(root)}:1: no test uses this golden")
        for data in case.glob("data.*"):
            if data.stat().st_size > MOST_BYTES:
                complaints.append(f"{data.relative_to(root)}:1: {data.stat().st_size} bytes, more than {MOST_BYTES}")
    return complaints


if __name__ == "__main__":
    law.run(check)
