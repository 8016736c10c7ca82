"""Another version of an article already read: what it says no more.

The new version is held against what the version before it said, the same way round as an article against the ledger: a
claim is withdrawn where the new reading, taken as a ledger, does not entail it. Slots are compared for typed claims,
covered terms for clauses. What still stands in the text word for word is never withdrawn, so that other chrome, vowel
signs or order of paragraphs, and a clause that is cut otherwise this time, change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.deciding.coverage import coverage
from monitor.deciding.events import relate_event
from monitor.deciding.roles import relate_rank, relate_role
from monitor.deciding.verdict import shortened
from monitor.model import ClaimKind, KnownClaim, Modality, Related, Relation
from monitor.reading.arabic import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Mention, Reading, Recall

STILL_MADE: Final = 0.7
"""Share of a clause's weighted terms that one clause of the new version must hold for the claim to be made still."""
_TOGETHER: Final = 0.9
"""The same for all clauses together: one that was parted in two is covered by both."""
_CUT: Final = 0.5
"""A version with less than this share of the text before it may be a cut page: what it lacks is only suggested gone."""
_FIRM: Final = frozenset({Modality.AGREED, Modality.SIGNED, Modality.IMPLEMENTED})
_SOFT: Final = frozenset({Modality.DISCUSSED, Modality.WISHED, Modality.AGREED_IN_PRINCIPLE})
_GONE: Final = frozenset({Relation.NEW, Relation.CONTRADICTING})


def withdrawn(reading: Reading, recall: Recall) -> tuple[Related, ...]:
    """Claims of the version before that `reading`, of the same article, makes no more, in the order of the old text.

    Each keeps the ids of its old mention, whose offsets are those of the old text. One is only suggested where the
    page seems to have been cut short.
    """
    before = [claim for claim in recall.claims if claim.article_id == reading.article.id and claim.standing]
    if not before or reading.outcome is not None:
        return ()
    now = _Now.of(reading)
    cut = _is_cut(reading, recall)
    gone: dict[str, Related] = {}
    for claim in sorted(before, key=lambda one: (one.mention.start, one.mention.end, one.mention_id)):
        softened = _softened(claim.mention, reading)
        if softened is not None or not _made(claim.mention, now):
            gone.setdefault(claim.claim_id, _related(claim, softened, suggest=cut))
    return tuple(gone.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Now:
    """The new version as a ledger, and its words, folded, with a space around each."""

    mentions: tuple[Mention, ...]
    ledger: tuple[KnownClaim, ...]
    words: str

    @classmethod
    def of(cls, reading: Reading) -> _Now:
        article = reading.article
        ledger = tuple(
            KnownClaim(claim_id="", mention_id="", meeting_id=None, mention=mention, article_id=article.id,
                       url=article.url, outlet=article.outlet, seen_at=article.fetched_at)
            for mention in reading.mentions
        )  # fmt: skip
        return cls(mentions=reading.mentions, ledger=ledger, words=_words(article.text))


def _words(text: str) -> str:
    return f" {' '.join(token.form for token in tokens(text))} "


def _is_cut(reading: Reading, recall: Recall) -> bool:
    sizes = [one.signature.shingles for one in recall.documents if one.article_id == reading.article.id]
    return bool(sizes) and reading.signature.shingles < _CUT * max(sizes)


def _made(old: Mention, now: _Now) -> bool:
    if old.terms:
        if _covering(old, now.mentions) or _covered_together(old, now.mentions):
            return True
        turned = any(
            coverage(old.terms, new.terms) >= STILL_MADE for new in now.mentions if new.polarity != old.polarity
        )
        return not turned and _words(old.quote) in now.words
    return _entailed(old, now.ledger) or _words(old.quote) in now.words


def _covering(old: Mention, mentions: Sequence[Mention]) -> list[Mention]:
    """The new clauses that hold what the old one held, affirmed or negated as it was."""
    return [new for new in mentions if new.polarity == old.polarity and coverage(old.terms, new.terms) >= STILL_MADE]


def _covered_together(old: Mention, mentions: Sequence[Mention]) -> bool:
    held = {term for new in mentions if new.polarity == old.polarity for term in new.terms}
    return coverage(old.terms, held) >= _TOGETHER


def _entailed(old: Mention, ledger: Sequence[KnownClaim]) -> bool:
    if old.kind is ClaimKind.ROLE:
        return relate_role(old, ledger, None).relation not in _GONE
    if old.kind is ClaimKind.RANK:
        return relate_rank(old, ledger, None).relation not in _GONE
    if old.kind is ClaimKind.EVENT:
        return relate_event(old, ledger, None).relation not in _GONE
    slots = {slot for slot in old.slots if not slot[0].endswith("_form")}
    same = [
        known.mention for known in ledger if known.mention.kind is old.kind and known.mention.subject == old.subject
    ]
    return any(slots <= set(new.slots) for new in same)


def _softened(old: Mention, reading: Reading) -> Mention | None:
    """The new wording of what was agreed before and is only wished for or discussed now."""
    if old.modality not in _FIRM or not old.terms:
        return None
    covering = _covering(old, reading.mentions)
    return covering[0] if covering and all(new.modality in _SOFT for new in covering) else None


def _related(claim: KnownClaim, softened: Mention | None, *, suggest: bool) -> Related:
    mention = claim.mention
    was = shortened(mention.quote)
    why, why_en = f"حذف من نسخة لاحقة من المقال نفسه: «{was}».", f"Gone from a later version of the article: «{was}»."
    if softened is not None:
        now = shortened(softened.quote)
        why, why_en = f"كان «{was}» فصار في نسخة لاحقة «{now}».", f"It said «{was}»; a later version says «{now}»."
    if suggest:
        why, why_en = f"{why} وقد تكون الصفحة مبتورة.", f"{why_en} The page may have been cut short."
    return Related(
        mention_id=claim.mention_id,
        claim_id=claim.claim_id,
        meeting_id=claim.meeting_id,
        mention=mention,
        relation=Relation.WITHDRAWN,
        nearest_quote=softened.quote if softened else None,
        nearest_outlet=claim.outlet,
        nearest_url=claim.url,
        score=1.0,
        method="versions",
        compared=("terms",) if mention.terms else tuple(dict.fromkeys(name for name, _ in mention.slots)),
        suggest=suggest,
        why=why,
        why_en=why_en,
    )
