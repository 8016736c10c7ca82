"""Whoever types a name in whatever spelling finds the same articles of the seed corpus, read and stored for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.accuracy.spellings import SPELLINGS, Spelling, found_by, seeded_archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.search import ArchiveReader


@pytest.fixture(scope="module")
def reader() -> Iterator[ArchiveReader]:
    with seeded_archive() as archive:
        yield archive.reader()


def test_there_are_thirteen_spellings() -> None:
    assert len({spelling.query for spelling in SPELLINGS}) == 13


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling.what)
def test_a_spelling_finds_the_articles_that_every_other_finds(reader: ArchiveReader, spelling: Spelling) -> None:
    assert found_by(reader, spelling) == spelling.finds
