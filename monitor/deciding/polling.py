"""What follows from a poll: where the feed stands afterwards, and whether an entry that failed is tried again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.errors import ExtractCrash, ExtractTimeout, FetchError, FetchTruncated, RasidError
from monitor.pacing import Tempo, learned_interval, next_poll, next_poll_of_paused

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import FeedSource, FeedState, Page, ParsedFeed

KILLED_TRIES: Final = 2
"""A page whose reading was killed is tried once more, then left alone."""
CONFIRMED: Final = 3
"""Permanent redirects in a row, to one address, after which that address is used."""
FRESH_FAULT: Final = timedelta(days=2)
"""How long a feed that fails is asked about as often as the quietest one that answers."""
_GONE: Final = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a feed is asked: its address, and the validators that it may answer "not modified" to."""

    url: str
    etag: str | None = None
    last_modified: str | None = None

    @property
    def conditional(self) -> bool:
        """Whether it may be answered so."""
        return self.etag is not None or self.last_modified is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How feeds are polled: the bounds of their rhythm, and how long validators are believed."""

    tempo: Tempo
    full: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of a feed's answer.

    `parsed` is None where the body had not changed. `fresh`: entries not seen before. `owed`: marks of items whose
    entries failed for now, or an empty one for an entry without a mark. `short_pages`, `walled_pages`: in a row by now.
    """

    parsed: ParsedFeed | None = None
    body_hash: str | None = None
    fresh: int = 0
    owed: tuple[str, ...] = ()
    short_pages: int = 0
    walled_pages: int = 0


def question(feed: FeedSource, state: FeedState, now: datetime, pace: Pace) -> Question:
    """What to ask of a feed: validators are left out once in a while, and for good where they have been found lying."""
    url = address(feed, state)
    whole = state.lying or state.full_at is None or now - state.full_at >= pace.full or state.full_at > now
    return Question(url=url) if whole else Question(url=url, etag=state.etag, last_modified=state.last_modified)


def address(feed: FeedSource, state: FeedState) -> str:
    """Where a feed is polled: the configured address, or the one that its permanent redirects have taught."""
    return state.url if state.url is not None and state.moved_from == feed.url else feed.url


def after_success(
    feed: FeedSource, before: FeedState, answer: tuple[Question, Page], taken: Taken, *, now: datetime, pace: Pace
) -> FeedState:
    """The state of a feed that answered.

    The answer's validators are kept only if nothing of it is owed or waits: with them, the next answer would be "not
    modified", and that would be lost. For the same reason it is no part of the window.
    """
    asked, page = answer
    parsed = taken.parsed
    state = replace(
        _moved(feed, before, page),
        failures=0,
        failing_since=None,
        last_ok_at=page.fetched_at,
        last_error_code=None,
        last_error=None,
        paused=False,
        entries_seen=before.entries_seen + taken.fresh,
        short_pages=taken.short_pages,
        walled_pages=taken.walled_pages,
        full_at=before.full_at if asked.conditional else page.fetched_at,
        unchanged=before.unchanged + 1 if page.not_modified else 0,
    )
    if not page.not_modified:
        state = replace(state, etag=page.etag, last_modified=page.last_modified)
    known_share = 1.0
    later = set(taken.owed)
    if parsed is not None:
        later.update(parsed.waiting)
        known_share = 0.0 if parsed.waiting else _known_share(before, parsed, taken)
        state = replace(
            state,
            body_hash=taken.body_hash,
            window=tuple(mark for mark in parsed.window if mark not in later),
            lying=_lying(before, asked, page, parsed),
            hub=parsed.wishes.hub or _link(page, "hub"),
            topic=parsed.wishes.topic or _link(page, "self"),
            new_at=before.new_at if set(parsed.window) <= set(before.window) else page.fetched_at,
        )
        if parsed.partial:
            broken = FetchTruncated(
                page.final_url, "the feed breaks off; what it held was read, the rest comes next time"
            )
            state = replace(state, last_error_code=broken.code, last_error=broken.message)
    if later or (parsed is not None and parsed.partial):
        state = replace(state, etag=None, last_modified=None, body_hash=None)
    interval_s = learned_interval(before.interval_s, known_share, pace.tempo)
    ttl_s = None if parsed is None else parsed.wishes.ttl_s
    return replace(
        state,
        interval_s=interval_s,
        next_poll_at=_next(feed, now, interval_s, asked_s=max(ttl_s or 0.0, page.fresh_s or 0.0) or None),
    )


def after_failure(feed: FeedSource, before: FeedState, error: RasidError, *, now: datetime, pace: Pace) -> FeedState:
    """The state of a feed that did not answer usefully: one failure more, its validators as they were.

    What may pass by itself is tried again before long, however quiet the feed; what somebody must mend waits from its
    own interval on. Either wait doubles, in the first two days up to the slowest rhythm, for most faults are mended by
    then and what was missed is still listed; later up to a day. No feed is ever given up. One that says it is gone is
    paused.
    """
    asked_s = error.retry_after_s if isinstance(error, FetchError) else None
    gone = isinstance(error, FetchError) and error.status == _GONE
    start_s = pace.tempo.start.total_seconds()
    usual_s = before.interval_s or start_s
    every_s = min(usual_s, start_s) if error.transient else usual_s
    failures, since = before.failures + 1, before.failing_since or now
    at = _next(feed, now, every_s, failures=failures, asked_s=asked_s)
    if now - since < FRESH_FAULT:
        longest = max(pace.tempo.slowest, 2 * timedelta(seconds=every_s), timedelta(seconds=asked_s or 0.0))
        at = min(at, next_poll(now, feed_id=feed.id, every=longest))
    state = replace(
        before,
        next_poll_at=next_poll_of_paused(now) if gone else at,
        paused=gone,
        failures=failures,
        failing_since=since,
        last_error_code=error.code,
        last_error=error.message,
    )
    # A learned address that does not answer may have been a passing one: the configured one is asked again.
    return state if error.transient else replace(state, url=None, moved_from=None, moved_to=None, moved_times=0)


def allowed_tries(error: RasidError, tries: int) -> int:
    """In how many polls an entry that ended with `error` is tried, at least one.

    >>> allowed_tries(ExtractTimeout("http://example.org/: 20 s"), 5)
    2
    """
    if isinstance(error, ExtractTimeout | ExtractCrash):
        return min(KILLED_TRIES, tries)
    return tries if error.transient else 1


def _next(
    feed: FeedSource, now: datetime, every_s: float, *, failures: int = 0, asked_s: float | None = None
) -> datetime:
    if feed.interval_s is not None and not failures:
        return next_poll(now, feed_id=feed.id, every=timedelta(seconds=feed.interval_s))
    return next_poll(now, feed_id=feed.id, every=timedelta(seconds=every_s), failures=failures, asked_s=asked_s)


def _known_share(before: FeedState, parsed: ParsedFeed, taken: Taken) -> float:
    """How much of the feed had been there at the last poll; a feed that is read for the first time tells no rhythm."""
    if not parsed.window:
        listed = parsed.known + len(parsed.entries)
        return 1 - taken.fresh / listed if listed else 1.0
    if not before.window:
        return 0.5
    held = set(before.window)
    return sum(mark in held for mark in parsed.window) / len(parsed.window)


def _lying(before: FeedState, asked: Question, page: Page, parsed: ParsedFeed) -> bool:
    """Whether the feed's validators do not tell of its changes: seen when it is fetched whole, and until seen better.

    By its items, not by its body: a feed may tell the time of the request in each answer. By the entity tag where there
    is one, for a server then leaves the date out of account (RFC 9110, 13.1.3). One that never said "not modified" has
    not lied, though its tag may stay the same for ever.
    """
    if asked.conditional or not (before.etag or before.last_modified) or set(parsed.window) <= set(before.window):
        return before.lying
    same = page.etag == before.etag if before.etag else page.last_modified == before.last_modified
    return same and (before.lying or before.unchanged > 0)


def _moved(feed: FeedSource, before: FeedState, page: Page) -> FeedState:
    """What one more answer says of the feed's address; a redirect from a learned address starts the count anew."""
    if address(feed, before) != feed.url:
        return before
    if page.moved_to is None or page.moved_to == feed.url:
        return replace(before, url=None, moved_from=None, moved_to=None, moved_times=0)
    again = before.moved_from == feed.url and before.moved_to == page.moved_to
    times = before.moved_times + 1 if again else 1
    learned = page.moved_to if times >= CONFIRMED else None
    return replace(before, url=learned, moved_from=feed.url, moved_to=page.moved_to, moved_times=times)


def _link(page: Page, relation: str) -> str | None:
    return next((target for name, target in page.links if name == relation), None)
