"""The ledger: what is known, what is recalled of it for one reading, and what is decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model.terms import Relation

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model.alerts import Alert
    from monitor.model.articles import Meeting, Mention, Reading, Signature
    from monitor.model.terms import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMeeting:
    """A meeting of the ledger with everything merged into it so far."""

    id: str
    meeting: Meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClaim:
    """One mention in the ledger, with the claim it belongs to and where it stands.

    `standing`: the last version of its article that could be read makes it still. `restates`: the other claim that it
    was known by when it came.
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
    restates: str | None = None


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
    """One mention and its relation to the ledger, with the reasons.

    `claim_id` is the claim that it makes, `nearest` the one it was held against: where it is known, that may be another
    claim, which says more. `joins` are claims of the ledger that are seen to be the same as `claim_id` by it.
    """

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
    joins: tuple[str, ...] = ()

    @property
    def told_as(self) -> str:
        """The claim under which it is told: the known one, where it adds a voice or a detail to one."""
        known = self.relation in {Relation.RESTATED, Relation.CORROBORATING, Relation.UPDATED}
        return self.nearest if known and self.nearest is not None else self.claim_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do about one reading; the archive stores it, the pipeline delivers it."""

    outcome: Outcome
    reading: Reading
    duplicate_of: str | None = None
    meetings: tuple[MeetingLink, ...] = ()
    relations: tuple[Related, ...] = ()
    alerts: tuple[Alert, ...] = ()
