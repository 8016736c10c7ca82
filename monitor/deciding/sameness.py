"""Which mentions make one claim. Two do, or do not, whatever else is known and whichever of them came first.

A claim is what this relation of two mentions closes over (a connected component of its graph), so that the same
articles make the same claims in any order of arrival. Whether a mention is *known* is another question: a clause that
says less is known by one that says more, and not the other way round, and a clause may be known by several together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.deciding.conflicts import differ_in_number, differ_in_step
from monitor.deciding.coverage import coverage
from monitor.deciding.events import slot_value
from monitor.deciding.roles import same_office, same_rank
from monitor.model import ClaimKind

if TYPE_CHECKING:
    from collections.abc import Hashable

    from monitor.model import Mention

SAME: Final = 0.6
"""Share of each of two clauses that the other must hold; measured against claims read by hand (docs/decisions.md)."""
PERSONAL: Final = frozenset({ClaimKind.ROLE, ClaimKind.RANK, ClaimKind.KINSHIP})
"""Claims about a person, in whatever meeting they are made."""
_NAMES: Final = ("person", "place", "names")


def same(one: Mention, other: Mention) -> bool:
    """Whether two mentions about one meeting, or one person, are of the same claim."""
    if one.polarity is not other.polarity:
        return False
    if one.kind in PERSONAL or other.kind in PERSONAL:
        return one.kind is other.kind and one.subject == other.subject and _same_value(one, other)
    if one.terms and other.terms:
        return _same_clause(one, other)
    return not one.terms and not other.terms and one.kind is other.kind and _same_slots(one, other)


def _same_value(one: Mention, other: Mention) -> bool:
    if one.kind is ClaimKind.ROLE:
        return same_office(one.slots, other.slots)
    if one.kind is ClaimKind.RANK:
        return same_rank(one, other) or one.slots == other.slots
    return slots_of(one) == slots_of(other)


def _same_clause(one: Mention, other: Mention) -> bool:
    """The most of what each says, of the same people and places, in the same numbers, as far agreed upon."""
    if coverage(one.terms, other.terms) < SAME or coverage(other.terms, one.terms) < SAME:
        return False
    if any(one.values(name) - other.values(name) and other.values(name) - one.values(name) for name in _NAMES):
        return False
    return not differ_in_number(one, other) and not differ_in_step(one, other)


def _same_slots(one: Mention, other: Mention) -> bool:
    """What has no words of its own: the same facet of the event, the same participant, the same origin."""
    if slot_value(one, "event") == slot_value(other, "event") == "seat":
        return bool(one.values("seat_term") & other.values("seat_term")) or one.slots == other.slots
    return _facet(one) == _facet(other)


def _facet(mention: Mention) -> Hashable:
    """A meeting and a journey are where they are, as narrowly as is said; everything else is all its slots."""
    where = slot_value(mention, "venue") or slot_value(mention, "place")
    if mention.kind is ClaimKind.EVENT and where and slot_value(mention, "event") in _SOMEWHERE:
        return where
    return slots_of(mention)


_SOMEWHERE: Final = frozenset({"meeting", "travel"})


def slots_of(mention: Mention) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Whom it is about and what it says of him, however his name is spelled."""
    return mention.subject, tuple(slot for slot in mention.slots if not slot[0].endswith("_form"))
