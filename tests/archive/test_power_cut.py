"""What was acknowledged survives a power cut at any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.power import Trace, cut, record

if TYPE_CHECKING:
    from pathlib import Path

STATES = 500


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return record(tmp_path_factory.mktemp("trace") / "rasid.db")


def test_no_state_after_a_power_cut_is_corrupt_or_lacks_what_was_acknowledged(trace: Trace, tmp_path: Path) -> None:
    toll = cut(trace, tmp_path, states=STATES)
    assert toll.commits > 20
    assert (toll.states, toll.corrupt, toll.lost, toll.told) == (STATES, 0, 0, [])


def test_the_cuts_are_sharp_enough_to_show_what_a_weaker_setting_loses(trace: Trace, tmp_path: Path) -> None:
    assert cut(trace, tmp_path, states=60, synchronous="NORMAL").lost > 0
