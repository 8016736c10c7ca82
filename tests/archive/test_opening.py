from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pysqlite3
import pytest

from monitor.errors import ArchiveCorrupt, ArchiveError, ArchiveSchema, InputMissing
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.connection import OLDEST_SQLITE, check_sqlite, open_writer
from storage.migrations import MIGRATIONS, Migration, applied, migrate
from storage.search import open_reader
from tests.factories import NOON, TEXT, make_article, make_decision, make_reading

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

NEXT = Migration(name="next", statements=("CREATE TABLE next (id TEXT PRIMARY KEY) STRICT",))
BROKEN = Migration(
    name="broken", statements=("CREATE TABLE half (id TEXT PRIMARY KEY) STRICT", "CREATE TABLE feeds (id TEXT)")
)


@pytest.fixture
def filled(path: Path) -> Path:
    with SqliteArchive(path) as archive:
        for number in range(20):
            article = make_article(id=f"a{number}", text=f"{TEXT} {number} " + "كلمة " * 500)
            archive.commit(Commit(decision=make_decision(reading=make_reading(article=article))))
    return path


def writer(path: Path, migrations: int = len(MIGRATIONS)) -> Database:
    return open_writer(path, known=migrations)


def pragma(archive: SqliteArchive, name: str) -> object:
    return archive._db.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_archive_makes_its_folder_and_is_opened_safely(path: Path) -> None:
    with SqliteArchive(path) as archive:
        assert pragma(archive, "journal_mode") == "wal"
        assert pragma(archive, "synchronous") == 2
        assert pragma(archive, "foreign_keys") == 1
        assert pragma(archive, "busy_timeout") == 30_000
        assert applied(archive._db) == len(MIGRATIONS)


def test_what_is_stored_is_there_after_reopening(filled: Path) -> None:
    with SqliteArchive(filled) as archive:
        assert archive.reader().status()["totals"]["articles"] == 20


@pytest.mark.parametrize("version", [(3, 51, 2), (3, 7, 0), (2, 8, 17)])
def test_an_sqlite_that_may_corrupt_its_log_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(ArchiveError, match=r"3\.51\.3 or newer"):
        check_sqlite(version)


def test_the_sqlite_in_use_is_new_enough() -> None:
    check_sqlite(pysqlite3.sqlite_version_info)
    check_sqlite(OLDEST_SQLITE)


@pytest.mark.parametrize(
    "content", [b"no database at all\n" * 500, b"SQLite format 3\0" + b"\xff" * 8000, b"x", b"SQLite format 3\0"]
)
def test_what_is_no_database_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ArchiveCorrupt, match="nothing was written"):
        SqliteArchive(path)
    assert path.read_bytes() == content


def test_a_damaged_database_is_refused_and_left_as_it_is(filled: Path) -> None:
    content = bytearray(filled.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    filled.write_bytes(content)
    with pytest.raises(ArchiveCorrupt):
        SqliteArchive(filled)
    assert filled.read_bytes() == bytes(content)


def test_a_truncated_database_is_refused_and_left_as_it_is(filled: Path) -> None:
    content = filled.read_bytes()[: filled.stat().st_size // 2]
    filled.write_bytes(content)
    with pytest.raises(ArchiveCorrupt):
        SqliteArchive(filled)
    assert filled.read_bytes() == content


def test_somebody_elses_database_is_refused_and_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    other = pysqlite3.connect(str(path))
    other.execute("CREATE TABLE songs (id INTEGER)")
    other.close()
    content = path.read_bytes()
    with pytest.raises(ArchiveCorrupt, match="something else"):
        SqliteArchive(path)
    assert path.read_bytes() == content


def test_an_archive_of_a_newer_version_is_refused_to_writers_and_readers(filled: Path) -> None:
    db = writer(filled)
    migrate(db, filled, at=NOON, migrations=(*MIGRATIONS, NEXT))
    db.close()
    for opening in (SqliteArchive, open_reader):
        with pytest.raises(ArchiveSchema, match="newer version"):
            opening(filled)


def test_a_migration_keeps_what_is_there_and_a_copy_of_it_from_before(filled: Path) -> None:
    db = writer(filled)
    assert migrate(db, filled, at=NOON, migrations=(*MIGRATIONS, NEXT)) == ("next",)
    assert migrate(db, filled, at=NOON, migrations=(*MIGRATIONS, NEXT)) == ()
    assert db.table("articles").count == 20
    db.close()
    copy = filled.with_name(f"{filled.name}.schema-{len(MIGRATIONS)}")
    with SqliteArchive(copy) as before:
        assert before.reader().status()["totals"]["articles"] == 20
        assert applied(before._db) == len(MIGRATIONS)


def test_a_migration_that_fails_leaves_no_half(filled: Path) -> None:
    db = writer(filled)
    with pytest.raises(ArchiveError, match="migrate"):
        migrate(db, filled, at=NOON, migrations=(*MIGRATIONS, NEXT, BROKEN))
    assert applied(db) == len(MIGRATIONS) + 1
    assert "half" not in db.table_names()
    db.close()


def test_a_reader_of_an_older_archive_says_what_to_do(path: Path) -> None:
    path.parent.mkdir()
    db = writer(path)
    migrate(db, path, at=NOON)
    db.execute("UPDATE migrations SET number = number - 1")
    db.close()
    with pytest.raises(ArchiveSchema, match="start the worker once"):
        open_reader(path)


def test_a_reader_needs_an_archive(path: Path) -> None:
    with pytest.raises(InputMissing, match="no archive yet"):
        open_reader(path)
    assert not path.exists()


def test_a_reader_cannot_write(filled: Path) -> None:
    with open_reader(filled) as reader, pytest.raises(pysqlite3.OperationalError, match="readonly"):
        reader._db.execute("DELETE FROM articles")


def test_a_reader_sees_what_a_writer_commits_meanwhile(filled: Path) -> None:
    with SqliteArchive(filled) as archive, open_reader(filled) as reader:
        archive.commit(Commit(decision=make_decision()))
        assert reader.article("paris-1")["outcome"] == "alerted"


def test_words_folded_by_another_version_are_indexed_anew_by_the_writer(filled: Path) -> None:
    db = writer(filled)
    db.execute("UPDATE facts SET value = '0' WHERE name = 'fold_version'")
    db.execute("DELETE FROM article_search")
    db.close()
    with pytest.raises(ArchiveSchema, match="folded"):
        open_reader(filled)
    with SqliteArchive(filled) as archive:
        assert len(archive.reader().search("حفتر")) == 20


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(ArchiveError, match="closed"):
        SqliteArchive(closed / "data" / "archive.sqlite3")


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(ArchiveError, match="data"):
        SqliteArchive(tmp_path / "data" / "archive.sqlite3")


def test_a_log_left_by_a_crash_is_taken_over(filled: Path, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with SqliteArchive(filled) as archive:
        archive.commit(Commit(decision=make_decision()))
        for suffix in ("", "-wal"):  # as a kill leaves them: the last commit in the log only
            shutil.copy(f"{filled}{suffix}", crashed / f"{filled.name}{suffix}")
    with SqliteArchive(crashed / filled.name) as archive:
        assert archive.reader().article("paris-1")["outcome"] == "alerted"
