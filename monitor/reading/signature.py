"""What duplicates are found by: a hash of the folded words, and MinHash over their shingles.

MinHash after Broder 1997: the share of equal minima estimates the Jaccard likeness of the two shingle sets.
"""

from __future__ import annotations

import numpy as np
import xxhash

from monitor.model import Signature
from monitor.reading.arabic import tokens

SHINGLE_WORDS = 3
PERMUTATIONS = 64
BAND_ROWS = 4
"""Sixteen bands of four rows: a pair at Jaccard 0.7 shares a band with probability 0.99, one at 0.2 with 0.03."""

_PRIME = np.uint64((1 << 61) - 1)
_RANDOM = np.random.default_rng(20260117)
_A = _RANDOM.integers(1, 1 << 31, PERMUTATIONS, dtype=np.uint64)
_B = _RANDOM.integers(0, 1 << 31, PERMUTATIONS, dtype=np.uint64)


def signature(text: str) -> Signature:
    """The signature of an article's own words (title and body, no chrome)."""
    words = [token.form for token in tokens(text)]
    exact = xxhash.xxh3_128_hexdigest(" ".join(words).encode())
    shingles = {" ".join(words[i : i + SHINGLE_WORDS]) for i in range(max(1, len(words) - SHINGLE_WORDS + 1))}
    if not words:
        return Signature(exact=exact)
    hashes = np.fromiter((xxhash.xxh3_64_intdigest(s.encode()) & 0x7FFFFFFF for s in shingles), dtype=np.uint64)
    minima = ((hashes[:, None] * _A + _B) % _PRIME).min(axis=0)
    return Signature(exact=exact, minhash=tuple(int(value) for value in minima), shingles=len(shingles))


def likeness(one: Signature, other: Signature) -> float:
    """Estimated Jaccard likeness of two texts' shingles, 0..1; 1 where the words are equal."""
    if one.exact == other.exact:
        return 1.0
    if not one.minhash or not other.minhash:
        return 0.0
    return sum(a == b for a, b in zip(one.minhash, other.minhash, strict=True)) / PERMUTATIONS


def bands(one: Signature) -> tuple[str, ...]:
    """Keys under which a signature is stored: texts alike share at least one."""
    rows = one.minhash
    return tuple(
        f"{start}:{xxhash.xxh3_64_hexdigest(repr(rows[start : start + BAND_ROWS]).encode())}"
        for start in range(0, len(rows), BAND_ROWS)
    )
