"""Rows as people read them: a table in a terminal, or CSV. JSON is printed as the rows are."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from monitor.render.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

CELL_CHARS = 300
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    """The named columns of each row; nothing in a cell is markup or a control character."""
    shown = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        shown.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        shown.add_row(*(Text(one_line(_cell(row.get(column)), CELL_CHARS)) for column in columns))
    return shown


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """CSV with a byte order mark, for spreadsheets that take Arabic for Latin without it.

    A cell that a spreadsheet would run as a formula is put behind an apostrophe (OWASP, CSV injection).
    """
    return "".join(csv_lines(rows, columns))


def csv_lines(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    """`as_csv`, row by row: the mark and the head first."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\r\n")
    sink.write("\ufeff")
    writer.writerow(columns)
    yield sink.getvalue()
    for row in rows:
        sink.seek(0)
        sink.truncate()
        cells = (_cell(row.get(column)) for column in columns)
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
        yield sink.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_cell(inner)}" for key, inner in value.items() if inner not in {None, ""})
    if isinstance(value, list):
        return "; ".join(_cell(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
