"""What of an alert is shown first, and what is left out where there is no room for all of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.model import ClaimKind, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import AlertItem

_CLASHES: Final = (Relation.CONTRADICTING, Relation.WITHDRAWN)
_RELATIONS: Final = (*_CLASHES, Relation.NEW, Relation.UPDATED, Relation.CORROBORATING, Relation.RESTATED)
_KINDS: Final = (
    *(ClaimKind.OUTCOME, ClaimKind.EVENT, ClaimKind.PARTICIPANT, ClaimKind.ROLE, ClaimKind.RANK),
    *(ClaimKind.STATEMENT, ClaimKind.STANCE, ClaimKind.AGENDA, ClaimKind.REPORTED, ClaimKind.ATTRIBUTION),
    *(ClaimKind.KINSHIP, ClaimKind.ANALYSIS, ClaimKind.BACKGROUND),
)


def importance(relation: Relation, kind: ClaimKind, *, suggest: bool) -> tuple[bool, int, int, bool]:
    """What to sort claims by: conflicts, then what came of a meeting, that it was, who was there, as what, who said.

    Of one kind the new goes before the updated and the confirmed, the certain before what an analyst must judge.
    """
    return relation not in _CLASHES, _KINDS.index(kind), _RELATIONS.index(relation), suggest


def by_importance(items: Iterable[AlertItem]) -> tuple[AlertItem, ...]:
    """The claims of an alert, what matters most first, and of equals the fullest quote.

    A quote that lies whole within one before it says little more: it goes behind all others, unless it is a conflict.
    """
    ranked = sorted(items, key=_rank)
    first: list[AlertItem] = []
    repeating: list[AlertItem] = []
    for item in ranked:
        within = item.relation not in _CLASHES and any(item.quote in shown.quote for shown in first)
        (repeating if within else first).append(item)
    return (*first, *repeating)


def _rank(item: AlertItem) -> tuple[tuple[bool, int, int, bool], int]:
    return importance(item.relation, item.kind, suggest=item.suggest), -len(item.quote)
