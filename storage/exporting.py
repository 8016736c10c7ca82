"""The archive as a whole, piece by piece: for files that are made of it.

No question is asked for longer than it takes to read one batch, so that a worker may write meanwhile, and nothing holds
more than a batch in memory. What is stored while an export runs may or may not be in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from monitor.errors import ArchiveCorrupt, InputMissing
from storage import queries, shapes
from storage.connection import rows, time_limit, translated
from storage.pages import page_of
from storage.recalling import meeting_values
from storage.rows import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlite_utils import Database

    from storage.rows import Row

Json: TypeAlias = dict[str, Any]

BATCH: Final = 200
_LIMIT_S: Final = 10.0


class ArchiveExport:
    """Everything of one kind, in a fixed order; `since` holds as it does for the lists of `ArchiveReader`.

    Each raises `ArchiveError` in the middle of what it gives, should it come to that.
    """

    def __init__(self, db: Database) -> None:
        """Over an open connection."""
        self._db = db

    def articles(self, since: datetime | None = None) -> Iterator[Json]:
        """Articles as last seen, in the order in which they were first seen; without what was read from them."""
        for row in self._by_article(queries.ALL_ARTICLES, since):
            yield shapes.article(row)

    def claims(self, since: datetime | None = None) -> Iterator[Json]:
        """Mentions of claims, article by article, each with its relation: one withdrawn later stands there twice."""
        for row in self._by_article(queries.ALL_CLAIMS, since):
            yield shapes.mention(row)

    def meetings(self, since: datetime | None = None) -> Iterator[Json]:
        """Meetings in the order in which they were first seen."""
        after = {"seen": "", "id": ""}
        while found := self._rows(queries.ALL_MEETINGS, {**after, **_since(since), "limit": BATCH}):
            with translated("read meetings"):
                values = meeting_values(self._db, found)
            yield from (shapes.meeting(row, values[row["id"]]) for row in found)
            after = {"seen": found[-1]["first_seen"], "id": found[-1]["id"]}

    def labels(self, since: datetime | None = None) -> Iterator[Json]:
        """Verdicts of analysts, the oldest first, with what they are about; see `ArchiveReader.labels`."""
        earliest = "" if since is None else stamp(since)
        yield from (row for row in shapes.flags(self._rows(queries.LABELLED)) if row["at"] >= earliest)

    def pages(self, *, article_id: str | None = None, since: datetime | None = None) -> Iterator[Json | ArchiveCorrupt]:
        """Versions whose page is kept, in the order of their fetching.

        Each with article, version, url, title, outlet, fetched_at, published_at, page (bytes), sha256, content_type,
        extractor, text and text_sha256. A damaged page stands in its place as the error.

        Raises:
            InputMissing: There is no such article.
        """
        if article_id is not None and not self._rows("SELECT 1 FROM articles WHERE id = :id", {"id": article_id}):
            raise InputMissing(f"there is no article {article_id}")
        asked = {"article": article_id, "since": None if since is None else stamp(since)}
        after = {"at": "", "id": ""}
        while found := self._rows(queries.KEPT_PAGES, {**asked, **after, "limit": BATCH}):
            yield from (self._page(row["id"]) for row in found)
            after = {"at": found[-1]["fetched_at"], "id": found[-1]["id"]}

    def _page(self, version_id: str) -> Json | ArchiveCorrupt:
        (row,) = self._rows(queries.KEPT_PAGE, {"id": version_id})
        try:
            page = page_of(row)
        except ArchiveCorrupt as error:
            return error
        names = ("url", "title", "outlet", "fetched_at", "published_at", "content_type", "extractor", "text")
        return {
            "article": row["article_id"],
            "version": row["number"],
            **{name: row[name] for name in (*names, "text_sha256")},
            "sha256": row["raw_sha256"],
            "page": page,
        }

    def _by_article(self, sql: str, since: datetime | None) -> Iterator[Row]:
        """Articles are numbered as they come, and none is ever taken away: so many numbers, so many articles."""
        (last,) = self._rows("SELECT coalesce(max(number), 0) AS number FROM articles")
        for after in range(0, last["number"], BATCH):
            yield from self._rows(sql, {"after": after, "upto": after + BATCH, **_since(since)})

    def _rows(self, sql: str, values: Row | None = None) -> list[Row]:
        with translated("read the archive"), time_limit(self._db, _LIMIT_S):
            return rows(self._db, sql, values)


def _since(since: datetime | None) -> Row:
    return {"since": None if since is None else stamp(since)}
