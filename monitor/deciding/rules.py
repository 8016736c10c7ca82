"""When each recipient is told an alert, and with what: the operator's rules, mutes, and a guard against storms.

The first rule that fits decides; without one the alert's own urgency does. Nothing is dropped: what a rule or a mute
holds back becomes a delivery as well, suppressed, with the name of what did it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from monitor.deciding.hours import awake, next_at
from monitor.deciding.muting import held_back, muted_by, people_of
from monitor.deciding.outbox import addressed
from monitor.model import Alert, DeliveryState, Notice, Urgency

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, time, tzinfo

    from monitor.deciding.hours import Quiet
    from monitor.deciding.muting import Mute
    from monitor.deciding.outbox import Addressee
    from monitor.model import ClaimKind, Delivery, EvidenceGrade, Relation

STORM: Final = "storm"
"""Stands in place of a rule's name where there were too many messages; the first such one goes out, and says so."""
_HOUR: Final = timedelta(hours=1)


class Send(StrEnum):
    """When a rule lets an alert go. `AS_DECIDED`: at once or with the digest, by the alert's urgency."""

    NOW = "now"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"
    AS_DECIDED = "as_decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: for whom, of what, and when. A field that is empty or None leaves it open.

    `people` are principals or subjects, `countries` the meeting's or its counterparts'. `at` is the digest's time by
    the clocks of `zone`, `weekday` its day (0 is Monday). Alerts about one meeting wait `group_wait` for each other.
    """

    name: str
    channel: str | None = None
    recipients: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    kinds: tuple[ClaimKind, ...] = ()
    people: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    urgency: tuple[Urgency, ...] = ()
    grades: tuple[EvidenceGrade, ...] = ()
    send: Send = Send.AS_DECIDED
    at: time | None = None
    weekday: int | None = None
    zone: tzinfo = UTC
    quiet: Quiet | None = None
    group_wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """The operator's rules in order, and from how many messages an hour to one recipient on the rest waits."""

    rules: tuple[Rule, ...] = ()
    storm_per_hour: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one recipient: sent at `at`, on its way, or waiting until then. Without a bundle it is alone.

    `storm`: it told the recipient that the rest waits.
    """

    channel: str
    recipient: str
    at: datetime
    bundle: str = ""
    storm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What stands when it is planned: the mutes that hold, and messages of the last hour and of the time to come."""

    mutes: Sequence[Mute] = ()
    messages: tuple[Message, ...] = ()

    def after(self, planned: Iterable[Delivery], now: datetime) -> Held:
        """The same with what has been planned since, and without what is older than an hour."""
        found = {(one.channel, one.recipient, one.bundle) for one in self.messages if one.bundle}
        kept = [one for one in self.messages if one.at > now - _HOUR]
        for delivery in planned:
            key = (delivery.channel, delivery.recipient, delivery.bundle)
            if delivery.state is DeliveryState.QUEUED and key not in found:
                kept.append(_message(delivery, now))
                found |= {key} if delivery.bundle else set()
        return replace(self, messages=tuple(kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One alert on its way to one addressee."""

    alert: Alert
    to: Addressee
    rule: Rule
    held: Held
    now: datetime
    digest_at: datetime
    limit: int
    said: Delivery = field(repr=False)


_NO_RULE: Final = Rule(name="")


def plan(
    content: Alert | Notice,
    to: Iterable[Addressee],
    book: RuleBook,
    held: Held,
    now: datetime,
    *,
    digest_at: datetime,
    subjects: Mapping[str, str] | None = None,
) -> tuple[Delivery, ...]:
    """One delivery for each addressee: when it goes, in which bundle, and by whose word; suppressed ones as well.

    Those of one bundle have one time, which is in the bundle's name, and nothing joins it once that has come. A notice
    goes at once: the operator hears of trouble whatever rules, mutes and quiet hours say.

    Args:
        content: What is told.
        to: Whom.
        book: The rules.
        held: What stands already; several alerts are planned one after the other, with `held.after` between.
        now: Aware.
        digest_at: When what can wait goes out where no rule names a time.
        subjects: The person whom a claim is about, by the claim's id.

    Returns:
        In the order of `to`. `next_try_at` is None for at once.
    """
    if isinstance(content, Notice):
        return tuple(addressed(content, one) for one in to)
    about = subjects or {}
    return tuple(_planned(content, one, book, held, now, digest_at=digest_at, subjects=about) for one in to)


def undisturbed(message: Iterable[Delivery], rules: Iterable[Rule], now: datetime) -> datetime:
    """When a message that is due may go: now, or when the quiet hours of the rules that it was queued by are over.

    What is tried again, or was due while nothing ran, would otherwise come in the middle of the night.
    """
    named = {delivery.rule for delivery in message}
    return max((awake(now, rule.quiet) for rule in rules if rule.name in named), default=now)


def rule_for(alert: Alert, to: Addressee, rules: Iterable[Rule], subjects: Mapping[str, str]) -> Rule | None:
    """The first rule that fits, None where there is none."""
    return next((rule for rule in rules if _meant(rule, to) and fits(rule, alert, subjects)), None)


def fits(rule: Rule, alert: Alert, subjects: Mapping[str, str]) -> bool:
    """Whether all that the rule names is so of the alert; of relations, kinds and people any item's will do."""
    meeting = alert.meeting
    places = {meeting.country, *(one.country for one in meeting.counterparts)} if meeting else set()
    principals = set(meeting.principals) if meeting else set()
    people = principals.union(*(people_of(alert, item, subjects) for item in alert.items))
    named_and_found: tuple[tuple[Sequence[str], Iterable[str | None]], ...] = (
        (rule.relations, (alert.relation, *(item.relation for item in alert.items))),
        (rule.kinds, (item.kind for item in alert.items)),
        (rule.people, people),
        (rule.countries, places),
        (rule.outlets, (alert.outlet,)),
        (rule.urgency, (alert.urgency,)),
        (rule.grades, (alert.grade,)),
    )
    return all(not named or not set(named).isdisjoint(found) for named, found in named_and_found)


def _meant(rule: Rule, to: Addressee) -> bool:
    return rule.channel in {None, to.channel} and (not rule.recipients or to.recipient in rule.recipients)


def _planned(
    alert: Alert,
    to: Addressee,
    book: RuleBook,
    held: Held,
    now: datetime,
    *,
    digest_at: datetime,
    subjects: Mapping[str, str],
) -> Delivery:
    said = addressed(alert, to)
    mute = muted_by(alert, to.channel, to.recipient, held.mutes, subjects)
    if mute is not None:
        return held_back(said, mute)
    rule = rule_for(alert, to, book.rules, subjects) or _NO_RULE
    said = replace(said, rule=rule.name or None)
    if rule.send is Send.NEVER:
        return replace(said, state=DeliveryState.SUPPRESSED)
    case = _Case(
        alert=alert, to=to, rule=rule, held=held, now=now, digest_at=digest_at, limit=book.storm_per_hour, said=said
    )
    return _at_once(case) if _urgent(rule, alert) else _with_digest(case)


def _urgent(rule: Rule, alert: Alert) -> bool:
    by_urgency = rule.send is Send.AS_DECIDED and alert.urgency is Urgency.NOW
    return rule.send is Send.NOW or by_urgency


def _with_digest(case: _Case) -> Delivery:
    rule = case.rule
    at = case.digest_at if rule.at is None else next_at(case.now, rule.at, rule.zone, weekday=rule.weekday)
    return _bundled(case, "digest", awake(at, rule.quiet))


def _at_once(case: _Case) -> Delivery:
    """Now, unless it is quiet, joins others about its meeting, or comes on top of too many."""
    rule, now = case.rule, case.now
    morning = awake(now, rule.quiet)
    if morning > now:
        return _bundled(case, "quiet", morning)
    if not case.to.bundles:
        return case.said  # one that cannot be told several at once gains nothing by waiting
    waits = rule.group_wait > timedelta() and case.alert.meeting_id is not None
    begun = _open_group(case) if waits else None
    if begun is not None:
        return replace(case.said, bundle=begun.bundle, next_try_at=begun.at)
    if len(_recent(case)) >= case.limit:
        return _storm(case)
    if not waits:
        return case.said
    later = awake(now + rule.group_wait, rule.quiet)
    return _bundled(case, "group" if later == now + rule.group_wait else "quiet", later)


def _storm(case: _Case) -> Delivery:
    """One more goes out and says that the rest waits; then the rest waits."""
    told = any(one.storm for one in _recent(case))
    case = replace(case, said=replace(case.said, rule=STORM))
    return _with_digest(case) if told else case.said


def _recent(case: _Case) -> list[Message]:
    """Messages to the same recipient of the hour before, and of the hour to come, which are owed already."""
    return [one for one in _theirs(case) if abs(one.at - case.now) < _HOUR]


def _theirs(case: _Case) -> Iterable[Message]:
    to = case.to
    return (one for one in case.held.messages if one.channel == to.channel and one.recipient == to.recipient)


def _open_group(case: _Case) -> Message | None:
    """The bundle in which the meeting's first alert waits still, and until when it waits."""
    begins = _bundle(case, "group", case.now).removesuffix(_stamp(case.now))
    waiting = (one for one in _theirs(case) if one.bundle.startswith(begins) and one.at > case.now)
    quiet = case.rule.quiet
    return next((one for one in waiting if awake(one.at, quiet) == one.at), None)


def _bundled(case: _Case, sort: str, at: datetime) -> Delivery:
    return replace(case.said, bundle=_bundle(case, sort, at), next_try_at=at)


def _bundle(case: _Case, sort: str, at: datetime) -> str:
    """A bundle's name: its sort, rule, recipient, meeting where it is of one, and time. Never used again after that.

    What waits for a morning waits together, whichever rules have let it wait.
    """
    rule = [] if sort == "quiet" else [case.rule.name]
    meeting = [case.alert.meeting_id or ""] if sort == "group" else []
    return ":".join((sort, *rule, case.to.recipient, *meeting, _stamp(at)))


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _message(delivery: Delivery, now: datetime) -> Message:
    return Message(
        channel=delivery.channel,
        recipient=delivery.recipient,
        at=delivery.next_try_at or now,
        bundle=delivery.bundle,
        storm=delivery.rule == STORM and not delivery.bundle,
    )
