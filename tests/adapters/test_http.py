"""Hostile and ordinary servers, as raw sockets on loopback: each fetch ends as a page or with its named error."""

from __future__ import annotations

import asyncio
import functools
import gzip
import json
import ssl
import sys
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import trustme

from monitor.adapters.http import FetchLimits
from monitor.errors import FetchError
from tests.adapters.raw_server import (
    AGENT,
    NOON,
    failure,
    fetching,
    http,
    outcome,
    saying,
    serving,
    to_loopback,
)

if TYPE_CHECKING:
    from tests.adapters.raw_server import Handler

QUICK = FetchLimits(deadline_s=1.0)
SMALL = FetchLimits(deadline_s=5.0, body_bytes=1 << 20)


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


async def headers_a_byte_at_a_time(_request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(200):
        writer.write(b"y")
        await writer.drain()
        await asyncio.sleep(0.05)


async def chunk_extension_without_end(_request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
    for _ in range(200):
        writer.write(b"x=y;")
        await writer.drain()
        await asyncio.sleep(0.05)


async def trickles_gzip(_request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    for byte in gzip.compress(bytes(range(256)) * 50):
        writer.write(bytes([byte]))
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


@pytest.mark.parametrize(
    "handler",
    [
        trickle,
        trickles_gzip,
        endless_headers,
        headers_a_byte_at_a_time,
        chunk_extension_without_end,
        endless_continue,
        silence,
        redirects_slowly,
    ],
)
async def test_a_server_that_never_ends_is_cut_at_the_total_deadline(handler: Handler) -> None:
    async with serving(handler) as server:
        began = time.monotonic()
        error = await outcome(server, limits=QUICK)
    assert (error.code, error.transient) == ("E-FETCH-DEADLINE", True)
    assert time.monotonic() - began < QUICK.deadline_s + 1


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10_000_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_500_000,
        b"HTTP/1.1 200 " + b"O" * 10_000_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 1_500_000,
    ],
    ids=["one", "many", "reason", "trailers"],
)
async def test_ten_megabytes_of_headers_are_refused_at_the_limit(head: bytes) -> None:
    sent = 0

    async def pours(_request: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        for at in range(0, len(head), 1 << 16):
            writer.write(head[at : at + (1 << 16)])
            await writer.drain()
            sent += 1 << 16

    async with serving(pours) as server:
        began = time.monotonic()
        error = await outcome(server, limits=QUICK)
    assert error.code in {"E-FETCH-UNAVAILABLE", "E-FETCH-TRUNCATED"}
    assert time.monotonic() - began < QUICK.deadline_s + 1
    assert sent < 8 << 20  # what the sockets' buffers take in, not what there is


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


@functools.cache
def bomb(coding: str) -> bytes:
    """512 MiB of nothing as gzip; for codings that were not asked for it is enough that there is much of it."""
    if coding != "gzip":
        return bytes(1 << 20)
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(512)) + packer.flush()


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(
    ("coding", "code"),
    [("gzip", "E-FETCH-TOO-BIG"), ("br", "E-FETCH-ENCODING"), ("zstd", "E-FETCH-ENCODING")],
)
async def test_a_bomb_stops_at_the_cap_and_takes_little_memory(coding: str, code: str, declared: bool) -> None:
    packed = bomb(coding)

    async def explodes(_request: bytes, writer: asyncio.StreamWriter) -> None:
        length = f"Content-Length: {len(packed)}\r\n" if declared else ""
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n{length}\r\n".encode() + packed)

    async with serving(explodes) as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.adapters.measured_fetch", server.url, stdout=asyncio.subprocess.PIPE
        )
        seen = json.loads((await process.communicate())[0])
    assert (seen["code"], process.returncode) == (code, 0)
    assert seen["rise_kib"] < 64 << 10
    assert seen["seconds"] < 31


@pytest.mark.parametrize(
    ("coding", "body", "code"),
    [
        ("br", b"x", "E-FETCH-ENCODING"),
        ("zstd", b"x", "E-FETCH-ENCODING"),
        ("deflate", b"x", "E-FETCH-ENCODING"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x")), "E-FETCH-ENCODING"),
        ("gzip, gzip, gzip", gzip.compress(gzip.compress(gzip.compress(b"x"))), "E-FETCH-ENCODING"),
        ("identity, gzip", gzip.compress(b"x"), "E-FETCH-ENCODING"),
        ("gzip\r\nContent-Encoding: gzip", gzip.compress(gzip.compress(b"x")), "E-FETCH-ENCODING"),
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


async def test_eleven_hops_are_not_followed_to_their_end() -> None:
    async def onward(request: bytes, writer: asyncio.StreamWriter) -> None:
        number = int(request.split()[1].rpartition(b"/")[2] or 0)
        writer.write(http(b"end") if number == 11 else http(b"", f"Location: /{number + 1}", status="308 Moved"))

    async with serving(onward) as server, fetching(server) as fetch:
        assert (await failure(fetch, f"http://127.0.0.1:{server.port}/0")).code == "E-FETCH-REDIRECTS"
        assert (await fetch.get(f"http://127.0.0.1:{server.port}/6")).body == b"end"


async def test_a_redirect_loop_stops_after_five_hops() -> None:
    async with serving(saying(http(b"", "Location: /feed", status="302 Found"))) as server:
        error = await outcome(server)
    assert error.code == "E-FETCH-REDIRECTS"
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    ("name", "trusted", "expired", "code"),
    [
        ("example.test", True, False, None),
        ("other.test", True, False, "E-FETCH-UNAVAILABLE"),
        ("example.test", False, False, "E-FETCH-UNAVAILABLE"),
        ("example.test", True, True, "E-FETCH-UNAVAILABLE"),
    ],
    ids=["good", "another's name", "self-signed", "expired"],
)
async def test_a_certificate_must_be_trusted_and_for_the_name_not_the_address(
    name: str, trusted: bool, expired: bool, code: str | None
) -> None:
    authority = trustme.CA()
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    until = datetime.now(UTC) - timedelta(days=1) if expired else None
    authority.issue_cert("example.test", not_after=until).configure_cert(served)
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
            error = await failure(fetch, url)
            assert error.code == code
            assert "certificate" in error.message.lower()


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
