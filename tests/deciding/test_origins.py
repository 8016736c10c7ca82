"""Whom a claim comes from: outlets are not origins, and what names none corroborates nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.deciding.origins import corroborates, origin_of, origins
from tests.factories import make_known, make_mention, make_reading

READOUT = "بيان لقوات الشرق الليبي"
AGENCY = "وكالة الأنباء الليبية"


def corroborated(origin: str | None, *names: str | None) -> bool:
    return corroborates(origin, [make_known(make_mention(origin=name)) for name in names])


@pytest.mark.parametrize("known", [(), (None,), (AGENCY,), (None, AGENCY)])
def test_an_unnamed_origin_corroborates_nothing(known: tuple[str | None, ...]) -> None:
    assert not corroborated(None, *known)


def test_another_named_origin_corroborates_and_the_same_does_not() -> None:
    assert corroborated(AGENCY, READOUT)
    assert not corroborated(READOUT, READOUT)


def test_a_named_origin_is_the_first_behind_what_only_unnamed_ones_said() -> None:
    assert corroborated(AGENCY, None, None)


def test_it_must_be_another_than_every_origin_known() -> None:
    assert not corroborated(AGENCY, READOUT, AGENCY)
    assert corroborated("رويترز", READOUT, AGENCY)


@pytest.mark.parametrize(
    "other", ["بيانٌ لقوات الشرق الليبي", "بيان قوات الشرق الليبي", "البيان الصادر عن قوات الشرق الليبي"]
)
def test_one_origin_named_in_other_words_is_the_same(other: str) -> None:
    assert not corroborated(other, READOUT)
    assert not corroborated(READOUT, other)


def test_two_statements_of_two_houses_are_two_origins() -> None:
    assert corroborated("بيان للرئاسة الفرنسية", READOUT)
    assert corroborated("بيان وزارة الدفاع الإيطالية", "بيان للرئاسة الفرنسية")


def test_the_words_of_the_mention_come_before_those_of_the_article() -> None:
    reading = make_reading(origin=READOUT)
    assert origin_of(make_mention(origin=AGENCY), reading) == AGENCY
    assert origin_of(make_mention(), reading) == READOUT
    assert origin_of(make_mention(), make_reading()) is None


def test_two_outlets_of_one_origin_count_once_and_those_without_do_not_count() -> None:
    known = [
        make_known(make_mention(origin=name), outlet=outlet)
        for name, outlet in ((READOUT, "أ"), (READOUT, "ب"), (None, "ج"), (AGENCY, "د"))
    ]
    assert origins(known) == (READOUT, AGENCY)
    assert origins([]) == ()


_names = st.none() | st.sampled_from((READOUT, AGENCY, "رويترز", "بيان للرئاسة الفرنسية"))


@given(_names, st.lists(_names, max_size=4))
def test_the_order_of_arrival_does_not_matter(origin: str | None, known: list[str | None]) -> None:
    assert corroborated(origin, *known) is corroborated(origin, *reversed(known))
