"""Claims as the product finds and relates them, against those read by hand.

A mention of the gold is found where a claim of the product shares at least half of the shorter of the two spans. Of
several that do, the one of the same kind and then of the closest span stands for it. What the product finds beyond
the gold is unjudged: counted, neither right nor wrong.

Sets are measured one by one, for labels hold within their set. What is kept of a set can be added to another's, and
shares are worked out of the sum.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, fields
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Final

from monitor.model import Relation, Urgency
from storage.archive import SqliteArchive
from tests.accuracy.agreement import Counts, b_cubed, kappa
from tests.accuracy.orders import holders
from tests.accuracy.product import decisions, main_meeting, readings_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from monitor.model import Decision, Mention, Related
    from tests.accuracy.gold import ClaimGold, GoldMention

_LEAST_SHARED: Final = 0.5
_WIDEST_LEAK: Final = 3
"""A claim that spans more than so many times the chrome it touches is about what stands around it."""
_FOUR: Final = {Relation.RESTATED: "known", Relation.CORROBORATING: "known"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An article's meeting, as read by hand and as said. Names of articles and meetings hold within their set."""

    within: str
    doc: str
    event: str
    said: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A mention that was found: the claim that it makes, as read by hand and as said; names hold within their set."""

    within: str
    mention: str
    claim: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFigures:
    """The figures of one set, or of several pooled.

    Fields are counts or lists, so that figures can be added; what is worked out of them is 0..1. `answers` holds, for
    each mention that was found, the label read by hand and the one said.
    """

    articles: int
    claims: int
    grounded: int
    leaks: int
    mentions: int
    found: int
    unjudged: int
    novelty: Counts
    contradictions: int
    contradictions_found: int
    contradictions_claimed: int
    answers: tuple[tuple[str, str], ...]
    placed: tuple[Placed, ...]
    filed: tuple[Filed, ...]
    alerts_now: int
    alerts_again: int

    def __add__(self, other: ClaimFigures) -> ClaimFigures:
        """Of both sets together."""
        return ClaimFigures(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})

    @property
    def kappa(self) -> float:
        """Of the mentions that were found, over the four labels."""
        return kappa(self.answers)

    @property
    def meetings_b3(self) -> float:
        """How well articles are grouped by meeting, averaged over articles."""
        return self._b3({(one.within, one.doc): (one.within, one.said) if one.said else None for one in self.placed})

    @property
    def one_meeting_b3(self) -> float:
        """The same, had all articles of a set been taken for one meeting."""
        return self._b3({(one.within, one.doc): one.within for one in self.placed})

    @property
    def own_meeting_b3(self) -> float:
        """The same, had each article been given a meeting of its own."""
        return self._b3({(one.within, one.doc): (one.within, one.doc) for one in self.placed})

    @property
    def claims_b3(self) -> float:
        """How well mentions that were found are grouped by claim, averaged over mentions."""
        return self._claims_b3({(one.within, one.mention): (one.within, one.said) for one in self.filed})

    @property
    def own_claim_b3(self) -> float:
        """The same, had each mention been given a claim of its own."""
        return self._claims_b3({(one.within, one.mention): (one.within, one.mention) for one in self.filed})

    def _claims_b3(self, said: Mapping[tuple[str, str], Hashable | None]) -> float:
        return b_cubed({(one.within, one.mention): (one.within, one.claim) for one in self.filed}, said)

    def _b3(self, said: Mapping[tuple[str, str], Hashable | None]) -> float:
        return b_cubed({(one.within, one.doc): (one.within, one.event) for one in self.placed}, said)


def pooled(figures: Iterable[ClaimFigures]) -> ClaimFigures:
    """Of one or more sets: counts summed, F1 and kappa over all mentions, B-cubed averaged over all articles."""
    return reduce(add, figures)


def claim_figures(gold: ClaimGold) -> ClaimFigures:
    """Read and decide a set's articles in order, then all of them once more, and compare."""
    readings = readings_of(gold.jobs)
    with SqliteArchive(":memory:") as archive:
        first = tuple(decisions(readings, archive))
        claims = holders(archive, [reading.article.id for reading in readings])
        again = tuple(decisions(readings, archive))
    made = {decision.reading.article.id: _standing(decision) for decision in first}
    pairs = [(mention, _answer(mention, made[mention.doc])) for mention in gold.mentions]
    everything = [related for found in made.values() for related in found]
    opening = gold.mentions[0].doc
    disputed = [said for mention, said in pairs if mention.label == "contradicting"]
    return ClaimFigures(
        articles=len(first),
        claims=len(everything),
        grounded=sum(_grounded(related.mention, decision) for decision in first for related in _standing(decision)),
        leaks=sum(_leaks(span, related.mention) for span in gold.chrome for related in made[span.doc]),
        mentions=len(pairs),
        found=sum(said is not None for _, said in pairs),
        unjudged=_unjudged(made, gold.mentions),
        novelty=Counts.of([(m.label == "new", said == "new") for m, said in pairs if m.doc != opening]),
        contradictions=len(disputed),
        contradictions_found=disputed.count("contradicting"),
        contradictions_claimed=sum(related.relation is Relation.CONTRADICTING for related in everything),
        answers=tuple((mention.label or "", said) for mention, said in pairs if said is not None),
        placed=_placed(gold, first),
        filed=tuple(_filed(gold, made, claims)),
        alerts_now=sum(alert.urgency is Urgency.NOW for decision in first for alert in decision.alerts),
        alerts_again=sum(len(decision.alerts) for decision in again),
    )


def _standing(decision: Decision) -> tuple[Related, ...]:
    return tuple(related for related in decision.relations if related.relation is not Relation.WITHDRAWN)


def _grounded(mention: Mention, decision: Decision) -> bool:
    return decision.reading.article.text[mention.start : mention.end] == mention.quote


def _shared(one: GoldMention | Mention, other: GoldMention | Mention) -> int:
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def overlaps(one: GoldMention | Mention, other: GoldMention | Mention) -> bool:
    """Whether two spans share at least half of the shorter one."""
    shorter = min(one.end - one.start, other.end - other.start)
    return _shared(one, other) >= _LEAST_SHARED * max(1, shorter)


def _leaks(chrome: GoldMention, claim: Mention) -> bool:
    return overlaps(chrome, claim) and claim.end - claim.start <= _WIDEST_LEAK * (chrome.end - chrome.start)


def _answer(mention: GoldMention, claims: Iterable[Related]) -> str | None:
    """What the product said of a gold mention: one of the four labels, None where it did not find it.

    A contradiction counts as found when any claim at that place contradicts: which of two overlapping claims carries
    the clash is a matter of cutting.
    """
    there = [related for related in claims if overlaps(mention, related.mention)]
    if not there:
        return None
    said = [_FOUR.get(related.relation, related.relation.value) for related in there]
    if mention.label == "contradicting" and "contradicting" in said:
        return "contradicting"
    return max(zip(there, said, strict=True), key=lambda pair: _closeness(mention, pair[0].mention))[1]


def _filed(gold: ClaimGold, made: Mapping[str, Sequence[Related]], claims: Mapping[str, str]) -> Iterator[Filed]:
    """Each mention that was found, by the closest claim at its place; one that stands for two counts once."""
    told = set()
    for mention in gold.mentions:
        there = [related for related in made[mention.doc] if overlaps(mention, related.mention)]
        if not there or mention.claim is None:
            continue
        found = max(there, key=lambda related: _closeness(mention, related.mention)).mention_id
        if found not in told:
            told.add(found)
            yield Filed(within=gold.name, mention=found, claim=mention.claim, said=claims[found])


def _closeness(mention: GoldMention, claim: Mention) -> tuple[bool, float]:
    shared = _shared(mention, claim)
    union = (mention.end - mention.start) + (claim.end - claim.start) - shared
    return claim.kind.value == mention.kind, shared / max(1, union)


def _unjudged(made: Mapping[str, Sequence[Related]], mentions: Iterable[GoldMention]) -> int:
    by_doc: dict[str, list[GoldMention]] = defaultdict(list)
    for mention in mentions:
        by_doc[mention.doc].append(mention)
    return sum(
        not any(overlaps(mention, related.mention) for mention in by_doc[doc])
        for doc, found in made.items()
        for related in found
    )


def _placed(gold: ClaimGold, made: Iterable[Decision]) -> tuple[Placed, ...]:
    said = {decision.reading.article.id: main_meeting(decision) for decision in made}
    return tuple(
        Placed(within=gold.name, doc=doc, event=event, said=said[doc]) for doc, event in _events(gold.mentions).items()
    )


def _events(mentions: Iterable[GoldMention]) -> dict[str, str]:
    """Each article's meeting: the one that most of its mentions are about."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for mention in mentions:
        if mention.event is not None:
            counted[mention.doc][mention.event] += 1
    return {doc: events.most_common(1)[0][0] for doc, events in counted.items()}
