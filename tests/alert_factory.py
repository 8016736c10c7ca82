"""Alerts as the seed corpus would give them, and notices of a source that fell silent, each part open to change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from monitor.deciding.notices import notice
from monitor.deciding.outbox import queue
from monitor.model import (
    Alarm,
    Alert,
    AlertItem,
    ClaimKind,
    Counterpart,
    Delivery,
    EvidenceGrade,
    Meeting,
    Modality,
    Notice,
    NoticeKind,
    Relation,
    Urgency,
)
from monitor.render import Names

SENTENCE = "استقبل الجنرال فنسنت جيرو الفريق صدام حفتر، وتم الاتفاق على عدة مسارات تدريبية وتقنية بين الجانبين"
AGREED = "تم الاتفاق على عدة مسارات تدريبية وتقنية"
DISCUSSED = "بحث سبل التعاون الفني والتدريبي"
FIRST_SEEN = datetime(2026, 1, 18, 7, 42, tzinfo=UTC)
ELYSEE = Meeting(
    principals=("saddam_haftar",),
    counterparts=(Counterpart(name="فنسنت جيرو", office="رئيس الأركان الخاص للرئيس", country="FR"),),
    venue="قصر الإليزيه",
    place="paris",
    country="FR",
    date_to=date(2026, 1, 17),
)
NAMES = Names(
    people={"ar": {"saddam_haftar": "صدام حفتر"}, "en": {"saddam_haftar": "Saddam Haftar"}},
    terms={"ar": {"FR": "فرنسا", "paris": "باريس"}, "en": {"FR": "France", "paris": "Paris"}},
)
_CONFLICT = AlertItem(
    claim_id="cl_1",
    mention_id="mn_1",
    kind=ClaimKind.OUTCOME,
    relation=Relation.CONTRADICTING,
    quote=AGREED,
    sentence=SENTENCE,
    mark_start=SENTENCE.index(AGREED),
    mark_end=SENTENCE.index(AGREED) + len(AGREED),
    speaker=None,
    origin=None,
    modality=Modality.AGREED,
    why="درجة أخرى: كان «بحث» فصار «تم الاتفاق»",
    why_en="another step: discussed before, agreed here.",
    other_quote=DISCUSSED,
    other_outlet="الصحيفة الأولى",
    other_url="https://first.example/1",
)
_ALERT = Alert(
    id="al_1",
    urgency=Urgency.NOW,
    relation=Relation.CONTRADICTING,
    meeting_id="mt_1",
    article_id="003",
    url="https://second.example/3?a=1&b=2",
    title="تحركات مكثفة في باريس",
    outlet="الصحيفة الثانية",
    items=(_CONFLICT,),
    first_seen=FIRST_SEEN,
    meeting=ELYSEE,
    grade=EvidenceGrade.LOW,
)


def make_item(**changes: Any) -> AlertItem:
    """The conflict over what was agreed (K4), with `changes`."""
    return replace(_CONFLICT, **changes)


def make_alert(**changes: Any) -> Alert:
    """The alert of that conflict, with `changes`."""
    return replace(_ALERT, **changes)


def make_delivery(recipient: str, *, channel: str = "mail", **changes: Any) -> Delivery:
    """That alert, with `changes`, on its way to one recipient."""
    return queue(make_alert(**changes), (Route(channel, (recipient,)),))[0]


def make_alarm(**changes: Any) -> Alarm:
    """A feed that fell silent, with `changes`."""
    message = "2 articles in 24 h, where 31 are usual"
    alarm = Alarm(code="E-FEED-SILENT", message=message, since=FIRST_SEEN, feed_id="shahid")
    return replace(alarm, **changes)


FIGURES = (
    *(("feeds", 15), ("healthy", 14), ("failing", 1), ("polls", 1344), ("entries", 260), ("read", 212)),
    *(("in_scope", 9), ("alerts", 3), ("waiting", 0), ("dead", 0)),
)


def make_notice(kind: NoticeKind = NoticeKind.ALARM, **changes: Any) -> Notice:
    """Word of that alarm, or with `changes`; a heartbeat has figures and no alarm."""
    beat = kind is NoticeKind.HEARTBEAT
    made = notice(kind, FIRST_SEEN, () if beat else (make_alarm(),), FIGURES if beat else ())
    return replace(made, **changes)


def make_notice_delivery(recipient: str, told: Notice, *, channel: str = "mail") -> Delivery:
    """A notice on its way to one operator."""
    return queue(told, (Route(channel, (), (recipient,)),))[0]


@dataclass(frozen=True)
class Route:
    """A channel as queueing sees it."""

    channel: str
    recipients: tuple[str, ...]
    operators: tuple[str, ...] = ()


class FixedClock:
    """A clock that stands where it was put."""

    def __init__(self, at: datetime = FIRST_SEEN) -> None:
        self.at = at

    def now(self) -> datetime:
        """The set time."""
        return self.at

    def monotonic(self) -> float:
        """Seconds of the set time."""
        return self.at.timestamp()
