from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.deciding.alarms import (
    DATES,
    ENCODING,
    FAILING,
    GONE,
    LEAST,
    MOVED,
    NETWORK,
    NOT_FEED,
    OVERRUN,
    ROBOTS,
    SHORT,
    VALIDATORS,
    WALL,
    Changes,
    Polled,
    Signs,
    changes,
    in_words,
    signs_of_network,
    signs_of_poll,
)
from monitor.model import Alarm, FeedEntry, FeedState, ParsedFeed
from tests.factories import NOON

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

HOUR, DAY, INSTANT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
FAILING_AFTER = 6 * HOUR
MARKS = tuple("abcdefgh")


def state(feed_id: str = "one", **changes: Any) -> FeedState:
    return FeedState(**{"feed_id": feed_id, "next_poll_at": NOON, "last_ok_at": NOON, **changes})


def parsed(*entries: FeedEntry, **changes: Any) -> ParsedFeed:
    return ParsedFeed(**{"entries": entries, "title": "", "kind": "rss", "partial": False, **changes})


def entry(name: str = "a", title: str = "خبر", **changes: Any) -> FeedEntry:
    url = f"https://news.example/{name}"
    return FeedEntry(**{"url": url, "title": title, "keys": (url,), **changes})


def poll(**changes: Any) -> Polled:
    return Polled(**{"before": state(), "after": state(), "at": NOON, **changes})


def failed(code: str, lasted: timedelta, **changes: Any) -> Polled:
    after = state(failures=4, failing_since=NOON - lasted, last_error_code=code, **changes)
    return poll(after=after, code=code)


def look(one: Polled, *, network: bool = False) -> Signs:
    return signs_of_poll(one, failing=FAILING_AFTER, network=network)


def codes(signs: Signs) -> set[str]:
    return {code for code, _ in signs.holding}


def sentence(signs: Signs) -> str:
    ((_, message),) = signs.holding
    return message


def dated(*moments: datetime) -> ParsedFeed:
    return parsed(*[entry(str(n), published_at=moment) for n, moment in enumerate(moments)])


# ------------------------------------------------------------------------------------------------- one poll


def test_a_good_poll_of_a_healthy_feed_shows_nothing() -> None:
    fine = poll(before=state(window=MARKS), parsed=parsed(entry(), window=("z", *MARKS[:-1]), known=7))
    assert look(fine).holding == ()


def test_a_304_disproves_what_fails_and_says_nothing_of_items() -> None:
    spoken = look(poll()).spoken
    assert {FAILING, NOT_FEED, ROBOTS} <= spoken
    assert spoken.isdisjoint({DATES, OVERRUN, ENCODING})


def test_a_failed_poll_disproves_nothing_that_only_an_answer_can() -> None:
    spoken = look(failed("E-FETCH-UNAVAILABLE", HOUR)).spoken
    assert spoken == {GONE, MOVED, VALIDATORS, SHORT, WALL}


@pytest.mark.parametrize(("lasted", "told"), [(FAILING_AFTER, True), (FAILING_AFTER - INSTANT, False)])
def test_a_feed_is_told_to_fail_once_it_has_for_so_long(lasted: timedelta, told: bool) -> None:
    assert (FAILING in codes(look(failed("E-FETCH-STATUS", lasted)))) is told


def test_a_failing_feed_is_told_with_its_figures() -> None:
    assert sentence(look(failed("E-FETCH-STATUS", 30 * HOUR))) == (
        "it has failed for 1 day 6 hours, 4 tries in a row, the last with E-FETCH-STATUS"
    )


def test_without_network_no_feed_is_blamed_that_did_not_answer() -> None:
    assert look(failed("E-FETCH-UNAVAILABLE", DAY), network=True).holding == ()
    assert codes(look(failed("E-FETCH-STATUS", DAY), network=True)) == {FAILING}


@pytest.mark.parametrize("code", [NOT_FEED, ENCODING])
@pytest.mark.parametrize(("lasted", "told"), [(HOUR, True), (HOUR - INSTANT, False)])
def test_a_page_in_place_of_a_feed_is_first_taken_for_maintenance(code: str, lasted: timedelta, told: bool) -> None:
    assert codes(look(failed(code, lasted))) == ({code} if told else set())


def test_a_failure_with_a_name_of_its_own_is_not_told_twice() -> None:
    for code in (NOT_FEED, ENCODING, ROBOTS):
        assert codes(look(failed(code, DAY))) == {code}


def test_a_refusal_by_robots_txt_is_told_at_once() -> None:
    assert codes(look(failed(ROBOTS, timedelta()))) == {ROBOTS}


def test_a_feed_that_is_gone_is_not_called_failing() -> None:
    assert codes(look(failed("E-FETCH-STATUS", DAY, paused=True))) == {GONE}


def test_a_new_address_is_told_while_it_is_used_instead_of_the_configured_one() -> None:
    signs = look(poll(after=state(url="https://news.example/new")))
    assert (codes(signs), "https://news.example/new" in sentence(signs)) == ({MOVED}, True)
    assert MOVED in look(poll()).spoken


def test_lying_validators_are_told() -> None:
    assert codes(look(poll(after=state(lying=True)))) == {VALIDATORS}


@pytest.mark.parametrize(
    ("pages", "told"),
    [
        ({"short_pages": 4}, set()),
        ({"short_pages": 5}, {SHORT}),
        ({"walled_pages": 2}, set()),
        ({"walled_pages": 3}, {WALL}),
    ],
)
def test_pages_in_a_row_that_are_no_articles_are_told(pages: dict[str, Any], told: set[str]) -> None:
    assert codes(look(poll(after=state(**pages)))) == told


# --------------------------------------------------------------------------------------------- window overrun


def overrun(then: Iterable[str] = MARKS[:5], now: Iterable[str] = "vwxyz", known: int = 0, **items: Any) -> Signs:
    before = state(window=tuple(then), last_ok_at=NOON - 3 * HOUR)
    return look(poll(before=before, parsed=parsed(window=tuple(now), **items), known=known))


def test_a_full_window_with_nothing_in_common_may_have_lost_items() -> None:
    assert sentence(overrun()) == (
        "none of the 5 items it held 3 hours ago is there any more: articles in between may have been missed"
    )


@pytest.mark.parametrize(
    "signs",
    [
        pytest.param(overrun(now="vwxya"), id="one item is still there"),
        pytest.param(overrun(known=1), id="an entry was known by its address, so that only the marks have changed"),
        pytest.param(overrun(now="vwxy"), id="the window was emptied"),
    ],
)
def test_a_window_that_was_not_overrun_says_so(signs: Signs) -> None:
    assert OVERRUN not in codes(signs)
    assert OVERRUN in signs.spoken


@pytest.mark.parametrize(
    "signs",
    [
        pytest.param(overrun(then=MARKS[:4]), id="four items are no full window"),
        pytest.param(overrun(then=()), id="the feed is new"),
        pytest.param(overrun(now=()), id="nothing is there to compare"),
        pytest.param(overrun(partial=True), id="the feed broke off"),
    ],
)
def test_a_window_that_cannot_be_compared_says_nothing(signs: Signs) -> None:
    assert OVERRUN not in codes(signs) | signs.spoken


# ------------------------------------------------------------------------------------------- dates, characters

SAME = NOON - timedelta(seconds=17)


def test_five_dates_equal_to_the_second_are_not_the_articles_own() -> None:
    assert sentence(look(poll(parsed=dated(*[SAME] * 5)))) == (
        "all 5 items bear the same date, 2026-01-17 11:59:43 UTC: it is not their own"
    )


@pytest.mark.parametrize(
    ("moments", "spoken"),
    [
        pytest.param([SAME] * 4, False, id="four say nothing"),
        pytest.param([NOON] * 5, False, id="on a full minute: a bare day, or set to appear together"),
        pytest.param([*[SAME] * 5, SAME + timedelta(seconds=1)], True, id="one differs"),
        pytest.param([SAME, SAME + DAY], True, id="two that differ are enough to disprove it"),
        pytest.param([], False, id="none"),
    ],
)
def test_dates_that_may_be_the_articles_own_are_not_told(moments: list[datetime], spoken: bool) -> None:
    signs = look(poll(parsed=dated(*moments)))
    assert DATES not in codes(signs)
    assert (DATES in signs.spoken) is spoken


@pytest.mark.parametrize(
    ("chars", "damaged", "told"),
    [(1000, 10, True), (1001, 10, False), (50, 9, False), (50, 10, True), (1000, 0, False)],
)
def test_damaged_characters_are_told_from_ten_and_one_in_a_hundred_on(chars: int, damaged: int, told: bool) -> None:
    signs = look(poll(parsed=parsed(entry(title="ا" * 40, summary="ب" * (chars - 40)), damaged=damaged)))
    assert (codes(signs), ENCODING in signs.spoken) == ({ENCODING} if told else set(), True)


def test_a_poll_without_a_new_item_says_nothing_of_characters() -> None:
    assert ENCODING not in look(poll(parsed=parsed(known=20))).spoken


# ---------------------------------------------------------------------------------------------------- network


def away(feed_id: str, lasted: timedelta = HOUR, code: str = "E-FETCH-UNAVAILABLE", **changes: Any) -> FeedState:
    return state(feed_id, failures=3, failing_since=NOON - lasted, last_error_code=code, **changes)


def feeds(gone: int, there: int, **changes: Any) -> list[FeedState]:
    return [away(f"gone-{n}", **changes) for n in range(gone)] + [state(f"there-{n}") for n in range(there)]


def alarm(code: str, feed_id: str | None = "one", since: datetime = NOON) -> Alarm:
    return Alarm(code=code, message="", since=since, feed_id=feed_id)


@pytest.mark.parametrize(
    ("states", "told"),
    [
        pytest.param(feeds(4, 2), True, id="two thirds"),
        pytest.param(feeds(5, 3), False, id="less than two thirds"),
        pytest.param(feeds(5, 0), True, id="five feeds"),
        pytest.param(feeds(4, 0), False, id="four are one publisher"),
        pytest.param(feeds(6, 0, lasted=timedelta(minutes=15)), True, id="a quarter of an hour"),
        pytest.param(feeds(6, 0, lasted=timedelta(minutes=15) - INSTANT), False, id="minutes"),
        pytest.param(feeds(6, 0, code="E-FETCH-STATUS"), False, id="they answer, though with errors"),
        pytest.param(feeds(6, 0, paused=True), False, id="they are gone for good"),
    ],
)
def test_many_feeds_that_do_not_answer_at_once_are_our_network(states: list[FeedState], told: bool) -> None:
    signs = signs_of_network(states, (), NOON)
    assert codes(signs) == ({NETWORK} if told else set())
    assert signs.feed_id is None
    assert signs.spoken == {NETWORK}


def test_the_network_alarm_counts_in_words() -> None:
    assert sentence(signs_of_network(feeds(5, 1), (), NOON)).startswith("5 of 6 feeds do not answer at once")


@pytest.mark.parametrize(("states", "holds"), [(feeds(3, 3), True), (feeds(3, 4), False)])
def test_the_network_is_back_when_more_than_half_of_the_feeds_are(states: list[FeedState], holds: bool) -> None:
    assert bool(signs_of_network(states, [alarm(NETWORK, None)], NOON).holding) is holds


def test_feeds_already_told_to_fail_are_no_sign_of_the_network() -> None:
    told = [alarm(FAILING, f"gone-{n}") for n in range(4)]
    assert signs_of_network(feeds(4, 5), told, NOON).holding == ()
    assert signs_of_network(feeds(4, 1), told, NOON).holding == ()


# ---------------------------------------------------------------------------------------------------- changes


def holding(*found: str, spoken: Iterable[str] = (), feed_id: str | None = "one") -> Signs:
    return Signs(feed_id=feed_id, holding=tuple((code, code) for code in found), spoken=frozenset({*found, *spoken}))


def test_a_sign_raises_an_alarm_once() -> None:
    raised = changes((), [holding(SHORT)], NOON).raised
    assert raised == (Alarm(code=SHORT, message=SHORT, since=NOON, feed_id="one"),)
    assert changes(raised, [holding(SHORT)], NOON + DAY) == Changes()


def test_two_looks_at_one_sign_raise_one_alarm() -> None:
    assert len(changes((), [holding(SHORT), holding(SHORT), holding(spoken=[SHORT])], NOON).raised) == 1


def test_an_alarm_is_over_when_a_look_could_have_seen_its_sign() -> None:
    stands = alarm(FAILING)
    assert changes((stands,), [holding(spoken=[FAILING])], NOON).cleared == (stands,)
    assert changes((stands,), [holding(spoken=[SHORT])], NOON).cleared == ()
    assert changes((stands,), [holding(spoken=[FAILING], feed_id="two")], NOON).cleared == ()


@pytest.mark.parametrize(("code", "least"), list(LEAST.items()))
def test_an_alarm_that_may_come_and_go_stands_for_a_while(code: str, least: timedelta) -> None:
    stands, good = alarm(code), [holding(spoken=[code])]
    assert changes((stands,), good, NOON + least - INSTANT) == Changes()
    assert changes((stands,), good, NOON + least).cleared == (stands,)


def test_a_feed_that_answers_with_a_page_every_other_time_is_told_once_a_day() -> None:
    stands: tuple[Alarm, ...] = ()
    raised = 0
    for hour in range(10 * 24):
        signs = holding(NOT_FEED) if hour % 2 else holding(spoken=[NOT_FEED])
        change = changes(stands, [signs], NOON + hour * HOUR)
        stands, raised = after(stands, change), raised + len(change.raised)
    assert raised <= 10


def test_alarms_of_feeds_that_are_watched_no_more_end_without_a_word() -> None:
    old, kept, watch = alarm(SHORT, "old"), alarm(SHORT, "kept"), alarm(NETWORK, None)
    looks = [holding(spoken=[SHORT], feed_id="old"), holding(WALL, feed_id="old")]
    assert changes((old, kept, watch), looks, NOON + DAY, feeds={"kept"}) == Changes(dropped=(old,))


def after(stands: tuple[Alarm, ...], change: Changes) -> tuple[Alarm, ...]:
    over = {*change.cleared, *change.dropped}
    return (*[one for one in stands if one not in over], *change.raised)


def keys(alarms: Iterable[Alarm]) -> set[tuple[str | None, str]]:
    return {(one.feed_id, one.code) for one in alarms}


states_ = st.builds(
    state,
    st.sampled_from(["one", "two"]),
    failures=st.integers(0, 3),
    failing_since=st.none() | st.sampled_from([NOON - DAY, NOON]),
    last_error_code=st.none() | st.sampled_from(["E-FETCH-UNAVAILABLE"]),
    window=st.lists(st.sampled_from([*MARKS, *"vwxyz"]), max_size=6).map(tuple),
    url=st.none() | st.just("https://news.example/new"),
    paused=st.booleans(),
    lying=st.booleans(),
    short_pages=st.integers(0, 8),
    walled_pages=st.integers(0, 5),
)
entries_ = st.builds(
    entry,
    st.sampled_from("abcdefgh"),
    title=st.text(max_size=5),
    published_at=st.none() | st.sampled_from([NOON, SAME, SAME + HOUR]),
)
parsed_ = st.builds(
    lambda entries, **changes: parsed(*entries, **changes),
    entries=st.lists(entries_, max_size=7),
    window=st.lists(st.sampled_from([*MARKS, *"vwxyz"]), max_size=6).map(tuple),
    known=st.integers(0, 2),
    damaged=st.integers(0, 2),
    partial=st.booleans(),
)
polls_ = st.builds(
    lambda before, after, hours, answer, known: poll(
        before=before,
        after=after,
        at=NOON + hours * HOUR,
        known=known,
        **{"code": answer} if isinstance(answer, str) else {"parsed": answer},
    ),
    states_,
    states_,
    st.integers(0, 400),
    st.none() | parsed_ | st.sampled_from([NOT_FEED, ENCODING, ROBOTS, "E-FETCH-UNAVAILABLE", "E-FETCH-STATUS"]),
    st.integers(0, 1),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(polls_, max_size=12), st.sampled_from([None, {"one"}, {"one", "two"}]))
def test_an_alarm_is_raised_once_before_it_is_over_and_is_over_only_if_it_stood(
    polls: list[Polled], watched: set[str] | None
) -> None:
    stands: tuple[Alarm, ...] = ()
    for one in sorted(polls, key=lambda one: one.at):
        signs = look(one)
        change = changes(stands, [signs], one.at, feeds=watched)
        assert keys(change.raised).isdisjoint(keys(stands))
        assert set(change.cleared) <= set(stands)
        assert {code for _, code in keys(change.cleared)} <= signs.spoken - codes(signs)
        assert not change.dropped or (
            watched is not None and {one.feed_id for one in change.dropped}.isdisjoint(watched)
        )
        assert all(message.strip() and "\n" not in message for _, message in signs.holding)
        stands = after(stands, change)
        assert len(stands) == len(keys(stands))


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=9), "9 hours"),
        (timedelta(hours=9, minutes=1), "9 hours 1 minute"),
        (timedelta(days=2, hours=4, minutes=59), "2 days 4 hours"),
        (timedelta(days=1, minutes=59), "1 day"),
        (timedelta(seconds=-1), "less than a minute"),
    ],
)
def test_a_span_is_told_by_its_two_largest_units(span: timedelta, words: str) -> None:
    assert in_words(span) == words
