"""Articles, and what one of them says before anything is known of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from monitor.model.terms import (
    ClaimKind,
    EvidenceGrade,
    MeetingMode,
    MeetingStatus,
    Modality,
    Outcome,
    Polarity,
    SegmentKind,
)

if TYPE_CHECKING:
    from datetime import date, datetime

Slots: TypeAlias = tuple[tuple[str, str], ...]
"""Typed slots of a claim as sorted (name, value) pairs; set-valued slots repeat the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One version of one article's text; `text` starts with the title, then a newline.

    Where the text was taken out of a page, `content_type` is what its server called that, and `extractor` names what
    took it out.
    """

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
    content_type: str | None = None
    extractor: str | None = None


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

    @classmethod
    def of_nothing(cls, article: Article, outcome: Outcome, signature: Signature, *, language: str = "ar") -> Reading:
        """An article in which there is nothing for us, and why."""
        return cls(
            article=article,
            in_scope=False,
            segments=(),
            people=(),
            meetings=(),
            mentions=(),
            leads=(),
            signature=signature,
            language=language,
            outcome=outcome,
        )
