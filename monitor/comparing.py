"""Two sentences held against each other: the relation of the second to the first, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.deciding.statements import relate_statement
from monitor.model import KnownClaim
from monitor.reading.statement import read_statement

if TYPE_CHECKING:
    from monitor.ports import Similarity
    from monitor.reading.words import ReadConfig


def compare_texts(known: str, incoming: str, config: ReadConfig, similarity: Similarity) -> dict[str, object]:
    """The relation of `incoming` to `known`, as the `compare` command prints it."""
    held = read_statement(known, config)
    first = KnownClaim(
        claim_id="known",
        mention_id="known",
        meeting_id=None,
        mention=held.mention,
        article_id="known",
        url="",
        outlet="",
        seen_at=datetime.now(UTC),
    )
    verdict = relate_statement(read_statement(incoming, config), held, first, similarity)
    return {
        "relation": verdict.relation.value,
        "score": round(verdict.score, 4),
        "method": verdict.method,
        "compared": list(verdict.compared),
        "suggest": verdict.suggest,
        "why": verdict.why,
        "why_en": verdict.why_en,
    }
