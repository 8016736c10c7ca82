"""How a clause, or who took part, stands to the ledger: slots first, covered terms next, likeness of words last."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.similarity import LexicalSimilarity
from monitor.deciding.contents import KNOWN, SUGGEST, relate_content
from monitor.deciding.coverage import coverage
from monitor.deciding.relations import relate
from monitor.model import ClaimKind, Modality, Polarity, Recall, Relation
from tests.factories import make_article, make_known, make_link, make_meeting, make_mention, make_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.deciding.verdict import Verdict
    from monitor.model import KnownClaim, Mention, Related, Slots

NEW, RESTATED, UPDATED, CONTRADICTING = Relation.NEW, Relation.RESTATED, Relation.UPDATED, Relation.CONTRADICTING
SIMILARITY = LexicalSimilarity()
WORDS = ("ab", "cd", "ef", "gh", "ij", "kl", "mn", "op", "qr", "st")
"""Ten terms of one weight, so that a share can be chosen."""
TRAINING: Slots = (("topic", "training"),)
READOUT = "بيان القيادة العامة"


def clause(quote: str = "وبحث الجانبان التعاون الأمني", **changes: Any) -> Mention:
    return make_mention(**{"quote": quote, "subject": "", "slots": (), **changes})


def related(own: Mention, *held: Mention, **ledger: Any) -> Verdict:
    """How `own` stands to `held`, in order of arrival; `ledger` changes each known claim, `link` is the meeting."""
    link = ledger.pop("link", None)
    known = [make_known(mention, **ledger) for mention in held]
    return relate_content(own, known, make_reading(mentions=(own,)), SIMILARITY, link)


def related_all(mentions: Sequence[Mention], claims: Sequence[KnownClaim] = (), **changes: Any) -> tuple[Related, ...]:
    reading = make_reading(mentions=tuple(mentions), **changes)
    return relate(reading, (make_link(),), Recall(claims=tuple(claims)), SIMILARITY)


# -- known, perhaps new, new -----------------------------------------------------------------------------------------


def shared(count: int) -> Mention:
    """A clause that shares `count` of ten terms with `WORDS`, and no word of its quote."""
    return clause("زفر شمس", terms=(*WORDS[:count], *(f"own{at}" for at in range(10 - count))))


HELD = clause("قمح تين", terms=WORDS)


@pytest.mark.parametrize(
    ("count", "relation", "suggest"),
    [(10, RESTATED, False), (6, RESTATED, False), (5, NEW, True), (4, NEW, False), (0, NEW, False)],
)
def test_a_clause_is_known_perhaps_new_or_new_by_the_share_that_is_held(
    count: int, relation: Relation, suggest: bool
) -> None:
    found = related(shared(count), HELD)
    assert (found.relation, found.suggest) == (relation, suggest)
    assert (found.score >= KNOWN) is (relation is RESTATED)
    assert (SUGGEST <= found.score < KNOWN) is suggest


def test_the_first_clause_of_a_meeting_is_new() -> None:
    found = related(clause())
    assert (found.relation, found.nearest, found.suggest) == (NEW, None, False)


def test_the_very_same_clause_is_known_with_a_full_score() -> None:
    found = related(clause(terms=WORDS), clause(terms=WORDS))
    assert (found.relation, found.score) == (RESTATED, 1.0)


def test_what_many_claims_hold_only_together_is_not_known() -> None:
    parts = [clause(f"جزء {at}", terms=(word, f"x{at}", f"y{at}")) for at, word in enumerate(WORDS)]
    assert related(clause("زفر شمس", terms=WORDS), *parts).relation is NEW


def test_a_clause_is_held_against_the_claim_that_covers_most_of_it_wherever_that_stands() -> None:
    near, far = clause("قريب", terms=WORDS), clause("بعيد", terms=WORDS[:2])
    for held in permutations((near, far)):
        found = related(shared(6), *held)
        assert found.nearest is not None
        assert found.nearest.mention.quote == "قريب"


def test_a_clause_with_a_place_or_a_number_more_is_updated() -> None:
    for slot in (("place", "benghazi"), ("number", "12 طاءره")):
        found = related(clause(terms=WORDS, slots=(slot,)), clause(terms=WORDS))
        assert found.relation is UPDATED
        assert slot[1] in found.why
        assert slot[1] in found.why_en


def test_a_place_that_another_clause_of_the_meeting_told_adds_nothing() -> None:
    place = ("place", "rome")
    elsewhere = clause("صدام حفتر في روما", terms=("yz",), slots=(place,))
    assert related(clause(terms=WORDS, slots=(place,)), clause(terms=WORDS), elsewhere).relation is RESTATED


def test_a_clause_with_a_place_less_is_known() -> None:
    assert related(clause(terms=WORDS), clause(terms=WORDS, slots=(("place", "rome"),))).relation is RESTATED


def test_a_named_origin_corroborates_a_clause_an_unnamed_one_and_the_same_one_do_not() -> None:
    held = clause(terms=WORDS, origin="وكالة الأنباء الليبية")
    assert related(clause(terms=WORDS, origin=READOUT), held).relation is Relation.CORROBORATING
    assert related(clause(terms=WORDS), held).relation is RESTATED
    assert related(held, held).relation is RESTATED


# -- they met, in more words or fewer --------------------------------------------------------------------------------


def met(
    quote: str, *terms: str, people: tuple[str, ...] = ("khalifa_haftar", "emmanuel_macron"), **slots: str
) -> Mention:
    named = (*(("person", person) for person in people), *slots.items())
    return clause(quote, kind=ClaimKind.EVENT, predicate="meet", slots=tuple(named), terms=terms)


def test_that_the_same_two_met_is_known_in_whatever_words() -> None:
    held = met("التقى حفتر ماكرون", "مصدر", "كشف")
    assert related(met("اجتمع ماكرون بحفتر", "مكتب"), held).relation is RESTATED


def test_another_person_another_place_or_more_words_are_no_second_telling() -> None:
    held = met("التقى حفتر ماكرون", "مصدر")
    assert related(met("اجتمع حفتر ببارلي", "مكتب", people=("florence_parly",)), held).relation is NEW
    assert related(met("اجتمعا في روما", "مكتب", place="rome"), held).relation is not RESTATED
    assert related(met("اجتمعا", "مكتب", "عرض", "عسكر"), held).relation is NEW


def test_more_detail_on_a_subject_already_raised_is_an_update() -> None:
    known = clause("بحث التدريب", kind=ClaimKind.AGENDA, slots=TRAINING, terms=("t:training", "ab", "cd"))
    detail = replace(known, quote="زفر شمس", terms=("t:training", "ab", "x1", "x2", "x3"))
    assert related(detail, known).relation is UPDATED
    assert related(replace(detail, kind=ClaimKind.STATEMENT), known).relation is NEW


def test_what_one_side_said_is_not_yet_what_both_say() -> None:
    one = clause("أكد ماكرون التنسيق", terms=WORDS, speaker="emmanuel_macron", kind=ClaimKind.STANCE)
    words = (*WORDS[:6], "x1", "x2", "x3", "x4")
    both = clause("زفر شمس", terms=words, speaker="both_sides", kind=ClaimKind.OUTCOME)
    assert related(both, one).score < related(replace(both, speaker="emmanuel_macron"), one).score


_terms = st.lists(st.sampled_from(("t:a", "t:b", "c", "d", "e")), unique=True, max_size=5)


@given(_terms, _terms)
def test_coverage_is_the_weighted_share_that_is_held(terms: list[str], held: list[str]) -> None:
    weights = [(2 if term.startswith("t:") else 1, term in held) for term in terms]
    expected = sum(weight for weight, inside in weights if inside) / max(1, sum(weight for weight, _ in weights))
    assert coverage(terms, held) == pytest.approx(expected)
    assert coverage(terms, [*held, *terms]) == (1.0 if terms else 0.0)


# -- affirmed and negated --------------------------------------------------------------------------------------------

SIGNED: dict[str, Any] = {
    "kind": ClaimKind.OUTCOME,
    "predicate": "sign",
    "modality": Modality.SIGNED,
    "slots": TRAINING,
    "terms": ("t:training", "بروتوكول"),
}


def test_what_was_signed_and_what_was_not_is_a_conflict_in_either_order() -> None:
    yes = clause("وقع الجانبان بروتوكول تدريب", **SIGNED)
    no = replace(yes, quote="لم يوقع الجانبان بروتوكول تدريب", polarity=Polarity.NEGATED)
    for own, held in permutations((yes, no)):
        found = related(own, held)
        assert (found.relation, found.compared) == (CONTRADICTING, ("predicate", "polarity"))
        assert own.quote in found.why
        assert held.quote in found.why_en


def test_the_same_words_with_a_negation_put_in_are_a_conflict_whatever_the_verb() -> None:
    yes = clause("أسهم التنسيق في دعم الاستقرار", predicate="", terms=("تنسيق", "دعم", "استقرار"))
    no = replace(yes, quote="لم يسهم التنسيق في دعم الاستقرار", polarity=Polarity.NEGATED, slots=(("denied", "?"),))
    for own, held in permutations((yes, no)):
        assert related(own, held).relation is CONTRADICTING


def test_a_denial_is_known_from_the_denial_and_never_from_what_it_denies() -> None:
    no = clause("لم يسهم التنسيق", predicate="", terms=("تنسيق", "دعم"), polarity=Polarity.NEGATED)
    assert related(no, no).relation is RESTATED
    assert related(no, replace(no, polarity=Polarity.AFFIRMED)).relation is NEW


def test_the_same_said_of_another_country_is_not_known() -> None:
    france = clause("أكد أهمية الدعم الفرنسي", terms=("دعم", "اهمي"), slots=(("names", "FR"),))
    italy = replace(france, quote="أكد أهمية الدعم الإيطالي", slots=(("names", "IT"),))
    assert related(italy, france).relation is NEW
    assert related(replace(france, quote="شدد على الدعم الفرنسي"), france).relation is RESTATED


def test_a_denial_of_something_else_is_no_conflict() -> None:
    yes = clause("وقع الجانبان بروتوكول تدريب", **SIGNED)
    no = clause(
        "لم يبحث الجانبان ملف الطاقة",
        predicate="discuss",
        polarity=Polarity.NEGATED,
        slots=(("topic", "energy"),),
        terms=("t:energy", "ملف"),
    )
    assert related(no, yes).relation is NEW


def test_what_one_refuses_to_sign_another_may_have_signed() -> None:
    refused = clause(
        "حفتر لن يوقع الوثيقة",
        predicate="sign",
        polarity=Polarity.NEGATED,
        slots=(("denied", "sign"), ("person", "khalifa_haftar")),
        terms=("وثيق",),
    )
    signed = clause("وقعها السراج", kind=ClaimKind.OUTCOME, predicate="sign", slots=(("person", "fayez_sarraj"),))
    for own, held in permutations((refused, signed)):
        assert related(own, held).relation is not CONTRADICTING
    both = replace(signed, quote="وقع حفتر الوثيقة", slots=(("person", "khalifa_haftar"),))
    assert related(refused, both).relation is CONTRADICTING
    declined = replace(both, quote="رفض حفتر التوقيع", slots=(("act", "reject"), ("person", "khalifa_haftar")))
    assert related(refused, declined).relation is not CONTRADICTING


def test_a_meeting_is_denied_only_where_its_own_parties_are_said_not_to_have_met() -> None:
    link = make_link(make_meeting(principals=("khalifa_haftar",)))
    met = clause("اجتمع حفتر بماكرون", kind=ClaimKind.EVENT, predicate="meet", slots=(("person", "khalifa_haftar"),))

    def denial(*people: str, denied: str = "meet") -> Mention:
        named = tuple(("person", person) for person in people)
        slots = (("act", "meet"), ("denied", denied), *named)
        return clause("لم يلتقيا", predicate="deny", polarity=Polarity.NEGATED, slots=slots, terms=("xy",))

    assert related(denial("khalifa_haftar"), met, link=link).relation is CONTRADICTING
    assert related(denial("khalifa_haftar", "fayez_sarraj"), met, link=link).relation is not CONTRADICTING
    assert related(denial("khalifa_haftar", denied="announce"), met, link=link).relation is not CONTRADICTING


# -- how firm --------------------------------------------------------------------------------------------------------

AGREED = clause(
    "اتفق الجانبان على مسارات تدريب",
    kind=ClaimKind.OUTCOME,
    predicate="agree",
    modality=Modality.AGREED,
    slots=TRAINING,
    terms=("t:training", "مسار"),
)
WISHED = clause(
    "أبدى رغبته في التدريب",
    kind=ClaimKind.STANCE,
    predicate="wish",
    modality=Modality.WISHED,
    slots=TRAINING,
    terms=("t:training", "رغب"),
)


@pytest.mark.parametrize("soft", [Modality.DISCUSSED, Modality.WISHED, Modality.AGREED_IN_PRINCIPLE])
@pytest.mark.parametrize("firm", [Modality.AGREED, Modality.SIGNED, Modality.IMPLEMENTED])
def test_agreed_here_and_only_wished_for_there_is_a_conflict(soft: Modality, firm: Modality) -> None:
    found = related(replace(AGREED, modality=firm), replace(WISHED, modality=soft))
    assert (found.relation, found.compared) == (CONTRADICTING, ("topic", "modality"))
    assert AGREED.quote in found.why
    assert WISHED.quote in found.why_en


def test_the_conflict_is_the_same_whichever_of_the_two_arrives_first() -> None:
    assert related(WISHED, AGREED).relation is CONTRADICTING


def test_an_article_that_tells_of_the_agreement_too_gives_no_other_account_of_it() -> None:
    held = [make_known(AGREED)]
    alone, beside = (make_reading(mentions=said) for said in ((WISHED,), (WISHED, AGREED)))
    assert relate_content(WISHED, held, alone, SIMILARITY).relation is CONTRADICTING
    assert relate_content(WISHED, held, beside, SIMILARITY).relation is not CONTRADICTING


def test_a_softer_account_is_told_once_and_its_author_s_own_agreement_is_no_second_one() -> None:
    agreed, discussed = make_known(AGREED, article_id="firm"), replace(WISHED, modality=Modality.DISCUSSED)
    reading = make_reading(mentions=(WISHED,))
    from_another = [agreed, make_known(discussed, article_id="soft")]
    in_other_words = replace(discussed, terms=("دورة", "مدرب"))
    assert relate_content(WISHED, from_another, reading, SIMILARITY).relation is not CONTRADICTING
    for said, clashes in ((in_other_words, True), (discussed, False)):
        from_the_same = [agreed, make_known(said, article_id="firm")]
        assert (relate_content(WISHED, from_the_same, reading, SIMILARITY).relation is CONTRADICTING) is clashes


def test_to_wish_is_compatible_with_to_discuss_and_to_agree_with_to_sign() -> None:
    discussed = replace(WISHED, modality=Modality.DISCUSSED)
    assert related(WISHED, discussed).relation is not CONTRADICTING
    assert related(discussed, WISHED).relation is not CONTRADICTING
    assert related(replace(AGREED, modality=Modality.SIGNED), AGREED).relation is not CONTRADICTING


def test_an_agreement_on_another_subject_is_no_conflict() -> None:
    assert related(AGREED, replace(WISHED, slots=(("topic", "energy"),), terms=("t:energy",))).relation is NEW


def test_what_was_planned_before_the_meeting_and_agreed_in_it_is_updated() -> None:
    day = date(2026, 1, 15)
    link = make_link(make_meeting(date_from=day, date_to=day, date_source="text"))
    before = datetime(2026, 1, 13, 8, tzinfo=UTC)
    assert related(AGREED, WISHED, published_at=before, link=link).relation is UPDATED
    after = datetime(2026, 1, 16, 8, tzinfo=UTC)
    assert related(AGREED, WISHED, published_at=after, link=link).relation is CONTRADICTING


def test_a_plan_that_arrives_after_the_agreement_is_no_conflict() -> None:
    planned = clause("ومن المقرر بحث التدريب", modality=Modality.ANNOUNCED, slots=TRAINING, terms=("t:training", "قرر"))
    assert related(planned, AGREED).relation is not CONTRADICTING


# -- numbers ---------------------------------------------------------------------------------------------------------


def counted(number: str, *terms: str, slot: str = "number") -> Mention:
    return clause(f"وصل {number} خبيرا", slots=((slot, f"{number} خبير"),), terms=("خبير", *terms))


def test_another_count_of_the_same_is_a_conflict() -> None:
    found = related(counted("15", "تدريب", "بحري"), counted("12", "تدريب", "بحري"))
    assert (found.relation, found.compared) == (CONTRADICTING, ("number",))
    assert "12" in found.why
    assert "15" in found.why_en


def test_people_counted_are_a_slot_of_the_meeting_though_nothing_else_is_shared() -> None:
    assert related(counted("15", slot="count"), counted("12", "وفد", slot="count")).relation is CONTRADICTING


def test_the_same_noun_in_another_context_is_no_conflict() -> None:
    assert related(counted("15", "زراع"), counted("12", "تدريب", "بحري")).relation is not CONTRADICTING


def test_a_count_that_was_told_before_is_no_conflict_though_another_was_told_too() -> None:
    for held in permutations((counted("12", "تدريب", "بحري"), counted("15", "تدريب", "بحري"))):
        assert related(counted("15", "تدريب", "بحري"), *held).relation is RESTATED


# -- who took part ---------------------------------------------------------------------------------------------------


def participant(who: str, **changes: Any) -> Mention:
    fields = {"kind": ClaimKind.PARTICIPANT, "subject": who, "slots": (("participant", who),), "terms": ()}
    return make_mention(quote=who, **{**fields, **changes})


def test_who_took_part_is_new_once_and_known_afterwards() -> None:
    first, second = (
        related_all([participant("soler")]),
        related_all([participant("soler")], [make_known(participant("soler"))]),
    )
    assert first[0].relation is NEW
    assert second[0].relation is RESTATED


def test_who_is_said_to_have_been_absent_is_a_conflict_with_his_having_been_there() -> None:
    absent = participant("soler", polarity=Polarity.NEGATED)
    for own, held in permutations((participant("soler"), absent)):
        (found,) = related_all([own], [make_known(held)])
        assert found.relation is CONTRADICTING
        assert found.compared == ("participant", "polarity")


def test_an_absence_told_before_is_known_though_others_say_he_was_there() -> None:
    absent = participant("soler", polarity=Polarity.NEGATED)
    (found,) = related_all([absent], [make_known(participant("soler")), make_known(absent)])
    assert found.relation is RESTATED


def test_somebody_else_absent_is_new() -> None:
    absent = participant("giraud", polarity=Polarity.NEGATED)
    (found,) = related_all([absent], [make_known(participant("soler"))])
    assert found.relation is NEW


def test_kinship_is_known_whatever_word_it_is_written_with() -> None:
    def kin(form: str) -> Mention:
        slots = (("kin", "son"), ("kin_form", form))
        return make_mention(
            kind=ClaimKind.KINSHIP, subject="khalifa_haftar", quote=form, slots=slots, terms=(), meeting=None
        )

    (found,) = related_all([kin("نجل")], [make_known(kin("ابن"), meeting_id=None)])
    assert found.relation is RESTATED


# -- whose ledger, and whose claim -----------------------------------------------------------------------------------


def test_a_claim_of_another_meeting_makes_nothing_known() -> None:
    (found,) = related_all([clause(terms=WORDS)], [make_known(clause(terms=WORDS), meeting_id="m2")])
    assert found.relation is NEW


def test_an_office_is_compared_over_all_meetings_for_it_is_the_persons() -> None:
    slots = (("class", "military"), ("head", "deputy"), ("office", "deputy_commander"))
    role = make_mention(kind=ClaimKind.ROLE, slots=slots, terms=(), meeting=None)
    (found,) = related_all([role], [make_known(role, meeting_id="m2")])
    assert (found.relation, found.meeting_id) == (RESTATED, None)


def test_what_the_article_itself_said_before_is_not_the_ledger() -> None:
    (found,) = related_all([clause(terms=WORDS)], [make_known(clause(terms=WORDS), article_id="paris-1")])
    assert found.relation is NEW


def test_what_an_article_says_twice_is_one_claim() -> None:
    once = clause("أكد دعم بلاده لأمن الحدود", terms=WORDS)
    again = clause("مؤكدا دعم بلاده لأمن الحدود", terms=WORDS[:9], start=9, end=30)
    other = clause("وبحث ملف الطاقة", terms=("energy", "x"), start=40, end=55)
    one, two, three = related_all([once, again, other])
    assert one.claim_id == two.claim_id != three.claim_id
    assert one.mention_id != two.mention_id


def test_what_an_article_affirms_and_denies_is_not_one_claim() -> None:
    yes, no = clause("تم الاتفاق", terms=WORDS), clause("لم يتم الاتفاق", terms=WORDS, polarity=Polarity.NEGATED)
    one, two = related_all([yes, no])
    assert one.claim_id != two.claim_id


def test_an_absence_is_another_claim_than_the_attendance_it_contradicts() -> None:
    (there,) = related_all([participant("soler")])
    held = make_known(there.mention, claim_id=there.claim_id)
    (absent,) = related_all([participant("soler", polarity=Polarity.NEGATED)], [held])
    assert absent.relation is CONTRADICTING
    assert absent.claim_id != there.claim_id


def test_a_known_or_updated_mention_joins_the_claim_it_is_held_against_and_a_conflict_does_not() -> None:
    held = make_known(clause(terms=WORDS))
    (known,) = related_all([clause(terms=WORDS)], [held])
    (updated,) = related_all([clause(terms=WORDS, slots=(("place", "rome"),))], [held])
    assert known.claim_id == updated.claim_id == held.claim_id
    (clash,) = related_all([AGREED], [make_known(WISHED)])
    assert clash.claim_id != make_known(WISHED).claim_id
    assert clash.nearest == make_known(WISHED).claim_id


def test_ids_are_of_the_content_and_differ_between_articles_only_for_mentions() -> None:
    (one,) = related_all([clause(terms=WORDS)])
    (same,) = related_all([clause(terms=WORDS)])
    (other,) = related_all([clause(terms=WORDS)], article=make_article(id="other"))
    assert one == same
    assert other.claim_id == one.claim_id
    assert other.mention_id != one.mention_id


# -- evidence --------------------------------------------------------------------------------------------------------

_ROLE = make_mention(kind=ClaimKind.ROLE, slots=(("class", "civil"), ("office", "envoy")), terms=(), meeting=None)
_RANK = make_mention(kind=ClaimKind.RANK, slots=(("rank", "general"),), terms=(), meeting=None)
_PLACE = make_mention(
    kind=ClaimKind.EVENT, slots=(("country", "FR"), ("event", "meeting"), ("place", "paris")), terms=()
)
_EVERY_KIND = (
    *(clause(kind=kind, terms=WORDS) for kind in ClaimKind if kind not in {ClaimKind.ROLE, ClaimKind.RANK}),
    _ROLE,
    _RANK,
    _PLACE,
    participant("soler"),
    participant("soler", polarity=Polarity.NEGATED),
    AGREED,
    WISHED,
    counted("12", "a", "b"),
    counted("15", "a", "b"),
)


@given(st.sampled_from(_EVERY_KIND), st.lists(st.sampled_from(_EVERY_KIND), max_size=4))
def test_every_relation_carries_method_score_slots_and_why_in_both_languages(own: Mention, held: list[Mention]) -> None:
    (found,) = related_all([own], [make_known(mention) for mention in held])
    assert found.method
    assert 0.0 <= found.score <= 1.0
    assert found.compared
    assert found.why.endswith(".")
    assert any("\u0600" <= letter <= "\u06ff" for letter in found.why)
    assert found.why_en.endswith(".")
    assert not found.suggest or found.relation is NEW
    if found.relation is not NEW:
        assert found.nearest is not None
        assert found.nearest_quote
        assert (found.nearest_outlet, found.nearest_url) == ("الصحيفة الأولى", "https://earlier.example/1")


def test_the_method_names_the_measure_of_likeness_where_it_had_a_say() -> None:
    assert SIMILARITY.name in related(shared(6), HELD).method
    assert related(AGREED, WISHED).method == "slots"
