"""In which line of a TOML file each key stands: `tomllib` reads values and keeps no places.

A second, smaller reading of a text that `tomllib` has read already, of which only keys are kept. What it finds must be
what `tomllib` found, key for key; else nothing is said to be anywhere.
"""

from __future__ import annotations

import re
import tomllib
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.errors import KeyPath

_TOKEN = re.compile(
    r"""
    [ \t\r]+ | \#[^\n]*
    | (?P<told> \"{3}(?:[^\\]|\\.)*?\"{3,5} | '{3}.*?'{3,5} | \"(?:[^\"\\\n]|\\.)*\" | '[^'\n]*'
              | [\[\]{},=.\n] | [^\s\[\]{},=.\"'\#]+ )
    """,
    re.VERBOSE | re.DOTALL,
)
"""Text in four kinds of quotes (up to two quotes may stand before the closing three), a mark, or a bare word."""
_ENDS = frozenset({",", "]", "}", "\n"})


def lines_of(text: str) -> Mapping[KeyPath, int]:
    """The line, counted from 1, of every key, table and item of a list.

    A table has the line of its header, or of the first key that implies it; an item of a list of tables that of its
    own header or brace.

    Returns:
        Nothing at all for what is no TOML, or where it cannot be told for sure.
    """
    reading = _Reading(text)
    try:
        known = set(_paths(tomllib.loads(text)))
        reading.run()
    except (tomllib.TOMLDecodeError, IndexError, RecursionError):
        return {}
    return reading.found if set(reading.found) == known else {}


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of a key, or of the nearest table from which it is missing.

    None for what is missing from the document itself, and for an item of a list that is not there.
    """
    while path and path not in lines and isinstance(path[-1], str):
        path = path[:-1]
    return lines.get(path)


def _paths(value: Any, above: KeyPath = ()) -> Iterator[KeyPath]:  # noqa: ANN401 - whatever TOML may hold
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*above, key)
        yield from _paths(inner, (*above, key))


class _Reading:
    """Statement by statement; of values, only where they end."""

    def __init__(self, text: str) -> None:
        self.found: dict[KeyPath, int] = {}
        self._newest: dict[KeyPath, int] = {}
        """Of each list that `[[...]]` makes, the number of its newest item."""
        self._tokens = deque(_tokens(text))

    def run(self) -> None:
        table: KeyPath = ()
        while self._tokens:
            if self._took("\n"):
                continue
            if self._took("["):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        listed = self._took("[")
        parts, line = self._keys()
        path: KeyPath = ()
        for part in parts:
            path = (*self._current(path), part)
            self.found.setdefault(path, line)
        if listed:
            self._tokens.popleft()  # the second bracket
            self._newest[path] = self._newest.get(path, -1) + 1
        self.found[self._current(path)] = line
        return self._current(path)

    def _current(self, path: KeyPath) -> KeyPath:
        return (*path, self._newest[path]) if path in self._newest else path

    def _pair(self, table: KeyPath) -> None:
        parts, line = self._keys()
        path = table
        for part in parts:
            path = (*path, part)
            self.found.setdefault(path, line)
        self._value(path)

    def _keys(self) -> tuple[list[str], int]:
        """A dotted key with what follows it, `=` or `]`, and its line."""
        token, line = self._tokens.popleft()
        parts = [_plain(token)]
        while self._tokens.popleft()[0] == ".":
            parts.append(_plain(self._tokens.popleft()[0]))
        return parts, line

    def _value(self, path: KeyPath) -> None:
        if self._took("["):
            self._list(path)
        elif self._took("{"):
            while not self._took("}"):
                if not (self._took(",") or self._took("\n")):
                    self._pair(path)
        else:
            while self._tokens and self._tokens[0][0] not in _ENDS:
                self._tokens.popleft()

    def _list(self, path: KeyPath) -> None:
        number = 0
        while not self._took("]"):
            if not (self._took(",") or self._took("\n")):
                self.found[(*path, number)] = self._tokens[0][1]
                self._value((*path, number))
                number += 1

    def _took(self, mark: str) -> bool:
        """Whether `mark` came next; then it is passed."""
        if not self._tokens or self._tokens[0][0] != mark:
            return False
        self._tokens.popleft()
        return True


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """What is neither blank nor comment, each with its line; up to what is none of these, which ends the reading."""
    line, found = 1, _TOKEN.match(text)
    while found:
        if found["told"]:
            yield found["told"], line
        line += found[0].count("\n")
        found = _TOKEN.match(text, found.end())


def _plain(key: str) -> str:
    """A key without its quotes."""
    quoted = key.startswith(('"', "'"))
    return next(iter(tomllib.loads(f"{key} = 0"))) if quoted else key
