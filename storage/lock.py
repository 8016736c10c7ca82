"""One worker to a data folder: a lock the kernel gives back when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from monitor.errors import AlreadyRunning, ArchiveError, DiskFull
from storage.filesystem import NO_SPACE

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

LOCK_NAME = "rasid.lock"

_held: set[int] = set()


def _let_go_in_child() -> None:
    # A forked reading process that outlives a killed worker would otherwise keep the folder locked.
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)


def _now() -> datetime:
    return datetime.now(UTC)


class DataLock:
    """Holds `folder` for this process while the context is open.

    flock(2), not the file's existence, is the lock: a file left by a crash locks nobody out.
    """

    def __init__(self, folder: Path | str, *, now: Callable[[], datetime] = _now) -> None:
        """The folder is made when it is not there; `now` gives the start time that others are shown."""
        self._folder = Path(folder)
        self._now = now
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            AlreadyRunning: Another worker holds it; the message names its pid and since when.
            DiskFull: There is no room even for the name of its holder.
            ArchiveError: The folder cannot be written.
        """
        path = self._folder / LOCK_NAME
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _unusable(path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise AlreadyRunning(f"{self._folder} is held by another worker ({holder})") from error
        except OSError as error:  # no locks here, as on some network file systems
            os.close(descriptor)
            raise ArchiveError(f"{path} cannot be locked: {error.strerror}") from error
        _held.add(descriptor)
        self._descriptor = descriptor
        try:
            self._sign(descriptor)
        except OSError as error:
            self._give_back()
            raise _unusable(path, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the folder back."""
        self._give_back()

    def _give_back(self) -> None:
        if self._descriptor is not None:
            _held.discard(self._descriptor)
            # Said aloud: a child forked this instant may still hold a copy of the descriptor.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None

    def _sign(self, descriptor: int) -> None:
        line = json.dumps({"pid": os.getpid(), "since": self._now().isoformat(timespec="seconds")})
        written = os.pwrite(descriptor, line.encode(), 0)  # over the last holder's, whose room it takes on a full disk
        os.ftruncate(descriptor, written)


def _unusable(path: Path, error: OSError) -> ArchiveError:
    if error.errno in NO_SPACE:
        return DiskFull(f"{path}: {error.strerror}")
    return ArchiveError(f"{path}: {error.strerror}; the data folder must be writable for uid {os.geteuid()}")


def _holder(descriptor: int) -> str:
    try:
        signed = json.loads(os.pread(descriptor, 4096, 0))
        return f"pid {signed['pid']}, since {signed['since']}"
    except (ValueError, KeyError, TypeError):
        return "pid not yet written"  # it took the lock this instant
