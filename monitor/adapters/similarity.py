"""How alike two stretches of Arabic are: character n-grams by default, other measures where they are installed."""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.reading.arabic import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence


class LexicalSimilarity:
    """Cosine of counts of character 3- to 5-grams inside folded words (McNamee and Mayfield 2004)."""

    name = "lexical:char3-5@1"

    def score(self, one: str, others: Sequence[str]) -> list[float]:
        """The likeness of `one` to each of `others`, 0..1."""
        first = _grams(one)
        return [_cosine(first, _grams(other)) for other in others]


@lru_cache(maxsize=8192)
def _grams(text: str) -> tuple[Counter[str], float]:
    counts: Counter[str] = Counter()
    for token in tokens(text):
        word = f" {token.form} "
        for size in (3, 4, 5):
            counts.update(word[at : at + size] for at in range(max(1, len(word) - size + 1)))
    return counts, math.sqrt(sum(count * count for count in counts.values()))


def _cosine(one: tuple[Counter[str], float], other: tuple[Counter[str], float]) -> float:
    if not one[1] or not other[1]:
        return 0.0
    small, large = sorted((one[0], other[0]), key=len)
    return sum(count * large[gram] for gram, count in small.items() if gram in large) / (one[1] * other[1])
