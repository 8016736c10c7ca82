"""Options that many commands take, and the exit codes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.adapters.terminal import Format
from monitor.model import Relation

DONE, FAILED, BAD_USAGE, RUNNING = 0, 1, 2, 75

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
AsFormat = Annotated[Format, typer.Option("--format", help="How rows are printed.")]
Since = Annotated[str | None, typer.Option(help="Published (or fetched) on this day or later: YYYY-MM-DD.")]
Person = Annotated[str | None, typer.Option(help="Only where this person takes part: an id, such as saddam_haftar.")]
Country = Annotated[str | None, typer.Option(help="Only this country: FR, EU ...")]
RelationOnly = Annotated[Relation | None, typer.Option("--relation", help="Only claims of this relation.")]
Outlet = Annotated[str | None, typer.Option(help="Only this outlet, by its exact name.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]


def moment_of(since: str | None) -> datetime | None:
    """The moment `--since` names: of a day its beginning, in UTC where no other is said."""
    try:
        moment = None if since is None else datetime.fromisoformat(since)
    except ValueError as error:
        raise typer.BadParameter(f"{since!r} is no day; allowed: YYYY-MM-DD", param_hint="--since") from error
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def form_of(form: Format, as_json: bool) -> Format:
    """`--json` goes before `--format`."""
    return Format.JSON if as_json else form
