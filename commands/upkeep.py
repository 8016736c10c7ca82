"""How it stands: feeds and outbox, health, what would go wrong, whether the configuration is right."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from commands.options import BAD_USAGE, DONE, FAILED, AsJson
from commands.workshop import load
from monitor.adapters.terminal import Format, emit, say, show
from monitor.errors import ArchiveCorrupt, ConfigError, RasidError
from monitor.settings import Settings, load_feeds, load_settings
from storage.backups import copies, inspect, made_at, way_back
from storage.connection import check_sqlite, log_bytes
from storage.filesystem import free_bytes, require_local, require_room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from commands.workshop import Place, Workshop

HEALTHY_INTERVALS = 3
LATE_COPIES = 2
"""Intervals without a copy that `doctor` finds too many: one may fail."""
MENDED = {(3, 11): 15, (3, 12): 13, (3, 13): 12, (3, 14): 3}
"""Of each line of Python, the first patch level without CVE-2026-1299, https://github.com/python/cpython/issues/144125"""
_TABLES = frozenset({"feeds", "configured", "alarms"})
"""What `status` shows to people in tables of its own."""

app = typer.Typer(rich_markup_mode=None)
config = typer.Typer(no_args_is_help=True, help="The configuration.")
app.add_typer(config, name="config")


@app.command("status")
def status_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Feeds, outbox, and how entries ended."""
    shop: Workshop = ctx.obj
    configured = [one.id for one in load_feeds(*shop.place.feeds)]
    with shop.asking() as reader:
        found = reader.status()
    found = {**found, "configured": configured, **_disk(shop.place)}
    if as_json:
        emit(found)
        return
    rows = [{"what": name, "is": value} for name, value in found.items() if name not in _TABLES]
    show(rows, ("what", "is"), form=Format.TABLE)
    show(found["feeds"], ("feed_id", "failures", "last_ok_at", "last_error_code", "last_error"), form=Format.TABLE)
    if found["alarms"]:
        show(found["alarms"], ("feed_id", "code", "since", "message"), form=Format.TABLE)


@app.command("health")
def health_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Whether work gets done: 0 if a cycle was completed within three intervals, else 1."""
    shop: Workshop = ctx.obj
    settings = load_settings(shop.place.config)
    limit = timedelta(seconds=HEALTHY_INTERVALS * settings.poll.interval_s)
    with shop.asking() as reader:
        last = reader.last_heartbeat()
    healthy = last is not None and shop.clock.now() - last < limit
    problem = _disk(shop.place)["disk"]
    if as_json:
        emit({"healthy": healthy, "last_heartbeat": None if last is None else last.isoformat(), "disk": problem})
    else:
        say(f"{'healthy' if healthy else 'not healthy'}: last cycle {last.isoformat() if last else 'never'}")
        if problem:
            say(problem)
    raise typer.Exit(DONE if healthy else FAILED)


@config.command("check")
def config_check_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Load everything and name every problem at once; exit code 2 if there is one."""
    shop: Workshop = ctx.obj
    problems: tuple[str, ...] = ()
    try:
        load(shop.place)
    except ConfigError as error:
        problems = error.problems
    if as_json:
        emit({"ok": not problems, "problems": list(problems)})
    else:
        for problem in problems or ("the configuration is right",):
            say(problem)
    raise typer.Exit(BAD_USAGE if problems else DONE)


@app.command("doctor")
def doctor_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Look for what would go wrong, each with its remedy."""
    warnings = [_row(*found, ok=True) for found in _warnings()]
    rows = [*warnings, *(_row(*found, ok=found[1] is None) for found in _checks(ctx.obj))]
    if as_json:
        emit(rows)
    else:
        show(rows, ("check", "ok", "problem", "fix"), form=Format.TABLE)
    raise typer.Exit(DONE if all(row["ok"] for row in rows) else FAILED)


def _disk(place: Place) -> dict[str, Any]:
    """Room under the archive, which is asked here: a worker that has none cannot write that it pauses."""
    return {
        "wal_bytes": log_bytes(place.archive),
        "free_bytes": free_bytes(place.data),
        "disk": _problem(lambda: require_room(place.data)),
    }


def unmended(version: tuple[int, int, int] = sys.version_info[:3]) -> str | None:
    """What is known of a Python whose e-mail library lets line ends into headers; None where it is mended."""
    line, patch = version[:2], version[2]
    if patch >= MENDED.get(line, 0):
        return None
    found, mended = (".".join(map(str, parts)) for parts in (version, (*line, MENDED[line])))
    return f"Python {found} has CVE-2026-1299 (line ends in headers of e-mail), mended in {mended}"


def _row(name: str, problem: str | None, fix: str, *, ok: bool) -> dict[str, Any]:
    return {"check": name, "ok": ok, "problem": problem, "fix": None if problem is None else fix}


def _warnings() -> Iterator[tuple[str, str | None, str]]:
    """What should be seen to, though all works."""
    fix = "install the newest patch level of this Python, or see whether its distributor mended it under the old one"
    yield "python patch level", unmended(), fix


def _checks(shop: Workshop) -> Iterator[tuple[str, str | None, str]]:
    place, uid = shop.place, os.geteuid()
    old = sys.version_info < (3, 11)
    yield "python", f"{platform.python_version()} is too old" if old else None, "install Python 3.11 or newer"
    yield "sqlite", _problem(check_sqlite), "run `make install`: pysqlite3 brings a newer one"
    yield "configuration", _problem(lambda: load(place)), "mend what is named; `config check` lists all of it"
    yield "data folder", _unwritable(place.data), f"make {place.data} writable for uid {uid}"
    yield "owner", _not_ours(place, uid), f"give the files to the worker: `chown -R {uid} {place.data}`"
    network = None if place.network else _problem(lambda: require_local(place.archive))
    yield "file system", network, f"move {place.data} to a local disk, or start with --i-know"
    yield "room", _problem(lambda: require_room(place.data)), f"free space on the disk that holds {place.data}"
    yield from _checks_of_archive(shop)


def _checks_of_archive(shop: Workshop) -> Iterator[tuple[str, str | None, str]]:
    place = shop.place
    settings = _settings(place)
    folder = place.copies(settings)
    if not place.archive.exists():
        yield "archive", None, ""
        yield "alarms", None, ""
        yield "backups", None, ""
        return
    problem = _problem(lambda: inspect(place.archive, whole=False)) or _problem(lambda: _ask(shop))
    # The newest good copy is looked for only where it is wanted: that reads copies whole.
    damaged = problem is not None and problem.startswith(ArchiveCorrupt.code)
    fix = way_back(folder, place.data) if damaged else "see to what is named, or start the worker once to renew it"
    yield "archive", problem, fix
    standing = None if problem else _standing(shop)
    yield "alarms", standing, "docs/reference.md tells what each means; it ends by itself when its cause is gone"
    late = None if problem else _late(shop, settings, folder)
    yield "backups", late, f"make one with `worker.py backup`, and look into the log why {folder} got none"


def _ask(shop: Workshop) -> None:
    with shop.asking() as reader:
        reader.last_heartbeat()


def _standing(shop: Workshop) -> str | None:
    """The alarms that stand, each in its sentence."""
    with shop.asking() as reader:
        alarms = reader.status()["alarms"]
    return "; ".join(f"{one['code']}: {one['feed_id'] or 'the watch'}: {one['message']}" for one in alarms) or None


def _settings(place: Place) -> Settings:
    try:
        return load_settings(place.config)
    except ConfigError:  # told by a check of its own
        return Settings()


def _late(shop: Workshop, settings: Settings, folder: Path) -> str | None:
    """What is wrong with the age of the newest copy; nothing where none is made by schedule."""
    every, now = timedelta(hours=settings.backup.every_h), shop.clock.now()
    if not every:
        return None
    found = copies(folder)
    since = made_at(found[0]) if found else inspect(shop.place.archive, whole=False).began
    if now - since <= LATE_COPIES * every:
        return None
    newest = f"the newest, {found[0]}, is of {since.isoformat(timespec='minutes')}" if found else "there is none"
    return f"{folder}: a copy is due every {settings.backup.every_h:g} hours; {newest}"


def _not_ours(place: Place, uid: int) -> str | None:
    """Files of the data folder that this user may not write, each with its owner."""
    names = (place.archive, Path(f"{place.archive}-wal"), Path(f"{place.archive}-shm"), place.data / "rasid.lock")
    closed = [f"{path} belongs to uid {path.stat().st_uid}" for path in names if _closed(path)]
    return f"uid {uid} may not write: {', '.join(closed)}" if closed else None


def _closed(path: Path) -> bool:
    return path.exists() and not os.access(path, os.R_OK | os.W_OK, effective_ids=True)


def _problem(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except RasidError as error:
        return str(error)
    return None


def _unwritable(folder: Path) -> str | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return f"{folder}: {error.strerror} for uid {os.geteuid()}"
