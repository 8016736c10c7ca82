"""A page that lists articles, in place of a feed: the links that a CSS selector picks, in page order.

Nobody promises that a page keeps its shape. So a selector that picks nothing is an error and never an empty list: a
redesign must not look like a quiet day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from lxml import html as lxml_html
from lxml.cssselect import CSSSelector
from xxhash import xxh3_64_hexdigest

from monitor.errors import ConfigError, EncodingBroken, FeedHostile, FeedNotFeed
from monitor.model import FeedEntry, ParsedFeed
from monitor.reading.charset import decode
from monitor.reading.feed import plain_text
from monitor.reading.identity import canonical_url, entry_keys, usable_link
from monitor.reading.moments import read_moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lxml.html import HtmlElement

_SHOWN_CHARS = 80
_TITLE_CHARS = 500
MAX_TAGS = 50_000
"""Some selectors (`:nth-child`) cost the square of a list's length: 24,000 items took 3.6 s."""
_MAX_ANCHORS = 8
"""Looked at in an element that should hold one link: its picture's, its headline's, and some to spare."""
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_PAGE_BYTES = re.compile(rb"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_PAGE_WITHIN_BYTES = 4096
_ENCLOSING = frozenset({"article", "li"})


@dataclass(frozen=True, slots=True)
class _Link:
    """One listed article as the page has it."""

    url: str
    title: str
    published_at: datetime | None


def read_listing(
    body: bytes,
    *,
    url: str,
    content_type: str,
    select: str,
    max_entries: int = 500,
    known: frozenset[str] = frozenset(),
) -> ParsedFeed:
    """Read a listing page.

    Args:
        body: The answer's bytes, inflated.
        url: Where they came from in the end; relative links are resolved against it, or the page's own base.
        content_type: The HTTP header's value, one hint at the charset.
        select: CSS selector of links, or of elements that hold one each.
        max_entries: Articles read, from the top.
        known: Marks of articles that need no entry any more.

    Returns:
        Entries in page order, each canonical URL once, without summaries. An article whose first link is a picture has
        the title of its next one.

    Raises:
        FeedNotFeed: The selector picks no link, or nothing here is a page; says how it begins.
        FeedHostile: More tags than a page of news has.
        EncodingBroken: No charset makes sense of it.
        ConfigError: `select` is no selector, which loading the configuration should have told.
    """
    text = _text(body, url, content_type)
    if text.count("<") > MAX_TAGS:
        raise FeedHostile(f"{url}: more than {MAX_TAGS} tags")
    page, picked = _picked(text, url, select)
    found = _articles(picked, base_of(page, url))
    if not found:
        raise FeedNotFeed(f"{url}: the selector {select!r} matches no link; the page begins {_beginning(text)}")
    listed = found[:max_entries]
    marked = [(_mark(link), link) for link in listed]
    fresh = tuple(_entry(link, mark, url) for mark, link in marked if mark not in known)
    return ParsedFeed(
        entries=fresh,
        title=plain_text(page.findtext(".//title") or "", _TITLE_CHARS),
        kind="listing",
        partial=False,
        skipped=len(found) - len(listed),
        known=len(listed) - len(fresh),
        window=tuple(mark for mark, _ in marked),
    )


def _text(body: bytes, url: str, content_type: str) -> str:
    try:
        return decode(body, content_type=content_type)
    except EncodingBroken as exc:
        if _PAGE_BYTES.search(body[:_PAGE_WITHIN_BYTES]):
            raise
        raise FeedNotFeed(f"{url}: no page, but {_beginning(body.decode('latin-1'))}") from exc


def page_of(text: str) -> HtmlElement:
    """The tree of a page.

    Raises:
        lxml.etree.LxmlError, ValueError: There is no page in it.
    """
    # Comments would come out as text; NUL ends a document for libxml2.
    parser = lxml_html.HTMLParser(remove_comments=True, remove_pis=True)
    return lxml_html.document_fromstring(_XML_DECLARATION.sub("", text).replace("\x00", ""), parser=parser)


def base_of(page: HtmlElement, url: str) -> str:
    """What the links of a page are relative to: what it says itself, else its address."""
    href = next((base.get("href") for base in page.iter("base") if base.get("href")), None)
    return (usable_link(href, base=url) if href else None) or url


def _picked(text: str, url: str, select: str) -> tuple[HtmlElement, list[HtmlElement]]:
    """The page, and what the selector picks of it in page order."""
    try:
        selector = CSSSelector(select, translator="html")
    except Exception as exc:  # cssselect and lxml have no error in common
        raise ConfigError((f"select: {select!r} is no CSS selector: {exc}",)) from exc
    try:
        page = page_of(text)
        return page, selector(page)
    except Exception as exc:  # whatever a crafted page makes of the parser, its feed fails and no other
        raise FeedNotFeed(f"{url}: no page, but {_beginning(text)}") from exc


def _articles(picked: list[HtmlElement], base: str) -> list[_Link]:
    """What is listed, each canonical URL once; its first title and its first date are kept."""
    found: dict[str, _Link] = {}
    for element in picked:
        link = _link(element, base)
        if link is None:
            continue
        before = found.setdefault(canonical_url(link.url), link)
        if not before.title or before.published_at is None:
            found[canonical_url(link.url)] = replace(
                before,
                title=before.title or link.title,
                published_at=before.published_at or link.published_at,
            )
    return list(found.values())


def _link(element: HtmlElement, base: str) -> _Link | None:
    """The link that an element is or holds; of several the first, titled by the first of the same address that says."""
    anchors = islice(element.iter("a"), _MAX_ANCHORS)
    links = ((anchor, usable_link(anchor.get("href") or "", base=base)) for anchor in anchors)
    usable = [(anchor, url) for anchor, url in links if url is not None]
    if not usable:
        return None
    first = usable[0][1]
    titles = (_title(anchor) for anchor, url in usable if canonical_url(url) == canonical_url(first))
    return _Link(first, next(filter(None, titles), ""), _published(element))


def _title(anchor: HtmlElement) -> str:
    text = plain_text(lxml_html.tostring(anchor, encoding="unicode", with_tail=False), _TITLE_CHARS)
    return text or plain_text(anchor.get("title") or anchor.get("aria-label") or "", _TITLE_CHARS)


def _published(element: HtmlElement) -> datetime | None:
    """What a `time` in the element says, or one in the nearest article or list item around it."""
    around = next((one for one in element.iterancestors() if one.tag in _ENCLOSING), None)
    return next(filter(None, (moment for place in (element, around) for moment in _moments(place))), None)


def _moments(place: HtmlElement | None) -> Iterator[datetime | None]:
    for time in () if place is None else place.iter("time"):
        yield read_moment(time.get("datetime"))


def _mark(link: _Link) -> str:
    at = "" if link.published_at is None else link.published_at.isoformat()
    return xxh3_64_hexdigest(f"{link.url}\x00{link.title}\x00{at}".encode("utf-8", "surrogatepass"))


def _entry(link: _Link, mark: str, url: str) -> FeedEntry:
    return FeedEntry(
        url=link.url,
        title=link.title,
        published_at=link.published_at,
        keys=entry_keys(link.url, (link.title, ""), published_at=link.published_at, guid="", feed=url),
        mark=mark,
    )


def _beginning(text: str) -> str:
    """What a reader would see first, for every page's source begins alike; where there is nothing, the source."""
    shown = plain_text(text, _SHOWN_CHARS) or "".join(filter(str.isprintable, text[:_SHOWN_CHARS]))
    return f"«{shown}»" if shown else "nothing"
