"""How many requests run at a time, how far apart those to one host begin, and who waits for whom."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.adapters.http import FetchLimits
from monitor.adapters.turns import Turns
from tests.adapters.raw_server import fetching, http, saying, serving, to_loopback

if TYPE_CHECKING:
    from tests.adapters.raw_server import Handler


async def slow(_request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.15)
    writer.write(http(b"x"))


def noting(times: list[float]) -> Handler:
    async def handler(_request: bytes, writer: asyncio.StreamWriter) -> None:
        times.append(time.monotonic())
        writer.write(http(b"x"))

    return handler


def gaps(times: list[float]) -> list[float]:
    return [later - sooner for sooner, later in pairwise(times)]


async def test_no_more_than_two_requests_run_on_one_host_and_others_are_not_held_up() -> None:
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


async def test_two_hundred_feeds_of_one_slow_host_are_two_at_a_time_and_others_go_on() -> None:
    async def busy(_request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        writer.write(http(b"x"))

    async with (
        serving(busy) as server,
        serving(saying(http(b"y"))) as other,
        fetching(allow_any_private=True, resolver=to_loopback) as fetch,
    ):
        crowd = [asyncio.create_task(fetch.get(f"http://slow.test:{server.port}/{n}")) for n in range(200)]
        names = [fetch.get(f"http://other-{n}.test:{other.port}/") for n in range(10)]
        began = time.monotonic()
        assert {page.body for page in await asyncio.gather(*names)} == {b"y"}
        assert time.monotonic() - began < 1
        assert len(await asyncio.gather(*crowd)) == 200
    assert server.most_busy == 2


async def test_requests_to_one_host_begin_apart_and_those_to_others_do_not_wait() -> None:
    times: list[float] = []
    limits = FetchLimits(deadline_s=0.6, spacing_s=0.25)
    async with (
        serving(noting(times)) as server,
        serving(saying(http(b"y"))) as other,
        fetching(allow_any_private=True, limits=limits, resolver=to_loopback) as fetch,
    ):
        # Five take 1 s, more than the deadline: waiting does not count.
        crowd = [asyncio.create_task(fetch.get(f"http://spaced.test:{server.port}/{n}")) for n in range(5)]
        await asyncio.sleep(0.01)
        began = time.monotonic()
        await fetch.get(f"http://other.test:{other.port}/")
        await fetch.get(f"http://www.spaced.test:{other.port}/")
        assert time.monotonic() - began < 0.24
        await asyncio.gather(*crowd)
    assert len(times) == 5
    assert min(gaps(times)) > 0.15


async def test_each_hop_of_a_redirect_keeps_its_distance() -> None:
    times: list[float] = []

    async def onward(request: bytes, writer: asyncio.StreamWriter) -> None:
        times.append(time.monotonic())
        there = request.startswith(b"GET /there")
        writer.write(http(b"x") if there else http(b"", "Location: /there", status="302 Found"))

    async with serving(onward) as server, fetching(server, limits=FetchLimits(spacing_s=0.3)) as fetch:
        await fetch.get(server.url)
    assert min(gaps(times)) > 0.2


async def test_a_slow_host_s_next_request_begins_at_the_distance_and_not_after_the_answer() -> None:
    async def slower(_request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)
        writer.write(http(b"x"))

    async with serving(slower) as server, fetching(server, limits=FetchLimits(spacing_s=0.05)) as fetch:
        began = time.monotonic()
        await asyncio.gather(fetch.get(server.url), fetch.get(server.url))
        assert time.monotonic() - began < 0.95
    assert server.most_busy == 2


async def test_posts_are_not_spaced_and_do_not_stand_behind_what_is() -> None:
    async with (
        serving(saying(http(b"x"))) as server,
        fetching(server, limits=FetchLimits(spacing_s=0.7, per_host=1)) as fetch,
    ):
        waiting = [asyncio.create_task(fetch.get(server.url)) for _ in range(2)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        for _ in range(5):
            await fetch.post(server.url, b"{}", {})
        assert time.monotonic() - began < 0.6
        await asyncio.gather(*waiting)


async def test_one_that_is_cancelled_while_it_waits_leaves_its_place_to_the_next() -> None:
    turns = Turns(per_host=1, overall=1, longest_s=0.1)

    async def take() -> None:
        async with turns.spaced_turn("a.test", 0.05):
            await asyncio.sleep(0.02)

    tasks = [asyncio.create_task(take()) for _ in range(4)]
    await asyncio.sleep(0.03)
    for task in tasks[1:3]:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(tasks[0], tasks[3]), 2)
    await asyncio.wait_for(take(), 2)


async def test_hosts_are_forgotten_once_they_are_idle_and_no_sooner() -> None:
    turns = Turns(per_host=2, overall=20, longest_s=0.05)
    async with turns.spaced_turn("busy.test", 0.05):
        for number in range(1000):
            async with turns.spaced_turn(f"{number}.test", 0.0):
                pass
            if number % 100 == 0:
                await asyncio.sleep(0.06)
        assert "busy.test" in turns._hosts
    assert len(turns._hosts) < 250
