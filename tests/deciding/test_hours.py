"""Local times through changes of the clock: a time that does not exist, and one that comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.deciding.hours import Quiet, awake, next_at

BERLIN, TRIPOLI, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Africa/Tripoli"), ZoneInfo("Australia/Lord_Howe")
ZONES = st.sampled_from([BERLIN, TRIPOLI, LORD_HOWE, ZoneInfo("America/St_Johns"), ZoneInfo("UTC")])
CLOCK = st.times().map(lambda at: at.replace(second=0, microsecond=0))
# Around both changes of the clock of 2026 in Europe, which the others have near them too.
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - zoned


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def quiet(start: str, end: str, zone: ZoneInfo = BERLIN) -> Quiet:
    return Quiet(start=time.fromisoformat(start), end=time.fromisoformat(end), zone=zone)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-27T12:00", "2026-03-28T01:30"),  # the day before: half past two is half past one in UTC
        ("2026-03-28T12:00", "2026-03-29T01:30"),  # it does not exist, and comes as half past three
        ("2026-03-29T12:00", "2026-03-30T00:30"),
        ("2026-10-24T12:00", "2026-10-25T00:30"),  # it comes twice, and is taken when it comes first
        ("2026-10-25T00:30", "2026-10-26T01:30"),  # and not again an hour later
        ("2026-10-25T01:00", "2026-10-26T01:30"),
    ],
)
def test_a_digest_goes_out_once_a_day_whatever_the_clock_does(now: str, expected: str) -> None:
    assert next_at(at(now), time(2, 30), BERLIN) == at(expected)


def test_a_weekly_time_comes_on_its_day_of_the_local_calendar() -> None:
    late_on_saturday = at("2026-01-17T22:30")  # already Sunday in Tripoli
    assert next_at(late_on_saturday, time(0, 15), TRIPOLI, weekday=6) == at("2026-01-24T22:15")
    assert next_at(late_on_saturday, time(0, 45), TRIPOLI, weekday=6) == at("2026-01-17T22:45")


@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        (("22:00", "07:00"), "2026-01-17T20:59", "2026-01-17T20:59"),
        (("22:00", "07:00"), "2026-01-17T21:00", "2026-01-18T06:00"),
        (("22:00", "07:00"), "2026-01-18T05:59", "2026-01-18T06:00"),
        (("22:00", "07:00"), "2026-01-18T06:00", "2026-01-18T06:00"),
        (("22:00", "07:00"), "2026-03-28T23:00", "2026-03-29T05:00"),  # the night is an hour shorter
        (("13:00", "14:00"), "2026-01-17T12:30", "2026-01-17T13:00"),
        (("22:00", "02:30"), "2026-03-29T00:30", "2026-03-29T01:30"),  # its end does not exist: half past three
        (("22:00", "02:30"), "2026-10-25T00:15", "2026-10-25T00:30"),  # its end comes twice: before the first
        (("22:00", "02:30"), "2026-10-25T01:15", "2026-10-25T01:30"),  # and before the second, when it is quiet again
    ],
)
def test_what_would_break_the_quiet_waits_until_its_end(hours: tuple[str, str], now: str, expected: str) -> None:
    assert awake(at(now), quiet(*hours)) == at(expected)


def test_without_quiet_hours_nothing_waits() -> None:
    assert awake(at("2026-01-17T03:00"), None) == at("2026-01-17T03:00")


@given(now=MOMENTS, start=CLOCK, end=CLOCK, zone=ZONES)
def test_nobody_is_woken_and_nobody_waits_for_more_than_two_days(
    now: datetime, start: time, end: time, zone: ZoneInfo
) -> None:
    if start == end:
        return
    hours = Quiet(start=start, end=end, zone=zone)
    then = awake(now, hours)
    assert now <= then < now + timedelta(hours=49)  # where the clock leaps over the only minute that is not quiet
    assert not hours.holds(then)
    assert then == now or hours.holds(now)


@given(now=MOMENTS, clock=CLOCK, zone=ZONES, weekday=st.none() | st.integers(0, 6))
def test_the_next_time_is_to_come_and_no_later_than_its_period(
    now: datetime, clock: time, zone: ZoneInfo, weekday: int | None
) -> None:
    then = next_at(now, clock, zone, weekday=weekday)
    assert now < then <= now + timedelta(days=1 if weekday is None else 7, hours=1)
    local = then.astimezone(zone)
    late = (local.hour * 60 + local.minute - clock.hour * 60 - clock.minute) % 1440
    assert late in {0, 30, 60}  # by as much as the clock was put forward, which is half an hour on Lord Howe
