"""What is asked often starts fast: it loads neither what fetches nor what reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {
    *("trafilatura", "httpx", "feedparser", "apscheduler", "pebble"),
    *("monitor.reading.article", "monitor.pipeline", "monitor.adapters.http"),
}
ASKED = "import sys, json, worker; worker.main(); print(json.dumps(sorted(sys.modules)))"


def loaded(*arguments: str, data: Path) -> set[str]:
    """The modules in memory after a command has run."""
    command = [sys.executable, "-c", ASKED, "--data-dir", str(data), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)  # noqa: S603
    return set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize("command", ["health", "status", "search صدام", "meetings", "alerts list"])
def test_a_question_loads_nothing_that_fetches_or_reads(command: str, tmp_path: Path) -> None:
    assert loaded(*command.split(), data=tmp_path) & HEAVY == set()


def test_what_is_called_heavy_is_there_where_it_is_needed(tmp_path: Path) -> None:
    assert loaded("poll", "--feed", "none", data=tmp_path) >= {"monitor.pipeline", "apscheduler"}
    assert loaded("feeds", "check", "file:none", data=tmp_path) >= {"feedparser", "httpx"}
