"""News sitemaps: what they list, in what order, and what is refused."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import FeedHostile, FeedNotFeed, RasidError
from monitor.reading.feed import read_feed

if TYPE_CHECKING:
    from monitor.model import ParsedFeed

URL = "https://www.news.example.ly/sitemap-news.xml"
SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)
HEADLINE = "وزير الخارجية يبحث مع السفير الجديد ملف الحدود"


def listed(number: int, *, date: str = "2024-02-01", title: str = HEADLINE, more: str = "", host: str = "") -> str:
    host = host or "news.example.ly"
    return (
        f"<url><loc> https://{host}/{number} </loc>{more}<image:image><image:loc>https://i.example/1.jpg</image:loc>"
        f"</image:image><news:news><news:publication><news:name>صحيفة المثال</news:name>"
        f"<news:language>ar</news:language></news:publication><news:publication_date>{date}</news:publication_date>"
        f"<news:title><![CDATA[{title}]]></news:title></news:news></url>"
    )


def urlset(*urls: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {SPACES}>{"".join(urls)}</urlset>'


def read(text: str, known: frozenset[str] = frozenset(), max_entries: int = 500) -> ParsedFeed:
    return read_feed(text.encode(), url=URL, content_type="text/xml", max_entries=max_entries, known=known)


def test_a_news_sitemap_is_read_like_a_feed() -> None:
    feed = read(urlset(listed(1, date="2024-02-01T10:00:00+02:00", title=f"{HEADLINE} &amp; غيره")))
    (entry,) = feed.entries
    assert (feed.kind, feed.title, feed.partial, feed.skipped) == ("sitemap", "صحيفة المثال", False, 0)
    assert (entry.url, entry.title, entry.summary) == ("https://news.example.ly/1", f"{HEADLINE} & غيره", "")
    assert entry.published_at == datetime(2024, 2, 1, 8, tzinfo=UTC)
    assert (entry.outlet, feed.window) == (None, (entry.mark,))


def test_the_newest_come_first_and_the_undated_last_whatever_their_order() -> None:
    dates = ["2024-02-01", "أمس", "2024-02-01T23:00+02:00", "2024-02-03T00:00:00.5Z", "2023-12-31T10:00:00"]
    text = urlset(*(listed(number, date=date) for number, date in enumerate(dates)))
    assert [entry.url[-1] for entry in read(text).entries] == ["3", "2", "0", "4", "1"]
    newest = read(text, max_entries=2)
    assert ([entry.url[-1] for entry in newest.entries], newest.skipped, newest.partial) == (["3", "2"], 3, False)


def test_without_the_news_extension_there_is_no_title_and_lastmod_is_the_date() -> None:
    text = urlset("<url><loc>/a</loc><lastmod>2024-02-01</lastmod></url>", "<url><lastmod>2024-02-01</lastmod></url>")
    feed = read(text)
    (entry,) = feed.entries
    assert (entry.url, entry.title) == ("https://www.news.example.ly/a", "")
    assert entry.published_at == datetime(2024, 2, 1, tzinfo=UTC)
    assert feed.skipped == 1


def test_a_publication_s_name_is_the_outlet_of_what_lies_elsewhere() -> None:
    text = urlset(listed(1, host="arabic.news.example.ly"), listed(2, host="other.example"))
    assert [entry.outlet for entry in read(text).entries] == [None, "صحيفة المثال"]


def test_known_ones_are_passed_over_and_a_moving_lastmod_makes_none_unknown() -> None:
    before = read(urlset(listed(1), listed(2, date="2024-02-02")))
    moved = urlset(listed(1, more="<lastmod>2024-02-09</lastmod>"), listed(2, date="2024-02-02"), listed(3))
    after = read(moved, frozenset(before.window))
    assert [entry.url[-1] for entry in after.entries] == ["3"]
    assert (after.known, len(after.window), after.title) == (2, 3, "صحيفة المثال")


def test_a_sitemap_that_breaks_off_keeps_what_is_whole() -> None:
    text = urlset(listed(1), listed(2))
    for cut in range(text.index("</loc>"), len(text)):
        feed = read(text[:cut])
        assert feed.partial
        assert len(feed.entries) == text[:cut].count("</url>")


def test_warnings_before_it_and_prefixes_on_all_of_it_are_read_over() -> None:
    text = urlset(listed(1)).replace('xmlns="', 'xmlns:s="').replace("<url", "<s:url").replace("</url", "</s:url")
    text = text.replace("<loc", "<s:loc").replace("</loc", "</s:loc")
    assert len(read(f"<br />\n<b>Warning</b>: line 3<br />\n{text}").entries) == 1


def test_a_bare_ampersand_and_unknown_references_cost_no_entry() -> None:
    feed = read(
        urlset(listed(1), listed(2)).replace("/1 </loc>", "/1?a=1&b=2 </loc>").replace("<image:loc>", "<image:loc>&x;")
    )
    assert [entry.url[-1] for entry in feed.entries][1:] == ["2"]
    assert feed.entries[0].url.startswith("https://news.example.ly/1?a=1")


def test_a_list_of_sitemaps_is_no_feed_and_names_three_to_poll_instead() -> None:
    children = [
        ("a", "2024-01-01"),
        ("b", ""),
        ("c", "2024-03-01"),
        ("javascript:x", "2024-04-01"),
        ("d", "2024-02-01"),
    ]
    rows = "".join(f"<sitemap><loc>{loc}</loc><lastmod>{date}</lastmod></sitemap>" for loc, date in children)
    with pytest.raises(FeedNotFeed) as caught:
        read(f"<sitemapindex {SPACES}>{rows}</sitemapindex>")
    site = "https://www.news.example.ly"
    assert caught.value.message == f"{URL}: a list of sitemaps; poll one of these: {site}/c, {site}/d, {site}/a"
    with pytest.raises(FeedNotFeed, match="none of which"):
        read("<sitemapindex></sitemapindex>")


def test_entities_are_refused_as_in_feeds() -> None:
    with pytest.raises(FeedHostile):
        read(f'<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>{urlset(listed(1, title="&x;"))}')


@pytest.mark.parametrize("hostile", ["<b>" * 300_000, "<url>" * 300_000, "&#x;" * 300_000, "<!--" * 300_000])
def test_markup_without_end_takes_no_time(hostile: str) -> None:
    began = time.monotonic()
    try:
        read(f"<urlset><url><loc>{hostile}</loc></url></urlset>")
    except RasidError as exc:
        assert exc.code == "E-FEED-NOT-FEED"  # noqa: PT017 - either ending is right
    assert time.monotonic() - began < 3


def test_a_sitemap_as_large_as_the_protocol_allows_is_read_to_the_cap() -> None:
    text = urlset(*(listed(number, title="") for number in range(20_000)))
    began = time.monotonic()
    feed = read(text)
    assert time.monotonic() - began < 5
    assert (len(feed.entries), feed.skipped) == (500, 19_500)


PIECES = [
    "<urlset>",
    "</urlset>",
    "<url>",
    "</url>",
    "<loc>",
    "</loc>",
    "http://e.ly/1",
    "<lastmod>",
    "9999-99",
    "<!--",
    "<x:",
    "&",
]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*PIECES, "0001-01-01T00:00:00+23:59", "</lastmod>", "]]>", "<?"]), max_size=20).map(
        "".join
    )
)
def test_any_text_in_it_ends_as_a_feed_or_as_one_of_our_errors(inner: str) -> None:
    for frame in ("<urlset><url>{}</url></urlset>", "<urlset {}", "<sitemapindex><sitemap>{}</sitemap>"):
        try:
            feed = read(frame.format(inner))
        except RasidError:
            continue
        assert all(entry.url.startswith(("http://", "https://")) for entry in feed.entries)
