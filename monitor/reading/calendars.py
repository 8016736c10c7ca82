"""Days, months and years as bounds: what a written date can mean, in both calendars. Pure arithmetic.

Bounds are inclusive pairs of days. Hijri dates follow the Umm al-Qura tables of `hijridate` (1343 to 1500 AH);
outside them, as for the 31st of February, there is no date, and nothing raises.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeAlias

from hijridate import Gregorian, Hijri

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Bounds: TypeAlias = tuple[date, date]
Era: TypeAlias = str
"""`gregorian` or `hijri`."""

HIJRI_YEARS = range(1343, 1501)
GREGORIAN_YEARS = range(1900, 2101)
_SOON_DAYS = 60
"""A date without a year lies in the past, unless the coming one is nearer than this."""
_THIRDS = {"begin": (0, 1), "middle": (1, 2), "end": (2, 3)}


def era_of(year: int) -> Era | None:
    """The calendar that a four-digit year belongs to, None where it is no year of our time."""
    if year in GREGORIAN_YEARS:
        return "gregorian"
    return "hijri" if year in HIJRI_YEARS else None


def day_of(era: Era, year: int, month: int, day: int) -> date | None:
    """The day, None where the calendar has none such."""
    try:
        plain = Hijri(year, month, day).to_gregorian().datetuple() if era == "hijri" else (year, month, day)
        return date(*plain)
    except (ValueError, OverflowError):
        return None


def month_of(era: Era, year: int, month: int) -> Bounds | None:
    """First and last day of a month."""
    first = day_of(era, year, month, 1)
    if first is None:
        return None
    days = Hijri(year, month, 1).month_length() if era == "hijri" else monthrange(year, month)[1]
    return first, first + timedelta(days=days - 1)


def year_of(era: Era, year: int) -> Bounds | None:
    """First and last day of a year."""
    first, last = month_of(era, year, 1), month_of(era, year, 12)
    return (first[0], last[1]) if first and last else None


def third_of(bounds: Bounds, part: str) -> Bounds:
    """The beginning, middle or end of a stretch: a third of its days each.

    >>> third_of((date(2018, 9, 1), date(2018, 9, 30)), "middle")
    (datetime.date(2018, 9, 11), datetime.date(2018, 9, 20))
    """
    days = (bounds[1] - bounds[0]).days + 1
    first, after = (round(days * share / 3) for share in _THIRDS[part])
    return bounds[0] + timedelta(days=first), bounds[0] + timedelta(days=after - 1)


def near(
    reference: date, era: Era, make: Callable[[int], Bounds | None], direction: int | None, *, future: bool
) -> Bounds | None:
    """Bounds of a date that comes every year, in the year that is meant.

    Args:
        reference: The page's date.
        era: The calendar of the years.
        make: The bounds in a given year.
        direction: -1 for the last one over before the reference, 1 for the first one after it, 0 for the
            reference's own year, None where nothing is said.
        future: Whether what is told is still to come, which decides where nothing is said.
    """
    this = year_in(era, reference)
    if this is None:
        return None
    if direction == 0:
        return make(this)
    years = [bounds for year in range(this - 1, this + 2) if (bounds := make(year)) is not None]
    if direction == -1:
        return next((bounds for bounds in reversed(years) if bounds[1] < reference), None)
    if direction == 1:
        return next((bounds for bounds in years if bounds[0] > reference), None)
    if future:
        return next((bounds for bounds in years if bounds[1] >= reference), None)
    return _unsaid(years, reference)


def _unsaid(years: Sequence[Bounds], reference: date) -> Bounds | None:
    begun = next((bounds for bounds in reversed(years) if bounds[0] <= reference), None)
    coming = next((bounds for bounds in years if bounds[0] > reference), None)
    if coming is None or begun is None:
        return begun or coming
    soon, recent = (coming[0] - reference).days, (reference - begun[1]).days
    return coming if soon <= _SOON_DAYS < recent else begun


def year_in(era: Era, day: date) -> int | None:
    """The year of `day` in a calendar."""
    if era != "hijri":
        return day.year
    try:
        return Gregorian.fromdate(day).to_hijri().year
    except (ValueError, OverflowError):
        return None


def shifted(reference: date, unit: str, count: int) -> Bounds | None:
    """The stretch `count` units from the reference's own: a day, a Saturday-to-Friday week, a month, a year.

    Weeks begin on Saturday, as in Libya, Egypt and the Gulf.
    """
    if unit == "day":
        return _stretch(reference, count, 1)
    if unit == "week":
        return _stretch(reference, 7 * count - (reference.weekday() + 2) % 7, 7)
    months = reference.year * 12 + reference.month - 1 + count * (12 if unit == "year" else 1)
    year, month = months // 12, months % 12 + 1
    return year_of("gregorian", year) if unit == "year" else month_of("gregorian", year, month)


def weekday_near(reference: date, weekday: int, direction: int | None, *, future: bool) -> Bounds | None:
    """The day of that name (0 is Monday): the last one up to the reference, or as `direction` and `future` say."""
    behind = (reference.weekday() - weekday) % 7
    ahead = (weekday - reference.weekday()) % 7
    if direction == -1:
        return _stretch(reference, -(behind or 7), 1)
    if direction == 1:
        return _stretch(reference, ahead or 7, 1)
    return _stretch(reference, ahead if future else -behind, 1)


def _stretch(reference: date, shift: int, days: int) -> Bounds | None:
    """`days` days, the first of them `shift` from the reference; None outside the years that dates can hold."""
    try:
        first = reference + timedelta(days=shift)
        return first, first + timedelta(days=days - 1)
    except OverflowError:
        return None
