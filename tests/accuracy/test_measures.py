"""The measures measure what they say, and what may never fail on the sets that may be looked at does not."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from storage.seed import seed_articles
from tests.accuracy.agreement import Counts, b_cubed, kappa
from tests.accuracy.baselines import best_threshold, by_threshold, cosine, everything_new, tf_idf
from tests.accuracy.claim_figures import ClaimFigures, Filed, Placed, claim_figures, overlaps, pooled
from tests.accuracy.gold import GOLD, GoldMention, by_column, claim_sets, scope_sets
from tests.accuracy.mutations import ANOTHER, CLASHING, SAME, variants

if TYPE_CHECKING:
    from pathlib import Path


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


def test_pooled_figures_are_those_of_all_mentions_and_articles_together() -> None:
    one = figures(novelty=Counts(hits=3, alarms=1), answers=(*[("new", "new")] * 3, ("known", "new")))
    other = figures(novelty=Counts(misses=4), answers=(("known", "known"),) * 4)
    both = pooled((one, other))
    assert pooled((one,)) == one
    assert both.articles == 2
    assert both.novelty == Counts(hits=3, alarms=1, misses=4)
    assert both.kappa == pytest.approx(kappa([*one.answers, *other.answers]))


def test_articles_of_two_pooled_sets_share_no_meeting_though_names_are_the_same() -> None:
    one, other = figures(placed=placed("x/1", "aa")), figures(placed=placed("x/2", "ab"))
    both = pooled((one, other))
    assert one.meetings_b3 == 1
    assert other.one_meeting_b3 == pytest.approx(2 / 3)
    assert both.meetings_b3 == 1
    assert both.one_meeting_b3 == pytest.approx(2 * 0.75 / 1.75)
    assert both.own_meeting_b3 == pytest.approx(2 * 0.75 / 1.75)


def test_mentions_of_two_pooled_sets_share_no_claim_though_names_are_the_same() -> None:
    one, other = figures(filed=filed("x/1", "aab", "aab")), figures(filed=filed("x/2", "aab", "abb"))
    both = pooled((one, other))
    assert one.claims_b3 == 1
    assert one.own_claim_b3 == pytest.approx(2 * (2 / 3) / (1 + 2 / 3))
    assert other.claims_b3 == pytest.approx(2 / 3)
    assert both.claims_b3 == pytest.approx(5 / 6)


def figures(
    *,
    novelty: Counts | None = None,
    answers: tuple[tuple[str, str], ...] = (),
    placed: tuple[Placed, ...] = (),
    filed: tuple[Filed, ...] = (),
) -> ClaimFigures:
    """Of one article, with nothing to tell but what is given."""
    nothing: dict[str, Any] = {one.name: 0 for one in fields(ClaimFigures)}
    given = {"articles": 1, "novelty": novelty or Counts(), "answers": answers, "placed": placed, "filed": filed}
    return ClaimFigures(**{**nothing, **given})


def filed(within: str, claims: str, said: str) -> tuple[Filed, ...]:
    """A mention for each letter: the claim that it makes, and the one that it was said to make."""
    pairs = zip(claims, said, strict=True)
    return tuple(Filed(within=within, mention=str(at), claim=one, said=other) for at, (one, other) in enumerate(pairs))


def placed(within: str, meetings: str) -> tuple[Placed, ...]:
    """An article for each letter, rightly placed in the meeting that the letter names."""
    return tuple(Placed(within=within, doc=str(at), event=one, said=one) for at, one in enumerate(meetings))


def test_our_own_sets_are_whole() -> None:
    claims, scope = tuple(claim_sets(None)), {gold.name: gold for gold in scope_sets(None)}
    assert {column: len(sets) for column, sets in by_column(claims).items()} == {
        "tuning": 1,
        "tuning2": 1,
        "reports": 5,
        "heldout": 1,
        "heldout_reports": 2,
    }
    assert set(scope) == {"tuning", "reports", "heldout"}
    for gold in claims:
        texts = {job.article_id: job.text or "" for job in gold.jobs}
        assert all(0 <= one.start < one.end <= len(texts[one.doc]) for one in (*gold.mentions, *gold.chrome))
    for items in scope.values():
        assert {label.doc for label in items.labels} <= {job.article_id for job in items.jobs}


@pytest.mark.parametrize("path", sorted(GOLD.glob("**/claims.json")), ids=lambda path: path.parent.name)
def test_a_claim_stands_where_its_offsets_say_and_clashes_with_one_of_its_set(path: Path) -> None:
    articles = map(json.loads, path.with_name("articles.jsonl").read_text(encoding="utf-8").splitlines())
    texts = {one["id"]: f"{one['title']}\n{one['text']}" for one in articles}
    rows = json.loads(path.read_text(encoding="utf-8"))
    claims = {row.get("claim") for row in rows}
    for row in rows:
        assert texts[row["doc"]][row["start"] : row["end"]] == row["span"]
        assert row.get("conflicts_with") in {None, *claims}


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
