"""What verdicts say about thresholds."""

from __future__ import annotations

import pytest

from monitor.deciding.refitting import Labelled, pairs, refit_report, said_same
from monitor.model import Relation


@pytest.mark.parametrize(
    ("verdict", "relation", "same"),
    [
        ("known", Relation.NEW, True),
        (" Same ", None, True),
        ("new", Relation.RESTATED, False),
        ("right", Relation.NEW, False),
        ("right", Relation.RESTATED, True),
        ("right", Relation.CORROBORATING, True),
        ("wrong", Relation.NEW, True),
        ("wrong", Relation.RESTATED, False),
        ("wrong", Relation.CONTRADICTING, None),
        ("right", Relation.UPDATED, None),
        ("right", None, None),
        ("typo in the name", Relation.NEW, None),
    ],
)
def test_a_verdict_says_same_different_or_nothing(verdict: str, relation: Relation | None, same: bool | None) -> None:
    assert said_same(Labelled(verdict=verdict, relation=relation)) is same


def label(verdict: str, relation: Relation, score: float, **changes: str) -> Labelled:
    fields = {"quote": "أ", "nearest_quote": "ب", "method": "terms@1", **changes}
    return Labelled(verdict=verdict, relation=relation, score=score, **fields)


def test_the_report_counts_and_proposes_thresholds_for_each_method_apart() -> None:
    labels = [
        *(label("right", Relation.RESTATED, 0.9) for _ in range(9)),
        label("wrong", Relation.RESTATED, 0.8),
        *(label("right", Relation.NEW, 0.2) for _ in range(6)),
        label("right", Relation.NEW, 1.0, method="slots"),
        label("known", Relation.NEW, 0.5, method="other@1"),
        label("odd", Relation.NEW, 0.5),
        Labelled(verdict="right", relation=None),
    ]
    report = refit_report(labels)
    assert report["labels"] == len(labels)
    assert report["confusion"]["right"] == {"new": 7, "none": 1, "restated": 9}
    assert set(report["methods"]) == {"terms@1", "other@1"}
    terms = report["methods"]["terms@1"]
    assert (terms["pairs"], terms["same"], terms["different"]) == (16, 9, 7)
    assert terms["auc"] == 1.0
    assert (terms["known"]["at"], terms["suggest"]["at"]) == (0.9, 0.8)
    assert report["methods"]["other@1"]["auc"] is None
    assert report["pairs"] == len(pairs(labels)) == 18


def test_of_no_verdicts_there_is_nothing_to_say() -> None:
    assert refit_report([]) == {"labels": 0, "pairs": 0, "confusion": {}, "methods": {}}
