"""How one mention stands to the ledger, and why, in a sentence of Arabic and one of English made from its slots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Relation

if TYPE_CHECKING:
    from monitor.model import KnownClaim

_QUOTE_CHARS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A relation with its evidence: the nearest claim of the ledger, a score 0..1, the slots that were compared."""

    relation: Relation
    nearest: KnownClaim | None = None
    score: float = 0.0
    method: str = "slots"
    compared: tuple[str, ...] = ()
    suggest: bool = False
    why: str = ""
    why_en: str = ""


def shortened(quote: str) -> str:
    """A quote short enough to stand inside a sentence."""
    flat = " ".join(quote.split())
    return flat if len(flat) <= _QUOTE_CHARS else flat[: _QUOTE_CHARS - 1].rsplit(" ", 1)[0] + "…"


def new(
    compared: tuple[str, ...],
    *,
    nearest: KnownClaim | None = None,
    score: float = 0.0,
    method: str = "slots",
    suggest: bool = False,
) -> Verdict:
    """Nothing in the ledger entails it."""
    close, close_en = "", ""
    if nearest is not None:
        close = f"؛ أقرب ما فيه: «{shortened(nearest.mention.quote)}» ({nearest.outlet})"
        close_en = f"; the nearest is «{shortened(nearest.mention.quote)}» ({nearest.outlet})"
    return Verdict(
        relation=Relation.NEW,
        nearest=nearest,
        score=score,
        method=method,
        compared=compared,
        suggest=suggest,
        why=f"لم يرد في الأرشيف من قبل{close}.",
        why_en=f"Not in the archive before{close_en}.",
    )


def known(
    nearest: KnownClaim,
    compared: tuple[str, ...],
    *,
    corroborates: bool,
    origin: str | None,
    score: float = 1.0,
    method: str = "slots",
    suggest: bool = False,
) -> Verdict:
    """The ledger entails it: restated, or corroborated where a named and independent origin says it."""
    quote = shortened(nearest.mention.quote)
    if corroborates:
        why = f"سبق أن ورد: «{quote}» ({nearest.outlet})؛ وهنا مصدر آخر مسمى: {origin}."
        why_en = f"Already known: «{quote}» ({nearest.outlet}); here from another named origin: {origin}."
    else:
        why = f"سبق أن ورد: «{quote}» ({nearest.outlet})."
        why_en = f"Already known: «{quote}» ({nearest.outlet})."
    relation = Relation.CORROBORATING if corroborates else Relation.RESTATED
    return Verdict(
        relation=relation,
        nearest=nearest,
        score=score,
        method=method,
        compared=compared,
        suggest=suggest,
        why=why,
        why_en=why_en,
    )


def updated(
    nearest: KnownClaim,
    compared: tuple[str, ...],
    what: str,
    what_en: str,
    *,
    score: float = 1.0,
    method: str = "slots",
) -> Verdict:
    """Compatible with the ledger and more specific, or later and a step further."""
    quote = shortened(nearest.mention.quote)
    return Verdict(
        relation=Relation.UPDATED,
        nearest=nearest,
        score=score,
        method=method,
        compared=compared,
        why=f"يضيف إلى ما ورد من قبل «{quote}» ({nearest.outlet}): {what}.",
        why_en=f"Adds to «{quote}» ({nearest.outlet}): {what_en}.",
    )


def contradicting(
    nearest: KnownClaim,
    compared: tuple[str, ...],
    slot: str,
    slot_en: str,
    *,
    here: str,
    there: str,
    score: float = 1.0,
    method: str = "slots",
) -> Verdict:
    """A functional slot has another value; both are shown, and neither is called right."""
    return Verdict(
        relation=Relation.CONTRADICTING,
        nearest=nearest,
        score=score,
        method=method,
        compared=compared,
        why=f"تعارض في {slot}: هنا «{shortened(here)}»، وفي {nearest.outlet} «{shortened(there)}».",
        why_en=f"Conflict of {slot_en}: here «{shortened(here)}», in {nearest.outlet} «{shortened(there)}».",
    )
