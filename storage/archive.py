"""The archive as the single writer sees it: values in, values out, one transaction to a commit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from monitor.model import Alarm, FeedState
from monitor.reading.arabic import FOLD_VERSION
from storage import checking, ledger, outbox, queries, recalling, watching
from storage.connection import (
    BUSY_S,
    LOG_BYTES,
    MEMORY,
    log_bytes,
    open_writer,
    rows,
    transaction,
    translated,
    wait_in_steps,
)
from storage.filesystem import require_room
from storage.migrations import MIGRATIONS, migrate
from storage.mutes import SqliteMutes
from storage.pages import KeptPages
from storage.rows import digest, from_row, stamp
from storage.search import ArchiveReader
from storage.subscriptions import SqliteSubscriptions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from types import TracebackType

    from monitor.model import Delivery, DeliveryResult, FeedEntry, NoticeKind, Reading, Recall
    from monitor.ports import Commit, Counts, Disabled, DueCheck, Volume
    from storage.rows import Row

_FOLD, _SEEDED, _HEARTBEAT, _COPIED = "fold_version", "seeded_at", "heartbeat_at", "copied_at"

_SEEN_KEYS = "SELECT key FROM entry_keys WHERE key IN (SELECT value FROM json_each(:keys))"

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
        network: bool = False,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """Open, migrate, and index anew where the fold has changed.

        Args:
            path: The database file, made when it is not there, or `":memory:"`.
            check: Walk an existing file for damage first.
            max_bytes: What the file may grow to before it counts as full; None for all the disk has.
            busy_s: How long to wait for another process's write before it is `ArchiveBusy`.
            network: The operator knows that it lies on a network file system, and wants it so.
            now: Time written beside migrations and fetches.

        Raises:
            ArchiveError: The file is not ours, damaged, newer than this version, or cannot be opened.
        """
        self._now = now
        self._db: Final = open_writer(
            path, known=len(MIGRATIONS), check=check, max_bytes=max_bytes, busy_s=busy_s, network=network
        )
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

    def hurry(self) -> None:
        """Wait for no other process's lock from now on, not even in the call that is under way: it is to stop."""
        self._db.patience.hurried = True

    def reader(self) -> ArchiveReader:
        """The read side over this very connection; do not close it."""
        return ArchiveReader(self._db)

    def subscriptions(self) -> SqliteSubscriptions:
        """What hubs were asked for, over this very connection."""
        return SqliteSubscriptions(self._db)

    def pages(self) -> KeptPages:
        """The kept pages, over this very connection."""
        return KeptPages(self._db)

    def mutes(self) -> SqliteMutes:
        """What recipients want no word of, over this very connection."""
        return SqliteMutes(self._db)

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
        """Queued deliveries whose next try is due and that nobody is at, oldest first."""
        with translated("read the outbox"):
            return outbox.due_deliveries(self._db, now, limit)

    def queued_channels(self) -> tuple[str, ...]:
        """Channels that something is queued for, due or not, by name."""
        with translated("read the outbox"):
            return outbox.queued_channels(self._db)

    def lease(
        self,
        channel: str,
        now: datetime,
        until: datetime,
        *,
        recipients: int,
        besides: Collection[str] = (),
        bundled: bool = False,
    ) -> tuple[tuple[Delivery, ...], ...]:
        """Take the next message of up to so many recipients; see `storage.outbox`.

        Raises:
            DiskFull: Nothing is to be sent of which it could not be kept that it was.
        """
        self.require_room()
        with translated("take from the outbox"):
            return outbox.lease(self._db, channel, now, until, recipients=recipients, besides=besides, bundled=bundled)

    def give_back(self, deliveries: Iterable[Delivery]) -> None:
        """End the leases of what was not begun."""
        with translated("give deliveries back"):
            outbox.give_back(self._db, deliveries)

    def forget_leases(self) -> None:
        """End every lease. Only who holds the data folder may: else somebody may be sending what is leased."""
        with translated("forget leases"):
            outbox.forget_leases(self._db)

    def record(self, *results: DeliveryResult, counted: bool = True, gone: bool = False) -> None:
        """Keep how one try at one message ended, for each of its deliveries; what was sent stays sent.

        `counted`: the try counts towards the last one. `gone`: the receiver wants no more of anything.

        Raises:
            InputMissing: There is no such delivery.
        """
        with translated("record a delivery"):
            outbox.record(self._db, results, counted=counted, gone=gone)

    def disabled(self) -> tuple[Disabled, ...]:
        """Receivers that want no more, the first to say so first."""
        with translated("read the endpoints"):
            return outbox.disabled(self._db)

    def enable(self, channel: str, recipient: str, at: datetime) -> int:
        """Send to a receiver again, and first what it has missed; returns how much that is.

        Raises:
            InputMissing: It is not disabled.
        """
        with translated("enable an endpoint"):
            return outbox.enable(self._db, channel, recipient, at)

    def replay(self, target_id: str, at: datetime) -> int:
        """Queue dead letters again, of one delivery, alert or notice, under their old ids; returns how many.

        Raises:
            InputMissing: There is no such delivery, alert or notice.
        """
        with translated("queue dead letters again"):
            return outbox.replay(self._db, target_id, at)

    def replay_dead(self, at: datetime) -> int:
        """Queue every dead letter again, but for receivers that want no more; returns how many."""
        with translated("queue dead letters again"):
            return outbox.replay_dead(self._db, at)

    def recipients(self) -> tuple[tuple[str, str], ...]:
        """Channel and address of everybody to whom something was ever addressed."""
        with translated("read the outbox"):
            found = rows(self._db, "SELECT DISTINCT channel, recipient FROM deliveries ORDER BY channel, recipient")
        return tuple((row["channel"], row["recipient"]) for row in found)

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

    def mark_copied(self, at: datetime) -> None:
        """Remember when the last copy of the archive was made by schedule."""
        self._keep(_COPIED, stamp(at))

    def last_copied(self) -> datetime | None:
        """When the last copy of the archive was made by schedule, None before the first."""
        value = self._fact(_COPIED)
        return None if value is None else datetime.fromisoformat(value)

    def require_room(self) -> None:
        """Stop before work is done whose result cannot be kept.

        Raises:
            DiskFull: Too little is free where the archive lies.
        """
        if self.path is not None:
            require_room(Path(self.path))

    def trim_log(self, least_bytes: int = LOG_BYTES) -> bool:
        """Take the write-ahead log back to nothing where it is longer than `least_bytes`; whether it is short now.

        Waits for nobody: where a reader still needs the log, what is possible is done, and the rest next time.
        """
        if self.path is None or log_bytes(self.path) < least_bytes:
            return True
        with translated("take the log back"):
            self._db.execute("PRAGMA busy_timeout = 0")
            try:
                busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                wait_in_steps(self._db)
        return not busy

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
