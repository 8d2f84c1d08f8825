"""Random strings that tests/core/text/random_text.h makes too, number for number; and the hash of ids that both sides take."""

MASK = (1 << 64) - 1


class Random:
    """xorshift64* (Marsaglia 2003, Vigna 2016)."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        x = self.state
        x ^= x >> 12
        x = (x ^ x << 25) & MASK
        x ^= x >> 27
        self.state = x
        return ((x * 0x2545F4914F6CDD1D & MASK) >> 33) % n


PIECES = ["'s", "'T", "'re", "'LL", "'\u017f", '\r\n', '\n\n', '   ', ' \u3000', '\u00a0', '\u180e', 'don\'t', '123456', '\u0301', '://', '<|endoftext|>']


def random_string(r):
    out = []
    for _ in range(1 + r.below(24)):
        kind = r.below(12)
        if kind < 3: c = chr(ord('a') + r.below(26))
        elif kind == 3: c = chr(ord('A') + r.below(26))
        elif kind == 4: c = ' '
        elif kind == 5: c = chr(ord('0') + r.below(10))
        elif kind == 6: c = PIECES[r.below(len(PIECES))]
        elif kind == 7: c = chr(0x21 + r.below(94))
        elif kind == 8: c = chr(0x80 + r.below(0x780))
        elif kind == 9: c = chr(0x4E00 + r.below(0x5200))
        elif kind == 10:
            code = r.below(0x10000)
            c = chr(code if not 0xD800 <= code < 0xE000 else 0x20)
        else: c = chr(0x10000 + r.below(0x22000))
        out.append(c * (1 + (r.below(3) if r.below(8) == 0 else 0)))
    return ''.join(out)


def ids_hash(ids, value=0):
    for i in ids:
        value = (value * 0x9E3779B97F4A7C15 + i + 1) & MASK
    return value
