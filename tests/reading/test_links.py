"""Links of search feeds: the article's own address where the redirector's holds it, and honesty where it does not."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.model import FeedEntry, ParsedFeed
from monitor.ports import FeedJob
from monitor.reading.identity import entry_keys, usable_link
from monitor.reading.links import Link, resolved, with_links
from monitor.reading.source import read_source

ARTICLE = "https://news.example.ly/archives/123?lang=ar"
QUOTED = "https%3A%2F%2Fnews.example.ly%2Farchives%2F123%3Flang%3Dar"
HEADLINE = "القائد العام يستقبل السفير في بنغازي"
NEW_FORM = "https://news.google.com/rss/articles/CBMi" + base64.urlsafe_b64encode(b"AU_yqLM" * 20).decode()


def google_news(address: str, *, path: str = "/rss/articles/", amp: str = "") -> str:
    """An address of Google News' old form."""
    raw = address.encode()
    size = bytes([len(raw)]) if len(raw) < 0x80 else bytes([len(raw) & 0x7F | 0x80, len(raw) >> 7])
    message = b"\x08\x13\x22" + size + raw + b"\xd2\x01" + bytes([len(amp)]) + amp.encode()
    return f"https://news.google.com{path}{base64.urlsafe_b64encode(message).decode().rstrip('=')}?oc=5&hl=ar"


@pytest.mark.parametrize(
    "url",
    [
        f"http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&tid=1&url={QUOTED}&c=1&mkt=ar-xa",
        f"https://www.google.com/url?rct=j&sa=t&url={QUOTED}&ct=ga",
        f"https://www.google.com.eg/url?q={QUOTED}&sa=U",
        f"https://l.facebook.com/l.php?u={QUOTED}&h=AT0",
        f"https://r.search.yahoo.com/_ylt=Aw/RV=2/RE=1/RO=10/RU={QUOTED}/RK=2/RS=x-",
        google_news(ARTICLE),
        google_news(ARTICLE, path="/articles/", amp="https://amp.news.example.ly/123"),
        google_news(ARTICLE, path="/__i/rss/rd/articles/"),
        f"https://www.google.com/url?q=http://www.bing.com/news/apiclick.aspx?url={QUOTED.replace('%', '%25')}",
    ],
)
def test_a_redirector_s_address_gives_the_article_s(url: str) -> None:
    assert resolved(url) == Link(ARTICLE)


def test_an_address_longer_than_one_byte_counts_is_whole() -> None:
    long = ARTICLE + "&title=" + "%D8%A7" * 40
    assert resolved(google_news(long)) == Link(long)


@pytest.mark.parametrize(
    "url",
    [ARTICLE, "https://news.google.com/search?q=x", "https://www.google.com/url?sa=t", "https://example.org/url?q=http://x.ly/",
     "https://feedproxy.google.com/~r/x/~3/y/", "https://google.com.evil.example/url?q=http://x.ly/", "http://[x", ""],
)  # fmt: skip
def test_what_is_no_known_redirector_stays_as_it_is(url: str) -> None:
    assert resolved(url) == Link(url)


@pytest.mark.parametrize(
    "url",
    [
        NEW_FORM,
        google_news("javascript:alert(1)"),
        google_news(ARTICLE)[:60],
        "https://news.google.com/rss/articles/CBM",
        "https://news.google.com/rss/articles/A",
        "https://www.google.com/url?q=file:///etc/passwd",
        "https://www.google.com/url?q=/search",
        "http://www.bing.com/news/apiclick.aspx?url=http%3A%2F%2Fuser%40x.ly%2F",
        "https://l.facebook.com/l.php?u=http%3A%2F%2Fx.ly%5C%40y.ly",
    ],
)
def test_a_target_that_cannot_be_had_or_used_leaves_the_link_opaque(url: str) -> None:
    assert resolved(url) == Link(url, opaque=True)


@given(st.text())
@example("javascript:alert(1)")
@example("\ud800")
def test_nothing_is_resolved_to_what_a_feed_may_not_link_to(target: str) -> None:
    raw = target.encode("utf-8", "surrogatepass")[:100]
    token = base64.urlsafe_b64encode(b"\x08\x13\x22" + bytes([len(raw)]) + raw).decode()
    for url in (f"https://news.google.com/rss/articles/{token}", f"https://www.google.com/url?q={target}"):
        found = resolved(url)
        assert found.url == url or usable_link(found.url, base="") == found.url


def entry(url: str, *, outlet: str | None = "عين ليبيا", title: str = f"{HEADLINE} - عين ليبيا") -> FeedEntry:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    keys = entry_keys(url, (title, ""), published_at=at, guid="CBMi-1", feed="https://news.google.com/rss/search")
    return FeedEntry(url=url, title=title, keys=keys, published_at=at, mark="m", outlet=outlet)


def parsed(*entries: FeedEntry) -> ParsedFeed:
    return ParsedFeed(entries=entries, title="بحث", kind="rss", partial=False, window=("m",))


def test_an_entry_goes_on_under_the_article_s_address_and_keys() -> None:
    before = entry(google_news(ARTICLE))
    (after,) = with_links(parsed(before)).entries
    own = entry_keys(ARTICLE, (HEADLINE, ""), published_at=before.published_at, guid="", feed="")
    assert (after.url, after.title, after.opaque, after.mark) == (ARTICLE, HEADLINE, False, "m")
    assert after.keys == (own[0], before.keys[1], own[1])
    assert before.keys[1].startswith("guid:")


def test_the_same_article_found_twice_is_one_entry() -> None:
    bing = f"http://www.bing.com/news/apiclick.aspx?url={QUOTED}"
    assert len(with_links(parsed(entry(google_news(ARTICLE)), entry(bing), entry(ARTICLE))).entries) == 1


def test_an_opaque_entry_keeps_address_and_keys() -> None:
    before = entry(NEW_FORM)
    (after,) = with_links(parsed(before)).entries
    assert (after.url, after.keys, after.opaque, after.title) == (before.url, before.keys, True, HEADLINE)


def test_only_the_outlet_that_the_feed_names_is_cut_off_a_headline() -> None:
    titles = [(f"{HEADLINE} - عين ليبيا", "بوابة الوسط"), (HEADLINE, "عين ليبيا"), ("حفتر - ماكرون", None)]
    found = with_links(parsed(*(entry(f"{ARTICLE}{n}", title=t, outlet=o) for n, (t, o) in enumerate(titles))))
    assert [one.title for one in found.entries] == [title for title, _ in titles]


def test_a_search_feed_is_read_as_the_outlets_own_articles() -> None:
    items = "".join(
        f"<item><title>{HEADLINE} - {outlet}</title><link>{link}</link><guid isPermaLink='false'>g{outlet}</guid>"
        f"<source url='https://x.example'>{outlet}</source></item>"
        for link, outlet in ((google_news(ARTICLE), "عين ليبيا"), (NEW_FORM, "بوابة الوسط"))
    )
    body = f"<rss version='2.0'><channel><title>بحث</title>{items}</channel></rss>".encode()
    job = FeedJob(feed_id="s", url="https://news.google.com/rss/search?q=x", body=body, search=True)
    first, second = read_source(job).entries
    assert (first.url, first.title, first.outlet, first.opaque) == (ARTICLE, HEADLINE, "عين ليبيا", False)
    assert (second.url, second.title, second.outlet, second.opaque) == (NEW_FORM, HEADLINE, "بوابة الوسط", True)
