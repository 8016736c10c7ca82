"""What an article claims of its meeting: whose claims count, and what each of them is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.model import ClaimKind, Modality, Polarity
from monitor.reading.claims import TOPIC
from tests.reading.reader import slots

if TYPE_CHECKING:
    from monitor.model import Mention, Reading
    from tests.reading.reader import Reader

ROME = "التقى صدام حفتر في روما وزير الدفاع الإيطالي غويدو كروزيتو."
LONG = (
    "أجرى خليفة حفتر في القاهرة محادثات مع الرئيس المصري عبد الفتاح السيسي بشأن ملفات عدة تهم البلدين، "
    "وحضرها عدد من المسؤولين"
)


def claim(reading: Reading, quote: str) -> Mention:
    (found,) = [mention for mention in reading.mentions if mention.quote == quote]
    return found


def topics(mention: Mention) -> set[str]:
    return {name.removeprefix(TOPIC) for name in mention.terms if name.startswith(TOPIC)}


def quotes(reading: Reading) -> list[str]:
    return [mention.quote for mention in reading.mentions]


def test_what_was_talked_about_is_an_agenda_claim_of_both_sides(reader: Reader) -> None:
    found = claim(reader.read(ROME, "وبحث الجانبان ملف الهجرة غير الشرعية."), "وبحث الجانبان ملف الهجرة غير الشرعية")
    assert (found.kind, found.modality, found.meeting) == (ClaimKind.AGENDA, Modality.DISCUSSED, 0)
    assert topics(found) == {"illegal_migration"}


def test_what_one_side_said_is_his_statement(reader: Reader) -> None:
    found = claim(reader.read(ROME, "وأكد كروزيتو دعم الانتخابات."), "وأكد كروزيتو دعم الانتخابات")
    assert (found.kind, found.speaker, topics(found)) == (ClaimKind.STATEMENT, "guido_crosetto", {"elections"})


def test_an_agreement_and_its_denial_are_one_matter_of_two_polarities(reader: Reader) -> None:
    made = claim(reader.read(ROME, "ووقع الجانبان اتفاقا للتدريب."), "ووقع الجانبان اتفاقا للتدريب")
    denied = claim(reader.read(ROME, "ولم يوقع الجانبان اتفاقا للتدريب."), "ولم يوقع الجانبان اتفاقا للتدريب")
    assert made.terms == denied.terms
    assert (made.polarity, denied.polarity) == (Polarity.AFFIRMED, Polarity.NEGATED)


def test_what_a_clause_denies_is_a_slot_of_its_own(reader: Reader) -> None:
    denied = claim(reader.read(ROME, "ولم يبحث الجانبان ملف الهجرة."), "ولم يبحث الجانبان ملف الهجرة")
    unheard = claim(reader.read(ROME, "ولم يسهم حفتر في دعم الانتخابات."), "ولم يسهم حفتر في دعم الانتخابات")
    assert denied.values("denied") == {"discuss"}
    assert "denied" not in slots(claim(reader.read(ROME, "وبحث الجانبان ملف الهجرة."), "وبحث الجانبان ملف الهجرة"))
    assert unheard.values("denied")


def test_the_other_side_is_heard_without_its_name_once_it_has_been_named(reader: Reader) -> None:
    said = "واقترح الوزير برامج لدعم الانتخابات."
    assert said.rstrip(".") in quotes(reader.read(ROME, said))
    assert "واقترح السفير برامج لدعم الانتخابات" not in quotes(
        reader.read(ROME, "واقترح السفير برامج لدعم الانتخابات.")
    )


def test_numbers_are_slots_and_what_is_counted_is_content(reader: Reader) -> None:
    one, other = (
        claim(reader.read(ROME, f"وبحث الجانبان {number} محاور."), f"وبحث الجانبان {number} محاور")
        for number in ("أربعة", "6")
    )
    assert one.terms == other.terms != ()
    assert slots(one)["number"] != slots(other)["number"]


def test_who_speaks_and_how_are_no_part_of_what_is_said(reader: Reader) -> None:
    one = claim(reader.read(ROME, "وأكد كروزيتو دعم الانتخابات."), "وأكد كروزيتو دعم الانتخابات")
    other = claim(reader.read(ROME, "وأكد صدام حفتر دعم الانتخابات."), "وأكد صدام حفتر دعم الانتخابات")
    assert one.terms == other.terms
    assert slots(one)["speaker"] != slots(other)["speaker"]


@pytest.mark.parametrize(
    "pair",
    [
        ("وبحث الجانبان ملف الهجرة غير الشرعية.", "وناقش الطرفان الهجرة غير النظامية."),
        ("وبحث الجانبان التعاون العسكري.", "وتناول اللقاء التعاون العسكري."),
    ],
)
def test_two_wordings_of_one_matter_share_their_topics(reader: Reader, pair: tuple[str, str]) -> None:
    one, other = ({name for m in reader.read(ROME, text).mentions for name in topics(m)} for text in pair)
    assert one == other != set()


def test_an_article_without_a_meeting_claims_nothing(reader: Reader) -> None:
    reading = reader.read("أكد خليفة حفتر دعمه للانتخابات.", "وبحث الجانبان ملف الهجرة.")
    assert (reading.in_scope, reading.mentions) == (False, ())


def test_chrome_headings_leads_and_advice_claim_nothing(reader: Reader) -> None:
    lead = "خالد حفتر يلتقي السفير التركي في بنغازي"
    reading = reader.read(
        f"{LONG}.",
        "خلفية عن ملف الهجرة",
        lead,
        f"{LONG}.",
        "إليك خطوات يمكن اتباعها لدعم الاستقرار في البلاد:",
        "- توقيع اتفاق بين خليفة حفتر والسيسي لمراقبة الحدود",
        f"{LONG}.",
        "شارك الخبر",
    )
    claimed = " ".join(quotes(reading))
    assert not [part for part in ("خلفية", "السفير التركي", "خطوات", "توقيع اتفاق", "شارك") if part in claimed]
    assert [found.quote for found in reading.leads] == [lead]
    assert "khaled_haftar" not in {found.person for found in reading.people}


def test_items_of_a_list_that_reports_are_agenda(reader: Reader) -> None:
    reading = reader.read(f"{LONG}، وشملت ما يلي:", "• إعادة إعمار مدينة درنة", "• مراقبة الحدود مع السودان وتشاد")
    assert claim(reading, "إعادة إعمار مدينة درنة").kind is ClaimKind.AGENDA
    assert not [quote for quote in quotes(reading) if "ما يلي" in quote]


def test_a_sentence_about_something_else_claims_nothing_of_the_meeting(reader: Reader) -> None:
    reading = reader.read(ROME, "وارتفعت أسعار الخبز في الأسواق هذا الأسبوع.")
    assert not [quote for quote in quotes(reading) if "الخبز" in quote]


def test_claims_of_a_past_meeting_belong_to_that_one(reader: Reader) -> None:
    reading = reader.read(ROME, "وفي 12 مارس 2025 التقى صدام حفتر في أنقرة يشار غولر.")
    assert {mention.meeting for mention in reading.mentions if "غولر" in mention.quote} - {None} == {1}
    assert {mention.meeting for mention in reading.mentions if "روما" in mention.quote} - {None} == {0}


def test_a_statement_named_as_source_is_an_attribution_claim(reader: Reader) -> None:
    found = claim(reader.read(f"وفق بيان للقيادة العامة، {ROME}"), "وفق بيان للقيادة العامة")
    assert found.kind is ClaimKind.ATTRIBUTION


def test_every_claim_carries_the_article_s_origin_where_it_speaks_of_contents(reader: Reader) -> None:
    reading = reader.read(f"وفق بيان للقيادة العامة، {ROME}", "وبحث الجانبان ملف النفط.")
    assert claim(reading, "وبحث الجانبان ملف النفط").origin == "وفق بيان للقيادة العامة"


def test_claims_stand_in_text_order_and_none_twice(reader: Reader) -> None:
    mentions = reader.read(ROME, "وبحث الجانبان ملف النفط.", "وأكد كروزيتو دعم الانتخابات.").mentions
    assert [mention.start for mention in mentions] == sorted(mention.start for mention in mentions)
    assert len({(m.kind, m.start, m.end, m.subject, m.slots) for m in mentions}) == len(mentions)


def test_days_and_whom_it_is_from_are_no_part_of_what_is_said(reader: Reader) -> None:
    plain = claim(reader.read(ROME, "وبحث الجانبان ملف الهجرة."), "وبحث الجانبان ملف الهجرة")
    dated = "وبحث الجانبان ملف الهجرة يوم الاثنين بحسب بيان نشره مكتب الإعلام"
    assert claim(reader.read(ROME, f"{dated}."), dated).terms == plain.terms


def test_what_somebody_added_is_his_without_his_name(reader: Reader) -> None:
    more = "كما شدد على أهمية الانتخابات"
    found = claim(reader.read(ROME, "وأكد كروزيتو دعم الانتخابات.", f"{more}."), more)
    assert found.kind is ClaimKind.STATEMENT
    assert more not in quotes(reader.read(ROME, "ارتفعت أسعار القمح في الأسواق.", f"{more}."))


@pytest.mark.parametrize("joint", ["بينما", "كما", "في حين", "إذ"])
def test_a_clause_word_behind_a_comma_opens_a_claim_of_its_own(reader: Reader, joint: str) -> None:
    other = "تسري في البلاد هدنة دعت إليها موسكو"
    assert f"{joint} {other}" in reader.parts(f"وكان كروزيتو قد زار بنغازي في مايو، {joint} {other}.")
