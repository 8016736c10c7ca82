"""What hubs call (WebSub): an answer to whether we meant it, and a bell for each feed.

A push is a ping. Its body is read for its signature alone and dropped: what a feed holds is fetched from the feed, by
the ordinary way. So the worst that a hub, or one who has stolen its secret, can do is to have a feed polled somewhat
earlier, and no more often than the liveliest.

It stands on the internet, behind whatever ends TLS for it. Who has no token learns nothing and is asked for nothing;
a connection serves one request, and is cut when that takes too long.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import math
import re
import socket
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast
from urllib.parse import parse_qs

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.deciding.subscriptions import confirmed
from monitor.errors import ConfigError, RasidError
from monitor.ports import SubscriptionState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from monitor.ports import Clock, Subscription, Subscriptions

    Scope: TypeAlias = Mapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
    Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

MAX_BODY_BYTES: Final = 1 << 20
_HEAD_BYTES = 16 * 1024
_GRACE_S = 1
_MAX_FIELDS = 16
_MAX_PORT = 65_535
_MAX_SHOWN_CHARS = 200
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
_DIGESTS = frozenset({"sha1", "sha256", "sha384", "sha512"})
"""What the Recommendation lists (8). SHA-1 is weak against collisions, which do not help to forge an HMAC."""

_DEAF = frozenset({SubscriptionState.LEAVING, SubscriptionState.DENIED})

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenLimits:
    """What strangers may use: so long for one connection, so many at a time."""

    connection_s: float = 10.0
    connections: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """`read`: the request's body has been read, so that nothing is lost by hanging up."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    read: bool = True


_UNKNOWN = _Answer(status=404, read=False)
_TAKEN = _Answer(status=202)
_TOO_BIG = _Answer(status=413, read=False)
_ALLOWED = _Answer(status=405, headers=((b"allow", b"GET, POST"),), read=False)
_FAILED = _Answer(status=503, read=False)


class Bell:
    """Wakes a feed at once, but no more than once in `every_s`: one that comes too soon waits for its turn."""

    def __init__(self, wake: Callable[[str], None], *, every_s: float) -> None:
        self._wake, self._every_s = wake, every_s
        self._last: dict[str, float] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    def ring(self, feed_id: str) -> None:
        """Wake the feed, now or as soon as it may be."""
        loop = asyncio.get_running_loop()
        at = self._last.get(feed_id, -math.inf) + self._every_s
        if at <= loop.time():
            self._now(feed_id)
        elif feed_id not in self._waiting:
            self._waiting[feed_id] = loop.call_at(at, self._now, feed_id)

    def silence(self) -> None:
        """Wake nobody any more."""
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()

    def _now(self, feed_id: str) -> None:
        timer = self._waiting.pop(feed_id, None)
        if timer is not None:
            timer.cancel()
        self._last[feed_id] = asyncio.get_running_loop().time()
        try:
            self._wake(feed_id)
        except RasidError as error:
            _log.warning("a feed could not be woken", feed=feed_id, code=error.code, message=error.message)


class HubCalls:
    """The ASGI application: `GET /<token>` asks whether we meant it, `POST /<token>` says that a feed has changed.

    What stands before the token is the way to us, and is not looked at.
    """

    def __init__(self, book: Subscriptions, bell: Bell, *, clock: Clock) -> None:
        self._book, self._bell, self._clock = book, bell, clock
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(scope, receive)
        except RasidError as error:
            _log.warning("a hub's call could not be taken", code=error.code, message=error.message)
            answer = _FAILED
        except Exception:  # noqa: BLE001 - the last place that can tell it: uvicorn is kept silent, and goes on
            _log.exception("a hub's call could not be taken")
            answer = _FAILED
        if answer is not None:
            await _send(send, answer)

    async def _answer(self, scope: Scope, receive: Receive) -> _Answer | None:
        """None where nobody is there any more to hear it."""
        if scope["method"] not in {"GET", "POST"}:
            return _ALLOWED
        token = scope["path"].rpartition("/")[2]
        found = self._book.of(token) if _TOKEN.fullmatch(token) else None
        if found is None:
            return _UNKNOWN
        if scope["method"] == "GET":
            return self._asked(found, _query(scope["query_string"]))
        return await self._pushed(found, scope, receive)

    def _asked(self, found: Subscription, query: Mapping[str, str]) -> _Answer:
        """The hub's question whether we meant it, or its word that it will not."""
        after = confirmed(found, query, self._clock.now())
        if after is None:
            return _UNKNOWN
        if after.state is SubscriptionState.LEFT:
            self._book.drop(found)
        else:
            self._book.keep(after)
        until = after.lease_until.isoformat(timespec="seconds") if after.lease_until else None
        reason = query.get("hub.reason", "")[:_MAX_SHOWN_CHARS] or None
        _log.info("a hub has answered", feed=found.feed_id, mode=query["hub.mode"], lease_until=until, reason=reason)
        headers = ((b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff"))
        return _Answer(status=200, body=query.get("hub.challenge", "").encode(), headers=headers)

    async def _pushed(self, found: Subscription, scope: Scope, receive: Receive) -> _Answer | None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if int(headers.get(b"content-length", b"0")) > MAX_BODY_BYTES:
            return _TOO_BIG
        method, _, stated = headers.get(b"x-hub-signature", b"").decode("latin-1").strip().lower().partition("=")
        mac = hmac.new(found.secret.encode(), digestmod=method if method in _DIGESTS else "sha256")
        read = 0
        while True:
            part = await receive()
            if part["type"] != "http.request":
                return None
            chunk = part.get("body", b"")
            read += len(chunk)
            if read > MAX_BODY_BYTES:
                return _TOO_BIG
            mac.update(chunk)
            if not part.get("more_body"):
                break
        right = hmac.compare_digest(mac.hexdigest().encode(), stated.encode())
        self._believe(found, right=right and method in _DIGESTS)
        return _TAKEN

    def _believe(self, found: Subscription, *, right: bool) -> None:
        """Ring for a right signature. A wrong one is answered alike, so that nobody can try secrets out on us."""
        if right and found.state not in _DEAF:
            self._bell.ring(found.feed_id)
        elif not right and found.feed_id not in self._told:
            self._told.add(found.feed_id)
            _log.warning("a push without a right signature does nothing; told once", feed=found.feed_id)


@asynccontextmanager
async def listening(
    book: Subscriptions,
    wake: Callable[[str], None],
    *,
    clock: Clock,
    listen: str,
    fastest_s: float,
    limits: ListenLimits | None = None,
) -> AsyncIterator[int]:
    """Take what hubs send while entered; gives the port.

    Args:
        book: What hubs were asked for.
        wake: Makes a feed due now. Called in this event loop; it may raise what the archive raises.
        clock: For leases.
        listen: `address:port`; port 0 takes a free one.
        fastest_s: The seconds in which one feed is woken once at most.
        limits: The defaults of the product, where not given.

    Raises:
        ConfigError: There is no listening at `listen`.
    """
    bell = Bell(wake, every_s=fastest_s)
    with closing(_bound(listen)) as bound:
        server = _server(HubCalls(book, bell, clock=clock), limits or ListenLimits())
        serving = asyncio.ensure_future(server.serve(sockets=[bound]))
        try:
            yield bound.getsockname()[1]
        finally:
            bell.silence()
            server.should_exit = True
            await serving
            bell.silence()  # a last push may have rung


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


def _server(app: HubCalls, limits: ListenLimits) -> _Server:
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


def _bound(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    if int(port) > _MAX_PORT:  # the socket module would leave a socket open behind its error
        raise ConfigError((f"websub.listen: there is no port {port}",))
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=family)
    except OSError as error:
        raise ConfigError((f"websub.listen: cannot listen on {listen}: {error}",)) from error


def _query(raw: bytes) -> dict[str, str]:
    """The parameters that are there once; none of a query that is too long to be a hub's."""
    try:
        found = parse_qs(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items() if len(values) == 1}


async def _send(send: Send, answer: _Answer) -> None:
    # Hanging up on a client that is still sending would take the answer from it: such a connection ends by its time.
    close = ((b"connection", b"close"),) if answer.read else ()
    headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode()), *close]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
