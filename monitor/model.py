"""Values of the walk, in the order in which they come into being.

`Page` (bytes) -> `FeedEntry` -> `Article` -> `Reading` -> `Decision` -> `Alert` -> `Delivery`. All are frozen,
hold tuples, and carry aware UTC datetimes. Offsets are half-open code-point offsets into `Article.text`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import date, datetime

Slots: TypeAlias = tuple[tuple[str, str], ...]
"""Typed slots of a claim as sorted (name, value) pairs; set-valued slots repeat the name."""


class Outcome(StrEnum):
    """The one ending every entry has."""

    SEEN_BEFORE = "seen_before"
    OFF_TOPIC = "off_topic"
    UNREACHABLE = "unreachable"
    NO_TEXT = "no_text"
    SUSPECT = "suspect"
    DUPLICATE = "duplicate"
    NOTHING_NEW = "nothing_new"
    ALERTED = "alerted"


class SegmentKind(StrEnum):
    """What a stretch of an article's text is for."""

    TITLE = "title"
    BODY = "body"
    HEADING = "heading"
    QUOTE = "quote"
    LIST = "list"
    TABLE = "table"
    ADVICE = "advice"
    BOILERPLATE = "boilerplate"
    LEAD = "lead"


class ClaimKind(StrEnum):
    """What a claim asserts."""

    EVENT = "event"
    PARTICIPANT = "participant"
    ROLE = "role"
    RANK = "rank"
    AGENDA = "agenda"
    STATEMENT = "statement"
    STANCE = "stance"
    OUTCOME = "outcome"
    REPORTED = "reported"
    ANALYSIS = "analysis"
    BACKGROUND = "background"
    ATTRIBUTION = "attribution"
    KINSHIP = "kinship"


class Relation(StrEnum):
    """How a mention stands to the ledger."""

    NEW = "new"
    RESTATED = "restated"
    CORROBORATING = "corroborating"
    UPDATED = "updated"
    CONTRADICTING = "contradicting"
    WITHDRAWN = "withdrawn"


class Modality(StrEnum):
    """How firmly something is said to have happened; the first six form the ladder, in order."""

    DISCUSSED = "discussed"
    WISHED = "wished"
    AGREED_IN_PRINCIPLE = "agreed_in_principle"
    AGREED = "agreed"
    SIGNED = "signed"
    IMPLEMENTED = "implemented"
    ASSERTED = "asserted"
    ANNOUNCED = "announced"
    DENIED = "denied"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


class Polarity(StrEnum):
    """Whether the proposition is affirmed or negated."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"


class MeetingMode(StrEnum):
    """Who went to whom (orientation after PLOVER: the visitor acts, the host receives)."""

    VISIT = "visit"
    RECEIVED = "received"
    THIRD_COUNTRY = "third_country"
    MULTILATERAL = "multilateral"
    CALL = "call"


class MeetingStatus(StrEnum):
    """Whether the meeting is said to have taken place."""

    ANNOUNCED = "announced"
    HELD = "held"
    DENIED = "denied"
    CANCELLED = "cancelled"


class EvidenceGrade(StrEnum):
    """What stands behind an article as a whole."""

    READOUT = "readout"
    NAMED_ORIGIN = "named_origin"
    LOW = "low"


class Urgency(StrEnum):
    """When an alert goes out."""

    NOW = "now"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSource:
    """One line of `feeds.toml`: what is polled."""

    id: str
    url: str
    outlet: str
    owner: str | None = None
    kind: str = "news"
    allow_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the archive knows of one feed between polls."""

    feed_id: str
    next_poll_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    failures: int = 0
    last_ok_at: datetime | None = None
    last_error_code: str | None = None
    last_error: str | None = None
    entries_seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One HTTP answer, body decoded from its transfer coding but not from its charset."""

    url: str
    final_url: str
    status: int
    body: bytes
    fetched_at: datetime
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None

    @property
    def not_modified(self) -> bool:
        """True for a 304: nothing to read, the stored validators still hold."""
        return self.status == 304  # noqa: PLR2004 - the number is the protocol's own name


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One item of a feed. `keys` are its identities: canonical URL, guid, content hash."""

    url: str
    title: str
    keys: tuple[str, ...]
    summary: str = ""
    published_at: datetime | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One version of one article's text; `text` starts with the title, then a newline."""

    id: str
    url: str
    title: str
    text: str
    outlet: str
    fetched_at: datetime
    published_at: datetime | None = None
    published_source: str | None = None
    byline: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of text and its use; only reporting kinds may carry claims."""

    kind: SegmentKind
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMention:
    """A person named at a place in the text. `person` is a watchlist id, or a folded name for the unlisted."""

    person: str
    form: str
    start: int
    end: int
    office: str | None = None
    rank: str | None = None
    country: str | None = None
    suspected_typo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """The foreign side: a named person, or an office whose holder is unnamed."""

    name: str | None
    office: str | None
    country: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A principal with a foreign counterpart or host, within date bounds (inclusive days; None is open)."""

    principals: tuple[str, ...]
    counterparts: tuple[Counterpart, ...] = ()
    venue: str | None = None
    place: str | None = None
    country: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    date_source: str | None = None
    mode: MeetingMode = MeetingMode.VISIT
    status: MeetingStatus = MeetingStatus.HELD
    start: int = 0
    end: int = 0
    main: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Where one article says one claim: `text[start:end] == quote`, always.

    `meeting` indexes `Reading.meetings`, None for a claim about a person. `subject` is a person id, or the
    empty string. `terms` are the folded content terms and topic ids that similarity and coverage compare.
    """

    kind: ClaimKind
    start: int
    end: int
    quote: str
    meeting: int | None = None
    subject: str = ""
    predicate: str = ""
    speaker: str | None = None
    origin: str | None = None
    modality: Modality = Modality.ASSERTED
    polarity: Polarity = Polarity.AFFIRMED
    slots: Slots = ()
    terms: tuple[str, ...] = ()

    def values(self, name: str) -> set[str]:
        """What the slot of this name holds; a slot may hold several values, or none."""
        return {value for slot, value in self.slots if slot == name}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentWord:
    """One content word of a sentence, with everything by which a word of another sentence may be the same.

    `keys` are ids of which one in common is enough: lemma, group of synonyms, consonants of the root. `sides` are the
    antonym entries it stands for, `against` those that they contradict. `place` is (place, country), `number` what a
    figure or number word amounts to. `turns` where it says that the rest is not so («نفى», «لا», «دون»).
    """

    form: str
    keys: frozenset[str] = frozenset()
    sides: frozenset[str] = frozenset()
    against: frozenset[str] = frozenset()
    place: tuple[str, str] | None = None
    number: str = ""
    turns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence as a claim by itself, with its content words in order."""

    mention: Mention
    words: tuple[ContentWord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """An in-scope headline found in boilerplate: kept and searchable, never a claim."""

    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What duplicates are found by: a hash of the folded text, and MinHash values of its shingles."""

    exact: str
    minhash: tuple[int, ...] = ()
    shingles: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything one article says, before anything is known of other articles."""

    article: Article
    in_scope: bool
    segments: tuple[Segment, ...]
    people: tuple[PersonMention, ...]
    meetings: tuple[Meeting, ...]
    mentions: tuple[Mention, ...]
    leads: tuple[Lead, ...]
    signature: Signature
    grade: EvidenceGrade = EvidenceGrade.LOW
    origin: str | None = None
    language: str = "ar"
    outcome: Outcome | None = None
    """Set when reading alone settles it (`no_text`, `suspect`, `off_topic`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMeeting:
    """A meeting of the ledger with everything merged into it so far."""

    id: str
    meeting: Meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClaim:
    """One mention in the ledger, with the claim it belongs to and where it stands.

    `standing`: the last version of its article that could be read makes it still.
    """

    claim_id: str
    mention_id: str
    meeting_id: str | None
    mention: Mention
    article_id: str
    url: str
    outlet: str
    seen_at: datetime
    published_at: datetime | None = None
    standing: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDocument:
    """A stored document that may be a near duplicate."""

    article_id: str
    url: str
    signature: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """What the ledger holds near a reading: fetched once, before deciding."""

    documents: tuple[KnownDocument, ...] = ()
    meetings: tuple[KnownMeeting, ...] = ()
    claims: tuple[KnownClaim, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingLink:
    """One meeting of the reading, tied to the ledger's id.

    `known` is what the ledger held of it before, None where it is new; `merged` is what it holds afterwards.
    """

    id: str
    new: bool
    meeting: Meeting
    merged: Meeting
    known: Meeting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """One mention and its relation to the ledger, with the reasons."""

    mention_id: str
    claim_id: str
    meeting_id: str | None
    mention: Mention
    relation: Relation
    nearest: str | None = None
    nearest_quote: str | None = None
    nearest_outlet: str | None = None
    nearest_url: str | None = None
    score: float = 0.0
    method: str = "slots"
    compared: tuple[str, ...] = ()
    suggest: bool = False
    why: str = ""
    why_en: str = ""


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
    """What one article adds to, or contradicts in, one meeting. `sentence[mark_start:mark_end]` is the new part."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do about one reading; the archive stores it, the pipeline delivers it."""

    outcome: Outcome
    reading: Reading
    duplicate_of: str | None = None
    meetings: tuple[MeetingLink, ...] = ()
    relations: tuple[Related, ...] = ()
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One alert on its way to one recipient. `id` derives from both, so a resend is recognisable."""

    id: str
    channel: str
    recipient: str
    alert: Alert
    attempts: int = 0
    next_try_at: datetime | None = None


class DeliveryState(StrEnum):
    """Where a delivery is."""

    QUEUED = "queued"
    SENT = "sent"
    DEAD = "dead"
    SUPPRESSED = "suppressed"


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
