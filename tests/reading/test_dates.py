"""Written dates become bounds of days, in both calendars, relative to the page's date where they say less."""

from __future__ import annotations

import itertools
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.lexicon import load_lexicon
from monitor.reading import calendars
from monitor.reading.arabic import fold, tokens
from monitor.reading.dates import DateIndex, DateMention, find_dates

LEXICON_DIR = Path(__file__).parents[2] / "config" / "lexicon"
FILES = ("months", "weekdays", "numbers", "datewords")
TABLES = {name: tomllib.loads((LEXICON_DIR / f"{name}.toml").read_text(encoding="utf-8")) for name in FILES}
LEXICON, PROBLEMS = load_lexicon(TABLES, fold)
INDEX = DateIndex.from_lexicon(LEXICON)
SATURDAY = date(2026, 1, 17)


def dates(text: str, reference: date | None = SATURDAY, *, future: bool = False) -> list[DateMention]:
    ahead = [(0, len(text))] if future else []
    return list(find_dates(text, tokens(text), reference, INDEX, future=ahead))


def only(text: str, reference: date | None = SATURDAY, *, future: bool = False) -> tuple[str, str, str, str]:
    (found,) = dates(text, reference, future=future)
    return found.date_from.isoformat(), found.date_to.isoformat(), found.source, found.precision


def test_the_shipped_files_hold_no_mistake() -> None:
    assert [problem for problem in PROBLEMS if not problem.endswith(": missing")] == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("17 يناير 2026", "2026-01-17"),
        ("١٧ يناير ٢٠٢٦", "2026-01-17"),
        ("في 17 يناير من عام 2026", "2026-01-17"),
        ("السابع عشر من يناير 2026", "2026-01-17"),
        ("الحادي والعشرين من نوفمبر 2023", "2023-11-21"),
        ("الأول من سبتمبر 2024", "2024-09-01"),
        ("29 أيار/مايو 2018", "2018-05-29"),
        ("29 مايو/أيار 2018", "2018-05-29"),
        ("الثلاثاء 29 مايو (أيار) 2018", "2018-05-29"),
        ("يوم الثلاثاء، 29 أيار 2018", "2018-05-29"),
        ("5 كانون الثاني/يناير 2019", "2019-01-05"),
        ("25 جويلية 2017", "2017-07-25"),
        ("20 فيفري 2017", "2017-02-20"),
        ("3 أوت 2019", "2019-08-03"),
        ("8 ماي 2019", "2019-05-08"),
        ("14 جوان 2016", "2016-06-14"),
        ("10 غشت 2020", "2020-08-10"),
        ("2026-01-17", "2026-01-17"),
        ("2026-01-17T12:25:00", "2026-01-17"),
        ("17/1/2026", "2026-01-17"),
        ("17-01-2026", "2026-01-17"),
        ("17.01.2026", "2026-01-17"),
        ("17 / 01 / 2026", "2026-01-17"),
        ("١٧/١/٢٠٢٦", "2026-01-17"),
        ("01 / 21 / 2018", "2018-01-21"),
    ],
)
def test_a_full_gregorian_date_needs_no_page_date(text: str, day: str) -> None:
    assert only(text, None) == (day, day, "gregorian", "day")


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("15 رجب 1447", "2026-01-04", "2026-01-04", "day"),
        ("الخامس عشر من رجب 1447 هـ", "2026-01-04", "2026-01-04", "day"),
        ("15/7/1447", "2026-01-04", "2026-01-04", "day"),
        ("27 ذو القعدة 1439 هجرية", "2018-08-09", "2018-08-09", "day"),
        ("رجب 1447", "2025-12-21", "2026-01-19", "month"),
        ("1447 هـ", "2025-06-26", "2026-06-15", "year"),
    ],
)
def test_a_hijri_date_becomes_gregorian_days(text: str, first: str, last: str, precision: str) -> None:
    assert only(text, None) == (first, last, "hijri", precision)
    assert all(type(found.date_from) is date for found in dates(text, None))


@pytest.mark.parametrize(
    ("text", "first", "last", "source", "precision"),
    [
        ("في 12 يناير", "2026-01-12", "2026-01-12", "gregorian", "day"),
        ("يوم 20 ديسمبر", "2025-12-20", "2025-12-20", "gregorian", "day"),
        ("في 5 فبراير المقبل", "2026-02-05", "2026-02-05", "gregorian", "day"),
        ("17 يناير الماضي", "2025-01-17", "2025-01-17", "gregorian", "day"),
        ("29 مايو من العام الماضي", "2025-05-29", "2025-05-29", "gregorian", "day"),
        ("12 و13 نوفمبر 2018", "2018-11-12", "2018-11-13", "gregorian", "days"),
        ("ديسمبر المقبل", "2026-12-01", "2026-12-31", "month", "month"),
        ("ديسمبر الماضي", "2025-12-01", "2025-12-31", "month", "month"),
        ("يناير الجاري", "2026-01-01", "2026-01-31", "month", "month"),
        ("تموز/يوليو 2017", "2017-07-01", "2017-07-31", "month", "month"),
        ("في مارس 2011", "2011-03-01", "2011-03-31", "month", "month"),
        ("خلال شهر أوت 2018", "2018-08-01", "2018-08-31", "month", "month"),
        ("منتصف سبتمبر 2018", "2018-09-11", "2018-09-20", "month", "part"),
        ("في نهاية ديسمبر 2018", "2018-12-22", "2018-12-31", "month", "part"),
        ("قبل نهاية 2018", "2018-09-01", "2018-12-31", "year", "part"),
        ("مطلع عام 2019", "2019-01-01", "2019-05-02", "year", "part"),
        ("عام 2018", "2018-01-01", "2018-12-31", "year", "year"),
        ("منذ عام 2011", "2011-01-01", "2011-12-31", "year", "year"),
        ("منذ 2011", "2011-01-01", "2011-12-31", "year", "year"),
        ("الثلاثاء", "2026-01-13", "2026-01-13", "weekday", "day"),
        ("السبت", "2026-01-17", "2026-01-17", "weekday", "day"),
        ("مساء الإثنين", "2026-01-12", "2026-01-12", "weekday", "day"),
        ("السبت الماضي", "2026-01-10", "2026-01-10", "weekday", "day"),
        ("الأربعاء المقبل", "2026-01-21", "2026-01-21", "weekday", "day"),
        ("السبت القادم", "2026-01-24", "2026-01-24", "weekday", "day"),
        ("أمس", "2026-01-16", "2026-01-16", "relative", "day"),
        ("أمس الجمعة", "2026-01-16", "2026-01-16", "relative", "day"),
        ("اليوم السبت", "2026-01-17", "2026-01-17", "relative", "day"),
        ("غدًا", "2026-01-18", "2026-01-18", "relative", "day"),
        ("أول أمس", "2026-01-15", "2026-01-15", "relative", "day"),
        ("بعد غد", "2026-01-19", "2026-01-19", "relative", "day"),
        ("قبل يومين", "2026-01-15", "2026-01-15", "relative", "day"),
        ("قبل ثلاثة أيام", "2026-01-14", "2026-01-14", "relative", "day"),
        ("منذ 3 أشهر", "2025-10-01", "2025-10-31", "relative", "month"),
        ("قبل أسبوع", "2026-01-10", "2026-01-16", "relative", "week"),
        ("الأسبوع الماضي", "2026-01-10", "2026-01-16", "relative", "week"),
        ("الأسبوع المقبل", "2026-01-24", "2026-01-30", "relative", "week"),
        ("هذا الأسبوع", "2026-01-17", "2026-01-23", "relative", "week"),
        ("الشهر الماضي", "2025-12-01", "2025-12-31", "relative", "month"),
        ("العام الماضي", "2025-01-01", "2025-12-31", "relative", "year"),
        ("السنة المقبلة", "2027-01-01", "2027-12-31", "relative", "year"),
        ("نهاية العام الجاري", "2026-09-01", "2026-12-31", "relative", "part"),
    ],
)
def test_what_says_less_is_read_from_the_page_date(
    text: str, first: str, last: str, source: str, precision: str
) -> None:
    assert only(text) == (first, last, source, precision)


@pytest.mark.parametrize(
    ("text", "first"),
    [("الثلاثاء", "2026-01-20"), ("السبت", "2026-01-17"), ("12 مارس", "2026-03-12"), ("في ديسمبر", "2026-12-01")],
)
def test_where_the_clause_looks_ahead_the_date_does(text: str, first: str) -> None:
    assert only(text, future=True)[0] == first


def test_only_the_stretches_named_look_ahead() -> None:
    text = "التقى الاثنين الوزير وسيزور روما الخميس"
    ahead = [(text.index("وسيزور"), len(text))]
    found = find_dates(text, tokens(text), SATURDAY, INDEX, future=ahead)
    assert [mention.date_from.day for mention in found] == [12, 22]


def test_a_month_ahead_and_near_is_the_coming_one() -> None:
    assert only("في 29 مايو", date(2018, 5, 27))[0] == "2018-05-29"
    assert only("في يناير", date(2018, 12, 20))[0] == "2019-01-01"


@pytest.mark.parametrize("text", ["أمس", "الثلاثاء", "الأسبوع الماضي", "12 يناير", "ديسمبر المقبل", "قبل يومين"])
def test_without_a_page_date_relative_forms_are_no_dates(text: str) -> None:
    assert dates(text, None) == []


@pytest.mark.parametrize(
    "text",
    [
        "مارس ضغوطا كبيرة",
        "رجب طيب أردوغان",
        "رمضان قديروف",
        "تيريزا ماي",
        "بوابة اليوم السابع",
        "روسيا اليوم",
        "حتى اليوم",
        "صلاة الجمعة",
        "ثورة 17 فبراير",
        "أحد المسؤولين",
        "2000 جندي",
        "في 2000 موقع",
        "لجنة 5+5",
        "قبل يومين من اللقاء",
        "31 فبراير 2018",
        "15 رجب 1600",
        "30/30/2018",
        "المرحلة الأولى",
        "1.5.20",
        "مليون برميل في اليوم",
    ],
)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert dates(text) == []


def test_spans_lead_back_to_the_text_without_leading_particles() -> None:
    text = "وصل أمس، وفي 29 أيار/مايو 2018 التقى الوزير، وبنهاية 2018 عاد."
    spans = [text[found.start : found.end] for found in dates(text)]
    assert spans == ["أمس", "29 أيار/مايو 2018", "نهاية 2018"]


def test_mentions_are_in_order_and_never_overlap() -> None:
    text = "الثلاثاء 13 يناير 2026، 2026-01-14، 15 رجب 1447 هـ الموافق 4 يناير 2026؛ أمس الجمعة والأسبوع الماضي"
    found = dates(text)
    assert len(found) == 6
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))


def test_a_full_stop_parts_a_number_from_a_month() -> None:
    assert only("عددهم 12. يناير بارد")[3] == "month"


@settings(max_examples=400, deadline=None)
@given(
    words=st.lists(
        st.sampled_from(
            [
                *("17", "1447", "2018", "99999999999", "يناير", "أيار/مايو", "رجب", "ذي الحجة", "الماضي", "قبل"),
                *("يومين", "من", "شهر", "العام", "هذا", "نهاية", "الثلاثاء", "أمس", "و13", "30/2/1447", "9999"),
                *("غدا", "الأسبوع", "المقبل", "ألف", "الحادي والثلاثين", "هـ", "سنوات", "منذ", "0", "2-2-2", ".", "،"),
            ]
        ),
        max_size=12,
    ),
    reference=st.none() | st.dates(date(1, 1, 1), date(9999, 12, 31)),
    future=st.booleans(),
)
def test_no_text_raises_and_bounds_are_ordered(words: list[str], reference: date | None, *, future: bool) -> None:
    text = " ".join(words)
    for found in dates(text, reference, future=future):
        assert found.date_from <= found.date_to
        assert 0 <= found.start < found.end <= len(text)


@given(first=st.dates(date(1950, 1, 1), date(2050, 1, 1)), days=st.integers(2, 366))
def test_the_three_parts_of_a_stretch_follow_on_each_other_and_fill_it(first: date, days: int) -> None:
    bounds = (first, first + timedelta(days=days))
    begin, middle, end = (calendars.third_of(bounds, part) for part in ("begin", "middle", "end"))
    assert (begin[0], end[1]) == bounds
    assert begin[1] + timedelta(days=1) == middle[0]
    assert middle[1] + timedelta(days=1) == end[0]
