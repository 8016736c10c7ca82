"""Lays the plain text of an article out as a web page: head, headings, lists, tables, related headlines, chrome."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined

BlockKind: TypeAlias = Literal["paragraph", "heading", "list", "table", "related"]

BULLET = "•"
HEADING_CHARS = 110
"""A line up to this long that ends no sentence is a heading, a table row or a headline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A stretch of lines of one use."""

    kind: BlockKind
    lines: tuple[str, ...]

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """Each line as two cells: the plain text of a table has lost where they parted."""
        return tuple(_cells(line) for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """An article ready for the press: `above` and `below` are lines of the page around it."""

    title: str
    blocks: tuple[Block, ...]
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one outlet prints: its template, its name, the charset its server still uses."""

    template: str
    outlet: str
    slogan: str
    charset: str = "utf-8"


LAYOUTS = (
    Layout(template="portal.html", outlet="بوابة التجربة", slogan="أخبار على مدار الساعة"),
    Layout(template="bulletin.html", outlet="نشرة التجربة", slogan="الأخبار الشاملة والحقيقة الكاملة"),
    Layout(template="daily.html", outlet="يومية التجربة", slogan="صحيفة يومية مستقلة", charset="windows-1256"),
    Layout(template="magazine.html", outlet="مجلة التجربة", slogan="السياسة من زاوية أخرى"),
)
"""Four ways to print an article; the names say that they are for trying."""

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def copy_of(text: str) -> Copy:
    """Find an article's parts in its plain text.

    Args:
        text: One paragraph a line; the title comes first, or stands twice in a row where a page's head precedes it.

    Returns:
        Every line of `text` once, in its order (the doubled title once).
    """
    numbered = [(number, line.strip()) for number, line in enumerate(text.splitlines()) if line.strip()]
    lines = [line for _, line in numbered]
    doubled = next((at for at in range(1, len(lines)) if lines[at] == lines[at - 1]), None)
    if doubled is None:
        return Copy(title=lines[0], blocks=_blocks(numbered[1:]))
    share = next((at for at, line in enumerate(lines) if at > doubled and line.startswith("شارك")), len(lines))
    return Copy(
        title=lines[doubled],
        above=tuple(lines[: doubled - 1]),
        blocks=_blocks(numbered[doubled + 1 : share]),
        below=tuple(lines[share:]),
    )


def render(copy: Copy, layout: Layout, *, neighbours: tuple[tuple[str, str], ...], url: str) -> bytes:
    """The page in the layout's charset, as its server would send it.

    Args:
        copy: The article.
        layout: How to print it.
        neighbours: (address, headline) of other articles, for "related" and "most read".
        url: The page's own address.
    """
    template = _templates.get_template(layout.template)
    page = template.render(copy=copy, layout=layout, neighbours=neighbours, url=url)
    return page.encode(layout.charset, "xmlcharrefreplace")


def _blocks(numbered: list[tuple[int, str]]) -> tuple[Block, ...]:
    groups: list[tuple[BlockKind, list[str]]] = []
    for at, (number, line) in enumerate(numbered):
        kind = _kind(line)
        touches = at > 0 and numbered[at - 1][0] == number - 1
        if kind == "heading" and groups and groups[-1][0] in {"heading", "table", "related"}:
            merged: BlockKind = "table" if touches else "related"
            if groups[-1][0] in {"heading", merged}:
                groups[-1] = (merged, [*groups[-1][1], line])
                continue
        if kind == "list" and groups and groups[-1][0] == "list":
            groups[-1][1].append(line.removeprefix(BULLET).strip())
            continue
        groups.append((kind, [line.removeprefix(BULLET).strip()]))
    return tuple(Block(kind=kind, lines=tuple(lines)) for kind, lines in _headed(groups))


def _headed(groups: list[tuple[BlockKind, list[str]]]) -> list[tuple[BlockKind, list[str]]]:
    """A run of headlines that ends in a section's own heading gives it back to the section."""
    laid: list[tuple[BlockKind, list[str]]] = []
    for at, (kind, lines) in enumerate(groups):
        if kind == "related" and at + 1 < len(groups) and groups[at + 1][0] == "paragraph":
            laid += [("related", lines[:-1]), ("heading", lines[-1:])]
        else:
            laid.append((kind, lines))
    return laid


def _kind(line: str) -> BlockKind:
    if line.startswith(BULLET):
        return "list"
    short = len(line) <= HEADING_CHARS and "؛" not in line
    return "heading" if short and not line.endswith((":", "؟")) and not _is_sentence(line) else "paragraph"


def _is_sentence(line: str) -> bool:
    """Rows of a table may end in a full stop; a sentence is longer than one."""
    return line.endswith(".") and len(line) > 70  # noqa: PLR2004 - the longest such row of our corpus has 56


def _cells(line: str) -> tuple[str, str]:
    words = line.split()
    at = 2 if len(words) > 3 else 1  # noqa: PLR2004 - labels of two words, but in the short head row
    return " ".join(words[:at]), " ".join(words[at:])
