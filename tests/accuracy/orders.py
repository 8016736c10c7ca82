"""The seed corpus in every order of arrival: four articles tell of one meeting, the fifth of another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Final

from monitor.model import ClaimKind, Relation
from storage.archive import SqliteArchive
from tests.accuracy.agreement import b_cubed
from tests.accuracy.product import SEEDS, decisions, jobs_of, main_meeting, readings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model import Reading

MEETING_OF: Final = {"000": "Paris", "001": "Paris", "002": "Paris", "003": "Paris", "004": "Tripoli"}
"""By the first three characters of an article's id."""


def seed_readings() -> tuple[Reading, ...]:
    """What each article of the corpus says."""
    return readings_of(jobs_of(sorted(SEEDS.glob("*.txt"))))


def one_meeting(readings: Sequence[Reading]) -> float:
    """The B-cubed F1 of taking all articles for one meeting."""
    names = [reading.article.id for reading in readings]
    return b_cubed({name: MEETING_OF[name[:3]] for name in names}, dict.fromkeys(names, "one"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One order of arrival, by the articles' ids, and what came of it.

    `b_cubed` is the F1 of the meetings. `conflicts` are what was told to be contradictory: the slot that clashes, and
    whose it is, where it is somebody's.
    """

    order: tuple[str, ...]
    b_cubed: float
    conflicts: frozenset[tuple[str, str]]


def orders(readings: Sequence[Reading]) -> Iterator[Arrival]:
    """Each order of arrival."""
    for order in permutations(readings):
        with SqliteArchive(":memory:") as archive:
            made = list(decisions(order, archive))
        said = {decision.reading.article.id: main_meeting(decision) for decision in made}
        conflicts = frozenset(
            (related.compared[-1], related.mention.subject if related.mention.kind is ClaimKind.ROLE else "")
            for decision in made
            for related in decision.relations
            if related.relation is Relation.CONTRADICTING
        )
        scored = b_cubed({one: MEETING_OF[one[:3]] for one in said}, said)
        yield Arrival(order=tuple(said), b_cubed=scored, conflicts=conflicts)
