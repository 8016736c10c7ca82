"""Countries, cities and venues are found by the shipped lexicon, and what is ambiguous is settled by the text."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from monitor.lexicon import Lexicon, load_lexicon
from monitor.reading.arabic import fold, tokens
from monitor.reading.places import PlaceIndex, PlaceMention, find_places

LEXICON_DIR = Path(__file__).parents[2] / "config" / "lexicon"
FILES = ("countries", "cities", "venues")


def shipped() -> tuple[Lexicon, tuple[str, ...]]:
    tables = {name: tomllib.loads((LEXICON_DIR / f"{name}.toml").read_text(encoding="utf-8")) for name in FILES}
    lexicon, problems = load_lexicon(tables, fold)
    return lexicon, tuple(problem for problem in problems if not problem.endswith(": missing"))


LEXICON, PROBLEMS = shipped()
INDEX = PlaceIndex.from_lexicon(LEXICON)


def places(text: str) -> list[PlaceMention]:
    return list(find_places(tokens(text), INDEX))


def brief(text: str) -> list[tuple[str, str, str]]:
    return [(place.kind, place.id, text[place.start : place.end]) for place in places(text)]


def test_the_shipped_files_hold_no_mistake() -> None:
    assert PROBLEMS == ()


def test_every_country_has_a_two_letter_id_and_an_english_name() -> None:
    entries = [entry for entry in LEXICON.entries("countries") if entry.id != "not_a_country"]
    assert all(len(entry.id) == 2 and entry.id.islower() and entry.get("en") for entry in entries)
    assert len(entries) >= 249


def test_cities_and_venues_name_countries_and_cities_that_exist() -> None:
    countries = {entry.id.upper() for entry in LEXICON.entries("countries")} | {None, ""}
    cities = {entry.id for entry in LEXICON.entries("cities")} | {None}
    places = (*LEXICON.entries("cities"), *LEXICON.entries("venues"))
    assert {entry.get("country") for entry in places} <= countries
    assert {entry.get("place") for entry in LEXICON.entries("venues")} <= cities


def test_every_weak_form_is_one_of_its_entry() -> None:
    for file in FILES:
        for entry in LEXICON.entries(file):
            weak = {fold(form) for form in (entry.get("weak") or "").split("|") if form.strip()}
            assert weak <= set(map(fold, entry.forms)), entry.id


def test_the_number_of_names_lies_within_the_forms() -> None:
    for entry in LEXICON.entries("countries"):
        assert 0 < int(entry.get("names") or 1) <= len(entry.forms), entry.id


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("الرئيس الفرنسي", "FR"),
        ("وزير الدفاع الإيطالي", "IT"),
        ("السفيرة البريطانية", "GB"),
        ("المسؤولين الروس", "RU"),
        ("مسؤولون أميركيون", "US"),
        ("الجانبان الليبي والتركي", "TR"),
        ("الوزيران اليونانيان", "GR"),
        ("القوات النيجيرية", "NG"),
        ("الحدود الليبية النيجرية", "NE"),
        ("الرئيس الكونغولي", "CG"),
        ("السفير الكوري الجنوبي", "KR"),
        ("نظيره الكوري الشمالي", "KP"),
        ("وزير الخارجية الجنوب أفريقي", "ZA"),
        ("القبارصة", "CY"),
        ("رئيس الأركان الهندي", "IN"),
        ("قائد الجيش الباكستاني", "PK"),
        ("نائب وزير الدفاع البيلاروسي", "BY"),
    ],
)
def test_a_nisba_tells_the_country(text: str, country: str) -> None:
    found = places(text)
    assert (found[-1].kind, found[-1].country) == ("demonym", country)


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("وصل إلى فرنسا", "FR"),
        ("للولايات المتحدة", "US"),
        ("وبالإمارات العربية المتحدة", "AE"),
        ("الاتحاد الروسي", "RU"),
        ("جنوب السودان", "SS"),
        ("في شرق ليبيا", "LY"),
        ("سلطنة عُمان", "OM"),
        ("غينيا الاستوائية", "GQ"),
        ("غينيا بيساو", "GW"),
        ("مع تونس", "TN"),
        ("بالجزائر", "DZ"),
    ],
)
def test_a_country_is_found_by_name(text: str, country: str) -> None:
    assert [(place.kind, place.country) for place in places(text)] == [("country", country)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("وصل إلى العاصمة الفرنسية باريس", [("city", "paris"), ("city", "paris")]),
        ("بقصر الإليزيه", [("venue", "elysee")]),
        ("التقى سيد الإليزيه", [("venue", "elysee")]),
        ("في قصر كيجي بروما", [("venue", "palazzo_chigi"), ("city", "rome")]),
        ("في قصر الإمارات", [("venue", "emirates_palace")]),
        ("بمقر القيادة العامة بالرجمة", [("venue", "rajma_hq")]),
        ("في تونس العاصمة", [("city", "tunis")]),
        ("مطار بنينا الدولي", [("venue", "benina_airport")]),
        ("الدار البيضاء", [("city", "casablanca")]),
    ],
)
def test_the_longest_form_wins_across_files(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(place.kind, place.id) for place in places(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "الدعم المالي والوضع المالي",
        "دعم مالي عاجل",
        "المغرب العربي",
        "مسقط رأسه",
        "حجر الزاوية",
        "سيول وفيضانات",
        "ذراعه اليمنى",
        "أوضح في هذا السياق وفسرت",
        "أمريكا اللاتينية",
        "الدول الخمس",
    ],
)
def test_ordinary_words_are_no_places(text: str) -> None:
    assert places(text) == []


def test_a_weak_form_counts_where_a_strong_one_stands_by_it() -> None:
    assert [place.country for place in places("وصل إلى باماكو، وبحث مع رئيس مالي الحدود")] == ["ML", "ML"]
    assert [place.id for place in places("من مدينة البيضاء إلى البيضاء")] == ["bayda", "bayda"]


def test_amman_and_oman_are_told_apart_by_what_stands_near() -> None:
    assert [p.id for p in places("التقى في عمان مسؤولين من الأردن")] == ["amman", "jo"]
    assert [p.id for p in places("زار عمان والتقى السلطان في مسقط")] == ["om", "muscat"]
    assert [p.id for p in places("زار عمان")] == ["amman"]


def test_the_span_leaves_the_particles_out_and_the_article_in() -> None:
    assert brief("وبباريس")[0][2] == "باريس"
    assert brief("والفرنسي") == [("demonym", "fr", "الفرنسي")]


def test_a_place_without_a_lexicon_file_is_simply_not_found() -> None:
    empty = PlaceIndex.from_lexicon(Lexicon(files={}))
    assert find_places(tokens("باريس"), empty) == ()
