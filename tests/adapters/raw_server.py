"""A server on loopback that says what a test wants, byte for byte, and a fetcher that may dial it."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpcore
import pytest

from monitor.adapters.http import HttpFetch
from monitor.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]

AGENT = "Rasid/0.1 (+mailto:desk@example.org)"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Server:
    """Speaks bytes, not HTTP: what it sends is what the test says. Remembers the requests it read."""

    def __init__(self, handler: Handler) -> None:
        self.handler, self.requests, self.port = handler, list[bytes](), 0
        self.busy = self.most_busy = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(request)
            await self.handler(request, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.busy -= 1
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/feed"

    @property
    def origin(self) -> frozenset[str]:
        return frozenset({f"127.0.0.1:{self.port}", f"example.test:{self.port}", f"other.test:{self.port}"})


@asynccontextmanager
async def serving(handler: Handler, **options: Any) -> AsyncIterator[Server]:
    server = Server(handler)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, **options)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()


@asynccontextmanager
async def fetching(server: Server | None = None, **options: Any) -> AsyncIterator[HttpFetch]:
    allowed = server.origin if server else frozenset()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and is there at once
    chosen: dict[str, Any] = {"allow_private": allowed, "tls": tls} | options
    fetch = HttpFetch(user_agent=AGENT, now=lambda: NOON, **chosen)
    try:
        yield fetch
    finally:
        await fetch.aclose()


def saying(answer: bytes) -> Handler:
    async def handler(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return handler


def http(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def outcome(server: Server, **options: Any) -> FetchError:
    async with fetching(server, **options) as fetch:
        return await failure(fetch, server.url)


async def to_loopback(_host: str, _port: int) -> tuple[str, ...]:
    return ("127.0.0.1",)


async def failure(fetch: HttpFetch, url: str) -> FetchError:
    """The error that fetching `url` ends in."""
    with pytest.raises(FetchError) as caught:
        await fetch.get(url)
    return caught.value


class Canary:
    """Listens where nobody may come, and counts who does."""

    def __init__(self) -> None:
        self.port = self.connections = self.received = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.received += len(await reader.read(1 << 16))
        writer.close()


@asynccontextmanager
async def watching() -> AsyncIterator[Canary]:
    """A canary on a port of loopback; after it, nobody has come."""
    canary = Canary()
    listener = await asyncio.start_server(canary.serve, "127.0.0.1", 0)
    canary.port = listener.sockets[0].getsockname()[1]
    try:
        yield canary
        await asyncio.sleep(0)
    finally:
        listener.close()
        await listener.wait_closed()
    assert (canary.connections, canary.received) == (0, 0)


class Recorder(httpcore.AsyncNetworkBackend):
    """Dials nobody, but remembers who would have been, and answers with what the test says."""

    def __init__(self, *answers: bytes) -> None:
        self.answers, self.dialled = list(answers), list[tuple[str, int]]()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append((host, port))
        if not self.answers:
            raise httpcore.ConnectError("nobody is dialled here")
        return httpcore.AsyncMockStream([self.answers.pop(0)])

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
