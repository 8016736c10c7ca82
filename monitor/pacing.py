"""When to poll a feed or send an alert next. Pure: the caller brings the time, and chance comes from ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from xxhash import xxh64_intdigest

_DAY = timedelta(days=1)
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


def next_poll(
    now: datetime,
    *,
    feed_id: str,
    every: timedelta,
    failures: int = 0,
    retry_after_s: float | None = None,
) -> datetime:
    """When to poll next: `every`, doubled per failure in a row up to one day, spread by up to a tenth.

    Args:
        now: When the poll ended; aware.
        feed_id: What the spread derives from, so that feeds of one interval do not all come due at once.
        every: The interval of a healthy feed.
        failures: Failures in a row, this poll's included; 0 after a success.
        retry_after_s: What the server asked for, as `retry_after` gives it: never polled sooner, within
            a minute to a day.

    Returns:
        At least `every` from `now`.
    """
    cap = max(_DAY, every)
    wait = min(every * (1 << min(max(failures, 0), _MAX_DOUBLINGS)), cap)
    wait = min(wait * (1 + _SPREAD * _fraction(feed_id)), cap)
    return now + max(wait, timedelta(seconds=_asked(retry_after_s)))


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
