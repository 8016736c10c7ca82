"""Which articles are read again, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.ports import DueCheck
from storage.connection import rows
from storage.rows import from_row, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlite_utils import Database

    from monitor.ports import NextCheck

# The stalest for their age first: staleness is the time since the last look, and cannot exceed the age. Asked every few
# seconds, so it goes from what is due to its first entry, by index both: the entries of all articles are a long walk.
_DUE: Final = """
SELECT a.id AS article_id, e.feed_id, v.url, v.outlet, v.owner, v.byline, v.published_at, v.published_source,
    coalesce(s.exact, '') AS exact, min(a.first_seen, coalesce(v.published_at, a.first_seen)) AS first_seen
FROM articles a JOIN versions v ON v.id = a.version_id LEFT JOIN signatures s ON s.version_id = v.id
JOIN entries e ON e.id = (
    SELECT id FROM entries WHERE article_id = a.id AND feed_id IS NOT NULL ORDER BY at LIMIT 1
)
WHERE a.next_check_at <= :now
ORDER BY (julianday(:now) - julianday(a.checked_at)) / (1e-6 + julianday(:now) - julianday(a.first_seen)) DESC, a.number
LIMIT :limit
"""

_CHECK: Final = """
UPDATE articles SET checked_at = :checked_at, next_check_at = :next_at WHERE id = :article_id
"""


def due_checks(db: Database, now: datetime, limit: int) -> tuple[DueCheck, ...]:
    """Articles to be read again by `now`, the stalest for their age first."""
    return tuple(from_row(DueCheck, row) for row in rows(db, _DUE, {"now": stamp(now), "limit": limit}))


def store_checks(db: Database, checks: Iterable[NextCheck]) -> None:
    """Keep when articles were looked at, and when they are next."""
    for check in checks:
        next_at = None if check.next_at is None else stamp(check.next_at)
        values = {"article_id": check.article_id, "checked_at": stamp(check.checked_at), "next_at": next_at}
        db.execute(_CHECK, values)
