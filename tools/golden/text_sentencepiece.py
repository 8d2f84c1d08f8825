"""Goldens core_text/sentencepiece and core_text/real_pieces: what the sentencepiece library answers, for small models trained here, and
for the models of the shared data (ATHANOR_DATA) on its texts and on random strings.

usage: python tools/golden/text_sentencepiece.py"""
import base64
import io
import json
import os
import pathlib
import random

import sentencepiece

import text_components as base
from text_random import Random, ids_hash, random_string

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get('ATHANOR_DATA', ROOT.parent / 'shared/data'))
OUT = ROOT / 'tests/golden/core_text'
SEED = 22
TEXTS = base.TEXTS + ['  two  spaces  at  both  ends  ', '\u3000\u00a0 wide', 'e\u0301\u0302 \ufb01 \u2460 A\u030a', '<user> x<user>y ▁▁<user>', 'unknown \u4e50\u4e51\u0905', '\x7f', 'aaaaaaaaa']
VARIANTS = {
    'unigram': dict(model_type='unigram', vocab_size=160),
    'unigram with bytes': dict(model_type='unigram', vocab_size=420, byte_fallback=True),
    'bpe': dict(model_type='bpe', vocab_size=200),
    'bpe with bytes': dict(model_type='bpe', vocab_size=460, byte_fallback=True),
    'char': dict(model_type='char', vocab_size=90),
    'spaces kept': dict(model_type='bpe', vocab_size=200, remove_extra_whitespaces=False),
    'no prefix': dict(model_type='unigram', vocab_size=160, add_dummy_prefix=False),
    'suffix': dict(model_type='bpe', vocab_size=200, treat_whitespace_as_suffix=True),
    'user symbols': dict(model_type='bpe', vocab_size=220, user_defined_symbols=['<user>', 'aa', '▁▁'], control_symbols=['<ctl>']),
    'user symbols, unigram': dict(model_type='unigram', vocab_size=170, user_defined_symbols=['<user>', 'aa']),
}
RULES = [('41 30A', 'C5'), ('FB01', '66 69'), ('2460', '31'), ('9', '20'), ('A', '20'), ('3000', '20'), ('A0', '20'), ('65 301', 'E9'), ('7F', '')]
REAL = {'llama2': 'vocab/llama2-tokenizer.model', 'unigram': 'vocab/sentencepiece-unigram-1k.model'}
FILES = ['text/tinyshakespeare.txt', 'text/wikitext-2.test.txt', 'text/wikitext-2.valid.txt', 'text/wiki_demo.txt', 'text/c4_demo.jsonl', 'text/botchan.txt',
         'text/tinystories_sample.txt', 'text/tinystories-200k.txt', 'instructions/alpaca_en_demo.json', 'instructions/alpaca_zh_demo.json',
         'instructions/glaive_toolcall_en_demo.json', 'preferences/dpo_zh_demo.json', 'preferences/kto_en_demo.json', 'reasoning/gsm8k.test.jsonl',
         'reasoning/hotpot.500.json']


def train(**options):
    rules = pathlib.Path('/tmp/rules.tsv')
    rules.write_text(''.join(f'{a}\t{b}\n' for a, b in RULES))
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(base.CORPUS), model_writer=out, minloglevel=2, hard_vocab_limit=False, normalization_rule_tsv=str(rules), **options)
    return out.getvalue()


def small():
    rng, out = random.Random(SEED), []
    for name, options in VARIANTS.items():
        model = train(**options)
        sp = sentencepiece.SentencePieceProcessor(model_proto=model)
        cases = [{'text': x, 'ids': sp.encode(x)} for x in TEXTS]
        decodings = []
        for _ in range(20):
            ids = [rng.randrange(sp.get_piece_size()) for _ in range(rng.randrange(1, 9))]
            decodings.append({'ids': ids, 'text': sp.decode(ids)})
        out.append({'name': name, 'model': base64.b64encode(model).decode(), 'cases': cases, 'decodings': decodings})
    return out


def real():
    out = {}
    for name, file in REAL.items():
        sp = sentencepiece.SentencePieceProcessor(model_file=str(DATA / file))
        texts = {}
        for f in FILES:
            ids = sp.encode((DATA / f).read_bytes().decode())
            texts[f] = [len(ids), str(ids_hash(ids))]
        rng, hashes = Random(12), []
        for _ in range(20):
            value = 0
            for _ in range(1000):
                value = ids_hash(sp.encode(random_string(rng)), value)
            hashes.append(str(value))
        out[name] = {'model': file, 'texts': texts, 'random': hashes}
    return out


def write(case, data):
    folder = OUT / case
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'data.json').write_text(json.dumps(data, ensure_ascii=False, separators=(',', ':')))
    origin = {'library': 'sentencepiece', 'version': sentencepiece.__version__, 'command': 'python tools/golden/text_sentencepiece.py', 'seed': SEED, 'tolerance': 0,
              'why': 'ids and text are exact'}
    (folder / 'origin.json').write_text(json.dumps(origin, indent=2) + '\n')
    print(case, (folder / 'data.json').stat().st_size)


if __name__ == '__main__':
    write('sentencepiece', small())
    write('real_pieces', real())
