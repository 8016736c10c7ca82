"""The law of pruning: a feed read without the items that are known gives what the whole feed gives without theirs."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import cycle, islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from monitor.errors import RasidError
from monitor.reading import feed as reading
from monitor.reading.feed import read_feed
from monitor.reading.items import Items

if TYPE_CHECKING:
    from monitor.model import FeedEntry, ParsedFeed

URL = "https://news.example.ly/feed/"
NO_MARKS: frozenset[str] = frozenset()
SPACES = ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
RSS_ROOTS = [
    f'<rss version="2.0"{SPACES}>',
    f'<rss version="2.0"{SPACES} xmlns:media="http://search.yahoo.com/mrss/">',
    f"<rss xml:base='https://base.example/a/' xml:lang=\"ar\"{SPACES} xmlns:x='urn:odd'>",
    f'<rss version="0.91" note="a > b"{SPACES}>',
]
RDF_ROOT = f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"{SPACES}>'
ATOM_ROOTS = [
    f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/b/"{SPACES}>',
    f'<a:feed xmlns:a="http://www.w3.org/2005/Atom"{SPACES}>',
]
HEAD = "<title>صحيفة</title><link>https://news.example.ly/</link><ttl>30</ttl><author>هيئة التحرير</author>"

TEXTS = st.lists(
    st.sampled_from(
        [
            "خبر",
            "لقاء",
            "في طرابلس",
            "one",
            "two ",
            "&amp;",
            "&lt;b&gt;x&lt;/b&gt;",
            "&amp;amp;",
            "&#1575;",
            "&#x2013;",
            "é",
        ]
    ),
    max_size=6,
).map(" ".join)
ODD_TEXTS = st.sampled_from([
    "&nbsp;", " & ", "&#0;", "&#x110000;", "<b>س</b>", "<p>", "</div>", "<div>نص</div>", "<!-- c -->", "<?pi x?>",
    "<br/>", "<title>t</title>", "<svg>", "\ufffd", "????????", "<![CDATA[ ]] > ]]>", "<![CDATA[</item></entry>]]>",
    "<author>م</author>", "<!-- </item><item> -->", "<?x </item> ?>", "<source url='http://s.example'>م</source>",
])  # fmt: skip
LINKS = st.sampled_from(
    [*(f"https://news.example.ly/{n}" for n in range(5)), "/rel", "rel", "", "javascript:x", "http://["]
)


def elements(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        texts.map("<title>{}</title>".format),
        texts.map("<title><![CDATA[{}]]></title>".format),
        texts.map("<description>{}</description>".format),
        texts.map("<summary type='html'><![CDATA[<p>{}</p>]]></summary>".format),
        texts.map("<content:encoded><![CDATA[<div>{}</div>]]></content:encoded>".format),
        texts.map("<content type='html'>{}</content>".format),
        texts.map("<dc:creator>{}</dc:creator>".format),
        texts.map("<author><name>{}</name></author>".format),
        texts.map("<category>{}</category>".format),
        texts.map("<source url='https://outlet.example/'>{}</source>".format),
        LINKS.map("<link>{}</link>".format),
        LINKS.map("<link href='{}'/>".format),
        LINKS.map("<guid isPermaLink='false'>{}</guid>".format),
        LINKS.map("<id>{}</id>".format),
        st.sampled_from(["Mon, 20 Nov 2023 10:00:00 +0200", "2024-02-01T10:00:00Z", "أمس", ""]).map(
            "<pubDate>{0}</pubDate><updated>{0}</updated>".format
        ),
    )


# What makes a parser of whole feeds carry something over to the next item.
CARRIED = st.sampled_from([
    "<dc:language>en</dc:language>", "<media:thumbnail>u</media:thumbnail>", "<link xml:base='http://other.example/'/>",
    "<m:x xmlns:m='http://search.yahoo.com/mrss/'>v</m:x>", "<image><title>ص</title></image>", "<x:odd a='1'/>",
    "<item/>", "<description><div xmlns='http://www.w3.org/1999/xhtml'><title>t</title></div></description>",
    "<textInput>", "<entry>", "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>نص</div></content>",
    "<unclosed>",
])  # fmt: skip


def items(name: str, parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    starts = st.sampled_from([f"<{name}>", f"<{name} xml:base='http://x.example/'>", f'<{name} a="1">'])
    return st.builds(lambda start, inner: f"{start}{''.join(inner)}</{name}>", starts, st.lists(parts, max_size=6))


BREAKS = st.sampled_from(
    ["<item>", "</item>", "<entry/>", "<unclosed>", "stray & text", "<![CDATA[", "<!--", "</channel><channel>"]
)


@st.composite
def documents(draw: st.DrawFn, *, odd: bool) -> str:
    """A feed in XML; an odd one may be broken in any way, within its items or beside them."""
    form = draw(st.sampled_from(["rss", "rdf", "atom"]))
    parts = st.one_of(elements(TEXTS), elements(ODD_TEXTS), CARRIED) if odd else elements(TEXTS)
    listed = draw(st.lists(items("entry" if form == "atom" else "item", parts), min_size=1, max_size=6))
    listed += draw(st.lists(st.sampled_from(listed), max_size=1))
    between = st.sampled_from(["\n", "", "<!-- next -->", "<x/>"])
    body = "".join(part for one in listed for part in (draw(between), one))
    how = draw(st.sampled_from(["well", "well", "breaks", "undeclared", "ends"])) if odd else "well"
    if how == "breaks":
        at = draw(st.integers(0, len(listed)))
        body = "".join((*listed[:at], draw(BREAKS), *listed[at:]))
    if form == "rss":
        text = f"{draw(st.sampled_from(RSS_ROOTS))}<channel>{HEAD}{body}</channel></rss>"
    elif form == "rdf":
        text = f"{RDF_ROOT}<channel>{HEAD}</channel>{body}</rdf:RDF>"
    else:
        root = draw(st.sampled_from(ATOM_ROOTS))
        text = f"{root}<title>م</title>{body}</{root[1:].split()[0]}>"
    if how == "undeclared":
        text = text.replace(SPACES, "")
    return text[: draw(st.integers(0, len(text)))] if how == "ends" else text


VALUES = st.one_of(TEXTS, st.none(), st.integers(), LINKS)
JSON_ITEMS = st.dictionaries(
    st.sampled_from(["id", "url", "title", "summary", "content_html", "date_published", "authors", "\ud800"]),
    VALUES,
    max_size=6,
)
JSON_FEEDS = st.lists(JSON_ITEMS, max_size=6).map(
    lambda listed: json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "م", "items": listed})
)
SITEMAPS = st.lists(
    st.builds(
        "<url><loc>{}</loc><lastmod>{}</lastmod><n:news><n:title>{}</n:title></n:news></url>".format,
        LINKS,
        st.sampled_from(["", "2024-02-01", "2024-02-02T10:00:00Z", "أمس"]),
        TEXTS,
    ),
    max_size=6,
).map(lambda urls: f"<urlset xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'>{''.join(urls)}</urlset>")
FEEDS = st.one_of(*[documents(odd=True)] * 3, documents(odd=False), JSON_FEEDS, SITEMAPS)


def read(text: str, known: frozenset[str] = NO_MARKS, max_entries: int = 5) -> ParsedFeed | type[RasidError]:
    try:
        return read_feed(
            text.encode("utf-8", "surrogatepass"), url=URL, content_type="", max_entries=max_entries, known=known
        )
    except RasidError as exc:
        return type(exc)


def chosen(window: tuple[str, ...], choice: list[bool]) -> frozenset[str]:
    """Some of the marks, and one that is none of them, for items leave a feed."""
    return frozenset({mark for mark, take in zip(window, cycle(choice)) if take} | {"0123456789abcdef"})


def without(entries: tuple[FeedEntry, ...], addresses: set[str]) -> list[FeedEntry]:
    return [entry for entry in entries if entry.keys[0] not in addresses]


@settings(max_examples=300, deadline=None)
@given(FEEDS, st.lists(st.booleans(), min_size=1, max_size=7), st.integers(0, 6))
@example(
    "<rss><channel><item><link>http://e.ly/1</link></item><item><link>http://e.ly/1</link>b</item></channel></rss>",
    [True, False],
    5,
)
def test_what_is_read_beside_known_items_is_what_is_read_of_the_whole(text: str, choice: list[bool], cap: int) -> None:
    whole = read(text, max_entries=cap)
    if isinstance(whole, type):
        assert read(text, chosen((), choice), cap) is whole
        event(whole.__name__)
        return
    if whole.kind != "sitemap" and whole.window:  # of a sitemap the newest are read, and the others never
        whole = read(text, max_entries=100)
        assert not isinstance(whole, type)
    known = chosen(whole.window, choice)
    pruned = read(text, known, cap)
    assert not isinstance(pruned, type)
    in_turn = tuple(dict.fromkeys(mark for mark in whole.window if mark not in known))
    assert pruned.waiting == (() if whole.kind == "sitemap" else in_turn[cap:])
    # Of items with one address the first one is the entry. Where it is known, its address is on record, and one below
    # it that is not known may come up instead.
    on_record = {entry.keys[0] for entry in whole.entries if entry.mark in known}
    unknown = [entry for entry in whole.entries if entry.mark not in known]
    assert without(pruned.entries, on_record) == [entry for entry in unknown if entry.mark not in pruned.waiting]
    assert pruned.window == whole.window
    assert pruned.known == sum(mark in known for mark in whole.window)
    for same in ("title", "kind", "partial", "wishes"):
        assert getattr(pruned, same) == getattr(whole, same)
    assert pruned.skipped - len(pruned.waiting) <= whole.skipped
    assert all(entry.mark in whole.window if whole.window else not entry.mark for entry in whole.entries)
    event(f"{whole.kind}, {'marks' if whole.window else 'none'}")


@settings(max_examples=100, deadline=None)
@given(documents(odd=False))
def test_an_ordinary_feed_s_items_say_alone_what_they_say_together(text: str) -> None:
    together = reading._feedparser(text, URL)
    assert not together.bozo
    raw = Items(title="", kind="", items=tuple(reading._xml_item(entry) for entry in together.entries))
    alone = read(text, max_entries=100)
    assert not isinstance(alone, type)
    assert len(alone.window) == len(together.entries)
    assert alone.title == together.feed.title
    assert [replace(entry, mark="") for entry in alone.entries] == list(reading._parsed(raw, URL).entries)


ONE, TWO = (f"<item><title>خبر {n}</title><link>/{n}</link></item>" for n in (1, 2))


def rss(
    *listed: str, root: str = '<rss version="2.0">', channel: str = "<channel>", head: str = "<title>م</title>"
) -> str:
    return f"{root}{channel}{head}{''.join(listed)}</channel></rss>"


def window(text: str, url: str = URL) -> tuple[str, ...]:
    return read_feed(text.encode(), url=url, content_type="").window


def test_what_the_channel_says_of_itself_changes_no_mark() -> None:
    marks = window(rss(ONE, TWO))
    assert len(set(marks)) == 2
    assert window(rss(TWO, ONE, head="<lastBuildDate>Mon, 20 Nov 2023</lastBuildDate>")) == marks[::-1]
    assert window(rss(ONE, "<pubDate>x</pubDate>\n\n", TWO, head="<author>م</author><language>ar</language>")) == marks


def test_what_items_inherit_changes_their_marks() -> None:
    inherited = [
        rss(ONE),
        rss(ONE, root='<rss version="2.0" xml:base="http://other.example/">'),
        rss(ONE, root='<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'),
        rss(ONE, channel="<channel xml:base='http://other.example/'>"),
    ]
    assert len({window(text) for text in inherited} | {window(rss(ONE), "https://elsewhere.example/feed")}) == 5


def test_the_feed_s_own_author_and_language_are_nobody_s_entry_s() -> None:
    head = "<author><name>هيئة</name></author><dc:creator>هيئة</dc:creator>"
    for text in (
        rss(ONE, head=head),
        f'<feed xmlns="http://www.w3.org/2005/Atom">{head}<entry><link href="/1"/></entry></feed>',
    ):
        (entry,) = read_feed(text.encode(), url=URL, content_type="").entries
        assert entry.author is None


@pytest.mark.parametrize(
    "text",
    [
        rss("<item><title>a</title><item><link>/1</link></item></item>"),
        rss(ONE, "</item>", TWO),
        rss(ONE, "<item><title>لا نهاية</title>", TWO),
        rss(ONE, "<!-- لا نهاية ", TWO),
        rss(ONE, "<item><title><![CDATA[لا نهاية</title></item>", TWO),
        rss(ONE, "<b>", TWO),
        rss(ONE) + TWO,
        rss(ONE, TWO).replace("</channel>", ""),
        rss(ONE, head="<b>" * 20 + "</b>" * 20),
        rss(ONE, root=f'<rss a="{"x" * 9000}">'),
    ],
)
def test_a_feed_that_is_not_plainly_nested_is_read_whole_and_without_marks(text: str) -> None:
    feed = read_feed(text.encode(), url=URL, content_type="", known=frozenset(window(rss(ONE, TWO))))
    assert (feed.window, feed.known, {entry.mark for entry in feed.entries} - {""}) == ((), 0, set())
    assert feed.entries


@pytest.mark.parametrize(
    "hidden", ["<![CDATA[</item>]]>", "<!-- </item><item> -->", "<?x </item> ?>", "<x:item xmlns:x='u'/>"]
)
def test_an_end_that_is_no_end_cuts_no_item(hidden: str) -> None:
    item = ONE.replace("خبر 1", hidden)
    feed = read_feed(rss(item, TWO).encode(), url=URL, content_type="")
    assert [entry.url[-2:] for entry in feed.entries] == ["/1", "/2"]
    assert [entry.mark for entry in feed.entries] == list(feed.window)


def test_one_broken_item_is_read_leniently_and_its_neighbours_as_they_are() -> None:
    broken = "<item><title>نفي & توضيح&nbsp;</title><link>/3</link></item>"
    unreadable = "<item><title>&#x110000; &</title><link>/4</link></item>"
    feed = read_feed(rss(ONE, broken, unreadable, TWO).encode(), url=URL, content_type="")
    assert [entry.title for entry in feed.entries] == ["خبر 1", "نفي & توضيح", "خبر 2"]
    assert (len(feed.window), feed.skipped) == (4, 1)


@pytest.mark.parametrize("form", ["rss", "json"])
def test_items_beyond_the_cap_wait_until_those_above_are_known_and_none_is_left(form: str) -> None:
    listed = [f"<item><link>/{number}</link></item>" for number in range(9)]
    objects = [{"id": str(number), "url": f"{URL}/{number}"} for number in range(9)]
    json_feed = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": objects})
    body = (json_feed if form == "json" else rss(*listed)).encode()
    known: frozenset[str] = frozenset()
    seen = []
    for left, waiting in ((9, 5), (5, 1), (1, 0), (0, 0)):
        feed = read_feed(body, url=URL, content_type="", max_entries=4, known=known)
        assert (len(feed.entries), feed.known) == (min(4, left), 9 - left)
        assert (len(feed.waiting), feed.skipped, len(feed.window), feed.partial) == (waiting, waiting, 9, False)
        seen += [entry.url[-1] for entry in feed.entries]
        known = frozenset(feed.window) - frozenset(feed.waiting)
    assert seen == list("012345678")


def test_of_a_body_that_breaks_off_the_whole_items_have_the_marks_they_had() -> None:
    text = rss(ONE, TWO)
    marks = window(text)
    for cut in range(text.index("<item>"), len(text)):
        feed = read_feed(text[:cut].encode(), url=URL, content_type="")
        assert feed.partial
        assert feed.window == marks[: len(feed.window)]
        assert len(feed.window) == text[:cut].count("</item>")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["<item>", "</item>", "<!--", "-->", "<![CDATA[", "]]>", "<a>", "</a>", "x", "<", ">", "'"]),
        max_size=30,
    )
)
def test_no_markup_gets_anything_but_a_feed_or_one_of_our_errors(pieces: list[str]) -> None:
    for frame in ("<rss><channel>{}</channel></rss>", "<rss>{}", "{}<feed/>"):
        read(frame.format("".join(islice(pieces, 30))))
