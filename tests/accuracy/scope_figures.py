"""Which items the product takes for foreign meetings of a principal, and whom and where it sees in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.reading.arabic import fold
from storage.archive import SqliteArchive
from tests.accuracy.agreement import Counts
from tests.accuracy.product import decisions, readings_of

if TYPE_CHECKING:
    from monitor.model import Decision
    from tests.accuracy.gold import ScopeGold

_SURNAME: Final = "حفتر"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeFigures:
    """One set's figures; principal and country are shares of the items that are, and are found, in scope.

    `named` is the baseline: every item that has the surname in it, and no other, is in scope.
    """

    items: int
    scope: Counts
    named: Counts
    everything: Counts
    principal: float
    country: float


def scope_figures(gold: ScopeGold) -> ScopeFigures:
    """Read and decide a set's items in order, and compare."""
    with SqliteArchive(":memory:") as archive:
        made = {d.reading.article.id: d for d in decisions(readings_of(gold.jobs), archive)}
    rows = [(label, made[label.doc]) for label in gold.labels]
    both = [(label, found) for label, found in rows if label.inside and found.reading.in_scope]
    who = [bool(_principals(found) & label.principals) for label, found in both if label.principals]
    where = [bool(_countries(found) & label.countries) for label, found in both if label.countries]
    return ScopeFigures(
        items=len(rows),
        scope=Counts.of([(label.inside, found.reading.in_scope) for label, found in rows]),
        named=Counts.of([(label.inside, _SURNAME in fold(found.reading.article.text)) for label, found in rows]),
        everything=Counts.of([(label.inside, True) for label, _ in rows]),
        principal=sum(who) / len(who) if who else 0.0,
        country=sum(where) / len(where) if where else 0.0,
    )


def _principals(decision: Decision) -> set[str]:
    """By given name, as the labels have them."""
    return {one.partition("_")[0] for link in decision.meetings for one in link.meeting.principals}


def _countries(decision: Decision) -> set[str]:
    meetings = [link.meeting for link in decision.meetings]
    seen = {one.country for meeting in meetings for one in meeting.counterparts}
    return {country for country in seen | {meeting.country for meeting in meetings} if country}
