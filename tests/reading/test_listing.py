"""Pages that list articles: what a selector picks, and that a page which changed is never a quiet day."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ConfigError, FeedHostile, FeedNotFeed, RasidError
from monitor.reading.listing import read_listing

if TYPE_CHECKING:
    from monitor.model import ParsedFeed

URL = "https://agency.example/ar/index.php?lang=ar"
FIRST = "القائد العام يستقبل السفير في مكتبه بمدينة بنغازي"
SECOND = "وزير الخارجية يبحث مع نظيره ملف الحدود المشتركة"
PAGE = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>وكالة المثال</title></head><body>
<nav><a href="/about">من نحن</a></nav>
<ul>
<li><a href="post.php?id=2&amp;lang=ar"><img src="2.jpg"></a>
  <h3><a href="post.php?lang=ar&amp;id=2">{FIRST}</a></h3><time datetime="2026-11-20T10:00:00+02:00">أمس</time></li>
<li><h3><a href="post.php?id=1&amp;lang=ar"><!-- عنوان -->{SECOND}</a></h3><time datetime="2026-11-19">قبل</time></li>
</ul></body></html>"""


def read(
    page: str | bytes, select: str = "a[href*='post.php']", content_type: str = "text/html", max_entries: int = 500
) -> ParsedFeed:
    body = page.encode() if isinstance(page, str) else page
    return read_listing(body, url=URL, content_type=content_type, select=select, max_entries=max_entries)


def test_the_links_a_selector_picks_become_entries_in_page_order() -> None:
    found = read(PAGE)
    first, second = found.entries
    assert (found.kind, found.title, found.partial) == ("listing", "وكالة المثال", False)
    assert (found.skipped, found.known) == (0, 0)
    assert (first.url, first.title) == ("https://agency.example/ar/post.php?id=2&lang=ar", FIRST)
    assert (second.title, second.summary) == (SECOND, "")
    assert first.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert second.published_at == datetime(2026, 11, 19, tzinfo=UTC)
    assert first.keys[0] == "https://agency.example/ar/post.php?id=2&lang=ar"
    assert found.window == (first.mark, second.mark)


def test_an_element_that_holds_a_link_is_as_good_as_the_link() -> None:
    by_item = read(PAGE, "ul > li").entries
    assert [(one.url, one.title, one.mark) for one in by_item] == [
        (one.url, one.title, one.mark) for one in read(PAGE).entries
    ]


def test_a_link_without_words_is_titled_by_its_attributes_or_not_at_all() -> None:
    page = "<a href=/1 title='عنوان أول'><img></a><a href=/2 aria-label='عنوان ثان'></a><a href=/3><img></a>"
    assert [one.title for one in read(page, "a").entries] == ["عنوان أول", "عنوان ثان", ""]


def test_words_of_neighbouring_blocks_in_a_link_stay_apart() -> None:
    assert read(f"<a href=/1><p>عاجل</p><h3>{FIRST}</h3></a>", "a").entries[0].title == f"عاجل {FIRST}"


def test_a_page_s_own_base_goes_before_its_address() -> None:
    page = f"<base href='//other.example/news/'><a href=a>{FIRST}</a><a href='javascript:x()'>{SECOND}</a>"
    assert [one.url for one in read(page, "a").entries] == ["https://other.example/news/a"]
    assert read(f"<base href='javascript:x'><a href=a>{FIRST}</a>", "a").entries[0].url == "https://agency.example/ar/a"


def test_items_known_by_their_marks_are_passed_over_and_a_changed_headline_is_not() -> None:
    marks = frozenset(read(PAGE).window)
    again = read_listing(PAGE.encode(), url=URL, content_type="", select="li", known=marks)
    assert (again.entries, again.known, frozenset(again.window)) == ((), 2, marks)
    changed = PAGE.replace(FIRST, FIRST + " (تحديث)").encode()
    found = read_listing(changed, url=URL, content_type="", select="li", known=marks)
    assert ([one.title for one in found.entries], found.known) == ([FIRST + " (تحديث)"], 1)


def test_what_is_beyond_the_cap_is_counted() -> None:
    page = "".join(f"<a href=/{number}>{FIRST} {number}</a>" for number in range(20))
    found = read(page, "a", max_entries=5)
    assert (len(found.entries), len(found.window), found.skipped) == (5, 5, 15)


@pytest.mark.parametrize("charset", ["utf-8", "cp1256", "utf-16"])
def test_arabic_is_read_whatever_the_charset(charset: str) -> None:
    page = PAGE.replace('<meta charset="utf-8">', "")
    assert read(page.encode(charset), content_type="text/html; charset=utf-8").entries[0].title == FIRST


def test_a_selector_that_picks_no_link_is_an_error_that_says_so() -> None:
    wall = "<!DOCTYPE html><html><title>لحظة من فضلك</title><body><p>جار التحقق <a name=x>هنا</a>"
    with pytest.raises(FeedNotFeed, match=r"the selector .* matches no link; the page begins «لحظة من فضلك"):
        read(wall)
    with pytest.raises(FeedNotFeed, match="وكالة المثال"):
        read(PAGE.replace("post.php", "news.php"))


@pytest.mark.parametrize("body", [b"", b" \n", b"\x00\x00", b"%PDF-1.7", b'{"a": 1}', b"\x89PNG\r\n\x1a\n", b"<!--"])
def test_what_is_no_page_is_refused(body: bytes) -> None:
    with pytest.raises(FeedNotFeed):
        read(body)


@pytest.mark.parametrize("select", ["a[", "a::text", ">>", ""])
def test_what_is_no_selector_is_a_fault_of_the_configuration(select: str) -> None:
    with pytest.raises(ConfigError, match="CSS selector"):
        read(PAGE, select)


def test_a_page_made_to_be_slow_is_refused_or_done_soon() -> None:
    began = time.perf_counter()
    with pytest.raises(FeedHostile):
        read("<ul>" + "<li><a href=/1>x</a>" * 60_000, "li:nth-child(2n) a")
    read("".join(f"<div><a href=/{number}>" for number in range(500)) + FIRST * 20_000, "a")
    with pytest.raises(FeedNotFeed):
        read("<div>" * 40_000, "div a")
    assert time.perf_counter() - began < 5


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["<a href=/1>", "<a href='//[x'>", "<base href='http://['>", "<time datetime=x>", "</a>", "<li>", "نص",
             "\x00", "\ud800", "&#0;", "<![CDATA[", "<a href=/é title='&lt;b&gt;'>", "<svg><a href=/2>", "<?pi", "<!--"]
        )
    )
)  # fmt: skip
def test_no_page_raises_anything_but_our_errors(parts: list[str]) -> None:
    try:
        found = read("".join(parts).encode("utf-8", "surrogatepass"), "a, li")
    except RasidError:
        return
    assert all(one.url.startswith("https://agency.example/") for one in found.entries)
