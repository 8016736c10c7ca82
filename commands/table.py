"""Which module holds which command. A module is imported when one of its commands is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from typer.core import TyperGroup
from typer.main import get_group

if TYPE_CHECKING:
    from typer._click import Command, Context  # its own copy of click, which it names nowhere else

MODULES = {
    "service": ("run", "poll"),
    "reading": ("ingest", "seed", "compare"),
    "archive": ("search", "meetings", "claims", "leads", "people", "article"),
    "upkeep": ("status", "health", "doctor", "config"),
    "copies": ("backup", "restore"),
    "demo": ("demo",),
    "alerts": ("alerts",),
    "feeds": ("feeds",),
    "export": ("export",),
    "verdicts": ("calibrate", "refit"),
}
"""Every module of commands, and which it holds; the help names them in this order."""
COMMANDS = {name: module for module, names in MODULES.items() for name in names}


class Commands(TyperGroup):
    """The commands of `MODULES`."""

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names, in order."""
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:  # noqa: ARG002 - click's signature
        """One command, or group of commands."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"commands.{COMMANDS[cmd_name]}")
        return get_group(module.app).commands[cmd_name]
