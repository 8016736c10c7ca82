"""The small typed claims: participants, offices, ranks, kin, places, invitations, durations, absences, dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.model import ClaimKind, Polarity
from tests.reading.reader import slots

if TYPE_CHECKING:
    from monitor.model import Mention, Reading
    from tests.reading.reader import Reader

SADDAM, KHALIFA = "saddam_haftar", "khalifa_haftar"
ROME = "التقى صدام حفتر في روما وزير الدفاع الإيطالي غويدو كروزيتو."


def of_kind(reading: Reading, kind: ClaimKind) -> list[Mention]:
    return [mention for mention in reading.mentions if mention.kind is kind]


def events(reading: Reading, kind: str) -> list[Mention]:
    return [mention for mention in of_kind(reading, ClaimKind.EVENT) if ("event", kind) in mention.slots]


def test_both_sides_of_a_meeting_are_participants(reader: Reader) -> None:
    found = of_kind(reader.read(ROME), ClaimKind.PARTICIPANT)
    assert [mention.subject for mention in found] == [SADDAM, "guido_crosetto"]


def test_somebody_who_attended_is_a_participant_too(reader: Reader) -> None:
    found = of_kind(reader.read(ROME, "وحضر اللقاء السفير الإيطالي جيانلوكا ألبيريني."), ClaimKind.PARTICIPANT)
    assert "gianluca_alberini" in {mention.subject for mention in found}


def test_somebody_only_spoken_of_is_no_participant(reader: Reader) -> None:
    found = of_kind(reader.read(ROME, "وتناول اللقاء الخلاف حول عبد الحميد الدبيبة."), ClaimKind.PARTICIPANT)
    assert "abdul_hamid_dbeibah" not in {mention.subject for mention in found}


@pytest.mark.parametrize(
    "text",
    [
        "غاب صدام حفتر عن اجتماع القاهرة الذي عقده خليفة حفتر مع السيسي.",
        "عقد خليفة حفتر في القاهرة اجتماعا مع السيسي، ولم يحضر صدام حفتر الاجتماع.",
    ],
)
def test_somebody_said_to_be_absent_is_said_not_to_have_taken_part(reader: Reader, text: str) -> None:
    found = {mention.subject: mention.polarity for mention in of_kind(reader.read(text), ClaimKind.PARTICIPANT)}
    assert found[SADDAM] is Polarity.NEGATED
    assert found[KHALIFA] is Polarity.AFFIRMED


@pytest.mark.parametrize(
    ("phrase", "key"),
    [
        ("نائب القائد العام صدام حفتر", "deputy_general_commander"),
        ("رئيس أركان القوات البرية صدام حفتر", "chief_of_staff_land_forces"),
    ],
)
def test_an_office_is_a_role_claim_about_its_holder(reader: Reader, phrase: str, key: str) -> None:
    roles = of_kind(reader.read(f"التقى {phrase} في روما غويدو كروزيتو."), ClaimKind.ROLE)
    (role,) = [mention for mention in roles if mention.subject == SADDAM]
    assert (role.quote, slots(role)["office"], role.meeting) == (phrase, {key}, None)


def test_the_role_of_a_foreigner_says_whose_office_it_is(reader: Reader) -> None:
    (role,) = of_kind(reader.read(ROME), ClaimKind.ROLE)
    assert slots(role)["office_country"] == {"IT"}


def test_ranks_of_one_man_are_told_apart(reader: Reader) -> None:
    ranks = {
        slots(mention)["rank"].pop()
        for rank in ("الفريق", "الفريق أول ركن", "اللواء")
        for mention in of_kind(reader.read(f"التقى {rank} صدام حفتر في روما غويدو كروزيتو."), ClaimKind.RANK)
    }
    assert len(ranks) == 3


def test_a_son_of_his_father_is_a_kinship_claim_and_no_journey_of_the_father(reader: Reader) -> None:
    reading = reader.read("وصل صدام حفتر، نجل القائد العام خليفة حفتر، إلى أنقرة للقاء يشار غولر.")
    (kin,) = of_kind(reading, ClaimKind.KINSHIP)
    assert (kin.subject, slots(kin)["kin"]) == (KHALIFA, {"kinship_son"})
    assert reading.meetings[0].principals == (SADDAM,)


@pytest.mark.parametrize(
    ("text", "slot", "value"),
    [
        (ROME, "place", "rome"),
        ("التقى صدام حفتر في قصر كيجي غويدو كروزيتو.", "venue", "palazzo_chigi"),
        ("وصل صدام حفتر إلى أنقرة.", "place", "ankara"),
    ],
)
def test_where_it_was_is_an_event_claim_with_its_country(reader: Reader, text: str, slot: str, value: str) -> None:
    placed = [slots(mention) for mention in of_kind(reader.read(text), ClaimKind.EVENT)]
    (where,) = [found for found in placed if found.get(slot) == {value}]
    assert where["country"] in ({"IT"}, {"TR"})


def test_to_arrive_is_travel_and_to_meet_a_meeting(reader: Reader) -> None:
    assert len(events(reader.read("وصل صدام حفتر إلى أنقرة."), "travel")) == 1
    assert len(events(reader.read(ROME), "meeting")) == 1


def test_a_house_that_no_list_knows_is_a_seat_by_its_words(reader: Reader) -> None:
    text = "استقبل خليفة حفتر السفيرة الفرنسية بياتريس دو هيلين في مقر قيادة القوات البرية."
    (seat,) = events(reader.read(text), "seat")
    assert seat.quote == "مقر قيادة القوات البرية"
    assert len(slots(seat)["seat_term"]) == 3


@pytest.mark.parametrize(
    ("how", "event", "by"),
    [("بدعوة من الحكومة الإيطالية", "invite", "IT"), ("برعاية أمريكية", "sponsor", "US")],
)
def test_whoever_invited_or_sponsored_is_told_by_country(reader: Reader, how: str, event: str, by: str) -> None:
    (found,) = events(reader.read(f"التقى صدام حفتر في روما غويدو كروزيتو {how}."), event)
    assert slots(found)["by"] == {by}


@pytest.mark.parametrize(("text", "number"), [("ودام اللقاء ساعتين.", "2"), ("واستغرق الاجتماع ثلاث ساعات.", "3")])
def test_how_long_it_took_is_a_number_of_hours(reader: Reader, text: str, number: str) -> None:
    values = {
        value for mention in reader.read(ROME, text).mentions for name, value in mention.slots if name == "number"
    }
    assert [value.split()[0] for value in values] == [number]


def test_the_date_of_the_meeting_is_a_claim_and_the_date_of_another_thing_is_not(reader: Reader) -> None:
    reading = reader.read(
        "التقى صدام حفتر في روما يوم 15 يناير 2026 غويدو كروزيتو.", "وتناول اللقاء اتفاق 24 أكتوبر 2020."
    )
    (when,) = events(reading, "date")
    assert (when.quote, slots(when)["date"]) == ("15 يناير 2026", {"2026-01-15..2026-01-15"})


def test_a_cancelled_visit_is_claimed_as_cancelled(reader: Reader) -> None:
    (found,) = events(reader.read("ألغيت زيارة صدام حفتر إلى أنقرة."), "status")
    assert slots(found)["status"] == {"cancelled"}


def test_a_cancelled_contract_does_not_cancel_the_meeting(reader: Reader) -> None:
    assert events(reader.read(ROME, "وألغى كروزيتو العقود المبرمة مع شركة النفط."), "status") == []
