"""One cycle over the feeds that are due."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xxhash import xxh3_128_hexdigest

from monitor.deciding.polling import Taken, after_failure, after_success
from monitor.errors import FetchError, RasidError
from monitor.model import FeedEntry, FeedState, Outcome
from monitor.pacing import next_poll
from monitor.pipeline.abreast import in_order, together
from monitor.pipeline.settling import Attempt, Desk, EntryEnd, read_job, settle
from monitor.ports import Commit, ReadJob
from monitor.reading.feed import read_feed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from monitor.model import Alert, FeedSource, ParsedFeed
    from monitor.pipeline.settling import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRules:
    """How feeds are polled.

    `tries`: polls in which an entry that failed for now is tried. `ahead`: entries of one feed that are fetched and
    read before the first of them is decided.
    """

    every: timedelta
    tries: int = 5
    max_entries: int = 500
    ahead: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """One feed in one cycle; `code` and `message` say why it failed, where it did."""

    feed_id: str
    url: str
    code: str | None = None
    message: str | None = None
    not_modified: bool = False
    partial: bool = False
    ends: tuple[EntryEnd, ...] = ()

    @property
    def outcomes(self) -> dict[str, int]:
        """How many entries ended how."""
        return dict(Counter(end.outcome.value for end in self.ends))

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What its entries raised, in order."""
        return tuple(alert for end in self.ends if end.decision for alert in end.decision.alerts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cycle:
    """What the tasks of one cycle share: one desk, and who brought which entry."""

    desk: Desk
    rules: PollRules
    taken: set[str] = field(default_factory=set)

    @property
    def ports(self) -> Ports:
        """The seams."""
        return self.desk.ports


async def run_cycle(
    ports: Ports, feeds: Sequence[FeedSource], rules: PollRules, *, due_only: bool = True, store: bool = True
) -> tuple[FeedReport, ...]:
    """Poll what is due, and do everything that follows from it up to the commit.

    Args:
        ports: The seams.
        feeds: All feeds of the configuration.
        rules: How to poll.
        due_only: Leave feeds alone whose next poll lies ahead.
        store: Write to the archive; without it nothing is kept, not even that a feed was polled.

    Returns:
        A report for each polled feed, in the order of `feeds`.

    Raises:
        ArchiveError: The archive cannot be written; what was not committed is polled again.
    """
    states = {state.feed_id: state for state in ports.archive.feed_states()}
    now = ports.clock.now()
    due = [feed for feed in feeds if not due_only or feed.id not in states or states[feed.id].next_poll_at <= now]
    cycle = _Cycle(desk=Desk(ports=ports, tries=rules.tries, store=store), rules=rules)
    return await together(_poll(cycle, feed, states.get(feed.id)) for feed in due)


def id_of(entry: FeedEntry) -> str:
    """The id of the article behind a feed entry: of its canonical URL, whichever feed brought it."""
    return xxh3_128_hexdigest(entry.keys[0].encode("utf-8", "surrogatepass"))


async def _poll(cycle: _Cycle, feed: FeedSource, state: FeedState | None) -> FeedReport:
    """One feed from its bytes to its state; raises for the archive alone."""
    before = state or FeedState(feed_id=feed.id, next_poll_at=cycle.ports.clock.now())
    parsed: ParsedFeed | None = None
    try:
        page = await cycle.ports.fetch.get(feed.url, etag=before.etag, last_modified=before.last_modified)
        if not page.not_modified:
            parsed = await asyncio.to_thread(
                read_feed,
                page.body,
                url=page.final_url,
                content_type=page.content_type,
                max_entries=cycle.rules.max_entries,
            )
    except Exception as error:  # noqa: BLE001 - whatever a crafted feed provokes, the others go on
        ours = error if isinstance(error, RasidError) else RasidError(f"{feed.url}: {type(error).__name__}: {error}")
        next_poll_at = _next_poll(cycle, feed, before.failures + 1, ours)
        _keep(cycle, after_failure(before, ours, next_poll_at=next_poll_at))
        return FeedReport(feed_id=feed.id, url=feed.url, code=ours.code, message=ours.message)
    ends = [] if parsed is None else await _entries(cycle, feed, parsed)
    fresh = sum(end.outcome is not Outcome.SEEN_BEFORE for end in ends)
    partial = parsed is not None and parsed.partial
    taken = Taken(fresh=fresh, owed=any(end.again for end in ends), partial=partial)
    _keep(cycle, after_success(before, page, taken, next_poll_at=_next_poll(cycle, feed, 0)))
    return FeedReport(feed_id=feed.id, url=feed.url, not_modified=parsed is None, partial=partial, ends=tuple(ends))


async def _entries(cycle: _Cycle, feed: FeedSource, parsed: ParsedFeed) -> list[EntryEnd]:
    """Everything new in a feed, one after another."""
    fresh, ends = _sort_out(cycle, feed, parsed.entries)

    async def read(entry: FeedEntry) -> tuple[FeedEntry, Attempt]:
        return entry, await _fetch_and_read(cycle.ports, feed, entry)

    # Feeds put the newest first: the older one goes first, so that the newer is held against it.
    async with aclosing(in_order(reversed(fresh), read, cycle.rules.ahead)) as found:
        async for entry, one in found:
            ends.append(await settle(cycle.desk, feed.id, entry, one))
    return ends


def _sort_out(
    cycle: _Cycle, feed: FeedSource, entries: tuple[FeedEntry, ...]
) -> tuple[list[FeedEntry], list[EntryEnd]]:
    """What is to be read, and the endings of what has been seen: in the archive, or by another feed of this cycle."""
    unseen = {entry.keys for entry in cycle.ports.archive.unseen(entries)}
    fresh: list[FeedEntry] = []
    ends: list[EntryEnd] = []
    for entry in entries:
        if entry.keys in unseen and not cycle.taken.intersection(entry.keys):
            cycle.taken.update(entry.keys)
            fresh.append(entry)
        else:
            ends.append(EntryEnd(feed_id=feed.id, entry=entry, outcome=Outcome.SEEN_BEFORE))
            cycle.ports.told(ends[-1])
    return fresh, ends


async def _fetch_and_read(ports: Ports, feed: FeedSource, entry: FeedEntry) -> Attempt:
    try:
        page = await ports.fetch.get(entry.url)
    except FetchError as error:
        return Attempt(error=error)
    job = ReadJob(
        article_id=id_of(entry),
        url=page.final_url,
        outlet=feed.outlet,
        fetched_at=page.fetched_at,
        html=page.body,
        content_type=page.content_type,
        title=entry.title or None,
        published_at=entry.published_at,
        published_source=None if entry.published_at is None else "feed",
        owner=feed.owner,
        byline=entry.author,
    )
    return await read_job(ports, job)


def _next_poll(cycle: _Cycle, feed: FeedSource, failures: int, error: RasidError | None = None) -> datetime:
    asked = error.retry_after_s if isinstance(error, FetchError) else None
    now = cycle.ports.clock.now()
    return next_poll(now, feed_id=feed.id, every=cycle.rules.every, failures=failures, retry_after_s=asked)


def _keep(cycle: _Cycle, state: FeedState) -> None:
    if cycle.desk.store:
        cycle.ports.archive.commit(Commit(feed_state=state))
