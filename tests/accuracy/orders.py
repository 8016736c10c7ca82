"""The seed corpus in every order of arrival: four articles tell of one meeting, the fifth of another."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Final

from monitor.model import ClaimKind, Relation
from storage.archive import SqliteArchive
from tests.accuracy.agreement import b_cubed
from tests.accuracy.product import SEEDS, decisions, jobs_of, main_meeting, readings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from monitor.model import Decision, Reading

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

    `b_cubed` is the F1 of the meetings. `claims` are the mentions that make one claim, by id. `late` are those told as
    new though an earlier article had made their claim.
    """

    order: tuple[str, ...]
    b_cubed: float
    claims: frozenset[frozenset[str]]
    conflicts: frozenset[Conflict]
    late: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What was told to be contradictory: the slot that clashes, whose it is, where it is somebody's, and two claims."""

    slot: str
    whose: str
    claims: frozenset[frozenset[str]]


def orders(readings: Sequence[Reading]) -> Iterator[Arrival]:
    """Each order of arrival."""
    for order in permutations(readings):
        with SqliteArchive(":memory:") as archive:
            made = list(decisions(order, archive))
            claims = _claims(archive, [reading.article.id for reading in order])
        said = {decision.reading.article.id: main_meeting(decision) for decision in made}
        yield Arrival(
            order=tuple(said),
            b_cubed=b_cubed({one: MEETING_OF[one[:3]] for one in said}, said),
            claims=frozenset(claims.values()),
            conflicts=frozenset(_conflicts(made, claims)),
            late=frozenset(late(made)),
        )


def late(made: Iterable[Decision]) -> Iterator[str]:
    """Mentions told as new though an earlier article had made their claim."""
    known: set[str] = set()
    for decision in made:
        yield from (
            related.mention_id
            for related in decision.relations
            if related.relation is Relation.NEW and related.claim_id in known
        )
        known.update(related.claim_id for related in decision.relations)


def holders(archive: SqliteArchive, articles: Iterable[str]) -> dict[str, str]:
    """The claim that each mention of some articles makes by now, by the mention's id."""
    reader = archive.reader()
    return {line["id"]: line["claim"] for article in articles for line in reader.article(article)["claims"]}


def claims_of(archive: SqliteArchive, articles: Iterable[str]) -> frozenset[frozenset[str]]:
    """The mentions that make one claim, by id, whatever the claim is called."""
    return frozenset(_claims(archive, articles).values())


def _claims(archive: SqliteArchive, articles: Iterable[str]) -> dict[str, frozenset[str]]:
    mentions: dict[str, set[str]] = defaultdict(set)
    for mention, claim in holders(archive, articles).items():
        mentions[claim].add(mention)
    return {claim: frozenset(made) for claim, made in mentions.items()}


def _conflicts(made: Iterable[Decision], claims: Mapping[str, frozenset[str]]) -> Iterator[Conflict]:
    holds = {mention: found for found in claims.values() for mention in found}
    for related in (related for decision in made for related in decision.relations):
        if related.relation is Relation.CONTRADICTING and related.nearest is not None:
            yield Conflict(
                slot=related.compared[-1],
                whose=related.mention.subject if related.mention.kind is ClaimKind.ROLE else "",
                claims=frozenset((holds[related.mention_id], claims[related.nearest])),
            )
