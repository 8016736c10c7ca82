"""What is dialled, beneath every request: each answer of the resolver judged, and the first that takes us."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import httpcore
import pytest

from monitor.adapters.addresses import AddressRefusedError, GuardedNetwork, is_public, resolve, target_of

if TYPE_CHECKING:
    from collections.abc import Iterable

ONE, TWO, THREE, FOUR = "8.8.8.8", "2606:4700::1111", "8.8.4.4", "1.1.1.1"


class Network(httpcore.AsyncNetworkBackend):
    """Dials nobody: remembers how it was asked to, and fails with the errors it is given."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.asked = list(errors), list[tuple[Any, ...]]()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.asked.append((host, port, timeout, local_address, socket_options))
        if self.errors:
            raise self.errors.pop(0)
        return httpcore.AsyncMockStream([host.encode()])


def guarded(*addresses: str, below: Network | None = None, **options: Any) -> tuple[GuardedNetwork, Network]:
    network = below or Network()

    async def resolver(_host: str, _port: int) -> tuple[str, ...]:
        return addresses

    return GuardedNetwork(resolver=resolver, below=network, **options), network


async def test_the_answers_are_tried_in_their_order_and_the_first_that_takes_us_is_spoken_to() -> None:
    guard, network = guarded(
        ONE, TWO, THREE, below=Network(httpcore.ConnectError("refused"), httpcore.ConnectTimeout("late"))
    )
    stream = await guard.connect_tcp("news.test", 443)
    assert await stream.read(100) == THREE.encode()
    assert [asked[:2] for asked in network.asked] == [(ONE, 443), (TWO, 443), (THREE, 443)]


async def test_no_more_than_three_are_tried_and_the_last_says_why() -> None:
    errors = (httpcore.ConnectError("one"), httpcore.ConnectError("two"), httpcore.ConnectError("three"))
    guard, network = guarded(ONE, TWO, THREE, FOUR, below=Network(*errors))
    with pytest.raises(httpcore.ConnectError, match=r"^three$"):
        await guard.connect_tcp("news.test", 443)
    assert len(network.asked) == 3


async def test_a_name_with_an_empty_answer_is_named() -> None:
    guard, network = guarded()
    with pytest.raises(httpcore.ConnectError, match=r"^news\.test has no address$"):
        await guard.connect_tcp("news.test", 443)
    assert network.asked == []


async def test_a_name_that_cannot_be_resolved_is_a_failed_connection_that_says_why() -> None:
    async def resolver(host: str, _port: int) -> tuple[str, ...]:
        raise OSError(f"{host} is not known")

    with pytest.raises(httpcore.ConnectError, match=r"^news\.test is not known$"):
        await GuardedNetwork(resolver=resolver, below=Network()).connect_tcp("news.test", 443)


async def test_a_dial_has_ten_seconds_where_nobody_says_and_what_was_asked_for_is_handed_on() -> None:
    guard, network = guarded(ONE)
    await guard.connect_tcp("news.test", 80)
    await guard.connect_tcp("news.test", 80, 3.0, "192.0.2.1", [(1, 2, 3)])
    assert network.asked == [(ONE, 80, 10.0, None, None), (ONE, 80, 3.0, "192.0.2.1", [(1, 2, 3)])]


async def test_the_resolver_is_asked_for_the_name_and_port_that_are_wanted() -> None:
    asked: list[tuple[str, int]] = []

    async def resolver(host: str, port: int) -> tuple[str, ...]:
        asked.append((host, port))
        return (ONE,)

    await GuardedNetwork(resolver=resolver, below=Network()).connect_tcp("news.test", 8443)
    assert asked == [("news.test", 8443)]


async def test_a_private_answer_is_refused_by_name_address_and_reason() -> None:
    guard, network = guarded(ONE, "10.1.2.3")
    with pytest.raises(AddressRefusedError) as refused:
        await guard.connect_tcp("news.test", 80)
    assert str(refused.value) == "news.test leads to 10.1.2.3, which is not a public address"
    assert network.asked == []


async def test_our_own_address_is_refused_by_name_address_and_reason() -> None:
    guard, network = guarded(ONE, deny=frozenset({"news.test:80", f"{ONE}:443"}))
    with pytest.raises(AddressRefusedError) as by_name:
        await guard.connect_tcp("NEWS.test", 80)
    assert str(by_name.value) == "NEWS.test leads to news.test:80, which is our own"
    with pytest.raises(AddressRefusedError) as by_address:
        await guard.connect_tcp("other.test", 443)
    assert str(by_address.value) == f"other.test leads to {ONE}, which is our own"
    assert network.asked == []


# Pairs of a configured target and of how a URL may spell it.
SPELT_ALIKE = [
    ("desk.test:80", "DESK.test"), ("desk.test:80", "desk.test."), ("Desk.Test.:80", "desk.test"),
    ("خبر.test:80", "xn--ngblk.test"), ("xn--ngblk.test:80", "خبر.test"), ("desk_1.test:80", "Desk_1.test"),
    ("X.deskX:80", "x.deskx"), ("127.0.0.1:80", "127.0.0.1"), ("127.0.0.1:80", "127.0.0.1."),
    ("[::1]:80", "::1"), ("::1:80", "[::1]"), ("[0:0:0:0:0:0:0:1]:80", "::1"), ("[FD00::A]:80", "fd00::a"),
]  # fmt: skip


@pytest.mark.parametrize(("allowed", "host"), SPELT_ALIKE)
async def test_a_private_target_that_is_allowed_is_dialled_however_it_is_spelt(allowed: str, host: str) -> None:
    guard, network = guarded("10.1.2.3", allow_private=frozenset({allowed}))
    await guard.connect_tcp(host, 80)
    assert [asked[:2] for asked in network.asked] == [("10.1.2.3", 80)]
    with pytest.raises(AddressRefusedError):
        await guard.connect_tcp(host, 81)


@pytest.mark.parametrize(("denied", "host"), SPELT_ALIKE)
async def test_our_own_target_is_known_however_it_is_spelt(denied: str, host: str) -> None:
    guard, network = guarded(ONE, deny=frozenset({denied}), allow_any=True)
    with pytest.raises(AddressRefusedError, match="our own"):
        await guard.connect_tcp(host, 80)
    await guard.connect_tcp(host, 81)
    assert len(network.asked) == 1


async def test_what_is_allowed_for_one_name_is_not_for_another_with_its_address() -> None:
    guard, _ = guarded("10.1.2.3", allow_private=frozenset({"desk.test:80"}))
    with pytest.raises(AddressRefusedError):
        await guard.connect_tcp("10.1.2.3", 80)


async def test_an_operators_own_check_may_dial_every_private_address() -> None:
    guard, network = guarded("10.1.2.3", "::1", allow_any=True)
    await guard.connect_tcp("anything.test", 80)
    assert len(network.asked) == 1


async def test_without_another_network_the_systems_sockets_are_opened() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"here")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener:
        stream = await GuardedNetwork(frozenset({f"localhost:{port}"})).connect_tcp("localhost", port)
        assert await stream.read(10) == b"here"
        await stream.aclose()


async def test_a_pause_lasts_as_long_as_is_asked_for() -> None:
    began = time.monotonic()
    await GuardedNetwork().sleep(0.05)
    assert 0.04 < time.monotonic() - began < 2


async def test_an_address_is_its_own_answer_and_given_once() -> None:
    async with asyncio.timeout(5):
        assert await resolve("127.0.0.1", 80) == ("127.0.0.1",)
        assert await resolve("::1", 80) == ("::1",)


@pytest.mark.parametrize("host", ["a" * 64 + ".test", "fe80::1%no-such-interface"])
async def test_a_name_that_has_no_address_is_an_error_that_names_it(host: str) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(OSError, match=f"^{host} has no address \\(.+\\)$"):
            await resolve(host, 80)


@pytest.mark.parametrize("fails", [False, True])
async def test_nobody_is_disturbed_by_an_answer_that_comes_when_it_is_not_waited_for_any_more(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, trouble: troubles.append(trouble))
    go_on, settled, before = threading.Event(), threading.Event(), set(threading.enumerate())

    def slow(*_args: Any, **_options: Any) -> list[Any]:
        go_on.wait(5)
        settled.set()
        if fails:
            raise socket.gaierror("no such name")
        return [(2, 1, 6, "", (ONE, 80))]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await resolve("slow.test", 80)
    go_on.set()
    for thread in set(threading.enumerate()) - before:
        await asyncio.to_thread(thread.join, 5)
    await asyncio.sleep(0)
    assert settled.is_set()
    assert troubles == []


async def test_a_name_server_that_hangs_keeps_nothing_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, before = threading.Event(), set(threading.enumerate())
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: go_on.wait(5) and [])
    asked = asyncio.ensure_future(resolve("slow.test", 80))
    await asyncio.sleep(0)
    waited_for = set(threading.enumerate()) - before
    go_on.set()
    assert await asked == ()
    assert waited_for
    assert all(thread.daemon for thread in waited_for)  # the interpreter waits for all others


def test_an_answer_that_comes_when_everything_has_ended_troubles_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, before = threading.Event(), set(threading.enumerate())
    troubles: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", troubles.append)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: go_on.wait(5) and [])
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(resolve("slow.test", 80), 0.01))
    go_on.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    assert troubles == []


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://Desk.test/x", "desk.test:80"),
        ("https://desk.test/x", "desk.test:443"),
        ("http://desk.test:443/", "desk.test:443"),
        ("https://desk.test:80/", "desk.test:80"),
        ("http://[::1]:8443/", "::1:8443"),
    ],
)
def test_a_target_is_a_host_and_the_port_that_is_meant(url: str, target: str) -> None:
    assert target_of(url) == target


@pytest.mark.parametrize("address", ["2606:4700::1111%eth0", "fe80::1%1", "", "news.test"])
def test_what_has_a_zone_or_is_no_address_is_not_public(address: str) -> None:
    assert not is_public(address)
