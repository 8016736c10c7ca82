"""Written forms are found whatever particles they carry, and their offsets lead back to the text."""

from __future__ import annotations

import time

import pytest

from monitor.reading.arabic import tokens
from monitor.reading.phrases import PhraseIndex


def found(pairs: list[tuple[str, str]], text: str) -> list[tuple[str, str]]:
    matches = PhraseIndex(pairs).find(tokens(text))
    return [(match.key, text[match.start : match.end]) for match in matches]


def test_the_longest_form_wins_and_nothing_overlaps() -> None:
    pairs = [("القائد العام", "chief"), ("نائب القائد العام", "deputy"), ("العام", "year")]
    assert found(pairs, "التقى نائب القائد العام وفد القائد العام هذا العام") == [
        ("deputy", "نائب القائد العام"),
        ("chief", "القائد العام"),
        ("year", "العام"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("وقصر الإليزيه", "قصر الإليزيه"),
        ("بقصر الاليزيه", "قصر الاليزيه"),
        ("وبقصر الإليزيه", "قصر الإليزيه"),
        ("لقصر الإليزيه", "قصر الإليزيه"),
        ("القصر الإليزيه", "القصر الإليزيه"),
        ("والقصر الإليزيه", "القصر الإليزيه"),
        ("للقصر الإليزيه", "للقصر الإليزيه"),
        ("وللقصر الإليزيه", "للقصر الإليزيه"),
    ],
)
def test_the_first_word_may_carry_particles_and_the_start_lies_after_them(text: str, expected: str) -> None:
    assert found([("قصر الإليزيه", "elysee")], text) == [("elysee", expected)]


def test_a_form_with_the_article_is_found_where_the_particle_melts_into_it() -> None:
    assert found([("المبعوث الخاص", "envoy")], "قال للمبعوث الخاص") == [("envoy", "للمبعوث الخاص")]
    assert found([("المبعوث الخاص", "envoy")], "مع مبعوث الخاص") == []


def test_later_words_carry_no_particles() -> None:
    assert found([("الأمم المتحدة", "un")], "الأمم والمتحدة") == []


@pytest.mark.parametrize("form", ["عبد الحميد الدبيبة", "عبدالحميد الدبيبة"])
@pytest.mark.parametrize("text", ["عبد الحميد الدبيبة", "عبدالحميد الدبيبه"])
@pytest.mark.parametrize("particle", ["", "و", "ل", "ب"])
def test_a_theophoric_name_is_one_word_however_it_is_written(form: str, text: str, particle: str) -> None:
    assert found([(form, "dbeibah")], particle + text) == [("dbeibah", text)]


def test_a_theophoric_name_may_stand_inside_a_form() -> None:
    pairs = [("محمد عبدالله", "someone")]
    assert found(pairs, "محمد عبد الله") == [("someone", "محمد عبد الله")]


def test_a_shared_form_gives_every_key_with_the_same_span() -> None:
    pairs = [("عمان", "amman"), ("عُمان", "oman"), ("عمان", "amman")]
    assert found(pairs, "في عمان") == [("amman", "عمان"), ("oman", "عمان")]


def test_hidden_letters_never_shift_the_start_into_the_word() -> None:
    assert found([("باريس", "paris")], "وَبَاريس") == [("paris", "وَبَاريس")]
    assert found([("باريس", "paris")], "بَارِيس") == [("paris", "بَارِيس")]


def test_a_word_that_only_looks_prefixed_is_read_as_it_stands() -> None:
    assert found([("ندن", "wrong"), ("لندن", "london")], "لندن") == [("london", "لندن")]


def test_token_indices_are_inclusive() -> None:
    (match,) = PhraseIndex([("الأمم المتحدة", "un")]).find(tokens("لدى الأمم المتحدة أمس"))
    assert (match.first, match.last, match.prefix) == (1, 2, "")


def test_the_prefix_says_what_was_taken_off() -> None:
    index = PhraseIndex([("فرنسي", "fr")])
    texts = ["فرنسي", "وفرنسي", "الفرنسي", "وبالفرنسي", "للفرنسي"]
    assert [index.find(tokens(text))[0].prefix for text in texts] == ["", "و", "ال", "وبال", "لل"]


def test_no_form_and_no_text_find_nothing() -> None:
    assert PhraseIndex([("", "empty"), (" . ", "mark")]).find(tokens("أي نص")) == ()
    assert PhraseIndex([("نص", "text")]).find(()) == ()


def test_a_long_article_is_searched_in_little_time() -> None:
    forms = [(f"رئيس كلمة{n % 60} آخر{n}", str(n)) for n in range(3000)]
    text = tokens("وصل رئيس كلمة7 آخر67 إلى العاصمة الفرنسية باريس للقاء وزير الخارجية. " * 450)
    index = PhraseIndex(forms)
    index.find(text)
    began = time.perf_counter()
    matches = index.find(text)
    assert time.perf_counter() - began < 0.2, "measured about 0.01 s; the slack is for a busy machine"
    assert len(matches) == 450
