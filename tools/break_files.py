"""Breaks model files by their structure and gives them to the program: whatever is in a file, the program ends with 0, 2 or 3.

    python3 tools/break_files.py [--seconds 60] [--seed 1] [--kinds tokenizer,gguf,config,adapter,schema]

A fuzzer of bytes (make fuzz) rarely gets past the syntax. Here one value of a good file is replaced by one of another type or size, left
out, or swapped with another, and the file is written anew; then the commands that read it run (build/bin/athanor; ATHANOR names another).
The good files are the goldens and the seeds of tests/corpus. Prints what was changed wherever the program ended otherwise, by a signal or
with 70, and ends with 1 then; the file is kept.
"""
import argparse
import copy
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATHANOR = os.environ.get("ATHANOR", str(ROOT / "build/bin/athanor"))
GOLDEN, CORPUS = ROOT / "tests/golden", ROOT / "tests/corpus"
LEFT_OUT = object()
JSON_VALUES = [None, True, False, 0, 1, 2, 3, 7, -1, 0.5, 2.5, 1e300, 2**31, 2**63, "", "x", "linear", "yarn", "LORA", "all-linear", ".*q_proj",
               [], [0], [3], [[1]], ["a"], ["full_attention"], {}, {"a": 1}, {"type": 5}, {"type": "ByteLevel"}, {"rope_type": "yarn", "factor": 4},
               {"type": "linear", "factor": 0.1}, [{"name": 5, "template": "x"}], LEFT_OUT]


def places(node, path=()):
    """Where a value of a JSON document stands; of long lists the first four, of vocabularies none inside."""
    if path:
        yield path
    if path and path[-1] in ("vocab", "merges"):
        return
    items = node.items() if isinstance(node, dict) else enumerate(node[:4]) if isinstance(node, list) else ()
    for key, child in items:
        yield from places(child, path + (key,))


def break_json(document, rng, more_keys=()):
    path = rng.choice(list(places(document)) + [(key,) for key in more_keys])
    value = rng.choice(JSON_VALUES)
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    if value is LEFT_OUT:
        parent.pop(path[-1], None) if isinstance(parent, dict) else parent.pop(path[-1])
    else:
        parent[path[-1]] = copy.deepcopy(value)
    return f"{'.'.join(map(str, path))} = {'nothing' if value is LEFT_OUT else value!r}"


class Gguf:
    """A GGUF file as [key, type, value] and [name, shape, type, place]."""
    SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}

    def __init__(self, data):
        self.data, self.at = data, 8
        tensors, keys = self.take("<QQ")
        self.keys = [[self.text(), kind := self.take("<I")[0], self.value(kind)] for _ in range(keys)]
        self.tensors = [[self.text(), list(self.take(f"<{self.take('<I')[0]}Q")), *self.take("<IQ")] for _ in range(tensors)]
        self.body = data[(self.at + 31) // 32 * 32:]

    def take(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def raw(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def text(self):
        return self.raw(self.take("<Q")[0])

    def value(self, kind):
        if kind == 8:
            return self.text()
        if kind != 9:
            return self.raw(self.SIZES[kind])
        inner, count = self.take("<IQ")
        return inner, [self.value(inner) for _ in range(count)]

    def bytes(self):
        text = lambda t: struct.pack("<Q", len(t)) + t
        value = lambda kind, v: text(v) if kind == 8 else struct.pack("<IQ", v[0], len(v[1])) + b"".join(value(v[0], x) for x in v[1]) if kind == 9 else v
        head = b"GGUF" + struct.pack("<IQQ", 3, len(self.tensors), len(self.keys))
        head += b"".join(text(k) + struct.pack("<I", kind) + value(kind, v) for k, kind, v in self.keys)
        for name, shape, kind, place in self.tensors:
            head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, place)
        return head + b"\0" * (-len(head) % 32) + self.body


NUMBERS = [0, 1, 2, 3, 7, 255, 65536, 2**31, 2**32 - 1]
GGUF_VALUES = ([(4, struct.pack("<I", n)) for n in NUMBERS] + [(11, struct.pack("<q", n)) for n in (-1, 2**62)] +
               [(6, struct.pack("<f", x)) for x in (0, -1, 0.5, 1e30, float("nan"), float("inf"))] + [(7, b"\0"), (7, b"\1")] +
               [(8, t) for t in (b"", b"x", b"llama", b"yarn", b"\xff\xfe")] +
               [(9, (4, [])), (9, (4, [b"\1\0\0\0"] * 3)), (9, (8, [b"a", b"a"])), (9, (6, [b"\0\0\x80?"])), (9, (7, [b"\1", b"\0"]))])


def vocabulary_keys(kind):
    tokens = [b"<unk>", b"<s>", b"</s>"] + [b"<0x%02X>" % i for i in range(97, 101)] + ["▁".encode(), b"h", b"e", b"he"]
    number = lambda n: (4, struct.pack("<I", n))
    keys = {b"model": (8, kind), b"pre": (8, b"gpt-2"), b"tokens": (9, (8, tokens)), b"merges": (9, (8, [b"h e"])),
            b"token_type": (9, (5, [struct.pack("<i", n) for n in [2, 3, 3, 6, 6, 6, 6, 1, 1, 1, 1]])),
            b"scores": (9, (6, [struct.pack("<f", -i) for i in range(len(tokens))])), b"bos_token_id": number(1), b"eos_token_id": number(2),
            b"unknown_token_id": number(0)}
    return [[b"tokenizer.ggml." + k, *v] for k, v in keys.items()] + [[b"tokenizer.chat_template", 8, b"{{ messages[0].content }}"]]


class Breaker:
    def __init__(self, folder, rng):
        self.folder, self.rng, self.out = folder, rng, folder / "out"
        stories = GOLDEN / "run_engine/stories260K"
        self.model = folder / "model"
        subprocess.run([ATHANOR, "convert", stories / "stories260K.bin", "--tokenizer", stories / "stories260K.tok512.bin", "--out", self.model],
                       check=True, capture_output=True)
        self.families = [p.parent for p in GOLDEN.glob("families/*/config.json")]
        self.adapters = [("llama-gqa", "lora-llama"), ("gpt2-base", "lora-rs-gpt2"), ("llama-gqa", "lora-whole")]
        self.tokenizers = [self.model / "tokenizer.json", *sorted(CORPUS.glob("tokenizer_json/*.json"))]
        self.ggufs = sorted(CORPUS.glob("gguf_model/*"))
        self.schemas = sorted(CORPUS.glob("json_schema/*"))

    def copy(self, source):
        target = self.folder / "broken"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
        return target

    def read_json(self, path):
        return json.loads(path.read_bytes().split(b"\0")[0].decode(errors="replace"))

    def tokenizer(self):
        document = self.read_json(self.rng.choice(self.tokenizers))
        said, broken = break_json(document, self.rng), self.copy(self.model)
        (broken / "tokenizer.json").write_text(json.dumps(document))
        return said, broken, [["tokenize", broken, "--text", "a <s> b 12"], ["convert", broken, "--out", f"{self.out}.gguf", "--force"],
                              ["generate", broken, "--prompt", "a", "-n", "1"]]

    def gguf(self):
        file = Gguf(self.rng.choice(self.ggufs).read_bytes())
        file.keys = [k for k in file.keys if not k[0].startswith(b"tokenizer")] + vocabulary_keys(self.rng.choice([b"llama", b"gpt2", b"bert"]))
        way, key, tensor = self.rng.random(), self.rng.choice(file.keys), self.rng.choice(file.tensors)
        if way < 0.6:
            key[1:] = self.rng.choice(GGUF_VALUES)
        elif way < 0.7:
            file.keys.remove(key)
        elif way < 0.8:
            tensor[1] = [self.rng.choice([1, 2, 3, 4, 8, 16]) for _ in tensor[1]]
        elif way < 0.9:
            file.tensors.remove(tensor)
        else:
            other = self.rng.choice(file.tensors)
            tensor[0], other[0] = other[0], tensor[0]
        broken = self.folder / "broken.gguf"
        broken.write_bytes(file.bytes())
        return f"{key if way < 0.7 else tensor} ({way:.2f})", broken, [
            ["generate", broken, "--prompt", "he a", "-n", "2"], ["convert", broken, "--out", self.out, "--force"],
            ["convert", broken, "--out", f"{self.out}.gguf", "--type", "f32", "--force"], ["chat", broken, "-n", "1"]]

    def config(self):
        broken = self.copy(self.rng.choice(self.families))
        document = self.read_json(broken / "config.json")
        more = ["rope_scaling", "rope_parameters", "sliding_window", "layer_types", "head_dim", "num_key_value_heads", "partial_rotary_factor",
                "num_experts_per_tok", "n_group", "topk_group", "first_k_dense_replace", "no_rope_layers", "eos_token_id"]
        said = ", ".join(break_json(document, self.rng, more) for _ in range(self.rng.choice([1, 1, 2, 3])))
        (broken / "config.json").write_text(json.dumps(document))
        return said, broken, [["logits", broken, "--ids", "1,2,3,1,5", "--out", f"{self.out}.safetensors"],
                              ["convert", broken, "--out", f"{self.out}.gguf", "--force"]]

    def adapter(self):
        model, adapter = self.rng.choice(self.adapters)
        broken = self.copy(GOLDEN / "run_engine" / adapter)
        document = self.read_json(broken / "adapter_config.json")
        more = ["rank_pattern", "alpha_pattern", "modules_to_save", "num_virtual_tokens", "layers_to_transform", "use_dora"]
        said = ", ".join(break_json(document, self.rng, more) for _ in range(self.rng.choice([1, 2])))
        (broken / "adapter_config.json").write_text(json.dumps(document))
        return said, broken, [["logits", GOLDEN / "run_engine" / model, "--lora", broken, "--ids", "1,2,3", "--out", f"{self.out}.safetensors"]]

    def schema(self):
        while True:
            try:
                document = self.read_json(self.rng.choice(self.schemas))
                said = break_json(document, self.rng, ["allOf", "anyOf", "enum", "items", "minimum", "pattern"])
                break
            except (ValueError, TypeError, IndexError, AttributeError):
                continue  # a seed that is no object
        broken = self.folder / "broken.json"
        broken.write_text(json.dumps(document))
        return said, broken, [["generate", self.model, "--prompt", "a", "-n", "12", "--json-schema", broken]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="for each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default="tokenizer,gguf,config,adapter,schema")
    arguments = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        breaker = Breaker(pathlib.Path(folder), random.Random(arguments.seed))
        for kind in arguments.kinds.split(","):
            runs, end = 0, time.monotonic() + arguments.seconds
            while time.monotonic() < end:
                said, broken, commands = getattr(breaker, kind)()
                for command in commands:
                    done = subprocess.run([ATHANOR, *map(str, command)], input=b"hi\n", capture_output=True, timeout=120)
                    runs += 1
                    if done.returncode in (0, 2, 3):
                        continue
                    bad += 1
                    kept = pathlib.Path(tempfile.gettempdir()) / f"broken-{kind}-{bad}{broken.suffix}"
                    shutil.rmtree(kept, ignore_errors=True)
                    (shutil.copytree if broken.is_dir() else shutil.copy)(broken, kept)
                    print(f"{kind}: {said}: {command[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()[-200:]}; kept {kept}", flush=True)
            print(f"{kind}: {runs} runs", flush=True)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
