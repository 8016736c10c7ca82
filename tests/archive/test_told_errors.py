"""What SQLite meets is told as ours: which file, what could not be done, and what helps."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pysqlite3
import pytest

from monitor.errors import (
    ArchiveBusy,
    ArchiveCorrupt,
    ArchiveError,
    ArchiveNetwork,
    ArchiveSchema,
    DiskFull,
    QueryTooSlow,
)
from monitor.model import FeedState
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.backups import back_up, inspect, restore
from storage.connection import connect, open_read_only, open_writer, read_only, time_limit, translated
from storage.filesystem import NETWORK_MAGIC
from storage.migrations import MIGRATIONS
from tests.factories import NOON, make_decision

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = len(MIGRATIONS)


@pytest.fixture
def filled(path: Path) -> Path:
    with SqliteArchive(path) as archive:
        archive.commit(Commit(decision=make_decision()))
    return path


def told(error: pytest.ExceptionInfo[ArchiveError]) -> str:
    return error.value.message


def test_a_statement_that_is_wrong_is_told_with_what_was_being_done(filled: Path) -> None:
    with closing(read_only(filled)) as db, pytest.raises(ArchiveError) as error, translated("count"):
        db.execute("SELECT * FROM nowhere")
    assert told(error) == "cannot count: no such table: nowhere"


def test_where_nothing_may_be_written_the_folder_is_named_as_the_reason(filled: Path, tmp_path: Path) -> None:
    with closing(read_only(filled)) as db, pytest.raises(ArchiveError) as error, translated("count"):
        db.execute("DELETE FROM alerts")
    assert told(error) == "cannot count: attempt to write a readonly database; the data folder must be writable"
    with pytest.raises(ArchiveError) as error, translated("count"):
        connect(str(tmp_path / "none" / "archive.db"))
    assert told(error) == "cannot count: unable to open database file; the data folder must be writable"


def test_a_lock_of_another_is_busy_and_passes(filled: Path) -> None:
    with closing(connect(str(filled))) as other, closing(connect(str(filled), busy_s=0.01)) as db:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(ArchiveBusy) as error, translated("count"):
            db.execute("BEGIN IMMEDIATE")
        assert time.monotonic() - began < 3
    assert told(error) == "cannot count: another process keeps the database locked"


def _shared(path: Path) -> Any:  # noqa: ANN401 - pysqlite3 ships no types
    """A connection that a timer may use."""
    return pysqlite3.connect(str(path), isolation_level=None, check_same_thread=False)


def test_a_writer_waits_for_a_lock_as_long_as_it_may(filled: Path) -> None:
    with SqliteArchive(filled, busy_s=20) as archive, closing(_shared(filled)) as other:
        other.execute("BEGIN IMMEDIATE")
        released = threading.Timer(1.2, lambda: other.execute("ROLLBACK"))  # a little longer than one look takes
        released.start()
        archive.heartbeat(NOON)
        released.join()
        assert archive.last_heartbeat() == NOON


def test_a_writer_that_is_told_to_hurry_waits_for_no_lock(filled: Path) -> None:
    with SqliteArchive(filled, busy_s=60) as archive, closing(connect(str(filled))) as other:
        other.execute("BEGIN IMMEDIATE")
        archive.hurry()
        began = time.monotonic()
        with pytest.raises(ArchiveBusy):
            archive.heartbeat(NOON)
        assert time.monotonic() - began < 10


def test_no_room_is_told_as_that(filled: Path) -> None:
    with closing(connect(str(filled))) as db:
        db.execute("PRAGMA max_page_count = 1")
        with pytest.raises(DiskFull) as error, translated("count"):
            db.execute("CREATE TABLE big AS SELECT zeroblob(1000000)")
    assert told(error) == "cannot count: no space is left for the archive"


def test_what_takes_too_long_is_cut_and_told_with_what_helps(filled: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with closing(read_only(filled)) as db:
        with pytest.raises(QueryTooSlow) as error, translated("count"), time_limit(db, 0.01):
            db.execute(endless).fetchall()
        assert told(error) == "cannot count: it took too long; ask for fewer or rarer words"
        with time_limit(db, 60):
            assert db.execute("SELECT count(*) FROM alerts").fetchone() == (1,)


def test_half_a_character_is_told_as_that(archive: SqliteArchive) -> None:
    with pytest.raises(ArchiveError) as error:
        archive.label("a", "wrong", "\ud800", NOON)
    assert told(error) == "cannot record a verdict: surrogates not allowed in what was to be stored"


def test_what_cannot_be_opened_is_named(filled: Path) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    with pytest.raises(ArchiveCorrupt) as error:
        open_read_only(filled, known=KNOWN)
    assert told(error).startswith(f"cannot open {filled}: ")
    assert told(error).endswith("; nothing was written")
    with pytest.raises(ArchiveCorrupt) as error:
        inspect(filled)
    assert told(error).startswith(f"cannot read {filled}: ")
    assert told(error).endswith("; nothing was written")


def test_an_archive_is_opened_warily_and_not_on_a_network_unless_that_is_wanted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_writer(path, known=KNOWN)) as db:
        wary = {"trusted_schema": 0, "cell_size_check": 1, "journal_size_limit": 64 << 20}
        assert {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in wary} == wary
    for number in (0xEF53, 0x01021994, 0x794C7630, 0x9123683E, 0x58465342):
        monkeypatch.setitem(NETWORK_MAGIC, number, "NFS")
    with pytest.raises(ArchiveNetwork):
        open_writer(path, known=KNOWN)
    open_writer(path, known=KNOWN, network=True).close()


def test_whose_file_it_is_and_from_when_is_told_by_name(filled: Path, tmp_path: Path) -> None:
    other = tmp_path / "songs.db"
    with closing(pysqlite3.connect(str(other))) as db:
        db.execute("CREATE TABLE songs (id INTEGER)")
    with pytest.raises(ArchiveCorrupt) as error:
        open_read_only(other, known=KNOWN)
    assert told(error) == f"{other} is an SQLite database of something else; nothing was written"
    with pytest.raises(ArchiveCorrupt) as error:
        SqliteArchive(other)
    assert told(error) == f"{other} is an SQLite database of something else; nothing was written"
    with pytest.raises(ArchiveCorrupt) as error:
        inspect(other)
    assert told(error) == f"{other} is an SQLite database of something else; nothing was written"
    with pytest.raises(ArchiveSchema) as schema:
        open_read_only(filled, known=KNOWN - 1)
    assert told(schema) == f"{filled} was written by a newer version (schema {KNOWN}, this one knows {KNOWN - 1})"
    with pytest.raises(ArchiveSchema) as schema:
        open_read_only(filled, known=KNOWN + 1)
    assert told(schema) == f"{filled} is of an older version (schema {KNOWN} of {KNOWN + 1}): start the worker once"


def test_what_breaks_a_tables_own_rule_is_told_with_the_file_and_the_place(filled: Path) -> None:
    with closing(connect(str(filled))) as db:
        db.execute("CREATE TABLE extra (a TEXT) STRICT")
        db.execute("INSERT INTO extra VALUES (NULL)")
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET sql = 'CREATE TABLE extra (a TEXT NOT NULL) STRICT' WHERE name = 'extra'")
    with pytest.raises(ArchiveCorrupt) as error:
        SqliteArchive(filled)
    assert told(error) == f"cannot open {filled}: NULL value in extra.a; nothing was written"
    with pytest.raises(ArchiveCorrupt, match=r"NULL value in extra\.a"):
        open_writer(filled, known=KNOWN)
    SqliteArchive(filled, check=False).close()


def test_an_index_that_says_something_else_than_its_table_is_found_by_the_whole_check_alone(
    filled: Path, tmp_path: Path
) -> None:
    with SqliteArchive(filled) as archive:
        archive.commit(Commit(feed_state=FeedState(feed_id="feed", next_poll_at=NOON)))
    copy = back_up(filled, tmp_path / "copy.db").path
    index = "FROM sqlite_schema WHERE name = 'fetches_by_feed'"
    with closing(connect(str(filled))) as db:
        kept = db.execute(f"SELECT type, name, tbl_name, rootpage, sql {index}").fetchone()
        db.execute("PRAGMA writable_schema = ON")
        db.execute(f"DELETE {index}")
    with closing(connect(str(filled))) as db:
        db.execute("UPDATE fetches SET feed_id = 'other'")
        db.execute("PRAGMA writable_schema = ON")
        db.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", kept)
    assert inspect(filled, whole=False).articles == 1
    SqliteArchive(filled).close()
    with pytest.raises(ArchiveError, match="is in order"):  # a worker goes on with it, so it is not replaced unasked
        restore(copy, filled, at=NOON)
    with pytest.raises(ArchiveCorrupt, match=f"cannot open {filled}: .*fetches_by_feed"):
        inspect(filled)


# The head of a rollback journal, https://www.sqlite.org/fileformat.html: no page in it, and the database had none.
JOURNAL = bytes.fromhex("d9d505f920a163d7") + bytes(12) + (512).to_bytes(4, "big") + (4096).to_bytes(4, "big")


def test_an_archive_whose_first_page_was_being_written_at_a_kill_is_made_anew(path: Path) -> None:
    path.parent.mkdir()
    with closing(connect(str(path))) as db:
        db.execute("PRAGMA user_version = 1")
    assert path.stat().st_size == 4096
    path.with_name(f"{path.name}-journal").write_bytes(JOURNAL.ljust(512, b"\0"))
    with SqliteArchive(path) as archive:
        archive.commit(Commit(decision=make_decision()))
    assert inspect(path).articles == 1
