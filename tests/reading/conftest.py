"""One configuration for all tests of reading: the project's own lexicon and watchlist, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.settings import load_read_config
from tests.reading.reader import Reader


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader(load_read_config(Path(__file__).resolve().parents[2] / "config"))
