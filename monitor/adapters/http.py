"""HTTP, politely and safely: the only module that speaks it.

Whatever a server does, a request ends within its deadline, in at most so many bytes of memory, at an address
that may be dialled, as a `Page` or as a `FetchError` that says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import httpcore
import httpx

from monitor.adapters.addresses import AddressRefusedError, GuardedNetwork, Resolve, resolve
from monitor.adapters.bodies import Gunzip, Plain
from monitor.errors import (
    FetchDeadline,
    FetchEncoding,
    FetchError,
    FetchPrivate,
    FetchRedirects,
    FetchScheme,
    FetchStatus,
    FetchTooBig,
    FetchTruncated,
    FetchUnavailable,
)
from monitor.model import Page
from monitor.pacing import retry_after

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({408, 425, 429})
_WHOLE = frozenset({200, 203})
_KEEP_OPEN_S = 15.0
_ANSWER_BYTES, _ANSWER_S = 4096, 2.0
_MAX_VALIDATOR_CHARS = 1000
_MAX_URL_CHARS = 4096
_MAX_PORT = 65_535
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?", re.IGNORECASE)
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, text/html, */*;q=0.5"


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """What one request, one host and the whole may use; waiting for a turn here does not count."""

    deadline_s: float = 30.0
    body_bytes: int = 15 << 20
    redirects: int = 5
    per_host: int = 2
    overall: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAnswer:
    """What a webhook's receiver said: its status, and how many seconds it asked us to wait."""

    status: int
    retry_after_s: float | None = None


class HttpFetch:
    """`Fetch` through httpx, and the POSTs of webhooks and of models' endpoints; all behind the same guard."""

    def __init__(
        self,
        *,
        user_agent: str,
        limits: FetchLimits | None = None,
        allow_private: frozenset[str] = frozenset(),
        allow_any_private: bool = False,
        tls: ssl.SSLContext | None = None,
        resolver: Resolve = resolve,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Open nothing yet.

        Args:
            user_agent: Who we are and where to complain.
            limits: The defaults of the product, where not given.
            allow_private: `host:port` of targets at private addresses that the configuration names.
            allow_any_private: Let every private target through: for an operator's own check.
            tls: What certificates are verified with; certifi's authorities by default, never nothing.
            resolver: Name to addresses.
            now: Aware UTC time, for `fetched_at` and Retry-After dates.
        """
        self._limits, self._now = limits or FetchLimits(), now
        self._overall = asyncio.Semaphore(self._limits.overall)
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        allowed = frozenset(target.lower() for target in allow_private)
        network = GuardedNetwork(allowed, allow_any=allow_any_private, resolver=resolver)
        self._client = httpx.AsyncClient(
            transport=_GuardedTransport(network, tls or httpx.create_ssl_context(trust_env=False)),
            trust_env=False,  # no proxy, netrc or certificates from the environment
            timeout=None,  # noqa: S113 - httpx has no limit on the whole, only on each step; `_limited` has
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip"},
        )

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Page:
        """One GET, conditional if validators are given, redirects followed by hand.

        Returns:
            The page, or one with status 304 and no body if it has not changed.

        Raises:
            FetchError: With the code that says why.
        """
        conditions = {
            name: value
            for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified))
            if value is not None and _sendable(value)
        }
        hop, left_s, clock = _address(url, url), self._limits.deadline_s, asyncio.get_running_loop().time
        for number in range(self._limits.redirects + 1):
            async with self._turn(hop.host):
                began = clock()
                with _translated(url, f"hop {number} ({hop})" if number else ""):
                    async with (
                        asyncio.timeout(left_s),
                        self._client.stream("GET", hop, headers=conditions) as answer,
                    ):
                        if answer.status_code not in _REDIRECTS or "location" not in answer.headers:
                            return await self._page(url, answer, conditional=bool(conditions))
                left_s -= clock() - began
            hop = _next_hop(url, hop, answer.headers["location"])
        raise FetchRedirects(url, f"more than {self._limits.redirects} redirects")

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, deadline_s: float | None = None
    ) -> PostAnswer:
        """One POST; a redirect is an answer like any other, and the answer's body is dropped.

        Raises:
            FetchError: There was no answer, or the address may not be dialled.
        """
        target = _address(url, url)
        async with self._turn(target.host):
            with _translated(url, ""):
                async with (
                    asyncio.timeout(deadline_s or self._limits.deadline_s),
                    self._client.stream("POST", target, content=body, headers=dict(headers)) as answer,
                ):
                    await _drop_body(answer)
                    return PostAnswer(
                        status=answer.status_code,
                        retry_after_s=retry_after(answer.headers.get("retry-after"), now=self._now()),
                    )

    async def ask(self, url: str, body: bytes, headers: Mapping[str, str], *, deadline_s: float | None = None) -> bytes:
        """One POST for the sake of its answer; a redirect is not followed.

        Returns:
            The body of a 2xx, inflated, within the cap.

        Raises:
            FetchError: There was no answer, another status, too long a body, or the address may not be dialled.
        """
        target = _address(url, url)
        async with self._turn(target.host):
            with _translated(url, ""):
                async with (
                    asyncio.timeout(deadline_s or self._limits.deadline_s),
                    self._client.stream("POST", target, content=body, headers=dict(headers)) as answer,
                ):
                    if not answer.is_success:
                        raise self._status_error(url, answer)
                    return await _body(url, answer, self._limits.body_bytes)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    @contextlib.asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host first: those who queue for one slow host must not hold the places of others."""
        gate = self._hosts.setdefault(host, asyncio.Semaphore(self._limits.per_host))
        async with gate, self._overall:
            yield

    async def _page(self, url: str, answer: httpx.Response, *, conditional: bool) -> Page:
        status = answer.status_code
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
            etag=_validator(answer, "etag"),
            last_modified=_validator(answer, "last-modified"),
        )

    def _status_error(self, url: str, answer: httpx.Response) -> FetchError:
        status = answer.status_code
        transient = status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        kind = FetchUnavailable if transient else FetchStatus
        wait_s = retry_after(answer.headers.get("retry-after"), now=self._now())
        return kind(url, f"the server answered {status}", retry_after_s=wait_s, status=status)


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
        _check_spelling(raw)
        url = (httpx.URL(raw) if base is None else base.join(raw)).copy_with(fragment=None)
        _check(url)
    except (ValueError, httpx.InvalidURL) as exc:
        where = "" if raw == named else f"leads to {raw[:200]!r}: "
        raise FetchScheme(named, f"{where}{exc}") from exc
    return url


def _check_spelling(raw: str) -> None:
    if len(raw) > _MAX_URL_CHARS or "\\" in raw or not raw.isprintable():
        raise ValueError("too long, or has a backslash or an unprintable character")
    if "@" in urlsplit(raw).netloc:  # an empty user name too, which httpx.URL forgets
        raise ValueError("a user name in the URL")


def _check(url: httpx.URL) -> None:
    if url.scheme not in {"http", "https"}:
        raise ValueError("only http and https are fetched")
    if url.port is not None and not 0 < url.port <= _MAX_PORT:
        raise ValueError("no such port")
    host = url.raw_host.decode("ascii")
    if ":" in host:
        ipaddress.IPv6Address(host)
        if "%" in host:
            raise ValueError("an address with a zone")
    elif not _HOST.fullmatch(host) or ".." in host:
        raise ValueError(f"no host name: {host!r}")
    elif _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        ipaddress.IPv4Address(host)  # four decimal numbers, or it is one of inet_aton's odd forms


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
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip", "x-gzip", ""}:
        raise FetchEncoding(url, f"content coding {coding[:80]!r}, though only gzip was asked for")
    sink = Gunzip(url, cap) if "gzip" in coding else Plain(url, cap)
    try:
        async for chunk in answer.aiter_raw():
            sink.feed(chunk)
    except (httpx.RemoteProtocolError, httpx.ReadError) as exc:
        raise FetchTruncated(url, "the connection ended before the body did") from exc
    return sink.whole()


async def _drop_body(answer: httpx.Response) -> None:
    """Read a little, so that the receiver need not see its answer refused; it cannot change what was said."""
    read = 0
    with contextlib.suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(_ANSWER_S):
            async for chunk in answer.aiter_raw():
                read += len(chunk)
                if read >= _ANSWER_BYTES:
                    return


def _validator(answer: httpx.Response, name: str) -> str | None:
    value = answer.headers.get(name)
    return value if value and _sendable(value) else None


def _sendable(value: str) -> bool:
    """Whether a stored header value can be sent back: some servers put anything into an ETag."""
    return value.isascii() and value.isprintable() and len(value) <= _MAX_VALIDATOR_CHARS
