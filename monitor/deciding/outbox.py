"""Which deliveries an alert or a notice becomes: one for each channel and recipient, known again by its id."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from monitor.model import Alert, Delivery

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Notice


class Channel(Protocol):
    """What queueing needs to know of a channel; every `Notify` is one."""

    @property
    def channel(self) -> str:
        """The channel's name, such as `mail`."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Addresses or endpoints that get alerts."""

    @property
    def operators(self) -> tuple[str, ...]:
        """Those that get notices."""


def queue(content: Alert | Notice, channels: Iterable[Channel]) -> tuple[Delivery, ...]:
    """One delivery for each recipient of each channel, in their order, none twice; of a notice for each operator.

    The id derives from content, channel and recipient alone, so that queueing again after a crash, or sending
    again after an unknown ending, is recognisable in the archive and at the receiver.
    """
    found: dict[str, Delivery] = {}
    for channel in channels:
        for recipient in channel.recipients if isinstance(content, Alert) else channel.operators:
            delivery_id = _delivery_id(content.id, channel.channel, recipient)
            delivery = Delivery(id=delivery_id, channel=channel.channel, recipient=recipient, content=content)
            found.setdefault(delivery_id, delivery)
    return tuple(found.values())


def _delivery_id(content_id: str, channel: str, recipient: str) -> str:
    """128 bits of SHA-256 over the three parts; NUL occurs in none of them, so they cannot run together."""
    joined = f"{content_id}\0{channel}\0{recipient}"
    return "dl_" + sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]
