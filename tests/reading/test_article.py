"""From a page or a text to its reading: language, date, offsets, scope, and the same answer every time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.errors import ExtractEmpty
from monitor.model import Outcome, SegmentKind
from tests.reading.reader import PUBLISHED, TITLE

if TYPE_CHECKING:
    from tests.reading.reader import Reader

HEADLINE = "صدام حفتر يلتقي وزير الدفاع الإيطالي في روما"
ROME = "التقى نائب القائد العام الفريق صدام حفتر في روما وزير الدفاع الإيطالي غويدو كروزيتو، وبحث الجانبان ملف الهجرة."
ENGLISH = "The minister visited the port of the city on Monday and spoke to workers about the new quay."


def test_a_meeting_abroad_is_in_scope_and_its_outcome_left_to_the_ledger(reader: Reader) -> None:
    reading = reader.read(ROME, title=HEADLINE)
    assert (reading.in_scope, reading.outcome, reading.language) == (True, None, "ar")
    assert reading.meetings[0].main


def test_arabic_news_of_others_is_off_topic(reader: Reader) -> None:
    reading = reader.read("التقى وزير الدفاع الإيطالي غويدو كروزيتو في روما نظيره اليوناني.")
    assert (reading.in_scope, reading.outcome, reading.mentions) == (False, Outcome.OFF_TOPIC, ())


@pytest.mark.parametrize("text", [ENGLISH, "Le ministre a été reçu à l'Élysée par le président.", f"{ENGLISH} №"])
def test_a_page_that_is_not_in_arabic_is_off_topic_in_another_language(reader: Reader, text: str) -> None:
    reading = reader.read(text, title="Minister visits port")
    assert (reading.language, reading.outcome, reading.in_scope) == ("other", Outcome.OFF_TOPIC, False)


def test_an_arabic_text_with_latin_names_is_still_arabic(reader: Reader) -> None:
    reading = reader.read(f"{ROME} (Guido Crosetto)")
    assert reading.language == "ar"


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_nothing_to_read_raises(reader: Reader, text: str) -> None:
    with pytest.raises(ExtractEmpty):
        reader.read(text=text)


def test_the_title_of_the_feed_stands_before_a_text_that_lacks_it_and_once_before_one_that_has_it(
    reader: Reader,
) -> None:
    lacking = reader.read(text=ROME, title=HEADLINE).article
    having = reader.read(text=f"{HEADLINE}\n{ROME}", title=HEADLINE).article
    assert lacking.text == having.text == f"{HEADLINE}\n{ROME}"


def test_a_text_without_a_title_has_its_first_line_for_one(reader: Reader) -> None:
    assert reader.read(text=f"\n{HEADLINE}\n{ROME}").article.title == HEADLINE


def test_the_feed_s_date_wins_over_the_page_s_clock(reader: Reader) -> None:
    article = reader.read("17/01/2026", ROME).article
    assert (article.published_at, article.published_source) == (PUBLISHED, "feed")


def test_without_another_date_the_page_s_clock_bounds_the_article(reader: Reader) -> None:
    article = reader.read("17/01/2026 10:45", ROME, published_at=None).article
    assert (article.published_at, article.published_source) == (datetime(2026, 1, 17, tzinfo=UTC), "page_clock")


def test_a_date_inside_a_sentence_is_no_page_clock(reader: Reader) -> None:
    assert reader.read(f"في 17 يناير 2026 {ROME}", published_at=None).article.published_at is None


def test_an_article_without_any_date_is_read_all_the_same(reader: Reader) -> None:
    (meeting,) = reader.read(ROME, published_at=None).meetings
    assert (meeting.date_from, meeting.date_to, meeting.date_source) == (None, None, None)


def test_a_weekday_in_the_headline_does_not_date_the_meeting(reader: Reader) -> None:
    (meeting,) = reader.read(ROME, title=f"{HEADLINE} الخميس").meetings
    assert meeting.date_from is None


@pytest.mark.parametrize(
    "text",
    [
        "\u202bالتقى\u202c \u202eصدام حفتر\u202c في \u2067روما\u2069 غويدو كروزيتو، وبحث الجانبان ملف النفط\u200f.",
        "التقى صدام\u00a0حفتر في\u200f روما غويدو كروزيتو،\u200f وبحث الجانبان ملف النفط.",
        "التقى صدّام حفتــر في رومَا غويدو كروزيتو، وبحثَ الجانبانِ ملفَّ النفطِ.",
        "التقى صدام حفتر 🇱🇾 في روما غويدو كروزيتو، وبحث الجانبان ملف النفط.",
    ],
)
def test_marks_of_direction_and_vowels_move_no_offset(reader: Reader, text: str) -> None:
    reading = reader.read(text)
    assert reading.meetings[0].place == "rome"
    assert {"saddam_haftar", "guido_crosetto"} <= {person.person for person in reading.people}
    assert any(("topic", "oil_and_gas") in mention.slots for mention in reading.mentions)
    assert all(reading.article.text[m.start : m.end] == m.quote for m in reading.mentions)
    assert all(reading.article.text[p.start : p.end] == p.form for p in reading.people)


def test_windows_line_ends_change_nothing_but_offsets(reader: Reader) -> None:
    plain = reader.read(ROME, "وأكد كروزيتو دعم الانتخابات.")
    other = reader.read(text=f"{TITLE}\r\n{ROME}\r\nوأكد كروزيتو دعم الانتخابات.", title=TITLE)
    assert [m.quote for m in other.mentions] == [m.quote for m in plain.mentions]


def test_the_chrome_around_an_article_changes_neither_its_claims_nor_its_signature(reader: Reader) -> None:
    bare = reader.read(text=f"{HEADLINE}\n{ROME}")
    chrome = "موقع إخباري\nالرئيسية\nالطقس اليوم"
    dressed = reader.read(text=f"{chrome}\n{HEADLINE}\n{HEADLINE}\n{ROME}\nشارك الخبر\nجميع الحقوق محفوظة")
    assert [m.quote for m in dressed.mentions] == [m.quote for m in bare.mentions]
    assert dressed.signature == bare.signature


def test_a_headline_found_among_the_paragraphs_is_a_lead_and_no_meeting(reader: Reader) -> None:
    lead = "خليفة حفتر يستقبل السفير التركي في بنغازي"
    reading = reader.read(
        ROME, lead, "وأكد كروزيتو في ختام اللقاء دعم بلاده لإجراء الانتخابات في أقرب وقت ممكن في كل ليبيا."
    )
    assert [found.quote for found in reading.leads] == [lead]
    assert len(reading.meetings) == 1


def test_the_same_page_is_read_the_same_twice(reader: Reader) -> None:
    assert reader.read(ROME, title=HEADLINE) == reader.read(ROME, title=HEADLINE)


def test_segments_cover_title_and_body_of_the_article_s_text(reader: Reader) -> None:
    reading = reader.read(ROME, title=HEADLINE)
    assert [(s.kind, reading.article.text[s.start : s.end]) for s in reading.segments] == [
        (SegmentKind.TITLE, HEADLINE),
        (SegmentKind.BODY, ROME),
    ]
