from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.errors import AlreadyRunning, ArchiveError
from storage.lock import DataLock
from tests.factories import NOON

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
from storage.lock import DataLock
with DataLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""
FORKING_HOLDER = """
import os, sys, time
from storage.lock import DataLock
with DataLock(sys.argv[1]):
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.read(0, 1)  # until the test closes its end
        os._exit(0)
    time.sleep(60)
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603 - our own program, on this machine
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_worker_is_told_the_pid_and_since_when(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        with pytest.raises(AlreadyRunning, match=rf"pid {other.pid}, since \d{{4}}-\d\d-\d\dT"), DataLock(tmp_path):
            pass
        other.kill()


def test_a_killed_worker_locks_nobody_out(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        other.send_signal(signal.SIGKILL)
    with DataLock(tmp_path):
        pass


def test_the_lock_is_given_back_at_the_end(tmp_path: Path) -> None:
    with DataLock(tmp_path):
        pass
    with DataLock(tmp_path):
        pass


def test_the_same_process_cannot_hold_it_twice(tmp_path: Path) -> None:
    with (
        DataLock(tmp_path, now=lambda: NOON),
        pytest.raises(AlreadyRunning, match=rf"pid {os.getpid()}, since 2026-01-17T12:00:00\+00:00"),
        DataLock(tmp_path),
    ):
        pass


def test_a_child_that_outlives_a_killed_worker_does_not_keep_the_folder(tmp_path: Path) -> None:
    with subprocess.Popen(  # noqa: S603 - our own program, on this machine
        [sys.executable, "-c", FORKING_HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        child = int(other.stdout.readline())
        other.kill()
        other.wait()
        with DataLock(tmp_path):
            os.kill(child, 0)  # it is still there
        other.stdin.close()


def test_the_folder_is_made(tmp_path: Path) -> None:
    with DataLock(tmp_path / "new" / "data"):
        assert (tmp_path / "new" / "data").is_dir()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(ArchiveError, match="must be writable"), DataLock(tmp_path / "data"):
        pass
