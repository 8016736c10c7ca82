"""What the archive remembers beside articles and deliveries: verdicts, moments, and who was ever written to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.ports import Commit
from storage.archive import SqliteArchive
from tests.factories import NOON, make_alert, make_delivery

if TYPE_CHECKING:
    from pathlib import Path

LATER = NOON + timedelta(hours=1)
PAIR = {"known": "زار باريس", "incoming": "زار روما", "relation": "contradicts", "score": 0.5, "method": "words",
        "suggest": True}  # fmt: skip


def test_everybody_to_whom_something_was_ever_addressed_is_known_once(archive: SqliteArchive) -> None:
    for channel, recipient in (("webhook", "desk"), ("mail", "b"), ("mail", "a")):
        for number in range(2):
            alert = make_alert(id=f"a{number}")
            archive.commit(Commit(deliveries=(make_delivery(content=alert, channel=channel, recipient=recipient),)))
    assert archive.recipients() == (("mail", "a"), ("mail", "b"), ("webhook", "desk"))


def test_a_verdict_on_two_texts_is_kept_with_what_was_decided_about_them(archive: SqliteArchive) -> None:
    archive.label_pair(PAIR, "wrong", "two cities", NOON)
    archive.label_pair(PAIR, "wrong", "two cities", NOON)
    archive.label_pair({**PAIR, "incoming": "زار لندن", "suggest": False}, "right", "", LATER)
    first, second = archive.reader().labels()
    assert first == {
        "at": "2026-01-17T12:00:00.000000+00:00", "verdict": "wrong", "note": "two cities", "target": first["target"],
        "quote": PAIR["incoming"], "nearest_quote": PAIR["known"], "relation": "contradicts", "score": 0.5,
        "method": "words", "suggest": True, "mention": None, "claim": None, "kind": None, "outlet": None,
        "article": None,
    }  # fmt: skip
    assert (second["quote"], second["suggest"], second["verdict"]) == ("زار لندن", False, "right")
    assert first["target"] != second["target"]


@pytest.mark.parametrize("name", ["heartbeat", "copied"])
def test_a_moment_is_remembered_through_a_restart_and_the_last_one_counts(path: Path, name: str) -> None:
    with SqliteArchive(path) as archive:
        mark, last = {
            "heartbeat": (archive.heartbeat, archive.last_heartbeat),
            "copied": (archive.mark_copied, archive.last_copied),
        }[name]
        assert last() is None
        mark(LATER)
        mark(NOON)
    with SqliteArchive(path) as archive:
        assert {"heartbeat": archive.last_heartbeat, "copied": archive.last_copied}[name]() == NOON
        assert {"heartbeat": archive.last_copied, "copied": archive.last_heartbeat}[name]() is None
