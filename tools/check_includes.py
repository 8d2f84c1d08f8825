#!/usr/bin/env python3
"""The law of who may include whom: look down the line, never up; core and run never see libtorch.

Rooms and their NEEDS are read from ath_room(...) in athanor/<wing>/<room>/CMakeLists.txt, the only copy of the law.
"""

import re

import law

WINGS = ["core", "run", "learn"]  # each may need itself and those before it
TORCH = re.compile(r"(ATen|torch|c10)/")
# They cost half a minute each, or bring a second version of what we use.
NOWHERE = re.compile(r"torch/torch\.h|torch/(nn|optim)|torch/csrc/api/|ATen/ATen\.h")
ONLY_IN_SOURCES = re.compile(r"nlohmann/json\.hpp|spdlog/|fmt/|yaml-cpp/|simdjson")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def read_rooms(root):
    """{"core/text": (needs, CMakeLists)} of every room."""
    rooms = {}
    for cmake in sorted((root / "athanor").glob("*/*/CMakeLists.txt")):
        text = re.sub(r"#.*", "", cmake.read_text())
        for name, arguments in re.findall(r"ath_room\(\s*(\S+?)(?=[\s)])([^)]*)\)", text):
            words = arguments.split()
            needs = []
            if "NEEDS" in words:
                for word in words[words.index("NEEDS") + 1 :]:
                    if word in ("LIBS", "TORCH"):
                        break
                    needs.append(word)
            rooms[name] = (needs, cmake.relative_to(root))
    return rooms


def check_needs(rooms):
    for room, (needs, cmake) in rooms.items():
        wing = room.split("/")[0]
        if str(cmake.parent) != f"athanor/{room}":
            yield f"{cmake}:1: the room of this folder is {cmake.parent.relative_to('athanor')}, not {room}"
        for need in needs:
            if need not in rooms:
                yield f"{cmake}:1: {room} needs {need}, which is no room"
            elif WINGS.index(need.split("/")[0]) > WINGS.index(wing):
                yield f"{cmake}:1: {room} needs {need}: look down the line (core <- run <- learn), never up"
    yield from check_cycles(rooms)


def check_cycles(rooms):
    done, path = set(), []

    def visit(room):
        if room in path:
            circle = " -> ".join(path[path.index(room) :] + [room])
            yield f"{rooms[room][1]}:1: rooms need each other in a circle: {circle}"
        elif room not in done and room in rooms:
            path.append(room)
            for need in rooms[room][0]:
                yield from visit(need)
            path.pop()
            done.add(room)

    for room in rooms:
        yield from visit(room)


def check_include(path, quote, target, room, needs):
    """The complaint about one include of a file of `room` (None: a program), or None."""
    header = path.suffix == ".h"
    public = header and room is not None and path.parent.name == room.split("/")[1]  # a door's header; those of subfolders are private
    plain = room is None or not room.startswith("learn/")
    if NOWHERE.match(target):
        return f"{target} is used nowhere: include ATen/core/Tensor.h and ATen/ops/x.h one by one"
    if TORCH.match(target) and plain:
        return f"{target}: libtorch is never seen here, only in learn"
    if TORCH.match(target) and public and target != "ATen/core/Tensor.h":
        return f"{target} in a header: public headers of learn include ATen/core/Tensor.h at most"
    if ONLY_IN_SOURCES.match(target) and header and room:
        return f"{target} in a header: it belongs into .cpp files only"
    if room is None:
        return f"{target}: this program is built without libtorch" if target.startswith("athanor/learn/") else None
    if target.startswith("athanor/"):
        other = "/".join(target.split("/")[1:3])
        if other != room and other not in needs:
            return f"{target}: {room} does not need {other} (NEEDS in athanor/{room}/CMakeLists.txt)"
    elif quote == '"':
        return f'"{target}": own files are included from the root of the repository, as "athanor/..."'
    return None


def check(root):
    rooms = read_rooms(root)
    complaints = list(check_needs(rooms))
    for path in law.files(root, "athanor", "app/cli", suffixes=(".h", ".cpp", ".cu")):
        relative = path.relative_to(root)
        room = "/".join(relative.parts[1:3]) if relative.parts[0] == "athanor" else None
        if room and room not in rooms:
            complaints.append(f"{relative}:1: {room} is no room: its folder has no CMakeLists.txt with ath_room({room} ...)")
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            include = INCLUDE.match(line)
            if include and (text := check_include(path, *include.groups(), room, rooms[room][0] if room else [])):
                complaints.append(f"{relative}:{number}: {text}")
    return complaints


if __name__ == "__main__":
    law.run(check)
