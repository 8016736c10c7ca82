"""`alerts.toml`: the operator's rules for who is told what, and when. Without the file there are none."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from monitor.deciding.hours import Quiet
from monitor.deciding.rules import STORM, Rule, Send
from monitor.errors import ConfigError
from monitor.model import ClaimKind, EvidenceGrade, Relation, Urgency
from monitor.settings.loading import sentence
from monitor.settings.written import read_toml_if_there

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from monitor.settings.shape import Settings
    from monitor.settings.written import Written

FILE: Final = "alerts.toml"
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[tuple[str, ...]] = get_args(Weekday)
_Code = Annotated[str, Field(pattern=r"^[A-Z]{2,4}$")]
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_LISTED: Final = 20
_MORNING: Final = time(7)
"""When a daily or weekly digest goes out, where the rule names no time."""


class RuleTable(BaseModel):
    """One `[[rule]]` of `alerts.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="short name, a-z 0-9 _ -")
    channel: Literal["mail", "webhook", "chat"] | None = Field(None, description="mail, webhook or chat; all by itself")
    recipients: tuple[str, ...] = Field((), description="addresses, or names of endpoints; all by itself")
    relations: tuple[Relation, ...] = Field((), description=", ".join(Relation))
    kinds: tuple[ClaimKind, ...] = Field((), description=", ".join(ClaimKind))
    people: tuple[str, ...] = Field((), description="ids of the watchlist, such as saddam_haftar")
    countries: tuple[_Code, ...] = Field((), description="codes, such as FR or NATO")
    outlets: tuple[str, ...] = Field((), description="exact names of outlets")
    urgency: tuple[Urgency, ...] = Field((), description=", ".join(Urgency))
    grades: tuple[EvidenceGrade, ...] = Field((), description=", ".join(EvidenceGrade))
    send: Send = Field(Send.AS_DECIDED, description=", ".join(Send))
    at: str | None = Field(None, pattern=rf"^{_CLOCK}$", description="local time of the digest, such as 07:00")
    weekday: Weekday | None = Field(None, description="day of a weekly digest: monday to sunday")
    timezone: str = Field("UTC", description="name of a time zone, such as Africa/Tripoli")
    quiet: str | None = Field(None, pattern=rf"^{_CLOCK}-{_CLOCK}$", description="local hours, such as 22:00-07:00")
    group_wait_s: int = Field(0, ge=0, le=3600, description="seconds in which alerts about one meeting are gathered")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
            raise ValueError(f"{timezone!r} is no time zone") from error
        return timezone

    @field_validator("name")
    @classmethod
    def _not_ours(cls, name: str) -> str:
        if name == STORM:
            raise ValueError(f"{STORM} stands for the guard against too many messages; allowed: another name")
        return name

    @field_validator("quiet")
    @classmethod
    def _some_hours(cls, quiet: str | None) -> str | None:
        if quiet is not None and len(set(quiet.split("-"))) == 1:
            raise ValueError("begins when it ends; allowed: two times of a day")
        return quiet

    @model_validator(mode="after")
    def _weekly(self) -> RuleTable:
        if (self.send is Send.WEEKLY) != (self.weekday is not None):
            days = ", ".join(WEEKDAYS)
            raise ValueError(f'weekday: goes with send = "weekly", and weekly with a weekday; allowed: {days}')
        if self.at is not None and self.send in {Send.NOW, Send.NEVER}:
            raise ValueError(f'at: means nothing with send = "{self.send}"; allowed with daily, weekly, as_decided')
        return self

    def rule(self) -> Rule:
        """The rule that it stands for."""
        zone = ZoneInfo(self.timezone)
        by_itself = _MORNING if self.send in {Send.DAILY, Send.WEEKLY} else None
        return Rule(
            name=self.name,
            channel=self.channel,
            recipients=self.recipients,
            relations=self.relations,
            kinds=self.kinds,
            people=self.people,
            countries=self.countries,
            outlets=self.outlets,
            urgency=self.urgency,
            grades=self.grades,
            send=self.send,
            at=time.fromisoformat(self.at) if self.at else by_itself,
            weekday=WEEKDAYS.index(self.weekday) if self.weekday else None,
            zone=zone,
            quiet=_quiet(self.quiet, zone),
            group_wait=timedelta(seconds=self.group_wait_s),
        )


def load_rules(config_dir: Path, known: Mapping[str, Collection[str]] | None = None) -> tuple[Rule, ...]:
    """The rules of `alerts.toml`, in their order.

    Args:
        config_dir: Folder of the configuration.
        known: What may be named, by key (`recipients`, `people`, `countries`): a misspelt one would match nothing for
            ever. A key that is missing is not looked at.

    Raises:
        ConfigError: With every problem found, each with its line, its rule's number, key and what is allowed.
    """
    problems: list[str] = []
    file = read_toml_if_there(config_dir / FILE, problems)
    unknown = sorted(set(file.table) - {"rule"})
    problems.extend(f"{file.at((key,))}: {key}: unknown key; allowed: rule" for key in unknown)
    rows = file.table.get("rule", [])
    if not isinstance(rows, list):
        problems.append(f"{file.at(('rule',))}: rule: not a list of tables; allowed: [[rule]]")
        rows = []
    rules = {number: _rule(file, number, row, known or {}, problems) for number, row in enumerate(rows)}
    sound = {number: rule for number, rule in rules.items() if rule is not None}
    problems.extend(
        f"{file.at(('rule', number, 'name'))}: name: {name} stands twice; allowed: once"
        for name, number in _repeated(sound).items()
    )
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(sound.values())


def recipients_of(settings: Settings) -> frozenset[str]:
    """Whom a rule may name: addresses, and names of endpoints."""
    return frozenset((*settings.mail.recipients, *settings.webhooks, *settings.chat))


def _rule(
    file: Written, number: int, row: object, known: Mapping[str, Collection[str]], problems: list[str]
) -> Rule | None:
    faults = list(_unknown(row, known))
    try:
        rule = RuleTable.model_validate(row).rule()
    except ValidationError as error:
        rule = None
        faults += [_told(fault) for fault in error.errors()]
    problems.extend(f"{file.at(('rule', number, key))}: rule {number + 1}: {told}" for key, told in faults)
    return None if faults else rule


def _unknown(row: object, known: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str]]:
    """What is named and known to nobody. What is no list of texts is told elsewhere."""
    for key, allowed in known.items():
        named = row.get(key) if isinstance(row, dict) else None
        for value in named if isinstance(named, list) else []:
            if isinstance(value, str) and value.strip() not in allowed:
                yield key, f"{key}: {value!r} is not known; allowed: {_listed(allowed)}"


def _listed(allowed: Collection[str]) -> str:
    shown = sorted(allowed)[:_LISTED]
    return ", ".join([*shown, *(["..."] if len(allowed) > _LISTED else [])]) or "none, for nothing is configured"


def _told(fault: ErrorDetails) -> tuple[str, str]:
    """The key, and the sentence that names it."""
    keys = [str(part) for part in fault["loc"] if not isinstance(part, int)]
    if not keys:  # about the table as a whole: our own sentence names its key
        told = fault["msg"].removeprefix("Value error, ")
        return told.partition(":")[0], told
    return keys[0], f"{'.'.join(keys)}: {sentence(RuleTable, fault)}"


def _quiet(hours: str | None, zone: ZoneInfo) -> Quiet | None:
    if hours is None:
        return None
    start, end = map(time.fromisoformat, hours.split("-"))
    return Quiet(start=start, end=end, zone=zone)


def _repeated(rules: Mapping[int, Rule]) -> dict[str, int]:
    """Names that stand more than once, each with the number of the second rule that has it."""
    names = {number: rule.name for number, rule in rules.items()}
    found = {name: [number for number, one in names.items() if one == name] for name in sorted(set(names.values()))}
    return {name: numbers[1] for name, numbers in found.items() if len(numbers) > 1}
