"""What is due in the outbox, tried once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import DeliveryResult, DeliveryState
from monitor.pipeline.abreast import together

if TYPE_CHECKING:
    from monitor.model import Delivery
    from monitor.pipeline.settling import Ports
    from monitor.ports import Notify


async def deliver(ports: Ports, *, limit: int = 50) -> tuple[DeliveryResult, ...]:
    """Try what is due in the outbox once. Channels run side by side: a slow one delays no other.

    Raises:
        ArchiveError: The archive cannot be read or written; what was sent is sent again then, under the same id.
    """
    queued: dict[str, list[Delivery]] = {}
    for delivery in ports.archive.due_deliveries(ports.clock.now(), limit):
        queued.setdefault(delivery.channel, []).append(delivery)
    channels = {channel.channel: channel for channel in ports.channels}
    tries = await together(_deliver_all(ports, channels.get(name), due) for name, due in queued.items())
    return tuple(result for one in tries for result in one)


async def _deliver_all(ports: Ports, channel: Notify | None, queued: list[Delivery]) -> list[DeliveryResult]:
    results = []
    for delivery in queued:
        if channel is not None:
            result = await ports.attempt(channel, delivery, ports.clock)
        else:
            why = f"the channel {delivery.channel!r} is configured no more"
            at = ports.clock.now()
            result = DeliveryResult(
                delivery_id=delivery.id, state=DeliveryState.DEAD, tried_at=at, code="E-DELIVERY", message=why
            )
        ports.archive.record(result)
        results.append(result)
    return results
