"""How each mention stands to the ledger: typed slots first, likeness last.

The order is: functional slots of the claim's kind (office, rank, participant, place, date); then, for clauses,
polarity, modality and numbers where the same is spoken of; only then coverage: the share of a clause's weighted terms
that one claim, or the union of the claims, of the same meeting already holds. Three states: known, suggest, new.

Which claim a mention is of does not follow from that, but from `sameness` alone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from monitor.deciding import verdict
from monitor.deciding.contents import relate_content
from monitor.deciding.events import relate_event
from monitor.deciding.identity import claim_id, mention_id
from monitor.deciding.origins import corroborates, origin_of
from monitor.deciding.roles import relate_rank, relate_role
from monitor.deciding.sameness import PERSONAL, same, slots_of
from monitor.model import ClaimKind, Mention, Related

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.deciding.verdict import Verdict
    from monitor.model import KnownClaim, MeetingLink, Reading, Recall
    from monitor.ports import Similarity

_STRUCTURAL: Final = frozenset({ClaimKind.PARTICIPANT, ClaimKind.KINSHIP, ClaimKind.ATTRIBUTION})


def relate(
    reading: Reading, links: Sequence[MeetingLink], recall: Recall, similarity: Similarity
) -> tuple[Related, ...]:
    """Relate every mention of a reading to the ledger, in text order."""
    by_meeting: dict[str | None, list[KnownClaim]] = defaultdict(list)
    for claim in recall.claims:
        if claim.article_id != reading.article.id:
            by_meeting[claim.meeting_id].append(claim)
    everything = [claim for claims in by_meeting.values() for claim in claims]
    related: list[Related] = []
    for mention in reading.mentions:
        link = links[mention.meeting] if mention.meeting is not None else None
        home = None if mention.kind in PERSONAL or link is None else link.id
        ledger = everything if home is None else by_meeting[home]
        decided = _decide(mention, ledger, reading, link, similarity)
        related.append(_related(reading, mention, home, decided))
    return _into_claims(related, recall.claims)


def _decide(
    mention: Mention, ledger: Sequence[KnownClaim], reading: Reading, link: MeetingLink | None, similarity: Similarity
) -> Verdict:
    origin = origin_of(mention, reading)
    if mention.kind is ClaimKind.ROLE:
        return relate_role(mention, ledger, origin)
    if mention.kind is ClaimKind.RANK:
        return relate_rank(mention, ledger, origin)
    if mention.kind in {ClaimKind.EVENT, ClaimKind.PARTICIPANT} and not mention.terms and not _typed(mention):
        return _relate_bare(mention, ledger)
    if mention.kind is ClaimKind.EVENT and not mention.terms:
        return relate_event(mention, ledger, origin, link)
    if mention.kind in _STRUCTURAL and not mention.terms:
        return _relate_same_slots(mention, ledger, origin)
    return relate_content(mention, ledger, reading, similarity, link)


def _typed(mention: Mention) -> bool:
    return any(name in {"event", "participant"} for name, _ in mention.slots)


def _relate_bare(mention: Mention, ledger: Sequence[KnownClaim]) -> Verdict:
    """«كروسيتو يستقبل حفتر»: a headline of names alone says nothing more than that they met."""
    named = mention.values("person")
    held = {value for k in ledger for name, value in k.mention.slots if name in {"person", "participant"}}
    there = {value for k in ledger for value in k.mention.values("place") | k.mention.values("venue")}
    if ledger and named <= held and mention.values("place") <= there:
        return verdict.known(ledger[0], ("person",), corroborates=False, origin=None)
    return verdict.new(("person",), nearest=ledger[0] if ledger else None)


def _relate_same_slots(mention: Mention, ledger: Sequence[KnownClaim], origin: str | None) -> Verdict:
    """Participant, kinship, attribution: known where the ledger holds the same slots."""
    names = tuple(dict.fromkeys(name for name, _ in mention.slots))
    key = slots_of(mention)
    alike = [k for k in ledger if k.mention.kind is mention.kind and slots_of(k.mention) == key]
    opposed = [k for k in alike if k.mention.polarity is not mention.polarity]
    if opposed and len(opposed) == len(alike):
        return verdict.contradicting(
            opposed[0], (*names, "polarity"), "الحضور", "attendance", here=mention.quote, there=opposed[0].mention.quote
        )
    if alike:
        return verdict.known(alike[0], names, corroborates=corroborates(origin, alike), origin=origin)
    return verdict.new(names)


def _related(reading: Reading, mention: Mention, home: str | None, decided: Verdict) -> Related:
    nearest = decided.nearest
    return Related(
        mention_id=mention_id(reading.article.id, mention),
        claim_id=claim_id(home, mention),
        meeting_id=home,
        mention=mention,
        relation=decided.relation,
        nearest=nearest.claim_id if nearest else None,
        nearest_quote=nearest.mention.quote if nearest else None,
        nearest_outlet=nearest.outlet if nearest else None,
        nearest_url=nearest.url if nearest else None,
        score=round(decided.score, 4),
        method=decided.method,
        compared=decided.compared,
        suggest=decided.suggest,
        why=decided.why,
        why_en=decided.why_en,
    )


def _into_claims(related: Sequence[Related], ledger: Sequence[KnownClaim]) -> tuple[Related, ...]:
    """Each mention with the claim that it makes: the oldest of those that hold a mention which is the same.

    One that is the same as mentions of several claims shows these to be one.
    """
    by_home: dict[str | None, list[tuple[Mention, str]]] = defaultdict(list)
    age: dict[str, int] = {}
    for known in ledger:
        by_home[known.meeting_id].append((known.mention, known.claim_id))
        age.setdefault(known.claim_id, len(age))
    joined: dict[str, str] = {}
    made: list[str] = []
    joins: list[list[str]] = []
    for one in related:
        home = by_home[one.meeting_id]
        found: set[str] = set()
        for mention, claim in home:
            if (oldest := _oldest(claim, joined)) not in found and same(one.mention, mention):
                found.add(oldest)
        found = found or {one.claim_id}
        first = min(found, key=lambda claim: age.setdefault(claim, len(age)))
        others = sorted(found - {first})
        joined.update(dict.fromkeys(others, first))
        home.append((one.mention, first))
        made.append(first)
        joins.append(others)
    held = {known.claim_id for known in ledger}
    return tuple(
        replace(
            one,
            claim_id=_oldest(claim, joined),
            nearest=_oldest(one.nearest, joined) if one.nearest else None,
            joins=tuple(other for other in others if other in held),
        )
        for one, claim, others in zip(related, made, joins, strict=True)
    )


def _oldest(claim: str, joined: Mapping[str, str]) -> str:
    """The claim that one has been joined to, or itself."""
    while claim in joined:
        claim = joined[claim]
    return claim
