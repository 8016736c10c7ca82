"""Where keys stand in TOML: as `tomllib` reads it, whatever comments, quotes and values look like keys and headers."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.settings.lines import line_of, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.errors import KeyPath

CONFIG = Path(__file__).parents[1] / "config"

DOCUMENT = '''\
# [poll] is a table
title = "a # b" # title = 2

[poll]
every = """
[mail]
host = 'x'
\\"""
"""
"a.b" = 1
'c # d'.e . "f" = { g = 1, h = [ { i = "}" }, { i = '"' } ] }

[[rule]]
names = [
  "one", # ] names = 3
  'two]',
]

  [[rule.at]]
  hour = 1
  [[rule.at]]
  hour = 2

[[rule]]
at = [
  {hour = 3},

  {hour = 4, day = {from = """
x"""}},
]

[mail.server]
host = QQQ
host = "no"
QQQQQ

[mail]
port = 1979-05-27 07:32:00
'''.replace("QQQ", 3 * "'").replace("QQ", 2 * "'")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("poll",), 4),
        (("poll", "every"), 5),
        (("poll", "a.b"), 10),
        (("poll", "c # d", "e", "f", "h", 1, "i"), 11),
        (("rule",), 13),
        (("rule", 0), 13),
        (("rule", 0, "names"), 14),
        (("rule", 0, "names", 1), 16),
        (("rule", 0, "at", 0), 19),
        (("rule", 0, "at", 1, "hour"), 22),
        (("rule", 1), 24),
        (("rule", 1, "at", 0, "hour"), 26),
        (("rule", 1, "at", 1, "day", "from"), 28),
        (("mail", "server"), 32),
        (("mail", "server", "host"), 33),
        (("mail",), 37),
        (("mail", "port"), 38),
    ],
)
def test_a_key_stands_in_its_line(path: KeyPath, line: int) -> None:
    assert line_of(lines_of(DOCUMENT), path) == line
    assert line_of(lines_of(DOCUMENT.replace("\n", "\r\n")), path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("poll", "colour"), 4),
        (("rule", 0, "at", 1, "day"), 21),
        (("rule", 1, "name"), 24),
        (("rule", 1, "at", 0, "day"), 26),
        (("mail", "server", "port"), 32),
        (("rule", 2), None),
        (("rule", 2, "name"), None),
        (("colour",), None),
        ((), None),
    ],
)
def test_what_is_missing_is_looked_for_in_its_table_and_an_item_that_is_not_there_nowhere(
    path: KeyPath, line: int | None
) -> None:
    assert line_of(lines_of(DOCUMENT), path) == line


@pytest.mark.parametrize("text", ["a = 1\na = 2\n", "[a\n", 'a = """', "a = [", "= 1", "a", "[[a]", "a = {", "\0", '"'])
def test_of_what_is_no_toml_nothing_is_said(text: str) -> None:
    assert lines_of(text) == {}


def test_of_what_is_nested_too_deeply_nothing_is_said() -> None:
    assert lines_of("a = " + 5000 * "[" + 5000 * "]") == {}


@pytest.mark.parametrize("path", sorted(CONFIG.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_key_that_ships_is_found_in_a_line_that_holds_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines, written = lines_of(text), text.split("\n")
    assert set(lines) == set(paths(tomllib.loads(text)))
    assert all(str(key) in written[line - 1] for (*_, key), line in lines.items() if isinstance(key, str))


# ------------------------------------------------------------------------------------------------------------ the law

QUOTED = {"a": '"\\u0061"', "b c": '"b c"', "d.e": "'d.e'", "#": '"#"', "[": "'['", "=": '"="', '"': "'\"'", "": '""'}
KEYS = st.sampled_from(["a", "b", "c", "-1", "2", *QUOTED.values()])
DOTTED = st.builds(
    lambda parts, dot: dot.join(parts), st.lists(KEYS, min_size=1, max_size=3), st.sampled_from([".", " . "])
)
SCALARS = st.sampled_from(
    [
        *("1", "-1.5e3", "true", "inf", "1979-05-27 07:32:00", "1979-05-27T07:32:00.5Z", "07:32:00"),
        *('"a = 1 # no"', '"\\"] # \\\\"', '""', "''", "'[b]'", "'\\'", '"}"', "','"),
        *(
            '"""a"""',
            '""""""',
            '"""a""""',
            "'''a''''",
            '"""""a"""""',
            "''''''",
            "'''''a'''''",
            '"""\\\\"""',
            '"""\\""" """',
        ),
        *('"""\na = 1\n[b]\n"""', "'''\n[[a]]\n# '' b = 2\n\n'''''", '"""x \\\n  "a" = [\n"""'),
    ]
)
GAPS = st.sampled_from(["", " ", "\n", "\n  # ] } a = 1\n\t", "\n\n"])


def listed(items: list[str], gap: str, last: str) -> str:
    return f"[{gap}{f',{gap}'.join(items)}{last if items else ''}{gap}]"


def inline(pairs: list[tuple[str, str]]) -> str:
    return f"{{{', '.join(f'{key} = {value}' for key, value in pairs)}}}"


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(listed, st.lists(inner, max_size=3), GAPS, st.sampled_from(["", ","])),
        st.builds(inline, st.lists(st.tuples(DOTTED, inner), max_size=3)),
    ),
    max_leaves=6,
)
COMMENTS = st.sampled_from(["", " ", ' # [a] b = """', "\t#'''"])
STATEMENTS = st.one_of(
    st.builds("{} = {}{}".format, DOTTED, VALUES, COMMENTS),
    st.builds("[{}]{}".format, DOTTED, COMMENTS),
    st.builds("  [[ {} ]]{}".format, DOTTED, COMMENTS),
    COMMENTS,
)


def paths(value: object, above: KeyPath = ()) -> Iterator[KeyPath]:
    """Every key, and every item of a list, as `tomllib` has them."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*above, key)
        yield from paths(one, (*above, key))


def read(text: str) -> set[KeyPath] | None:
    try:
        return set(paths(tomllib.loads(text)))
    except tomllib.TOMLDecodeError:
        return None


@settings(max_examples=300, deadline=None)
@given(st.lists(STATEMENTS, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_every_key_of_a_document_is_found_in_the_statement_that_made_it(statements: list[str], end: str) -> None:
    """A statement that the document would not bear is left out, so that few keys meet in many ways."""
    text, known = "", set[tuple[str | int, ...]]()
    made_in: dict[KeyPath, range] = {}
    for statement in statements:
        after = read(f"{text}{statement}\n")
        if after is not None:
            first = text.count("\n") + 1
            made_in |= dict.fromkeys(after - known, range(first, first + statement.count("\n") + 1))
            known, text = after, f"{text}{statement}\n"
    lines, written = lines_of(text.replace("\n", end)), text.split("\n")
    assert set(lines) == known
    for path, line in lines.items():
        headed = written[line - 1].lstrip().startswith("[")
        assert line in made_in[path] or (headed and line > made_in[path].start), path
        key = path[-1]
        if isinstance(key, str):
            assert key in written[line - 1] or QUOTED.get(key, key) in written[line - 1], path
