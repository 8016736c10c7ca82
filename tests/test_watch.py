"""The watchlist is loaded whole or told to be faulty in every place at once."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from monitor.reading.arabic import fold, tokens
from monitor.reading.phrases import PhraseIndex
from monitor.watch import Watch, load_watch

WATCHLIST = Path(__file__).parents[1] / "config" / "watchlist.toml"
TABLE = tomllib.loads(WATCHLIST.read_text(encoding="utf-8"))
WATCH, PROBLEMS = load_watch(TABLE, fold)

LEAST = """
[family]
surname_forms = ["حفتر"]
default = "khalifa_haftar"

[[principal]]
id = "khalifa_haftar"
name = "خليفة حفتر"
latin = "Khalifa Haftar"
forms = ["خليفة حفتر"]
"""


def load(extra: str, least: str = LEAST) -> tuple[Watch, tuple[str, ...]]:
    return load_watch(tomllib.loads(least + extra), fold)


def people_index(watch: Watch) -> PhraseIndex:
    pairs = [(form, p.id) for p in watch.principals for form in (*p.forms, *p.typos, *p.clipped)]
    pairs += [(form, figure.id) for figure in watch.figures for form in figure.forms]
    pairs += [(form, "not_ours") for form in watch.not_ours]
    return PhraseIndex(pairs)


INDEX = people_index(WATCH)


def test_the_shipped_watchlist_holds_no_mistake() -> None:
    assert PROBLEMS == ()


def test_four_principals_are_on_and_a_bare_surname_is_the_father() -> None:
    assert [p.id for p in WATCH.principals if p.on] == [
        "khalifa_haftar",
        "saddam_haftar",
        "khaled_haftar",
        "belqasem_haftar",
    ]
    assert (WATCH.surname_forms, WATCH.default_principal) == (("حفتر",), "khalifa_haftar")


def test_at_least_130_figures_have_a_country_and_libyans_are_among_them() -> None:
    assert len(WATCH.figures) >= 130
    assert all(figure.country and figure.forms for figure in WATCH.figures)
    assert {figure.id for figure in WATCH.figures if figure.country == "LY"} >= {"aguila_saleh", "abdul_hamid_dbeibah"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("الفريق أول ركن صدام حفتر", ["saddam_haftar"]),
        ("بسعدام حفتر", ["saddam_haftar"]),
        ("التقى صدام خليفة الوزير", ["saddam_haftar"]),
        ("والمشير خليفة بلقاسم حفتر", ["khalifa_haftar"]),
        ("المهندس بالقاسم حفتر", ["belqasem_haftar"]),
        ("أبو القاسم حفتر", ["belqasem_haftar"]),
        ("للفريق خالد خليفة حفتر", ["khaled_haftar"]),
        ("صدام حسين", ["not_ours"]),
        ("عبدالله حفتر", ["not_ours"]),
        ("قوات خليفة حفتر", ["not_ours"]),
        ("الجنرال فنسنت جيرو وبول سولير", ["vincent_giraud", "paul_soler"]),
        ("الرئيس عبدالفتاح السيسي", ["abdel_fattah_sisi"]),
        ("ولعبد المجيد تبون", ["abdelmadjid_tebboune"]),
        ("عبدالحميد الدبيبة", ["abdul_hamid_dbeibah"]),
        ("مسعد بولس", ["massad_boulos"]),
        ("يونس-بك يفكوروف", ["yunus_bek_yevkurov"]),
    ],
)
def test_names_as_they_are_written_lead_to_the_person(text: str, expected: list[str]) -> None:
    assert [match.key for match in INDEX.find(tokens(text))] == expected


def test_an_office_changes_hands_when_it_did() -> None:
    saddam = next(p for p in WATCH.principals if p.id == "saddam_haftar")
    assert [(office.since, office.until) for office in saddam.offices][:2] == [("2025-08", ""), ("2024", "2025-08")]
    assert all(office.since == "2025-08" for office in saddam.alone)
    assert "نائب القائد العام" in saddam.office_alone


def test_what_is_left_out_gets_its_default() -> None:
    watch, problems = load("")
    assert problems == ()
    assert watch.principals[0].on is True
    assert watch.figures == ()


def test_a_principal_can_be_switched_off() -> None:
    watch, problems = load("on = false\n")
    assert (watch.principals[0].on, problems) == (False, ())


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("colour = 1\n", "watchlist.toml: khalifa_haftar: unknown key 'colour'; allowed: clipped, forms, given_alone"),
        ("on = 1\n", "watchlist.toml: khalifa_haftar: on: 1; allowed: true, false"),
        ("ranks = 'مشير'\n", "watchlist.toml: khalifa_haftar: ranks: 'مشير'; allowed: a list of texts"),
        ("ranks = ['']\n", "watchlist.toml: khalifa_haftar: ranks: ['']; allowed: a list of texts"),
        ("offices = [{office = 'قائد', from = '2025-13'}]\n", "khalifa_haftar: offices 1: from: '2025-13' is no date"),
        ("offices = [{office = 'قائد', from = 2025}]\n", "khalifa_haftar: offices 1: from: 2025 is no text"),
        ("offices = [{office = 'قائد', from = '2025-08', to = '2024'}]\n", "to: '2024' lies before from '2025-08'"),
        ("offices = [{form = 'قائد'}]\n", "khalifa_haftar: offices 1: unknown key 'form'; allowed: forms, from"),
        ("offices = [{}]\n", "khalifa_haftar: offices 1: office is missing"),
        ("offices = ['قائد']\n", "khalifa_haftar: offices: ['قائد']; allowed: a list of tables"),
        ("office_alone = [{form = 1}]\n", "khalifa_haftar: office_alone 1: form: 1 is no text"),
        ("kin = [{person = 'nobody', relation = 'son'}]\n", "khalifa_haftar: kin: 'nobody' is nobody listed"),
        ("[[figure]]\nid = 'Bad Id'\n", "watchlist.toml: Bad Id: id: 'Bad Id'; allowed: small Latin letters"),
        ("[[figure]]\nforms = ['س']\nname = 'س'\ncountry = 'FR'\n", "watchlist.toml: figure 1: id is missing"),
        ("[[figure]]\nid = 'x'\nname = 'س'\ncountry = 'fr'\nforms = ['س']\n", "x: country: 'fr' is none; allowed: two"),
        ("[[figure]]\nid = 'x'\nname = 'س'\ncountry = 'FR'\n", "watchlist.toml: x: forms is missing or empty"),
        ("[[figure]]\nid = 'x'\nname = 'س'\ncountry = 'FR'\nforms = ['خليفه حفتر']\n", "folds to a form of khalifa"),
        ("[[not_ours]]\nform = 'x'\n", "watchlist.toml: not_ours 1: unknown key 'form'; allowed: forms, why"),
        ("[[person]]\n", "watchlist.toml: unknown key 'person'; allowed: family, figure, not_ours, principal"),
        (LEAST[LEAST.index("[[") :], "watchlist.toml: id 'khalifa_haftar' stands twice"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(extra: str, expected: str) -> None:
    _, problems = load(extra)
    assert any(expected in problem for problem in problems), problems


def test_all_mistakes_are_told_at_once() -> None:
    _, problems = load("on = 1\ncolour = 2\n[[figure]]\nid = 'x'\n")
    assert len(problems) == 5


def test_an_empty_watchlist_says_what_it_lacks() -> None:
    watch, problems = load_watch({}, fold)
    assert watch.principals == ()
    assert problems == ("watchlist.toml: family: default: '' is no principal",)


def test_a_table_of_the_wrong_kind_is_told_and_never_raises() -> None:
    _, problems = load_watch({"principal": 3, "figure": [1], "family": "x", "not_ours": {}}, fold)
    assert len(problems) == 5
