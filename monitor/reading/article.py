"""From a page to its `Reading`: calls the stages of reading in their order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from monitor.errors import ExtractEmpty
from monitor.model import Article, Lead, Outcome, Reading, SegmentKind
from monitor.reading.annotate import annotate, looking_ahead, with_verbs_settled
from monitor.reading.arabic import tokens
from monitor.reading.charset import arabic_share
from monitor.reading.claims import find_mentions
from monitor.reading.dates import find_dates
from monitor.reading.extract import EXTRACTOR, extract
from monitor.reading.meeting import find_meetings
from monitor.reading.origin import grade, named_origin
from monitor.reading.people import find_people, person_mention
from monitor.reading.segment import REPORTING, segments
from monitor.reading.signature import signature
from monitor.reading.words import words_of

if TYPE_CHECKING:
    from datetime import date

    from monitor.model import Segment
    from monitor.ports import ReadJob
    from monitor.reading.annotate import Document
    from monitor.reading.words import ReadConfig, Words

MAX_CHARS: Final = 200_000
"""Longest text that is read; what follows is kept in the article but marked up no more."""
_LEAST_ARABIC: Final = 0.5
_SUSPECT_CHARS: Final = 120
_CLOCK_LINES: Final = 12
CLAMPED: Final = "clamped"
"""Where a date is from that lay ahead of us: the article is no younger than when we had it."""
_AHEAD: Final = timedelta(days=1)
"""Local time that calls itself UTC is up to fourteen hours ahead."""


def read_article(job: ReadJob, config: ReadConfig) -> Reading:
    """Read one article.

    Args:
        job: The page or text, and what the feed said of it.
        config: The lexicon and the watchlist.

    Raises:
        ExtractEmpty: There is no text in the page.
        EncodingBroken: No charset makes sense of its bytes.
    """
    words = words_of(config)
    article = _article(job)
    if arabic_share(article.text) < _LEAST_ARABIC:
        return Reading.of_nothing(article, Outcome.OFF_TOPIC, signature(article.text[:MAX_CHARS]), language="other")
    marked = segments(article.text[:MAX_CHARS], words)
    article = _with_page_clock(article, marked, words)
    document = annotate(article, marked, words)
    people = find_people(document)
    document = with_verbs_settled(document, frozenset(person.head for person in people))
    today = article.published_at.date() if article.published_at else None
    dates = tuple(
        mention
        for mention in find_dates(document.text, document.spelled, today, words.dates, future=looking_ahead(document))
        if not (mention.source == "weekday" and mention.start < len(article.title))
        and not _is_limit(document, mention.start)
    )
    found = find_meetings(document, people, dates)
    origin = named_origin(document)
    reading = Reading(
        article=article,
        in_scope=bool(found.meetings),
        segments=marked,
        people=tuple(person_mention(p, document) for p in people if p.listed != "office"),
        meetings=found.meetings,
        mentions=find_mentions(document, people, found, dates, origin),
        leads=tuple(
            Lead(start=s.start, end=s.end, quote=article.text[s.start : s.end])
            for s in marked
            if s.kind is SegmentKind.LEAD
        ),
        signature=signature(_own_words(article.text, marked)),
        grade=grade(document, origin),
        origin=origin,
    )
    return reading if found.meetings else replace(reading, outcome=_why_nothing(job, reading))


def _is_limit(document: Document, start: int) -> bool:
    """«منذ 2011», «حتى نهاية العام», «بحلول ديسمبر»: how long something goes on, not when it was."""
    at = document.token_at(start)
    words = document.tokens[max(0, at - 1) : at + 1]
    return any(token.form in document.words.marks["time_limit"] for token in words)


def _article(job: ReadJob) -> Article:
    title, text = (job.title or "").strip(), job.text
    published, source, byline = job.published_at, job.published_source, job.byline
    if text is None:
        page = extract(job.html or b"", url=job.url, content_type=job.content_type, title=job.title)
        title, text, byline = page.title, page.text, byline or page.byline
        if published is None and page.published_on is not None:
            published, source = _midnight(page.published_on), page.published_source
    elif not title:
        title = next((line.strip() for line in text.splitlines() if line.strip()), "")
    elif not text.startswith(title):
        text = f"{title}\n{text}"
    if not text.strip():
        raise ExtractEmpty(f"{job.url or job.article_id}: no text")
    if published is not None and published > job.fetched_at + _AHEAD:
        published, source = job.fetched_at, CLAMPED
    return Article(
        id=job.article_id,
        url=job.url,
        title=title,
        text=text,
        outlet=job.outlet,
        fetched_at=job.fetched_at,
        published_at=published,
        published_source=source or ("feed" if published else None),
        byline=byline,
        owner=job.owner,
        content_type=job.content_type or None,
        extractor=EXTRACTOR if job.text is None else None,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _with_page_clock(article: Article, marked: tuple[Segment, ...], words: Words) -> Article:
    """A date alone on one of the first lines is the page's clock: the article is no younger."""
    if article.published_at is not None:
        return article
    for segment in marked[:_CLOCK_LINES]:
        if segment.kind is not SegmentKind.BOILERPLATE:
            continue
        line = article.text[segment.start : segment.end]
        for mention in find_dates(line, tokens(line), None, words.dates):
            day = _midnight(mention.date_to)
            if mention.date_from == mention.date_to and day <= article.fetched_at + _AHEAD:
                return replace(article, published_at=day, published_source="page_clock")
    return article


def _own_words(text: str, marked: tuple[Segment, ...]) -> str:
    """The article without chrome and leads, so that two pages of one text have one signature."""
    return "\n".join(text[s.start : s.end] for s in marked if s.kind in REPORTING or s.kind is SegmentKind.HEADING)


def _why_nothing(job: ReadJob, reading: Reading) -> Outcome:
    """A fetched page that is very short and names nobody watched is no article, perhaps a wall."""
    suspect = job.html is not None and len(reading.article.text) < _SUSPECT_CHARS and not reading.people
    return Outcome.SUSPECT if suspect else Outcome.OFF_TOPIC
