"""Where the disk, the folder or another process is in the way: told by our errors, and nothing half done is left."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import shutil
import stat
import time
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pysqlite3
import pytest

from monitor.errors import ArchiveBusy, ArchiveCorrupt, ArchiveError, DiskFull, InputMissing, QueryTooSlow
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.backups import back_up, copies, copy_name, inspect, made_at, restore
from storage.connection import connect, copy_into, log_bytes, put_in_place, read_only, translated
from tests.factories import NOON, make_decision

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def filled(path: Path) -> Path:
    with SqliteArchive(path) as archive:
        archive.commit(Commit(decision=make_decision()))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "copies"


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """What a disk that is full says to whoever writes on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# ------------------------------------------------------------------------------------------------------- opening


def test_an_archive_that_finds_no_room_for_its_tables_lets_the_file_go(path: Path) -> None:
    with pytest.raises(DiskFull):
        SqliteArchive(path, max_bytes=16_384)
    assert names(path.parent) == [path.name]  # a log is deleted by the last who closes
    with SqliteArchive(path) as archive:
        archive.commit(Commit(decision=make_decision()))


def test_an_archive_that_another_process_is_making_is_busy(path: Path) -> None:
    path.parent.mkdir()
    other = connect(str(path))
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ArchiveBusy, match=str(path)):
        SqliteArchive(path, busy_s=0.05)
    other.execute("COMMIT")
    other.close()
    SqliteArchive(path).close()


def test_an_archive_without_a_log_has_one_of_no_length(filled: Path) -> None:
    assert log_bytes(filled) == 0
    with SqliteArchive(filled) as archive:
        archive.heartbeat(NOON)
        assert log_bytes(filled) > 0


def crashed_half_way(path: Path, to: Path) -> Path:
    """A copy of an archive as a kill leaves it in the middle of a change, while it has no write-ahead log."""
    with closing(connect(str(path))) as db:
        for pragma in ("journal_mode = DELETE", "cache_size = 1"):
            db.execute(f"PRAGMA {pragma}").fetchall()
        db.execute("BEGIN")
        db.execute("CREATE TABLE half (text TEXT)")
        db.execute("DELETE FROM alerts")
        db.execute("INSERT INTO half SELECT hex(zeroblob(3000)) FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8))")
        for suffix in ("", "-journal"):
            shutil.copy(f"{path}{suffix}", f"{to}{suffix}")
        db.execute("ROLLBACK")
    return to


def test_what_a_kill_left_half_done_is_undone_before_anybody_looks(filled: Path, folder: Path, tmp_path: Path) -> None:
    before = inspect(filled)
    copy = back_up(filled, folder / copy_name(NOON)).path
    crashed = crashed_half_way(filled, tmp_path / "crashed.db")
    with SqliteArchive(crashed) as archive:
        assert archive.reader().status()["totals"]["alerts"] == before.alerts == 1
    assert inspect(crashed) == before
    again = crashed_half_way(filled, tmp_path / "again.db")
    with pytest.raises(ArchiveError, match="is in order"):
        restore(copy, again, at=NOON)


# ------------------------------------------------------------------------------------------------------- copying


def test_a_copy_that_runs_out_of_room_is_gone_and_the_next_one_is_whole(filled: Path, folder: Path) -> None:
    folder.mkdir()
    with closing(read_only(filled)) as db:
        with files_no_longer_than(20_000), pytest.raises(DiskFull), translated("copy"):
            copy_into(db, folder / "copy.db")
        assert names(folder) == []
        (folder / "copy.db.tmp").write_bytes(b"what a kill left")
        (folder / "copy.db.tmp-journal").write_bytes(b"and its journal")
        copy_into(db, folder / "copy.db")
    assert names(folder) == ["copy.db"]
    assert inspect(folder / "copy.db") == inspect(filled)


def test_a_name_that_cannot_be_given_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArchiveError, match=r"taken cannot be written: .+"):
        put_in_place(tmp_path / "file", tmp_path / "taken")


def test_what_a_kill_left_of_a_copy_is_cleared_away_by_the_next_one(filled: Path, folder: Path) -> None:
    folder.mkdir()
    left = copy_name(NOON - timedelta(days=1))
    for name in (f"{left}.tmp", f"{left}.tmp-journal", "mine.tmp", f"{left}.tmp.mine"):
        (folder / name).write_bytes(b"x")
    back_up(filled, folder / copy_name(NOON))
    assert names(folder) == sorted(["mine.tmp", f"{left}.tmp.mine", copy_name(NOON)])


def test_a_folder_that_knows_no_locks_takes_copies_and_what_may_be_anothers_stays(
    filled: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    left = f"{copy_name(NOON - timedelta(days=1))}.tmp"
    (folder / left).write_bytes(b"x")

    def no_locks(*_args: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    made = back_up(filled, folder / copy_name(NOON))
    assert names(folder) == sorted([made.path.name, left])


def test_an_old_copy_that_cannot_be_deleted_is_named_and_the_new_one_is_there(filled: Path, folder: Path) -> None:
    old = folder / copy_name(NOON - timedelta(days=1))
    old.mkdir(parents=True)
    with pytest.raises(ArchiveError, match=f"{old.name} cannot be deleted: .+"):
        back_up(filled, folder / copy_name(NOON), keep=1)
    assert inspect(folder / copy_name(NOON)).articles == 1
    assert copies(folder)[0].name == copy_name(NOON)


def test_at_least_the_new_copy_is_kept_however_few_are_wanted(filled: Path, folder: Path) -> None:
    back_up(filled, folder / copy_name(NOON), keep=0)
    made = back_up(filled, folder / copy_name(NOON + timedelta(days=1)), keep=0)
    assert copies(folder) == (made.path,)


def test_a_copy_of_the_same_second_is_written_over(filled: Path, folder: Path) -> None:
    back_up(filled, folder / copy_name(NOON))
    with SqliteArchive(filled) as archive:
        archive.heartbeat(NOON)
    assert back_up(filled, folder / copy_name(NOON)).holding.last_heartbeat == NOON


def test_a_copy_says_what_it_holds_in_plain_values(filled: Path, folder: Path) -> None:
    held = back_up(filled, folder / copy_name(NOON)).holding.as_json()
    assert held == {"schema": inspect(filled).schema, "articles": 1, "alerts": 1, "last_heartbeat": None}
    with SqliteArchive(filled) as archive:
        archive.heartbeat(NOON)
    assert inspect(filled).as_json()["last_heartbeat"] == "2026-01-17T12:00:00.000000+00:00"


def test_only_a_copys_name_tells_when_it_was_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"notes\.txt is no copy's name"):
        made_at(tmp_path / "notes.txt")


def test_a_folder_that_is_not_there_holds_no_copies(tmp_path: Path) -> None:
    assert copies(tmp_path / "none") == ()


# ----------------------------------------------------------------------------------------------------- inspecting


def test_a_database_in_which_there_is_nothing_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    other = pysqlite3.connect(str(path))
    other.execute("CREATE TABLE songs (id INTEGER)")
    other.execute("DROP TABLE songs")
    other.close()
    with pytest.raises(ArchiveCorrupt, match="holds no archive"):
        inspect(path)


def test_what_is_not_there_or_is_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.db", tmp_path):
        with pytest.raises(InputMissing, match=f"{path}: there is no such file"):
            inspect(path)


# ------------------------------------------------------------------------------------------------------ restoring


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS])
@pytest.mark.parametrize("damaged", [True, False])
def test_where_a_file_can_have_one_name_only_what_is_replaced_is_kept_as_a_copy(
    filled: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, damaged: bool
) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    if damaged:
        filled.write_bytes(b"damaged")
    content = filled.read_bytes()

    def one_name_only(*_args: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", one_name_only)
    done = restore(copy, filled, at=NOON, force=True)
    assert done.kept is not None
    assert done.kept.read_bytes() == content
    assert inspect(filled).articles == 1


def test_what_was_kept_once_is_not_written_over_by_a_second_restore_of_the_same_second(
    filled: Path, folder: Path
) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    kept = restore(copy, filled, at=NOON, force=True).kept
    assert kept is not None
    before = names(filled.parent)
    with pytest.raises(ArchiveError, match=f"{kept.name} cannot be made: .+"):
        restore(copy, filled, at=NOON, force=True)
    assert names(filled.parent) == before
    assert inspect(filled).articles == 1


def test_a_restore_into_an_empty_folder_makes_it_and_keeps_nothing(filled: Path, folder: Path, tmp_path: Path) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    done = restore(copy, tmp_path / "deep" / "new" / "archive.db", at=NOON)
    assert (done.kept, done.path) == (None, tmp_path / "deep" / "new" / "archive.db")
    assert names(done.path.parent) == ["archive.db"]
    assert done.holding == inspect(done.path)


def test_what_lies_beside_a_damaged_archive_is_kept_with_it_and_is_not_played_into_the_new_one(
    filled: Path, folder: Path
) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    filled.write_bytes(b"damaged")
    left = {"-wal": b"its log", "-journal": b"its journal", "-shm": b"its index"}
    for suffix, content in left.items():
        filled.with_name(f"{filled.name}{suffix}").write_bytes(content)
    kept = restore(copy, filled, at=NOON).kept
    assert kept is not None
    assert names(filled.parent) == sorted([filled.name, kept.name, f"{kept.name}-journal", f"{kept.name}-wal"])
    for suffix in ("-wal", "-journal"):
        assert kept.with_name(f"{kept.name}{suffix}").read_bytes() == left[suffix]


def test_a_restore_that_finds_no_room_says_of_what_and_leaves_the_archive(filled: Path, folder: Path) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    with files_no_longer_than(20_000), pytest.raises(DiskFull, match=f"cannot restore {copy}: no space"):
        restore(copy, filled, at=NOON, force=True)
    assert not [name for name in names(filled.parent) if "restoring" in name or "before" in name]
    assert inspect(filled).articles == 1


def test_a_restored_archive_whose_name_cannot_be_brought_to_the_disk_is_told_as_that(
    filled: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    filled.write_bytes(b"damaged")
    fresh, synced = filled.with_name(f"{filled.name}.restoring"), os.fsync

    def failing_at_the_end(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) and not fresh.exists():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", failing_at_the_end)
    with pytest.raises(ArchiveError, match=f"{filled.parent} cannot be brought to the disk: .+"):
        restore(copy, filled, at=NOON)
    assert inspect(filled).articles == 1


def test_names_bear_the_time_in_utc_wherever_the_machine_stands(
    filled: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "EET-2")
    time.tzset()
    try:
        there = NOON.astimezone(None)
        copy = back_up(filled, folder / copy_name(there)).path
        kept = restore(copy, filled, at=there, force=True).kept
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (there.hour, made_at(copy)) == (14, NOON)
    assert kept == filled.with_name(f"{filled.name}.before-20260117T120000Z")


def test_an_archive_that_another_process_uses_is_named_when_it_cannot_be_replaced(filled: Path, folder: Path) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    with SqliteArchive(filled), pytest.raises(ArchiveBusy, match=f"cannot replace {filled}: "):
        restore(copy, filled, at=NOON, force=True, busy_s=0.05)
    assert names(filled.parent) == [filled.name]


def test_an_archive_is_made_with_all_the_folders_above_it(tmp_path: Path) -> None:
    SqliteArchive(tmp_path / "a" / "b" / "c" / "archive.db").close()
    assert inspect(tmp_path / "a" / "b" / "c" / "archive.db").articles == 0


def test_a_copy_that_was_not_made_says_of_what_and_where(filled: Path, folder: Path, tmp_path: Path) -> None:
    target = folder / copy_name(NOON)
    with pytest.raises(InputMissing, match=f"{folder}: there is no archive yet"):
        back_up(folder, target)
    with files_no_longer_than(20_000), pytest.raises(DiskFull, match=f"cannot copy {filled} to {target}: no space"):
        back_up(filled, target)
    other = tmp_path / "songs.db"
    with closing(pysqlite3.connect(str(other))) as db:
        db.execute("CREATE TABLE songs (id INTEGER)")
    with pytest.raises(ArchiveCorrupt, match=f"^E-ARCHIVE-CORRUPT: {other} is an SQLite database of something else"):
        back_up(other, target)
    assert names(folder) == []


@pytest.fixture
def long(filled: Path) -> Path:
    """An archive so long that SQLite asks now and then, while it copies it, whether to go on."""
    with closing(connect(str(filled))) as db:
        db.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000)"
            " INSERT INTO facts (name, value) SELECT 'fact ' || i, 'x' FROM n"
        )
    return filled


def test_a_long_copy_is_given_up_while_it_is_written_and_whole_where_it_is_not(long: Path, folder: Path) -> None:
    target = folder / copy_name(NOON)
    with pytest.raises(QueryTooSlow, match=f"cannot copy {long} to {target}: "):
        back_up(long, target, given_up=lambda: True)
    assert names(folder) == []
    assert back_up(long, target, given_up=lambda: False).holding == inspect(long)
    assert back_up(long, target).holding == inspect(long)


def test_a_copy_that_is_given_up_and_cleared_away_by_somebody_is_told_as_given_up(filled: Path, folder: Path) -> None:
    def cleared_away() -> bool:
        for one in folder.iterdir():
            one.unlink()
        return True

    with pytest.raises(QueryTooSlow):
        back_up(filled, folder / copy_name(NOON), given_up=cleared_away)
    assert names(folder) == []


def test_a_copy_tells_how_long_it_took(filled: Path, folder: Path) -> None:
    began = time.monotonic()
    assert 0 < back_up(filled, folder / copy_name(NOON)).seconds <= time.monotonic() - began


def test_what_cannot_be_read_at_all_is_named_with_the_reason() -> None:
    unreadable = Path("/proc/self/mem")  # nothing is mapped where it begins
    with pytest.raises(ArchiveError, match=f"{unreadable} cannot be read: .+"):
        inspect(unreadable)
