from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage.archive import SqliteArchive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def archive() -> Iterator[SqliteArchive]:
    with SqliteArchive(":memory:") as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "archive.sqlite3"
