"""How many of what a text says, and which numbers count nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.reading.arabic import term
from monitor.reading.quantities import PERCENT

if TYPE_CHECKING:
    from tests.reading.reader import Reader


@pytest.mark.parametrize(
    ("text", "number", "noun"),
    [
        ("ضم الوفد سبعة ضباط", "7", "ضباط"),
        ("ضم الوفد سبعة من كبار الضباط", "7", "الضباط"),
        ("حضر خمسة عشر ضابطا", "15", "ضابط"),
        ("حضر 25 خبيرا", "25", "خبيرا"),
        ("سلمت أكثر من ٣٠ طائرة", "30", "طائرة"),
        ("ضم مئتي جندي", "200", "جندي"),
        ("دام الاجتماع ثلاث ساعات", "3", "ساعات"),
        ("استمر عشرين دقيقة", "20", "دقيقة"),
    ],
)
def test_figures_and_number_words_count_the_noun_behind_them(reader: Reader, text: str, number: str, noun: str) -> None:
    assert reader.counted(text) == [(number, term(noun))]


@pytest.mark.parametrize(
    ("text", "noun"), [("استمر اللقاء ساعتين", "ساعة"), ("زارها مرتين", "مرة"), ("بقي هناك يومين", "يوم")]
)
def test_a_dual_of_a_unit_is_two_of_it(reader: Reader, text: str, noun: str) -> None:
    assert [(number, term(unit)) for number, unit in reader.counted(text)] == [("2", term(noun))]


def test_a_dual_of_anything_else_counts_nothing(reader: Reader) -> None:
    assert reader.counted("اتفق الجانبان مع الوزيرين في البلدين") == []


def test_one_hour_is_one_whether_the_word_one_is_written_or_the_verb_lasts_it(reader: Reader) -> None:
    assert [number for number, _ in reader.counted("امتد الاجتماع ساعة واحدة")] == ["1"]
    assert [number for number, _ in reader.counted("اجتماع مدته قصيرة استغرق ساعة")] == ["1"]
    assert reader.counted("انتظر ساعة الوصول") == []


def test_two_counts_of_one_sentence_stay_apart_and_in_order(reader: Reader) -> None:
    assert reader.counted("حضر 25 خبيرا و12 مستشارا") == [("25", term("خبيرا")), ("12", term("مستشارا"))]


@pytest.mark.parametrize("text", ["في عام 2019 زار روما", "وقع في 2014 ضابط", "الفريق أول ركن صدام حفتر"])
def test_years_and_the_numbers_of_ranks_count_nothing(reader: Reader, text: str) -> None:
    assert reader.counted(text) == []


def test_a_day_of_the_month_counts_nothing_in_an_article(reader: Reader) -> None:
    reading = reader.read("التقى صدام حفتر في روما يوم 17 يناير 2026 مسعد بولس وبحثا ملف النفط.")
    assert not [m for m in reading.mentions for name, _ in m.slots if name in {"number", "count"}]


def test_counted_people_are_a_count_and_counted_time_a_number(reader: Reader) -> None:
    reading = reader.read(
        "التقى صدام حفتر في روما غويدو كروزيتو.", "وأكد كروزيتو أن بلاده ستدرب خمسين ضابطا في دورة من عشرين ساعة."
    )
    slots = {(name, value) for mention in reading.mentions for name, value in mention.slots}
    assert ("count", f"50 {term('ضابطا')}") in slots
    assert ("number", f"20 {term('ساعة')}") in slots


def test_fifty_million_is_one_number_and_not_fifty(reader: Reader) -> None:
    ((number, noun),) = reader.counted("بقيمة 50 مليون يورو")
    assert noun == term("يورو")
    assert number not in {found for text in ("50 يورو", "مليون يورو") for found, _ in reader.counted(text)}


@pytest.mark.parametrize(
    ("text", "number", "noun"),
    [
        ("وصل 1,200 مهاجر", "1200", "مهاجر"),
        ("وصل ١٬٢٠٠ مهاجر", "1200", "مهاجر"),
        ("وصل ألف ومئتي مهاجر", "1200", "مهاجر"),
        ("قيمتها ثلاثة آلاف وخمسمئة دولار", "3500", "دولار"),
        ("بمبلغ مليار و800 مليون دولار", "1800000000", "دولار"),
        ("بمبلغ 1.8 مليار دولار", "1800000000", "دولار"),
        ("بمبلغ ١٫٨ مليار دولار", "1800000000", "دولار"),
        ("شارك فيها خمسون ألف جندي", "50000", "جندي"),
        ("بقيمة ثمانية ملايين يورو", "8000000", "يورو"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(reader: Reader, text: str, number: str, noun: str) -> None:
    assert reader.counted(text) == [(number, term(noun))]


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("دورة مدتها ثلاثة أشهر", "3", "شهر"),
        ("دورة مدتها اثنا عشر شهرا", "12", "شهر"),
        ("خلال السنوات الخمس الماضية", "5", "سنة"),
        ("خلال الأعوام العشرة الماضية", "10", "سنة"),
        ("في الأشهر الستة المقبلة", "6", "شهر"),
        ("زارها ثلاث مرات", "3", "مرة"),
    ],
)
def test_a_unit_is_the_same_in_every_plural_and_on_either_side(
    reader: Reader, text: str, number: str, unit: str
) -> None:
    assert reader.counted(text) == reader.counted(f"{number} {unit}")


def test_a_noun_with_the_article_is_counted_by_the_number_behind_it(reader: Reader) -> None:
    assert reader.counted("اتفقت الدول الخمس على البيان") == [("5", term("دول"))]


@pytest.mark.parametrize("text", ["بنسبة 30% من الإنتاج", "بنسبة ٣٠ في المئة", "بنسبة ثلاثين بالمئة"])
def test_a_share_of_a_hundred_is_a_number_of_its_own_kind(reader: Reader, text: str) -> None:
    assert reader.counted(text) == [("30", PERCENT)]


@pytest.mark.parametrize("text", ["الجولة الثالثة من المحادثات", "في اللقاء الثاني بينهما", "في ثالث زيارة له"])
def test_which_one_it_was_is_not_how_many(reader: Reader, text: str) -> None:
    assert reader.counted(text) == []


@pytest.mark.parametrize("text", ["اليوم الاثنين", "مساء الأحد 26 سبتمبر", "يوم الثلاثاء 9 مايو"])
def test_the_days_of_a_week_and_of_a_month_count_nothing(reader: Reader, text: str) -> None:
    assert reader.counted(text) == []


@pytest.mark.parametrize("figure", ["1" * 19, "9" * 56, "1," + "000," * 20 + "000", "0." + "3" * 40, "٣" * 5000])
def test_a_figure_longer_than_any_count_counts_nothing(reader: Reader, figure: str) -> None:
    assert reader.counted(f"حضر {figure} ضابط") == []
    assert reader.counted(f"حضر {figure} ضابط وسبعة جنود")[0][0] == "7"


def test_what_is_multiplied_beyond_any_count_is_no_fault(reader: Reader) -> None:
    assert reader.counted("خصص 5 " + "مليار " * 50 + "دولار")
