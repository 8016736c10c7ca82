"""One try at one delivery, and how it ended as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import DeliveryError
from monitor.model import Delivery, DeliveryResult, DeliveryState
from monitor.pacing import next_delivery

if TYPE_CHECKING:
    from monitor.ports import Clock, Notify


async def deliver_one(notify: Notify, delivery: Delivery, clock: Clock) -> DeliveryResult:
    """Send once, and say what is to happen next.

    Returns:
        `sent`; or `queued` with the time of the next try; or `dead`, where trying again cannot help or the
        schedule has ended. `delivery.attempts` counts the tries before this one.
    """
    try:
        await notify.send(delivery)
    except DeliveryError as error:
        return _failed(delivery, error, clock)
    return DeliveryResult(delivery_id=delivery.id, state=DeliveryState.SENT, tried_at=clock.now())


def _failed(delivery: Delivery, error: DeliveryError, clock: Clock) -> DeliveryResult:
    now = clock.now()
    tries = delivery.attempts + 1
    retry_at = next_delivery(tries, now, error.retry_after_s, spread=delivery.id) if error.transient else None
    return DeliveryResult(
        delivery_id=delivery.id,
        state=DeliveryState.DEAD if retry_at is None else DeliveryState.QUEUED,
        tried_at=now,
        code=error.code,
        message=error.message,
        retry_at=retry_at,
        transient=error.transient,
    )
