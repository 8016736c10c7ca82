"""How it stands: feeds and outbox, health, what would go wrong, whether the configuration is right."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from commands.options import BAD_USAGE, DONE, FAILED, AsJson
from commands.workshop import load
from monitor.adapters.terminal import Format, emit, say, show
from monitor.errors import ConfigError, RasidError
from monitor.settings import load_feeds, load_settings
from storage.connection import check_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from commands.workshop import Workshop

HEALTHY_INTERVALS = 3
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
    found = {**found, "configured": configured}
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
    if as_json:
        emit({"healthy": healthy, "last_heartbeat": None if last is None else last.isoformat()})
    else:
        say(f"{'healthy' if healthy else 'not healthy'}: last cycle {last.isoformat() if last else 'never'}")
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
    rows = [
        {"check": name, "ok": problem is None, "problem": problem, "fix": None if problem is None else fix}
        for name, problem, fix in _checks(ctx.obj)
    ]
    if as_json:
        emit(rows)
    else:
        show(rows, ("check", "ok", "problem", "fix"), form=Format.TABLE)
    raise typer.Exit(DONE if all(row["ok"] for row in rows) else FAILED)


def _checks(shop: Workshop) -> Iterator[tuple[str, str | None, str]]:
    place = shop.place
    old = sys.version_info < (3, 11)
    yield "python", f"{platform.python_version()} is too old" if old else None, "install Python 3.11 or newer"
    yield "sqlite", _problem(check_sqlite), "run `make install`: pysqlite3 brings a newer one"
    yield "configuration", _problem(lambda: load(place)), "mend what is named; `config check` lists all of it"
    yield "data folder", _unwritable(place.data), f"make {place.data} writable for uid {os.getuid()}"
    archive = _problem(lambda: shop.asking().__enter__().close()) if place.archive.exists() else None
    yield "archive", archive, "restore the archive from a backup, or start the worker once to renew it"


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
        return f"{folder}: {error.strerror}"
