"""What could be had for less: calling everything new, and calling new what reads unlike all that came before.

The likeness is the cosine of TF-IDF weights of character 3- to 5-grams inside words, a strong measure for Arabic
(McNamee and Mayfield 2004). It is handed the spans that were read by hand, which the product has to find itself.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final, TypeAlias

from monitor.reading.arabic import fold
from tests.accuracy.agreement import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.accuracy.gold import ClaimGold

Scored: TypeAlias = "Sequence[tuple[bool, float]]"
"""For each mention after the first article: whether it is new, and its likeness to the nearest earlier one."""
Vector: TypeAlias = "dict[str, float]"

THRESHOLDS: Final = tuple(percent / 100 for percent in range(1, 100))


def everything_new(scored: Scored) -> Counts:
    """Every mention is called new."""
    return Counts.of([(new, True) for new, _ in scored])


def by_threshold(scored: Scored, threshold: float) -> Counts:
    """A mention is called new where nothing earlier is as like it as `threshold`."""
    return Counts.of([(new, likeness < threshold) for new, likeness in scored])


def best_threshold(scored: Scored) -> float:
    """The threshold with the best F1 on these very mentions."""
    return max(THRESHOLDS, key=lambda threshold: by_threshold(scored, threshold).f1)


def likenesses(gold: ClaimGold) -> Scored:
    """Every mention of the second and later articles, against all mentions of earlier articles."""
    texts = {job.article_id: job.text or "" for job in gold.jobs}
    rows = gold.mentions
    vectors = tf_idf([texts[row.doc][row.start : row.end] for row in rows])
    order = {job.article_id: at for at, job in enumerate(gold.jobs)}
    scored = []
    for at, row in enumerate(rows):
        earlier = [cosine(vectors[at], vectors[k]) for k in range(at) if order[rows[k].doc] < order[row.doc]]
        if row.doc != rows[0].doc:
            scored.append((row.label == "new", max(earlier, default=0.0)))
    return scored


def tf_idf(texts: Sequence[str]) -> list[Vector]:
    """Unit vectors; weights as in Salton and Buckley 1988, smoothed as if one more text held every gram."""
    counted = [Counter(_grams(text)) for text in texts]
    holding = Counter(gram for counts in counted for gram in counts)
    vectors = []
    for counts in counted:
        weights = {
            gram: count * (math.log((1 + len(texts)) / (1 + holding[gram])) + 1) for gram, count in counts.items()
        }
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        vectors.append({gram: weight / length for gram, weight in weights.items()})
    return vectors


def cosine(one: Vector, other: Vector) -> float:
    """Of two unit vectors, 0..1."""
    small, large = sorted((one, other), key=len)
    return sum(weight * large[gram] for gram, weight in small.items() if gram in large)


def _grams(text: str) -> Iterable[str]:
    for word in fold(text).split():
        padded = f" {word} "
        for size in (3, 4, 5):
            yield from (padded[at : at + size] for at in range(max(1, len(padded) - size + 1)))
