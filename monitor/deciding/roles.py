"""Offices and ranks against the role ledger: values of a person at a time, compared even where texts share nothing.

Two offices of one person are the same where their keys, or most of their words, agree. They clash where both are
exclusive posts and name different ones: two military posts, or the head of two institutions. A vague description
(«الرجل القوي») clashes with nothing, and envoys, advisers and members may be several things at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.deciding import verdict
from monitor.deciding.origins import corroborates
from monitor.model import ClaimKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.deciding.verdict import Verdict
    from monitor.model import KnownClaim, Mention, Slots

_OPEN_HEADS: Final = (
    "envoy",
    "adviser",
    "member",
    "representative",
    "coordinator",
    "assistant",
    "secretary",
    "spokesman",
    "counsellor",
    "attache",
    "head_mission",
)
"""How the heads of offices begin that one person may hold several of, or that outlets name loosely."""
_GENERIC: Final = {"libyan_prime_minister": "prime_minister"}
"""Heads whose holder is also called by the plain title: «رئيس الوزراء» says no other thing."""
_ALIKE: Final = 0.6
_MOSTLY: Final = 0.8
"""The same where the lexicon knows the two for offices of different heads."""


def relate_role(mention: Mention, ledger: Sequence[KnownClaim], origin: str | None) -> Verdict:
    """The relation of an office of a person to those the ledger holds for the same person."""
    own = _office(mention.slots)
    held = [k for k in ledger if k.mention.kind is ClaimKind.ROLE and k.mention.subject == mention.subject]
    same = [k for k in held if _same(own, _office(k.mention.slots))]
    plain = [k for k in held if _is_plain_title(own, _office(k.mention.slots))]
    if same:
        return verdict.known(same[0], ("person", "office"), corroborates=corroborates(origin, same), origin=origin)
    for known in reversed(held):
        if _clash(own, _office(known.mention.slots)):
            return verdict.contradicting(
                known, ("person", "office"), "الصفة", "office", here=mention.quote, there=known.mention.quote
            )
    if plain:
        return verdict.known(plain[0], ("person", "office"), corroborates=corroborates(origin, plain), origin=origin)
    return verdict.new(("person", "office"), nearest=held[-1] if held else None)


def relate_rank(mention: Mention, ledger: Sequence[KnownClaim], origin: str | None) -> Verdict:
    """The relation of a rank of a person to those the ledger holds for the same person."""
    held = [k for k in ledger if k.mention.kind is ClaimKind.RANK and k.mention.subject == mention.subject]
    same = [k for k in held if _rank(k.mention) & _rank(mention)]
    if same:
        return verdict.known(same[0], ("person", "rank"), corroborates=corroborates(origin, same), origin=origin)
    if held:
        return verdict.contradicting(
            held[-1], ("person", "rank"), "الرتبة", "rank", here=mention.quote, there=held[-1].mention.quote
        )
    return verdict.new(("person", "rank"))


def _rank(mention: Mention) -> set[tuple[str, str]]:
    """The rank and its level: «الفريق أول» and «الفريق أول ركن» are one level."""
    return {slot for slot in mention.slots if slot[0] in {"rank", "rank_level"}}


class _Office:
    """The comparable parts of an office's slots."""

    __slots__ = ("countries", "descriptor", "head", "key", "kind", "terms")

    def __init__(self, slots: Slots) -> None:
        def values(name: str) -> frozenset[str]:
            return frozenset(value for key, value in slots if key == name)

        self.key = next(iter(values("office")), "")
        self.head = next(iter(values("head")), "")
        self.kind = next(iter(values("class")), "")
        self.countries = values("office_country")
        self.descriptor = bool(values("descriptor"))
        self.terms = values("term")


def _office(slots: Slots) -> _Office:
    return _Office(slots)


def _same(one: _Office, other: _Office) -> bool:
    countries = not one.countries or not other.countries or bool(one.countries & other.countries)
    if one.key == other.key:
        return countries
    alike = len(one.terms & other.terms) / max(1, min(len(one.terms), len(other.terms)))
    if one.head.startswith(_OPEN_HEADS) and other.head.startswith(_OPEN_HEADS):
        return countries
    other_heads = bool(one.head and other.head and one.head != other.head)
    return countries and alike >= (_MOSTLY if other_heads else _ALIKE) and not _clash(one, other)


def _is_plain_title(one: _Office, other: _Office) -> bool:
    """«رئيس الوزراء» for «رئيس حكومة الوفاق»: the plain title of the same post."""
    return _GENERIC.get(one.head, "-") == other.key or _GENERIC.get(other.head, "-") == one.key


def _clash(one: _Office, other: _Office) -> bool:
    if one.descriptor or other.descriptor or one.head.startswith(_OPEN_HEADS) or other.head.startswith(_OPEN_HEADS):
        return False
    if one.kind == other.kind == "military" and one.key != other.key:
        return bool(one.head and other.head)
    return bool(one.head) and one.head == other.head and one.key != other.key
