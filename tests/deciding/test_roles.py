"""Offices and ranks against what the ledger holds of the same person."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.deciding.roles import relate_rank, relate_role
from monitor.model import ClaimKind, Relation
from monitor.ports import ReadJob
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from tests.factories import make_known, make_mention

if TYPE_CHECKING:
    from monitor.deciding.verdict import Verdict
    from monitor.model import Mention, Slots
    from monitor.reading.words import ReadConfig

DEPUTY: Slots = (("class", "military"), ("head", "deputy"), ("office", "deputy_commander"), ("term", "ناءب"))
LAND_STAFF: Slots = (("class", "military"), ("head", "chief"), ("office", "chief_of_staff_land"), ("term", "اركان"))
DESCRIBED: Slots = (("class", "descriptor"), ("descriptor", "yes"), ("office", "strongman"), ("term", "رجل"))


def office(slots: Slots, subject: str = "saddam_haftar", **changes: str) -> Mention:
    return make_mention(
        kind=ClaimKind.ROLE, subject=subject, meeting=None, slots=tuple(sorted(slots)), terms=(), **changes
    )


def minister(key: str, head: str, *countries: str, terms: str = "") -> Slots:
    words = (("term", word) for word in terms.split())
    return (("class", "civil"), ("head", head), ("office", key), *(("office_country", c) for c in countries), *words)


def related(own: Slots, *held: Slots, origin: str | None = None) -> Verdict:
    """How `own` stands to `held`, in order of arrival, of one person."""
    ledger = [make_known(office(slots, quote=f"صفة {at}")) for at, slots in enumerate(held)]
    return relate_role(office(own), ledger, origin)


def rank(key: str, subject: str = "saddam_haftar") -> Mention:
    return make_mention(kind=ClaimKind.RANK, subject=subject, meeting=None, slots=(("rank", key),), terms=())


# -- rules, on slots -------------------------------------------------------------------------------------------------


def test_the_first_office_of_a_person_is_new() -> None:
    found = related(DEPUTY)
    assert (found.relation, found.nearest, found.compared) == (Relation.NEW, None, ("person", "office"))


def test_the_same_office_is_known_whatever_the_words_around_it() -> None:
    assert related((*DEPUTY, ("term", "قواته")), DEPUTY).relation is Relation.RESTATED


def test_another_entry_with_most_of_the_same_words_is_the_same_office() -> None:
    one = minister("state_minister", "minister_of_state", "QA", terms="وزير دوله خارجيه")
    other = minister("foreign_state_minister", "state_minister", "QA", terms="وزير دوله شوون خارجيه")
    assert related(one, other).relation is Relation.RESTATED


def test_two_military_posts_of_one_person_clash_and_both_quotes_are_shown() -> None:
    found = related(DEPUTY, LAND_STAFF)
    assert found.relation is Relation.CONTRADICTING
    assert found.nearest is not None
    assert found.nearest.mention.slots == tuple(sorted(LAND_STAFF))
    for why in (found.why, found.why_en):
        assert "صفة 0" in why
        assert office(DEPUTY).quote in why


def test_the_heads_of_two_rival_institutions_clash() -> None:
    unity = minister("unity_government", "libyan_prime_minister", "LY", terms="رءيس حكومه وحده")
    stability = minister("stability_government", "libyan_prime_minister", "LY", terms="رءيس حكومه استقرار ليبي")
    assert related(unity, stability).relation is Relation.CONTRADICTING
    assert related(stability, unity).relation is Relation.CONTRADICTING


def test_a_military_and_a_civil_post_do_not_clash() -> None:
    assert related(DEPUTY, minister("fund_director", "director", "LY", terms="مدير صندوق")).relation is Relation.NEW


def test_an_office_of_another_person_is_no_conflict() -> None:
    ledger = [make_known(office(LAND_STAFF, subject="khaled_haftar"))]
    assert relate_role(office(DEPUTY), ledger, None).relation is Relation.NEW


def test_a_rank_in_the_ledger_is_no_office() -> None:
    assert relate_role(office(DEPUTY), [make_known(rank("general"))], None).relation is Relation.NEW


@pytest.mark.parametrize("held", [DEPUTY, LAND_STAFF, DESCRIBED])
def test_a_description_clashes_with_no_office_in_either_order(held: Slots) -> None:
    assert related(DESCRIBED, held).relation is not Relation.CONTRADICTING
    assert related(held, DESCRIBED).relation is not Relation.CONTRADICTING


@pytest.mark.parametrize("head", ["envoy", "adviser", "member_parliament", "representative", "attache", "ambassador"])
def test_envoys_advisers_and_members_may_be_several_things_at_once(head: str) -> None:
    one = minister(f"{head}_libya", head, "FR", terms="مبعوث خاص ليبيا")
    other = minister(f"{head}_sahel", head, "FR", terms="مستشار شوون ساحل")
    assert related(one, other).relation is not Relation.CONTRADICTING


@pytest.mark.parametrize("head", ["member_parliament", "secretary", "head_of_state", "prime_minister"])
def test_a_minister_may_be_a_member_or_govern_as_well(head: str) -> None:
    one = minister("minister", "minister", "FR", terms="وزير")
    for pair in permutations((one, minister(f"{head}_libya", head, "FR", terms="رءيس"))):
        assert related(*pair).relation is not Relation.CONTRADICTING


@pytest.mark.parametrize("head", ["minister", "envoy", "adviser", "speaker", "head_diwan", "spokesman"])
def test_a_post_of_command_leaves_room_for_no_other(head: str) -> None:
    for pair in permutations((LAND_STAFF, minister(head, head, "LY", terms="غير"))):
        assert related(*pair).relation is Relation.CONTRADICTING


def test_the_plain_title_says_nothing_new_beside_that_of_the_institution() -> None:
    plain = minister("prime_minister", "prime_minister", "LY", terms="رءيس وزراء")
    specific = minister("gna_prime_minister", "libyan_prime_minister", "LY", terms="رءيس حكومه وفاق")
    for one, other in permutations((plain, specific)):
        assert related(one, other).relation is Relation.RESTATED


def test_two_governments_clash_though_both_are_called_by_the_plain_title() -> None:
    unity = minister("unity_prime_minister", "libyan_prime_minister", "LY", terms="رءيس حكومه وحده")
    accord = minister("gna_prime_minister", "libyan_prime_minister", "LY", terms="رءيس حكومه وفاق")
    plain = minister("prime_minister", "prime_minister", "LY", terms="رءيس وزراء")
    assert related(unity, plain, accord).relation is Relation.CONTRADICTING


def test_the_same_office_of_another_country_is_not_the_same() -> None:
    italian = minister("foreign_minister", "minister_foreign", "IT", terms="وزير خارجيه")
    turkish = minister("foreign_minister", "minister_foreign", "TR", terms="وزير خارجيه")
    assert related(italian, turkish).relation is not Relation.RESTATED
    assert related(italian, minister("foreign_minister", "minister_foreign")).relation is Relation.RESTATED


def test_of_several_offices_the_one_that_agrees_settles_it() -> None:
    for held in permutations((DEPUTY, LAND_STAFF)):
        assert related(DEPUTY, *held).relation is Relation.RESTATED


def test_the_newest_of_several_that_clash_is_shown() -> None:
    navy = (("class", "military"), ("head", "chief"), ("office", "chief_of_staff_navy"), ("term", "بحريه"))
    found = related(DEPUTY, LAND_STAFF, navy)
    assert found.nearest is not None
    assert ("office", "chief_of_staff_navy") in found.nearest.mention.slots


def test_a_named_origin_corroborates_an_office_and_an_unnamed_one_does_not() -> None:
    assert related(DEPUTY, DEPUTY, origin="وكالة الأنباء الليبية").relation is Relation.CORROBORATING
    assert related(DEPUTY, DEPUTY, origin=None).relation is Relation.RESTATED


def test_another_rank_clashes_the_same_is_known_and_the_first_is_new() -> None:
    assert relate_rank(rank("general"), [], None).relation is Relation.NEW
    assert relate_rank(rank("general"), [make_known(rank("general"))], None).relation is Relation.RESTATED
    clash = relate_rank(rank("general"), [make_known(rank("lieutenant_general"))], None)
    assert (clash.relation, clash.compared) == (Relation.CONTRADICTING, ("person", "rank"))
    both = [make_known(rank("general")), make_known(rank("lieutenant_general"))]
    assert relate_rank(rank("general"), both, None).relation is Relation.RESTATED


def test_the_rank_of_a_brother_is_no_conflict() -> None:
    ledger = [make_known(rank("lieutenant_general", subject="khaled_haftar"))]
    assert relate_rank(rank("general"), ledger, None).relation is Relation.NEW


# -- as newspapers write them: read with the shipped lexicon ---------------------------------------------------------


@lru_cache(maxsize=1)
def configuration() -> ReadConfig:
    return load_read_config(Path(__file__).resolve().parents[2] / "config")


def read(titled: str, kind: ClaimKind) -> Mention:
    """The claim of one kind about `titled`, who attended a meeting that somebody followed had in Paris."""
    job = ReadJob(
        article_id="a",
        url="https://a.example/1",
        outlet="a",
        fetched_at=datetime(2026, 1, 18, tzinfo=UTC),
        text=f"استقبال في باريس\nاستقبل إيمانويل ماكرون بلقاسم حفتر في باريس أمس. وحضر اللقاء {titled}.",
    )
    found = [m for m in read_article(job, configuration()).mentions if m.kind is kind and "macron" not in m.subject]
    assert found, f"no {kind} read in «{titled}»"
    return found[0]


def said(one: str, other: str, kind: ClaimKind = ClaimKind.ROLE) -> Relation:
    """How the office or rank in `other` stands to that in `one`."""
    relate = relate_rank if kind is ClaimKind.RANK else relate_role
    return relate(read(other, kind), [make_known(read(one, kind))], None).relation


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("نائب القائد العام صدام حفتر", "نائب القائد العام للقوات المسلحة صدام حفتر"),
        ("نائب القائد العام للجيش الليبي صدام حفتر", "صدام حفتر نائب قائد الجيش الوطني الليبي"),
        ("رئيس الأركان العامة خالد حفتر", "رئيس أركان الجيش خالد حفتر"),
        ("رئيس حكومة الوحدة الوطنية عبد الحميد الدبيبة", "رئيس الوزراء عبدالحميد الدبيبة"),
    ],
)
def test_the_same_post_in_other_words_is_known_in_either_order(one: str, other: str) -> None:
    assert said(one, other) is Relation.RESTATED
    assert said(other, one) is Relation.RESTATED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("نائب القائد العام صدام حفتر", "رئيس أركان القوات البرية صدام حفتر"),
        ("رئيس الأركان العامة خالد حفتر", "رئيس أركان الوحدات الأمنية خالد حفتر"),
        ("رئيس مجلس النواب عقيلة صالح", "رئيس المجلس الأعلى للدولة عقيلة صالح"),
        ("رئيس الأركان الخاص للرئيس فنسنت جيرو", "مستشار الأمن القومي للرئيس فنسنت جيرو"),
        ("المبعوث الخاص للرئيس بول سولير", "المتحدث باسم الرئيس بول سولير"),
        ("نائب القائد العام صدام حفتر", "وزير الدفاع صدام حفتر"),
    ],
)
def test_two_posts_that_exclude_each_other_clash_in_either_order(one: str, other: str) -> None:
    assert said(one, other) is Relation.CONTRADICTING
    assert said(other, one) is Relation.CONTRADICTING


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("المبعوث الخاص بول سولير", "مستشار الرئيس الفرنسي بول سولير"),
        ("القائد العام خليفة حفتر", "رجل شرق ليبيا القوي خليفة حفتر"),
        ("رئيس أركان القوات البرية صدام حفتر", "رئيس الأركان السابق صدام حفتر"),
    ],
)
def test_what_one_man_can_be_at_once_does_not_clash(one: str, other: str) -> None:
    assert said(one, other) is not Relation.CONTRADICTING
    assert said(other, one) is not Relation.CONTRADICTING


def test_the_deputy_of_a_commander_is_not_taken_for_the_commander() -> None:
    assert said("القائد العام خليفة حفتر", "نائب القائد العام خليفة حفتر") is Relation.CONTRADICTING


def test_two_ranks_of_one_man_clash_and_one_rank_in_two_spellings_does_not() -> None:
    assert said("الفريق صدام حفتر", "الفريق أول ركن صدام حفتر", ClaimKind.RANK) is Relation.CONTRADICTING
    assert said("الفريق أول ركن صدام حفتر", "الفريق أول الركن صدام حفتر", ClaimKind.RANK) is Relation.RESTATED


def test_a_rank_without_its_staff_qualification_is_no_other_rank() -> None:
    assert said("الفريق أول ركن صدام حفتر", "الفريق أول صدام حفتر", ClaimKind.RANK) is Relation.RESTATED
