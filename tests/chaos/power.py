"""Power cuts on the archive's own SQL: what was acknowledged is there afterwards, whatever of the rest got to the disk.

The statements of a real run are recorded, and played again through a virtual file system that notes every write and
sync. A power cut may come at any moment: then what was synced is on disk, and of what was written since, any part may
be, in any order, torn at any sector (as in SQLite's own crash tests, https://www.sqlite.org/testing.html). Each such
state is opened by the real archive.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import apsw
import pysqlite3

from monitor.adapters.deliver import deliver_one
from monitor.adapters.engine import InlineCompute
from monitor.adapters.similarity import LexicalSimilarity
from monitor.errors import ArchiveError, MailUnavailable
from monitor.model import Alarm, FeedState, NoticeKind
from monitor.pipeline import Ports, deliver, ingest
from monitor.ports import Commit, ReadJob
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from storage.archive import SqliteArchive
from storage.seed import seed_articles
from tests.chaos.figures import Figure

if TYPE_CHECKING:
    from monitor.model import Delivery
    from monitor.ports import Fetch

ROOT: Final = Path(__file__).parents[2]
SECTOR_BYTES: Final = 512
NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)

_COUNTED: Final = (
    *("articles", "versions", "claims", "mentions", "relations", "alerts", "entries", "entry_keys", "feeds", "fetches"),
    *("alarms", "notices", "deliveries", "facts"),
)
_STANDS: Final = (
    "SELECT group_concat(id || state || attempts, ' ') FROM (SELECT * FROM deliveries ORDER BY id)",
    "SELECT group_concat(feed_id || next_poll_at, ' ') FROM (SELECT * FROM feeds ORDER BY feed_id)",
    "SELECT group_concat(code || coalesce(cleared_at, ''), ' ') FROM (SELECT * FROM alarms ORDER BY id)",
)
Statement = tuple[str, Any, bool]
"""SQL, its parameters, and whether these are many rows of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A real run: the archive it began from, and every statement since, in order."""

    before: bytes
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """One call of SQLite to its files. `acknowledged`: commits that had returned before it."""

    kind: str
    file: str
    acknowledged: int
    offset: int = 0
    data: bytes = b""


@dataclass(slots=True, kw_only=True)
class Toll:
    """What the cuts did: states tried, corrupt ones, and those in which something acknowledged was not there."""

    states: int = 0
    commits: int = 0
    corrupt: int = 0
    lost: int = 0
    told: list[str] = field(default_factory=list)


class _Recorder:
    """The archive's own connection, with everything that is asked of it written down."""

    def __init__(self, conn: Any) -> None:  # noqa: ANN401 - pysqlite3 ships no types
        self._conn = conn
        self.statements: list[Statement] = []

    def execute(self, sql: str, values: object = ()) -> Any:  # noqa: ANN401 - a cursor of pysqlite3
        self.statements.append((sql, values, False))
        return self._conn.execute(sql, values)

    def executemany(self, sql: str, values: object) -> Any:  # noqa: ANN401 - as above
        many = list(values)  # type: ignore[call-overload]
        self.statements.append((sql, many, True))
        return self._conn.executemany(sql, many)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a connection has
        return getattr(self._conn, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0


@dataclass(slots=True, kw_only=True)
class _Channel:
    """A channel of the world outside that is down every third time."""

    channel: str = "mail"
    recipients: tuple[str, ...] = ("desk@example.org", "night@example.org")
    operators: tuple[str, ...] = ("watch@example.org",)
    bundles: bool = False
    tries: int = 0

    async def send(self, _delivery: Delivery) -> None:
        self.tries += 1
        if self.tries % 3 == 0:
            raise MailUnavailable("the server is down")

    async def send_together(self, _bundle: str, deliveries: tuple[Delivery, ...]) -> None:
        for delivery in deliveries:
            await self.send(delivery)


def record(path: Path) -> Trace:
    """Read the seed articles with their deliveries, send them, keep feeds and alarms: all that a worker writes."""
    with SqliteArchive(path) as archive:
        archive.mark_seeded(NOON)
    before = path.read_bytes()
    return Trace(before=before, statements=tuple(asyncio.run(_worked(path))))


async def _worked(path: Path) -> list[Statement]:
    with SqliteArchive(path) as archive:
        recorder = _Recorder(archive._db.conn)
        archive._db.conn = recorder  # type: ignore[assignment]
        ports = Ports(
            archive=archive,
            fetch=_no_fetch(),
            compute=InlineCompute(read_article, load_read_config(ROOT / "config")),
            similarity=LexicalSimilarity(),
            clock=_Clock(),
            attempt=deliver_one,
            digest_at=lambda now: now,
            channels=(_Channel(),),
        )
        jobs = [
            ReadJob(
                article_id=seed.id, url=f"https://example.org/{seed.id}", outlet="o", fetched_at=NOON, text=seed.text
            )
            for seed in seed_articles()
        ]
        async for _end in ingest(ports, jobs):
            state = FeedState(feed_id="f", next_poll_at=NOON + timedelta(minutes=len(recorder.statements)))
            archive.commit(Commit(feed_state=state))
            await deliver(ports)
        alarm = Alarm(code="E-FEED-GONE", message="gone", since=NOON, feed_id="f")
        archive.commit(Commit(raised=(alarm,)))
        archive.commit(Commit(cleared=(alarm,)))
        archive.heartbeat(NOON)
        assert archive.last_notice_at(NoticeKind.ALARM) is None
        archive._db.conn = recorder._conn
    return recorder.statements


def _no_fetch() -> Fetch:
    class Nothing:
        async def get(self, url: str, **_how: object) -> Any:  # noqa: ANN401 - it never returns
            raise AssertionError(f"nothing is fetched here: {url}")

    return Nothing()


def cut(trace: Trace, folder: Path, *, states: int, synchronous: str = "FULL", seed: int = 1) -> Toll:
    """Cut the power at `states` moments, at random but always the same ones for one `seed`.

    Args:
        trace: What to play.
        folder: An empty folder to work in.
        states: States to make and open.
        synchronous: SQLite's setting; the archive's is FULL, any other shows what this can see.
        seed: Of the choice of moments and of what reached the disk.
    """
    ops, marks = _played(trace, folder / "play", synchronous)
    chance = random.Random(seed)  # noqa: S311 - not for secrets: the same states every time
    moments = Counter(chance.randrange(len(ops) + 1) for _ in range(states))
    toll = Toll(commits=len(marks) - 1)
    durable = {"db": bytearray(trace.before), "db-wal": bytearray()}
    pending: dict[str, list[Op]] = {"db": [], "db-wal": []}
    for number in range(len(ops) + 1):
        acknowledged = ops[number].acknowledged if number < len(ops) else len(marks) - 1
        for _ in range(moments[number]):
            files = {name: _after(chance, bytes(image), pending[name]) for name, image in durable.items()}
            _open(files, folder / "state", (marks[acknowledged], marks[min(acknowledged + 1, len(marks) - 1)]), toll)
        if number < len(ops):
            _apply(durable, pending, ops[number])
    return toll


def _played(trace: Trace, folder: Path, synchronous: str) -> tuple[list[Op], list[str]]:
    """Every call to the files, and how the archive stood after each commit; the first is before any."""
    folder.mkdir()
    path = folder / "play.db"
    path.write_bytes(trace.before)
    ops: list[Op] = []
    marks: list[str] = []
    vfs = _NotingVfs(ops, marks)
    conn = apsw.Connection(str(path), vfs=vfs.name)
    for pragma in (
        "journal_mode = WAL",
        f"synchronous = {synchronous}",
        "foreign_keys = ON",
        "wal_autocheckpoint = 200",
    ):
        conn.execute(f"PRAGMA {pragma}")
    conn.execute("BEGIN IMMEDIATE; COMMIT")
    ops.clear()
    marks.append(_mark(conn))
    for sql, values, many in trace.statements:
        if many:
            conn.executemany(sql, values)
        else:
            for _row in conn.execute(sql, values):
                pass
        if sql.strip().upper() == "COMMIT":
            marks.append(_mark(conn))
    found = list(ops)
    conn.close()
    vfs.unregister()
    return found, marks


class _NotingVfs(apsw.VFS):
    """The system's own, with every write, truncation and sync written down."""

    def __init__(self, ops: list[Op], marks: list[str]) -> None:
        self.name = f"noting-{id(self)}"
        self._ops, self._marks = ops, marks
        super().__init__(self.name, "unix")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: ANN401, N802 - apsw's
        return _NotingFile(name, flags, self._ops, self._marks)


class _NotingFile(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], ops: list[Op], marks: list[str]) -> None:  # noqa: ANN401 - apsw's
        shown = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._file = "db-wal" if (shown or "").endswith("-wal") else "db" if (shown or "").endswith(".db") else ""
        self._ops, self._marks = ops, marks
        super().__init__("unix", name, flags)

    def _note(self, kind: str, **what: Any) -> None:
        if self._file:
            self._ops.append(Op(kind=kind, file=self._file, acknowledged=max(0, len(self._marks) - 1), **what))

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - apsw's
        self._note("write", offset=offset, data=bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - apsw's
        self._note("truncate", offset=newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - apsw's
        self._note("sync")
        super().xSync(flags)


def _apply(durable: dict[str, bytearray], pending: dict[str, list[Op]], op: Op) -> None:
    pending[op.file].append(op)
    if op.kind == "sync":
        for done in pending[op.file]:
            _write(durable[op.file], done)
        pending[op.file].clear()


def _write(image: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        del image[op.offset :]
        image.extend(bytes(max(0, op.offset - len(image))))
    elif op.kind == "write":
        image.extend(bytes(max(0, op.offset + len(op.data) - len(image))))
        image[op.offset : op.offset + len(op.data)] = op.data


def _after(chance: random.Random, synced: bytes, unsynced: list[Op]) -> bytes:
    """A file after the cut: of each unsynced write all, nothing or some sectors, in whatever order they came."""
    image = bytearray(synced)
    kept = [op for op in unsynced if chance.random() < chance.choice((0.1, 0.5, 0.9, 1.0))]
    if chance.random() < 0.3:
        chance.shuffle(kept)
    for op in kept:
        _write(image, _torn(chance, op) if op.kind == "write" and chance.random() < 0.3 else op)
    return bytes(image)


def _torn(chance: random.Random, op: Op) -> Op:
    sectors = max(1, len(op.data) // SECTOR_BYTES)
    first, last = sorted((chance.randint(0, sectors), chance.randint(0, sectors)))
    data = op.data[first * SECTOR_BYTES : last * SECTOR_BYTES]
    return Op(
        kind="write", file=op.file, acknowledged=op.acknowledged, offset=op.offset + first * SECTOR_BYTES, data=data
    )


def _open(files: dict[str, bytes], folder: Path, fit: tuple[str, str], toll: Toll) -> None:
    """What the archive finds after the cut: how it stood at the last acknowledged commit, or at the one under way."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "rasid.db").write_bytes(files["db"])
    (folder / "rasid.db-wal").write_bytes(files["db-wal"])
    toll.states += 1
    try:
        with SqliteArchive(folder / "rasid.db") as archive:
            whole = archive._db.execute("PRAGMA integrity_check").fetchone()[0]
            found = _mark(archive._db.conn)
    except (ArchiveError, pysqlite3.Error) as error:
        toll.corrupt += 1
        toll.told.append(str(error))
        return
    if whole != "ok":
        toll.corrupt += 1
        toll.told.append(whole)
    elif found not in fit:
        toll.lost += 1
        toll.told.append(f"found {found[:200]}, not {fit[0][:200]}")


def _mark(conn: Any) -> str:  # noqa: ANN401 - of apsw or pysqlite3
    counts = [next(iter(conn.execute(f"SELECT count(*) FROM {table}")))[0] for table in _COUNTED]  # noqa: S608 - ours
    stands = [next(iter(conn.execute(sql)))[0] for sql in _STANDS]
    return repr((counts, stands))


async def run() -> tuple[list[Figure], list[str]]:
    """Five thousand states, and how many a weaker setting would lose."""
    with tempfile.TemporaryDirectory() as name:
        return await asyncio.to_thread(_run, Path(name))


def _run(folder: Path) -> tuple[list[Figure], list[str]]:
    trace = record(folder / "rasid.db")
    toll = cut(trace, _made(folder / "full"), states=5000)
    weaker = cut(trace, _made(folder / "normal"), states=500, synchronous="NORMAL")
    figures = [
        Figure(name="commits in the trace", seen=toll.commits),
        Figure(name="states after a power cut", seen=toll.states),
        Figure(name="corrupt", seen=toll.corrupt, limit=0),
        Figure(name="acknowledged, and lost", seen=toll.lost, limit=0),
        Figure(name="the same with synchronous=NORMAL, of 500", seen=weaker.lost, least=1),
    ]
    return figures, toll.told[:5]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
