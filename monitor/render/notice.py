"""A notice as a letter to the operator: every text a mail shows, in Arabic and in English.

Pure. What an alarm means is said by its code, in the words of `labels.toml`; where they lack the code, the alarm's own
message stands in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.model import NoticeKind
from monitor.render.plain import one_line
from monitor.render.room import HTML_BYTES, most

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import Alarm, Notice
    from monitor.render.words import Labels, Names

SUBJECT_CHARS = 120
LINE_CHARS = 300
MESSAGE_CHARS = 600
ALARMS = 12
"""Alarms shown in full. More are counted: where so many sources fail, their list is better read in the archive."""
_TOLD = ("healthy", "failing", "read")
_ONLY_IF_ANY = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmFace:
    """One alarm in one language; `source` is the outlet, or the feed's id where that is unknown."""

    source: str
    meaning: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """One alarm; `feed` is None where it is about the watch itself, `message` None where the meaning says it."""

    feed: str | None
    code: str
    message: str | None
    ar: AlarmFace
    en: AlarmFace


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFace:
    """What stands around the alarms, in one language; `figures` are labels and numbers."""

    kind: str
    headline: str
    once: str
    at: str
    figures: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLetter:
    """The view model of one mail; `command` lists what was told, with the `left_out` alarms too."""

    subject: str
    kind_id: str
    alarms: tuple[AlarmView, ...]
    left_out: int
    command: str
    ar: NoticeFace
    en: NoticeFace

    def shortened(self, alarms: int) -> NoticeLetter:
        """With the first of its alarms, and the others counted."""
        first = self.alarms[:alarms]
        return replace(self, alarms=first, left_out=self.left_out + len(self.alarms) - len(first))

    def fitted(self, html_bytes: Callable[[NoticeLetter], int]) -> NoticeLetter:
        """With as many of its alarms as one mail holds; `html_bytes` is how large a letter is as it is sent."""
        return self.shortened(most(len(self.alarms), lambda n: html_bytes(self.shortened(n)) <= HTML_BYTES))


def write_notice(notice: Notice, names: Names, labels: Labels) -> NoticeLetter:
    """Everything a mail about `notice` shows, cleaned of what cannot be seen (controls, bidi overrides)."""
    return NoticeLetter(
        subject=notice_subject(notice, names, labels),
        kind_id=notice.kind.value,
        alarms=tuple(_alarm(alarm, names, labels) for alarm in notice.alarms[:ALARMS]),
        left_out=max(0, len(notice.alarms) - ALARMS),
        command="worker.py alerts notices",
        ar=_face(notice, labels, "ar"),
        en=_face(notice, labels, "en"),
    )


def notice_subject(notice: Notice, names: Names, labels: Labels) -> str:
    """One line of at most 120 characters: product, what kind of notice, whom it is about, and what it says."""
    if notice.kind is NoticeKind.HEARTBEAT:
        kind = labels.of("ar", "notice", notice.kind.value)
        said = [_joined(_counts(notice, labels, "ar"), labels, "ar")]
    else:
        kind = labels.counted("ar", notice.kind.value, max(1, len(notice.alarms)))
        sources = dict.fromkeys(_source(alarm, names, labels, "ar") for alarm in notice.alarms)
        said = [labels.of("ar", "phrase", "list_separator").join(sources), _in_short(notice, labels)]
    line = ": ".join(part for part in (kind, *said) if part)
    return one_line(f"{labels.of('ar', 'phrase', 'product')} | {line}", SUBJECT_CHARS)


def _in_short(notice: Notice, labels: Labels) -> str:
    """What the only alarm means, or what all together do; that one is over needs no more words."""
    if notice.kind is NoticeKind.CLEAR:
        return ""
    alone = len(notice.alarms) == 1
    said = _meaning(notice.alarms[0], labels, "ar") if alone else labels.of("ar", "phrase", _together(notice))
    return said.rstrip(".")


def _together(notice: Notice) -> str:
    """Key of what the alarms mean together: for one feed, for several, or for the watch."""
    feeds = {alarm.feed_id for alarm in notice.alarms}
    scope = "watch" if not feeds or None in feeds else "feed" if len(feeds) == 1 else "feeds"
    return f"{notice.kind.value}_{scope}"


def _face(notice: Notice, labels: Labels, language: str) -> NoticeFace:
    beat = notice.kind is NoticeKind.HEARTBEAT
    return NoticeFace(
        kind=labels.of(language, "notice", notice.kind.value),
        headline=_first_line(notice, labels, language) if beat else labels.of(language, "phrase", _together(notice)),
        once=labels.of(language, "phrase", f"{notice.kind.value}_once"),
        at=labels.moment(language, notice.at),
        figures=tuple((one_line(labels.of(language, "figure", name)), value) for name, value in notice.figures),
    )


def _first_line(notice: Notice, labels: Labels, language: str) -> str:
    """In words what is new, which sources are well, and what was read: «لا جديد ... 14 مصدراً سليماً ...»."""
    news, *counts = _counts(notice, labels, language)
    phrase = labels.of(language, "phrase", "heartbeat" if counts else "heartbeat_bare")
    return phrase.format(news=news, counts=_joined(counts, labels, language))


def _counts(notice: Notice, labels: Labels, language: str) -> list[str]:
    """How many alerts, and what else is worth saying in words of what was counted."""
    figures = dict(notice.figures)
    told = [name for name in _TOLD if name in figures and (figures[name] or name != _ONLY_IF_ANY)]
    news = labels.counted(language, "news", figures.get("alerts", 0))
    return [news, *(labels.counted(language, name, figures[name]) for name in told)]


def _joined(parts: list[str], labels: Labels, language: str) -> str:
    return labels.of(language, "phrase", "and_separator").join(parts)


def _alarm(alarm: Alarm, names: Names, labels: Labels) -> AlarmView:
    message = one_line(alarm.message, MESSAGE_CHARS)
    explained = all(_meaning(alarm, labels, language) != message for language in ("ar", "en"))
    return AlarmView(
        feed=one_line(alarm.feed_id, LINE_CHARS) if alarm.feed_id is not None else None,
        code=one_line(alarm.code, LINE_CHARS),
        message=message if message and explained else None,
        ar=_alarm_face(alarm, names, labels, "ar"),
        en=_alarm_face(alarm, names, labels, "en"),
    )


def _alarm_face(alarm: Alarm, names: Names, labels: Labels, language: str) -> AlarmFace:
    return AlarmFace(
        source=_source(alarm, names, labels, language),
        meaning=_meaning(alarm, labels, language),
        since=labels.moment(language, alarm.since),
    )


def _meaning(alarm: Alarm, labels: Labels, language: str) -> str:
    """What the code says in words; the message where the words lack it, the bare code where there is neither."""
    said = labels.of(language, "alarm", alarm.code)
    return one_line((alarm.message or said) if said == alarm.code else said, MESSAGE_CHARS)


def _source(alarm: Alarm, names: Names, labels: Labels, language: str) -> str:
    if alarm.feed_id is None:
        return labels.of(language, "phrase", "watch")
    return one_line(names.feeds.get(alarm.feed_id) or alarm.feed_id, LINE_CHARS)
