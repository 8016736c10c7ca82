"""The seed corpus: what an archive starts from, so that new coverage has something to be held against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CORPUS: Final = Path(__file__).parent / "seed_corpus"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedArticle:
    """One text of the corpus; `id` is the file's stem, `title` the first line of the unchanged `text`."""

    id: str
    title: str
    text: str


def seed_articles() -> tuple[SeedArticle, ...]:
    """The corpus in order of file name. Bytes are decoded as they lie, so that offsets fit the files."""
    return tuple(_seed_article(path) for path in sorted(_CORPUS.glob("*.txt")))


def _seed_article(path: Path) -> SeedArticle:
    text = path.read_bytes().decode("utf-8")
    return SeedArticle(id=path.stem, title=text.split("\n", 1)[0].strip(), text=text)
