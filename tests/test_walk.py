"""The walk in `monitor/__init__.py` names what there is, in the order in which it runs."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import monitor
from monitor.adapters.similarity import LexicalSimilarity
from monitor.deciding import decide
from monitor.demo.pages import LAYOUTS, copy_of, render
from monitor.ports import ReadJob
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from storage.archive import SqliteArchive
from storage.seed import seed_articles

if TYPE_CHECKING:
    from types import FrameType

    from monitor.reading.words import ReadConfig

ROOT = Path(__file__).parents[1]
DOCSTRING = monitor.__doc__ or ""
NAMED = re.findall(r"`(monitor(?:\.\w+)+)`", DOCSTRING)
WALK = [line.split("`")[1] for line in re.findall(r"^\d+\. .*", DOCSTRING, re.MULTILINE)]
STAGES = ("reading", "deciding", "pipeline")


def read_and_decide(config: ReadConfig) -> None:
    """One page of a feed, from its bytes to its alerts."""
    seed, now = seed_articles()[0], datetime(2026, 1, 18, tzinfo=UTC)
    page = render(copy_of(seed.text), LAYOUTS[0], neighbours=(), url="/a")
    job = ReadJob(
        article_id="a",
        url="http://example.org/a",
        outlet="o",
        fetched_at=now,
        html=page,
        content_type=f"text/html; charset={LAYOUTS[0].charset}",
        published_at=now,
    )
    with SqliteArchive(":memory:") as archive:
        reading = read_article(job, config)
        decide(reading, archive.recall(reading), LexicalSimilarity())


def in_order_of_running() -> list[str]:
    """The modules of `monitor`, by the moment at which the first of their functions is called."""
    seen: dict[str, None] = {}

    def called(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            seen.setdefault(frame.f_globals.get("__name__", ""))

    config = load_read_config(ROOT / "config")
    read_and_decide(config)  # words are indexed once in a process: that is no part of the walk
    before = sys.getprofile()
    sys.setprofile(called)
    try:
        read_and_decide(config)
    finally:
        sys.setprofile(before)
    return [name for name in seen if name.startswith("monitor.")]


def test_all_that_is_named_is_there_and_named_once() -> None:
    assert [name for name in NAMED if find_spec(name) is None] == []
    assert sorted(NAMED) == sorted(set(NAMED))


def test_every_stage_and_all_that_stages_rest_on_is_named() -> None:
    files = [path for package in STAGES for path in (ROOT / "monitor" / package).glob("[!_]*.py")]
    there = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files}
    named = {name for name in NAMED if name.count(".") == 2 and name.split(".")[1] in STAGES}
    assert named == there


def test_the_walk_goes_in_the_order_in_which_stages_run() -> None:
    ran = [name for name in in_order_of_running() if name in WALK]
    assert ran == [name for name in WALK if name in ran]
    assert {name for name in WALK if name.startswith(("monitor.reading.", "monitor.deciding."))} - set(ran) == {
        "monitor.reading.feed",
        "monitor.reading.screen",
        "monitor.deciding.outbox",
        "monitor.deciding.polling",
    }
