"""What one poll says of a feed's health, and which alarms begin or end by it.

Each rule errs on the side of silence: an operator who was called for nothing mutes the next call. So every threshold
has its reason beside it, and what may come and go with each poll stands for a while before it is called over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from monitor.errors import (
    EncodingBroken,
    FeedNotFeed,
    FetchDeadline,
    FetchRobots,
    FetchTruncated,
    FetchUnavailable,
)
from monitor.model import Alarm

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from monitor.model import FeedState, ParsedFeed

NOT_FEED: Final = FeedNotFeed.code
ENCODING: Final = EncodingBroken.code
ROBOTS: Final = FetchRobots.code
OVERRUN: Final = "E-FEED-OVERRUN"
VALIDATORS: Final = "E-FEED-VALIDATORS"
DATES: Final = "E-FEED-DATES"
SHORT: Final = "E-FEED-SHORT"
WALL: Final = "E-FEED-WALL"
GONE: Final = "E-FEED-GONE"
MOVED: Final = "E-FEED-MOVED"
FAILING: Final = "E-FEED-FAILING"
SILENT: Final = "E-FEED-SILENT"
NETWORK: Final = "E-NETWORK"
SCREEN_MISS: Final = "E-SCREEN-MISS"
BACKUP: Final = "E-BACKUP"

FULL_ITEMS: Final = 5
"""Items of a window that can be overrun: one of fewer is replaced by any busy hour, as its owner means it to be."""

SAME_DATES: Final = 5
"""Entries of one date to the second: two or three are one editor's stroke, five are the clock of the server."""

SHORT_PAGES: Final = 5
"""In a row. Where one article in five is a picture or a film, five in a row come by chance once in 3,000 articles."""

WALLED_PAGES: Final = 3
"""In a row. A wall is known by its words; one is a hiccup, two may be one page tried twice, three are meant."""

DAMAGED_SHARE: Final = 0.01
"""Of the characters of titles and summaries: one in a hundred breaks one word in twenty, and names go unseen. A summary
that is cut in the middle of a character has one in some hundreds."""
DAMAGED_LEAST: Final = 10
"""Fewer are a summary that was cut, or a headline with a row of question marks."""

PASSING: Final = timedelta(hours=1)
"""A page in place of a feed is first taken for maintenance, which is over within the hour or has its own words."""

NETWORK_FEEDS: Final = 5
"""Of fewer feeds, two thirds are one publisher's server."""
NETWORK_AFTER: Final = timedelta(minutes=15)
"""A line that is away for minutes is back before anybody has read that it is."""
_NETWORK_BEGINS, _NETWORK_LASTS = 2 / 3, 1 / 2
"""Shares of feeds without an answer; two of them, for feeds come back one by one."""

_DAY: Final = timedelta(days=1)
LEAST: Final = {
    OVERRUN: 7 * _DAY,  # it is a moment, and comes again on the next busy day while the feed is polled too rarely
    NOT_FEED: _DAY,  # some of a site's servers may answer with a page, the others with the feed
    ENCODING: _DAY,
    ROBOTS: _DAY,
    DATES: _DAY,
    SHORT: _DAY,  # one good article between bad ones begins the count anew
    WALL: _DAY,
    MOVED: _DAY,  # an address is forgotten when it fails, and learned anew from three redirects
}
"""How long an alarm stands at least: so often, at most, is word given of the same fault that comes and goes."""

_Look: TypeAlias = tuple[list[tuple[str, str]], set[str]]
"""Signs that hold, and the codes that were looked at."""

_PASSES: Final = frozenset({FetchUnavailable.code, FetchDeadline.code, FetchTruncated.code})


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """One poll of one feed, after all that follows from it.

    `parsed` is None where it failed or the body had not changed; `code` says why it failed. `known`: its entries that
    the archive had seen already, by any of their keys.
    """

    before: FeedState
    after: FeedState
    at: datetime
    parsed: ParsedFeed | None = None
    code: str | None = None
    known: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What a look at one feed has shown; at the watch itself where `feed_id` is None.

    `holding` are (code, sentence) pairs of what is wrong now. `spoken` are the codes the look can speak about: only
    these may be called over. A 304 says nothing of dates, so that it does not end an alarm about them.
    """

    feed_id: str | None
    holding: tuple[tuple[str, str], ...] = ()
    spoken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Alarms that begin and that are over. `dropped` end without a word: their feed is watched no more."""

    raised: tuple[Alarm, ...] = ()
    cleared: tuple[Alarm, ...] = ()
    dropped: tuple[Alarm, ...] = ()


def signs_of_poll(poll: Polled, *, failing: timedelta, network: bool = False) -> Signs:
    """What one poll shows of its feed.

    Args:
        poll: The poll, and the feed's state on either side of it.
        failing: How long a feed may fail before it is told.
        network: The watch itself has no network, and says so: a feed that did not answer is not blamed.

    Returns:
        Its signs. What the feed's state tells is spoken about by every poll, what its items tell by those that had
        items, what only a good answer disproves by good answers.
    """
    looks = [_state(poll.after), _failure(poll, failing, network=network) if poll.code else _answer()]
    if poll.parsed is not None:
        looks += [_overrun(poll, poll.parsed), _dates(poll.parsed), _damage(poll.parsed)]
    return Signs(
        feed_id=poll.after.feed_id,
        holding=tuple(sign for holding, _ in looks for sign in holding),
        spoken=frozenset(code for _, spoken in looks for code in spoken),
    )


def signs_of_network(states: Iterable[FeedState], standing: Iterable[Alarm], at: datetime) -> Signs:
    """Whether so many feeds do not answer at once that it is our network, not theirs.

    Args:
        states: Of the feeds of the configuration. Paused ones, and those already told to be failing, are left out.
        standing: All alarms that stand.
        at: Now.
    """
    alarms = tuple(standing)
    told = {alarm.feed_id for alarm in alarms if alarm.code == FAILING}
    asked = [state for state in states if not state.paused and state.feed_id not in told]
    away = sum(_away(state, at) for state in asked)
    share = _NETWORK_LASTS if any(alarm.code == NETWORK for alarm in alarms) else _NETWORK_BEGINS
    spoken = frozenset({NETWORK})
    if len(asked) < NETWORK_FEEDS or away < share * len(asked):
        return Signs(feed_id=None, spoken=spoken)
    sentence = f"{away} of {len(asked)} feeds do not answer at once: it seems to be the network of this watch"
    return Signs(feed_id=None, holding=((NETWORK, sentence),), spoken=spoken)


def changes(
    standing: Iterable[Alarm], signs: Iterable[Signs], at: datetime, *, feeds: Collection[str] | None = None
) -> Changes:
    """Which alarms begin and which are over.

    A sign raises an alarm where none stands. An alarm is over when a look could have seen its sign and did not, and it
    has stood for its `LEAST` time.

    Args:
        standing: All alarms that stand, one at most for a feed and a code.
        signs: Looks at feeds and at the watch, in the order in which alarms are to be told.
        at: Now.
        feeds: Ids of the feeds of the configuration; None where that is not looked at.
    """
    looks, alarms = tuple(signs), tuple(standing)
    dropped = tuple(
        alarm for alarm in alarms if alarm.feed_id is not None and feeds is not None and alarm.feed_id not in feeds
    )
    found = {(look.feed_id, code): message for look in looks for code, message in look.holding}
    spoken = {(look.feed_id, code) for look in looks for code in look.spoken}
    stands = {(alarm.feed_id, alarm.code): alarm for alarm in alarms if alarm not in dropped}
    return Changes(
        raised=tuple(
            Alarm(code=code, message=message, since=at, feed_id=feed_id)
            for (feed_id, code), message in found.items()
            if (feed_id, code) not in stands and (feeds is None or feed_id is None or feed_id in feeds)
        ),
        cleared=tuple(
            alarm
            for key, alarm in stands.items()
            if key in spoken and key not in found and at - alarm.since >= LEAST.get(alarm.code, timedelta())
        ),
        dropped=dropped,
    )


def in_words(span: timedelta) -> str:
    """A span of time by its two largest units.

    >>> in_words(timedelta(days=2, hours=4, minutes=59))
    '2 days 4 hours'
    """
    minutes = max(0, int(span.total_seconds() // 60))
    units = (("day", minutes // 1440), ("hour", minutes // 60 % 24), ("minute", minutes % 60))
    first = next((at for at, (_, count) in enumerate(units) if count), len(units) - 1)
    told = [_counted(count, unit) for unit, count in units[first : first + 2] if count]
    return " ".join(told) or "less than a minute"


def _state(after: FeedState) -> _Look:
    short, walled = after.short_pages, after.walled_pages
    looks = (
        (after.paused, GONE, "it says that it is gone for good (410), and is asked once a week from now on"),
        (after.url is not None, MOVED, f"it has moved for good to {after.url}: feeds.toml should have that address"),
        (after.lying, VALIDATORS, "it said that nothing had changed when its items had, and is now fetched whole"),
        (short >= SHORT_PAGES, SHORT, f"its last {short} articles held hardly any text"),
        (walled >= WALLED_PAGES, WALL, f"its last {walled} articles were walls (robot check, consent, subscription)"),
    )
    return [sign for look in looks for sign in _held(*look)], {code for _, code, _ in looks}


def _failure(poll: Polled, failing: timedelta, *, network: bool) -> _Look:
    """What a poll that failed shows; it disproves nothing. What has a name of its own is not called failing too."""
    lasted = timedelta() if poll.after.failing_since is None else poll.at - poll.after.failing_since
    told, sentence = {
        ROBOTS: (True, "its site's robots.txt asks us to stay away, so that it is not read any more"),
        NOT_FEED: (lasted >= PASSING, f"it has answered with something else than a feed for {in_words(lasted)}"),
        ENCODING: (lasted >= PASSING, f"no charset has made sense of its bytes for {in_words(lasted)}"),
    }.get(poll.code or "", (False, ""))
    if sentence:
        return _held(told, poll.code or "", sentence), set()
    tries = _counted(poll.after.failures, "try", "tries")
    sentence = f"it has failed for {in_words(lasted)}, {tries} in a row, the last with {poll.code}"
    excused = poll.after.paused or (network and poll.code in _PASSES)
    return _held(lasted >= failing and not excused, FAILING, sentence), set()


def _answer() -> _Look:
    """What any good answer disproves, a 304 too: its validators were kept from a body that could be read."""
    return [], {FAILING, NOT_FEED, ROBOTS}


def _overrun(poll: Polled, parsed: ParsedFeed) -> _Look:
    """No item in common with the window before, and none that was known: others may have passed in between.

    A window that has become smaller was emptied, not overrun: a feed of today's articles is, every midnight.
    """
    then, now = poll.before.window, parsed.window
    if parsed.partial or len(then) < FULL_ITEMS or not now:
        return [], set()
    overrun = len(now) >= len(then) and not (poll.known or parsed.known) and set(then).isdisjoint(now)
    last = poll.before.last_ok_at
    since = "" if last is None else f" {in_words(poll.at - last)} ago"
    sentence = (
        f"none of the {len(then)} items it held{since} is there any more: articles in between may have been missed"
    )
    return _held(overrun, OVERRUN, sentence), {OVERRUN}


def _dates(parsed: ParsedFeed) -> _Look:
    """Whether its dates are those of the request instead of the articles'.

    A date on a full minute is left alone: it is a bare day written as midnight, or articles set to appear together. A
    request falls on one once in sixty, and the next one will not.
    """
    dates = [entry.published_at for entry in parsed.entries if entry.published_at is not None]
    if len(set(dates)) > 1:
        return [], {DATES}
    if len(dates) < SAME_DATES or dates[0].second == 0:
        return [], set()
    sentence = f"all {len(dates)} items bear the same date, {dates[0]:%Y-%m-%d %H:%M:%S} UTC: it is not their own"
    return [(DATES, sentence)], {DATES}


def _damage(parsed: ParsedFeed) -> _Look:
    total = sum(len(entry.title) + len(entry.summary) for entry in parsed.entries)
    if not total:
        return [], set()
    bad = parsed.damaged >= max(DAMAGED_LEAST, DAMAGED_SHARE * total)
    return _held(bad, ENCODING, f"{parsed.damaged} of {total} characters in titles and summaries cannot be read"), {
        ENCODING
    }


def _away(state: FeedState, at: datetime) -> bool:
    since = state.failing_since
    return state.last_error_code in _PASSES and since is not None and at - since >= NETWORK_AFTER


def _held(holds: bool, code: str, sentence: str) -> list[tuple[str, str]]:  # noqa: FBT001 - the first word of a sentence
    return [(code, sentence)] if holds else []


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
