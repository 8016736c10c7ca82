"""Where a site's feed may be: announced, linked, named by robots.txt, or where feeds usually are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.reading.discovery import MAX_CANDIDATES, Candidate, candidates, sitemaps_in

URL = "https://site.example/libya/"
GUESSES = [
    *("/feed/", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml"),
    *("/news-sitemap.xml", "/sitemap-news.xml"),
]


def found(page: str | bytes, **more: tuple[str, ...]) -> list[Candidate]:
    body = page.encode() if isinstance(page, str) else page
    return list(candidates(body, url=URL, content_type="text/html", **more))


def test_what_a_page_announces_comes_first_and_feeds_of_comments_last() -> None:
    page = """<link rel="alternate" type="application/rss+xml" title="الموقع &raquo; التعليقات" href="/comments/feed/">
    <link rel="alternate" type="application/json" href="/wp-json/1">
    <link rel="ALTERNATE nofollow" type="application/rss+xml; charset=utf-8" title="الموقع &raquo; الأخبار" href="/a#x">
    <link rel="alternate" type="application/atom+xml" href="http://feeds.example/site">
    <link rel="alternate" type="application/feed+json" href="/feed.json">
    <link rel="alternate" type="text/html" href="/en"><link rel="stylesheet" type="application/rss+xml" href="/no">"""
    first, *rest = found(page)
    assert first == Candidate(url="https://site.example/a", how="announced", title="الموقع » الأخبار")
    assert [one.url for one in rest[:3]] == [
        "http://feeds.example/site",
        "https://site.example/feed.json",
        "https://site.example/wp-json/1",
    ]
    assert [one.how for one in rest[3:-1]] == ["guessed"] * len(GUESSES)
    assert rest[-1].url == "https://site.example/comments/feed/"


def test_links_that_look_like_feeds_are_found_those_of_the_site_first() -> None:
    page = """<base href="/sub/"><a href="https://feeds.example/rss">x</a><a href="category/feed">خلاصة</a>
    <a href="/rss/ar"></a><a href="all.rss"></a><a href="/?feed=rss2"></a><a href="/feedback"></a><a href="/rssi/1"></a>
    <a href="javascript:feed"></a><a href="feed:https://site.example/export.xml"></a>
    <a href="feed://site.example/atom">"""
    linked = [one.url for one in found(page) if one.how == "linked"]
    assert linked == [
        "https://site.example/sub/category/feed",
        "https://site.example/rss/ar",
        "https://site.example/sub/all.rss",
        "https://site.example/?feed=rss2",
        "https://site.example/export.xml",
        "http://site.example/atom",
        "https://feeds.example/rss",
    ]


def test_without_a_page_the_usual_places_are_left() -> None:
    for body in (b"", b"%PDF", bytes(range(128, 256)) * 50, b"<a href=x>" * 60_000):
        assert [one.url for one in found(body)] == [f"https://site.example{path}" for path in GUESSES]


def test_sitemaps_of_news_are_tried_before_guesses_and_others_after() -> None:
    robots = (
        "User-agent: *\nDisallow: /x\nSitemap: https://site.example/sitemap.xml\r\nsitemap : /news.xml # x\nSITEMAP:\n"
    )
    robots += "Sitemap: ftp://site.example/s.xml\nSitemap: /news.xml\n"
    named = sitemaps_in(robots, "https://site.example/robots.txt")
    assert named == ("https://site.example/sitemap.xml", "https://site.example/news.xml")
    urls = [one.url for one in found("<p>", sitemaps=named)]
    assert (urls[0], urls[-1]) == (named[1], named[0])


def test_each_address_stands_once_where_it_is_worth_most_and_never_the_one_asked_about() -> None:
    page = (
        f'<link rel=alternate type="application/rss+xml" href="/feed/"><a href="/feed/">x</a><a href="{URL}#feed">x</a>'
    )
    assert [one.url for one in found(page)] == [f"https://site.example{path}" for path in GUESSES]
    assert found(page)[0].how == "announced"


def test_a_page_full_of_feeds_gives_so_many_and_no_more() -> None:
    assert len(found("".join(f"<a href=/{number}/feed>x</a>" for number in range(1000)))) == MAX_CANDIDATES


@given(st.binary(max_size=300), st.text(max_size=100))
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
def test_no_page_and_no_robots_txt_raises(body: bytes, robots: str) -> None:
    assert candidates(b"<html><a href='" + body + b"feed'>", url=URL, content_type="")
    sitemaps_in(f"Sitemap: {robots}", URL)
