"""One free-standing sentence against another: slots that clash first, then how much of the one the other holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.deciding import verdict
from monitor.deciding.coverage import coverage
from monitor.model import Modality

if TYPE_CHECKING:
    from monitor.deciding.verdict import Verdict
    from monitor.model import KnownClaim, Mention
    from monitor.ports import Similarity

KNOWN: Final = 0.5
SUGGEST: Final = 0.35
_RELATED: Final = 0.25
_FIRM: Final = frozenset({Modality.AGREED, Modality.SIGNED, Modality.IMPLEMENTED})
_SOFT: Final = frozenset({Modality.DISCUSSED, Modality.WISHED, Modality.AGREED_IN_PRINCIPLE})
_LABELS: Final = {"person": ("الأشخاص", "persons"), "place": ("المكان", "place"), "number": ("العدد", "number")}


def relate_statement(incoming: Mention, known: KnownClaim, similarity: Similarity) -> Verdict:
    """The relation of one sentence to another.

    Restated where they share most of their terms and no slot clashes, contradicting where they speak of the same
    and a slot (polarity, persons, places, numbers) has another value, else new.
    """
    other = known.mention
    share = (coverage(incoming.terms, other.terms) + coverage(other.terms, incoming.terms)) / 2
    score = (share + similarity.score(incoming.quote, [other.quote])[0]) / 2
    method = f"slots+{similarity.name}"
    clash = _clash(incoming, other)
    compared = ("polarity", *_LABELS, "terms")
    if clash and score >= _RELATED:
        arabic, english = clash
        return verdict.contradicting(
            known, compared, arabic, english, here=incoming.quote, there=other.quote, score=score, method=method
        )
    if score >= KNOWN and not clash:
        return verdict.known(known, compared, corroborates=False, origin=None, score=score, method=method)
    return verdict.new(compared, nearest=known, score=score, method=method, suggest=score >= SUGGEST)


def _clash(one: Mention, other: Mention) -> tuple[str, str] | None:
    """The first slot that both fill, and fill differently."""
    if one.polarity is not other.polarity:
        return "الإثبات والنفي", "polarity"
    if {one.modality in _FIRM, other.modality in _FIRM} == {True, False} and {one.modality, other.modality} & _SOFT:
        return "درجة الاتفاق", "modality"
    for slot, labels in _LABELS.items():
        own = one.values(slot)
        held = other.values(slot)
        if own and held and not own & held:
            return labels
    return None
