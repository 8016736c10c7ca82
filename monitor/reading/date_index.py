"""The words of dates, indexed once, and what finding one gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from monitor.reading.arabic import fold
from monitor.reading.phrases import PhraseIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from monitor.lexicon import Lexicon
    from monitor.reading.calendars import Era

DateSource: TypeAlias = Literal["gregorian", "hijri", "weekday", "relative", "month", "year"]
Precision: TypeAlias = Literal["day", "days", "week", "part", "month", "year"]


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date at `[start, end)` of the text; it lies within `date_from` and `date_to`, both included."""

    start: int
    end: int
    date_from: date
    date_to: date
    source: DateSource
    precision: Precision


class Month(NamedTuple):
    """A month by name; a weak name is also another word. `last` is the index of its last token, where found."""

    number: int
    era: Era
    weak: bool
    last: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class DateIndex:
    """The words of dates; build it once with `from_lexicon`."""

    months: PhraseIndex
    weekdays: PhraseIndex
    numbers: PhraseIndex
    words: PhraseIndex
    month_of: Mapping[str, Month]

    @classmethod
    def from_lexicon(cls, lexicon: Lexicon) -> DateIndex:
        """Index months, weekdays, numbers and datewords; a file that is missing adds nothing."""
        months: dict[str, Month] = {}
        for entry in lexicon.entries("months"):
            weak = {fold(form) for form in (entry.get("weak") or "").split("|")}
            era = entry.attrs["calendar"]
            for form in entry.forms:
                doubtful = era == "hijri" or fold(form) in weak
                months[form] = Month(int(entry.attrs["number"]), era, doubtful)
        return cls(
            months=PhraseIndex((form, form) for form in months),
            weekdays=_valued(lexicon, "weekdays", lambda attrs: attrs["number"]),
            numbers=_valued(lexicon, "numbers", lambda attrs: attrs["value"]),
            words=_valued(lexicon, "datewords", lambda attrs: f"{attrs['type']}={attrs.get('value', '')}"),
            month_of=months,
        )


def _valued(lexicon: Lexicon, name: str, key: Callable[[Mapping[str, str]], str]) -> PhraseIndex:
    return PhraseIndex((form, key(entry.attrs)) for entry in lexicon.entries(name) for form in entry.forms)
