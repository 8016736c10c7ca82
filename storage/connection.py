"""Opening the database or refusing to, and SQLite's errors as ours."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pysqlite3
from sqlite_utils import Database

from monitor.errors import (
    ArchiveBusy,
    ArchiveCorrupt,
    ArchiveError,
    ArchiveSchema,
    DiskFull,
    InputMissing,
    QueryTooSlow,
)
from storage.filesystem import require_local, settle_file, settle_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MEMORY: Final = ":memory:"
APPLICATION_ID: Final = 0x52534944
"""`RSID`, in the file's header: tells our database from any other SQLite file."""

OLDEST_SQLITE: Final = (3, 51, 3)
"""Older ones may corrupt a WAL database when two processes reset the log at the same moment."""

BUSY_S: Final = 30.0
_BUSY_STEP_S: Final = 1.0
LOG_BYTES: Final = 1024 * 1024
"""A longer log is taken back when there is time for it; SQLite itself only begins to write it over."""

_WAL_LIMIT_BYTES: Final = 64 * 1024 * 1024
_MAGIC: Final = b"SQLite format 3\0"
_SMALLEST_PAGE_BYTES: Final = 512
_STEPS_BETWEEN_CHECKS: Final = 1000

# SQLITE_OPEN_READWRITE, _CREATE, _URI and _EXRESCODE, https://www.sqlite.org/c3ref/c_open_autoproxy.html: without the
# last pysqlite3 has primary result codes only, in which a file that may not grow is a disk that cannot be read. Its
# SQLite is built with SQLITE_USE_URI, and takes a name for a URI unasked; another build is told to.
_OPEN_FLAGS: Final = 0x2 | 0x4 | 0x40 | 0x02000000

# Primary and extended result codes, https://www.sqlite.org/rescode.html
_BUSY, _LOCKED, _READONLY, _INTERRUPT, _IOERR, _CORRUPT = 5, 6, 8, 9, 10, 11
_FULL, _CANTOPEN, _PROTOCOL, _NOTADB = 13, 14, 15, 26
_IOERR_NO_SPACE: Final = frozenset({778, 1034, 1546, 4874})
"""IOERR_WRITE, _FSYNC, _TRUNCATE, _SHMSIZE: what a full disk or a file size limit answers with."""


@dataclass(slots=True)
class Patience:
    """How long a writer waits for another process's lock. `hurried`: not any longer, it is to stop."""

    busy_s: float
    hurried: bool = False


class Writer(Database):
    """The connection that writes."""

    patience: Patience


def check_sqlite(version: tuple[int, ...] = pysqlite3.sqlite_version_info) -> None:
    """Refuse an SQLite library that may lose what it acknowledged.

    Raises:
        ArchiveError: `version` is below `OLDEST_SQLITE`.
    """
    if version < OLDEST_SQLITE:
        found, needed = (".".join(map(str, parts)) for parts in (version, OLDEST_SQLITE))
        raise ArchiveError(f"SQLite {found} is too old: {needed} or newer is needed (pysqlite3 brings it)")


def open_writer(
    path: Path | str,
    *,
    known: int,
    check: bool = True,
    max_bytes: int | None = None,
    busy_s: float = BUSY_S,
    network: bool = False,
) -> Writer:
    """Open for writing; a file that is not ours, or damaged, is refused and left as it is.

    Args:
        path: The database file, or `":memory:"`.
        known: The newest migration this version knows.
        check: Walk the whole file for damage first.
        max_bytes: What the file may grow to, None for all the disk has.
        busy_s: How long to wait for another process's write.
        network: The operator knows that the file lies on a network file system, and wants it so.

    Raises:
        ArchiveError: With the subclass that says why.
    """
    check_sqlite()
    if path != MEMORY and not network:
        require_local(Path(path))
    if path != MEMORY:
        _prepare(Path(path), known=known, check=check)
    with translated(f"open {path}"):
        db = Writer(connect(str(path), busy_s=busy_s))
        db.patience = Patience(busy_s)
        try:
            _set_up(db, max_bytes)
            wait_in_steps(db)
        except BaseException:
            db.close()
            raise
    return db


def open_read_only(path: Path | str, *, known: int) -> Database:
    """Open an existing archive for reading only.

    Raises:
        InputMissing: There is no file at `path`.
        ArchiveSchema: Its tables are newer or older than this version's.
        ArchiveError: It cannot be read.
    """
    check_sqlite()
    path = Path(path)
    if not path.is_file():
        raise InputMissing(f"{path}: there is no archive yet")
    with translated(f"open {path}"):
        db = read_only(path)
        try:
            _require_current(identify(db, path, known), path, known)
            db.execute("PRAGMA query_only = ON")
        except BaseException:
            db.close()
            raise
    return db


def connect(name: str, *, busy_s: float = BUSY_S) -> Any:  # noqa: ANN401 - pysqlite3 ships no types
    """A bare connection, whose transactions begin where this package says so, and nowhere else."""
    return pysqlite3.connect(name, timeout=busy_s, isolation_level=None, flags=_OPEN_FLAGS)


def log_bytes(path: Path | str) -> int:
    """Length of the database's write-ahead log, 0 where there is none."""
    try:
        return Path(f"{path}-wal").stat().st_size
    except OSError:
        return 0


def read_only(path: Path) -> Database:
    """Any SQLite file for reading, whatever it holds."""
    return Database(connect(f"{path.resolve().as_uri()}?mode=ro"))


def require_header(path: Path) -> None:
    """Refuse what does not begin like a database.

    Raises:
        ArchiveCorrupt: SQLite takes a file shorter than one page for an empty database, and writes over it.
    """
    with path.open("rb") as file:
        start = file.read(_SMALLEST_PAGE_BYTES)
    if not start.startswith(_MAGIC) or len(start) < _SMALLEST_PAGE_BYTES:
        raise ArchiveCorrupt(f"cannot open {path}: file is not a database; nothing was written")


def finish_rollback(path: Path) -> None:
    """Undo what a kill left half done before the archive had its write-ahead log: in its first moment, or restored.

    Whoever only reads cannot, and could not even look. What is not ours is left as it is.
    """
    if not Path(f"{path}-journal").exists() or not _may_be_ours(path):
        return
    with translated(f"open {path}"), closing(connect(str(path))) as db:
        db.execute("SELECT count(*) FROM sqlite_schema")


def _may_be_ours(path: Path) -> bool:
    """By the application id in the header (https://www.sqlite.org/fileformat.html), or since it holds nothing yet."""
    with path.open("rb") as file:
        header = file.read(_SMALLEST_PAGE_BYTES)
    page_bytes = int.from_bytes(header[16:18], "big")
    return int.from_bytes(header[68:72], "big") == APPLICATION_ID or path.stat().st_size <= page_bytes


def identify(db: Database, path: Path, known: int) -> int:
    """The newest migration in the file, which is ours and not from the future; 0 for an empty one.

    Raises:
        ArchiveCorrupt: It is somebody else's database.
        ArchiveSchema: A newer version has written it.
    """
    if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return 0
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ArchiveCorrupt(f"{path} is an SQLite database of something else; nothing was written")
    found = int(db.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()[0])
    if found > known:
        raise ArchiveSchema(f"{path} was written by a newer version (schema {found}, this one knows {known})")
    return found


def require_sound(db: Database, path: Path, *, whole: bool = False) -> None:
    """Walk the file for damage; `whole` holds indexes against their tables as well, which takes several times as long.

    Raises:
        ArchiveCorrupt: With the first damage found.
    """
    damage = db.execute(f"PRAGMA {'integrity_check' if whole else 'quick_check'}(1)").fetchone()[0]
    if damage != "ok":
        raise ArchiveCorrupt(f"cannot open {path}: {damage}; nothing was written")


def copy_into(db: Database, target: Path) -> None:
    """Write the database as it is this moment to `target`, which is the whole copy or is not there.

    Writers go on meanwhile. What a kill leaves is `<target>.tmp`, which the next copy of that name writes over.

    Raises:
        pysqlite3.Error: For `translated`.
        ArchiveError: The folder cannot be written.
    """
    unfinished = target.with_name(f"{target.name}.tmp")
    write_copy(db, unfinished)
    put_in_place(unfinished, target)


def write_copy(db: Database, target: Path) -> None:
    """Write a copy over whatever lies at `target`, and bring it to the disk; nothing is left there where that fails."""
    _discard(target)
    try:
        db.execute("VACUUM INTO ?", (str(target),))
        settle_file(target)
    except BaseException:
        _discard(target)
        raise


def _discard(target: Path) -> None:
    """A journal goes first: SQLite would roll it back into the next file of that name."""
    for path in (Path(f"{target}-journal"), target):
        path.unlink(missing_ok=True)


def put_in_place(unfinished: Path, target: Path) -> None:
    """Give a finished file its name, for good when this returns."""
    try:
        unfinished.replace(target)
    except OSError as error:
        raise ArchiveError(f"{target} cannot be written: {error.strerror}") from error
    settle_folder(target.parent)


def rows(db: Database, sql: str, values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
    """All rows of a query, each a mapping from column to value."""
    cursor = db.execute(sql, dict(values or {}))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """All or nothing. Takes the write lock at once: a lock asked for half-way is refused without waiting."""
    _begin(db)
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.conn.in_transaction:  # a full disk may have rolled back already
            db.execute("ROLLBACK")
        raise


def wait_in_steps(db: Writer) -> None:
    """Let SQLite wait for a second at most, so that who is hurried meanwhile notices."""
    db.execute(f"PRAGMA busy_timeout = {int(1000 * min(_BUSY_STEP_S, db.patience.busy_s))}")


def _begin(db: Database) -> None:
    patience = db.patience if isinstance(db, Writer) else Patience(0.0)
    ends = time.monotonic() + patience.busy_s
    while True:
        try:
            db.execute("BEGIN IMMEDIATE")
        except pysqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != _BUSY or patience.hurried or time.monotonic() >= ends:
                raise
        else:
            return


@contextmanager
def time_limit(db: Database, seconds: float) -> Iterator[None]:
    """Cut what runs longer than `seconds`; the cut surfaces as `QueryTooSlow` inside `translated`."""
    end = time.monotonic() + seconds
    db.conn.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS_BETWEEN_CHECKS)
    try:
        yield
    finally:
        db.conn.set_progress_handler(None, 0)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn SQLite's errors into ours; `doing` completes "cannot ..."."""
    try:
        yield
    except pysqlite3.Error as error:
        raise _ours(doing, error) from error
    except UnicodeEncodeError as error:  # half of a surrogate pair: no text that can be stored
        raise ArchiveError(f"cannot {doing}: {error.reason} in what was to be stored") from error


def _ours(doing: str, error: Exception) -> ArchiveError:
    code = getattr(error, "sqlite_errorcode", 0)
    primary = code & 0xFF
    if primary in {_BUSY, _LOCKED, _PROTOCOL}:
        return ArchiveBusy(f"cannot {doing}: another process keeps the database locked")
    if primary == _FULL or code in _IOERR_NO_SPACE:
        return DiskFull(f"cannot {doing}: no space is left for the archive")
    if primary in {_CORRUPT, _NOTADB}:
        return ArchiveCorrupt(f"cannot {doing}: {error}; nothing was written")
    if primary == _INTERRUPT:
        return QueryTooSlow(f"cannot {doing}: it took too long; ask for fewer or rarer words")
    if primary in {_READONLY, _CANTOPEN}:
        return ArchiveError(f"cannot {doing}: {error}; the data folder must be writable")
    return ArchiveError(f"cannot {doing}: {error}")


def _prepare(path: Path, *, known: int, check: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        there = path.exists() and path.stat().st_size > 0
    except OSError as error:
        raise ArchiveError(f"cannot open {path}: {error.strerror}; the data folder must be ours") from error
    if not there:
        return
    require_header(path)
    finish_rollback(path)
    with translated(f"open {path}"):
        db = read_only(path)
        try:
            identify(db, path, known)
            if check:
                require_sound(db, path)
        finally:
            db.close()


def _require_current(found: int, path: Path, known: int) -> None:
    if found < known:
        raise ArchiveSchema(f"{path} is of an older version (schema {found} of {known}): start the worker once")


def _set_up(db: Database, max_bytes: int | None) -> None:
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
        f"journal_size_limit = {_WAL_LIMIT_BYTES}",
    ):
        db.execute(f"PRAGMA {pragma}")
    if max_bytes is not None:
        page_bytes = db.execute("PRAGMA page_size").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {max_bytes // page_bytes}")
