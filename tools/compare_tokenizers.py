"""Ids of `athanor tokenize` against the libraries': all shared texts, and fuzzed strings, for each kind of tokenizer.

    PYTHON tools/compare_tokenizers.py [--strings 100000] [--kinds byte-bpe,unigram,...] [--seed 1]

PYTHON needs tokenizers and sentencepiece; with gguf and cyllama, whose wheel carries llama.cpp, the GGUF vocabularies are compared with
llama.cpp itself. Where ids differ from llama.cpp's, the `tokenizers` library with the same tokens, merges and the model's published
pre-tokenizer is asked as well: the last column counts the strings where ours are not the library's ids either. Texts and vocabularies are the shared data's (ATHANOR_DATA, else ../shared/data); build/bin/athanor (ATHANOR names
another) gets all strings of one kind in one run of `tokenize --lines --json --no-special`.

A fuzzed string is one of three: random characters of all planes with what pre-tokenizers stumble over, a piece of a shared text with
characters changed, or a few of the vocabulary's own tokens in a row. Prints one row for each kind, and the first strings that differ.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools/golden"))
from text_random import Random, random_string  # noqa: E402

ATHANOR = os.environ.get("ATHANOR", str(ROOT / "build/bin/athanor"))
DATA = pathlib.Path(os.environ.get("ATHANOR_DATA", ROOT.parent / "shared/data"))


def byte_bpe(folder):
    from tokenizers import Tokenizer, models, pre_tokenizers
    library = Tokenizer(models.BPE.from_file(str(DATA / "vocab/gpt2-vocab.json"), str(DATA / "vocab/gpt2-merges.txt")))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json", lambda texts: [e.ids for e in library.encode_batch(texts, add_special_tokens=False)], library.get_vocab()


def word_piece(_folder):
    from tokenizers import Tokenizer
    path = DATA / "vocab/minilm-tokenizer.json"
    library = Tokenizer.from_file(str(path))
    library.no_truncation(), library.no_padding()
    library.encode_special_tokens = True
    return path, lambda texts: [e.ids for e in library.encode_batch(texts, add_special_tokens=False)], library.get_vocab()


def unigram_json(folder):
    """The same pieces as a tokenizer.json, whose sums the library keeps in double."""
    import sentencepiece
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(DATA / "vocab/sentencepiece-unigram-1k.model"))
    scores = [(pieces.id_to_piece(i), pieces.get_score(i)) for i in range(pieces.get_piece_size())]
    library = Tokenizer(models.Unigram(scores, pieces.unk_id(), False))
    library.pre_tokenizer, library.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    library.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json", lambda texts: [e.ids for e in library.encode_batch(texts, add_special_tokens=False)], library.get_vocab()


def sentencepiece_model(file):
    def kind(_folder):
        import sentencepiece
        path = DATA / file
        library = sentencepiece.SentencePieceProcessor(model_file=str(path))
        words = [library.id_to_piece(i).replace("▁", " ") for i in range(library.get_piece_size())]
        return path, lambda texts: [library.encode(t) for t in texts], words
    return kind


def with_tiny_model(path, out):
    """The vocabulary's keys beside a Llama of one layer: cyllama opens nothing less."""
    import gguf
    import numpy
    writer, width = gguf.GGUFWriter(out, "llama"), 32
    for add in (writer.add_context_length, writer.add_embedding_length, writer.add_feed_forward_length, writer.add_rope_dimension_count):
        add(width)
    writer.add_block_count(1), writer.add_head_count(1), writer.add_layer_norm_rms_eps(1e-6)
    for key, field in gguf.GGUFReader(path).fields.items():
        if key.startswith("tokenizer."):
            value = field.contents()
            if field.types[0] == gguf.GGUFValueType.ARRAY:
                writer.add_array(key, value)
            else:
                writer.add_key_value(key, value, field.types[0])
            if key == "tokenizer.ggml.tokens":
                rows = len(value)
    matrices = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]
    shapes = {"token_embd": (rows, width), "output_norm": (width,), "blk.0.attn_norm": (width,), "blk.0.ffn_norm": (width,)}
    for name, shape in (shapes | {f"blk.0.{m}": (width, width) for m in matrices}).items():
        writer.add_tensor(name + ".weight", numpy.zeros(shape, numpy.float32))
    writer.write_header_to_file(), writer.write_kv_data_to_file(), writer.write_tensors_to_file(), writer.close()


LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def published(name):
    """The pre-tokenizer of the tokenizer.json that a byte-level vocabulary was converted from."""
    from tokenizers import Regex, pre_tokenizers as pre
    split = lambda pattern: pre.Split(Regex(pattern), "isolated")
    return pre.Sequence({
        "gpt-2": lambda: [pre.ByteLevel(False)],
        "starcoder": lambda: [pre.Digits(True), pre.ByteLevel(False)],
        "llama-bpe": lambda: [split(LLAMA3), pre.ByteLevel(False, use_regex=False)],
        "deepseek-coder": lambda: [split(p) for p in (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+")]
                                  + [pre.Digits(True), pre.ByteLevel(False, use_regex=False)],
    }[name]())


def of_the_library(path, name):
    """The GGUF file's vocabulary in the `tokenizers` library; None for SentencePiece's, which it runs by other rules."""
    import gguf
    from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers
    key = {k.removeprefix("tokenizer.ggml."): f.contents() for k, f in gguf.GGUFReader(path).fields.items() if k.startswith("tokenizer.ggml.")}
    if key["model"] == "llama":
        return None
    if key["model"] == "bert":
        unmark = lambda t, kind: t if kind != gguf.TokenType.NORMAL else t[1:] if t[0] == "▁" and t[1:] else "##" + t
        vocab = {unmark(t, kind): i for i, (t, kind) in enumerate(zip(key["tokens"], key["token_type"]))}
        library = Tokenizer(models.WordPiece(vocab, unk_token=key["tokens"][key["unknown_token_id"]], max_input_chars_per_word=100))
        library.normalizer, library.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        return library
    merges = [tuple(m.split(" ")) for m in key["merges"]]
    library = Tokenizer(models.BPE({t: i for i, t in enumerate(key["tokens"])}, merges, ignore_merges=name == "llama-bpe"))
    library.pre_tokenizer = published(name)
    # found in the text, special or not: llama.cpp takes some of them (<｜fim▁hole｜>) for control tokens, which they were not
    user = [t for t, kind in zip(key["tokens"], key["token_type"]) if kind == gguf.TokenType.USER_DEFINED]
    library.add_tokens([AddedToken(t, normalized=False, special=False) for t in user])
    return library


def gguf_vocabulary(name):
    def kind(folder):
        from cyllama.llama import llama_cpp
        llama_cpp.disable_logging()
        path = DATA / f"vocab/ggml-vocab-{name}.gguf"
        with_tiny_model(path, folder / "tiny.gguf")
        keys = llama_cpp.LlamaModelParams()
        keys.n_gpu_layers = 0
        model = llama_cpp.LlamaModel(str(folder / "tiny.gguf"), keys)
        vocab = model.get_vocab()
        second = of_the_library(path, name)
        words = [second.decode([i]) or t for t, i in second.get_vocab().items()] if second else []
        # The call keeps the model: a vocabulary does not.
        return path, lambda texts: [vocab.tokenize(t, False, False) if t else [] for t in texts if model], words, second
    return kind


KINDS = {
    "byte-bpe": byte_bpe,
    "sentencepiece-bpe": sentencepiece_model("vocab/llama2-tokenizer.model"),
    "unigram": sentencepiece_model("vocab/sentencepiece-unigram-1k.model"),
    "unigram-json": unigram_json,
    "wordpiece": word_piece,
    **{f"gguf-{name}": gguf_vocabulary(name)
       for name in ("gpt-2", "llama-bpe", "llama-spm", "phi-3", "starcoder", "deepseek-coder", "bert-bge")},
}


def shared_texts():
    """Every file, in pieces of at most 2,000 characters."""
    pieces = []
    for path in sorted((DATA / "text").glob("*")):
        text = path.read_bytes().decode()
        pieces += [text[i:i + 2000] for i in range(0, len(text), 2000)]
    return pieces


def fuzzed(count, seed, texts, words):
    stream, rng, words = Random(seed), random.Random(seed), list(words)
    for i in range(count):
        if i % 3 == 0 or (i % 3 == 2 and not words):
            yield random_string(stream)
        elif i % 3 == 1:
            text = rng.choice(texts)
            begin = rng.randrange(len(text))
            part = list(text[begin:begin + rng.randrange(1, 60)])
            for _ in range(rng.randrange(0, 4)):
                part[rng.randrange(len(part))] = random_string(stream)[:2]
            yield "".join(part)
        else:
            yield "".join(rng.choice(words) for _ in range(rng.randrange(1, 6)))


def ours(path, texts, folder):
    lines = folder / "texts.jsonl"
    lines.write_text("".join(json.dumps(t, ensure_ascii=False) + "\n" for t in texts))
    out = subprocess.run([ATHANOR, "tokenize", str(path), str(lines), "--lines", "--json", "--no-special"], capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stderr.strip())
    return [json.loads(line)["ids"] for line in out.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strings", type=int, default=100_000)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=3)
    arguments = parser.parse_args()
    texts, failed = shared_texts(), False
    print("kind | texts that differ | fuzzed strings that differ | from both")
    for name in arguments.kinds.split(","):
        with tempfile.TemporaryDirectory() as temporary:
            try:
                path, library, words, *second = KINDS[name](pathlib.Path(temporary))
            except ImportError as error:
                print(f"{name} | {error}")
                continue
            row, alone = [], 0
            for strings in (texts, list(fuzzed(arguments.strings, arguments.seed, texts, words))):
                mine, theirs = ours(path, strings, pathlib.Path(temporary)), library(strings)
                wrong = [i for i in range(len(strings)) if mine[i] != list(theirs[i])]
                row.append(f"{len(wrong)} of {len(strings)}")
                if second and second[0]:
                    asked = zip(wrong, second[0].encode_batch([strings[i] for i in wrong], add_special_tokens=False))
                    wrong = [i for i, theirs_too in asked if mine[i] != theirs_too.ids]
                alone += len(wrong)
                for i in wrong[:arguments.show]:
                    print(f"    {strings[i][:200]!r}\n      athanor {mine[i][:40]}\n      library {list(theirs[i])[:40]}", file=sys.stderr)
                failed |= bool(wrong)
            print(f"{name} | {' | '.join(row)} | {alone}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
