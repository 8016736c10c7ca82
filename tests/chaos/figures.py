"""Figures beside their limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Something measured: at most `limit`, at least `least`, or only told."""

    name: str
    seen: float
    limit: float | None = None
    least: float | None = None
    unit: str = ""

    @property
    def broken(self) -> bool:
        over = self.limit is not None and not self.seen <= self.limit
        return over or (self.least is not None and not self.seen >= self.least)

    def line(self) -> tuple[str, str, str, str]:
        bounds = [f"<= {_plain(self.limit)}"] if self.limit is not None else []
        bounds += [f">= {_plain(self.least)}"] if self.least is not None else []
        return self.name, f"{_plain(self.seen)} {self.unit}".strip(), " ".join(bounds), "BROKEN" if self.broken else ""


def table(title: str, figures: Iterable[Figure]) -> str:
    """A title, and a line for each figure."""
    lines = [figure.line() for figure in figures]
    widths = [max((len(line[at]) for line in lines), default=0) for at in range(3)]
    rows = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]]) for line in lines
    )
    return "\n".join([f"== {title}", *(row.rstrip() for row in rows)])


def broken(figures: Iterable[Figure]) -> tuple[str, ...]:
    """What is beyond its limit, in words: empty where all is well."""
    return tuple(" ".join(filter(None, figure.line())) for figure in figures if figure.broken)


def _plain(value: float | None) -> str:
    number = value or 0.0
    return f"{number:.0f}" if float(number).is_integer() else f"{number:.3f}" if abs(number) < 10 else f"{number:.1f}"
