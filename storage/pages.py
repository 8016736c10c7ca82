"""Pages as they were fetched: compressed, checked whenever they are read, dropped by age where that is asked for.

A page is what stands behind a text. Its digest, its size, when it was fetched and by what it was read stay for ever;
the bytes themselves may go, except where something rests on them.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import zstandard

from monitor.errors import ArchiveCorrupt
from storage.connection import rows, transaction, translated
from storage.rows import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlite_utils import Database

    from storage.rows import Row

LEVEL: Final = 9
"""zlib takes as long for twice the bytes; level 15 saves 6 to 11 % more and takes four to nine times as long."""
DICTIONARY_BYTES: Final = 112_640
"""What zstd's own command line makes by default; 64 KiB gave 1 to 12 % larger pages."""
LEAST_PAGES: Final = 200
RENEWED_AFTER_PAGES: Final = 5_000
"""A dictionary is then two thousandths of what it serves, and sites change their looks."""
MAX_SAMPLES: Final = 400
SAMPLE_BYTES: Final = 64 * 1024
"""What pages of a site have in common begins at their top."""
BATCH: Final = 50

_NEWEST: Final = "SELECT id, made_at, value FROM dictionaries ORDER BY id DESC LIMIT 1"

_NO_DICTIONARY: Final[Row] = {"id": None, "value": None}

_KEPT_SINCE: Final = """
SELECT id FROM versions WHERE raw IS NOT NULL AND fetched_at > :since ORDER BY fetched_at DESC LIMIT :limit
"""

_PAGE: Final = """
SELECT v.article_id, v.fetched_at, v.raw, v.raw_codec, v.raw_bytes, v.raw_sha256, d.value AS dictionary
FROM versions v LEFT JOIN dictionaries d ON d.id = v.raw_dictionary WHERE v.id = :id
"""

# Of an article that was ever in scope, claimed something, led to an alert or was judged, the page of every version
# stays: one that is out of scope may be where a claim was withdrawn.
_TO_DROP: Final = """
SELECT v.id, length(v.raw) AS bytes FROM versions v
WHERE v.raw IS NOT NULL AND v.in_scope = 0 AND v.fetched_at < :before
AND NOT EXISTS (SELECT 1 FROM versions s WHERE s.article_id = v.article_id AND s.in_scope <> 0)
AND NOT EXISTS (SELECT 1 FROM mentions m WHERE m.article_id = v.article_id)
AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.article_id = v.article_id)
AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.target_id = v.article_id)
ORDER BY v.fetched_at LIMIT :limit
"""

_DROP: Final = """
UPDATE versions SET raw = NULL, raw_codec = NULL, raw_dictionary = NULL
WHERE id IN (SELECT value FROM json_each(:ids))
"""

_DROP_DICTIONARIES: Final = """
DELETE FROM dictionaries WHERE id < (SELECT max(id) FROM dictionaries)
AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.raw_dictionary = dictionaries.id)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """How many pages were dropped, and how many bytes they took."""

    pages: int
    freed_bytes: int


def compressed(db: Database, page: bytes) -> Row:
    """The columns of a version that hold its page, by the newest dictionary there is."""
    newest = next(iter(rows(db, _NEWEST)), _NO_DICTIONARY)
    try:
        dictionary = _dictionary(newest["value"])
    except zstandard.ZstdError:  # it is damaged, which must not keep anything from being stored
        newest, dictionary = _NO_DICTIONARY, None
    compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionary)
    return {
        "raw_sha256": hashlib.sha256(page).hexdigest(),
        "raw_bytes": len(page),
        "raw_codec": "zstd",
        "raw_dictionary": newest["id"],
        "raw": compressor.compress(page),
    }


def page_of(row: Row) -> bytes | None:
    """The page in a row, None where none is kept.

    Args:
        row: article_id, fetched_at, raw, raw_codec, raw_bytes, raw_sha256, and dictionary, the bytes of its own.

    Raises:
        ArchiveCorrupt: It is not what was fetched. No more than `raw_bytes` are unpacked to find that out.
    """
    if row["raw"] is None:
        return None
    try:
        page = _CODECS[row["raw_codec"]](row)
    except (zlib.error, zstandard.ZstdError, KeyError) as error:
        raise _corrupt(row, str(error)) from error
    if hashlib.sha256(page).hexdigest() != row["raw_sha256"]:
        raise _corrupt(row, "its sha256 is another")
    return page


def train(samples: Sequence[bytes]) -> bytes | None:
    """A dictionary of what `samples` have in common; None where they are too few or too small for one."""
    try:
        return zstandard.train_dictionary(DICTIONARY_BYTES, list(samples)).as_bytes()
    except zstandard.ZstdError:
        return None


class KeptPages:
    """What is done to the kept pages from time to time. Each call is short; see `SqliteArchive` for its errors."""

    def __init__(self, db: Database) -> None:
        """Over the archive's own connection."""
        self._db = db

    def to_train_on(self) -> tuple[str, ...]:
        """Versions whose pages the next dictionary is to be made of, the newest first; none until it is due."""
        with translated("look for pages"):
            newest = rows(self._db, _NEWEST)
            since, least = (newest[0]["made_at"], RENEWED_AFTER_PAGES) if newest else ("", LEAST_PAGES)
            found = rows(self._db, _KEPT_SINCE, {"since": since, "limit": max(least, MAX_SAMPLES)})
        return tuple(row["id"] for row in found[:MAX_SAMPLES]) if len(found) >= least else ()

    def sample(self, version_id: str) -> bytes:
        """How a version's page begins; nothing where it has gone.

        Raises:
            ArchiveCorrupt: It is not what was fetched.
        """
        with translated("read a page"):
            found = rows(self._db, _PAGE, {"id": version_id})
        return (page_of(found[0]) or b"")[:SAMPLE_BYTES] if found else b""

    def keep_dictionary(self, value: bytes, *, samples: int, at: datetime) -> None:
        """Compress by `value` from now on. Older ones stay as long as a page needs them."""
        row = {"at": stamp(at), "samples": samples, "value": value}
        with translated("keep a dictionary"), transaction(self._db):
            self._db.execute("INSERT INTO dictionaries (made_at, samples, value) VALUES (:at, :samples, :value)", row)
            self._db.execute(_DROP_DICTIONARIES)

    def drop(self, before: datetime, limit: int = BATCH) -> Dropped:
        """Drop pages fetched before a moment, the oldest first, at most `limit`; none that anything rests on.

        Text, spans, digest, size, moment and extractor stay. The file keeps its size: what they took is used again.
        """
        with translated("drop pages"), transaction(self._db):
            found = rows(self._db, _TO_DROP, {"before": stamp(before), "limit": limit})
            self._db.execute(_DROP, {"ids": json.dumps([row["id"] for row in found])})
        return Dropped(pages=len(found), freed_bytes=sum(row["bytes"] for row in found))


@lru_cache(maxsize=4)
def _dictionary(value: bytes | None) -> zstandard.ZstdCompressionDict | None:
    if value is None:
        return None
    dictionary = zstandard.ZstdCompressionDict(value)
    dictionary.precompute_compress(level=LEVEL)
    return dictionary


def _of_zlib(row: Row) -> bytes:
    """As pages were kept at first."""
    return zlib.decompressobj().decompress(row["raw"], row["raw_bytes"] + 1)


def _of_zstd(row: Row) -> bytes:
    # The frame's own word for its size is what zstandard makes room for, whatever it is told to stop at.
    if zstandard.frame_content_size(row["raw"]) != row["raw_bytes"]:
        raise zstandard.ZstdError("it says another size")
    decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary(row["dictionary"]))
    return decompressor.decompress(row["raw"], max_output_size=row["raw_bytes"])


_CODECS: Final = {"zlib": _of_zlib, "zstd": _of_zstd}


def _corrupt(row: Row, why: str) -> ArchiveCorrupt:
    return ArchiveCorrupt(
        f"article {row['article_id']}: the page kept of {row['fetched_at']} is damaged ({why}); "
        "restore it from a backup"
    )
