"""The measures measure what they say, and what may never fail on the sets that may be looked at does not."""

from __future__ import annotations

import pytest

from storage.seed import seed_articles
from tests.accuracy.agreement import Counts, b_cubed, kappa
from tests.accuracy.baselines import best_threshold, by_threshold, cosine, everything_new, tf_idf
from tests.accuracy.claim_figures import claim_figures, overlaps
from tests.accuracy.gold import GoldMention, claim_sets, scope_sets
from tests.accuracy.mutations import ANOTHER, CLASHING, SAME, variants


def test_precision_recall_and_f1_are_those_of_the_textbook() -> None:
    counts = Counts(hits=3, alarms=1, misses=2, rest=4)
    assert (counts.precision, counts.recall) == (0.75, 0.6)
    assert counts.f1 == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))
    assert Counts.of([(True, True), (True, False), (False, True), (False, False)]) == Counts(
        hits=1, alarms=1, misses=1, rest=1
    )
    assert (Counts().precision, Counts().recall, Counts().f1) == (0, 0, 0)


def test_kappa_of_two_readers_who_agree_on_seventy_of_a_hundred() -> None:
    pairs = [("y", "y")] * 20 + [("n", "n")] * 15 + [("y", "n")] * 5 + [("n", "y")] * 10
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([]) == 0
    assert kappa([("y", "y")]) == 1


def test_b_cubed_of_the_example_of_its_authors() -> None:
    """Groups of 5, 2 and 5; the first response joins the last two groups, the second the two of five."""
    truth = dict(enumerate("aaaaabbccccc"))
    joined = b_cubed(truth, {number: {"b": "c"}.get(group, group) for number, group in truth.items()})
    assert joined == pytest.approx(2 * 0.7619 / 1.7619, abs=1e-3)
    large = b_cubed(truth, {number: {"a": "c"}.get(group, group) for number, group in truth.items()})
    assert large == pytest.approx(2 * 0.5833 / 1.5833, abs=1e-3)
    assert b_cubed(truth, dict(truth)) == 1


def test_what_is_in_no_meeting_costs_recall_alone() -> None:
    assert b_cubed({"a": "x", "b": "x"}, {"a": "1", "b": None}) == pytest.approx(2 * 0.25 / 1.25)


def test_likeness_is_one_for_the_same_words_and_nought_for_none_in_common() -> None:
    same, other, marked = tf_idf(("زيارة إلى باريس", "طقس", "زِيارة إلى بـاريس"))
    assert cosine(same, marked) == pytest.approx(1)
    assert cosine(same, other) == 0


def test_the_best_threshold_parts_what_can_be_parted() -> None:
    scored = [(True, 0.1), (True, 0.2), (False, 0.6), (False, 0.9)]
    assert by_threshold(scored, best_threshold(scored)).f1 == 1
    assert everything_new(scored).precision == 0.5


def test_half_of_the_shorter_span_is_enough_to_be_found() -> None:
    def span(start: int, end: int) -> GoldMention:
        return GoldMention(doc="a", kind="event", start=start, end=end)

    assert overlaps(span(0, 100), span(90, 110))
    assert not overlaps(span(0, 100), span(91, 110))


def test_our_own_sets_are_whole() -> None:
    claims, scope = {gold.name: gold for gold in claim_sets(None)}, {gold.name: gold for gold in scope_sets(None)}
    assert set(claims) == set(scope) == {"tuning", "heldout"}
    for gold in claims.values():
        texts = {job.article_id: job.text or "" for job in gold.jobs}
        assert all(0 <= one.start < one.end <= len(texts[one.doc]) for one in (*gold.mentions, *gold.chrome))
    for items in scope.values():
        assert {label.doc for label in items.labels} <= {job.article_id for job in items.jobs}


def test_every_claim_of_the_tuning_set_stands_in_its_article_none_is_furniture_and_a_repeat_alerts_nobody() -> None:
    figures = claim_figures(next(gold for gold in claim_sets(None) if gold.name == "tuning"))
    assert figures.claims == figures.grounded > 0
    assert (figures.leaks, figures.alerts_again) == (0, 0)


def test_a_variant_differs_from_its_original_where_it_says() -> None:
    made = [variant for seed in seed_articles() for variant in variants(seed)]
    assert {variant.kind for variant in made} == {*CLASHING, *ANOTHER, *SAME}
    for variant in made:
        assert variant.original in variant.known
        assert (variant.sentence == variant.original) == (variant.kind == "verbatim")
        assert 0 <= variant.start < variant.end <= len(variant.sentence)
        assert variant.sentence[: variant.start] == variant.original[: variant.start]
