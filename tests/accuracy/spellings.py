"""Names and words as different people type them: every spelling must find the same articles of the seed corpus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from storage.archive import SqliteArchive
from tests.accuracy.orders import seed_readings
from tests.accuracy.product import configuration, decisions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.search import ArchiveReader

FAMILY: Final = frozenset({"000", "001", "002", "003", "004"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A query, what is special about it, and the articles it must find, by the start of their ids."""

    query: str
    what: str
    finds: frozenset[str]


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


def missed(reader: ArchiveReader) -> Iterator[tuple[Spelling, frozenset[str]]]:
    """The spellings that find other articles than they must, each with what it found."""
    for spelling in SPELLINGS:
        found = frozenset(
            hit["id"][:3] for hit in reader.search(spelling.query, aliases=configuration().watch.spellings)
        )
        if found != spelling.finds:
            yield spelling, found
