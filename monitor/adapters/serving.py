"""Small HTTP servers inside the worker, for strangers: what hubs call, and the pages that links in mails lead to.

They stand on the internet, behind whatever ends TLS for them. A connection serves one request, and is cut when that
takes too long. Nothing is logged of an address, for tokens stand in it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.errors import ConfigError, RasidError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    Scope: TypeAlias = Mapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
    Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
    Respond: TypeAlias = Callable[[Scope, Receive], Awaitable["Answer | None"]]

_HEAD_BYTES = 16 * 1024
_GRACE_S = 1
_MAX_PORT = 65_535

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenLimits:
    """What strangers may use: so long for one connection, so many at a time."""

    connection_s: float = 10.0
    connections: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`read`: the request's body has been read, so that nothing is lost by hanging up."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    read: bool = True


class Body(Enum):
    """How reading a request's body ended."""

    WHOLE = auto()
    TOO_BIG = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An ASGI application that answers each request by `respond`, and what goes wrong there by `failed`.

    `respond` gives None where nobody is there any more to hear it. `what` names a request in the log.
    """

    respond: Respond
    failed: Answer
    what: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self.respond(scope, receive)
        except RasidError as error:
            _log.warning(f"{self.what} could not be taken", code=error.code, message=error.message)
            answer = self.failed
        except Exception:  # noqa: BLE001 - the last place that can tell it: uvicorn is kept silent, and goes on
            _log.exception(f"{self.what} could not be taken")
            answer = self.failed
        if answer is not None:
            await _send(send, answer)


async def read_body(scope: Scope, receive: Receive, take: Callable[[bytes], object], *, at_most: int) -> Body:
    """Hand the request's body to `take`, piece by piece, unless it says or shows that it is longer than `at_most`."""
    if int(dict(scope["headers"]).get(b"content-length", b"0")) > at_most:
        return Body.TOO_BIG
    read = 0
    while True:
        part = await receive()
        if part["type"] != "http.request":
            return Body.GONE
        chunk = part.get("body", b"")
        read += len(chunk)
        if read > at_most:
            return Body.TOO_BIG
        take(chunk)
        if not part.get("more_body"):
            return Body.WHOLE


@asynccontextmanager
async def serving(app: Application, *, key: str, listen: str, limits: ListenLimits | None = None) -> AsyncIterator[int]:
    """Serve while entered, in this event loop; gives the port.

    Args:
        app: Who answers.
        key: The setting that `listen` stands under, for the one who must change it.
        listen: `address:port`; port 0 takes a free one.
        limits: The defaults of the product, where not given.

    Raises:
        ConfigError: There is no listening at `listen`.
    """
    with closing(_bound(key, listen)) as bound:
        server = _server(app, limits or ListenLimits())
        running = asyncio.ensure_future(server.serve(sockets=[bound]))
        try:
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            await running


class _Server(uvicorn.Server):
    """Leaves signals to the worker."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield


class _TimedProtocol(H11Protocol):
    """HTTP/1.1 whose connections end: uvicorn itself limits idle ones, not those that send a byte now and then."""

    def __init__(self, *, limits: ListenLimits, **given: Any) -> None:
        super().__init__(**given)
        self._limits = limits
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._end = self.loop.call_later(self._limits.connection_s, transport.abort)
        if len(self.connections) > self._limits.connections:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)


def _server(app: Application, limits: ListenLimits) -> _Server:
    config = uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", partial(_TimedProtocol, limits=limits)),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level=logging.CRITICAL,  # the application tells what is worth telling, without paths: tokens stand in them
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections + 1,
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=_HEAD_BYTES,
    )
    return _Server(config)


def _bound(key: str, listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    if int(port) > _MAX_PORT:  # the socket module would leave a socket open behind its error
        raise ConfigError((f"{key}: there is no port {port}",))
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=family)
    except OSError as error:
        raise ConfigError((f"{key}: cannot listen on {listen}: {error}",)) from error


async def _send(send: Send, answer: Answer) -> None:
    # Hanging up on a client that is still sending would take the answer from it: such a connection ends by its time.
    close = ((b"connection", b"close"),) if answer.read else ()
    headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode()), *close]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
