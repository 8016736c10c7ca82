"""The map from a model's raw likeness to the common scale."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.deciding.calibration import FEWEST, Calibration, auc, fit, threshold

CLEAN = [(place / 100, False) for place in range(40)] + [(0.6 + place / 100, True) for place in range(40)]


def test_pairs_that_are_apart_get_a_steep_map_and_both_thresholds() -> None:
    found = fit(CLEAN, "m@1")
    assert found.auc == 1.0
    assert found.known == pytest.approx(0.38, abs=0.03), "two of forty may be wrong"
    assert found.suggest == pytest.approx(0.30, abs=0.03), "ten of fifty may be wrong"
    assert found.of(0.0) < 0.05
    assert found.of(0.9) > 0.95
    assert (found.pairs, found.same) == (80, 40)


def test_a_threshold_is_the_lowest_that_keeps_the_wished_precision() -> None:
    scored = [(0.9, True)] * 8 + [(0.8, True), (0.8, False)] + [(0.7, False)] * 5
    assert threshold(scored, 0.9).at == 0.8
    assert threshold(scored, 0.95).at == 0.9
    assert threshold([(0.5, False)] * 20, 0.8).at is None
    assert threshold([(0.9, True)] * 3 + [(0.1, False)] * 9, 0.95).at is None, "three pairs prove nothing"


def test_too_few_pairs_of_one_label_fit_nothing() -> None:
    with pytest.raises(ValueError, match=f"at least {FEWEST}"):
        fit([(0.5, True)] * 100 + [(0.4, False)] * (FEWEST - 1), "m")


@pytest.mark.parametrize(
    "knots", [(), ((0.5, 0.5), (0.5, 0.6)), ((0.5, 0.6), (0.6, 0.5)), ((0.5, 1.5),), ((float("nan"), 0.5),)]
)
def test_what_does_not_rise_is_no_calibration(knots: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="knots must"):
        Calibration(model="m", knots=knots, known=None, suggest=None, pairs=1, same=1, auc=0.5)


@given(st.lists(st.tuples(st.floats(-1, 1), st.booleans()), max_size=60), st.floats(-2, 2), st.floats(-2, 2))
def test_any_fitted_map_rises_and_stays_within_bounds(
    scored: list[tuple[float, bool]], one: float, other: float
) -> None:
    base = [(-0.5, False)] * FEWEST + [(0.5, True)] * FEWEST
    found = fit(base + scored, "m")
    low, high = found.of(min(one, other)), found.of(max(one, other))
    assert 0 < low <= high < 1
    assert all(left[0] < right[0] for left, right in pairwise(found.knots))


@given(st.lists(st.tuples(st.integers(0, 5).map(float), st.booleans()), min_size=2, max_size=30))
def test_the_area_under_the_curve_is_the_share_of_pairs_in_order(scored: list[tuple[float, bool]]) -> None:
    same = [score for score, label in scored if label]
    different = [score for score, label in scored if not label]
    if same and different:
        counted = sum((a > b) + (a == b) / 2 for a in same for b in different) / (len(same) * len(different))
        assert auc(scored) == pytest.approx(counted)
