"""`backup` and `restore` as operators use them, copies by schedule, and what `doctor` says of all that."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from commands.copies import RETRY_S, Copier
from commands.workshop import Place
from monitor.settings import Settings
from storage.archive import SqliteArchive
from storage.backups import copies, copy_name, inspect
from storage.lock import DataLock
from storage.migrations import MIGRATIONS, Migration, migrate
from tests.factories import NOON

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
WORKER = ROOT / "worker.py"


def worker(*arguments: object, data: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RASID_")}
    command = [sys.executable, str(WORKER), "--data-dir", str(data), *map(str, arguments)]
    return subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, env={**inherited, **(env or {})}, timeout=120, check=False
    )


def answer(run: subprocess.CompletedProcess[str]) -> Any:  # noqa: ANN401 - JSON
    return json.loads(run.stdout)


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(content)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose archive has been at work once."""
    folder = tmp_path / "data"
    with SqliteArchive(folder / "rasid.db") as archive:
        archive.heartbeat(NOON)
    return folder


# ------------------------------------------------------------------------------------------------------ by command


def test_a_backup_goes_into_the_folder_of_the_settings_and_says_what_it_is(data: Path) -> None:
    with DataLock(data):  # as while a worker runs
        run = worker("backup", "--json", data=data)
    made = answer(run)
    assert run.returncode == 0, run.stderr
    path = Path(made["path"])
    assert path.parent == data / "backups"
    assert made["bytes"] == path.stat().st_size
    assert made["articles"] == 0
    assert made["schema"] == len(MIGRATIONS)
    assert made["seconds"] > 0
    table = worker("backup", data=data).stdout
    assert "rasid-" in table
    assert "seconds" in table


def test_a_backup_goes_where_it_is_told_to_a_file_or_a_folder(data: Path, tmp_path: Path) -> None:
    assert answer(worker("backup", "--to", tmp_path / "one.db", "--json", data=data))["path"] == f"{tmp_path}/one.db"
    for number in range(2):
        made = answer(worker("backup", "--to", f"{tmp_path}/new/", "--keep", "1", "--json", data=data))
        assert Path(made["path"]).parent == tmp_path / "new"
        assert len(copies(tmp_path / "new")) == 1
        assert len(made["deleted"]) in {0, number}  # two within a second bear one name
    again = worker("backup", "--to", tmp_path / "one.db", "--json", data=data)
    assert (again.returncode, answer(again)["code"]) == (1, "E-ARCHIVE")
    assert worker("backup", "--to", tmp_path / "two.db", "--keep", "1", data=data).returncode == 2
    assert answer(worker("backup", "--json", data=tmp_path / "none"))["code"] == "E-INPUT-MISSING"


def test_a_restore_needs_the_folder_for_itself_and_force_over_an_archive_in_order(data: Path, tmp_path: Path) -> None:
    copy = answer(worker("backup", "--to", tmp_path / "copy.db", "--json", data=data))["path"]
    with DataLock(data):
        held = worker("restore", copy, "--force", "--json", data=data)
    assert (held.returncode, answer(held)["code"]) == (75, "E-ALREADY-RUNNING")
    refused = worker("restore", copy, "--json", data=data)
    assert (refused.returncode, answer(refused)["code"]) == (1, "E-ARCHIVE")
    done = worker("restore", copy, "--force", "--json", data=data)
    assert done.returncode == 0, done.stderr
    assert answer(done)["last_heartbeat"].startswith("2026-01-17T12:00:00")
    assert Path(answer(done)["kept"]).parent == data
    assert worker("status", data=data).returncode == 0
    missing = worker("restore", tmp_path / "none.db", "--json", data=data)
    assert (missing.returncode, answer(missing)["code"]) == (1, "E-INPUT-MISSING")


def test_a_damaged_archive_is_told_with_the_command_that_mends_it_and_that_command_does(data: Path) -> None:
    copy = Path(answer(worker("backup", "--json", data=data))["path"])
    spoil(data / "rasid.db")
    damaged = (data / "rasid.db").read_bytes()
    runs = [worker(command, data=data) for command in ("seed", "poll", "run")]
    assert [run.returncode for run in runs] == [1, 1, 1]
    assert all("E-ARCHIVE-CORRUPT" in run.stderr for run in runs)
    assert (data / "rasid.db").read_bytes() == damaged
    told = runs[-1].stderr.strip().split("restore it with: worker.py ")[1]
    assert shlex.split(told) == ["--data-dir", str(data), "restore", str(copy)]
    mended = subprocess.run([sys.executable, str(WORKER), *shlex.split(told)], capture_output=True, check=False)  # noqa: S603
    assert mended.returncode == 0, mended.stderr
    assert worker("status", data=data).returncode == 0


def test_a_damaged_archive_without_a_copy_is_told_where_none_was_found(data: Path) -> None:
    spoil(data / "rasid.db")
    run = worker("seed", data=data, env={"RASID_BACKUP__FOLDER": "/somewhere/else"})
    assert "no backup found in /somewhere/else" in run.stderr
    code, checks = worker("doctor", "--json", data=data).returncode, answer(worker("doctor", "--json", data=data))
    assert code == 1
    (archive,) = [check for check in checks if check["check"] == "archive"]
    assert "E-ARCHIVE-CORRUPT" in archive["problem"]
    assert archive["fix"] == f"no backup found in {data / 'backups'}"


def test_a_newer_archive_is_not_offered_for_restoring(data: Path) -> None:
    with SqliteArchive(data / "rasid.db") as archive:
        newer = Migration(name="next", statements=("CREATE TABLE next (id TEXT PRIMARY KEY) STRICT",))
        migrate(archive._db, data / "rasid.db", at=NOON, migrations=(*MIGRATIONS, newer))
    run = worker("seed", data=data)
    assert "E-ARCHIVE-SCHEMA" in run.stderr
    assert "restore" not in run.stderr


# ----------------------------------------------------------------------------------------------------- by schedule


@dataclass(slots=True)
class Hands:
    """A clock that is set by hand."""

    at: datetime = NOON
    passed_s: float = 1000.0
    log: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        self.passed_s += seconds

    def wait(self, **time: float) -> None:
        step = timedelta(**time)
        self.at += step
        self.passed_s += step.total_seconds()


def copier(data: Path, archive: SqliteArchive, clock: Hands, **backup: Any) -> Copier:
    settings = Settings(backup={"every_h": 24, "keep": 2, **backup})
    return Copier(place=Place(data=data, config=ROOT / "config"), settings=settings, archive=archive, clock=clock)


async def test_a_copy_is_made_each_day_and_a_restart_does_not_repeat_it(data: Path) -> None:
    clock = Hands()
    made = []
    for hours in (0, 1, 22, 1, 1, 24, 24):
        clock.wait(hours=hours)
        with SqliteArchive(data / "rasid.db") as archive:  # each time a new start
            await copier(data, archive, clock).look()
            await copier(data, archive, clock).look()
        made.append(len(copies(data / "backups")))
    assert made == [1, 1, 1, 2, 2, 2, 2]
    assert copies(data / "backups")[0].name == copy_name(clock.at)
    assert inspect(copies(data / "backups")[0]).last_heartbeat == NOON


async def test_without_hours_no_copy_is_made_by_itself(data: Path) -> None:
    with SqliteArchive(data / "rasid.db") as archive:
        await copier(data, archive, Hands(), every_h=0).look()
    assert copies(data / "backups") == ()


async def test_a_clock_that_was_set_back_far_does_not_end_the_copies(data: Path) -> None:
    clock = Hands()
    with SqliteArchive(data / "rasid.db") as archive:
        await copier(data, archive, clock).look()
        clock.at -= timedelta(days=365)
        await copier(data, archive, clock).look()
    assert len(copies(data / "backups")) == 2


async def test_a_copy_that_fails_is_told_in_the_log_and_tried_again_in_an_hour(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "closed").write_text("no folder")
    clock = Hands()
    with SqliteArchive(data / "rasid.db") as archive:
        one = copier(data, archive, clock, folder="closed")
        for _ in range(3):
            await one.look()
        assert capsys.readouterr().out.count("no copy of the archive was made") == 1
        (data / "closed").unlink()
        await one.look()
        assert archive.last_copied() is None
        clock.wait(seconds=RETRY_S)
        await one.look()
        assert archive.last_copied() == clock.at
    assert len(copies(data / "closed")) == 1


async def test_a_stop_does_not_wait_for_a_copy(data: Path) -> None:
    with SqliteArchive(data / "rasid.db") as archive:
        archive._db.execute("CREATE TABLE heavy (value BLOB) STRICT")
        archive._db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
            " INSERT INTO heavy SELECT randomblob(1000) FROM n"
        )
        copying = asyncio.ensure_future(copier(data, archive, Hands()).look())
        await asyncio.sleep(0.02)
        copying.cancel()
        await asyncio.gather(copying, return_exceptions=True)
        began = time.monotonic()
        await asyncio.get_running_loop().shutdown_default_executor()
        assert time.monotonic() - began < 5
        assert archive.last_copied() is None


# ------------------------------------------------------------------------------------------------------ the doctor


def checks(data: Path, **env: str) -> dict[str, dict[str, Any]]:
    return {check["check"]: check for check in answer(worker("doctor", "--json", data=data, env=env))}


def test_doctor_counts_copies_that_are_late(data: Path) -> None:
    with SqliteArchive(data / "rasid.db") as archive:
        archive._db.execute("UPDATE migrations SET at = '2026-01-01T00:00:00.000000+00:00'")
    assert "there is none" in checks(data)["backups"]["problem"]
    assert checks(data, RASID_BACKUP__EVERY_H="0")["backups"]["ok"]
    made = Path(answer(worker("backup", "--json", data=data))["path"])
    assert checks(data)["backups"]["ok"]
    made.rename(made.with_name(copy_name(NOON)))
    late = checks(data)["backups"]
    assert copy_name(NOON) in late["problem"]
    assert "worker.py backup" in late["fix"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_doctor_names_path_and_uid_of_what_may_not_be_written(data: Path) -> None:
    uid = os.geteuid()
    (data / "rasid.db").chmod(0o400)
    owner = checks(data)["owner"]
    assert f"uid {uid} may not write" in owner["problem"]
    assert str(data / "rasid.db") in owner["problem"]
    assert f"chown -R {uid}" in owner["fix"]
    data.chmod(0o500)
    folder = checks(data)["data folder"]
    assert str(data) in folder["problem"]
    assert f"uid {uid}" in folder["fix"]
    data.chmod(0o700)


def test_doctor_and_status_tell_the_room_and_the_log(data: Path) -> None:
    assert checks(data)["room"]["ok"]
    assert checks(data)["file system"]["ok"]
    found = answer(worker("status", "--json", data=data))
    assert found["wal_bytes"] == 0
    assert found["free_bytes"] > 0
    assert found["disk"] is None


def test_every_command_takes_the_word_that_a_network_is_wanted(data: Path) -> None:
    run = worker("--i-know", "seed", data=data)
    assert run.returncode == 0, run.stderr


def test_a_copy_of_a_whole_folder_by_hand_is_a_backup_as_well(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "by hand")
    done = worker("restore", tmp_path / "by hand" / "rasid.db", "--force", "--json", data=data)
    assert done.returncode == 0, done.stderr
