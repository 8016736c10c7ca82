"""Names and words as different people type them: every spelling must find the same articles of the seed corpus."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pysqlite3

from storage.archive import SqliteArchive
from storage.seed import seed_articles
from tests.accuracy.orders import seed_readings
from tests.accuracy.product import configuration, decisions

if TYPE_CHECKING:
    from storage.search import ArchiveReader

FAMILY: Final = frozenset({"000", "001", "002", "003", "004"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A query, what is special about it, and the articles it must find, by the start of their ids."""

    query: str
    what: str
    finds: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpellingFigures:
    """How many spellings were asked, and how many found just what they must: here, and with SQLite's tokenizers."""

    asked: int
    right: int
    unicode61: int
    trigram: int


def _spelling(what: str, query: str, *finds: str) -> Spelling:
    return Spelling(query=query, what=what, finds=frozenset(finds) or FAMILY)


SPELLINGS: Final = (
    _spelling("as most write it", "صدام حفتر"),
    _spelling("vowel signs", "صَدّام حَفْتَر"),
    _spelling("tatweel", "صـدام حفتـــر"),
    _spelling("particles", "وصدام لحفتر"),
    _spelling("Latin alias", "Saddam Haftar"),
    _spelling("a typo seen in print", "سعدام حفتر"),
    _spelling("hamza without its seat", "الارهاب", *FAMILY),
    _spelling("hamza seats and vowel signs", "الإِرْهَاب", *FAMILY),
    _spelling("ي for ى", "علي مستوي", "000", "001", "002"),
    _spelling("ه for ة", "القياده العامه", "000", "001", "002", "003"),
    _spelling("Arabic-Indic digits", "٢٠٢٦", "001"),
    _spelling("two words for one", "عبد الحميد الدبيبة", "002"),
    _spelling("one word for two, with a particle", "وعبدالحميد الدبيبه", "002"),
)


def seeded_archive() -> SqliteArchive:
    """An archive in memory with the corpus read, decided and stored; close it."""
    archive = SqliteArchive(":memory:")
    for _ in decisions(seed_readings(), archive):
        pass
    return archive


def found_by(reader: ArchiveReader, spelling: Spelling) -> frozenset[str]:
    """The articles that the product's search finds, by the start of their ids."""
    hits = reader.search(spelling.query, aliases=configuration().watch.spellings)
    return frozenset(hit["id"][:3] for hit in hits)


def spelling_figures() -> SpellingFigures:
    """Ask the archive, and SQLite's own full-text tables over the same articles."""
    with seeded_archive() as archive:
        right = sum(found_by(archive.reader(), spelling) == spelling.finds for spelling in SPELLINGS)
    return SpellingFigures(
        asked=len(SPELLINGS), right=right, unicode61=_right_with("unicode61"), trigram=_right_with("trigram")
    )


def _right_with(tokenizer: str) -> int:
    """How many spellings find their articles in an FTS5 table, each word of the query quoted."""
    with closing(pysqlite3.connect(":memory:")) as db:
        db.execute(f"CREATE VIRTUAL TABLE texts USING fts5(id UNINDEXED, text, tokenize = {tokenizer})")
        db.executemany("INSERT INTO texts VALUES (?, ?)", [(seed.id[:3], seed.text) for seed in seed_articles()])
        return sum(_ask(db, spelling.query) == spelling.finds for spelling in SPELLINGS)


def _ask(db: Any, query: str) -> set[str]:  # noqa: ANN401 - pysqlite3 ships no types
    words = " AND ".join(f'"{word}"' for word in query.split())
    return {row[0] for row in db.execute("SELECT id FROM texts WHERE texts MATCH ?", (words,))}
