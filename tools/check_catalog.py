#!/usr/bin/env python3
"""Shelves and their rows: a technique is one file and one row, and a test names it.

A row is four literals, {"name", "one sentence", "paper", "shelf/file.cpp"}, anywhere in a room's sources. In the subfolders of a room
with a catalog.cpp every .cpp without a header of the same name is a technique and must have a row; a row's file must exist; its name must
stand in quotes in a test. A room without a catalog.cpp has no shelves, and no rows. The experiments in lab/ are held to the same, and
each has a README.md.
"""

import re

import law

LITERAL = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
ROW = re.compile(r",\s*".join([LITERAL] * 3) + r',\s*"([a-z0-9_/-]+\.cpp)"')


def joined(literal):
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literal))


def rows_of(room):
    """(source, line, name, sentence, file) of every row in the room's sources."""
    for source in law.files(room, ".", suffixes=(".cpp", ".h")):
        text = source.read_text(errors="replace")
        for match in ROW.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield source, line, joined(match.group(1)), joined(match.group(2)), match.group(4)


def check_room(root, room, tests):
    shown = set()
    for source, line, name, sentence, file in rows_of(room):
        place = f"{source.relative_to(root)}:{line}"
        technique = room / file
        shown.add(technique)
        if not technique.is_file():
            yield f"{place}: the row {name} names {file}, which is not there"
        if not sentence.strip():
            yield f"{place}: the row {name} has no sentence"
        if f'"{name}"' not in tests:
            yield f'{place}: no test names "{name}"'
    catalog = room / "catalog.cpp"
    if shown and not catalog.is_file():
        yield f"{catalog.relative_to(root)}:1: the room has rows but no catalog.cpp"
    for source in law.files(room, ".", suffixes=(".cpp",)) if catalog.is_file() else []:
        if source.parent != room and source not in shown and not source.with_suffix(".h").is_file():
            yield f"{source.relative_to(root)}:1: a technique without a row in {catalog.relative_to(root)}"


def check(root):
    tests = "\n".join(p.read_text(errors="replace") for p in law.files(root, "tests", suffixes=(".cpp", ".cases", ".py")))
    complaints = []
    for room in sorted({p.parent for p in (root / "athanor").glob("*/*/CMakeLists.txt")}):
        complaints += check_room(root, room, tests)
    if (root / "lab").is_dir():
        complaints += check_room(root, root / "lab", tests)
        for source in law.files(root, "lab", suffixes=(".cpp",)):
            if source.parent != root / "lab" and not (source.parent / "README.md").is_file():
                complaints.append(f"{source.relative_to(root)}:1: an experiment without a README.md")
    return complaints


if __name__ == "__main__":
    law.run(check)
