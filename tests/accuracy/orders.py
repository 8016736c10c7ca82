"""The seed corpus in every order of arrival: four articles tell of one meeting, the fifth of another."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Final

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


def orders(readings: Sequence[Reading]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Each order of arrival, as the articles' ids, with the B-cubed F1 of the meetings that came of it."""
    for order in permutations(readings):
        with SqliteArchive(":memory:") as archive:
            said = {d.reading.article.id: main_meeting(d) for d in decisions(order, archive)}
        yield tuple(said), b_cubed({one: MEETING_OF[one[:3]] for one in said}, said)
