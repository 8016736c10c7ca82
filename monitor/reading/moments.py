"""When an article was published, as sets of articles write it: ISO 8601, RFC 2822, figures, a date in words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from monitor.reading.arabic import tokens
from monitor.reading.dates import find_dates

if TYPE_CHECKING:
    from monitor.reading.date_index import DateIndex

MAX_CHARS: Final = 100
"""Longer text in the place of a date is none."""
_FIRST_YEAR: Final = 1990
"""What lies before is a default (the epoch, year 1), for there was no page."""

_TIME = r"(\d{1,2}):(\d\d)(?::(\d\d))?"
_FIGURES = re.compile(rf"(\d{{1,2}})([/.-])(\d{{1,2}})\2(\d{{4}})(?:[\sT,،-]+{_TIME})?")
_TIME_ALONE = re.compile(rf"(?<![\d:]){_TIME}(?![\d:])")


def read_moment(value: object, index: DateIndex | None = None) -> datetime | None:
    """The moment that `value` names.

    Args:
        value: What stands in the field, of any type.
        index: The words of dates; without them a date in words is none.

    Returns:
        In UTC, which a time without an offset is taken to be in; midnight for a day alone. None for everything else,
        and so for «منذ 19 ساعة»: nobody says since when. Figures have the day first, unless that can be no day.
    """
    if not isinstance(value, str) or len(value) > MAX_CHARS:
        return None
    text = re.sub(r"\d", lambda digit: str(int(digit[0])), value.strip())
    for read in (datetime.fromisoformat, parsedate_to_datetime, _figures, lambda words: _words(words, index)):
        try:
            moment = read(text)
            aware = moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
            found = None if aware is None else aware.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        if found is not None:
            return found if found.year >= _FIRST_YEAR else None
    return None


def _figures(text: str) -> datetime | None:
    """«24/02/2015», «11/02/2018 12:01:00»."""
    match = _FIGURES.fullmatch(text)
    if match is None:
        return None
    day, month, year = int(match[1]), int(match[3]), int(match[4])
    if month > 12 >= day:  # noqa: PLR2004 - months of a year
        day, month = month, day
    return datetime.combine(date(year, month, day), _time(*match.group(5, 6, 7)), UTC)


def _words(text: str, index: DateIndex | None) -> datetime | None:
    """«14 فبراير 2018 - 12:30»: the one day named. A time counts if nothing else is said («مساء» would move it)."""
    dates = () if index is None else find_dates(text, tokens(text), None, index)
    days = [found for found in dates if found.precision == "day"]
    if len({found.date_from for found in days}) != 1:
        return None
    clock = _TIME_ALONE.search(text, days[-1].end)
    rest = text[: days[0].start] + text[days[-1].end :]
    counts = clock is not None and not any(char.isalpha() for char in rest)
    at = _time(*clock.group(1, 2, 3)) if clock is not None and counts else time.min
    return datetime.combine(days[0].date_from, at, UTC)


def _time(hours: str | None, minutes: str | None, seconds: str | None) -> time:
    return time(int(hours or 0), int(minutes or 0), int(seconds or 0))
