"""Articles in scope, read again for what was changed in them without a word."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.errors import FetchError
from monitor.model import FeedEntry, Outcome
from monitor.pipeline.abreast import together
from monitor.pipeline.settling import Attempt, EntryEnd, decided, read_job
from monitor.ports import Commit, NextCheck, ReadJob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import FeedSource
    from monitor.pipeline.settling import Desk
    from monitor.ports import DueCheck


async def reread(desk: Desk, feeds: Mapping[str, FeedSource], *, limit: int) -> tuple[EntryEnd, ...]:
    """Read again what is due, side by side.

    A page that is no article in scope any more changes nothing: it may be a wall, and what was reported stands. One of
    a feed that is polled no more is left alone. Of one whose words are the same nothing is asked of the ledger: it
    would be asked for all that it knows of the people in it, a dozen times for each article.

    Args:
        desk: Where articles are settled.
        feeds: The configuration's feeds, by id.
        limit: At most so many.

    Returns:
        How those ended in which something had changed.

    Raises:
        ArchiveError: The archive cannot be read or written; what was not committed is read again.
    """
    due = desk.ports.archive.due_checks(desk.ports.clock.now(), limit)
    ends = await together(_again(desk, feeds.get(one.feed_id), one) for one in due)
    return tuple(end for end in ends if end is not None)


async def _again(desk: Desk, feed: FeedSource | None, due: DueCheck) -> EntryEnd | None:
    ports = desk.ports
    found = Attempt() if feed is None else await _read(desk, feed, due)
    next_at = None if feed is None else ports.check_at(due.first_seen, ports.clock.now())
    check = NextCheck(article_id=due.article_id, checked_at=ports.clock.now(), next_at=next_at)
    end, commit = None, Commit(checks=(check,))
    async with desk.writer:
        if found.reading is not None and found.reading.in_scope and found.reading.signature.exact != due.exact:
            entry = FeedEntry(url=due.url, title=found.reading.article.title, keys=(due.article_id,))
            end, changed = await decided(desk, due.feed_id, entry, found, reading=found.reading)
            if changed is not None and changed.decision is not None and end.outcome is not Outcome.SEEN_BEFORE:
                commit = replace(changed, entries=(), checks=(check,))
            else:
                end = None
        ports.archive.commit(commit)
    return end


async def _read(desk: Desk, feed: FeedSource, due: DueCheck) -> Attempt:
    try:
        page = await desk.ports.fetch.get(due.url, robots=not feed.ignore_robots)
    except FetchError as error:
        return Attempt(error=error)
    job = ReadJob(
        article_id=due.article_id,
        url=page.final_url,
        outlet=due.outlet,
        fetched_at=page.fetched_at,
        html=page.body,
        content_type=page.content_type,
        published_at=due.published_at,
        published_source=due.published_source,
        owner=due.owner,
        byline=due.byline,
        lane=feed.id,
    )
    return await read_job(desk.ports, job)
