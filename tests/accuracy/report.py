"""Figures as tables of Markdown, in the page `page.md.jinja`, for a reader who has never seen the project."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.accuracy.baselines import best_threshold, by_threshold, everything_new
from tests.accuracy.mutations import ANOTHER, CLASHING, OUTCOMES, SAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from tests.accuracy.baselines import Scored
    from tests.accuracy.claim_figures import ClaimFigures
    from tests.accuracy.lookalikes import LookalikeFigures
    from tests.accuracy.mutations import MutationFigures
    from tests.accuracy.orders import Arrival
    from tests.accuracy.scope_figures import ScopeFigures
    from tests.accuracy.spellings import SpellingFigures
    from tests.bench import Bench

TUNING: Final = "tuning"
TITLES: Final = {
    TUNING: "tuning",
    "tuning2": "tuning2",
    "reports": "reports",
    "heldout": "**held out**",
    "heldout_reports": "**held-out reports**",
    "seed": "seed corpus",
}
_USUAL_THRESHOLD: Final = 0.45

Row: TypeAlias = "tuple[str, Callable[[str], str]]"
"""A title, and what stands under the name of each column."""

_pages = Environment(  # noqa: S701 - Markdown of our own making, for no browser
    loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything one run saw. `one_meeting` is the B³ F1 of the baseline for the orders of arrival."""

    on: date
    claims: Mapping[str, ClaimFigures]
    likenesses: Mapping[str, Scored]
    scope: Mapping[str, ScopeFigures]
    orders: Sequence[Arrival]
    one_meeting: float
    alerts_now: int
    alerts_again: int
    spellings: SpellingFigures
    mutations: MutationFigures
    bench: Sequence[Bench]
    pages: Sequence[Bench] = ()
    lookalikes: LookalikeFigures | None = None
    skipped: tuple[str, ...] = ()


def page(found: Measured) -> str:
    """The whole of `docs/accuracy.md`."""
    values = {**_corpus(found), **_mutations(found.mutations), **_cost(found.bench)}
    text = _pages.get_template("page.md.jinja").render(
        on=found.on,
        claims=_claims(found),
        scope=_scope(found.scope),
        lookalikes=found.lookalikes,
        pages=found.pages,
        skipped=found.skipped,
        **values,
    )
    return text.rstrip() + "\n"


def _claims(found: Measured) -> str:
    sets = found.claims
    rows: list[Row] = [
        ("articles, claims made", lambda name: f"{sets[name].articles}, {sets[name].claims}"),
        ("claims whose quote stands at their place", lambda name: _whole(sets[name].grounded, sets[name].claims)),
        ("claims out of page furniture", lambda name: str(sets[name].leaks)),
        ("mentions read by hand that are found (recall)", lambda name: _of(sets[name].found, sets[name].mentions)),
        ("claims beyond those, not judged", lambda name: str(sets[name].unjudged)),
        ("**new against known, F1**", lambda name: f"**{sets[name].novelty.f1:.2f}**"),
        ("precision, recall", lambda name: f"{sets[name].novelty.precision:.2f}, {sets[name].novelty.recall:.2f}"),
        *_claim_baselines(found.likenesses),
        ("contradictions found", lambda name: f"{sets[name].contradictions_found} of {sets[name].contradictions}"),
        ("contradictions claimed in all", lambda name: str(sets[name].contradictions_claimed)),
        ("kappa over new, known, updated, contradicting", lambda name: f"{sets[name].kappa:.2f}"),
        ("meetings, B³ F1", lambda name: f"{sets[name].meetings_b3:.2f}"),
        ("*all articles one meeting, B³ F1*", lambda name: f"{sets[name].one_meeting_b3:.2f}"),
        ("*each article its own meeting, B³ F1*", lambda name: f"{sets[name].own_meeting_b3:.2f}"),
        ("mentions that make one claim, B³ F1", lambda name: f"{sets[name].claims_b3:.2f}"),
        ("*each mention its own claim, B³ F1*", lambda name: f"{sets[name].own_claim_b3:.2f}"),
        ("alerts at once", lambda name: str(sets[name].alerts_now)),
        ("alerts when all is read once more", lambda name: str(sets[name].alerts_again)),
    ]
    return _table(sets, rows)


def _claim_baselines(scored: Mapping[str, Scored]) -> list[Row]:
    threshold = best_threshold(scored[TUNING]) if TUNING in scored else _USUAL_THRESHOLD
    return [
        ("*everything is new, F1*", lambda name: f"{everything_new(scored[name]).f1:.2f}"),
        (
            f"*likeness of words, F1 (threshold {threshold:.2f}, the best on tuning)*",
            lambda name: f"{by_threshold(scored[name], threshold).f1:.2f}",
        ),
        (
            "*likeness of words, F1 (the best threshold for this very column)*",
            lambda name: f"{by_threshold(scored[name], best_threshold(scored[name])).f1:.2f}",
        ),
    ]


def _scope(sets: Mapping[str, ScopeFigures]) -> str:
    rows: list[Row] = [
        ("items", lambda name: str(sets[name].items)),
        ("**in scope or not, F1**", lambda name: f"**{sets[name].scope.f1:.2f}**"),
        ("precision, recall", lambda name: f"{sets[name].scope.precision:.2f}, {sets[name].scope.recall:.2f}"),
        ("*whatever has the surname in it is, F1*", lambda name: f"{sets[name].named.f1:.2f}"),
        ("*everything is, F1*", lambda name: f"{sets[name].everything.f1:.2f}"),
        ("principal right", lambda name: f"{sets[name].principal:.2f}"),
        ("country right", lambda name: f"{sets[name].country:.2f}"),
    ]
    return _table(sets, rows)


def _corpus(found: Measured) -> dict[str, Any]:
    return {
        "orders": len(found.orders),
        "orders_right": sum(one.b_cubed == 1 for one in found.orders),
        "worst_order": f"{min(one.b_cubed for one in found.orders):.2f}",
        "ways": len({one.claims for one in found.orders}),
        "one_meeting": f"{found.one_meeting:.2f}",
        "alerts_now": found.alerts_now,
        "alerts_again": found.alerts_again,
        "spellings": found.spellings.asked,
        "spellings_right": found.spellings.right,
        "unicode61": found.spellings.unicode61,
        "trigram": found.spellings.trigram,
    }


def _mutations(found: MutationFigures) -> dict[str, str]:
    kinds = {kind: found.outcomes[kind] for kind in (*CLASHING, *ANOTHER, *SAME)}
    lines = ["| change | sentences | right | conflict | new | updated | known | no claim there |", "|---" * 8 + "|"]
    for kind, outcomes in kinds.items():
        size = sum(outcomes.values())
        cells = (kind, size, f"{found.right(kind) / max(1, size):.2f}", *(outcomes[outcome] for outcome in OUTCOMES))
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return {
        "mutations": "\n".join(lines),
        "recall": f"{found.recall:.2f}",
        "precision": f"{found.precision:.2f}",
        "auc": f"{found.auc:.2f}",
    }


def _cost(rows: Sequence[Bench]) -> dict[str, str]:
    return {
        "reading_ms": f"{statistics.median(row.reading.cpu_ms for row in rows):.0f}",
        "extracting_ms": f"{statistics.median(row.extracting.cpu_ms for row in rows):.0f}",
        "ratio": f"{statistics.median(row.ratio for row in rows):.2f}",
        "least_kb": f"{min(row.page_bytes for row in rows) / 1000:.0f}",
        "most_kb": f"{max(row.page_bytes for row in rows) / 1000:.0f}",
    }


def _table(sets: Mapping[str, object], rows: Sequence[Row]) -> str:
    head = "| | " + " | ".join(TITLES.get(name, f"`{name}`") for name in sets) + " |"
    body = [f"| {title} | " + " | ".join(cell(name) for name in sets) + " |" for title, cell in rows]
    return "\n".join((head, "|---" * (len(sets) + 1) + "|", *body))


def _whole(part: int, whole: int) -> str:
    return "all" if part == whole else f"{part} of {whole}"


def _of(part: int, whole: int) -> str:
    return f"{part / max(1, whole):.2f} ({part} of {whole})"
