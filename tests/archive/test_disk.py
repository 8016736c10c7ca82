"""A full disk, a locked database, a log that a reader holds: nothing is lost, and the worker goes on."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.demo.loopback import NOT_FOUND, Answer, Loopback, Request
from monitor.errors import ArchiveBusy, ArchiveError, DiskFull
from monitor.ports import Commit
from monitor.service import Service
from storage.archive import SqliteArchive
from storage.connection import log_bytes, read_only
from storage.search import open_reader
from tests.factories import TEXT, make_article, make_decision, make_reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

ROOT = Path(__file__).parents[2]
WORKER = ROOT / "worker.py"
MIB = 1024 * 1024
PAGE = (
    '<!DOCTYPE html><html lang="ar" dir="rtl"><meta charset="utf-8"><body><article>'
    "<h1>صدام حفتر يبحث في روما مكافحة الهجرة مع وزير الداخلية الإيطالي</h1>"
    "<p>التقى نائب القائد العام الفريق صدام حفتر في العاصمة الإيطالية روما وزير الداخلية الإيطالي ماتيو بيانتيدوزي، "
    "وبحث الجانبان سبل مكافحة الهجرة غير النظامية وتأمين الحدود الجنوبية.</p></article></body></html>"
)
HOLDER = """
import sys, pysqlite3
db = pysqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


class Site:
    """A feed of one article, whose page is not answered before it is let go."""

    def __init__(self) -> None:
        self.asked, self.let_go = threading.Event(), threading.Event()
        self.pages = 0

    def __call__(self, request: Request) -> Answer:
        if request.path == "/feed":
            link = f"http://{request.headers['host']}/rome"
            item = f"<item><title>خبر</title><link>{link}</link></item>"
            body = f'<rss version="2.0"><channel><title>أخبار</title>{item}</channel></rss>'
            return Answer(body=body.encode(), content_type="application/rss+xml; charset=utf-8")
        if request.path != "/rome":
            return NOT_FOUND
        self.pages += 1
        self.asked.set()
        self.let_go.wait(60)
        return Answer(body=PAGE.encode())


def environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RASID_")}
    return {**inherited, "RASID_POLL__TICK_S": "0.1", "RASID_POLL__SPACING_S": "0"}


def configure(folder: Path, feed: str) -> Path:
    config = folder / "config"
    shutil.copytree(ROOT / "config", config)
    table = f'[[feed]]\nid = "site"\nurl = "{feed}"\noutlet = "موقع"\nallow_private = true\n'
    (config / "feeds.toml").write_text(table, encoding="utf-8")
    return config


def asked(config: Path, data: Path, *arguments: str) -> tuple[int, Any]:
    command = [sys.executable, str(WORKER), "--data-dir", str(data), "--config-dir", str(config), *arguments, "--json"]
    run = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, env=environment(), timeout=60, check=False
    )
    return run.returncode, json.loads(run.stdout)


@asynccontextmanager
async def running(config: Path, data: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[str]]]:
    """A worker at its work, and the lines of its log."""
    command = [str(WORKER), "--data-dir", str(data), "--config-dir", str(config), "run"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=environment(), stderr=asyncio.subprocess.PIPE
    )
    log: list[str] = []

    async def listen() -> None:
        assert process.stderr is not None
        while line := await process.stderr.readline():
            log.append(line.decode())

    listening = asyncio.ensure_future(listen())
    try:
        yield process, log
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await listening


async def until(data: Path, count: int) -> None:
    """Wait for the archive to hold so many articles beside those it began with."""
    for _ in range(300):
        with suppress(ArchiveError), open_reader(data / "rasid.db") as reader:
            if reader.status()["outcomes"].get("alerted", 0) >= count:
                return
        await asyncio.sleep(0.1)
    raise AssertionError(f"the archive never held {count} articles")


async def told(log: list[str], code: str) -> None:
    for _ in range(300):
        if any(code in line for line in log):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{code} was never told: {log}")


# ------------------------------------------------------------------------------------------------------ full disk


async def test_a_worker_that_may_not_write_says_so_is_asked_meanwhile_and_reads_afterwards_what_it_owes(
    tmp_path: Path,
) -> None:
    site, data = Site(), tmp_path / "data"
    with Loopback(site) as server:
        config = configure(tmp_path, f"{server.origin}/feed")
        async with running(config, data) as (process, log):
            await asyncio.to_thread(site.asked.wait, 60)
            known = asked(config, data, "status")[1]["outcomes"]["alerted"]
            hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, hard))
            site.let_go.set()
            await told(log, DiskFull.code)
            assert asked(config, data, "meetings")[0] == 0
            assert asked(config, data, "status")[1]["outcomes"]["alerted"] == known
            assert process.returncode is None
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
            await until(data, known + 1)
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 15) == 0


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system in memory of 48 MiB of its own."""
    folder.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if mount is None or os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
        pytest.skip("nothing may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S603, S607


async def test_a_full_disk_is_told_by_status_health_and_doctor_and_the_worker_goes_on_when_it_is_not(
    tmp_path: Path,
) -> None:
    site = Site()
    with small_disk(tmp_path / "disk") as disk, Loopback(site) as server:
        config, data, ballast = configure(tmp_path, f"{server.origin}/feed"), disk / "data", disk / "ballast"
        async with running(config, data) as (process, log):
            await asyncio.to_thread(site.asked.wait, 60)
            known = asked(config, data, "status")[1]["outcomes"]["alerted"]
            with suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(65536))
            site.let_go.set()
            await told(log, DiskFull.code)
            polled = site.pages
            assert asked(config, data, "search", "حفتر")[0] == 0
            for command in ("status", "health"):
                assert asked(config, data, command)[1]["disk"].startswith(DiskFull.code)
            code, checks = asked(config, data, "doctor")
            assert code == 1
            assert "room" in [check["check"] for check in checks if not check["ok"]]
            assert asked(config, data, "backup")[1]["code"] == DiskFull.code
            assert not list((data / "backups").glob("*.tmp*"))
            await asyncio.sleep(2)  # twenty beats, in which nobody is asked for what could not be kept
            assert site.pages <= polled + 1
            assert asked(config, data, "status")[1]["outcomes"]["alerted"] == known
            ballast.unlink()
            await until(data, known + 1)
            assert asked(config, data, "status")[1]["disk"] is None
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 15) == 0


def commit(archive: SqliteArchive, articles: int) -> None:
    for number in range(articles):
        article = make_article(id=f"a{number}", text=f"{TEXT} {number} " + "كلمة " * 500)
        archive.commit(Commit(decision=make_decision(reading=make_reading(article=article))))


def test_a_limit_of_pages_is_a_full_disk_and_what_was_kept_stays(path: Path) -> None:
    SqliteArchive(path).close()
    with SqliteArchive(path, max_bytes=path.stat().st_size) as archive:
        with pytest.raises(DiskFull):
            commit(archive, 200)
        held = archive.reader().status()["totals"]["articles"]
    with SqliteArchive(path) as archive:
        assert archive.reader().status()["totals"]["articles"] == held


# -------------------------------------------------------------------------------------------------- locked by others


async def test_a_database_locked_for_longer_than_is_waited_is_tried_again_and_nothing_is_dropped(path: Path) -> None:
    stop, refused = asyncio.Event(), 0
    with SqliteArchive(path, busy_s=0.1) as archive, held_by_another(path) as other:

        async def job() -> None:
            nonlocal refused
            try:
                archive.commit(Commit(decision=make_decision()))
            except ArchiveBusy:
                refused += 1
                if refused == 2:
                    other.communicate("")  # whoever had it locked is done
                raise
            stop.set()

        async with asyncio.timeout(30):
            await Service(jobs=[job], delivering=(), tick_s=0.05).run(stop)
        assert archive.reader().article("paris-1")["outcome"] == "alerted"
    assert refused == 2


@contextmanager
def held_by_another(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:  # noqa: S603
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield other
        other.kill()


# --------------------------------------------------------------------------------------------------------- the log


def test_a_reader_keeps_the_log_from_being_taken_back_no_longer_than_it_reads(path: Path) -> None:
    with SqliteArchive(path, busy_s=5) as archive:
        reader = read_only(path)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM articles").fetchone()
        commit(archive, 60)
        grown = log_bytes(path)
        assert grown > MIB
        assert not archive.trim_log()
        assert log_bytes(path) >= grown
        reader.close()
        assert archive.trim_log()
        assert log_bytes(path) == 0
        assert archive._db.execute("PRAGMA busy_timeout").fetchone()[0] == 1000, "as before the log was taken back"


def test_a_short_log_is_left_alone(path: Path) -> None:
    with SqliteArchive(path) as archive:
        archive.commit(Commit(decision=make_decision()))
        short = log_bytes(path)
        assert archive.trim_log(least_bytes=short + 1)
        assert log_bytes(path) == short
    with SqliteArchive(":memory:") as archive:
        assert archive.trim_log()
        archive.require_room()
