"""Whether a feed has gone quiet, what the screen has missed, and the figures of the heartbeat."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.deciding.alarms import SCREEN_MISS, SILENT, Signs, in_words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.model import FeedState
    from monitor.ports import Counts, Volume

_DAY: Final = timedelta(days=1)
WEEK: Final = 7 * _DAY
MONTH: Final = 28 * _DAY
SETTLED: Final = _DAY
"""What a feed brings in its first day is what it had before we came."""

LEAST_HISTORY: Final = WEEK
"""Every day of the week has been seen once: some outlets rest on Fridays."""
LEAST_ENTRIES: Final = 20
"""The longest of fewer silences says little about the next one."""

LEAST_SILENCE: Final = timedelta(hours=12)
"""A night, and the morning after a late evening."""
LONGER_THAN_LONGEST: Final = 2.5
"""Of forty feeds that post in bursts by day, seldom on Fridays, and never stop, twice their longest silence calls up to
nine quiet in a year, this one or two, three times it none, but half a day later where a feed is lively."""
UNLIKELY: Final = 1 / 1000
"""Chance, in a month, of a silence at which a steady feed is called quiet. With forty feeds: once in two years."""
BURST: Final = 2
"""Variance of a count of articles over that of a Poisson count: they come in twos and threes, with longer silences."""

LEAST_EXPECTED: Final = 28
"""Articles in a week, four a day. Where they come in bursts, a week has under a quarter of 28 with chance 1e-4. With 12
it is 7e-3, and 5e-4 without bursts, which is one false alarm a year with forty feeds."""
LOW, RECOVERED = 1 / 4, 1 / 2
"""Shares of what is expected: where a feed is called quiet, and where no longer. A holiday halves an output."""
LEAST_WATCHED: Final = 3 * _DAY
"""Of the week, its longest silence aside: less than that may be nights."""


def signs_of_volume(volume: Volume, state: FeedState, at: datetime, *, standing: bool = False) -> Signs:
    """Whether one feed has gone quiet, by what it used to bring.

    Args:
        volume: Figures of the feed, taken `at`.
        state: Where it stands. Of one that fails or is paused nothing is said.
        at: Now.
        standing: It has been called quiet, and it is asked whether that is over.

    Returns:
        Its silence, if it has any, by two rules: it brings nothing at all for longer than chance and habit explain, or
        it brings much less than in the three weeks before. Silence is counted up to the last good answer, so that a
        watch that slept takes no feed for quiet.
    """
    if state.failures or state.paused or state.last_ok_at is None:
        return Signs(feed_id=volume.feed_id)
    # Another feed may have brought its articles first: they are no article of its own, but no silence either.
    told_at = max(volume.last_at, state.new_at or volume.last_at)
    sentence = _silence(volume, state.last_ok_at - told_at) or _trickle(volume, at, RECOVERED if standing else LOW)
    holding = ((SILENT, sentence),) if sentence else ()
    return Signs(feed_id=volume.feed_id, holding=holding, spoken=frozenset({SILENT}))


def signs_of_screen(sampled: int, in_scope: int, days: int) -> Signs:
    """Whether articles that the screen had put aside turned out in scope; one is enough, for it stands for many.

    Args:
        sampled: Articles of the last `days` days that were screened out, and read all the same.
        in_scope: How many of them were in scope.
        days: How far back was looked.
    """
    sentence = (
        f"{in_scope} of {sampled} sampled articles that title and summary had put aside in {days} days were in scope"
    )
    holding = ((SCREEN_MISS, sentence),) if in_scope else ()
    return Signs(feed_id=None, holding=holding, spoken=frozenset({SCREEN_MISS}))


def heartbeat_figures(states: Iterable[FeedState], feeds: int, counts: Counts) -> tuple[tuple[str, int], ...]:
    """What the heartbeat tells, in order.

    Args:
        states: Of the feeds of the configuration.
        feeds: How many those are; one that was never polled is neither healthy nor failing.
        counts: What was done since the last heartbeat.
    """
    known = tuple(states)
    failing = sum(bool(state.failures) for state in known)
    return (
        ("feeds", feeds),
        ("healthy", sum(not state.failures and state.last_ok_at is not None for state in known)),
        ("failing", failing),
        ("polls", counts.polls),
        ("entries", counts.entries),
        ("read", counts.read),
        ("in_scope", counts.in_scope),
        ("alerts", counts.alerts),
        ("waiting", counts.waiting),
        ("dead", counts.dead),
    )


def longest_expected(volume: Volume) -> timedelta | None:
    """The silence up to which a feed is not called quiet; None while too little is known of it.

    The longest of: half a day; two and a half times its longest silence of the month, by which nights, weekends and
    holidays are allowed for; and what bursts that come at its rate, by a Poisson process, pass once in a thousand
    months. Of n gaps of mean length m, one is longer than m·ln(n/p) with chance p at most.
    """
    watched = volume.last_at - max(volume.first_at + SETTLED, volume.last_at - MONTH)
    if volume.entries < LEAST_ENTRIES or watched < LEAST_HISTORY:
        return None
    bursts = volume.entries / BURST
    by_chance = watched / bursts * math.log(bursts / UNLIKELY)
    return max(LEAST_SILENCE, LONGER_THAN_LONGEST * timedelta(seconds=volume.longest_gap_s), by_chance)


def _silence(volume: Volume, silence: timedelta) -> str | None:
    longest = longest_expected(volume)
    if longest is None or silence <= longest:
        return None
    usual = in_words(timedelta(seconds=volume.longest_gap_s))
    return f"no new article for {in_words(silence)}; the longest silence of the 28 days before was {usual}"


def _trickle(volume: Volume, at: datetime, share: float) -> str | None:
    """Whether the last week brought less than `share` of what the three weeks before it lead to expect.

    The longest silence of the week is left out of the reckoning: a whole stop is the other rule's, and after an outage
    of the feed or of the watch a feed's window holds only the last of what was missed. What stays low for four weeks is
    what the feed is by then.
    """
    known = at - WEEK - max(volume.first_at + SETTLED, at - MONTH)
    watched = WEEK - timedelta(seconds=volume.week_gap_s)
    if known < LEAST_HISTORY or watched < LEAST_WATCHED:
        return None
    expected = volume.before * (watched / known)
    if expected < LEAST_EXPECTED or volume.week >= share * expected:
        return None
    articles = "1 new article" if volume.week == 1 else f"{volume.week} new articles"
    return f"{articles} in 7 days, where the three weeks before lead to expect {round(expected)}"
