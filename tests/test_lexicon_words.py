"""The words by which articles report, attribute, deny and weigh: every entry usable by the code that reads them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.lexicon import SHAPES, Entry, load_lexicon
from monitor.model import ClaimKind, MeetingMode, Modality, Polarity
from monitor.reading.arabic import fold, tokens
from monitor.reading.phrases import PhraseIndex

if TYPE_CHECKING:
    from enum import StrEnum

FOLDER = Path(__file__).resolve().parent.parent / "config" / "lexicon"
LEAST = {
    "predicates": 170, "modality": 65, "attribution": 60, "negation": 30, "cues": 50, "boilerplate": 70, "screen": 20,
}  # fmt: skip
EXAMPLES = tuple(name for name in LEAST if SHAPES[name].example)
KINDS = {"event", "participant", "agenda", "statement", "stance", "outcome", "reported", "analysis"}
TYPES = {
    "attribution": {"readout", "agency", "outlet", "named_source", "unnamed_source", "social", "marker"},
    "negation": {"verbal", "particle", "denial", "failure"},
    "cues": {
        "coreference_both", "collective", "clause", "announced", "background", "analysis", "conditional", "advice",
        "effects_table", "kinship", "medical", "telegram", "force", "aide", "willingness", "domestic",
        "counted", "institution",
        "elaboration",
    },
    "screen": {"name", "office", "libya", "host", "topic"},
}  # fmt: skip


def _entries(name: str) -> tuple[Entry, ...]:
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    lexicon, problems = load_lexicon({name: table}, fold)
    assert [problem for problem in problems if problem.startswith(f"lexicon/{name}.toml")] == []
    return lexicon.entries(name)


def _found(form: str, sentence: str) -> bool:
    return bool(PhraseIndex([(form, "it")]).find(tokens(sentence)))


def _ids(name: str, sentence: str) -> set[str]:
    index = PhraseIndex((form, entry.id) for entry in _entries(name) for form in entry.forms)
    return {match.key for match in index.find(tokens(sentence))}


def _attrs(name: str, sentence: str, attribute: str) -> set[str | None]:
    ids = _ids(name, sentence)
    return {entry.get(attribute) for entry in _entries(name) if entry.id in ids}


@pytest.mark.parametrize("name", LEAST)
def test_a_file_loads_without_a_problem_and_is_broad_enough(name: str) -> None:
    assert len(_entries(name)) >= LEAST[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_holds_its_first_form(name: str) -> None:
    missing = [entry.id for entry in _entries(name) if not _found(entry.forms[0], entry.example)]
    assert missing == []


@pytest.mark.parametrize("name", LEAST)
def test_every_form_can_be_found_by_the_matcher(name: str) -> None:
    lost = [form for entry in _entries(name) for form in entry.forms if not _found(form, form)]
    assert lost == []


@pytest.mark.parametrize("name", [name for name in LEAST if not SHAPES[name].shared_forms])
def test_no_two_forms_of_a_file_are_the_same_words(name: str) -> None:
    seen: dict[tuple[str, ...], str] = {}
    twice = []
    for entry in _entries(name):
        for form in entry.forms:
            words = tuple(token.form for token in tokens(form))
            if words in seen:
                twice.append((form, seen[words], entry.id))
            seen[words] = entry.id
    assert twice == []


@pytest.mark.parametrize(
    ("name", "attribute", "allowed"),
    [
        ("predicates", "modality", Modality),
        ("predicates", "polarity", Polarity),
        ("predicates", "mode", MeetingMode),
        ("modality", "step", Modality),
    ],
)
def test_an_attribute_that_names_a_value_names_one_of_the_model(
    name: str, attribute: str, allowed: type[StrEnum]
) -> None:
    given = {entry.get(attribute) for entry in _entries(name)} - {None}
    assert given
    assert given <= {member.value for member in allowed}


def test_a_predicate_has_a_kind_that_a_verb_can_carry_and_a_shape() -> None:
    entries = _entries("predicates")
    assert {entry.attrs["kind"] for entry in entries} == KINDS
    assert {ClaimKind(kind).value for kind in KINDS} == KINDS
    assert {entry.attrs["shape"] for entry in entries} == {"verb", "noun", "participle"}
    assert [entry.id for entry in entries if not entry.attrs["family"].replace("_", "").isalpha()] == []


@pytest.mark.parametrize(("name", "types"), TYPES.items())
def test_a_typed_file_uses_every_type_and_no_other(name: str, types: set[str]) -> None:
    assert {entry.attrs["type"] for entry in _entries(name)} == types


def test_page_furniture_says_where_it_marks() -> None:
    wheres = "line heads label opens related read within anywhere caption credit comments author"
    assert {entry.attrs["where"] for entry in _entries("boilerplate")} == set(wheres.split())


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("التقى نائب القائد العام وزير الدفاع الإيطالي", "event"),
        ("وحل الفريق ضيفا على القاهرة بعد أن غادر موسكو", "event"),
        ("كان في استقباله بالمطار سفير فرنسا", "event"),
        ("وسيلتقي الوزير القائد العام غدا", "event"),
        ("للقائه القائد العام سافر الوزير", "event"),
        ("بحضور السفير الإيطالي", "participant"),
        ("وتطرق الحديث إلى ملف الهجرة", "agenda"),
        ("جرى خلال اللقاء بحث ملف الطاقة", "agenda"),
        ("وأوضح السفير موقف بلاده", "statement"),
        ("وشدد على وحدة البلاد", "statement"),
        ("ورحبت القاهرة بالخطوة", "stance"),
        ("تم الاتفاق على مسارات تدريبية", "outcome"),
        ("وأكد الطرفان ضرورة استمرار التشاور", "outcome"),
        ("زعمت الصحيفة خلاف ذلك", "reported"),
        ("وتعكس هذه التحركات تقاربا", "analysis"),
    ],
)
def test_common_turns_of_newspaper_arabic_carry_their_kind(sentence: str, kind: str) -> None:
    assert kind in _attrs("predicates", sentence, "kind")


@pytest.mark.parametrize(
    ("sentence", "step"),
    [
        ("بحث الجانبان سبل التعاون", "discussed"),
        ("أعرب عن رغبته في تطوير العلاقات", "wished"),
        ("أشارت إلى اتفاق مبدئي على برامج مشتركة", "agreed_in_principle"),
        ("حيث تم الاتفاق على عدة مسارات", "agreed"),
        ("وقعا مذكرة تفاهم", "signed"),
        ("دخل الاتفاق حيز التنفيذ", "implemented"),
        ("من المقرر أن يزور روما", "announced"),
        ("نفى صحة الأنباء", "denied"),
        ("تأجلت الزيارة إلى موعد لاحق", "postponed"),
        ("ألغيت الزيارة", "cancelled"),
    ],
)
def test_every_step_of_the_ladder_is_heard(sentence: str, step: str) -> None:
    assert step in _attrs("modality", sentence, "step")


@pytest.mark.parametrize(
    "sentence",
    [
        "بدأ اللواء خليفة حفتر زيارته",
        "التقى الفريق صدام حفتر السفير",
        "مباحثات بقيادة صدام حفتر",
        "وصل الفريق أول خالد حفتر إلى باريس",
    ],
)
def test_a_rank_or_a_given_name_before_a_name_is_no_force_and_no_aide(sentence: str) -> None:
    assert {"force", "aide", "kinship"} & _attrs("cues", sentence, "type") == set()


@pytest.mark.parametrize("sentence", ["هاجمت قوات حفتر المدينة", "قال المتحدث باسم حفتر", "استقبل نجل حفتر"])
def test_a_force_an_aide_and_a_son_are_told_from_the_man(sentence: str) -> None:
    assert {"force", "aide", "kinship"} & _attrs("cues", sentence, "type")


@pytest.mark.parametrize(
    "sentence",
    [
        "مكافحة الهجرة غير الشرعية التي ناقشها الوفدان",
        "لا سيما وأن المباحثات ركزت على الأمن",
        "المسارات السياسية المتعثرة",
        "وأكد ضرورة الاستمرار",
    ],
)
def test_what_only_looks_like_a_negation_is_none(sentence: str) -> None:
    assert _ids("negation", sentence) == set()


@pytest.mark.parametrize(
    "sentence", ["ولم يلتق الوفدان", "لم يتم الاتفاق على شيء", "لا صحة للخبر", "غادر دون توقيع الاتفاق"]
)
def test_a_negation_is_heard(sentence: str) -> None:
    assert _ids("negation", sentence)


@pytest.mark.parametrize(
    "line",
    [
        "بحث سبل التعاون الفني",
        "شارك نائب القائد العام في القمة",
        "المغرب يستضيف لقاء الفرقاء",
        "تحديث المنظومات الدفاعية",
        "برامج تدريب مشتركة",
        "متابعة تنفيذ الاتفاق",
        "عاجل صدام حفتر يصل إلى باريس",
        "الاقتصاد دعم الاستثمار",
    ],
)
def test_a_bullet_a_headline_and_a_table_row_are_no_page_furniture(line: str) -> None:
    assert _ids("boilerplate", line) <= {"page_labels"}  # which need a colon behind them


@pytest.mark.parametrize(
    "line", ["شارك المقالات:", "مواقيت الصلاة", "حالة الطقس", "حاسبة العملة", "أهم اللأخبار", "اقرأ أيضًا:"]
)
def test_page_furniture_is_recognised(line: str) -> None:
    assert _ids("boilerplate", line)


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("وفق بيان لقوات الشرق الليبي", "readout"),
        ("ونقلت وكالة الأنباء الليبية الخبر", "agency"),
        ("نقلا عن صحيفة إيطالية", "outlet"),
        ("قال المتحدث باسم الكرملين", "named_source"),
        ("إذ أشارت المصادر إلى اتفاق", "unnamed_source"),
        ("كتب عبر حسابه على منصة إكس", "social"),
        ("على حد قوله", "marker"),
    ],
)
def test_who_stands_behind_a_report_is_told(sentence: str, kind: str) -> None:
    assert kind in _attrs("attribution", sentence, "type")


@pytest.mark.parametrize("sentence", ["تنويع مصادر الخبرة العسكرية", "تبادل المعلومات", "استقرار الشرق الأوسط"])
def test_sources_of_expertise_and_the_middle_east_are_nobody_quoted(sentence: str) -> None:
    assert _ids("attribution", sentence) == set()


def test_a_step_that_was_awaited_is_not_one_that_is_still_to_come() -> None:
    title = "خطوة مرتقبة.. صدام حفتر يناقش مع السفير قضايا ليبيا"
    assert "announced" not in _attrs("modality", title, "step") | _attrs("cues", title, "type")
    assert "announced" in _attrs("modality", "زيارة مرتقبة إلى روما", "step")


def test_a_date_line_is_left_to_the_clock_and_not_to_a_copyright_mark() -> None:
    assert _ids("boilerplate", "2026-01-17 نائب القائد العام يصل باريس") == set()
