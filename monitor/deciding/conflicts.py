"""Where two clauses of one meeting cannot both be so: denials, steps of agreement, numbers. Slots alone decide."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from monitor.deciding import verdict
from monitor.deciding.coverage import coverage
from monitor.model import ClaimKind, Mention, Modality, Polarity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.deciding.verdict import Verdict
    from monitor.model import KnownClaim, MeetingLink

CONFLICT_COVERAGE: Final = 0.5
NEGATED_COVERAGE: Final = 0.3
NEGATED_ALIKE: Final = 0.6
"""Coverage from which a clause is another one with a negation put in."""
_LEAST_SHARED: Final = 2
_UNKNOWN: Final = "?"
"""What a clause denies with a verb of no family."""
_NUMBERS: Final = frozenset({"number", "count"})
_AGREEING: Final = frozenset({"agree", "sign", "reach", "approve", "conclude"})
_MEETING_ACTS: Final = frozenset({"meet", "receive", "visit", "call"})
_DEEDS: Final = frozenset({"agree", "attend", "discuss", "invite", "visit", "meet", "receive", "call", "pledge"})
_REFUSING: Final = frozenset({"reject", "decline"})
_RAISING: Final = frozenset({"propose", "discuss"})
"""Families by which a subject comes up: what «لم يطرح» was not talked of, whoever talks."""
_ACTS: Final = frozenset({ClaimKind.AGENDA, ClaimKind.OUTCOME, ClaimKind.EVENT})
_LADDER: Final = (
    Modality.DISCUSSED,
    Modality.WISHED,
    Modality.AGREED_IN_PRINCIPLE,
    Modality.AGREED,
    Modality.SIGNED,
    Modality.IMPLEMENTED,
)
_FIRM: Final = _LADDER.index(Modality.AGREED)
_SOFT_KINDS: Final = frozenset({ClaimKind.AGENDA, ClaimKind.STANCE, ClaimKind.STATEMENT, ClaimKind.OUTCOME})


def denial_of_meeting(mention: Mention, ledger: Sequence[KnownClaim], link: MeetingLink | None) -> Verdict | None:
    """«نفت … أن يكون قد استقبل حفتر»: the meeting itself is denied, whatever words told of it."""
    if mention.polarity is not Polarity.NEGATED or link is None or not _MEETING_ACTS & mention.values("denied"):
        return None
    parties = {*link.merged.principals, *(c.name for c in link.merged.counterparts if c.name)}
    named = mention.values("person")
    told = [k for k in ledger if k.mention.kind is ClaimKind.EVENT and k.mention.polarity is Polarity.AFFIRMED]
    if not told or not parties & named or named - parties:
        return None
    return verdict.contradicting(
        told[-1],
        ("person", "polarity"),
        "انعقاد اللقاء",
        "whether they met",
        here=mention.quote,
        there=told[-1].mention.quote,
    )


def told_acts(mention: Mention) -> set[str]:
    """The families of all predicates of a clause."""
    return {mention.predicate, *mention.values("act")}


def conflict(
    mention: Mention, candidates: Sequence[KnownClaim], link: MeetingLink | None, beside: Sequence[Mention] = ()
) -> Verdict | None:
    """The newest known clause of the same meeting that cannot be so together with this one, as a verdict.

    `beside`: what else the article says, which may be firmer than the clause.
    """
    held = {value for known in candidates for name, value in known.mention.slots if name in _NUMBERS}
    for known in reversed(candidates):
        found = (
            _polarity_conflict(mention, known)
            or _modality_conflict(mention, known, link)
            or _number_conflict(mention, known, held)
        )
        if found is not None:
            return found
    return _softer(mention, candidates, beside)


def _softer(mention: Mention, candidates: Sequence[KnownClaim], beside: Sequence[Mention]) -> Verdict | None:
    """Talks or a wish about what is known as agreed upon, where nobody has yet told of less than an agreement.

    The same conflict as in the other order of arrival, and told once: who talks of it again only restates, as does who
    says what the article with the agreement said of the talks. An article that tells of the agreement too is no other
    account of it.
    """
    if mention.modality not in _LADDER[:_FIRM] or mention.kind not in _SOFT_KINDS:
        return None
    topics = topics_of(mention)
    told = [known for known in candidates if topics & topics_of(known.mention)]
    firm = [known for known in told if _is_firm(known.mention)]
    agreed = {known.article_id for known in firm}
    known_as_soft = any(
        known.mention.modality in _LADDER[:_FIRM]
        and (known.article_id not in agreed or coverage(mention.terms, known.mention.terms) >= CONFLICT_COVERAGE)
        for known in told
    )
    if not firm or known_as_soft or any(_is_firm(other) and topics & topics_of(other) for other in beside):
        return None
    return verdict.contradicting(
        firm[-1], ("topic", "modality"), "درجة الاتفاق", "modality", here=mention.quote, there=firm[-1].mention.quote
    )


def _is_firm(mention: Mention) -> bool:
    return mention.kind is ClaimKind.OUTCOME and mention.modality in _LADDER[_FIRM:]


def _polarity_conflict(mention: Mention, known: KnownClaim) -> Verdict | None:
    other = known.mention
    if mention.polarity == other.polarity:
        return None
    if not (_is_undone(mention, other) or _says_the_same_again(mention, other)):
        return None
    return verdict.contradicting(
        known, ("predicate", "polarity"), "الإثبات والنفي", "polarity", here=mention.quote, there=other.quote
    )


def _is_undone(mention: Mention, other: Mention) -> bool:
    """The same deed, or the same subject of talks, done in one and not in the other."""
    if not mention.predicate:
        return False
    same_act = bool(_deeds(mention) & _deeds(other))
    vague = _UNKNOWN in mention.values("denied") | other.values("denied")
    same_topic = bool(topics_of(mention) & topics_of(other)) and {mention.kind, other.kind} <= _ACTS and not vague
    share = coverage(mention.terms, other.terms)
    if topics_of(mention) & topics_of(other) and _RAISING & (mention.values("denied") | other.values("denied")):
        return share >= CONFLICT_COVERAGE
    if same_act and (share >= CONFLICT_COVERAGE or _small_agreement(mention, other)):
        return True
    return same_topic and share >= NEGATED_COVERAGE


def _says_the_same_again(mention: Mention, other: Mention) -> bool:
    """«لم يسفر التنسيق عن نتائج» against «أسفر … عن نتائج»: the same words, but for what is denied of them."""
    negated, affirmed = (mention, other) if mention.polarity is Polarity.NEGATED else (other, mention)
    denied = negated.values("denied")
    share, back = coverage(mention.terms, other.terms), coverage(other.terms, mention.terms)
    if len(set(mention.terms) & set(other.terms)) < _LEAST_SHARED:
        return False
    if denied & told_acts(affirmed):
        return share >= NEGATED_ALIKE
    return bool(denied) and min(share, back) >= NEGATED_ALIKE


def _deeds(mention: Mention) -> set[str]:
    """The deeds that it says were done, or, where it denies any, those that it denies."""
    return _as_deeds((mention.values("denied") - {_UNKNOWN}) or told_acts(mention))


def _as_deeds(families: set[str]) -> set[str]:
    """The families that tell of a deed, all ways of agreeing taken together."""
    return {"agree" if family in _AGREEING else family for family in families} & _DEEDS


def _small_agreement(mention: Mention, other: Mention) -> bool:
    """An agreement with no subject of its own («لم يوقعوا على الاتفاق») is the meeting's.

    Who refuses to sign does not, and that he does not is no word about what another one signed.
    """
    negated, affirmed = (mention, other) if mention.polarity is Polarity.NEGATED else (other, mention)
    denied = "agree" in _as_deeds(negated.values("denied")) and not topics_of(negated)
    reached = "agree" in _as_deeds({affirmed.predicate}) and not _REFUSING & told_acts(affirmed)
    return denied and reached and _same_people(negated, affirmed)


def _same_people(one: Mention, other: Mention) -> bool:
    """Whether somebody is named in both, or nobody in one of them."""
    here, there = one.values("person"), other.values("person")
    return not here or not there or bool(here & there)


def _was_plan(known: KnownClaim, link: MeetingLink | None) -> bool:
    """Whether the known claim was published before the meeting began: what came of it then is an update."""
    begins = link.merged.date_from if link else None
    announced = known.mention.modality is Modality.ANNOUNCED
    return announced or (begins is not None and known.published_at is not None and known.published_at.date() < begins)


def _modality_conflict(mention: Mention, known: KnownClaim, link: MeetingLink | None) -> Verdict | None:
    """The same thing, agreed here and only wished for or discussed there; a later, higher step is an update."""
    other = known.mention
    if mention.modality not in _LADDER or other.modality not in _LADDER:
        return None
    here, there = _LADDER.index(mention.modality), _LADDER.index(other.modality)
    shared = topics_of(mention) & topics_of(other)
    if not shared or not differ_in_step(mention, other) or mention.kind is not ClaimKind.OUTCOME:
        return None
    compared = ("topic", "modality")
    if _was_plan(known, link) and here > there:
        return verdict.updated(known, compared, "خطوة أبعد في تاريخ لاحق", "a further step, at a later date")
    return verdict.contradicting(known, compared, "درجة الاتفاق", "modality", here=mention.quote, there=other.quote)


def _number_conflict(mention: Mention, known: KnownClaim, held_values: set[str]) -> Verdict | None:
    """Another number of the same thing, in a claim about the same; one that was said before is no conflict."""
    own = _numbers(mention)
    if not own:
        return None
    held = _numbers(known.mention)
    shared = set(mention.terms) & set(known.mention.terms)
    topical = bool(topics_of(mention) & topics_of(known.mention))
    same = (
        bool(mention.predicate)
        and mention.predicate == known.mention.predicate
        and mention.terms == known.mention.terms
    )
    for noun in own.keys() & held.keys():
        counted = _counts(mention) & _counts(known.mention)
        about_the_same = topical or len(shared - {noun}) >= 2 or noun in counted or same  # noqa: PLR2004 - one may be chance
        unheard = {number for number in own[noun] if f"{number} {noun}" not in held_values}
        if unheard and not own[noun] & held[noun] and about_the_same:
            return verdict.contradicting(
                known, ("number",), "العدد", "number", here=mention.quote, there=known.mention.quote
            )
    return None


def differ_in_number(one: Mention, other: Mention) -> bool:
    """Whether both count the same thing and have no number of it in common."""
    here, there = _numbers(one), _numbers(other)
    return any(not here[noun] & there[noun] for noun in here.keys() & there.keys())


def differ_in_step(one: Mention, other: Mention) -> bool:
    """Whether one tells of an agreement and the other of less than one."""
    steps = [_LADDER.index(mention.modality) >= _FIRM for mention in (one, other) if mention.modality in _LADDER]
    return len(set(steps)) > 1


def topics_of(mention: Mention) -> set[str]:
    """The topics that a clause names."""
    return mention.values("topic")


def _numbers(mention: Mention) -> Mapping[str, set[str]]:
    """What is counted, with its numbers: a clause may count two lots of officers."""
    found: dict[str, set[str]] = defaultdict(set)
    for number, _, noun in (value.partition(" ") for name, value in mention.slots if name in _NUMBERS):
        found[noun].add(number)
    return found


def _counts(mention: Mention) -> set[str]:
    """People, states and sums that are counted: their number in one meeting is a functional slot."""
    return {value.partition(" ")[2] for value in mention.values("count")}
