"""What hubs call (WebSub): an answer to whether we meant it, and a bell for each feed.

A push is a ping. Its body is read for its signature alone and dropped: what a feed holds is fetched from the feed, by
the ordinary way. So the worst that a hub, or one who has stolen its secret, can do is to have a feed polled somewhat
earlier, and no more often than the liveliest.

Who has no token learns nothing and is asked for nothing; how strangers are served at all, `monitor.adapters.serving`
knows.
"""

from __future__ import annotations

import asyncio
import hmac
import math
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import structlog

from monitor.adapters.serving import Answer, Application, Body, read_body, serving
from monitor.deciding.subscriptions import confirmed
from monitor.errors import RasidError
from monitor.ports import SubscriptionState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from monitor.adapters.serving import ListenLimits, Receive, Scope
    from monitor.ports import Clock, Subscription, Subscriptions

MAX_BODY_BYTES: Final = 1 << 20
_MAX_FIELDS = 16
_MAX_SHOWN_CHARS = 200
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
_DIGESTS = frozenset({"sha1", "sha256", "sha384", "sha512"})
"""What the Recommendation lists (8). SHA-1 is weak against collisions, which do not help to forge an HMAC."""

_DEAF = frozenset({SubscriptionState.LEAVING, SubscriptionState.DENIED})

_log = structlog.get_logger()


_UNKNOWN = Answer(status=404, read=False)
_TAKEN = Answer(status=202)
_TOO_BIG = Answer(status=413, read=False)
_ALLOWED = Answer(status=405, headers=((b"allow", b"GET, POST"),), read=False)
_FAILED = Answer(status=503, read=False)


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
    """Who answers: `GET /<token>` asks whether we meant it, `POST /<token>` says that a feed has changed.

    What stands before the token is the way to us, and is not looked at.
    """

    def __init__(self, book: Subscriptions, bell: Bell, *, clock: Clock) -> None:
        self._book, self._bell, self._clock = book, bell, clock
        self._told: set[str] = set()

    async def respond(self, scope: Scope, receive: Receive) -> Answer | None:
        """Answer one request; None where nobody is there any more to hear it."""
        if scope["method"] not in {"GET", "POST"}:
            return _ALLOWED
        token = scope["path"].rpartition("/")[2]
        found = self._book.of(token) if _TOKEN.fullmatch(token) else None
        if found is None:
            return _UNKNOWN
        if scope["method"] == "GET":
            return self._asked(found, _query(scope["query_string"]))
        return await self._pushed(found, scope, receive)

    def _asked(self, found: Subscription, query: Mapping[str, str]) -> Answer:
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
        return Answer(status=200, body=query.get("hub.challenge", "").encode(), headers=headers)

    async def _pushed(self, found: Subscription, scope: Scope, receive: Receive) -> Answer | None:
        stated = dict(scope["headers"]).get(b"x-hub-signature", b"").decode("latin-1").strip().lower()
        method, _, digest = stated.partition("=")
        mac = hmac.new(found.secret.encode(), digestmod=method if method in _DIGESTS else "sha256")
        end = await read_body(scope, receive, mac.update, at_most=MAX_BODY_BYTES)
        if end is not Body.WHOLE:
            return _TOO_BIG if end is Body.TOO_BIG else None
        right = hmac.compare_digest(mac.hexdigest().encode(), digest.encode())
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
    app = Application(respond=HubCalls(book, bell, clock=clock).respond, failed=_FAILED, what="a hub's call")
    try:
        async with serving(app, key="websub.listen", listen=listen, limits=limits) as port:
            try:
                yield port
            finally:
                bell.silence()
    finally:
        bell.silence()  # a last push may have rung


def _query(raw: bytes) -> dict[str, str]:
    """The parameters that are there once; none of a query that is too long to be a hub's."""
    try:
        found = parse_qs(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items() if len(values) == 1}
