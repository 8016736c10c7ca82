"""Servers that mean harm, or are broken, in a process of their own: `python -m tests.chaos.hostile_servers`.

Each answers by the name it is asked for: what is at `http://NAME.test:PORT/feed` is `ANSWERS[NAME]`. Prints where they
listen and whose certificates to trust, as JSON, and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import json
import ssl
import sys
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import trustme

from tests.chaos.stories import MINSK, ROME

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[str, asyncio.StreamWriter], Awaitable[None]]

HOST = "127.0.0.1"
ROBOTS = "/robots.txt"
LONG_S = 60.0
TITLES = tuple(f"خبر رقم {number} عن المعرض السنوي" for number in range(20))
_BIDI = "\u202e\u2066\x00\x07"
PAYLOADS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<form action=//x><input>",
    "<style>*{background:url(javascript:alert(1))}</style>", '"><script>alert(1)</script>', "<iframe src=javascript:a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "<a href='javascript:alert(1)'>x</a>", "<b onmouseover=alert(1)>x</b>",
    "]]><script>alert(1)</script>", "<math><mi xlink:href='data:x,<script>alert(1)</script>'>", "{{7*7}}${7*7}",
)  # fmt: skip


def http(body: bytes = b"", *headers: str, status: str = "200 OK", kind: str = "application/rss+xml") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", f"Content-Type: {kind}", "Connection: close"]
    return "\r\n".join([*lines, *headers]).encode() + b"\r\n\r\n" + body


def item(title: str, link: str) -> str:
    return f"<item><title>{title}</title><link>{link}</link></item>"


def rss(items: str, *, end: str = "</channel></rss>", prolog: str = '<?xml version="1.0"?>') -> str:
    return f'{prolog}<rss version="2.0"><channel><title>أخبار</title>{items}{end}'


def some_items(count: int = 3) -> str:
    return "".join(item(TITLES[at % 20], f"/{at}") for at in range(count))


@functools.cache
def bomb(inflated_bytes: int) -> bytes:
    """Zeros, so many, as one gzip stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(inflated_bytes >> 20)) + packer.flush()


# ------------------------------------------------------------------------------------------ answers byte by byte


def saying(make: Callable[[], bytes]) -> Handler:
    async def handler(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(make())

    return handler


def dripping(head: bytes, drip: bytes, every_s: float = 0.05) -> Handler:
    async def handler(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _ in range(int(LONG_S / every_s)):
            writer.write(drip)
            await writer.drain()
            await asyncio.sleep(every_s)

    return handler


def pouring(head: bytes, block: bytes, count: int) -> Handler:
    async def handler(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _ in range(count):
            writer.write(block)
            await writer.drain()

    return handler


async def silent(_path: str, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(LONG_S)


async def resets(_path: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    writer.transport.abort()


async def hops(path: str, writer: asyncio.StreamWriter) -> None:
    number = int(path.partition("?")[2] or 0)
    writer.write(http(b"", f"Location: /feed?{number + 1}", status="302 Found") if number < 11 else http(b"x"))


def leading(location: str, status: str = "302 Found") -> Handler:
    return saying(lambda: http(b"", f"Location: {location}", status=status))


def feed(text: str, *headers: str, charset: str = "utf-8", kind: str = "application/rss+xml") -> Handler:
    return saying(lambda: http(text.encode(charset), *headers, kind=kind))


def with_pages(pages: dict[str, Callable[[], bytes]]) -> Handler:
    """A feed of these pages, by path, under the address that it was asked for."""

    async def handler(path: str, writer: asyncio.StreamWriter) -> None:
        if path == "/feed":
            links = "".join(item(f"{title} {at}", f"/{at}") for at, title in zip(pages, TITLES, strict=False))
            writer.write(http(rss(links).encode()))
        else:
            writer.write(http(pages[path.removeprefix("/")](), kind="text/html; charset=utf-8"))

    return handler


def with_robots(robots: Handler, then: Handler) -> Handler:
    async def handler(path: str, writer: asyncio.StreamWriter) -> None:
        await (robots if path == ROBOTS else then)(path, writer)

    return handler


def page(body: str) -> bytes:
    return f'<!DOCTYPE html><html lang="ar"><head><meta charset="utf-8"></head><body>{body}</body></html>'.encode()


_BLOCK = page("<h1>Just a moment...</h1><p>Checking your browser before accessing</p>")
_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
_no_robots = saying(lambda: http(b"", status="404 Not Found"))
_GOOD = feed(rss(some_items()))


def answers(canary: int) -> dict[str, Handler]:
    """By name; `canary` is the port that nobody may be led to."""
    own = f"http://127.0.0.1:{canary}/"
    many_items, tiny = http(rss(long_items(16_000)).encode()), page("<p>ا</p>" * 200_000)
    retry = {"seconds": "7200", "date": "Sun, 01 Mar 2026 09:00:00 GMT", "negative": "-3", "ten-years": "315360000",
             "arabic": "٦٠٠"}  # fmt: skip
    return {
        "warm": with_pages({"minsk": MINSK.page}),
        "good": with_pages({"rome": ROME.page}),
        "trickle": dripping(http(b"")[:15] + b"\r\nContent-Length: 100000\r\n\r\n", b"x"),
        "silence": silent,
        "reset": resets,
        "endless-headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        "endless-header": dripping(b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        "endless-continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "endless-chunk": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"x=y;"),
        "trickled-gzip": dripping(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 999999\r\n\r\n"
            + gzip.compress(b"x" * 99)[:-8],
            b"",
        ),
        "huge-header": pouring(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 65536, 160),
        "huge-headers": pouring(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000, 150),
        "ten-gigabytes": saying(lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\nx"),
        "endless-body": pouring(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x" * 65536, 800),
        "gzip-bomb": saying(lambda: http(bomb(512 << 20), "Content-Encoding: gzip")),
        "many-members": pouring(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n",
                                gzip.compress(b"") * 2000, 600),
        "brotli": saying(lambda: http(b"\x1b\xff\xff", "Content-Encoding: br")),
        "zstd": saying(lambda: http(b"\x28\xb5\x2f\xfd", "Content-Encoding: zstd")),
        "stacked": saying(lambda: http(gzip.compress(gzip.compress(b"x")), "Content-Encoding: gzip, gzip")),
        "no-gzip": saying(lambda: http(b"plain", "Content-Encoding: gzip")),
        "cut-gzip": saying(
            lambda: http(gzip.compress(rss(some_items()).encode())[:-20], "Content-Encoding: gzip", 'ETag: "1"')
        ),
        "short-body": saying(lambda: http(rss(some_items()).encode(), 'ETag: "1"')[:-50]),
        "loop": leading("/feed"),
        "hops": hops,
        "to-loopback": leading(own),
        "to-loopback-301": leading(own, status="301 Moved Permanently"),
        "to-loopback-6": leading(f"http://[::1]:{canary}/"),
        "to-mapped": leading(f"http://[::ffff:127.0.0.1]:{canary}/"),
        "to-metadata": leading("http://169.254.169.254/latest/meta-data/"),
        "to-any": leading(f"http://0.0.0.0:{canary}/"),
        "to-decimal": leading(f"http://2130706433:{canary}/"),
        "to-octal": leading(f"http://0177.0.0.1:{canary}/"),
        "to-short": leading(f"http://127.1:{canary}/"),
        "to-userinfo": leading(f"http://good.test@127.0.0.1:{canary}/"),
        "to-backslash": leading(f"http://127.0.0.1:{canary}\\@good.test/"),
        "to-file": leading("file:///etc/passwd"),
        "to-gopher": leading(f"gopher://127.0.0.1:{canary}/"),
        "to-data": leading("data:text/xml,<rss/>"),
        "rebinding": saying(lambda: http(b"x")),
        "two-faced": saying(lambda: http(b"x")),
        "item-to-us": feed(rss(item(TITLES[0], own + "api") + item(TITLES[1], f"http://[::1]:{canary}/"))),
        "gone": saying(lambda: http(b"", status="410 Gone")),
        "forbidden": saying(lambda: http(_BLOCK, status="403 Forbidden", kind="text/html")),
        **{f"retry-{name}": saying(lambda value=value: http(b"", f"Retry-After: {value}", status="503 Busy"))  # type: ignore[misc]
           for name, value in retry.items() if value.isascii()},
        "retry-arabic": saying(
            lambda: b"HTTP/1.1 429 Busy\r\nContent-Length: 0\r\nRetry-After: " + retry["arabic"].encode() + b"\r\n\r\n"
        ),
        "block-page": saying(lambda: http(_BLOCK, kind="text/html")),
        "walls": with_pages({name: lambda: _BLOCK for name in "abcd"}),
        "robots-no": with_robots(saying(lambda: http(b"User-agent: *\nDisallow: /\n")), _GOOD),
        "robots-503": with_robots(saying(lambda: http(b"", status="503 Busy")), _GOOD),
        "robots-silent": with_robots(silent, _GOOD),
        "robots-huge": with_robots(
            pouring(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"User-agent: *\nDisallow: /no\n" * 2000, 200),
            _GOOD,
        ),
        "empty": saying(http),
        "blank": saying(lambda: http(b" \r\n\t \n")),
        "json": saying(lambda: http(b'{"a": [1, 2]}', kind="application/json")),
        "pdf": saying(lambda: http(b"%PDF-1.7\n" + bytes(range(256)) * 40, kind="application/pdf")),
        "image": saying(lambda: http(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, kind="image/png")),
        "cut-xml": feed(rss(some_items(8), end="<item><title>نص"), 'ETag: "1"'),
        "laughs": feed(f'<!DOCTYPE r [<!ENTITY l0 "ha">{_LAUGHS}]>' + rss(item("&l9;", "/1"))),
        "entity": feed('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss(item("&x;", "/1"))),
        "entity-name": feed(rss(some_items(), prolog='<?xml version="1.0" encoding="ut\u00adf-8"?>')),
        "1256-as-utf-8": feed(rss(some_items(9)), charset="windows-1256",
                              kind="application/rss+xml; charset=utf-8"),
        "utf-8-as-1256": feed(rss(some_items(9)), kind="application/rss+xml; charset=windows-1256"),
        "bom": feed("\ufeff" + rss(some_items(9))),
        "utf-16": feed(rss(some_items(9)), charset="utf-16"),
        "noise": saying(lambda: http(b"<rss><channel>" + b"\xd8\xd9\xff" * 3000, kind="text/xml")),
        "bidi": feed(rss("".join(item(f"{_BIDI}{title}", f"/{n}") for n, title in enumerate(TITLES)))),
        "16000-items": saying(lambda: many_items),
        "payloads": feed(rss("".join(
            item(f"خبر {payload}" if n % 2 else f"<![CDATA[خبر {payload}]]>",
                 f"/{n}" if n % 3 else "javascript:alert(1)")
            for n, payload in enumerate(PAYLOADS)))),
        "deep-page": with_pages({"deep": lambda: page("<div>" * 20_000 + "x" + "</div>" * 20_000)}),
        "tiny-page": with_pages({"tiny": lambda: tiny}),
        "empty-page": with_pages({"none": lambda: page("")}),
    }  # fmt: skip


def long_items(count: int) -> str:
    text = "وذكر البيان أن المشاركين حضروا من مدن عدة وأن البرنامج يستمر حتى نهاية الأسبوع وفق الخطة المعلنة " * 3
    return "".join(
        f"<item><title>خبر {n}</title><link>/{n}</link><description>{text}</description></item>" for n in range(count)
    )


# ----------------------------------------------------------------------------------------------------- serving


async def serve(canary: int) -> None:
    """Listen, say where, and serve until standard input ends."""
    by_name = answers(canary)
    bomb(512 << 20)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            name, path = head.partition("Host: ")[2].partition(".test")[0], head.split(" ")[1]
            answer = by_name.get(name, _GOOD) if path != ROBOTS or name.startswith("robots-") else _no_robots
            await answer(path, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    authority, stranger = trustme.CA(), trustme.CA()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    certificates = {
        "tls": authority.issue_cert("tls.test", "downgrade.test"),
        "tls-expired": authority.issue_cert("tls-expired.test", not_after=yesterday),
        "tls-stranger": stranger.issue_cert("tls-stranger.test"),
        "tls-other-name": authority.issue_cert("somebody-else.test"),
    }
    by_name["downgrade"] = leading("http://good.test/feed")
    ports = {"": (await asyncio.start_server(client, HOST, 0, backlog=256)).sockets[0].getsockname()[1]}
    for name, certificate in certificates.items():
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(context)
        listener = await asyncio.start_server(client, HOST, 0, ssl=context)
        ports[name] = listener.sockets[0].getsockname()[1]
    ports["downgrade"] = ports["tls"]
    said = {"ports": ports, "trust": authority.cert_pem.bytes().decode(), "names": sorted(by_name)}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
