"""The walk from feed to outbox, over a real archive and a real server on loopback."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.adapters.engine import InlineCompute
from monitor.adapters.files import read_files
from monitor.deciding.polling import Pace
from monitor.demo.loopback import Answer, Loopback, Request
from monitor.errors import ExtractCrash, InputMissing, RasidError
from monitor.model import DeliveryState, FeedSource, Outcome
from monitor.pacing import Tempo
from monitor.pipeline import EntryEnd, PollRules, Ports, deliver, ingest, run_cycle
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from storage.seed import seed_articles
from tests.polling_rig import ROOT, START, Channel, Clocks, ports_over

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from monitor.model import Reading
    from monitor.ports import ReadJob
    from monitor.reading.words import ReadConfig

RULES = PollRules(pace=Pace(tempo=Tempo(start=timedelta(minutes=15))), tries=3)
MEETING = (
    "<h1>صدام حفتر يلتقي بول سولير في باريس</h1>"
    "<p>التقى نائب القائد العام الفريق صدام حفتر في العاصمة الفرنسية باريس المبعوث الخاص للرئيس الفرنسي بول سولير، "
    "وبحث الجانبان في قصر الإليزيه ملفات التعاون الأمني والعسكري ومكافحة الإرهاب والهجرة غير النظامية.</p>"
    "<p>وأعرب صدام حفتر عن رغبة القيادة العامة في تطوير العلاقات الثنائية مع فرنسا في مجال التدريب.</p>"
)


@dataclass
class World:
    """What a server on loopback answers, by path, and what was asked of it."""

    pages: dict[str, Answer] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)
    slow: dict[str, float] = field(default_factory=dict)

    def route(self, request: Request) -> Answer:
        path = request.path.partition("?")[0]
        self.hits[path] += 1
        time.sleep(self.slow.get(path, 0))
        answer = self.pages.get(path, Answer(status=404))
        etag = answer.headers.get("ETag")
        return (
            Answer(status=304, headers=answer.headers) if etag == request.headers.get("if-none-match", "") else answer
        )

    def article(self, path: str, body: str = MEETING) -> None:
        page = f'<!DOCTYPE html><html lang="ar" dir="rtl"><head><meta charset="utf-8"></head><body><article>{body}'
        self.pages[path] = Answer(body=f"{page}</article></body></html>".encode())

    def feed(self, path: str, *links: str, end: str = "</channel></rss>") -> None:
        items = "".join(f"<item><title>خبر {link}</title><link>{link}</link></item>" for link in links)
        body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>أخبار</title>{items}{end}'.encode()
        headers = {"ETag": f'"{len(body)}-{sum(body)}"'}
        self.pages[path] = Answer(body=body, content_type="application/rss+xml", headers=headers)


@pytest.fixture(scope="module")
def config() -> ReadConfig:
    return load_read_config(ROOT / "config")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server(world: World) -> Iterator[Loopback]:
    with Loopback(world.route) as running:
        yield running


@pytest.fixture
async def ports(server: Loopback, config: ReadConfig) -> AsyncIterator[Ports]:
    reading = InlineCompute(read_article, config)
    async with ports_over(f"127.0.0.1:{server.port}", clocks=Clocks(), compute=reading) as made:
        yield made


def source(server: Loopback, path: str = "/feed") -> FeedSource:
    return FeedSource(id=path.strip("/"), url=server.origin + path, outlet="موقع", allow_private=True)


def later(ports: Ports, minutes: int = 30) -> None:
    assert isinstance(ports.clock, Clocks)
    ports.clock.pass_(60 * minutes)


@contextmanager
def hearing(ports: Ports) -> Iterator[tuple[Ports, list[EntryEnd]]]:
    ends: list[EntryEnd] = []
    yield replace(ports, told=ends.append), ends


async def test_a_new_article_is_read_stored_and_queued_once(ports: Ports, world: World, server: Loopback) -> None:
    world.article("/a")
    world.feed("/feed", f"{server.origin}/a")
    (report,) = await run_cycle(ports, [source(server)], RULES)
    assert report.outcomes == {"alerted": 1}
    assert report.alerts
    assert len(ports.archive.due_deliveries(START)) == sum(alert.urgency.value == "now" for alert in report.alerts)
    (state,) = ports.archive.feed_states()
    assert (state.failures, state.etag, state.last_ok_at is not None) == (0, world.pages["/feed"].headers["ETag"], True)

    later(ports)
    (again,) = await run_cycle(ports, [source(server)], RULES)
    assert again.not_modified
    assert world.hits == {"/feed": 2, "/a": 1}


async def test_a_feed_is_left_alone_until_it_is_due(ports: Ports, world: World, server: Loopback) -> None:
    world.feed("/feed")
    await run_cycle(ports, [source(server)], RULES)
    assert await run_cycle(ports, [source(server)], RULES) == ()
    later(ports)
    assert len(await run_cycle(ports, [source(server)], RULES)) == 1


async def test_an_article_under_another_spelling_of_its_address_was_seen_before(
    ports: Ports, world: World, server: Loopback
) -> None:
    world.article("/a")
    world.feed("/feed", f"{server.origin}/a")
    await run_cycle(ports, [source(server)], RULES)
    world.feed("/feed", f"{server.origin}/a?utm_source=rss")
    later(ports)
    (report,) = await run_cycle(ports, [source(server)], RULES)
    assert report.outcomes == {"seen_before": 1}
    assert world.hits["/a"] == 1


async def test_two_feeds_with_one_article_read_it_once(ports: Ports, world: World, server: Loopback) -> None:
    world.article("/a")
    world.feed("/one", f"{server.origin}/a")
    world.feed("/two", f"{server.origin}/a#top")
    reports = await run_cycle(ports, [source(server, "/one"), source(server, "/two")], RULES)
    assert sorted(outcome for report in reports for outcome in report.outcomes) == ["alerted", "seen_before"]
    assert world.hits["/a"] == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(body=b"<html><body>Just a moment</body></html>"), "E-FEED-NOT-FEED"),
        (Answer(body=b'{"a": 1}', content_type="application/json"), "E-FEED-NOT-FEED"),
        (Answer(body=b""), "E-FEED-NOT-FEED"),
        (Answer(body=b'<!DOCTYPE r [<!ENTITY a "b">]><rss><channel/></rss>'), "E-FEED-HOSTILE"),
        (Answer(status=500), "E-FETCH-UNAVAILABLE"),
        (Answer(status=403), "E-FETCH-STATUS"),
    ],
)
async def test_a_broken_feed_is_named_and_the_others_go_on(
    ports: Ports, world: World, server: Loopback, answer: Answer, code: str
) -> None:
    world.pages["/bad"] = answer
    world.article("/a")
    world.feed("/good", f"{server.origin}/a")
    bad, good = await run_cycle(ports, [source(server, "/bad"), source(server, "/good")], RULES)
    assert bad.code == code
    assert good.outcomes == {"alerted": 1}
    states = {state.feed_id: state for state in ports.archive.feed_states()}
    assert (states["bad"].failures, states["bad"].last_error_code) == (1, code)
    assert states["bad"].next_poll_at > states["good"].next_poll_at


async def test_a_slow_feed_holds_up_nobody_else(ports: Ports, world: World, server: Loopback) -> None:
    world.slow["/slow"] = 0.8
    world.article("/a")
    world.article("/b", MEETING.replace("باريس", "روما"))
    world.feed("/slow", f"{server.origin}/a")
    world.feed("/quick", f"{server.origin}/b")
    with hearing(ports) as (told, ends):
        await run_cycle(told, [source(server, "/slow"), source(server, "/quick")], RULES)
    assert [end.feed_id for end in ends] == ["quick", "slow"]


async def test_a_page_that_is_gone_is_recorded_and_not_asked_for_again(
    ports: Ports, world: World, server: Loopback
) -> None:
    world.feed("/feed", f"{server.origin}/gone")
    (report,) = await run_cycle(ports, [source(server)], RULES)
    (end,) = report.ends
    assert (end.outcome, end.code, end.again) == (Outcome.UNREACHABLE, "E-FETCH-STATUS", False)
    world.feed("/feed", f"{server.origin}/gone", f"{server.origin}/gone?utm_source=x")
    later(ports)
    await run_cycle(ports, [source(server)], RULES)
    assert world.hits["/gone"] == 1


async def test_a_page_that_fails_for_now_is_tried_in_later_polls_until_its_tries_are_over(
    ports: Ports, world: World, server: Loopback
) -> None:
    world.pages["/a"] = Answer(status=503)
    world.feed("/feed", f"{server.origin}/a")
    for again in (True, True, False):
        (report,) = await run_cycle(ports, [source(server)], RULES)
        assert [(end.outcome, end.again) for end in report.ends] == [(Outcome.UNREACHABLE, again)]
        (state,) = ports.archive.feed_states()
        assert (state.etag is None) is again
        later(ports)
    await run_cycle(ports, [source(server)], RULES)
    assert world.hits["/a"] == 3


async def test_a_page_that_comes_back_is_read(ports: Ports, world: World, server: Loopback) -> None:
    world.pages["/a"] = Answer(status=503)
    world.feed("/feed", f"{server.origin}/a")
    await run_cycle(ports, [source(server)], RULES)
    world.article("/a")
    later(ports)
    (report,) = await run_cycle(ports, [source(server)], RULES)
    assert report.outcomes == {"alerted": 1}


async def test_a_feed_that_breaks_off_keeps_what_it_said_and_owes_the_rest(
    ports: Ports, world: World, server: Loopback
) -> None:
    world.article("/a")
    world.feed("/feed", f"{server.origin}/a", end="<item><title>نصف")
    (report,) = await run_cycle(ports, [source(server)], RULES)
    assert report.partial
    assert report.outcomes == {"alerted": 1}
    (state,) = ports.archive.feed_states()
    assert (state.etag, state.last_error_code, state.failures) == (None, "E-FETCH-TRUNCATED", 0)


async def test_a_page_that_breaks_the_reader_is_tried_twice_and_costs_no_other(
    ports: Ports, world: World, server: Loopback, config: ReadConfig
) -> None:
    class Breaking(InlineCompute["ReadConfig"]):
        async def read(self, job: ReadJob) -> Reading:
            if job.url.endswith("/killer"):
                raise ExtractCrash(f"{job.url}: its process died")
            return await super().read(job)

    world.article("/killer")
    world.article("/a")
    world.feed("/feed", f"{server.origin}/a", f"{server.origin}/killer")
    breaking = replace(ports, compute=Breaking(read_article, config))
    for expected in ({"no_text": 1, "alerted": 1}, {"no_text": 1, "seen_before": 1}, None):
        (report,) = await run_cycle(breaking, [source(server)], RULES)
        assert report.not_modified if expected is None else report.outcomes == expected
        later(ports)
    assert world.hits["/killer"] == 2


async def test_a_page_without_text_ends_as_such(ports: Ports, world: World, server: Loopback) -> None:
    world.pages["/empty"] = Answer(body=b"<html><body></body></html>")
    world.feed("/feed", f"{server.origin}/empty")
    (report,) = await run_cycle(ports, [source(server)], RULES)
    assert [(end.outcome, end.code) for end in report.ends] == [(Outcome.NO_TEXT, "E-EXTRACT-EMPTY")]


async def test_a_dry_run_keeps_nothing(ports: Ports, world: World, server: Loopback) -> None:
    world.article("/a")
    world.feed("/feed", f"{server.origin}/a")
    (report,) = await run_cycle(ports, [source(server)], RULES, due_only=False, store=False)
    assert report.outcomes == {"alerted": 1}
    assert ports.archive.feed_states() == ()
    assert ports.archive.due_deliveries(START) == ()


async def test_what_cannot_be_opened_stands_in_its_place(ports: Ports, tmp_path: Path) -> None:
    good = tmp_path / "good.txt"
    good.write_text(seed_articles()[0].text, encoding="utf-8")
    paths = [tmp_path / "missing.txt", good]
    ends = [end async for end in ingest(ports, read_files(paths, now=ports.clock.now))]
    assert isinstance(ends[0], InputMissing)
    assert not isinstance(ends[1], RasidError)
    assert ends[1].article_id == "good"


async def test_the_second_reading_of_the_corpus_alerts_nothing(ports: Ports, tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed.id}.txt" for seed in seed_articles()]
    for path, seed in zip(paths, seed_articles(), strict=True):
        path.write_bytes(seed.text.encode())
    rounds = []
    for _ in range(2):
        read = read_files(paths, now=ports.clock.now)
        ends = [end async for end in ingest(ports, read)]
        rounds.append([len(end.decision.alerts) for end in ends if isinstance(end, EntryEnd) and end.decision])
    assert sum(rounds[0]) > 0
    assert sum(rounds[1]) == 0


async def test_an_alert_survives_a_broken_channel_and_delays_no_other(
    ports: Ports, world: World, server: Loopback
) -> None:
    broken, sound = Channel(down=True), Channel(channel="webhook", recipients=("desk",))
    both = replace(ports, channels=(broken, sound))
    world.article("/a")
    world.feed("/feed", f"{server.origin}/a")
    await run_cycle(both, [source(server)], RULES)
    results = await deliver(both)
    assert Counter(result.state for result in results) == {
        DeliveryState.QUEUED: len(results) // 2,
        DeliveryState.SENT: len(results) // 2,
    }
    later(ports)
    broken.down = False
    await deliver(both)
    assert len(broken.sent) == len(sound.sent) == len(set(broken.sent + sound.sent)) // 2 > 0
    assert await deliver(both) == ()


async def test_an_alert_for_a_channel_that_is_gone_is_a_dead_letter_that_says_so(
    ports: Ports, world: World, server: Loopback
) -> None:
    world.article("/a")
    world.feed("/feed", f"{server.origin}/a")
    await run_cycle(ports, [source(server)], RULES)
    results = await deliver(replace(ports, channels=()))
    assert results
    assert {result.state for result in results} == {DeliveryState.DEAD}
    assert all("'mail'" in (result.message or "") for result in results)
