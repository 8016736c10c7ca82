"""Two hundred events for a receiver that fails three times in ten: see `tests/chaos/webhooks.py` for ten thousand."""

from __future__ import annotations

from tests.chaos.figures import broken
from tests.chaos.webhooks import ENDPOINTS, WAVE, figures, storm


async def test_each_of_two_hundred_events_arrives_signed_at_a_receiver_that_often_fails() -> None:
    assert not broken(figures(await storm(WAVE * ENDPOINTS, archive=":memory:", wall_s=120)))
