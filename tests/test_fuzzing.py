"""Two thousand cases each at every place where strangers' bytes come in: read, or refused by one of our errors."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests import fuzzing

if TYPE_CHECKING:
    from pathlib import Path

CASES: Final = settings(
    max_examples=int(os.environ.get("RASID_TEST_CASES", "2000")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
PIECES: Final = st.one_of(st.sampled_from(fuzzing.pieces()), st.binary(max_size=6))
PLACES: Final = st.integers(0, 1 << 16).map(lambda number: number * 40_503 + 97)
"""Spread over the whole: small numbers, of which there are many, would all be its beginning."""
LESS: Final = st.sampled_from((0, 0, 1, 9, 80))
CHANGES: Final = st.lists(st.tuples(PLACES, LESS, PIECES), max_size=4)
SYNTAX: Final = ("حفتر", "باريس", '"', "*", "(", "NEAR(", "-", "OR", "title:", "\x00", " ")
VALUES: Final = st.sampled_from(
    (b"=", b"[", b"]", b"[[feeds]]\n", b'"', b"1e999", b"-1", b"true", b"nan", b"\nx = 1\n")
)
TYPES: Final = st.sampled_from(("", "text/html; charset=windows-1256", "text/xml; charset=utf-7", "a; charset=\x00"))


def changed(*wholes: bytes) -> st.SearchStrategy[bytes]:
    """Whole documents, broken in a few places; now and then bytes of no meaning at all."""
    broken = [st.builds(fuzzing.changed, st.sampled_from(wholes), CHANGES) for _ in range(6)]
    return st.one_of(*broken, st.binary(max_size=200), st.lists(PIECES, max_size=20).map(b"".join))


@CASES
@given(changed(*fuzzing.FEEDS), TYPES)
def test_any_bytes_are_a_feed_or_refused(body: bytes, content_type: str) -> None:
    event(f"read: {fuzzing.feed(body, content_type)}")


@CASES
@given(changed(*fuzzing.PAGES), TYPES)
def test_any_bytes_are_a_page_or_refused(html: bytes, content_type: str) -> None:
    event(f"read: {fuzzing.page(html, content_type)}")


@CASES
@given(changed(*fuzzing.TEXTS).map(lambda body: body[:1500].decode("utf-8", "replace")))
def test_any_text_is_an_article_or_refused(article: str) -> None:
    event(f"read: {fuzzing.text(article)}")


@CASES
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(SYNTAX), max_size=12).map(" ".join)))
def test_any_query_finds_or_is_refused(asked: str) -> None:
    event(f"found: {fuzzing.query(asked)}")


def test_any_configuration_is_taken_or_refused_by_name(tmp_path: Path) -> None:
    shipped = {name: (fuzzing.ROOT / "config" / name).read_bytes() for name in fuzzing.CONFIGS}
    changes = st.lists(st.tuples(PLACES, LESS, st.one_of(VALUES, PIECES)), max_size=3)
    taken: Counter[tuple[str, bool]] = Counter()

    @CASES
    @given(st.sampled_from(fuzzing.CONFIGS), changes)
    def ends_well(name: str, made: list[tuple[int, int, bytes]]) -> None:
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir(exist_ok=True)
        taken[name, fuzzing.config(folder, name, fuzzing.changed(shipped[name], made))] += 1

    ends_well()
    assert set(taken) == {(name, well) for name in fuzzing.CONFIGS for well in (True, False)}


def test_what_is_whole_is_read_everywhere() -> None:
    assert all(map(fuzzing.feed, fuzzing.FEEDS))
    assert all(map(fuzzing.page, fuzzing.PAGES[:2]))
    assert all(fuzzing.text(article.decode()) for article in fuzzing.TEXTS)
    assert fuzzing.query("حفتر")
