"""The words of the domain: every value that is one of a few."""

from __future__ import annotations

from enum import StrEnum


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
