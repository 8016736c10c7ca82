"""When to poll a feed or send an alert next. Pure: the caller brings the time, and chance comes from ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from xxhash import xxh64_intdigest

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_LIVELY, _QUIET = 1 / 3, 2 / 3
"""Shares of a feed's items that were known: under the first something may soon be missed, over the second we come too
often. Between them a window is half new at each poll, which is where a feed is polled least for all of its items."""
_SOONER, _LATER = 0.5, 1.5
_DAY_S = 86_400.0
_SHORTEST_ASKED_S = 60.0
_SPREAD = 0.1
_MAX_DOUBLINGS = 20
_MAX_SECONDS_DIGITS = 9

# Standard Webhooks 1.0, "Retries and deliverability": the first try at once, nine more over 75 h 35 min.
_SEND_WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MAX_TRIES = len(_SEND_WAITS) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """How often a feed may be polled: `start` until its rhythm is known, then between `fastest` and `slowest`."""

    start: timedelta
    fastest: timedelta = timedelta(minutes=5)
    slowest: timedelta = _DAY


def learned_interval(interval_s: float | None, known_share: float, tempo: Tempo) -> float:
    """The interval of a feed after one more poll: sooner where little was known, later where nearly all was.

    Args:
        interval_s: What was learned before, in seconds; None in the beginning.
        known_share: Share of the feed's items that had been there at the last poll, 0..1; 1 for an unchanged feed.
        tempo: The bounds.

    Returns:
        Seconds, within the bounds.
    """
    factor = _SOONER if known_share < _LIVELY else _LATER if known_share > _QUIET else 1.0
    before = tempo.start.total_seconds() if interval_s is None else interval_s
    return min(max(before * factor, tempo.fastest.total_seconds()), tempo.slowest.total_seconds())


def next_poll(
    now: datetime, *, feed_id: str, every: timedelta, failures: int = 0, asked_s: float | None = None
) -> datetime:
    """When to poll next: `every`, doubled per failure in a row up to one day, spread by up to a tenth.

    Args:
        now: When the poll ended; aware.
        feed_id: What the spread derives from, so that feeds of one interval do not all come due at once.
        every: The interval of a healthy feed.
        failures: Doublings: failures in a row, this poll's included; 0 after a success.
        asked_s: What feed or server asked for (Retry-After, Cache-Control, ttl): never polled sooner, within
            a minute to a day.

    Returns:
        At least `every` from `now`.
    """
    cap = max(_DAY, every)
    wait = min(every * (1 << min(max(failures, 0), _MAX_DOUBLINGS)), cap)
    wait = min(wait * (1 + _SPREAD * _fraction(feed_id)), cap)
    return now + max(wait, timedelta(seconds=_asked(asked_s)))


def next_poll_of_paused(now: datetime) -> datetime:
    """When to look again at a feed that said it is gone: 410 may be a mistake, and nothing is forgotten for good."""
    return now + _WEEK


def is_due(next_poll_at: datetime, now: datetime) -> bool:
    """Whether a stored moment has come, or lies so far ahead that a clock must have been wrong when it was stored."""
    return next_poll_at <= now or next_poll_at > now + _WEEK + _DAY


def next_check(first_seen: datetime, now: datetime, *, floor: timedelta, until: timedelta) -> datetime | None:
    """When an article is read again, for silent edits: after as long again as it has been known, at most a day.

    Most edits come in the first hours, so staleness is kept in proportion to age: a dozen readings in two weeks.

    Args:
        first_seen: When it was first read; aware.
        now: When it was last read.
        floor: Shortest interval.
        until: Age after which it is read no more.

    Returns:
        None where the next time would lie beyond that age.
    """
    at = now + min(max(now - first_seen, floor), max(_DAY, floor))
    return at if at - first_seen <= until else None


def next_delivery(
    attempts: int, now: datetime, retry_after_s: float | None = None, spread: str = ""
) -> datetime | None:
    """When to send again after a try that failed but may succeed later; None once all ten are used.

    Args:
        attempts: Tries made so far, the failed one included: 1 or more.
        now: When that try ended; aware.
        retry_after_s: What the receiver asked for; never tried sooner, within a minute to a day.
        spread: The delivery's id. Waits are up to a tenth longer by it, so that a receiver that comes back
            is not met by everything at once.
    """
    if not 1 <= attempts < MAX_TRIES:
        return None
    wait = _SEND_WAITS[attempts - 1] * (1 + _SPREAD * _fraction(f"{spread}/{attempts}"))
    return now + max(wait, timedelta(seconds=_asked(retry_after_s)))


def next_digest(now: datetime, *, hour: int) -> datetime:
    """When what can wait goes out: the next full `hour` (0 to 23, of the zone of `now`) that is still to come."""
    at = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return at if at > now else at + _DAY


def last_of_hours(now: datetime, hours: tuple[int, ...]) -> datetime | None:
    """The last of the full `hours` (0 to 23, of the zone of `now`) that has come, today or yesterday; None of none."""
    today = now.replace(minute=0, second=0, microsecond=0)
    times = [today.replace(hour=hour) - day for hour in hours for day in (timedelta(), _DAY)]
    return max((at for at in times if at <= now), default=None)


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for (RFC 9110, 10.2.3: a number, or an HTTP date).

    Args:
        value: The header's value; None where there is none.
        now: What a date is counted from; aware.

    Returns:
        0 to 86,400; a longer wish becomes a day, a date gone by becomes 0. None for what is neither.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return _DAY_S if len(text) > _MAX_SECONDS_DIGITS else min(float(text), _DAY_S)
    try:
        at = parsedate_to_datetime(text)
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return min(max(seconds, 0.0), _DAY_S)


def _asked(seconds: float | None) -> float:
    return 0.0 if seconds is None else min(max(seconds, _SHORTEST_ASKED_S), _DAY_S)


def _fraction(seed: str) -> float:
    """A number in [0, 1) that is always the same for one seed, and evenly spread over many."""
    return xxh64_intdigest(seed.encode()) / 2**64
