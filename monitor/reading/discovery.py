"""Where a site may have a feed: what its page announces, what it links to, what robots.txt names, what is usual."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urldefrag, urljoin, urlsplit

from monitor.reading.charset import decode
from monitor.reading.feed import plain_text
from monitor.reading.identity import usable_link
from monitor.reading.listing import MAX_TAGS, base_of, page_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

How: TypeAlias = Literal["announced", "linked", "guessed", "robots"]

MAX_CANDIDATES: Final = 40
_TITLE_CHARS: Final = 200
_ANNOUNCED = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/json")
"""In the order in which they are worth a try: `application/json` mostly announces the site's own programming."""
_FEED_PATH = re.compile(r"/(?:feeds?|rss\d?|atom)(?:/|$)|[./](?:rss|atom|rdf|xml)$|/rss[^/]*\.\w+$", re.IGNORECASE)
_FEED_QUERY = re.compile(r"(?:^|&)(?:feed|rss|format)=(?:rss|atom|rdf|feed)", re.IGNORECASE)
_COMMENTS = re.compile(r"comment", re.IGNORECASE)
_GUESSES = (
    *("/feed/", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml"),
    *("/news-sitemap.xml", "/sitemap-news.xml"),
)
_SITEMAP_LINE = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a feed's; `title` is what the page calls it, `how` where it was found."""

    url: str
    how: How
    title: str = ""


def candidates(body: bytes, *, url: str, content_type: str, sitemaps: Iterable[str] = ()) -> tuple[Candidate, ...]:
    """All that may be a feed of the site, best first, each address once and `url` itself left out.

    Args:
        body: A page of the site; bytes that are none only leave the guesses.
        url: Where it came from in the end.
        content_type: The HTTP header's value.
        sitemaps: What the site's robots.txt names. Those of news come before the guesses, the others after them.

    Returns:
        At most `MAX_CANDIDATES`; feeds of comments last.
    """
    named = [Candidate(url=one, how="robots") for one in sitemaps]
    news = [one for one in named if "news" in one.url.lower()]
    page = _page(body, content_type)
    base = url if page is None else base_of(page, url)
    found = [
        *(() if page is None else _announced(page, base)),
        *(() if page is None else _linked(page, base)),
        *news,
        *(Candidate(url=urljoin(url, path), how="guessed") for path in _GUESSES),
        *(one for one in named if one not in news),
    ]
    found.sort(key=lambda one: _COMMENTS.search(one.url + one.title) is not None)
    once: dict[str, Candidate] = {}
    for one in found:
        once.setdefault(one.url, one)
    once.pop(urldefrag(url)[0], None)
    return tuple(once.values())[:MAX_CANDIDATES]


def sitemaps_in(robots_txt: str, url: str) -> tuple[str, ...]:
    """The sitemaps that a robots.txt names (sitemaps.org, "Specifying the Sitemap location"), each once.

    Args:
        robots_txt: Its text.
        url: Where it came from.
    """
    links = (usable_link(match[1], base=url) for match in _SITEMAP_LINE.finditer(robots_txt))
    return tuple(dict.fromkeys(link for link in links if link is not None))[:MAX_CANDIDATES]


def _page(body: bytes, content_type: str) -> HtmlElement | None:
    try:
        text = decode(body, content_type=content_type)
        return page_of(text) if text.count("<") <= MAX_TAGS else None
    except Exception:  # noqa: BLE001 - what cannot be parsed announces nothing
        return None


def _announced(page: HtmlElement, base: str) -> list[Candidate]:
    """`<link rel="alternate">` of a feed's type (rssboard.org, "RSS Autodiscovery")."""
    found: list[tuple[int, Candidate]] = []
    for link in page.iter("link"):
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        href = _href(link, base)
        if kind in _ANNOUNCED and href and "alternate" in (link.get("rel") or "").lower().split():
            title = plain_text(link.get("title") or "", _TITLE_CHARS)
            found.append((kind == _ANNOUNCED[-1], Candidate(url=href, how="announced", title=title)))
    return [one for _, one in sorted(found, key=lambda ranked: ranked[0])]


def _linked(page: HtmlElement, base: str) -> list[Candidate]:
    """Links whose address looks like a feed's; those of the site itself first."""
    found = list(_feedlike(page, base))
    host = urlsplit(base).hostname
    return sorted(found, key=lambda one: urlsplit(one.url).hostname != host)


def _feedlike(page: HtmlElement, base: str) -> Iterator[Candidate]:
    for anchor in page.iter("a"):
        href = _href(anchor, base)
        parts = urlsplit(href or "")
        if href and (_FEED_PATH.search(parts.path) or _FEED_QUERY.search(parts.query)):
            title = anchor.text or anchor.get("title") or ""
            yield Candidate(url=href, how="linked", title=plain_text(title, _TITLE_CHARS))


def _href(element: HtmlElement, base: str) -> str | None:
    """Where it leads, as an address to fetch; a feed reader's own `feed:` is taken off."""
    href = re.sub(r"^feed:(?://)?(?=https?:)|^feed(?=://)", "", (element.get("href") or "").strip(), count=1)
    link = usable_link(f"http{href}" if href.startswith("://") else href, base=base)
    return link and urldefrag(link)[0]
