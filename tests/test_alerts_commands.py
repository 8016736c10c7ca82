"""`alerts show`, `replay` and `enable`: why something did not arrive, and how it is sent again."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Alarm, DeliveryResult, DeliveryState
from monitor.ports import ENDPOINT_GONE, Commit
from storage.archive import SqliteArchive
from tests.alert_factory import make_notice, make_notice_delivery
from tests.factories import NOON, make_alert, make_delivery

WORKER = Path(__file__).parents[1] / "worker.py"
LATER = NOON + timedelta(minutes=5)
DEAD, LEFT = (make_delivery(content=make_alert(id="a1"), channel="webhook", recipient=name) for name in ("b", "a"))
MISSED = make_delivery(content=make_alert(id="a2"), channel="webhook", recipient="a")
WORD = make_notice_delivery("watch@example.org", make_notice())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An archive with a dead letter, a receiver that took leave and what it missed, and a notice that was told."""
    with SqliteArchive(tmp_path / "rasid.db") as archive:
        archive.commit(Commit(deliveries=(DEAD, LEFT, MISSED, WORD)))
        tried: dict[str, Any] = {"delivery_id": DEAD.id, "code": "E-WEBHOOK-UNAVAILABLE", "message": "answered 500"}
        archive.record(DeliveryResult(**tried, state=DeliveryState.QUEUED, tried_at=NOON, retry_at=LATER))
        archive.record(DeliveryResult(**tried, state=DeliveryState.DEAD, tried_at=LATER))
        farewell = DeliveryResult(delivery_id=LEFT.id, state=DeliveryState.DEAD, tried_at=NOON, message="answered 410")
        archive.record(farewell, gone=True)
        archive.record(DeliveryResult(delivery_id=WORD.id, state=DeliveryState.SENT, tried_at=NOON))
        archive.lease("webhook", LATER, LATER + timedelta(minutes=1), recipients=8)
        archive.commit(Commit(raised=(Alarm(code=ENDPOINT_GONE, message="webhook a left", since=NOON),)))
    return tmp_path


def run(data: Path, *options: str, code: int = 0) -> str:
    command = [sys.executable, str(WORKER), "--data-dir", str(data), "alerts", *options]
    ended = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, timeout=120, check=False, env={"COLUMNS": "250"}
    )
    assert ended.returncode == code, ended.stderr
    return ended.stdout


def told(data: Path, *options: str) -> Any:  # noqa: ANN401 - whatever is told
    return json.loads(run(data, *options, "--json"))


def standing(data: Path) -> list[str]:
    with SqliteArchive(data / "rasid.db") as archive:
        return [alarm.code for alarm in archive.standing_alarms()]


def states(data: Path, content: str) -> dict[str, str]:
    return {one["recipient"]: one["state"] for one in told(data, "show", content)["deliveries"]}


def test_an_alert_is_shown_with_every_try(data: Path) -> None:
    found = {one["recipient"]: one for one in told(data, "show", "a1")["deliveries"]}
    assert [(one["state"], one["code"]) for one in found["b"]["tries"]] == [
        ("queued", "E-WEBHOOK-UNAVAILABLE"),
        ("dead", "E-WEBHOOK-UNAVAILABLE"),
    ]
    assert found["b"]["attempts"] == 2
    assert run(data, "show", "a1").count("answered 500") == 2


def test_a_notice_is_shown_as_an_alert_is(data: Path) -> None:
    found = told(data, "show", WORD.content.id)
    assert found["kind"] == "alarm"
    assert [one["state"] for delivery in found["deliveries"] for one in delivery["tries"]] == ["sent"]
    assert WORD.id in run(data, "show", WORD.content.id)
    run(data, "show", "nothing", code=1)


def test_a_dead_letter_is_queued_again_by_its_id_or_its_alerts(data: Path) -> None:
    assert told(data, "replay", DEAD.id) == {"queued": 1}
    assert states(data, "a1") == {"a": "dead", "b": "queued"}
    assert standing(data) == [ENDPOINT_GONE]
    assert told(data, "replay", DEAD.id) == {"queued": 0}


def test_all_dead_letters_are_queued_again_but_for_who_took_leave(data: Path) -> None:
    assert told(data, "replay", "--all-dead") == {"queued": 1}
    assert states(data, "a1") == {"a": "dead", "b": "queued"}


def test_what_is_to_be_replayed_is_named(data: Path) -> None:
    run(data, "replay", code=2)
    run(data, "replay", DEAD.id, "--all-dead", code=2)
    run(data, "replay", "nothing", code=1)


def test_replaying_what_was_missed_calls_the_alarm_over(data: Path) -> None:
    assert states(data, "a2") == {"a": "suppressed"}
    assert told(data, "replay", "a2") == {"queued": 1}
    assert standing(data) == []


def test_who_is_enabled_is_sent_what_he_missed(data: Path) -> None:
    assert told(data, "enable", "webhook", "a") == {"channel": "webhook", "recipient": "a", "queued": 2}
    assert states(data, "a1") | states(data, "a2") == {"a": "queued", "b": "dead"}
    assert standing(data) == []
    run(data, "enable", "webhook", "a", code=1)
