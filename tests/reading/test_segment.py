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


MEETING = "وبحث حفتر مع الوزير الإيطالي ملف الهجرة في الرجمة."
"""A paragraph as short as furniture."""


@pytest.mark.parametrize(
    "line",
    [
        "شارك هذا المحتوى مع أصدقائك عبر فيسبوك وتويتر وواتساب أو أرسله إليهم بالبريد الإلكتروني مباشرة.",
        "وسوم: حفتر، وزير الدفاع التركي يشار غولر، التعاون العسكري، ليبيا، تركيا، الجيش الليبي، زيارة حفتر إلى تركيا",
        "المشير خليفة حفتر خلال لقائه وزير الدفاع الروسي سيرغي شويغو في موسكو يوم 14 أغسطس 2017 (رويترز - أرشيف)",
        "جانب من لقاء حفتر وشويغو في موسكو أمس.",
        "لمتابعة آخر أخبار المشير حفتر ولقاءاته في موسكو أولا بأول، انضموا إلى قناتنا على تيليغرام.",
        "كانت هذه تفاصيل خبر السيسي يستقبل حفتر في القاهرة لهذا اليوم نرجو أن نكون قد وفقنا في نقل المعلومات الكاملة.",
        "استطلاع: هل تؤيد لقاء حفتر مع الرئيس الفرنسي ماكرون؟",
        "آراء الكتاب لا تعبر بالضرورة عن رأي الصحيفة، وهي غير مسؤولة عما ورد في خبر لقاء حفتر ومحمد بن زايد.",
        "نحن نحترم خصوصيتك: بالضغط على زر الموافقة تقبل استخدامنا لملفات تعريف الارتباط في عرض أخبار حفتر.",
        "الفجر 5:12 | الشروق 6:40 | الظهر 12:30 | العصر 15:50 | المغرب 18:20 | العشاء 19:45",
        "#حفتر #أفريكوم #ليبيا #بنغازي #روما",
        "حقوق النشر © 2025 موقع الخبر، يمنع نقل أو نسخ خبر لقاء حفتر دون الإشارة إلى المصدر.",
        "عزيزي القارئ، يمكنك متابعة أخبار صدام حفتر ولقاءاته عبر تفعيل جرس الإشعارات.",
        "هل أعجبك خبر لقاء حفتر والسفير المصري؟ شاركه مع أصدقائك.",
        "تعليق الصورة: المشير حفتر يستقبل الوفد البيلاروسي في مكتبه بالرجمة ويبحث معه التعاون الاقتصادي.",
        "فيديو: حفتر يستقبل السفير القطري في الرجمة لأول مرة منذ سنوات ويبحث معه العلاقات الثنائية.",
        "حفتر يستقبل وزير الدفاع الإيطالي في الرجمة - بوابة الخبر",
    ],
)
def test_furniture_of_any_length_is_no_text_though_it_names_a_meeting(reader: Reader, line: str) -> None:
    text = f"{HEADLINE}\n{PARAGRAPH}\n{line}\n{MEETING}\n{PARAGRAPH}"
    assert kind_of(reader, line, text) is SegmentKind.BOILERPLATE
    assert kind_of(reader, MEETING, text) is SegmentKind.BODY


@pytest.mark.parametrize(
    "line",
    [
        "المصدر قال إن صدام حفتر سيلتقي وزير الدفاع التركي.",
        "المصدر أكد أن اللقاء كان مثمرا.",
        "مراسلنا في موسكو أكد انتهاء اللقاء.",
        "المزيد من اللقاءات سيعقدها بلقاسم حفتر في روما غدا.",
        "البورصة لم تكن بين ملفات لقاء حفتر والسفير.",
        "متابعون رأوا في اللقاء رسالة إلى طرابلس.",
        "وأكد عسكر دعم بلاده للجيش الليبي",
        "وناقش اللقاء تدريب القوات البرية، وحضره السفير الإيطالي، وقال إن بلاده ترحب بالتعاون (رويترز).",
        "وسأله الصحفيون: هل بحثتم الانتخابات؟",
        "وقال حفتر إن «كل من يريد المزيد اضغط هنا كما يقولون» لن يجد جديدا.",
    ],
)
def test_a_sentence_that_opens_like_furniture_or_is_as_short_stays_text(reader: Reader, line: str) -> None:
    assert kind_of(reader, line, f"{HEADLINE}\n{PARAGRAPH}\n{line}\n{PARAGRAPH}") is SegmentKind.BODY


@pytest.mark.parametrize(
    ("mark", "headline"),
    [
        ("اقرأ أيضا:", "حفتر يلتقي السفير التركي"),
        ("طالع أيضًا:", "لقاء خالد حفتر والسفير الروسي"),
        ("للمزيد:", "بيانتيدوزي يزور بنغازي ويلتقي حفتر."),
    ],
)
def test_a_headline_run_into_a_paragraph_is_a_lead_and_the_paragraph_stays(
    reader: Reader, mark: str, headline: str
) -> None:
    text = f"{HEADLINE}\n{PARAGRAPH} {mark} {headline}\n{MEETING}\n{PARAGRAPH}"
    assert reader.kinds(text)[1:4] == [
        (SegmentKind.BODY, PARAGRAPH),
        (SegmentKind.BOILERPLATE, mark),
        (SegmentKind.LEAD, headline),
    ]


def test_a_headline_in_brackets_leaves_the_sentence_around_it(reader: Reader) -> None:
    line = "وأعلنت الرئاسة أن حفتر تعهد بوقف القتال (اقرأ أيضا: ميركل تستقبل حفتر) وأن باريس ترحب بذلك."
    kinds = [kind for kind, _ in reader.kinds(f"{HEADLINE}\n{line}\n{PARAGRAPH}")]
    assert kinds == [
        SegmentKind.TITLE,
        SegmentKind.BODY,
        SegmentKind.BOILERPLATE,
        SegmentKind.LEAD,
        SegmentKind.BODY,
        SegmentKind.BODY,
    ]


@pytest.mark.parametrize("mark", ["أخبار ذات صلة", "الأكثر قراءة", "اخترنا لكم:", "مواضيع قد تهمك من القسم نفسه:"])
def test_headlines_under_a_mark_of_other_articles_are_leads_until_the_text_goes_on(reader: Reader, mark: str) -> None:
    headlines = ["هل يلتقي حفتر السفير التركي؟", "«حفتر» يلتقي ولي عهد أبوظبي ويبحثان «مكافحة الإرهاب»"]
    text = "\n".join([HEADLINE, PARAGRAPH, mark, *headlines, "أسعار الذهب اليوم!", MEETING, PARAGRAPH])
    assert [kind for kind, _ in reader.kinds(text)][2:] == [
        SegmentKind.BOILERPLATE,
        SegmentKind.LEAD,
        SegmentKind.LEAD,
        SegmentKind.BOILERPLATE,
        SegmentKind.BODY,
        SegmentKind.BODY,
    ]


def test_marked_headlines_under_such_a_mark_are_no_list_whatever_their_last_mark(reader: Reader) -> None:
    items = ["• كونتي يلتقي حفتر في بنغازي.", "• حفتر يستقبل دي مايو"]
    text = "\n".join([HEADLINE, PARAGRAPH, "أحدث الأخبار", *items, PARAGRAPH])
    assert [kind_of(reader, item, text) for item in items] == [SegmentKind.LEAD] * 2


def test_what_readers_write_under_an_article_is_not_its_text(reader: Reader) -> None:
    comment = "زائر: حفتر التقى وزير الدفاع الإيطالي مرتين."
    text = f"{HEADLINE}\n{PARAGRAPH}\nالتعليقات (3)\n{comment}"
    assert kind_of(reader, comment, text) is SegmentKind.BOILERPLATE


def test_a_counter_of_comments_above_paragraphs_ends_nothing(reader: Reader) -> None:
    text = f"{HEADLINE}\n{PARAGRAPH}\nالتعليقات (0)\n{MEETING}\n{PARAGRAPH} {PARAGRAPH}"
    assert kind_of(reader, MEETING, text) is SegmentKind.BODY


def test_the_paragraph_that_presents_the_author_is_not_the_article_s(reader: Reader) -> None:
    bio = "كاتب وصحفي مصري متخصص في الشأن الليبي، أجرى حوارات مع المشير خليفة حفتر والتقى عقيلة صالح في القبة."
    text = f"{HEADLINE}\n{PARAGRAPH}\nعن الكاتب\n{bio}"
    assert kind_of(reader, bio, text) is SegmentKind.BOILERPLATE


def test_a_headline_below_the_site_s_own_lines_is_the_title(reader: Reader) -> None:
    text = f"الرئيسية\n12:25 صباحا\n{HEADLINE}\n{PARAGRAPH}"
    assert kind_of(reader, HEADLINE, text) is SegmentKind.TITLE


def test_a_paragraph_straight_behind_advice_is_text_again(reader: Reader) -> None:
    steps = ["كيف تتابع أخبار اللقاء؟ إليك الخطوات:", "1. افتح التطبيق", "2. ابحث عن الخبر"]
    text = "\n".join([HEADLINE, PARAGRAPH, *steps, MEETING, PARAGRAPH])
    assert [kind_of(reader, step, text) for step in steps] == [SegmentKind.ADVICE] * 3
    assert kind_of(reader, MEETING, text) is SegmentKind.BODY
