"""One sentence against another, as the `compare` command is asked: two real sentences, the shipped words."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.adapters.similarity import LexicalSimilarity
from monitor.comparing import compare_texts
from monitor.deciding.statements import relate_statement
from monitor.model import Polarity, Relation
from monitor.settings import load_read_config
from tests.factories import make_known, make_mention

if TYPE_CHECKING:
    from monitor.model import Mention
    from monitor.reading.words import ReadConfig

SIMILARITY = LexicalSimilarity()
SIGNED = "وقع صدام حفتر ووزير الدفاع الإيطالي في روما مذكرة تفاهم لتدريب 120 ضابطا من خفر السواحل"


@lru_cache(maxsize=1)
def configuration() -> ReadConfig:
    return load_read_config(Path(__file__).resolve().parents[2] / "config")


def compared(known: str, incoming: str) -> dict[str, Any]:
    return compare_texts(known, incoming, configuration(), SIMILARITY)


def statement(*slots: tuple[str, str], **changes: Any) -> Mention:
    return make_mention(**{"slots": slots, "terms": ("a", "b", "c", "d"), **changes})


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
    assert {"polarity", "person", "place", "number", "terms"} == set(found["compared"])
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


# -- rules, on slots -------------------------------------------------------------------------------------------------


def test_a_slot_that_only_one_of_them_fills_clashes_with_nothing() -> None:
    found = relate_statement(statement(("place", "rome")), make_known(statement()), SIMILARITY)
    assert found.relation is Relation.RESTATED


def test_sets_that_share_one_value_do_not_clash() -> None:
    own = statement(("person", "saddam"), ("person", "crosetto"))
    assert relate_statement(own, make_known(statement(("person", "saddam"))), SIMILARITY).relation is Relation.RESTATED


def test_a_clash_between_unrelated_sentences_is_new() -> None:
    own = statement(quote="زفر شمس", terms=("x", "y"), polarity=Polarity.NEGATED)
    assert relate_statement(own, make_known(statement(quote="قمح تين")), SIMILARITY).relation is Relation.NEW


@pytest.mark.parametrize(
    ("shared", "relation", "suggest"), [(4, "restated", False), (3, "new", True), (2, "new", False)]
)
def test_between_known_and_new_lies_a_band_that_is_only_suggested(shared: int, relation: str, suggest: bool) -> None:
    """Quotes that share no word: the score is half the share of terms."""
    terms = ("a", "b", "c", "d")[:shared] + tuple(f"own{at}" for at in range(4 - shared))
    found = relate_statement(
        statement(quote="زفر شمس", terms=terms), make_known(statement(quote="قمح تين")), SIMILARITY
    )
    assert (found.relation.value, found.suggest) == (relation, suggest)
