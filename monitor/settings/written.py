"""A TOML file of the configuration as somebody wrote it: what it says, and where in it."""

from __future__ import annotations

import re
import tomllib
from functools import cached_property
from typing import TYPE_CHECKING, Any

from monitor.settings.lines import line_of, lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from monitor.errors import KeyPath


class Written:
    """A file's values, and its text, in which lines are looked for once there is a fault to tell."""

    def __init__(self, name: str, table: dict[str, Any], text: str = "") -> None:
        """`name` is what users are told; `text` may be empty where nobody could look up a line."""
        self.name, self.table, self._text = name, table, text

    def at(self, path: KeyPath) -> str:
        """File and line of a key, or of the table from which it is missing; the file alone where no line is known."""
        line = line_of(self._lines, path)
        return self.name if line is None else f"{self.name}:{line}"

    @cached_property
    def _lines(self) -> Mapping[KeyPath, int]:
        return lines_of(self._text)


def read_toml(path: Path, problems: list[str], *, name: str | None = None) -> Written:
    """The parsed file; empty, with a problem more, where it cannot be read.

    Args:
        path: The file.
        problems: Grows by what is wrong with the file as a whole.
        name: What users are told; the file's own where not given.
    """
    name = name or path.name
    try:
        text = path.read_text(encoding="utf-8")
        return Written(name, tomllib.loads(text), text)
    except FileNotFoundError:
        problems.append(f"{name}: there is no such file in {path.parent}")
    except OSError as error:
        problems.append(f"{name}: cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(f"{name}:{line}: not UTF-8 at byte {error.start}")
    except tomllib.TOMLDecodeError as error:
        line_told = re.search(r"\(at line (\d+), column \d+\)$", str(error))
        problems.append(f"{name}{f':{line_told[1]}' if line_told else ''}: not TOML: {error}")
    return Written(name, {})


def read_toml_if_there(path: Path, problems: list[str], *, name: str | None = None) -> Written:
    """The same, for a file without which nothing is wrong."""
    return read_toml(path, problems, name=name) if path.exists() else Written(name or path.name, {})
