from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.adapters.deliver import deliver_one
from monitor.errors import DeliveryError, MailAuth, MailRefused, MailUnavailable
from monitor.model import DeliveryState
from monitor.pacing import MAX_TRIES
from tests.alert_factory import FixedClock, make_delivery

if TYPE_CHECKING:
    from monitor.model import Delivery, DeliveryResult

DELIVERY = make_delivery("desk@example.org")


@dataclass
class Channel:
    """A channel that raises what it is given, or takes its time."""

    error: Exception | None = None
    takes_s: float = 0.0
    channel: str = "mail"
    recipients: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()

    async def send(self, delivery: Delivery) -> None:
        await asyncio.sleep(self.takes_s)
        if self.error is not None:
            raise self.error


async def tried(error: Exception | None = None, *, attempts: int = 0) -> DeliveryResult:
    return await deliver_one(Channel(error=error), replace(DELIVERY, attempts=attempts), FixedClock())


async def test_what_was_taken_is_sent() -> None:
    result = await tried()
    assert (result.delivery_id, result.state, result.code) == (DELIVERY.id, DeliveryState.SENT, None)
    assert (result.tried_at, result.retry_at, result.transient) == (FixedClock().now(), None, False)


async def test_a_failure_for_now_is_tried_again_until_the_schedule_has_ended() -> None:
    results = [await tried(MailUnavailable("451 later"), attempts=count) for count in range(MAX_TRIES)]
    assert [one.state for one in results] == [*[DeliveryState.QUEUED] * (MAX_TRIES - 1), DeliveryState.DEAD]
    waits = [one.retry_at - one.tried_at for one in results if one.retry_at is not None]
    assert waits == sorted(waits)
    assert timedelta(seconds=5) <= waits[0] <= timedelta(seconds=6)
    assert all((one.code, one.message, one.transient) == ("E-MAIL-UNAVAILABLE", "451 later", True) for one in results)


async def test_what_failed_together_does_not_come_back_together() -> None:
    results = [
        await deliver_one(Channel(error=MailUnavailable("451")), replace(DELIVERY, id=f"dl_{number}"), FixedClock())
        for number in range(20)
    ]
    assert [one.delivery_id for one in results] == [f"dl_{number}" for number in range(20)]
    assert len({one.retry_at for one in results}) > 10


async def test_what_the_receiver_asks_for_is_waited() -> None:
    result = await tried(MailUnavailable("429", retry_after_s=700))
    assert result.retry_at == result.tried_at + timedelta(seconds=700)


async def test_a_refusal_is_a_dead_letter_at_once() -> None:
    result = await tried(MailRefused("550 nobody"))
    assert (result.state, result.retry_at, result.transient) == (DeliveryState.DEAD, None, False)


@pytest.mark.parametrize("attempts", [0, MAX_TRIES])
async def test_what_a_wrong_password_kept_from_going_stays_due(attempts: int) -> None:
    result = await tried(MailAuth("535"), attempts=attempts)
    assert (result.state, result.code) == (DeliveryState.QUEUED, "E-MAIL-AUTH")
    assert (result.retry_at, result.transient) == (result.tried_at, False)


async def test_a_message_that_a_channel_stumbles_over_is_a_failed_try() -> None:
    result = await tried(KeyError("title"))
    assert (result.state, result.code, result.transient) == (DeliveryState.QUEUED, DeliveryError.code, True)
    assert result.message == "mail: KeyError: 'title'"


async def test_a_channel_without_an_end_is_cut_off() -> None:
    async with asyncio.timeout(5):
        result = await deliver_one(Channel(takes_s=60), DELIVERY, FixedClock(), longest_s=0.05)
    assert (result.state, result.code, result.transient) == (DeliveryState.QUEUED, DeliveryError.code, True)
    assert result.message == "mail: no end after 0.05 s"


async def test_the_word_to_stop_is_no_failure() -> None:
    sending = asyncio.ensure_future(deliver_one(Channel(takes_s=60), DELIVERY, FixedClock()))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
