"""Which sentences tell of a meeting of somebody watched: with whom, where, when, how, and whether it came about."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from monitor.model import MeetingMode, MeetingStatus, Outcome
from tests.reading.reader import PUBLISHED

if TYPE_CHECKING:
    from monitor.model import Meeting
    from tests.reading.reader import Reader

KHALIFA, SADDAM, KHALED, BELQASEM = "khalifa_haftar", "saddam_haftar", "khaled_haftar", "belqasem_haftar"
ROME = "التقى صدام حفتر في روما وزير الدفاع الإيطالي غويدو كروزيتو."


def names(meeting: Meeting) -> list[str | None]:
    return [counterpart.name for counterpart in meeting.counterparts]


# -- who met whom ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        ROME,
        "صدام حفتر التقى في روما وزير الدفاع الإيطالي غويدو كروزيتو.",
        "التقى غويدو كروزيتو صدام حفتر في روما.",
        "اجتمع غويدو كروزيتو في روما مع صدام حفتر.",
        "وصل صدام حفتر إلى روما، وعقد اجتماعا مع وزير الدفاع الإيطالي غويدو كروزيتو.",
        "بعد لقائه غويدو كروزيتو في روما عاد صدام حفتر إلى بنغازي.",
        "جمع لقاء في روما صدام حفتر وغويدو كروزيتو.",
    ],
)
def test_the_two_who_met_are_found_whichever_way_the_sentence_runs(reader: Reader, text: str) -> None:
    meeting = reader.meeting(text)
    assert (meeting.principals, names(meeting), meeting.place, meeting.country) == (
        (SADDAM,),
        ["guido_crosetto"],
        "rome",
        "IT",
    )


def test_a_subject_that_was_named_is_carried_on_to_the_next_sentence_line(reader: Reader) -> None:
    meeting = reader.meeting("وصل خالد حفتر إلى موسكو.", "والتقى بوزير الدفاع الروسي أندريه بيلوسوف.")
    assert (meeting.principals, names(meeting), meeting.place) == ((KHALED,), ["andrei_belousov"], "moscow")


def test_a_counterpart_without_a_name_is_his_office(reader: Reader) -> None:
    (counterpart,) = reader.meeting("استقبل القائد العام السفير اليوناني لدى ليبيا.").counterparts
    assert (counterpart.name, counterpart.office, counterpart.country) == (None, "السفير اليوناني لدى ليبيا", "GR")


def test_two_of_the_family_at_one_table_are_one_meeting(reader: Reader) -> None:
    meeting = reader.meeting("التقى خليفة حفتر وصدام حفتر في الرجمة السفيرة الفرنسية.")
    assert meeting.principals == (KHALIFA, SADDAM)


def test_whoever_is_said_to_have_been_present_is_at_the_same_meeting(reader: Reader) -> None:
    meeting = reader.meeting("استقبل خليفة حفتر في الرجمة السفير اليوناني بحضور صدام حفتر.")
    assert set(meeting.principals) == {KHALIFA, SADDAM}


@pytest.mark.parametrize(
    "reference", ["وخلال الاجتماع بحث الجانبان ملف الهجرة.", "وتناول اللقاء ملف الهجرة.", "وأكد الجانبان دعم الحوار."]
)
def test_a_reference_to_the_meeting_is_no_second_one(reader: Reader, reference: str) -> None:
    assert names(reader.meeting(ROME, reference)) == ["guido_crosetto"]


def test_two_counterparts_in_two_capitals_are_two_meetings(reader: Reader) -> None:
    first, second = reader.read(ROME, "والتقى صدام حفتر في أثينا بوزير الخارجية اليوناني.").meetings
    assert (first.place, second.place) == ("rome", "athens")
    assert (first.main, second.main) == (True, False)


# -- what is none ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "التقى عبد الحميد الدبيبة في أنقرة الرئيس التركي رجب طيب أردوغان.",
        "استقبل السيسي ماكرون في القاهرة، وناقشا مبادرة حفتر.",
        "التقى أنطونيو تاياني نظيره اليوناني في روما، وتطرقا إلى دور حفتر.",
        "صدر في روما بيان بشأن خليفة حفتر بعد لقاء جورجيا ميلوني ورجب طيب أردوغان.",
        "هاجمت قوات حفتر مواقع حدودية بعد لقاء السفير الفرنسي عبد الحميد الدبيبة.",
        "التقى متحدث باسم خليفة حفتر السفير الروسي في القاهرة.",
        "وصلت كتائب صدام حفتر إلى الحدود مع تشاد.",
    ],
)
def test_a_meeting_of_others_is_none_of_ours(reader: Reader, text: str) -> None:
    reading = reader.read(text)
    assert (reading.meetings, reading.outcome) == ((), Outcome.OFF_TOPIC)


@pytest.mark.parametrize(
    "text",
    [
        "نقل خليفة حفتر إلى باريس لتلقي العلاج.",
        "غادر خليفة حفتر مستشفى في باريس بعد وعكة صحية.",
        "وصل خليفة حفتر إلى عمان في رحلة علاجية.",
    ],
)
def test_a_journey_for_treatment_is_no_meeting(reader: Reader, text: str) -> None:
    assert reader.read(text).meetings == ()


@pytest.mark.parametrize(
    "text",
    [
        "زار صدام حفتر مصراتة.",
        "التقى خليفة حفتر في بنغازي عقيلة صالح.",
        "أكد خليفة حفتر استعداده للقاء الرئيس التركي رجب طيب أردوغان.",
    ],
)
def test_a_meeting_among_libyans_and_a_mere_readiness_are_none(reader: Reader, text: str) -> None:
    assert reader.read(text).meetings == ()


# -- whether it came about ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (ROME, MeetingStatus.HELD),
        ("سيلتقي صدام حفتر يشار غولر في أنقرة غدا.", MeetingStatus.ANNOUNCED),
        ("من المقرر أن يزور صدام حفتر أنقرة الأسبوع المقبل للقاء يشار غولر.", MeetingStatus.ANNOUNCED),
        ("لم يلتق صدام حفتر يشار غولر في أنقرة.", MeetingStatus.DENIED),
        ("نفى صدام حفتر لقاء مسؤولين إسرائيليين.", MeetingStatus.DENIED),
        ("نفت القيادة العامة زيارة صدام حفتر إلى إسرائيل.", MeetingStatus.DENIED),
        ("ألغيت زيارة صدام حفتر إلى أنقرة.", MeetingStatus.CANCELLED),
        ("ألغى صدام حفتر زيارته إلى أنقرة.", MeetingStatus.CANCELLED),
    ],
)
def test_a_meeting_is_held_announced_denied_or_cancelled(reader: Reader, text: str, status: MeetingStatus) -> None:
    assert reader.meeting(text).status is status


def test_a_headline_in_the_present_tells_of_what_has_happened(reader: Reader) -> None:
    meeting = reader.meeting("تناولت المحادثات ملف التدريب.", title="حفتر يصل إلى القاهرة للقاء السيسي")
    assert (meeting.status, meeting.place, names(meeting)) == (MeetingStatus.HELD, "cairo", ["abdel_fattah_sisi"])


# -- how and where -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        (ROME, MeetingMode.VISIT),
        ("زار صدام حفتر أنقرة.", MeetingMode.VISIT),
        ("استقبل بلقاسم حفتر في بنغازي السفير الأمريكي ريتشارد نورلاند.", MeetingMode.RECEIVED),
        ("التقى السفير الأمريكي ريتشارد نورلاند مع خليفة حفتر في الرجمة.", MeetingMode.RECEIVED),
        ("التقى صدام حفتر في روما مسعد بولس.", MeetingMode.THIRD_COUNTRY),
        ("تلقى المشير خليفة حفتر اتصالا هاتفيا من الرئيس الفرنسي إيمانويل ماكرون.", MeetingMode.CALL),
    ],
)
def test_the_mode_says_who_went_to_whom(reader: Reader, text: str, mode: MeetingMode) -> None:
    assert reader.meeting(text).mode is mode


def test_an_envoy_received_in_benghazi_is_a_meeting_with_his_country(reader: Reader) -> None:
    meeting = reader.meeting("استقبل بلقاسم حفتر في بنغازي السفير الأمريكي ريتشارد نورلاند.")
    assert (meeting.principals, names(meeting)) == ((BELQASEM,), ["richard_norland"])
    assert (meeting.place, meeting.country) == ("benghazi", "US")


def test_a_house_is_the_venue_and_its_city_the_place(reader: Reader) -> None:
    meeting = reader.meeting("التقى صدام حفتر في قصر كيجي بروما غويدو كروزيتو.")
    assert (meeting.venue, meeting.place) == ("palazzo_chigi", "rome")


def test_a_conference_abroad_needs_no_counterpart(reader: Reader) -> None:
    meeting = reader.meeting("شارك صدام حفتر في مؤتمر ميونيخ للأمن.")
    assert (meeting.place, meeting.country, meeting.counterparts) == ("munich", "DE", ())


def test_a_host_city_as_subject_is_the_place(reader: Reader) -> None:
    assert reader.meeting("استضافت أبوظبي لقاء جمع خليفة حفتر وفائز السراج.").place == "abu_dhabi"


# -- when --------------------------------------------------------------------------------------------------------


def test_without_a_date_what_was_held_was_held_by_the_day_of_the_page(reader: Reader) -> None:
    meeting = reader.meeting(ROME)
    assert (meeting.date_from, meeting.date_to, meeting.date_source) == (None, PUBLISHED.date(), "feed")


def test_without_a_date_what_is_announced_is_not_before_the_day_of_the_page(reader: Reader) -> None:
    meeting = reader.meeting("من المقرر أن يزور صدام حفتر أنقرة للقاء يشار غولر.")
    assert (meeting.date_from, meeting.date_to) == (PUBLISHED.date(), None)


@pytest.mark.parametrize(
    ("when", "first", "last"),
    [
        ("يوم الأحد الماضي", date(2026, 1, 18), date(2026, 1, 18)),
        ("أمس", date(2026, 1, 19), date(2026, 1, 19)),
        ("في 15 يناير 2026", date(2026, 1, 15), date(2026, 1, 15)),
        ("في ١٥ يناير ٢٠٢٦", date(2026, 1, 15), date(2026, 1, 15)),
    ],
)
def test_a_date_in_the_sentence_is_the_date_of_the_meeting(reader: Reader, when: str, first: date, last: date) -> None:
    meeting = reader.meeting(f"التقى صدام حفتر {when} في القاهرة حسن رشاد.")
    assert (meeting.date_from, meeting.date_to, meeting.date_source) == (first, last, "text")


def test_what_is_announced_for_tomorrow_is_for_tomorrow(reader: Reader) -> None:
    meeting = reader.meeting("سيلتقي صدام حفتر يشار غولر في أنقرة غدا.")
    assert (meeting.date_from, meeting.date_to) == (date(2026, 1, 21), date(2026, 1, 21))


def test_how_long_something_goes_on_is_not_when_the_meeting_was(reader: Reader) -> None:
    meeting = reader.meeting("التقى صدام حفتر في روما غويدو كروزيتو لبحث الأزمة المستمرة منذ 2011.")
    assert meeting.date_from is None


@pytest.mark.parametrize(
    "background",
    [
        "وكان صدام حفتر قد زار أنقرة في أبريل 2025.",
        "وفي 12 مارس 2025 التقى صدام حفتر في أنقرة يشار غولر.",
    ],
)
def test_a_meeting_of_last_year_told_behind_it_is_a_meeting_apart(reader: Reader, background: str) -> None:
    main, aside = reader.read(ROME, background).meetings
    assert (main.place, main.main, aside.place, aside.main) == ("rome", True, "ankara", False)
    assert aside.date_to is not None
    assert aside.date_to.year == 2025
    assert main.date_to == PUBLISHED.date()


# -- known faults ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "التقى صدام حفتر وزير الدفاع التركي في أنقرة.",
        "استقبل خليفة حفتر السفير اليوناني.",
        "التقى ماكرون القائد العام في باريس.",
    ],
)
def test_the_object_straight_behind_the_subject_is_the_counterpart(reader: Reader, text: str) -> None:
    assert len(reader.meeting(text).counterparts) == 1


@pytest.mark.parametrize(
    "text",
    [
        "نفى متحدث أن يكون صدام حفتر قد التقى مسؤولين إسرائيليين.",
        "دعا وزير الدفاع التركي يشار غولر صدام حفتر إلى زيارة أنقرة.",
        "تأجلت زيارة خليفة حفتر إلى موسكو.",
    ],
)
def test_what_is_denied_behind_that_only_invited_to_or_put_off_was_not_held(reader: Reader, text: str) -> None:
    assert reader.meeting(text).status is not MeetingStatus.HELD


def test_to_hold_a_telephone_call_is_a_call(reader: Reader) -> None:
    meeting = reader.meeting("أجرى خليفة حفتر اتصالا هاتفيا مع وزير الخارجية المصري بدر عبد العاطي.")
    assert meeting.mode is MeetingMode.CALL


def test_a_given_name_that_is_also_a_country_is_a_name(reader: Reader) -> None:
    meeting = reader.meeting("استقبل خليفة حفتر في بنغازي رئيسة الوزراء الإيطالية جورجيا ميلوني.")
    assert names(meeting) == ["giorgia_meloni"]
