"""What a judge's answers change: a case may become doubtful, and nothing more.

Only cases that likeness decided are shown to a judge, never one that slots decided: a conflict stays a conflict, an
update an update. An answer moves a case into *suggest*. It makes nothing known, nothing surely new, and not a word of
it is told: what is told are our own sentences, and quotes of articles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from monitor.deciding.alerts import make_alerts
from monitor.deciding.identity import claim_id
from monitor.model import Outcome, Relation
from monitor.ports import JudgeAnswer
from monitor.reading.arabic import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import Decision, Recall, Related
    from monitor.ports import JudgeVerdict

MOST_CASES: Final = 8
"""Of one article: each is a request."""
_FLOOR: Final = 0.25
"""Likeness below which two sentences have nothing to do with each other, and nobody need be asked."""
_MIDDLE: Final = 0.6
_CERTAIN: Final = frozenset({"slots", "versions"})
"""Methods that compare no likeness."""
_KNOWN: Final = frozenset({Relation.RESTATED, Relation.CORROBORATING})
_DOUBT: Final = {
    Relation.NEW: (
        "يرى نموذج لغوي أنه قد يكون هو ما ورد من قبل؛ للمراجعة.",
        "A language model takes it for what is known: please check.",
    ),
    Relation.RESTATED: (
        "يرى نموذج لغوي أنه قد يختلف عما ورد من قبل؛ للمراجعة.",
        "A language model takes it for other than what is known: please check.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a judge is asked about one mention: its sentence, and the nearest that is known."""

    mention_id: str
    known: str
    incoming: str


def cases(decision: Decision, *, most: int = MOST_CASES) -> tuple[Case, ...]:
    """The cases worth asking about, those nearest to the line between known and new first."""
    open_ = [related for related in decision.relations if _by_likeness(related)]
    open_.sort(key=lambda related: (abs(related.score - _MIDDLE), related.mention_id))
    return tuple(
        Case(mention_id=related.mention_id, known=related.nearest_quote or "", incoming=related.mention.quote)
        for related in open_[:most]
    )


def with_judgement(decision: Decision, judgements: Mapping[str, JudgeVerdict], recall: Recall) -> Decision:
    """The decision after a judge was heard.

    Args:
        decision: What was decided without.
        judgements: Answers by mention id; whatever is no open case is passed over.
        recall: What the decision was made on: alerts are made anew where a case has moved.
    """
    relations = tuple(_moved(related, judgements.get(related.mention_id)) for related in decision.relations)
    if relations == decision.relations:
        return decision
    alerts = make_alerts(decision.reading, decision.meetings, relations, recall)
    quiet = Outcome.NOTHING_NEW if decision.duplicate_of is None else Outcome.DUPLICATE
    outcome = Outcome.ALERTED if alerts else quiet
    return replace(decision, relations=relations, alerts=alerts, outcome=outcome)


def _by_likeness(related: Related) -> bool:
    """Whether likeness alone decided it, and a judge could know better."""
    return (
        related.relation in {Relation.NEW, *_KNOWN}
        and not related.suggest
        and bool(related.mention.terms)
        and related.method not in _CERTAIN
        and related.nearest_quote is not None
        and related.score >= _FLOOR
        and fold(related.nearest_quote) != fold(related.mention.quote)
    )


def _moved(related: Related, verdict: JudgeVerdict | None) -> Related:
    if verdict is None or not _by_likeness(related):
        return related
    if related.relation is Relation.NEW and verdict.answer is JudgeAnswer.SAME:
        return _doubtful(related, verdict, related.claim_id)
    if related.relation in _KNOWN and verdict.answer in {JudgeAnswer.DIFFERENT, JudgeAnswer.CONFLICT}:
        return _doubtful(related, verdict, claim_id(related.meeting_id, related.mention))
    return related


def _doubtful(related: Related, verdict: JudgeVerdict, claim: str) -> Related:
    """In *suggest*: perhaps new, perhaps not."""
    arabic, english = _DOUBT[Relation.NEW if related.relation is Relation.NEW else Relation.RESTATED]
    return replace(
        related,
        relation=Relation.NEW,
        claim_id=claim,
        joins=related.joins if claim == related.claim_id else (),
        suggest=True,
        method=f"{related.method}+{verdict.by}",
        why=f"{related.why} {arabic}".strip(),
        why_en=f"{related.why_en} {english}".strip(),
    )
