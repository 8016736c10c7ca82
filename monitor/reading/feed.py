"""Feed bytes to entries: RSS and Atom through feedparser, JSON Feed by hand (feedparser 6 reads none), news sitemaps.

What reaches feedparser is text that we decoded, without prolog and cut to whole items: no charset label,
DTD, file name or endless feed gets that far. What comes out of it is plain text and http(s) links.

Each item is read alone, and an item whose mark is known is not read at all: see `monitor.reading.cutting`.
"""

from __future__ import annotations

import calendar
import html
import io
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import feedparser
import nh3

from monitor.errors import EncodingBroken, FeedHostile, FeedNotFeed
from monitor.model import FeedEntry, ParsedFeed
from monitor.reading.charset import decode
from monitor.reading.cutting import cut_items, whole_items
from monitor.reading.identity import entry_keys, usable_link
from monitor.reading.items import FIRST_YEAR, Item, Items, iso_time, mark_of
from monitor.reading.sitemap import read_sitemap
from monitor.reading.wishes import json_wishes, xml_wishes

if TYPE_CHECKING:
    from collections.abc import Iterable

Listed = TypeVar("Listed")
"""An item as its format lists it: a document of its own, or an object."""

_SHOWN_CHARS = 80
_TITLE_CHARS = 500
_SUMMARY_CHARS = 2000
_AUTHOR_CHARS = 200
_OUTLET_CHARS = 200
_MARKUP_CHARS = 20_000
_ROOT_WITHIN_CHARS = 4096
"""Some servers print warnings or blank lines before the feed; what comes later than this is no feed."""
_MAX_TAGS, _MAX_REFERENCES = 100_000, 500_000
"""In the items that are read: feedparser takes up to 40 µs for a tag and 4 µs for a reference. 500 items of
50
elements have 50,000 tags; text in CDATA is not counted."""

MOST_ITEMS: Final = 10_000
"""Items of a feed that are told apart. What is beyond is neither read nor waits: no feed of news holds as many."""

_ROOTS: Final = "rss|feed|rdf|urlset|sitemapindex"
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_ROOT_BYTES = re.compile(rf"<(?:[\w.-]+:)?(?:{_ROOTS})".encode(), re.IGNORECASE)
_ROOT = re.compile(rf"<((?:[\w.-]+:)?({_ROOTS}|html|body))(?=[\s>/])", re.IGNORECASE)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Controls, and the marks that turn, isolate or hide text (Unicode TR 36, 3.1): a headline needs none of
# them. The joiners U+200C and U+200D stay, which spell words.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\ufffe\uffff]"
)
# U+FFFD stands for a byte that no letter could be made of. Databases that hold no Arabic put a question mark for every
# letter of a word; people put three at most.
_UNREADABLE = re.compile(r"\ufffd|\?{4,}")
_BLOCK = re.compile(r"<(?=/?(?:p|br|div|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figure|figcaption)\b)", re.IGNORECASE)


def read_feed(
    body: bytes, *, url: str, content_type: str, max_entries: int = 500, known: frozenset[str] = frozenset()
) -> ParsedFeed:
    """Read RSS, Atom, JSON Feed or a news sitemap.

    Args:
        body: The answer's bytes, inflated.
        url: Where they came from: relative links are resolved against it. Marks hold for one `url` only.
        content_type: The HTTP header's value, one hint at the charset.
        max_entries: Items read, from the top, without those that are passed over; feeds put the newest first, and of
            a sitemap the newest are read. The others wait for the next time, when these are known.
        known: Marks of items to pass over, since their entries are on record.

    Returns:
        Entries in feed order, each canonical URL once, without those of known items. Where an item that is passed
        over has the address of one below it, that one becomes an entry, which it would not beside the other; but for
        these, the entries are those of the whole feed whose marks are not known. `skipped` counts what is beyond the
        cap, and what was read and has no usable link; `damaged` the U+FFFD, and the question marks in runs of four or
        more, in titles and summaries of these entries.

    Raises:
        FeedNotFeed: A page, other JSON, nothing at all, a file of another kind; says how it begins. A list of
            sitemaps; names some.
        FeedHostile: It declares entities.
        EncodingBroken: No charset makes sense of it.
    """
    try:
        text = _NOT_XML.sub("", decode(body, content_type=content_type)).strip()
    except EncodingBroken as exc:
        if _ROOT_BYTES.search(body[:_ROOT_WITHIN_CHARS]):
            raise EncodingBroken(f"{url}: {exc.message}") from exc
        raise _not_feed(url, body.decode("latin-1")) from exc
    read = _read_json if text.startswith(("{", "[")) else _read_xml
    return _parsed(read(text, url, max_entries, known), url)


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


def _parsed(found: Items, url: str) -> ParsedFeed:
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
        skipped=unusable + found.skipped,
        known=found.known,
        window=found.window,
        waiting=found.waiting,
        wishes=found.wishes,
        damaged=sum(_unreadable(text) for entry in entries.values() for text in (entry.title, entry.summary)),
    )


def _entry(item: Item, link: str, url: str) -> FeedEntry:
    title, summary = plain_text(item.title, _TITLE_CHARS), plain_text(item.summary, _SUMMARY_CHARS)
    return FeedEntry(
        url=link,
        title=title,
        summary=summary,
        published_at=item.published_at,
        author=plain_text(item.author, _AUTHOR_CHARS) or None,
        keys=entry_keys(link, (title, summary), published_at=item.published_at, guid=item.guid.strip(), feed=url),
        mark=item.mark,
        outlet=plain_text(item.outlet, _OUTLET_CHARS) or None,
    )


def _unreadable(text: str) -> int:
    return sum(len(run) for run in _UNREADABLE.findall(text))


def _read_xml(text: str, url: str, max_entries: int, known: frozenset[str]) -> Items:
    root = _ROOT.search(text[:_ROOT_WITHIN_CHARS])
    if root is None or root[2].lower() in {"html", "body"}:
        raise _not_feed(url, text)
    if _ENTITY.search(text):
        raise FeedHostile(f"{url}: the feed declares entities")
    feed, kind = text[root.start() :], root[2].lower()
    if kind in {"urlset", "sitemapindex"}:
        return read_sitemap(feed, url, max_entries, known)
    cut = cut_items(feed, MOST_ITEMS)
    whole = cut or whole_items(feed, root[1], max_entries)
    window = tuple(mark_of(url, item) for item in whole.items)
    now, waiting = _in_turn(zip(window, whole.items, strict=True), known, max_entries)
    if _markup_beyond_reason("".join((whole.shell, *(item for _, item in now)))):
        raise FeedHostile(f"{url}: more than {_MAX_TAGS} tags or {_MAX_REFERENCES} character references")
    try:
        shell = _feedparser(whole.shell, url)
    except Exception as exc:  # feedparser's two parsers raise whatever a crafted document makes them raise
        raise _not_feed(url, text) from exc
    feed_itself = Items(
        title=str(shell.feed.get("title") or ""),
        kind="atom" if kind == "feed" else "rss",
        items=(),
        partial=whole.partial,
        wishes=xml_wishes(shell.feed, url),
    )
    if cut is None:
        items = tuple(_xml_item(entry) for entry in shell.entries[:max_entries])
        return feed_itself._replace(items=items, skipped=max(0, whole.total - len(items)))
    read = [_read_alone(item, mark, url) for mark, item in now]  # one that gives nothing is skipped
    return feed_itself._replace(
        items=tuple(item for items in read for item in items),
        skipped=cut.total - len(cut.items) + len(waiting) + read.count(()),
        known=sum(mark in known for mark in window),
        window=window,
        waiting=waiting,
    )


def _in_turn(
    marked: Iterable[tuple[str, Listed]], known: frozenset[str], max_entries: int
) -> tuple[list[tuple[str, Listed]], tuple[str, ...]]:
    """What is not known, as much as is read now, each once; and the marks of what waits."""
    unknown: dict[str, Listed] = {}
    for mark, item in marked:
        if mark not in known:
            unknown.setdefault(mark, item)
    return list(unknown.items())[:max_entries], tuple(unknown)[max_entries:]


def _read_alone(item: str, mark: str, url: str) -> tuple[Item, ...]:
    try:
        return tuple(_xml_item(entry, mark) for entry in _feedparser(item, url).entries)
    except Exception:  # noqa: BLE001 - as for the feed as a whole; one item that nobody can read harms no other
        return ()


def _feedparser(text: str, url: str) -> Any:  # noqa: ANN401 - feedparser is untyped
    return feedparser.parse(
        io.BytesIO(text.encode()),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        sanitize_html=False,  # plain_text() does it, at a fraction of the time
        resolve_relative_uris=False,
    )


def _markup_beyond_reason(text: str) -> bool:
    first, *sections = text.split("<![CDATA[")
    outside = [first, *(section.partition("]]>")[2] or section for section in sections)]
    return sum(part.count("<") for part in outside) > _MAX_TAGS or text.count("&") > _MAX_REFERENCES


def _xml_item(entry: Any, mark: str = "") -> Item:  # noqa: ANN401 - as above: a dict with attribute access
    # `dict.get`, not `.get`: feedparser's own maps a missing `updated` to `published`, with a warning.
    parsed = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    source = entry.get("source")
    return Item(
        link=str(entry.get("link") or ""),
        title=str(entry.get("title") or ""),
        summary=str(entry.get("summary") or ""),
        guid=str(entry.get("id") or ""),
        author=str(entry.get("author") or ""),
        published_at=_from_struct(parsed),
        outlet=str(source.get("title") or "") if isinstance(source, dict) else "",
        mark=mark,
    )


def _from_struct(parsed: Any) -> datetime | None:  # noqa: ANN401 - a time.struct_time in UTC, or None
    if parsed is None or parsed[0] < FIRST_YEAR:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _read_json(text: str, url: str, max_entries: int, known: frozenset[str]) -> Items:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org): an object with a version that says so, and a list of items."""
    try:
        feed = json.loads(text)
        listed = feed.get("items") if isinstance(feed, dict) else None
        items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
        window = tuple(mark_of(url, json.dumps(item, sort_keys=True)) for item in items[:MOST_ITEMS])
    except (ValueError, RecursionError) as exc:
        raise _not_feed(url, text) from exc
    if not isinstance(feed, dict) or "jsonfeed.org" not in _string(feed, "version"):
        raise _not_feed(url, text)
    now, waiting = _in_turn(zip(window, items, strict=False), known, max_entries)
    return Items(
        title=_string(feed, "title"),
        kind="json",
        items=tuple(_json_item(item, mark) for mark, item in now),
        skipped=len(items) - len(window) + len(waiting),
        known=sum(mark in known for mark in window),
        window=window,
        waiting=waiting,
        wishes=json_wishes(feed, url),
    )


def _json_item(item: dict[str, Any], mark: str) -> Item:
    authors = item.get("authors")
    author = authors[0] if isinstance(authors, list) and authors else item.get("author")
    return Item(
        link=_string(item, "url", "external_url"),
        title=_string(item, "title"),
        summary=_string(item, "summary", "content_text", "content_html"),
        guid=_string(item, "id"),
        author=_string(author, "name") if isinstance(author, dict) else "",
        published_at=iso_time(_string(item, "date_published")),
        mark=mark,
    )


def _string(of: dict[str, Any], *names: str) -> str:
    """The first of the named values that is a string or a number, as a string."""
    values = (of.get(name) for name in names)
    return next((str(value) for value in values if isinstance(value, str | int) and value != ""), "")
