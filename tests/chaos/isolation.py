"""Bad feeds beside good ones: one of twenty must not delay the others by a second, and one good one is read beside 19.

Real server, real fetcher, real reading processes; what a page does to its reader is said by a mark in it.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.adapters.deliver import deliver_one
from monitor.adapters.engine import InlineCompute, PoolCompute
from monitor.adapters.http import FetchLimits
from monitor.adapters.similarity import LexicalSimilarity
from monitor.deciding.polling import Pace
from monitor.model import FeedSource
from monitor.pacing import Tempo
from monitor.pipeline import Poller, PollRules, Ports
from monitor.ports import ReadJob
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from storage.archive import SqliteArchive
from tests.chaos.figures import Figure
from tests.chaos.hostile_servers import item, rss
from tests.chaos.site import Reply, Site, fetching
from tests.chaos.stories import ROME, far_from_it
from tests.chaos.world import Now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from monitor.model import Reading
    from monitor.pipeline import FeedReport
    from monitor.ports import Compute
    from monitor.reading.words import ReadConfig
    from tests.chaos.site import Asked

ROOT = Path(__file__).parents[2]
FEEDS: Final = 20
TEMPO = Tempo(start=timedelta(minutes=15))
DELAY_S: Final = 1.0
_NEVER_S: Final = 3600.0
_SLEEPS, _ABORTS, _TELLS_WHO = b"<!-- sleeps -->", b"<!-- aborts -->", b"<!-- tells who -->"
_READERS: Final = 2
_UP_WITHIN_S: Final = 60.0
_TRIES: Final = 4
_numbers = count()


class Kind(StrEnum):
    """What is wrong with a feed, or with the pages it leads to."""

    GOOD = "good"
    HANGS = "hangs"
    SLOW = "is slow"
    SLOW_PAGES = "has slow pages"
    SLEEPS = "has pages that never end"
    ABORTS = "has pages that crash"
    CROWDED = "is a slow host of 200 feeds"


BAD: Final = (Kind.HANGS, Kind.SLOW, Kind.SLOW_PAGES, Kind.SLEEPS, Kind.ABORTS)
PAGES: Final[Mapping[Kind, int]] = {
    kind: 4 if kind in {Kind.SLOW_PAGES, Kind.SLEEPS, Kind.ABORTS} else 1 for kind in Kind
}
SLOW_S: Final = 0.6
CROWD: Final = 200


def read_marked(job: ReadJob, config: ReadConfig) -> Reading:
    """The real reader, but for pages that would trip it."""
    if _SLEEPS in (job.html or b""):
        time.sleep(_NEVER_S)
    if _ABORTS in (job.html or b""):
        os.abort()
    if _TELLS_WHO in (job.html or b""):
        time.sleep(0.1)  # so that one process does not take the job of another
        return read_article(replace(job, article_id=str(os.getpid())), config)
    return read_article(job, config)


@asynccontextmanager
async def reading(*, limit_s: float) -> AsyncIterator[PoolCompute[ReadConfig]]:
    """Two reading processes, as the product has them."""
    pool = PoolCompute(read_marked, load_read_config, ROOT / "config", workers=_READERS, limit_s=limit_s)
    try:
        yield pool
    finally:
        await pool.aclose()


async def _ready(pool: PoolCompute[ReadConfig]) -> None:
    """All processes are up: what a trial before may have ended is started again, and takes no time from the next."""
    page = ROME.page() + _TELLS_WHO
    job = ReadJob(article_id="", url="http://x.test/", outlet="x.test", fetched_at=Now().now(), html=page)
    seen: set[str] = set()
    async with asyncio.timeout(_UP_WITHIN_S):
        while len(seen) < _READERS:
            seen = {said.article.id for said in await asyncio.gather(*(pool.read(job) for _ in range(_READERS)))}


@dataclass(slots=True, kw_only=True)
class Trial:
    """Feeds polled side by side: of what kind each is, and when its poll had ended, in seconds from the start."""

    kinds: Mapping[str, Kind]
    ended_s: dict[str, float] = field(default_factory=dict)
    alerted_s: float | None = None
    known: set[str] = field(default_factory=set)

    @property
    def good(self) -> list[str]:
        return [host for host, kind in self.kinds.items() if kind is Kind.GOOD]

    @property
    def feeds(self) -> list[FeedSource]:
        return [
            FeedSource(id=host + more, url=f"http://{host}/feed{more}", outlet=host, allow_private=True, read="all")
            for host, kind in self.kinds.items()
            for more in ("", *(f"?{number}" for number in range(1, CROWD if kind is Kind.CROWDED else 1)))
        ]

    async def route(self, asked: Asked) -> Reply:
        """One answer, as bad as its kind."""
        kind, is_feed = self.kinds[asked.host], asked.path.startswith("/feed")
        if kind is Kind.HANGS:
            await asyncio.sleep(_NEVER_S)
        if kind in {Kind.SLOW, Kind.CROWDED} or (kind is Kind.SLOW_PAGES and not is_feed):
            await asyncio.sleep(SLOW_S)
        return Reply(body=self._feed(kind) if is_feed else self._page(asked, kind))

    def _feed(self, kind: Kind) -> bytes:
        links = (item(ROME.title if kind is Kind.GOOD else f"خبر {at}", f"/{at}") for at in range(PAGES[kind]))
        return rss("".join(links)).encode()

    def _page(self, asked: Asked, kind: Kind) -> bytes:
        if asked.host == self.good[0]:
            return ROME.page()
        mark = {Kind.SLEEPS: _SLEEPS, Kind.ABORTS: _ABORTS}.get(kind, b"")
        return far_from_it(random.Random(asked.host), 1000).page() + mark  # noqa: S311 - the same in every run

    async def run(self, compute: PoolCompute[ReadConfig], *, deadline_s: float) -> None:
        """Poll all of them once; the trial is over when the good ones are."""
        await _ready(compute)
        began = time.monotonic()

        def told(report: FeedReport) -> None:
            self.ended_s[report.feed_id] = time.monotonic() - began
            if report.alerts:
                self.alerted_s = self.ended_s[report.feed_id]

        with Site(self.route) as site:
            async with self.poller(site, compute, deadline_s=deadline_s, told=told) as poller:
                await poller.beat()
                while not self.ended_s.keys() >= set(self.good):
                    await asyncio.sleep(0.005)
                    await poller.beat()

    @asynccontextmanager
    async def poller(
        self,
        site: Site,
        compute: Compute,
        *,
        deadline_s: float,
        told: Callable[[FeedReport], None],
        clock: Now | None = None,
    ) -> AsyncIterator[Poller]:
        """The real poller on a clock that stands still."""
        clock = clock or Now()
        limits = FetchLimits(deadline_s=deadline_s)
        async with fetching(site.port, self.kinds, now=clock.now, limits=limits) as fetch:
            with SqliteArchive(":memory:") as archive:
                ports = Ports(
                    archive=archive,
                    fetch=fetch,
                    compute=compute,
                    similarity=LexicalSimilarity(),
                    clock=clock,
                    attempt=deliver_one,
                    digest_at=lambda now: now + timedelta(hours=1),
                )
                rules = PollRules(pace=Pace(tempo=TEMPO))
                async with aclosing(Poller(ports, self.feeds, rules, told=told)) as poller:
                    yield poller


def trial(bad: Sequence[Kind], *, good: int) -> Trial:
    """Under names of its own: an address that has killed two readers is not read again. The bad ones come first."""
    number = next(_numbers)
    kinds = [*bad, *(Kind.GOOD for _ in range(good))]
    return Trial(kinds={f"t{number}-{at}.test": kind for at, kind in enumerate(kinds)})


async def last_s(compute: PoolCompute[ReadConfig], bad: Sequence[Kind], *, deadline_s: float) -> float:
    """After how many seconds the last of nineteen good feeds is read, beside `bad` ones."""
    one = trial(bad, good=FEEDS - 1)
    await one.run(compute, deadline_s=deadline_s)
    return max(one.ended_s[host] for host in one.good)


async def delays_s(
    compute: PoolCompute[ReadConfig], bad: Mapping[str, Sequence[Kind]], *, deadline_s: float
) -> dict[str, float]:
    """By how many seconds bad feeds delay nineteen good ones.

    The least of some pairs of trials, without them and with them: the machine is shared, and what holds others up by
    design does so each time. Each pair comes after a trial that is not counted, so that processes started for the
    last one have read real pages in both.
    """
    found: dict[str, float] = {}
    for name, kinds in bad.items():
        for _ in range(_TRIES):
            await last_s(compute, (), deadline_s=deadline_s)
            alone_s = await last_s(compute, (), deadline_s=deadline_s)
            seen = max(await last_s(compute, kinds, deadline_s=deadline_s) - alone_s, 0.0)
            found[name] = min(found.get(name, seen), seen)
            if seen < DELAY_S:
                break
    return found


async def alert_beside_s(compute: PoolCompute[ReadConfig], bad: Sequence[Kind], *, deadline_s: float) -> float:
    """After how many seconds one good feed among nineteen bad ones has told."""
    one = trial(bad, good=1)
    await one.run(compute, deadline_s=deadline_s)
    return float("inf") if one.alerted_s is None else one.alerted_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Beats:
    """What came of a good feed beside one whose poll does not end: its polls, and how often the bad one was asked."""

    good_polls: int
    second_s: float
    bad_polls: int
    bad_requests: int


async def beats(compute: Compute, *, deadline_s: float) -> Beats:
    """Poll by beats: the good feed comes due again while the bad one's poll still runs."""
    one, clock = trial((Kind.HANGS,), good=1), Now()
    ended: list[str] = []
    with Site(one.route) as site:

        async def until(reports: int) -> float:
            began = time.monotonic()
            while ended.count(one.good[0]) < reports:
                await poller.beat()
                await asyncio.sleep(0.005)
            return time.monotonic() - began

        async with one.poller(
            site, compute, deadline_s=deadline_s, told=lambda report: ended.append(report.feed_id), clock=clock
        ) as poller:
            await until(1)
            clock.at += timedelta(hours=1)
            second_s = await until(2)
            clock.at += timedelta(hours=1)
            await until(3)
            bad = len(ended) - ended.count(one.good[0])
        requests = len(site.visits[next(iter(one.kinds))].starts)
    return Beats(good_polls=ended.count(one.good[0]), second_s=second_s, bad_polls=bad, bad_requests=requests)


def of_all_kinds(number: int) -> list[Kind]:
    """Bad feeds of every kind in turn."""
    return [BAD[at % len(BAD)] for at in range(number)]


async def figures(
    *, kinds: Sequence[Kind], beside: Mapping[str, Sequence[Kind]], deadline_s: float, limit_s: float
) -> list[Figure]:
    """What was seen, beside what it may be."""
    found = []
    async with reading(limit_s=limit_s) as compute:
        delays = await delays_s(compute, {kind.value: (kind,) for kind in kinds}, deadline_s=deadline_s)
        for name, seen in delays.items():
            told = f"one feed {name}: nineteen others are delayed by"
            found.append(Figure(name=told, seen=seen, unit="s", limit=DELAY_S))
        for name, bad in beside.items():
            seen = await alert_beside_s(compute, bad, deadline_s=deadline_s)
            told = f"{len(bad)} feeds, each of which {name}: a good one tells after"
            found.append(Figure(name=told, seen=seen, unit="s", limit=TEMPO.start.total_seconds()))
    seen_beats = await beats(InlineCompute(read_article, load_read_config(ROOT / "config")), deadline_s=60)
    return [
        *found,
        Figure(
            name="next poll of a good feed beside one that hangs", seen=seen_beats.second_s, unit="s", limit=DELAY_S
        ),
        Figure(name="polls of the good one meanwhile", seen=seen_beats.good_polls, least=3),
        Figure(name="requests to the one that hangs meanwhile", seen=seen_beats.bad_requests, limit=1),
    ]


async def run() -> tuple[list[Figure], list[str]]:
    """All kinds, and nineteen of each, with limits of time a quarter of the product's and less."""
    every = {kind.value: [kind] * (FEEDS - 1) for kind in BAD}
    found = await figures(
        kinds=(*BAD, Kind.CROWDED),
        beside=every
        | {
            "is bad in one of these ways": of_all_kinds(FEEDS - 1),
            "is slow, at a host of its own": [Kind.SLOW] * CROWD,
        },
        deadline_s=3,
        limit_s=5,
    )
    return found, []
