"""Words that turn a sentence round, and given names: every pair whole, and no everyday word taken for a name."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from monitor.lexicon import Entry, load_lexicon
from monitor.reading.arabic import fold, tokens, unprefixed
from monitor.reading.phrases import PhraseIndex

FOLDER = Path(__file__).resolve().parent.parent / "config" / "lexicon"
LEAST_PAIRS = 90
LEAST_NAMES = 500


def _entries(name: str) -> tuple[Entry, ...]:
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    lexicon, problems = load_lexicon({name: table}, fold)
    assert [problem for problem in problems if problem.startswith(f"lexicon/{name}.toml")] == []
    return lexicon.entries(name)


def _index(name: str) -> PhraseIndex:
    return PhraseIndex((form, entry.id) for entry in _entries(name) for form in entry.forms)


def _keys(name: str, sentence: str) -> set[str]:
    return {match.key for match in _index(name).find(tokens(sentence))}


def test_every_opposite_exists_and_points_back() -> None:
    opposite = {entry.id: entry.attrs["opposite"] for entry in _entries("antonyms")}

    assert [key for key, other in opposite.items() if opposite.get(other) != key or other == key] == []
    assert len(opposite) >= 2 * LEAST_PAIRS


def test_what_an_entry_stands_against_exists_and_is_not_itself() -> None:
    named = {entry.id: (entry.get("against") or "").split() for entry in _entries("antonyms")}

    assert {other for others in named.values() for other in others} <= set(named)
    assert [key for key, others in named.items() if key in others] == []


def test_a_form_is_found_as_its_own_entry_and_as_nothing_else() -> None:
    index = _index("antonyms")
    wrong = [
        (entry.id, form)
        for entry in _entries("antonyms")
        for form in entry.forms
        if [match.key for match in index.find(tokens(form))] != [entry.id]
    ]

    assert wrong == []


def test_no_two_forms_are_the_same_words() -> None:
    words = [tuple(token.form for token in tokens(form)) for entry in _entries("antonyms") for form in entry.forms]

    assert len(words) == len(set(words))


def test_words_that_count_as_one_are_never_opposites() -> None:
    side = {fold(form): entry for entry in _entries("antonyms") for form in entry.forms}
    for group in _entries("synonyms"):
        sides = {side[fold(form)].id: side[fold(form)].attrs["opposite"] for form in group.forms if fold(form) in side}
        assert set(sides) & set(sides.values()) == set(), group.id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("رفعت الحكومة أسعار الوقود", "خفضت الحكومة أسعار الوقود"),
        ("وافق البرلمان على المقترح", "رفض البرلمان المقترح"),
        ("أيدت القاهرة المبادرة", "عارضت القاهرة المبادرة"),
        ("نجحت المفاوضات", "فشلت المفاوضات"),
        ("افتتحت السفارة أبوابها", "أغلقت السفارة أبوابها"),
        ("أكدت الوزارة الخبر", "نفت الوزارة الخبر"),
        ("فرض المجلس عقوبات جديدة", "رفع العقوبات عن الشركة"),
        ("وصل الوفد صباحا", "غادر الوفد صباحا"),
        ("أعلنت الأطراف هدنة", "تجددت الاشتباكات"),
        ("شمال طرابلس", "جنوب طرابلس"),
        ("قبل توقيع الاتفاق", "بعد توقيع الاتفاق"),
        ("زيارة رسمية", "زيارة غير رسمية"),
        ("للمرة الأولى", "للمرة الأخيرة"),
        ("أفرجت السلطات عنه", "اعتقلت السلطات شقيقه"),
        ("عقد الاجتماع", "تأجل الاجتماع"),
        ("بمشاركة السفير", "بغياب السفير"),
        ("قفزة في سعر القمح", "انهيار سعر القمح"),
        ("أعرب عن قلقه", "أعرب عن ارتياحه"),
        ("السكان يفرون", "السكان يتمسكون بالبقاء"),
        ("إدراج البند", "استثناء البند"),
        ("يسعى إلى مواجهة", "يتجنب مواجهة"),
        ("رفع العلم", "إنزال العلم"),
        ("فائدة كبيرة", "أضرار كبيرة"),
        ("نساء القرية", "رجال القرية"),
        ("مظاهرات سلمية", "مظاهرات عنيفة"),
    ],
)
def test_a_sentence_turned_round_holds_the_opposite_word(one: str, other: str) -> None:
    opposite = {entry.id: entry.attrs["opposite"] for entry in _entries("antonyms")}

    assert {opposite[key] for key in _keys("antonyms", one)} & _keys("antonyms", other)


@pytest.mark.parametrize(
    "sentence",
    [
        "من أجل ليبيا",
        "من قبل الوزير",
        "في وقت سابق",
        "الشرق الأوسط",
        "القوات المسلحة",
        "مجلس الأمن",
        "القائم بالأعمال",
        "ولي العهد",
        "الصديق حفتر",
        "وزارة الداخلية",
        "وزير الدفاع",
        "صدام حفتر",
    ],
)
def test_a_set_phrase_a_title_and_a_name_turn_nothing_round(sentence: str) -> None:
    assert _keys("antonyms", sentence) == set()


def test_a_ceasefire_is_no_fighting() -> None:
    assert _keys("antonyms", "دعا إلى وقف إطلاق النار") == {"truce"}


def test_there_are_enough_names_of_enough_places() -> None:
    entries = _entries("names")

    assert len({fold(form) for entry in entries for form in entry.forms}) >= LEAST_NAMES
    assert {"arabic_male", "arabic_female", "turkish", "italian", "french", "english", "russian", "greek"} <= {
        entry.id for entry in entries
    }
    assert [entry.id for entry in entries if len(entry.forms) != len({fold(form) for form in entry.forms})] == []


@pytest.mark.parametrize(
    "name",
    ["خليفة", "صدام", "خالد", "بلقاسم", "محمد", "جان", "جورجيا", "غويدو", "هاكان", "سيرغي", "يونس بيك", "كيرياكوس"],
)
def test_a_given_name_of_the_news_is_known(name: str) -> None:
    assert _keys("names", name)


@pytest.mark.parametrize(
    "word",
    ["على", "لصالح", "باسم", "أشرف", "بفضل", "الآن", "بين", "الأمين", "الرئيس", "الرائد", "الرياض", "الخميس", "الجمعة",
     "السيد", "بيان", "لدينا", "برقية", "أركان", "السامي", "أيدي", "دورا", "الهند", "عام", "دون", "إن", "رأي", "بسلام"],
)  # fmt: skip
def test_an_everyday_word_is_no_given_name(word: str) -> None:
    names = {fold(form) for entry in _entries("names") for form in entry.forms}

    assert set(unprefixed(fold(word))) & names == set()
