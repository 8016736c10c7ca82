"""What tests of polling share: two clocks, a channel of the world outside, and the seams over one loopback server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.adapters.deliver import deliver_one
from monitor.adapters.engine import InlineCompute
from monitor.adapters.http import FetchLimits, HttpFetch
from monitor.adapters.similarity import LexicalSimilarity
from monitor.errors import MailUnavailable
from monitor.pipeline import Ports
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from storage.archive import SqliteArchive

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.model import Delivery

ROOT = Path(__file__).parents[1]
START = datetime(2026, 1, 18, 9, 0, tzinfo=UTC)


@dataclass
class Clocks:
    """A wall clock and a monotonic one, moved together or apart."""

    wall: datetime = START
    mono: float = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.mono

    def pass_(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.mono += seconds


@dataclass
class Channel:
    """A channel of the world outside that keeps what it gets, or is down."""

    channel: str = "mail"
    recipients: tuple[str, ...] = ("desk@example.org",)
    operators: tuple[str, ...] = ("watch@example.org",)
    down: bool = False
    sent: list[str] = field(default_factory=list)

    async def send(self, delivery: Delivery) -> None:
        if self.down:
            raise MailUnavailable("the server is down")
        self.sent.append(delivery.id)


@asynccontextmanager
async def ports_over(*targets: str, clocks: Clocks, **changes: Any) -> AsyncIterator[Ports]:
    """The seams over a new archive in memory; `targets` are the `host:port` pairs that may be dialled."""
    fetch = HttpFetch(
        user_agent="Rasid/0",
        limits=FetchLimits(deadline_s=5),
        allow_private=frozenset(targets),
        now=clocks.now,
        robots=changes.pop("robots", False),
    )
    with SqliteArchive(":memory:", now=clocks.now) as archive:
        made: dict[str, Any] = {
            "archive": archive,
            "fetch": fetch,
            "compute": InlineCompute(read_article, load_read_config(ROOT / "config")),
            "similarity": LexicalSimilarity(),
            "clock": clocks,
            "attempt": deliver_one,
            "digest_at": lambda now: now + timedelta(hours=1),
            "channels": (Channel(),),
        }
        yield Ports(**{**made, **changes})
    await fetch.aclose()
