"""What the operator hears of the watch itself: once, grouped, called over, and a heartbeat at its hours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.deciding.polling import Pace
from monitor.demo.loopback import Answer, Loopback, Request
from monitor.model import FeedSource, FeedState, Notice, NoticeKind, Outcome
from monitor.pacing import Tempo
from monitor.pipeline import PollRules, Ports, Watch, WatchRules, run_cycle
from monitor.ports import Commit, EntryRecord
from storage.archive import SqliteArchive
from tests.polling_rig import Clocks, ports_over

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
RULES = PollRules(pace=Pace(tempo=Tempo(start=timedelta(minutes=15), slowest=timedelta(hours=1))))
EMPTY = Answer(body=b"<rss><channel><title>x</title></channel></rss>", content_type="application/rss+xml")
WALL = Answer(body=b"<html><body>Just a moment, checking your browser</body></html>")


@dataclass
class Site:
    pages: dict[str, Answer] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)

    def route(self, request: Request) -> Answer:
        self.hits[request.path] += 1
        return self.pages.get(request.path, EMPTY)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def server(site: Site) -> Iterator[Loopback]:
    with Loopback(site.route) as running:
        yield running


@pytest.fixture
async def ports(server: Loopback) -> AsyncIterator[Ports]:
    targets = f"127.0.0.1:{server.port}", "127.0.0.1:9"
    async with ports_over(*targets, clocks=Clocks(wall=START)) as made:
        yield made


def feeds(origin: str, count: int = 1) -> list[FeedSource]:
    return [FeedSource(id=f"f{number}", url=f"{origin}/{number}", outlet=f"صحيفة {number}") for number in range(count)]


def watch_over(ports: Ports, sources: list[FeedSource], *hours: int) -> Watch:
    rules = WatchRules(failing=timedelta(hours=6), heartbeat_hours_utc=hours)
    return Watch(ports=ports, feeds=sources, rules=rules)


async def polled(ports: Ports, watch: Watch, after: timedelta = timedelta()) -> tuple[Notice, ...]:
    """Every feed polled, and the look that follows."""
    assert isinstance(ports.clock, Clocks)
    ports.clock.pass_(after.total_seconds())
    for report in await run_cycle(ports, watch.feeds, RULES, due_only=False):
        watch.hear(report)
    return watch.look()


def told(notices: tuple[Notice, ...]) -> list[tuple[str, list[tuple[str | None, str]]]]:
    return [(one.kind.value, [(alarm.feed_id, alarm.code) for alarm in one.alarms]) for one in notices]


async def test_a_page_in_place_of_a_feed_is_told_once_and_called_over_once(
    ports: Ports, site: Site, server: Loopback
) -> None:
    watch = watch_over(ports, feeds(server.origin))
    await polled(ports, watch)
    site.pages["/0"] = WALL
    assert told(await polled(ports, watch)) == [], "it may be maintenance"
    assert told(await polled(ports, watch, timedelta(hours=2))) == [("alarm", [("f0", "E-FEED-NOT-FEED")])]
    for _ in range(3):
        assert told(await polled(ports, watch, timedelta(hours=2))) == []
    del site.pages["/0"]
    assert told(await polled(ports, watch, timedelta(days=2))) == [("clear", [("f0", "E-FEED-NOT-FEED")])]
    assert told(await polled(ports, watch, timedelta(hours=2))) == []


async def test_what_goes_wrong_together_is_one_message_to_the_operators_alone(
    ports: Ports, site: Site, server: Loopback
) -> None:
    sources = feeds(server.origin, 3)
    watch = watch_over(ports, sources)
    for number in range(3):
        site.pages[f"/{number}"] = Answer(status=410)
    assert told(await polled(ports, watch)) == [("alarm", [(f"f{number}", "E-FEED-GONE") for number in range(3)])]
    (delivery,) = ports.archive.due_deliveries(ports.clock.now())
    assert (delivery.recipient, type(delivery.content)) == ("watch@example.org", Notice)


async def test_a_network_that_is_away_is_one_alarm_and_blames_no_feed(ports: Ports) -> None:
    sources = [FeedSource(id=f"f{n}", url=f"http://127.0.0.1:9/{n}", outlet="صحيفة") for n in range(6)]
    watch = watch_over(ports, sources)
    assert told(await polled(ports, watch)) == []
    found = [await polled(ports, watch, timedelta(hours=2)) for _ in range(5)]
    assert [one for notices in found for one in told(notices)] == [("alarm", [(None, "E-NETWORK")])]
    assert watch.network_away


async def test_a_feed_that_fails_alone_is_told_after_its_hours(ports: Ports, site: Site, server: Loopback) -> None:
    watch = watch_over(ports, feeds(server.origin))
    site.pages["/0"] = Answer(status=503)
    assert told(await polled(ports, watch)) == []
    assert told(await polled(ports, watch, timedelta(hours=5, minutes=59))) == []
    assert told(await polled(ports, watch, timedelta(minutes=2))) == [("alarm", [("f0", "E-FEED-FAILING")])]
    del site.pages["/0"]
    assert told(await polled(ports, watch, timedelta(minutes=2))) == [("clear", [("f0", "E-FEED-FAILING")])]


async def test_a_feed_that_has_gone_quiet_is_told(ports: Ports, site: Site, server: Loopback) -> None:
    watch = watch_over(ports, feeds(server.origin))
    state = FeedState(feed_id="f0", next_poll_at=START, last_ok_at=START)
    ports.archive.commit(Commit(feed_state=state))
    for number in range(28 * 12):
        url, at = f"{server.origin}/a{number}", START - timedelta(days=2) - number * timedelta(hours=2)
        record = EntryRecord(feed_id="f0", keys=(url,), url=url, title="", outcome=Outcome.OFF_TOPIC, at=at)
        ports.archive.commit(Commit(entries=(record,)))
    assert told(await polled(ports, watch)) == [("alarm", [("f0", "E-FEED-SILENT")])]
    assert told(await polled(ports, watch, timedelta(hours=2))) == []


async def test_an_alarm_of_a_feed_that_is_watched_no_more_ends_without_a_word(
    ports: Ports, site: Site, server: Loopback
) -> None:
    watch = watch_over(ports, feeds(server.origin, 2))
    site.pages["/1"] = Answer(status=410)
    await polled(ports, watch)
    assert len(ports.archive.standing_alarms()) == 1
    assert told(await polled(ports, watch_over(ports, feeds(server.origin, 1)))) == []
    assert ports.archive.standing_alarms() == ()


async def test_the_heartbeat_goes_out_at_its_hours_once_each_and_after_a_restart_too(
    ports: Ports, site: Site, server: Loopback
) -> None:
    sources = feeds(server.origin, 2)
    watch = watch_over(ports, sources, 6, 18)
    assert told(await polled(ports, watch)) == [], "nothing was missed before it began"
    (beat,) = await polled(ports, watch, timedelta(hours=9))
    assert (beat.kind, dict(beat.figures)["feeds"], dict(beat.figures)["healthy"]) == (NoticeKind.HEARTBEAT, 2, 2)
    assert dict(beat.figures)["polls"] >= 2
    assert told(await polled(ports, watch, timedelta(hours=1))) == []
    assert told(await polled(ports, watch_over(ports, sources, 6, 18), timedelta(hours=1))) == []
    late = watch_over(ports, sources, 6, 18)
    assert told(await polled(ports, late, timedelta(hours=15))) == [("heartbeat", [])], "its hour passed meanwhile"


async def test_without_hours_there_is_no_heartbeat(ports: Ports, server: Loopback) -> None:
    watch = watch_over(ports, feeds(server.origin))
    assert [await polled(ports, watch, timedelta(hours=7)) for _ in range(5)] == [()] * 5


async def test_what_a_look_could_not_keep_is_told_by_the_next(ports: Ports, site: Site, server: Loopback) -> None:
    watch = watch_over(ports, feeds(server.origin))
    site.pages["/0"] = Answer(status=410)
    for report in await run_cycle(ports, watch.feeds, RULES, due_only=False):
        watch.hear(report)
    assert isinstance(ports.archive, SqliteArchive)
    ports.archive._db.execute("PRAGMA query_only = ON")
    with pytest.raises(Exception, match="cannot commit"):
        watch.look()
    ports.archive._db.execute("PRAGMA query_only = OFF")
    assert told(watch.look()) == [("alarm", [("f0", "E-FEED-GONE")])]


async def test_a_fault_of_the_watch_itself_is_told_and_called_over(ports: Ports, server: Loopback) -> None:
    watch = watch_over(ports, feeds(server.origin))
    await polled(ports, watch)
    watch.hear_of_itself("E-BACKUP", "no room")
    assert told(watch.look()) == [("alarm", [(None, "E-BACKUP")])]
    watch.hear_of_itself("E-BACKUP", "no room")
    assert told(watch.look()) == []
    watch.hear_of_itself("E-BACKUP", None)
    assert told(watch.look()) == [("clear", [(None, "E-BACKUP")])]
