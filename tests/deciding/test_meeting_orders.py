"""Which article tells of which meeting, and which claims they make, does not depend on which came first.

The decoys below were written for this test and report nothing: offices are real, the events are composed.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime
from itertools import permutations
from typing import TYPE_CHECKING, Final

import pytest

from monitor.model import MeetingStatus
from monitor.ports import ReadJob
from storage.archive import SqliteArchive
from tests.accuracy.gold import claim_sets
from tests.accuracy.orders import claims_of, late, orders, seed_readings
from tests.accuracy.product import BEGINNING, decisions, main_meeting, readings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Decision, Reading
    from tests.accuracy.gold import ClaimGold
    from tests.accuracy.orders import Arrival


def _article(name: str, day: str, title: str, body: str) -> ReadJob:
    return ReadJob(
        article_id=name,
        url=f"https://{name}.example.test/news",
        outlet=name,
        fetched_at=BEGINNING,
        title=title,
        text=f"{title}\n{body}",
        published_at=datetime.fromisoformat(f"{day}T09:00:00+00:00"),
        published_source="feed",
    )


_TODAY: Final = re.compile(r" اليوم (?:الاثنين|السبت)")
_RECEIVES: Final = (
    "استقبل نائب القائد العام للقوات المسلحة الفريق أول ركن صدام حفتر في مكتبه بمدينة بنغازي اليوم الاثنين سفير "
    "{country} لدى ليبيا. وبحث اللقاء سبل تطوير التعاون في مجال أمن الحدود، وملف الهجرة غير النظامية.\n"
    "وأعرب السفير عن تقدير بلاده لجهود القيادة العامة في حفظ الأمن."
)

ITALIAN: Final = _article(
    "italian", "2025-11-03", "صدام حفتر يستقبل سفير إيطاليا لدى ليبيا", _RECEIVES.format(country="إيطاليا")
)
GREEK: Final = _article(
    "greek", "2025-11-03", "صدام حفتر يستقبل سفير اليونان لدى ليبيا", _RECEIVES.format(country="اليونان")
)
FIDAN: Final = _article(
    "fidan",
    "2025-03-10",
    "صدام حفتر يلتقي هاكان فيدان في أنقرة",
    "التقى الفريق صدام حفتر في أنقرة اليوم الاثنين وزير الخارجية التركي هاكان فيدان. وناقش الجانبان مسار العملية "
    "السياسية في ليبيا، وعمل الشركات في مدينة درنة.",
)
TAJANI: Final = _article(
    "tajani",
    "2025-03-10",
    "صدام حفتر يلتقي أنطونيو تاياني في روما",
    "التقى الفريق صدام حفتر في روما اليوم الاثنين وزير الخارجية الإيطالي أنطونيو تاياني. وناقش الجانبان مسار العملية "
    "السياسية في ليبيا، وعمل الشركات في مدينة درنة.",
)
FIDAN_LATER: Final = _article(
    "later",
    "2025-06-14",
    "صدام حفتر يلتقي هاكان فيدان في أنقرة",
    "التقى الفريق صدام حفتر في أنقرة اليوم السبت وزير الخارجية التركي هاكان فيدان. وتطرق اللقاء إلى الربط البحري بين "
    "البلدين، وعودة الرحلات الجوية إلى مطار بنينا.",
)
ANNOUNCED: Final = _article(
    "announced",
    "2025-09-01",
    "خالد حفتر يزور القاهرة الخميس للقاء وزير الدفاع المصري",
    "يتوجه رئيس الأركان العامة الفريق أول ركن خالد حفتر إلى القاهرة يوم الخميس 4 سبتمبر 2025، حيث من المقرر أن يلتقي "
    "وزير الدفاع المصري عبد المجيد صقر. ومن المنتظر أن يبحث الطرفان تأمين الحدود المشتركة.",
)
HELD: Final = _article(
    "held",
    "2025-09-05",
    "وزير الدفاع المصري يستقبل خالد حفتر في القاهرة",
    "استقبل وزير الدفاع المصري عبد المجيد صقر أمس في القاهرة رئيس الأركان العامة الفريق أول ركن خالد حفتر. وبحث "
    "الطرفان تأمين الحدود المشتركة، وتبادل المعلومات عن شبكات التهريب.",
)
CLAIMED: Final = _article(
    "claimed",
    "2025-04-20",
    "بلقاسم حفتر التقى السفير الأمريكي في تونس",
    "التقى مدير صندوق التنمية وإعادة الإعمار بلقاسم حفتر السفير الأمريكي لدى ليبيا ريتشارد نورلاند في تونس يوم السبت "
    "19 أبريل 2025، وفق ما أورده موقع محلي.",
)
DENIED: Final = _article(
    "denied",
    "2025-04-21",
    "صندوق التنمية ينفي لقاء بلقاسم حفتر السفير الأمريكي في تونس",
    "نفى صندوق التنمية وإعادة الإعمار أن يكون مديره بلقاسم حفتر قد التقى السفير الأمريكي لدى ليبيا ريتشارد نورلاند في "
    "تونس. وقال الصندوق إن اللقاء لم يعقد، وإن مديره لم يغادر بنغازي هذا الأسبوع.",
)


DECOYS: Final = (ITALIAN, GREEK, FIDAN, TAJANI, FIDAN_LATER, ANNOUNCED, HELD, CLAIMED, DENIED)


def undated(job: ReadJob) -> ReadJob:
    """The same article without the day in its text: all that is known of the time is when it was published."""
    return replace(job, text=_TODAY.sub("", job.text or ""))


def decided(*jobs: ReadJob) -> dict[str, Decision]:
    """What is decided of each article when they arrive in this order."""
    with SqliteArchive(":memory:") as archive:
        return {d.reading.article.id: d for d in decisions(readings_of(jobs), archive)}


def meetings(*jobs: ReadJob) -> list[str | None]:
    """The main meeting of each article, in the order of arrival."""
    return [main_meeting(decision) for decision in decided(*jobs).values()]


def grouped(readings: Sequence[Reading]) -> list[list[str]]:
    """Which articles were taken for one meeting, by id, those of the corpus by its first three characters."""
    with SqliteArchive(":memory:") as archive:
        said = {d.reading.article.id: main_meeting(d) for d in decisions(readings, archive)}
    groups: dict[str | None, list[str]] = defaultdict(list)
    for name, meeting in said.items():
        groups[meeting].append(name[:3] if name[0].isdigit() else name)
    return sorted(map(sorted, groups.values()))


@pytest.fixture(scope="module")
def corpus() -> tuple[Reading, ...]:
    return seed_readings()


@pytest.fixture(scope="module")
def arrivals(corpus: Sequence[Reading]) -> tuple[Arrival, ...]:
    found = tuple(orders(corpus))
    assert len(found) == 120
    return found


def test_the_seed_corpus_is_two_meetings_in_each_of_120_orders(arrivals: Sequence[Arrival]) -> None:
    assert [arrival.order for arrival in arrivals if arrival.b_cubed < 1] == []


def test_the_seed_corpus_makes_the_same_claims_in_each_of_120_orders(arrivals: Sequence[Arrival]) -> None:
    assert len({arrival.claims for arrival in arrivals}) == 1
    assert sum(len(claim) > 1 for claim in arrivals[0].claims) >= 15, "restated claims are one"
    assert max(map(len, arrivals[0].claims)) < len(frozenset().union(*arrivals[0].claims)) / 5, "and not all are"


def test_a_claim_is_new_in_the_first_article_that_makes_it_or_in_none(arrivals: Sequence[Arrival]) -> None:
    assert [arrival.order for arrival in arrivals if arrival.late] == []


def test_the_four_conflicts_are_told_between_the_same_claims_in_each_of_120_orders(
    arrivals: Sequence[Arrival],
) -> None:
    told = [arrival.conflicts for arrival in arrivals]
    posts = [{one.whose for one in conflicts if one.slot == "office"} for conflicts in told]
    assert all(len(whose) == 2 and "saddam_haftar" in whose for whose in posts), "his post, and his host's"
    assert all(sum(one.slot == "rank" for one in conflicts) == 1 for conflicts in told)
    assert len({frozenset(one for one in conflicts if one.slot != "modality") for conflicts in told}) == 1


def test_what_is_agreed_here_and_only_discussed_there_is_told_once_whichever_came_first(
    arrivals: Sequence[Arrival],
) -> None:
    steps = [[one.claims for one in arrival.conflicts if one.slot == "modality"] for arrival in arrivals]
    assert all(len(told) == 1 for told in steps)
    assert len(frozenset.intersection(*(told[0] for told in steps))) == 1, "the agreement; its other side is who came"


_REREAD: Final = tuple(one for one in claim_sets(None) if one.name in {"tuning", "tuning2", "reports/3"})
"""Sets whose articles are tied to the same meetings in any order; of others the claims differ with the meetings."""


@pytest.mark.parametrize("gold", _REREAD, ids=lambda gold: gold.name)
def test_articles_of_other_meetings_make_the_same_claims_shuffled(gold: ClaimGold) -> None:
    read = list(readings_of(gold.jobs))
    found = set()
    for shuffled in (read, read[::-1], random.Random(120).sample(read, len(read))):  # noqa: S311 - any order will do
        with SqliteArchive(":memory:") as archive:
            made = list(decisions(shuffled, archive))
            assert list(late(made)) == []
            found.add(claims_of(archive, [reading.article.id for reading in read]))
    assert len(found) == 1


@pytest.mark.parametrize("pair", tuple(permutations((ITALIAN, GREEK))), ids=lambda pair: pair[0].outlet)
def test_the_same_words_about_another_ambassador_are_another_meeting(pair: tuple[ReadJob, ReadJob]) -> None:
    one, other = meetings(*pair)
    assert one is not None
    assert other is not None
    assert one != other


@pytest.mark.parametrize("pair", tuple(permutations((FIDAN, TAJANI))), ids=lambda pair: pair[0].outlet)
def test_the_same_words_about_another_minister_are_another_meeting(pair: tuple[ReadJob, ReadJob]) -> None:
    one, other = meetings(*pair)
    assert one is not None
    assert other is not None
    assert one != other


@pytest.mark.parametrize("pair", tuple(permutations((FIDAN, FIDAN_LATER))), ids=lambda pair: pair[0].outlet)
def test_the_same_counterpart_three_months_on_is_another_meeting(pair: tuple[ReadJob, ReadJob]) -> None:
    one, other = meetings(*pair)
    assert one is not None
    assert other is not None
    assert one != other


@pytest.mark.parametrize("pair", tuple(permutations((FIDAN, FIDAN_LATER))), ids=lambda pair: pair[0].article_id)
def test_without_a_day_in_the_text_the_day_of_publication_keeps_two_meetings_apart(
    pair: tuple[ReadJob, ReadJob],
) -> None:
    one, other = meetings(*map(undated, pair))
    assert one != other


@pytest.mark.parametrize("pair", tuple(permutations((ANNOUNCED, HELD))), ids=lambda pair: pair[0].outlet)
def test_what_was_announced_and_then_held_is_one_meeting_and_held(pair: tuple[ReadJob, ReadJob]) -> None:
    found = decided(*pair)
    (one, other) = map(main_meeting, found.values())
    assert one is not None
    assert one == other
    (last,) = (link.merged for link in found[pair[1].article_id].meetings if link.id == one)
    assert last.status is MeetingStatus.HELD


def test_an_announcement_is_read_as_one() -> None:
    (meeting,) = (link.meeting for link in decided(ANNOUNCED)["announced"].meetings)
    assert (meeting.status, meeting.date_from) == (MeetingStatus.ANNOUNCED, date(2025, 9, 4))


@pytest.mark.parametrize("pair", tuple(permutations((CLAIMED, DENIED))), ids=lambda pair: pair[0].outlet)
def test_a_denial_is_about_the_meeting_denied_and_makes_no_other(pair: tuple[ReadJob, ReadJob]) -> None:
    found = decided(*pair)
    (one, other) = map(main_meeting, found.values())
    assert one is not None
    assert one == other


def test_a_denial_is_read_as_one() -> None:
    assert {link.meeting.status for link in decided(DENIED)["denied"].meetings} == {MeetingStatus.DENIED}


@pytest.mark.parametrize(
    "decoys",
    [DECOYS, tuple(map(undated, DECOYS))],
    ids=["dated", "undated"],
)
def test_the_decoys_keep_apart_in_one_archive_with_the_corpus(
    corpus: Sequence[Reading], decoys: Sequence[ReadJob]
) -> None:
    alone = ({"004"}, {"italian"}, {"greek"}, {"fidan"}, {"tajani"}, {"later"})
    together = ({"000", "001", "002", "003"}, {"announced", "held"}, {"claimed", "denied"})
    read = readings_of(decoys)
    for everything in ((*corpus, *read), (*reversed(read), *reversed(corpus)), (*read[::2], *corpus, *read[1::2])):
        assert grouped(everything) == sorted(map(sorted, (*alone, *together)))
