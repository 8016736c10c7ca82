"""What duplicates are found by: a hash of the folded words, and MinHash over their shingles.

MinHash after Broder 1997: the share of equal minima estimates the Jaccard likeness of the two shingle sets.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import xxhash

from monitor.model import Signature
from monitor.reading.arabic import tokens

SHINGLE_WORDS: Final = 3
PERMUTATIONS: Final = 64

_PRIME = np.uint64((1 << 31) - 1)
"""A Mersenne prime below the hashes' range: a larger one would leave every product, and so every order, alone."""
_RANDOM = np.random.default_rng(20260117)
_A = _RANDOM.integers(1, 1 << 31, PERMUTATIONS, dtype=np.uint64)
_B = _RANDOM.integers(0, 1 << 31, PERMUTATIONS, dtype=np.uint64)
_LOW_31 = 0x7FFFFFFF
"""Shingle hashes are cut to 31 bits, so that a product with a 31-bit factor stays below 2**62."""


def signature(text: str) -> Signature:
    """The signature of an article's own words (title and body, no chrome)."""
    words = [token.form for line in text.splitlines() for token in tokens(line)]
    exact = xxhash.xxh3_128_hexdigest(" ".join(words).encode())
    if not words:
        return Signature(exact=exact)
    shingles = {" ".join(words[i : i + SHINGLE_WORDS]) for i in range(max(1, len(words) - SHINGLE_WORDS + 1))}
    hashes = np.fromiter((xxhash.xxh3_64_intdigest(s.encode()) & _LOW_31 for s in shingles), dtype=np.uint64)
    minima = ((hashes[:, None] * _A + _B) % _PRIME).min(axis=0)
    return Signature(exact=exact, minhash=tuple(int(value) for value in minima), shingles=len(shingles))
