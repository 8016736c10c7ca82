"""Who must hear of it, and when; what stands together; and that nothing is told twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.deciding.alerts import make_alerts, urgency
from monitor.deciding.identity import alert_id
from monitor.model import ClaimKind, EvidenceGrade, Modality, Recall, Relation, Urgency
from tests.factories import (
    TEXT,
    make_article,
    make_known,
    make_link,
    make_meeting,
    make_mention,
    make_reading,
    make_related,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Alert, KnownClaim, Reading, Related

NOW, DIGEST = Urgency.NOW, Urgency.DIGEST
READOUT = "بيان القيادة العامة"
AT_ONCE = (ClaimKind.EVENT, ClaimKind.PARTICIPANT, ClaimKind.ROLE, ClaimKind.OUTCOME)
WITH_ORIGIN = (ClaimKind.STATEMENT, ClaimKind.STANCE, ClaimKind.AGENDA)
LATER = (ClaimKind.ANALYSIS, ClaimKind.BACKGROUND)


def related(relation: Relation = Relation.NEW, kind: ClaimKind = ClaimKind.AGENDA, **changes: Any) -> Related:
    """One mention of meeting «m1»; changes of the mention go by its own field names."""
    fields = {name: changes.pop(name) for name in ("modality", "origin", "quote", "start", "end") if name in changes}
    mention = make_mention(kind=kind, **{"modality": Modality.ASSERTED, **fields})
    return make_related(make_reading(), mention, changes.pop("meeting_id", "m1"), relation=relation, **changes)


def told_when(
    relation: Relation, kind: ClaimKind, *known: KnownClaim, grade: EvidenceGrade = EvidenceGrade.LOW, **changes: Any
) -> Urgency | None:
    return urgency(related(relation, kind, **changes), make_reading(grade=grade), known)


def alerts(*relations: Related, known: Sequence[KnownClaim] = (), reading: Reading | None = None) -> tuple[Alert, ...]:
    return make_alerts(reading or make_reading(), (make_link(),), relations, Recall(claims=tuple(known)))


# -- the table of kinds and relations --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", AT_ONCE)
@pytest.mark.parametrize("grade", list(EvidenceGrade))
def test_a_new_event_participant_role_or_outcome_is_told_at_once_whoever_says_it(
    kind: ClaimKind, grade: EvidenceGrade
) -> None:
    assert told_when(Relation.NEW, kind, grade=grade) is NOW


@pytest.mark.parametrize("kind", WITH_ORIGIN)
def test_a_new_statement_stance_or_agenda_is_told_at_once_only_with_an_origin_behind_it(kind: ClaimKind) -> None:
    assert told_when(Relation.NEW, kind, grade=EvidenceGrade.READOUT) is NOW
    assert told_when(Relation.NEW, kind, grade=EvidenceGrade.NAMED_ORIGIN) is NOW
    assert told_when(Relation.NEW, kind, grade=EvidenceGrade.LOW) is DIGEST


@pytest.mark.parametrize("kind", LATER)
@pytest.mark.parametrize("grade", list(EvidenceGrade))
def test_new_analysis_and_background_wait_for_the_digest(kind: ClaimKind, grade: EvidenceGrade) -> None:
    assert told_when(Relation.NEW, kind, grade=grade) is DIGEST


@pytest.mark.parametrize(
    ("modality", "when"),
    [
        (Modality.DISCUSSED, DIGEST),
        (Modality.WISHED, DIGEST),
        (Modality.AGREED_IN_PRINCIPLE, DIGEST),
        (Modality.AGREED, NOW),
        (Modality.SIGNED, NOW),
        (Modality.IMPLEMENTED, NOW),
        (Modality.DENIED, NOW),
        (Modality.CANCELLED, NOW),
    ],
)
def test_what_is_agreed_or_firmer_or_called_off_is_told_at_once(modality: Modality, when: Urgency) -> None:
    assert told_when(Relation.NEW, ClaimKind.AGENDA, modality=modality) is when


@pytest.mark.parametrize("kind", list(ClaimKind))
def test_what_is_restated_is_never_told_and_a_conflict_always_at_once(kind: ClaimKind) -> None:
    assert told_when(Relation.RESTATED, kind) is None
    assert told_when(Relation.CONTRADICTING, kind) is NOW
    assert told_when(Relation.WITHDRAWN, kind) is NOW


@pytest.mark.parametrize("kind", list(ClaimKind))
def test_an_update_of_who_where_when_or_the_outcome_is_told_at_once(kind: ClaimKind) -> None:
    wanted = NOW if kind in {ClaimKind.EVENT, ClaimKind.PARTICIPANT, ClaimKind.OUTCOME} else DIGEST
    assert told_when(Relation.UPDATED, kind) is wanted


@pytest.mark.parametrize("kind", list(ClaimKind))
def test_what_is_only_suggested_to_be_new_waits_for_the_digest(kind: ClaimKind) -> None:
    assert told_when(Relation.NEW, kind, suggest=True, grade=EvidenceGrade.READOUT) is DIGEST


@pytest.mark.parametrize(
    ("kind", "when"), [(ClaimKind.EVENT, NOW), (ClaimKind.OUTCOME, NOW), (ClaimKind.AGENDA, DIGEST)]
)
def test_the_second_origin_of_an_event_or_outcome_is_told_at_once(kind: ClaimKind, when: Urgency) -> None:
    own = related(Relation.CORROBORATING, kind, origin="رويترز")
    once = make_known(make_mention(origin=READOUT), claim_id=own.claim_id)
    assert urgency(own, make_reading(), [once]) is when
    again = make_known(make_mention(origin=READOUT), claim_id=own.claim_id, outlet="الثانية")
    assert urgency(own, make_reading(), [once, again]) is when, "two outlets of one origin are one"


def test_the_third_origin_waits_for_the_digest() -> None:
    own = related(Relation.CORROBORATING, ClaimKind.EVENT, origin="رويترز")
    known = [make_known(make_mention(origin=name), claim_id=own.claim_id) for name in (READOUT, "وكالة الأنباء")]
    assert urgency(own, make_reading(), known) is DIGEST


# -- what stands together --------------------------------------------------------------------------------------------


def test_one_article_gives_one_alert_for_all_that_is_told_of_a_meeting_at_once() -> None:
    made = alerts(related(kind=ClaimKind.EVENT), related(kind=ClaimKind.OUTCOME, claim_id="c2"))
    assert len(made) == 1
    assert [item.kind for item in made[0].items] == [ClaimKind.EVENT, ClaimKind.OUTCOME]


def test_conflicts_stand_apart_and_come_first_and_what_can_wait_comes_last() -> None:
    made = alerts(
        related(kind=ClaimKind.BACKGROUND, claim_id="c1"),
        related(kind=ClaimKind.EVENT, claim_id="c2"),
        related(Relation.CONTRADICTING, ClaimKind.ROLE, claim_id="c3"),
    )
    assert [(alert.relation, alert.urgency) for alert in made] == [
        (Relation.CONTRADICTING, NOW),
        (Relation.NEW, NOW),
        (Relation.NEW, DIGEST),
    ]
    assert [len(alert.items) for alert in made] == [1, 1, 1]


def test_two_meetings_of_one_article_are_two_alerts() -> None:
    made = alerts(related(kind=ClaimKind.EVENT), related(kind=ClaimKind.EVENT, meeting_id="m2", claim_id="c2"))
    assert {alert.meeting_id for alert in made} == {"m1", "m2"}


def test_what_is_told_of_a_person_goes_with_the_articles_first_meeting() -> None:
    made = alerts(related(kind=ClaimKind.EVENT), related(kind=ClaimKind.ROLE, meeting_id=None, claim_id="c2"))
    assert [alert.meeting_id for alert in made] == ["m1"]


def test_what_is_restated_makes_no_alert() -> None:
    assert alerts(related(Relation.RESTATED), related(Relation.RESTATED, ClaimKind.EVENT)) == ()
    assert alerts() == ()


def test_each_claim_is_told_once_though_the_article_says_it_three_times() -> None:
    one = related(kind=ClaimKind.EVENT)
    made = alerts(one, replace(one, mention_id="n2"), replace(one, mention_id="n3"))
    assert [item.mention_id for alert in made for item in alert.items] == [one.mention_id]


def test_an_alert_leads_with_what_is_new_then_updated_then_corroborated() -> None:
    updated = related(Relation.UPDATED, ClaimKind.EVENT, claim_id="c2")
    corroborated = related(Relation.CORROBORATING, claim_id="c3")
    assert alerts(updated, related(kind=ClaimKind.EVENT))[0].relation is Relation.NEW
    assert alerts(updated)[0].relation is Relation.UPDATED
    assert alerts(corroborated)[0].relation is Relation.CORROBORATING


# -- what an alert carries -------------------------------------------------------------------------------------------


def test_an_item_marks_its_quote_in_the_sentence_it_stands_in() -> None:
    (alert,) = alerts(related(kind=ClaimKind.OUTCOME))
    (item,) = alert.items
    assert item.sentence[item.mark_start : item.mark_end] == item.quote
    assert item.sentence in TEXT
    assert "وصل نائب القائد" not in item.sentence, "that is the sentence before"


def test_a_mention_outside_of_every_segment_is_its_own_sentence() -> None:
    (alert,) = alerts(related(kind=ClaimKind.OUTCOME), reading=make_reading(segments=()))
    assert alert.items[0].sentence == alert.items[0].quote


def test_a_conflict_carries_both_quotes_and_their_outlets() -> None:
    clash = related(
        Relation.CONTRADICTING,
        nearest="c0",
        nearest_quote="رئيس أركان القوات البرية",
        nearest_outlet="الصحيفة الأولى",
        nearest_url="https://earlier.example/1",
    )
    (alert,) = alerts(clash)
    (item,) = alert.items
    assert item.quote == clash.mention.quote
    assert (item.other_quote, item.other_outlet) == ("رئيس أركان القوات البرية", "الصحيفة الأولى")
    assert item.other_url == "https://earlier.example/1"
    assert alert.outlet == make_article().outlet


def test_an_alert_tells_first_seen_and_the_meeting_as_the_ledger_holds_it_afterwards() -> None:
    merged = make_meeting(place="paris", venue="elysee", principals=("saddam_haftar", "khaled_haftar"))
    (alert,) = make_alerts(make_reading(), (make_link(merged=merged),), (related(kind=ClaimKind.EVENT),), Recall())
    assert alert.meeting == merged
    assert alert.first_seen == make_article().fetched_at
    assert alert.published_at == make_article().published_at


def test_outlets_and_origins_are_counted_apart() -> None:
    known = [make_known(make_mention(origin=READOUT), outlet=outlet) for outlet in ("أ", "ب", "ب")]
    (alert,) = alerts(related(kind=ClaimKind.EVENT), known=known, reading=make_reading(origin="رويترز"))
    assert alert.outlets == 3
    assert alert.origins == (READOUT, "رويترز")


def test_claims_of_other_meetings_count_for_nothing() -> None:
    (alert,) = alerts(related(kind=ClaimKind.EVENT), known=[make_known(make_mention(origin=READOUT), meeting_id="m2")])
    assert (alert.outlets, alert.origins) == (1, ())


# -- ids -------------------------------------------------------------------------------------------------------------


def test_ids_are_stable_and_do_not_hang_on_the_order_of_claims() -> None:
    assert alert_id("a", "m1", "new", ("c1", "c2")) == alert_id("a", "m1", "new", ("c2", "c1"))
    one, two = related(kind=ClaimKind.EVENT), related(kind=ClaimKind.OUTCOME, claim_id="c2")
    assert alerts(one, two)[0].id == alerts(two, one)[0].id == alerts(one, two)[0].id


def test_another_article_meeting_relation_or_claim_is_another_alert() -> None:
    ids = {
        alert_id("a", "m1", "new", ("c1",)),
        alert_id("b", "m1", "new", ("c1",)),
        alert_id("a", "m2", "new", ("c1",)),
        alert_id("a", None, "new", ("c1",)),
        alert_id("a", "m1", "updated", ("c1",)),
        alert_id("a", "m1", "new", ("c2",)),
    }
    assert len(ids) == 6


_any_related = st.builds(
    lambda relation, kind, claim, meeting, suggest: related(
        relation, kind, claim_id=claim, meeting_id=meeting, suggest=suggest
    ),
    st.sampled_from(Relation),
    st.sampled_from(ClaimKind),
    st.sampled_from(("c1", "c2", "c3")),
    st.sampled_from((None, "m1", "m2")),
    st.booleans(),
)


@given(st.lists(_any_related, max_size=8))
def test_at_most_three_alerts_a_meeting_all_with_ids_of_their_own_and_no_claim_told_twice_as_the_same(
    relations: list[Related],
) -> None:
    made = alerts(*relations)
    assert made == alerts(*relations)
    assert len({alert.id for alert in made}) == len(made)
    for meeting in {alert.meeting_id for alert in made}:
        assert sum(alert.meeting_id == meeting for alert in made) <= 3
    told = [(item.claim_id, item.relation) for alert in made for item in alert.items]
    assert len(told) == len(set(told))
    assert Relation.RESTATED not in {relation for _, relation in told}
    for alert in made:
        conflicts = {item.relation is Relation.CONTRADICTING for item in alert.items}
        assert conflicts == {alert.relation is Relation.CONTRADICTING}


# -- a meeting that was not known ------------------------------------------------------------------------------------


def told_of_new(*relations: Related, new: bool = True) -> list[bool]:
    link = replace(make_link(), new=new)
    return [alert.meeting_new for alert in make_alerts(make_reading(), (link,), relations, Recall())]


def test_one_alert_tells_of_a_new_meeting_the_others_of_claims() -> None:
    now, later = related(kind=ClaimKind.EVENT), related(kind=ClaimKind.BACKGROUND, quote="بول سولير")
    clash = related(Relation.CONTRADICTING, kind=ClaimKind.OUTCOME, quote="باريس")
    assert told_of_new(now, later, clash) == [False, True, False]
    assert told_of_new(later) == [True]


def test_where_a_conflict_is_all_that_is_told_it_tells_of_the_meeting_too() -> None:
    assert told_of_new(related(Relation.CONTRADICTING, kind=ClaimKind.EVENT)) == [True]


def test_of_a_known_meeting_no_alert_says_that_it_is_new() -> None:
    assert told_of_new(related(kind=ClaimKind.EVENT), new=False) == [False]
