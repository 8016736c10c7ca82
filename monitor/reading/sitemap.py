"""News sitemaps to items: what many outlets keep in place of a feed (sitemaps.org 0.9, Google's news extension).

A sitemap need not be in the order of time, so that it is read whole and put in order here. Elements are known by their
local names, since the namespaces are misspelt more often than the names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from lxml import etree

from monitor.errors import FeedNotFeed
from monitor.reading.identity import canonical_url, usable_link
from monitor.reading.items import Item, Items, iso_time, mark_of

if TYPE_CHECKING:
    from datetime import datetime

_MAX_URLS: Final = 50_000
"""As many as the protocol allows in one file."""
_SHOWN_CHILDREN: Final = 3
_URL_END = re.compile(r"</(?:[\w.-]+:)?url\s*>", re.IGNORECASE)


class _Listed(NamedTuple):
    """One `<url>` or `<sitemap>`, as it stands."""

    link: str
    title: str
    name: str
    published_at: datetime | None
    mark: str


def read_sitemap(text: str, url: str, max_entries: int, known: frozenset[str]) -> Items:
    """The newest `max_entries` of a `<urlset>`, newest first; those without a date come last.

    A title is there only if the news extension gives it. A publication's name becomes the outlet of what lies on
    another site than the sitemap, and otherwise the feed's title. An item's mark is a hash of the values used, so
    that a `lastmod` that moves beside a `publication_date` changes nothing.

    Args:
        text: Begins with the root's start tag, and declares no entities.
        url: Where it came from.
        max_entries: Items read, the newest.
        known: Marks of items to pass over.

    Raises:
        FeedNotFeed: Nothing of it can be read; or it is a list of sitemaps, of which up to three are named.
    """
    root, partial = _root(text, url)
    if _name(root) == "sitemapindex":
        raise FeedNotFeed(f"{url}: {_children(root, url)}")
    elements = [element for element in root if _name(element) == "url"]
    listed = _newest_first([_listed(element, url) for element in elements[:_MAX_URLS]])[:max_entries]
    unknown = [one for one in listed if one.mark not in known]
    return Items(
        title=next((one.name for one in listed if one.name), ""),
        kind="sitemap",
        items=tuple(_item(one, url) for one in unknown),
        skipped=len(elements) - len(listed),
        partial=partial,
        known=len(listed) - len(unknown),
        window=tuple(one.mark for one in listed),
    )


def _root(text: str, url: str) -> tuple[etree._Element, bool]:
    """The tree, cut to the last whole `<url>` where the body breaks off; and whether it does."""
    name = re.split(r"[\s/>]", text[1:], maxsplit=1)[0]
    ends = [match.end() for match in _URL_END.finditer(text)]
    last = ends[-1] if ends else 0
    partial = re.search(rf"</{re.escape(name)}\s*>", text[last:], re.IGNORECASE) is None
    cut = partial and not name.lower().endswith("sitemapindex")
    whole = f"{text[:last] or f'<{name}>'}</{name}>" if cut else text
    # Made anew for each: a parser keeps the errors of what it read last.
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(whole.encode(), parser)
    except (etree.LxmlError, ValueError) as exc:
        raise FeedNotFeed(f"{url}: a sitemap that cannot be read") from exc
    if root is None:  # what recovering from nothing at all gives
        raise FeedNotFeed(f"{url}: a sitemap that cannot be read")
    return root, partial


def _children(root: etree._Element, url: str) -> str:
    listed = _newest_first([_listed(element, url) for element in root if _name(element) == "sitemap"])
    links = (usable_link(one.link, base=url) for one in listed)
    shown = list(dict.fromkeys(link for link in links if link is not None))[:_SHOWN_CHILDREN]
    return "a list of sitemaps" + (f"; poll one of these: {', '.join(shown)}" if shown else ", none of which is usable")


def _newest_first(listed: list[_Listed]) -> list[_Listed]:
    dated = [(one.published_at, one) for one in listed if one.published_at is not None]
    undated = [one for one in listed if one.published_at is None]
    return [one for _, one in sorted(dated, key=lambda pair: pair[0], reverse=True)] + undated


def _listed(element: etree._Element, url: str) -> _Listed:
    own = _texts(element)
    news = next((child for child in element if _name(child) == "news"), None)
    said = {} if news is None else _texts(news)
    publication = None if news is None else next((child for child in news if _name(child) == "publication"), None)
    name = "" if publication is None else _texts(publication).get("name", "")
    link, title = own.get("loc", ""), said.get("title", "")
    date = said.get("publication_date", "")
    at = iso_time(date, naive=True)
    if at is None:
        date = own.get("lastmod", "")
        at = iso_time(date, naive=True)
    return _Listed(link, title, name, at, mark_of(url, link, title, name, date if at else ""))


def _item(one: _Listed, url: str) -> Item:
    foreign = bool(one.name) and not _same_site(one.link, url)
    return Item(
        link=one.link,
        title=one.title,
        guid=one.link,
        published_at=one.published_at,
        outlet=one.name if foreign else "",
        mark=one.mark,
    )


def _same_site(link: str, url: str) -> bool:
    """Whether one host is the other, or lies below it."""
    try:
        one, other = (f".{urlsplit(canonical_url(address)).hostname or ''}" for address in (link, url))
    except ValueError:
        return True
    return one.endswith(other) or other.endswith(one)


def _texts(element: etree._Element) -> dict[str, str]:
    """Local names of the children with their texts; the first of each name."""
    texts: dict[str, str] = {}
    for child in element:
        texts.setdefault(_name(child), (child.text or "").strip())
    return texts


def _name(element: etree._Element) -> str:
    """The local name, folded; empty for an entity that was left alone, whose tag is a function."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
