"""Texts and pages at hand, read as if they had just been fetched."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.errors import RasidError
from monitor.model import FeedEntry
from monitor.pipeline.abreast import in_order
from monitor.pipeline.settling import Desk, read_job, settle
from monitor.reading.identity import canonical_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from monitor.pipeline.settling import Attempt, EntryEnd, Ports
    from monitor.ports import ReadJob


async def ingest(
    ports: Ports, jobs: Iterable[ReadJob | RasidError], *, ahead: int = 4, alerts: bool = True
) -> AsyncIterator[EntryEnd | RasidError]:
    """Read what is at hand as if it had just been fetched, in order.

    Args:
        ports: The seams; `fetch` is not used.
        jobs: Texts and pages, or the error that stands in the place of one, which is passed through.
        ahead: How many are read before the first of them is decided.
        alerts: Queue deliveries. Without it alerts are decided and stored, and nobody is told.
    """
    quiet = ports if alerts else replace(ports, channels=())
    desk = Desk(ports=quiet, tries=1)

    async def read(job: ReadJob | RasidError) -> tuple[ReadJob, Attempt] | RasidError:
        return job if isinstance(job, RasidError) else (job, await read_job(ports, job))

    async with aclosing(in_order(jobs, read, ahead)) as found:
        async for one in found:
            if isinstance(one, RasidError):
                yield one
                continue
            job, read_ = one
            yield replace(await settle(desk, None, _entry_of(job), read_), article_id=job.article_id)


def _entry_of(job: ReadJob) -> FeedEntry:
    key = canonical_url(job.url) if job.url else f"file:{job.article_id}"
    return FeedEntry(url=job.url, title=job.title or "", keys=(key,), published_at=job.published_at)
