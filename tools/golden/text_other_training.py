"""Golden core_text/other_training: what the UnigramTrainer and the WordPieceTrainer of the `tokenizers` library learn from a small text.
The library merges pairs of equal counts in an order that changes from run to run; kept are the WordPiece tokens that all of twelve runs
have, and those that any has.

usage: python tools/golden/text_other_training.py"""
import json
import subprocess
import sys

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

import text_components as base

TEXT = ''.join(base.CORPUS[:8])


def unigram(size, **options):
    t = Tokenizer(models.Unigram())
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ['<unk>', '<s>', '</s>']
    t.train_from_iterator(TEXT.splitlines(keepends=True), trainers.UnigramTrainer(vocab_size=size, show_progress=False, special_tokens=special, unk_token='<unk>', **options))
    return json.loads(t.to_str())['model']['vocab']


def word_piece(size):
    t = Tokenizer(models.WordPiece(unk_token='[UNK]'))
    t.normalizer, t.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
    t.train_from_iterator(TEXT.splitlines(keepends=True), trainers.WordPieceTrainer(vocab_size=size, show_progress=False, special_tokens=special))
    return sorted(t.get_vocab())


if __name__ == '__main__':
    if len(sys.argv) > 1:
        print(json.dumps([word_piece(size) for size in json.loads(sys.argv[1])]))
        sys.exit()
    sizes = [180, 200, 220, 240, 260, 280, 300]
    runs = [json.loads(subprocess.run([sys.executable, __file__, json.dumps(sizes)], capture_output=True, text=True, check=True).stdout) for _ in range(12)]
    pieces = [{'vocab_size': size, 'all': sorted(set.intersection(*[set(run[i]) for run in runs])), 'any': sorted(set.union(*[set(run[i]) for run in runs]))}
              for i, size in enumerate(sizes)]
    print([(p['vocab_size'], len(p['all']), len(p['any'])) for p in pieces])
    unigrams = [{'vocab_size': n, 'pieces': unigram(n)} for n in (150, 200, 300)]
    base.write('other_training', {'text': TEXT, 'unigram': unigrams, 'word_piece': pieces}, 'unigram pieces are exact, scores to 1e-6; of WordPiece tokens, those that all runs have')
