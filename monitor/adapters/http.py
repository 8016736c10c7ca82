"""HTTP, politely and safely: the only module that speaks it.

Whatever a server does, a request ends within its deadline, in at most so many bytes of memory, at an address
that may be dialled, as a `Page` or as a `FetchError` that says why.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import httpcore
import httpx

from monitor.adapters.addresses import AddressRefusedError, GuardedNetwork, Resolve, resolve
from monitor.adapters.bodies import Plain, sink_for
from monitor.adapters.headers import fresh_s, link_targets, sendable, status_error, validator
from monitor.adapters.robots import LONGEST_DELAY_S, MAX_BYTES, Robots
from monitor.adapters.turns import Budget, Turns
from monitor.adapters.urls import check_parts, check_spelling
from monitor.errors import (
    FetchDeadline,
    FetchError,
    FetchPrivate,
    FetchRedirects,
    FetchScheme,
    FetchTooBig,
    FetchTruncated,
    FetchUnavailable,
)
from monitor.model import Page
from monitor.pacing import retry_after

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    Take = Callable[[httpx.Response, str | None], Awaitable["Taken"]]

Taken = TypeVar("Taken")

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_WHOLE = frozenset({200, 203})
_KEEP_OPEN_S = 15.0
_ANSWER_BYTES, _ANSWER_S = 4096, 2.0
_ROBOTS_HOPS = 5  # RFC 9309, 2.3.1.2
_MAX_LINKS = 20
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, text/html, */*;q=0.5"


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """What one request, one host and the whole may use; waiting for a turn here does not count.

    `spacing_s`: at least so long between the beginnings of two GETs to one host.
    """

    deadline_s: float = 30.0
    body_bytes: int = 15 << 20
    redirects: int = 5
    per_host: int = 2
    overall: int = 20
    spacing_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAnswer:
    """What a webhook's receiver said: its status, and how many seconds it asked us to wait."""

    status: int
    retry_after_s: float | None = None


class HttpFetch:
    """`Fetch` through httpx, and the POSTs of webhooks and of models' endpoints; all behind the same guard."""

    def __init__(  # noqa: PLR0913 - each is a choice of its own for who builds it; most leave most of them
        self,
        *,
        user_agent: str,
        limits: FetchLimits | None = None,
        allow_private: frozenset[str] = frozenset(),
        allow_any_private: bool = False,
        deny: frozenset[str] = frozenset(),
        robots: bool = False,
        tls: ssl.SSLContext | None = None,
        resolver: Resolve = resolve,
        below: httpcore.AsyncNetworkBackend | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Open nothing yet.

        Args:
            user_agent: Who we are and where to complain; what is before its first `/` is what robots.txt calls us by.
            limits: The defaults of the product, where not given.
            allow_private: `host:port` of targets at private addresses that the configuration names.
            allow_any_private: Let every private target through: for an operator's own check.
            deny: `host:port` that is never dialled, even where public or allowed: our own.
            robots: Whether a GET first asks the site's robots.txt.
            tls: What certificates are verified with; certifi's authorities by default, never nothing.
            resolver: Name to addresses.
            below: Opens connections to what was judged; the system's sockets by default.
            now: Aware UTC time, for `fetched_at`, and for dates in headers.
        """
        self._limits, self._now = limits or FetchLimits(), now
        self._turns = Turns(
            per_host=self._limits.per_host,
            overall=self._limits.overall,
            longest_s=max(self._limits.spacing_s, LONGEST_DELAY_S),
        )
        self._robots = Robots(user_agent) if robots else None
        network = GuardedNetwork(allow_private, allow_any=allow_any_private, deny=deny, resolver=resolver, below=below)
        self._transport = _GuardedTransport(network, tls or httpx.create_ssl_context(trust_env=False))
        self._headers = {"User-Agent": user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip"}

    async def get(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None, robots: bool = True
    ) -> Page:
        """One GET, conditional if validators are given, redirects followed by hand.

        Args:
            url: What to fetch.
            etag: Of the answer that is at hand.
            last_modified: Likewise.
            robots: False where the site's owner has agreed: its robots.txt is not asked.

        Returns:
            The page, or one with status 304 and no body if it has not changed.

        Raises:
            FetchError: With the code that says why.
        """
        conditions = {
            name: value
            for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified))
            if value is not None and sendable(value)
        }

        async def take(answer: httpx.Response, moved_to: str | None) -> Page:
            return await self._page(url, answer, conditional=bool(conditions), moved_to=moved_to)

        way = _Way(
            url=url,
            start=_address(url, url),
            hops=self._limits.redirects,
            budget=Budget(self._limits.deadline_s),
            robots=self._robots if robots else None,
            headers=conditions,
        )
        return await self._follow(way, take)

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, deadline_s: float | None = None
    ) -> PostAnswer:
        """One POST; a redirect is an answer like any other, and the answer's body is dropped.

        Raises:
            FetchError: There was no answer, or the address may not be dialled.
        """
        async with self._posted(url, body, headers, deadline_s) as answer:
            await _drop_body(answer)
            return PostAnswer(
                status=answer.status_code, retry_after_s=retry_after(answer.headers.get("retry-after"), now=self._now())
            )

    async def ask(self, url: str, body: bytes, headers: Mapping[str, str], *, deadline_s: float | None = None) -> bytes:
        """One POST for the sake of its answer; a redirect is not followed.

        Returns:
            The body of a 2xx, inflated, within the cap.

        Raises:
            FetchError: There was no answer, another status, too long a body, or the address may not be dialled.
        """
        async with self._posted(url, body, headers, deadline_s) as answer:
            if not answer.is_success:
                raise self._status_error(url, answer)
            return await _body(url, answer, self._limits.body_bytes)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    @contextlib.asynccontextmanager
    async def _posted(
        self, url: str, body: bytes, headers: Mapping[str, str], deadline_s: float | None
    ) -> AsyncIterator[httpx.Response]:
        target = _address(url, url)
        async with self._turns.turn(target.host):
            with _translated(url, ""):
                async with (
                    asyncio.timeout(deadline_s or self._limits.deadline_s),
                    self._asked("POST", target, headers, body) as answer,
                ):
                    yield answer

    @contextlib.asynccontextmanager
    async def _asked(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None = None
    ) -> AsyncIterator[httpx.Response]:
        """The head of the answer, its body still to come.

        Without httpx's client, which reads the environment, keeps cookies, and parses each redirect even where it is
        not to follow it: `Location: data:text/xml,x` raised no error of its own tree.
        """
        sent = httpx.Headers(self._headers)
        sent.update(headers)
        request = httpx.Request(method, url, headers=sent, content=body)
        answer = await self._transport.handle_async_request(request)
        answer.request = request
        try:
            yield answer
        finally:
            await answer.aclose()

    async def _follow(self, way: _Way, take: Take[Taken]) -> Taken:
        """What `take` makes of the answer at the end of the redirects; it is told where permanent ones alone led."""
        hop, permanent = way.start, True
        for number in range(way.hops + 1):
            via = f"hop {number} ({hop})" if number else ""
            apart_s = await self._permitted(way, hop)
            async with self._turns.spaced_turn(hop.host, apart_s):
                with _translated(way.url, via):
                    async with (
                        way.budget.spending(),
                        self._asked("GET", hop, way.headers) as answer,
                    ):
                        if answer.status_code not in _REDIRECTS or "location" not in answer.headers:
                            return await take(answer, str(hop) if permanent and hop != way.start else None)
            permanent = permanent and answer.status_code in _PERMANENT
            hop = _next_hop(way.url, hop, answer.headers["location"])
        raise FetchRedirects(way.url, f"more than {way.hops} redirects")

    async def _permitted(self, way: _Way, hop: httpx.URL) -> float:
        """Ask the origin of `hop` whether it may be fetched; how many seconds requests to its host must be apart."""
        spacing_s = self._limits.spacing_s
        if way.robots is None:
            return spacing_s
        where = hop.copy_with(raw_path=b"/robots.txt")
        its = _Way(url=str(where), start=where, hops=_ROBOTS_HOPS, budget=way.budget)
        rules = await way.robots.rules(
            its.url, lambda: self._follow(its, self._rules_text), named=way.url, patient=way.budget.untouched
        )
        rules.check(str(hop), named=way.url)
        return max(spacing_s, rules.delay_s)

    async def _page(self, url: str, answer: httpx.Response, *, conditional: bool, moved_to: str | None) -> Page:
        status, now = answer.status_code, self._now()
        unchanged = status == HTTPStatus.NOT_MODIFIED and conditional
        if status not in _WHOLE and not unchanged:
            raise self._status_error(url, answer)
        return Page(
            url=url,
            final_url=str(answer.url),
            status=status,
            body=b"" if unchanged else await _body(url, answer, self._limits.body_bytes),
            fetched_at=self._now(),
            content_type=answer.headers.get("content-type", ""),
            etag=validator(answer.headers, "etag"),
            last_modified=validator(answer.headers, "last-modified"),
            fresh_s=fresh_s(answer.headers, now=now),
            moved_to=moved_to,
            links=_links(answer),
        )

    def _status_error(self, url: str, answer: httpx.Response) -> FetchError:
        return status_error(url, answer.status_code, answer.headers, now=self._now())

    async def _rules_text(self, answer: httpx.Response, _moved_to: str | None) -> bytes:
        """A robots.txt, cut at its cap."""
        url = str(answer.url)
        if answer.status_code not in _WHOLE:
            raise self._status_error(url, answer)
        sink = _sink(url, answer, MAX_BYTES)
        try:
            await _fill(sink, url, answer)
        except FetchTooBig:
            return sink.whole_lines()
        return sink.whole()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One address and the redirects from it. `url` is the one to report; `robots` whom to ask at each hop."""

    url: str
    start: httpx.URL
    hops: int
    budget: Budget
    robots: Robots | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class _GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport on our network: it has no parameter for one, httpcore's pool has."""

    def __init__(self, network: httpcore.AsyncNetworkBackend, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False)
        # HTTP/1.1 only. Header blocks over 100 KiB are refused by httpcore itself.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls, network_backend=network, max_connections=None, keepalive_expiry=_KEEP_OPEN_S
        )


def _address(raw: str, named: str, *, base: httpx.URL | None = None) -> httpx.URL:
    """`raw` as the one URL that all parsers would read in it.

    Raises:
        FetchScheme: It is none that may be fetched, or parsers may differ; `named` is the URL to report.
    """
    try:
        check_spelling(raw)
        url = (httpx.URL(raw) if base is None else base.join(raw)).copy_with(fragment=None)
        check_parts(url.scheme, url.raw_host.decode("ascii"), url.port)
        _ = url.host  # raises on a name that httpx cannot show; later it would raise in the middle of a request
    except (ValueError, httpx.InvalidURL) as exc:
        where = "" if raw == named else f"leads to {raw[:200]!r}: "
        raise FetchScheme(named, f"{where}{exc}") from exc
    return url


def _next_hop(url: str, hop: httpx.URL, location: str) -> httpx.URL:
    target = _address(location, url, base=hop)
    if hop.scheme == "https" and target.scheme == "http":
        raise FetchRedirects(url, f"leads from https to {target}")
    return target


@contextlib.contextmanager
def _translated(url: str, hop: str) -> Iterator[None]:
    """Errors of the libraries as ours; `hop` names a redirect's target, empty for the URL itself."""
    via = f"{hop}: " if hop else ""
    try:
        yield
    except AddressRefusedError as exc:
        raise FetchPrivate(url, f"{via}{exc}") from exc
    except TimeoutError as exc:
        raise FetchDeadline(url, f"{via}no complete answer within the deadline") from exc
    except httpx.HTTPError as exc:
        raise FetchUnavailable(url, f"{via}{type(exc).__name__}: {exc}".rstrip(": ")) from exc


async def _body(url: str, answer: httpx.Response, cap: int) -> bytes:
    """The whole body, inflated, in at most `cap` bytes."""
    if int(answer.headers.get("content-length", 0)) > cap:
        raise FetchTooBig(url, f"declares more than {cap} bytes")
    sink = _sink(url, answer, cap)
    await _fill(sink, url, answer)
    return sink.whole()


def _sink(url: str, answer: httpx.Response, cap: int) -> Plain:
    return sink_for(url, answer.headers.get("content-encoding", ""), cap)


async def _fill(sink: Plain, url: str, answer: httpx.Response) -> None:
    try:
        async for chunk in answer.aiter_raw():
            sink.feed(chunk)
    except (httpx.RemoteProtocolError, httpx.ReadError) as exc:
        raise FetchTruncated(url, "the connection ended before the body did") from exc


async def _drop_body(answer: httpx.Response) -> None:
    """Read a little, so that the receiver need not see its answer refused; it cannot change what was said."""
    read = 0
    with contextlib.suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(_ANSWER_S):
            async for chunk in answer.aiter_raw():
                read += len(chunk)
                if read >= _ANSWER_BYTES:
                    return


def _links(answer: httpx.Response) -> tuple[tuple[str, str], ...]:
    """The links of its header that may be fetched."""
    found: list[tuple[str, str]] = []
    for relation, target in link_targets(answer.headers.get("link", "")):
        with contextlib.suppress(FetchScheme):
            found.append((relation, str(_address(target, target, base=answer.url))))
        if len(found) == _MAX_LINKS:
            break
    return tuple(found)
