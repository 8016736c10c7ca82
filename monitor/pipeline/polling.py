"""Feeds that are due, each polled in a task of its own, from its bytes to its state."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog
from xxhash import xxh3_64_hexdigest

from monitor.deciding.polling import Question, Taken, address, after_failure, after_success, question
from monitor.errors import FetchDeadline, FetchUnavailable, RasidError
from monitor.model import FeedState, Outcome
from monitor.pacing import is_due
from monitor.pipeline.abreast import in_order
from monitor.pipeline.articles import ArticleReader
from monitor.pipeline.settling import Desk, EntryEnd, settle
from monitor.ports import Commit, FeedJob

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from monitor.deciding.polling import Pace
    from monitor.model import Alert, FeedEntry, FeedSource, Page, ParsedFeed
    from monitor.pipeline.settling import Ports
    from monitor.reading.words import ReadConfig

_log = structlog.get_logger()

_AWAY = frozenset({FetchUnavailable.code, FetchDeadline.code})

SHORT_CHARS = 200
"""An article of fewer characters is hardly one; several in a row are a sign that the site has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRules:
    """How feeds are polled.

    `tries`: polls in which an entry that failed for now is tried. `ahead`: entries of one feed that are fetched and
    read before the first of them is decided. `sample`: share of screened-out entries that is read all the same.
    `words`: what entries are screened by; without it nothing is ruled out.
    """

    pace: Pace
    tries: int = 5
    max_entries: int = 500
    ahead: int = 4
    sample: float = 0.05
    words: ReadConfig | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """One feed polled; `code` and `message` say why it failed, where it did.

    `before` and `after` are its states; `parsed` is what it listed, None where nothing had changed.
    """

    feed_id: str
    url: str
    code: str | None = None
    message: str | None = None
    not_modified: bool = False
    partial: bool = False
    ends: tuple[EntryEnd, ...] = ()
    before: FeedState
    after: FeedState
    parsed: ParsedFeed | None = None

    @property
    def outcomes(self) -> dict[str, int]:
        """How many entries ended how; those passed over by their marks have been seen before."""
        counted = Counter(end.outcome.value for end in self.ends)
        counted[Outcome.SEEN_BEFORE.value] += 0 if self.parsed is None else self.parsed.known
        return {outcome: n for outcome, n in counted.items() if n}

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What its entries raised, in order."""
        return tuple(alert for end in self.ends if end.decision for alert in end.decision.alerts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a feed answered, and what it lists where that has changed."""

    asked: Question
    page: Page
    parsed: ParsedFeed | None
    body_hash: str | None


class Poller:
    """Polls each feed when it is due, side by side, none twice at a time: who is slow holds up nobody but itself.

    What is due stands in the archive, by the wall clock. That clock may be set back, so a feed is due as well when its
    wait has passed by the monotonic one.
    """

    def __init__(
        self,
        ports: Ports,
        feeds: Sequence[FeedSource],
        rules: PollRules,
        *,
        store: bool = True,
        told: Callable[[FeedReport], None] = lambda _report: None,
    ) -> None:
        """Start nothing yet.

        Args:
            ports: The seams.
            feeds: All feeds of the configuration.
            rules: How to poll.
            store: Write to the archive; without it nothing is kept, not even that a feed was polled.
            told: Hears of each feed when it has been polled.
        """
        self._ports, self._feeds, self._rules, self._told = ports, {feed.id: feed for feed in feeds}, rules, told
        self._desk = Desk(ports=ports, tries=rules.tries, store=store)
        self._articles = ArticleReader(ports=ports, words=rules.words, sample=rules.sample)
        self._running: dict[str, asyncio.Task[FeedReport]] = {}
        self._due_by_monotonic: dict[str, float] = {}
        self._intervals: dict[str, float] = {}
        self._woken: set[str] = set()
        self._taken: set[str] = set()

    @property
    def desk(self) -> Desk:
        """Where articles are settled: whoever else brings some, settles them here, one at a time with the rest."""
        return self._desk

    @property
    def busy(self) -> bool:
        """Whether any poll is under way."""
        return bool(self._running)

    def wake(self, feed_id: str) -> None:
        """Poll a feed at the next beat, due or not: somebody says that it has changed."""
        if feed_id in self._feeds:
            self._woken.add(feed_id)

    def hurry(self) -> None:
        """Poll at the next beat what did not answer lately: it was the network, and that is back."""
        for state in self._ports.archive.feed_states():
            if state.failures and state.last_error_code in _AWAY:
                self._due_by_monotonic[state.feed_id] = self._mono()

    async def beat(self) -> tuple[FeedReport, ...]:
        """Start what is due, wait for nothing; the reports of what has ended since the last beat.

        Raises:
            ArchiveError: The archive cannot be written; what was not committed is polled again.
        """
        ended = self._reap()
        self._start(due_only=True)
        self._tell_late()
        await asyncio.sleep(0)
        return ended

    async def once(self, *, due_only: bool = True) -> tuple[FeedReport, ...]:
        """Start what is due, or everything, and wait for all of it; reports in the order of the feeds.

        Raises:
            ArchiveError: As `beat`; the others have been ended then.
        """
        started = self._start(due_only=due_only)
        try:
            if started:
                await asyncio.wait(started, return_when=asyncio.FIRST_EXCEPTION)
            return tuple(task.result() for task in started)
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """End what is under way. It is polled again by the next start."""
        tasks = tuple(self._running.values())
        self._running.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _mono(self) -> float:
        return self._ports.clock.monotonic()

    def _reap(self) -> tuple[FeedReport, ...]:
        ended = {feed_id: task for feed_id, task in self._running.items() if task.done()}
        for feed_id in ended:
            del self._running[feed_id]
        return tuple(task.result() for task in ended.values())

    def _start(self, *, due_only: bool) -> list[asyncio.Task[FeedReport]]:
        states = {state.feed_id: state for state in self._ports.archive.feed_states()}
        started = []
        for feed in self._feeds.values():
            state = states.get(feed.id)
            if feed.id in self._running or (due_only and not self._is_due(feed, state)):
                continue
            self._woken.discard(feed.id)
            task = asyncio.ensure_future(self._poll(feed, state))
            self._running[feed.id] = task
            started.append(task)
        return started

    def _tell_late(self) -> None:
        """Say of a poll, once, that it takes longer than its feed's interval; the next one waits for its end."""
        for feed_id in self._running:
            due_at = self._due_by_monotonic.get(feed_id)
            if due_at is not None and due_at + self._intervals.get(feed_id, 0.0) < self._mono():
                del self._due_by_monotonic[feed_id]
                _log.warning("a poll takes longer than its interval", feed=feed_id)

    def _is_due(self, feed: FeedSource, state: FeedState | None) -> bool:
        if state is None or is_due(state.next_poll_at, self._ports.clock.now()):
            return True
        if feed.id in self._woken and not state.failures:  # one that fails is left the time it asked for
            return True
        return feed.id in self._due_by_monotonic and self._due_by_monotonic[feed.id] <= self._mono()

    async def _poll(self, feed: FeedSource, state: FeedState | None) -> FeedReport:
        """One feed from its bytes to its state; raises for the archive alone."""
        before = state or FeedState(feed_id=feed.id, next_poll_at=self._ports.clock.now())
        report = await self._polled(feed, before)
        wait_s = (report.after.next_poll_at - self._ports.clock.now()).total_seconds()
        self._due_by_monotonic[feed.id], self._intervals[feed.id] = self._mono() + wait_s, wait_s
        if self._desk.store:
            self._ports.archive.commit(Commit(feed_state=report.after))
        self._told(report)
        return report

    async def _polled(self, feed: FeedSource, before: FeedState) -> FeedReport:
        try:
            answer = await self._answer(feed, before)
        except Exception as error:  # noqa: BLE001 - whatever a crafted feed provokes, the others go on
            return self._failed(feed, before, error)
        taken = Taken(short_pages=before.short_pages, walled_pages=before.walled_pages)
        ends: tuple[EntryEnd, ...] = ()
        if answer.parsed is not None:
            ends = await self._entries(feed, answer.parsed)
            taken = _taken(before, answer, ends)
        after = after_success(feed, before, (answer.asked, answer.page), taken, now=self._now(), pace=self._rules.pace)
        return FeedReport(
            feed_id=feed.id,
            url=address(feed, before),
            not_modified=answer.parsed is None,
            partial=answer.parsed is not None and answer.parsed.partial,
            ends=ends,
            before=before,
            after=after,
            parsed=answer.parsed,
        )

    def _failed(self, feed: FeedSource, before: FeedState, error: Exception) -> FeedReport:
        """Apart from where it was caught: an error kept there would keep that frame, and the body in it."""
        url = address(feed, before)
        ours = error if isinstance(error, RasidError) else RasidError(f"{url}: {type(error).__name__}: {error}")
        after = after_failure(feed, before, ours, now=self._now(), pace=self._rules.pace)
        return FeedReport(feed_id=feed.id, url=url, code=ours.code, message=ours.message, before=before, after=after)

    def _now(self) -> datetime:
        return self._ports.clock.now()

    async def _answer(self, feed: FeedSource, before: FeedState) -> _Answer:
        asked = question(feed, before, self._now(), self._rules.pace)
        page = await self._ports.fetch.get(
            asked.url, etag=asked.etag, last_modified=asked.last_modified, robots=not feed.ignore_robots
        )
        body_hash = None if page.not_modified else xxh3_64_hexdigest(page.body)
        if page.not_modified or body_hash == before.body_hash:
            return _Answer(asked=asked, page=page, parsed=None, body_hash=body_hash)
        job = FeedJob(
            feed_id=feed.id,
            url=page.final_url,
            body=page.body,
            content_type=page.content_type,
            max_entries=self._rules.max_entries,
            known=frozenset(before.window),
            select=feed.select,
            search=feed.kind == "search",
        )
        parsed = await self._ports.compute.parse(job)
        return _Answer(asked=asked, page=page, parsed=parsed, body_hash=body_hash)

    async def _entries(self, feed: FeedSource, parsed: ParsedFeed) -> tuple[EntryEnd, ...]:
        """Everything new in a feed, one after another."""
        fresh, ends = self._sort_out(feed, parsed.entries)
        read = self._articles.of(feed)
        try:
            # Feeds put the newest first: the older one goes first, so that the newer is held against it.
            async with aclosing(in_order(reversed(fresh), read, self._rules.ahead)) as found:
                async for entry, one in found:
                    ends.append(await settle(self._desk, feed.id, entry, one))
        finally:
            self._taken.difference_update(key for entry in fresh for key in entry.keys)
        return tuple(ends)

    def _sort_out(self, feed: FeedSource, entries: tuple[FeedEntry, ...]) -> tuple[list[FeedEntry], list[EntryEnd]]:
        """What is to be read, and the endings of what has been seen: in the archive, or by another feed just now."""
        keyed = tuple(self._articles.keyed(feed, entry) for entry in entries)
        unseen = {entry.keys for entry in self._ports.archive.unseen(keyed)}
        fresh: list[FeedEntry] = []
        ends: list[EntryEnd] = []
        for entry in keyed:
            if entry.keys in unseen and not self._taken.intersection(entry.keys):
                self._taken.update(entry.keys)
                fresh.append(entry)
            else:
                ends.append(EntryEnd(feed_id=feed.id, entry=entry, outcome=Outcome.SEEN_BEFORE))
                self._ports.told(ends[-1])
        return fresh, ends


async def run_cycle(
    ports: Ports, feeds: Sequence[FeedSource], rules: PollRules, *, due_only: bool = True, store: bool = True
) -> tuple[FeedReport, ...]:
    """Poll what is due once, and do everything that follows from it up to the commit.

    Returns:
        A report for each polled feed, in the order of `feeds`.

    Raises:
        ArchiveError: The archive cannot be written; what was not committed is polled again.
    """
    return await Poller(ports, feeds, rules, store=store).once(due_only=due_only)


def _taken(before: FeedState, answer: _Answer, ends: tuple[EntryEnd, ...]) -> Taken:
    """What came of the entries; pages that were hardly articles are counted until one that is one."""
    taken = Taken(
        parsed=answer.parsed,
        body_hash=answer.body_hash,
        fresh=sum(end.outcome is not Outcome.SEEN_BEFORE for end in ends),
        owed=tuple(end.entry.mark for end in ends if end.again),
        short_pages=before.short_pages,
        walled_pages=before.walled_pages,
    )
    for end in ends:
        if end.read_chars is None:
            continue
        walled = end.outcome is Outcome.SUSPECT
        short = walled or end.read_chars < SHORT_CHARS
        taken = replace(
            taken,
            short_pages=taken.short_pages + 1 if short else 0,
            walled_pages=taken.walled_pages + 1 if walled else 0,
        )
    return taken
