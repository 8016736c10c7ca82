"""A judge raises doubt, and can do nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.deciding.judged import MOST_CASES, cases, with_judgement
from monitor.model import Decision, KnownClaim, Outcome, Recall, Related, Relation, Urgency
from monitor.ports import JudgeAnswer, JudgeVerdict
from tests.factories import NOON, make_article, make_decision, make_meeting, make_mention, make_reading, make_related
from tests.factories import meeting_id as id_of

READING = make_reading(article=make_article(id="incoming"))
HOME = id_of(make_meeting())
KNOWN_QUOTE = "تباحث الطرفان في التنسيق الأمني"
KNOWN = KnownClaim(
    claim_id="old",
    mention_id="old-mention",
    meeting_id=HOME,
    mention=make_mention(quote=KNOWN_QUOTE),
    article_id="first",
    url="https://first.example/",
    outlet="الأولى",
    seen_at=NOON,
)
RECALL = Recall(claims=(KNOWN,))


def related(**changes: Any) -> Related:
    fields: dict[str, Any] = {
        "nearest": "old",
        "nearest_quote": KNOWN_QUOTE,
        "score": 0.5,
        "method": "coverage+lexical",
        "why": "لم يرد.",
        "why_en": "Not before.",
    }
    return make_related(READING, READING.mentions[0], HOME, **{**fields, **changes})


def decided(*relations: Related, **changes: Any) -> Decision:
    return make_decision(reading=READING, relations=relations, **changes)


def says(answer: JudgeAnswer) -> JudgeVerdict:
    return JudgeVerdict(answer=answer, by="judge:m1")


def test_what_seemed_new_and_is_called_the_same_becomes_doubtful_and_can_wait() -> None:
    decision = decided(related())
    found = with_judgement(decision, {decision.relations[0].mention_id: says(JudgeAnswer.SAME)}, RECALL)
    (moved,) = found.relations
    assert (moved.relation, moved.suggest) == (Relation.NEW, True)
    assert moved.method == "coverage+lexical+judge:m1"
    assert moved.claim_id == decision.relations[0].claim_id
    assert "language model" in moved.why_en
    assert [alert.urgency for alert in found.alerts] == [Urgency.DIGEST]
    assert all(item.suggest for alert in found.alerts for item in alert.items)


@pytest.mark.parametrize("relation", [Relation.RESTATED, Relation.CORROBORATING])
@pytest.mark.parametrize("answer", [JudgeAnswer.DIFFERENT, JudgeAnswer.CONFLICT])
def test_what_seemed_known_and_is_called_otherwise_becomes_doubtful_as_a_claim_of_its_own(
    relation: Relation, answer: JudgeAnswer
) -> None:
    quiet = decided(
        related(relation=relation, claim_id="old", joins=("older",)), alerts=(), outcome=Outcome.NOTHING_NEW
    )
    found = with_judgement(quiet, {quiet.relations[0].mention_id: says(answer)}, RECALL)
    (moved,) = found.relations
    assert (moved.relation, moved.suggest) == (Relation.NEW, True)
    assert moved.claim_id != "old"
    assert moved.joins == (), "what it would have shown to be one is left apart"
    assert found.outcome is Outcome.ALERTED
    (alert,) = found.alerts
    assert alert.urgency is Urgency.DIGEST
    assert alert.items[0].other_quote == KNOWN_QUOTE


@pytest.mark.parametrize("answer", list(JudgeAnswer))
@pytest.mark.parametrize(
    "changes",
    [
        {"relation": Relation.CONTRADICTING},
        {"relation": Relation.UPDATED},
        {"relation": Relation.WITHDRAWN},
        {"method": "slots"},
        {"suggest": True},
        {"nearest_quote": None},
        {"score": 0.1},
        {"relation": Relation.RESTATED, "method": "slots"},
        {"relation": Relation.RESTATED, "method": "versions"},
    ],
)
def test_what_slots_decided_or_is_doubtful_already_is_never_moved_nor_asked_about(
    changes: dict[str, Any], answer: JudgeAnswer
) -> None:
    decision = decided(related(**changes))
    assert cases(decision) == ()
    assert with_judgement(decision, {decision.relations[0].mention_id: says(answer)}, RECALL) is decision


@pytest.mark.parametrize(
    ("relation", "answer"),
    [
        (Relation.NEW, JudgeAnswer.DIFFERENT),
        (Relation.NEW, JudgeAnswer.CONFLICT),
        (Relation.NEW, JudgeAnswer.UNSURE),
        (Relation.RESTATED, JudgeAnswer.SAME),
        (Relation.RESTATED, JudgeAnswer.UNSURE),
    ],
)
def test_an_answer_that_agrees_or_is_unsure_changes_nothing(relation: Relation, answer: JudgeAnswer) -> None:
    decision = decided(related(relation=relation))
    assert with_judgement(decision, {decision.relations[0].mention_id: says(answer)}, RECALL) is decision


def test_without_answers_and_for_strangers_a_decision_is_as_it_was() -> None:
    decision = decided(related())
    assert with_judgement(decision, {}, RECALL) is decision
    assert with_judgement(decision, {"another": says(JudgeAnswer.SAME)}, RECALL) is decision


def test_no_answer_makes_anything_known() -> None:
    for relation in Relation:
        for answer in JudgeAnswer:
            decision = decided(related(relation=relation))
            (after,) = with_judgement(decision, {decision.relations[0].mention_id: says(answer)}, RECALL).relations
            assert after.relation is relation or (after.relation is Relation.NEW and after.suggest)


def test_at_most_so_many_are_asked_about_those_nearest_to_the_line_first() -> None:
    many = [replace(related(score=0.3 + place / 100), mention_id=f"m{place:02}") for place in range(40)]
    asked = cases(decided(*many))
    assert len(asked) == MOST_CASES
    assert asked[0].mention_id == "m30"
    assert (asked[0].known, asked[0].incoming) == (KNOWN_QUOTE, READING.mentions[0].quote)
