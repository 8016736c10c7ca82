from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.model import DeliveryResult, DeliveryState, FeedState, Outcome
from monitor.ports import Commit, Counts, EntryRecord, Volume
from storage.watching import counts_since, screen_sample, volumes
from tests.factories import NOON, make_decision, make_delivery, make_reading

if TYPE_CHECKING:
    from datetime import datetime

    from storage.archive import SqliteArchive

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST = NOON - 40 * DAY


def entry(at: datetime, url: str | None = None, **changes: Any) -> EntryRecord:
    address = url or f"https://news.example/{at.isoformat()}"
    fields: dict[str, Any] = {
        "feed_id": "one",
        "keys": (f"{address} {at.isoformat()}",),
        "url": address,
        "title": "خبر",
        "outcome": Outcome.OFF_TOPIC,
        "at": at,
    }
    return EntryRecord(**{**fields, **changes})


def polled(archive: SqliteArchive, *entries: EntryRecord, feed_id: str = "one") -> None:
    archive.commit(Commit(entries=entries, feed_state=FeedState(feed_id=feed_id, next_poll_at=NOON)))


def volume(archive: SqliteArchive, now: datetime = NOON) -> Volume:
    (found,) = volumes(archive._db, now)
    return found


def test_a_feed_without_entries_has_no_volume(archive: SqliteArchive) -> None:
    polled(archive)
    assert volumes(archive._db, NOON) == ()


def test_articles_of_the_week_and_of_the_three_before_are_counted_apart(archive: SqliteArchive) -> None:
    week, month = NOON - 7 * DAY, NOON - 28 * DAY
    instant = timedelta(microseconds=1)
    moments = (FIRST, month - instant, month, month + DAY, week - instant, week, week + DAY)
    polled(archive, *map(entry, moments))
    found = volume(archive)
    assert (found.before, found.week, found.first_at, found.last_at) == (3, 2, FIRST, week + DAY)
    assert found.entries == 6


def test_an_article_tried_in_five_polls_is_one(archive: SqliteArchive) -> None:
    tries = [entry(NOON - DAY + n * HOUR, "https://news.example/a", outcome=Outcome.UNREACHABLE) for n in range(5)]
    polled(archive, entry(FIRST), *tries)
    assert volume(archive).week == 1


def test_the_backlog_of_the_first_day_is_nobodys_rhythm(archive: SqliteArchive) -> None:
    start = NOON - 20 * DAY
    backlog = [entry(start + timedelta(minutes=n)) for n in range(100)]
    polled(archive, *backlog, entry(start + DAY + HOUR), entry(start + DAY + 4 * HOUR))
    found = volume(archive)
    assert (found.entries, found.before, found.longest_gap_s) == (2, 2, (3 * HOUR).total_seconds())


def test_the_longest_silence_leaves_out_the_one_that_lasts(archive: SqliteArchive) -> None:
    last = NOON - 3 * DAY
    polled(archive, entry(FIRST), *[entry(last - hours * HOUR) for hours in (30, 21, 20, 0)])
    found = volume(archive)
    assert found.longest_gap_s == (20 * HOUR).total_seconds()
    assert found.week_gap_s == (3 * DAY).total_seconds()


def test_the_weeks_longest_silence_may_have_begun_before_it(archive: SqliteArchive) -> None:
    polled(archive, entry(FIRST), entry(NOON - 2 * DAY), entry(NOON - HOUR))
    found = volume(archive)
    assert (found.week, found.week_gap_s) == (2, (5 * DAY).total_seconds())


def test_the_figures_of_a_feed_that_stopped_long_ago_stay_what_they_were(archive: SqliteArchive) -> None:
    last = NOON - 60 * DAY
    polled(archive, entry(last - 27 * DAY), *[entry(last - n * HOUR) for n in range(30)])
    found = volume(archive)
    assert (found.entries, found.longest_gap_s) == (30, HOUR.total_seconds())
    assert (found.week, found.before, found.week_gap_s) == (0, 0, (7 * DAY).total_seconds())


def test_a_silence_that_ended_is_not_the_measure_of_those_to_come(archive: SqliteArchive) -> None:
    polled(archive, entry(NOON - 90 * DAY), entry(NOON - 80 * DAY), entry(NOON - HOUR), entry(NOON))
    assert volume(archive).longest_gap_s == HOUR.total_seconds()


def test_each_feed_has_its_own_figures(archive: SqliteArchive) -> None:
    polled(archive, entry(FIRST), entry(NOON - HOUR))
    polled(archive, *[entry(NOON - n * HOUR, feed_id="two") for n in range(3)], feed_id="two")
    assert [(found.feed_id, found.week) for found in volumes(archive._db, NOON)] == [("one", 1), ("two", 3)]


def test_an_article_given_as_a_file_is_no_feeds(archive: SqliteArchive) -> None:
    polled(archive, entry(FIRST), entry(NOON, feed_id=None))
    assert volume(archive).last_at == FIRST
    assert counts_since(archive._db, FIRST).entries == 1


@pytest.mark.parametrize(
    ("outcome", "read", "in_scope"),
    [
        (Outcome.OFF_TOPIC, 1, 0),
        (Outcome.UNREACHABLE, 0, 0),
        (Outcome.NO_TEXT, 0, 0),
        (Outcome.SUSPECT, 0, 0),
        (Outcome.DUPLICATE, 1, 0),
        (Outcome.NOTHING_NEW, 1, 1),
        (Outcome.ALERTED, 1, 1),
    ],
)
def test_what_was_read_and_in_scope_goes_by_the_outcome(
    archive: SqliteArchive, outcome: Outcome, read: int, in_scope: int
) -> None:
    polled(archive, entry(NOON, outcome=outcome, screen="sampled"), entry(NOON - HOUR, outcome=outcome))
    assert counts_since(archive._db, NOON) == Counts(polls=1, entries=1, read=read, in_scope=in_scope)
    assert screen_sample(archive._db, FIRST) == (read, in_scope)


@pytest.mark.parametrize("in_scope", [True, False])
def test_a_duplicate_is_in_scope_if_its_article_is(archive: SqliteArchive, in_scope: bool) -> None:
    decision = make_decision(reading=make_reading(in_scope=in_scope))
    article_id = decision.reading.article.id
    archive.commit(Commit(decision=decision))
    polled(archive, entry(NOON, outcome=Outcome.DUPLICATE, article_id=article_id, screen="sampled"))
    assert screen_sample(archive._db, NOON) == (1, int(in_scope))


def test_articles_that_passed_the_screen_are_no_sample(archive: SqliteArchive) -> None:
    polled(archive, *[entry(NOON + n * HOUR, screen=screen) for n, screen in enumerate(("passed", "out", None))])
    assert screen_sample(archive._db, FIRST) == (0, 0)


def test_alerts_and_the_outbox_are_counted(archive: SqliteArchive) -> None:
    decision = make_decision()
    alert = decision.alerts[0]
    waiting, dead = (make_delivery(content=alert, id=name, recipient=f"{name}@news.example") for name in ("w", "d"))
    archive.commit(Commit(decision=decision, deliveries=(waiting, dead)))
    archive.record(DeliveryResult(delivery_id="d", state=DeliveryState.DEAD, tried_at=NOON))
    since = alert.first_seen
    assert counts_since(archive._db, since) == Counts(alerts=1, waiting=1, dead=1)
    assert counts_since(archive._db, max(since, NOON) + HOUR) == Counts(waiting=1)
