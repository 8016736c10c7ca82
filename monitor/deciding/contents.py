"""A clause against the ledger by what it says: conflicts first, then how much of it is told already.

Known, suggested or new by the share of its weighted terms that one claim, and the union of the claims, of the same
meeting hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.deciding import verdict
from monitor.deciding.conflicts import conflict, denial_of_meeting, told_acts, topics_of
from monitor.deciding.coverage import coverage
from monitor.deciding.origins import corroborates, origin_of
from monitor.model import ClaimKind, Mention, Polarity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.deciding.verdict import Verdict
    from monitor.model import KnownClaim, MeetingLink, Reading
    from monitor.ports import Similarity

KNOWN: Final = 0.51
"""Entailment from which a clause is known; the best common threshold on three tuned sets (docs/accuracy.md)."""
SUGGEST: Final = 0.42
"""Entailment from which a clause that is not known is only suggested to be new."""
NARROWER: Final = 0.40
"""Entailment from which a subject of talks that names a known one's topic is told in more detail, not anew."""
ONE_SIDE_ONLY: Final = 0.05
"""Taken off where both sides say what one of them alone is known to have said."""
_DETAIL: Final = ("تفصيل في موضوع مطروح", "more detail on a subject already raised")
LEAST_SHARE: Final = 0.25
"""Share of a clause that one single known claim must hold: a large ledger's words cover much by chance."""
_MET: Final = frozenset({"meet", "receive", "talk", "convene", "visit", "arrive", "travel", "host", "call"})
_GATHERED: Final = frozenset({ClaimKind.EVENT, ClaimKind.PARTICIPANT})
_HARDLY_MORE: Final = 1
"""Content words that a clause may add to «they met» and still say nothing new."""
_BOTH: Final = "both_sides"
_NAMING: Final = {"person": ("participant",), "place": ("venue",), "names": ("country", "office_country", "by")}
"""Slots of other claims that name a person, a place or a country as well."""


def relate_content(
    mention: Mention,
    ledger: Sequence[KnownClaim],
    reading: Reading,
    similarity: Similarity,
    link: MeetingLink | None = None,
) -> Verdict:
    """A clause against the clauses of the same meeting."""
    candidates = [k for k in ledger if k.mention.terms]
    clash = denial_of_meeting(mention, ledger, link) or conflict(mention, candidates, link, reading.mentions)
    if clash is not None:
        return clash
    if mention.polarity is Polarity.NEGATED:  # that it was not so, no word of its having been so tells
        candidates = [k for k in candidates if k.mention.polarity is Polarity.NEGATED]
    origin = origin_of(mention, reading)
    met = _met_already(mention, ledger)
    if met is not None:
        return verdict.known(met, ("person", "act"), corroborates=corroborates(origin, [met]), origin=origin)
    if not candidates or not mention.terms:
        return verdict.new(("terms",))
    return _relate_by_terms(mention, candidates, ledger, link, similarity, origin)


def _relate_by_terms(
    mention: Mention,
    candidates: Sequence[KnownClaim],
    ledger: Sequence[KnownClaim],
    link: MeetingLink | None,
    similarity: Similarity,
    origin: str | None,
) -> Verdict:
    """A clause by how far its contents are told already."""
    best, share = _best_covering(mention, candidates)
    score = entailment(mention, best, share, candidates, similarity)
    compared = _compared(mention, best)
    method = f"entailment+{similarity.name}"
    if share >= LEAST_SHARE and score >= KNOWN and not _names_another(mention, best, ledger, link):
        sharper = _sharper(mention, best, ledger)
        if sharper:
            return verdict.updated(best, compared, *sharper, score=score, method=method)
        return verdict.known(
            best, compared, corroborates=corroborates(origin, [best]), origin=origin, score=score, method=method
        )
    if score >= NARROWER and _on_known_topic(mention, best):
        return verdict.updated(best, compared, *_DETAIL, score=score, method=method)
    suggest = score >= SUGGEST or _same_topics(mention, candidates)
    return verdict.new(compared, nearest=best, score=score, method=method, suggest=suggest)


def _on_known_topic(mention: Mention, best: KnownClaim) -> bool:
    """Whether two subjects of talks have a topic in common."""
    talks = mention.kind is best.mention.kind is ClaimKind.AGENDA
    return talks and bool(topics_of(mention) & topics_of(best.mention))


def _met_already(mention: Mention, ledger: Sequence[KnownClaim]) -> KnownClaim | None:
    """The known event of the same people, where a clause says hardly more than that they met, and where."""
    people, places = mention.values("person"), mention.values("place")
    if mention.kind not in _GATHERED or mention.polarity is Polarity.NEGATED or not people:
        return None
    if not _MET & told_acts(mention):
        return None
    told = [k for k in ledger if k.mention.kind in _GATHERED and k.mention.polarity is Polarity.AFFIRMED]
    heard = {v for k in told for v in k.mention.values("person") | k.mention.values("participant")}
    there = {v for k in told for v in k.mention.values("place") | k.mention.values("venue")}
    if people - heard or places - there:
        return None
    said = {term for k in ledger for term in k.mention.terms}
    if sum(term not in said for term in mention.terms) > _HARDLY_MORE:
        return None
    return max(told, key=lambda k: len(k.mention.values("person") & people))


def _best_covering(mention: Mention, candidates: Sequence[KnownClaim]) -> tuple[KnownClaim, float]:
    shares = [coverage(mention.terms, known.mention.terms) for known in candidates]
    top = max(range(len(candidates)), key=lambda index: (shares[index], -index))
    return candidates[top], shares[top]


def _same_topics(mention: Mention, candidates: Sequence[KnownClaim]) -> bool:
    """Whether what was talked of is just the topics that one known claim of the meeting holds."""
    topics = topics_of(mention)
    return (
        bool(topics)
        and mention.kind is ClaimKind.AGENDA
        and any(topics <= topics_of(known.mention) for known in candidates)
    )


def entailment(
    mention: Mention, best: KnownClaim, share: float, candidates: Sequence[KnownClaim], similarity: Similarity
) -> float:
    """How far the ledger says a clause already, 0..1.

    Four parts what its best single claim holds of the clause's terms, two parts what all claims of the meeting hold
    together, one part the likeness of the texts.
    """
    union = coverage(mention.terms, {term for known in candidates for term in known.mention.terms})
    likeness = similarity.score(mention.quote, [best.mention.quote])[0]
    alone = mention.speaker == _BOTH and best.mention.speaker not in {None, _BOTH}
    return max(0.0, (4 * share + 2 * union + likeness) / 7 - (ONE_SIDE_ONLY if alone else 0.0))


def _names_another(mention: Mention, best: KnownClaim, ledger: Sequence[KnownClaim], link: MeetingLink | None) -> bool:
    """The same said of a person or a place that nothing told of the meeting names, where the known claim names one."""
    parties = {*link.merged.principals, *(c.name for c in link.merged.counterparts if c.name)} if link else set()
    for slot in ("person", "place", "names"):
        own, held = mention.values(slot), best.mention.values(slot)
        strange = own - parties
        if held - own and strange:  # asked first: the ledger of a meeting may be long
            strange -= {v for k in ledger for name in (slot, *_NAMING[slot]) for v in k.mention.values(name)}
            if strange:
                return True
    return False


def _compared(mention: Mention, known: KnownClaim) -> tuple[str, ...]:
    names = {name for name, _ in mention.slots} & {name for name, _ in known.mention.slots}
    return (*sorted(names), "terms")


def _sharper(mention: Mention, known: KnownClaim, ledger: Sequence[KnownClaim]) -> tuple[str, str] | None:
    """A place that the meeting's ledger lacks, or a number that the known claim lacks."""
    for name, label, told in (("place", "المكان", ledger), ("number", "العدد", (known,))):
        own = mention.values(name)
        added = own - {value for claim in told for value in claim.mention.values(name)}
        if added and not known.mention.values(name):
            return f"{label} {'، '.join(sorted(added))}", f"{name} {', '.join(sorted(added))}"
    return None
