"""What the archive says of the watch itself: how much each feed brings, what was done, what the screen missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from monitor.ports import Counts, Volume
from storage.connection import rows
from storage.rows import from_row, stamp

if TYPE_CHECKING:
    from sqlite_utils import Database

    from monitor.model import NoticeKind

_WEEK: Final = timedelta(days=7)
_MONTH: Final = timedelta(days=28)

# An article is one address: its failed tries are rows as well. Moments are compared as text, which is their order; gaps
# are taken in seconds. SQLite's own stamps are shorter than ours and sort before those of the same millisecond.
_VOLUMES: Final = """
WITH known AS MATERIALIZED (
    SELECT feed_id, first_at, last_at, strftime('%Y-%m-%dT%H:%M:%f', first_at, '+1 day') AS settled,
        strftime('%Y-%m-%dT%H:%M:%f', last_at, '-28 days') AS month_of_last
    FROM (
        SELECT feed_id, (SELECT min(at) FROM entries e WHERE e.feed_id = f.feed_id) AS first_at,
            (SELECT max(at) FROM entries e WHERE e.feed_id = f.feed_id) AS last_at
        FROM feeds f
    ) WHERE first_at IS NOT NULL
), articles_of AS MATERIALIZED (
    SELECT k.feed_id, min(e.at) AS at, unixepoch(min(e.at), 'subsec') AS s
    FROM known k JOIN entries e ON e.feed_id = k.feed_id AND e.at >= k.month_of_last
    GROUP BY k.feed_id, e.url
), gaps AS (
    SELECT feed_id, at, s, lag(at) OVER feed AS previous, lag(s) OVER feed AS previous_s
    FROM articles_of WINDOW feed AS (PARTITION BY feed_id ORDER BY at)
)
SELECT feed_id, first_at, last_at,
    count(*) FILTER (WHERE at >= settled) AS entries,
    coalesce(max(s - previous_s) FILTER (WHERE previous >= settled), 0.0) AS longest_gap_s,
    count(*) FILTER (WHERE at >= :week) AS week,
    max(coalesce(max(s - max(coalesce(previous_s, :week_s), :week_s)) FILTER (WHERE at >= :week), 0.0),
        :now_s - max(unixepoch(last_at, 'subsec'), :week_s)) AS week_gap_s,
    count(*) FILTER (WHERE at >= settled AND at >= :month AND at < :week) AS before
FROM gaps JOIN known USING (feed_id) GROUP BY feed_id ORDER BY feed_id
"""

# `nothing_new` and `alerted` are in scope by definition, a duplicate if its article is.
_READ: Final = "('off_topic', 'duplicate', 'nothing_new', 'alerted')"
_IN_SCOPE: Final = """(e.outcome IN ('nothing_new', 'alerted') OR (e.outcome = 'duplicate' AND EXISTS (
    SELECT 1 FROM articles a JOIN versions v ON v.id = a.version_id WHERE a.id = e.article_id AND v.in_scope)))"""

_COUNTS: Final = f"""
SELECT (SELECT count(*) FROM fetches WHERE at >= :since) AS polls,
    count(DISTINCT e.url) AS entries,
    count(DISTINCT e.url) FILTER (WHERE e.outcome IN {_READ}) AS "read",
    count(DISTINCT e.url) FILTER (WHERE {_IN_SCOPE}) AS in_scope,
    (SELECT count(*) FROM alerts WHERE first_seen >= :since) AS alerts,
    (SELECT count(*) FROM deliveries WHERE state = 'queued') AS waiting,
    (SELECT count(*) FROM deliveries WHERE state = 'dead' AND tried_at >= :since) AS dead
FROM entries e WHERE e.at >= :since AND e.feed_id IS NOT NULL
"""  # noqa: S608 - fixed texts

_SAMPLE: Final = f"""
SELECT count(DISTINCT e.url) AS sampled, count(DISTINCT e.url) FILTER (WHERE {_IN_SCOPE}) AS in_scope
FROM entries e WHERE e.at >= :since AND e.screen = 'sampled' AND e.outcome IN {_READ}
"""  # noqa: S608 - fixed texts


def volumes(db: Database, now: datetime) -> tuple[Volume, ...]:
    """How many new articles each feed has brought, by feed id; without feeds that have brought none.

    An article counts once, for the feed that brought it first, at the moment of its first entry.
    """
    week = now - _WEEK
    asked = {
        "now_s": now.timestamp(),
        "week": stamp(week),
        "week_s": week.timestamp(),
        "month": stamp(now - _MONTH),
    }
    return tuple(from_row(Volume, row) for row in rows(db, _VOLUMES, asked))


def counts_since(db: Database, since: datetime) -> Counts:
    """What was done since a moment. Polls are counted in the feeds' logs, which hold the last of each only."""
    (found,) = rows(db, _COUNTS, {"since": stamp(since)})
    return from_row(Counts, found)


def screen_sample(db: Database, since: datetime) -> tuple[int, int]:
    """Articles that were screened out and read all the same since a moment: how many, and how many were in scope."""
    (found,) = rows(db, _SAMPLE, {"since": stamp(since)})
    return found["sampled"], found["in_scope"]


def last_notice_at(db: Database, kind: NoticeKind) -> datetime | None:
    """When the last notice of a kind was made, None before the first."""
    (found,) = rows(db, "SELECT max(at) AS at FROM notices WHERE kind = :kind", {"kind": kind.value})
    return None if found["at"] is None else datetime.fromisoformat(found["at"])
