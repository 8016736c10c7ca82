"""How much of one claim's contents another holds: topics weigh more than single words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_TOPIC: Final = "t:"
_TOPIC_WEIGHT: Final = 2.0


def coverage(terms: Collection[str], held: Collection[str]) -> float:
    """Weighted share of `terms` that `held` holds too, 0..1."""
    shared = set(terms).intersection(held)
    return sum(map(_weight, shared)) / sum(map(_weight, terms)) if shared else 0.0


def _weight(term: str) -> float:
    return _TOPIC_WEIGHT if term.startswith(_TOPIC) else 1.0
