"""Writes the tables of athanor/core/text/tokenizers: unicode_ranges.inc, the character classes of Unicode as the regex engine of the
`tokenizers` library sees them; char_marks.inc, those of its normalizers and pre-tokenizers without expressions; and
pre_tokenizers/unicode_scripts.inc, its scripts, numbered as they come; newer_members.inc, what has a property there and not in the
Unicode of PCRE2 10.42. All are asked of the library itself for every code point. Run again where the library moves to a newer Unicode.

usage: python tools/golden/text_unicode_ranges.py"""
import pathlib
import unicodedata
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

SURROGATES = range(0xD800, 0xE000)
# Bits as in unicode.h.
CLASSES = [(1, r'\s'), (2, r'\p{N}'), (4, r'\p{M}'), (8, r'[\p{Lu}\p{Lt}]'), (16, r'\p{Ll}'), (32, r'[\p{Lm}\p{Lo}]'), (64, r'\w')]


def members(regex):
    """The code points that the expression matches: what is left of a text of all of them is what it does not."""
    split, found = pre_tokenizers.Split(Regex(regex), 'removed'), set()
    for base in range(0, 0x110000, 4096):
        block = [c for c in range(base, base + 4096) if c not in SURROGATES]
        kept = {ord(c) for piece, _ in split.pre_tokenize_str(''.join(map(chr, block))) for c in piece}
        found.update(c for c in block if c not in kept)
    return found


flags = bytearray(0x110000)
for bit, regex in CLASSES:
    for c in members(regex):
        flags[c] |= bit
for c in b'\xb2\xb3\xb9\xbc\xbd\xbe':  # superscripts and fractions of Latin-1 are \w to Oniguruma alone
    flags[c] &= ~64
for joiner in (0x200C, 0x200D):  # \w is asked of single_word tokens only, whose engine has Join_Control too
    flags[joiner] |= 64
OUT = pathlib.Path(__file__).resolve().parents[2] / 'athanor/core/text/tokenizers'


def write(name, what, values):
    """values: {code point: number} for all of them, or a list by code point."""
    codes = [c for c in range(0x110000) if c not in SURROGATES]
    starts = [c for n, c in enumerate(codes) if n == 0 or values[c] != values[codes[n - 1]]]
    rows = [f'0x{c:06x}{values[c]:02x}' for c in starts]
    lines = [', '.join(rows[i:i + 11]) for i in range(0, len(rows), 11)]
    (OUT / name).write_text(f'// Made by tools/golden/text_unicode_ranges.py from tokenizers {tokenizers.__version__}: first code point << 8 | {what}.\n'
                            + ',\n'.join(lines) + ',\n')
    print(name, len(rows), 'ranges')


GENERAL = ['L', 'Lu', 'Ll', 'Lt', 'Lm', 'Lo', 'M', 'Mn', 'Mc', 'Me', 'N', 'Nd', 'Nl', 'No', 'P', 'Pc', 'Pd', 'Ps', 'Pe', 'Pi', 'Pf', 'Po', 'S', 'Sm',
           'Sc', 'Sk', 'So']
# The scripts of regex_translate.cpp.
SCRIPTS = ['Han', 'Hiragana', 'Katakana', 'Hangul', 'Latin', 'Greek', 'Cyrillic', 'Arabic', 'Hebrew', 'Thai', 'Devanagari', 'Bengali', 'Tamil', 'Telugu',
           'Georgian', 'Armenian', 'Khmer', 'Lao', 'Myanmar', 'Tibetan', 'Ethiopic', 'Mongolian', 'Bopomofo', 'Gujarati']


def newer_members():
    """Of each property the characters that had no meaning in Unicode 14, as members of a character class."""
    assert unicodedata.unidata_version == '14.0.0', 'needs Python 3.11, whose Unicode is that of PCRE2 10.42'
    rows = []
    for name in GENERAL + SCRIPTS + ['w']:
        new = sorted(c for c in members(r'\w' if name == 'w' else r'\p{%s}' % name) if unicodedata.category(chr(c)) == 'Cn')
        starts = [c for n, c in enumerate(new) if n == 0 or new[n - 1] != c - 1]
        ends = [c for n, c in enumerate(new) if n + 1 == len(new) or new[n + 1] != c + 1]
        parts = [r'\x{%x}' % a + (r'-\x{%x}' % b if b > a else '') for a, b in zip(starts, ends)]
        lines = [''.join(parts[i:i + 6]) for i in range(0, len(parts), 6)]
        if lines:
            rows.append('{"%s",\n %s},\n' % (name, '\n '.join('R"(%s)"' % line for line in lines)))
    (OUT / 'newer_members.inc').write_text(
        f'// Made by tools/golden/text_unicode_ranges.py from tokenizers {tokenizers.__version__}: property, what it has beyond Unicode 14.\n' + ''.join(rows))
    print('newer_members.inc', len(rows), 'properties')


def marks():
    """Bits as in char_marks.h."""
    def bert(**on):
        options = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
        return normalizers.BertNormalizer(**{**options, **on})
    clean, accents, combining = bert(clean_text=True), bert(strip_accents=True), normalizers.StripAccents()
    punctuation, words, spaces = pre_tokenizers.Punctuation('isolated'), pre_tokenizers.Whitespace(), pre_tokenizers.WhitespaceSplit()
    values = [0] * 0x110000
    for c in range(1, 0x110000):
        if c in SURROGATES:
            continue
        s = chr(c)
        values[c] = ((len(punctuation.pre_tokenize_str(f'a{s}a')) == 3) + 2 * (clean.normalize_str(s) == '') + 4 * (accents.normalize_str(s) == '')
                     + 8 * (combining.normalize_str(s) == '') + 16 * ([len(w) for w, _ in words.pre_tokenize_str('a' + s)] == [2])
                     + 32 * (len(spaces.pre_tokenize_str(f'a{s}a')) == 2))
    values[0] = 2
    return values


def scripts():
    """Two characters are of one script where no border falls between them; one of no script has no border on any side."""
    split = pre_tokenizers.UnicodeScripts()
    joined = lambda a, b: len(split.pre_tokenize_str(a + b)) == 1
    values, found = [0] * 0x110000, []
    for c in range(1, 0x110000):
        if c in SURROGATES or (joined('a' + chr(c), 'a') and joined('\u0430' + chr(c), '\u0430')):
            continue
        script = next((n for n, other in enumerate(found) if joined(other, chr(c))), len(found))
        if script == len(found):
            found.append(chr(c))
        values[c] = script + 1
    values[0] = values[1]
    return values


write('unicode_ranges.inc', 'class bits', flags)
write('char_marks.inc', 'bits of CharMark', marks())
write('pre_tokenizers/unicode_scripts.inc', 'script', scripts())
newer_members()
