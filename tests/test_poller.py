"""When feeds are polled, by either clock, and what their pages are asked for."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from monitor.adapters.engine import InlineCompute
from monitor.deciding.polling import Pace
from monitor.demo.loopback import Answer, Loopback, Request
from monitor.model import FeedSource, FeedState, Outcome
from monitor.pacing import Tempo, next_check
from monitor.pipeline import FeedReport, Poller, PollRules, Ports, reread, run_cycle
from monitor.ports import Commit
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from tests.polling_rig import ROOT, START, Clocks, ports_over

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from monitor.model import Reading, Recall
    from monitor.ports import Archive
    from monitor.reading.words import ReadConfig

TEMPO = Tempo(start=timedelta(minutes=15), slowest=timedelta(hours=1))
RULES = PollRules(pace=Pace(tempo=TEMPO), tries=3, sample=0.0)
IN_SCOPE = "صدام حفتر يلتقي بول سولير في باريس"
SPORT = "فوز الأهلي على الاتحاد بهدفين في الدوري"
BODY = (
    "<p>التقى نائب القائد العام الفريق صدام حفتر في العاصمة الفرنسية باريس المبعوث الخاص للرئيس الفرنسي بول سولير، "
    "وبحث الجانبان في قصر الإليزيه ملفات التعاون الأمني والعسكري ومكافحة الإرهاب والهجرة غير النظامية.</p>"
)
MATCH = (
    "<p>سجل الأهلي هدفيه في الشوط الثاني أمام جمهور كبير في ملعب المدينة الرياضية، بعد أن أضاع الاتحاد ركلة جزاء في "
    "الدقيقة العاشرة. وارتفع رصيد الفائز إلى أربعين نقطة في صدارة الترتيب قبل ثلاث جولات من نهاية الموسم.</p>"
)
AGREED = "<p>واتفق الجانبان على إنشاء مركز تدريب مشترك في بنغازي قبل نهاية العام.</p>"


@dataclass
class Site:
    """One site: its pages by path, and what was asked of it."""

    pages: dict[str, Answer] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)
    conditional: Counter[str] = field(default_factory=Counter)

    def route(self, request: Request) -> Answer:
        self.hits[request.path] += 1
        self.conditional[request.path] += "if-none-match" in request.headers
        answer = self.pages.get(request.path, Answer(status=404))
        if answer.headers.get("ETag") and answer.headers["ETag"] == request.headers.get("if-none-match"):
            return Answer(status=304, headers=answer.headers)
        return answer

    def article(self, path: str, title: str = IN_SCOPE, body: str = BODY) -> None:
        html = (
            f'<!DOCTYPE html><html lang="ar"><head><meta charset="utf-8"></head><body><article><h1>{title}</h1>{body}'
        )
        self.pages[path] = Answer(body=f"{html}</article></body></html>".encode())

    def feed(self, origin: str, *items: tuple[str, str], etag: str | None = None, summary: str = "") -> None:
        listed = "".join(
            f"<item><title>{title}</title><link>{origin}{path}</link><description>{summary}</description></item>"
            for path, title in items
        )
        body = f'<rss version="2.0"><channel><title>أخبار</title>{listed}</channel></rss>'.encode()
        headers = {"ETag": etag or f'"{len(body)}-{sum(body)}"'}
        self.pages["/feed"] = Answer(body=body, content_type="application/rss+xml", headers=headers)


@pytest.fixture(scope="module")
def config() -> ReadConfig:
    return load_read_config(ROOT / "config")


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def server(site: Site) -> Iterator[Loopback]:
    with Loopback(site.route) as running:
        yield running


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
async def ports(server: Loopback, config: ReadConfig, clocks: Clocks) -> AsyncIterator[Ports]:
    later = partial(next_check, floor=timedelta(minutes=30), until=timedelta(days=14))
    reading = InlineCompute(read_article, config)
    target = f"127.0.0.1:{server.port}"
    async with ports_over(target, clocks=clocks, compute=reading, check_at=later, channels=(), robots=True) as made:
        yield made


def source(server: Loopback, **changes: object) -> FeedSource:
    return replace(FeedSource(id="f", url=f"{server.origin}/feed", outlet="موقع"), **changes)  # type: ignore[arg-type]


async def beaten(poller: Poller) -> tuple[FeedReport, ...]:
    """What is due now, polled to its end."""
    await poller.beat()
    for _ in range(500):
        await asyncio.sleep(0.01)
        if ended := await poller.beat():
            return ended
        if not poller.busy:
            return ()
    raise AssertionError("no poll ended")


def state(ports: Ports) -> FeedState:
    (found,) = ports.archive.feed_states()
    return found


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=-3650), timedelta(hours=1), timedelta(days=3650)])
async def test_whatever_the_wall_clock_does_the_next_poll_comes_within_two_intervals_and_once(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks, jump: timedelta
) -> None:
    site.feed(server.origin)
    poller = Poller(ports, [source(server)], RULES)
    assert len(await beaten(poller)) == 1
    assert await beaten(poller) == ()
    clocks.wall += jump
    polled_after_s = None
    for second in range(0, 2 * 24 * 60, 15):
        clocks.pass_(15)
        if await beaten(poller):
            polled_after_s = second
            break
    assert polled_after_s is not None
    assert polled_after_s <= 2 * 15 * 60
    assert await beaten(poller) == (), "one catch-up run, not several"
    await poller.aclose()


async def test_a_container_that_slept_catches_up_with_one_poll(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.feed(server.origin)
    poller = Poller(ports, [source(server)], RULES)
    await beaten(poller)
    clocks.wall += timedelta(hours=1)  # the monotonic clock of a stopped process may stand still
    assert len(await beaten(poller)) == 1
    assert await beaten(poller) == ()
    await poller.aclose()


async def test_a_moment_that_a_wrong_clock_stored_does_not_silence_a_feed(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.feed(server.origin)
    ports.archive.commit(Commit(feed_state=FeedState(feed_id="f", next_poll_at=START + timedelta(days=3650))))
    assert len(await run_cycle(ports, [source(server)], RULES)) == 1


async def test_a_feed_that_was_told_to_have_changed_is_polled_at_the_next_beat(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.feed(server.origin)
    poller = Poller(ports, [source(server)], RULES)
    await beaten(poller)
    assert await beaten(poller) == ()
    poller.wake("f")
    poller.wake("nobody")
    assert len(await beaten(poller)) == 1
    await poller.aclose()


async def test_an_unchanged_body_is_not_parsed_and_what_is_known_not_looked_up(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.article("/a")
    site.feed(server.origin, ("/a", IN_SCOPE), etag='""')
    (first,) = await run_cycle(ports, [source(server)], RULES)
    clocks.pass_(86_400)
    (second,) = await run_cycle(ports, [source(server)], RULES)
    assert (first.outcomes, second.not_modified, site.conditional["/feed"]) == ({"alerted": 1}, True, 0)
    site.article("/b", "خالد حفتر يستقبل السفير الأمريكي في بنغازي")
    site.feed(server.origin, ("/b", "خالد حفتر يستقبل السفير الأمريكي في بنغازي"), ("/a", IN_SCOPE))
    clocks.pass_(86_400)
    (third,) = await run_cycle(ports, [source(server)], RULES)
    assert third.parsed is not None
    assert (third.parsed.known, [end.entry.url for end in third.ends]) == (1, [f"{server.origin}/b"])


async def test_validators_that_lie_are_found_out_within_a_day(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.article("/a")
    site.article("/b")
    site.feed(server.origin, ("/a", IN_SCOPE), etag='"same"')
    await run_cycle(ports, [source(server)], RULES)
    site.feed(server.origin, ("/b", "خليفة حفتر يصل القاهرة"), ("/a", IN_SCOPE), etag='"same"')
    clocks.pass_(3600)
    (blind,) = await run_cycle(ports, [source(server)], RULES)
    clocks.pass_(86_400)
    (seeing,) = await run_cycle(ports, [source(server)], RULES)
    assert (blind.not_modified, len(seeing.ends), state(ports).lying) == (True, 1, True)


async def test_sport_is_not_fetched_and_a_sample_of_it_is(ports: Ports, site: Site, server: Loopback) -> None:
    site.article("/a")
    site.article("/s", SPORT, MATCH)
    site.feed(server.origin, ("/s", SPORT), ("/a", IN_SCOPE))
    rules = replace(RULES, words=ports.compute._config)  # type: ignore[attr-defined]
    (report,) = await run_cycle(ports, [source(server)], rules)
    assert sorted((end.screen, end.outcome) for end in report.ends) == [
        ("out", Outcome.OFF_TOPIC), ("passed", Outcome.ALERTED),
    ]  # fmt: skip
    assert site.hits["/s"] == 0
    (again,) = await run_cycle(ports, [source(server)], rules, due_only=False)
    assert again.not_modified
    (sampled,) = await run_cycle(ports, [source(server, id="g")], replace(rules, sample=1.0))
    assert ("sampled", Outcome.OFF_TOPIC) in {(end.screen, end.outcome) for end in sampled.ends}
    assert site.hits["/s"] == 1


async def test_a_headline_that_changes_is_screened_anew(ports: Ports, site: Site, server: Loopback) -> None:
    rules = replace(RULES, words=ports.compute._config)  # type: ignore[attr-defined]
    site.article("/a")
    site.feed(server.origin, ("/a", SPORT))
    await run_cycle(ports, [source(server)], rules)
    site.feed(server.origin, ("/a", IN_SCOPE))
    (report,) = await run_cycle(ports, [source(server)], rules, due_only=False)
    assert report.outcomes == {"alerted": 1}


@pytest.mark.parametrize(("read", "hits"), [("all", 1), ("screened", 0), ("summary", 0)])
async def test_a_feed_says_what_of_it_is_fetched(
    ports: Ports, site: Site, server: Loopback, read: str, hits: int
) -> None:
    site.article("/s", SPORT)
    site.feed(server.origin, ("/s", SPORT), summary="خسر الفريق المباراة في الشوط الثاني")
    rules = replace(RULES, words=ports.compute._config)  # type: ignore[attr-defined]
    await run_cycle(ports, [source(server, read=read)], rules)
    assert site.hits["/s"] == hits


SUMMARY = "التقى صدام حفتر في باريس المبعوث الخاص للرئيس الفرنسي بول سولير وبحث معه التعاون العسكري"


async def test_a_feed_of_summaries_is_read_as_it_is(ports: Ports, site: Site, server: Loopback) -> None:
    site.feed(server.origin, ("/a", IN_SCOPE), summary=SUMMARY)
    (report,) = await run_cycle(ports, [source(server, read="summary")], RULES)
    assert (report.outcomes, site.hits["/a"]) == ({"alerted": 1}, 0)


@pytest.mark.parametrize(("status", "polls"), [(403, 1), (404, 1), (503, 3)])
async def test_what_the_feed_says_is_read_when_the_page_is_not_tried_any_more(
    ports: Ports, site: Site, server: Loopback, status: int, polls: int
) -> None:
    site.pages["/a"] = Answer(status=status)
    site.feed(server.origin, ("/a", IN_SCOPE), summary=SUMMARY)
    for poll in range(1, polls + 1):
        (report,) = await run_cycle(ports, [source(server)], RULES, due_only=False)
        (end,) = report.ends
        assert (end.outcome, end.again) == ((Outcome.ALERTED, False) if poll == polls else (Outcome.UNREACHABLE, True))
        assert end.code in {"E-FETCH-STATUS", "E-FETCH-UNAVAILABLE"}


async def test_what_is_out_of_scope_by_the_feed_s_words_stays_unreachable(
    ports: Ports, site: Site, server: Loopback
) -> None:
    site.pages["/a"] = Answer(status=404)
    site.feed(server.origin, ("/a", "وزير الصحة يتفقد مستشفى طرابلس"))
    (report,) = await run_cycle(ports, [source(server)], RULES)
    assert report.outcomes == {"unreachable": 1}


async def test_robots_are_obeyed_for_feeds_and_articles_and_not_where_the_owner_has_agreed(
    ports: Ports, site: Site, server: Loopback
) -> None:
    site.pages["/robots.txt"] = Answer(body=b"User-agent: *\nDisallow: /feed\n", content_type="text/plain")
    site.article("/a")
    site.feed(server.origin, ("/a", IN_SCOPE))
    (refused,) = await run_cycle(ports, [source(server)], RULES)
    assert (refused.code, site.hits["/feed"]) == ("E-FETCH-ROBOTS", 0)
    (agreed,) = await run_cycle(ports, [source(server, ignore_robots=True)], RULES, due_only=False)
    assert agreed.outcomes == {"alerted": 1}


async def test_a_host_that_is_down_is_not_asked_for_every_article_and_none_is_given_up_for_it(
    ports: Ports, site: Site, server: Loopback
) -> None:
    paths = [f"/{number}" for number in range(12)]
    for path in paths:
        site.pages[path] = Answer(status=503)
    site.feed(server.origin, *((path, f"{IN_SCOPE} {path}") for path in paths))
    for _ in range(2):
        (report,) = await run_cycle(ports, [source(server)], RULES, due_only=False)
        assert report.outcomes == {"unreachable": 12}
    assert sum(site.hits[path] for path in paths) <= 2 * 7
    for path in paths:
        site.article(path, f"{IN_SCOPE} {path}")
    (back,) = await run_cycle(ports, [source(server)], RULES, due_only=False)
    assert sum(end.decision is not None for end in back.ends) == 12


async def test_an_article_is_read_again_and_only_a_changed_claim_is_told(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.article("/a")
    site.feed(server.origin, ("/a", IN_SCOPE))
    feed = source(server)
    poller = Poller(ports, [feed], RULES)
    await poller.once()
    assert await reread(poller.desk, {"f": feed}, limit=10) == ()
    clocks.pass_(1800)
    assert await reread(poller.desk, {"f": feed}, limit=10) == ()
    assert site.hits["/a"] == 2
    site.article("/a", body=BODY + AGREED)
    clocks.pass_(1800)
    (end,) = await reread(poller.desk, {"f": feed}, limit=10)
    assert end.outcome is Outcome.ALERTED
    clocks.pass_(3600)
    assert await reread(poller.desk, {"f": feed}, limit=10) == ()
    assert await reread(poller.desk, {"f": feed}, limit=10) == (), "not due again so soon"
    assert site.hits["/a"] == 4


@dataclass
class Asked:
    """The archive, and how often the ledger was asked for what is near a reading."""

    archive: Archive
    times: int = 0

    def recall(self, reading: Reading) -> Recall:
        self.times += 1
        return self.archive.recall(reading)

    def __getattr__(self, name: str) -> object:
        return getattr(self.archive, name)


async def test_of_an_article_read_again_that_says_the_same_nothing_is_asked_of_the_ledger(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.article("/a")
    site.feed(server.origin, ("/a", IN_SCOPE))
    feed, asked = source(server), Asked(ports.archive)
    poller = Poller(replace(ports, archive=asked), [feed], RULES)  # type: ignore[arg-type]
    await poller.once()
    assert asked.times == 1
    clocks.pass_(1800)
    assert await reread(poller.desk, {"f": feed}, limit=10) == ()
    assert (site.hits["/a"], asked.times) == (2, 1)
    site.article("/a", body=BODY + AGREED)
    clocks.pass_(1800)
    assert await reread(poller.desk, {"f": feed}, limit=10)
    assert asked.times == 2


async def test_a_wall_in_place_of_an_article_read_again_changes_nothing(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.article("/a")
    site.feed(server.origin, ("/a", IN_SCOPE))
    feed = source(server)
    poller = Poller(ports, [feed], RULES)
    (report,) = await poller.once()
    (alerted,) = report.ends
    site.article("/a", "تأكد أنك لست روبوتا", "<p>يرجى تفعيل ملفات تعريف الارتباط للمتابعة.</p>")
    clocks.pass_(1800)
    assert await reread(poller.desk, {"f": feed}, limit=10) == ()
    assert alerted.decision is not None
    kept = ports.archive.reader().article(alerted.decision.reading.article.id)  # type: ignore[attr-defined]
    assert len(kept["versions"]) == 1


async def test_articles_of_a_feed_no_longer_configured_are_not_read_again(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.article("/a")
    site.feed(server.origin, ("/a", IN_SCOPE))
    poller = Poller(ports, [source(server)], RULES)
    await poller.once()
    clocks.pass_(1800)
    await reread(poller.desk, {}, limit=10)
    assert (site.hits["/a"], ports.archive.due_checks(clocks.now() + timedelta(days=9), 10)) == (1, ())


async def test_one_page_at_many_addresses_is_a_wall(ports: Ports, site: Site, server: Loopback) -> None:
    wall = "<p>" + "حدث خطأ ما أثناء عرض هذه الصفحة، يرجى إعادة المحاولة بعد قليل أو العودة إلى الصفحة الرئيسية. " * 3
    paths = [f"/{number}" for number in range(5)]
    for path in paths:
        site.article(path, "تعذر عرض المادة", wall)
    site.feed(server.origin, *((path, f"{IN_SCOPE} {path}") for path in paths))
    (report,) = await run_cycle(ports, [source(server)], RULES)
    assert [end.outcome for end in report.ends][-2:] == [Outcome.SUSPECT, Outcome.SUSPECT]
    assert state(ports).walled_pages == 2
