#!/usr/bin/env python3
"""Writes THIRD_PARTY: what Athanor is built from, with versions and licences as the packages themselves state them.

usage: tools/third_party.py [--check]      --check: fail where the file on disk differs in more than the versions of Debian's packages
"""
import gzip
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# (Debian package whose copyright file counts, name, where it ends up)
PACKAGES = [
    ("libcli11-dev", "CLI11", "in the programs"),
    ("nlohmann-json3-dev", "JSON for Modern C++", "in the programs"),
    ("libyaml-cpp-dev", "yaml-cpp", "in the programs"),
    ("libpcre2-dev", "PCRE2", "in the programs"),
    ("libutf8proc-dev", "utf8proc", "in the programs"),
    ("libsimdjson-dev", "simdjson", "in the programs"),
    ("zlib1g-dev", "zlib", "in the programs"),
    ("libzstd-dev", "Zstandard", "in the programs"),
    ("libsqlite3-dev", "SQLite", "in the programs"),
    ("libedit-dev", "libedit", "in the programs"),
    ("libboost1.81-dev", "Boost (Asio, Beast)", "in the programs"),
    ("libgtest-dev", "GoogleTest", "tests only"),
    ("libvalijson-dev", "valijson", "tests only"),
    ("libbenchmark-dev", "Google Benchmark", "benchmarks only"),
]
# Wheels that tools/setup.sh pins; their licences are inside them.
WHEELS = [
    ("torch", "libtorch, from the torch wheel", "BSD-3-Clause, with the notices in its licenses folder", "in athanor-learn"),
    ("nvidia-cuda-runtime", "CUDA runtime library", "NVIDIA CUDA Toolkit EULA (redistributable)", "athanor-learn, where no CUDA toolkit is installed"),
    ("nvidia-cuda-cupti", "CUPTI library", "NVIDIA CUDA Toolkit EULA (redistributable)", "athanor-learn, where no CUDA toolkit is installed"),
]
FILES = [
    ("assets/corpus/tinyshakespeare.txt", "Shakespeare's plays, as collected for char-rnn", "public domain"),
    ("assets/corpus/botchan.txt", "Natsume Soseki's Botchan in English (Morri and Kennedy, 1919)", "public domain in the United States"),
    ("tests/golden/run_engine/stories260K", "stories260K and its tokenizer, from llama2.c's tinyllamas", "MIT"),
]


def version(package):
    shown = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True)
    if shown.returncode:
        sys.exit(f"third_party: {package} is not installed; make setup")
    return shown.stdout


def licences(package):
    """Short names of the licences in the package's machine-readable copyright file, those of packaging left out."""
    folder = pathlib.Path("/usr/share/doc") / package
    plain, packed = folder / "copyright", folder / "copyright.gz"
    text = plain.read_text() if plain.exists() else gzip.decompress(packed.read_bytes()).decode()
    names = []
    for paragraph in re.split(r"\n\s*\n", text):
        files = re.search(r"^Files:\s*((?:.|\n[ \t])*)", paragraph, re.M)
        licence = re.search(r"^License:[ \t]*(\S.*)", paragraph, re.M)
        if files and licence and "debian/" not in files.group(1):
            name = licence.group(1).strip()
            if name not in names:
                names.append(name)
    return names or ["see " + str(plain)]


def page():
    pins = dict(re.findall(r'^[A-Z]+="(\S+) (\S+) [0-9a-f]{64}"', (ROOT / "tools/setup.sh").read_text(), re.M))
    lines = [
        "Athanor is licensed under the Apache License 2.0 (LICENSE). It is built from the parts below, each under its own licence.",
        "This file is written by tools/third_party.py from what the packages state; Debian's copyright files have the full texts",
        "(/usr/share/doc/PACKAGE/copyright).",
        "",
        "Libraries from Debian",
    ]
    for package, name, where in PACKAGES:
        lines.append(f"  {name} ({package} {version(package)}), {where}: {'; '.join(licences(package))}")
    lines += ["", "From Python wheels, unpacked by tools/setup.sh into .deps/ and not part of this repository"]
    for wheel, name, licence, where in WHEELS:
        lines.append(f"  {name} ({wheel} {pins[wheel]}), {where}: {licence}")
    lines += ["", "Files in this repository that are not ours"]
    for path, what, licence in FILES:
        if not (ROOT / path).exists():
            sys.exit(f"third_party: {path} is not there")
        lines.append(f"  {path}: {what}: {licence}")
    return "\n".join(lines) + "\n"


def without_versions(text):
    return re.sub(r"\((lib\S+|nlohmann\S+) [^)]*\)", r"(\1)", text)


def main():
    target = ROOT / "THIRD_PARTY"
    text = page()
    if "--check" in sys.argv[1:]:
        if not target.exists() or without_versions(target.read_text()) != without_versions(text):
            sys.exit("third_party: THIRD_PARTY is not what the packages say; run tools/third_party.py")
        return
    target.write_text(text)


main()
