"""Every line of a page is told for what it is, so that claims come from its text alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.model import SegmentKind

if TYPE_CHECKING:
    from tests.reading.reader import Reader

HEADLINE = "حفتر يستقبل وزير الدفاع الإيطالي في الرجمة"
PARAGRAPH = (
    "أجرى القائد العام المشير خليفة حفتر في مقره بالرجمة محادثات مع وفد من وزارة الدفاع الإيطالية "
    "ترأسه وزير الدفاع غويدو كروزيتو، وحضرها عدد من ضباط القيادة العامة."
)


def kind_of(reader: Reader, line: str, text: str) -> SegmentKind:
    (kind,) = {kind for kind, written in reader.kinds(text) if written == line}
    return kind


def test_what_stands_before_a_doubled_headline_is_chrome_and_the_headline_is_title_once(reader: Reader) -> None:
    text = f"موقع إخباري\nالرئيسية\nالثلاثاء 20 يناير 2026\n{HEADLINE}\n{HEADLINE}\n{PARAGRAPH}"
    assert [kind for kind, _ in reader.kinds(text)] == [
        *[SegmentKind.BOILERPLATE] * 3,
        SegmentKind.TITLE,
        SegmentKind.BOILERPLATE,
        SegmentKind.BODY,
    ]


def test_a_short_line_that_stands_twice_is_no_doubled_headline(reader: Reader) -> None:
    text = f"{HEADLINE}\nأخبار ليبيا\nأخبار ليبيا\n{PARAGRAPH}"
    assert kind_of(reader, HEADLINE, text) is SegmentKind.TITLE


@pytest.mark.parametrize(
    "line", ["20/01/2026 10:45 صباحا", "10:25 م", "٢٠/٠١/٢٠٢٦", "الطقس اليوم", "اقرأ أيضا: أخبار ليبيا", "شارك الخبر"]
)
def test_clocks_and_page_furniture_between_paragraphs_are_boilerplate(reader: Reader, line: str) -> None:
    text = f"{HEADLINE}\n{PARAGRAPH}\n{line}\n{PARAGRAPH}"
    assert kind_of(reader, line, text) is SegmentKind.BOILERPLATE


def test_a_long_sentence_that_opens_like_furniture_stays_text(reader: Reader) -> None:
    line = (
        "شارك الخبر الذي نشرته القيادة العامة مساء أمس آلاف المتابعين، وقالت إن خليفة حفتر بحث مع الوفد الإيطالي "
        "ملف الهجرة غير الشرعية ومراقبة الحدود."
    )
    assert kind_of(reader, line, f"{HEADLINE}\n{line}\n{PARAGRAPH}") is SegmentKind.BODY


def test_a_short_line_without_a_final_mark_is_a_heading(reader: Reader) -> None:
    text = f"{HEADLINE}\n{PARAGRAPH}\nخلفية عن العلاقات\n{PARAGRAPH}"
    assert kind_of(reader, "خلفية عن العلاقات", text) is SegmentKind.HEADING


@pytest.mark.parametrize("line", ["خليفة حفتر يلتقي السفير التركي في بنغازي", "نائب القائد العام يستقبل وفدا من أنقرة"])
def test_another_headline_about_somebody_watched_is_a_lead(reader: Reader, line: str) -> None:
    text = f"{HEADLINE}\n{PARAGRAPH}\n{line}\n{PARAGRAPH}"
    assert kind_of(reader, line, text) is SegmentKind.LEAD


def test_another_headline_about_others_is_no_lead(reader: Reader) -> None:
    line = "الرئيس التركي يستقبل رئيس الوزراء الإيطالي"
    assert kind_of(reader, line, f"{HEADLINE}\n{PARAGRAPH}\n{line}\n{PARAGRAPH}") is SegmentKind.HEADING


@pytest.mark.parametrize("mark", ["•", "-", "–", "1.", "2)", "▪"])
def test_marked_lines_are_a_list_whatever_their_mark(reader: Reader, mark: str) -> None:
    items = [f"{mark} تدريب حرس الحدود في الجنوب", f"{mark} تبادل الخبرات البحرية"]
    text = "\n".join([HEADLINE, PARAGRAPH, *items, PARAGRAPH])
    assert [kind_of(reader, item, text) for item in items] == [SegmentKind.LIST] * 2


def test_a_list_of_steps_to_follow_is_advice(reader: Reader) -> None:
    items = ["- تعزيز الحوار بين الأطراف", "- دعم المؤسسات الوطنية"]
    text = "\n".join([HEADLINE, PARAGRAPH, "إليك خطوات يمكن اتباعها لدعم الاستقرار:", *items, PARAGRAPH])
    assert [kind_of(reader, item, text) for item in items] == [SegmentKind.ADVICE] * 2


def test_rows_of_a_plain_table_report_and_its_header_does_not(reader: Reader) -> None:
    rows = ["التدريب وزارة الدفاع", "الهجرة وزارة الداخلية"]
    text = "\n".join(
        [HEADLINE, PARAGRAPH, "وتوزعت ملفات المحادثات على النحو الآتي:", "الملف الجهة", *rows, "", PARAGRAPH]
    )
    assert kind_of(reader, "الملف الجهة", text) is SegmentKind.HEADING
    assert [kind_of(reader, row, text) for row in rows] == [SegmentKind.TABLE] * 2
    assert kind_of(reader, PARAGRAPH, text) is SegmentKind.BODY


def test_a_table_of_expected_effects_is_advice(reader: Reader) -> None:
    rows = ["المجال الأثر المتوقع", "الأمن تحسن مراقبة الحدود"]
    text = "\n".join([HEADLINE, PARAGRAPH, "ويلخص ما يلي ما ينتظر من الزيارة:", *rows, "", PARAGRAPH])
    assert [kind_of(reader, row, text) for row in rows] == [SegmentKind.ADVICE] * 2


def test_rows_between_bars_are_a_table(reader: Reader) -> None:
    row = "| التدريب | وزارة الدفاع |"
    assert kind_of(reader, row, f"{HEADLINE}\n{PARAGRAPH}\n{row}\n{PARAGRAPH}") is SegmentKind.TABLE


def test_a_paragraph_in_quotation_marks_is_a_quote(reader: Reader) -> None:
    line = "«نريد ليبيا موحدة ذات جيش واحد، وسنعمل مع كل الأطراف من أجل هذا الهدف»"
    assert kind_of(reader, line, f"{HEADLINE}\n{PARAGRAPH}\n{line}\n{PARAGRAPH}") is SegmentKind.QUOTE


def test_widgets_behind_the_last_paragraph_are_boilerplate(reader: Reader) -> None:
    widgets = ["طرابلس 18", "حاسبة العملات", "بنغازي 20", "جميع الحقوق محفوظة"]
    text = "\n".join([HEADLINE, PARAGRAPH, *widgets])
    assert [kind_of(reader, widget, text) for widget in widgets] == [SegmentKind.BOILERPLATE] * 4


def test_segments_are_whole_lines_in_order_without_surrounding_space(reader: Reader) -> None:
    text = f"\n  {HEADLINE} \n\n\t{PARAGRAPH}  \nخلفية\n"
    assert [line for _, line in reader.kinds(text)] == [HEADLINE, PARAGRAPH, "خلفية"]


def test_a_text_of_nothing_has_no_segments(reader: Reader) -> None:
    assert reader.kinds(" \n\t\n") == []
