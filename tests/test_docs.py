"""The reference names everything that users meet, and nothing that is gone."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.main import get_group

import monitor.errors
from commands.table import COMMANDS, MODULES
from monitor.deciding import alarms
from monitor.errors import RasidError
from monitor.model import Outcome
from monitor.ports import ENDPOINT_GONE
from monitor.settings import FeedTable, Settings
from monitor.settings.shape import Chat, Webhook

NAMED: dict[str, type[BaseModel]] = {"webhooks": Webhook, "chat": Chat}
REFERENCE = (Path(__file__).parents[1] / "docs" / "reference.md").read_text(encoding="utf-8")


def error_codes() -> set[str]:
    found = vars(monitor.errors).values()
    return {one.code for one in found if isinstance(one, type) and issubclass(one, RasidError)}


def settings_keys() -> set[str]:
    keys = set()
    for section, field in Settings.model_fields.items():
        if section in NAMED:
            keys |= {f"{section}.<name>.{key}" for key in NAMED[section].model_fields}
        else:
            assert isinstance(field.annotation, type)
            assert issubclass(field.annotation, BaseModel)
            keys |= {f"{section}.{key}" for key in field.annotation.model_fields}
    return keys


def commands() -> dict[str, set[str]]:
    """Each command in full, with its options."""
    found: dict[str, set[str]] = {}
    for name in COMMANDS:
        command = get_group(import_module(f"commands.{COMMANDS[name]}").app).commands[name]
        for inner, one in getattr(command, "commands", {"": command}).items():
            options = {option for parameter in one.params for option in parameter.opts if option.startswith("--")}
            found[f"{name} {inner}".strip()] = options - {"--help"}
    return found


def codes_of(section: str) -> set[str]:
    text = REFERENCE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(E-[A-Z-]+)`", text, re.MULTILINE))


def test_every_error_code_is_explained_and_no_other() -> None:
    assert codes_of("Error codes") == error_codes()


def test_every_alarm_is_explained_and_no_other() -> None:
    raised = {value for value in vars(alarms).values() if isinstance(value, str) and value.startswith("E-")}
    raised.add(ENDPOINT_GONE)
    assert codes_of("Alarms") == raised - error_codes()


def test_every_outcome_is_explained() -> None:
    assert {outcome.value for outcome in Outcome} <= set(re.findall(r"^\| `([a-z_]+)` \|", REFERENCE, re.MULTILINE))


def test_every_setting_is_explained_and_no_other() -> None:
    sections = "|".join(Settings.model_fields)
    told = set(re.findall(rf"^\| `((?:{sections})\.[^`]+)`", REFERENCE, re.MULTILINE))
    assert told == settings_keys()
    assert all(f"`{key}`" in REFERENCE for key in FeedTable.model_fields)


@pytest.mark.parametrize("module", MODULES)
def test_every_command_of_a_module_can_be_called(module: str) -> None:
    assert set(get_group(import_module(f"commands.{module}").app).commands) == set(MODULES[module])


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_and_each_of_its_options_is_explained(command: str) -> None:
    rows = [row for row in REFERENCE.splitlines() if re.match(rf"\|.*`{command}[ `]", row)]
    assert rows, command
    listed = "the same" in rows[0]
    known = next(row for row in REFERENCE.splitlines() if row.startswith("| `search")) if listed else rows[0]
    assert commands()[command] <= set(re.findall(r"--[a-z-]+", known)), command
