"""What analysts' verdicts say about the thresholds: a report, never a change. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from monitor.deciding.calibration import KNOWN_PRECISION, SUGGEST_PRECISION, auc, threshold
from monitor.model import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.deciding.calibration import Scored

_SAME: Final = frozenset({"known", "not_new", "same", "restated"})
_OTHER: Final = frozenset({"new", "different"})
_KNOWN: Final = frozenset({Relation.RESTATED, Relation.CORROBORATING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One verdict: on `quote`, which was held against `nearest_quote` and got `relation` by `method` with `score`."""

    verdict: str
    relation: Relation | None
    quote: str | None = None
    nearest_quote: str | None = None
    score: float = 0.0
    method: str = ""


def said_same(label: Labelled) -> bool | None:
    """Whether the analyst holds the two texts for one claim; None where the verdict does not say.

    Known and new say so themselves. Right and wrong do by what they are about: a wrong "new" was known, a wrong
    "restated" was not. A wrong conflict or update may be either.
    """
    verdict = label.verdict.strip().casefold()
    if verdict in _SAME | _OTHER:
        return verdict in _SAME
    if verdict in {"right", "wrong"} and label.relation in {Relation.NEW, *_KNOWN}:
        return (label.relation in _KNOWN) is (verdict == "right")
    return None


def pairs(labels: Sequence[Labelled]) -> list[tuple[str, str, bool]]:
    """Known text, incoming text, and whether they are one claim: of the verdicts that say so."""
    return [
        (label.nearest_quote, label.quote, same)
        for label in labels
        if label.nearest_quote and label.quote and (same := said_same(label)) is not None
    ]


def refit_report(labels: Sequence[Labelled]) -> dict[str, Any]:
    """How verdicts stand to what was decided, and which thresholds they would propose.

    Returns:
        labels and pairs (counts); confusion (verdict, then relation, then how many); methods: of each method that
        compared texts, pairs, same, auc, and the thresholds known and suggest on its scores as they were stored.
    """
    confusion: dict[str, Counter[str]] = defaultdict(Counter)
    scored: dict[str, list[Scored]] = defaultdict(list)
    for label in labels:
        confusion[label.verdict][label.relation.value if label.relation else "none"] += 1
        same = said_same(label)
        if same is not None and label.nearest_quote and label.method != "slots":
            scored[label.method].append((label.score, same))
    return {
        "labels": len(labels),
        "pairs": len(pairs(labels)),
        "confusion": {verdict: dict(sorted(counts.items())) for verdict, counts in sorted(confusion.items())},
        "methods": {method: scores_report(found) for method, found in sorted(scored.items())},
    }


def scores_report(
    scored: Sequence[Scored], *, known: float = KNOWN_PRECISION, suggest: float = SUGGEST_PRECISION
) -> dict[str, Any]:
    """How well scores part the same claims from others, and the thresholds that reach the wished precisions."""
    same = sum(label for _, label in scored)
    both = 0 < same < len(scored)
    return {
        "pairs": len(scored),
        "same": same,
        "different": len(scored) - same,
        "auc": round(auc(scored), 4) if both else None,
        "known": asdict(threshold(scored, known)) if same else None,
        "suggest": asdict(threshold(scored, suggest)) if same else None,
    }
