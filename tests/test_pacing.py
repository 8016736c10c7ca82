"""When to poll or send again: back-off, spread without chance, and what a server asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.pacing import (
    MAX_TRIES,
    Tempo,
    is_due,
    learned_interval,
    next_check,
    next_delivery,
    next_digest,
    next_poll,
    next_poll_of_paused,
    retry_after,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def wait(failures: int = 0, *, asked: float | None = None, feed: str = "f", every: timedelta = QUARTER) -> timedelta:
    return next_poll(NOON, feed_id=feed, every=every, failures=failures, asked_s=asked) - NOON


def test_a_healthy_feed_is_polled_after_its_interval_and_at_most_a_tenth_later() -> None:
    assert QUARTER <= wait() <= QUARTER * 1.1


@pytest.mark.parametrize("failures", range(7))
def test_each_failure_doubles_the_wait(failures: int) -> None:
    off = abs(wait(failures + 1) - 2 * wait(failures))
    assert off < timedelta(milliseconds=1) or wait(failures + 1) == DAY


@given(st.integers(0, 10**6), st.text(), st.timedeltas(MINUTE, timedelta(days=3)))
def test_no_number_of_failures_makes_it_longer_than_a_day_or_shorter_than_the_interval(
    failures: int, feed: str, every: timedelta
) -> None:
    assert every <= wait(failures, feed=feed, every=every) <= max(DAY, every)


def test_feeds_of_one_interval_come_due_apart_and_each_always_alike() -> None:
    waits = [wait(feed=f"feed-{number}") for number in range(100)]
    assert waits == [wait(feed=f"feed-{number}") for number in range(100)]
    assert len({int(each.total_seconds()) for each in waits}) > 50


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(7200.0, timedelta(hours=2)), (10.0**9, DAY), (1.0, None), (-5.0, None), (0.0, None)],
)
def test_a_server_s_wish_is_obeyed_between_a_minute_and_a_day(asked: float, expected: timedelta | None) -> None:
    assert wait(asked=asked) == (expected or wait())
    assert wait(asked=asked, every=timedelta(seconds=1)) >= MINUTE


def test_ten_tries_are_made_over_about_75_hours_and_then_no_more() -> None:
    now, tries = NOON, 1
    while (later := next_delivery(tries, now, None, "d1")) is not None:
        assert later > now
        now, tries = later, tries + 1
    assert tries == MAX_TRIES == 10
    assert timedelta(hours=75) < now - NOON < timedelta(hours=84)


def test_the_first_retries_come_soon() -> None:
    waits = [(next_delivery(tries, NOON) or NOON) - NOON for tries in (1, 2, 3)]
    for found, least in zip(waits, (timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)), strict=True):
        assert least <= found <= least * 1.1


@pytest.mark.parametrize("tries", [-1, 0, 10, 11, 1000])
def test_outside_the_schedule_there_is_no_next_try(tries: int) -> None:
    assert next_delivery(tries, NOON, 60.0, "d") is None


def test_deliveries_that_failed_together_are_tried_apart() -> None:
    assert len({next_delivery(3, NOON, None, f"d{number}") for number in range(50)}) == 50
    assert next_delivery(3, NOON, None, "d") == next_delivery(3, NOON, None, "d")


def test_a_receiver_s_wish_delays_but_never_hastens_a_try() -> None:
    assert next_delivery(1, NOON, 3600.0) == NOON + timedelta(hours=1)
    assert next_delivery(9, NOON, 1.0) == next_delivery(9, NOON)
    assert next_delivery(1, NOON, 10.0**12) == NOON + DAY


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0), (" 0 ", 0.0), ("86401", 86_400.0), ("9" * 5000, 86_400.0),
        ("Sun, 01 Mar 2026 12:10:00 GMT", 600.0), ("Sun, 01 Mar 2026 14:10:00 +0200", 600.0),
        ("Sun, 01 Mar 2026 12:10:00", 600.0), ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2036 12:00:00 GMT", 86_400.0), ("-5", None), ("١٢٠", None), ("1.5", None), ("1e3", None),
        ("nan", None), ("soon", None), ("", None), (None, None), ("Sun, 99 Mar 2026", None),
        ("Sun, 01 Mar 99999999999 12:00:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_or_nothing(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, now=NOON) == seconds


@given(st.text())
def test_no_retry_after_value_raises_or_leaves_its_bounds(value: str) -> None:
    seconds = retry_after(value, now=NOON)
    assert seconds is None or 0 <= seconds <= 86_400


@pytest.mark.parametrize(("now", "then"), [(5, (1, 6)), (6, (2, 6)), (7, (2, 6))])
def test_a_digest_goes_out_at_the_next_full_hour_of_its_kind(now: int, then: tuple[int, int]) -> None:
    day, hour = then
    assert next_digest(datetime(2026, 1, 1, now, tzinfo=UTC), hour=6) == datetime(2026, 1, day, hour, tzinfo=UTC)


TEMPO = Tempo(start=QUARTER, fastest=timedelta(minutes=5), slowest=DAY)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 450.0), (0.33, 450.0), (0.34, 900.0), (0.66, 900.0), (0.67, 1350.0), (1.0, 1350.0)]
)
def test_a_feed_is_polled_sooner_under_a_third_known_and_later_over_two_thirds(share: float, expected: float) -> None:
    assert learned_interval(None, share, TEMPO) == expected


@given(st.lists(st.floats(0, 1), max_size=60))
def test_no_course_of_polls_leaves_five_minutes_and_a_day(shares: list[float]) -> None:
    interval_s: float | None = None
    for share in shares:
        interval_s = learned_interval(interval_s, share, TEMPO)
        assert 300 <= interval_s <= 86_400


def test_a_feed_settles_where_a_window_is_about_half_new() -> None:
    per_hour, window, interval_s = 30, 20, 900.0
    for _ in range(50):
        share = max(0.0, 1 - per_hour * interval_s / 3600 / window)
        interval_s = learned_interval(interval_s, share, TEMPO)
    assert window * 0.2 <= per_hour * interval_s / 3600 <= window * 0.8


def test_an_article_is_read_again_at_intervals_that_grow_with_its_age_up_to_a_day() -> None:
    read, now = [], NOON
    while (later := next_check(NOON, now, floor=timedelta(minutes=30), until=timedelta(days=14))) is not None:
        read.append(later - now)
        now = later
    assert read[:4] == [timedelta(minutes=30), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2)]
    assert max(read) == DAY
    assert 15 <= len(read) <= 22
    assert now - NOON <= timedelta(days=14)


def test_an_article_that_is_old_when_it_is_first_read_is_not_read_again() -> None:
    assert next_check(NOON - timedelta(days=30), NOON, floor=timedelta(minutes=30), until=timedelta(days=14)) is None


def test_a_paused_feed_is_looked_at_again_within_a_fortnight_and_a_moment_far_ahead_is_a_wrong_clock_s() -> None:
    assert next_poll_of_paused(NOON) - NOON == timedelta(days=7)
    assert not is_due(next_poll_of_paused(NOON), NOON)
    assert is_due(NOON + timedelta(days=3650), NOON)
