"""Files of judged pairs and of verdicts: one JSON object a line. Nothing is taken from a file with a faulty line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.deciding.refitting import Labelled, said_same
from monitor.errors import InputMalformed, InputMissing
from monitor.model import Relation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Line = TypeVar("Line")


def read_pairs(path: Path) -> list[tuple[str, str, bool]]:
    """Pairs `{"known", "incoming", "label"}`.

    The label is true, 1, "same" or "known" for one claim, false, 0, "different" or "new" for two.

    Returns:
        Known text, incoming text, and whether they are one claim.

    Raises:
        InputMissing: There is no such file.
        InputMalformed: With the line that is none.
    """
    return _lines(path, _pair)


def read_labels(path: Path) -> list[Labelled]:
    """Verdicts as `export --what labels` writes them.

    Raises:
        InputMissing: There is no such file.
        InputMalformed: With the line that is none.
    """
    return _lines(path, _label)


def _lines(path: Path, made: Callable[[dict[str, Any]], Line]) -> list[Line]:
    found: list[Line] = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    found.append(made(json.loads(line)))
                except (ValueError, TypeError, KeyError, RecursionError) as error:
                    raise InputMalformed(f"{path}:{number}: {type(error).__name__}: {error}") from error
    except OSError as error:
        raise InputMissing(f"{path}: {error.strerror}") from error
    return found


def _pair(line: dict[str, Any]) -> tuple[str, str, bool]:
    known, incoming, label = _text(line["known"]), _text(line["incoming"]), line["label"]
    if isinstance(label, str):
        same = said_same(Labelled(verdict=label, relation=None))
    else:
        same = bool(label) if label in {0, 1} else None
    if same is None:
        raise ValueError(f"no label: {label!r}; allowed: true, 1, same, known; false, 0, different, new")
    return known, incoming, same


def _label(line: dict[str, Any]) -> Labelled:
    relation, score = line["relation"], line["score"]
    return Labelled(
        verdict=_text(line["verdict"]),
        relation=None if relation is None else Relation(relation),
        quote=line["quote"],
        nearest_quote=line["nearest_quote"],
        score=0.0 if score is None else float(score),
        method=line["method"] or "",
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text was expected")
    return value
