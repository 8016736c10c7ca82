"""A page's bytes give the article, whatever the page's layout and whatever charset it claims."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from monitor.demo.pages import LAYOUTS, Block, Copy, Layout, render
from monitor.errors import ExtractEmpty
from monitor.model import Outcome
from monitor.reading.extract import extract

if TYPE_CHECKING:
    from tests.reading.reader import Reader

TITLE = "القائد العام يبحث ملف الهجرة مع السفير اليوناني"
FIRST = (
    "أجرى القائد العام المشير خليفة حفتر في مقره بالرجمة محادثات مع السفير اليوناني لدى ليبيا تناولت ملف الهجرة "
    "والحدود البحرية بين البلدين. وأكد الجانبان أهمية استمرار التشاور في المرحلة المقبلة."
)
SECOND = (
    "وقال السفير في ختام الزيارة إن بلاده تتابع باهتمام تطورات الوضع في ليبيا، وإنها تدعم إجراء الانتخابات في أقرب "
    "وقت، وترى في الحوار بين الأطراف كافة الطريق الوحيد إلى الاستقرار."
)
COPY = Copy(title=TITLE, blocks=(Block(kind="paragraph", lines=(FIRST,)), Block(kind="paragraph", lines=(SECOND,))))
NEIGHBOUR = "خالد حفتر يستقبل وفدا تركيا في بنغازي"


def page(body: str, *, head: str = "") -> str:
    start = f"<html lang='ar'><head><title>{TITLE}</title>{head}</head>"
    return f"{start}<body><article><h1>{TITLE}</h1>{body}</article></body></html>"


WHOLE = page(f"<p>{FIRST}</p><p>{SECOND}</p>")


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.template)
def test_a_page_of_every_layout_gives_its_article_without_menus_and_other_headlines(layout: Layout) -> None:
    body = render(COPY, layout, neighbours=(("/x", NEIGHBOUR),), url="/a")
    found = extract(body, url="https://news.example.test/a")
    assert found.text.splitlines() == [TITLE, FIRST, SECOND]
    assert found.title == TITLE


def test_some_page_of_the_demo_is_laid_out_by_tables_and_in_windows_1256() -> None:
    pages = {layout.charset: render(COPY, layout, neighbours=(), url="/a") for layout in LAYOUTS}
    assert b"<table" in pages["windows-1256"]


@pytest.mark.parametrize("really", ["utf-8", "windows-1256", "utf-16"])
@pytest.mark.parametrize("claimed", ["utf-8", "windows-1256", "iso-8859-1"])
def test_a_page_is_read_in_its_real_charset_whatever_it_claims(really: str, claimed: str) -> None:
    body = WHOLE.replace("<head>", f"<head><meta charset='{claimed}'>").encode(really)
    assert extract(body, url="u", content_type=f"text/html; charset={claimed}").text.splitlines() == [
        TITLE,
        FIRST,
        SECOND,
    ]


def test_the_title_stands_once_before_the_body_however_often_the_page_repeats_it() -> None:
    found = extract(page(f"<h2>{TITLE}</h2><p>{FIRST}</p><p>{SECOND}</p>").encode(), url="u")
    assert found.text.splitlines().count(TITLE) == 1
    assert found.text.startswith(f"{TITLE}\n")


def test_comments_of_readers_are_no_part_of_the_article() -> None:
    comments = "<section id='comments'><div class='comment'><p>تعليق قارئ على الخبر لا صلة له به</p></div></section>"
    assert "تعليق قارئ" not in extract(page(f"<p>{FIRST}</p><p>{SECOND}</p>{comments}").encode(), url="u").text


def test_items_of_a_list_come_as_lines_of_their_own() -> None:
    items = "<ul><li>مراقبة الحدود البحرية</li><li>تبادل المعلومات</li></ul>"
    lines = extract(page(f"<p>{FIRST}</p>{items}<p>{SECOND}</p>").encode(), url="u").text.splitlines()
    assert [line.lstrip("- ") for line in lines] == [TITLE, FIRST, "مراقبة الحدود البحرية", "تبادل المعلومات", SECOND]


def test_scripts_and_styles_are_no_text() -> None:
    noise = "<script>var حفتر = 'استقبل'</script><style>p::after{content:'صدام حفتر'}</style>"
    assert extract(page(f"{noise}<p>{FIRST}</p><p>{SECOND}</p>").encode(), url="u").text.splitlines()[1] == FIRST


def test_the_date_that_the_page_states_is_its_date() -> None:
    head = '<meta property="article:published_time" content="2026-01-19T10:00:00+02:00">'
    found = extract(page(f"<p>{FIRST}</p><p>{SECOND}</p>", head=head).encode(), url="u")
    assert (found.published_on, found.published_source) == (date(2026, 1, 19), "page")


def test_a_page_without_a_date_has_none() -> None:
    found = extract(WHOLE.encode(), url="https://news.example.test/a")
    assert (found.published_on, found.published_source) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"<html></html>",
        b"<html><body></body></html>",
        f"<html><body><p>{TITLE}</p></body></html>".encode(),
    ],
)
def test_a_page_without_an_article_is_said_to_be_empty(body: bytes) -> None:
    with pytest.raises(ExtractEmpty):
        extract(body, url="https://news.example.test/a", title=TITLE)


def test_the_feed_s_title_is_used_where_the_page_has_none(reader: Reader) -> None:
    body = f"<html><body><div><p>{FIRST}</p><p>{SECOND}</p></div></body></html>".encode()
    assert extract(body, url="u", title=f"  {TITLE}\n").title == TITLE


def test_a_wall_in_place_of_the_article_is_suspect(reader: Reader) -> None:
    wall = "<article><p>يرجى الانتظار حتى نتحقق من متصفحك.</p></article>"
    page_of_wall = f"<html><head><title>تحقق</title></head><body>{wall}</body></html>"
    assert reader.read(html=page_of_wall.encode()).outcome is Outcome.SUSPECT
