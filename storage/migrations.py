"""The tables, as an append-only list of migrations: a released one is never edited, only followed by another.

Times are ISO 8601 in UTC with microseconds, so that they sort as text; days are ISO dates; lists are JSON.
Columns that hold a value of `monitor.model` bear the names of its fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from storage.connection import APPLICATION_ID, MEMORY, copy_into, transaction, translated
from storage.rows import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlite_utils import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step of the schema; its number is its place in the list, from 1."""

    name: str
    statements: tuple[str, ...]


_FEEDS = """
CREATE TABLE feeds (
    feed_id TEXT PRIMARY KEY, next_poll_at TEXT NOT NULL, etag TEXT, last_modified TEXT,
    failures INTEGER NOT NULL, last_ok_at TEXT, last_error_code TEXT, last_error TEXT,
    entries_seen INTEGER NOT NULL
) STRICT;
CREATE TABLE fetches (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, feed_id TEXT NOT NULL REFERENCES feeds(feed_id),
    at TEXT NOT NULL, ok INTEGER NOT NULL, code TEXT, message TEXT, entries INTEGER NOT NULL
) STRICT;
CREATE INDEX fetches_by_feed ON fetches(feed_id, number);
CREATE TABLE entries (
    id TEXT PRIMARY KEY, feed_id TEXT, url TEXT NOT NULL, title TEXT NOT NULL, outcome TEXT NOT NULL,
    at TEXT NOT NULL,
    article_id TEXT, code TEXT, message TEXT
) STRICT;
CREATE INDEX entries_by_time ON entries(at);
CREATE TABLE entry_keys (
    key TEXT PRIMARY KEY, entry_id TEXT NOT NULL REFERENCES entries(id)
) STRICT, WITHOUT ROWID
"""

_ARTICLES = """
CREATE TABLE articles (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version_id TEXT NOT NULL, first_seen TEXT NOT NULL
) STRICT;
CREATE TABLE versions (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL, article_id TEXT NOT NULL REFERENCES articles(id),
    url TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, outlet TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    published_at TEXT, published_source TEXT, byline TEXT, owner TEXT,
    outcome TEXT NOT NULL, duplicate_of TEXT, in_scope INTEGER NOT NULL, grade TEXT NOT NULL, origin TEXT,
    language TEXT NOT NULL, text_sha256 TEXT NOT NULL, raw_sha256 TEXT, raw_bytes INTEGER, raw_codec TEXT,
    raw BLOB,
    UNIQUE (article_id, number)
) STRICT;
CREATE INDEX versions_by_outlet ON versions(outlet);
CREATE INDEX versions_by_time ON versions(fetched_at);
CREATE TABLE segments (
    version_id TEXT NOT NULL REFERENCES versions(id), position INTEGER NOT NULL,
    kind TEXT NOT NULL, "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, PRIMARY KEY (version_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE signatures (
    version_id TEXT PRIMARY KEY REFERENCES versions(id), exact TEXT NOT NULL, minhash TEXT NOT NULL,
    shingles INTEGER NOT NULL
) STRICT;
CREATE INDEX signatures_by_hash ON signatures(exact);
CREATE TABLE signature_bands (
    value TEXT NOT NULL, version_id TEXT NOT NULL REFERENCES versions(id), PRIMARY KEY (value, version_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE leads (
    version_id TEXT NOT NULL REFERENCES versions(id), position INTEGER NOT NULL,
    "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, quote TEXT NOT NULL, PRIMARY KEY (version_id, position)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE article_search USING fts5(
    title, body, stems, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0'
)
"""

_PEOPLE = """
CREATE TABLE people (id TEXT PRIMARY KEY, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL) STRICT;
CREATE TABLE name_forms (
    person TEXT NOT NULL REFERENCES people(id), form TEXT NOT NULL, suspected_typo INTEGER NOT NULL,
    version_id TEXT NOT NULL REFERENCES versions(id), PRIMARY KEY (person, form, suspected_typo)
) STRICT, WITHOUT ROWID;
CREATE TABLE person_mentions (
    version_id TEXT NOT NULL REFERENCES versions(id), position INTEGER NOT NULL,
    person TEXT NOT NULL REFERENCES people(id), form TEXT NOT NULL, "start" INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    office TEXT, rank TEXT, country TEXT, suspected_typo INTEGER NOT NULL, PRIMARY KEY (version_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_mentions_by_person ON person_mentions(person, version_id);
CREATE TABLE roles (
    id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people(id), office TEXT, rank TEXT, country TEXT,
    first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, version_id TEXT NOT NULL REFERENCES versions(id)
) STRICT;
CREATE INDEX roles_by_person ON roles(person)
"""

_LEDGER = """
CREATE TABLE meetings (
    id TEXT PRIMARY KEY, venue TEXT, place TEXT, country TEXT, date_from TEXT, date_to TEXT, date_source TEXT,
    mode TEXT NOT NULL, status TEXT NOT NULL, "start" INTEGER NOT NULL, "end" INTEGER NOT NULL,
    main INTEGER NOT NULL,
    first_seen TEXT NOT NULL, last_seen TEXT NOT NULL
) STRICT;
CREATE TABLE meeting_people (
    meeting_id TEXT NOT NULL REFERENCES meetings(id), side TEXT NOT NULL, position INTEGER NOT NULL,
    person TEXT, name TEXT, office TEXT, country TEXT, PRIMARY KEY (meeting_id, side, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX meeting_people_by_person ON meeting_people(person, meeting_id);
CREATE TABLE origins (id TEXT PRIMARY KEY, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL) STRICT;
CREATE TABLE claims (
    id TEXT PRIMARY KEY, meeting_id TEXT REFERENCES meetings(id), kind TEXT NOT NULL, subject TEXT NOT NULL,
    predicate TEXT NOT NULL, first_mention TEXT NOT NULL, first_seen TEXT NOT NULL
) STRICT;
CREATE TABLE mentions (
    id TEXT PRIMARY KEY, claim_id TEXT NOT NULL REFERENCES claims(id),
    meeting_id TEXT REFERENCES meetings(id),
    article_id TEXT NOT NULL REFERENCES articles(id), version_id TEXT NOT NULL REFERENCES versions(id),
    kind TEXT NOT NULL, "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, quote TEXT NOT NULL,
    meeting INTEGER,
    subject TEXT NOT NULL, predicate TEXT NOT NULL, speaker TEXT, origin TEXT REFERENCES origins(id),
    modality TEXT NOT NULL, polarity TEXT NOT NULL, slots TEXT NOT NULL, terms TEXT NOT NULL
) STRICT;
CREATE INDEX mentions_by_claim ON mentions(claim_id);
CREATE INDEX mentions_by_meeting ON mentions(meeting_id);
CREATE INDEX mentions_by_article ON mentions(article_id);
CREATE INDEX mentions_of_people ON mentions(subject) WHERE meeting_id IS NULL;
CREATE TABLE relations (
    mention_id TEXT NOT NULL REFERENCES mentions(id), version_id TEXT NOT NULL REFERENCES versions(id),
    relation TEXT NOT NULL, nearest TEXT, nearest_quote TEXT, nearest_outlet TEXT, nearest_url TEXT,
    score REAL NOT NULL, method TEXT NOT NULL, compared TEXT NOT NULL, suggest INTEGER NOT NULL,
    why TEXT NOT NULL, why_en TEXT NOT NULL, PRIMARY KEY (mention_id, version_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX relations_by_kind ON relations(relation)
"""

_OUTBOX = """
CREATE TABLE alerts (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, urgency TEXT NOT NULL, relation TEXT NOT NULL,
    meeting_id TEXT, article_id TEXT NOT NULL, outlet TEXT NOT NULL, first_seen TEXT NOT NULL,
    value TEXT NOT NULL
) STRICT;
CREATE INDEX alerts_by_article ON alerts(article_id);
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, alert_id TEXT NOT NULL REFERENCES alerts(id),
    channel TEXT NOT NULL, recipient TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    next_try_at TEXT, tried_at TEXT, code TEXT, message TEXT
) STRICT;
CREATE INDEX deliveries_by_state ON deliveries(state, next_try_at);
CREATE INDEX deliveries_by_alert ON deliveries(alert_id);
CREATE TABLE labels (
    id TEXT PRIMARY KEY, target_id TEXT NOT NULL, verdict TEXT NOT NULL, note TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE INDEX labels_by_target ON labels(target_id);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID
"""


_PAIRS = """
CREATE TABLE pairs (
    id TEXT PRIMARY KEY, known TEXT NOT NULL, incoming TEXT NOT NULL, relation TEXT NOT NULL,
    score REAL NOT NULL, method TEXT NOT NULL, suggest INTEGER NOT NULL
) STRICT
"""


_WATCHFULNESS = """
ALTER TABLE feeds ADD COLUMN interval_s REAL;
ALTER TABLE feeds ADD COLUMN body_hash TEXT;
ALTER TABLE feeds ADD COLUMN "window" TEXT NOT NULL DEFAULT '[]';
ALTER TABLE feeds ADD COLUMN full_at TEXT;
ALTER TABLE feeds ADD COLUMN url TEXT;
ALTER TABLE feeds ADD COLUMN moved_from TEXT;
ALTER TABLE feeds ADD COLUMN moved_to TEXT;
ALTER TABLE feeds ADD COLUMN moved_times INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN lying INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN failing_since TEXT;
ALTER TABLE feeds ADD COLUMN hub TEXT;
ALTER TABLE feeds ADD COLUMN topic TEXT;
ALTER TABLE feeds ADD COLUMN new_at TEXT;
ALTER TABLE feeds ADD COLUMN unchanged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN short_pages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN walled_pages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN screen TEXT;
CREATE INDEX entries_by_feed ON entries(feed_id, at);
ALTER TABLE articles ADD COLUMN checked_at TEXT;
ALTER TABLE articles ADD COLUMN next_check_at TEXT;
CREATE INDEX articles_by_check ON articles(next_check_at) WHERE next_check_at IS NOT NULL;
CREATE TABLE alarms (
    id TEXT PRIMARY KEY, feed_id TEXT, code TEXT NOT NULL, message TEXT NOT NULL, since TEXT NOT NULL,
    cleared_at TEXT
) STRICT;
CREATE UNIQUE INDEX alarms_standing ON alarms(coalesce(feed_id, ''), code) WHERE cleared_at IS NULL;
CREATE TABLE notices (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, at TEXT NOT NULL, value TEXT NOT NULL
) STRICT;
CREATE TABLE deliveries_of_both (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, alert_id TEXT REFERENCES alerts(id),
    notice_id TEXT REFERENCES notices(id), channel TEXT NOT NULL, recipient TEXT NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL, next_try_at TEXT, tried_at TEXT, code TEXT, message TEXT,
    CHECK ((alert_id IS NULL) <> (notice_id IS NULL))
) STRICT;
INSERT INTO deliveries_of_both SELECT number, id, alert_id, NULL, channel, recipient, state, attempts, next_try_at,
    tried_at, code, message FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_of_both RENAME TO deliveries;
CREATE INDEX deliveries_by_state ON deliveries(state, next_try_at);
CREATE INDEX deliveries_by_alert ON deliveries(alert_id);
CREATE INDEX deliveries_by_notice ON deliveries(notice_id);
CREATE TABLE subscriptions (
    feed_id TEXT PRIMARY KEY, hub TEXT NOT NULL, topic TEXT NOT NULL, token TEXT NOT NULL UNIQUE,
    secret TEXT NOT NULL, state TEXT NOT NULL, asked_at TEXT NOT NULL, lease_until TEXT
) STRICT
"""


_OWED = """
ALTER TABLE deliveries ADD COLUMN bundle TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN lease_until TEXT;
ALTER TABLE deliveries ADD COLUMN rule TEXT;
CREATE INDEX deliveries_by_recipient ON deliveries(channel, recipient, state);
CREATE INDEX deliveries_by_try ON deliveries(tried_at) WHERE state = 'sent';
CREATE INDEX deliveries_by_bundle ON deliveries(bundle) WHERE bundle <> '';
CREATE INDEX deliveries_leased ON deliveries(channel, recipient) WHERE lease_until IS NOT NULL;
CREATE TABLE attempts (
    number INTEGER PRIMARY KEY, delivery_id TEXT NOT NULL REFERENCES deliveries(id), at TEXT NOT NULL,
    state TEXT NOT NULL, code TEXT, message TEXT
) STRICT;
CREATE INDEX attempts_by_delivery ON attempts(delivery_id, number);
CREATE TABLE mutes (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, target TEXT NOT NULL, channel TEXT, recipient TEXT, until TEXT,
    why TEXT NOT NULL, at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE TABLE endpoints (
    channel TEXT NOT NULL, recipient TEXT NOT NULL, disabled_at TEXT, code TEXT, message TEXT,
    PRIMARY KEY (channel, recipient)
) STRICT, WITHOUT ROWID;
CREATE TABLE dictionaries (
    id INTEGER PRIMARY KEY, made_at TEXT NOT NULL, samples INTEGER NOT NULL, value BLOB NOT NULL
) STRICT;
ALTER TABLE versions ADD COLUMN raw_dictionary INTEGER REFERENCES dictionaries(id);
ALTER TABLE versions ADD COLUMN extractor TEXT;
ALTER TABLE versions ADD COLUMN content_type TEXT;
CREATE INDEX versions_by_dictionary ON versions(raw_dictionary) WHERE raw_dictionary IS NOT NULL;
CREATE INDEX versions_with_page ON versions(fetched_at) WHERE raw IS NOT NULL;
CREATE INDEX versions_to_drop ON versions(fetched_at) WHERE raw IS NOT NULL AND in_scope = 0;
CREATE INDEX claims_by_meeting ON claims(meeting_id)
"""

_JOINED = """
ALTER TABLE claims ADD COLUMN same_as TEXT REFERENCES claims(id);
CREATE INDEX claims_joined ON claims(same_as) WHERE same_as IS NOT NULL;
CREATE INDEX relations_by_nearest ON relations(nearest)
"""

_FIRST_ENTRIES = """
CREATE INDEX entries_by_article ON entries(article_id, at) WHERE article_id IS NOT NULL
"""


def _statements(*scripts: str) -> tuple[str, ...]:
    return tuple(part.strip() for script in scripts for part in script.split(";"))


MIGRATIONS: Final = (
    Migration(
        name="first tables",
        statements=(
            f"PRAGMA application_id = {APPLICATION_ID}",
            *_statements(_FEEDS, _ARTICLES, _PEOPLE, _LEDGER, _OUTBOX),
        ),
    ),
    Migration(name="pairs of texts that an analyst has judged", statements=_statements(_PAIRS)),
    Migration(name="rhythm of feeds, alarms, notices, subscriptions", statements=_statements(_WATCHFULNESS)),
    Migration(name="what is owed: bundles, leases, attempts, mutes, dictionaries", statements=_statements(_OWED)),
    Migration(name="claims that were seen to be one", statements=_statements(_JOINED)),
    Migration(name="the feed that brought an article, by index", statements=_statements(_FIRST_ENTRIES)),
)

_LOG = """
CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, at TEXT NOT NULL) STRICT
"""


def migrate(
    db: Database, path: Path | str, *, at: datetime, migrations: Sequence[Migration] = MIGRATIONS
) -> tuple[str, ...]:
    """Apply what is missing, each migration in its own transaction; returns their names.

    An archive that already holds tables is copied beside itself first (`<name>.schema-<number>`).
    """
    with translated(f"migrate {path}"):
        before = applied(db)
        if before and before < len(migrations) and path != MEMORY:
            source = Path(path)
            copy_into(db, source.with_name(f"{source.name}.schema-{before}"))
        return tuple(
            migration.name
            for number, migration in enumerate(migrations, start=1)
            if number > before and _apply(db, number, migration, at)
        )


def applied(db: Database) -> int:
    """Number of the newest migration in the database, 0 for an empty one."""
    if not db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'migrations'").fetchone()[0]:
        return 0
    return int(db.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()[0])


def _apply(db: Database, number: int, migration: Migration, at: datetime) -> bool:
    with transaction(db):
        if applied(db) >= number:  # another process was here between our look and our lock
            return False
        db.execute(_LOG)
        for statement in migration.statements:
            db.execute(statement)
        db.execute("INSERT INTO migrations VALUES (?, ?, ?)", (number, migration.name, stamp(at)))
    return True
