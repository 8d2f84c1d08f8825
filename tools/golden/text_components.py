"""Goldens core_text/components, core_text/regex and core_text/training: what the `tokenizers` library answers for every component that
core/text knows, on small models trained here.

usage: python tools/golden/text_components.py"""
import json
import pathlib
import random

import tokenizers
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

OUT = pathlib.Path(__file__).resolve().parents[2] / 'tests/golden/core_text'
SEED = 20
CORPUS = [
    'The furnace is lit before dawn, and the old master says: "don\'t open it until the seventh day."\n',
    'He\'ll come back; they\'ve gone, we\'re here, I\'m late, it\'s 12345 o\'clock, she\'d said 3.14159 and 2024-11-24.\n',
    '炼丹炉在山里，道士每天早上点火。\n', '火候要足，丹药才能成。水火相济，不急不躁。\n',
    'def fire(temperature: float) -> None:\n    if temperature > 1000.0:\n        raise ValueError("too hot")\n\n\n',
    'Größe, Straße, naïve café, ΑΒΓ αβγ, Привет мир, שלום, नमस्ते\r\n', '\t\ttabs and  double   spaces \u00a0 here\n',
    'the the the then there these them they thee furnace furnaces furnished fire fired fires\n',
] * 3
TEXTS = [
    'The furnace is lit.', ' leading space', 'trailing space ', 'two  spaces   three', '', ' ', '\n', '\n\n \n\t x',
    "don't DON'T we'll WE'LL it\u2019s 'tis 's\u017f", '炼丹炉里的火', 'Größe café e\u0301 \ufb01ne Å \u212b ǅ', 'a\r\nb\rc', '12345 ½ ٣٤ Ⅷ x9',
    'HTTPServer camelCase fooBAR日本 ΑΒγ', '\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f600\U0001f600', '<s>x</s> <s> y <|end|>z',
    'the <mask> mask masked remask mask', '\u0301\u0301 \u3000x\u2003 \u180e\u0085.', 'a/b://c\n/\r\n', '▁marks▁ already ▁ here', '<0x41><0x0A>',
]
CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = CL100K.replace('{1,3}', '')
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
BEHAVIORS = ['Isolated', 'Removed', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous']


def bytes_level(**options):
    return {'type': 'ByteLevel', 'add_prefix_space': False, 'trim_offsets': True, 'use_regex': True, **options}


def split(pattern, behavior='Isolated', invert=False):
    return {'type': 'Split', 'pattern': pattern, 'behavior': behavior, 'invert': invert}


def sequence(*parts):
    return {'type': 'Sequence', 'pretokenizers': list(parts)}


def added(id, content, **options):
    return {'id': id, 'content': content, 'single_word': False, 'lstrip': False, 'rstrip': False, 'normalized': False, 'special': True, **options}


def train(pre_tokenizer, size, **options):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizer
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=size, show_progress=False, **options))
    return json.loads(t.to_str())['model']


def make_models():
    bytes_model = train(pre_tokenizers.ByteLevel(add_prefix_space=False), 420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    chars = train(pre_tokenizers.Metaspace(), 520, special_tokens=['<unk>', '<s>', '</s>'] + [f'<0x{b:02X}>' for b in range(256)], limit_alphabet=60)
    chars |= {'unk_token': '<unk>', 'fuse_unk': True, 'byte_fallback': True}
    affixes = train(pre_tokenizers.Split(Regex(r'\s+'), 'removed'), 260, special_tokens=['<unk>'], continuing_subword_prefix='##',
                    end_of_word_suffix='</w>', limit_alphabet=50)
    return {'bytes': bytes_model, 'chars': chars, 'affixes': affixes | {'unk_token': '<unk>'}}


LLAMA2 = dict(
    model='chars', added_tokens=[added(0, '<unk>'), added(1, '<s>'), added(2, '</s>')],
    normalizer={'type': 'Sequence', 'normalizers': [{'type': 'Prepend', 'prepend': '▁'}, {'type': 'Replace', 'pattern': {'String': ' '}, 'content': '▁'}]},
    post_processor={'type': 'TemplateProcessing', 'single': [{'SpecialToken': {'id': '<s>', 'type_id': 0}}, {'Sequence': {'id': 'A', 'type_id': 0}}],
                    'pair': [{'Sequence': {'id': 'A', 'type_id': 0}}, {'Sequence': {'id': 'B', 'type_id': 1}}],
                    'special_tokens': {'<s>': {'id': '<s>', 'ids': [1], 'tokens': ['<s>']}}},
    decoder={'type': 'Sequence', 'decoders': [{'type': 'Replace', 'pattern': {'String': '▁'}, 'content': ' '}, {'type': 'ByteFallback'},
                                              {'type': 'Fuse'}, {'type': 'Strip', 'content': ' ', 'start': 1, 'stop': 0}]})


def variants(models_):
    """(name, parts): `model` names one of the models, `model_options` change it."""
    yield 'gpt2', dict(pre_tokenizer=bytes_level(), post_processor=bytes_level(trim_offsets=False))
    yield 'prefix space', dict(pre_tokenizer=bytes_level(add_prefix_space=True))
    for name, regex in [('cl100k', CL100K), ('qwen2', QWEN2), ('o200k', O200K)]:
        yield name, dict(pre_tokenizer=sequence(split({'Regex': regex}), bytes_level(use_regex=False)))
    yield 'cl100k removed inverted', dict(pre_tokenizer=sequence(split({'Regex': CL100K}, 'Removed', True), bytes_level(use_regex=False)))
    yield 'ignore merges', dict(pre_tokenizer=bytes_level(), model_options={'ignore_merges': True})
    for behavior in BEHAVIORS:
        for invert in (False, True):
            yield f'split text {behavior} {invert}', dict(pre_tokenizer=sequence(split({'String': ' '}, behavior, invert), bytes_level(use_regex=False)))
            yield f'split regex {behavior} {invert}', dict(pre_tokenizer=sequence(split({'Regex': r'[\p{N}\s]|\w\.'}, behavior, invert), bytes_level(use_regex=False)))
    yield 'digits one by one', dict(pre_tokenizer=sequence({'type': 'Digits', 'individual_digits': True}, bytes_level()))
    yield 'digits in runs', dict(pre_tokenizer=sequence({'type': 'Digits', 'individual_digits': False}, bytes_level()))
    for form in ['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase']:
        yield form, dict(normalizer={'type': form}, pre_tokenizer=bytes_level())
    yield 'replace by pattern', dict(normalizer={'type': 'Replace', 'pattern': {'Regex': r'\s{2,}|(?<=a)b'}, 'content': ' _'}, pre_tokenizer=bytes_level())
    yield 'llama2', LLAMA2
    yield 'llama2 without fusing', {**LLAMA2, 'model_options': {'fuse_unk': False, 'byte_fallback': False}}
    yield 'llama2 fused unknowns', {**LLAMA2, 'model_options': {'fuse_unk': True, 'byte_fallback': False}}
    yield 'llama2 no unknown', {**LLAMA2, 'model_options': {'unk_token': None, 'byte_fallback': False}}
    for scheme in ['first', 'always', 'never']:
        for cut in (True, False):
            meta = {'type': 'Metaspace', 'replacement': '▁', 'prepend_scheme': scheme, 'split': cut}
            yield f'metaspace {scheme} {cut}', dict(model='chars', pre_tokenizer=meta, decoder=meta, added_tokens=[added(1, '<s>', special=False)])
    yield 'affixes', dict(model='affixes', pre_tokenizer=split({'Regex': r'\s+'}, 'Removed'), decoder=None)
    yield 'strip both ends', {**LLAMA2, 'decoder': {'type': 'Strip', 'content': '▁', 'start': 1, 'stop': 1}}
    tokens = [added(420, '<|end|>'), added(421, '<mask>', lstrip=True, special=False), added(422, 'mask', single_word=True, special=False),
              added(423, '<s>', rstrip=True), added(424, '</s>', normalized=True), added(425, 'LIT', normalized=True, special=False),
              added(426, '  ', special=False), added(427, '日本', special=False)]
    yield 'added tokens', dict(pre_tokenizer=bytes_level(), added_tokens=tokens)
    yield 'added tokens, lower case', dict(normalizer={'type': 'Lowercase'}, pre_tokenizer=bytes_level(add_prefix_space=True), added_tokens=tokens)
    yield 'template', dict(pre_tokenizer=bytes_level(), added_tokens=tokens, post_processor={'type': 'Sequence', 'processors': [
        bytes_level(trim_offsets=False),
        {'type': 'TemplateProcessing', 'single': [{'SpecialToken': {'id': '<s>', 'type_id': 0}}, {'Sequence': {'id': 'A', 'type_id': 0}}, {'SpecialToken': {'id': 'x', 'type_id': 0}}],
         'pair': [{'Sequence': {'id': 'A', 'type_id': 0}}, {'Sequence': {'id': 'B', 'type_id': 1}}],
         'special_tokens': {'<s>': {'id': '<s>', 'ids': [423], 'tokens': ['<s>']}, 'x': {'id': 'x', 'ids': [424, 420], 'tokens': ['</s>', '<|end|>']}}}]})


def document(parts, models_):
    model = {**models_[parts.get('model', 'bytes')], **parts.get('model_options', {})}
    decoder = parts['decoder'] if 'decoder' in parts else bytes_level()
    return {'version': '1.0', 'truncation': None, 'padding': None, 'added_tokens': parts.get('added_tokens', []), 'normalizer': parts.get('normalizer'),
            'pre_tokenizer': parts.get('pre_tokenizer'), 'post_processor': parts.get('post_processor'), 'decoder': decoder, 'model': model}


def answers(name, doc, rng):
    t, plain = Tokenizer.from_str(json.dumps(doc)), Tokenizer.from_str(json.dumps(doc))
    plain.encode_special_tokens = True
    size = t.get_vocab_size()
    cases = []
    for x in TEXTS:
        ids = t.encode(x).ids
        others = {'bare': t.encode(x, add_special_tokens=False).ids, 'plain': plain.encode(x, add_special_tokens=False).ids}
        cases.append({'text': x, 'ids': ids} | {k: v for k, v in others.items() if v != ids})  # absent: as ids
    decodings = []
    for n in range(14):
        # runs of bytes and of anything, so that characters are cut and ill-formed
        ids = [rng.randrange(259 if n % 2 else size) for _ in range(rng.randrange(1, 9))]
        decodings.append({'ids': ids, 'text': t.decode(ids, skip_special_tokens=False), 'skipped': t.decode(ids, skip_special_tokens=True)})
    return {'name': name, 'cases': cases, 'decodings': decodings}


REGEXES = [r'\s+', r'\S+', r'\w+', r'\W', r'\bx|\Bb', r'\h', r'\p{Han}+', r'\p{^L}', r'[^\s\p{L}]+', r'^.', r'.$', r'(?i:stra|ſ|É)', r'(?m:a.b)',
           r'\d{2}', r'[\h\s]{1,2}', r'a*', r'(?=x)', r'\p{Hiragana}|\p{Katakana}', r'(?<!\d)\d{1,3}', r'x{1,2}?', r'(?>a|ab)c', r'a++b', r'{', r'\p{P}+|\p{S}',
           r'\P{L}+', r'[^\p{N}\p{M}]+', r'\p{Lo}+|\p{Lu}|\p{Nd}', r'\w\b']
REGEX_TEXTS = TEXTS + ['a\nb\nxb axb\n', 'ab aab abc 0xBEEF 123 1234', 'かな カナ ー 々 漢字', 'STRASSE Straße ſs',
                       'a\U00031350b \u1c89\U00010d50 \U0002ebf0x \U00013460 \U00010d40 \U0001e4ec\U00010d6e.']  # of Unicode 15 to 16


def write(case, data, why):
    folder = OUT / case
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'data.json').write_text(json.dumps(data, ensure_ascii=False, separators=(',', ':')))
    origin = {'library': 'tokenizers', 'version': tokenizers.__version__, 'command': 'python tools/golden/text_components.py', 'seed': SEED, 'tolerance': 0, 'why': why}
    (folder / 'origin.json').write_text(json.dumps(origin, indent=2) + '\n')
    print(case, (folder / 'data.json').stat().st_size)


def training():
    """Small trainings: what was learned, as a list of merges."""
    out = []
    for name, regex in [('gpt2', None), ('cl100k', CL100K), ('o200k', O200K)]:
        for options in [dict(vocab_size=330), dict(vocab_size=500, min_frequency=4), dict(vocab_size=400, max_token_length=4)]:
            level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex is None)
            pre = level if regex is None else pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(regex), 'isolated'), level])
            t = Tokenizer(models.BPE())
            t.pre_tokenizer = pre
            path = OUT / 'training.tmp'
            path.write_bytes(''.join(CORPUS).encode())
            t.train([str(path)], trainers.BpeTrainer(show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=['<|endoftext|>', 'fire'], **options))
            path.unlink()
            model = json.loads(t.to_str())['model']
            tokens = [w for w, _ in sorted(model['vocab'].items(), key=lambda kv: kv[1])]
            out.append({'pattern': name, 'options': options, 'tokens': tokens[258:], 'size': len(tokens), 'merges': [' '.join(m) for m in model['merges']]})
    return out


if __name__ == '__main__':
    rng = random.Random(SEED)
    models_ = make_models()
    tokenizers_ = []
    for name, parts in variants(models_):
        doc = document(parts, models_)
        answer = answers(name, doc, rng)
        doc.pop('model')
        tokenizers_.append({'model': parts.get('model', 'bytes'), 'model_options': parts.get('model_options', {}), 'document': doc, **answer})
    write('components', {'models': models_, 'tokenizers': tokenizers_}, 'ids and text are exact')
    pieces = []
    for regex in REGEXES:
        s = pre_tokenizers.Split(Regex(regex), 'isolated')
        pieces.append({'regex': regex, 'pieces': [[p for p, _ in s.pre_tokenize_str(x)] for x in REGEX_TEXTS]})
    write('regex', {'texts': REGEX_TEXTS, 'splits': pieces}, 'pieces are exact')
    write('training', {'corpus': ''.join(CORPUS), 'trainings': training()}, 'merges are exact')
