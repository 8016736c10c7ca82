"""Hostile servers polled as feeds, a good one among them; `python -m tests.chaos.hostile` prints what came as JSON.

Each row of the faults about fetching and parsing is a name in `EXPECTED`: what the operator sees of it. The servers run
in a process of their own, pages are read in a pool, so that the memory measured is that of the watch itself.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpcore

from monitor.adapters.deliver import deliver_one
from monitor.adapters.engine import PoolCompute
from monitor.adapters.http import FetchLimits, HttpFetch
from monitor.adapters.similarity import LexicalSimilarity
from monitor.deciding.polling import Pace
from monitor.model import FeedSource
from monitor.pacing import Tempo
from monitor.pipeline import Poller, PollRules, Ports
from monitor.ports import FeedJob
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from storage.archive import SqliteArchive
from tests.adapters.hostile_urls import tally
from tests.adapters.measured_fetch import peak_kib
from tests.adapters.raw_server import Canary
from tests.chaos.figures import Figure
from tests.chaos.site import AGENT, LOOPBACK
from tests.chaos.world import START, Now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from monitor.adapters.addresses import Resolve
    from monitor.model import Page
    from monitor.pipeline import FeedReport

ROOT = Path(__file__).parents[2]
RSS_MIB = 64
MEMORY = "rise of memory"
SHORT_S = 10
WARM = "warm"
_LOOK_S = 0.01
GENERATED = 10_000
PUBLIC = "8.8.8.8"

DEADLINE, TOO_BIG, TRUNCATED = "E-FETCH-DEADLINE", "E-FETCH-TOO-BIG", "E-FETCH-TRUNCATED"
UNAVAILABLE, ENCODING, REDIRECTS = "E-FETCH-UNAVAILABLE", "E-FETCH-ENCODING", "E-FETCH-REDIRECTS"
PRIVATE, SCHEME, STATUS, ROBOTS = "E-FETCH-PRIVATE", "E-FETCH-SCHEME", "E-FETCH-STATUS", "E-FETCH-ROBOTS"
NOT_FEED, HOSTILE, CHARSET = "E-FEED-NOT-FEED", "E-FEED-HOSTILE", "E-ENCODING"
READ: Final = None

EXPECTED: Final[dict[str, str | None]] = {
    "good": READ,
    # 1: nobody there
    "refused": UNAVAILABLE, "no-address": UNAVAILABLE, "reset": UNAVAILABLE,
    # 2, 3: never ends
    "trickle": DEADLINE, "silence": DEADLINE, "endless-headers": DEADLINE, "endless-header": DEADLINE,
    "endless-continue": DEADLINE, "endless-chunk": DEADLINE, "trickled-gzip": DEADLINE,
    "huge-header": UNAVAILABLE, "huge-headers": UNAVAILABLE,
    # 4 to 7: too much, packed, cut
    "ten-gigabytes": TOO_BIG, "endless-body": TOO_BIG, "gzip-bomb": TOO_BIG, "many-members": TOO_BIG,
    "brotli": ENCODING, "zstd": ENCODING, "stacked": ENCODING, "no-gzip": ENCODING,
    "cut-gzip": TRUNCATED, "short-body": TRUNCATED,
    # 8 to 15, 17, 21: led astray
    "loop": REDIRECTS, "hops": REDIRECTS, "downgrade": REDIRECTS,
    "to-loopback": PRIVATE, "to-loopback-301": PRIVATE, "to-loopback-6": PRIVATE, "to-mapped": PRIVATE,
    "to-metadata": PRIVATE, "to-any": PRIVATE, "to-decimal": SCHEME, "to-octal": SCHEME, "to-short": SCHEME,
    "to-userinfo": SCHEME, "to-backslash": SCHEME, "to-file": SCHEME, "to-gopher": SCHEME, "to-data": SCHEME,
    "two-faced": PRIVATE, "rebinding": UNAVAILABLE, "item-to-us": READ,
    # 18: TLS
    "tls": READ, "tls-expired": UNAVAILABLE, "tls-stranger": UNAVAILABLE, "tls-other-name": UNAVAILABLE,
    # 20, 22, 23: what a status says, and what it hides
    "retry-seconds": UNAVAILABLE, "retry-date": UNAVAILABLE, "retry-negative": UNAVAILABLE,
    "retry-ten-years": UNAVAILABLE, "retry-arabic": UNAVAILABLE,
    "gone": STATUS, "forbidden": STATUS, "block-page": NOT_FEED, "walls": READ,
    # 25: robots.txt
    "robots-no": ROBOTS, "robots-503": UNAVAILABLE, "robots-silent": DEADLINE, "robots-huge": READ,
    # 27 to 32, 35: what is no feed, or a strange one
    "empty": NOT_FEED, "blank": NOT_FEED, "json": NOT_FEED, "pdf": NOT_FEED, "image": NOT_FEED,
    "cut-xml": READ, "laughs": HOSTILE, "entity": HOSTILE, "entity-name": READ,
    "1256-as-utf-8": READ, "utf-8-as-1256": READ, "bom": READ, "utf-16": READ, "noise": CHARSET, "bidi": READ,
    "16000-items": READ, "payloads": READ,
    # 24, 33, 34: pages
    "deep-page": READ, "tiny-page": READ, "empty-page": READ,
}  # fmt: skip
"""The code under which each is seen in the report and in the feed's state; None where its feed is read."""
HEAVY: Final = frozenset({"endless-body", "many-members", "gzip-bomb", "16000-items", "loop", "hops"})
"""Many megabytes or many hops each: polled one by one after the others."""
SPINS: Final = "tiny-page"
"""Takes its reading process until that is killed: polled beside those."""
CUT: Final = frozenset({"endless-body", "many-members"})
"""A short deadline may come before the cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the operator saw of one feed."""

    code: str | None
    message: str | None
    state_code: str | None
    took_s: float
    fetch_s: float
    wait_s: float
    etag: str | None = None
    paused: bool = False
    partial: bool = False
    entries: int = 0
    skipped: int = 0
    titles: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    ends: tuple[tuple[str, str | None], ...] = ()
    alerts: int = 0


@dataclass(slots=True, kw_only=True)
class Results:
    """What came of all of them."""

    deadline_s: float
    limit_s: float
    feeds: dict[str, Seen] = field(default_factory=dict)
    rise_mib: float = 0.0
    together_mib: float = 0.0
    stall_s: float = 0.0
    wall_s: float = 0.0
    canary: int = 0
    elsewhere: tuple[str, ...] = ()


class _Loopback(httpcore.AnyIOBackend):
    """Dials loopback and nobody else, and remembers who else would have been."""

    def __init__(self) -> None:
        self.elsewhere: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if host != LOOPBACK:
            self.elsewhere.append(host)
            raise httpcore.ConnectError(f"{host} is not dialled here")
        return await super().connect_tcp(host, port, timeout, local_address, socket_options)


class _Timed:
    """`Fetch` that remembers how long each host took at most."""

    def __init__(self, fetch: HttpFetch) -> None:
        self._fetch, self.took_s = fetch, dict[str, float]()

    async def get(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None, robots: bool = True
    ) -> Page:
        began = time.monotonic()
        try:
            return await self._fetch.get(url, etag=etag, last_modified=last_modified, robots=robots)
        finally:
            host = url.split("/")[2].partition(".")[0]
            self.took_s[host] = max(self.took_s.get(host, 0.0), time.monotonic() - began)


async def attack(*, deadline_s: float, limit_s: float, overall: int) -> Results:
    """Poll every hostile feed once, all at a time, and a good one among them."""
    results = Results(deadline_s=deadline_s, limit_s=limit_s)
    async with _canary() as canary, _servers(canary.port) as said, _pool(limit_s) as compute:
        network, clock = _Loopback(), Now()
        tls = ssl.create_default_context(cadata=said["trust"])
        feeds = _feeds(said["ports"])
        fetch = _Timed(
            HttpFetch(
                user_agent=AGENT,
                limits=FetchLimits(deadline_s=deadline_s, overall=overall),
                allow_private=frozenset(feed.url.split("/")[2] for feed in feeds if feed.id != "two-faced")
                | {f"{WARM}.test:{said['ports']['']}"},
                robots=True,
                tls=tls,
                resolver=_resolver(),
                below=network,
                now=clock.now,
            )
        )
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
            await _polled(results, ports, feeds, fetch)
        await fetch._fetch.aclose()
        results.canary, results.elsewhere = canary.connections + canary.received, tuple(network.elsewhere)
    return results


async def _polled(results: Results, ports: Ports, feeds: list[FeedSource], fetch: _Timed) -> None:
    began = 0.0

    def told(report: FeedReport) -> None:
        results.feeds[report.feed_id] = _seen(report, time.monotonic() - began, fetch.took_s.get(report.feed_id, 0.0))

    def by_name(*names: str) -> list[FeedSource]:
        return [feed for feed in feeds if feed.id in names]

    rules = PollRules(pace=Pace(tempo=Tempo(start=timedelta(minutes=15))))
    await Poller(ports, [replace(feeds[0], id=WARM, url=feeds[0].url.replace("good", WARM))], rules).once()
    before, began = peak_kib(), time.monotonic()
    async with _stalls(results):
        quick = [feed for feed in feeds if feed.id not in {*HEAVY, SPINS}]
        await Poller(ports, quick, rules, told=told).once()
        spinning = asyncio.ensure_future(Poller(ports, by_name(SPINS), rules, told=told).once())
        heavy = by_name(*HEAVY)
        for feed in heavy:
            await Poller(ports, [feed], rules, told=told).once()
        await spinning
    results.rise_mib = (peak_kib() - before) / 1024
    results.wall_s = time.monotonic() - began
    if results.deadline_s >= SHORT_S:
        with SqliteArchive(":memory:") as empty:
            await Poller(replace(ports, archive=empty), heavy, rules).once()
        results.together_mib = (peak_kib() - before) / 1024


@asynccontextmanager
async def _stalls(results: Results) -> AsyncIterator[None]:
    """Keep the longest time in which nothing else of the watch could go on."""

    async def watch() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(_LOOK_S)
            results.stall_s = max(results.stall_s, time.monotonic() - began - _LOOK_S)

    watching = asyncio.ensure_future(watch())
    try:
        yield
    finally:
        watching.cancel()


def _seen(report: FeedReport, took_s: float, fetch_s: float) -> Seen:
    entries = () if report.parsed is None else report.parsed.entries
    return Seen(
        code=report.code,
        message=report.message,
        state_code=report.after.last_error_code,
        took_s=took_s,
        fetch_s=fetch_s,
        wait_s=(report.after.next_poll_at - START).total_seconds(),
        etag=report.after.etag,
        paused=report.after.paused,
        partial=report.partial,
        entries=len(entries),
        skipped=0 if report.parsed is None else report.parsed.skipped,
        titles=tuple(entry.title for entry in entries[:20]),
        links=tuple(entry.url for entry in entries[:20]),
        ends=tuple((end.outcome.value, end.code) for end in report.ends[:10]),
        alerts=len(report.alerts),
    )


def _feeds(ports: dict[str, int]) -> list[FeedSource]:
    return [
        FeedSource(
            id=name,
            url=f"{'https' if name in ports else 'http'}://{name}.test:{_port(name, ports)}/feed",
            outlet=name,
            allow_private=True,
            read="all" if name in {"good", "item-to-us", "walls"} or name.endswith("-page") else "summary",
        )
        for name in EXPECTED
    ]


def _port(name: str, ports: dict[str, int]) -> int:
    return 1 if name == "refused" else ports.get(name, ports[""])


def _resolver() -> Resolve:
    """Names lead to loopback, but for one that has no address, one that has two, and one that changes it."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        if host == "no-address.test":
            raise OSError(f"{host} has no address")
        if host == "two-faced.test":
            return (PUBLIC, LOOPBACK)
        return (PUBLIC,) if host == "rebinding.test" and asked.count(host) == 1 else (LOOPBACK,)

    return resolve


@asynccontextmanager
async def _canary() -> AsyncIterator[Canary]:
    """Listens where nobody may come, and counts who does."""
    canary = Canary()
    listener = await asyncio.start_server(canary.serve, LOOPBACK, 0)
    canary.port = listener.sockets[0].getsockname()[1]
    try:
        yield canary
    finally:
        listener.close()


@asynccontextmanager
async def _servers(canary: int) -> AsyncIterator[dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.hostile_servers", str(canary)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        limit=1 << 20,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _pool(limit_s: float) -> AsyncIterator[PoolCompute[Any]]:
    """Two reading processes, as the product has them, already at work."""
    pool = PoolCompute(read_article, load_read_config, ROOT / "config", workers=2, limit_s=limit_s)
    try:
        job = FeedJob(feed_id="", url="http://x.test/", body=b"<rss><channel></channel></rss>")
        await asyncio.gather(pool.parse(job), pool.parse(job))
        yield pool
    finally:
        await pool.aclose()


# ------------------------------------------------------------------------------------------------------ figures


def unexpected(results: Results) -> list[str]:
    """What was seen under another code than it should, or not at all."""
    lines = []
    for name, code in EXPECTED.items():
        seen = results.feeds.get(name)
        allowed = {(code, TRUNCATED if name == "cut-xml" else code)}
        if name in CUT and results.deadline_s < SHORT_S:
            allowed.add((DEADLINE, DEADLINE))
        if seen is None or (seen.code, seen.state_code) not in allowed:
            lines.append(f"{name}: {code} expected, seen {seen and (seen.code, seen.state_code, seen.message)}")
    return lines


def figures(results: Results) -> list[Figure]:
    """What was seen, beside what it may be."""
    slowest = max(results.feeds, key=lambda name: results.feeds[name].fetch_s)
    good = results.feeds["good"]
    return [
        Figure(name="hostile feeds", seen=len(results.feeds) - 1),
        Figure(name="seen under another code than theirs", seen=len(unexpected(results)), limit=0),
        Figure(name=f"longest fetch ({slowest})", seen=results.feeds[slowest].fetch_s, unit="s",
               limit=results.deadline_s + 1),
        Figure(name="all of them", seen=results.wall_s, unit="s"),
        Figure(name=MEMORY, seen=results.rise_mib, unit="MiB", limit=RSS_MIB),
        *([Figure(name=f"{MEMORY}, the heavy ones together", seen=results.together_mib, unit="MiB")]
          if results.together_mib else []),
        Figure(name="longest stall of the watch", seen=results.stall_s, unit="s", limit=1),
        Figure(name="connections and bytes at the canary", seen=results.canary, limit=0),
        Figure(name="dialled beyond loopback, but for the name that changes its address",
               seen=sum(host != PUBLIC for host in results.elsewhere), limit=0),
        Figure(name="the good feed is read and tells after", seen=good.took_s, unit="s",
               limit=results.deadline_s + 2 * results.limit_s),
        Figure(name="its alerts", seen=good.alerts, least=1),
    ]  # fmt: skip


async def run() -> tuple[list[Figure], list[str]]:
    """The whole set with the product's own limits, in a process of its own; and generated URLs and addresses."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.hostile", "30", "20", "20"), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    said, _ = await process.communicate()
    results = loaded(said)
    found = await asyncio.to_thread(tally, GENERATED)
    generated = Figure(name="generated URLs and addresses, all refused or public", seen=found.total(), least=GENERATED)
    return [*figures(results), generated], unexpected(results)


def loaded(said: bytes) -> Results:
    """`Results` from JSON."""
    found = json.loads(said)
    feeds = {name: Seen(**seen) for name, seen in found.pop("feeds").items()}
    return Results(**found, feeds=feeds)


if __name__ == "__main__":
    deadline, limit, places = map(int, sys.argv[1:])
    sys.stdout.write(json.dumps(asdict(asyncio.run(attack(deadline_s=deadline, limit_s=limit, overall=places)))))
