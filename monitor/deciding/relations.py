"""How each mention stands to the ledger: typed slots first, likeness last.

The order is: functional slots of the claim's kind (office, rank, participant, place, date); then, for clauses,
polarity, modality and numbers where the same is spoken of; only then coverage: the share of a clause's weighted terms
that one claim, or the union of the claims, of the same meeting already holds. Three states: known, suggest, new.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from monitor.deciding import verdict
from monitor.deciding.contents import relate_content
from monitor.deciding.coverage import coverage
from monitor.deciding.events import relate_event
from monitor.deciding.identity import claim_id, mention_id
from monitor.deciding.origins import corroborates, origin_of
from monitor.deciding.roles import relate_rank, relate_role
from monitor.model import ClaimKind, Mention, Related, Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.deciding.verdict import Verdict
    from monitor.model import KnownClaim, MeetingLink, Reading, Recall
    from monitor.ports import Similarity

_PERSONAL: Final = frozenset({ClaimKind.ROLE, ClaimKind.RANK, ClaimKind.KINSHIP})
_STRUCTURAL: Final = frozenset({ClaimKind.PARTICIPANT, ClaimKind.KINSHIP, ClaimKind.ATTRIBUTION})
SAME_CLAIM: Final = 0.72
"""Mutual coverage from which one article makes the same claim twice."""


def relate(
    reading: Reading, links: Sequence[MeetingLink], recall: Recall, similarity: Similarity
) -> tuple[Related, ...]:
    """Relate every mention of a reading to the ledger, in text order.

    A claim that one article makes twice is one claim: its second mention has the relation of the first.
    """
    by_meeting: dict[str | None, list[KnownClaim]] = defaultdict(list)
    for claim in recall.claims:
        if claim.article_id != reading.article.id:
            by_meeting[claim.meeting_id].append(claim)
    everything = [claim for claims in by_meeting.values() for claim in claims]
    related: list[Related] = []
    for mention in reading.mentions:
        link = links[mention.meeting] if mention.meeting is not None else None
        home = None if mention.kind in _PERSONAL or link is None else link.id
        ledger = everything if home is None else by_meeting[home]
        decided = _decide(mention, ledger, reading, link, similarity)
        related.append(_related(reading, mention, home, decided, related))
    return tuple(related)


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
    key = _key(mention)
    same = [k for k in ledger if k.mention.kind is mention.kind and _key(k.mention) == key]
    opposed = [k for k in same if k.mention.polarity is not mention.polarity]
    if opposed and len(opposed) == len(same):
        return verdict.contradicting(
            opposed[0], (*names, "polarity"), "الحضور", "attendance", here=mention.quote, there=opposed[0].mention.quote
        )
    if same:
        return verdict.known(same[0], names, corroborates=corroborates(origin, same), origin=origin)
    return verdict.new(names)


def _key(mention: Mention) -> tuple[str, tuple[tuple[str, str], ...]]:
    return mention.subject, tuple(slot for slot in mention.slots if not slot[0].endswith("_form"))


def _related(
    reading: Reading, mention: Mention, home: str | None, decided: Verdict, earlier: Sequence[Related]
) -> Related:
    claim = decided.nearest.claim_id if decided.nearest and _is_known(decided) else None
    claim = claim or _own_claim(mention, home, earlier)
    nearest = decided.nearest
    return Related(
        mention_id=mention_id(reading.article.id, mention),
        claim_id=claim or claim_id(home, mention),
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


def _is_known(decided: Verdict) -> bool:
    return decided.relation in {Relation.RESTATED, Relation.CORROBORATING, Relation.UPDATED}


def _own_claim(mention: Mention, home: str | None, earlier: Sequence[Related]) -> str | None:
    """The claim that the same article made before, in the same slots or nearly the same words."""
    for related in earlier:
        other = related.mention
        if related.meeting_id != home or other.kind is not mention.kind or other.subject != mention.subject:
            continue
        if mention.terms:
            both = min(coverage(mention.terms, other.terms), coverage(other.terms, mention.terms))
            same = both >= SAME_CLAIM and other.polarity == mention.polarity
        else:
            same = _key(other) == _key(mention) and other.polarity == mention.polarity
        if same:
            return related.claim_id
    return None
