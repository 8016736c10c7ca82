"""`alerts rules`, `preview`, `mute`, `unmute` and `mutes`, as they are called, over a real archive."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from commands.rules import hold_back
from monitor.demo.loopback import Loopback
from monitor.model import DeliveryState, Relation, Urgency
from monitor.ports import Commit
from storage.archive import SqliteArchive
from tests.factories import make_decision, make_delivery
from tests.test_pipeline import World
from tests.test_rules_end_to_end import ROME

if TYPE_CHECKING:
    from monitor.model import Alert

ROOT = Path(__file__).parents[1]
DESK, DUTY = "desk@desk.example", "duty@desk.example"
NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=12)
RULES = f"""
[[rule]]
name = "conflicts"
recipients = ["{DUTY}"]
relations = ["contradicting"]

[[rule]]
name = "night"
recipients = ["{DUTY}"]
send = "never"

[[rule]]
name = "desk"
channel = "mail"
send = "daily"
at = "07:30"
timezone = "Africa/Tripoli"

[[rule]]
name = "nobody-left"
channel = "mail"
send = "weekly"
weekday = "sunday"
"""


@dataclass(frozen=True)
class Desk:
    """A data folder, a configuration, and the commands over both."""

    data: Path
    config: Path

    def run(self, *words: str, fails: int = 0) -> str:
        return self.work("alerts", *words, fails=fails)

    def work(self, *words: str, fails: int = 0) -> str:
        command = [sys.executable, str(ROOT / "worker.py"), "--data-dir", str(self.data),
                   "--config-dir", str(self.config), *words]  # fmt: skip
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RASID_")}
        environment = {**inherited, "RASID_MAIL__RECIPIENTS": f"{DESK},{DUTY}", "COLUMNS": "220"}
        ended = subprocess.run(  # noqa: S603 - our own program
            command, capture_output=True, text=True, timeout=120, check=False, env=environment
        )
        assert ended.returncode == fails, ended.stderr
        return ended.stdout if not fails else ended.stderr

    def told(self, *words: str) -> Any:  # noqa: ANN401 - whatever the command says
        return json.loads(self.run(*words, "--json"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    (config / "alerts.toml").write_text(RULES, encoding="utf-8")
    return Desk(data=tmp_path / "data", config=config)


def filled(desk: Desk, *alerts: Alert, wait: bool = False) -> None:
    """Alerts in the archive, each on its way to the desk."""
    with SqliteArchive(desk.data / "rasid.db") as archive:
        archive.commit(Commit(decision=make_decision()))
        for alert in alerts:
            delivery = make_delivery(content=alert, recipient=DESK, next_try_at=LATER if wait else None)
            archive.commit(Commit(deliveries=(delivery,)))


def some(number: int, **changes: Any) -> Alert:
    alert = make_decision().alerts[0]
    return replace(alert, **{"id": f"al_{number}", "first_seen": NOW - timedelta(days=2, minutes=number), **changes})


def test_rules_are_listed_in_their_order(desk: Desk) -> None:
    rules = desk.told("rules")
    assert [rule["name"] for rule in rules] == ["conflicts", "night", "desk", "nobody-left"]
    assert rules[0]["fits"] == {"relations": ["contradicting"]}
    assert (rules[2]["at"], rules[2]["timezone"], rules[2]["send"]) == ("07:30", "Africa/Tripoli", "daily")
    assert (rules[3]["weekday"], rules[3]["at"]) == ("sunday", "07:00")
    assert "Africa/Tripoli" in desk.run("rules")


def test_a_preview_counts_what_each_rule_would_have_sent_and_sends_nothing(desk: Desk) -> None:
    conflict = some(4, relation=Relation.CONTRADICTING)
    filled(desk, some(1), some(2), some(3, urgency=Urgency.DIGEST), conflict, some(5, first_seen=NOW - timedelta(40)))
    before = (desk.data / "rasid.db").read_bytes()
    rows = {(row["rule"], row["recipient"]): row for row in desk.told("preview", "--days", "30")}
    assert (desk.data / "rasid.db").read_bytes() == before
    sorts = ("alerts", "now", "quiet", "digest", "suppressed", "messages")
    counted = {key: tuple(row[sort] for sort in sorts) for key, row in rows.items()}
    assert counted == {
        ("conflicts", DUTY): (1, 1, 0, 0, 0, 1),
        ("night", DUTY): (3, 0, 0, 0, 3, 0),
        ("desk", DESK): (4, 0, 0, 4, 0, 1),
        ("desk", DUTY): (0, 0, 0, 0, 0, 0),
        ("nobody-left", DESK): (0, 0, 0, 0, 0, 0),
        ("nobody-left", DUTY): (0, 0, 0, 0, 0, 0),
    }
    assert rows["conflicts", DUTY]["titles"] == [conflict.title]
    (only,) = desk.told("preview", "conflicts")
    assert only["rule"] == "conflicts"
    assert conflict.title in desk.run("preview", "conflicts")
    assert "no rule 'other'" in desk.run("preview", "other", fails=1)


def test_without_rules_the_preview_says_what_happens_by_itself(desk: Desk) -> None:
    (desk.config / "alerts.toml").unlink()
    filled(desk, some(1), some(2, urgency=Urgency.DIGEST))
    assert [(row["rule"], row["now"], row["digest"]) for row in desk.told("preview")] == [("(none)", 1, 1)] * 2
    assert desk.told("rules") == []


def test_a_meeting_is_muted_for_a_week_and_what_waits_is_held_back(desk: Desk) -> None:
    alert = some(1)
    filled(desk, alert, wait=True)
    assert alert.meeting_id
    made = desk.told("mute", "meeting", alert.meeting_id, "--for", "7d", "--recipient", DESK, "--why", "enough")
    assert (made["held_back"], made["recipient"], made["why"], made["holds"]) == (1, DESK, "enough", True)
    assert datetime.fromisoformat(made["until"]) - datetime.fromisoformat(made["at"]) == timedelta(days=7)
    with SqliteArchive(desk.data / "rasid.db") as archive:
        (delivery,) = archive.reader().alert(alert.id)["deliveries"]
    assert delivery["state"] == DeliveryState.SUPPRESSED
    assert [mute["id"] for mute in desk.told("mutes")] == [made["id"]]
    desk.run("unmute", made["id"])
    assert desk.told("mutes") == []
    assert [mute["holds"] for mute in desk.told("mutes", "--all")] == [False]
    assert "no mute" in desk.run("unmute", made["id"], fails=1)


def test_who_wants_no_more_is_named_as_the_target(desk: Desk) -> None:
    filled(desk, some(1), wait=True)
    made = desk.told("mute", "all", DESK)
    assert (made["recipient"], made["until"], made["held_back"]) == (DESK, None, 1)
    assert "leave --recipient out" in desk.run("mute", "all", DESK, "--recipient", DUTY, fails=2)
    assert "nobody is told" in desk.run("mute", "all", "stranger@else.example", fails=1)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("claim", "none"), 1, "there is no claim none"),
        (("meeting", "none"), 1, "there is no meeting none"),
        (("person", "nobody"), 1, "there is no person nobody"),
        (("topic", "x"), 2, "topic"),
        (("person", "saddam_haftar", "--for", "soon"), 2, "no span of time"),
        (("person", "saddam_haftar", "--for", "0d"), 2, "no span of time"),
        (("person", "saddam_haftar", "--recipient", "x@y.example"), 1, "nobody is told"),
    ],
)
def test_a_mute_of_what_is_not_there_is_refused(desk: Desk, words: tuple[str, ...], code: int, said: str) -> None:
    filled(desk)
    assert said in desk.run("mute", *words, fails=code)


def test_a_person_of_the_watchlist_can_be_muted_before_anything_was_said_of_them(desk: Desk) -> None:
    filled(desk)
    assert desk.told("mute", "person", "khaled_haftar", "--for", "12h")["held_back"] == 0


def test_without_mutes_nothing_that_waits_is_looked_at(tmp_path: Path) -> None:
    with SqliteArchive(tmp_path / "rasid.db") as archive:
        assert hold_back(archive, NOW) == 0


def test_the_worker_itself_keeps_rules_and_mutes(desk: Desk) -> None:
    filled(desk)
    (desk.config / "alerts.toml").write_text('[[rule]]\nname = "nothing"\nsend = "never"\n', encoding="utf-8")
    made = desk.told("mute", "all", DUTY)
    world = World()
    world.article("/a", ROME)  # the seed corpus does not tell of it
    with Loopback(world.route) as server:
        world.feed("/feed", f"{server.origin}/a")
        feed = (
            'id = "one"',
            f'url = "{server.origin}/feed"',
            'outlet = "موقع"',
            "allow_private = true",
            'read = "all"',
        )
        (desk.config / "feeds.toml").write_text("\n".join(["[[feed]]", *feed]), encoding="utf-8")
        desk.work("poll")
    with SqliteArchive(desk.data / "rasid.db") as archive:
        reader = archive.reader()
        lines = [reader.alert(line["id"])["deliveries"] for line in reader.alerts(1000)]
    found = {(one["recipient"], one["state"], one["rule"]) for one in chain.from_iterable(lines)}
    assert found == {(DESK, "suppressed", "nothing"), (DUTY, "suppressed", f"mute:{made['id']}")}
