"""Whom a sentence means without naming him, and headlines without a verb: who was where, and with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.model import MeetingMode, MeetingStatus
from tests.reading.reader import PUBLISHED

if TYPE_CHECKING:
    from monitor.model import Meeting
    from tests.reading.reader import Reader

KHALIFA, SADDAM, KHALED = "khalifa_haftar", "saddam_haftar", "khaled_haftar"


def names(meeting: Meeting) -> list[str | None]:
    return [counterpart.name for counterpart in meeting.counterparts]


def in_scope(reader: Reader, *lines: str, title: str = "نشرة المساء") -> bool:
    return reader.read(*lines, title=title).in_scope


# -- headlines without a verb ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "principal", "country"),
    [
        ("حفتر في روما", KHALIFA, "IT"),
        ("صدام حفتر بأنقرة.. ماذا بعد؟", SADDAM, "TR"),
        ("خالد حفتر إلى مينسك", KHALED, "BY"),
    ],
)
def test_a_headline_that_says_where_he_is_tells_of_a_journey(
    reader: Reader, title: str, principal: str, country: str
) -> None:
    (meeting,) = reader.read(title=title).meetings
    assert (meeting.principals, meeting.country, meeting.mode) == ((principal,), country, MeetingMode.VISIT)


@pytest.mark.parametrize(
    "title",
    [
        "خالد حفتر ويفكيروف: ملفات التعاون على الطاولة",
        "خالد حفتر - يفكيروف: جولة ثانية",
        "خالد حفتر مع يفكيروف على هامش المعرض",
        "يفكيروف عند خالد حفتر",
    ],
)
def test_a_headline_that_names_two_side_by_side_tells_that_they_met(reader: Reader, title: str) -> None:
    (meeting,) = reader.read(title=title).meetings
    assert (meeting.principals, names(meeting)) == ((KHALED,), ["yunus_bek_yevkurov"])


@pytest.mark.parametrize(
    "title",
    ["حفتر في بنغازي", "حفتر والسراج: خصومة قديمة", "أنصار حفتر في روما", "حفتر في باريس للعلاج"],
)
def test_a_headline_of_home_of_libyans_of_his_men_or_of_an_illness_tells_of_none(reader: Reader, title: str) -> None:
    assert not in_scope(reader, title=title)


# -- whom a sentence means -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ("أبلغ خليفة حفتر الرئيس الفرنسي إيمانويل ماكرون، خلال لقاء جمعهما الأربعاء، بشروط التهدئة.",),
        ("تعهد خليفة حفتر أمام الرئيس الفرنسي إيمانويل ماكرون بالتهدئة.", "وكان قصر الإليزيه مسرحا للمقابلة."),
        ("وصل خليفة حفتر متأخرا إلى القاعة واستقبله الرئيس الفرنسي إيمانويل ماكرون عند الباب.",),
        ("برز اسم خليفة حفتر في نشرات الأخبار.", "وأثار اجتماعه بالرئيس الفرنسي إيمانويل ماكرون ردود فعل."),
        ("حل خليفة حفتر ضيفا، حيث التقى الرئيس الفرنسي إيمانويل ماكرون.",),
        ("زار خليفة حفتر المعهد، وبحث معه الرئيس الفرنسي إيمانويل ماكرون خطط التدريب.",),
    ],
)
def test_the_two_who_met_are_found_where_a_word_points_back_to_them(reader: Reader, lines: tuple[str, ...]) -> None:
    meeting = reader.read(*lines).meetings[0]
    assert (meeting.principals, names(meeting)) == ((KHALIFA,), ["emmanuel_macron"])


def test_a_man_behind_a_womans_verb_is_whom_she_met(reader: Reader) -> None:
    meeting = reader.read("تنتقل ميلوني إلى بنغازي حيث تلتقي المشير خليفة حفتر.").meetings[0]
    assert (meeting.principals, names(meeting)) == ((KHALIFA,), ["giorgia_meloni"])


def test_his_meeting_is_not_the_principals_where_another_is_named_beside_it(reader: Reader) -> None:
    assert not in_scope(
        reader, "طالب المؤتمر بإقالة خليفة حفتر.", "وبحث عقيلة صالح ذلك لدى لقائه في الجزائر المبعوث الأممي."
    )


def test_the_libyan_sides_are_those_whom_the_next_sentence_names(reader: Reader) -> None:
    gathered = "تعهد طرفا النزاع في ليبيا، إثر اجتماع عقداه في باريس برعاية الرئيس الفرنسي إيمانويل ماكرون، بالهدنة."
    meeting = reader.read(gathered, "وصدر عن فايز السراج وخليفة حفتر إعلان مشترك.").meetings[0]
    assert (meeting.principals, meeting.place) == ((KHALIFA,), "paris")
    assert not in_scope(reader, gathered, "وصدر عن فايز السراج إعلان.")


def test_a_libyans_journey_abroad_is_where_he_meets_another(reader: Reader) -> None:
    meeting = reader.read("وصل السراج مساء الأحد إلى أبوظبي.", "ويعقد فيها اجتماعا مع خليفة حفتر.").meetings[0]
    assert (meeting.principals, meeting.country) == ((KHALIFA,), "AE")


def test_an_envoys_chief_is_not_at_the_table(reader: Reader) -> None:
    met = "عقد صدام حفتر في باريس اجتماعا مع المبعوث الخاص للرئيس الفرنسي إيمانويل ماكرون، بول سولير."
    meeting = reader.read(met, "وخلال الاجتماع نقل إليه تحيات القيادة العامة.").meetings[0]
    assert names(meeting) == ["paul_soler"]


def test_a_secret_visit_is_no_company_of_soldiers(reader: Reader) -> None:
    (meeting,) = reader.read(title="زيارة سرية لصدام حفتر إلى أثينا").meetings
    assert (meeting.principals, meeting.place) == ((SADDAM,), "athens")


# -- journeys --------------------------------------------------------------------------------------------------------


def test_to_leave_a_foreign_capital_is_to_have_been_there(reader: Reader) -> None:
    meeting = reader.meeting("غادر خليفة حفتر موسكو من دون أن يوقع الاتفاق.", "وقالت مصادر إن المحادثات لم تنته.")
    assert (meeting.principals, meeting.place) == ((KHALIFA,), "moscow")


def test_who_comes_is_the_guest_and_not_the_host_who_asked_him(reader: Reader) -> None:
    meeting = reader.meeting("لبى خليفة حفتر دعوة الرئيس الفرنسي إيمانويل ماكرون، فوصل صباح الاثنين إلى باريس.")
    assert (meeting.principals, meeting.place) == ((KHALIFA,), "paris")


def test_a_telegram_is_no_meeting(reader: Reader) -> None:
    assert not in_scope(reader, "بعث خليفة حفتر ببرقية تهنئة إلى الرئيس الروسي فلاديمير بوتين.")


def test_who_does_something_else_in_a_relative_clause_is_not_at_the_meeting(reader: Reader) -> None:
    assert not in_scope(reader, "بحث السراج مع رئيس الوزراء الإيطالي جوزيبي كونتي الهجوم الذي يشنه حفتر.")


def test_an_ally_is_not_his_friend(reader: Reader) -> None:
    assert not in_scope(reader, "التقى السفير المصري عقيلة صالح، حليف القائد العسكري خليفة حفتر.")


def test_a_meeting_that_was_not_held_is_denied(reader: Reader) -> None:
    meeting = reader.read("قال متحدث إن لقاء خليفة حفتر بالسفير الأمريكي في تونس لم يعقد.").meetings[0]
    assert meeting.status is MeetingStatus.DENIED


def test_a_year_around_the_page_says_less_than_the_page(reader: Reader) -> None:
    meeting = reader.meeting("شارك صدام حفتر في معرض الدفاع 2026 في إسطنبول.")
    assert (meeting.date_source, meeting.date_to) == ("feed", PUBLISHED.date())


def test_a_month_behind_the_lead_is_background_where_the_page_has_no_day(reader: Reader) -> None:
    talks = (f"وأكد السيسي دعم {matter}." for matter in ("الحوار", "الانتخابات", "الهدنة", "الاستقرار"))
    lead = "التقى خليفة حفتر الرئيس المصري عبد الفتاح السيسي في القاهرة."
    reading = reader.read(lead, *talks, "واجتمع حفتر بالسيسي في القاهرة في مايو 2017.", published_at=None)
    assert [(meeting.main, meeting.date_from is None) for meeting in reading.meetings] == [(True, True), (False, False)]
