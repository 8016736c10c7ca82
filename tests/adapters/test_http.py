"""Hostile and ordinary servers, as raw sockets on loopback: each fetch ends as a page or with its named error."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import resource
import ssl
import time
import zlib
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.adapters.addresses import is_public
from monitor.adapters.http import FetchLimits, HttpFetch
from monitor.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]

AGENT = "Rasid/0.1 (+mailto:desk@example.org)"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUICK = FetchLimits(deadline_s=1.0)
SMALL = FetchLimits(deadline_s=5.0, body_bytes=1 << 20)


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
    fetch = HttpFetch(user_agent=AGENT, now=lambda: NOON, **({"allow_private": allowed} | options))
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
        with pytest.raises(FetchError) as caught:
            await fetch.get(server.url)
    return caught.value


async def to_loopback(_host: str, _port: int) -> tuple[str, ...]:
    return ("127.0.0.1",)


async def test_a_page_comes_with_its_type_its_validators_and_the_time() -> None:
    body = "أخبار".encode()
    answer = http(body, "Content-Type: text/xml; charset=utf-8", 'ETag: "a1"', "Last-Modified: yesterday")
    async with serving(saying(answer)) as server, fetching(server) as fetch:
        page = await fetch.get(server.url)
    assert (page.status, page.body, page.final_url, page.fetched_at) == (200, body, server.url, NOON)
    assert (page.content_type, page.etag, page.last_modified) == (
        "text/xml; charset=utf-8",
        '"a1"',
        "yesterday",
    )


async def test_a_request_says_who_asks_wants_gzip_only_and_sends_no_cookie_back() -> None:
    async with serving(saying(http(b"x", "Set-Cookie: a=b"))) as server, fetching(server) as fetch:
        await fetch.get(server.url)
        await fetch.get(server.url)
    for request in server.requests:
        head = request.lower()
        assert f"user-agent: {AGENT.lower()}".encode() in head
        assert b"accept-encoding: gzip\r\n" in head
        assert b"\r\ncookie" not in head


async def test_validators_are_sent_and_a_304_is_a_page_without_a_body() -> None:
    not_modified = b'HTTP/1.1 304 Not Modified\r\nETag: W/"2"\r\nConnection: close\r\n\r\n'
    async with serving(saying(not_modified)) as server, fetching(server) as fetch:
        page = await fetch.get(server.url, etag='W/"2"', last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
    assert page.not_modified
    assert (page.body, page.etag) == (b"", 'W/"2"')
    assert b'if-none-match: w/"2"\r\n' in server.requests[0].lower()
    assert b"if-modified-since: mon, 01 jan 2024" in server.requests[0].lower()


async def test_a_304_to_a_request_without_validators_is_an_error() -> None:
    async with serving(saying(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n")) as server:
        assert (await outcome(server)).code == "E-FETCH-STATUS"


async def test_a_validator_that_cannot_be_sent_back_is_not_kept() -> None:
    answer = http(b"x", 'ETag: "خبر"', "Last-Modified: " + "x" * 5000)
    async with serving(saying(answer)) as server, fetching(server) as fetch:
        page = await fetch.get(server.url)
        await fetch.get(server.url, etag='"خبر"')
    assert (page.etag, page.last_modified) == (None, None)
    assert b"if-none-match" not in server.requests[1].lower()


@pytest.mark.parametrize(
    ("status", "headers", "code", "transient", "wait_s"),
    [
        ("404 Not Found", [], "E-FETCH-STATUS", False, None),
        ("403 Forbidden", [], "E-FETCH-STATUS", False, None),
        ("410 Gone", [], "E-FETCH-STATUS", False, None),
        ("206 Partial Content", [], "E-FETCH-STATUS", False, None),
        ("300 Multiple Choices", ["Location: /x"], "E-FETCH-STATUS", False, None),
        ("302 Found", [], "E-FETCH-STATUS", False, None),
        ("429 Too Many Requests", ["Retry-After: 120"], "E-FETCH-UNAVAILABLE", True, 120.0),
        ("429 Too Many Requests", ["Retry-After: -3"], "E-FETCH-UNAVAILABLE", True, None),
        (
            "503 Service Unavailable",
            ["Retry-After: Sun, 01 Mar 2026 12:10:00 GMT"],
            "E-FETCH-UNAVAILABLE",
            True,
            600.0,
        ),
        ("500 Internal Server Error", [], "E-FETCH-UNAVAILABLE", True, None),
    ],
)
async def test_an_error_status_says_whether_to_try_again_and_when(
    status: str, headers: list[str], code: str, transient: bool, wait_s: float | None
) -> None:
    async with serving(saying(http(b"no", *headers, status=status))) as server:
        error = await outcome(server)
    assert (error.code, error.transient, error.retry_after_s) == (code, transient, wait_s)
    assert error.status == int(status[:3])


async def trickle(_request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(100):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


async def endless_headers(_request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(200):
        writer.write(f"X-{number}: y\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless_continue(_request: bytes, writer: asyncio.StreamWriter) -> None:
    for _ in range(200):
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def silence(_request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3)


async def redirects_slowly(_request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.4)
    writer.write(http(b"", "Location: /feed", status="302 Found"))


@pytest.mark.parametrize("handler", [trickle, endless_headers, endless_continue, silence, redirects_slowly])
async def test_a_server_that_never_ends_is_cut_at_the_total_deadline(handler: Handler) -> None:
    async with serving(handler) as server:
        began = time.monotonic()
        error = await outcome(server, limits=QUICK)
    assert (error.code, error.transient) == ("E-FETCH-DEADLINE", True)
    assert time.monotonic() - began < QUICK.deadline_s + 1


async def test_ten_megabytes_of_headers_are_refused_at_the_limit() -> None:
    answer = b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10_000_000
    async with serving(saying(answer)) as server:
        error = await outcome(server)
    assert error.code == "E-FETCH-UNAVAILABLE"


async def test_a_length_over_the_cap_is_refused_before_the_body_is_read() -> None:
    async def declares(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(1)

    async with serving(declares) as server:
        began = time.monotonic()
        error = await outcome(server)
    assert error.code == "E-FETCH-TOO-BIG"
    assert time.monotonic() - began < 0.9


async def test_a_body_without_a_length_stops_at_the_cap() -> None:
    async def pours(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(64):
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with serving(pours) as server:
        assert (await outcome(server, limits=SMALL)).code == "E-FETCH-TOO-BIG"


async def test_a_gzip_bomb_stops_at_the_cap_and_takes_little_memory() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(512)) + packer.flush()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with serving(saying(http(bomb, "Content-Encoding: gzip"))) as server:
        error = await outcome(server)
    assert error.code == "E-FETCH-TOO-BIG"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # kB: 64 MiB


@pytest.mark.parametrize(
    ("coding", "body", "code"),
    [
        ("br", b"x", "E-FETCH-ENCODING"),
        ("zstd", b"x", "E-FETCH-ENCODING"),
        ("deflate", b"x", "E-FETCH-ENCODING"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x")), "E-FETCH-ENCODING"),
        ("gzip", b"plain text", "E-FETCH-ENCODING"),
        ("gzip", gzip.compress(b"a long story" * 50)[:-12], "E-FETCH-TRUNCATED"),
    ],
)
async def test_a_coding_not_asked_for_or_not_kept_is_an_error(coding: str, body: bytes, code: str) -> None:
    async with serving(saying(http(body, f"Content-Encoding: {coding}"))) as server:
        assert (await outcome(server)).code == code


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
async def test_gzip_is_inflated_over_members_padding_and_any_split_of_chunks(coding: str) -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two") + bytes(7)

    async def byte_by_byte(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n".encode())
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
        for byte in packed:
            writer.write(b"1\r\n" + bytes([byte]) + b"\r\n")
        writer.write(b"0\r\n\r\n")

    async with serving(byte_by_byte) as server, fetching(server) as fetch:
        assert (await fetch.get(server.url)).body == b"one two"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ],
)
async def test_a_body_shorter_than_promised_is_an_error_and_no_short_article(answer: bytes) -> None:
    async with serving(saying(answer)) as server:
        error = await outcome(server)
    assert (error.code, error.transient) == ("E-FETCH-TRUNCATED", True)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"])
async def test_an_answer_that_is_no_http_is_unavailable(answer: bytes) -> None:
    async with serving(saying(answer)) as server:
        assert (await outcome(server)).code == "E-FETCH-UNAVAILABLE"


async def test_a_refused_connection_and_an_unknown_name_are_unavailable() -> None:
    async with serving(saying(b"")) as server:
        pass
    assert (await outcome(server)).code == "E-FETCH-UNAVAILABLE"

    async def unknown(host: str, _port: int) -> tuple[str, ...]:
        raise OSError(f"{host} has no address")

    async with fetching(resolver=unknown) as fetch:
        with pytest.raises(FetchError, match=r"E-FETCH-UNAVAILABLE.*no address"):
            await fetch.get("http://nowhere.example/")


async def test_a_redirect_is_followed_and_the_page_says_where_it_ended() -> None:
    async def moved(request: bytes, writer: asyncio.StreamWriter) -> None:
        there = request.startswith(b"GET /%D8%AE%D8%A8%D8%B1")
        writer.write(http(b"here") if there else http(b"", "Location: /خبر#top", status="301 Moved"))

    async with serving(moved) as server, fetching(server) as fetch:
        page = await fetch.get(server.url)
    assert (page.url, page.body) == (server.url, b"here")
    assert page.final_url == f"http://127.0.0.1:{server.port}/%D8%AE%D8%A8%D8%B1"


async def test_a_redirect_loop_stops_after_five_hops() -> None:
    async with serving(saying(http(b"", "Location: /feed", status="302 Found"))) as server:
        error = await outcome(server)
    assert error.code == "E-FETCH-REDIRECTS"
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "E-FETCH-PRIVATE"),
        ("http://[::1]:1/", "E-FETCH-PRIVATE"),
        ("http://127.0.0.1:1/", "E-FETCH-PRIVATE"),
        ("http://[::ffff:127.0.0.1]/", "E-FETCH-PRIVATE"),
        ("http://2130706433/", "E-FETCH-SCHEME"),
        ("file:///etc/passwd", "E-FETCH-SCHEME"),
        ("ftp://example.org/", "E-FETCH-SCHEME"),
        ("//user@example.org/", "E-FETCH-SCHEME"),
        ("\\\\example.org\\", "E-FETCH-SCHEME"),
    ],
)
async def test_a_redirect_to_where_we_may_not_go_is_refused_and_the_hop_is_named(location: str, code: str) -> None:
    answer = http(b"", f"Location: {location}", status="302 Found")
    async with serving(saying(answer)) as server:
        error = await outcome(server)
    assert error.code == code
    assert ("hop 1" in error.message) if code == "E-FETCH-PRIVATE" else ("leads to" in error.message)


PRIVATE = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.31.0.1",
    "192.0.0.8", "192.168.1.1", "192.88.99.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:8.8.8.8", "::ffff:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:53aa:64c::1",
    "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1",
    "ff02::1", "5f00::1", "nonsense", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_to_an_unfit_address_is_refused(address: str) -> None:
    async def resolver(_host: str, _port: int) -> tuple[str, ...]:
        return (address,)

    async with fetching(resolver=resolver) as fetch:
        with pytest.raises(FetchError) as caught:
            await fetch.get("http://news.example/")
    assert caught.value.code == "E-FETCH-PRIVATE"
    assert "news.example" in caught.value.message


@pytest.mark.parametrize("address", ["8.8.8.8", "41.208.72.1", "2a00:1450:4001:81b::200e", "2606:4700::1111"])
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_no_private_address_is_ever_public_in_any_embedding(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if not ip.is_global or ip.is_multicast:
        assert not is_public(str(ip))
    if isinstance(ip, ipaddress.IPv4Address):
        for prefix in ("::", "::ffff:", "64:ff9b::"):
            assert not is_public(f"{prefix}{ip}")
        assert not is_public(str(ipaddress.IPv6Address((0x2002 << 112) | (int(ip) << 80))))


async def test_one_public_and_one_private_answer_are_refused_together() -> None:
    async def both(_host: str, _port: int) -> tuple[str, ...]:
        return ("8.8.8.8", "127.0.0.1")

    async with fetching(resolver=both) as fetch:
        with pytest.raises(FetchError, match="E-FETCH-PRIVATE"):
            await fetch.get("http://news.example/")


async def test_a_name_is_resolved_once_a_connection_and_what_was_judged_is_dialled() -> None:
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("169.254.169.254",)

    async with serving(saying(http(b"x"))) as server, fetching(server, resolver=rebinding) as fetch:
        await fetch.get(f"http://example.test:{server.port}/")
    assert asked == ["example.test"]
    assert f"\r\nhost: example.test:{server.port}\r\n".encode() in server.requests[0].lower()


async def test_a_private_target_needs_its_own_port_named() -> None:
    async with serving(saying(http(b"x"))) as server:
        async with fetching(allow_private=frozenset({"127.0.0.1:1"})) as fetch:
            with pytest.raises(FetchError, match="E-FETCH-PRIVATE"):
                await fetch.get(server.url)
        async with fetching(allow_any_private=True) as fetch:
            assert (await fetch.get(server.url)).body == b"x"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "data:text/xml,<rss/>", "/etc/passwd",
        "feed.xml", "", "http://", "http:///x", "http://user@example.org/", "http://user:pw@example.org/",
        "http://@example.org/", "http://a\\@b/", "http://example.org\\x", "http://exa\tmple.org/",
        "http://example.org/\x00", "http://example.org/\u202e", "http://exa mple.org/", "http://127.1/",
        "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://2130706433/", "http://0x7f000001/", "http://1.2.3/",
        "http://１２７.０.０.１/", "http://①②⑦.0.0.1/", "http://%31%32%37.0.0.1/", "http://127.0.0.1./",
        "http://[fe80::1%25eth0]/", "http://[::1/", "http://example.org:0/", "http://example.org:99999/",
        "http://example..org/", "http://-/", "http://" + "a" * 5000,
    ],
)  # fmt: skip
async def test_a_url_that_is_not_plainly_http_is_refused_unresolved(url: str) -> None:
    async def never(_host: str, _port: int) -> tuple[str, ...]:
        raise AssertionError("asked")

    async with fetching(resolver=never) as fetch:
        with pytest.raises(FetchError) as caught:
            await fetch.get(url)
    assert caught.value.code == "E-FETCH-SCHEME"


def spellings(ip: int) -> list[str]:
    """Forms that one C library or another takes for an IPv4 address (inet_aton), and dots of other scripts."""
    a, b, c, d = ip.to_bytes(4, "big")
    return [
        f"{a}.{b}.{c}.{d}", str(ip), hex(ip), f"0{ip:o}", f"{a}.{ip & 0xFFFFFF}", f"{a}.{b}.{ip & 0xFFFF}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{a}.{b}.{c:#x}.{d}", f"0{a}.{b}.{c}.{d}",
        f"{a}。{b}。{c}。{d}", f"{a}.{b}.{c}.{d}.", f"[::ffff:{a}.{b}.{c}.{d}]", f"[::{a}.{b}.{c}.{d}]",
        f"[64:ff9b::{a}.{b}.{c}.{d}]", "".join(chr(0xFF10 + int(x)) if x.isdigit() else x for x in f"{a}.{b}.{c}.{d}"),
    ]  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(
    st.one_of(
        st.integers(0x7F000000, 0x7FFFFFFF),
        st.integers(0x0A000000, 0x0AFFFFFF),
        st.integers(0xA9FE0000, 0xA9FEFFFF),
        st.integers(0xC0A80000, 0xC0A8FFFF),
        st.integers(0, 0x00FFFFFF),
    )
)
def test_no_spelling_of_a_private_address_is_dialled(ip: int) -> None:
    async def attempt() -> None:
        async with fetching(tls=ssl.create_default_context()) as fetch:
            for host in spellings(ip):
                with pytest.raises(FetchError) as caught:
                    await fetch.get(f"http://{host}:9/")
                assert caught.value.code in {"E-FETCH-PRIVATE", "E-FETCH-SCHEME"}, host

    asyncio.run(attempt())


async def test_the_environment_cannot_put_a_proxy_between(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(saying(http(b"canary"))) as canary, serving(saying(http(b"x"))) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
        async with fetching(server) as fetch:
            assert (await fetch.get(server.url)).body == b"x"
    assert canary.requests == []


async def test_no_more_than_two_requests_run_on_one_host_and_others_are_not_held_up() -> None:
    async def slow(_request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.15)
        writer.write(http(b"x"))

    limits = FetchLimits(deadline_s=0.5, overall=3)
    async with (
        serving(slow) as server,
        serving(saying(http(b"y"))) as other,
        fetching(allow_any_private=True, limits=limits, resolver=to_loopback) as fetch,
    ):
        # Eight through two places take 0.6 s, more than the deadline: the time in the queue does not count.
        crowd = [asyncio.create_task(fetch.get(f"http://slow.test:{server.port}/{n}")) for n in range(8)]
        await asyncio.sleep(0.01)
        began = time.monotonic()
        assert (await fetch.get(f"http://other.test:{other.port}/")).body == b"y"
        assert time.monotonic() - began < 0.14
        assert {page.body for page in await asyncio.gather(*crowd)} == {b"x"}
    assert server.most_busy == 2


@pytest.mark.parametrize(
    ("name", "trusted", "code"),
    [
        ("example.test", True, None),
        ("other.test", True, "E-FETCH-UNAVAILABLE"),
        ("example.test", False, "E-FETCH-UNAVAILABLE"),
    ],
)
async def test_a_certificate_must_be_trusted_and_for_the_name_not_the_address(
    name: str, trusted: bool, code: str | None
) -> None:
    authority = trustme.CA()
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("example.test").configure_cert(served)
    tls = ssl.create_default_context()
    if trusted:
        authority.configure_trust(tls)
    async with (
        serving(saying(http(b"x")), ssl=served) as server,
        fetching(server, tls=tls, resolver=to_loopback) as fetch,
    ):
        url = f"https://{name}:{server.port}/"
        if code is None:
            assert (await fetch.get(url)).body == b"x"
        else:
            with pytest.raises(FetchError) as caught:
                await fetch.get(url)
            assert caught.value.code == code
            assert "certificate" in caught.value.message.lower()


async def test_a_redirect_from_https_to_http_is_refused() -> None:
    authority = trustme.CA()
    served, tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("example.test").configure_cert(served)
    authority.configure_trust(tls)
    down = http(b"", "Location: http://example.test/", status="301 Moved")
    async with (
        serving(saying(down), ssl=served) as server,
        fetching(server, tls=tls, resolver=to_loopback) as fetch,
    ):
        with pytest.raises(FetchError, match="E-FETCH-REDIRECTS"):
            await fetch.get(f"https://example.test:{server.port}/")


async def test_a_post_carries_its_body_and_headers_and_brings_back_status_and_wait() -> None:
    answer = http(b"slow down", "Retry-After: 90", status="429 Too Many Requests")
    async with serving(saying(answer)) as server, fetching(server) as fetch:
        said = await fetch.post(server.url, b"{}", {"webhook-id": "d1", "content-type": "application/json"})
    assert (said.status, said.retry_after_s) == (429, 90.0)
    assert server.requests[0].startswith(b"POST /feed ")
    assert b"webhook-id: d1\r\n" in server.requests[0].lower()


async def test_a_post_follows_no_redirect() -> None:
    async with serving(saying(http(b"", "Location: /elsewhere", status="307 Temporary"))) as server:
        async with fetching(server) as fetch:
            assert (await fetch.post(server.url, b"{}", {})).status == 307
        assert len(server.requests) == 1


async def test_a_post_to_a_private_address_is_refused_and_one_without_an_answer_times_out() -> None:
    async with serving(silence) as server:
        async with fetching() as fetch:
            with pytest.raises(FetchError, match="E-FETCH-PRIVATE"):
                await fetch.post(server.url, b"{}", {})
        async with fetching(server) as fetch:
            with pytest.raises(FetchError, match="E-FETCH-DEADLINE"):
                await fetch.post(server.url, b"{}", {}, deadline_s=0.3)


async def test_a_receiver_that_trickles_its_answer_has_still_answered() -> None:
    async with serving(trickle) as server, fetching(server) as fetch:
        began = time.monotonic()
        assert (await fetch.post(server.url, b"{}", {})).status == 200
    assert time.monotonic() - began < 4
