"""Several alerts as one letter: by meeting, of each alert what matters most, and the rest counted and named. Pure.

Nothing is left out silently: an alert for which there is no room is a line with its title and source, and only a very
long digest counts what it does not list, with the command that shows it. How much room there is, is asked of whoever
lays the letter out: `fitted`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.model import Relation
from monitor.render.letter import write_letter
from monitor.render.plain import one_line
from monitor.render.room import HTML_BYTES, most

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from monitor.model import Alert
    from monitor.render.letter import Face, Letter
    from monitor.render.words import Labels, Names

SUBJECT_CHARS = 120
ITEMS = 3
"""Claims of each alert that are shown; a digest is for looking over."""
LISTED = 150
"""Alerts that may have a place in it: a line takes some 600 bytes, so that more would hardly ever fit."""
LINES_BYTES = HTML_BYTES * 2 // 3
"""What a mail may be while each alert has but a line. So much is kept free for the first ones with their claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One alert: `letter` has at most three claims, which are shown where it is `whole`; else it is a line."""

    alert_id: str
    letter: Letter
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The alerts about one meeting, whose heads are None where they are about none.

    Any alert's links to mute serve all of them where `one_meeting`; else each has its own.
    """

    one_meeting: bool
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

    @property
    def untold(self) -> int:
        """How many claims the alerts have that are but a line."""
        lines = (entry.letter for group in self.groups for entry in group.entries if not entry.whole)
        return sum(len(letter.items) + letter.left_out for letter in lines)

    def shortened(self, whole: int, listed: int) -> DigestLetter:
        """With so many of its alerts, in their order, of which the first are whole; the others are counted."""
        groups, before = [], 0
        for group in self.groups:
            kept = enumerate(group.entries[: max(0, listed - before)], before)
            entries = tuple(replace(entry, whole=at < whole) for at, entry in kept)
            groups += [replace(group, entries=entries)] if entries else []
            before += len(group.entries)
        return replace(self, groups=tuple(groups), left_out=self.left_out + max(0, before - listed))

    def fitted(self, html_bytes: Callable[[DigestLetter], int]) -> DigestLetter:
        """With as much as one mail holds: a line for each alert, then the first ones whole, then what more lines fit.

        Args:
            html_bytes: How large a letter is as it is sent.
        """
        told = sum(len(group.entries) for group in self.groups)
        listed = most(told, lambda n: html_bytes(self.shortened(0, n)) <= LINES_BYTES)
        whole = most(listed, lambda n: html_bytes(self.shortened(n, listed)) <= HTML_BYTES)
        more = most(told - listed, lambda n: html_bytes(self.shortened(whole, listed + n)) <= HTML_BYTES)
        return self.shortened(whole, listed + more)


def write_digest(alerts: Sequence[Alert], names: Names, labels: Labels) -> DigestLetter:
    """Everything a mail about several alerts may show, cleaned of what cannot be seen; `fitted` makes it a mail.

    Args:
        alerts: In the order in which they were decided; one at least.
        names: What ids are called.
        labels: The product's words.
    """
    told = _in_order(alerts)
    shown = told[:LISTED]
    meetings = dict.fromkeys(alert.meeting_id for alert in shown)
    about = ([alert for alert in shown if alert.meeting_id == meeting] for meeting in meetings)
    return DigestLetter(
        subject=digest_subject(alerts, names, labels),
        clash=any(alert.relation is Relation.CONTRADICTING for alert in alerts),
        groups=tuple(_group(group, names, labels) for group in about),
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


def _group(alerts: Sequence[Alert], names: Names, labels: Labels) -> Group:
    """What was known last of the meeting stands above what was told of it."""
    letters = {alert.id: write_letter(alert, names, labels).shortened(ITEMS) for alert in alerts}
    last = letters[max(alerts, key=lambda alert: alert.first_seen).id]
    one_meeting = alerts[0].meeting_id is not None
    known = one_meeting and last.ar.who is not None
    return Group(
        one_meeting=one_meeting,
        ar=last.ar if known else None,
        en=last.en if known else None,
        entries=tuple(Entry(alert_id=alert.id, letter=letters[alert.id]) for alert in alerts),
    )


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
