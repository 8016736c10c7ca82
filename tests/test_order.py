"""What of an alert is shown first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.model import AlertItem, ClaimKind, Relation
from monitor.render.order import by_importance
from tests.alert_factory import make_item

ITEMS = st.lists(
    st.builds(
        make_item,
        relation=st.sampled_from(Relation),
        kind=st.sampled_from(ClaimKind),
        suggest=st.booleans(),
        quote=st.text(alphabet="اب ", min_size=1, max_size=6),
    ),
    max_size=12,
)


def item(kind: ClaimKind, relation: Relation = Relation.NEW, quote: str = "") -> AlertItem:
    return make_item(kind=kind, relation=relation, quote=quote or f"{kind} {relation}", other_quote=None)


def test_conflicts_come_first_then_kinds_then_what_is_new() -> None:
    wanted = [
        item(ClaimKind.RANK, Relation.CONTRADICTING),
        item(ClaimKind.OUTCOME),
        item(ClaimKind.OUTCOME, Relation.UPDATED),
        item(ClaimKind.EVENT),
        item(ClaimKind.EVENT, Relation.CORROBORATING),
        item(ClaimKind.PARTICIPANT),
        item(ClaimKind.ROLE),
        item(ClaimKind.STATEMENT),
        item(ClaimKind.ANALYSIS),
    ]
    assert list(by_importance(reversed(wanted))) == wanted


def test_a_quote_within_a_fuller_one_goes_behind_all_others() -> None:
    full, within = item(ClaimKind.EVENT, quote="التقى حفتر ماكرون في باريس"), item(ClaimKind.EVENT, quote="في باريس")
    analysis = item(ClaimKind.ANALYSIS)
    assert by_importance([within, analysis, full]) == (full, analysis, within)
    conflict = item(ClaimKind.EVENT, Relation.CONTRADICTING, quote="في باريس")
    assert by_importance([full, conflict]) == (conflict, full)


@given(ITEMS)
def test_nothing_is_lost_and_no_conflict_comes_after_anything_else(items: list[AlertItem]) -> None:
    ranked = by_importance(items)
    assert sorted(map(repr, ranked)) == sorted(map(repr, items))
    clashes = [one.relation in {Relation.CONTRADICTING, Relation.WITHDRAWN} for one in ranked]
    assert clashes == sorted(clashes, reverse=True)
