"""The service: polls, watches and delivers on a beat until it is told to stop.

APScheduler gives the beat and nothing else: what is due stands in the archive. It waits on the wall clock, which may be
set back or jump ahead (a container that slept), so each beat that is late by the monotonic clock is made up for here.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

GRACE_S = 5.0
"""What a message that is being handed over may still take after the word to stop; the rest of ten seconds is for us."""

_log = structlog.get_logger()


class Service:
    """Runs its jobs beside each other, each never more than once at a time, and delivering until the last."""

    def __init__(
        self, *, jobs: Sequence[Callable[[], Awaitable[None]]], deliver: Callable[[], Awaitable[None]], tick_s: float
    ) -> None:
        """`tick_s` is how often each job looks whether there is something to do."""
        self._jobs, self._deliver, self._tick_s = tuple(jobs), deliver, tick_s
        self._beats = tuple(asyncio.Event() for _ in self._jobs)
        self._deliver_beat = asyncio.Event()
        self._stopping = False

    def deliver_soon(self) -> None:
        """Look at the outbox without waiting for the next beat."""
        self._deliver_beat.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set, then within ten seconds.

        What is being fetched or read is given up, and is polled again by the next start. A message on its way to a
        receiver is waited for.

        Raises:
            ArchiveError: The archive cannot be used, and trying again would not help.
        """
        scheduler = AsyncIOScheduler(timezone=UTC)
        scheduler.add_job(
            self._beat,
            "interval",
            seconds=self._tick_s,
            next_run_time=datetime.now(UTC),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        scheduler.start()
        stopped = asyncio.ensure_future(stop.wait())
        pairs = zip(self._beats, self._jobs, strict=True)
        working = [asyncio.ensure_future(self._forever(beat, job)) for beat, job in pairs]
        delivering = asyncio.ensure_future(self._forever(self._deliver_beat, self._deliver))
        try:
            await asyncio.wait({stopped, *working, delivering}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping = True
            scheduler.shutdown(wait=False)
            for work in working:
                work.cancel()
            self._deliver_beat.set()
            await asyncio.wait({delivering}, timeout=GRACE_S)
            for task in (stopped, delivering):
                task.cancel()
            ends = await asyncio.gather(*working, delivering, stopped, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _beat(self) -> None:
        for beat in (*self._beats, self._deliver_beat):
            beat.set()

    async def _forever(self, beat: asyncio.Event, job: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping:
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * self._tick_s):
                    await beat.wait()
            beat.clear()
            if self._stopping:
                return
            try:
                await job()
            except ArchiveError as error:
                if not error.transient:
                    raise
                _log.warning("the archive cannot be used for now", code=error.code, message=error.message)
