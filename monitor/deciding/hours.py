"""Local times: when a digest is due, and until when it is quiet. Moments are aware; days have 23 to 25 hours.

Where the clock is put forward, a time that does not exist comes as much later as the clock was moved; where it is put
back, a time that comes twice is taken when it comes first (PEP 495).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, time, tzinfo

_DAY: Final = timedelta(days=1)
_DAYS: Final = 9
"""A week, and a day on either side for zones and changes of the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """From `start` until `end` by local time, each day; over midnight where `end` comes first."""

    start: time
    end: time
    zone: tzinfo

    def holds(self, moment: datetime) -> bool:
        """Whether it is quiet then: the clock on the wall stands between both, `end` not included."""
        wall = moment.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


def awake(moment: datetime, quiet: Quiet | None) -> datetime:
    """`moment` itself, or the end of the quiet hours in which it lies.

    >>> from datetime import time
    >>> awake(datetime(2026, 1, 17, 23, tzinfo=UTC), Quiet(start=time(22), end=time(7), zone=UTC)).isoformat()
    '2026-01-18T07:00:00+00:00'
    """
    if quiet is None or not quiet.holds(moment):
        return moment
    ends = _instants(moment, quiet.end, quiet.zone, folds=(0, 1))
    return next(end for end in sorted(ends) if end > moment and not quiet.holds(end))


def next_at(moment: datetime, at: time, zone: tzinfo, *, weekday: int | None = None) -> datetime:
    """The next time that clocks in `zone` show `at`, after `moment`; on a `weekday` (0 is Monday), where one is given.

    >>> from datetime import time
    >>> next_at(datetime(2026, 1, 17, 12, tzinfo=UTC), time(7), UTC, weekday=6).isoformat()
    '2026-01-18T07:00:00+00:00'
    """
    times = _instants(moment, at, zone, folds=(0,), weekday=weekday)
    return next(time for time in times if time > moment)


def _instants(
    moment: datetime, at: time, zone: tzinfo, *, folds: tuple[int, ...], weekday: int | None = None
) -> Iterator[datetime]:
    """When clocks show `at`, in UTC, on the day before `moment` and those that follow."""
    first = moment.astimezone(zone).date() - _DAY
    for number in range(_DAYS):
        day: date = first + number * _DAY
        if weekday in {None, day.weekday()}:
            for fold in folds:
                yield datetime.combine(day, at.replace(fold=fold), tzinfo=zone).astimezone(UTC)
