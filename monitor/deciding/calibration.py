"""From a model's raw likeness to one scale: how often a pair this alike was the same claim. Pure.

A sentence encoder puts any two sentences of one subject near 0.9, counts of character n-grams near 0.3. What is decided
by likeness must not know which of them spoke, so that each measure comes with a monotone map, fitted on labelled pairs
by isotonic regression (pool adjacent violators: Ayer et al. 1955; for probabilities: Zadrozny and Elkan 2002).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

KNOWN_PRECISION: Final = 0.95
SUGGEST_PRECISION: Final = 0.8
FEWEST: Final = 10
"""Pairs of either label without which nothing is fitted."""
_ABOVE: Final = 5
"""Pairs that must lie at or above a threshold before its precision means anything."""

Scored = tuple[float, bool]
"""A raw likeness, and whether the pair was the same claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A monotone map of raw likeness to 0..1, made for one model from so many labelled pairs.

    `knots` are (raw, mapped), ascending in both. `known` and `suggest` are raw thresholds, None where no threshold
    reached its precision.
    """

    model: str
    knots: tuple[tuple[float, float], ...]
    known: float | None
    suggest: float | None
    pairs: int
    same: int
    auc: float

    def __post_init__(self) -> None:
        """Refuse what is no monotone map.

        Raises:
            ValueError: With what is wrong.
        """
        values = [value for knot in self.knots for value in knot]
        if not self.knots or not all(map(math.isfinite, values)):
            raise ValueError("knots must be finite numbers, at least one pair")
        rising = all(one[0] < other[0] and one[1] <= other[1] for one, other in pairwise(self.knots))
        if not rising or not all(0 <= mapped <= 1 for _, mapped in self.knots):
            raise ValueError("knots must rise, and map into 0..1")

    def of(self, raw: float) -> float:
        """`raw` on the common scale: between two knots on the line between them, beyond the ends as at the ends."""
        at = bisect_left(self.knots, (raw, -math.inf))
        if at == 0:
            return self.knots[0][1]
        if at == len(self.knots):
            return self.knots[-1][1]
        (left, low), (right, high) = self.knots[at - 1], self.knots[at]
        return low + (high - low) * (raw - left) / (right - left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The lowest likeness from which on pairs are the same claim with the wished precision."""

    wished: float
    at: float | None
    precision: float | None = None
    recall: float | None = None
    above: int = 0


def fit(
    scored: Sequence[Scored], model: str, *, known: float = KNOWN_PRECISION, suggest: float = SUGGEST_PRECISION
) -> Calibration:
    """Fit the map of one model.

    Args:
        scored: Labelled pairs, each with its raw likeness.
        model: The measure's name with its version, kept so that no other measure uses the map.
        known: Precision wished of the threshold "surely known".
        suggest: Precision wished of the threshold "maybe known".

    Raises:
        ValueError: There are fewer than `FEWEST` pairs of either label, or a likeness is no number.
    """
    same = sum(label for _, label in scored)
    if min(same, len(scored) - same) < FEWEST:
        told = f"{same} the same, {len(scored) - same} different"
        raise ValueError(f"at least {FEWEST} pairs of either label are needed; there are {told}")
    if not all(math.isfinite(score) for score, _ in scored):
        raise ValueError("a likeness is not a finite number")
    return Calibration(
        model=model,
        knots=_isotonic(scored),
        known=threshold(scored, known).at,
        suggest=threshold(scored, suggest).at,
        pairs=len(scored),
        same=same,
        auc=round(auc(scored), 4),
    )


def auc(scored: Sequence[Scored]) -> float:
    """Chance that a pair of the same claim lies above one that is not, ties counting half (Mann and Whitney 1947).

    >>> auc([(0.9, True), (0.5, True), (0.5, False), (0.1, False)])
    0.875
    """
    positive = [score for score, label in scored if label]
    negative = sorted(score for score, label in scored if not label)
    if not positive or not negative:
        return math.nan
    wins = sum(bisect_left(negative, score) + bisect_right(negative, score) for score in positive)
    return wins / (2 * len(positive) * len(negative))


def threshold(scored: Sequence[Scored], wished: float) -> Threshold:
    """The lowest likeness at or above which the share of same claims is at least `wished`."""
    same = sum(label for _, label in scored)
    found = Threshold(wished=wished, at=None)
    above = hits = 0
    ordered = sorted(scored, reverse=True)
    for place, (score, label) in enumerate(ordered):
        above, hits = above + 1, hits + label
        if place + 1 < len(ordered) and ordered[place + 1][0] == score:
            continue  # a threshold parts unequal values only
        if above >= _ABOVE and hits / above >= wished:
            share, held = round(hits / above, 4), round(hits / same, 4)
            found = Threshold(wished=wished, at=score, precision=share, recall=held, above=above)
    return found


@dataclass(frozen=True, slots=True)
class _Block:
    """Neighbours that share one value: the sum of their likeness, how many, and how many are the same claim."""

    raw: float
    size: int
    same: int


def _share(block: _Block) -> float:
    return block.same / block.size


def _careful(block: _Block) -> float:
    """The share with one pair of either label thought in (Laplace): a few pairs prove neither 0 nor 1."""
    return (block.same + 1) / (block.size + 2)


def _isotonic(scored: Sequence[Scored]) -> tuple[tuple[float, float], ...]:
    equal: dict[float, _Block] = {}
    for score, label in sorted(scored):
        equal[score] = _merged(equal.get(score, _Block(0.0, 0, 0)), _Block(score, 1, int(label)))
    blocks = _pooled(_pooled(equal.values(), _share), _careful)
    return tuple((block.raw / block.size, round(_careful(block), 6)) for block in blocks)


def _pooled(blocks: Iterable[_Block], level: Callable[[_Block], float]) -> list[_Block]:
    """Blocks merged until their levels rise."""
    rising: list[_Block] = []
    for block in blocks:
        rising.append(block)
        while len(rising) > 1 and level(rising[-2]) >= level(rising[-1]):
            above = rising.pop()
            rising[-1] = _merged(rising[-1], above)
    return rising


def _merged(one: _Block, other: _Block) -> _Block:
    return _Block(one.raw + other.raw, one.size + other.size, one.same + other.same)
