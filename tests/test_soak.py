"""Three hundred polls of twenty feeds: see `tests/chaos/soak.py` for fifty thousand, and what only those can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.settings import load_read_config
from tests.chaos.figures import broken
from tests.chaos.soak import ROOT, Size, figures, soak

if TYPE_CHECKING:
    from pathlib import Path

SIZE = Size(feeds=20, polls=300, articles=120, readers=0)


async def test_in_three_hundred_polls_nothing_published_is_lost_and_no_file_stays_open(tmp_path: Path) -> None:
    seen = await soak(SIZE, load_read_config(ROOT / "config"), tmp_path / "archive.db")
    assert not broken(figures(seen))
    assert seen.polls >= SIZE.polls
    assert seen.stored == SIZE.articles
