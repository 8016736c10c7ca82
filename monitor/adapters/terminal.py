"""What a command says: results on stdout, as JSON alone where that is asked for; everything else on stderr."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from monitor.render.plain import one_line, seen
from monitor.render.tables import as_csv, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence

PIPE_COLUMNS = 400

_people = Console(stderr=True, highlight=False)


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def emit(value: object) -> None:
    """One JSON value on a line of stdout, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(message: str) -> None:
    """A message for people, on stderr; what a stranger may have put into it gives the terminal no orders."""
    _people.print(_seen_lines(message), markup=False, soft_wrap=True)


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, form: Format) -> None:
    """Rows on stdout: a JSON list, CSV or a table."""
    if form is Format.JSON:
        emit(list(rows))
    elif form is Format.CSV:
        sys.stdout.write(as_csv(rows, columns))
    else:
        console = Console(highlight=False)
        # Into a file or a pipe whole lines go: eighty columns, which is what rich falls back to, would cut every cell.
        console.width = console.width if console.is_terminal else PIPE_COLUMNS
        console.print(table(rows, columns))


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[], None]]:
    """A bar on stderr where a terminal is there; call what is yielded for each step."""
    if not _people.is_terminal:
        yield lambda: None
        return
    bar = Progress(TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=_people)
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def log_to_stderr(level: str, form: str) -> None:
    """Send the log to stderr: as JSON lines, or for people where `form` says so or a terminal is there."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    last = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _visible,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def _visible(_logger: object, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """What a log is told, in one line each and without what a terminal obeys; tracebacks keep their lines."""
    return {name: _seen_lines(value) if name == "exception" else _cleaned(value) for name, value in event.items()}


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(one) for key, one in value.items()}
    return [_cleaned(one) for one in value] if isinstance(value, list | tuple) else value


def _seen_lines(text: str) -> str:
    return "\n".join(seen(line) for line in text.split("\n"))
