"""The whole of deciding: over small readings made by hand, and over short articles read and kept for real.

The articles were composed for these tests: the people and offices are real, what they are said to have done is not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.similarity import LexicalSimilarity
from monitor.deciding import decide
from monitor.model import (
    ClaimKind,
    EvidenceGrade,
    KnownDocument,
    KnownMeeting,
    Modality,
    Outcome,
    Polarity,
    Recall,
    Relation,
    Urgency,
)
from monitor.ports import ReadJob
from storage.archive import SqliteArchive
from tests.accuracy.product import BEGINNING, decisions, main_meeting, readings_of
from tests.factories import make_article, make_known, make_meeting, make_mention, make_reading, make_signature

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import AlertItem, Decision, Mention, Reading

SIMILARITY = LexicalSimilarity()
ROOT = Path(__file__).resolve().parents[2]


# -- by hand ---------------------------------------------------------------------------------------------------------


def known_as(reading: Reading, article_id: str = "earlier") -> Recall:
    """The ledger after another article has said the same of the same meeting."""
    return Recall(
        meetings=tuple(KnownMeeting(id="m1", meeting=meeting) for meeting in reading.meetings),
        claims=tuple(make_known(mention, article_id=article_id) for mention in reading.mentions),
    )


def test_on_an_empty_ledger_all_is_new_and_told() -> None:
    found = decide(make_reading(), Recall(), SIMILARITY)
    assert found.outcome is Outcome.ALERTED
    assert [link.new for link in found.meetings] == [True]
    assert [related.relation for related in found.relations] == [Relation.NEW]
    assert len(found.alerts) == 1


def test_the_same_version_again_is_seen_before_and_nothing_is_decided_of_it() -> None:
    reading = make_reading()
    known = KnownDocument(article_id=reading.article.id, url=reading.article.url, signature=reading.signature)
    found = decide(reading, Recall(documents=(known,)), SIMILARITY)
    assert found.outcome is Outcome.SEEN_BEFORE
    assert (found.meetings, found.relations, found.alerts) == ((), (), ())


@pytest.mark.parametrize("outcome", [Outcome.OFF_TOPIC, Outcome.NO_TEXT, Outcome.SUSPECT])
def test_what_reading_has_settled_stays_settled(outcome: Outcome) -> None:
    found = decide(make_reading(outcome=outcome), Recall(), SIMILARITY)
    assert (found.outcome, found.alerts, found.relations) == (outcome, (), ())


def test_what_is_known_already_is_nothing_new() -> None:
    reading = make_reading()
    found = decide(reading, known_as(reading), SIMILARITY)
    assert found.outcome is Outcome.NOTHING_NEW
    assert found.alerts == ()
    assert [(related.relation, related.meeting_id) for related in found.relations] == [(Relation.RESTATED, "m1")]


def test_a_copy_with_nothing_new_in_it_is_a_duplicate_and_names_its_original() -> None:
    reading = make_reading()
    copied = KnownDocument(article_id="earlier", url="https://earlier.example/1", signature=reading.signature)
    found = decide(reading, replace(known_as(reading), documents=(copied,)), SIMILARITY)
    assert (found.outcome, found.duplicate_of, found.alerts) == (Outcome.DUPLICATE, "earlier", ())


def test_a_copy_with_something_new_in_it_is_told_all_the_same() -> None:
    reading = make_reading(mentions=(make_mention(), make_mention(kind=ClaimKind.OUTCOME, terms=("x", "y", "z"))))
    copied = KnownDocument(article_id="earlier", url="https://earlier.example/1", signature=reading.signature)
    known = replace(known_as(make_reading()), documents=(copied,))
    found = decide(reading, known, SIMILARITY)
    assert (found.outcome, found.duplicate_of) == (Outcome.ALERTED, "earlier")
    assert [item.kind for alert in found.alerts for item in alert.items] == [ClaimKind.OUTCOME]


def test_a_reading_without_claims_is_nothing_new() -> None:
    assert decide(make_reading(mentions=()), Recall(), SIMILARITY).outcome is Outcome.NOTHING_NEW


_mentions = st.builds(
    lambda kind, modality, polarity, terms, slots, origin: make_mention(
        kind=kind, modality=modality, polarity=polarity, terms=tuple(terms), slots=tuple(sorted(slots)), origin=origin
    ),
    st.sampled_from([kind for kind in ClaimKind if kind is not ClaimKind.EVENT]),
    st.sampled_from(Modality),
    st.sampled_from(Polarity),
    st.lists(st.sampled_from(("t:a", "t:b", "c", "d", "e")), unique=True, max_size=4),
    st.sets(st.sampled_from((("topic", "a"), ("topic", "b"), ("number", "3 c"), ("number", "4 c"), ("place", "rome")))),
    st.none() | st.sampled_from(("بيان القيادة العامة", "رويترز")),
)
_readings = st.builds(
    lambda mentions, grade, origin: make_reading(mentions=tuple(mentions), grade=grade, origin=origin),
    st.lists(_mentions, max_size=5),
    st.sampled_from(EvidenceGrade),
    st.none() | st.just("رويترز"),
)


@given(_readings, st.lists(_mentions, max_size=5))
def test_deciding_is_deterministic_and_leaves_every_mention_with_one_relation(
    reading: Reading, held: list[Mention]
) -> None:
    recall = Recall(
        documents=(KnownDocument(article_id="earlier", url="", signature=make_signature("another")),),
        meetings=(KnownMeeting(id="m1", meeting=make_meeting()),),
        claims=tuple(make_known(mention) for mention in held),
    )
    found = decide(reading, recall, SIMILARITY)
    assert found == decide(reading, recall, LexicalSimilarity())
    assert tuple(related.mention for related in found.relations) == reading.mentions
    assert (found.outcome is Outcome.ALERTED) is bool(found.alerts)
    told = {item.mention_id for alert in found.alerts for item in alert.items}
    assert told <= {r.mention_id for r in found.relations if r.relation is not Relation.RESTATED}
    later = decide(replace(reading, article=make_article(url="https://moved.example")), recall, SIMILARITY)
    assert [alert.id for alert in later.alerts] == [alert.id for alert in found.alerts], "ids come from the content"


# -- real articles ---------------------------------------------------------------------------------------------------


def article(name: str, day: str, *lines: str, **changes: Any) -> ReadJob:
    published = datetime.fromisoformat(day).replace(tzinfo=UTC)
    fields: dict[str, Any] = {
        "article_id": name,
        "url": f"https://{name}.example/news",
        "outlet": name,
        "fetched_at": max(BEGINNING, published),
        "title": lines[0],
        "text": "\n".join(lines),
        "published_at": published,
        "published_source": "feed",
    }
    return ReadJob(**{**fields, **changes})


_MET = "التقى نائب القائد العام الفريق أول ركن صدام حفتر يوم الخميس 12 مارس 2026 في روما وزير الدفاع غويدو كروسيتو"
_TALKED = "وبحث الجانبان تدريب خفر السواحل، ومكافحة الهجرة غير النظامية"
ROME = article("rome", "2026-03-13", "صدام حفتر يلتقي كروسيتو في روما", f"{_MET}. {_TALKED}.")
REPRINT = replace(ROME, article_id="reprint", url="https://reprint.example/news", outlet="reprint")
RETOLD = article(
    "retold",
    "2026-03-14",
    "لقاء في روما",
    "التقى صدام حفتر غويدو كروسيتو في روما. وناقش الطرفان مكافحة الهجرة غير النظامية، وتدريب خفر السواحل.",
)
OTHER_POST = article(
    "post", "2026-03-14", "لقاء في روما", _MET.replace("نائب القائد العام", "رئيس أركان القوات البرية") + "."
)
OTHER_RANK = article("rank", "2026-03-14", "لقاء في روما", _MET.replace("الفريق أول ركن", "الفريق") + ".")
AGREED = article(
    "agreed", "2026-03-14", "لقاء في روما", f"{_MET}. وتم الاتفاق بين الجانبين على تدريب خفر السواحل في إيطاليا."
)
INVITED = article("invited", "2026-03-14", "لقاء في روما", f"{_MET}. وجاءت الزيارة بدعوة رسمية من الحكومة الإيطالية.")
JUNE = article(
    "june",
    "2026-06-20",
    "صدام حفتر يلتقي كروسيتو في روما",
    f"{_MET.replace('الخميس 12 مارس', 'الجمعة 19 يونيو')}. {_TALKED}.",
)
ATHENS = article(
    "athens",
    "2026-03-13",
    "صدام حفتر يلتقي ديندياس في أثينا",
    f"{_MET.replace('في روما', 'في أثينا').replace('غويدو كروسيتو', 'اليوناني نيكوس ديندياس')}. {_TALKED}.",
)


def arrived(*jobs: ReadJob) -> list[Decision]:
    """What is decided of each article when they arrive in this order in an archive of their own."""
    with SqliteArchive(":memory:") as archive:
        return list(decisions(readings_of(jobs), archive))


def items(decision: Decision) -> list[AlertItem]:
    return [item for alert in decision.alerts for item in alert.items]


def of_kind(decision: Decision, kind: ClaimKind) -> set[tuple[Relation, str]]:
    return {(r.relation, r.mention.quote) for r in decision.relations if r.mention.kind is kind}


def relations(decision: Decision) -> set[Relation]:
    return {related.relation for related in decision.relations}


def test_the_first_article_tells_of_the_meeting_at_once() -> None:
    (first,) = arrived(ROME)
    assert first.outcome is Outcome.ALERTED
    assert relations(first) == {Relation.NEW}
    assert first.alerts[0].urgency is Urgency.NOW
    assert first.alerts[0].outlets == 1
    kinds = {item.kind for item in items(first)}
    assert {ClaimKind.EVENT, ClaimKind.PARTICIPANT, ClaimKind.ROLE, ClaimKind.AGENDA} <= kinds


def test_every_item_is_grounded_in_the_article() -> None:
    for decision in arrived(ROME, OTHER_POST, AGREED, JUNE):
        for item in items(decision):
            assert item.sentence in decision.reading.article.text
            assert item.sentence[item.mark_start : item.mark_end] == item.quote


def test_a_second_run_of_everything_is_seen_before_and_tells_nothing() -> None:
    jobs = (ROME, RETOLD, OTHER_POST, AGREED, JUNE, ATHENS)
    again = arrived(*jobs, *jobs)[len(jobs) :]
    assert {decision.outcome for decision in again} == {Outcome.SEEN_BEFORE}
    assert [alert for decision in again for alert in decision.alerts] == []


def test_a_day_of_reprints_tells_nothing() -> None:
    copies = [replace(REPRINT, article_id=f"r{at}", url=f"https://r{at}.example/", outlet=f"r{at}") for at in range(5)]
    _, *rest = arrived(ROME, *copies)
    assert {decision.outcome for decision in rest} == {Outcome.DUPLICATE}
    assert {decision.duplicate_of for decision in rest} <= {"rome", *(copy.article_id for copy in copies)}
    assert [alert for decision in rest for alert in decision.alerts] == []


def under(headline: str) -> ReadJob:
    """The reprint with another headline."""
    return replace(REPRINT, title=headline, text=(ROME.text or "").replace(ROME.title or "", headline, 1))


def test_a_reprint_under_another_headline_is_a_duplicate_and_tells_nothing() -> None:
    _, reprint = arrived(ROME, under("كروسيتو يلتقي صدام حفتر في روما"))
    assert (reprint.outcome, reprint.duplicate_of, reprint.alerts) == (Outcome.DUPLICATE, "rome", ())


def test_the_same_in_other_words_and_another_order_is_known_and_told_to_nobody_at_once() -> None:
    _, retold = arrived(ROME, RETOLD)
    assert main_meeting(retold) == main_meeting(arrived(ROME)[0])
    assert Relation.CONTRADICTING not in relations(retold)
    assert [alert.urgency for alert in retold.alerts if alert.urgency is Urgency.NOW] == []


@pytest.mark.parametrize(
    ("job", "kind", "here", "there"),
    [
        (OTHER_POST, ClaimKind.ROLE, "رئيس أركان القوات البرية", "نائب القائد العام"),
        (OTHER_RANK, ClaimKind.RANK, "الفريق صدام", "الفريق أول ركن"),
        (AGREED, ClaimKind.OUTCOME, "تم الاتفاق", "وبحث الجانبان"),
    ],
    ids=lambda value: value.outlet if isinstance(value, ReadJob) else "",
)
def test_another_post_rank_or_step_is_told_at_once_with_both_quotes(
    job: ReadJob, kind: ClaimKind, here: str, there: str
) -> None:
    _, second = arrived(ROME, job)
    conflict = second.alerts[0]
    assert (conflict.relation, conflict.urgency) == (Relation.CONTRADICTING, Urgency.NOW)
    assert {item.relation for item in conflict.items} == {Relation.CONTRADICTING}
    (item,) = (item for item in conflict.items if item.kind is kind)
    assert here in item.quote
    assert item.other_quote is not None
    assert there in item.other_quote
    assert item.other_outlet == "rome"
    assert item.why
    assert item.why_en


def test_a_conflict_is_told_once_though_a_third_article_repeats_it() -> None:
    third = replace(OTHER_POST, article_id="third", url="https://third.example/", outlet="third")
    *_, last = arrived(ROME, OTHER_POST, third)
    assert last.alerts == ()


def test_whose_invitation_it_was_is_told_at_once_though_the_meeting_is_known() -> None:
    _, second = arrived(ROME, INVITED)
    told = {item.quote for alert in second.alerts if alert.urgency is Urgency.NOW for item in alert.items}
    assert any("بدعوة رسمية" in quote for quote in told)
    assert not any("التقى" in quote for quote in told)


def test_the_same_words_three_months_later_tell_of_another_meeting() -> None:
    first, later = arrived(ROME, JUNE)
    assert main_meeting(first) != main_meeting(later)
    assert {relation for relation, _ in of_kind(later, ClaimKind.AGENDA)} == {Relation.NEW}
    assert {relation for relation, _ in of_kind(later, ClaimKind.ROLE) if "صدام" in _} == {Relation.RESTATED}


def test_the_same_words_about_another_minister_tell_of_another_meeting() -> None:
    first, other = arrived(ROME, ATHENS)
    assert main_meeting(first) != main_meeting(other)
    assert {relation for relation, _ in of_kind(other, ClaimKind.AGENDA)} == {Relation.NEW}


@pytest.mark.parametrize(
    "headline",
    [
        "كروسيتو يستقبل صدام حفتر",
        "صدام حفتر في روما",
        "صدام حفتر وكروسيتو",
    ],
)
def test_a_headline_that_says_only_who_met_tells_nothing_when_that_is_known(headline: str) -> None:
    *_, last = arrived(ROME, under(headline))
    assert last.alerts == ()


def test_every_relation_of_every_article_has_its_evidence() -> None:
    for decision in arrived(ROME, RETOLD, OTHER_POST, OTHER_RANK, AGREED, INVITED, JUNE, ATHENS):
        assert decision.relations
        for related in decision.relations:
            assert related.method
            assert related.compared
            assert related.why
            assert related.why_en
            assert 0 <= related.score <= 1
            assert (related.nearest is None) is (related.nearest_quote is None)
            assert related.relation is Relation.NEW or related.nearest_quote


def test_no_alert_id_comes_twice_and_no_claim_is_told_twice_as_new() -> None:
    made = arrived(ROME, RETOLD, OTHER_POST, OTHER_RANK, AGREED, INVITED, JUNE, ATHENS, REPRINT)
    ids = [alert.id for decision in made for alert in decision.alerts]
    assert len(ids) == len(set(ids))
    new = [item.claim_id for decision in made for item in items(decision) if item.relation is Relation.NEW]
    assert len(new) == len(set(new))


def fingerprint(made: Iterable[Decision]) -> str:
    """All that was decided, in one line a relation."""
    lines = [
        f"{d.outcome} {d.duplicate_of} {[link.id for link in d.meetings]} {[alert.id for alert in d.alerts]} "
        f"{[(r.mention_id, r.claim_id, r.relation.value, r.score, r.nearest, r.why) for r in d.relations]}"
        for d in made
    ]
    return "\n".join(lines)


def test_another_process_with_another_hash_seed_decides_the_same() -> None:
    """Sets of words are iterated in an order that hangs on the seed: nothing decided may."""
    call = (
        "from tests.deciding.test_decide import *; print(fingerprint(arrived(ROME, RETOLD, OTHER_POST, AGREED, JUNE)))"
    )
    found = subprocess.run(  # noqa: S603 - our own code, in a fresh interpreter
        [sys.executable, "-c", call],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1", "PYTHONIOENCODING": "utf-8"},
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    ).stdout
    assert found.strip() == fingerprint(arrived(ROME, RETOLD, OTHER_POST, AGREED, JUNE))
