"""Copies of the archive: made while it is written, checked before they bear their name, and put back.

A copy is one file, `rasid-<UTC time>.db`, complete and sound from the moment it is there. Restoring keeps what lay in
the archive's place beside it, and a kill at any point leaves the old archive or the new one.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shlex
import shutil
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.errors import ArchiveBusy, ArchiveCorrupt, ArchiveError, ArchiveSchema, InputMissing
from storage.connection import (
    BUSY_S,
    check_sqlite,
    connect,
    finish_rollback,
    identify,
    put_in_place,
    read_only,
    require_header,
    require_sound,
    translated,
    write_copy,
)
from storage.filesystem import require_local, settle_file, settle_folder
from storage.migrations import MIGRATIONS
from storage.rows import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlite_utils import Database

_NAME: Final = re.compile(r"rasid-(\d{8}T\d{6}Z)\.db")
_TIME: Final = "%Y%m%dT%H%M%SZ"
_UNFINISHED: Final = re.compile(_NAME.pattern + r"\.tmp(-journal)?")
_STEPS_BETWEEN_LOOKS: Final = 1000

# Any schema answers these: the tables are those of the first migration.
_HOLDS: Final = """
SELECT (SELECT count(*) FROM articles) AS articles, (SELECT count(*) FROM alerts) AS alerts,
    (SELECT min(at) FROM migrations) AS began, (SELECT value FROM facts WHERE name = 'heartbeat_at') AS last_heartbeat
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an archive file holds: its schema, how many articles and alerts, when it was begun and last at work."""

    schema: int
    articles: int
    alerts: int
    began: datetime
    last_heartbeat: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Plain values; times are ISO 8601 in UTC."""
        beat = None if self.last_heartbeat is None else stamp(self.last_heartbeat)
        return {"schema": self.schema, "articles": self.articles, "alerts": self.alerts, "last_heartbeat": beat}


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A copy that was made, how long that took, and which older ones were deleted for it."""

    path: Path
    size_bytes: int
    seconds: float
    holding: Holding
    deleted: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What the archive holds now, and where lies what it was before, if there was any."""

    path: Path
    holding: Holding
    kept: Path | None


def copy_name(at: datetime) -> str:
    """The name of a copy made at `at`; names sort by time."""
    return f"rasid-{at.astimezone(UTC).strftime(_TIME)}.db"


def copies(folder: Path) -> tuple[Path, ...]:
    """The copies in a folder, the newest first; nothing else that lies there."""
    try:
        found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except OSError:
        return ()
    return tuple(sorted(found, reverse=True))


def made_at(copy: Path) -> datetime:
    """When a copy was made, by its name."""
    match = _NAME.fullmatch(copy.name)
    if match is None:
        raise ValueError(f"{copy.name} is no copy's name")
    return datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)


def back_up(
    archive: Path,
    target: Path,
    *,
    keep: int | None = None,
    given_up: Callable[[], bool] = lambda: False,
) -> Copied:
    """Copy the archive as it is this moment, while a worker writes or not.

    Args:
        archive: The database file, of any schema this version knows.
        target: The copy's path, where nothing lies yet but, perhaps, a copy of the same second.
        keep: How many copies the folder shall hold afterwards: the newest, this one among them. None deletes nothing.
        given_up: Asked now and then; once it is true nothing is copied any more and nothing is left.

    Raises:
        InputMissing: There is no archive.
        ArchiveBusy: Another copy into the same folder is under way.
        ArchiveCorrupt: The archive, and so its copy, is damaged; the copy is gone again.
        ArchiveError: The folder cannot be written, or has no room.
    """
    began = time.monotonic()
    check_sqlite()
    if not archive.is_file():
        raise InputMissing(f"{archive}: there is no archive yet")
    _make_folder(target.parent)
    if target.exists() and not _NAME.fullmatch(target.name):
        raise ArchiveError(f"{target} is there already: name another file, or a folder")
    with _alone_in(target.parent):
        unfinished = target.with_name(f"{target.name}.tmp")
        with translated(f"copy {archive} to {target}"):
            require_header(archive)
            with closing(read_only(archive)) as db:
                _interruptible(db, given_up)
                identify(db, archive, len(MIGRATIONS))
                write_copy(db, unfinished)
        try:
            holding = inspect(unfinished, given_up=given_up)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        put_in_place(unfinished, target)
        deleted = () if keep is None else _thin_out(target.parent, keep)
    return Copied(
        path=target,
        size_bytes=target.stat().st_size,
        seconds=time.monotonic() - began,
        holding=holding,
        deleted=deleted,
    )


def inspect(path: Path, *, whole: bool = True, given_up: Callable[[], bool] = lambda: False) -> Holding:
    """What an archive file holds, once it has been found to be ours and sound.

    Args:
        path: Of an archive or a copy.
        whole: Hold the indexes against their tables as well.
        given_up: As for `back_up`.

    Raises:
        InputMissing: There is no such file.
        ArchiveCorrupt: It is damaged, empty, or no archive.
        ArchiveSchema: A newer version has written it.
        ArchiveError: It cannot be read.
    """
    if not path.is_file():
        raise InputMissing(f"{path}: there is no such file")
    with translated(f"read {path}"):
        try:
            require_header(path)
        except OSError as error:
            raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error
        with closing(read_only(path)) as db:
            _interruptible(db, given_up)
            schema = identify(db, path, len(MIGRATIONS))
            if schema == 0:
                raise ArchiveCorrupt(f"{path} holds no archive")
            require_sound(db, path, whole=whole)
            articles, alerts, start, beat = db.execute(_HOLDS).fetchone()
    return Holding(
        schema=schema,
        articles=articles,
        alerts=alerts,
        began=datetime.fromisoformat(start),
        last_heartbeat=None if beat is None else datetime.fromisoformat(beat),
    )


def restore(
    copy: Path, archive: Path, *, at: datetime, force: bool = False, network: bool = False, busy_s: float = BUSY_S
) -> Restored:
    """Put a copy in the archive's place. The caller holds the data folder's lock.

    Args:
        copy: Any archive file that is sound, of this version's schema or an older one.
        archive: Where the worker looks for it. What lies there is kept as `<name>.before-<UTC time>`.
        at: The time for that name.
        force: Replace an archive that is in order, too.
        network: The operator knows that `archive` lies on a network file system, and wants it so.
        busy_s: How long to wait for those who have the present archive open.

    Raises:
        InputMissing: There is no copy.
        ArchiveCorrupt: The copy is damaged or no archive.
        ArchiveBusy: Another process has the present archive open.
        ArchiveError: The present archive is in order and `force` is not given, or the folder cannot be written.
    """
    check_sqlite()
    if not network:
        require_local(archive)
    holding = inspect(copy)
    if archive.exists() and copy.samefile(archive):
        raise ArchiveError(f"{copy} is the archive itself")
    sound = _holding_of(archive, force=force)
    if sound is not None and not force:
        raise ArchiveError(
            f"{archive} is in order and holds {sound.articles} articles, the copy {holding.articles}: "
            "it is replaced with --force only"
        )
    _make_folder(archive.parent)
    fresh = archive.with_name(f"{archive.name}.restoring")
    # Not a copy of the file: what is given may have a log of its own beside it.
    with translated(f"restore {copy}"), closing(read_only(copy)) as db:
        write_copy(db, fresh)
    try:
        inspect(fresh)
        kept = archive.with_name(f"{archive.name}.before-{at.astimezone(UTC).strftime(_TIME)}")
        if sound is None:
            _swap_unsound(fresh, archive, kept)
        else:
            _swap_sound(fresh, archive, kept, busy_s)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return Restored(path=archive, holding=holding, kept=kept if kept.exists() else None)


def newest_good(folder: Path) -> Path | None:
    """The newest copy in a folder that is sound, None where there is none."""
    for copy in copies(folder):
        with suppress(ArchiveError):
            inspect(copy)
            return copy
    return None


def way_back(folder: Path, data: Path) -> str:
    """What to do about a damaged archive in `data`: the very command, with the newest good copy of `folder`."""
    copy = newest_good(folder)
    if copy is None:
        return f"no backup found in {folder}"
    return f"restore it with: worker.py --data-dir {shlex.quote(str(data))} restore {shlex.quote(str(copy))}"


def _interruptible(db: Database, given_up: Callable[[], bool]) -> None:
    db.conn.set_progress_handler(lambda: int(given_up()), _STEPS_BETWEEN_LOOKS)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(f"{folder} cannot be made: {error.strerror}") from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """No other copy into `folder` meanwhile, so that what is unfinished there is left over from a kill."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ArchiveError(f"{folder} cannot be read: {error.strerror}") from error
    try:
        if _locked(descriptor, folder):
            for path in folder.iterdir():
                if _UNFINISHED.fullmatch(path.name):
                    path.unlink(missing_ok=True)
        yield
    finally:
        # Said aloud: a process forked meanwhile has the same descriptor, and the lock with it.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _locked(descriptor: int, folder: Path) -> bool:
    """Whether the lock is ours now; not, where folders have none: there the name's time keeps two copies apart."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ArchiveBusy(f"another copy into {folder} is under way") from error
    except OSError:
        return False
    return True


def _thin_out(folder: Path, keep: int) -> tuple[Path, ...]:
    """Delete all but the newest."""
    too_old = copies(folder)[max(1, keep) :]
    for copy in too_old:
        try:
            copy.unlink(missing_ok=True)
        except OSError as error:
            raise ArchiveError(f"{copy} cannot be deleted: {error.strerror}") from error
    return too_old


def _holding_of(archive: Path, *, force: bool) -> Holding | None:
    """What the present archive holds; None where there is none, or this version makes nothing of it."""
    if not archive.exists():
        return None
    try:
        require_header(archive)
        finish_rollback(archive)
        return inspect(archive, whole=False)
    except ArchiveBusy:
        raise
    except ArchiveSchema as error:
        if not force:
            raise ArchiveSchema(f"{error.message}: it is replaced with --force only") from error
    except ArchiveError:
        pass
    return None


def _swap_sound(fresh: Path, archive: Path, kept: Path, busy_s: float) -> None:
    """Give `fresh` the place of an archive in order, whose log is played in first, so that it is one file.

    Only while nobody else has it open, and nobody can meanwhile: he would write into the new one's log. The new one is
    in its place before the old one is closed, for SQLite deletes a log with the name's owner only.
    """
    with translated(f"replace {archive}"), closing(connect(str(archive), busy_s=busy_s)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        db.execute("COMMIT")  # the lock stays
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _keep_beside(archive, kept)
        put_in_place(fresh, archive)


def _swap_unsound(fresh: Path, archive: Path, kept: Path) -> None:
    """Give `fresh` the place of what cannot be opened, which is kept with its log, byte for byte.

    The log goes before the new archive comes: SQLite would play it into whatever bears the name.
    """
    for suffix in ("", "-wal", "-journal"):
        if Path(f"{archive}{suffix}").exists():
            _keep_beside(Path(f"{archive}{suffix}"), Path(f"{kept}{suffix}"))
    for suffix in ("-wal", "-shm", "-journal"):
        Path(f"{archive}{suffix}").unlink(missing_ok=True)
    settle_folder(archive.parent)
    put_in_place(fresh, archive)


def _keep_beside(path: Path, kept: Path) -> None:
    """A second name for the same bytes, so that the first stands until it is given away; or a copy of them."""
    try:
        kept.hardlink_to(path)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS}:
            raise ArchiveError(f"{kept} cannot be made: {error.strerror}") from error
        shutil.copy2(path, kept)
        settle_file(kept)
    settle_folder(kept.parent)
