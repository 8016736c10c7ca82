"""A copy is whole or not there; a restore leaves the old archive or the new one, and keeps what it replaced."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import (
    ArchiveBusy,
    ArchiveCorrupt,
    ArchiveError,
    ArchiveNetwork,
    ArchiveSchema,
    DiskFull,
    InputMissing,
)
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.backups import back_up, copies, copy_name, inspect, made_at, newest_good, restore, way_back
from storage.connection import connect, open_writer
from storage.filesystem import NETWORK_MAGIC
from storage.migrations import MIGRATIONS, Migration, migrate
from storage.search import open_reader
from tests.archive.kills import KILLS, ROOT, killed, moments
from tests.factories import NOON, TEXT, make_article, make_decision, make_reading

NEXT = Migration(name="next", statements=("CREATE TABLE next (id TEXT PRIMARY KEY) STRICT",))


def fill(path: Path, articles: int, first: int = 0) -> None:
    with SqliteArchive(path) as archive:
        for number in range(first, first + articles):
            article = make_article(id=f"a{number}", text=f"{TEXT} {number} " + "كلمة " * 500)
            archive.commit(Commit(decision=make_decision(reading=make_reading(article=article))))


@pytest.fixture
def filled(path: Path) -> Path:
    fill(path, 20)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "copies"


def spoil(path: Path) -> bytes:
    """Overwrite the beginning of every page but the first, as a bad disk may."""
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(content)
    return bytes(content)


def articles(path: Path) -> int:
    with open_reader(path) as reader:
        return int(reader.status()["totals"]["articles"])


# ------------------------------------------------------------------------------------------------------- copying


def test_a_copy_holds_what_the_archive_held_and_bears_its_time(filled: Path, folder: Path) -> None:
    made = back_up(filled, folder / copy_name(NOON))
    assert made.path.name == "rasid-20260117T120000Z.db"
    assert made_at(made.path) == NOON
    assert made.size_bytes == made.path.stat().st_size
    assert made.holding.articles == 20
    assert made.holding == inspect(filled)
    assert [one.name for one in folder.iterdir()] == [made.path.name]


def test_a_copy_is_made_while_a_worker_writes_and_holds_its_last_commit(filled: Path, folder: Path) -> None:
    with SqliteArchive(filled) as archive:
        archive.commit(Commit(decision=make_decision()))
        made = back_up(filled, folder / copy_name(NOON))
        archive.commit(
            Commit(decision=make_decision(reading=make_reading(article=make_article(id="later", text="لاحقا"))))
        )
    assert made.holding.articles == 21
    assert articles(filled) == 22


def test_the_newest_copies_are_kept_and_nothing_else_is_touched(filled: Path, folder: Path) -> None:
    folder.mkdir()
    others = ["rasid.db", "rasid-20250101T000000Z.db.old", "notes.txt", "rasid-2025.db"]
    for name in others:
        (folder / name).write_text("mine")
    made = [back_up(filled, folder / copy_name(NOON + timedelta(days=day)), keep=3) for day in range(5)]
    assert [made_at(one).day for one in copies(folder)] == [21, 20, 19]
    assert [one.name for one in made[-1].deleted] == [copy_name(NOON + timedelta(days=1))]
    assert all((folder / name).read_text() == "mine" for name in others)


def test_without_a_number_to_keep_nothing_is_deleted(filled: Path, folder: Path) -> None:
    for day in range(3):
        back_up(filled, folder / copy_name(NOON + timedelta(days=day)))
    assert len(copies(folder)) == 3


def test_what_is_there_is_not_written_over(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for target in (tmp_path / "mine", filled):
        content = target.read_bytes()
        with pytest.raises(ArchiveError, match="is there already"):
            back_up(filled, target)
        assert target.read_bytes() == content


def test_there_must_be_an_archive_and_a_folder_that_can_be_made(filled: Path, path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputMissing):
        back_up(tmp_path / "none.db", tmp_path / "copy.db")
    with pytest.raises(ArchiveError, match="cannot be made"):
        back_up(path, filled / "folder" / "copy.db")


def test_a_damaged_archive_gives_no_copy(filled: Path, folder: Path) -> None:
    spoil(filled)
    with pytest.raises(ArchiveCorrupt):
        back_up(filled, folder / copy_name(NOON))
    assert list(folder.iterdir()) == []


def test_a_copy_that_is_found_bad_never_gets_its_name(filled: Path, folder: Path) -> None:
    # What breaks a table's own rule is copied as it is: only the check of the copy finds it.
    db = connect(str(filled))
    db.execute("CREATE TABLE extra (a TEXT) STRICT")
    db.execute("INSERT INTO extra VALUES (NULL)")
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_schema SET sql = 'CREATE TABLE extra (a TEXT NOT NULL) STRICT' WHERE name = 'extra'")
    db.close()
    with pytest.raises(ArchiveCorrupt, match="NULL value"):
        back_up(filled, folder / copy_name(NOON))
    assert list(folder.iterdir()) == []


def test_a_copy_that_is_given_up_leaves_nothing(filled: Path, folder: Path) -> None:
    with pytest.raises(ArchiveError):
        back_up(filled, folder / copy_name(NOON), given_up=lambda: True)
    assert list(folder.iterdir()) == []


def test_two_copies_into_one_folder_do_not_meet(filled: Path, folder: Path) -> None:
    folder.mkdir()
    holder = "import fcntl, os, sys, time; d = os.open(sys.argv[1], os.O_RDONLY); fcntl.flock(d, fcntl.LOCK_EX); "
    command = [sys.executable, "-c", holder + "print('held', flush=True); time.sleep(60)", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:  # noqa: S603 - our own program
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ArchiveBusy, match="under way"):
            back_up(filled, folder / copy_name(NOON))
        other.kill()
    back_up(filled, folder / copy_name(NOON))


def test_a_copy_for_which_there_is_no_room_is_told_as_that_and_leaves_nothing(filled: Path, folder: Path) -> None:
    program = (
        "import resource, sys; from pathlib import Path; from storage.backups import back_up\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n    back_up(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except Exception as error:\n    print(error.code)"
    )
    command = [sys.executable, "-c", program, str(filled), str(folder / copy_name(NOON))]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)  # noqa: S603
    assert run.stdout == f"{DiskFull.code}\n"
    assert list(folder.iterdir()) == []


# ----------------------------------------------------------------------------------------------------- restoring


def test_a_copy_takes_the_place_of_a_damaged_archive_which_is_kept_byte_for_byte(filled: Path, folder: Path) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    content = spoil(filled)
    Path(f"{filled}-wal").write_bytes(b"what a crash left")
    done = restore(copy, filled, at=NOON)
    assert done.holding.articles == 20
    assert done.kept == filled.with_name(f"{filled.name}.before-20260117T120000Z")
    assert done.kept.read_bytes() == content
    assert Path(f"{done.kept}-wal").read_bytes() == b"what a crash left"
    assert not Path(f"{filled}-wal").exists()
    with SqliteArchive(filled) as archive:
        archive.commit(Commit(decision=make_decision()))
    assert articles(filled) == 21
    assert articles(copy) == 20


def test_an_archive_in_order_is_replaced_by_force_alone(filled: Path, folder: Path) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    fill(filled, 3, first=100)
    with pytest.raises(ArchiveError) as error:
        restore(copy, filled, at=NOON)
    assert error.value.message == (
        f"{filled} is in order and holds 23 articles, the copy 20: it is replaced with --force only"
    )
    assert articles(filled) == 23
    done = restore(copy, filled, at=NOON, force=True)
    assert articles(filled) == 20
    assert done.kept is not None
    assert inspect(done.kept).articles == 23


def test_what_was_in_the_log_alone_is_kept_with_what_was_replaced(filled: Path, folder: Path, tmp_path: Path) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    crashed = tmp_path / "crashed" / filled.name
    crashed.parent.mkdir()
    with SqliteArchive(filled) as archive:
        archive.commit(Commit(decision=make_decision()))
        for suffix in ("", "-wal"):
            shutil.copy(f"{filled}{suffix}", f"{crashed}{suffix}")
    done = restore(copy, crashed, at=NOON, force=True)
    assert articles(crashed) == 20
    assert done.kept is not None
    assert inspect(done.kept).articles == 21


def test_a_copy_with_a_log_of_its_own_is_restored_with_what_is_in_it(filled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "by hand.db"
    with SqliteArchive(filled) as archive:
        archive.commit(Commit(decision=make_decision()))
        for suffix in ("", "-wal"):
            shutil.copy(f"{filled}{suffix}", f"{copy}{suffix}")
    restore(copy, tmp_path / "new" / "rasid.db", at=NOON)
    assert articles(tmp_path / "new" / "rasid.db") == 21


def test_a_log_that_lost_its_archive_is_not_played_into_the_restored_one(filled: Path, folder: Path) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    other = filled.with_name("other.db")
    with SqliteArchive(other) as archive:
        archive.commit(Commit(decision=make_decision()))
        shutil.copy(f"{other}-wal", f"{filled}-wal")
    filled.unlink()
    restore(copy, filled, at=NOON)
    assert inspect(filled).articles == 20


def test_an_archive_that_somebody_reads_is_not_replaced_under_his_hands(filled: Path, folder: Path) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    fill(filled, 1, first=100)
    with open_reader(filled) as reader:
        reader.status()
        with pytest.raises(ArchiveBusy):
            restore(copy, filled, at=NOON, force=True, busy_s=0.1)
    assert articles(filled) == 21
    assert not [one for one in filled.parent.iterdir() if "before" in one.name or "restoring" in one.name]


@pytest.mark.parametrize("content", [b"", b"no database" * 1000, b"SQLite format 3\0" + b"\xff" * 8000])
def test_what_is_no_good_copy_is_refused_and_the_archive_stays(filled: Path, tmp_path: Path, content: bytes) -> None:
    before = filled.read_bytes()
    (tmp_path / "copy.db").write_bytes(content)
    with pytest.raises(ArchiveError):
        restore(tmp_path / "copy.db", filled, at=NOON, force=True)
    assert filled.read_bytes() == before
    with pytest.raises(InputMissing):
        restore(tmp_path / "none.db", filled, at=NOON, force=True)
    with pytest.raises(ArchiveError, match="the archive itself"):
        restore(filled, filled, at=NOON, force=True)


def test_a_damaged_copy_is_refused_and_the_archive_stays(filled: Path, folder: Path) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    spoil(copy)
    with pytest.raises(ArchiveCorrupt):
        restore(copy, filled, at=NOON, force=True)
    assert articles(filled) == 20


def test_an_older_copy_is_restored_and_renewed_by_the_next_start(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    db = open_writer(old, known=1)
    migrate(db, old, at=NOON, migrations=MIGRATIONS[:1])
    db.close()
    assert restore(old, path, at=NOON).holding.schema == 1
    with SqliteArchive(path):
        assert inspect(path).schema == len(MIGRATIONS)
    assert inspect(path).began == NOON


def test_a_newer_copy_is_refused_and_a_newer_archive_is_replaced_by_force_alone(filled: Path, folder: Path) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    db = open_writer(filled, known=len(MIGRATIONS))
    migrate(db, filled, at=NOON, migrations=(*MIGRATIONS, NEXT))
    db.close()
    with pytest.raises(ArchiveSchema, match="--force"):
        restore(copy, filled, at=NOON)
    done = restore(copy, filled, at=NOON, force=True)
    assert articles(filled) == 20
    with pytest.raises(ArchiveSchema, match="newer"):
        restore(done.kept or filled, filled, at=NOON, force=True)


def test_nothing_is_restored_onto_a_network(filled: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = back_up(filled, folder / copy_name(NOON)).path
    for number in (0xEF53, 0x01021994, 0x794C7630, 0x9123683E, 0x58465342):
        monkeypatch.setitem(NETWORK_MAGIC, number, "NFS")
    with pytest.raises(ArchiveNetwork):
        restore(copy, filled, at=NOON, force=True)
    assert restore(copy, filled, at=NOON, force=True, network=True).holding.articles == 20


def test_the_way_back_names_the_newest_good_copy(filled: Path, folder: Path) -> None:
    assert way_back(folder, filled.parent) == f"no backup found in {folder}"
    for day in range(3):
        back_up(filled, folder / copy_name(NOON + timedelta(days=day)))
    spoil(copies(folder)[0])
    assert newest_good(folder) == copies(folder)[1]
    assert way_back(folder, filled.parent).endswith(
        f"worker.py --data-dir {filled.parent} restore {folder}/rasid-20260118T120000Z.db"
    )


# --------------------------------------------------------------------------------------------------------- kills

COPYING = """
import sys
from datetime import datetime, timedelta, UTC
from pathlib import Path
from storage.backups import back_up, copy_name
print("go", flush=True)
at = datetime.fromisoformat(sys.argv[3])
while True:
    at += timedelta(seconds=1)
    back_up(Path(sys.argv[1]), Path(sys.argv[2]) / copy_name(at), keep=3)
"""
RESTORING = """
import sys
from datetime import datetime, timedelta, UTC
from pathlib import Path
from storage.backups import restore
print("go", flush=True)
at = datetime.fromisoformat(sys.argv[4])
while True:
    for copy in sys.argv[2:4]:
        at += timedelta(seconds=1)
        kept = restore(Path(copy), Path(sys.argv[1]), at=at, force=True).kept
        kept.unlink()
"""


def test_kill_9_while_copying_leaves_whole_copies_and_the_archive_as_it_was(filled: Path, folder: Path) -> None:
    folder.mkdir()
    before = filled.read_bytes()
    for number, moment in enumerate(moments(longest_s=0.1)):
        killed(COPYING, filled, folder, NOON + timedelta(days=number), after_s=moment)
        assert filled.read_bytes() == before
        for copy in copies(folder):
            assert inspect(copy).articles == 20
    back_up(filled, folder / copy_name(NOON + timedelta(days=KILLS)), keep=3)
    assert {one.suffix for one in folder.iterdir()} == {".db"}


def test_kill_9_while_restoring_leaves_the_old_archive_or_the_new_one(filled: Path, folder: Path) -> None:
    few = back_up(filled, folder / "few.db").path
    fill(filled, 20, first=100)
    many = back_up(filled, folder / "many.db").path
    for number, moment in enumerate(moments(longest_s=0.1)):
        killed(RESTORING, filled, few, many, NOON + timedelta(days=number), after_s=moment)
        assert inspect(filled).articles in {20, 40}
        with SqliteArchive(filled) as archive:
            archive.heartbeat(NOON)
