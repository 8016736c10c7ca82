"""Values for tests, small and whole: Saddam Haftar visits Paris. Every argument replaces a field."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from monitor.model import (
    Alert,
    AlertItem,
    Article,
    ClaimKind,
    Counterpart,
    Decision,
    Delivery,
    EvidenceGrade,
    KnownClaim,
    Lead,
    Meeting,
    MeetingLink,
    Mention,
    Modality,
    Outcome,
    PersonMention,
    Reading,
    Related,
    Relation,
    Segment,
    SegmentKind,
    Signature,
    Urgency,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 1, 17, 12, 0, tzinfo=UTC)
TITLE = "صدام حفتر يزور باريس"
BODY = (
    "وصل نائب القائد العام الفريق صدام حفتر إلى العاصمة الفرنسية باريس. "
    "والتقى في قصر الإليزيه بول سولير، وبحث الجانبان التعاون الأمني."
)
HEADLINE = "خليفة حفتر يستقبل المبعوث الفرنسي"
TEXT = f"{TITLE}\n{BODY}\n{HEADLINE}"


def short_id(*parts: object) -> str:
    """Sixteen hexadecimal digits that depend on nothing but `parts`."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def make_article(**changes: Any) -> Article:
    """An article; with `text` alone its first line becomes the title."""
    text = changes.get("text", TEXT)
    article_id = changes.get("id", "paris-1")
    fields: dict[str, Any] = {
        "id": article_id,
        "url": f"https://news.example/{article_id}",
        "title": text.split("\n", 1)[0],
        "text": text,
        "outlet": "صحيفة المثال",
        "fetched_at": NOON,
        "published_at": datetime(2026, 1, 17, 10, 25, tzinfo=UTC),
        "published_source": "meta",
    }
    return Article(**{**fields, **changes})


def make_meeting(**changes: Any) -> Meeting:
    """Saddam Haftar with Paul Soler at the Élysée, on an unknown day up to 17 January 2026."""
    fields: dict[str, Any] = {
        "principals": ("saddam_haftar",),
        "counterparts": (Counterpart(name="بول سولير", office="envoy", country="FR"),),
        "venue": "elysee",
        "place": "paris",
        "country": "FR",
        "date_to": date(2026, 1, 17),
        "date_source": "page",
    }
    return Meeting(**{**fields, **changes})


def make_person(text: str = TEXT, form: str = "صدام حفتر", **changes: Any) -> PersonMention:
    """The first place in `text` where `form` stands (the very beginning where it does not)."""
    start = max(0, text.find(form))
    fields: dict[str, Any] = {
        "person": "saddam_haftar",
        "form": form,
        "start": start,
        "end": start + len(form),
        "office": "deputy_commander",
        "rank": "lieutenant_general",
        "country": "LY",
    }
    return PersonMention(**{**fields, **changes})


def make_mention(text: str = TEXT, quote: str = "وبحث الجانبان التعاون الأمني", **changes: Any) -> Mention:
    """A claim of the agenda of meeting 0, at the first place where `quote` stands in `text`."""
    start = max(0, text.find(quote))
    fields: dict[str, Any] = {
        "kind": ClaimKind.AGENDA,
        "start": start,
        "end": start + len(quote),
        "quote": quote,
        "meeting": 0,
        "subject": "saddam_haftar",
        "predicate": "discuss",
        "modality": Modality.DISCUSSED,
        "slots": (("agenda", "security"),),
        "terms": ("تعاون", "امن"),
    }
    return Mention(**{**fields, **changes})


def make_signature(text: str = TEXT, **changes: Any) -> Signature:
    """The exact hash of `text`, with 16 MinHash values that no other text shares."""
    values = tuple(int(short_id(text, at), 16) for at in range(16))
    fields: dict[str, Any] = {
        "exact": hashlib.sha256(text.encode()).hexdigest(),
        "minhash": values,
        "shingles": len(text),
    }
    return Signature(**{**fields, **changes})


def make_reading(**changes: Any) -> Reading:
    """An article in scope with one meeting, one person, one mention and one lead."""
    article = changes.get("article") or make_article()
    text = article.text
    lead = text.find(HEADLINE)
    fields: dict[str, Any] = {
        "article": article,
        "in_scope": True,
        "segments": (
            Segment(kind=SegmentKind.TITLE, start=0, end=len(article.title)),
            Segment(kind=SegmentKind.BODY, start=min(len(text), len(article.title) + 1), end=len(text)),
        ),
        "people": (make_person(text),),
        "meetings": (make_meeting(),),
        "mentions": (make_mention(text),),
        "leads": () if lead < 0 else (Lead(start=lead, end=lead + len(HEADLINE), quote=HEADLINE),),
        "signature": make_signature(text),
        "grade": EvidenceGrade.NAMED_ORIGIN,
    }
    return Reading(**{**fields, **changes})


def make_related(reading: Reading, mention: Mention, meeting_id: str | None, **changes: Any) -> Related:
    """`mention` as something new; the same quote in two articles is two mentions of one claim."""
    fields: dict[str, Any] = {
        "mention_id": short_id("mention", reading.article.id, mention),
        "claim_id": short_id("claim", meeting_id, mention.kind, mention.slots, mention.subject),
        "meeting_id": meeting_id,
        "mention": mention,
        "relation": Relation.NEW,
        "why": "لم يرد من قبل",
        "why_en": "not in the ledger",
    }
    return Related(**{**fields, **changes})


def make_decision(**changes: Any) -> Decision:
    """What is decided about `reading` on an empty ledger: its meetings and claims are new, one alert."""
    reading = changes.get("reading") or make_reading()
    links = changes.get("meetings") or tuple(
        MeetingLink(id=meeting_id(meeting), new=True, meeting=meeting, merged=meeting) for meeting in reading.meetings
    )
    relations = changes.get("relations")
    if relations is None:
        relations = tuple(
            make_related(reading, mention, None if mention.meeting is None else links[mention.meeting].id)
            for mention in reading.mentions
        )
    fields: dict[str, Any] = {
        "outcome": Outcome.ALERTED if relations else Outcome.NOTHING_NEW,
        "reading": reading,
        "meetings": links,
        "relations": relations,
        "alerts": (make_alert(reading=reading, relations=relations),) if relations else (),
    }
    return Decision(**{**fields, **changes})


def make_alert(*, reading: Reading | None = None, relations: Sequence[Related] | None = None, **changes: Any) -> Alert:
    """An alert at once for what `relations` (by default of a fresh decision) says of one meeting."""
    reading = reading or make_reading()
    if relations is None:
        link = meeting_id(reading.meetings[0]) if reading.meetings else None
        relations = [make_related(reading, mention, link) for mention in reading.mentions]
    article = reading.article
    first = relations[0]
    fields: dict[str, Any] = {
        "id": short_id("alert", article.id, [related.mention_id for related in relations]),
        "urgency": Urgency.NOW,
        "relation": first.relation,
        "meeting_id": first.meeting_id,
        "article_id": article.id,
        "url": article.url,
        "title": article.title,
        "outlet": article.outlet,
        "items": tuple(_item(related) for related in relations),
        "first_seen": article.fetched_at,
        "published_at": article.published_at,
        "meeting": reading.meetings[0] if reading.meetings else None,
        "grade": reading.grade,
    }
    return Alert(**{**fields, **changes})


def make_delivery(**changes: Any) -> Delivery:
    """An alert on its way to one mailbox; `content` may be a notice."""
    content = changes.get("content") or make_alert()
    recipient = changes.get("recipient", "desk@example.org")
    fields: dict[str, Any] = {
        "id": short_id("delivery", content.id, recipient),
        "channel": "mail",
        "recipient": recipient,
        "content": content,
    }
    return Delivery(**{**fields, **changes})


def make_known(mention: Mention | None = None, **changes: Any) -> KnownClaim:
    """`mention` as another outlet's article, «earlier», put it into the ledger for meeting «m1»."""
    mention = mention or make_mention()
    fields: dict[str, Any] = {
        "claim_id": short_id("claim", mention.kind, mention.subject, mention.slots, mention.quote),
        "mention_id": short_id("mention", "earlier", mention),
        "meeting_id": "m1",
        "mention": mention,
        "article_id": "earlier",
        "url": "https://earlier.example/1",
        "outlet": "الصحيفة الأولى",
        "seen_at": NOON,
    }
    return KnownClaim(**{**fields, **changes})


def make_link(meeting: Meeting | None = None, **changes: Any) -> MeetingLink:
    """`meeting` tied to the ledger's «m1»."""
    meeting = meeting or make_meeting()
    return MeetingLink(**{"id": "m1", "new": False, "meeting": meeting, "merged": meeting, **changes})


def meeting_id(meeting: Meeting) -> str:
    """An id from who met whom and where."""
    return short_id("meeting", meeting.principals, meeting.counterparts, meeting.venue, meeting.date_to)


def _item(related: Related) -> AlertItem:
    mention = related.mention
    return AlertItem(
        claim_id=related.claim_id,
        mention_id=related.mention_id,
        kind=mention.kind,
        relation=related.relation,
        quote=mention.quote,
        sentence=mention.quote,
        mark_start=0,
        mark_end=len(mention.quote),
        speaker=mention.speaker,
        origin=mention.origin,
        modality=mention.modality,
        why=related.why,
        why_en=related.why_en,
    )
