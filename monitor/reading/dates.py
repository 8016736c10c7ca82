"""When: dates written in full, in part, or relative to the page's own date. Gregorian, Hijri and spoken forms.

A small grammar over tokens, tried from left to right, the fullest form first: figures («17/1/2026»), a day with its
month, a month, a year, a weekday, a word or span relative to the page («أمس», «قبل يومين», «الأسبوع الماضي»).
Everything that says less than the year needs the page's date; without it, it gives no date. The words stand in
months, weekdays, numbers and datewords of the lexicon.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from monitor.reading import calendars
from monitor.reading.date_index import DateIndex, DateMention
from monitor.reading.phrases import PhraseMatch, Spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from monitor.reading.arabic import Token
    from monitor.reading.calendars import Bounds, Era
    from monitor.reading.date_index import DateSource, Month, Precision
    from monitor.reading.phrases import PhraseIndex

__all__ = ["DateIndex", "DateMention", "find_dates"]

_FIGURES = re.compile(r"(?<![\d/.-])(\d{1,4})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?![\d/]|[-.]\d)")
_DIGITS = re.compile(r"[وفبكل]?(\d{1,4})")
_GAP = re.compile(r"[\s،,()/\-\u2013]*")
"""What may stand between the words of one date."""
_LAST_DAY = 31
_LAST_SHORT = 999  # four figures ask to be a year
_MONTHS = 12
_MOST_UNITS = 1000
_LONGEST_RANGE_DAYS = 15
_YEARS_BELIEVED = frozenset(range(1950, 2050)) - {2000}
"""Years that «في» or «منذ» is enough to believe in; «في 2000 موقع» is more often a count."""


class _Word(NamedTuple):
    type: str
    value: str
    last: int


class _Found(NamedTuple):
    """A date in tokens `first` to `last`, both included."""

    first: int
    last: int
    bounds: Bounds
    source: DateSource
    precision: Precision


class _InYear(NamedTuple):
    """Bounds of a day or month in the year meant; `said` is whether a year or direction was written."""

    bounds: Bounds
    last: int
    said: bool


def find_dates(
    text: str,
    tokens: Spelled | Sequence[Token],
    reference: date | None,
    index: DateIndex,
    *,
    future: Sequence[tuple[int, int]] = (),
) -> tuple[DateMention, ...]:
    """Dates named in `text`, in order, never overlapping.

    Args:
        text: The text that `tokens` point into.
        tokens: Its words.
        reference: The page's own date; None where it is not known, and then relative forms give no date.
        index: The words of dates.
        future: Stretches of the text that tell of what is to come: a bare weekday, or a day without a year,
            lies ahead in them.
    """
    return tuple(_Reader(text, tokens, reference, index).mentions(future))


class _Reader:
    """One pass over one text. A rule takes a token index and gives what it found from there, or None."""

    def __init__(self, text: str, tokens: Spelled | Sequence[Token], reference: date | None, index: DateIndex) -> None:
        self._spelled = tokens if isinstance(tokens, Spelled) else Spelled(tokens)
        self._text, self._tokens, self._reference, self._ahead = text, self._spelled.tokens, reference, False
        self._starts: dict[int, int] = {}
        self._months = {
            match.first: index.month_of[match.key]._replace(last=match.last)
            for match in self._find(index.months)
            if not match.prefix.endswith("ال")
        }
        self._weekdays = {match.first: match for match in self._find(index.weekdays)}
        self._numbers = {match.first: match for match in self._find(index.numbers)}
        self._numbers.update({match.first: match for match in _digits(self._tokens)})
        self._words: defaultdict[int, list[_Word]] = defaultdict(list)
        self._ends: defaultdict[int, set[str]] = defaultdict(set)
        for match in self._find(index.words):
            kind, _, value = match.key.partition("=")
            self._words[match.first].append(_Word(kind, value, match.last))
            self._ends[match.last].add(kind)

    def mentions(self, future: Sequence[tuple[int, int]]) -> Iterator[DateMention]:
        """Every date; at each token the first rule that fits wins."""
        figures = {found.first: found for found in self._figures()}
        rules = (self._day, self._month, self._year, self._weekday, self._spoken, self._ago, self._stretch)
        openings = {*figures, *self._months, *self._weekdays, *self._numbers, *self._words}
        behind = 0
        for at in sorted(openings):
            if at < behind:
                continue
            start = self._tokens[at].start
            self._ahead = any(begin <= start < end for begin, end in future)
            none = self._word(at, "none")
            found = figures.get(at)
            if found is None and none is None:
                found = next((found for rule in rules if (found := rule(at))), None)
            if found is not None:
                yield self._mention(found)
            behind = (found or none or _Word("", "", at)).last + 1

    def _mention(self, found: _Found) -> DateMention:
        start = self._starts.get(found.first, self._tokens[found.first].start)
        end = self._tokens[found.last].end
        return DateMention(start, end, *found.bounds, found.source, found.precision)

    # -- what stands at a token ----------------------------------------------------------------------------------

    def _find(self, index: PhraseIndex) -> Iterator[PhraseMatch]:
        for match in index.find(self._spelled):
            self._starts[match.first] = max(match.start, self._starts.get(match.first, 0))
            yield match

    def _next(self, last: int) -> int:
        """The token after `last` where only a gap parts them; an index without a token where not."""
        if last + 1 >= len(self._tokens):
            return -1
        gap = self._text[self._tokens[last].end : self._tokens[last + 1].start]
        return last + 1 if _GAP.fullmatch(gap) else -1

    def _word(self, at: int, kind: str, value: str | None = None) -> _Word | None:
        words = self._words.get(at, ())
        return next((w for w in words if w.type == kind and value in {None, w.value}), None)

    def _past(self, at: int, kind: str, value: str | None = None) -> int:
        """The token after the word of that kind at `at`, or `at` itself where there is none."""
        word = self._word(at, kind, value)
        return self._next(word.last) if word else at

    def _number(self, at: int, most: int) -> PhraseMatch | None:
        match = self._numbers.get(at)
        return match if match and 1 <= int(match.key) <= most else None

    def _month_at(self, at: int) -> Month | None:
        """A month, with its second name where it has one: «أيار/مايو»."""
        month = self._months.get(at)
        other = self._months.get(self._next(month.last)) if month else None
        if month and other and other[:2] == month[:2]:
            return other._replace(weak=month.weak and other.weak)
        return month

    def _written_year(self, at: int) -> tuple[int, Era, int] | None:
        """Year, calendar and last token of «2018», «من عام 2018», «1447 هـ»."""
        at = self._past(self._past(at, "of"), "unit", "year:1")
        number = self._numbers.get(at)
        era = calendars.era_of(int(number.key)) if number else None
        if number is None or era is None:
            return None
        mark = self._word(self._next(number.last), "era", era)
        return int(number.key), era, mark.last if mark else number.last

    def _no_year(self, at: int) -> bool:
        """Four figures where a year should stand, but of no time that we know."""
        number = self._numbers.get(at)
        return number is not None and int(number.key) > _LAST_SHORT

    def _relative_year(self, at: int) -> tuple[int, int] | None:
        """Years from the reference's own, and the last token: «من العام الماضي», «من هذا العام»."""
        at = self._past(at, "of")
        this = self._word(at, "this")
        unit = self._word(self._past(at, "this"), "unit", "year:1")
        direction = self._word(self._next(unit.last), "direction") if unit else None
        if direction:
            return int(direction.value), direction.last
        return (0, unit.last) if this and unit else None

    def _in_year(self, era: Era, last: int, make: Callable[[int], Bounds | None]) -> _InYear | None:
        """What `make` gives in the year written after token `last`, or else in the one nearest the page."""
        at = self._next(last)
        written = self._written_year(at)
        if written and written[1] == era:
            bounds = make(written[0])
            return _InYear(bounds, written[2], said=True) if bounds else None
        if self._reference is None or self._no_year(at):
            return None
        here, moved = calendars.year_in(era, self._reference), self._relative_year(at)
        if moved and here is not None:
            bounds = make(here + moved[0])
            return _InYear(bounds, moved[1], said=True) if bounds else None
        direction = self._word(at, "direction")
        towards = int(direction.value) if direction else None
        bounds = calendars.near(self._reference, era, make, towards, future=self._ahead)
        return _InYear(bounds, direction.last if direction else last, direction is not None) if bounds else None

    # -- rules ---------------------------------------------------------------------------------------------------

    def _figures(self) -> Iterator[_Found]:
        """«17/1/2026», «2026-01-17», «15/7/1447»."""
        starts = [token.start for token in self._tokens]
        for match in _FIGURES.finditer(self._text):
            day = _figured(int(match[1]), int(match[3]), int(match[4]))
            first, last = bisect_right(starts, match.start()) - 1, bisect_left(starts, match.end()) - 1
            if day is not None and first >= 0:
                self._starts[first] = match.start()
                source: DateSource = (
                    "hijri" if int(max(match.groups(), key=len)) in calendars.HIJRI_YEARS else "gregorian"
                )
                yield _Found(first, last, (day, day), source, "day")

    def _day(self, at: int) -> _Found | None:
        """«17 يناير 2026», «الثلاثاء 29 أيار/مايو», «السابع عشر من يناير», «12 و13 نوفمبر المقبل»."""
        weekday = self._weekdays.get(at)
        one = self._number(self._next(weekday.last) if weekday else at, _LAST_DAY)
        if one is None:
            return None
        two = self._number(self._next(one.last), _LAST_DAY)
        if two and not 0 < int(two.key) - int(one.key) <= _LONGEST_RANGE_DAYS:
            return None
        month = self._month_at(self._past(self._next((two or one).last), "of"))
        if month is None:
            return None

        def days(year: int) -> Bounds | None:
            first = calendars.day_of(month.era, year, month.number, int(one.key))
            last = calendars.day_of(month.era, year, month.number, int((two or one).key))
            return (first, last) if first and last else None

        dated = self._in_year(month.era, month.last, days)
        source: DateSource = "hijri" if month.era == "hijri" else "gregorian"
        return _Found(at, dated.last, dated.bounds, source, "days" if two else "day") if dated else None

    def _month(self, at: int) -> _Found | None:
        """«ديسمبر المقبل», «منتصف سبتمبر», «شهر تموز/يوليو 2017», «رجب 1447»."""
        part = self._word(at, "part")
        named = self._past(at, "part")
        month = self._month_at(self._past(named, "unit", "month:1"))
        counted = self._number(at - 1, _LAST_DAY) and self._next(at - 1) == at
        if month is None or counted:  # «31 فبراير»: a day that does not exist is no month either
            return None
        dated = self._in_year(month.era, month.last, lambda year: calendars.month_of(month.era, year, month.number))
        clear = not month.weak or part or self._word(named, "unit") or self._ends.get(at - 1, set()) & {"at", "of"}
        if dated is None or not (clear or dated.said):
            return None
        source: DateSource = "hijri" if month.era == "hijri" else "month"
        return _parted(_Found(at, dated.last, dated.bounds, source, "month"), part)

    def _year(self, at: int) -> _Found | None:
        """«عام 2018», «نهاية 2018», «منذ 2011», «1447 هـ»."""
        part = self._word(at, "part")
        unit = self._word(self._past(at, "part"), "unit", "year:1")
        written = self._written_year(self._past(at, "part"))
        if written is None:
            return None
        year, era, last = written
        asked = "at" in self._ends.get(at - 1, set()) and year in _YEARS_BELIEVED
        bounds = calendars.year_of(era, year)
        if bounds is None or not (part or unit or asked or "era" in self._ends.get(last, set())):
            return None
        return _parted(_Found(at, last, bounds, "hijri" if era == "hijri" else "year", "year"), part)

    def _weekday(self, at: int) -> _Found | None:
        """«الثلاثاء», «الثلاثاء الماضي»."""
        weekday = self._weekdays.get(at)
        if weekday is None or self._reference is None:
            return None
        direction = self._word(self._next(weekday.last), "direction")
        towards = int(direction.value) if direction else None
        bounds = calendars.weekday_near(self._reference, int(weekday.key), towards, future=self._ahead)
        last = direction.last if direction else weekday.last
        return _Found(at, last, bounds, "weekday", "day") if bounds else None

    def _spoken(self, at: int) -> _Found | None:
        """«أمس», «اليوم», «غدا الأربعاء», «أول أمس»."""
        word = self._word(at, "day")
        bounds = calendars.shifted(self._reference, "day", int(word.value)) if word and self._reference else None
        if word is None or bounds is None:
            return None
        weekday = self._weekdays.get(self._next(word.last))
        return _Found(at, weekday.last if weekday else word.last, bounds, "relative", "day")

    def _ago(self, at: int) -> _Found | None:
        """«قبل يومين», «منذ ثلاثة أسابيع»; not «قبل يومين من»."""
        after = self._past(at, "ago")
        number = self._number(after, _MOST_UNITS) if after != at else None
        unit = self._word(self._next(number.last) if number else after, "unit")
        if after == at or unit is None or self._word(unit.last + 1, "of"):
            return None
        if self._written_year(self._next(unit.last)):  # «منذ عام 2011» is a year, not a span
            return None
        name, _, own = unit.value.partition(":")
        count = int(number.key) if number else int(own or 0)
        return self._shift(at, unit.last, name, -count) if count else None

    def _stretch(self, at: int) -> _Found | None:
        """«الأسبوع الماضي», «نهاية العام الجاري», «هذا الشهر»."""
        part = self._word(at, "part")
        here = self._past(at, "part")
        this = self._word(here, "this")
        unit = self._word(self._past(here, "this"), "unit")
        if unit is None or not unit.value.endswith(":1") or unit.value.startswith("day"):
            return None
        direction = self._word(self._next(unit.last), "direction")
        if not (this or direction):
            return None
        count = int(direction.value) if direction else 0
        found = self._shift(at, (direction or unit).last, unit.value.partition(":")[0], count)
        return _parted(found, part) if found else None

    def _shift(self, first: int, last: int, unit: str, count: int) -> _Found | None:
        bounds = calendars.shifted(self._reference, unit, count) if self._reference else None
        return _Found(first, last, bounds, "relative", _PRECISION[unit]) if bounds else None


_PRECISION: Mapping[str, Precision] = {"day": "day", "week": "week", "month": "month", "year": "year"}


def _parted(found: _Found, part: _Word | None) -> _Found:
    if part is None:
        return found
    return found._replace(bounds=calendars.third_of(found.bounds, part.value), precision="part")


def _digits(tokens: Sequence[Token]) -> Iterator[PhraseMatch]:
    for at, token in enumerate(tokens):
        match = _DIGITS.fullmatch(token.form)
        if match:
            yield PhraseMatch(str(int(match[1])), at, at, token.end - len(match[1]), token.end)


def _figured(one: int, month: int, three: int) -> date | None:
    """The day of three figures: year first or last, day before month unless that cannot be."""
    year, day = (one, three) if one > _LAST_DAY else (three, one)
    if month > _MONTHS >= day:
        month, day = day, month
    era = calendars.era_of(year)
    return calendars.day_of(era, year, month, day) if era else None
