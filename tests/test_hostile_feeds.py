"""Servers that mean harm, or are broken, polled as feeds: each is told by its own code, and a good one is read.

What they answer stands in `tests/chaos/hostile_servers.py`, what is to be seen of it in `tests/chaos/hostile.py`. All
are polled once, in a process whose memory is measured.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from monitor.model import Outcome
from tests.chaos.figures import broken
from tests.chaos.hostile import EXPECTED, NOT_FEED, ROOT, Results, figures, loaded, unexpected

DAY_S = 86_400


@pytest.fixture(scope="module")
def results() -> Results:
    command = [sys.executable, "-m", "tests.chaos.hostile", "1", "5", "100"]
    return loaded(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120).stdout)  # noqa: S603


def test_each_is_told_by_its_own_code_in_the_report_and_in_the_feeds_state(results: Results) -> None:
    assert not unexpected(results)
    assert results.feeds.keys() == EXPECTED.keys()


def test_they_end_in_time_within_little_memory_and_reach_nobody_they_may_not(results: Results) -> None:
    assert not broken(figures(results))


def test_each_is_told_in_one_sentence(results: Results) -> None:
    told = [seen.message or "" for seen in results.feeds.values() if seen.code]
    assert all(0 < len(message) < 500 and message.isprintable() for message in told)


def test_what_stands_in_place_of_a_feed_is_shown_by_its_beginning(results: Results) -> None:
    told = {name: seen.message or "" for name, seen in results.feeds.items() if seen.code == NOT_FEED}
    assert "«<!DOCTYPE html>" in told["block-page"]
    assert "nothing" in told["empty"]


def test_whoever_asks_us_to_wait_is_obeyed_between_a_minute_and_a_day(results: Results) -> None:
    waits = {name: seen.wait_s for name, seen in results.feeds.items() if seen.code and not seen.paused}
    assert all(60 <= wait_s <= DAY_S for wait_s in waits.values())
    assert (waits["retry-seconds"], waits["retry-date"], waits["retry-ten-years"]) == (7200, 9 * 3600, DAY_S)
    assert waits["retry-negative"] < 7200 > waits["retry-arabic"]
    assert results.feeds["gone"].paused


def test_what_breaks_off_keeps_no_validators_and_a_feed_cut_in_the_middle_keeps_its_items(results: Results) -> None:
    assert [results.feeds[name].etag for name in ("cut-gzip", "short-body", "cut-xml")] == [None, None, None]
    cut = results.feeds["cut-xml"]
    assert (cut.partial, cut.entries) == (True, 8)


@pytest.mark.parametrize("name", ["1256-as-utf-8", "utf-8-as-1256", "bom", "utf-16", "entity-name", "bidi"])
def test_arabic_comes_out_right_whatever_the_label_says_and_whatever_is_hidden_in_it(
    results: Results, name: str
) -> None:
    titles = results.feeds[name].titles
    assert titles
    assert list(titles) == [f"خبر رقم {number} عن المعرض السنوي" for number in range(len(titles))]


def test_payloads_become_plain_text_and_links_lead_to_pages_only(results: Results) -> None:
    seen = results.feeds["payloads"]
    assert not [title for title in seen.titles if re.search(r"<\s*/?[a-z]|onerror=|javascript:", title)]
    assert all(link.startswith("http://payloads.test") for link in seen.links)
    assert seen.skipped == 5


def test_of_sixteen_thousand_items_five_hundred_are_read(results: Results) -> None:
    seen = results.feeds["16000-items"]
    assert (seen.entries, seen.skipped) == (500, 15_500)


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("deep-page", (Outcome.NO_TEXT, "E-EXTRACT-EMPTY")),
        ("empty-page", (Outcome.NO_TEXT, "E-EXTRACT-EMPTY")),
        ("item-to-us", (Outcome.UNREACHABLE, "E-FETCH-PRIVATE")),
        ("walls", (Outcome.SUSPECT, None)),
    ],
)
def test_a_page_that_cannot_be_read_ends_its_entry_and_not_its_feed(
    results: Results, name: str, end: tuple[Outcome, str | None]
) -> None:
    assert [end[0].value, end[1]] in [list(one) for one in results.feeds[name].ends]


def test_a_page_of_two_hundred_thousand_paragraphs_is_ended_at_its_limit_of_time_or_of_memory(
    results: Results,
) -> None:
    ((outcome, code),) = results.feeds["tiny-page"].ends
    assert (outcome, code in {"E-EXTRACT-TIMEOUT", "E-EXTRACT-CRASH"}) == (Outcome.NO_TEXT.value, True)
