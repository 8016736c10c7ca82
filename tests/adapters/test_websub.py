"""What hubs and strangers send to the real listener on loopback, byte by byte, over the real archive."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import signal
import socket
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import structlog

from monitor.adapters.serving import ListenLimits
from monitor.adapters.websub import MAX_BODY_BYTES, Bell, listening
from monitor.errors import ArchiveBusy, ConfigError
from monitor.ports import Subscription, SubscriptionState
from storage.archive import SqliteArchive
from storage.subscriptions import SqliteSubscriptions
from tests.alert_factory import FixedClock
from tests.factories import NOON

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

TOKEN, SECRET, TOPIC = "token-of-feed-a-1234", "secret-of-feed-a", "https://news.example/feed"
ASKED = Subscription(
    feed_id="a",
    hub="https://hub.example/",
    topic=TOPIC,
    token=TOKEN,
    secret=SECRET,
    state=SubscriptionState.ASKED,
    asked_at=NOON,
)
ACTIVE = replace(ASKED, state=SubscriptionState.ACTIVE, asks=0, lease_until=NOON + timedelta(days=5))
BODY = "<rss>خبر</rss>".encode()
SLOW_S = 0.4


@dataclass
class Place:
    """A listener, its book, and who was woken."""

    book: SqliteSubscriptions
    port: int = 0
    woken: list[str] = field(default_factory=list)

    async def say(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        try:
            return await answered(reader)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def ask(self, mode: str = "subscribe", *, token: str = TOKEN, **changes: str) -> tuple[int, bytes]:
        query = {
            "hub.mode": mode,
            "hub.topic": TOPIC,
            "hub.challenge": "شيء-1",
            "hub.lease_seconds": "86400",
            **changes,
        }
        status, _, body = await self.say(f"GET /{token}?{urlencode(query)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return status, body

    async def push(self, body: bytes = BODY, *, signature: str | None = None, token: str = TOKEN) -> int:
        stated = sign(body) if signature is None else signature
        head = f"POST /{token} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature: {stated}\r\nContent-Length: {len(body)}\r\n\r\n"
        status, _, said = await self.say(head.encode("latin-1") + body)
        assert said == b""
        return status


def sign(body: bytes, method: str = "sha256", secret: str = SECRET) -> str:
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


async def answered(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    return int(lines[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


@pytest.fixture
def book() -> Iterator[SqliteSubscriptions]:
    with SqliteArchive(":memory:") as archive:
        yield SqliteSubscriptions(archive._db)


@contextlib.asynccontextmanager
async def open_place(book: SqliteSubscriptions, *, fastest_s: float = 0.0, **limits: Any) -> AsyncIterator[Place]:
    place = Place(book)
    bounds = ListenLimits(**{"connection_s": SLOW_S, **limits})
    async with listening(
        book, place.woken.append, clock=FixedClock(NOON), listen="127.0.0.1:0", fastest_s=fastest_s, limits=bounds
    ) as port:
        place.port = port
        yield place


@pytest.fixture
async def place(book: SqliteSubscriptions) -> AsyncIterator[Place]:
    book.keep(ACTIVE)
    async with open_place(book) as opened:
        yield opened


# ------------------------------------------------------------------------------------------------ whether we meant it


async def test_what_we_asked_for_is_confirmed_by_the_challenge(book: SqliteSubscriptions) -> None:
    book.keep(ASKED)
    async with open_place(book) as place:
        assert await place.ask() == (200, "شيء-1".encode())
    assert book.every() == (
        replace(ASKED, state=SubscriptionState.ACTIVE, asks=0, lease_until=NOON + timedelta(days=1)),
    )


async def test_the_challenge_is_no_page(book: SqliteSubscriptions) -> None:
    book.keep(ASKED)
    query = urlencode({"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "<script>"})
    async with open_place(book) as place:
        _, headers, body = await place.say(f"GET /{TOKEN}?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert body == b"<script>"
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


@pytest.mark.parametrize(
    "said",
    [
        {"token": "token-of-nobody-1234"},
        {"token": ""},
        {"hub.topic": "https://news.example/other"},
        {"mode": "unsubscribe"},
        {"mode": "nonsense"},
        {f"more{number}": "x" for number in range(30)},
    ],
)
async def test_what_we_did_not_ask_for_is_not_found(book: SqliteSubscriptions, said: dict[str, str]) -> None:
    book.keep(ASKED)
    async with open_place(book) as place:
        assert await place.ask(**said) == (404, b"")
    assert book.every() == (ASKED,)


async def test_a_parameter_said_twice_is_not_believed(book: SqliteSubscriptions) -> None:
    book.keep(ASKED)
    query = urlencode([("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.topic", "x"), ("hub.challenge", "c")])
    async with open_place(book) as place:
        assert (await place.say(f"GET /{TOKEN}?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode()))[0] == 404


async def test_a_feed_we_leave_is_forgotten_when_the_hub_asks(book: SqliteSubscriptions) -> None:
    book.keep(replace(ACTIVE, state=SubscriptionState.LEAVING, asks=1))
    async with open_place(book) as place:
        assert await place.ask("unsubscribe") == (200, "شيء-1".encode())
        assert await place.ask("unsubscribe") == (404, b"")
    assert book.every() == ()


async def test_a_hubs_refusal_is_kept_and_its_pushes_ring_no_more(place: Place) -> None:
    assert (await place.ask("denied", **{"hub.reason": "x" * 999}))[0] == 200
    (kept,) = place.book.every()
    assert (kept.state, kept.lease_until) == (SubscriptionState.DENIED, None)
    assert await place.push() == 202
    assert place.woken == []


async def test_what_stands_before_the_token_is_the_way_to_us(book: SqliteSubscriptions) -> None:
    book.keep(ASKED)
    async with open_place(book) as place:
        assert (await place.ask(token=f"a/way/{TOKEN}"))[0] == 200


# ------------------------------------------------------------------------------------------------------------ pushes


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("body", [b"", BODY, b"x" * MAX_BODY_BYTES])
async def test_a_push_with_a_right_signature_wakes_its_feed(place: Place, method: str, body: bytes) -> None:
    assert await place.push(body, signature=sign(body, method)) == 202
    assert place.woken == ["a"]


async def test_a_push_in_chunks_is_a_push(place: Place) -> None:
    chunks = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in (BODY[:5], BODY[5:])) + b"0\r\n\r\n"
    head = f"POST /{TOKEN} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature: {sign(BODY)}\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (await place.say(head.encode() + chunks))[0] == 202
    assert place.woken == ["a"]


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha256",
        "nonsense",
        sign(BODY, "md5"),
        sign(BODY, "sha512_256") if "sha512_256" in hashlib.algorithms_available else "sha224=0",
        sign(BODY, secret="another"),
        sign(BODY).removeprefix("sha256="),
        sign(BODY)[:-1],
        sign(BODY) + "0",
        sign(BODY).replace("sha256", "sha1"),
        "sha256=\xe9",
        sign(b"another body"),
    ],
)
async def test_a_wrong_signature_is_answered_alike_and_does_nothing(place: Place, signature: str) -> None:
    assert await place.push(signature=signature) == 202
    assert place.woken == []


async def test_the_case_of_a_signature_does_not_count(place: Place) -> None:
    assert await place.push(signature=sign(BODY).upper()) == 202
    assert place.woken == ["a"]


async def test_wrong_signatures_are_told_once_and_nothing_secret_ever(place: Place) -> None:
    with structlog.testing.capture_logs() as told:
        for _ in range(3):
            await place.push(signature="sha256=00")
        await place.push()
        await place.ask("denied", **{"hub.reason": "no"})
    assert [line["event"] for line in told] == [
        "a push without a right signature does nothing; told once",
        "a hub has answered",
    ]
    assert TOKEN not in repr(told)
    assert SECRET not in repr(told)


async def test_nobodys_token_is_not_found_whatever_it_signs(place: Place) -> None:
    assert await place.push(token="token-of-nobody-1234") == 404
    assert place.woken == []


@pytest.mark.parametrize(
    "path", ["/", "/robots.txt", "/..%2f..%2fetc", f"/{TOKEN}/", f"/{TOKEN}%00", "*", "//", "/%ff"]
)
async def test_every_other_path_is_not_found(place: Place, path: str) -> None:
    status, _, body = await place.say(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert (status, body) == (404, b"")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "BREW"])
async def test_every_other_method_is_refused(place: Place, method: str) -> None:
    status, headers, body = await place.say(f"{method} /{TOKEN} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert (status, headers["allow"], body) == (405, "GET, POST", b"")


async def test_a_body_that_is_too_big_by_its_own_word_is_refused(place: Place) -> None:
    assert await place.push(b"x" * (MAX_BODY_BYTES + 1)) == 413
    assert place.woken == []


async def test_a_body_that_grows_too_big_is_refused(place: Place) -> None:
    head = (
        f"POST /{TOKEN} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature: sha1=0\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    status, _, _ = await place.say(head + chunk * 17)
    assert status == 413
    assert place.woken == []


@pytest.mark.parametrize(
    "request_", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a: " + b"x" * 70_000]
)
async def test_what_is_no_http_ends_the_connection(place: Place, request_: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    writer.write(request_)
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(2):
            assert (await reader.read()).startswith((b"HTTP/1.1 400", b"HTTP/1.1 431", b""))
    writer.close()
    assert await place.push() == 202


async def test_an_archive_that_is_busy_is_not_a_push_lost_silently(book: SqliteSubscriptions) -> None:
    class Busy(SqliteSubscriptions):
        def of(self, token: str) -> Subscription | None:
            raise ArchiveBusy("held")

    async with open_place(Busy(book._db)) as place:
        assert await place.push() == 503


async def test_a_fault_of_our_own_is_told_and_shows_no_token(book: SqliteSubscriptions) -> None:
    class Faulty(SqliteSubscriptions):
        def of(self, token: str) -> Subscription | None:
            raise ValueError("a fault of our own")

    with structlog.testing.capture_logs() as told:
        async with open_place(Faulty(book._db)) as place:
            assert await place.push() == 503
    assert [line["log_level"] for line in told] == ["error"]
    assert TOKEN not in repr(told)


async def test_a_wake_that_fails_is_told_and_the_next_is_tried(book: SqliteSubscriptions) -> None:
    book.keep(ACTIVE)
    tried = []

    def wake(feed_id: str) -> None:
        tried.append(feed_id)
        raise ArchiveBusy("held")

    place = Place(book)
    with structlog.testing.capture_logs() as told:
        async with listening(book, wake, clock=FixedClock(NOON), listen="127.0.0.1:0", fastest_s=0) as place.port:
            assert [await place.push(), await place.push()] == [202, 202]
    assert tried == ["a", "a"]
    assert [line["code"] for line in told] == ["E-ARCHIVE-BUSY", "E-ARCHIVE-BUSY"]


# ----------------------------------------------------------------------------------------------- how often, how long


async def test_pushes_in_a_burst_wake_a_feed_at_once_and_once_more_when_that_may_be() -> None:
    woken: list[tuple[str, float]] = []
    bell, began = Bell(lambda feed_id: woken.append((feed_id, time.monotonic() - began)), every_s=0.2), time.monotonic()
    for _ in range(100):
        bell.ring("a")
    bell.ring("b")
    await asyncio.sleep(0.5)
    assert [feed_id for feed_id, _ in woken] == ["a", "b", "a"]
    assert 0.2 <= woken[-1][1] < 0.4


async def test_a_replayed_push_wakes_no_oftener_than_any_other(book: SqliteSubscriptions) -> None:
    book.keep(ACTIVE)
    async with open_place(book, fastest_s=60) as place:
        assert {await place.push() for _ in range(20)} == {202}
        assert place.woken == ["a"]
    await asyncio.sleep(0)
    assert place.woken == ["a"]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /",
        f"POST /{TOKEN} HTTP/1.1\r\nHost: x\r\n".encode(),
        f"POST /{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode(),
    ],
)
async def test_a_client_that_dawdles_is_cut_in_time(place: Place, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    writer.write(sent)
    began = time.monotonic()

    async def dawdle() -> None:
        while True:
            writer.write(b"x" if sent else b"")
            await asyncio.sleep(0.05)

    dawdling = asyncio.ensure_future(dawdle())
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    assert SLOW_S * 0.8 < time.monotonic() - began < SLOW_S + 0.5
    dawdling.cancel()
    writer.close()
    assert await place.push() == 202


async def test_more_clients_than_may_be_are_turned_away_and_the_rest_is_served(book: SqliteSubscriptions) -> None:
    book.keep(ACTIVE)
    async with open_place(book, connections=3) as place:
        held = [await asyncio.open_connection("127.0.0.1", place.port) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await place.push()
        for _, writer in held:
            writer.close()
        await asyncio.sleep(0.05)
        assert await place.push() == 202


@pytest.mark.parametrize(
    "sent", [b"", b"POST /", f"POST /{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode()]
)
async def test_it_stops_within_two_seconds_though_a_client_hangs(book: SqliteSubscriptions, sent: bytes) -> None:
    book.keep(ACTIVE)
    async with open_place(book, connection_s=30) as place:
        _, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(sent)
        await asyncio.sleep(0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    writer.close()
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", place.port)


async def test_signals_stay_with_the_worker(book: SqliteSubscriptions) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    async with open_place(book):
        await asyncio.sleep(0.05)
        assert {number: signal.getsignal(number) for number in before} == before


async def test_an_address_in_use_is_a_mistake_of_configuration(book: SqliteSubscriptions) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match=r"websub\.listen"):
            async with listening(book, print, clock=FixedClock(NOON), listen=listen, fastest_s=0):
                pass


@pytest.mark.parametrize("listen", ["127.0.0.1:99999", "999.0.0.1:80"])
async def test_an_address_that_is_none_is_a_mistake_of_configuration(book: SqliteSubscriptions, listen: str) -> None:
    with pytest.raises(ConfigError, match=r"websub\.listen"):
        async with listening(book, print, clock=FixedClock(NOON), listen=listen, fastest_s=0):
            pass
