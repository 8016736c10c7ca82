"""What follows from a poll: rhythm, wishes, back-off, addresses, and validators that are believed or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from monitor.deciding.polling import Pace, Question, Taken, address, after_failure, after_success, question
from monitor.errors import FeedNotFeed, FetchStatus, FetchUnavailable, RasidError
from monitor.model import FeedEntry, FeedSource, FeedState, FeedWishes, Page, ParsedFeed
from monitor.pacing import Tempo

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEED = FeedSource(id="f", url="https://example.ly/feed", outlet="صحيفة")
PACE = Pace(tempo=Tempo(start=timedelta(minutes=15), fastest=timedelta(minutes=5), slowest=timedelta(hours=1)))
STATE = FeedState(feed_id="f", next_poll_at=NOW, full_at=NOW)


def page(**changes: Any) -> Page:
    fields = {"url": FEED.url, "final_url": FEED.url, "status": 200, "body": b"x", "fetched_at": NOW, "etag": "new"}
    return Page(**{**fields, **changes})


def parsed(*marks: str, **changes: Any) -> ParsedFeed:
    entries = tuple(FeedEntry(url=f"https://example.ly/{mark}", title=mark, keys=(mark,), mark=mark) for mark in marks)
    return ParsedFeed(**{"entries": entries, "title": "", "kind": "rss", "partial": False, "window": marks, **changes})


def success(
    before: FeedState = STATE,
    answer: Page | None = None,
    taken: Taken | None = None,
    *,
    feed: FeedSource = FEED,
    now: datetime = NOW,
) -> FeedState:
    asked = question(feed, before, now, PACE)
    return after_success(feed, before, (asked, answer or page()), taken or Taken(), now=now, pace=PACE)


def failure(before: FeedState, error: RasidError, now: datetime = NOW) -> FeedState:
    return after_failure(FEED, before, error, now=now, pace=PACE)


def wait(state: FeedState, now: datetime = NOW) -> timedelta:
    return state.next_poll_at - now


def test_an_unchanged_feed_is_polled_later_and_one_that_is_all_new_sooner() -> None:
    before = replace(STATE, interval_s=900.0, window=("a", "b", "c"))
    quiet = success(before, page(status=304, body=b""))
    lively = success(before, None, Taken(parsed=parsed("d", "e", "f")))
    assert (quiet.interval_s, lively.interval_s) == (1350.0, 450.0)
    assert lively.next_poll_at < quiet.next_poll_at


def test_a_feed_read_for_the_first_time_keeps_the_interval_it_starts_from() -> None:
    assert success(taken=Taken(parsed=parsed("a", "b"), fresh=2)).interval_s == 900.0


def test_a_feed_without_marks_tells_its_rhythm_by_what_was_fresh() -> None:
    taken = Taken(parsed=parsed("a", "b", window=()), fresh=0)
    assert success(taken=taken).interval_s == 1350.0


@pytest.mark.parametrize(
    ("answer", "wishes", "least"),
    [
        (page(fresh_s=7200.0), FeedWishes(), timedelta(hours=2)),
        (page(), FeedWishes(ttl_s=10_800.0), timedelta(hours=3)),
        (page(fresh_s=7200.0), FeedWishes(ttl_s=10_800.0), timedelta(hours=3)),
        (page(fresh_s=10.0**9), FeedWishes(), timedelta(days=1)),
    ],
)
def test_what_feed_and_server_ask_for_is_granted_up_to_a_day(
    answer: Page, wishes: FeedWishes, least: timedelta
) -> None:
    assert wait(success(answer=answer, taken=Taken(parsed=parsed("a", wishes=wishes)))) == least


def test_an_interval_that_the_operator_names_goes_before_rhythm_and_wishes() -> None:
    feed = replace(FEED, interval_s=600)
    state = success(feed=feed, answer=page(fresh_s=86_400.0))
    assert timedelta(minutes=10) <= wait(state) <= timedelta(minutes=11)


def test_what_passes_by_itself_is_tried_again_before_long_and_then_ever_less_often_but_never_forgotten() -> None:
    state, waits, now = replace(STATE, interval_s=3600.0), [], NOW
    while now - NOW < timedelta(days=9):
        state = failure(state, FetchUnavailable(FEED.url, "503"), now)
        waits.append(wait(state, now))
        now = state.next_poll_at
    assert timedelta(minutes=30) <= waits[0] <= timedelta(minutes=33)
    assert all(later >= sooner for sooner, later in pairwise(waits))
    assert waits[-1] == timedelta(days=1)
    assert (state.failing_since, state.last_error_code) == (NOW, "E-FETCH-UNAVAILABLE")


def test_in_the_first_two_days_of_a_fault_a_feed_is_asked_as_often_as_the_quietest() -> None:
    state = replace(STATE, failures=9, failing_since=NOW - timedelta(hours=47))
    assert wait(failure(state, FetchUnavailable(FEED.url, "503"))) <= 1.1 * PACE.tempo.slowest
    assert wait(failure(state, FetchUnavailable(FEED.url, "429", retry_after_s=9000.0))) >= timedelta(hours=2)
    later = replace(state, failing_since=NOW - timedelta(hours=49))
    assert wait(failure(later, FetchUnavailable(FEED.url, "503"))) == timedelta(days=1)


def test_what_somebody_must_mend_waits_for_its_interval_at_least() -> None:
    assert wait(failure(replace(STATE, interval_s=3600.0), FeedNotFeed("a page"))) >= timedelta(hours=2)


def test_a_server_s_wish_is_granted_on_failure_as_well() -> None:
    assert wait(failure(STATE, FetchUnavailable(FEED.url, "429", retry_after_s=7200.0))) == timedelta(hours=2)


def test_a_feed_that_is_gone_is_paused_for_a_week_and_an_answer_ends_that() -> None:
    gone = failure(STATE, FetchStatus(FEED.url, "410", status=410))
    assert (gone.paused, wait(gone)) == (True, timedelta(days=7))
    assert not success(gone).paused


def test_a_success_clears_what_failed_before() -> None:
    state = success(failure(STATE, FetchUnavailable(FEED.url, "503")))
    assert (state.failures, state.failing_since, state.last_error_code) == (0, None, None)


def test_validators_are_left_out_once_a_day() -> None:
    before = replace(STATE, etag="e", last_modified="m")
    assert question(FEED, before, NOW + timedelta(hours=23), PACE) == Question(
        url=FEED.url, etag="e", last_modified="m"
    )
    assert not question(FEED, before, NOW + timedelta(hours=24), PACE).conditional
    assert not question(FEED, replace(before, full_at=NOW + timedelta(days=400)), NOW, PACE).conditional
    assert success(before, page(status=304), now=NOW + timedelta(hours=1)).full_at == NOW
    whole = success(before, page(fetched_at=NOW + timedelta(days=1)), now=NOW + timedelta(days=1))
    assert whole.full_at == NOW + timedelta(days=1)


@pytest.mark.parametrize("validator", ["etag", "last_modified"])
def test_validators_that_stay_while_items_change_are_believed_no_more_until_they_tell_the_truth(
    validator: str,
) -> None:
    def answer(value: str) -> Page:
        return page(**{"etag": None, "last_modified": None, validator: value})

    told: dict[str, Any] = {validator: "same", "window": ("a", "b"), "full_at": NOW - timedelta(days=2), "unchanged": 3}
    lying = success(replace(STATE, **told), answer("same"), Taken(parsed=parsed("c", "a")))
    assert lying.lying
    assert not question(FEED, lying, NOW, PACE).conditional
    assert success(lying, answer("same"), Taken(parsed=parsed("c", "a"))).lying, "nothing new: nothing learned"
    assert success(lying, answer("same"), Taken(parsed=parsed("d", "c"))).lying
    assert not success(lying, answer("other"), Taken(parsed=parsed("d", "c"))).lying


def test_a_tag_that_lies_is_found_out_beside_a_date_that_does_not() -> None:
    before = replace(STATE, etag="same", last_modified="old", window=("a",), full_at=None, unchanged=1)
    assert success(before, page(etag="same", last_modified="new"), Taken(parsed=parsed("b", "a"))).lying


def test_a_feed_that_never_said_not_modified_has_not_lied() -> None:
    before = replace(STATE, etag="same", window=("a",), full_at=None, unchanged=0)
    assert not success(before, page(etag="same"), Taken(parsed=parsed("b", "a"))).lying
    assert success(before, page(status=304, body=b"")).unchanged == 1


def test_a_feed_whose_body_tells_the_time_is_no_liar() -> None:
    before = replace(STATE, etag="same", window=("a", "b"), full_at=NOW - timedelta(days=2), body_hash="1")
    assert not success(before, page(etag="same"), Taken(parsed=parsed("a", "b"), body_hash="2")).lying


def test_what_is_owed_is_no_part_of_the_window_and_neither_validators_nor_body_are_kept() -> None:
    taken = Taken(parsed=parsed("a", "b"), body_hash="1", owed=("b",))
    state = success(answer=page(last_modified="m"), taken=taken)
    assert (state.window, state.etag, state.last_modified, state.body_hash) == (("a",), None, None, None)


def test_what_was_too_much_for_now_is_asked_for_soon_and_whole() -> None:
    before = replace(STATE, interval_s=900.0, window=("a", "b"))
    state = success(before, taken=Taken(parsed=parsed("a", "b", "c", waiting=("c",)), body_hash="1"))
    assert (state.window, state.etag, state.last_modified, state.body_hash) == (("a", "b"), None, None, None)
    assert state.interval_s == 450.0


def test_a_feed_that_breaks_off_says_so_and_is_asked_whole_again() -> None:
    state = success(taken=Taken(parsed=parsed("a", partial=True), body_hash="1"))
    assert (state.last_error_code, state.etag, state.body_hash, state.failures) == ("E-FETCH-TRUNCATED", None, None, 0)


def test_a_permanent_redirect_is_learned_after_three_times_in_a_row() -> None:
    state = STATE
    for times in (1, 2):
        state = success(state, page(moved_to="https://new.example.ly/feed"))
        assert (state.moved_times, address(FEED, state)) == (times, FEED.url)
    state = success(state, page(moved_to="https://new.example.ly/feed"))
    assert address(FEED, state) == "https://new.example.ly/feed"
    assert question(FEED, state, NOW, PACE).url == "https://new.example.ly/feed"


def test_redirects_to_changing_addresses_teach_nothing() -> None:
    state = STATE
    for number in range(6):
        state = success(state, page(moved_to=f"https://new.example.ly/{number % 2}"))
    assert address(FEED, state) == FEED.url


def test_a_learned_address_ends_with_a_lasting_failure_or_another_address_in_the_configuration() -> None:
    learned = replace(STATE, url="https://new.example.ly/feed", moved_from=FEED.url, moved_times=3)
    assert address(FEED, failure(learned, FetchUnavailable("x", "503"))) == "https://new.example.ly/feed"
    assert address(FEED, failure(learned, FetchStatus("x", "404", status=404))) == FEED.url
    assert address(replace(FEED, url="https://third.example.ly/"), learned) == "https://third.example.ly/"


def test_hub_and_topic_come_from_the_feed_or_from_the_server_s_links() -> None:
    wishes = FeedWishes(hub="https://hub.example/", topic="https://example.ly/t")
    told = success(taken=Taken(parsed=parsed("a", wishes=wishes)))
    linked = success(answer=page(links=(("hub", "https://h2.example/"),)), taken=Taken(parsed=parsed("a")))
    assert (told.hub, told.topic, linked.hub, linked.topic) == (
        "https://hub.example/", "https://example.ly/t", "https://h2.example/", None,
    )  # fmt: skip


def test_when_a_feed_last_held_something_new_is_kept_whoever_had_it_first() -> None:
    before = replace(STATE, window=("a", "b"), new_at=NOW - timedelta(days=1))
    assert success(before, taken=Taken(parsed=parsed("a", "b"))).new_at == NOW - timedelta(days=1)
    assert success(before, taken=Taken(parsed=parsed("c", "a"), fresh=0)).new_at == NOW
