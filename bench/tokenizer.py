"""Tokenizing and training against tiktoken, sentencepiece and `tokenizers`, one thread, in interleaved rounds of processor time. Prints MB/s and ratios; the best round
of each counts. Needs the shared data (ATHANOR_DATA, else ../shared/data) and build/bin/bench_tokenizer (ATHANOR_BENCH names another).

usage: python bench/tokenizer.py [ROUNDS]"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ['TOKENIZERS_PARALLELISM'] = 'false'
os.environ['RAYON_NUM_THREADS'] = '1'
import sentencepiece
import tiktoken
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

ROOT = pathlib.Path(__file__).resolve().parents[1]
DATA = pathlib.Path(os.environ.get('ATHANOR_DATA', ROOT.parent / 'shared/data'))
BENCH = os.environ.get('ATHANOR_BENCH', str(ROOT / 'build/bin/bench_tokenizer'))
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
FILES = ['text/tinyshakespeare.txt', 'text/wikitext-2.test.txt', 'text/wiki_demo.txt', 'text/c4_demo.jsonl', 'instructions/alpaca_zh_demo.json',
         'instructions/glaive_toolcall_en_demo.json']
GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"  # as tiktoken writes GPT-2's pattern


def run(*arguments):
    out = subprocess.run([BENCH, *map(str, arguments)], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def gpt2_of_tiktoken():
    bytes_of = {c: b for b, c in enumerate_bytes()}
    ranks = {bytes(bytes_of[c] for c in w): i for w, i in json.load(open(DATA / 'vocab/gpt2-vocab.json')).items() if w != '<|endoftext|>'}
    return tiktoken.Encoding('gpt2', pat_str=GPT2, mergeable_ranks=ranks, special_tokens={'<|endoftext|>': 50256})


def enumerate_bytes():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return sorted([(b, chr(b)) for b in printable] + [(b, chr(256 + n)) for n, b in enumerate(others)])


def gpt2_of_tokenizers():
    t = Tokenizer(models.BPE.from_file(str(DATA / 'vocab/gpt2-vocab.json'), str(DATA / 'vocab/gpt2-merges.txt')))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return t


def timed(work):
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def encoding():
    tik, tok = gpt2_of_tiktoken(), gpt2_of_tokenizers()
    print(f'encoding, GPT-2 vocabulary, MB/s (load: {run("encode", DATA / "vocab/gpt2-vocab.json", 1, DATA / FILES[0])[0]["load"] * 1e3:.0f} ms)')
    print(f'{"file":42} {"athanor":>8} {"warm":>7} {"tiktoken":>9} {"tokenizers":>10}   athanor/tiktoken  athanor/tokenizers')
    for name in FILES:
        text = (DATA / name).read_text()
        best = {}
        for _ in range(ROUNDS):
            ours = run('encode', DATA / 'vocab/gpt2-vocab.json', 3, DATA / name)[0]
            theirs, ids = timed(lambda: tik.encode_ordinary(text))
            library, encoded = timed(lambda: tok.encode(text, add_special_tokens=False))
            assert ours['ids'] == len(ids) == len(encoded.ids)
            for key, seconds in [('cold', ours['first']), ('warm', ours['best']), ('tiktoken', theirs), ('tokenizers', library)]:
                best[key] = min(best.get(key, 1e9), seconds)
        speed = {k: ours['bytes'] / s / 1e6 for k, s in best.items()}
        print(f'{name:42} {speed["cold"]:8.1f} {speed["warm"]:7.1f} {speed["tiktoken"]:9.1f} {speed["tokenizers"]:10.1f}'
              f'   {speed["cold"] / speed["tiktoken"]:16.1f}  {speed["cold"] / speed["tokenizers"]:18.1f}')


def pieces():
    """SentencePiece models and BERT's WordPiece against the libraries that they come from."""
    bert = Tokenizer.from_file(str(DATA / 'vocab/minilm-tokenizer.json'))
    bert.no_truncation(), bert.no_padding()
    kinds = [('SentencePiece BPE', 'vocab/llama2-tokenizer.model', 'sentencepiece'), ('SentencePiece unigram', 'vocab/sentencepiece-unigram-1k.model', 'sentencepiece'),
             ('WordPiece', 'vocab/minilm-tokenizer.json', 'tokenizers')]
    for kind, file, peer in kinds:
        if peer == 'sentencepiece':
            sp = sentencepiece.SentencePieceProcessor(model_file=str(DATA / file))
            encode = sp.encode
        else:
            encode = lambda text: bert.encode(text, add_special_tokens=False).ids
        print(f'{kind}, MB/s\n{"file":42} {"athanor":>8} {"warm":>7} {peer:>13}   athanor/{peer}')
        for name in FILES:
            text, best = (DATA / name).read_text(), {}
            for _ in range(ROUNDS):
                ours = run('encode', DATA / file, 3, DATA / name)[0]
                theirs, ids = timed(lambda: encode(text))
                assert ours['ids'] == len(ids), (ours['ids'], len(ids))
                for key, seconds in [('cold', ours['first']), ('warm', ours['best']), (peer, theirs)]:
                    best[key] = min(best.get(key, 1e9), seconds)
            speed = {k: ours['bytes'] / s / 1e6 for k, s in best.items()}
            print(f'{name:42} {speed["cold"]:8.1f} {speed["warm"]:7.1f} {speed[peer]:13.1f}   {speed["cold"] / speed[peer]:10.1f}')


def training():
    with tempfile.TemporaryDirectory() as folder:
        corpus = folder + '/corpus.txt'
        texts = [*sorted((DATA / 'text').glob('*.txt')), DATA / 'text/c4_demo.jsonl']
        pathlib.Path(corpus).write_bytes(b''.join(f.read_bytes() for f in texts))
        ours, theirs = [], []
        for _ in range(min(ROUNDS, 3)):
            ours.append(run('train', folder + '/out', 16000, 'gpt2', 1, corpus)[0]['seconds'])
            t = Tokenizer(models.BPE())
            t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            trainer = trainers.BpeTrainer(vocab_size=16000, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
            theirs.append(timed(lambda: t.train([corpus], trainer))[0])
        size = os.path.getsize(corpus) / 1e6
        print(f'training 16,000 tokens on {size:.1f} MB: athanor {min(ours):.2f} s, tokenizers {min(theirs):.2f} s: {min(theirs) / min(ours):.1f}x')


encoding()
pieces()
training()
