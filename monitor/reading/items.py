"""Items as every format gives them, before they are cleaned into entries, and the mark by which one is known again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from xxhash import xxh3_64_hexdigest

from monitor.model import FeedWishes

FIRST_YEAR = 1990
"""What is dated earlier is not dated: zeros of a database, the beginning of an epoch."""


class Item(NamedTuple):
    """One item: link and guid raw, texts with their markup. `mark` is empty where it cannot be told."""

    link: str
    title: str
    summary: str = ""
    guid: str = ""
    author: str = ""
    published_at: datetime | None = None
    outlet: str = ""
    mark: str = ""


class Items(NamedTuple):
    """The items that were read, in feed order.

    `skipped` counts those beyond the cap and those that gave nothing, `known` those passed over by their marks;
    `window` has the marks of all, known or not, `waiting` those of the unknown ones that were beyond the cap.
    """

    title: str
    kind: str
    items: tuple[Item, ...]
    skipped: int = 0
    partial: bool = False
    known: int = 0
    window: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    wishes: FeedWishes = FeedWishes()


def mark_of(*parts: str) -> str:
    """A hash of all that one entry is made from: 16 hex digits of XXH3.

    `parts` must hold everything that reading the item looks at. Then an item whose mark is known gives the entry
    that it gave before, whatever else the feed has changed.
    """
    return xxh3_64_hexdigest("\x00".join(parts).encode("utf-8", "surrogatepass"))


def iso_time(value: str, *, naive: bool = False) -> datetime | None:
    """The moment that an ISO 8601 text names, in UTC; None for what is none, or has no offset.

    `naive` takes a time without offset, or a day alone, as UTC.
    """
    try:
        at = datetime.fromisoformat(value.strip())
        if at.tzinfo is None and naive:
            at = at.replace(tzinfo=UTC)
        return at.astimezone(UTC) if at.tzinfo is not None and at.year >= FIRST_YEAR else None
    except (ValueError, OverflowError):
        return None
