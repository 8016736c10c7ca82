"""A news site that publishes one article after another, behind one RSS feed."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

import xxhash

from monitor.demo.loopback import NOT_FOUND, Answer, Request
from monitor.demo.pages import LAYOUTS, Copy, Layout, copy_of, render

FEED_PATH = "/feed.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """An article on the site."""

    id: str
    path: str
    copy: Copy
    layout: Layout


class NewsSite:
    """Routes of the site. `publish` lets one more article appear; `edition` tells feeds of one content apart.

    A later edition serves the same articles under addresses that carry tracking parameters, as sites do: whoever
    knows articles by their address alone takes all of them for new.
    """

    def __init__(self, texts: tuple[tuple[str, str], ...]) -> None:
        """Lay out `texts`, (id, plain text) in the order in which they will appear."""
        self.printed = tuple(
            Printed(id=name, path=f"/news/{name}", copy=copy_of(text), layout=LAYOUTS[at % len(LAYOUTS)])
            for at, (name, text) in enumerate(texts)
        )
        self.published = 0
        self.edition = 1
        self.hits: list[str] = []

    def publish(self) -> Printed:
        """Let the next article appear in the feed."""
        article = self.printed[self.published]
        self.published += 1
        return article

    def route(self, request: Request) -> Answer:
        """The feed, an article, a front page."""
        path = request.path.partition("?")[0]
        self.hits.append(path)
        if path == FEED_PATH:
            return self._feed(request)
        if path == "/robots.txt":
            return Answer(body=b"User-agent: *\nAllow: /\n", content_type="text/plain")
        if path == "/":
            return self._front()
        found = next((article for article in self.printed[: self.published] if article.path == path), None)
        return NOT_FOUND if found is None else self._page(found)

    def _page(self, article: Printed) -> Answer:
        others = tuple((other.path, other.copy.title) for other in self.printed if other is not article)
        body = render(article.copy, article.layout, neighbours=others, url=article.path)
        return Answer(body=body, content_type=f"text/html; charset={article.layout.charset}")

    def _front(self) -> Answer:
        items = "".join(
            f'<li><a href="{article.path}">{escape(article.copy.title)}</a> ({escape(article.layout.outlet)})</li>'
            for article in self.printed[: self.published]
        )
        page = (
            f'<!DOCTYPE html><html lang="ar" dir="rtl"><meta charset="utf-8"><title>موقع التجربة</title>'
            f'<body><h1>موقع التجربة</h1><p><a href="{FEED_PATH}">RSS</a></p><ul>{items}</ul></body></html>'
        )
        return Answer(body=page.encode())

    def _feed(self, request: Request) -> Answer:
        host = request.headers.get("host", "127.0.0.1")
        query = "" if self.edition == 1 else f"?utm_source=rss&amp;utm_campaign={self.edition}"
        items = "".join(
            f"<item><title>{escape(article.copy.title)}</title>"
            f"<link>http://{escape(host)}{article.path}{query}</link>"
            f'<guid isPermaLink="false">{article.id}</guid></item>'
            for article in reversed(self.printed[: self.published])
        )
        body = (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>موقع التجربة</title>'
            f"<link>http://{escape(host)}/</link><description>أخبار للتجربة</description>{items}</channel></rss>"
        ).encode()
        etag = f'"{xxhash.xxh64_hexdigest(body)}"'
        if request.headers.get("if-none-match") == etag:
            return Answer(status=304, headers={"ETag": etag})
        return Answer(body=body, content_type="application/rss+xml; charset=utf-8", headers={"ETag": etag})
