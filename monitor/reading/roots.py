"""What of a word comes back in every word of its root: its consonants, without the letters that patterns add."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from monitor.reading.arabic import stem

_WEAK: Final = frozenset("اويءه")
"""Long vowels, hamza and teh marbuta, which come and go with the pattern."""
_ADDED: Final = frozenset("تمنس")
"""Letters that patterns put before the root: prefixes of the imperfect, of participles, of forms V to X."""
_ADDED_PAIRS: Final = ("ست", "مت", "نت")
_INFIX: Final = "ت"
_LEAST: Final = 3
"""Fewer consonants are shared by words that have nothing in common."""


@lru_cache(maxsize=16384)
def skeletons(form: str) -> frozenset[str]:
    """Readings of a folded word as the consonants of its root; none where fewer than three are left.

    >>> sorted(skeletons("انخفاض") & skeletons("ينخفض"))
    ['خفض', 'نخفض']
    >>> sorted(skeletons("ارتفاع") & skeletons("ترفع"))
    ['رفع']
    """
    whole = "".join(letter for letter in stem(form) if letter not in _WEAK)
    found = {whole}
    if len(whole) > _LEAST and whole[0] in _ADDED:
        found.add(whole[1:])
    if len(whole) > _LEAST + 1 and whole.startswith(_ADDED_PAIRS):
        found.add(whole[2:])
    found |= {reading[0] + reading[2:] for reading in found if len(reading) > _LEAST and reading[1] == _INFIX}
    return frozenset(reading for reading in found if len(reading) >= _LEAST)
