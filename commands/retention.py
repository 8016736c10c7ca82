"""What is done to the kept pages day by day, beside the work itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from monitor.errors import ArchiveCorrupt
from storage.pages import BATCH, train

if TYPE_CHECKING:
    from monitor.ports import Clock
    from storage.pages import KeptPages

_log = structlog.get_logger()


async def tend(pages: KeptPages, clock: Clock, *, days: int) -> None:
    """Make a dictionary where one is due, then drop what is older than `days`; 0 keeps every page.

    Between any two pages or batches others get their turn.

    Raises:
        ArchiveError: The archive cannot be read or written; what is left is done next time.
    """
    await _train(pages, clock)
    if days:
        await _drop(pages, clock, days)


async def _train(pages: KeptPages, clock: Clock) -> None:
    samples = []
    for version in pages.to_train_on():
        try:
            samples.append(pages.sample(version))
        except ArchiveCorrupt as error:
            _log.error("kept page damaged", code=error.code, message=error.message)
        await asyncio.sleep(0)
    if not samples:
        return
    # In a thread: half a second of computing, in which nobody should wait.
    value = await asyncio.to_thread(train, samples)
    if value is not None:
        pages.keep_dictionary(value, samples=len(samples), at=clock.now())
        _log.info("dictionary made", samples=len(samples), bytes=len(value))


async def _drop(pages: KeptPages, clock: Clock, days: int) -> None:
    before, dropped, freed_bytes = clock.now() - timedelta(days=days), 0, 0
    while True:
        batch = pages.drop(before)
        dropped, freed_bytes = dropped + batch.pages, freed_bytes + batch.freed_bytes
        if batch.pages < BATCH:
            break
        await asyncio.sleep(0)
    if dropped:
        _log.info("old pages dropped", pages=dropped, bytes=freed_bytes)
