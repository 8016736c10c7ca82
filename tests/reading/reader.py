"""Reads small Arabic texts with the project's own words and watchlist, as far as a test asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.model import Article, Segment, SegmentKind
from monitor.ports import ReadJob
from monitor.reading.annotate import annotate
from monitor.reading.article import read_article
from monitor.reading.clauses import find_clauses
from monitor.reading.people import find_people
from monitor.reading.quantities import quantities
from monitor.reading.segment import segments
from monitor.reading.words import words_of

if TYPE_CHECKING:
    from monitor.model import Meeting, Mention, Reading
    from monitor.reading.annotate import Document
    from monitor.reading.clauses import Clause
    from monitor.reading.people import Person
    from monitor.reading.words import ReadConfig

FETCHED = datetime(2026, 2, 1, 9, tzinfo=UTC)
PUBLISHED = datetime(2026, 1, 20, 8, tzinfo=UTC)
"""A Tuesday."""
TITLE = "نشرة المساء"
"""A title that names nobody and tells of nothing."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The stages of reading over one configuration."""

    config: ReadConfig

    def read(self, *lines: str, title: str = TITLE, **job: Any) -> Reading:
        """An article of `lines`, published on Tuesday 20 January 2026 unless `job` says otherwise.

        With `text` or `html` in `job`, `title` is what the feed said, if it is said here.
        """
        fields: dict[str, Any] = {
            "article_id": "a",
            "url": "https://news.example.test/a",
            "outlet": "صحيفة المثال",
            "fetched_at": FETCHED,
            "published_at": PUBLISHED,
        }
        if "html" in job or "text" in job:
            fields["title"] = None if title == TITLE else title
        else:
            fields["text"] = "\n".join((title, *lines))
        return read_article(ReadJob(**{**fields, **job}), self.config)

    def kinds(self, text: str) -> list[tuple[SegmentKind, str]]:
        """Kind and text of every line."""
        return [(s.kind, text[s.start : s.end]) for s in segments(text, words_of(self.config))]

    def document(self, text: str) -> Document:
        """`text` as one paragraph, marked up."""
        article = Article(id="a", url="", title=text, text=text, outlet="", fetched_at=FETCHED)
        whole = Segment(kind=SegmentKind.BODY, start=0, end=len(text))
        return annotate(article, (whole,), words_of(self.config))

    def people(self, text: str) -> tuple[Person, ...]:
        """Everybody named in `text`."""
        return find_people(self.document(text))

    def named(self, text: str) -> list[str]:
        """The ids of those of `text` who are named, in order."""
        return [person.id for person in self.people(text) if person.listed != "office"]

    def clauses(self, text: str) -> tuple[Clause, ...]:
        """The clauses of `text`."""
        document = self.document(text)
        return find_clauses(document, find_people(document))

    def parts(self, text: str) -> list[str]:
        """The clauses of `text` as written."""
        return [text[clause.start : clause.end] for clause in self.clauses(text)]

    def counted(self, text: str) -> list[tuple[str, str]]:
        """Numbers of `text` with what they count."""
        document = self.document(text)
        return list(quantities(document, 0, len(document.tokens)))

    def meeting(self, *lines: str, **job: Any) -> Meeting:
        """The only meeting of an article of `lines`."""
        (meeting,) = self.read(*lines, **job).meetings
        return meeting


def slots(mention: Mention) -> dict[str, set[str]]:
    """The slots of a mention by name."""
    found: dict[str, set[str]] = {}
    for name, value in mention.slots:
        found.setdefault(name, set()).add(value)
    return found
