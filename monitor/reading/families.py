"""Families of predicates that tell of meetings, and the frame of one such predicate: who, with whom, where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.reading.people import LIBYA

if TYPE_CHECKING:
    from monitor.reading.people import Person
    from monitor.reading.phrases import PhraseMatch
    from monitor.reading.places import PlaceMention

TALK: Final = frozenset(
    {"meet", "receive", "convene", "talk", "negotiate", "summit", "conference", "discuss", "exchange_views", "host"}
    | {"attend", "take_part", "mediate", "sponsor", "sent", "sign"}
)
MOVE: Final = frozenset({"visit", "arrive", "travel", "depart"})
CALL: Final = frozenset({"call"})
INVITE: Final = frozenset({"invite"})
MEETING: Final = TALK | MOVE | CALL | INVITE
GATHERING: Final = frozenset(
    {
        "meet",
        "receive",
        "convene",
        "talk",
        "negotiate",
        "summit",
        "conference",
        "host",
        "attend",
        "take_part",
        "mediate",
    }
)
"""Families whose foreign side may be no more than the country in which it happens."""
JOINING: Final = frozenset({"attend", "take_part", "include", "sign", "agree", "meet", "convene", "talk"})
"""What a principal does at a meeting that another sentence has told of."""

_WITH_BODIES: Final = frozenset({"meet", "receive", "talk", "discuss", "negotiate", "call", "sign"})
"""Families whose foreign side may be an organisation with nobody named («مع بعثة الأمم المتحدة»)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One meeting predicate of a sentence with its arguments."""

    sentence: int
    predicate: PhraseMatch
    family: str
    principals: tuple[Person, ...]
    foreigners: tuple[Person, ...]
    others: tuple[Person, ...]
    places: tuple[PlaceMention, ...]
    bodies: tuple[PlaceMention, ...]
    start: int
    end: int

    @property
    def abroad(self) -> tuple[PlaceMention, ...]:
        """Places of other countries than Libya where it happened or is to happen."""
        return tuple(place for place in self.places if place.country not in {None, LIBYA})

    @property
    def has_foreign_side(self) -> bool:
        """A foreign counterpart, or for a journey or a gathering the foreign place."""
        if self.foreigners or (self.bodies and not self.others and self.family in _WITH_BODIES):
            return True
        return bool(self.abroad) and self.family in MOVE | GATHERING | {"sign"}
