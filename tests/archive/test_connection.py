"""What holds on every connection, whatever file it is given: what is refused, how long it waits, what it takes up."""

from __future__ import annotations

import os
import tracemalloc
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pysqlite3
import pytest
from sqlite_utils import Database

from monitor.errors import ArchiveBusy, ArchiveCorrupt, ArchiveError
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.connection import APPLICATION_ID, check_sqlite, connect, open_writer, read_only, transaction, translated
from storage.migrations import MIGRATIONS
from tests.factories import make_decision

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = len(MIGRATIONS)
LONG_BYTES = 32 << 20


@pytest.fixture
def filled(path: Path) -> Path:
    with SqliteArchive(path) as archive:
        archive.commit(Commit(decision=make_decision()))
    return path


def pragma(db: Database, name: str) -> Any:  # noqa: ANN401 - a number or a word
    return db.execute(f"PRAGMA {name}").fetchone()[0]


# ------------------------------------------------------------------------------------------------------- refusing


def test_an_sqlite_that_is_too_old_is_told_with_both_numbers() -> None:
    with pytest.raises(ArchiveError) as error:
        check_sqlite((3, 40, 1))
    assert error.value.message == "SQLite 3.40.1 is too old: 3.51.3 or newer is needed (pysqlite3 brings it)"


@pytest.mark.parametrize("left_bytes", [108, 511])
def test_an_archive_with_less_than_a_page_left_is_not_taken_for_an_empty_one(path: Path, left_bytes: int) -> None:
    path.parent.mkdir()
    with closing(connect(str(path))) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    content = path.read_bytes()[:left_bytes]
    path.write_bytes(content)
    with closing(read_only(path)) as db:
        assert pragma(db, "quick_check") == "ok", "SQLite itself would write over it"
    with pytest.raises(ArchiveCorrupt, match=f"cannot open {path}: file is not a database; nothing was written"):
        SqliteArchive(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("somebody_elses", [False, True])
def test_of_a_file_that_is_not_ours_the_head_alone_is_taken_into_memory(path: Path, *, somebody_elses: bool) -> None:
    path.parent.mkdir()
    if somebody_elses:
        with closing(connect(str(path))) as db:
            db.execute("CREATE TABLE songs (id INTEGER)")
    else:
        path.write_bytes(b"no database at all\n")
    os.truncate(path, LONG_BYTES)
    path.with_name(f"{path.name}-journal").write_bytes(b"his")
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError):
            SqliteArchive(path)
        taken_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert taken_bytes < LONG_BYTES / 8
    assert path.stat().st_size == LONG_BYTES


def test_a_damage_that_sqlite_meets_before_the_check_is_told_with_the_file(filled: Path) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    with pytest.raises(ArchiveCorrupt, match=f"cannot open {filled}: .+; nothing was written"):
        SqliteArchive(filled)


def test_a_rollback_that_cannot_be_finished_is_told_with_the_file(filled: Path) -> None:
    content = filled.read_bytes()
    filled.with_name(f"{filled.name}-journal").mkdir()
    with pytest.raises(ArchiveError, match=f"cannot open {filled}: disk I/O error"):
        SqliteArchive(filled)
    assert filled.read_bytes() == content


def test_what_is_asked_of_a_closed_archive_is_told_as_that(filled: Path) -> None:
    db = read_only(filled)
    db.close()
    with pytest.raises(ArchiveError) as error, translated("count"):  # of such a thing SQLite knows nothing, and no code
        db.execute("SELECT count(*) FROM alerts")
    assert error.value.message == "cannot count: Cannot operate on a closed database."


# --------------------------------------------------------------------------------------------------------- waiting


def test_a_connection_without_patience_asks_for_the_lock_once_and_afterwards_writes(filled: Path) -> None:
    with closing(connect(str(filled))) as other, closing(Database(connect(str(filled), busy_s=0.01))) as db:
        other.execute("BEGIN IMMEDIATE")
        asked: list[str] = []
        db.conn.set_trace_callback(asked.append)
        with pytest.raises(ArchiveBusy), translated("count"), transaction(db):
            pass
        assert len(asked) == 1
        other.execute("ROLLBACK")
        with transaction(db):
            db.execute("DELETE FROM alerts")
        assert db.execute("SELECT count(*) FROM alerts").fetchone() == (0,)


@pytest.mark.parametrize(("busy_s", "step_ms"), [(0.25, 250), (1.0, 1000), (20.0, 1000)])
def test_a_writer_looks_up_from_waiting_every_second_at_the_latest(filled: Path, busy_s: float, step_ms: int) -> None:
    with closing(open_writer(filled, known=KNOWN, busy_s=busy_s)) as db:
        assert pragma(db, "busy_timeout") == step_ms
        assert db.patience.busy_s == busy_s


def test_whoever_is_not_told_otherwise_waits_half_a_minute(filled: Path) -> None:
    with closing(read_only(filled)) as db:
        assert pragma(db, "busy_timeout") == 30_000


# ---------------------------------------------------------------------------------------------------------- limits


def test_an_archive_grows_to_its_limit_and_no_further(path: Path) -> None:
    SqliteArchive(path).close()
    limit = path.stat().st_size + 10 * 4096 + 1000  # the page that would begin within it does not fit
    with SqliteArchive(path, max_bytes=limit) as archive:
        assert pragma(archive._db, "max_page_count") == limit // 4096
    with SqliteArchive(path) as archive:
        assert pragma(archive._db, "max_page_count") > 1 << 30, "no limit but the disk's"


def test_a_name_is_no_address_by_which_sqlite_could_be_told_to_write(filled: Path) -> None:
    strange = filled.with_name("a.db?mode=rwc#%41.db")
    filled.rename(strange)
    with closing(read_only(strange)) as db:
        assert db.execute("SELECT count(*) FROM alerts").fetchone() == (1,)
        with pytest.raises(pysqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM alerts")
