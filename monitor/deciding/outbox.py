"""Which deliveries an alert or a notice becomes: one for each channel and recipient, known again by its id."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from monitor.model import Alert, Delivery

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Notice


class Channel(Protocol):
    """What queueing needs to know of a channel; every `Notify` is one.

    One that can put several alerts into a message has `bundles = True`.
    """

    @property
    def channel(self) -> str:
        """The channel's name, such as `mail`."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Addresses or endpoints that get alerts."""

    @property
    def operators(self) -> tuple[str, ...]:
        """Those that get notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """One recipient of one channel; `bundles`: it can be told several alerts in one message."""

    channel: str
    recipient: str
    bundles: bool = False


def readers(channels: Iterable[Channel]) -> tuple[Addressee, ...]:
    """Who is told alerts: each recipient of each channel, in their order, none twice."""
    return _distinct(_addressee(channel, recipient) for channel in channels for recipient in channel.recipients)


def addressees(content: Alert | Notice, channels: Iterable[Channel]) -> tuple[Addressee, ...]:
    """The readers of an alert; of a notice each operator, in their order, none twice."""
    if isinstance(content, Alert):
        return readers(channels)
    return _distinct(_addressee(channel, operator) for channel in channels for operator in channel.operators)


def _addressee(channel: Channel, recipient: str) -> Addressee:
    return Addressee(channel=channel.channel, recipient=recipient, bundles=getattr(channel, "bundles", False))


def _distinct(found: Iterable[Addressee]) -> tuple[Addressee, ...]:
    return tuple({(to.channel, to.recipient): to for to in found}.values())


def addressed(content: Alert | Notice, to: Addressee) -> Delivery:
    """What goes to one addressee at once.

    The id derives from content, channel and recipient alone, so that queueing again after a crash, or sending
    again after an unknown ending, is recognisable in the archive and at the receiver.
    """
    delivery_id = _delivery_id(content.id, to.channel, to.recipient)
    return Delivery(id=delivery_id, channel=to.channel, recipient=to.recipient, content=content)


def queue(content: Alert | Notice, channels: Iterable[Channel]) -> tuple[Delivery, ...]:
    """One delivery for each addressee, at once: notices pass by rules, mutes and quiet hours."""
    return tuple(addressed(content, to) for to in addressees(content, channels))


def _delivery_id(content_id: str, channel: str, recipient: str) -> str:
    """128 bits of SHA-256 over the three parts; NUL occurs in none of them, so they cannot run together."""
    joined = f"{content_id}\0{channel}\0{recipient}"
    return "dl_" + sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]
