"""What sites ask of robots: read once, held for a while, obeyed at every hop, and waited for where it cannot be had."""

from __future__ import annotations

import asyncio
import gzip
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from monitor.adapters.http import FetchLimits
from monitor.adapters.robots import MAX_BYTES, Robots, read_rules
from monitor.errors import FetchError, FetchRobots, FetchStatus, FetchUnavailable
from tests.adapters.raw_server import AGENT, failure, fetching, http, serving, to_loopback

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.adapters.raw_server import Handler, Server

ADDRESS = "http://news.test/robots.txt"
NOTHING_FOR_US = b"User-agent: *\nDisallow: /\n"
QUICK = FetchLimits(deadline_s=1.0)


def site(robots: bytes, page: bytes = b"") -> Handler:
    """A site whose robots.txt answers with `robots`, and all its pages with `page`: whole answers."""

    async def handler(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(robots if path_of(request) == "/robots.txt" else page or http(b"page"))

    return handler


def path_of(request: bytes) -> str:
    return request.split()[1].decode()


def paths(server: Server) -> list[str]:
    return [path_of(request) for request in server.requests]


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/x", True),
        ("User-agent: *\nDisallow: /", "/x", False),
        ("User-agent: *\nDisallow:", "/x", True),
        ("User-agent: Rasid\nDisallow: /", "/x", False),
        ("user-agent: RASID\ndisallow: /", "/x", False),
        ("User-agent: Rasid/0.1\nDisallow: /", "/x", False),
        ("User-agent: Ras\nDisallow: /", "/x", True),
        ("User-agent: Rasidbot\nDisallow: /", "/x", True),
        ("User-agent: Googlebot\nDisallow: /", "/x", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Rasid\nDisallow:", "/x", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Rasid\nAllow: /news/\nDisallow: /", "/news/1", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Rasid\nAllow: /news/\nDisallow: /", "/admin", False),
        ("User-agent: a\nUser-agent: Rasid\nUser-agent: b\nDisallow: /x", "/x/y", False),
        ("User-agent: Rasid\nDisallow: /a\nUser-agent: b\nDisallow: /b\nUser-agent: Rasid\nDisallow: /c", "/c", False),
        ("User-agent: Rasid\nDisallow: /a\nUser-agent: b\nDisallow: /b\nUser-agent: Rasid\nDisallow: /c", "/b", True),
        ("Disallow: /", "/x", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?x", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nDisallow: /أخبار", "/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/1", False),
        ("User-agent: *\nDisallow: /%d8%a3", "/%D8%A3", False),
        ("User-agent: *\nDisallow: /?s=", "/?s=word", False),
        ("\ufeffUser-agent: *\nDisallow: /", "/x", False),
        ("User-agent: *\rDisallow: /\r", "/x", False),
        ("User-agent: * # all\nDisallow: / # everything", "/x", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("<!doctype html><title>404</title>Disallow: /", "/x", True),
        ("\x00\x01\x02", "/x", True),
    ],
)
def test_rules_are_those_of_the_group_that_calls_us(text: str, path: str, allowed: bool) -> None:
    rules = read_rules(ADDRESS, text.encode(), "rasid")
    try:
        rules.check(f"http://news.test{path}", named="")
    except FetchRobots:
        assert not allowed
    else:
        assert allowed


@pytest.mark.parametrize(
    ("text", "delay_s"),
    [
        ("User-agent: *\nCrawl-delay: 5", 5.0),
        ("User-agent: *\nCrawl-delay: 0.5", 0.5),
        ("User-agent: *\nCrawl-delay: 86400", 30.0),
        ("User-agent: *\nCrawl-delay: inf", 0.0),
        ("User-agent: *\nCrawl-delay: nan", 0.0),
        ("User-agent: *\nCrawl-delay: -5", 0.0),
        ("User-agent: *\nCrawl-delay: soon", 0.0),
        ("User-agent: a\nCrawl-delay: 5", 0.0),
        ("User-agent: *\nCrawl-delay: 5\nUser-agent: Rasid\nCrawl-delay: 2", 2.0),
    ],
)
def test_a_delay_is_kept_up_to_half_a_minute(text: str, delay_s: float) -> None:
    assert read_rules(ADDRESS, text.encode(), "rasid").delay_s == delay_s


def test_half_a_megabyte_of_names_above_rules_is_read_at_once() -> None:
    names = "".join(f"User-agent: robot{number}\n" for number in range(12_000))
    text = names + "User-agent: *\n" + "".join(f"Disallow: /{number}\n" for number in range(14_000))
    began = time.monotonic()
    rules = read_rules(ADDRESS, text.encode()[:MAX_BYTES], "rasid")
    assert time.monotonic() - began < 5
    with pytest.raises(FetchRobots):
        rules.check("http://news.test/13", named="")


async def test_a_page_that_a_site_asks_us_to_leave_alone_is_not_fetched() -> None:
    async with serving(site(http(NOTHING_FOR_US))) as server, fetching(server, robots=True) as fetch:
        error = await failure(fetch, server.url)
    assert (error.code, error.transient) == ("E-FETCH-ROBOTS", False)
    assert f"http://127.0.0.1:{server.port}/robots.txt asks the robot '*'" in error.message
    assert paths(server) == ["/robots.txt"]


async def test_rules_are_read_once_for_many_pages_and_by_our_own_name() -> None:
    robots = http(b"User-agent: Rasid\nDisallow: /private/\n")
    async with serving(site(robots)) as server, fetching(server, robots=True) as fetch:
        origin = f"http://127.0.0.1:{server.port}"
        await asyncio.gather(*(fetch.get(f"{origin}/{number}") for number in range(6)))
        assert "'rasid'" in (await failure(fetch, f"{origin}/private/x")).message
    assert sorted(paths(server)) == [*(f"/{number}" for number in range(6)), "/robots.txt"]
    assert f"user-agent: {AGENT.lower()}".encode() in server.requests[0].lower()


async def test_a_feed_whose_owner_has_agreed_and_a_fetcher_without_robots_do_not_ask() -> None:
    async with serving(site(http(NOTHING_FOR_US))) as server:
        async with fetching(server, robots=True) as fetch:
            assert (await fetch.get(server.url, robots=False)).body == b"page"
        async with fetching(server) as fetch:
            assert (await fetch.get(server.url)).body == b"page"
    assert paths(server) == ["/feed", "/feed"]


async def test_posts_never_ask() -> None:
    async with serving(site(http(NOTHING_FOR_US))) as server, fetching(server, robots=True) as fetch:
        assert (await fetch.post(server.url, b"{}", {})).status == 200
        assert await fetch.ask(server.url, b"{}", {}) == b"page"
    assert paths(server) == ["/feed", "/feed"]


@pytest.mark.parametrize(
    "status", ["404 Not Found", "403 Forbidden", "410 Gone", "408 Timeout", "204 Nothing", "206 Part"]
)
async def test_a_site_without_robots_txt_allows_everything(status: str) -> None:
    async with serving(site(http(NOTHING_FOR_US, status=status))) as server, fetching(server, robots=True) as fetch:
        assert (await fetch.get(server.url)).body == b"page"
        assert (await fetch.get(server.url)).body == b"page"
    assert paths(server) == ["/robots.txt", "/feed", "/feed"]


@pytest.mark.parametrize(
    ("robots", "code", "wait_s"),
    [
        (http(b"", "Retry-After: 120", status="503 Later"), "E-FETCH-UNAVAILABLE", 120.0),
        (http(b"", status="500 Broken"), "E-FETCH-UNAVAILABLE", None),
        (http(b"", "Retry-After: 60", status="429 Slow down"), "E-FETCH-UNAVAILABLE", 60.0),
        (b"", "E-FETCH-UNAVAILABLE", None),
        (b"SSH-2.0-OpenSSH\r\n", "E-FETCH-UNAVAILABLE", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nUser-agent: *\n", "E-FETCH-UNAVAILABLE", None),
    ],
)
async def test_a_site_whose_robots_txt_cannot_be_had_is_waited_for(
    robots: bytes, code: str, wait_s: float | None
) -> None:
    async with serving(site(robots)) as server, fetching(server, robots=True) as fetch:
        error = await failure(fetch, server.url)
        again = await failure(fetch, f"http://127.0.0.1:{server.port}/other")
    for each in (error, again):
        assert (each.code, each.transient, each.retry_after_s) == (code, True, wait_s)
        assert "robots.txt: " in each.message
    assert again.url.endswith("/other")
    assert paths(server) == ["/robots.txt"]


async def test_robots_and_page_share_one_deadline() -> None:
    async def drowsy(request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.6)
        writer.write(http(b"", status="404 No") if path_of(request) == "/robots.txt" else http(b"page"))

    async with serving(drowsy) as server, fetching(server, robots=True, limits=QUICK) as fetch:
        began = time.monotonic()
        error = await failure(fetch, server.url)
        assert time.monotonic() - began < QUICK.deadline_s + 1
        assert error.code == "E-FETCH-DEADLINE"
        assert (await fetch.get(server.url)).body == b"page"  # what was learned of robots is not lost


async def test_a_robots_txt_that_trickles_is_cut_at_the_deadline_and_all_who_wait_are_told() -> None:
    async def trickle(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            writer.write(b"#")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serving(trickle) as server, fetching(server, robots=True, limits=QUICK) as fetch:
        began = time.monotonic()
        errors = await asyncio.gather(*(failure(fetch, f"{server.url}/{number}") for number in range(5)))
        assert time.monotonic() - began < QUICK.deadline_s + 1
    assert {(error.code, "robots.txt: " in error.message) for error in errors} == {("E-FETCH-DEADLINE", True)}
    assert paths(server) == ["/robots.txt"]


async def test_what_is_left_of_a_deadline_says_nothing_of_the_next_site() -> None:
    async def onward(request: bytes, writer: asyncio.StreamWriter) -> None:
        host = request.lower().partition(b"\r\nhost: ")[2].partition(b":")[0]
        if host == b"example.test":  # slow, then on to the other
            if path_of(request) == "/robots.txt":
                writer.write(http(b"", status="404 No"))
                return
            await asyncio.sleep(0.7)
            port = request.lower().partition(b"example.test:")[2].partition(b"\r\n")[0].decode()
            writer.write(http(b"", f"Location: http://other.test:{port}/", status="302 On"))
            return
        if path_of(request) == "/robots.txt":
            await asyncio.sleep(0.7)
        writer.write(http(b"", status="404 No") if path_of(request) == "/robots.txt" else http(b"page"))

    limits = FetchLimits(deadline_s=1.2)
    async with serving(onward) as server, fetching(server, robots=True, limits=limits, resolver=to_loopback) as fetch:
        assert (await failure(fetch, f"http://example.test:{server.port}/")).code == "E-FETCH-DEADLINE"
        assert (await fetch.get(f"http://other.test:{server.port}/")).body == b"page"


async def test_ten_megabytes_of_robots_txt_are_cut_and_what_was_read_holds() -> None:
    text = b"User-agent: *\nDisallow: /early\n" + b"# filler\n" * 1_100_000 + b"Disallow: /feed\n"
    sent = 0

    async def pours(request: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        if path_of(request) != "/robots.txt":
            writer.write(http(b"page"))
            return
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n".encode())
        for at in range(0, len(text), 1 << 16):
            writer.write(text[at : at + (1 << 16)])
            await writer.drain()
            sent += 1 << 16

    async with serving(pours) as server, fetching(server, robots=True) as fetch:
        assert (await fetch.get(server.url)).body == b"page"
        assert (await failure(fetch, f"http://127.0.0.1:{server.port}/early")).code == "E-FETCH-ROBOTS"
    assert sent < 8 << 20  # what the sockets' buffers take in


async def test_half_a_line_at_the_cut_is_not_believed() -> None:
    head = b"User-agent: *\nDisallow: /x\n"
    text = head + b"#" * (MAX_BYTES - len(head) - 13) + b"\nDisallow: /only/this\n"
    assert text[:MAX_BYTES].endswith(b"\nDisallow: /o") or text[:MAX_BYTES].endswith(b"\nDisallow: /")
    async with serving(site(http(text))) as server, fetching(server, robots=True) as fetch:
        assert (await fetch.get(f"http://127.0.0.1:{server.port}/other")).body == b"page"
        assert (await failure(fetch, f"http://127.0.0.1:{server.port}/x")).code == "E-FETCH-ROBOTS"


async def test_a_gzip_bomb_as_robots_txt_is_cut_like_any_other() -> None:
    bomb = http(gzip.compress(b"User-agent: *\nDisallow: /x\n" + bytes(64 << 20)), "Content-Encoding: gzip")
    async with serving(site(bomb)) as server, fetching(server, robots=True) as fetch:
        assert (await fetch.get(server.url)).body == b"page"
        assert (await failure(fetch, f"http://127.0.0.1:{server.port}/x")).code == "E-FETCH-ROBOTS"


@pytest.mark.parametrize(
    "robots",
    [
        http(b"", "Location: /robots.txt", status="302 Found"),
        http(b"", "Location: http://169.254.169.254/robots.txt", status="301 Moved"),
        http(b"", "Location: file:///etc/passwd", status="301 Moved"),
        http(b"x", "Content-Encoding: br"),
        http(b"plain text", "Content-Encoding: gzip"),
    ],
    ids=["loop", "private", "file", "br", "no gzip"],
)
async def test_a_robots_txt_that_leads_astray_allows_everything(robots: bytes) -> None:
    async with serving(site(robots)) as server, fetching(server, robots=True) as fetch:
        assert (await fetch.get(server.url)).body == b"page"


async def test_a_robots_txt_is_read_where_five_redirects_lead_whatever_pages_may_take() -> None:
    async def onward(request: bytes, writer: asyncio.StreamWriter) -> None:
        if path_of(request) == "/feed":
            writer.write(http(b"page"))
            return
        number = int(path_of(request)[1:]) if path_of(request) != "/robots.txt" else 0
        last = number == 5
        writer.write(http(NOTHING_FOR_US) if last else http(b"", f"Location: /{number + 1}", status="301 On"))

    async with (
        serving(onward) as server,
        fetching(server, robots=True, limits=FetchLimits(redirects=0)) as fetch,
    ):
        assert (await failure(fetch, server.url)).code == "E-FETCH-ROBOTS"


async def test_each_hop_is_judged_by_its_own_origin() -> None:
    async with (
        serving(site(http(NOTHING_FOR_US))) as closed,
        serving(site(http(b""), http(b"", f"Location: {closed.url}", status="301 Moved"))) as server,
        fetching(allow_any_private=True, robots=True) as fetch,
    ):
        error = await failure(fetch, server.url)
    assert error.code == "E-FETCH-ROBOTS"
    assert f"from {closed.url}" in error.message
    assert (paths(server), paths(closed)) == (["/robots.txt", "/feed"], ["/robots.txt"])


async def test_a_crawl_delay_widens_the_distance_on_its_host_only() -> None:
    times: list[float] = []

    async def noting(request: bytes, writer: asyncio.StreamWriter) -> None:
        times.append(time.monotonic())
        writer.write(http(b"User-agent: *\nCrawl-delay: 0.5") if path_of(request) == "/robots.txt" else http(b"page"))

    async with (
        serving(noting) as server,
        serving(site(http(b""))) as other,
        fetching(allow_any_private=True, robots=True, resolver=to_loopback) as fetch,
    ):
        await asyncio.gather(*(fetch.get(f"http://slow.test:{server.port}/{number}") for number in range(2)))
        began = time.monotonic()
        await fetch.get(f"http://other.test:{other.port}/")
        assert time.monotonic() - began < 0.45
    assert all(later - sooner > 0.4 for sooner, later in pairwise(times))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def answering(*answers: bytes | FetchError) -> tuple[list[int], Callable[[], Awaitable[bytes]]]:
    """A reader that gives `answers` in turn, and how often it was called."""
    calls: list[int] = []

    async def read() -> bytes:
        answer = answers[len(calls)]
        calls.append(1)
        if isinstance(answer, FetchError):
            raise answer
        return answer

    return calls, read


async def test_rules_are_held_for_a_day_and_a_missing_file_for_an_hour() -> None:
    clock = Clock()
    robots = Robots("Rasid/0.1", clock=clock)
    missing = FetchStatus(ADDRESS, "404", status=404)
    calls, read = answering(missing, NOTHING_FOR_US, NOTHING_FOR_US)
    for now, expected in ((0, 1), (3599, 1), (3601, 2), (3601 + 86_399, 2), (3601 + 86_401, 3)):
        clock.now = now
        await robots.rules(ADDRESS, read, named="x")
        assert len(calls) == expected


async def test_a_site_that_cannot_be_asked_is_asked_again_after_minutes_or_when_it_says() -> None:
    clock = Clock()
    robots = Robots("Rasid/0.1", clock=clock)
    down, busy = FetchUnavailable(ADDRESS, "down"), FetchUnavailable(ADDRESS, "busy", retry_after_s=86_400)
    calls, read = answering(down, busy, NOTHING_FOR_US)
    for now, expected in ((0, 1), (299, 1), (301, 2), (301 + 3599, 2)):
        clock.now = now
        with pytest.raises(FetchUnavailable):
            await robots.rules(ADDRESS, read, named="x")
        assert len(calls) == expected
    clock.now = 301 + 3601
    assert (await robots.rules(ADDRESS, read, named="x")).parser is not None


async def test_old_rules_serve_on_while_a_site_cannot_be_asked() -> None:
    clock = Clock()
    robots = Robots("Rasid/0.1", clock=clock)
    down = FetchUnavailable(ADDRESS, "down")
    calls, read = answering(NOTHING_FOR_US, down, down, b"")
    for now in (0, 86_401, 86_401 + 3601):
        clock.now = now
        with pytest.raises(FetchRobots):
            (await robots.rules(ADDRESS, read, named="x")).check("http://news.test/x", named="x")
    clock.now = 86_401 + 2 * 3601
    (await robots.rules(ADDRESS, read, named="x")).check("http://news.test/x", named="x")
    assert len(calls) == 4


async def test_one_who_gives_up_while_asking_leaves_the_question_to_the_next() -> None:
    robots = Robots("Rasid/0.1")
    asked = asyncio.Event()

    async def never() -> bytes:
        asked.set()
        await asyncio.sleep(60)
        raise AssertionError("waited for")

    first = asyncio.create_task(robots.rules(ADDRESS, never, named="x"))
    await asked.wait()
    _, read = answering(NOTHING_FOR_US)
    second = asyncio.create_task(robots.rules(ADDRESS, read, named="x"))
    await asyncio.sleep(0)
    first.cancel()
    assert (await asyncio.wait_for(second, 1)).parser is not None


async def test_what_is_held_is_bounded_in_number_and_in_size() -> None:
    robots = Robots("Rasid/0.1")
    for number in range(700):
        _, read = answering(NOTHING_FOR_US)
        await robots.rules(f"http://{number}.test/robots.txt", read, named="x")
    assert len(robots._held) == 500
    large = b"User-agent: *\n" + b"Disallow: /" + b"x" * 400_000
    for number in range(10):
        _, read = answering(large)
        await robots.rules(f"http://large-{number}.test/robots.txt", read, named="x")
    assert sum(held.chars for held in robots._held.values()) <= 2 << 20
    assert len(robots._asking) == 0
