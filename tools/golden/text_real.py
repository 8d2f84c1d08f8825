"""Goldens core_text/real_ids, core_text/random_ids and core_text/real_training: hashes of what the `tokenizers` library makes of the
shared data (ATHANOR_DATA, else ../shared/data), with GPT-2's and Llama 3's vocabularies and with one that is trained there.

usage: python tools/golden/text_real.py"""
import json
import os
import pathlib
import tempfile

import gguf
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, trainers

from text_components import CL100K, OUT
from text_random import Random, ids_hash, random_string

DATA = pathlib.Path(os.environ.get('ATHANOR_DATA', OUT.parents[3] / 'shared/data'))
FILES = sorted(str(f.relative_to(DATA)) for f in [*DATA.glob('text/*'), *DATA.glob('instructions/*.json'), *DATA.glob('preferences/*.json*'),
                                                  *DATA.glob('reasoning/*.json*'), *DATA.glob('vocab/*.inp')])
CL100K_LEVEL = [pre_tokenizers.Split(Regex(CL100K), 'isolated'), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]


def gpt2():
    t = Tokenizer(models.BPE.from_file(str(DATA / 'vocab/gpt2-vocab.json'), str(DATA / 'vocab/gpt2-merges.txt')))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.add_special_tokens([AddedToken('<|endoftext|>', special=True, normalized=False)])
    return t


def llama3():
    fields = gguf.GGUFReader(DATA / 'vocab/ggml-vocab-llama-bpe.gguf').fields
    strings = lambda key: [bytes(fields[key].parts[i]).decode() for i in fields[key].data]
    kinds = [int(fields['tokenizer.ggml.token_type'].parts[i][0]) for i in fields['tokenizer.ggml.token_type'].data]
    tokens = strings('tokenizer.ggml.tokens')
    vocab = {w: i for i, w in enumerate(tokens) if kinds[i] == 1}
    t = Tokenizer(models.BPE(vocab, [tuple(m.split(' ')) for m in strings('tokenizer.ggml.merges')], ignore_merges=True))
    t.pre_tokenizer = pre_tokenizers.Sequence(CL100K_LEVEL)
    t.add_special_tokens([AddedToken(w, special=True, normalized=False) for i, w in enumerate(tokens) if kinds[i] != 1])
    return t


def train(files, vocab_size, pattern):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False) if pattern == 'gpt2' else pre_tokenizers.Sequence(CL100K_LEVEL)
    t.train(files, trainers.BpeTrainer(vocab_size=vocab_size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return t


def real_ids(t):
    out = {}
    for f in FILES:
        ids = t.encode((DATA / f).read_bytes().decode(), add_special_tokens=False).ids
        out[f] = [len(ids), str(ids_hash(ids))]
    return out


def random_ids(t):
    r, hashes = Random(11), []
    for _ in range(20):
        value = 0
        for _ in range(1000):
            value = ids_hash(t.encode(random_string(r), add_special_tokens=False).ids, value)
        hashes.append(str(value))
    return hashes


TRAININGS = [(['text/tinyshakespeare.txt', 'text/wikitext-2.valid.txt', 'text/wikitext-2.test.txt'], 8000, 'gpt2', False),
             (['text/botchan.txt'], 3000, 'gpt2', True), (['text/botchan.txt'], 3000, 'llama3', True),
             (['instructions/alpaca_zh_demo.json', 'preferences/dpo_zh_demo.json'], 6000, 'gpt2', False),
             (['instructions/alpaca_zh_demo.json'], 20000, 'llama3', False),
             (['text/c4_demo.jsonl', 'text/wiki_demo.txt', 'instructions/glaive_toolcall_en_demo.json'], 16000, 'llama3', False),
             (['text/tinystories_sample.txt'], 100000, 'gpt2', False)]


def real_training():
    out = []
    for files, size, pattern, crlf in TRAININGS:
        paths = [str(DATA / f) for f in files]
        with tempfile.TemporaryDirectory() as folder:
            if crlf:
                paths = [folder + '/crlf.txt']
                pathlib.Path(paths[0]).write_bytes((DATA / files[0]).read_bytes().replace(b'\n', b'\r\n'))
            model = json.loads(train(paths, size, pattern).to_str())['model']
        flat = [model['vocab'][w] for m in model['merges'] for w in m]
        out.append({'files': files, 'vocab_size': size, 'pattern': pattern, 'crlf': crlf, 'merges': len(model['merges']), 'hash': str(ids_hash(flat))})
    return out


def write(case, data, why):
    folder = OUT / case
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'data.json').write_text(json.dumps(data, ensure_ascii=False, indent=1) + '\n')
    origin = {'library': 'tokenizers', 'version': tokenizers.__version__, 'command': 'python tools/golden/text_real.py', 'seed': 11, 'tolerance': 0, 'why': why}
    (folder / 'origin.json').write_text(json.dumps(origin, indent=2) + '\n')


if __name__ == '__main__':
    trained = train([str(DATA / f) for f in TRAININGS[5][0]], TRAININGS[5][1], 'llama3')
    all_ = {'gpt2': gpt2(), 'llama3': llama3(), 'trained': trained}
    write('real_ids', {name: real_ids(t) for name, t in all_.items()}, 'number and hash of the ids of each file: exact')
    write('random_ids', {name: random_ids(t) for name, t in all_.items()}, 'hash of the ids of each thousand of 20,000 random strings: exact')
    write('real_training', {'trainings': real_training()}, 'number and hash of the merges: exact')
