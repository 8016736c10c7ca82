"""The words in `config/lexicon`: every file loads, and what an editor gets wrong is named with file and entry."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from monitor.lexicon import SHAPES, Entry, Lexicon, load_lexicon
from monitor.reading.arabic import fold, tokens, unprefixed

FOLDER = Path(__file__).parent.parent / "config" / "lexicon"
OFFICE_CLASSES = {
    "military",
    "civil",
    "diplomatic",
    "international",
    "party",
    "business",
    "religious",
    "descriptor",
}
NEGATIONS = ("لا", "لم", "لن", "ليس", "ليست", "غير", "دون", "بدون", "عدم", "بلا", "نفى", "نفت")


def tables() -> dict[str, dict[str, object]]:
    return {path.stem: tomllib.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.toml")}


@pytest.fixture(scope="module", name="loaded")
def loaded_lexicon() -> tuple[Lexicon, tuple[str, ...]]:
    return load_lexicon(tables(), fold)


@pytest.fixture(scope="module", name="lexicon")
def lexicon_only(loaded: tuple[Lexicon, tuple[str, ...]]) -> Lexicon:
    return loaded[0]


def stands_in(form: str, sentence: str) -> bool:
    """Whether `form` stands in `sentence` word by word, its first word perhaps behind particles."""
    first, *rest = (token.form for token in tokens(form))
    words = [token.form for token in tokens(sentence)]
    return any(
        first in unprefixed(word) and words[at + 1 : at + 1 + len(rest)] == rest for at, word in enumerate(words)
    )


def problems_of(name: str, *rows: dict[str, object]) -> list[str]:
    """What loading reports of one file that holds `rows`, the absence of the other files left aside."""
    _, problems = load_lexicon({name: {"entry": list(rows)}}, fold)
    return [problem for problem in problems if problem.startswith(f"lexicon/{name}.toml")]


def rank(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id": "marshal",
        "en": "Marshal",
        "level": 12,
        "forms": ["المشير"],
        "example": "وصل المشير.",
    }
    return {key: value for key, value in {**row, **changes}.items() if value is not None}


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_lexicon_file_has_no_problems(name: str, loaded: tuple[Lexicon, tuple[str, ...]]) -> None:
    lexicon, problems = loaded

    assert [problem for problem in problems if problem.startswith(f"lexicon/{name}.toml")] == []
    assert lexicon.entries(name)


def test_the_folder_holds_no_other_files(loaded: tuple[Lexicon, tuple[str, ...]]) -> None:
    assert {path.stem for path in FOLDER.iterdir()} <= set(SHAPES)
    assert [problem for problem in loaded[1] if "no such lexicon file" in problem] == []


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_entry_has_a_form_with_a_word_in_it(name: str, lexicon: Lexicon) -> None:
    entries = lexicon.entries(name)

    assert [entry.id for entry in entries if not entry.forms] == []
    assert [(entry.id, form) for entry in entries for form in entry.forms if not tokens(form)] == []


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_an_example_holds_the_first_form(name: str, lexicon: Lexicon) -> None:
    shown = [entry for entry in lexicon.entries(name) if entry.example]

    assert [entry.id for entry in shown if not stands_in(entry.forms[0], entry.example)] == []


def test_an_example_is_one_sentence_in_arabic(lexicon: Lexicon) -> None:
    examples = [(entry.id, entry.example) for entries in lexicon.files.values() for entry in entries if entry.example]

    assert [key for key, example in examples if not any("\u0621" <= char <= "\u064a" for char in example)] == []
    assert [key for key, example in examples if "\n" in example or len(example) > 200] == []


def test_an_office_has_a_class_that_deciding_knows(lexicon: Lexicon) -> None:
    offices = lexicon.entries("offices")

    assert [entry.id for entry in offices if entry.get("class") not in OFFICE_CLASSES] == []
    assert {entry.get("descriptor") for entry in offices} == {None, "true"}


def test_a_word_that_only_describes_shares_its_head_with_a_post(lexicon: Lexicon) -> None:
    offices = lexicon.entries("offices")
    described = [entry for entry in offices if entry.get("descriptor")]
    held = {entry.get("head") for entry in offices if not entry.get("descriptor")}

    assert described
    assert {entry.get("head") for entry in described} - held <= {None}


def test_a_deputy_is_not_the_one_he_stands_in_for(lexicon: Lexicon) -> None:
    by_form = {fold(form): entry for entry in lexicon.entries("offices") for form in entry.forms}
    pairs = (
        ("القائد العام", "نائب القائد العام"),
        ("وزير الخارجية", "نائب وزير الخارجية"),
        ("رئيس أركان القوات البرية", "رئيس الأركان الخاص للرئيس"),
        ("رئيس الأركان", "رئيس الأركان الخاص للرئيس"),
    )

    assert [pair for pair in pairs if by_form[fold(pair[0])] is by_form[fold(pair[1])]] == []


def test_the_ranks_stand_in_their_order(lexicon: Lexicon) -> None:
    by_form = {fold(form): entry for entry in lexicon.entries("ranks") for form in entry.forms}
    order = ["الملازم", "النقيب", "الرائد", "المقدم", "العقيد", "العميد", "اللواء", "الفريق", "الفريق أول", "المشير"]
    levels = [int(by_form[fold(form)].attrs["level"]) for form in order]

    assert levels == sorted(set(levels))
    assert by_form[fold("الجنرال")].attrs["level"] == "0"


def test_neighbouring_topics_are_kept_apart(lexicon: Lexicon) -> None:
    by_form = {fold(form): entry.id for entry in lexicon.entries("topics") for form in entry.forms}
    forms = ("تهريب", "تهريب البشر", "تهريب السلاح", "الهجرة غير الشرعية", "أمن الحدود", "ترسيم الحدود البحرية")

    assert len({by_form[fold(form)] for form in forms}) == len(forms)


def test_paraphrases_of_one_topic_meet_in_it(lexicon: Lexicon) -> None:
    by_form = {fold(form): entry.id for entry in lexicon.entries("topics") for form in entry.forms}
    groups = (
        ("مكافحة الإرهاب", "محاربة التطرف", "مواجهة الجماعات المتطرفة", "التنظيمات الإرهابية"),
        ("الهجرة غير الشرعية", "الهجرة غير النظامية", "تدفقات المهاجرين"),
        ("توحيد المؤسسة العسكرية", "التوحيد العسكري", "توحيد الجيش الليبي"),
    )

    assert [{by_form[fold(form)] for form in group} for group in groups] == [
        {"counter_terrorism"},
        {"illegal_migration"},
        {"military_unification"},
    ]


def test_no_stopword_hides_a_negation(lexicon: Lexicon) -> None:
    stopwords = {token.form for entry in lexicon.entries("stopwords") for form in entry.forms for token in tokens(form)}

    assert stopwords & {fold(word) for word in NEGATIONS} == set()


def test_a_stopword_is_one_word(lexicon: Lexicon) -> None:
    forms = [form for entry in lexicon.entries("stopwords") for form in entry.forms]

    assert [form for form in forms if len(tokens(form)) != 1] == []


def test_a_wish_a_pledge_and_an_agreement_are_no_synonyms(lexicon: Lexicon) -> None:
    by_form = {fold(form): entry.id for entry in lexicon.entries("synonyms") for form in entry.forms}
    words = ("رغبة", "تعهد", "اتفق", "وقع", "بحث", "رفض", "رحب")

    assert len({by_form[fold(word)] for word in words}) == len(words)


def test_a_right_row_is_loaded_as_written() -> None:
    lexicon, _ = load_lexicon({"ranks": {"entry": [rank()]}}, fold)

    assert lexicon.entries("ranks") == (Entry("marshal", ("المشير",), "وصل المشير.", {"en": "Marshal", "level": "12"}),)
    assert problems_of("ranks", rank()) == []


def test_a_form_that_folds_to_one_already_there_is_reported_with_file_and_entry() -> None:
    problems = problems_of("ranks", rank(), rank(id="other", forms=["المُشِيـر"]))

    assert problems == ["lexicon/ranks.toml: other: 'المُشِيـر' folds to a form of marshal"]


def test_a_form_written_twice_in_one_entry_is_reported() -> None:
    problems = problems_of("ranks", rank(forms=["المشير", "المشير"]))

    assert problems
    assert all(problem.startswith("lexicon/ranks.toml: marshal: ") for problem in problems)


def test_an_id_that_stands_twice_is_reported() -> None:
    assert problems_of("ranks", rank(), rank(forms=["مشير"])) == ["lexicon/ranks.toml: id 'marshal' stands twice"]


def test_an_unknown_key_is_reported_with_those_allowed() -> None:
    (problem,) = problems_of("ranks", rank(colour="red"))

    assert problem == "lexicon/ranks.toml: marshal: unknown key 'colour'; allowed: en, example, forms, id, level"


def test_a_missing_example_is_reported_where_the_file_asks_for_one() -> None:
    assert problems_of("ranks", rank(example=None)) == ["lexicon/ranks.toml: marshal: example is missing"]
    assert problems_of("topics", {"id": "oil", "en": "Oil", "forms": ["النفط"]}) == []


def test_a_missing_attribute_is_reported() -> None:
    assert problems_of("ranks", rank(level=None)) == ["lexicon/ranks.toml: marshal: level is missing"]


def test_an_empty_form_is_reported() -> None:
    assert problems_of("ranks", rank(forms=["المشير", "ــ"])) == ["lexicon/ranks.toml: marshal: an empty form"]


def test_an_entry_without_id_or_forms_is_reported() -> None:
    (problem,) = problems_of("ranks", {"en": "Marshal"})

    assert problem.startswith("lexicon/ranks.toml: an entry needs id (text) and forms (list of text)")


def test_a_file_that_is_missing_or_unknown_is_reported() -> None:
    _, problems = load_lexicon({"colours": {"entry": []}}, fold)

    assert "lexicon/ranks.toml: missing" in problems
    assert [problem for problem in problems if problem.startswith("lexicon/colours.toml: no such lexicon file")]


def test_a_file_without_entries_is_reported() -> None:
    _, problems = load_lexicon({"ranks": {"rank": []}}, fold)

    assert "lexicon/ranks.toml: unknown key 'rank'; allowed: entry" in problems
    assert "lexicon/ranks.toml: holds no [[entry]]" in problems


def test_a_word_with_two_meanings_may_stand_twice_where_the_file_allows_it() -> None:
    rows: list[dict[str, object]] = [
        {"id": "may", "number": 5, "calendar": "gregorian", "forms": ["مايو"]},
        {"id": "other", "number": 6, "calendar": "gregorian", "forms": ["مايو"]},
    ]

    assert problems_of("months", *rows) == []
