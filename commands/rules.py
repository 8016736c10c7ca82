"""`alerts rules`, `preview`, `mute`, `unmute`, `mutes`: who is told what and when, and who wants no word of what."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from commands.options import AsFormat, AsJson, form_of
from commands.workshop import load
from monitor.adapters.terminal import Format, emit, say, show
from monitor.deciding.muting import MuteKind, silenced
from monitor.deciding.outbox import readers
from monitor.deciding.rules import Held, RuleBook, plan, rule_for
from monitor.errors import InputMissing
from monitor.model import Alert, DeliveryState
from monitor.pacing import next_digest
from monitor.settings import WEEKDAYS, load_settings, load_watchlist, recipients_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from commands.workshop import Configuration, Place, Workshop
    from monitor.deciding.outbox import Addressee
    from monitor.deciding.rules import Rule
    from monitor.model import Delivery
    from storage.archive import SqliteArchive
    from storage.mutes import Mute

group = typer.Typer()

NO_RULE: Final = "(none)"
"""What stands for what no rule fits."""
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LONGEST: Final = timedelta(days=3660)
_NAMED: Final = ("relations", "kinds", "people", "countries", "outlets", "urgency", "grades")
_SORTS: Final = ("now", "quiet", "digest", "suppressed")


@group.command("rules")
def rules_(ctx: typer.Context, form: AsFormat = Format.TABLE, as_json: AsJson = False) -> None:
    """The rules of alerts.toml, in the order in which they are tried."""
    shop: Workshop = ctx.obj
    rules = load(shop.place).rules
    if not rules and form_of(form, as_json) is Format.TABLE:
        say("no rules: what is urgent goes out at once, the rest with the digest; alerts.toml says how to change that")
        return
    columns = ("name", "channel", "recipients", "fits", "send", "at", "weekday", "timezone", "quiet", "group_wait_s")
    lines = [_rule_line(rule) for rule in rules]
    if form_of(form, as_json) is not Format.JSON:
        lines = [
            {**line, "fits": [f"{key}: {', '.join(named)}" for key, named in line["fits"].items()]} for line in lines
        ]
    show(lines, columns, form=form_of(form, as_json))


def _rule_line(rule: Rule) -> dict[str, Any]:
    quiet = rule.quiet
    return {
        "name": rule.name,
        "channel": rule.channel,
        "recipients": list(rule.recipients),
        "fits": {name: [str(one) for one in getattr(rule, name)] for name in _NAMED if getattr(rule, name)},
        "send": rule.send.value,
        "at": f"{rule.at:%H:%M}" if rule.at else None,
        "weekday": None if rule.weekday is None else WEEKDAYS[rule.weekday],
        "timezone": str(rule.zone),
        "quiet": f"{quiet.start:%H:%M}-{quiet.end:%H:%M}" if quiet else None,
        "group_wait_s": int(rule.group_wait.total_seconds()),
    }


# ----------------------------------------------------------------------------------------------------- what would be


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """One alert to one addressee, as it would have been; `message` is the same for what comes in one message."""

    rule: str
    to: Addressee
    sort: str
    message: str
    alert: Alert


@group.command("preview")
def preview_(
    ctx: typer.Context,
    rule: Annotated[
        str | None, typer.Argument(metavar="RULE", help="Only this rule; (none): what no rule fits.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Over the alerts of so many days.")] = 30,
    as_json: AsJson = False,
) -> None:
    """What the rules as they stand would have sent of the alerts in the archive. Sends and changes nothing.

    Mutes are left aside. A rule is tried in its place: what an earlier one fits is the earlier one's.
    """
    shop: Workshop = ctx.obj
    configuration = load(shop.place)
    names = [*(one.name for one in configuration.rules), NO_RULE]
    if rule is not None and rule not in names:
        raise InputMissing(f"there is no rule {rule!r}; `alerts rules` names them")
    to = asyncio.run(_addressees(shop, configuration))
    with shop.asking() as reader:
        alerts, subjects = reader.told_since(shop.clock.now() - timedelta(days=days))
    told = list(_replayed(configuration, to, alerts, subjects))
    rows = [_preview_line(name, one, told, days) for name in names if rule in {None, name} for one in to]
    rows = [row for row in rows if row["alerts"] or _speaks_of(configuration, row)]
    if as_json:
        emit(rows)
        return
    if not to:
        say("nobody to tell: name recipients under [mail], or an endpoint under [webhooks.<name>]")
    show(rows, ("rule", "channel", "recipient", "alerts", *_SORTS, "messages"), form=Format.TABLE)
    lines = [{"rule": one.rule, "recipient": one.to.recipient, "sort": one.sort, "title": one.alert.title}
             for one in told if rule in {None, one.rule}]  # fmt: skip
    show(lines, ("rule", "recipient", "sort", "title"), form=Format.TABLE)


async def _addressees(shop: Workshop, configuration: Configuration) -> tuple[Addressee, ...]:
    async with shop.channels(configuration) as channels:
        return readers(channels)


def _replayed(
    configuration: Configuration, to: Sequence[Addressee], alerts: Sequence[Alert], subjects: Mapping[str, str]
) -> Iterator[_Told]:
    """The alerts planned again, one after the other, each at the time at which it was first seen."""
    settings = configuration.settings.alerts
    book, held = RuleBook(rules=configuration.rules, storm_per_hour=settings.storm_per_hour), Held()
    for alert in sorted(alerts, key=lambda one: one.first_seen):
        now = alert.first_seen
        digest_at = next_digest(now, hour=settings.digest_hour_utc)
        planned = plan(alert, to, book, held, now, digest_at=digest_at, subjects=subjects)
        held = held.after(planned, now)
        for one, delivery in zip(to, planned, strict=True):
            rule = rule_for(alert, one, book.rules, subjects)
            message = delivery.bundle if one.bundles and delivery.bundle else delivery.id
            yield _Told(rule=rule.name if rule else NO_RULE, to=one, sort=_sort(delivery), message=message, alert=alert)


def _sort(delivery: Delivery) -> str:
    if delivery.state is DeliveryState.SUPPRESSED:
        return "suppressed"
    sort = delivery.bundle.partition(":")[0]
    return sort if sort in {"quiet", "digest"} else "now"


def _preview_line(rule: str, to: Addressee, told: Sequence[_Told], days: int) -> dict[str, Any]:
    ours = [one for one in told if one.rule == rule and one.to == to]
    sorts = Counter(one.sort for one in ours)
    return {
        "rule": rule,
        "channel": to.channel,
        "recipient": to.recipient,
        "days": days,
        "alerts": len(ours),
        **{sort: sorts[sort] for sort in _SORTS},
        "messages": len({one.message for one in ours if one.sort != "suppressed"}),
        "titles": [one.alert.title for one in ours],
    }


def _speaks_of(configuration: Configuration, row: Mapping[str, Any]) -> bool:
    """Whether a line of nothing says something: that the rule is for this recipient, and would have sent nothing."""
    rule = next((one for one in configuration.rules if one.name == row["rule"]), None)
    if rule is None:
        return False
    return rule.channel in {None, row["channel"]} and (not rule.recipients or row["recipient"] in rule.recipients)


# ------------------------------------------------------------------------------------------------------------- mutes


@group.command("mute")
def mute_(
    ctx: typer.Context,
    kind: Annotated[MuteKind, typer.Argument(metavar="KIND", help="claim, meeting, person, or all.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Its id; of all, the recipient who wants no more.")],
    for_: Annotated[str | None, typer.Option("--for", help="How long: 90m, 12h, 7d, 2w; for good without it.")] = None,
    recipient: Annotated[str | None, typer.Option(help="Only for this recipient.")] = None,
    why: Annotated[str, typer.Option(help="A note on it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Tell no more of something, also of what waits already. The worker may be running.

    An alert is held back when all that it tells is muted for its recipient; it is then recorded as suppressed.
    """
    shop: Workshop = ctx.obj
    now = shop.clock.now()
    until = None if for_ is None else now + _span(for_)
    whose = _whose(shop.place, kind, target, recipient)
    with shop.noting() as archive:
        _require_target(shop.place, archive, kind, target)
        made = archive.mutes().mute(kind.value, target, now, recipient=whose, until=until, why=why)
        held = hold_back(archive, now)
    if as_json:
        emit({**_mute_line(made, now), "held_back": held})
    else:
        say(f"{made.id}: {kind} {target} is muted {_until(made)}; {held} waiting deliveries held back")


@group.command("unmute")
def unmute_(
    ctx: typer.Context, mute_id: Annotated[str, typer.Argument(metavar="ID", help="As `alerts mutes` names it.")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """End a mute. What it has held back stays held back. The worker may be running."""
    shop: Workshop = ctx.obj
    with shop.noting() as archive:
        archive.mutes().unmute(mute_id, shop.clock.now())
    if as_json:
        emit({"id": mute_id, "holds": False})
    else:
        say(f"{mute_id} is ended")


@group.command("mutes")
def mutes_(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those that have ended as well.")] = False,
    form: AsFormat = Format.TABLE,
    as_json: AsJson = False,
) -> None:
    """Mutes that hold."""
    shop: Workshop = ctx.obj
    now = shop.clock.now()
    with shop.asking() as reader:
        found = reader.mutes(None if every else now)
    columns = ("id", "kind", "target", "channel", "recipient", "until", "why", "at", "holds")
    show([_mute_line(one, now) for one in found], columns, form=form_of(form, as_json))


def hold_back(archive: SqliteArchive, now: datetime) -> int:
    """Suppress what waits in the outbox and has been muted since it was queued; returns how much."""
    mutes = archive.mutes()
    standing = mutes.standing(now)
    waiting = mutes.waiting(now) if standing else ()
    if not waiting:
        return 0
    subjects = mutes.subjects(one.content for one in waiting if isinstance(one.content, Alert))
    return mutes.hold_back(silenced(waiting, standing, subjects), now)


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9]\d{0,5})([mhdw])", text)
    span = int(found[1]) * _UNITS[found[2]] if found else timedelta()
    if not timedelta() < span <= _LONGEST:
        raise typer.BadParameter(f"{text!r} is no span of time; allowed: 90m, 12h, 7d, 2w, up to ten years")
    return span


def _whose(place: Place, kind: MuteKind, target: str, recipient: str | None) -> str | None:
    """The recipient whom a mute is for; of `all` it is the target itself. None for everybody."""
    if kind is MuteKind.ALL and recipient not in {None, target}:
        raise typer.BadParameter("of all, TARGET is the recipient; leave --recipient out")
    whose = target if kind is MuteKind.ALL else recipient
    known = recipients_of(load_settings(place.config))
    if whose is not None and whose not in known:
        raise InputMissing(f"nobody is told by {whose!r}; known: {', '.join(sorted(known)) or 'nobody'}")
    return whose


def _require_target(place: Place, archive: SqliteArchive, kind: MuteKind, target: str) -> None:
    if kind is MuteKind.ALL or archive.mutes().knows(kind.value, target):
        return
    watched = load_watchlist(place.config) if kind is MuteKind.PERSON else None
    if watched is None or all(one.id != target for one in watched.principals):
        raise InputMissing(f"there is no {kind} {target}")


def _mute_line(mute: Mute, now: datetime) -> dict[str, Any]:
    return {
        "id": mute.id,
        "kind": mute.kind,
        "target": mute.target,
        "channel": mute.channel,
        "recipient": mute.recipient,
        "until": mute.until.isoformat() if mute.until else None,
        "why": mute.why,
        "at": mute.at.isoformat(),
        "holds": mute.ended_at is None and (mute.until is None or mute.until > now),
    }


def _until(mute: Mute) -> str:
    return f"until {mute.until:%Y-%m-%d %H:%M} UTC" if mute.until else "for good"
