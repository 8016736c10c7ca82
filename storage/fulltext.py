"""What is searched is folded, and so is what is asked; nothing the user types reaches SQLite as syntax.

Three columns are indexed: the title and the text as folded words, and beside them every other shape in which
a word may be asked for (leading particles off, light stem), where it differs from the word itself.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from monitor.reading.arabic import stem, tokens, unprefixed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_TOKENS: Final = 32
MAX_QUERY_CHARS: Final = 2000
MAX_SEARCHED_CHARS: Final = 200_000
_ARTICLE: Final = "ال"
_MIN_BEFORE_ARTICLE, _MIN_FROM_ARTICLE = 3, 4
"""«عبدالحميد» is asked for as «عبد الحميد» too; «بالتعاون» and «رجال» are not taken apart."""

_SNIPPET_CHARS: Final = 240
_LEAD_IN_CHARS: Final = 40


@dataclass(frozen=True, slots=True)
class TextQuery:
    """A search as SQLite gets it (`match`), and the folded shapes of words that count as hits."""

    match: str
    shapes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A stretch of the original with its hits between «»; the offsets index the article's text."""

    marked: str
    start: int
    end: int
    hits: tuple[tuple[int, int], ...]


@lru_cache(maxsize=16384)
def shapes(form: str) -> frozenset[str]:
    """Every shape under which a folded word is found.

    >>> sorted(shapes("وحفتر"))
    ['حفتر', 'وحفتر']
    """
    bare = unprefixed(form)
    return frozenset((*bare, *map(stem, bare)))


def index_row(title: str, text: str) -> tuple[str, str, str]:
    """The three indexed columns of one article."""
    body = [token.form for token in tokens(text)]
    others = [shape for form in body for shape in sorted(shapes(form) - {form})]
    return " ".join(token.form for token in tokens(title)), " ".join(body), " ".join(others)


def text_query(query: str, aliases: Mapping[str, str] | None = None) -> TextQuery | None:
    """All of the query's words must be there, each in any of its shapes; None where it holds no word.

    Args:
        query: As typed; what passes `MAX_QUERY_CHARS` or `MAX_TOKENS` is left out.
        aliases: Other spellings to what they stand for («Saddam Haftar» to «صدام حفتر»); either may be found.
    """
    known = {_words(alias): _words(name) for alias, name in (aliases or {}).items()}
    known.pop((), None)
    found: set[str] = set()
    groups = [
        _any(_all(words, found) for words in either)
        for either in _groups(_words(query[:MAX_QUERY_CHARS])[:MAX_TOKENS], known)
    ]
    return TextQuery(" AND ".join(groups), frozenset(found)) if groups else None


def snippet(text: str, query: TextQuery) -> Snippet:
    """The stretch of `text` with the most hits, earliest first; its beginning where nothing is hit."""
    hits = _hits(text[:MAX_SEARCHED_CHARS], query)
    starts = [start for start, _ in hits]
    best = max(
        range(len(hits)),
        key=lambda at: (bisect_left(starts, starts[at] + _SNIPPET_CHARS - _LEAD_IN_CHARS) - at, -at),
        default=None,
    )
    start = 0 if best is None else _word_edge(text, max(0, starts[best] - _LEAD_IN_CHARS), starts[best])
    inside = [hit for hit in hits if start <= hit[0] and hit[1] <= start + _SNIPPET_CHARS]
    last = inside[-1][1] if inside else start
    end = min(len(text), start + _SNIPPET_CHARS)
    if end < len(text):
        end = max(last, text.rfind(" ", last, end))
    return Snippet(_marked(text, start, end, inside), start, end, tuple(inside))


def _words(text: str) -> tuple[str, ...]:
    return tuple(token.form for token in tokens(text))


def _groups(
    words: tuple[str, ...], known: Mapping[tuple[str, ...], tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Cut the words at known aliases, longest first: a run of plain words, or an alias and its meaning."""
    lengths = sorted({len(alias) for alias in known}, reverse=True)
    run: list[str] = []
    at = 0
    while at < len(words):
        length = next((n for n in lengths if words[at : at + n] in known), 0)
        if not length:
            run.append(words[at])
            at += 1
            continue
        if run:
            yield (tuple(run),)
            run.clear()
        alias = words[at : at + length]
        yield tuple(either for either in (alias, known[alias]) if either)
        at += length
    if run:
        yield (tuple(run),)


def _all(words: tuple[str, ...], found: set[str]) -> str:
    return "(" + " AND ".join(_word(words, at, found) for at in range(len(words))) + ")"


def _word(words: tuple[str, ...], at: int, found: set[str]) -> str:
    """One word in any shape, or written together with its neighbour, or in two words before the article."""
    word = words[at]
    joined = {"".join(words[max(0, at - 1) : at + 1]), "".join(words[at : at + 2])} - {word}
    wanted = shapes(word) | joined
    found.update(wanted)
    ways = [_quoted(shape) for shape in sorted(wanted)]
    cut = word.find(_ARTICLE, _MIN_BEFORE_ARTICLE)
    if cut > 0 and len(word) - cut >= _MIN_FROM_ARTICLE:
        halves = [sorted(shapes(half)) for half in (word[:cut], word[cut:])]
        found.update(*halves)
        ways.append("(" + " AND ".join(_any(map(_quoted, half)) for half in halves) + ")")
    return _any(ways)


def _any(ways: Iterable[str]) -> str:
    return "(" + " OR ".join(ways) + ")"


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _hits(text: str, query: TextQuery) -> list[tuple[int, int]]:
    hits: list[tuple[int, int]] = []
    for token in tokens(text):
        if shapes(token.form).isdisjoint(query.shapes):
            continue
        if hits and not text[hits[-1][1] : token.start].strip():
            hits[-1] = (hits[-1][0], token.end)
        else:
            hits.append((token.start, token.end))
    return hits


def _word_edge(text: str, at: int, before: int) -> int:
    if at == 0 or text[at - 1].isspace():
        return at
    space = text.find(" ", at, before)
    return at if space < 0 else space + 1


def _marked(text: str, start: int, end: int, hits: Iterable[tuple[int, int]]) -> str:
    parts: list[str] = []
    at = start
    for hit_start, hit_end in hits:
        parts += [text[at:hit_start], "«", text[hit_start:hit_end], "»"]
        at = hit_end
    return "".join((*parts, text[at:end])).replace("\n", " ").strip()
