"""A page's bytes to its article: title, text, date, byline. The extraction is trafilatura's, the care is ours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import trafilatura
from lxml import etree
from lxml import html as lxml_html
from trafilatura.settings import Document

from monitor.errors import ExtractEmpty
from monitor.reading.arabic import fold
from monitor.reading.charset import decode
from monitor.reading.layout import without_layout_tables

if TYPE_CHECKING:
    from lxml.html import HtmlElement

EXTRACTOR: Final = f"trafilatura {trafilatura.__version__} / rasid 1"
"""Kept with every page's text. The second number is ours: raise it when what is done here gives another text."""

_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML may hold (XML 1.0, 2.2): of a page with one of them trafilatura gives nothing at all."""
_REFERENCE = re.compile(r"&#(?:[xX]0*([0-9a-fA-F]{1,4})|0*([0-9]{1,5}))(?![0-9a-fA-F]);?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What a page holds: `text` is the title, a newline, and the body."""

    title: str
    text: str
    published_on: date | None
    published_source: str | None
    byline: str | None
    site: str | None


def extract(page: bytes, *, url: str, content_type: str = "", title: str | None = None) -> Extracted:
    """Find the article in a page.

    Args:
        page: The body, transfer coding removed.
        url: Where it comes from; helps to find the date.
        content_type: The HTTP header, for its charset.
        title: The feed's title, used where the page has none.

    Raises:
        ExtractEmpty: There is no article text in the page.
        EncodingBroken: The bytes are in no charset that makes sense of them.
    """
    found = trafilatura.bare_extraction(
        without_layout_tables(_parsed(decode(page, content_type=content_type), url)),
        url=url or None,
        include_comments=False,
        include_tables=True,
        with_metadata=True,
    )
    if not isinstance(found, Document) or not (found.text or "").strip():
        raise ExtractEmpty(f"{url}: no article text in the page")
    heading = _one_line(found.title or title or "")
    body = _without_title(found.text or "", heading)
    if not body:
        raise ExtractEmpty(f"{url}: nothing but a title in the page")
    return Extracted(
        title=heading,
        text=f"{heading}\n{body}",
        published_on=_day(found.date),
        published_source="page" if found.date else None,
        byline=found.author,
        site=found.sitename,
    )


def _parsed(text: str, url: str) -> HtmlElement:
    """The page as a tree; a declared encoding is dropped, since the text is decoded already."""
    clean = _REFERENCE.sub(_unless_forbidden, _NO_XML.sub(" ", text))
    try:
        return lxml_html.document_fromstring(_XML_DECLARATION.sub("", clean))
    except (etree.ParserError, ValueError) as exc:
        raise ExtractEmpty(f"{url}: the page cannot be parsed") from exc


def _unless_forbidden(reference: re.Match[str]) -> str:
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return " " if _NO_XML.match(chr(code)) else reference[0]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _without_title(text: str, title: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    while lines and fold(lines[0]) == fold(title):
        lines.pop(0)
    return "\n".join(lines)


def _day(value: str | None) -> date | None:
    if not value:
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC).date()
    except ValueError:
        return None
