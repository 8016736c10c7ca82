"""A bad feed harms itself: the others are read as quickly beside it, and a good one among bad ones is read.

`tests/chaos/isolation.py` has the feeds and what is wrong with them.
"""

from __future__ import annotations

from monitor.adapters.engine import InlineCompute
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from tests.chaos.isolation import DELAY_S, FEEDS, ROOT, Kind, alert_beside_s, beats, delays_s, reading

DEADLINE_S = 3.0
LIMIT_S = 5.0


async def test_one_bad_feed_of_twenty_delays_the_others_by_less_than_a_second() -> None:
    kinds = {kind.value: (kind,) for kind in (Kind.HANGS, Kind.SLEEPS, Kind.ABORTS)}
    async with reading(limit_s=LIMIT_S) as compute:
        delays = await delays_s(compute, kinds, deadline_s=DEADLINE_S)
    assert not {name: delay_s for name, delay_s in delays.items() if delay_s >= DELAY_S}


async def test_beside_nineteen_bad_feeds_a_good_one_is_read_and_tells() -> None:
    bad = [Kind.SLEEPS, Kind.ABORTS, *(Kind.HANGS,) * 8, *(Kind.SLOW,) * 5, *(Kind.SLOW_PAGES,) * 4]
    assert len(bad) == FEEDS - 1
    async with reading(limit_s=LIMIT_S) as compute:
        assert await alert_beside_s(compute, bad, deadline_s=DEADLINE_S) < 60


async def test_a_good_feed_is_polled_again_and_again_while_the_poll_of_a_bad_one_lasts() -> None:
    seen = await beats(InlineCompute(read_article, load_read_config(ROOT / "config")), deadline_s=60)
    assert (seen.good_polls, seen.bad_polls, seen.bad_requests) == (3, 0, 1)
    assert seen.second_s < DELAY_S
