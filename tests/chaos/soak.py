"""Fifty thousand polls of forty feeds, twenty thousand articles: what a worker holds must not grow with what it did.

The clock stands still while what is due is done, then goes on; so a summer passes in less than an hour. Polls, second
readings, looks at the watch, deliveries and the care of the archive are the product's own, in their order; the archive
lies on the disk, and articles are read in processes of their own. `python -m tests.chaos.soak` runs it in a process
that has done nothing else, prints what it saw as JSON, and says how far it is meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import math
import multiprocessing
import os
import random
import sys
import tempfile
import time
from bisect import bisect_right
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from commands.retention import tend
from monitor.adapters.deliver import deliver_one
from monitor.adapters.engine import InlineCompute, PoolCompute
from monitor.adapters.http import FetchLimits
from monitor.adapters.similarity import LexicalSimilarity
from monitor.deciding.polling import Pace
from monitor.pacing import Tempo, next_check, next_digest
from monitor.pipeline import Poller, PollRules, Ports, Watch, WatchRules, deliver, reread
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from storage.archive import SqliteArchive
from storage.connection import log_bytes, read_only, rows
from storage.search import open_reader
from tests.chaos.figures import Figure
from tests.chaos.site import Reply, Site, fetching
from tests.chaos.stories import of_a_meeting, of_the_world
from tests.chaos.world import START, Item, Now, Outlet, rss

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from monitor.adapters.http import HttpFetch
    from monitor.model import Delivery
    from monitor.ports import Compute
    from monitor.reading.words import ReadConfig
    from tests.chaos.site import Asked
    from tests.chaos.stories import Story

ROOT: Final = Path(__file__).parents[2]
TEMPO: Final = Tempo(start=timedelta(minutes=15), slowest=timedelta(hours=2))
"""Four times the product's slowest: as few new articles come to a poll as here, and the whole is a summer."""
TICK: Final = timedelta(minutes=15)
"""So that some polls are made side by side."""
DAY: Final = timedelta(days=1)
MEETING_EVERY: Final = timedelta(hours=6)
OURS: Final = 0.1
"""Share of the articles that tell of a meeting: most of them of the last one, some of the one before."""
BEFORE: Final = 0.2
AGENCIES: Final = 5
AGENCY_WEIGHT: Final = 8
RAW_DAYS: Final = 60
REREAD: Final = partial(next_check, floor=timedelta(minutes=30), until=timedelta(days=1))
RSS_PERCENT, WAL_MIB = 10.0, 64.0
TENTHS: Final = 10
SOCKETS: Final = 120
"""A client keeps twenty connections at most; here both ends of each lie in this process."""
_PAGE: Final = "/news/"
_DESCRIPTORS: Final = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much: `readers` processes read the articles, with 0 this one does."""

    feeds: int
    polls: int
    articles: int
    readers: int

    @property
    def span(self) -> timedelta:
        """In which the articles appear: about as long as the polls take. Lively feeds are polled more often."""
        return 1.1 * self.polls / self.feeds * TEMPO.slowest


FULL: Final = Size(feeds=40, polls=50_000, articles=20_000, readers=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Outlets that publish at random moments, the same in every run. Pages are written when they are asked for."""

    size: Size
    clock: Now
    outlets: tuple[Outlet, ...]
    moments: dict[str, list[float]]

    @classmethod
    def of(cls, size: Size, clock: Now) -> Press:
        """One article of each outlet at the start, and the others whenever it may be."""
        outlets = tuple(Outlet(id=f"soak{number}", peak=0, window=30) for number in range(size.feeds))
        chance = random.Random(size.feeds)  # noqa: S311 - the same news in every run
        weights = [AGENCY_WEIGHT if number < AGENCIES else 1 for number in range(size.feeds)]
        by = chance.choices([outlet.id for outlet in outlets], weights, k=size.articles - size.feeds)
        moments = {outlet.id: [0.0] for outlet in outlets}
        for outlet_id in by:
            moments[outlet_id].append(float(int(chance.uniform(1, size.span.total_seconds()))))
        return cls(size=size, clock=clock, outlets=outlets, moments={id_: sorted(at) for id_, at in moments.items()})

    @property
    def urls(self) -> set[str]:
        """Everything that is published."""
        return {self._url(outlet, at) for outlet in self.outlets for at in range(len(self.moments[outlet.id]))}

    async def route(self, asked: Asked) -> Reply:
        """One answer, by the clock of the world."""
        outlet = next(outlet for outlet in self.outlets if outlet.host == asked.host)
        if asked.path == "/feed":
            return self._feed(outlet, asked)
        if not asked.path.startswith(_PAGE):
            return Reply(status=404)
        page = self._story(outlet.id, int(asked.path.removeprefix(_PAGE))).page()
        return Reply(body=page, headers={"Content-Type": "text/html"})

    def _feed(self, outlet: Outlet, asked: Asked) -> Reply:
        moments = self.moments[outlet.id]
        count = bisect_right(moments, self.clock.monotonic())
        tag = f'"{count}"'
        if asked.headers.get("if-none-match") == tag:
            return Reply(status=304, headers={"ETag": tag})
        listed = range(count - 1, max(count - outlet.window, 0) - 1, -1)
        items = [
            Item(at=self._at(outlet.id, number), url=self._url(outlet, number), story=self._story(outlet.id, number))
            for number in listed
        ]
        headers = {"Content-Type": "application/rss+xml; charset=utf-8", "ETag": tag}
        return Reply(body=rss(outlet, items), headers=headers)

    def _at(self, outlet_id: str, number: int) -> datetime:
        return START + timedelta(seconds=self.moments[outlet_id][number])

    def _url(self, outlet: Outlet, number: int) -> str:
        return f"http://{outlet.host}{_PAGE}{number}"

    def _story(self, outlet_id: str, number: int) -> Story:
        chance = random.Random(f"{outlet_id} {number}")  # noqa: S311 - the same news in every run
        if chance.random() >= OURS:
            return of_the_world(chance)
        meeting = int((self._at(outlet_id, number) - START) / MEETING_EVERY) - (chance.random() < BEFORE)
        return of_a_meeting(meeting, (START + meeting * MEETING_EVERY).date(), chance)


@dataclass(slots=True, kw_only=True)
class Sink:
    """A channel that takes everything, and counts it."""

    channel: str = "webhook"
    recipients: tuple[str, ...] = ("desk",)
    operators: tuple[str, ...] = ("operator",)
    taken: int = 0

    async def send(self, delivery: Delivery) -> None:
        self.taken += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the worker held after so many polls."""

    polls: int
    articles: int
    rss_kib: int
    readers_kib: int
    files: int
    sockets: int
    archive_bytes: int
    wall_s: float


@dataclass(slots=True, kw_only=True)
class Soaked:
    """What was seen; the first sample is that of the warm-up."""

    samples: list[Sample] = field(default_factory=list)
    wal_bytes: int = 0
    most_sockets: int = 0
    polls: int = 0
    failed: int = 0
    alerts: int = 0
    delivered: int = 0
    rereads: int = 0
    days: float = 0.0
    published: int = 0
    stored: int = 0
    lost: int = 0
    alerts_kept: int = 0
    untold: int = 0
    damage: str = ""
    outcomes: dict[str, int] = field(default_factory=dict)


async def soak(
    size: Size, config: ReadConfig, archive: Path, *, told: Callable[[Sample], None] = lambda _sample: None
) -> Soaked:
    """Poll until so many polls have been made and everything published may have been seen."""
    seen, clock = Soaked(), Now()
    press = Press.of(size, clock)
    limits = FetchLimits(deadline_s=10, spacing_s=0)
    with Site(press.route) as site, SqliteArchive(archive, now=clock.now) as kept:
        hosts = [outlet.host for outlet in press.outlets]
        async with (
            _reading(size.readers, config) as compute,
            fetching(site.port, hosts, now=clock.now, limits=limits, robots=True) as fetch,
        ):
            ports = _ports(clock, kept, fetch, compute)
            await Round(seen=seen, press=press, site=site, archive=kept, ports=ports, told=told).go(config)
    _count(seen, press, archive)
    return seen


@asynccontextmanager
async def _reading(readers: int, config: ReadConfig) -> AsyncIterator[Compute]:
    if not readers:
        yield InlineCompute(read_article, config)
        return
    async with aclosing(PoolCompute(read_article, load_read_config, ROOT / "config", workers=readers)) as pool:
        yield pool


def _ports(clock: Now, archive: SqliteArchive, fetch: HttpFetch, compute: Compute) -> Ports:
    return Ports(
        archive=archive,
        fetch=fetch,
        compute=compute,
        similarity=LexicalSimilarity(),
        clock=clock,
        attempt=deliver_one,
        digest_at=partial(next_digest, hour=6),
        channels=(Sink(),),
        check_at=REREAD,
    )


@dataclass(slots=True, kw_only=True)
class Round:
    """What the service does, beat by beat, and what is measured between."""

    seen: Soaked
    press: Press
    site: Site
    archive: SqliteArchive
    ports: Ports
    told: Callable[[Sample], None]
    began_s: float = field(default_factory=time.monotonic)

    async def go(self, config: ReadConfig) -> None:
        """To the end."""
        size, clock = self.press.size, self.press.clock
        feeds = [replace(outlet.feed, read="all") for outlet in self.press.outlets]
        watch = Watch(ports=self.ports, feeds=feeds, rules=WatchRules(heartbeat_hours_utc=(6, 18)))
        rules = PollRules(pace=Pace(tempo=TEMPO), words=config)
        by_id = {feed.id: feed for feed in feeds}
        tended_at, until = START, START + size.span + 1.2 * TEMPO.slowest
        async with aclosing(Poller(self.ports, feeds, rules, told=watch.hear)) as poller:
            while self.seen.polls < size.polls or clock.at < until:
                reports = await poller.once()
                self.seen.polls += len(reports)
                self.seen.failed += sum(report.code is not None for report in reports)
                self.seen.alerts += sum(len(report.alerts) for report in reports)
                self.seen.rereads += len(await reread(poller.desk, by_id, limit=10))
                watch.look()
                self.seen.delivered += len(await deliver(self.ports))
                self.archive.heartbeat(clock.now())
                if clock.at >= tended_at:
                    await self._day()
                    tended_at = clock.at + DAY
                self._measure()
                self.archive.trim_log()
                due = min(state.next_poll_at for state in self.archive.feed_states())
                clock.at += TICK * max(1, math.ceil((due - clock.at) / TICK))
        self.seen.days = (clock.at - START) / DAY

    async def _day(self) -> None:
        """What comes once a day: the care of the pages, and somebody who looks something up."""
        await tend(self.archive.pages(), self.ports.clock, days=RAW_DAYS)
        assert self.archive.path is not None
        with open_reader(self.archive.path) as reader:
            reader.search("حفتر وزير")
            reader.status()

    def _measure(self) -> None:
        assert self.archive.path is not None
        self.seen.wal_bytes = max(self.seen.wal_bytes, log_bytes(self.archive.path))
        self.site.visits.clear()  # what the server remembers of its visits is none of the worker's memory
        sockets = _descriptors()[1]
        self.seen.most_sockets = max(self.seen.most_sockets, sockets)
        if self.seen.polls * TENTHS >= self.press.size.polls * (len(self.seen.samples) + 1):
            self.seen.samples.append(self._sample())
            self.told(self.seen.samples[-1])

    def _sample(self) -> Sample:
        gc.collect()
        files, sockets = _descriptors()
        path = Path(self.archive.path or "")
        return Sample(
            polls=self.seen.polls,
            articles=rows(self.archive._db, "SELECT count(*) AS n FROM articles")[0]["n"],
            rss_kib=_rss_kib(os.getpid()),
            readers_kib=sum(_rss_kib(child.pid or 0) for child in multiprocessing.active_children()),
            files=files,
            sockets=sockets,
            archive_bytes=path.stat().st_size,
            wall_s=time.monotonic() - self.began_s,
        )


def _rss_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def _descriptors() -> tuple[int, int]:
    """Open files, pipes and the like; and sockets, of which a client keeps some for the next request."""
    sockets = others = 0
    for one in _DESCRIPTORS.iterdir():
        try:
            is_socket = one.readlink().name.startswith("socket:")
        except FileNotFoundError:  # that of the folder itself; or the server's thread has just closed it
            continue
        sockets, others = sockets + is_socket, others + (not is_socket)
    return others, sockets


def _count(seen: Soaked, press: Press, archive: Path) -> None:
    """Hold what was published against the archive as it lies on the disk."""
    urls = press.urls
    db = read_only(archive)
    try:
        stored = {row["url"] for row in rows(db, "SELECT url FROM versions")}
        found = rows(db, "SELECT outcome, count(*) AS n FROM versions WHERE number = 1 GROUP BY outcome")
        (counted,) = rows(
            db,
            "SELECT (SELECT count(*) FROM alerts) AS alerts,"
            " (SELECT count(*) FROM alerts a WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.alert_id = a.id))"
            " AS untold",
        )
        (sound,) = rows(db, "PRAGMA integrity_check")
    finally:
        db.close()
    seen.published, seen.stored, seen.lost = len(urls), len(stored & urls), len(urls - stored)
    seen.alerts_kept, seen.untold = counted["alerts"], counted["untold"]
    seen.outcomes = {row["outcome"]: row["n"] for row in found}
    seen.damage = "" if sound["integrity_check"] == "ok" else str(sound["integrity_check"])


def figures(seen: Soaked) -> list[Figure]:
    """What was seen, beside what it may be."""
    warm, end = seen.samples[0], seen.samples[-1]
    return [
        Figure(name="polls made", seen=seen.polls),
        Figure(name="of them failed", seen=seen.failed, limit=0),
        Figure(name="days by the clock", seen=seen.days),
        Figure(name="time taken", seen=end.wall_s, unit="s"),
        Figure(name="articles published", seen=seen.published),
        Figure(name="of them not in the archive", seen=seen.lost, limit=0),
        Figure(name="second readings that found a change", seen=seen.rereads, limit=0),
        Figure(name="alerts raised", seen=seen.alerts, least=1),
        Figure(name="of them not in the archive", seen=abs(seen.alerts - seen.alerts_kept), limit=0),
        Figure(name="alerts that nobody is to be told", seen=seen.untold, limit=0),
        Figure(name="deliveries", seen=seen.delivered, least=1),
        Figure(name="damage found in the archive", seen=bool(seen.damage), limit=0),
        Figure(name="memory after the warm-up", seen=warm.rss_kib / 1024, unit="MiB"),
        Figure(name="memory at the end", seen=end.rss_kib / 1024, unit="MiB"),
        Figure(name="the reading processes' after the warm-up", seen=warm.readers_kib / 1024, unit="MiB"),
        Figure(name="the reading processes' at the end", seen=end.readers_kib / 1024, unit="MiB"),
        Figure(name="files and pipes open after the warm-up", seen=warm.files),
        Figure(name="files and pipes open at the end", seen=end.files, limit=warm.files),
        Figure(name="sockets open at the end", seen=end.sockets),
        Figure(name="sockets open at the most", seen=seen.most_sockets, limit=SOCKETS),
        Figure(name="longest write-ahead log", seen=seen.wal_bytes / 2**20, unit="MiB", limit=WAL_MIB),
        Figure(name="archive after the warm-up", seen=warm.archive_bytes / 2**20, unit="MiB"),
        Figure(name="archive at the end", seen=end.archive_bytes / 2**20, unit="MiB"),
    ]  # fmt: skip


def growth(seen: Soaked) -> list[Figure]:
    """What only a long run can tell: whether memory grows, and polls take longer."""
    warm, last, end = seen.samples[0], seen.samples[-2], seen.samples[-1]
    return [
        Figure(name="growth of memory", seen=_percent(warm.rss_kib, end.rss_kib), unit="%", limit=RSS_PERCENT),
        Figure(name="growth of the reading processes' memory", seen=_percent(warm.readers_kib, end.readers_kib),
               unit="%", limit=RSS_PERCENT),
        Figure(name="a poll and what comes of it, in the first tenth", seen=1000 * warm.wall_s / warm.polls, unit="ms"),
        Figure(name="a poll and what comes of it, in the last tenth",
               seen=1000 * (end.wall_s - last.wall_s) / (end.polls - last.polls), unit="ms"),
    ]  # fmt: skip


def _percent(before: float, after: float) -> float:
    return 100 * (after - before) / before if before else 0.0


def lines(seen: Soaked) -> list[str]:
    """One line for each tenth, and how the articles ended."""
    ended = ", ".join(f"{n} {outcome}" for outcome, n in sorted(seen.outcomes.items()))
    return [*map(line, seen.samples), f"articles ended as: {ended}"]


def line(sample: Sample) -> str:
    """One sample."""
    return (
        f"polls {sample.polls:>6}  articles {sample.articles:>6}  memory {sample.rss_kib / 1024:>6.1f} MiB  "
        f"readers {sample.readers_kib / 1024:>6.1f} MiB  files {sample.files:>3}  sockets {sample.sockets:>3}  "
        f"archive {sample.archive_bytes / 2**20:>6.1f} MiB  {sample.wall_s:>6.0f} s"
    )


def _say(sample: Sample) -> None:
    print(line(sample), file=sys.stderr, flush=True)  # noqa: T201 - how far it is


async def run() -> tuple[list[Figure], list[str]]:
    """The whole of it, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.soak"), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    said, _ = await process.communicate()
    found = json.loads(said)
    samples = [Sample(**sample) for sample in found.pop("samples")]
    seen = Soaked(**found, samples=samples)
    return [*figures(seen), *growth(seen)], lines(seen)


def main() -> None:
    """The whole of it, here."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    with tempfile.TemporaryDirectory() as folder:
        config = load_read_config(ROOT / "config")
        seen = asyncio.run(soak(FULL, config, Path(folder) / "archive.db", told=_say))
    sys.stdout.write(json.dumps(asdict(seen)))


if __name__ == "__main__":
    main()
