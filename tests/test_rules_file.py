"""`alerts.toml`: what ships changes nothing, what is written is checked whole, and problems come all at once."""

from __future__ import annotations

import re
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.deciding.hours import Quiet
from monitor.deciding.rules import Rule, Send
from monitor.errors import ConfigError
from monitor.model import ClaimKind, EvidenceGrade, Relation, Urgency
from monitor.settings import RuleTable, load_rules, load_settings, recipients_of

SHIPPED = Path(__file__).parents[1] / "config"
WHOLE = """
[[rule]]
name = "desk"
channel = "mail"
recipients = ["desk@desk.example"]
relations = ["new", "contradicting"]
kinds = ["outcome"]
people = ["saddam_haftar"]
countries = ["FR"]
outlets = ["الصحيفة"]
urgency = ["digest"]
grades = ["low"]
send = "weekly"
at = "07:30"
weekday = "sunday"
timezone = "Africa/Tripoli"
quiet = "22:00-07:00"
group_wait_s = 300
"""


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "alerts.toml").write_text(text, encoding="utf-8")
    return tmp_path


def problems(tmp_path: Path, text: str, **known: list[str]) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_rules(written(tmp_path, text), known)
    return caught.value.problems


def rule(*lines: str) -> str:
    return "\n".join(["[[rule]]", *([] if any(line.startswith("name") for line in lines) else ['name = "r"']), *lines])


def test_the_shipped_file_holds_no_rule_and_its_examples_load(tmp_path: Path) -> None:
    text = (SHIPPED / "alerts.toml").read_text(encoding="utf-8")
    assert load_rules(SHIPPED) == ()
    examples = re.sub(r"^# (\[\[rule\]\]|[a-z_]+ = )", r"\1", text, flags=re.MULTILINE)
    assert [one.name for one in load_rules(written(tmp_path, examples))] == ["conflicts", "desk", "weak"]


def test_the_shipped_file_names_every_key_and_every_value() -> None:
    text = (SHIPPED / "alerts.toml").read_text(encoding="utf-8")
    words = [*RuleTable.model_fields, *Relation, *ClaimKind, *Urgency, *EvidenceGrade, *Send]
    assert [word for word in words if word != Relation.RESTATED and word not in text] == []


def test_without_the_file_there_are_no_rules(tmp_path: Path) -> None:
    assert load_rules(tmp_path) == ()


def test_a_whole_rule_is_read_as_it_is_written(tmp_path: Path) -> None:
    tripoli = ZoneInfo("Africa/Tripoli")
    assert load_rules(written(tmp_path, WHOLE)) == (
        Rule(
            name="desk",
            channel="mail",
            recipients=("desk@desk.example",),
            relations=(Relation.NEW, Relation.CONTRADICTING),
            kinds=(ClaimKind.OUTCOME,),
            people=("saddam_haftar",),
            countries=("FR",),
            outlets=("الصحيفة",),
            urgency=(Urgency.DIGEST,),
            grades=(EvidenceGrade.LOW,),
            send=Send.WEEKLY,
            at=time(7, 30),
            weekday=6,
            zone=tripoli,
            quiet=Quiet(start=time(22), end=time(7), zone=tripoli),
            group_wait=timedelta(minutes=5),
        ),
    )


def test_a_daily_digest_without_a_time_goes_out_at_seven_and_any_other_when_the_settings_say(tmp_path: Path) -> None:
    daily, as_decided = load_rules(written(tmp_path, rule('send = "daily"') + "\n" + rule('name = "s"')))
    assert (daily.at, as_decided.at) == (time(7), None)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (['channel = "pigeon"'], ("channel", "mail, webhook or chat")),
        (['relations = ["nwe"]'], ("relations", "contradicting")),
        (['kinds = ["events"]'], ("kinds", "participant")),
        (['countries = ["France"]'], ("countries", "such as FR")),
        (['send = "hourly"'], ("send", "as_decided")),
        (['at = "7:00"'], ("at", "such as 07:00")),
        (['timezone = "Africa/Tripolis"'], ("timezone", "no time zone")),
        (['timezone = "../../etc/passwd"'], ("timezone", "no time zone")),
        (['quiet = "22-7"'], ("quiet", "22:00-07:00")),
        (['quiet = "07:00-07:00"'], ("quiet", "two times of a day")),
        (["group_wait_s = 3601"], ("group_wait_s", "3600")),
        (['send = "weekly"'], ("weekday", "monday, tuesday")),
        (['weekday = "sunday"'], ("weekday", "weekly")),
        (['send = "never"', 'at = "07:00"'], ("at", "daily, weekly, as_decided")),
        (['name = "storm"'], ("name", "another name")),
        (['name = "a:b"'], ("name", "a-z 0-9 _ -")),
        (['topics = ["x"]'], ("topics", "unknown key; allowed: name, channel")),
    ],
)
def test_what_is_wrong_is_told_with_the_rules_number_its_key_and_what_is_allowed(
    tmp_path: Path, lines: list[str], said: tuple[str, str]
) -> None:
    (told,) = problems(tmp_path, f"{WHOLE}\n{rule(*lines)}")
    assert re.match(rf"alerts\.toml:\d+: rule 2: {said[0]}", told)
    assert said[1] in told


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = "\n".join(["other = 1", rule('at = "x"', "send = 3"), WHOLE, rule('name = "desk"')])
    told = problems(tmp_path, text)
    assert len(told) == 4
    assert told[0] == "alerts.toml:1: other: unknown key; allowed: rule"
    assert told[-1] == "alerts.toml:26: name: desk stands twice; allowed: once"


def test_what_no_alert_will_ever_hold_is_a_problem(tmp_path: Path) -> None:
    known = {"recipients": ["one@desk.example"], "people": ["khalifa_haftar"], "countries": ["IT"]}
    told = problems(tmp_path, WHOLE, **known)
    assert [problem.split(": ")[2] for problem in told] == ["recipients", "people", "countries"]
    assert len(problems(tmp_path, WHOLE.replace('"weekly"', '"x"'), **known)) == 4
    assert told[1].endswith("'saddam_haftar' is not known; allowed: khalifa_haftar")


def test_a_file_that_is_no_list_of_rules_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path, 'rule = "x"') == ("alerts.toml:1: rule: not a list of tables; allowed: [[rule]]",)
    assert problems(tmp_path, "[[rule")[0].startswith("alerts.toml: not TOML")


def test_a_rule_may_name_addresses_webhooks_and_chats(tmp_path: Path) -> None:
    environment = {
        "RASID_MAIL__RECIPIENTS": "desk@desk.example",
        "RASID_WEBHOOKS__NEWSROOM__URL": "https://example.org/",
        "RASID_WEBHOOKS__NEWSROOM__SECRET": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
        "RASID_CHAT__DUTY__URL": "json://127.0.0.1/",
    }
    assert recipients_of(load_settings(tmp_path, environment)) == {"desk@desk.example", "newsroom", "duty"}
