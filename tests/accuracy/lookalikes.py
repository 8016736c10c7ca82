"""Pairs of headlines that look alike and agree, or look alike and contradict each other.

Read from a CSV with the columns s1, s2, stance (agree, disagree, other), as ANS has it (Khouja 2020, "Stance
prediction and claim verification: an Arabic perspective"): general news, no word of our topic.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.comparing import compare_texts
from monitor.reading.arabic import tokens
from tests.accuracy.product import SIMILARITY, configuration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_KNOWN: Final = frozenset({"restated", "corroborating"})
_REACHED: Final = 0.45


@dataclass(frozen=True, slots=True, kw_only=True)
class LookalikeFigures:
    """Shares 0..1 of the pairs of either kind that are called known.

    `overlap_disagree` is the baseline: what sharing words alone calls known of the pairs that disagree, where it calls
    known as many of those that agree as the product does; `overlap_at` the same where it is `_REACHED` of them.
    """

    agreeing: int
    disagreeing: int
    agree_known: float
    disagree_known: float
    agree_contradicting: float
    disagree_contradicting: float
    overlap_disagree: float
    overlap_at: float


def lookalike_figures(path: Path) -> LookalikeFigures:
    """Compare every pair of the file that agrees or disagrees."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["stance"] in {"agree", "disagree"}]
    said = [str(compare_texts(row["s1"], row["s2"], configuration(), SIMILARITY)["relation"]) for row in rows]
    agree = [relation for row, relation in zip(rows, said, strict=True) if row["stance"] == "agree"]
    disagree = [relation for row, relation in zip(rows, said, strict=True) if row["stance"] == "disagree"]
    known = sum(relation in _KNOWN for relation in agree) / len(agree)
    alike = [[overlap(row["s1"], row["s2"]) for row in rows if row["stance"] == kind] for kind in ("agree", "disagree")]
    return LookalikeFigures(
        agreeing=len(agree),
        disagreeing=len(disagree),
        agree_known=known,
        disagree_known=sum(relation in _KNOWN for relation in disagree) / len(disagree),
        agree_contradicting=agree.count("contradicting") / len(agree),
        disagree_contradicting=disagree.count("contradicting") / len(disagree),
        overlap_disagree=_passing(alike[1], _threshold(alike[0], known)),
        overlap_at=_passing(alike[1], _threshold(alike[0], _REACHED)),
    )


def overlap(one: str, other: str) -> float:
    """Words that both have, over all words of either (Jaccard), 0..1."""
    first, second = ({token.form for token in tokens(text)} for text in (one, other))
    return len(first & second) / max(1, len(first | second))


def _threshold(alike: Sequence[float], share: float) -> float:
    """The likeness that so many reach."""
    return sorted(alike, reverse=True)[max(0, round(share * len(alike)) - 1)]


def _passing(alike: Sequence[float], threshold: float) -> float:
    return sum(one >= threshold for one in alike) / len(alike)
