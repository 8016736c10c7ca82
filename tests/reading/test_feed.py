"""Feeds as they come: every charset and its wrong label, broken, hostile, and what makes an entry the same one."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.errors import EncodingBroken, FeedHostile, FeedNotFeed, RasidError
from monitor.model import FeedWishes
from monitor.reading.charset import arabic_share, decode
from monitor.reading.feed import plain_text, read_feed
from monitor.reading.identity import canonical_url, usable_link

if TYPE_CHECKING:
    from monitor.model import ParsedFeed

URL = "https://news.example.ly/feed/"
HEADLINE = "وزير الخارجية يبحث مع السفير الجديد ملف الحدود"
SUMMARY = "بحث الوزير مع السفير في طرابلس سبل التعاون بين البلدين"


def item(number: int = 1, *, title: str = HEADLINE, more: str = "", link: str | None = None) -> str:
    link = f"https://news.example.ly/{number}" if link is None else link
    return f"<item><title>{title}</title><link>{link}</link><description>{SUMMARY}</description>{more}</item>"


def rss(*items: str, declared: str = "utf-8") -> str:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return f'{head}<rss version="2.0"><channel><title>صحيفة المثال</title>{"".join(items)}</channel></rss>'


def read(body: str | bytes, content_type: str = "application/rss+xml", max_entries: int = 500) -> ParsedFeed:
    raw = body.encode() if isinstance(body, str) else body
    return read_feed(raw, url=URL, content_type=content_type, max_entries=max_entries)


def test_an_rss_item_becomes_an_entry_with_aware_utc_time() -> None:
    more = "<pubDate>Mon, 20 Nov 2023 10:00:00 +0200</pubDate><author>محرر</author>"
    feed = read(rss(item(more=more)))
    (entry,) = feed.entries
    assert (feed.kind, feed.title, feed.partial, feed.skipped) == ("rss", "صحيفة المثال", False, 0)
    assert (entry.url, entry.title, entry.summary) == ("https://news.example.ly/1", HEADLINE, SUMMARY)
    assert (entry.published_at, entry.author) == (datetime(2023, 11, 20, 8, tzinfo=UTC), "محرر")


def test_atom_and_rdf_are_read_and_relative_links_resolved() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>م</title><entry><id>urn:1</id>'
        f'<title type="html">&lt;b&gt;{HEADLINE}&lt;/b&gt;</title><link href="/a/1"/>'
        "<updated>2024-02-01T10:00:00Z</updated></entry></feed>"
    )
    (entry,) = read(atom).entries
    assert (entry.url, entry.title) == ("https://news.example.ly/a/1", HEADLINE)
    assert entry.published_at == datetime(2024, 2, 1, 10, tzinfo=UTC)
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        f"<channel><title>م</title></channel>{item()}</rdf:RDF>"
    )
    assert [entry.url for entry in read(rdf).entries] == ["https://news.example.ly/1"]


def test_json_feed_is_read_and_its_odd_values_are_survived() -> None:
    items = [
        {"id": 7, "url": "/a/7", "title": HEADLINE, "content_html": f"<p>{SUMMARY}</p>",
         "date_published": "2024-02-01T10:00:00+02:00", "authors": [{"name": "محرر"}]},
        {"id": "8", "external_url": "https://other.example/8", "title": None, "date_published": "أمس"},
        {"id": "9", "url": "javascript:alert(1)"},
        "not an item",
    ]  # fmt: skip
    feed = read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "م", "items": items}))
    first, second = feed.entries
    assert (feed.kind, feed.skipped) == ("json", 1)
    assert (first.url, first.summary, first.author) == ("https://news.example.ly/a/7", SUMMARY, "محرر")
    assert first.published_at == datetime(2024, 2, 1, 8, tzinfo=UTC)
    assert (second.url, second.title, second.published_at) == ("https://other.example/8", "", None)


@pytest.mark.parametrize("declared", ["windows-1256", "utf-8", "", "iso-8859-1", "iso-8859-6", "x-unknown"])
@pytest.mark.parametrize("charset", ["cp1256", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_arabic_is_read_right_whatever_the_label_says(charset: str, declared: str) -> None:
    assert read(rss(item(), declared=declared).encode(charset)).entries[0].title == HEADLINE


@pytest.mark.parametrize("header", ["text/xml; charset=windows-1256", "text/xml; charset=utf-8", "text/xml"])
def test_the_header_s_charset_is_a_hint_like_any_other(header: str) -> None:
    for charset in ("cp1256", "utf-8"):
        assert read(rss(item(), declared="").encode(charset), header).entries[0].title == HEADLINE
    declared_8859_6 = rss(item(), declared="iso-8859-6").encode("iso8859_6")
    assert read(declared_8859_6, header).entries[0].title == HEADLINE


@pytest.mark.parametrize(
    ("sent", "read_as"), [("utf-8", "cp1256"), ("utf-8", "latin-1"), ("cp1256", "latin-1"), ("cp1256", "cp1252")]
)
def test_what_a_server_misread_before_sending_is_undone(sent: str, read_as: str) -> None:
    title = "القائد العام يبحث مع الوفد التعاون"
    mangled = rss(item(title=title)).replace(SUMMARY, title).encode(sent).decode(read_as)
    assert read(mangled).entries[0].title == title


def test_one_bad_byte_in_utf8_costs_one_character() -> None:
    body = rss(item(), item(2)).encode().replace("السفير".encode(), b"\xff" + "السفير".encode(), 1)
    assert read(body).entries[0].title == HEADLINE.replace("السفير", "\ufffdالسفير")


def test_other_scripts_stay_what_they_are() -> None:
    french, german = "La réunion à Genève a été reportée", "Über die Straße größer schön"
    assert read(rss(item(title=french))).entries[0].title == french
    assert read(rss(item(title=german))).entries[0].title == german
    latin = rss(item(title=french), declared="iso-8859-1").replace(SUMMARY, "").replace("صحيفة المثال", "J")
    assert read(latin.encode("latin-1")).entries[0].title == french


def test_bytes_that_are_no_charset_s_text_are_refused() -> None:
    noise = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(100))
    with pytest.raises(EncodingBroken, match="E-ENCODING"):
        read(b"<rss><channel><item><title>" + noise)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "nothing"),
        (b" \n\t", "nothing"),
        (b"\x00\x00", "nothing"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3 <x>", "%PDF-1.7"),
        (b"\x89PNG\r\n\x1a\n<", "PNG"),
        (b"PK\x03\x04\xff\xfe", "PK"),
        ("<!DOCTYPE html><html><body>يرجى الانتظار".encode(), "<!DOCTYPE html><html><body>يرجى الانتظار"),
        ("<!DOCTYPE html><html><body>يرجى الانتظار".encode("cp1256"), "يرجى الانتظار"),
        (b'<html xmlns="x"><p>not a <rss></p></html>', "<html"),
        (b'{"error": "no"}', '{"error": "no"}'),
        (b'{"version": 5, "items": []}', "version"),
        (b"[1, 2]", "[1, 2]"),
        (b"[" * 100_000, "[[["),
        (b'{"version": ' + b"9" * 5000, "version"),
        (b"just words", "just words"),
        (b"/etc/passwd", "/etc/passwd"),
    ],
)
def test_what_is_no_feed_is_named_with_its_first_characters(body: bytes, shown: str) -> None:
    with pytest.raises(FeedNotFeed) as caught:
        read(body)
    assert shown in caught.value.message
    assert len(caught.value.message) < len(URL) + 140


LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))


@pytest.mark.parametrize(
    "prolog",
    [
        f'<!DOCTYPE rss [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE rss [<!entity x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]>',
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "cp1256"])
def test_a_feed_that_declares_entities_is_refused_at_once(prolog: str, charset: str) -> None:
    body = f'<?xml version="1.0"?>{prolog}{rss(item(title="&l9;"), declared="")}'.encode(charset)
    began = time.monotonic()
    with pytest.raises(FeedHostile, match="E-FEED-HOSTILE"):
        read(body)
    assert time.monotonic() - began < 1


def test_a_doctype_without_entities_is_dropped_and_read_over() -> None:
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://example.org/rss.dtd">'
    assert len(read(doctype + rss(item(), declared="")).entries) == 1
    assert len(read("Warning: line 3\n<!-- c -->" + rss(item(), declared="")).entries) == 1


@pytest.mark.parametrize(
    "hostile",
    [b"<b>" * 400_000, b"&#x;" * 600_000, b"<item" * 400_000, b"<![CDATA[" * 200_000, b"<!--" * 300_000],
)
def test_markup_without_end_takes_no_time(hostile: bytes) -> None:
    began = time.monotonic()
    try:
        read(b"<rss><channel><title>" + hostile + b"</title></channel></rss>")
    except RasidError as exc:
        assert exc.code in {"E-FEED-HOSTILE", "E-FEED-NOT-FEED"}  # noqa: PT017 - either ending is right
    assert time.monotonic() - began < 3


def test_a_feed_that_breaks_off_keeps_its_whole_items_and_says_so() -> None:
    body = rss(*(item(number) for number in range(10))).encode()
    for cut in (len(body) - 1, body.index(b"/5</link>") + 2, body.index(b"<item>") + 40):
        feed = read(body[:cut])
        assert feed.partial
        assert len(feed.entries) == body[:cut].count(b"</item>")
    assert read(body[: body.index("السفير".encode()) + 3]).partial  # in the middle of a letter


def test_a_feed_of_thousands_is_read_to_the_cap_and_quickly() -> None:
    body = rss(*(item(number) for number in range(16_000)))
    began = time.monotonic()
    feed = read(body, max_entries=50)
    assert time.monotonic() - began < 3
    assert [entry.url[-2:] for entry in (feed.entries[0], feed.entries[-1])] == ["/0", "49"]
    assert (len(feed.entries), feed.skipped, feed.partial) == (50, 15_950, False)


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://user@h/", "http://a\\@b/", "http://[::1"],
)
def test_an_entry_without_a_usable_link_is_dropped_and_counted(link: str) -> None:
    feed = read(rss(item(1, link=link), item(2)))
    assert ([entry.url for entry in feed.entries], feed.skipped) == (["https://news.example.ly/2"], 1)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>أولاً</p><p>ثانياً</p>", "أولاً ثانياً"),
        ("&lt;b&gt;خبر&lt;/b&gt; &amp;amp; آخر", "خبر & آخر"),
        ("<script>alert(1)</script>خبر<style>p{}</style>", "خبر"),
        ("خبر <img src=x onerror=alert(1)", "خبر"),
        ("5 < 6 و 7 > 6", "5 < 6 و 7 > 6"),
        ("خ\u202eبر\u2066 \u200f\u061cجديد\ufeff", "خبر جديد"),
        ("خبر\x00\x07\x9b\n\t آخر &#0;&#8238;", "خبر آخر"),
        ("می\u200cخواهد", "می\u200cخواهد"),
        ("x" * 50, "x" * 39 + "…"),
    ],
)
def test_text_is_plain_and_hides_nothing(markup: str, text: str) -> None:
    assert plain_text(markup, 40).rstrip(" \ufffd") == text


@pytest.mark.parametrize("date", ["", "أمس", "20 نوفمبر 2023", "Mon, 99 Nov 2023", "0000-00-00", "1066-10-14"])
def test_a_date_that_is_absent_or_senseless_is_unknown_never_now(date: str) -> None:
    assert read(rss(item(more=f"<pubDate>{date}</pubDate>"))).entries[0].published_at is None


def test_a_future_date_is_passed_on() -> None:
    more = "<pubDate>Thu, 01 Jan 2099 00:00:00 GMT</pubDate>"
    assert read(rss(item(more=more))).entries[0].published_at == datetime(2099, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "ttl_s"),
    [
        ("<ttl>15</ttl>", 900.0),
        ("<ttl> ٦٠ </ttl>", 3600.0),
        ("<ttl>99999</ttl>", 86_400.0),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>ساعة</ttl>", None),
        (f"<ttl>{'9' * 5000}</ttl>", None),
        ("<ttl a='1'/>", None),
        ("<sy:updatePeriod>\n Hourly </sy:updatePeriod>", 3600.0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 900.0),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 86_400.0),
        ("<sy:updatePeriod>yearly</sy:updatePeriod><sy:updateFrequency>730</sy:updateFrequency>", 43_200.0),
        ("<sy:updatePeriod>often</sy:updatePeriod><ttl>5</ttl>", 300.0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><ttl>90</ttl>", 5400.0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><ttl>9</ttl>", 3600.0),
        ("", None),
    ],
)
def test_a_feed_s_wish_for_rest_is_the_longer_of_two_and_a_day_at_most(said: str, ttl_s: float | None) -> None:
    space = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    for root in ("<rss", f"<rss {space}"):  # many a feed does not declare what it uses
        assert read(rss(said, item()).replace("<rss", root)).wishes.ttl_s == ttl_s


def test_a_feed_names_its_hub_and_itself() -> None:
    links = (
        '<{0}link rel="hub" href="{1}"/><{0}link rel="hub" href="https://hub.example/"/><{0}link rel="self" href="/s"/>'
    )
    atom = 'xmlns:atom="http://www.w3.org/2005/Atom"'
    bodies = [
        rss(links.format("atom:", "javascript:x"), item()).replace("<rss", f"<rss {atom}"),
        f'<feed xmlns="http://www.w3.org/2005/Atom">{links.format("", "ftp://hub.example/")}</feed>',
        json.dumps({
            "version": "https://jsonfeed.org/version/1.1",
            "hubs": [7, {"type": "rssCloud"}, {"type": "WebSub", "url": "https://hub.example/"}],
            "feed_url": "/s",
        }),
    ]  # fmt: skip
    for body in bodies:
        wishes = read(body).wishes
        assert (wishes.hub, wishes.topic, wishes.ttl_s) == ("https://hub.example/", "https://news.example.ly/s", None)
    for odd in ('{"version": "jsonfeed.org", "hubs": {}, "feed_url": 5}', rss("<links a='1'/>", item())):
        assert (read(odd).wishes.hub, read(odd).wishes.topic) == (None, None)


def test_a_link_of_an_item_is_no_wish_of_the_feed() -> None:
    assert read(rss(item(more='<link rel="hub" href="https://hub.example/"/><ttl>5</ttl>'))).wishes == FeedWishes()


def test_the_source_of_an_item_is_its_outlet() -> None:
    source = '<source url="https://outlet.example">{}</source>'
    feed = read(
        rss(item(1, more=source.format("بوابة &amp;amp; &lt;b&gt;الوسط&lt;/b&gt;")), item(2, more=source.format("")))
    )
    assert [entry.outlet for entry in feed.entries] == ["بوابة & الوسط", None]
    assert len(read(rss(item(more=source.format("x" * 900)))).entries[0].outlet or "") == 200


def test_characters_that_could_not_be_read_are_counted() -> None:
    body = rss(item(1), item(2, title="???? ????? هل؟ ???")).encode().replace("السفير".encode(), b"\xff\xfe", 1)
    assert read(body).damaged == 2 + 9
    assert read(rss(item())).damaged == 0


def test_items_of_json_feed_are_known_by_what_they_say_not_by_its_order() -> None:
    def feed(*items: dict[str, object]) -> bytes:
        return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()

    before = read(feed({"id": "1", "url": "/1"}, {"id": "2", "url": "/2"}))
    body = feed({"url": "/3"}, {"url": "/1", "id": "1"}, {"url": "/2", "id": "2", "title": "جديد"})
    after = read_feed(body, url=URL, content_type="", known=frozenset(before.window))
    assert [entry.url[-2:] for entry in after.entries] == ["/3", "/2"]
    assert (after.known, after.window[1]) == (1, before.window[0])


@pytest.mark.parametrize(
    "before", ["\n\n", "<br />\n<b>Warning</b>: in <b>/x.php</b> on line <b>3</b><br />\n", "خطأ 5 < 6 &\n"]
)
def test_what_a_server_prints_before_a_feed_does_not_keep_its_items_from_being_known(before: str) -> None:
    marks = read(rss(item(), item(2))).window
    assert len(marks) == 2
    assert read(before + rss(item(), item(2)) + "<!-- cached -->\n<script>x</script>").window == marks


SAME = [
    "https://news.example.ly/a/1",
    "http://www.news.example.ly/a/1/",
    "HTTPS://NEWS.example.ly:443/a/1#comments",
    "https://m.news.example.ly/a/1?utm_source=rss&fbclid=x",
    "https://amp.news.example.ly/a/1/amp/?outputType=amp",
    "https://news.example.ly/a/1?traffic_source=rss&at_medium=RSS",
]
DIFFERENT = [
    "https://news.example.ly/a/2", "https://news.example.ly/A/1", "https://news.example.ly/?p=1",
    "https://news.example.ly/?p=2", "https://news.example.ly/?cid=1", "https://news.example.ly/?cid=2",
    "https://news.example.ly/x.php?gallery=3", "https://news.example.ly/x.php?gallery=4", "https://m.ly/",
    "https://www.ly/", "https://news.example.ly:8080/a/1", "https://news.example.ly/a/amplify",
]  # fmt: skip


def test_one_article_s_addresses_have_one_canonical_url() -> None:
    assert {canonical_url(url) for url in SAME} == {"https://news.example.ly/a/1"}


def test_different_articles_keep_different_canonical_urls() -> None:
    assert len({canonical_url(url) for url in DIFFERENT}) == len(DIFFERENT)


def test_escaped_and_plain_arabic_paths_are_one() -> None:
    assert canonical_url("https://e.ly/خبر") == canonical_url("https://e.ly/%d8%ae%d8%a8%d8%b1")


@given(st.text(max_size=60))
def test_canonical_url_is_idempotent_and_never_raises(path: str) -> None:
    once = canonical_url(f"https://e.ly/{path}")
    assert canonical_url(once) == once


def seen(first: str, second: str, *, feeds: tuple[str, str] = (URL, URL)) -> bool:
    """Whether the second item would be taken for the first: any key of it is known."""
    one, two = (
        read_feed(rss(body).encode(), url=feed, content_type="").entries[0]
        for body, feed in zip((first, second), feeds, strict=True)
    )
    return not set(one.keys).isdisjoint(two.keys)


DAY = "<pubDate>Mon, 20 Nov 2023 10:00:00 GMT</pubDate>"


def test_an_item_is_known_again_by_its_link_whatever_else_changed() -> None:
    assert seen(item(more="<guid>a</guid>"), item(title="عنوان معدل تماما لنفس الخبر", more="<guid>b</guid>"))


def test_an_item_whose_link_changed_is_known_by_guid_and_title_or_by_its_text_and_day() -> None:
    guid = '<guid isPermaLink="false">g1</guid>'
    assert seen(item(1, more=guid), item(2, more=guid))
    assert seen(item(1, more=DAY), item(2, title=HEADLINE.replace("الجديد", "الجَديد"), more=DAY))


def test_a_reused_guid_does_not_hide_another_item() -> None:
    guid = '<guid isPermaLink="false">https://news.example.ly/</guid>'
    assert not seen(item(1, more=guid), item(2, title="نفي رسمي لخبر اللقاء مع السفير", more=guid))
    assert not seen(item(1, title="عاجل", more=guid), item(2, title="عاجل", more=guid))


def test_a_headline_that_recurs_on_another_day_is_another_item() -> None:
    assert not seen(item(1, more=DAY), item(2, more=DAY.replace("Mon, 20", "Tue, 21")))
    assert not seen(item(1), item(2))  # no day, and a summary short enough to recur


def test_the_same_agency_copy_in_another_outlet_is_another_item() -> None:
    other = item(more=DAY, link="https://other.example/1")
    assert not seen(item(more=DAY), other, feeds=(URL, "https://other.example/feed"))


def test_an_item_repeated_in_one_feed_comes_once() -> None:
    assert len(read(rss(item(), item(link="https://www.news.example.ly/1?utm_medium=rss"), item(2))).entries) == 2


@pytest.mark.parametrize("href", ["", " ", "mailto:a@b", "http://", "https://e.ly/\x00", "x" * 5000, "http://h:99999/"])
def test_an_unusable_link_is_none(href: str) -> None:
    assert usable_link(href, base=URL if href.strip() else "") is None


FRAGMENTS = [
    b"<rss><channel>", b"<feed>", b"<rdf:RDF>", b"<item>", b"</item>", b"<title>", b"</title>", b"<link>", b"</link>",
    b"http://e.ly/1", b"//", b"<![CDATA[", b"]]>", b"<?xml version='1.0' encoding='", b"\xc2\xad", b"'?>", b"&#0;",
    b"&nbsp;", b"<guid>", b"<pubDate>", b"99999999-99-99T99:99:99Z", b"<link href='http://[' />", b"</rss>", b"\x00",
    b"<!DOCTYPE", b"<updated>0001-01-01T00:00:00+23:59</updated>", b"<entry xml:base='http://[x'>", b"\xff\xfe", b"{",
    b'{"version":"https://jsonfeed.org/version/1","items":[', b'{"url":"http://e.ly","date_published":"', b"]}", b'"}',
    "خبر".encode(), "خبر".encode("cp1256"), b"\xed\xa0\x80", b"<dc:date>", b"<a:b xmlns:a='", b"<media:content url='",
]  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=400),
    st.lists(st.sampled_from(FRAGMENTS), max_size=20).map(b"".join),
    st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=8)), max_size=20).map(
        lambda parts: b"<rss><channel><item>" + b"".join(parts) + b"</item></channel></rss>"
    ),
)


@settings(max_examples=400, deadline=None)
@given(BODIES, st.sampled_from(["", "text/xml; charset=utf-7", "text/xml; charset=\x00", "a; charset=idna"]))
@example(b"<rss><item><link>http://[</link><title>x</title></item></rss>", "")
@example(b"<?xml version='1.0' encoding='\xc2\xad'?><rss></rss>", "")
def test_any_bytes_end_as_a_feed_or_as_one_of_our_errors(body: bytes, content_type: str) -> None:
    try:
        feed = read_feed(body, url=URL, content_type=content_type, max_entries=5)
    except RasidError:
        return
    for entry in feed.entries:
        assert entry.url.startswith(("http://", "https://"))
        assert entry.keys[0] == canonical_url(entry.url)
        assert entry.title.isprintable() or "\u200c" in entry.title or "\u200d" in entry.title
        assert entry.published_at is None or entry.published_at.tzinfo is UTC


@given(st.text(alphabet="ابتثجحخدذرزسشصضطظعغفقكلمنهوي ", min_size=30).filter(lambda text: arabic_share(text) > 0.5))
def test_arabic_words_survive_windows_1256_under_any_label(text: str) -> None:
    for label in ("windows-1256", "utf-8", ""):
        assert decode(text.encode("cp1256"), content_type=f"text/html; charset={label}") == text
