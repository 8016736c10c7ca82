"""Cuts the text of an RSS or Atom feed into its items, each a small document of its own.

Why each item is parsed alone. A parser of feeds that repairs what it reads carries state from one item to the next: one
ampersand too many anywhere, and every item is read by the lenient parser; a prefix declared in one item is known in
those below it; a title inside an unescaped description shifts what comes after. So what an item gives would depend on
its neighbours, and leaving out the known ones would change the others. Parsed alone it depends on its own text and on
the start tags around it, and on nothing else: those two are its mark.

What an item inherits stands in those start tags: namespaces, `xml:base`, `xml:lang`, the version. The feed's own title,
authors, languages and dates are inherited by nobody's entry here, so that a `lastBuildDate` that changes with every
request changes no mark.

Whatever is not plainly nested is not cut, and then no item has a mark.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_ITEM: Final = r"(?i:(?:[\w.-]+:)?(?:item|entry))"
_ITEM_NAME = re.compile(_ITEM)
_ITEM_END = re.compile(rf"</{_ITEM}\s*>")
_IN_ITEM = re.compile(rf"<!--|<!\[CDATA\[|<\?|<(/?)({_ITEM})(?=[\s/>])")
# No "<" inside a value, as XML has it. Possessive: what does not match fails at once.
_TAG = re.compile(r"""<(/?)([^\W\d][\w.:-]*+)(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>""")
_REST_OF_END = re.compile(r"\s*>")
_SECTIONS: Final = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}
_MAX_AROUND, _MAX_AROUND_CHARS = 8, 8192
"""Tags around an item are parsed with every item; a root that declares forty namespaces has 3000 characters."""
_MAX_TAGS_OUTSIDE = 20_000


class Cut(NamedTuple):
    """A feed taken apart: `shell` is the feed without items, `items` documents that hold one each.

    `total` counts the items of the body, `partial` says that it breaks off.
    """

    shell: str
    items: tuple[str, ...]
    total: int
    partial: bool


class _Doubtful(Exception):
    """Where an item begins or ends cannot be told for certain."""


def cut_items(text: str, max_items: int) -> Cut | None:
    """`text`, which begins with its root's start tag, cut to at most `max_items` items; None where that is doubtful.

    Doubtful: tags that do not match, an item within an item of the same name, a section or tag that does not end
    though more items follow, items outside of the root.
    """
    try:
        return _cut(text, max_items)
    except _Doubtful:
        return None


def _cut(text: str, max_items: int) -> Cut:
    around: list[re.Match[str]] = []
    shell: list[str] = []
    items: list[str] = []
    at = shelled = seen = 0
    closed = False
    while not closed and (tag := _next_tag(text, at)) is not None:
        if not tag[1] and _ITEM_NAME.fullmatch(tag[2]):
            if len(items) == max_items:
                return _capped(_closed(shell, text[shelled:at], around), items, text[at:], around)
            end = _item_end(text, tag)
            if end is None:
                break
            items.append(f"{_starts(around)}{text[tag.start() : end]}{_ends(around)}")
            shell.append(text[shelled : tag.start()])
            at = shelled = end
            continue
        at, seen = tag.end(), seen + 1
        _step(around, tag, seen)
        closed = not around
    if closed and _ITEM_END.search(text, at):
        raise _Doubtful
    return Cut(_closed(shell, text[shelled:at], around), tuple(items), len(items), not closed)


def _step(around: list[re.Match[str]], tag: re.Match[str], seen: int) -> None:
    """Open or close one tag outside of the items."""
    if tag[1]:
        if not around or around.pop()[2] != tag[2]:
            raise _Doubtful
    elif not tag[0].endswith("/>"):
        around.append(tag)
        if len(around) > _MAX_AROUND or seen > _MAX_TAGS_OUTSIDE:
            raise _Doubtful


def _capped(shell: str, items: list[str], rest: str, around: list[re.Match[str]]) -> Cut:
    """As many items as allowed, those in `rest` counted and not read."""
    ends = [match.end() for match in _ITEM_END.finditer(rest)]
    ended = bool(around) and _ends_root(rest, ends[-1] if ends else 0, around[0][2])
    return Cut(shell, tuple(items), len(items) + len(ends), not ended)


def _closed(pieces: list[str], last: str, around: list[re.Match[str]]) -> str:
    return "".join((*pieces, last, _ends(around)))


def _starts(around: list[re.Match[str]]) -> str:
    starts = "".join(tag[0] for tag in around)
    if len(starts) > _MAX_AROUND_CHARS:
        raise _Doubtful
    return starts


def _ends(around: list[re.Match[str]]) -> str:
    return "".join(f"</{tag[2]}>" for tag in reversed(around))


def _next_tag(text: str, at: int) -> re.Match[str] | None:
    """The first tag from `at` on, comments and sections passed over; None where the text ends."""
    while (at := text.find("<", at)) >= 0:
        opening = next((opening for opening in _SECTIONS if text.startswith(opening, at)), None)
        if opening is None:
            tag = _TAG.match(text, at)
            if tag is None:
                _nothing_more(text, at)
            return tag
        end = _section_end(text, at, opening)
        if end is None:
            return None
        at = end
    return None


def _item_end(text: str, start: re.Match[str]) -> int | None:
    """Where the item that begins with the tag `start` ends; None where the text ends before it does."""
    if start[0].endswith("/>"):
        return start.end()
    at = start.end()
    while (found := _IN_ITEM.search(text, at)) is not None:
        if found[0] in _SECTIONS:
            end = _section_end(text, found.start(), found[0])
            if end is None:
                return None
            at = end
            continue
        at = found.end()
        if found[2] == start[2]:
            rest = _REST_OF_END.match(text, at)
            if not found[1] or rest is None:
                raise _Doubtful
            return rest.end()
    _nothing_more(text, start.start())
    return None


def _section_end(text: str, at: int, opening: str) -> int | None:
    """Where the comment, CDATA or instruction that begins at `at` ends; None where the text ends before it does."""
    closing = _SECTIONS[opening]
    end = text.find(closing, at + len(opening))
    if end < 0:
        _nothing_more(text, at)
        return None
    return end + len(closing)


def _nothing_more(text: str, at: int) -> None:
    """The text ends within what begins at `at`: true if neither more items nor the root's end follow, else doubtful."""
    root = _TAG.match(text)
    if root is None or _ITEM_END.search(text, at) or _ends_root(text, at, root[2]):
        raise _Doubtful


def _ends_root(text: str, at: int, root: str) -> bool:
    return re.compile(rf"</{re.escape(root)}\s*>", re.IGNORECASE).search(text, at) is not None


def whole_items(text: str, root: str, max_items: int) -> Cut:
    """What `cut_items` would not cut: all items in one document, to the last whole one allowed, closed again."""
    ends = [match.end() for match in _ITEM_END.finditer(text)]
    partial = not _ends_root(text, ends[-1] if ends else 0, root)
    if len(ends) <= max_items and not partial:
        return Cut(text, (), len(ends), partial)
    cut = ends[min(len(ends), max_items) - 1] if ends and max_items else 0
    closing = "</channel>" if root.lower().endswith("rss") else ""
    return Cut(f"{text[:cut]}{closing}</{root}>" if cut else f"<{root}></{root}>", (), len(ends), partial)
