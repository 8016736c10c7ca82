"""What people are told, and its way to each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.model.terms import ClaimKind, EvidenceGrade, Modality, Relation, Urgency

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model.articles import Meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertItem:
    """One claim of an alert, with all a reader needs: the sentence, what is new in it, and why."""

    claim_id: str
    mention_id: str
    kind: ClaimKind
    relation: Relation
    quote: str
    sentence: str
    mark_start: int
    mark_end: int
    speaker: str | None
    origin: str | None
    modality: Modality
    why: str
    why_en: str
    suggest: bool = False
    other_quote: str | None = None
    other_outlet: str | None = None
    other_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What one article adds to, or contradicts in, one meeting. `sentence[mark_start:mark_end]` is the new part.

    `meeting_new` stands in the one alert that first tells of a meeting which the ledger did not know.
    """

    id: str
    urgency: Urgency
    relation: Relation
    meeting_id: str | None
    article_id: str
    url: str
    title: str
    outlet: str
    items: tuple[AlertItem, ...]
    first_seen: datetime
    published_at: datetime | None = None
    meeting: Meeting | None = None
    grade: EvidenceGrade = EvidenceGrade.LOW
    origins: tuple[str, ...] = ()
    outlets: int = 1
    meeting_new: bool = False


class NoticeKind(StrEnum):
    """What a notice is for."""

    ALARM = "alarm"
    CLEAR = "clear"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A sign that a source is not seen any more, or not whole. It stands from `since` until its cause is gone.

    `feed_id` is None where it is about the watch itself. `code` is stable (`E-FEED-SILENT`), `message` one sentence.
    """

    code: str
    message: str
    since: datetime
    feed_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Word to the operator, not to readers: alarms raised, alarms that are over, or the heartbeat.

    `figures` are named counts of the time since the last heartbeat, in the order in which they are told.
    """

    id: str
    kind: NoticeKind
    at: datetime
    alarms: tuple[Alarm, ...] = ()
    figures: tuple[tuple[str, int], ...] = ()


class DeliveryState(StrEnum):
    """Where a delivery is."""

    QUEUED = "queued"
    SENT = "sent"
    DEAD = "dead"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One alert or notice on its way to one recipient. `id` derives from both, so a resend is recognisable.

    Those of one `bundle` go out as one message, where the channel can do that; empty for one that goes alone. `rule`
    names what decided about it. `state` is `suppressed` for one that a rule or a mute holds back: it is only recorded.
    """

    id: str
    channel: str
    recipient: str
    content: Alert | Notice
    attempts: int = 0
    next_try_at: datetime | None = None
    bundle: str = ""
    rule: str | None = None
    state: DeliveryState = DeliveryState.QUEUED


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """How one try ended; a transient failure is tried again at `retry_at`, any other is a dead letter."""

    delivery_id: str
    state: DeliveryState
    tried_at: datetime
    code: str | None = None
    message: str | None = None
    retry_at: datetime | None = None
    transient: bool = field(default=False)
