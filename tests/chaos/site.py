"""Many names on one port of 127.0.0.1: their server, on a loop in a thread of its own, and a fetcher that finds it."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import httpcore

from monitor.adapters.http import HttpFetch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
    from types import TracebackType

AGENT = "Rasid/0.1 (+mailto:desk@example.org)"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request; header names are in lower case."""

    host: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Its answer."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Visits:
    """What one name was asked, on the server's own clock."""

    at_a_time: int = 0
    most_at_a_time: int = 0
    starts: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)

    @property
    def spacings(self) -> list[float]:
        return [after - before for before, after in itertools.pairwise(self.starts)]


class Site:
    """Serves `route` while entered."""

    def __init__(self, route: Callable[[Asked], Awaitable[Reply]]) -> None:
        self._route, self._ready, self._stop = route, threading.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._at_work: set[asyncio.Task[Any]] = set()
        self.visits: defaultdict[str, Visits] = defaultdict(Visits)
        self.port, self.cpu_s = 0, 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        listener = await asyncio.start_server(self._client, LOOPBACK, 0, backlog=256)
        self.port = listener.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        listener.close()
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)
        self.cpu_s = time.thread_time()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._at_work.add(task)
        try:
            while True:
                await self._answer(_asked(await reader.readuntil(b"\r\n\r\n")), writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._at_work.discard(task)
            writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        visits = self.visits[asked.host]
        visits.starts.append(time.monotonic())
        visits.at_a_time += 1
        visits.most_at_a_time = max(visits.most_at_a_time, visits.at_a_time)
        try:
            reply = await self._route(asked)
        finally:
            visits.at_a_time -= 1
        visits.answers[reply.status] += 1
        visits.sent["feeds" if asked.path.startswith("/feed") else "pages"] += len(reply.body)
        headers = dict(reply.headers)
        if reply.status != HTTPStatus.NOT_MODIFIED:
            headers |= {"Content-Length": str(len(reply.body))}
        lines = [f"HTTP/1.1 {reply.status} x", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + reply.body)
        await writer.drain()


def _asked(head: bytes) -> Asked:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Asked(host=headers.get("host", "").partition(":")[0], path=first.split(" ")[1], headers=headers)


class _OnePort(httpcore.AnyIOBackend):
    """Dials one port of loopback, whatever port a URL has: so URLs are the same in every run."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        assert host == LOOPBACK
        return await super().connect_tcp(host, self._port, timeout, local_address, socket_options)


@asynccontextmanager
async def fetching(
    port: int, hosts: Iterable[str], *, away: Callable[[str], bool] = lambda _host: False, **options: Any
) -> AsyncIterator[HttpFetch]:
    """The real fetcher, for which `hosts` are at `port` of loopback; those that are `away` have no address."""
    known: Collection[str] = frozenset(hosts)

    async def resolver(host: str, _port: int) -> tuple[str, ...]:
        if host not in known or away(host):
            raise OSError(f"{host} has no address")
        return (LOOPBACK,)

    fetch = HttpFetch(
        user_agent=AGENT,
        resolver=resolver,
        below=_OnePort(port),
        allow_private=frozenset(f"{host}:80" for host in known),
        **options,
    )
    try:
        yield fetch
    finally:
        await fetch.aclose()
