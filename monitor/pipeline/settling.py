"""One article to its end: read, recall, decide, commit. What polling and ingesting have in common."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from monitor.deciding import decide
from monitor.deciding.judged import cases, with_judgement
from monitor.deciding.outbox import addressees
from monitor.deciding.polling import allowed_tries
from monitor.deciding.rules import Held, RuleBook, plan
from monitor.errors import ExtractCrash, ExtractEmpty, FetchError, RasidError
from monitor.model import Article, Decision, FeedEntry, Outcome, Reading, Signature
from monitor.ports import Commit, EntryRecord, NextCheck

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from monitor.model import Delivery, DeliveryResult, Recall
    from monitor.ports import Archive, Clock, Compute, Fetch, Judge, Notify, ReadJob, Similarity


def _nobody(_end: EntryEnd) -> None:
    """Told, and keeps it."""


def _never(_first_seen: datetime, _now: datetime) -> datetime | None:
    """No article is read again."""
    return None


_NO_RULES: Final = RuleBook()


def _nothing_held(_now: datetime) -> Held:
    """Nothing is muted, and nothing is owed yet."""
    return Held()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The seams, filled by the composition root.

    `attempt` is one try at one delivery; `digest_at` says when an alert that can wait goes out, where no rule of `book`
    does; `held` says what is muted and owed; `judge`, where there is one, is asked about what likeness alone decided;
    `told` hears of every entry as it ends; `check_at` says when an article, by when it was first seen and the time now,
    is read again.
    """

    archive: Archive
    fetch: Fetch
    compute: Compute
    similarity: Similarity
    clock: Clock
    attempt: Callable[[Notify, Delivery, Clock], Awaitable[DeliveryResult]]
    digest_at: Callable[[datetime], datetime]
    channels: tuple[Notify, ...] = ()
    book: RuleBook = _NO_RULES
    held: Callable[[datetime], Held] = _nothing_held
    judge: Judge | None = None
    told: Callable[[EntryEnd], None] = _nobody
    check_at: Callable[[datetime, datetime], datetime | None] = _never


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryEnd:
    """How one entry ended: its one outcome, what was decided, or why there was nothing to decide.

    `again`: it failed for now and is tried in the next poll. `screen`: what title and summary said of it.
    `read_chars`: characters of what was read, None where nothing was.
    """

    feed_id: str | None
    entry: FeedEntry
    outcome: Outcome
    decision: Decision | None = None
    code: str | None = None
    message: str | None = None
    article_id: str | None = None
    again: bool = False
    screen: str | None = None
    read_chars: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where articles are settled, one at a time.

    `tries`: rounds in which an entry that failed for now is tried. `store`: write to the archive.
    """

    ports: Ports
    tries: int
    store: bool = True
    writer: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An entry fetched and read, or the error instead; neither, where it was not worth fetching.

    `untried`: the error is not its own, and does not count against it. `instead`: what can be read where the page is
    not to be had at all. One that was read so keeps the error. `empty`: a page without a text, as an article of its
    title alone.
    """

    reading: Reading | None = None
    raw: bytes | None = None
    error: RasidError | None = None
    screen: str | None = None
    untried: bool = False
    instead: ReadJob | None = None
    empty: Reading | None = None


async def read_job(ports: Ports, job: ReadJob) -> Attempt:
    """Read one article; whatever its reading provokes is the attempt's error."""
    try:
        return Attempt(reading=await ports.compute.read(job), raw=job.html)
    except ExtractEmpty as error:
        return Attempt(error=error, raw=job.html, empty=None if job.html is None else _without_text(job))
    except RasidError as error:
        return Attempt(error=error, raw=job.html)
    except Exception as error:  # noqa: BLE001 - a page that breaks the reading breaks it for itself alone
        return Attempt(error=ExtractCrash(f"{job.url}: {type(error).__name__}: {error}"), raw=job.html)


def _without_text(job: ReadJob) -> Reading:
    title = (job.title or "").strip()
    article = Article(
        id=job.article_id,
        url=job.url,
        title=title,
        text=title,
        outlet=job.outlet,
        fetched_at=job.fetched_at,
        byline=job.byline,
        owner=job.owner,
        content_type=job.content_type or None,
    )
    # Without a signature: a page without a text is a copy of nothing.
    return Reading.of_nothing(article, Outcome.NO_TEXT, Signature(exact=""))


async def settle(desk: Desk, feed_id: str | None, entry: FeedEntry, found: Attempt) -> EntryEnd:
    """Recall, decide, commit: one article at a time.

    Raises:
        ArchiveError: The archive cannot be read or written; nothing of the article is kept.
    """
    found = await _or_instead(desk, entry, found)
    async with desk.writer:
        if found.reading is not None:
            end, commit = await decided(desk, feed_id, entry, found, reading=found.reading)
        elif found.error is not None:
            end, commit = _unread(desk, feed_id, entry, found)
        else:
            end, commit = _passed_over(desk, feed_id, entry, found)
        if desk.store and commit is not None:
            desk.ports.archive.commit(commit)
    desk.ports.told(end)
    return end


async def _or_instead(desk: Desk, entry: FeedEntry, found: Attempt) -> Attempt:
    """What the feed says of an article in scope, where its page is not tried any more."""
    if found.error is None or found.instead is None or found.untried or _next_try(desk, entry, found.error) is not None:
        return found
    told = await read_job(desk.ports, found.instead)
    in_scope = told.reading is not None and told.reading.in_scope
    return replace(found, reading=told.reading) if in_scope else found


def _next_try(desk: Desk, entry: FeedEntry, error: RasidError) -> str | None:
    """The key under which this failed try is remembered, None for the last: the entry's own keys are used then."""
    attempts = (f"attempt-{number}:{entry.keys[0]}" for number in range(1, allowed_tries(error, desk.tries)))
    left = desk.ports.archive.unseen(FeedEntry(url=entry.url, title="", keys=(key,)) for key in attempts)
    return left[0].keys[0] if left else None


def _passed_over(desk: Desk, feed_id: str | None, entry: FeedEntry, found: Attempt) -> tuple[EntryEnd, Commit | None]:
    """The ending of an entry that title and summary have ruled out."""
    end = EntryEnd(
        feed_id=feed_id,
        entry=entry,
        outcome=Outcome.OFF_TOPIC,
        message="not fetched: title and summary rule it out",
        screen=found.screen,
    )
    return end, Commit(entries=(_record(end, entry.keys, desk.ports.clock.now()),))


async def decided(
    desk: Desk, feed_id: str | None, entry: FeedEntry, found: Attempt, *, reading: Reading
) -> tuple[EntryEnd, Commit | None]:
    """What is decided about one reading, and all that is to be kept of it. The writer's lock must be held."""
    ports = desk.ports
    recall = ports.archive.recall(reading)
    try:
        # In a thread: likeness may be asked of a model behind an endpoint, and fetching must go on meanwhile.
        decision = await asyncio.to_thread(decide, reading, recall, ports.similarity)
        if ports.judge is not None:
            decision = await _judged(ports.judge, decision, recall)
    except Exception as error:  # noqa: BLE001 - an article that deciding stumbles over must not stop all others
        crash = ExtractCrash(f"{entry.url}: {type(error).__name__}: {error}")
        return _unread(desk, feed_id, entry, replace(found, error=crash))
    end = EntryEnd(
        feed_id=feed_id,
        entry=entry,
        outcome=decision.outcome,
        decision=decision,
        code=found.error.code if found.error else None,
        message=found.error.message if found.error else None,
        screen=found.screen,
        read_chars=len(reading.article.text),
    )
    now = ports.clock.now()
    return end, Commit(
        decision=decision,
        raw=found.raw,
        entries=(_record(end, entry.keys, now),),
        deliveries=_deliveries(ports, decision, now),
        checks=(_first_check(ports, reading, now),) if feed_id and found.raw and reading.in_scope else (),
    )


def _first_check(ports: Ports, reading: Reading, now: datetime) -> NextCheck:
    article = reading.article
    told = min(article.published_at or now, article.fetched_at)
    return NextCheck(article_id=article.id, checked_at=article.fetched_at, next_at=ports.check_at(told, now))


async def _judged(judge: Judge, decision: Decision, recall: Recall) -> Decision:
    asked = cases(decision)
    answers = await asyncio.gather(*(judge.judge(case.known, case.incoming) for case in asked))
    judgements = {case.mention_id: answer for case, answer in zip(asked, answers, strict=True)}
    return with_judgement(decision, judgements, recall)


def _unread(desk: Desk, feed_id: str | None, entry: FeedEntry, found: Attempt) -> tuple[EntryEnd, Commit | None]:
    """The ending of an entry without a reading. Until its tries are over it stays unseen: each try is remembered."""
    error = found.error or ExtractCrash(f"{entry.url}: no reading")
    again = _next_try(desk, entry, error)
    end = EntryEnd(
        feed_id=feed_id,
        entry=entry,
        outcome=Outcome.UNREACHABLE if isinstance(error, FetchError) else Outcome.NO_TEXT,
        code=error.code,
        message=error.message,
        again=again is not None or found.untried,
        screen=found.screen,
    )
    if found.untried:
        return end, None
    keys = entry.keys if again is None else (again,)
    if found.empty is None:
        return end, Commit(entries=(_record(end, keys, desk.ports.clock.now()),))
    # The page is kept: it may be that its text is there, and that a later extractor finds it.
    end = replace(end, article_id=found.empty.article.id)
    bare = Decision(outcome=end.outcome, reading=found.empty)
    return end, Commit(decision=bare, raw=found.raw, entries=(_record(end, keys, desk.ports.clock.now()),))


def _record(end: EntryEnd, keys: tuple[str, ...], at: datetime) -> EntryRecord:
    return EntryRecord(
        feed_id=end.feed_id,
        keys=keys,
        url=end.entry.url,
        title=end.entry.title,
        outcome=end.outcome,
        at=at,
        article_id=end.article_id if end.decision is None else end.decision.reading.article.id,
        code=end.code,
        message=end.message,
        screen=end.screen,
    )


def _deliveries(ports: Ports, decision: Decision, now: datetime) -> tuple[Delivery, ...]:
    """What each recipient is told, and when. One alert is planned after the other: each adds to what is owed."""
    if not decision.alerts:
        return ()
    held, digest_at = ports.held(now), ports.digest_at(now)
    subjects = {related.claim_id: related.mention.subject for related in decision.relations if related.mention.subject}
    planned: list[Delivery] = []
    for alert in decision.alerts:
        to = addressees(alert, ports.channels)
        more = plan(alert, to, ports.book, held, now, digest_at=digest_at, subjects=subjects)
        held = held.after(more, now)
        planned.extend(more)
    return tuple(planned)
