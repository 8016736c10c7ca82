"""Mutes: what recipients want no word of for a time, and what is owed to each of them while rules are applied."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from monitor.errors import InputMissing
from monitor.model import Alert, Delivery
from storage.connection import rows, transaction, translated
from storage.ledger import insert
from storage.rows import digest, from_row, load, stamp, to_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

_HOUR: Final = timedelta(hours=1)

_HOLDING: Final = "ended_at IS NULL AND (until IS NULL OR until > :now)"
_STANDING: Final = f"SELECT * FROM mutes WHERE {_HOLDING} ORDER BY at, id"  # noqa: S608 - fixed texts
_EVERY: Final = "SELECT * FROM mutes ORDER BY at DESC, id LIMIT :limit"
_END: Final = f"UPDATE mutes SET ended_at = :now WHERE id = :id AND {_HOLDING}"  # noqa: S608 - fixed texts
_END_ALIKE: Final = f"""
UPDATE mutes SET ended_at = :now WHERE {_HOLDING} AND kind = :kind AND target = :target AND channel IS :channel
    AND recipient IS :recipient
"""  # noqa: S608 - fixed texts

# What is being tried already counts as of now: it is on its way. Rows of one bundle are one message.
_MESSAGES: Final = """
SELECT channel, recipient, bundle, max(at) AS at, max(storm) AS storm FROM (
    SELECT id, channel, recipient, bundle, tried_at AS at, rule IS 'storm' AND bundle = '' AS storm
    FROM deliveries INDEXED BY deliveries_by_try WHERE state = 'sent' AND tried_at > :since AND alert_id IS NOT NULL
    UNION ALL
    SELECT id, channel, recipient, bundle, iif(attempts > 0, :now, max(coalesce(next_try_at, :now), :now)),
        rule IS 'storm' AND bundle = ''
    FROM deliveries WHERE state = 'queued' AND alert_id IS NOT NULL
) GROUP BY channel, recipient, iif(bundle = '', id, bundle) ORDER BY at
"""

_WAITING: Final = """
SELECT d.*, a.value AS alert FROM deliveries d JOIN alerts a ON a.id = d.alert_id
WHERE d.state = 'queued' AND (d.lease_until IS NULL OR d.lease_until <= :now) ORDER BY d.number
"""
_HOLD_BACK: Final = """
UPDATE deliveries SET state = 'suppressed', rule = :rule, next_try_at = NULL, lease_until = NULL
WHERE state = 'queued' AND (lease_until IS NULL OR lease_until <= :now) AND id = :id
"""

_CLAIM_NOW: Final = "SELECT coalesce(same_as, id) AS id FROM claims WHERE id = :id"
"""The claim that one has been joined to since, or itself."""

_KNOWN: Final = {
    "claim": "SELECT 1 FROM claims WHERE id = :id",
    "meeting": "SELECT 1 FROM meetings WHERE id = :id",
    "person": "SELECT 1 FROM people WHERE id = :id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """What is not told, to whom, and until when; None for everybody, for every channel, for good.

    `kind` is claim, meeting, person or all, `target` its id; of `all` it is the recipient once more.
    """

    id: str
    kind: str
    target: str
    at: datetime
    channel: str | None = None
    recipient: str | None = None
    until: datetime | None = None
    why: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One message to a recipient: sent within the hour, on its way, or waiting until `at` in its bundle."""

    channel: str
    recipient: str
    bundle: str
    at: datetime
    storm: bool


class SqliteMutes:
    """The mutes, and the messages they and the rules are weighed against, over the archive's connection.

    Raises what the archive raises.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def mute(
        self,
        kind: str,
        target: str,
        at: datetime,
        *,
        channel: str | None = None,
        recipient: str | None = None,
        until: datetime | None = None,
        why: str = "",
    ) -> Mute:
        """Begin a mute in place of one that is alike but for its end."""
        if kind == "claim":
            with translated("look a claim up"):
                target = next((row["id"] for row in rows(self._db, _CLAIM_NOW, {"id": target})), target)
        key = digest(kind, target, channel, recipient, stamp(at))[:16]
        made = Mute(
            id=f"mu_{key}", kind=kind, target=target, at=at, channel=channel, recipient=recipient, until=until, why=why
        )
        row = to_row(made)
        alike = {name: row[name] for name in ("kind", "target", "channel", "recipient")}
        with translated("keep a mute"), transaction(self._db):
            self._db.execute(_END_ALIKE, {**alike, "now": stamp(at)})
            insert(self._db, "mutes", [row])
        return made

    def unmute(self, mute_id: str, at: datetime) -> None:
        """End a mute.

        Raises:
            InputMissing: There is none of this id that holds.
        """
        with translated("end a mute"), transaction(self._db):
            ended = self._db.execute(_END, {"id": mute_id, "now": stamp(at)}).rowcount
        if not ended:
            raise InputMissing(f"there is no mute {mute_id} that holds")

    def standing(self, now: datetime) -> tuple[Mute, ...]:
        """Those that hold now, oldest first."""
        with translated("read the mutes"):
            return tuple(from_row(Mute, row) for row in rows(self._db, _STANDING, {"now": stamp(now)}))

    def every(self, limit: int = 1000) -> tuple[Mute, ...]:
        """All there have been, the latest first."""
        with translated("read the mutes"):
            return tuple(from_row(Mute, row) for row in rows(self._db, _EVERY, {"limit": limit}))

    def owed(self, now: datetime) -> tuple[Owed, ...]:
        """Messages with alerts of the last hour, and those on their way or to come; notices do not count."""
        with translated("read what is owed"):
            found = rows(self._db, _MESSAGES, {"now": stamp(now), "since": stamp(now - _HOUR)})
        return tuple(from_row(Owed, row) for row in found)

    def waiting(self, now: datetime) -> tuple[Delivery, ...]:
        """Alerts that are queued and that nobody is sending."""
        with translated("read the outbox"):
            found = rows(self._db, _WAITING, {"now": stamp(now)})
        return tuple(from_row(Delivery, row, content=load(Alert, row["alert"])) for row in found)

    def subjects(self, alerts: Iterable[Alert]) -> dict[str, str]:
        """The person whom each claim of the alerts is about, by the claim's id; without claims that are about none."""
        with translated("read the claims"):
            return subjects_of(self._db, alerts)

    def knows(self, kind: str, target: str) -> bool:
        """Whether there is such a claim, meeting or person in the archive."""
        with translated("look a target up"):
            return bool(rows(self._db, _KNOWN[kind], {"id": target}))

    def hold_back(self, deliveries: Iterable[Delivery], now: datetime) -> int:
        """Suppress what is still waiting, each in the name of its own `rule`; returns how many."""
        with translated("hold deliveries back"), transaction(self._db):
            return sum(
                self._db.execute(_HOLD_BACK, {"id": one.id, "rule": one.rule, "now": stamp(now)}).rowcount
                for one in deliveries
            )


def subjects_of(db: Database, alerts: Iterable[Alert]) -> dict[str, str]:
    """The person whom each claim of the alerts is about, by the claim's id; without claims that are about none."""
    claims = json.dumps(sorted({item.claim_id for alert in alerts for item in alert.items}))
    sql = "SELECT id, subject FROM claims WHERE subject <> '' AND id IN (SELECT value FROM json_each(:ids))"
    return {row["id"]: row["subject"] for row in rows(db, sql, {"ids": claims})}


def alerts_since(db: Database, since: datetime) -> tuple[Alert, ...]:
    """Alerts whole, first seen since a moment, in the order in which they were decided."""
    found = rows(db, "SELECT value FROM alerts WHERE first_seen >= :since ORDER BY number", {"since": stamp(since)})
    return tuple(load(Alert, row["value"]) for row in found)
