"""Half a day of eight feeds on a clock that is put forward: see `tests/chaos/day.py` for the whole day of forty."""

from __future__ import annotations

from monitor.model import NoticeKind
from monitor.settings import load_read_config
from tests.chaos.day import ROOT, figures, replay
from tests.chaos.figures import broken
from tests.chaos.world import eight

SPACING_S = 0.04


async def test_nothing_published_in_half_a_day_passes_unseen_and_what_is_lost_is_told() -> None:
    config = load_read_config(ROOT / "config")
    day = await replay(eight(), config, hours=12, spacing_s=SPACING_S, archive=":memory:")
    assert not broken(figures(day, spacing_s=SPACING_S))
    raised = {(feed_id, code) for _, feed_id, code in day.told(NoticeKind.ALARM)}
    assert raised == {("gone", "E-FEED-GONE"), ("blocked", "E-FEED-NOT-FEED")}
    assert day.states["gone"].paused
    assert day.conditional > 0
