"""`backup` and `restore`: copies of the archive, made while it is written, and put back; `run` makes some by itself."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import structlog
import typer

from commands.options import AsJson
from monitor.adapters.terminal import Format, emit, show
from monitor.errors import ArchiveError
from monitor.settings import load_settings
from storage.backups import back_up, copy_name, restore

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands.workshop import Place, Workshop
    from monitor.ports import Clock
    from monitor.settings import Settings
    from storage.archive import SqliteArchive
    from storage.backups import Copied, Restored

app = typer.Typer(rich_markup_mode=None)

RETRY_S: Final = 3600.0
"""A copy that fails, for want of room mostly, is tried again when somebody may have seen to it."""

_log = structlog.get_logger()


@app.command("backup")
def backup_(
    ctx: typer.Context,
    to: Annotated[str | None, typer.Option(help="A file that is not there yet, or a folder.")] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Delete all but so many copies in the folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the archive as it is now, while a worker runs or not."""
    shop: Workshop = ctx.obj
    name = copy_name(shop.clock.now())
    target = shop.place.copies(load_settings(shop.place.config)) / name if to is None else _target(to, name)
    if keep is not None and target.name != name:
        raise typer.BadParameter("goes with a folder, not with a file", param_hint="--keep")
    made = back_up(shop.place.archive, target, keep=keep)
    if as_json:
        emit(_made_json(made))
    else:
        show([_made_json(made)], ("path", "bytes", "seconds", "articles"), form=Format.TABLE)


@app.command("restore")
def restore_(
    ctx: typer.Context,
    copy: Annotated[Path, typer.Argument(metavar="FILE")],
    force: Annotated[bool, typer.Option("--force", help="Replace an archive that is in order, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a copy in the archive's place, and keep beside it what was there."""
    shop: Workshop = ctx.obj
    place = shop.place
    with shop.holding():
        done = restore(copy.absolute(), place.archive, at=shop.clock.now(), force=force, network=place.network)
    if as_json:
        emit(_restored_json(done))
    else:
        columns = ("path", "articles", "alerts", "last_heartbeat", "schema", "kept")
        show([_restored_json(done)], columns, form=Format.TABLE)


@dataclass(slots=True, kw_only=True)
class Copier:
    """A copy every so many hours, as a job of the service. When the last was made stands in the archive.

    `told` hears why a copy could not be made, and None where one was.
    """

    place: Place
    settings: Settings
    archive: SqliteArchive
    clock: Clock
    told: Callable[[str | None], None] = lambda _why: None
    _not_before: float = 0.0

    async def look(self) -> None:
        """Make a copy if one is due; one that fails is told in the log and tried again in an hour."""
        now = self.clock.now()
        if self.clock.monotonic() < self._not_before or not self._due():
            return
        self._not_before = self.clock.monotonic() + RETRY_S
        try:
            made = await self._copy(self.place.copies(self.settings) / copy_name(now))
        except ArchiveError as error:
            _log.error("no copy of the archive was made", code=error.code, message=error.message)
            self.told(f"no copy of the archive was made: {error.message}")
            return
        self.archive.mark_copied(now)
        self.told(None)
        self._not_before = 0.0
        _log.info("archive copied", path=str(made.path), bytes=made.size_bytes, seconds=round(made.seconds, 2))

    def _due(self) -> bool:
        if not self.settings.backup.every_h:
            return False
        last, every = self.archive.last_copied(), timedelta(hours=self.settings.backup.every_h)
        # A clock that was set back must not leave the archive without copies until it has caught up.
        return last is None or abs(self.clock.now() - last) >= every

    async def _copy(self, target: Path) -> Copied:
        """In a thread, which ends soon after this is cancelled: a stop need not wait for a copy."""
        stop = threading.Event()
        try:
            return await asyncio.to_thread(
                back_up, self.place.archive, target, keep=self.settings.backup.keep, given_up=stop.is_set
            )
        finally:
            stop.set()


def _target(to: str, name: str) -> Path:
    path = Path(to).absolute()
    return path / name if path.is_dir() or to.endswith(os.sep) else path


def _made_json(made: Copied) -> dict[str, object]:
    return {
        "path": str(made.path),
        "bytes": made.size_bytes,
        "seconds": round(made.seconds, 3),
        **made.holding.as_json(),
        "deleted": [str(path) for path in made.deleted],
    }


def _restored_json(done: Restored) -> dict[str, object]:
    return {"path": str(done.path), "kept": None if done.kept is None else str(done.kept), **done.holding.as_json()}
