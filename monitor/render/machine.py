"""Values as JSON: what webhooks carry (`event_json`), what `ingest --json` prints (`decision_json`).

Keys are a promise to others: they are never left out, an unknown value is null or empty. Times are ISO 8601
in UTC, days ISO 8601, enumerations their values. `docs/alert.schema.json` describes `alert_json`,
`docs/notice.schema.json` `notice_json`; keys may be added under one `SCHEMA`, a change of any other sort makes another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from monitor.model import Alert, NoticeKind, Relation

if TYPE_CHECKING:
    from datetime import date, datetime

    from monitor.model import (
        Alarm,
        AlertItem,
        Counterpart,
        Decision,
        Lead,
        Meeting,
        MeetingLink,
        Notice,
        Outcome,
        PersonMention,
        Reading,
        Related,
        Segment,
        Slots,
    )

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

SCHEMA: Final = "1"
"""Version of what `data` looks like; it stands in `data` itself."""
MEETING_EVENT: Final = "meeting.new"
CLAIM_EVENTS: Final = {
    Relation.NEW: "claim.new",
    Relation.UPDATED: "claim.updated",
    Relation.CORROBORATING: "claim.corroborated",
    Relation.RESTATED: "claim.corroborated",
    Relation.CONTRADICTING: "claim.contradicted",
    Relation.WITHDRAWN: "claim.withdrawn",
}
"""By the relation of the alert. What is restated is never told alone; were it told, it would be confirmed by that."""
NOTICE_EVENTS: Final = {
    NoticeKind.ALARM: "source.silent",
    NoticeKind.CLEAR: "source.back",
    NoticeKind.HEARTBEAT: "heartbeat",
}


def event_type(content: Alert | Notice) -> str:
    """What receivers may sort by: `meeting.new` once for each meeting that was not known, else the alert's relation."""
    if not isinstance(content, Alert):
        return NOTICE_EVENTS[content.kind]
    tells_of_meeting = content.meeting_new and content.relation is Relation.NEW
    return MEETING_EVENT if tells_of_meeting else CLAIM_EVENTS[content.relation]


def event_json(content: Alert | Notice, *, left_out: int = 0, truncated: bool = False) -> dict[str, Json]:
    """One alert or notice as the body of a webhook (Standard Webhooks 1.0, "Payload structure").

    Returns:
        `type`; `timestamp`: when an alert was first seen or a notice made, the same at each try; `data`: what
        `alert_json` and `notice_json` give.
    """
    if isinstance(content, Alert):
        at, data = content.first_seen, alert_json(content, left_out=left_out, truncated=truncated)
    else:
        at, data = content.at, notice_json(content, left_out=left_out, truncated=truncated)
    return {"type": event_type(content), "timestamp": at.isoformat(), "data": data}


def alert_json(alert: Alert, *, left_out: int = 0, truncated: bool = False) -> dict[str, Json]:
    """One alert for machines.

    Args:
        alert: With the items to carry.
        left_out: Items that exist beyond those carried.
        truncated: Whether a text in `alert` was shortened to fit a size limit.

    Returns:
        The object of `docs/alert.schema.json`. What is new is `items[].sentence[mark_start:mark_end]`,
        counted in code points.
    """
    return {
        "schema": SCHEMA,
        "id": alert.id,
        "urgency": alert.urgency.value,
        "relation": alert.relation.value,
        "meeting": _alert_meeting(alert),
        "article": {
            "id": alert.article_id,
            "url": alert.url,
            "title": alert.title,
            "outlet": alert.outlet,
            "published_at": _iso(alert.published_at),
        },
        "first_seen": _iso(alert.first_seen),
        "evidence_grade": alert.grade.value,
        "origins": list(alert.origins),
        "outlets": alert.outlets,
        "items": [_item(item) for item in alert.items],
        "items_left_out": left_out,
        "truncated": truncated,
    }


def notice_json(notice: Notice, *, left_out: int = 0, truncated: bool = False) -> dict[str, Json]:
    """One notice for machines: `left_out` alarms exist beyond those carried, `truncated` as for alerts.

    Returns:
        The object of `docs/notice.schema.json`. What kind of notice it is, the type of the webhook's body says.
    """
    return {
        "schema": SCHEMA,
        "id": notice.id,
        "at": _iso(notice.at),
        "alarms": [_alarm(alarm) for alarm in notice.alarms],
        "alarms_left_out": left_out,
        "figures": dict(notice.figures),
        "truncated": truncated,
    }


def decision_json(decision: Decision) -> dict[str, Json]:
    """One article as `ingest --json` prints it.

    Returns:
        `text` is what all offsets index. A claim's `id` is its mention's, `claim` the proposition's; an
        alert's `claims` are mention ids. `slots` maps each name to the list of its values. The main meeting
        comes first.
    """
    reading = decision.reading
    links = sorted(decision.meetings, key=lambda link: not link.meeting.main)
    return {
        **_article(reading),
        "outcome": decision.outcome.value,
        "duplicate_of": decision.duplicate_of,
        "segments": [_segment(segment) for segment in reading.segments],
        "people": [_person(person) for person in reading.people],
        "meetings": [_linked(link) for link in links],
        "claims": [_claim(related) for related in decision.relations],
        "leads": [_lead(lead) for lead in reading.leads],
        "alerts": [_queued(alert) for alert in decision.alerts],
    }


def unread_json(article_id: str, outcome: Outcome, *, url: str = "", title: str | None = None) -> dict[str, Json]:
    """The same object for an entry of which there is no reading (unreachable, seen before, unreadable)."""
    return {
        "id": article_id,
        "url": url,
        "title": title,
        "text": "",
        "published_at": None,
        "in_scope": None,
        "evidence_grade": None,
        "outcome": outcome.value,
        "duplicate_of": None,
        "segments": [],
        "people": [],
        "meetings": [],
        "claims": [],
        "leads": [],
        "alerts": [],
    }


def _iso(value: date | datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _alert_meeting(alert: Alert) -> Json:
    if alert.meeting_id is None and alert.meeting is None:
        return None
    known = _meeting(alert.meeting) if alert.meeting is not None else dict.fromkeys(_MEETING_KEYS)
    return {"id": alert.meeting_id, "new": alert.meeting_new, **known}


_MEETING_KEYS = (
    *("principals", "counterparts", "venue", "place", "country"),
    *("date_from", "date_to", "date_source", "mode", "status"),
)


def _meeting(meeting: Meeting) -> dict[str, Json]:
    return {
        "principals": list(meeting.principals),
        "counterparts": [_counterpart(counterpart) for counterpart in meeting.counterparts],
        "venue": meeting.venue,
        "place": meeting.place,
        "country": meeting.country,
        "date_from": _iso(meeting.date_from),
        "date_to": _iso(meeting.date_to),
        "date_source": meeting.date_source,
        "mode": meeting.mode.value,
        "status": meeting.status.value,
    }


def _counterpart(counterpart: Counterpart) -> Json:
    return {"name": counterpart.name, "office": counterpart.office, "country": counterpart.country}


def _item(item: AlertItem) -> Json:
    other: Json = None
    if item.other_quote is not None:
        other = {"quote": item.other_quote, "outlet": item.other_outlet, "url": item.other_url}
    return {
        "id": item.mention_id,
        "claim": item.claim_id,
        "kind": item.kind.value,
        "relation": item.relation.value,
        "quote": item.quote,
        "sentence": item.sentence,
        "mark_start": item.mark_start,
        "mark_end": item.mark_end,
        "speaker": item.speaker,
        "origin": item.origin,
        "modality": item.modality.value,
        "suggest": item.suggest,
        "why": item.why,
        "why_en": item.why_en,
        "other": other,
    }


def _alarm(alarm: Alarm) -> Json:
    return {"feed": alarm.feed_id, "code": alarm.code, "message": alarm.message, "since": _iso(alarm.since)}


def _article(reading: Reading) -> dict[str, Json]:
    article = reading.article
    return {
        "id": article.id,
        "url": article.url,
        "title": article.title,
        "text": article.text,
        "published_at": _iso(article.published_at),
        "in_scope": reading.in_scope,
        "evidence_grade": reading.grade.value,
    }


def _segment(segment: Segment) -> Json:
    return {"kind": segment.kind.value, "start": segment.start, "end": segment.end}


def _person(person: PersonMention) -> Json:
    return {
        "person": person.person,
        "form": person.form,
        "start": person.start,
        "end": person.end,
        "office": person.office,
        "rank": person.rank,
        "suspected_typo": person.suspected_typo,
    }


def _linked(link: MeetingLink) -> Json:
    return {"id": link.id, "new": link.new, **_meeting(link.meeting)}


def _claim(related: Related) -> Json:
    mention = related.mention
    return {
        "id": related.mention_id,
        "claim": related.claim_id,
        "meeting": related.meeting_id,
        "kind": mention.kind.value,
        "relation": related.relation.value,
        "start": mention.start,
        "end": mention.end,
        "quote": mention.quote,
        "speaker": mention.speaker,
        "origin": mention.origin,
        "modality": mention.modality.value,
        "polarity": mention.polarity.value,
        "slots": _slots(mention.slots),
        "nearest": related.nearest,
        "score": related.score,
        "method": related.method,
        "compared": list(related.compared),
        "suggest": related.suggest,
        "why": related.why,
    }


def _slots(slots: Slots) -> dict[str, Json]:
    values: dict[str, list[Json]] = {}
    for name, value in slots:
        values.setdefault(name, []).append(value)
    return dict(values)


def _lead(lead: Lead) -> Json:
    return {"start": lead.start, "end": lead.end, "quote": lead.quote}


def _queued(alert: Alert) -> Json:
    return {
        "id": alert.id,
        "urgency": alert.urgency.value,
        "relation": alert.relation.value,
        "claims": [item.mention_id for item in alert.items],
    }
