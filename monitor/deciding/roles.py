"""Offices and ranks against the role ledger: values of a person at a time, compared even where texts share nothing.

Two offices of one person are the same where their keys, or most of their words, agree. They clash where both are
exclusive posts and name different ones: two military posts, the head of two institutions, a post of command and a
ministry. A vague description («الرجل القوي») or a former post clashes with nothing, members may be anything besides,
and envoys, advisers and ambassadors several of these at once.
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

_OPEN_HEADS: Final = ("member", "secretary", "assistant", "office_director")
"""How the heads of offices begin that are held beside others."""
_POSTS: Final = {
    "minister": ("minister",),
    "parliament": ("speaker",),
    "council": ("chairman",),
    "government": ("prime_minister", "libyan_prime_minister"),
    "palace": ("head_diwan",),
    "spokesman": ("spokesman",),
    "diplomat": (
        "envoy",
        "adviser",
        "representative",
        "representative_permanent",
        "representative_special",
        "coordinator",
        "counsellor",
        "attache",
        "head_mission",
        "ambassador",
        "charge",
        "envoy_au",
        "envoy_eu",
    ),
}
"""Sorts of posts by the heads of their offices; a military post that has a head is of the sort `command`."""
_EXCLUSIVE: Final = frozenset(
    map(
        frozenset,
        (
            ("command", "minister"),
            ("command", "parliament"),
            ("command", "palace"),
            ("command", "diplomat"),
            ("command", "spokesman"),
            ("minister", "parliament"),
            ("minister", "palace"),
            ("minister", "diplomat"),
            ("minister", "spokesman"),
            ("parliament", "council"),
            ("parliament", "government"),
            ("diplomat", "spokesman"),
        ),
    )
)
"""Sorts that one person is not at once. A head of state or of government may hold a ministry or a command as well."""
_SEVERAL: Final = frozenset({"diplomat", "spokesman"})
"""Sorts of which one person may hold several posts, or that outlets name loosely."""
_BOTH_AT_ONCE: Final = frozenset({"general_commander", "defence_minister"})
"""One man's two posts in Egypt."""
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
    exact = [k for k in same if k.mention.values("rank") & mention.values("rank") or len(_levels(k.mention)) == 1]
    if exact:
        return verdict.known(exact[0], ("person", "rank"), corroborates=corroborates(origin, exact), origin=origin)
    if held and not same:
        return verdict.contradicting(
            held[-1], ("person", "rank"), "الرتبة", "rank", here=mention.quote, there=held[-1].mention.quote
        )
    return verdict.new(("person", "rank"), nearest=same[-1] if same else None)


def same_office(one: Slots, other: Slots) -> bool:
    """Whether two offices of one person are one."""
    return _same(_office(one), _office(other))


def same_rank(one: Mention, other: Mention) -> bool:
    """Whether two ranks of one person are one: in the same words, or of the same single level."""
    here, there = _levels(one), _levels(other)
    return bool(one.values("rank") & other.values("rank")) or (len(here) == 1 and here == there)


def _rank(mention: Mention) -> set[tuple[str, str]]:
    """The rank and its level: «الفريق أول» and «الفريق أول ركن» are one level, «الجنرال» any of several."""
    return {slot for slot in mention.slots if slot[0] in {"rank", "rank_level"}}


def _levels(mention: Mention) -> set[str]:
    return mention.values("rank_level")


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
    loose = one.head.startswith(_OPEN_HEADS) and other.head.startswith(_OPEN_HEADS)
    if loose or (_sort(one) == _sort(other) and _sort(one) in _SEVERAL):
        return countries
    if one.head == other.head and one.head and (one.descriptor or other.descriptor):
        return countries
    other_heads = bool(one.head and other.head and one.head != other.head)
    return countries and alike >= (_MOSTLY if other_heads else _ALIKE) and not _clash(one, other)


def _is_plain_title(one: _Office, other: _Office) -> bool:
    """«رئيس الوزراء» for «رئيس حكومة الوفاق»: the plain title of the same post."""
    return _GENERIC.get(one.head, "-") == other.key or _GENERIC.get(other.head, "-") == one.key


def _clash(one: _Office, other: _Office) -> bool:
    if one.descriptor or other.descriptor or not (one.head and other.head) or one.key == other.key:
        return False
    if one.head.startswith(_OPEN_HEADS) or other.head.startswith(_OPEN_HEADS):
        return False
    if {one.key, other.key} == _BOTH_AT_ONCE:
        return False
    sorts = {_sort(one), _sort(other)}
    if len(sorts) == 1:
        return not sorts & _SEVERAL and (one.head == other.head or sorts == {"command"})
    return sorts in _EXCLUSIVE


def _sort(office: _Office) -> str:
    """The sort of a post by its head; a post of no sort is a sort of its own."""
    named = (sort for sort, heads in _POSTS.items() if office.head in heads)
    return next(named, "command" if office.kind == "military" else office.head)
