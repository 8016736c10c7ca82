"""Several alerts as one letter: by meeting, of each alert what matters most, and the rest counted and named. Pure.

Nothing is left out silently: an alert for which there is no room is a line with its title and source, and only a very
long digest counts what it does not list, with the command that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.model import Relation
from monitor.render.letter import write_letter
from monitor.render.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import Alert
    from monitor.render.letter import Face, Letter
    from monitor.render.words import Labels, Names

SUBJECT_CHARS = 120
TITLE_CHARS = 300
ITEMS = 3
"""Claims of each alert that are shown; a digest is for looking over."""
WHOLE = 10
"""Alerts that are shown with their claims. Gmail cuts off a message of more than 102 kB."""
LISTED = 40
"""Alerts beyond these that get a line each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One alert: `letter` has at most three claims, none where there is only room for a line."""

    alert_id: str
    letter: Letter
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The alerts about one meeting, whose heads are None where they are about none."""

    ar: Face | None
    en: Face | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFace:
    """What stands around the alerts, in one language."""

    kind: str
    headline: str
    no_meeting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLetter:
    """The view model of one mail with several alerts; `left_out` of them are only counted."""

    subject: str
    clash: bool
    groups: tuple[Group, ...]
    left_out: int
    command: str
    ar: DigestFace
    en: DigestFace


def write_digest(alerts: Sequence[Alert], names: Names, labels: Labels) -> DigestLetter:
    """Everything a mail about several alerts shows, cleaned of what cannot be seen.

    Args:
        alerts: In the order in which they were decided; one at least.
        names: What ids are called.
        labels: The product's words.
    """
    told = _in_order(alerts)
    shown = told[: WHOLE + LISTED]
    letters = {alert.id: _short(write_letter(alert, names, labels)) for alert in shown}
    whole = {alert.id for alert in shown[:WHOLE]}
    meetings = dict.fromkeys(alert.meeting_id for alert in shown)
    groups = (_group([alert for alert in shown if alert.meeting_id == meeting], letters, whole) for meeting in meetings)
    return DigestLetter(
        subject=digest_subject(alerts, names, labels),
        clash=any(alert.relation is Relation.CONTRADICTING for alert in alerts),
        groups=tuple(groups),
        left_out=len(told) - len(shown),
        command=f"worker.py alerts list --limit {min(1000, 2 * len(told))}",
        ar=_face(alerts, labels, "ar"),
        en=_face(alerts, labels, "en"),
    )


def digest_subject(alerts: Sequence[Alert], names: Names, labels: Labels) -> str:
    """One line: how many alerts on how many meetings, whether sources conflict, and who, where it is one meeting."""
    parts = [labels.of("ar", "phrase", "digest_subject").format(what=_what(alerts, labels, "ar"))]
    if any(alert.relation is Relation.CONTRADICTING for alert in alerts):
        parts.append(labels.of("ar", "relation", Relation.CONTRADICTING.value))
    heads = [alert.meeting for alert in alerts if alert.meeting is not None]
    if len({alert.meeting_id for alert in alerts}) == 1 and heads:
        where = heads[-1].place or heads[-1].country
        said = [*(names.person("ar", person) for person in heads[-1].principals)]
        said += [names.term("ar", where)] if where else []
        parts.append(labels.of("ar", "phrase", "list_separator").join(said))
    return one_line(" | ".join(part for part in parts if part), SUBJECT_CHARS)


def _in_order(alerts: Iterable[Alert]) -> list[Alert]:
    """Meetings with conflicts first, what is about none last; of one meeting conflicts first, then as it came."""
    told = list(alerts)
    clashing = {alert.meeting_id for alert in told if alert.relation is Relation.CONTRADICTING}
    firsts = {meeting: at for at, meeting in reversed([*enumerate(alert.meeting_id for alert in told)])}

    def rank(alert: Alert) -> tuple[bool, bool, int, bool]:
        meeting = alert.meeting_id
        first = firsts[meeting]
        return meeting is None, meeting not in clashing, first, alert.relation is not Relation.CONTRADICTING

    return sorted(told, key=rank)


def _group(alerts: Sequence[Alert], letters: dict[str, Letter], whole: set[str]) -> Group:
    """What was known last of the meeting stands above what was told of it."""
    last = letters[max(alerts, key=lambda alert: alert.first_seen).id]
    about = alerts[0].meeting_id is not None and last.ar.who is not None
    return Group(
        ar=last.ar if about else None,
        en=last.en if about else None,
        entries=tuple(Entry(alert_id=alert.id, letter=letters[alert.id], whole=alert.id in whole) for alert in alerts),
    )


def _short(letter: Letter) -> Letter:
    items, title = letter.items[:ITEMS], one_line(letter.title, TITLE_CHARS)
    return replace(letter, title=title, items=items, left_out=letter.left_out + len(letter.items) - len(items))


def _what(alerts: Sequence[Alert], labels: Labels, language: str) -> str:
    """How many alerts on how many meetings: «5 أخبار عن لقاءين»."""
    meetings = {alert.meeting_id for alert in alerts if alert.meeting_id is not None}
    rest = sum(alert.meeting_id is None for alert in alerts)
    key = "digest_none" if not meetings else "digest_mixed" if rest else "digest_about"
    return labels.of(language, "phrase", key).format(
        alerts=labels.counted(language, "digest", len(alerts) - (rest if meetings else 0)),
        meetings=labels.counted(language, "digest_meetings", len(meetings)),
        rest=labels.counted(language, "digest", rest),
    )


def _face(alerts: Sequence[Alert], labels: Labels, language: str) -> DigestFace:
    return DigestFace(
        kind=labels.of(language, "phrase", "digest"),
        headline=_what(alerts, labels, language),
        no_meeting=labels.of(language, "phrase", "digest_no_meeting"),
    )
