"""The outbox: what is owed to whom, who is at it, and how each try ended.

A row is leased before it is sent, and the lease ends with the result. So nothing is sent twice at once, and a row whose
sender was killed is taken up again when its lease has run out, under the same id.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.errors import InputMissing
from monitor.model import Alert, Delivery, DeliveryState, Notice
from monitor.ports import ENDPOINT_GONE, Disabled
from storage.connection import rows, transaction
from storage.rows import from_row, load, stamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlite_utils import Database

    from monitor.model import DeliveryResult
    from storage.rows import Row

LONGEST_LEASE: Final = timedelta(hours=1)
LONGEST_WAIT: Final = timedelta(days=8)
"""No lease and no wait of ours is longer: what lies further ahead was stored by a clock that was wrong."""

ATTEMPTS_KEPT: Final = 50
"""Of one delivery, the last. Ten fill the schedule; a channel that is wrong for weeks is tried more often."""

_IS_DUE: Final = """
d.state = 'queued' AND (d.next_try_at IS NULL OR d.next_try_at <= :now OR d.next_try_at > :far)
"""
_IS_LEASED: Final = "d.lease_until > :now AND d.lease_until <= :longest"
_WHOLE: Final = """
SELECT d.*, a.value AS alert, n.value AS notice
FROM deliveries d LEFT JOIN alerts a ON a.id = d.alert_id LEFT JOIN notices n ON n.id = d.notice_id
"""

_DUE: Final = f"""
{_WHOLE} WHERE {_IS_DUE} AND ({_IS_LEASED}) IS NOT TRUE ORDER BY d.number LIMIT :limit
"""

_ANY_DUE: Final = f"SELECT 1 FROM deliveries d WHERE d.channel = :channel AND {_IS_DUE} LIMIT 1"  # noqa: S608 - fixed
_QUEUED_CHANNELS: Final = "SELECT DISTINCT channel FROM deliveries WHERE state = 'queued' ORDER BY channel"

# One message for each recipient that has none on its way: the oldest row that is due, and with it the rest of its
# bundle that is. Recipients are found by leaps through an index, for there are few, and rows may be many.
_NEXT: Final = f"""
WITH RECURSIVE known(recipient) AS (
    SELECT min(recipient) FROM deliveries WHERE channel = :channel
    UNION ALL
    SELECT (SELECT min(d.recipient) FROM deliveries d WHERE d.channel = :channel AND d.recipient > known.recipient)
    FROM known WHERE known.recipient IS NOT NULL
), first AS MATERIALIZED (
    SELECT recipient, (SELECT d.number FROM deliveries d
        WHERE d.channel = :channel AND d.recipient = known.recipient AND {_IS_DUE} ORDER BY d.number LIMIT 1) AS number
    FROM known WHERE recipient NOT IN (SELECT value FROM json_each(:besides)) AND NOT EXISTS (
        SELECT 1 FROM deliveries d
        WHERE d.channel = :channel AND d.recipient = known.recipient AND {_IS_LEASED})
), chosen AS MATERIALIZED (
    SELECT d.number, d.channel, d.recipient, d.bundle FROM first JOIN deliveries d USING (number)
    ORDER BY number LIMIT :recipients
), whole AS MATERIALIZED (
    SELECT number FROM chosen
    UNION SELECT d.number FROM chosen CROSS JOIN deliveries d ON d.bundle = chosen.bundle AND d.bundle <> ''
    WHERE :bundled AND +d.channel = chosen.channel AND +d.recipient = chosen.recipient AND {_IS_DUE}
)
{_WHOLE} WHERE d.number IN (SELECT number FROM whole) ORDER BY d.number
"""  # noqa: S608 - fixed texts

_LEASE: Final = "UPDATE deliveries SET lease_until = :until WHERE id IN (SELECT value FROM json_each(:ids))"
_GIVE_BACK: Final = """
UPDATE deliveries SET lease_until = NULL WHERE state = 'queued' AND id IN (SELECT value FROM json_each(:ids))
"""
_FORGET_LEASES: Final = "UPDATE deliveries SET lease_until = NULL WHERE lease_until IS NOT NULL"

# What the sender of a leased row has met is for its own result to say.
_SUPPRESS: Final = f"""
UPDATE deliveries AS d SET state = 'suppressed', next_try_at = NULL, lease_until = NULL, code = :gone,
    message = (SELECT e.message FROM endpoints e WHERE e.channel = d.channel AND e.recipient = d.recipient)
WHERE d.channel = :channel AND {_IS_DUE} AND ({_IS_LEASED}) IS NOT TRUE
AND d.recipient IN (SELECT recipient FROM endpoints WHERE channel = :channel AND disabled_at IS NOT NULL)
"""  # noqa: S608 - fixed texts

# What has been sent stays sent, whatever a second try reports.
_RECORD: Final = """
UPDATE deliveries SET state = :state, attempts = attempts + :counted, next_try_at = :retry_at, tried_at = :at,
    lease_until = NULL, code = :code, message = :message
WHERE id = :id AND state <> 'sent'
"""
_ATTEMPT: Final = """
INSERT INTO attempts (delivery_id, at, state, code, message) VALUES (:id, :at, :state, :code, :message)
"""
_FORGET_ATTEMPTS: Final = """
DELETE FROM attempts WHERE delivery_id = :id AND number <= (
    SELECT number FROM attempts WHERE delivery_id = :id ORDER BY number DESC LIMIT 1 OFFSET :kept
)
"""
_DISABLE: Final = """
INSERT INTO endpoints (channel, recipient, disabled_at, code, message)
SELECT channel, recipient, :at, :code, :message FROM deliveries WHERE id = :id
ON CONFLICT (channel, recipient) DO UPDATE SET disabled_at = excluded.disabled_at, code = excluded.code,
    message = excluded.message
WHERE endpoints.disabled_at IS NULL
"""
_DISABLED: Final = """
SELECT channel, recipient, disabled_at AS at, message FROM endpoints WHERE disabled_at IS NOT NULL
ORDER BY disabled_at, channel, recipient
"""
_ENABLE: Final = "DELETE FROM endpoints WHERE channel = :channel AND recipient = :recipient"

_AGAIN: Final = (
    "UPDATE deliveries AS d SET state = 'queued', attempts = 0, next_try_at = :at, lease_until = NULL WHERE "
)
_IS_DEAD: Final = "d.state = 'dead'"
_IS_MISSED: Final = f"d.state = 'suppressed' AND d.code = '{ENDPOINT_GONE}'"

_REPLAY: Final = f"{_AGAIN} (({_IS_DEAD}) OR ({_IS_MISSED})) AND (d.id = :id OR d.alert_id = :id OR d.notice_id = :id)"
_ENABLE_OF: Final = """
DELETE FROM endpoints WHERE (channel, recipient) IN (
    SELECT channel, recipient FROM deliveries
    WHERE state = 'queued' AND (id = :id OR alert_id = :id OR notice_id = :id))
"""
_REPLAY_DEAD: Final = f"""
{_AGAIN} {_IS_DEAD} AND NOT EXISTS (
    SELECT 1 FROM endpoints e WHERE e.channel = d.channel AND e.recipient = d.recipient AND e.disabled_at IS NOT NULL)
"""  # noqa: S608 - fixed texts
_REPLAY_MISSED: Final = f"""
{_AGAIN} d.channel = :channel AND d.recipient = :recipient AND (({_IS_MISSED}) OR ({_IS_DEAD} AND d.tried_at >= (
    SELECT e.disabled_at FROM endpoints e WHERE e.channel = d.channel AND e.recipient = d.recipient)))
"""  # noqa: S608 - fixed texts
_IS_KNOWN: Final = """
SELECT 1 FROM deliveries WHERE id = :id UNION SELECT 1 FROM alerts WHERE id = :id
UNION SELECT 1 FROM notices WHERE id = :id
"""


def due_deliveries(db: Database, now: datetime, limit: int) -> tuple[Delivery, ...]:
    """Queued deliveries whose next try is due and that nobody is at, oldest first."""
    return tuple(_delivery(row) for row in rows(db, _DUE, {**_moment(now), "limit": limit}))


def queued_channels(db: Database) -> tuple[str, ...]:
    """Channels that something is queued for, due or not, by name."""
    return tuple(row["channel"] for row in rows(db, _QUEUED_CHANNELS))


def lease(
    db: Database,
    channel: str,
    now: datetime,
    until: datetime,
    *,
    recipients: int,
    besides: Collection[str],
    bundled: bool,
) -> tuple[tuple[Delivery, ...], ...]:
    """Take the next message of up to so many recipients; nobody else is handed them before `until`.

    What waits for a receiver that wants no more is suppressed.

    Args:
        db: The writer's connection.
        channel: Its name.
        now: What is due by.
        until: When the lease ends by itself, at most `LONGEST_LEASE` from now.
        recipients: How many messages at most.
        besides: Recipients that are to get none.
        bundled: Rows of one bundle and recipient are one message.

    Returns:
        For each message its deliveries, oldest first; none for a recipient that has a message on its way.
    """
    asked: Row = {**_moment(now), "channel": channel}
    if not rows(db, _ANY_DUE, asked):
        return ()  # without the write lock, which others may need
    with transaction(db):
        db.execute(_SUPPRESS, {**asked, "gone": ENDPOINT_GONE})
        asked |= {"recipients": recipients, "besides": json.dumps(sorted(besides)), "bundled": int(bundled)}
        found = rows(db, _NEXT, asked)
        db.execute(_LEASE, {"until": stamp(until), "ids": json.dumps([row["id"] for row in found])})
    messages: dict[str, list[Delivery]] = {}
    for row in found:
        messages.setdefault(row["recipient"], []).append(_delivery(row))
    return tuple(map(tuple, messages.values()))


def give_back(db: Database, deliveries: Iterable[Delivery]) -> None:
    """End the leases of what was not begun."""
    with transaction(db):
        db.execute(_GIVE_BACK, {"ids": json.dumps([one.id for one in deliveries])})


def forget_leases(db: Database) -> None:
    """End every lease: they are of a worker that was killed, where nobody else can be sending."""
    with transaction(db):
        db.execute(_FORGET_LEASES)


def record(db: Database, results: Iterable[DeliveryResult], *, counted: bool, gone: bool) -> None:
    """Keep how one try at one message ended, for each of its deliveries, and end their leases.

    Args:
        db: The writer's connection.
        results: What was sent stays sent; each is kept as an attempt all the same, but for what was suppressed.
        counted: The try counts towards the last one; not where the channel was at fault.
        gone: The receiver wants no more of anything.

    Raises:
        InputMissing: There is no such delivery; nothing is kept.
    """
    with transaction(db):
        for result in results:
            _record(db, result, counted=counted)
            if gone:
                db.execute(_DISABLE, _ended(result))


def disabled(db: Database) -> tuple[Disabled, ...]:
    """Receivers that want no more, the first to say so first."""
    return tuple(from_row(Disabled, row) for row in rows(db, _DISABLED))


def enable(db: Database, channel: str, recipient: str, at: datetime) -> int:
    """Send to a receiver again, and first what it has missed; returns how much that is.

    Raises:
        InputMissing: It is not disabled.
    """
    asked = {"channel": channel, "recipient": recipient}
    with transaction(db):
        queued: int = db.execute(_REPLAY_MISSED, {**asked, "at": stamp(at)}).rowcount
        if not db.execute(_ENABLE, asked).rowcount:
            raise InputMissing(f"{channel} {recipient!r} is not disabled")
    return queued


def replay(db: Database, target_id: str, at: datetime) -> int:
    """Queue again, under their old ids, the dead letters of a delivery, alert or notice; returns how many.

    So is what was suppressed because its receiver had wanted no more; such a receiver is sent to again.

    Raises:
        InputMissing: There is no such delivery, alert or notice.
    """
    with transaction(db):
        if not rows(db, _IS_KNOWN, {"id": target_id}):
            raise InputMissing(f"there is no delivery, alert or notice {target_id}")
        queued: int = db.execute(_REPLAY, {"id": target_id, "at": stamp(at)}).rowcount
        if queued:
            db.execute(_ENABLE_OF, {"id": target_id})
    return queued


def replay_dead(db: Database, at: datetime) -> int:
    """Queue every dead letter again, but for receivers that want no more; returns how many."""
    with transaction(db):
        queued: int = db.execute(_REPLAY_DEAD, {"at": stamp(at)}).rowcount
    return queued


def _record(db: Database, result: DeliveryResult, *, counted: bool) -> None:
    tried = result.state is not DeliveryState.SUPPRESSED
    values = {
        **_ended(result),
        "state": result.state.value,
        "counted": int(tried and counted),
        "retry_at": None if result.retry_at is None else stamp(result.retry_at),
    }
    changed = db.execute(_RECORD, values).rowcount
    if not changed and not rows(db, "SELECT 1 FROM deliveries WHERE id = :id", {"id": result.delivery_id}):
        raise InputMissing(f"there is no delivery {result.delivery_id}")
    if tried:
        db.execute(_ATTEMPT, values)
        db.execute(_FORGET_ATTEMPTS, {"id": result.delivery_id, "kept": ATTEMPTS_KEPT})


def _ended(result: DeliveryResult) -> Row:
    return {
        "id": result.delivery_id,
        "at": stamp(result.tried_at),
        "code": result.code,
        "message": result.message,
    }


def _moment(now: datetime) -> Row:
    return {"now": stamp(now), "far": stamp(now + LONGEST_WAIT), "longest": stamp(now + LONGEST_LEASE)}


def _delivery(row: Row) -> Delivery:
    content = load(Notice, row["notice"]) if row["alert"] is None else load(Alert, row["alert"])
    return from_row(Delivery, row, content=content)
