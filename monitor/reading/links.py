"""Where a search feed's links lead: through the page of whoever searched, whose address holds the article's own.

What the address says is taken; nothing is asked. Google News used to write the article's address into its own, in
base64, and now writes a token that only its servers can turn into one: such a link is opaque.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from monitor.reading.identity import MAX_URL_CHARS, entry_keys, usable_link

if TYPE_CHECKING:
    from monitor.model import FeedEntry, ParsedFeed

_HOPS: Final = 3
"""Redirectors within redirectors that are followed."""
_GOOGLE = r"(?:www\.|news\.)?google\.(?:com?\.)?[a-z]{2,3}"
_BY_PARAMETER: Final = (
    (re.compile(r"(?:[\w-]+\.)*bing\.com"), re.compile(r"/news/apiclick\.aspx", re.IGNORECASE), ("url",)),
    (re.compile(_GOOGLE), re.compile(r"/url"), ("q", "url")),
    (re.compile(r"(?:l|lm|www|m)\.facebook\.com|l\.instagram\.com"), re.compile(r"/l\.php|/"), ("u",)),
)
"""Host, path, and the parameters that hold the target, by redirector."""
_YAHOO: Final = re.compile(r"(?:[\w-]+\.)*yahoo\.com")
_YAHOO_TARGET: Final = re.compile(r"[/;?&]RU=([^/;&]+)")
_GOOGLE_NEWS: Final = re.compile(r"/(?:__i/)?(?:rss/)?(?:rd/)?(?:articles|read)/([\w=-]+)")
_NUMBER_FIELD, _ADDRESS_FIELD, _MORE = 0x08, 0x22, 0x80
"""Protocol buffers (protobuf.dev, "Encoding"): tags of field 1, a number, and of field 4, bytes; and the bit by which
a length goes on into another byte."""


@dataclass(frozen=True, slots=True)
class Link:
    """An address as far as it can be told; `opaque` if it leads through a page that keeps its target to itself."""

    url: str
    opaque: bool = False


def resolved(url: str) -> Link:
    """The article's address where a known redirector's address holds it, else the address itself.

    A target that may not be fetched as a feed's link may not is as good as none.
    """
    link = Link(url)
    for _ in range(_HOPS):
        found = _step(link.url)
        if found is None:
            return link
        if not found:
            return Link(link.url, opaque=True)
        link = Link(found)
    return link


def with_links(parsed: ParsedFeed) -> ParsedFeed:
    """A search feed's entries under the articles' own addresses and keys, without the outlet behind each headline.

    Opaque entries keep their keys: the headline with its outlet tells two outlets' copies apart. Marks stay what they
    were, for they are of the feed's items.
    """
    entries: dict[str, FeedEntry] = {}
    for entry in map(_followed, parsed.entries):
        entries.setdefault(entry.keys[0], entry)
    return replace(parsed, entries=tuple(entries.values()))


def _followed(entry: FeedEntry) -> FeedEntry:
    link = resolved(entry.url)
    bare = replace(entry, title=_without_outlet(entry.title, entry.outlet), opaque=link.opaque)
    return bare if link.url == entry.url else replace(bare, url=link.url, keys=_keys(bare, link.url))


def _keys(entry: FeedEntry, url: str) -> tuple[str, ...]:
    """Those of the article's address, and the guid's, which is the feed's own whatever the address."""
    text = (entry.title, entry.summary)
    canonical, *others = entry_keys(url, text, published_at=entry.published_at, guid="", feed="")
    return (canonical, *(key for key in entry.keys[1:] if key.startswith("guid:")), *others)


def _without_outlet(title: str, outlet: str | None) -> str:
    """«العنوان - الصحيفة»: what stands behind the dash is who published it, if that is what the feed names."""
    return title.removesuffix(f" - {outlet}").rstrip() if outlet else title


def _step(url: str) -> str | None:
    """The target in a redirector's address; empty if it cannot be had, None if this is no redirector's."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return None
    found = _target(parts, host)
    return found if found is None else usable_link(found, base="") or ""


def _target(parts: SplitResult, host: str) -> str | None:
    for hosts, paths, names in _BY_PARAMETER:
        if hosts.fullmatch(host) and paths.fullmatch(parts.path):
            values = dict(reversed(parse_qsl(parts.query)))
            return next((values[name] for name in names if name in values), None)
    if _YAHOO.fullmatch(host):
        told = _YAHOO_TARGET.search(f"{parts.path}?{parts.query}")
        return None if told is None else unquote(told[1])
    if host == "news.google.com":
        article = _GOOGLE_NEWS.fullmatch(parts.path)
        return None if article is None else _written_into(article[1])
    return None


def _written_into(token: str) -> str:
    """The address in Google News' old form: field 4 of a message whose field 1 is a number; empty for the new form."""
    token = token[:MAX_URL_CHARS]
    try:
        message = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        if (message[0], message[2]) != (_NUMBER_FIELD, _ADDRESS_FIELD):
            return ""
        size, start = message[3], 4
        if size & _MORE:
            size, start = size & ~_MORE | message[4] << 7, 5
        address = message[start : start + size]
        return address.decode("utf-8") if len(address) == size else ""
    except (ValueError, IndexError):  # no base64, no text, or too short
        return ""
