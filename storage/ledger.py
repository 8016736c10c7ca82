"""The statements of one commit. Ids come from content and nothing is overwritten, so a repeat changes nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from monitor.model import Alert, Notice
from storage.connection import rows
from storage.fulltext import index_row
from storage.pages import compressed
from storage.recalling import bands
from storage.rows import digest, dump, meeting_people, stamp, to_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlite_utils import Database

    from monitor.model import Alarm, Decision, Delivery, FeedState, MeetingLink, Reading, Related
    from monitor.ports import EntryRecord
    from storage.rows import Row

FETCHES_KEPT: Final = 320
"""A feed's log; at a poll every five minutes, a day and two hours: what a daily heartbeat counts."""

_FORGET_FETCHES = """
DELETE FROM fetches WHERE feed_id = :feed_id AND number <= (
    SELECT number FROM fetches WHERE feed_id = :feed_id ORDER BY number DESC LIMIT 1 OFFSET :kept
)
"""

_ENTRY = """
INSERT INTO entries (id, feed_id, url, title, outcome, at, article_id, code, message, screen)
VALUES (:id, :feed_id, :url, :title, :outcome, :at, :article_id, :code, :message,
    :screen)
ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, at = excluded.at, article_id = excluded.article_id,
    code = excluded.code, message = excluded.message, screen = excluded.screen
WHERE excluded.at > entries.at
"""

_ARTICLE = """
INSERT INTO articles (id, version_id, first_seen) VALUES (:id, :version_id, :first_seen)
ON CONFLICT (id) DO UPDATE SET version_id = excluded.version_id
"""

_PERSON = """
INSERT INTO people VALUES (:id, :first_seen, :last_seen)
ON CONFLICT (id) DO UPDATE SET first_seen = min(first_seen, excluded.first_seen),
    last_seen = max(last_seen, excluded.last_seen)
"""

_ORIGIN = """
INSERT INTO origins VALUES (:id, :first_seen, :last_seen)
ON CONFLICT (id) DO UPDATE SET first_seen = min(first_seen, excluded.first_seen),
    last_seen = max(last_seen, excluded.last_seen)
"""

_ROLE = """
INSERT INTO roles VALUES (:id, :person, :office, :rank, :country, :first_seen, :last_seen, :version_id)
ON CONFLICT (id) DO UPDATE SET first_seen = min(first_seen, excluded.first_seen),
    last_seen = max(last_seen, excluded.last_seen)
"""

_MEETING = """
INSERT INTO meetings VALUES (:id, :venue, :place, :country, :date_from, :date_to, :date_source, :mode, :status,
    :start, :end, :main, :first_seen, :last_seen)
ON CONFLICT (id) DO UPDATE SET first_seen = min(first_seen, excluded.first_seen),
    last_seen = max(last_seen, excluded.last_seen), venue = excluded.venue, place = excluded.place,
    country = excluded.country, date_from = excluded.date_from, date_to = excluded.date_to,
    date_source = excluded.date_source, mode = excluded.mode, status = excluded.status,
    "start" = excluded."start", "end" = excluded."end", main = excluded.main
"""

# An alarm that began after the one that is over stands on its own: a repeat of an old commit does not end it.
_CLEAR = """
UPDATE alarms SET cleared_at = :at
WHERE cleared_at IS NULL AND feed_id IS :feed_id AND code = :code AND since <= :since
"""


def store_feed(db: Database, state: FeedState, entries: int, at: datetime) -> None:
    """Keep where a feed stands, and a line in its log."""
    _upsert(db, "feeds", "feed_id", to_row(state))
    fetch = {
        "id": digest(dump(state)),
        "feed_id": state.feed_id,
        "at": stamp(at),
        "ok": int(state.last_error_code is None),
        "code": state.last_error_code,
        "message": state.last_error,
        "entries": entries,
    }
    insert(db, "fetches", [fetch])
    db.execute(_FORGET_FETCHES, {"feed_id": state.feed_id, "kept": FETCHES_KEPT})


def store_entries(db: Database, entries: Iterable[EntryRecord]) -> None:
    """Remember how entries ended, under each of their keys."""
    for entry in entries:
        entry_id = digest(entry.feed_id, entry.url, *entry.keys)
        db.execute(_ENTRY, {"id": entry_id, **to_row(entry, "keys")})
        insert(db, "entry_keys", [{"key": key, "entry_id": entry_id} for key in entry.keys])


def store_decision(db: Database, decision: Decision, raw: bytes | None) -> None:
    """Store one article with all that was decided about it; a text the article had before is a no-op."""
    article = decision.reading.article
    version_id = digest(article.id, article.text)
    if rows(db, "SELECT 1 FROM versions WHERE id = :id", {"id": version_id}):
        return
    _store_version(db, decision, version_id, raw)
    _store_index(db, article.id)
    _store_parts(db, decision.reading, version_id)
    _store_people(db, decision.reading, version_id)
    seen = stamp(article.fetched_at)
    for link in decision.meetings:
        _store_meeting(db, link, seen)
    _store_claims(db, decision, version_id, seen)
    insert(db, "alerts", map(alert_row, decision.alerts))


def store_alarms(db: Database, raised: Iterable[Alarm], cleared: Iterable[Alarm], at: datetime) -> None:
    """End the standing alarms of `cleared`'s feeds and codes, then let those `raised` stand that do not yet."""
    for alarm in cleared:
        db.execute(_CLEAR, {**to_row(alarm, "message"), "at": stamp(at)})
    insert(db, "alarms", [{"id": _alarm_id(alarm), **to_row(alarm)} for alarm in raised])


def store_notices(db: Database, notices: Iterable[Notice]) -> None:
    """Keep notices whole; one that is there already stays as it is."""
    insert(db, "notices", [{**to_row(one, "alarms", "figures"), "value": dump(one)} for one in notices])


def queue(db: Database, deliveries: Sequence[Delivery]) -> None:
    """Put deliveries into the outbox; one that is there already stays as it is."""
    contents = [delivery.content for delivery in deliveries]
    insert(db, "alerts", [alert_row(content) for content in contents if isinstance(content, Alert)])
    store_notices(db, [content for content in contents if isinstance(content, Notice)])
    insert(db, "deliveries", map(_delivery_row, deliveries))


def index_article(db: Database, row: Row) -> None:
    """Index an article's current text anew; `row` holds its number, title and text."""
    title, body, stems = index_row(row["title"], row["text"])
    db.execute("DELETE FROM article_search WHERE rowid = :number", {"number": row["number"]})
    db.execute(
        "INSERT INTO article_search (rowid, title, body, stems) VALUES (:number, :title, :body, :stems)",
        {"number": row["number"], "title": title, "body": body, "stems": stems},
    )


def insert(db: Database, table: str, records: Iterable[Row]) -> None:
    """Insert rows of one shape; one whose key is there already is left as it is.

    Not by `insert_all(ignore=True)`: OR IGNORE drops a row that lacks a required value, too, and says nothing.
    """
    found = list(records)
    if not found:
        return
    names = ", ".join(f'"{name}"' for name in found[0])
    values = ", ".join(f":{name}" for name in found[0])
    # Table and column names are this package's own, never input.
    sql = f'INSERT INTO "{table}" ({names}) VALUES ({values}) ON CONFLICT DO NOTHING'  # noqa: S608
    db.conn.executemany(sql, found)


def _upsert(db: Database, table: str, key: str, row: Row) -> None:
    """Insert one row, or bring all of its columns up to date."""
    names = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    fresh = ", ".join(f'"{name}" = excluded."{name}"' for name in row if name != key)
    # Table and column names are this package's own, never input.
    sql = f'INSERT INTO "{table}" ({names}) VALUES ({values}) ON CONFLICT ("{key}") DO UPDATE SET {fresh}'  # noqa: S608
    db.execute(sql, row)


def alert_row(alert: Alert) -> Row:
    """An alert whole, with the columns it is looked up by."""
    names = ("id", "urgency", "relation", "meeting_id", "article_id", "outlet", "first_seen")
    row = to_row(alert)
    return {**{name: row[name] for name in names}, "value": dump(alert)}


def _store_version(db: Database, decision: Decision, version_id: str, raw: bytes | None) -> None:
    reading = decision.reading
    article = reading.article
    db.execute(_ARTICLE, {"id": article.id, "version_id": version_id, "first_seen": stamp(article.fetched_at)})
    (before,) = rows(db, "SELECT count(*) AS n FROM versions WHERE article_id = :id", {"id": article.id})
    version = {
        **to_row(article),
        "id": version_id,
        "article_id": article.id,
        "number": before["n"] + 1,
        "outcome": decision.outcome.value,
        "duplicate_of": decision.duplicate_of,
        "in_scope": int(reading.in_scope),
        "grade": reading.grade.value,
        "origin": reading.origin,
        "language": reading.language,
        "text_sha256": hashlib.sha256(article.text.encode()).hexdigest(),
    }
    insert(db, "versions", [version if raw is None else version | compressed(db, raw)])


def _store_index(db: Database, article_id: str) -> None:
    (row,) = rows(
        db,
        "SELECT a.number, v.title, v.text FROM articles a JOIN versions v ON v.id = a.version_id WHERE a.id = :id",
        {"id": article_id},
    )
    index_article(db, row)


def _store_parts(db: Database, reading: Reading, version_id: str) -> None:
    key = {"version_id": version_id}
    signature = reading.signature
    insert(db, "signatures", [key | to_row(signature)])
    insert(db, "signature_bands", [key | {"value": value} for value in bands(signature)])
    insert(db, "segments", [{**key, "position": at, **to_row(one)} for at, one in enumerate(reading.segments)])
    insert(db, "leads", [{**key, "position": at, **to_row(one)} for at, one in enumerate(reading.leads)])


def _store_people(db: Database, reading: Reading, version_id: str) -> None:
    seen = stamp(reading.article.fetched_at)
    times = {"first_seen": seen, "last_seen": seen}
    for person in sorted({mention.person for mention in reading.people}):
        db.execute(_PERSON, {"id": person, **times})
    mentions = [
        {"version_id": version_id, "position": at, **to_row(mention)} for at, mention in enumerate(reading.people)
    ]
    insert(db, "person_mentions", mentions)
    form = ("person", "form", "suspected_typo", "version_id")
    insert(db, "name_forms", [{name: row[name] for name in form} for row in mentions])
    for row in mentions:
        held = [row[name] for name in ("person", "office", "rank", "country")]
        if row["office"] or row["rank"]:
            db.execute(_ROLE, {"id": digest(*held), **row, **times})


def _store_meeting(db: Database, link: MeetingLink, seen: str) -> None:
    meeting = to_row(link.merged, "principals", "counterparts")
    db.execute(_MEETING, {"id": link.id, **meeting, "first_seen": seen, "last_seen": seen})
    db.execute("DELETE FROM meeting_people WHERE meeting_id = :id", {"id": link.id})
    insert(db, "meeting_people", meeting_people(link.id, link.merged))


_JOIN = (
    "UPDATE claims SET same_as = :claim WHERE id = :other OR same_as = :other",
    "UPDATE mentions SET claim_id = :claim WHERE claim_id = :other",
    "UPDATE relations SET nearest = :claim WHERE nearest = :other",
    "UPDATE mutes SET target = :claim WHERE kind = 'claim' AND target = :other",
)
"""What is one claim has one id from here on; the other id still leads to it."""


def _store_claims(db: Database, decision: Decision, version_id: str, seen: str) -> None:
    origins = {related.mention.origin for related in decision.relations} | {decision.reading.origin}
    for origin in sorted(origins - {None}, key=str):
        db.execute(_ORIGIN, {"id": origin, "first_seen": seen, "last_seen": seen})
    key = {"article_id": decision.reading.article.id, "version_id": version_id}
    insert(db, "claims", [_claim_row(related, seen) for related in decision.relations])
    insert(db, "mentions", [_mention_row(related) | key for related in decision.relations])
    insert(
        db,
        "relations",
        [
            {"version_id": version_id, **to_row(related, "claim_id", "meeting_id", "mention", "joins")}
            for related in decision.relations
        ],
    )
    for related in decision.relations:
        for other in related.joins:
            for statement in _JOIN:
                db.execute(statement, {"claim": related.claim_id, "other": other})


def _claim_row(related: Related, seen: str) -> Row:
    return {
        "id": related.claim_id,
        "meeting_id": related.meeting_id,
        "kind": related.mention.kind.value,
        "subject": related.mention.subject,
        "predicate": related.mention.predicate,
        "first_mention": related.mention_id,
        "first_seen": seen,
    }


def _mention_row(related: Related) -> Row:
    return {
        "id": related.mention_id,
        "claim_id": related.claim_id,
        "meeting_id": related.meeting_id,
        **to_row(related.mention),
    }


def _alarm_id(alarm: Alarm) -> str:
    return digest(alarm.feed_id, alarm.code, stamp(alarm.since))


def _delivery_row(delivery: Delivery) -> Row:
    return {
        **to_row(delivery, "content"),
        "alert_id": delivery.content.id if isinstance(delivery.content, Alert) else None,
        "notice_id": delivery.content.id if isinstance(delivery.content, Notice) else None,
    }
