"""Which hub is asked when, and which of its answers is believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.deciding.subscriptions import (
    LONGEST_LEASE_S,
    SHORTEST_LEASE_S,
    Wanted,
    callback_address,
    confirmed,
    request_form,
    wanted,
)
from monitor.model import FeedState
from monitor.ports import Subscription, SubscriptionState
from tests.factories import NOON

HUB, TOPIC, CALLBACK = "https://hub.example/", "https://news.example/feed", "https://watch.example/hubs"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def state(**changes: Any) -> FeedState:
    return FeedState(**{"feed_id": "a", "next_poll_at": NOON, "hub": HUB, "topic": TOPIC, **changes})


def look(
    states: tuple[FeedState, ...], kept: tuple[Subscription, ...] = (), now: datetime = NOON, **changes: Any
) -> Wanted:
    number = count()
    given = {"callback": CALLBACK, "draw": lambda: f"drawn-{next(number)}", **changes}
    return wanted(states, kept, now, **given)


def asked() -> Subscription:
    (found,) = look((state(),)).ask
    return found


def active(*, lease: timedelta = 8 * DAY) -> Subscription:
    return replace(asked(), state=SubscriptionState.ACTIVE, asks=0, lease_until=NOON + lease)


def query(mode: str = "subscribe", **changes: str) -> dict[str, str]:
    return {"hub.mode": mode, "hub.topic": TOPIC, "hub.challenge": "c", **changes}


def test_a_new_hub_is_asked_under_a_token_and_a_secret_of_its_own() -> None:
    found = look((state(), state(feed_id="b")))
    assert [(one.feed_id, one.hub, one.topic, one.state, one.asks) for one in found.ask] == [
        ("a", HUB, TOPIC, SubscriptionState.ASKED, 1),
        ("b", HUB, TOPIC, SubscriptionState.ASKED, 1),
    ]
    assert len({text for one in found.ask for text in (one.token, one.secret)}) == 4
    assert found.forget == ()
    assert found.unsafe == ()


@pytest.mark.parametrize("changes", [{"hub": None}, {"topic": None}, {"hub": ""}, {"paused": True}])
def test_a_feed_without_hub_or_topic_or_that_is_gone_asks_nobody(changes: dict[str, Any]) -> None:
    assert look((state(**changes),)) == Wanted()


def test_neither_token_nor_secret_is_shown() -> None:
    assert "drawn" not in repr(look((state(),)))


def test_a_silent_hub_is_asked_after_doubling_waits_and_then_once_a_day() -> None:
    kept, now = asked(), NOON
    waits: list[timedelta] = []
    while len(waits) < 7:
        now += MINUTE
        found = look((state(),), (kept,), now).ask
        if found:
            waits.append(now - kept.asked_at)
            kept = found[0]
    assert waits == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE, 80 * MINUTE, DAY, DAY, DAY]
    assert (kept.token, kept.secret, kept.asks) == (asked().token, asked().secret, 8)


def test_a_lease_is_renewed_in_its_last_quarter_and_holds_meanwhile() -> None:
    kept = active(lease=8 * DAY)
    assert look((state(),), (kept,), NOON + 6 * DAY) == Wanted()
    (renewed,) = look((state(),), (kept,), NOON + 6 * DAY + MINUTE).ask
    assert renewed == replace(kept, asked_at=NOON + 6 * DAY + MINUTE, asks=1)


def test_even_the_shortest_lease_leaves_time_to_ask_twice() -> None:
    kept = active(lease=timedelta(seconds=SHORTEST_LEASE_S))
    times = []
    for minute in range(60):
        now = NOON + minute * MINUTE
        for found in look((state(),), (kept,), now).ask:
            times.append(minute)
            kept = found
    assert times == [46, 56]


def test_a_lease_that_is_over_is_asked_for_as_if_it_were_new() -> None:
    (found,) = look((state(),), (active(),), NOON + 30 * DAY).ask
    assert (found.state, found.asks) == (SubscriptionState.ASKED, 1)


def test_what_a_hub_refused_is_asked_again_by_the_same_waits() -> None:
    kept = replace(asked(), state=SubscriptionState.REFUSED)
    assert look((state(),), (kept,), NOON + 9 * MINUTE) == Wanted()
    (found,) = look((state(),), (kept,), NOON + 10 * MINUTE).ask
    assert (found.state, found.asks) == (SubscriptionState.ASKED, 2)


def test_what_a_hub_denied_is_asked_again_a_day_later() -> None:
    kept = confirmed(active(), query("denied"), NOON + HOUR)
    assert kept is not None
    assert kept.state is SubscriptionState.DENIED
    assert look((state(),), (kept,), NOON + HOUR + DAY - MINUTE) == Wanted()
    (found,) = look((state(),), (kept,), NOON + HOUR + DAY).ask
    assert found.state is SubscriptionState.ASKED


@pytest.mark.parametrize(
    "changes", [{"hub": "https://other.example/"}, {"topic": "https://news.example/feed2"}, {"callback": "https://we/"}]
)
def test_another_hub_topic_or_callback_is_a_new_subscription(changes: dict[str, Any]) -> None:
    callback = changes.pop("callback", CALLBACK)
    (found,) = look((state(**changes),), (active(),), NOON + HOUR, callback=callback, draw=lambda: "fresh").ask
    assert found.token.endswith("fresh")
    assert (found.secret, found.state, found.asks) == ("fresh", SubscriptionState.ASKED, 1)
    assert found.lease_until is None


def test_a_feed_that_names_another_hub_each_time_makes_us_call_one_in_ten_minutes() -> None:
    kept, calls = asked(), 0
    for minute in range(60):
        named = state(hub=f"https://hub{minute}.example/")
        for found in look((named,), (kept,), NOON + minute * MINUTE).ask:
            calls += 1
            kept = found
    assert calls == 5


def test_a_feed_no_longer_there_is_left_and_forgotten_when_the_hub_agrees() -> None:
    (leaving,) = look((), (active(),), NOON + HOUR).ask
    assert (leaving.state, leaving.asks, leaving.asked_at) == (SubscriptionState.LEAVING, 1, NOON + HOUR)
    assert confirmed(leaving, query(), NOON + HOUR) is None
    after = confirmed(leaving, query("unsubscribe"), NOON + HOUR)
    assert after is not None
    assert after.state is SubscriptionState.LEFT


def test_a_hub_that_will_not_let_go_is_asked_five_times_and_then_forgotten() -> None:
    kept, now, asks = active(lease=30 * DAY), NOON, 0
    while True:
        now += MINUTE
        found = look((), (kept,), now)
        if found.forget:
            break
        for one in found.ask:
            asks += 1
            kept = one
    assert asks == 5
    assert [one.token for one in found.forget] == [kept.token]


@pytest.mark.parametrize("lease_until", [None, NOON])
def test_what_no_hub_holds_is_forgotten_without_asking(lease_until: datetime | None) -> None:
    found = look((), (replace(active(), lease_until=lease_until),))
    assert found.ask == ()
    assert [one.feed_id for one in found.forget] == ["a"]


def test_a_feed_that_comes_back_while_it_leaves_is_asked_for_anew() -> None:
    (leaving,) = look((), (active(),), NOON + HOUR).ask
    assert look((state(),), (leaving,), NOON + HOUR + MINUTE) == Wanted()
    (found,) = look((state(),), (leaving,), NOON + 2 * HOUR, draw=lambda: "fresh").ask
    assert (found.state, found.secret) == (SubscriptionState.ASKED, "fresh")


@pytest.mark.parametrize(
    ("hub", "asks"),
    [
        ("https://hub.example/", True),
        ("http://hub.example/", False),
        ("http://127.0.0.1:8080/hub", True),
        ("http://127.0.0.1:8081/hub", False),
        ("http://inside.example/hub", True),
        ("ftp://hub.example/", False),
        ("http://[::1/", False),
        ("http://hub.example:99999999/", False),
        ("no address", False),
    ],
)
def test_a_secret_goes_by_tls_or_to_a_named_private_target_or_not_at_all(hub: str, asks: bool) -> None:
    found = look((state(hub=hub),), private=frozenset({"127.0.0.1:8080", "inside.example:80"}))
    assert bool(found.ask) is asks
    assert bool(found.unsafe) is not asks


def test_a_hub_that_gave_up_tls_is_left() -> None:
    found = look((state(hub="http://hub.example/"),), (active(),))
    assert [one.state for one in found.ask] == [SubscriptionState.LEAVING]
    assert [one.feed_id for one in found.unsafe] == ["a"]


def test_a_confirmation_of_what_was_asked_for_begins_the_lease() -> None:
    after = confirmed(asked(), query(**{"hub.lease_seconds": "86400"}), NOON + MINUTE)
    assert after == replace(
        asked(), state=SubscriptionState.ACTIVE, asks=0, lease_until=NOON + MINUTE + timedelta(seconds=86400)
    )


@pytest.mark.parametrize(
    "said",
    [
        query(**{"hub.topic": "https://news.example/other"}),
        query(**{"hub.topic": TOPIC + "/"}),
        query("unsubscribe"),
        query("publish"),
        query(""),
        {"hub.topic": TOPIC},
        {"hub.mode": "subscribe"},
        {},
    ],
)
def test_what_was_not_asked_for_is_not_confirmed(said: dict[str, str]) -> None:
    assert confirmed(asked(), said, NOON) is None


def test_a_hub_may_confirm_twice_at_once_but_not_out_of_the_blue() -> None:
    assert confirmed(active(), query(), NOON + 10 * MINUTE) is not None
    assert confirmed(active(), query(), NOON + 11 * MINUTE) is None


@given(st.text() | st.integers().map(str) | st.none())
def test_whatever_a_hub_states_a_lease_lasts_from_an_hour_to_thirty_days(stated: str | None) -> None:
    said = query() if stated is None else query(**{"hub.lease_seconds": stated})
    after = confirmed(asked(), said, NOON)
    assert after is not None
    assert after.lease_until is not None
    assert SHORTEST_LEASE_S <= (after.lease_until - NOON).total_seconds() <= LONGEST_LEASE_S


def test_the_form_asks_to_be_told_or_to_be_told_no_more() -> None:
    said = parse_qs(request_form(asked(), CALLBACK).decode())
    assert said == {
        "hub.callback": [callback_address(CALLBACK, asked().token)],
        "hub.mode": ["subscribe"],
        "hub.topic": [TOPIC],
        "hub.secret": [asked().secret],
        "hub.lease_seconds": ["864000"],
    }
    leaving = parse_qs(request_form(replace(asked(), state=SubscriptionState.LEAVING), CALLBACK).decode())
    assert set(leaving) == {"hub.callback", "hub.mode", "hub.topic"}
    assert leaving["hub.mode"] == ["unsubscribe"]


@pytest.mark.parametrize(
    ("callback", "address"),
    [
        ("https://we.example", "https://we.example/t"),
        ("https://we.example/", "https://we.example/t"),
        ("https://we.example/a/b/", "https://we.example/a/b/t"),
        ("https://we.example/a?x=1#y", "https://we.example/a/t?x=1"),
    ],
)
def test_the_token_is_the_last_part_of_the_callbacks_path(callback: str, address: str) -> None:
    assert callback_address(callback, "t") == address
