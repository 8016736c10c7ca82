"""One free-standing sentence against another: what speaks against their saying the same, then how much they share.

The words of both are laid side by side. A word against its opposite, a negation on one side, another place, person or
number is a conflict that can be named. Short of one they are the same where they share more than is replaced.

The weights are a logistic regression's on a part of the pairs of ANS that agree or disagree (Khouja 2020; 1,746 pairs
of headlines, whose stories are not in the other 843), each divided by the weight of the shared words, and rounded. A
conflict weighs more than all words shared, which is why it is no weight here but a bar. `tests/accuracy` measures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.deciding import verdict
from monitor.deciding.aligning import align
from monitor.model import Modality

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.deciding.aligning import Alignment
    from monitor.deciding.verdict import Verdict
    from monitor.model import ContentWord, KnownClaim, Mention, Statement
    from monitor.ports import Similarity

KNOWN: Final = 0.4
"""Of the pairs not fitted on, 0.56 of those that agree are called known, and 0.09 of those that disagree."""
SUGGEST: Final = 0.25
_RELATED: Final = 0.3
"""Sentences that share less conflict in nothing, for they are about different things."""
_REPLACED: Final = 0.16
"""What either has words that the other lacks costs: then one is not just more detail of the other."""
_FRAMED: Final = 0.3
"""What a replacement costs for each side on which it touches a word that both have («X … Y» against «X … Z»)."""
_YEARS: Final = range(1900, 2101)
_FIRM: Final = frozenset({Modality.AGREED, Modality.SIGNED, Modality.IMPLEMENTED})
_SOFT: Final = frozenset({Modality.DISCUSSED, Modality.WISHED, Modality.AGREED_IN_PRINCIPLE})
_COMPARED: Final = ("polarity", "opposites", "person", "place", "number", "terms")


def relate_statement(incoming: Statement, held: Statement, known: KnownClaim, similarity: Similarity) -> Verdict:
    """The relation of one sentence to another.

    Args:
        incoming: The sentence to relate.
        held: The sentence that is known.
        known: The claim whose sentence that is, for the verdict to point at.
        similarity: Speaks only where the words leave it open: what is alike and not known is suggested.

    Returns:
        Restated where they share their words, with little replaced and no conflict; contradicting where they share
        enough to speak of the same, and conflict; else new.
    """
    laid = align(incoming.words, held.words)
    likeness = similarity.score(incoming.mention.quote, [held.mention.quote])[0]
    share = laid.share if incoming.words or held.words else likeness
    method = f"words+{similarity.name}"
    clash = _clash(incoming.mention, held.mention) or _conflict(laid)
    if clash and share >= _RELATED:
        here, there = incoming.mention.quote, held.mention.quote
        return verdict.contradicting(known, _COMPARED, *clash, here=here, there=there, score=share, method=method)
    replaced = _REPLACED * bool(_plain(laid.left) and _plain(laid.right)) + _FRAMED * laid.frame()
    score = max(0.0, share - replaced)
    if score >= KNOWN and not clash and not laid.odd():
        return verdict.known(known, _COMPARED, corroborates=False, origin=None, score=score, method=method)
    suggest = max(score, likeness) >= SUGGEST
    return verdict.new(_COMPARED, nearest=known, score=score, method=method, suggest=suggest)


def _clash(one: Mention, other: Mention) -> tuple[str, str] | None:
    """What the slots of both fill, and fill differently."""
    own, held = one.values("person"), other.values("person")
    if own and held and not own & held:
        return "الأشخاص", "persons"
    if {one.modality in _FIRM, other.modality in _FIRM} == {True, False} and {one.modality, other.modality} & _SOFT:
        return "درجة الاتفاق", "modality"
    return None


def _conflict(laid: Alignment) -> tuple[str, str] | None:
    """What the words of both put differently, the surest first."""
    if laid.opposed():
        return "المعنى وضده", "meaning"
    if laid.turned():
        return "الإثبات والنفي", "polarity"
    if _elsewhere(laid.left, laid.other) and _elsewhere(laid.right, laid.one):
        return "المكان", "place"
    counted = [{word.number for word in words if word.number} for words in (laid.left, laid.right)]
    if all(counted) and _are_years(counted[0]) is _are_years(counted[1]):
        return "العدد", "number"
    return None


def _elsewhere(words: Iterable[ContentWord], others: Iterable[ContentWord]) -> bool:
    """Whether one of the words is a place that the other sentence does not name, nor its country, nor a town in it."""
    named = {other.place for other in others if other.place}
    countries = {place[1] for place in named}
    return any(
        word.place and word.place not in named and (word.place[1], word.place[1]) not in named
        and not (word.place[0] == word.place[1] and word.place[1] in countries)
        for word in words
    )  # fmt: skip


def _are_years(numbers: Iterable[str]) -> bool:
    """A year and a count of years may tell the same time."""
    return any(number.isdigit() and int(number) in _YEARS for number in numbers)


def _plain(words: Iterable[ContentWord]) -> tuple[ContentWord, ...]:
    return tuple(word for word in words if not (word.place or word.number or word.turns))
