"""Rows for people: no cell is markup, a formula or a control character."""

from __future__ import annotations

import csv
import io
from typing import Any

from rich.console import Console

from monitor.render.tables import as_csv, table

ROWS: list[dict[str, Any]] = [
    {"a": "=1+1", "b": "[bold]x[/]\x1b[31m\u202eنص\nسطر"},
    {"a": None, "b": [{"name": "س", "office": None}, "ص"]},
]


def test_a_spreadsheet_runs_no_cell_and_reads_arabic() -> None:
    text = as_csv(ROWS, ("a", "b"))
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:])))
    assert rows[0] == ["a", "b"]
    assert rows[1][0] == "'=1+1"
    assert rows[2] == ["", "name س; ص"]


def test_a_terminal_gets_no_markup_controls_or_turned_text() -> None:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(table(ROWS, ("a", "b")))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "[bold]x[/][31mنص سطر" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
