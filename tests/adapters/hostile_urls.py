"""URLs and forms of IP addresses that somebody might use to have us dial whom we may not, without end.

`python -m tests.adapters.hostile_urls 10000` tries so many, and prints what came of them.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.adapters.http import FetchLimits, HttpFetch
from monitor.errors import FetchError
from tests.adapters.raw_server import Recorder, http

START = "http://start.test/"
_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_LIMITS: Final = FetchLimits(deadline_s=10)

# First addresses and lengths in bits of blocks that are not of the public internet, and of some that are.
V4_BLOCKS: Final = (
    (0x00000000, 8), (0x0A000000, 8), (0x64400000, 10), (0x7F000000, 8), (0xA9FE0000, 16), (0xAC100000, 12),
    (0xC0000000, 24), (0xC0000200, 24), (0xC0586300, 24), (0xC0A80000, 16), (0xC6120000, 15), (0xC6336400, 24),
    (0xCB007100, 24), (0xE0000000, 4), (0xF0000000, 4),
)  # fmt: skip


def public(address: str) -> bool:
    """The oracle: by bits, and by what IANA's registries of special purpose say, not by `ipaddress`."""
    try:
        number = struct.unpack("!I", socket.inet_pton(socket.AF_INET, address))[0]
    except OSError:
        return _public_6(address)
    return not any(number >> (32 - bits) == first >> (32 - bits) for first, bits in V4_BLOCKS)


def _public_6(address: str) -> bool:
    try:
        high, low = struct.unpack("!QQ", socket.inet_pton(socket.AF_INET6, address))
    except (OSError, ValueError):
        return False
    first, second = high >> 48, (high >> 32) & 0xFFFF
    special = (
        first & 0xE000 != 0x2000  # all but global unicast: loopback, mapped, NAT64, local, multicast
        or first == 0x2002  # 6to4
        or (first == 0x2001 and second < 0x0200)  # protocols, Teredo
        or (first == 0x2001 and second == 0x0DB8)  # documentation
        or (first == 0x3FFF and second < 0x1000)  # documentation
        or (low >> 32) in {0x00005EFE, 0x01005EFE, 0x02005EFE, 0x03005EFE}  # ISATAP
    )
    return not special


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A URL, the addresses that names in it lead to, and whether it comes by a redirect."""

    url: str
    answers: tuple[str, ...]
    redirected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of it: the error, if any, and who was asked for and dialled after the start."""

    code: str
    asked: tuple[str, ...]
    dialled: tuple[str, ...]


async def tried(attempt: Attempt) -> Seen:
    """Fetch through the real guard over a network that dials nobody.

    Names that the C library takes for numbers lead where it says, all others where the attempt says.
    """
    asked: list[str] = []

    async def resolver(host: str, port: int) -> tuple[str, ...]:
        if host == "start.test":
            return ("8.8.8.8",)
        asked.append(host)
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except (OSError, UnicodeError):
            return attempt.answers
        return tuple(str(info[4][0]) for info in infos)

    location = (
        attempt.url.encode("utf-8", "surrogatepass").replace(b"\r", b"").replace(b"\n", b"").replace(b"\x00", b"")
    )
    hop = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: " + location + b"\r\n\r\n"
    network = Recorder(*([hop] if attempt.redirected else []), *(http(b"x") for _ in range(6)))
    fetch = HttpFetch(user_agent="Rasid/0.1", limits=_LIMITS, tls=_TLS, resolver=resolver, below=network)
    code = ""
    try:
        await fetch.get(START if attempt.redirected else attempt.url)
    except FetchError as error:
        code = error.code
    finally:
        await fetch.aclose()
    dialled = [host for host, _ in network.dialled]
    return Seen(code=code, asked=tuple(asked), dialled=tuple(dialled[1:] if attempt.redirected else dialled))


def lawful(attempt: Attempt, seen: Seen) -> bool:
    """Refused with a code that says so, or dialled at public addresses only."""
    if not seen.dialled:
        back = attempt.redirected and seen.code in {"", "E-FETCH-UNAVAILABLE", "E-FETCH-REDIRECTS"} and not seen.asked
        return back or seen.code in {"E-FETCH-PRIVATE", "E-FETCH-SCHEME", "E-FETCH-REDIRECTS"}
    return all(map(public, seen.dialled))


# ------------------------------------------------------------------------------------------------------ generators


@st.composite
def v4(draw: st.DrawFn) -> int:
    """An IPv4 address: often special, or at the edge of what is."""
    first, bits = draw(st.sampled_from(V4_BLOCKS))
    size = 1 << (32 - bits)
    near = st.sampled_from((first, first + 1, first + size - 1, first + size, first - 1))
    return draw(st.one_of(near, st.integers(first, first + size - 1), st.integers(0, 2**32 - 1))) % 2**32


@st.composite
def v6(draw: st.DrawFn) -> str:
    """An IPv6 address: often one that holds an IPv4 address, or at the edge of a special block."""
    inner = draw(v4())
    any64 = st.integers(0, 2**64 - 1)
    number = draw(
        st.one_of(
            st.sampled_from((0, 1, 2**128 - 1, 0xFE80 << 112, 0xFC00 << 112, 0xFF02 << 112 | 1)),
            st.sampled_from((0, 0xFFFF << 32, 0xFFFF0000 << 32, 0x64FF9B << 96, 0x64FF9B0001 << 80)).map(
                lambda prefix: prefix | inner
            ),
            st.just(0x2002 << 112 | inner << 80),
            any64.map(lambda low: 0x20010000 << 96 | inner << 64 | low),
            st.just(0x20010000 << 96 | inner ^ 0xFFFFFFFF),
            st.tuples(any64, st.sampled_from((0, 1, 2, 3))).map(
                lambda part: part[0] << 64 | part[1] << 56 | 0x5EFE << 32 | inner
            ),
            st.sampled_from((0x2000, 0x2001, 0x200101FF, 0x20010200, 0x20010DB8, 0x3FFF, 0x3FFF1000, 0x4000)).map(
                lambda head: head << (112 if head < 2**16 else 96) | inner
            ),
            st.integers(0, 2**128 - 1),
        )
    )
    number %= 2**128
    whole = socket.inet_ntop(socket.AF_INET6, number.to_bytes(16, "big"))
    parts = ":".join(f"{number >> shift & 0xFFFF:x}" for shift in range(112, -1, -16))
    tail = number & 0xFFFFFFFF
    mixed = ":".join(parts.split(":")[:6]) + ":" + socket.inet_ntop(socket.AF_INET, tail.to_bytes(4, "big"))
    return draw(st.sampled_from((whole, whole.upper(), parts, mixed)))


@st.composite
def odd_v4(draw: st.DrawFn) -> str:
    """An IPv4 address as one C library or parser or another reads it (inet_aton), or in digits of other scripts."""
    number = draw(v4())
    size = draw(st.integers(1, 4))
    parts = [number >> shift & 0xFF for shift in (24, 16, 8)][: size - 1]
    parts.append(number & (1 << (8 * (5 - size))) - 1)
    form = st.sampled_from(("{}", "0{:o}", "0x{:x}", "0X{:X}", "00{:o}", "0{}", "{}"))
    text = draw(st.sampled_from((".", ".", ".", "。", "．", "｡", "%2e"))).join(
        draw(form).format(part) for part in parts
    )
    zero = draw(st.sampled_from((0, 0, 0, 0xFF10, 0x660, 0x6F0, 0x966)))
    if zero:
        text = "".join(chr(zero + int(char)) if char.isascii() and char.isdigit() else char for char in text)
    return text + draw(st.sampled_from(("", "", "", ".", "..", "%00", "\u200b")))


labels = st.one_of(
    st.sampled_from(
        (
            "news",
            "www",
            "localhost",
            "الجزيرة",
            "раypal",
            "xn--pple-43d",
            "xn--mgbh0fb",
            "xn--a",
            "日本",
            "a_b",
            "-",
            "",
        )
    ),
    st.text(alphabet="abcxyz0189-_%", max_size=8),
    st.text(alphabet="aeoаеоαοـابт֊。．", max_size=6),
    st.text(max_size=5),
)
names = st.lists(labels, min_size=1, max_size=4).map(".".join)
hosts = st.one_of(odd_v4(), v6().map("[{}]".format), v6().map("[{}%25lo]".format), v6(), names)
before = st.sampled_from(("", "", "", "", "user@", "user:pw@", "@", "8.8.8.8@", "news.test\\@", "news.test#@", "\t"))
after = st.sampled_from(("", "", "", ":80", ":443", ":0", ":99999", ":８０", ":", "\\", "#@127.0.0.1", "?@127.0.0.1"))
paths = st.one_of(st.sampled_from(("", "/", "/x", "//127.0.0.1/", "/\\127.0.0.1", "/%0d%0a")), st.text(max_size=6))
schemes = st.sampled_from(
    ("http://", "http://", "http://", "https://", "HTTP://", "http:", "http:/", "http:///", "//", "ftp://", "file://",
     "gopher://", "http:\\\\", " http://", "ht\ttp://", "data:")
)  # fmt: skip
dotted = v4().map(lambda number: socket.inet_ntop(socket.AF_INET, number.to_bytes(4, "big")))
plain = st.one_of(
    st.sampled_from(("news.test", "الجزيرة.test", "日本.test", "news.test:8443")),
    st.integers(0, 2**32 - 1).map(lambda number: socket.inet_ntop(socket.AF_INET, number.to_bytes(4, "big"))),
    v6().map("[{}]".format),
)
urls = st.one_of(
    plain.map("http://{}/".format),
    hosts.map("http://{}/".format),
    st.builds("".join, st.tuples(schemes, before, hosts, after, paths)),
)
answers = st.one_of(
    st.sampled_from((("8.8.8.8",), ("2606:4700::1111", "8.8.4.4"))),
    st.lists(st.one_of(st.just("8.8.8.8"), dotted, v6()), min_size=1, max_size=3).map(tuple),
)
attempts = st.builds(Attempt, url=urls, answers=answers, redirected=st.booleans())


def tally(number: int) -> Counter[str]:
    """Try `number` attempts; AssertionError, with the smallest that breaks the law, where one does."""
    found: Counter[str] = Counter()

    @settings(max_examples=number, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(attempts)
    def check(attempt: Attempt) -> None:
        seen = asyncio.run(tried(attempt))
        found["dialled, public" if seen.dialled else seen.code or "not followed"] += 1
        assert lawful(attempt, seen), (attempt, seen)

    check()
    return found


if __name__ == "__main__":
    sys.stdout.write(f"{dict(tally(int(sys.argv[1])))}\n")
