"""One sentence against another, as the `compare` command is asked: two real sentences, the shipped words."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.adapters.similarity import LexicalSimilarity
from monitor.comparing import compare_texts
from monitor.deciding.aligning import align
from monitor.deciding.statements import relate_statement
from monitor.model import ContentWord, Relation, Statement
from monitor.settings import load_read_config
from tests.factories import make_known, make_mention

if TYPE_CHECKING:
    from monitor.deciding.verdict import Verdict
    from monitor.reading.words import ReadConfig

SIMILARITY = LexicalSimilarity()
SIGNED = "وقع صدام حفتر ووزير الدفاع الإيطالي في روما مذكرة تفاهم لتدريب 120 ضابطا من خفر السواحل"


@lru_cache(maxsize=1)
def configuration() -> ReadConfig:
    return load_read_config(Path(__file__).resolve().parents[2] / "config")


def compared(known: str, incoming: str) -> dict[str, Any]:
    return compare_texts(known, incoming, configuration(), SIMILARITY)


@pytest.mark.parametrize(
    "incoming",
    [
        SIGNED,
        "وَقّع صدام حفتر ووزير الدفاع الايطالي في روما مذكرة تفاهم لتدريب ١٢٠ ضابطاً من خفر السواحل",
        "مذكرة تفاهم لتدريب 120 ضابطا من خفر السواحل وقعها صدام حفتر ووزير الدفاع الإيطالي في روما",
        "صدام حفتر يوقع في روما مع وزير الدفاع الإيطالي مذكرة تفاهم لتدريب 120 ضابطا من خفر السواحل",
    ],
)
def test_the_same_in_other_spelling_order_or_tense_is_restated(incoming: str) -> None:
    assert compared(SIGNED, incoming)["relation"] == "restated"
    assert compared(incoming, SIGNED)["relation"] == "restated"


@pytest.mark.parametrize(
    ("incoming", "slot"),
    [
        (SIGNED.replace("وقع", "لم يوقع"), "polarity"),
        (SIGNED.replace("صدام", "خالد"), "persons"),
        (SIGNED.replace("120", "200"), "number"),
        (SIGNED.replace("روما", "أنقرة").replace("الإيطالي", "التركي"), "place"),
    ],
)
def test_one_slot_that_is_another_is_a_conflict_and_named_in_either_order(incoming: str, slot: str) -> None:
    for known, other in ((SIGNED, incoming), (incoming, SIGNED)):
        found = compared(known, other)
        assert found["relation"] == "contradicting"
        assert f"Conflict of {slot}:" in found["why_en"]


def test_a_sentence_about_something_else_is_new() -> None:
    found = compared(SIGNED, "أعلنت شركة الخطوط الجوية استئناف الرحلات بين مصراتة وإسطنبول الأسبوع المقبل")
    assert (found["relation"], found["suggest"]) == ("new", False)


def test_a_conflict_of_persons_in_sentences_about_nothing_in_common_is_none() -> None:
    found = compared(SIGNED, "افتتح خالد حفتر معرضا للزهور")
    assert found["relation"] == "new"


def test_what_is_told_carries_all_the_evidence_and_is_the_same_twice() -> None:
    found = compared(SIGNED, SIGNED)
    assert found == compared(SIGNED, SIGNED)
    assert found["score"] == 1.0
    assert SIMILARITY.name in found["method"]
    assert {"polarity", "opposites", "person", "place", "number", "terms"} == set(found["compared"])
    assert found["why"]
    assert found["why_en"]


@pytest.mark.parametrize("text", ["", " ", "…", "123", "hello world", "\u200f"])
def test_what_says_nothing_is_compared_without_an_error(text: str) -> None:
    assert compared(text, SIGNED)["relation"] in {"new", "restated"}
    assert compared(SIGNED, text)["relation"] in {"new", "restated"}


def test_agreed_here_and_only_discussed_there_is_a_conflict() -> None:
    known = "بحث صدام حفتر ووزير الدفاع الإيطالي سبل تدريب خفر السواحل في روما"
    incoming = "اتفق صدام حفتر ووزير الدفاع الإيطالي على تدريب خفر السواحل في روما"
    assert compared(known, incoming)["relation"] == "contradicting"


# -- what headlines do, in sentences of our own ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "incoming"),
    [
        ("ارتفاع أسعار القمح في المغرب", "أسعار القمح ترتفع في المغرب"),
        ("هبوط سعر الزيتون إلى أدنى مستوى", "انخفاض سعر الزيتون إلى أدنى مستوى"),
        ("المحكمة ترفض طلب الشركة", "رفضت المحكمة طلب الشركة"),
        ("تونس تفتتح ميناء جديدا", "افتتاح ميناء جديد في تونس"),
        ("البلدية تنفي إغلاق الجسر", "نفت البلدية إغلاق الجسر"),
    ],
)
def test_a_verb_for_its_noun_and_another_order_say_the_same(known: str, incoming: str) -> None:
    assert compared(known, incoming)["relation"] == "restated"
    assert compared(incoming, known)["relation"] == "restated"


@pytest.mark.parametrize(
    ("known", "incoming", "slot"),
    [
        ("ارتفاع أسعار القمح في المغرب", "انخفاض أسعار القمح في المغرب", "meaning"),
        ("القمح يرتفع والشعير ينخفض", "ارتفاع الشعير وانخفاض القمح", "meaning"),
        ("محكمة تقضي بحبس المدير", "محكمة تقضي بإخلاء سبيل المدير", "meaning"),
        ("البلدية تعلن إغلاق الجسر", "البلدية تنفي إغلاق الجسر", "polarity"),
        ("عشرة جرحى في حريق المصنع", "حريق المصنع دون وقوع جرحى", "polarity"),
        ("النقابة تقبل زيادة الأجور", "لا زيادة في الأجور والنقابة تقبل", "polarity"),
        ("تونس تفتتح ميناء جديدا", "المغرب يفتتح ميناء جديدا", "place"),
        ("غرق قارب يحمل 40 راكبا", "غرق قارب يحمل 70 راكبا", "number"),
    ],
)
def test_what_turns_a_headline_round_is_named(known: str, incoming: str, slot: str) -> None:
    for one, other in ((known, incoming), (incoming, known)):
        found = compared(one, other)
        assert (found["relation"], found["why_en"].partition(":")[0]) == ("contradicting", f"Conflict of {slot}")


def test_one_content_word_put_for_another_is_new_and_suggested() -> None:
    found = compared("الرسام سامي يفتتح معرضا للخزف", "النجار سامي يفتتح معرضا للخزف")
    assert (found["relation"], found["suggest"]) == ("new", True)


def test_a_city_speaks_for_its_country_and_a_country_for_its_cities() -> None:
    assert compared("روما تعلن موازنة الدفاع", "إيطاليا تعلن موازنة الدفاع")["relation"] == "restated"


def test_two_negations_are_none() -> None:
    assert compared("الوزير ينفي رفض الخطة كاملة", "الوزير ينفي رفضه الخطة كاملة")["relation"] == "restated"


# -- rules, on words ---------------------------------------------------------------------------------------------------

UP = ContentWord(form="up", sides=frozenset({"raise"}), against=frozenset({"lower"}))
DOWN = ContentWord(form="down", sides=frozenset({"lower"}), against=frozenset({"raise"}))


def words(text: str) -> tuple[ContentWord, ...]:
    """«not» turns what follows it, «up» and «down» are opposites."""
    known = {"up": UP, "down": DOWN, "not": ContentWord(form="not", turns=True)}
    return tuple(known.get(word, ContentWord(form=word)) for word in text.split())


def related(one: str, other: str, *slots: tuple[str, str], held: tuple[tuple[str, str], ...] = ()) -> Verdict:
    first = Statement(mention=make_mention(quote="زفر شمس", slots=slots), words=words(one))
    second = Statement(mention=make_mention(quote="قمح تين", slots=held), words=words(other))
    return relate_statement(first, second, make_known(second.mention), SIMILARITY)


def test_a_slot_that_only_one_of_them_fills_clashes_with_nothing() -> None:
    assert related("a b c", "a b c", ("person", "saddam")).relation is Relation.RESTATED


def test_sets_that_share_one_value_do_not_clash() -> None:
    both = (("person", "saddam"), ("person", "crosetto"))
    assert related("a b c", "a b c", *both, held=both[:1]).relation is Relation.RESTATED
    assert related("a b c", "a b c", *both[1:], held=both[:1]).relation is Relation.CONTRADICTING


def test_a_clash_between_unrelated_sentences_is_new() -> None:
    assert related("up a b c d", "down e f g h").relation is Relation.NEW


@pytest.mark.parametrize(
    ("one", "relation", "suggest"),
    [
        ("a b c d", "restated", False),
        ("a b c d e f", "restated", False),
        ("a x c d", "new", False),
        ("a b x y", "new", False),
        ("x y z d", "new", False),
    ],
)
def test_more_detail_leaves_it_known_and_a_replacement_does_not(one: str, relation: str, suggest: bool) -> None:
    found = related(one, "a b c d")
    assert (found.relation.value, found.suggest) == (relation, suggest)


def test_a_negation_conflicts_where_it_stands_before_what_both_say() -> None:
    assert related("a not b c", "a b c").relation is Relation.CONTRADICTING
    assert related("a b c not x y z", "a b c").relation is Relation.NEW
    assert related("a not b c", "a not b c").relation is Relation.RESTATED


def test_words_of_both_that_have_changed_sides_are_opposed() -> None:
    assert align(words("gold up x y z oil down"), words("gold down x y z oil up")).opposed()
    assert not align(words("gold up x y z oil down"), words("oil down x y z gold up")).opposed()


def test_a_word_is_paired_once_and_a_longer_word_may_be_misspelt() -> None:
    assert align(words("a a b"), words("a b b")).pairs == {0: 0, 2: 2}
    assert align(words("صاروخية"), words("صاورخية")).pairs == {0: 0}
    assert align(words("العربي"), words("الغربي")).pairs == {}


def test_nothing_to_lay_side_by_side_shares_nothing() -> None:
    assert align((), ()).share == 0.0
    assert align(words("a"), ()).frame() == 0
