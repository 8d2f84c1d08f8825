"""Golden core_text/word_components: what the `tokenizers` library answers for WordPiece, WordLevel and Unigram models and for the
components that text_components.py leaves out, on small models trained here.

usage: python tools/golden/text_word_components.py"""
import base64
import io
import json
import random

import sentencepiece
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

import text_components as base

SEED = 21
BERT = {'type': 'BertNormalizer', 'clean_text': True, 'handle_chinese_chars': True, 'strip_accents': None, 'lowercase': True}
BERT_WORDS = {'type': 'BertPreTokenizer'}
META = {'type': 'Metaspace', 'replacement': '▁', 'prepend_scheme': 'always', 'split': True}
WORDPIECE_DECODER = {'type': 'WordPiece', 'prefix': '##', 'cleanup': True}
EXTRA = ['I don \' t , we do not ! " say " 1.5 ( x ) \u2014 no\u2026', 'ABC\u0000\u0007\u200b\ufeff\ufffdxyz', '東京 とカタカナー \ud55c\uad6d\uc5b4 ภาษาไทย',
         'x' * 120, '\u00c5ngstr\u00f6m \u0130stanbul \ufb03 \u2460 \u00bd \u33a5', '\u0e33\u0e19\u0e49\u0e33 e\u0301\u0302 \u1100\u1161\u11a8', 'a-b_c=d|e', '\t\x0b\x0c\x85']
RULES = [('41 30A', '41'), ('FB01', '66 69'), ('2460', '31'), ('9', '20'), ('A', '20'), ('3000', '20'), ('65 301', 'E9'), ('7F', ''), ('33A5', '6D 33')]


def field(message, number):
    """The bytes of that field of a protocol buffer."""
    i = 0

    def varint():
        nonlocal i
        value = shift = 0
        while True:
            value |= (message[i] & 127) << shift
            i, shift = i + 1, shift + 7
            if message[i - 1] < 128:
                return value
    while i < len(message):
        key = varint()
        size = {0: lambda: varint() and 0, 1: lambda: 8, 2: varint, 5: lambda: 4}[key & 7]()
        if key == number << 3 | 2:
            return message[i:i + size]
        i += size


def charsmap():
    """A small precompiled map, by way of a model that is trained with its rules."""
    with open('/tmp/rules.tsv', 'w') as f:
        f.write(''.join(f'{a}\t{b}\n' for a, b in RULES))
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(base.CORPUS), model_writer=out, vocab_size=120, minloglevel=2,
                                             normalization_rule_tsv='/tmp/rules.tsv')
    return base64.b64encode(field(field(out.getvalue(), 3), 2)).decode()


def train(model, trainer, pre_tokenizer, normalizer=None):
    t = Tokenizer(model)
    t.pre_tokenizer = pre_tokenizer
    if normalizer:
        t.normalizer = normalizer
    t.train_from_iterator(base.CORPUS, trainer)
    return json.loads(t.to_str())['model']


def make_models():
    special = ['[UNK]', '[CLS]', '[SEP]', '<s>', '</s>']
    piece = train(models.WordPiece(unk_token='[UNK]'), trainers.WordPieceTrainer(vocab_size=260, show_progress=False, special_tokens=special),
                  pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer())
    level = train(models.WordLevel(unk_token='[UNK]'), trainers.WordLevelTrainer(vocab_size=60, show_progress=False, special_tokens=special),
                  pre_tokenizers.Whitespace())
    options = dict(vocab_size=200, show_progress=False, unk_token='<unk>')
    unigram = train(models.Unigram(), trainers.UnigramTrainer(special_tokens=['<unk>', '<s>', '</s>'], **options), pre_tokenizers.Metaspace())
    fallback = {**unigram, 'vocab': unigram['vocab'] + [[f'<0x{b:02X}>', -20.0] for b in range(256)], 'byte_fallback': True}
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    unigram_bytes = train(models.Unigram(), trainers.UnigramTrainer(special_tokens=['<unk>'], initial_alphabet=alphabet, **{**options, 'vocab_size': 400}),
                          pre_tokenizers.ByteLevel(add_prefix_space=False))
    bytes_model = base.train(pre_tokenizers.ByteLevel(add_prefix_space=False), 330, initial_alphabet=alphabet)
    return {'piece': piece, 'level': level, 'unigram': unigram, 'fallback': fallback, 'unigram bytes': unigram_bytes, 'bytes': bytes_model}


def cls_sep(kind, a, b, **options):
    return {'type': kind, 'sep': ['[SEP]', b], 'cls': ['[CLS]', a], **options}


def variants(ids):
    bert = dict(model='piece', normalizer=BERT, pre_tokenizer=BERT_WORDS, decoder=WORDPIECE_DECODER,
                added_tokens=[base.added(ids['[CLS]'], '[CLS]'), base.added(ids['[SEP]'], '[SEP]')])
    yield 'bert', {**bert, 'post_processor': cls_sep('BertProcessing', ids['[CLS]'], ids['[SEP]'])}
    for clean in (False, True):
        for chinese in (False, True):
            for accents in (None, False, True):
                yield f'bert normalizer {clean} {chinese} {accents}', {**bert, 'normalizer': {**BERT, 'clean_text': clean, 'handle_chinese_chars': chinese,
                      'strip_accents': accents, 'lowercase': clean != chinese}}
    yield 'no clean-up', {**bert, 'decoder': {'type': 'WordPiece', 'prefix': '##', 'cleanup': False}, 'model_options': {'max_input_chars_per_word': 8}}
    yield 'roberta', dict(model='bytes', pre_tokenizer=base.bytes_level(), post_processor=cls_sep('RobertaProcessing', 3, 4, trim_offsets=True, add_prefix_space=False))
    level = dict(model='level', decoder=None)
    for name, pre in [('whitespace', {'type': 'Whitespace'}), ('whitespace split', {'type': 'WhitespaceSplit'}), ('fixed length', {'type': 'FixedLength', 'length': 3}),
                      ('delimiter', {'type': 'CharDelimiterSplit', 'delimiter': ' '}), ('scripts', {'type': 'UnicodeScripts'}), ('bert words', BERT_WORDS)]:
        yield name, {**level, 'pre_tokenizer': pre}
        yield name + ', as bytes', dict(model='bytes', pre_tokenizer=base.sequence(pre, base.bytes_level(use_regex=False)))
        yield name + ' after bytes', dict(model='bytes', pre_tokenizer=base.sequence(base.bytes_level(), pre))
    for behavior in base.BEHAVIORS:
        yield f'punctuation {behavior}', dict(model='bytes', pre_tokenizer=base.sequence({'type': 'Punctuation', 'behavior': behavior}, base.bytes_level(use_regex=False)))
    yield 'unigram', dict(model='unigram', pre_tokenizer=META, decoder=META, added_tokens=[base.added(1, '<s>'), base.added(2, '</s>')])
    yield 'unigram, whole text', dict(model='unigram', pre_tokenizer={**META, 'split': False}, decoder=META)
    yield 'unigram, bytes fall back', dict(model='fallback', pre_tokenizer=META, decoder={'type': 'Sequence', 'decoders': [{'type': 'ByteFallback'}, META]})
    yield 'unigram, byte level', dict(model='unigram bytes', pre_tokenizer=base.bytes_level())
    for name, norm in [('strip', {'type': 'Strip', 'strip_left': True, 'strip_right': True}), ('strip right', {'type': 'Strip', 'strip_left': False, 'strip_right': True}),
                       ('strip left', {'type': 'Strip', 'strip_left': True, 'strip_right': False}),
                       ('strip accents', {'type': 'Sequence', 'normalizers': [{'type': 'NFKD'}, {'type': 'StripAccents'}]}),
                       ('nmt', {'type': 'Nmt'}), ('precompiled', {'type': 'Precompiled', 'precompiled_charsmap': charsmap()})]:
        yield name, dict(model='bytes', normalizer=norm, pre_tokenizer=base.bytes_level())
    yield 'bytes as a normalizer', dict(model='bytes', normalizer={'type': 'ByteLevel'})
    yield 'ctc', {**level, 'pre_tokenizer': {'type': 'Whitespace'}, 'decoder': {'type': 'CTC', 'pad_token': '.', 'word_delimiter_token': 'the', 'cleanup': True}}
    yield 'ctc as it is', {**level, 'pre_tokenizer': {'type': 'Whitespace'}, 'decoder': {'type': 'CTC', 'pad_token': '.', 'word_delimiter_token': '|', 'cleanup': False}}
    yield 'word ends', {**level, 'pre_tokenizer': {'type': 'Whitespace'}, 'decoder': {'type': 'BPEDecoder', 'suffix': 'e'}}
    yield 'replace by pattern', {**level, 'pre_tokenizer': {'type': 'Whitespace'}, 'decoder': {'type': 'Replace', 'pattern': {'Regex': '[aeiou]+'}, 'content': '*'}}


if __name__ == '__main__':
    rng = random.Random(SEED)
    base.SEED, base.TEXTS = SEED, base.TEXTS + EXTRA
    models_ = make_models()
    tokenizers_ = []
    for name, parts in variants(models_['piece']['vocab']):
        doc = base.document(parts, models_)
        answer = base.answers(name, doc, rng)
        size = Tokenizer.from_str(json.dumps(doc)).get_vocab_size()
        answer['decodings'] = [d for d in answer['decodings'] if max(d['ids']) < size][:8]
        doc.pop('model')
        tokenizers_.append({'model': parts['model'], 'model_options': parts.get('model_options', {}), 'document': doc, **answer})
    base.write('word_components', {'models': models_, 'tokenizers': tokenizers_}, 'ids and text are exact')
