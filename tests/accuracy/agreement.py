"""Measures of agreement, each as its authors define it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

Item = TypeVar("Item", bound="Hashable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of a yes-or-no question: rightly said yes, wrongly said yes, wrongly said no, rightly said no."""

    hits: int = 0
    alarms: int = 0
    misses: int = 0
    rest: int = 0

    @classmethod
    def of(cls, pairs: Sequence[tuple[bool, bool]]) -> Counts:
        """From (truth, said) pairs."""
        seen = Counter(pairs)
        return cls(hits=seen[True, True], alarms=seen[False, True], misses=seen[True, False], rest=seen[False, False])

    def __add__(self, other: Counts) -> Counts:
        """Of both sets of pairs together."""
        return Counts(
            hits=self.hits + other.hits,
            alarms=self.alarms + other.alarms,
            misses=self.misses + other.misses,
            rest=self.rest + other.rest,
        )

    @property
    def precision(self) -> float:
        """Share of what was said that is true; 0 where nothing was said."""
        said = self.hits + self.alarms
        return self.hits / said if said else 0.0

    @property
    def recall(self) -> float:
        """Share of what is true that was said; 0 where nothing is true."""
        true = self.hits + self.misses
        return self.hits / true if true else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = 2 * self.hits + self.alarms + self.misses
        return 2 * self.hits / both if both else 0.0


def kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Agreement of two labellings beyond chance (Cohen 1960), at most 1; 0 for no pairs."""
    if not pairs:
        return 0.0
    size = len(pairs)
    same = sum(one == other for one, other in pairs) / size
    ours, theirs = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum(count * theirs[label] for label, count in ours.items()) / size**2
    return 1.0 if chance == 1 else (same - chance) / (1 - chance)


def b_cubed(truth: Mapping[Item, Hashable], said: Mapping[Item, Hashable | None]) -> float:
    """F1 of two groupings of the same items (Bagga and Baldwin 1998). None is an item that was given no group."""
    placed = {item: group for item, group in said.items() if group is not None}
    recall, precision = _shared(truth, placed), _shared(placed, truth)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _shared(one: Mapping[Item, Hashable], other: Mapping[Item, Hashable]) -> float:
    """For an item, on average: the share of its group in `one` that stands with it in `other` too."""
    groups, pairs = Counter(one.values()), Counter((group, other.get(item)) for item, group in one.items())
    total = sum(count**2 / groups[group] for (group, there), count in pairs.items() if there is not None)
    return total / len(one) if one else 0.0
