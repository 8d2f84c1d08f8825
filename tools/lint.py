#!/usr/bin/env python3
"""clang-tidy over the sources of core and run, on two processors; a source whose text and headers have not changed is not looked at again.

Needs a configured and built folder (build/ by default): the compiler's commands and ninja's list of headers come from there.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# g++ options that clang does not know, and warnings that are the compiler's own business
EXTRA = ["--extra-arg=-Wno-everything", "--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-ignored-optimization-argument"]


def read_dependencies(build):
    """{object: own sources and headers} as ninja recorded them."""
    text = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True).stdout
    found, current = {}, None
    for line in text.splitlines():
        if line and not line.startswith(" ") and ":" in line:
            current = found.setdefault(line.split(":")[0], [])
        elif line.startswith("    ") and current is not None:
            path = (Path(build) / line.strip()).resolve()
            if path.is_relative_to(ROOT / "athanor"):
                current.append(path)
    return found


def stamp_of(entry, own_files):
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes() + entry["command"].encode())
    for path in sorted({Path(entry["file"]), *own_files}):
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def tidy(entry, build):
    command = ["clang-tidy-19", "-p", str(build), "--quiet", *EXTRA, entry["file"]]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=ROOT / "build", type=Path)
    parser.add_argument("files", nargs="*", help="only sources whose path contains one of these")
    options = parser.parse_args()
    stamps = options.build / "lint"
    stamps.mkdir(exist_ok=True)
    dependencies = read_dependencies(options.build)
    wanted = []
    for entry in json.loads((options.build / "compile_commands.json").read_text()):
        output = entry.get("output", "")
        own_files = dependencies.get(output, [])  # several sources where they are compiled together
        names = [str(path.relative_to(ROOT)) for path in own_files]
        if output.startswith(("athanor/core/", "athanor/run/")) and (not options.files or any(part in name for part in options.files for name in names)):
            stamp = stamps / stamp_of(entry, own_files)
            if not stamp.exists():
                wanted.append((entry, stamp))

    bad = 0
    with ThreadPoolExecutor(2) as pool:
        for (entry, stamp), result in zip(wanted, pool.map(lambda one: tidy(one[0], options.build), wanted)):
            if result.returncode == 0:
                stamp.touch()
            else:
                bad += 1
                print(result.stdout.strip() or result.stderr.strip(), flush=True)
    print(f"lint: {len(wanted)} sources looked at, {bad} with complaints")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
