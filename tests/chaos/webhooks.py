"""Ten thousand events for a receiver that fails three times in ten: each arrives, signed, and none is given up.

The clock stands still while what is due is sent, then goes on. So three days of tries pass in minutes, while timeouts
are of real time. The receiver counts an id as received when it has answered 2xx, and believes what the standard's own
library verifies, by the clock of this world.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import socket
import struct
import tempfile
import time
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import time_machine
from standardwebhooks import Webhook, WebhookVerificationError

from monitor.adapters.deliver import deliver_one
from monitor.adapters.engine import InlineCompute
from monitor.adapters.http import FetchLimits, HttpFetch
from monitor.adapters.similarity import LexicalSimilarity
from monitor.adapters.webhook import BODY_BYTES, WebhookEndpoint, WebhookNotify
from monitor.deciding.outbox import queue
from monitor.model import DeliveryState
from monitor.pipeline import Ports, deliver
from monitor.ports import Commit
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from storage.archive import SqliteArchive
from tests.alert_factory import make_alert
from tests.chaos.figures import Figure
from tests.chaos.world import START, Now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
ENDPOINTS = 8
SECRETS = tuple("whsec_" + base64.b64encode(f"endpoint {n}, and no other at all".encode()).decode() for n in range(8))
TIMEOUT_S = 1.0
"""Of real time, with room for a busy machine: what is late through no fault of the receiver's is counted as one."""
FAILING = 0.3
FAULTS = ("500", "reset", "429", "200 then drop", "500", "reset", "429", "200 then drop", "timeout")
"""Of equal weight; a timeout is the rarest because it is the one that takes time."""
RETRY_AFTER_S = 120
WAVE = 25
"""Alerts, each to every endpoint, that come with each step of the clock."""
STEP, IDLE, LONGEST = timedelta(minutes=1), timedelta(minutes=15), timedelta(days=12)
"""How the clock goes on after something was sent, and after nothing; and the end of patience: three days of tries,
thrice, and a margin."""
WALL_S = 900.0


@dataclass(slots=True, kw_only=True)
class Stormy:
    """The receiver, and what it saw. What befalls a try is settled by its id and number: the same in every run."""

    clock: Now
    port: int = 0
    tries: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    unsigned: int = 0
    too_big: int = 0
    _signers: tuple[Webhook, ...] = tuple(map(Webhook, SECRETS))
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Stormy]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=256)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await asyncio.gather(*self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._answer(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        name = headers["webhook-id"]
        self.unsigned += not self._verified(head[0].split(" ")[1], headers, body)
        self.too_big += len(body) > BODY_BYTES
        self.tries[name] += 1
        fault = fate(name, self.tries[name])
        self.faults[fault or "none"] += 1
        if fault in {None, "200 then drop"}:
            self.received[name] += 1
        await _say(fault, reader, writer)

    def _verified(self, path: str, headers: dict[str, str], body: bytes) -> bool:
        try:
            with time_machine.travel(self.clock.now(), tick=False):
                self._signers[int(path.removeprefix("/"))].verify(body, headers)
        except WebhookVerificationError:
            return False
        return True


def fate(name: str, number: int) -> str | None:
    """What becomes of the `number`th try at one id; None where all is well."""
    chance = int.from_bytes(hashlib.sha256(f"{name}/{number}".encode()).digest()[:4]) / 2**32
    return FAULTS[int(chance / FAILING * len(FAULTS))] if chance < FAILING else None


async def _say(fault: str | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    match fault:
        case "timeout":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(), 3 * TIMEOUT_S)  # until the other side hangs up
        case "reset":
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        case "200 then drop":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        case _:
            status = {"500": "500 Oops", "429": f"429 Slow Down\r\nRetry-After: {RETRY_AFTER_S}"}.get(
                fault or "", "204 Yes"
            )
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


@dataclass(slots=True, kw_only=True)
class Storm:
    """What was seen of one run."""

    events: int
    receiver: Stormy
    sent: set[str] = field(default_factory=set)
    replayed: int = 0
    days: float = 0.0
    wall_s: float = 0.0


async def storm(events: int, *, archive: str | Path, wall_s: float = WALL_S) -> Storm:
    """Send so many events, whole waves to all endpoints, until each is taken, or patience ends."""
    clock = Now()
    began = time.monotonic()
    async with Stormy(clock=clock).listening() as receiver, asyncio.timeout(wall_s):
        seen = Storm(events=events, receiver=receiver)
        with SqliteArchive(archive) as kept:
            async with aclosing(_fetch(receiver)) as fetch:
                ports = _ports(kept, fetch, receiver)
                await _carry(ports, clock, seen)
    seen.days, seen.wall_s = (clock.at - START) / timedelta(days=1), time.monotonic() - began
    return seen


def _fetch(receiver: Stormy) -> HttpFetch:
    limits = FetchLimits(per_host=ENDPOINTS, overall=ENDPOINTS)
    return HttpFetch(user_agent="Rasid-test", limits=limits, allow_private=frozenset({f"127.0.0.1:{receiver.port}"}))


def _ports(archive: SqliteArchive, fetch: HttpFetch, receiver: Stormy) -> Ports:
    endpoints = [
        WebhookEndpoint(
            name=f"desk{n}", url=f"http://127.0.0.1:{receiver.port}/{n}", secrets=(secret,), timeout_s=TIMEOUT_S
        )
        for n, secret in enumerate(SECRETS)
    ]
    return Ports(
        archive=archive,
        fetch=fetch,
        compute=InlineCompute(read_article, load_read_config(ROOT / "config")),
        similarity=LexicalSimilarity(),
        clock=receiver.clock,
        attempt=deliver_one,
        digest_at=lambda now: now,
        channels=(WebhookNotify(endpoints, post=fetch.post, clock=receiver.clock),),
    )


def _queue(ports: Ports, numbers: range) -> None:
    """Alerts, each to every endpoint."""
    alerts = [make_alert(id=f"al_{number}", first_seen=ports.clock.now()) for number in numbers]
    owed = tuple(delivery for alert in alerts for delivery in queue(alert, ports.channels))
    ports.archive.commit(Commit(deliveries=owed))


async def _carry(ports: Ports, clock: Now, seen: Storm) -> None:
    """As the service does, and as an operator does with dead letters: `alerts replay`."""
    archive = ports.archive
    assert isinstance(archive, SqliteArchive)
    waves = [range(first, first + WAVE) for first in range(0, seen.events // ENDPOINTS, WAVE)][::-1]
    while len(seen.sent) < seen.events and clock.at < START + LONGEST:
        if waves:
            _queue(ports, waves.pop())
        results = await deliver(ports)
        for result in results:
            if result.state is DeliveryState.SENT:
                seen.sent.add(result.delivery_id)
            elif result.state is DeliveryState.DEAD:
                seen.replayed += archive.replay(result.delivery_id, clock.now())
        clock.at += STEP if results else IDLE


def figures(seen: Storm) -> list[Figure]:
    """What was asked for, and what was seen."""
    receiver, events = seen.receiver, seen.events
    tried = sum(receiver.tries.values())
    failed = tried - receiver.faults["none"]
    return [
        Figure(name="events", seen=events),
        Figure(name="distinct ids received", seen=len(receiver.received), least=events, limit=events),
        Figure(name="missing", seen=events - len(seen.sent & receiver.received.keys()), limit=0),
        Figure(name="requests", seen=tried),
        Figure(name="failed, of all requests", seen=100 * failed / tried, least=20, limit=40, unit="%"),
        *(Figure(name=f"  {fault}", seen=receiver.faults[fault], least=1) for fault in dict.fromkeys(FAULTS)),
        Figure(name="signatures not verified", seen=receiver.unsigned, limit=0),
        Figure(name="bodies over 20,000 bytes", seen=receiver.too_big, limit=0),
        Figure(name="ids received twice", seen=sum(times > 1 for times in receiver.received.values())),
        Figure(name="most tries at one id", seen=max(receiver.tries.values())),
        Figure(name="dead letters replayed", seen=seen.replayed),
        Figure(name="time passed on the clock", seen=seen.days, unit="days"),
        Figure(name="time", seen=seen.wall_s, limit=WALL_S, unit="s"),
    ]


async def run() -> tuple[list[Figure], list[str]]:
    """The whole storm."""
    with tempfile.TemporaryDirectory() as folder:
        return figures(await storm(10_000, archive=Path(folder) / "archive.sqlite3")), []
