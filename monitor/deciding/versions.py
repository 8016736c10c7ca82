"""Another version of an article already read: what it says no more, and what it said before.

The new version is held against what the version before it said, the same way round as an article against the ledger: a
claim is withdrawn where the new reading, taken as a ledger, does not entail it. Slots are compared for typed claims,
covered terms for clauses. What still stands in the text word for word is never withdrawn, so that other chrome, vowel
signs or order of paragraphs, and a clause that is cut otherwise this time, change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    before = _before(reading, recall)
    if not before or reading.outcome is not None:
        return ()
    held, cut = _held(reading, before), _is_cut(reading, recall)
    gone: dict[str, Related] = {}
    for claim in sorted(before, key=lambda one: (one.mention.start, one.mention.end, one.mention_id)):
        softened = _softened(claim.mention, reading)
        if softened is not None or not _made(claim.mention, held):
            gone.setdefault(claim.claim_id, _gone(claim, softened, suggest=cut))
    return tuple(gone.values())


def unchanged(relations: Sequence[Related], reading: Reading, recall: Recall) -> tuple[Related, ...]:
    """`relations` where each claim that the version before made already is restated: it was told then, or need not be.

    A step that has become firmer since is not the same claim, and stays as it was decided.
    """
    before = _before(reading, recall)
    held = _Held(ledger=tuple(before), turned=(), words=_words("\n".join(one.mention.quote for one in before)))
    return tuple(
        _told(related, before) if _made(related.mention, held) and not _hardened(related.mention, before) else related
        for related in relations
    )


def _before(reading: Reading, recall: Recall) -> list[KnownClaim]:
    return [claim for claim in recall.claims if claim.article_id == reading.article.id and claim.standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """One version as a ledger, its words folded with a space around each, and what it has turned into its opposite."""

    ledger: tuple[KnownClaim, ...]
    turned: tuple[Mention, ...]
    words: str


def _held(reading: Reading, before: Sequence[KnownClaim]) -> _Held:
    article = reading.article
    ledger = tuple(
        KnownClaim(claim_id="", mention_id="", meeting_id=None, mention=mention, article_id=article.id,
                   url=article.url, outlet=article.outlet, seen_at=article.fetched_at)
        for mention in reading.mentions
    )  # fmt: skip
    turned = tuple(mention for mention in reading.mentions if mention.terms and not _covering(mention, before))
    return _Held(ledger=ledger, turned=turned, words=_words(article.text))


def _words(text: str) -> str:
    return f" {' '.join(token.form for token in tokens(text))} "


def _is_cut(reading: Reading, recall: Recall) -> bool:
    sizes = [one.signature.shingles for one in recall.documents if one.article_id == reading.article.id]
    return bool(sizes) and reading.signature.shingles < _CUT * max(sizes)


def _made(mention: Mention, held: _Held) -> bool:
    """Whether a version makes a claim: it entails it, or says it word for word and not the opposite besides."""
    if not mention.terms:
        return _entailed(mention, held.ledger) or _words(mention.quote) in held.words
    if _covering(mention, held.ledger) or _covered_together(mention, held.ledger):
        return True
    opposite = any(
        coverage(mention.terms, one.terms) >= STILL_MADE for one in held.turned if one.polarity != mention.polarity
    )
    return not opposite and _words(mention.quote) in held.words


def _covering(mention: Mention, ledger: Sequence[KnownClaim]) -> list[KnownClaim]:
    """The clauses that hold what this one holds, affirmed or negated as it is; the one that holds most first."""
    shares = [
        (coverage(mention.terms, known.mention.terms), known)
        for known in ledger
        if known.mention.polarity == mention.polarity
    ]
    return [known for share, known in sorted(shares, key=lambda one: -one[0]) if share >= STILL_MADE]


def _covered_together(mention: Mention, ledger: Sequence[KnownClaim]) -> bool:
    held = {term for known in ledger if known.mention.polarity == mention.polarity for term in known.mention.terms}
    return coverage(mention.terms, held) >= _TOGETHER


def _entailed(mention: Mention, ledger: Sequence[KnownClaim]) -> bool:
    if mention.kind is ClaimKind.ROLE:
        return relate_role(mention, ledger, None).relation not in _GONE
    if mention.kind is ClaimKind.RANK:
        return relate_rank(mention, ledger, None).relation not in _GONE
    if mention.kind is ClaimKind.EVENT:
        return relate_event(mention, ledger, None).relation not in _GONE
    slots = {slot for slot in mention.slots if not slot[0].endswith("_form")}
    same = [
        one.mention for one in ledger if one.mention.kind is mention.kind and one.mention.subject == mention.subject
    ]
    return any(slots <= set(one.slots) for one in same)


def _hardened(mention: Mention, before: Sequence[KnownClaim]) -> bool:
    if mention.modality not in _FIRM or not mention.terms:
        return False
    covering = _covering(mention, before)
    return bool(covering) and all(known.mention.modality in _SOFT for known in covering)


def _told(related: Related, before: Sequence[KnownClaim]) -> Related:
    mention = related.mention
    own = next((one for one in before if one.claim_id == related.claim_id), None)
    own = own or next(iter(_covering(mention, before) if mention.terms else ()), None)
    return replace(
        related,
        relation=Relation.RESTATED,
        nearest=own.claim_id if own else None,
        nearest_quote=own.mention.quote if own else None,
        nearest_outlet=own.outlet if own else None,
        nearest_url=own.url if own else None,
        method="versions",
        suggest=False,
        why="ورد في نسخة سابقة من المقال نفسه.",
        why_en="An earlier version of the same article says it.",
    )


def _softened(old: Mention, reading: Reading) -> Mention | None:
    """The new wording of what was agreed before and is only wished for or discussed now."""
    if old.modality not in _FIRM or not old.terms:
        return None
    covering = [
        new for new in reading.mentions if new.polarity == old.polarity and coverage(old.terms, new.terms) >= STILL_MADE
    ]
    return covering[0] if covering and all(new.modality in _SOFT for new in covering) else None


def _gone(claim: KnownClaim, softened: Mention | None, *, suggest: bool) -> Related:
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
