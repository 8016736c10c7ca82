"""One try at one message, and how it ended as a value."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from monitor.errors import DeliveryError, MailAuth
from monitor.model import Delivery, DeliveryResult, DeliveryState
from monitor.pacing import next_delivery

if TYPE_CHECKING:
    from monitor.ports import Clock, Notify

LONGEST_S: Final = 310.0
"""A channel has time limits of its own, of 300 seconds at most; this is for one that does not keep to them."""


async def deliver_one(
    notify: Notify, delivery: Delivery, clock: Clock, *, longest_s: float = LONGEST_S
) -> DeliveryResult:
    """Send once, and say what is to happen next. Never raises: whatever a channel stumbles over is a failed try.

    Returns:
        `sent`; or `queued` with the time of the next try; or `dead`, where trying again cannot help or the
        schedule has ended. `delivery.attempts` counts the tries before this one. Where the channel's credentials or
        TLS are wrong it stays queued and due, for that is nothing of the message's: the channel is what must wait.
    """
    try:
        async with asyncio.timeout(longest_s):
            await notify.send(delivery)
    except DeliveryError as error:
        return _failed(delivery, error, clock, transient=error.transient)
    except TimeoutError:
        late = DeliveryError(f"{notify.channel}: no end after {longest_s:g} s")
        return _failed(delivery, late, clock, transient=True)
    except Exception as error:  # noqa: BLE001 - a message that a channel stumbles over must not stop all others
        broken = DeliveryError(f"{notify.channel}: {type(error).__name__}: {error}")
        return _failed(delivery, broken, clock, transient=True)
    return DeliveryResult(delivery_id=delivery.id, state=DeliveryState.SENT, tried_at=clock.now())


def _failed(delivery: Delivery, error: DeliveryError, clock: Clock, *, transient: bool) -> DeliveryResult:
    now = clock.now()
    retry_at = next_delivery(delivery.attempts + 1, now, error.retry_after_s, spread=delivery.id)
    if isinstance(error, MailAuth):
        retry_at = now
    elif not transient:
        retry_at = None
    return DeliveryResult(
        delivery_id=delivery.id,
        state=DeliveryState.DEAD if retry_at is None else DeliveryState.QUEUED,
        tried_at=now,
        code=error.code,
        message=error.message,
        retry_at=retry_at,
        transient=transient,
    )
