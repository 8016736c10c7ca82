"""Whom an article has it from, and what that is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.model import EvidenceGrade

if TYPE_CHECKING:
    from tests.reading.reader import Reader

ROME = "التقى صدام حفتر في روما وزير الدفاع الإيطالي غويدو كروزيتو."
READOUT = (
    "وأكد صدام حفتر أهمية التعاون مع إيطاليا.",
    "وأشاد كروزيتو بجهود القيادة العامة.",
    "وشدد صدام حفتر على مراقبة الحدود.",
    "وأوضح كروزيتو أن بلاده تدعم الانتخابات.",
    "وأضاف صدام حفتر أن التشاور مستمر.",
    "وأشار كروزيتو إلى ملف الهجرة.",
)


@pytest.mark.parametrize(
    "origin",
    ["وفق بيان للقيادة العامة", "نقلا عن وكالة رويترز", "وبحسب بيان للسفارة الإيطالية", "وقالت وكالة نوفا الإيطالية"],
)
def test_an_origin_is_named_as_written_up_to_the_next_mark(reader: Reader, origin: str) -> None:
    reading = reader.read(f"{origin}، {ROME}")
    assert reading.origin is not None
    assert origin.endswith(reading.origin)
    assert reading.grade is EvidenceGrade.NAMED_ORIGIN


def test_the_first_origin_named_is_the_article_s(reader: Reader) -> None:
    reading = reader.read(f"وفق بيان للقيادة العامة، {ROME}", "ونقلت وكالة رويترز عن مسؤول أن اللقاء مثمر.")
    assert reading.origin == "وفق بيان للقيادة العامة"


def test_a_text_with_no_origin_is_low_evidence(reader: Reader) -> None:
    reading = reader.read(ROME, "وبحث الجانبان ملف الهجرة.")
    assert (reading.origin, reading.grade) == (None, EvidenceGrade.LOW)


def test_the_party_s_own_voice_in_speech_after_speech_is_a_readout(reader: Reader) -> None:
    reading = reader.read(ROME, *READOUT)
    assert (reading.origin, reading.grade) == (None, EvidenceGrade.READOUT)


def test_one_phrase_over_and_over_marks_a_template_rewrite_even_with_an_origin(reader: Reader) -> None:
    stuffed = [f"ويعد التعاون العسكري الليبي الإيطالي {how} للبلدين." for how in ("مهما", "ضروريا", "مفيدا", "واعدا")]
    assert reader.read(f"وفق بيان للقيادة العامة، {ROME}", *stuffed).grade is EvidenceGrade.LOW
    assert reader.read(f"وفق بيان للقيادة العامة، {ROME}", *stuffed[:2]).grade is EvidenceGrade.NAMED_ORIGIN


def test_advice_to_the_reader_marks_a_template_rewrite(reader: Reader) -> None:
    advice = ("إليك خطوات يمكن اتباعها لدعم الاستقرار في البلاد:", "- تعزيز الحوار بين كل الأطراف")
    assert reader.read(ROME, *READOUT, *advice, ROME).grade is EvidenceGrade.LOW
