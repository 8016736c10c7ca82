"""Who is named in a text: by which name, in which office and rank, and whether he is the one who acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from monitor.reading.people import Person
    from tests.reading.reader import Reader

KHALIFA, SADDAM, KHALED, BELQASEM = "khalifa_haftar", "saddam_haftar", "khaled_haftar", "belqasem_haftar"


def person(reader: Reader, who: str, text: str) -> Person:
    """The first mention of `who`."""
    return next(found for found in reader.people(text) if found.id == who)


def office(reader: Reader, who: str, text: str) -> str | None:
    held = person(reader, who, text).office
    return held.text if held else None


@pytest.mark.parametrize(
    ("text", "who", "held"),
    [
        ("وصل وزير الدفاع الإيطالي غويدو كروزيتو إلى بنغازي", "guido_crosetto", "وزير الدفاع الإيطالي"),
        ("وصل غويدو كروزيتو، وزير الدفاع الإيطالي، إلى بنغازي", "guido_crosetto", "وزير الدفاع الإيطالي"),
        ("وصل وزير الدفاع الإيطالي، غويدو كروزيتو، إلى بنغازي", "guido_crosetto", "وزير الدفاع الإيطالي"),
        ("وصل خالد حفتر، رئيس الأركان العامة، إلى روما", KHALED, "رئيس الأركان العامة"),
        ("صرح رئيس الوزراء (المنتهية ولايته) عبد الحميد الدبيبة", "abdul_hamid_dbeibah", "رئيس الوزراء"),
        ("وصل مبعوث الرئيس الأمريكي (للشؤون الأفريقية) مسعد بولس", "massad_boulos", "مبعوث الرئيس الأمريكي"),
        ("وصل المبعوث الأممي عبد الله باتيلي", "abdoulaye_bathily", "المبعوث الأممي"),
    ],
)
def test_an_office_is_found_before_a_name_behind_a_comma_and_across_brackets(
    reader: Reader, text: str, who: str, held: str
) -> None:
    assert office(reader, who, text) == held


def test_office_rank_and_name_are_one_phrase(reader: Reader) -> None:
    found = person(reader, SADDAM, "زار نائب القائد العام الفريق أول ركن صدام حفتر أنقرة")
    assert found.office is not None
    assert found.rank is not None
    assert (found.office.key, found.rank.key) == ("deputy_general_commander", "colonel_general")


def test_an_envoy_is_not_the_president_who_sent_him(reader: Reader) -> None:
    text = "وحضر المبعوث الخاص للرئيس الفرنسي إيمانويل ماكرون، بول سولير، الجلسة"
    assert office(reader, "paul_soler", text) == "المبعوث الخاص للرئيس الفرنسي إيمانويل ماكرون"
    assert reader.named(text) == ["emmanuel_macron", "paul_soler"]


@pytest.mark.parametrize("name", ["سعدام حفتر", "صادم حفتر"])
def test_a_misprint_seen_in_the_wild_is_the_man_and_flagged(reader: Reader, name: str) -> None:
    found = person(reader, SADDAM, f"زار {name} أنقرة")
    assert (found.form, found.typo) == (name, True)


@pytest.mark.parametrize("name", ["صدام حفتر", "صدّام حفتــر", "صدام خليفة حفتر", "وصدام حفتر"])
def test_spellings_of_a_name_are_the_man_and_no_misprints(reader: Reader, name: str) -> None:
    assert not person(reader, SADDAM, f"التقى الوفد {name} أمس").typo


def test_a_bare_surname_is_whoever_of_the_family_was_named_last(reader: Reader) -> None:
    assert reader.named("وصل صدام حفتر إلى أنقرة، ثم غادر حفتر مساء") == [SADDAM, SADDAM]
    assert reader.named("سافر خالد حفتر أمس. وأجرى حفتر محادثات") == [KHALED, KHALED]


def test_a_bare_surname_with_nobody_named_before_is_the_father(reader: Reader) -> None:
    assert reader.named("قال حفتر إن الجيش موحد") == [KHALIFA]


def test_a_bare_given_name_is_the_man_only_where_he_is_named_in_full(reader: Reader) -> None:
    assert reader.named("استقبل بلقاسم حفتر الضيوف، وأطلع بلقاسم الحضور على المشاريع") == [BELQASEM, BELQASEM]
    assert reader.named("أطلع بلقاسم الحضور على المشاريع") == []


@pytest.mark.parametrize(
    "text",
    [
        "حوكم صدام حسين في بغداد",
        "صار خليفة له في المنصب",
        "قال عقبة حفتر إنه لا يعلم",
        "تقدمت قوات حفتر نحو الجنوب",
        "قصفت مليشيات حفتر المدينة",
    ],
)
def test_namesakes_common_nouns_and_forces_are_nobody_watched(reader: Reader, text: str) -> None:
    assert reader.named(text) == []


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("تقدمت كتائب صدام حفتر نحو سبها", SADDAM),
        ("وصلت قوات المشير خليفة حفتر إلى سبها، وأعلنت قوات خالد حفتر الانسحاب", KHALED),
        ("التقى مستشار خليفة حفتر السفير الروسي", KHALIFA),
        ("قال متحدث باسم خليفة حفتر إن اللقاء مثمر", KHALIFA),
        ("وصل وفد يمثل صدام حفتر إلى أنقرة", SADDAM),
    ],
)
def test_a_force_an_aide_or_a_delegation_acts_and_not_the_man_it_is_named_after(
    reader: Reader, text: str, who: str
) -> None:
    assert not any(found.acting for found in reader.people(text) if found.id == who)


def test_a_man_in_person_acts(reader: Reader) -> None:
    assert person(reader, SADDAM, "وصل صدام حفتر إلى سبها").acting


def test_the_son_of_his_father_is_the_one_son_whom_the_text_names(reader: Reader) -> None:
    text = "وصل صدام حفتر إلى موسكو. والتقى نجل المشير خليفة حفتر مسؤولين"
    assert [(found.id, found.acting) for found in reader.people(text) if found.listed == "principal"] == [
        (SADDAM, True),
        (SADDAM, True),
        (KHALIFA, False),
    ]


def test_the_son_is_nobody_where_the_text_names_two(reader: Reader) -> None:
    text = "زار صدام حفتر وخالد حفتر القاهرة. وقال نجل المشير خليفة حفتر إن الزيارة مهمة"
    assert [found.id for found in reader.people(text) if found.acting] == [SADDAM, KHALED]


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("استقبل القائد العام الوفد", KHALIFA),
        ("استقبل نائب القائد العام الوفد", SADDAM),
        ("استقبل قائد الجيش الوطني الليبي الوفد", KHALIFA),
    ],
)
def test_an_office_alone_is_its_holder(reader: Reader, text: str, who: str) -> None:
    assert reader.named(text) == [who]


def test_the_same_office_of_another_army_is_nobody_watched(reader: Reader) -> None:
    assert reader.named("استقبل القائد العام للجيش الباكستاني الوفد") == []


def test_the_marshal_alone_is_khalifa_in_a_text_about_libya_only(reader: Reader) -> None:
    assert KHALIFA in reader.named("وصل المشير أمس إلى بنغازي")
    assert reader.named("كرم المشير محمد حسين طنطاوي الضباط") == []


def test_an_office_without_a_name_stands_for_its_holder_with_its_country(reader: Reader) -> None:
    (found,) = reader.people("وصل السفير اليوناني لدى ليبيا")
    assert (found.listed, found.country, found.foreign) == ("office", "GR", True)


def test_one_servant_of_god_is_written_in_one_word_or_two(reader: Reader) -> None:
    text = "قال عبدالحميد الدبيبة، وأضاف عبد الحميد الدبيبة"
    assert reader.named(text) == ["abdul_hamid_dbeibah"] * 2


def test_four_of_one_family_never_merge(reader: Reader) -> None:
    text = "حضر خليفة حفتر وصدام حفتر وخالد حفتر وبلقاسم حفتر"
    assert reader.named(text) == [KHALIFA, SADDAM, KHALED, BELQASEM]


def test_the_marshal_of_the_general_staff_acts_himself(reader: Reader) -> None:
    assert person(reader, KHALIFA, "استقبل المشير أركان حرب خليفة حفتر الوفد").acting


def test_the_father_does_not_travel_where_his_unnamed_son_does(reader: Reader) -> None:
    assert not person(reader, KHALIFA, "وصل نجل خليفة حفتر إلى موسكو").acting


@pytest.mark.parametrize("rank", ["اللواء المتقاعد", "اللواء الليبي المتقاعد"])
def test_a_rank_is_read_with_what_is_said_of_it(reader: Reader, rank: str) -> None:
    found = person(reader, KHALIFA, f"التقى السيسي {rank} خليفة حفتر.")
    assert found.rank is not None
    assert found.rank.key == "major_general"


def test_a_surname_that_is_no_word_names_the_one_figure_who_has_it(reader: Reader) -> None:
    assert reader.named("فيدان وغولر في استقبال صدام حفتر") == ["hakan_fidan", "yasar_guler", "saddam_haftar"]
    assert "hassan_rashad" not in reader.named("قرار رشاد لا يعجب أحدا")


def test_a_counsellor_by_title_is_no_ones_aide(reader: Reader) -> None:
    assert person(reader, "aguila_saleh", "استقبل السيسي المستشار عقيلة صالح.").acting
    assert not person(reader, KHALIFA, "استقبل السيسي مستشار خليفة حفتر.").acting


@pytest.mark.parametrize("text", ["استقبل ماكرون المشير خفتر.", "عاد خليفة حفتر، ثم خرج خفتر إلى الصحفيين."])
def test_a_misprinted_surname_is_believed_and_flagged_where_something_speaks_for_it(reader: Reader, text: str) -> None:
    (found,) = [one for one in reader.people(text) if one.form == "خفتر"]
    assert (found.id, found.typo) == (KHALIFA, True)
    assert reader.named("كتب خفتر مقالا.") == []
