"""The service: polls, watches and delivers on a beat until it is told to stop.

APScheduler gives the beat and nothing else: what is due stands in the archive. It waits on the wall clock, which may be
set back or jump ahead (a container that slept), so each beat that is late by the monotonic clock is made up for here.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

GRACE_S = 5.0
"""What messages that are being handed over may still take after the word to stop; the rest of ten seconds is for us."""

LONGEST_PAUSE_S = 300.0
"""Between two tries while the archive takes nothing: a disk that has room again is noticed within five minutes."""

_log = structlog.get_logger()


class Delivering(Protocol):
    """Who carries the messages of one channel."""

    async def beat(self) -> None:
        """Begin what is due; what is begun goes on by itself."""

    async def finish(self, grace_s: float) -> None:
        """Begin nothing more, and wait so long for what is on its way."""


class Service:
    """Runs its jobs beside each other, each never more than once at a time, and delivering until the last."""

    def __init__(
        self, *, jobs: Sequence[Callable[[], Awaitable[None]]], delivering: Sequence[Delivering], tick_s: float
    ) -> None:
        """`tick_s` is how often each job, and each of `delivering`, looks whether there is something to do."""
        self._jobs, self._delivering, self._tick_s = tuple(jobs), tuple(delivering), tick_s
        self._beats = tuple(asyncio.Event() for _ in self._jobs)
        self._delivery_beats = tuple(asyncio.Event() for _ in self._delivering)
        self._stopped = asyncio.Event()

    def deliver_soon(self) -> None:
        """Look at the outbox without waiting for the next beat."""
        for beat in self._delivery_beats:
            beat.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set, then within ten seconds.

        What is being fetched or read is given up, and is polled again by the next start. Messages on their way to
        receivers are waited for, those of all channels at once; none is begun any more.

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
        beats = (*self._beats, *self._delivery_beats)
        jobs = (*self._jobs, *(one.beat for one in self._delivering))
        working = [asyncio.ensure_future(self._forever(beat, job)) for beat, job in zip(beats, jobs, strict=True)]
        try:
            await asyncio.wait({stopped, *working}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopped.set()
            scheduler.shutdown(wait=False)
            for task in (stopped, *working):
                task.cancel()
            finishing = (one.finish(GRACE_S) for one in self._delivering)
            ends = await asyncio.gather(*working, stopped, *finishing, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _beat(self) -> None:
        for beat in (*self._beats, *self._delivery_beats):
            beat.set()

    async def _forever(self, beat: asyncio.Event, job: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while not self._stopped.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * self._tick_s):
                    await beat.wait()
            beat.clear()
            if self._stopped.is_set():
                return
            try:
                await job()
                failures = 0
            except ArchiveError as error:
                if not error.transient:
                    raise
                failures += 1
                _log.warning("the archive cannot be used for now", code=error.code, message=error.message)
                await self._pause(failures)

    async def _pause(self, failures: int) -> None:
        """Longer after each failure in a row, since each try may ask servers for what cannot be kept."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(self._tick_s * (1 << min(failures, 10)), LONGEST_PAUSE_S)):
                await self._stopped.wait()
