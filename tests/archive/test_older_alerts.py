"""Alerts that an earlier version stored are read by this one."""

from __future__ import annotations

import json

from monitor.model import Alert
from storage.rows import dump, load
from tests.factories import make_alert


def test_an_alert_from_before_alerts_told_of_new_meetings_tells_of_none() -> None:
    alert = make_alert(meeting_new=True)
    stored = json.loads(dump(alert))
    assert load(Alert, json.dumps(stored)) == alert
    del stored["meeting_new"]
    assert load(Alert, json.dumps(stored)) == make_alert(meeting_new=False)
