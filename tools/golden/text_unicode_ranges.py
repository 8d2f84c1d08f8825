"""Writes athanor/core/text/tokenizers/unicode_ranges.inc: the character classes of Unicode as the regex engine of the `tokenizers`
library sees them, asked of the library itself for every code point. Run again where the library moves to a newer Unicode.

usage: python tools/golden/text_unicode_ranges.py"""
import pathlib
import tokenizers
from tokenizers import Regex, pre_tokenizers

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
starts = [c for c in range(0x110000) if c == 0 or flags[c] != flags[c - 1]]
rows = [f'0x{c:06x}{flags[c]:02x}' for c in starts]
lines = [', '.join(rows[i:i + 11]) for i in range(0, len(rows), 11)]
out = pathlib.Path(__file__).resolve().parents[2] / 'athanor/core/text/tokenizers/unicode_ranges.inc'
out.write_text(f'// Made by tools/golden/text_unicode_ranges.py from tokenizers {tokenizers.__version__}: first code point << 8 | class bits.\n'
               + ',\n'.join(lines) + ',\n')
print(len(rows), 'ranges')
