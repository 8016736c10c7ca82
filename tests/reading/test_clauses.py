"""Sentences fall into clauses; each has its kind, its speaker, its step on the ladder and its polarity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.model import ClaimKind, Modality, Polarity
from monitor.reading.clauses import BOTH

if TYPE_CHECKING:
    from tests.reading.reader import Reader


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "وبحث الجانبان ملف الهجرة، مؤكدين أهمية مراقبة الحدود البحرية.",
            ["وبحث الجانبان ملف الهجرة", "مؤكدين أهمية مراقبة الحدود البحرية"],
        ),
        (
            "وأكد صدام حفتر دعمه للعملية السياسية، وأن الجيش يحمي حقول النفط.",
            ["وأكد صدام حفتر دعمه للعملية السياسية", "وأن الجيش يحمي حقول النفط"],
        ),
        (
            "وناقش الطرفان التعاون العسكري، لا سيما تدريب القوات الخاصة.",
            ["وناقش الطرفان التعاون العسكري", "لا سيما تدريب القوات الخاصة"],
        ),
        (
            "رحب صدام حفتر بالمبادرة، ودعا إلى سحب المقاتلين الأجانب.",
            ["رحب صدام حفتر بالمبادرة", "ودعا إلى سحب المقاتلين الأجانب"],
        ),
        ("قال كروزيتو: ندعم وحدة المؤسسة العسكرية.", ["قال كروزيتو", "ندعم وحدة المؤسسة العسكرية"]),
        (
            "عدم توقيع أنقرة على الاتفاقية يدل على خلاف عميق.",
            ["عدم توقيع أنقرة على الاتفاقية", "يدل على خلاف عميق"],
        ),
        ("بحث الجانبان ملفات الهجرة والحدود والنفط.", ["بحث الجانبان ملفات الهجرة والحدود والنفط"]),
    ],
)
def test_a_sentence_is_cut_at_its_joints(reader: Reader, text: str, parts: list[str]) -> None:
    assert reader.parts(text) == parts


def test_a_clause_never_reaches_over_a_full_mark(reader: Reader) -> None:
    parts = reader.parts("بحث الجانبان ملف الهجرة؛ وأكد الجانبان دعم الحوار. وغادر الوفد مساء")
    assert len(parts) == 3
    assert not any(mark in part for part in parts for mark in "؛.")


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("وأكد صدام حفتر دعمه للحوار.", Modality.ASSERTED),
        ("بحث الجانبان التعاون البحري.", Modality.DISCUSSED),
        ("بحث الجانبان سبل توقيع اتفاق للتدريب.", Modality.DISCUSSED),
        ("أعرب الجانبان عن رغبتهما في توقيع اتفاق للتدريب.", Modality.WISHED),
        ("توصل الجانبان إلى اتفاق مبدئي على تدريب الضباط.", Modality.AGREED_IN_PRINCIPLE),
        ("تم الاتفاق على تدريب مئة ضابط.", Modality.AGREED),
        ("اتفق الجانبان على تشكيل لجنة عسكرية مشتركة.", Modality.AGREED),
        ("وقع الجانبان مذكرة تفاهم للتعاون العسكري.", Modality.SIGNED),
        ("دخل اتفاق التدريب حيز التنفيذ.", Modality.IMPLEMENTED),
        ("أجل الجانبان توقيع الاتفاق البحري إلى موعد لاحق.", Modality.POSTPONED),
        ("من المقرر توقيع الاتفاق الشهر المقبل.", Modality.ANNOUNCED),
        ("نفى صدام حفتر توقيع أي اتفاق مع أنقرة.", Modality.DENIED),
    ],
)
def test_each_step_of_the_ladder_is_told_from_the_next(reader: Reader, text: str, step: Modality) -> None:
    (clause,) = reader.clauses(text)
    assert clause.modality is step


@pytest.mark.parametrize(
    ("text", "polarity"),
    [
        ("وقع الجانبان اتفاقا بشأن الحدود البحرية.", Polarity.AFFIRMED),
        ("لم يوقع الجانبان أي اتفاق بشأن الحدود البحرية.", Polarity.NEGATED),
        ("نفى صدام حفتر توقيع أي اتفاق مع أنقرة.", Polarity.NEGATED),
        ("بحث الجانبان الاتفاقية التي لم يصادق عليها مجلس النواب.", Polarity.AFFIRMED),
        ("لم يسهم التعاون في مواجهة الإرهاب.", Polarity.NEGATED),
        ("أكد صدام حفتر أن التنسيق لم يسفر عن نتائج.", Polarity.NEGATED),
        ("قال المتحدث إن ليبيا لا تناقش القواعد العسكرية.", Polarity.NEGATED),
        ("لم ينف المتحدث زيارة صدام حفتر.", Polarity.AFFIRMED),
        ("لا يزال الجانبان يبحثان ملف الهجرة.", Polarity.AFFIRMED),
        ("ناقش الجانبان ملف الهجرة غير الشرعية.", Polarity.AFFIRMED),
        ("وأكد الجانبان رفض التدخلات، لا سيما العسكرية منها.", Polarity.AFFIRMED),
    ],
)
def test_a_clause_is_negated_where_the_negation_governs_it(reader: Reader, text: str, polarity: Polarity) -> None:
    assert reader.clauses(text)[0].polarity is polarity


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("بحث الجانبان التعاون البحري.", ClaimKind.AGENDA),
        ("وأكد صدام حفتر دعمه للحوار.", ClaimKind.STATEMENT),
        ("وأكدت إيطاليا دعمها للحوار.", ClaimKind.STANCE),
        ("رحب صدام حفتر بالمبادرة الأممية.", ClaimKind.STANCE),
        ("وأكد الجانبان دعمهما للحل السياسي.", ClaimKind.OUTCOME),
        ("اتفق الجانبان على تشكيل لجنة مشتركة.", ClaimKind.OUTCOME),
        ("يرى مراقبون أن الزيارة رسالة سياسية إلى أوروبا.", ClaimKind.ANALYSIS),
    ],
)
def test_what_a_clause_is_depends_on_its_verb_and_on_who_speaks(reader: Reader, text: str, kind: ClaimKind) -> None:
    (clause,) = reader.clauses(text)
    assert clause.kind is kind


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("أكد خليفة حفتر دعمه للحوار.", "khalifa_haftar"),
        ("وزير الدفاع الإيطالي غويدو كروزيتو أكد دعم الحوار.", "guido_crosetto"),
        ("وقال وزير الدفاع الإيطالي غويدو كروزيتو إن اللقاء مثمر.", "guido_crosetto"),
        ("وأكد الجانبان دعم الحوار.", BOTH),
        ("وأكدت إيطاليا دعم الحوار.", "place:IT"),
    ],
)
def test_the_speaker_is_the_subject_before_or_behind_the_verb(reader: Reader, text: str, speaker: str) -> None:
    (clause,) = reader.clauses(text)
    assert clause.speaker == speaker


def test_a_clause_without_a_speaker_has_the_last_one_of_its_paragraph(reader: Reader) -> None:
    clauses = reader.clauses("أكد كروزيتو دعم الحوار، مضيفا أن اللقاء مثمر. وقال إن التشاور مستمر.")
    assert {clause.speaker for clause in clauses} == {"guido_crosetto"}


def test_the_last_speaker_does_not_speak_in_the_next_paragraph(reader: Reader) -> None:
    reading = reader.read(
        "التقى صدام حفتر في روما غويدو كروزيتو.", "وأكد كروزيتو دعم الانتخابات.", "ودعا إلى استئناف اللقاء قريبا."
    )
    speakers = {m.quote: m.speaker for m in reading.mentions if m.kind is ClaimKind.STATEMENT}
    assert speakers["وأكد كروزيتو دعم الانتخابات"] == "guido_crosetto"
    assert "guido_crosetto" not in {spoken for quote, spoken in speakers.items() if quote.startswith("ودعا")}


def test_a_country_spoken_of_is_not_the_speaker(reader: Reader) -> None:
    clauses = reader.clauses("وأكد صدام حفتر أهمية الحوار، معربا عن تقديره للدور الإيطالي.")
    assert [clause.speaker for clause in clauses] == ["saddam_haftar"] * 2
