"""What hubs were asked for: one row for each feed. Tokens and secrets are read here for hubs, and shown nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.ports import Subscription, SubscriptionState
from storage.connection import rows, transaction, translated
from storage.rows import from_row, to_row

if TYPE_CHECKING:
    from sqlite_utils import Database

    from storage.rows import Row

_EVERY: Final = "SELECT * FROM subscriptions ORDER BY feed_id"

_OF: Final = "SELECT * FROM subscriptions WHERE token = :token"

_KEEP: Final = """
INSERT INTO subscriptions (feed_id, hub, topic, token, secret, state, asked_at, lease_until)
VALUES (:feed_id, :hub, :topic, :token, :secret, :state, :asked_at, :lease_until)
ON CONFLICT (feed_id) DO UPDATE SET hub = excluded.hub, topic = excluded.topic, token = excluded.token,
    secret = excluded.secret, state = excluded.state, asked_at = excluded.asked_at, lease_until = excluded.lease_until
"""

_DROP: Final = "DELETE FROM subscriptions WHERE token = :token"


class SqliteSubscriptions:
    """`monitor.ports.Subscriptions` over the archive's connection. Raises what the archive raises."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def every(self) -> tuple[Subscription, ...]:
        """All of them, by feed."""
        with translated("read the subscriptions"):
            return tuple(_value(row) for row in rows(self._db, _EVERY))

    def of(self, token: str) -> Subscription | None:
        """The one that `token` belongs to."""
        with translated("look a subscription up"):
            found = rows(self._db, _OF, {"token": token})
        return _value(found[0]) if found else None

    def keep(self, subscription: Subscription, /) -> None:
        """Keep it in place of what its feed had. Twice is a no-op."""
        with translated("keep a subscription"), transaction(self._db):
            self._db.execute(_KEEP, _row(subscription))

    def drop(self, subscription: Subscription, /) -> None:
        """Forget it; one that took its place stays."""
        with translated("forget a subscription"), transaction(self._db):
            self._db.execute(_DROP, {"token": subscription.token})


def _row(subscription: Subscription) -> Row:
    # How often it was asked for stands beside the state, `asked:2`: it means nothing without it.
    row = to_row(subscription, "asks")
    return {**row, "state": f"{row['state']}:{subscription.asks}"}


def _value(row: Row) -> Subscription:
    state, _, asks = row["state"].partition(":")
    return from_row(Subscription, row, state=SubscriptionState(state), asks=int(asks or 0))
