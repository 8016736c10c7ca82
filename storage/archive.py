"""The archive as the single writer sees it: values in, values out, one transaction to a commit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from monitor.errors import InputMissing
from monitor.model import Alarm, Alert, Delivery, DeliveryState, FeedState, Notice
from monitor.reading.arabic import FOLD_VERSION
from storage import checking, ledger, queries, recalling, watching
from storage.connection import BUSY_S, MEMORY, open_writer, rows, transaction, translated
from storage.migrations import MIGRATIONS, migrate
from storage.pages import KeptPages
from storage.rows import digest, from_row, load, stamp
from storage.search import ArchiveReader
from storage.subscriptions import SqliteSubscriptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from monitor.model import DeliveryResult, FeedEntry, NoticeKind, Reading, Recall
    from monitor.ports import Commit, Counts, DueCheck, Volume
    from storage.rows import Row

_FOLD, _SEEDED, _HEARTBEAT = "fold_version", "seeded_at", "heartbeat_at"

_SEEN_KEYS = "SELECT key FROM entry_keys WHERE key IN (SELECT value FROM json_each(:keys))"

_DUE = """
SELECT d.*, a.value AS alert, n.value AS notice
FROM deliveries d LEFT JOIN alerts a ON a.id = d.alert_id LEFT JOIN notices n ON n.id = d.notice_id
WHERE d.state = 'queued' AND (d.next_try_at IS NULL OR d.next_try_at <= :now)
ORDER BY d.number LIMIT :limit
"""

# What has been sent stays sent, whatever a second try reports.
_RECORD = """
UPDATE deliveries SET state = :state, attempts = attempts + :tried, next_try_at = :retry_at, tried_at = :tried_at,
    code = :code, message = :message
WHERE id = :id AND state <> 'sent'
"""

_REPLAY = """
UPDATE deliveries SET state = 'queued', attempts = 0, next_try_at = :at
WHERE state = 'dead' AND :id IN (id, alert_id, notice_id)
"""

_FACT = "INSERT INTO facts VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"

_CURRENT_TEXTS = "SELECT a.number, v.title, v.text FROM articles a JOIN versions v ON v.id = a.version_id"


def _now() -> datetime:
    return datetime.now(UTC)


class SqliteArchive:
    """`monitor.ports.Archive` in one SQLite file, and what else the worker writes.

    Every method raises `ArchiveBusy`, `DiskFull` or `ArchiveCorrupt` where that is what SQLite met; what was
    committed before stays. One thread only.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        check: bool = True,
        max_bytes: int | None = None,
        busy_s: float = BUSY_S,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """Open, migrate, and index anew where the fold has changed.

        Args:
            path: The database file, made when it is not there, or `":memory:"`.
            check: Walk an existing file for damage first.
            max_bytes: What the file may grow to before it counts as full; None for all the disk has.
            busy_s: How long to wait for another process's write before it is `ArchiveBusy`.
            now: Time written beside migrations and fetches.

        Raises:
            ArchiveError: The file is not ours, damaged, newer than this version, or cannot be opened.
        """
        self._now = now
        self._db: Final = open_writer(path, known=len(MIGRATIONS), check=check, max_bytes=max_bytes, busy_s=busy_s)
        try:
            migrate(self._db, path, at=now())
            self._refold()
        except BaseException:
            self._db.close()
            raise
        self.path: Final = None if path == MEMORY else path

    def __enter__(self) -> Self:
        """The archive itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let the file go. Twice is a no-op."""
        self._db.close()

    def reader(self) -> ArchiveReader:
        """The read side over this very connection; do not close it."""
        return ArchiveReader(self._db)

    def subscriptions(self) -> SqliteSubscriptions:
        """What hubs were asked for, over this very connection."""
        return SqliteSubscriptions(self._db)

    def pages(self) -> KeptPages:
        """The kept pages, over this very connection."""
        return KeptPages(self._db)

    def feed_states(self) -> tuple[FeedState, ...]:
        """The state of every feed ever polled, by id."""
        with translated("read the feeds"):
            return tuple(from_row(FeedState, row) for row in rows(self._db, "SELECT * FROM feeds ORDER BY feed_id"))

    def unseen(self, entries: Iterable[FeedEntry]) -> tuple[FeedEntry, ...]:
        """Those of `entries` none of whose keys has been recorded, in their order."""
        asked = tuple(entries)
        keys = json.dumps([key for entry in asked for key in entry.keys])
        with translated("look entries up"):
            seen = {row["key"] for row in rows(self._db, _SEEN_KEYS, {"keys": keys})}
        return tuple(entry for entry in asked if seen.isdisjoint(entry.keys))

    def recall(self, reading: Reading) -> Recall:
        """What the ledger holds near `reading`; see `storage.recalling`."""
        with translated("recall"):
            return recalling.recall(self._db, reading)

    def due_checks(self, now: datetime, limit: int) -> tuple[DueCheck, ...]:
        """Articles that are to be read again by now, the stalest for their age first."""
        with translated("look for articles to read again"):
            return checking.due_checks(self._db, now, limit)

    def commit(self, commit: Commit, /) -> None:
        """Store everything in `commit`, or nothing. Storing the same twice is a no-op."""
        with translated("commit"), transaction(self._db):
            if commit.decision is not None:
                ledger.store_decision(self._db, commit.decision, commit.raw)
            ledger.store_alarms(self._db, commit.raised, commit.cleared, self._now())
            ledger.store_notices(self._db, commit.notices)
            ledger.queue(self._db, commit.deliveries)
            ledger.store_entries(self._db, commit.entries)
            checking.store_checks(self._db, commit.checks)
            if commit.feed_state is not None:
                ledger.store_feed(self._db, commit.feed_state, len(commit.entries), self._now())

    def standing_alarms(self) -> tuple[Alarm, ...]:
        """Alarms that have not been cleared, oldest first."""
        with translated("read the alarms"):
            return tuple(from_row(Alarm, row) for row in rows(self._db, queries.STANDING_ALARMS))

    def volumes(self, now: datetime) -> tuple[Volume, ...]:
        """How many new articles each feed has brought, by feed id; without feeds that have brought none."""
        with translated("count what feeds bring"):
            return watching.volumes(self._db, now)

    def screen_sample(self, since: datetime) -> tuple[int, int]:
        """Articles that were screened out and read all the same: how many, and how many were in scope."""
        with translated("count what was sampled"):
            return watching.screen_sample(self._db, since)

    def counts_since(self, since: datetime) -> Counts:
        """What was done since a moment."""
        with translated("count what was done"):
            return watching.counts_since(self._db, since)

    def last_notice_at(self, kind: NoticeKind) -> datetime | None:
        """When the last notice of a kind was made, None before the first."""
        with translated("look for the last notice"):
            return watching.last_notice_at(self._db, kind)

    def due_deliveries(self, now: datetime, limit: int = 50) -> tuple[Delivery, ...]:
        """Queued deliveries whose next try is due, oldest first."""
        with translated("read the outbox"):
            due = rows(self._db, _DUE, {"now": stamp(now), "limit": limit})
        return tuple(_delivery(row) for row in due)

    def record(self, result: DeliveryResult) -> None:
        """Keep how one try ended; what was sent stays sent.

        Raises:
            InputMissing: There is no such delivery.
        """
        values = {
            "id": result.delivery_id,
            "state": result.state.value,
            "tried": int(result.state is not DeliveryState.SUPPRESSED),
            "tried_at": stamp(result.tried_at),
            "retry_at": None if result.retry_at is None else stamp(result.retry_at),
            "code": result.code,
            "message": result.message,
        }
        with translated("record a delivery"), transaction(self._db):
            changed = self._db.execute(_RECORD, values).rowcount
            known = changed or rows(self._db, "SELECT 1 FROM deliveries WHERE id = :id", {"id": result.delivery_id})
        if not known:
            raise InputMissing(f"there is no delivery {result.delivery_id}")

    def replay(self, target_id: str, at: datetime) -> int:
        """Queue dead letters again, of one delivery, alert or notice, under their old ids; returns how many."""
        with translated("queue dead letters again"), transaction(self._db):
            return self._db.execute(_REPLAY, {"id": target_id, "at": stamp(at)}).rowcount

    def label(self, target_id: str, verdict: str, note: str, at: datetime) -> None:
        """Keep an analyst's verdict on an alert, a claim, a mention or an article."""
        row: Row = {"target_id": target_id, "verdict": verdict, "note": note, "at": stamp(at)}
        row["id"] = digest(target_id, verdict, note, row["at"])
        with translated("record a verdict"), transaction(self._db):
            ledger.insert(self._db, "labels", [row])

    def label_pair(self, pair: Mapping[str, object], verdict: str, note: str, at: datetime) -> None:
        """Keep an analyst's verdict on two texts, with what was decided about them.

        Args:
            pair: known, incoming, relation, score, method and suggest.
            verdict: The analyst's word.
            note: Why.
            at: When.
        """
        names = ("known", "incoming", "relation", "score", "method", "suggest")
        row: Row = {name: pair[name] for name in names} | {"suggest": int(bool(pair["suggest"]))}
        row["id"] = "p" + digest(*(str(row[name]) for name in names))
        with translated("record a verdict"), transaction(self._db):
            ledger.insert(self._db, "pairs", [row])
        self.label(row["id"], verdict, note, at)

    def is_seeded(self) -> bool:
        """Whether the seed corpus has been loaded."""
        return self._fact(_SEEDED) is not None

    def mark_seeded(self, at: datetime) -> None:
        """Remember that the seed corpus has been loaded."""
        self._keep(_SEEDED, stamp(at))

    def heartbeat(self, at: datetime) -> None:
        """Remember when the last cycle was completed."""
        self._keep(_HEARTBEAT, stamp(at))

    def last_heartbeat(self) -> datetime | None:
        """When the last cycle was completed, None before the first."""
        return self.reader().last_heartbeat()

    def _fact(self, name: str) -> str | None:
        with translated("read a fact"):
            found = rows(self._db, "SELECT value FROM facts WHERE name = :name", {"name": name})
        return found[0]["value"] if found else None

    def _keep(self, name: str, value: str) -> None:
        with translated("keep a fact"), transaction(self._db):
            self._db.execute(_FACT, {"name": name, "value": value})

    def _refold(self) -> None:
        """Index every article anew where the words were folded by another version of the fold."""
        if self._fact(_FOLD) == str(FOLD_VERSION):
            return
        with translated("index anew"), transaction(self._db):
            for row in rows(self._db, _CURRENT_TEXTS):
                ledger.index_article(self._db, row)
            self._db.execute(_FACT, {"name": _FOLD, "value": str(FOLD_VERSION)})


def _delivery(row: Row) -> Delivery:
    content = load(Notice, row["notice"]) if row["alert"] is None else load(Alert, row["alert"])
    return from_row(Delivery, row, content=content)
