"""Which deliveries an alert becomes: one for each channel and recipient, known again by its id."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from monitor.model import Alert, Delivery

if TYPE_CHECKING:
    from collections.abc import Iterable


class Channel(Protocol):
    """What queueing needs to know of a channel; every `Notify` is one."""

    @property
    def channel(self) -> str:
        """The channel's name, such as `mail`."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Addresses or endpoints."""


def queue(alert: Alert, channels: Iterable[Channel]) -> tuple[Delivery, ...]:
    """One delivery for each recipient of each channel, in their order, none twice.

    The id derives from alert, channel and recipient alone, so that queueing again after a crash, or sending
    again after an unknown ending, is recognisable in the archive and at the receiver.
    """
    found: dict[str, Delivery] = {}
    for channel in channels:
        for recipient in channel.recipients:
            delivery_id = _delivery_id(alert.id, channel.channel, recipient)
            delivery = Delivery(id=delivery_id, channel=channel.channel, recipient=recipient, alert=alert)
            found.setdefault(delivery_id, delivery)
    return tuple(found.values())


def _delivery_id(alert_id: str, channel: str, recipient: str) -> str:
    """128 bits of SHA-256 over the three parts; NUL occurs in none of them, so they cannot run together."""
    joined = f"{alert_id}\0{channel}\0{recipient}"
    return "dl_" + sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]
