"""Feed bytes to entries: RSS and Atom through feedparser, JSON Feed by hand (feedparser 6 reads none).

What reaches feedparser is text that we decoded, without prolog and cut to whole items: no charset label,
DTD, file name or endless feed gets that far. What comes out of it is plain text and http(s) links.
"""

from __future__ import annotations

import calendar
import html
import io
import json
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

import feedparser
import nh3

from monitor.errors import EncodingBroken, FeedHostile, FeedNotFeed
from monitor.model import FeedEntry, ParsedFeed
from monitor.reading.charset import decode
from monitor.reading.identity import entry_keys, usable_link

_SHOWN_CHARS = 80
_TITLE_CHARS = 500
_SUMMARY_CHARS = 2000
_AUTHOR_CHARS = 200
_MARKUP_CHARS = 20_000
_ROOT_WITHIN_CHARS = 4096
"""Some servers print warnings or blank lines before the feed; what comes later than this is no feed."""
_FIRST_YEAR = 1990
_MAX_TAGS, _MAX_REFERENCES = 100_000, 500_000
"""In the items that are read: feedparser takes up to 40 µs for a tag and 4 µs for a reference. 500 items of
50
elements have 50,000 tags; text in CDATA is not counted."""

_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_ROOT_BYTES = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf)", re.IGNORECASE)
_ROOT = re.compile(r"<((?:[\w.-]+:)?(rss|feed|rdf|html|body))(?=[\s>/])", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Controls, and the marks that turn, isolate or hide text (Unicode TR 36, 3.1): a headline needs none of
# them. The joiners U+200C and U+200D stay, which spell words.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\ufffe\uffff]"
)
_BLOCK = re.compile(r"<(?=/?(?:p|br|div|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figure|figcaption)\b)", re.IGNORECASE)


class _Item(NamedTuple):
    """One item as either parser gives it: link and guid raw, text with its markup."""

    link: str
    title: str
    summary: str
    guid: str
    author: str
    published_at: datetime | None


class _Items(NamedTuple):
    """Items in feed order, at most as many as allowed; `total` counts those of the body."""

    title: str
    kind: str
    items: tuple[_Item, ...]
    total: int
    partial: bool = False


def read_feed(body: bytes, *, url: str, content_type: str, max_entries: int = 500) -> ParsedFeed:
    """Read RSS, Atom or JSON Feed.

    Args:
        body: The answer's bytes, inflated.
        url: Where they came from: relative links are resolved against it.
        content_type: The HTTP header's value, one hint at the charset.
        max_entries: Items read, from the top; feeds put the newest first.

    Returns:
        Entries in feed order, each canonical URL once.

    Raises:
        FeedNotFeed: A page, other JSON, nothing at all, a file of another kind; says how it begins.
        FeedHostile: It declares entities.
        EncodingBroken: No charset makes sense of it.
    """
    try:
        text = _NOT_XML.sub("", decode(body, content_type=content_type)).strip()
    except EncodingBroken as exc:
        if _ROOT_BYTES.search(body[:_ROOT_WITHIN_CHARS]):
            raise
        raise _not_feed(url, body.decode("latin-1")) from exc
    read = _read_json if text.startswith(("{", "[")) else _read_xml
    return _parsed(read(text, url, max_entries), url)


def plain_text(markup: str, max_chars: int) -> str:
    """`markup` as one line of text: no tags (escaped twice or not), no control or direction characters."""
    text = markup[:_MARKUP_CHARS]
    for _ in range(2):  # RSS titles come escaped once or twice; a third layer is meant to be seen
        if "<" in text or "&" in text:
            text = html.unescape(nh3.clean(_BLOCK.sub(" <", text), tags=set()))
    text = " ".join(_UNWANTED.sub("", text).split())
    return text if len(text) <= max_chars else text[: max_chars - 1].rstrip() + "…"


def _not_feed(url: str, text: str) -> FeedNotFeed:
    begins = " ".join(_UNWANTED.sub("", text[: 10 * _SHOWN_CHARS]).split())[:_SHOWN_CHARS]
    return FeedNotFeed(f"{url}: no feed, but " + (f"something that begins «{begins}»" if begins else "nothing"))


def _parsed(found: _Items, url: str) -> ParsedFeed:
    """Clean the items, drop those without a usable link and those that repeat one above."""
    entries: dict[str, FeedEntry] = {}
    unusable = 0
    for item in found.items:
        link = usable_link(item.link, base=url) or (usable_link(item.guid, base="") if not item.link else None)
        if link is None:
            unusable += 1
            continue
        entry = _entry(item, link, url)
        entries.setdefault(entry.keys[0], entry)
    return ParsedFeed(
        entries=tuple(entries.values()),
        title=plain_text(found.title, _TITLE_CHARS),
        kind=found.kind,
        partial=found.partial,
        skipped=unusable + found.total - len(found.items),
    )


def _entry(item: _Item, link: str, url: str) -> FeedEntry:
    title, summary = plain_text(item.title, _TITLE_CHARS), plain_text(item.summary, _SUMMARY_CHARS)
    return FeedEntry(
        url=link,
        title=title,
        summary=summary,
        published_at=item.published_at,
        author=plain_text(item.author, _AUTHOR_CHARS) or None,
        keys=entry_keys(link, (title, summary), published_at=item.published_at, guid=item.guid.strip(), feed=url),
    )


def _read_xml(text: str, url: str, max_entries: int) -> _Items:
    root = _ROOT.search(text[:_ROOT_WITHIN_CHARS])
    if root is None or root[2].lower() in {"html", "body"}:
        raise _not_feed(url, text)
    if _ENTITY.search(text):
        raise FeedHostile(f"{url}: the feed declares entities")
    whole, total, partial = _whole_items(text[root.start() :], root[1], max_entries)
    if _markup_beyond_reason(whole):
        raise FeedHostile(f"{url}: more than {_MAX_TAGS} tags or {_MAX_REFERENCES} character references")
    try:
        found = feedparser.parse(
            io.BytesIO(whole.encode()),
            response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
            sanitize_html=False,  # plain_text() does it, at a fraction of the time
            resolve_relative_uris=False,
        )
    except Exception as exc:  # feedparser's two parsers raise whatever a crafted document makes them raise
        raise _not_feed(url, text) from exc
    kind = "atom" if root[2].lower() == "feed" else "rss"
    items = tuple(_xml_item(entry) for entry in found.entries[:max_entries])
    return _Items(str(found.feed.get("title") or ""), kind, items, max(total, len(items)), partial)


def _markup_beyond_reason(text: str) -> bool:
    first, *sections = text.split("<![CDATA[")
    outside = [first, *(section.partition("]]>")[2] or section for section in sections)]
    return sum(part.count("<") for part in outside) > _MAX_TAGS or text.count("&") > _MAX_REFERENCES


def _whole_items(text: str, root: str, max_items: int) -> tuple[str, int, bool]:
    """`text` to the last whole item allowed, closed again; how many items it has; whether it breaks off."""
    ends = [match.end() for match in _ITEM_END.finditer(text)]
    last = ends[-1] if ends else 0
    partial = re.search(rf"</{re.escape(root)}\s*>", text[last:], re.IGNORECASE) is None
    if len(ends) <= max_items and not partial:
        return text, len(ends), False
    cut = ends[min(len(ends), max_items) - 1] if ends and max_items else 0
    closing = "</channel>" if root.lower().endswith("rss") else ""
    return (f"{text[:cut]}{closing}</{root}>" if cut else f"<{root}></{root}>"), len(ends), partial


def _xml_item(entry: Any) -> _Item:  # noqa: ANN401 - feedparser is untyped: a dict with attribute access
    # `dict.get`, not `.get`: feedparser's own maps a missing `updated` to `published`, with a warning.
    parsed = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    return _Item(
        link=str(entry.get("link") or ""),
        title=str(entry.get("title") or ""),
        summary=str(entry.get("summary") or ""),
        guid=str(entry.get("id") or ""),
        author=str(entry.get("author") or ""),
        published_at=_from_struct(parsed),
    )


def _from_struct(parsed: Any) -> datetime | None:  # noqa: ANN401 - a time.struct_time in UTC, or None
    if parsed is None or parsed[0] < _FIRST_YEAR:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _read_json(text: str, url: str, max_entries: int) -> _Items:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org): an object with a version that says so, and a list of items."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise _not_feed(url, text) from exc
    if not isinstance(feed, dict) or "jsonfeed.org" not in _string(feed, "version"):
        raise _not_feed(url, text)
    listed = feed.get("items")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return _Items(_string(feed, "title"), "json", tuple(map(_json_item, items[:max_entries])), len(items))


def _json_item(item: dict[str, Any]) -> _Item:
    authors = item.get("authors")
    author = authors[0] if isinstance(authors, list) and authors else item.get("author")
    return _Item(
        link=_string(item, "url", "external_url"),
        title=_string(item, "title"),
        summary=_string(item, "summary", "content_text", "content_html"),
        guid=_string(item, "id"),
        author=_string(author, "name") if isinstance(author, dict) else "",
        published_at=_from_iso(_string(item, "date_published")),
    )


def _string(of: dict[str, Any], *names: str) -> str:
    """The first of the named values that is a string or a number, as a string."""
    values = (of.get(name) for name in names)
    return next((str(value) for value in values if isinstance(value, str | int) and value != ""), "")


def _from_iso(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo is not None and at.year >= _FIRST_YEAR else None
    except (ValueError, OverflowError):
        return None
