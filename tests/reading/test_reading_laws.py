"""Laws of reading: whatever the text, it is read in bounded time, every claim stands in it, and twice is the same."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import ExtractEmpty, ReadError
from monitor.ports import ReadJob
from monitor.reading.article import read_article
from monitor.reading.segment import REPORTING
from monitor.settings import load_read_config
from storage.seed import seed_articles

if TYPE_CHECKING:
    from monitor.model import Reading
    from monitor.reading.words import ReadConfig

_ARABIC: Final = """
صدام حفتر خليفة خالد بلقاسم سعدام القائد العام نائب الفريق أول ركن المشير الجنرال رئيس أركان وزير سفير المبعوث الخاص
الرئيس الفرنسي التركي الاتحاد الأوروبي فنسنت جيرو ماكرون باريس أنقرة القاهرة قصر الإليزيه التقى يلتقي استقبل وصل زار
بحث وبحث ناقش أكد وأكد نفى أن إلى في مع من على لم لن قد تم الاتفاق وقع اتفاق مبدئي رغبة سبل التعاون الأمني أمس اليوم
الخميس غدا 17 يناير 2026 ٢٠٢٦ هـ 1447 رجب خلال لقائه وفق بيان نقلا عن رويترز الجانبان الطرفان عبدالحميد
"""
_BETWEEN: Final = """
؛ ، . : ؟ ! … .. « » “ ” " ' ( ) [ ] - – — | / % • ▪ * # ـ ﷺ لا 🇱🇾 1. 2) 10:30 ½ Élysée Saddam حَفْتَر حفتـــر
\u200f \u200e \u202b \u202e \u202c \u2067 \u2069 \u200c \u200d \u064e \u0651 \u064b \u0670 \u0301 \u00ad \ufeff
"""
WORDS: Final = tuple(_ARABIC.split())
MARKS: Final = tuple(_BETWEEN.split())
GAPS: Final = (
    " ",
    " ",
    " ",
    " ",
    "",
    "\n",
    "\n\n",
    "\n• ",
    "\n- ",
    "\t",
    "\r\n",
    "\u00a0",
    "\u2028",
    "\x00",
    "، ",
    "؛ ",
    ". ",
)

OPENING: Final = "صدام حفتر يلتقي فنسنت جيرو في باريس\nالتقى صدام حفتر في باريس الجنرال فنسنت جيرو.\n"
"""Puts whatever follows in scope, so that it is read to the end."""

heaps = st.lists(
    st.tuples(st.sampled_from((*WORDS, *WORDS, *MARKS)), st.sampled_from(GAPS)), min_size=20, max_size=150
).map(lambda parts: "".join(word + gap for word, gap in parts))
texts = st.tuples(st.sampled_from(("", OPENING, OPENING)), heaps).map("".join)
odd_texts = st.text(st.characters(codec="utf-8"), max_size=80)
"""Any characters at all, among which Arabic is rare."""


@lru_cache(maxsize=1)
def config() -> ReadConfig:
    return load_read_config(Path(__file__).resolve().parents[2] / "config")


def read(text: str, *, title: str | None = None) -> Reading:
    job = ReadJob(
        article_id="law",
        url="https://law.example.test/1",
        outlet="law",
        fetched_at=datetime(2026, 2, 1, tzinfo=UTC),
        text=text,
        title=title,
        published_at=datetime(2026, 1, 18, tzinfo=UTC),
    )
    return read_article(job, config())


def assert_grounded(reading: Reading) -> None:
    text = reading.article.text
    reporting = [segment for segment in reading.segments if segment.kind in REPORTING]
    for mention in reading.mentions:
        assert 0 <= mention.start < mention.end <= len(text)
        assert text[mention.start : mention.end] == mention.quote
        assert any(one.start <= mention.start and mention.end <= one.end for one in reporting), mention.quote
        assert mention.meeting is None or mention.meeting < len(reading.meetings)
    assert all(text[lead.start : lead.end] == lead.quote for lead in reading.leads)
    assert all(0 <= person.start < person.end <= len(text) for person in reading.people)
    assert all(0 <= meeting.start < meeting.end <= len(text) for meeting in reading.meetings)


def ordered(reading: Reading) -> bool:
    spans = [(segment.start, segment.end) for segment in reading.segments]
    return all(before[1] <= after[0] for before, after in pairwise(spans))


slow_machines = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow_machines
@given(st.one_of(texts, st.tuples(texts, odd_texts, texts).map("\n".join)))
def test_any_text_is_read_or_refused_and_what_is_read_stands_in_it(text: str) -> None:
    try:
        reading = read(text)
    except ReadError:
        return
    assert_grounded(reading)
    assert ordered(reading)


@slow_machines
@given(
    st.sampled_from([seed.text for seed in seed_articles()]),
    st.lists(st.tuples(st.integers(0, 4000), st.sampled_from((*MARKS, *GAPS))), max_size=40),
)
def test_an_article_with_marks_strewn_over_it_is_read_and_its_claims_stand_in_it(
    text: str, strewn: list[tuple[int, str]]
) -> None:
    for at, mark in strewn:
        text = text[:at] + mark + text[at:]
    reading = read(text)
    assert_grounded(reading)
    assert ordered(reading)


@settings(max_examples=40, deadline=None)
@given(texts)
def test_the_same_text_gives_the_same_reading(text: str) -> None:
    try:
        first = read(text)
    except ReadError:
        with pytest.raises(ReadError):
            read(text)
        return
    assert read(text) == first


def test_the_opening_puts_a_text_in_scope() -> None:
    reading = read(OPENING)
    assert reading.in_scope
    assert reading.mentions


@pytest.mark.parametrize("text", ["", " ", "\n\n\t ", "\u00a0\n"])
def test_an_article_without_a_text_is_said_to_be_empty(text: str) -> None:
    with pytest.raises(ExtractEmpty):
        read(text)


@pytest.mark.parametrize("text", ["\u200f", "\u202e\u202e", "•", "؛", "\x00", "\ufeff", "ـ"])
def test_a_text_of_nothing_but_marks_says_nothing(text: str) -> None:
    reading = read(text)
    assert (reading.in_scope, reading.mentions) == (False, ())


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param("\n".join(seed.text for seed in seed_articles()) + "\n", id="articles"),
        pytest.param("«\u202e(", id="brackets and overrides"),
        pytest.param("لم " * 30 + "؛ ", id="negations"),
        pytest.param("التقى صدام حفتر في باريس فنسنت جيرو ", id="one endless sentence"),
        pytest.param("صدام حفتر، ", id="one name"),
        pytest.param("• بحث سبل التعاون\n", id="one endless list"),
    ],
)
def test_a_text_of_a_megabyte_is_read_to_its_end(piece: str) -> None:
    text = piece * (1_000_000 // len(piece.encode()) + 1)
    reading = read(text, title="صدام حفتر يلتقي فنسنت جيرو في باريس")
    assert_grounded(reading)
