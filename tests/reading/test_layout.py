"""A page laid out in tables loses its menus; a table of data keeps its rows."""

from __future__ import annotations

import time

import lxml.html
import pytest
import trafilatura

from monitor.demo.pages import LAYOUTS, copy_of, render
from monitor.reading.layout import without_layout_tables
from storage.seed import seed_articles

DATA = "<table><tr><th>الجهة</th><th>الأثر</th></tr><tr><td><p>أ</p></td><td><p>ب</p><p>ج</p></td></tr></table>"


def flattened(page: str) -> str:
    return lxml.html.tostring(without_layout_tables(lxml.html.fromstring(page)), encoding="unicode")


def test_a_table_of_data_stays_one() -> None:
    assert flattened(f"<div>{DATA}</div>").count("<td") == 2


@pytest.mark.parametrize("inner", ["<h1>عنوان</h1>", "<form></form>", DATA, "<p>أ</p><p>ب</p><p>ج</p>"])
def test_a_table_whose_cell_holds_a_part_of_the_page_becomes_divisions(inner: str) -> None:
    page = flattened(f"<body><table><tr><td>{inner}</td><td>قائمة</td></tr></table></body>")
    assert page.count("<table") == inner.count("<table")
    assert page.count("<td") == inner.count("<td")
    assert "قائمة" in page


def test_an_article_in_a_page_of_tables_comes_without_menu_and_other_headlines() -> None:
    daily = next(layout for layout in LAYOUTS if layout.template == "daily.html")
    for seed in seed_articles():
        page = render(copy_of(seed.text), daily, neighbours=(("/x", "عنوان من خبر آخر لا صلة له بهذا"),), url="/a")
        tree = without_layout_tables(lxml.html.fromstring(page.decode(daily.charset)))
        found = trafilatura.extract(tree, include_tables=True) or ""
        assert copy_of(seed.text).blocks[0].lines[0][:60] in found
        assert "عنوان من خبر آخر" not in found
        assert "الصفحة الأولى" not in found


def test_thousands_of_nested_tables_cost_little() -> None:
    tree = last = lxml.html.Element("body")
    for tag in ("table", "tr", "td") * 2000:
        inner = lxml.html.Element(tag)
        last.append(inner)
        last = inner
    began = time.perf_counter()
    without_layout_tables(tree)
    assert time.perf_counter() - began < 1
