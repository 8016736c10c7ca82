"""`alerts notices` lists what the operator was told, as a table, as CSV and as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.model import NoticeKind
from monitor.ports import Commit
from storage.archive import SqliteArchive
from tests.alert_factory import make_notice, make_notice_delivery

if TYPE_CHECKING:
    from collections.abc import Callable

WORKER = Path(__file__).parents[1] / "worker.py"


@pytest.fixture(scope="module")
def notices(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """The command, over an archive with an alarm on its way to one operator and a heartbeat to nobody."""
    data = tmp_path_factory.mktemp("told")
    with SqliteArchive(data / "rasid.db") as archive:
        archive.commit(Commit(deliveries=(make_notice_delivery("watch@example.org", make_notice()),)))
        archive.commit(Commit(notices=(make_notice(NoticeKind.HEARTBEAT),)))

    def run(*options: str) -> str:
        command = [sys.executable, str(WORKER), "--data-dir", str(data), "alerts", "notices", *options]
        ended = subprocess.run(  # noqa: S603 - our own program
            command, capture_output=True, text=True, timeout=120, check=True, env={"COLUMNS": "200"}
        )
        return ended.stdout

    return run


def test_notices_are_told_latest_first_with_their_alarms_figures_and_deliveries(notices: Callable[..., str]) -> None:
    beat, alarm = json.loads(notices("--json"))
    assert (beat["kind"], beat["alarms"], beat["figures"]["healthy"], beat["deliveries"]) == ("heartbeat", [], 14, {})
    assert (alarm["kind"], alarm["alarms"][0]["feed_id"], alarm["deliveries"]) == ("alarm", "shahid", {"queued": 1})


def test_no_more_are_listed_than_asked_for(notices: Callable[..., str]) -> None:
    (only,) = json.loads(notices("--json", "--limit", "1"))
    assert only["kind"] == "heartbeat"


def test_a_table_and_csv_name_code_and_figures(notices: Callable[..., str]) -> None:
    for form in ("table", "csv"):
        said = notices("--format", form)
        assert "E-FEED-SILENT" in said
        assert "healthy 14" in said
