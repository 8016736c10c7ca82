"""Values of the walk, in the order in which they come into being.

`Page` (bytes) -> `FeedEntry` -> `Article` -> `Reading` -> `Decision` -> `Alert` -> `Delivery`. All are frozen,
hold tuples, and carry aware UTC datetimes. Offsets are half-open code-point offsets into `Article.text`.

`monitor.model.terms` holds the words of the domain, `monitor.model.feeds` what is polled, `monitor.model.articles` what
one article says, `monitor.model.ledger` what is known and decided, `monitor.model.alerts` what people are told.
"""

from monitor.model.alerts import (
    Alarm,
    Alert,
    AlertItem,
    Delivery,
    DeliveryResult,
    DeliveryState,
    Notice,
    NoticeKind,
)
from monitor.model.articles import (
    Article,
    ContentWord,
    Counterpart,
    Lead,
    Meeting,
    Mention,
    PersonMention,
    Reading,
    Segment,
    Signature,
    Slots,
    Statement,
)
from monitor.model.feeds import (
    FeedEntry,
    FeedSource,
    FeedState,
    FeedWishes,
    Page,
    ParsedFeed,
)
from monitor.model.ledger import (
    Decision,
    KnownClaim,
    KnownDocument,
    KnownMeeting,
    MeetingLink,
    Recall,
    Related,
)
from monitor.model.terms import (
    ClaimKind,
    EvidenceGrade,
    MeetingMode,
    MeetingStatus,
    Modality,
    Outcome,
    Polarity,
    Relation,
    SegmentKind,
    Urgency,
)

__all__ = [
    "Alarm",
    "Alert",
    "AlertItem",
    "Article",
    "ClaimKind",
    "ContentWord",
    "Counterpart",
    "Decision",
    "Delivery",
    "DeliveryResult",
    "DeliveryState",
    "EvidenceGrade",
    "FeedEntry",
    "FeedSource",
    "FeedState",
    "FeedWishes",
    "KnownClaim",
    "KnownDocument",
    "KnownMeeting",
    "Lead",
    "Meeting",
    "MeetingLink",
    "MeetingMode",
    "MeetingStatus",
    "Mention",
    "Modality",
    "Notice",
    "NoticeKind",
    "Outcome",
    "Page",
    "ParsedFeed",
    "PersonMention",
    "Polarity",
    "Reading",
    "Recall",
    "Related",
    "Relation",
    "Segment",
    "SegmentKind",
    "Signature",
    "Slots",
    "Statement",
    "Urgency",
]
