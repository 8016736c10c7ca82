from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from monitor.deciding.alarms import SCREEN_MISS, SILENT, Signs
from monitor.deciding.volume import heartbeat_figures, longest_expected, signs_of_screen, signs_of_volume
from monitor.model import FeedState
from monitor.ports import Counts, Volume
from tests.factories import NOON

HOUR, DAY, INSTANT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)


def state(**changes: Any) -> FeedState:
    return FeedState(**{"feed_id": "one", "next_poll_at": NOON, "last_ok_at": NOON, **changes})


def volume(*, silent: timedelta = HOUR, **changes: Any) -> Volume:
    """Forty articles a day for months, never silent for more than nine hours."""
    fields: dict[str, Any] = {
        "feed_id": "one",
        "first_at": NOON - 100 * DAY,
        "last_at": NOON - silent,
        "entries": 28 * 40,
        "longest_gap_s": 9 * 3600.0,
        "week": 7 * 40,
        "week_gap_s": 9 * 3600.0,
        "before": 21 * 40,
    }
    return Volume(**{**fields, **changes})


def look(figures: Volume, *, standing: bool = False, **changes: Any) -> Signs:
    return signs_of_volume(figures, state(**changes), NOON, standing=standing)


def quiet(figures: Volume, **changes: Any) -> bool:
    signs = look(figures, **changes)
    assert signs.spoken == {SILENT}
    return bool(signs.holding)


def sentence(signs: Signs) -> str:
    ((_, message),) = signs.holding
    return message


def test_a_feed_that_brings_what_it_used_to_is_not_quiet() -> None:
    assert not quiet(volume())


def test_a_feed_is_quiet_past_two_and_a_half_times_its_longest_silence() -> None:
    longest = 2.5 * 9 * HOUR
    assert not quiet(volume(silent=longest))
    assert quiet(volume(silent=longest + INSTANT))


def test_no_feed_is_quiet_for_a_night() -> None:
    lively: dict[str, Any] = {"entries": 28 * 200, "longest_gap_s": 3600.0}
    assert not quiet(volume(silent=12 * HOUR, **lively))
    assert quiet(volume(silent=12 * HOUR + INSTANT, **lively))


def test_a_slow_feed_is_quiet_past_what_chance_explains() -> None:
    slow: dict[str, Any] = {"entries": 28, "longest_gap_s": 36 * 3600.0, "week": 7, "before": 21}
    longest = 28 * DAY / 14 * math.log(14 * 1000)
    assert longest_expected(volume(**slow)) == longest
    assert not quiet(volume(silent=longest, **slow))
    assert quiet(volume(silent=longest + INSTANT, **slow))


def test_silence_is_told_with_its_figures() -> None:
    assert sentence(look(volume(silent=2 * DAY + 4 * HOUR))) == (
        "no new article for 2 days 4 hours; the longest silence of the 28 days before was 9 hours"
    )


def test_a_watch_that_slept_takes_no_feed_for_quiet() -> None:
    assert not quiet(volume(silent=5 * DAY), last_ok_at=NOON - 5 * DAY + HOUR)


@pytest.mark.parametrize(("entries", "told"), [(19, False), (20, True)])
def test_a_feed_of_few_articles_has_no_habit(entries: int, told: bool) -> None:
    assert quiet(volume(silent=60 * DAY, entries=entries)) is told


@pytest.mark.parametrize(("known", "told"), [(8 * DAY - INSTANT, False), (8 * DAY, True)])
def test_a_feed_has_a_habit_a_week_after_its_first_day(known: timedelta, told: bool) -> None:
    silent = 3 * DAY
    assert quiet(volume(silent=silent, first_at=NOON - silent - known)) is told


@pytest.mark.parametrize("sick", [{"failures": 1}, {"paused": True}, {"last_ok_at": None}])
def test_of_a_feed_that_cannot_be_asked_nothing_is_said(sick: dict[str, Any]) -> None:
    assert look(volume(silent=9 * DAY), **sick) == Signs(feed_id="one")


# ------------------------------------------------------------------------------------- less than there used to be


def trickle(week: int, expected: float, *, standing: bool = False, **changes: Any) -> bool:
    """With one day of the week left out, so that six are watched."""
    figures = {"week": week, "before": round(expected / 6 * 21), "week_gap_s": DAY.total_seconds(), **changes}
    return quiet(volume(**figures), standing=standing)


def test_a_feed_is_quiet_with_less_than_a_quarter_of_what_is_expected() -> None:
    assert trickle(19, 80)
    assert not trickle(20, 80)


def test_a_feed_of_which_little_is_expected_is_not_held_to_it() -> None:
    assert trickle(0, 28)
    assert not trickle(0, 28 - 6 / 21)


def test_a_feed_called_quiet_is_well_again_with_half() -> None:
    assert trickle(39, 80, standing=True)
    assert not trickle(40, 80, standing=True)


def test_a_week_of_silence_and_backlog_is_not_held_against_a_feed() -> None:
    assert trickle(1, 1000, week_gap_s=(4 * DAY).total_seconds())
    assert not trickle(1, 1000, week_gap_s=(4 * DAY + INSTANT).total_seconds())


@pytest.mark.parametrize(("known", "told"), [(15 * DAY - INSTANT, False), (15 * DAY, True)])
def test_a_feed_is_expected_to_do_as_before_once_a_week_before_this_one_is_known(known: timedelta, told: bool) -> None:
    assert trickle(0, 1000, first_at=NOON - known) is told


def test_a_trickle_is_told_with_its_figures() -> None:
    few = look(volume(week=9, week_gap_s=DAY.total_seconds(), before=560))
    assert sentence(few) == "9 new articles in 7 days, where the three weeks before lead to expect 160"
    one = look(volume(week=1, week_gap_s=DAY.total_seconds(), before=560))
    assert sentence(one).startswith("1 new article in")


# ------------------------------------------------------------------------------------------- screen, heartbeat


def test_one_sampled_article_in_scope_is_enough() -> None:
    assert sentence(signs_of_screen(40, 2, 7)).startswith("2 of 40 sampled articles")
    assert signs_of_screen(40, 0, 7) == Signs(feed_id=None, spoken=frozenset({SCREEN_MISS}))
    assert signs_of_screen(40, 1, 7).holding


def test_the_heartbeat_tells_its_figures_in_order() -> None:
    states = [state(), state(failures=2), state(last_ok_at=None)]
    counts = Counts(polls=96, entries=50, read=30, in_scope=4, alerts=3, waiting=2, dead=1)
    assert heartbeat_figures(states, 5, counts) == (
        ("feeds", 5),
        ("healthy", 1),
        ("failing", 1),
        ("polls", 96),
        ("entries", 50),
        ("read", 30),
        ("in_scope", 4),
        ("alerts", 3),
        ("waiting", 2),
        ("dead", 1),
    )
