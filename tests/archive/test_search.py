from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.errors import InputMissing, QueryTooSlow
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.connection import time_limit, translated
from storage.fulltext import MAX_TOKENS
from storage.search import MAX_ROWS, Filters
from storage.seed import seed_articles
from tests.factories import (
    HEADLINE,
    NOON,
    TEXT,
    make_article,
    make_decision,
    make_meeting,
    make_person,
    make_reading,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.search import ArchiveReader


def store(archive: SqliteArchive, name: str, text: str, **changes: Any) -> None:
    article = make_article(id=name, text=text, **changes)
    archive.commit(Commit(decision=make_decision(reading=make_reading(article=article))))


@pytest.fixture(scope="module")
def seeds() -> Iterator[ArchiveReader]:
    with SqliteArchive(":memory:") as archive:
        for seed in seed_articles():
            store(archive, seed.id, seed.text, title=seed.title)
        store(archive, "other", "طقس الخرطوم\nأمطار غزيرة تهطل مساء اليوم")
        yield archive.reader()


VARIANTS = (
    "حفتر",
    "حَفْتَر",
    "حفتـــر",
    "وحفتر",
    "لحفتر",
    "بحفتر",
    "صدام حفتر",
    "Haftar",
    "Saddam Haftar",
    "saddam HAFTAR",
)
ALIASES = {"Haftar": "حفتر", "Saddam Haftar": "صدام حفتر"}


@pytest.mark.parametrize("query", VARIANTS)
def test_every_spelling_of_a_name_finds_the_same_articles(seeds: ArchiveReader, query: str) -> None:
    found = {hit["id"][:3] for hit in seeds.search(query, aliases=ALIASES)}
    assert found == {"000", "001", "002", "003", "004"}


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("عبدالحميد الدبيبة", "عبد الحميد الدبيبة"),
        ("عبد الحميد الدبيبة", "عبدالحميد الدبيبه"),
        ("وعبدالحميد الدبيبة", "عبد الحميد"),
        ("وعبد الحميد الدبيبة", "عبدالحميد"),
        ("أحمد أبوالغيط", "احمد أبو الغيط"),
        ("عيسى", "عيسي"),
        ("القيادة العامّة", "القياده العامه"),
        ("الإليزيه", "الاليزيه"),
        ("للإليزيه", "الإليزيه"),
        ("عام ٢٠٢٦", "2026"),
        ("عام 2026", "٢٠٢٦"),
        ("الجنرال فنسنت جيرو", "جنرال جيرو"),
        ("بالتعاون الأمني", "تعاون امني"),
        ("\u200fحفتر\u200e", "حفتر"),
        ("زيارة Élysée", "élysée"),
    ],
)
def test_a_word_is_found_in_whatever_way_it_is_written(archive: SqliteArchive, written: str, asked: str) -> None:
    store(archive, "it", f"عنوان\nقبل {written} بعد")
    store(archive, "other", "عنوان\nنص لا علاقة له بما سئل عنه")
    assert [hit["id"] for hit in archive.reader().search(asked)] == ["it"]


def test_all_words_must_be_there(seeds: ArchiveReader) -> None:
    assert seeds.search("حفتر الخرطوم") == []
    assert [hit["id"] for hit in seeds.search("امطار الخرطوم")] == ["other"]


def test_the_latin_name_in_an_article_is_found_beside_the_arabic(archive: SqliteArchive) -> None:
    store(archive, "latin", "عنوان\nوصل Saddam Haftar إلى باريس")
    store(archive, "arabic", "عنوان\nوصل صدام حفتر إلى باريس")
    found = archive.reader().search("saddam haftar باريس", aliases=ALIASES)
    assert {hit["id"] for hit in found} == {"latin", "arabic"}


def test_a_snippet_is_the_original_with_its_hits_marked(archive: SqliteArchive) -> None:
    text = "عنوان\n" + "حشو " * 100 + "ثم وصل صَدّام حَفْتَر إلى باريس " + "حشو " * 100
    store(archive, "long", text)
    (hit,) = archive.reader().search("صدام حفتر")
    ((start, end),) = hit["hits"]
    assert text[start:end] == "صَدّام حَفْتَر"
    assert "«صَدّام حَفْتَر»" in hit["snippet"]
    assert hit["snippet"].replace("«", "").replace("»", "") == text[hit["start"] : hit["end"]].strip()
    assert hit["start"] <= start < end <= hit["end"]


def test_a_hit_in_the_title_counts_for_more(archive: SqliteArchive) -> None:
    store(archive, "body", "خبر اليوم\nنص يذكر باريس مرة واحدة في وسطه")
    store(archive, "title", "خبر باريس\nنص لا يذكر المدينة مرة واحدة")
    assert [hit["id"] for hit in archive.reader().search("باريس")] == ["title", "body"]


@pytest.mark.parametrize(
    "query",
    [
        '"',
        '""',
        "*",
        "حفتر*",
        "NEAR(حفتر باريس)",
        "-حفتر",
        "NOT",
        "AND OR NOT",
        "title:حفتر",
        "^حفتر",
        "{title body}: حفتر",
        "حفتر) OR (x",
        "'; DROP TABLE articles; --",
        "\x00",
        "\ud800",
        "ﷺ",
        "½ ² ①",
        "",
        "   ",
        "ا" * 100_000,
        "حفتر " * 20_000,
        "عبدالحميد " * 500,
    ],
)
def test_nothing_typed_is_syntax(seeds: ArchiveReader, query: str) -> None:
    began = time.monotonic()
    found = seeds.search(query)
    assert isinstance(found, list)
    assert time.monotonic() - began < 1.5
    assert seeds.status()["totals"]["articles"] == 6


def test_words_past_the_cap_are_left_out(seeds: ArchiveReader) -> None:
    assert seeds.search("حفتر " * MAX_TOKENS + "لايوجد")
    assert seeds.search("حفتر " * (MAX_TOKENS - 1) + "لايوجد") == []


def test_a_query_past_its_time_is_cut_with_a_hint_and_the_connection_goes_on(archive: SqliteArchive) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    began = time.monotonic()
    with (
        pytest.raises(QueryTooSlow, match="fewer or rarer words"),
        translated("search"),
        time_limit(archive._db, 0.1),
    ):
        archive._db.execute(endless).fetchall()
    assert time.monotonic() - began < 1
    assert archive.reader().search("حفتر") == []


def test_filters_narrow_every_list(archive: SqliteArchive) -> None:
    store(archive, "paris", TEXT)
    rome = make_reading(
        article=make_article(id="rome", text=f"{TEXT} روما", outlet="أخرى", published_at=NOON + timedelta(days=30)),
        meetings=(make_meeting(country="IT", counterparts=(), principals=("khaled_haftar",)),),
        people=(make_person(person="khaled_haftar", country=None),),
        mentions=(make_decision().reading.mentions[0],),
    )
    archive.commit(Commit(decision=make_decision(reading=rome)))
    reader = archive.reader()

    def articles(**filters: Any) -> tuple[list[str], list[str]]:
        narrowed = Filters(**filters)
        hits = [hit["id"] for hit in reader.search("حفتر", narrowed)]
        return sorted(hits), sorted({claim["article"] for claim in reader.claims(narrowed)})

    both = ["paris", "rome"]
    assert articles() == (both, both)
    assert articles(outlet="أخرى") == (["rome"], ["rome"])
    assert articles(country="IT") == (["rome"], ["rome"])
    assert articles(country="FR") == (["paris"], ["paris"])
    assert articles(since=NOON + timedelta(days=1)) == (["rome"], ["rome"])
    assert articles(person="khaled_haftar")[0] == ["rome"]
    assert articles(relation="contradicting") == ([], [])
    assert articles(relation="new") == (both, both)
    assert [one["country"] for one in reader.meetings(Filters(country="IT"))] == ["IT"]
    assert [one["person"] for one in reader.people(Filters(person="khaled_haftar"))] == ["khaled_haftar"]
    assert [one["article"] for one in reader.leads(Filters(outlet="أخرى"))] == ["rome"]


@pytest.mark.parametrize(("asked", "given"), [(-5, 1), (0, 1), (7, 7), (10**9, MAX_ROWS)])
def test_limits_are_cut_to_what_is_sensible(asked: int, given: int) -> None:
    assert Filters(limit=asked).values()["limit"] == given


def test_an_article_is_shown_with_everything_read_from_it(archive: SqliteArchive) -> None:
    decision = make_decision()
    archive.commit(Commit(decision=decision))
    found = archive.reader().article("paris-1")
    text = decision.reading.article.text
    assert found["text"] == text
    assert all(text[claim["start"] : claim["end"]] == claim["quote"] for claim in found["claims"])
    assert [lead["quote"] for lead in found["leads"]] == [HEADLINE]
    assert found["claims"][0]["slots"] == {"agenda": "security"}
    assert (found["claims"][0]["suggest"], found["people"][0]["suspected_typo"]) == (False, False)
    assert found["meetings"][0]["principals"] == ["saddam_haftar"]
    assert found["alerts"][0]["claims"] == [found["claims"][0]["claim"]]


def test_what_is_not_there_is_said_by_name(archive: SqliteArchive) -> None:
    for question in (archive.reader().article, archive.reader().alert, archive.reader().raw):
        with pytest.raises(InputMissing, match="nowhere"):
            question("nowhere")


def test_an_empty_archive_answers_everything(archive: SqliteArchive) -> None:
    reader = archive.reader()
    assert reader.search("حفتر") == reader.meetings() == reader.claims() == reader.leads() == []
    assert reader.people() == reader.alerts() == []
    assert reader.status()["last_poll"] is None
