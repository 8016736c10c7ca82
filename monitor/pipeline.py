"""Calls the stages in their order. It decides nothing: pure code decides, and this does what it says.

    run_cycle   due feeds -> fetch -> entries -> unseen -> pages -> read -> recall -> decide -> commit
    ingest      texts and pages at hand -> read -> recall -> decide -> commit
    deliver     outbox -> channels -> how each try ended

Fetching and reading run side by side, over feeds and within each. Recall, decide and commit are one step of one
article at a time, in the order of its feed, for what one article tells the next must see. A feed that is slow or
broken holds up nobody but itself.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from xxhash import xxh3_128_hexdigest

from monitor.deciding import decide
from monitor.deciding.outbox import queue
from monitor.deciding.polling import Taken, after_failure, after_success, allowed_tries
from monitor.errors import ExtractCrash, FetchError, RasidError
from monitor.model import DeliveryResult, DeliveryState, FeedEntry, FeedState, Outcome, Urgency
from monitor.pacing import next_poll
from monitor.ports import Commit, EntryRecord, ReadJob
from monitor.reading.feed import read_feed
from monitor.reading.identity import canonical_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
    from datetime import datetime

    from monitor.model import Alert, Decision, Delivery, FeedSource, Reading
    from monitor.ports import Archive, Clock, Compute, Fetch, Notify, Similarity
    from monitor.reading.feed import ParsedFeed

Item = TypeVar("Item")
Result = TypeVar("Result")


def _nobody(_end: EntryEnd) -> None:
    """Told, and keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The seams, filled by the composition root.

    `attempt` is one try at one delivery; `digest_at` says when an alert that can wait goes out; `told` hears of
    every entry as it ends.
    """

    archive: Archive
    fetch: Fetch
    compute: Compute
    similarity: Similarity
    clock: Clock
    attempt: Callable[[Notify, Delivery, Clock], Awaitable[DeliveryResult]]
    digest_at: Callable[[datetime], datetime]
    channels: tuple[Notify, ...] = ()
    told: Callable[[EntryEnd], None] = _nobody


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
class EntryEnd:
    """How one entry ended: its one outcome, what was decided, or why there was nothing to decide.

    `again`: it failed for now and is tried in the next poll.
    """

    feed_id: str | None
    entry: FeedEntry
    outcome: Outcome
    decision: Decision | None = None
    code: str | None = None
    message: str | None = None
    article_id: str | None = None
    again: bool = False


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


@dataclass(slots=True, kw_only=True)
class _Cycle:
    """What the tasks of one cycle share: one writer, and who brought which entry."""

    ports: Ports
    rules: PollRules
    store: bool = True
    writer: asyncio.Lock = field(default_factory=asyncio.Lock)
    taken: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """An entry fetched and read, or the error instead."""

    reading: Reading | None = None
    raw: bytes | None = None
    error: RasidError | None = None


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
    cycle = _Cycle(ports=ports, rules=rules, store=store)
    return await _together(_poll(cycle, feed, states.get(feed.id)) for feed in due)


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
    cycle = _Cycle(ports=quiet, rules=PollRules(every=timedelta(0), tries=1))

    async def read(job: ReadJob | RasidError) -> tuple[ReadJob, _Read] | RasidError:
        return job if isinstance(job, RasidError) else (job, await _read_job(ports, job))

    async with aclosing(_in_order(jobs, read, ahead)) as found:
        async for one in found:
            if isinstance(one, RasidError):
                yield one
                continue
            job, read_ = one
            yield replace(await _settle(cycle, None, _entry_of(job), read_), article_id=job.article_id)


async def deliver(ports: Ports, *, limit: int = 50) -> tuple[DeliveryResult, ...]:
    """Try what is due in the outbox once. Channels run side by side: a slow one delays no other.

    Raises:
        ArchiveError: The archive cannot be read or written; what was sent is sent again then, under the same id.
    """
    queued: dict[str, list[Delivery]] = {}
    for delivery in ports.archive.due_deliveries(ports.clock.now(), limit):
        queued.setdefault(delivery.channel, []).append(delivery)
    channels = {channel.channel: channel for channel in ports.channels}
    tries = await _together(_deliver_all(ports, channels.get(name), due) for name, due in queued.items())
    return tuple(result for one in tries for result in one)


def id_of(entry: FeedEntry) -> str:
    """The id of the article behind a feed entry: of its canonical URL, whichever feed brought it."""
    return xxh3_128_hexdigest(entry.keys[0].encode("utf-8", "surrogatepass"))


async def _deliver_all(ports: Ports, channel: Notify | None, queued: list[Delivery]) -> list[DeliveryResult]:
    results = []
    for delivery in queued:
        if channel is not None:
            result = await ports.attempt(channel, delivery, ports.clock)
        else:
            why = f"the channel {delivery.channel!r} is configured no more"
            at = ports.clock.now()
            result = DeliveryResult(
                delivery_id=delivery.id, state=DeliveryState.DEAD, tried_at=at, code="E-DELIVERY", message=why
            )
        ports.archive.record(result)
        results.append(result)
    return results


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

    async def read(entry: FeedEntry) -> tuple[FeedEntry, _Read]:
        return entry, await _fetch_and_read(cycle.ports, feed, entry)

    # Feeds put the newest first: the older one goes first, so that the newer is held against it.
    async with aclosing(_in_order(reversed(fresh), read, cycle.rules.ahead)) as found:
        async for entry, one in found:
            ends.append(await _settle(cycle, feed, entry, one))
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


async def _fetch_and_read(ports: Ports, feed: FeedSource, entry: FeedEntry) -> _Read:
    try:
        page = await ports.fetch.get(entry.url)
    except FetchError as error:
        return _Read(error=error)
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
    return await _read_job(ports, job)


async def _read_job(ports: Ports, job: ReadJob) -> _Read:
    try:
        return _Read(reading=await ports.compute.read(job), raw=job.html)
    except RasidError as error:
        return _Read(error=error, raw=job.html)
    except Exception as error:  # noqa: BLE001 - a page that breaks the reading breaks it for itself alone
        return _Read(error=ExtractCrash(f"{job.url}: {type(error).__name__}: {error}"), raw=job.html)


async def _settle(cycle: _Cycle, feed: FeedSource | None, entry: FeedEntry, found: _Read) -> EntryEnd:
    """Recall, decide, commit: one article at a time in the whole cycle."""
    feed_id = None if feed is None else feed.id
    async with cycle.writer:
        if found.reading is None:
            end, commit = _unread(cycle, feed_id, entry, found.error or ExtractCrash(f"{entry.url}: no reading"))
        else:
            end, commit = _decided(cycle, feed_id, entry, (found.reading, found.raw))
        if cycle.store:
            cycle.ports.archive.commit(commit)
    cycle.ports.told(end)
    return end


def _decided(
    cycle: _Cycle, feed_id: str | None, entry: FeedEntry, read: tuple[Reading, bytes | None]
) -> tuple[EntryEnd, Commit]:
    reading, raw = read
    ports = cycle.ports
    recall = ports.archive.recall(reading)
    try:
        decision = decide(reading, recall, ports.similarity)
    except Exception as error:  # noqa: BLE001 - an article that deciding stumbles over must not stop all others
        return _unread(cycle, feed_id, entry, ExtractCrash(f"{entry.url}: {type(error).__name__}: {error}"))
    end = EntryEnd(feed_id=feed_id, entry=entry, outcome=decision.outcome, decision=decision)
    record = _record(end, entry.keys, ports.clock.now())
    return end, Commit(decision=decision, raw=raw, entries=(record,), deliveries=_deliveries(ports, decision.alerts))


def _unread(cycle: _Cycle, feed_id: str | None, entry: FeedEntry, error: RasidError) -> tuple[EntryEnd, Commit]:
    """The ending of an entry without a reading. Until its tries are over it stays unseen: each try is remembered."""
    tries = allowed_tries(error, cycle.rules.tries)
    attempts = tuple(f"attempt-{number}:{entry.keys[0]}" for number in range(1, tries))
    left = cycle.ports.archive.unseen(FeedEntry(url=entry.url, title="", keys=(key,)) for key in attempts)
    end = EntryEnd(
        feed_id=feed_id,
        entry=entry,
        outcome=Outcome.UNREACHABLE if isinstance(error, FetchError) else Outcome.NO_TEXT,
        code=error.code,
        message=error.message,
        again=bool(left),
    )
    keys = left[0].keys if left else entry.keys
    return end, Commit(entries=(_record(end, keys, cycle.ports.clock.now()),))


def _record(end: EntryEnd, keys: tuple[str, ...], at: datetime) -> EntryRecord:
    return EntryRecord(
        feed_id=end.feed_id,
        keys=keys,
        url=end.entry.url,
        title=end.entry.title,
        outcome=end.outcome,
        at=at,
        article_id=None if end.decision is None else end.decision.reading.article.id,
        code=end.code,
        message=end.message,
    )


def _deliveries(ports: Ports, alerts: Iterable[Alert]) -> tuple[Delivery, ...]:
    later = ports.digest_at(ports.clock.now())
    return tuple(
        delivery if alert.urgency is Urgency.NOW else replace(delivery, next_try_at=later)
        for alert in alerts
        for delivery in queue(alert, ports.channels)
    )


def _entry_of(job: ReadJob) -> FeedEntry:
    key = canonical_url(job.url) if job.url else f"file:{job.article_id}"
    return FeedEntry(url=job.url, title=job.title or "", keys=(key,), published_at=job.published_at)


def _next_poll(cycle: _Cycle, feed: FeedSource, failures: int, error: RasidError | None = None) -> datetime:
    asked = error.retry_after_s if isinstance(error, FetchError) else None
    now = cycle.ports.clock.now()
    return next_poll(now, feed_id=feed.id, every=cycle.rules.every, failures=failures, retry_after_s=asked)


def _keep(cycle: _Cycle, state: FeedState) -> None:
    if cycle.store:
        cycle.ports.archive.commit(Commit(feed_state=state))


async def _together(work: Iterable[Awaitable[Result]]) -> tuple[Result, ...]:
    """All of it side by side, in order; of several errors the first is raised, when the rest has been ended."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _in_order(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]], ahead: int
) -> AsyncGenerator[Result, None]:
    """`work` of each item, in their order, up to `ahead` of them begun before they are asked for."""
    waiting: deque[asyncio.Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(asyncio.ensure_future(work(item)))
            if len(waiting) > ahead:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for future in waiting:
            future.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
