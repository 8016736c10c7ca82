"""Tables that lay a page out, as older sites still do, told from tables that hold data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_TELLING: Final = ("h1", "h2", "h3", "article", "section", "form", "table")
"""What stands in a cell of a layout, and not in one of data."""

_PARAGRAPHS: Final = 3
"""A cell with so many paragraphs is a column of the page."""

_PARTS: Final = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th"})


def without_layout_tables(tree: HtmlElement) -> HtmlElement:
    """Turn tables of layout into divisions, in place, so that a page's columns are seen as such.

    An extractor takes a table for data, and then takes all of it: menus and other headlines come along in one row.
    Tables of data, with or without a paragraph in each cell, stay as they are.

    Args:
        tree: The parsed page; changed.

    Returns:
        `tree`.
    """
    layout: set[HtmlElement] = set()
    for element in tree.iter(*_TELLING):
        _mark(element, layout)
    for cell in tree.iter("td", "th"):
        if sum(child.tag == "p" for child in cell) >= _PARAGRAPHS:
            _mark(cell, layout)
    # All tables around a table of layout are marked with it, so each part is looked at through its nearest table.
    for part in list(tree.iter(*_PARTS)):
        nearest = part if part.tag == "table" else next(part.iterancestors("table"), None)
        if nearest in layout:
            part.set("data-was", part.tag)
    for part in list(tree.iter(*_PARTS)):
        if part.attrib.pop("data-was", None) is not None:
            part.tag = "div"
    return tree


def _mark(element: HtmlElement, layout: set[HtmlElement]) -> None:
    """Every table around `element`; those around one that is marked are marked already."""
    for table in element.iterancestors("table"):
        if table in layout:
            return
        layout.add(table)
