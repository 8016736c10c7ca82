from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pysqlite3
import pytest

from monitor.errors import ArchiveCorrupt, ArchiveError, ArchiveSchema, InputMissing
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.backups import back_up
from storage.connection import OLDEST_SQLITE, check_sqlite, open_writer, read_only, transaction
from storage.migrations import MIGRATIONS, Migration, applied, migrate
from storage.search import open_reader
from tests.archive.kills import killed, moments
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
        assert (pragma(archive, "busy_timeout"), archive._db.patience.busy_s) == (1000, 30.0)
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


STARTING = """
import shutil, sys
from pathlib import Path
from storage.archive import SqliteArchive
from storage.connection import put_in_place
path, copy = Path(sys.argv[1]), sys.argv[2:]
print("go", flush=True)
while True:
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    if copy:
        # Under its name it is whole, as a restored one is: a kill amid a plain copy leaves the beginning of a file.
        put_in_place(Path(shutil.copy(copy[0], f"{path}.restoring")), path)
    SqliteArchive(path).close()
"""
MIGRATING = """
import sys
from storage.archive import SqliteArchive
print("go", flush=True)
SqliteArchive(sys.argv[1]).close()
print("done", flush=True)
"""


def tables(path: Path) -> list[tuple[str, str]]:
    """Every table and index with its definition, as far as a reader sees them."""
    db = read_only(path)
    try:
        return sorted(db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))
    finally:
        db.close()


def older(path: Path, schema: int, rows: int = 1) -> Path:
    """An archive as the version with so many migrations left it, with deliveries that wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = open_writer(path, known=schema)
    migrate(db, path, at=NOON, migrations=MIGRATIONS[:schema])
    with transaction(db):
        db.execute(
            "INSERT INTO alerts (id, urgency, relation, article_id, outlet, first_seen, value)"
            " VALUES ('alert', 'now', 'new', 'article', 'outlet', '2026-01-17T12:00:00', '{}')"
        )
        for number in range(rows):
            db.execute(
                "INSERT INTO deliveries (id, alert_id, channel, recipient, state, attempts)"
                " VALUES (?, 'alert', 'mail', 'desk@example.org', 'queued', 0)",
                (f"delivery {number}",),
            )
    db.close()
    return path


@pytest.mark.parametrize("schema", range(1, len(MIGRATIONS)))
def test_an_archive_of_each_older_version_is_copied_and_then_becomes_like_a_new_one(
    path: Path, tmp_path: Path, schema: int
) -> None:
    older(path, schema, rows=3)
    before = tables(path)
    with SqliteArchive(path) as archive:
        assert archive.reader().status()["outbox"]["queued"] == 3
    SqliteArchive(tmp_path / "new.db").close()
    assert tables(path) == tables(tmp_path / "new.db")
    copy = path.with_name(f"{path.name}.schema-{schema}")
    assert tables(copy) == before
    assert not list(path.parent.glob("*.tmp*"))


def test_kill_9_while_migrating_leaves_the_tables_of_one_version_and_a_whole_copy_or_none(
    path: Path, tmp_path: Path
) -> None:
    known = [tables(older(tmp_path / str(schema) / "a.db", schema)) for schema in range(1, len(MIGRATIONS) + 1)]
    fixture = older(tmp_path / "old" / "a.db", 1, rows=20_000)
    path.parent.mkdir()
    found = []
    for moment in moments(longest_s=0.3):
        for left in path.parent.iterdir():
            left.unlink()
        shutil.copy(fixture, path)
        killed(MIGRATING, path, after_s=moment)
        assert tables(path) in known
        found.append(known.index(tables(path)))
        copy = path.with_name(f"{path.name}.schema-1")
        assert not copy.exists() or tables(copy) == known[0]
        with SqliteArchive(path) as archive:
            assert archive.reader().status()["outbox"]["queued"] == 20_000
        assert tables(path) == known[-1]
    assert found


@pytest.mark.parametrize("restored", [False, True])
def test_kill_9_in_the_first_moment_of_an_archive_leaves_one_that_opens(
    path: Path, tmp_path: Path, *, restored: bool
) -> None:
    path.parent.mkdir()
    SqliteArchive(tmp_path / "new.db").close()
    copies = [back_up(tmp_path / "new.db", tmp_path / "copy.db").path] if restored else []
    for moment in moments(longest_s=0.1):
        killed(STARTING, path, *copies, after_s=moment)
        with SqliteArchive(path) as archive:
            assert applied(archive._db) == len(MIGRATIONS)


def test_a_rollback_that_waits_in_somebody_elses_database_is_left_to_him(path: Path) -> None:
    path.parent.mkdir()
    other = pysqlite3.connect(str(path))
    other.execute("CREATE TABLE songs (id INTEGER)")
    other.close()
    journal = path.with_name(f"{path.name}-journal")
    journal.write_bytes(b"his")
    with pytest.raises(ArchiveError):
        SqliteArchive(path)
    assert journal.read_bytes() == b"his"
