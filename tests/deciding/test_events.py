"""Where, when, for how long, by whose invitation, and whether at all: against what the ledger holds of one meeting."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from monitor.deciding.events import relate_event
from monitor.model import ClaimKind, Relation
from tests.factories import make_known, make_link, make_meeting, make_mention

if TYPE_CHECKING:
    from monitor.deciding.verdict import Verdict
    from monitor.model import Mention

NEW, RESTATED, UPDATED, CONTRADICTING = Relation.NEW, Relation.RESTATED, Relation.UPDATED, Relation.CONTRADICTING
PARIS = "event=meeting place=paris country=FR"
ELYSEE = "event=meeting venue=elysee country=FR"
FRANCE = "event=travel place=fr country=FR"
SEAT = "event=seat seat=مقر seat_term=قياده seat_term=بريه"


def facet(slots: str, quote: str = "في باريس") -> Mention:
    """An event facet from slots written `name=value name=value`."""
    pairs = [slot.partition("=")[::2] for slot in slots.split(" ")]
    typed = tuple(sorted((name, value.replace("_", " ") if name == "number" else value) for name, value in pairs))
    return make_mention(kind=ClaimKind.EVENT, quote=quote, subject="", slots=typed, terms=())


def related(own: str, *held: str, origin: str | None = None) -> Verdict:
    ledger = [make_known(facet(slots, quote=f"عبارة {at}")) for at, slots in enumerate(held)]
    return relate_event(facet(own), ledger, origin)


# -- place and venue -------------------------------------------------------------------------------------------------


def test_the_first_place_of_a_meeting_is_new() -> None:
    found = related(PARIS)
    assert (found.relation, found.nearest) == (NEW, None)


@pytest.mark.parametrize("told", [PARIS, ELYSEE, FRANCE])
def test_the_same_place_is_known(told: str) -> None:
    assert related(told, told).relation is RESTATED


def test_a_city_after_its_country_is_more_exact_and_a_country_after_its_city_is_known() -> None:
    assert related(PARIS, FRANCE).relation is UPDATED
    assert related(FRANCE, PARIS).relation is RESTATED
    assert related(FRANCE, ELYSEE).relation is RESTATED


def test_a_venue_is_new_beside_its_city() -> None:
    found = related(ELYSEE, PARIS)
    assert found.relation is NEW
    assert found.nearest is not None


def test_another_city_is_another_occurrence_and_no_conflict() -> None:
    assert related("event=travel place=rome country=IT", PARIS).relation is NEW


def test_a_named_origin_corroborates_a_place_and_an_unnamed_one_does_not() -> None:
    assert related(PARIS, PARIS, origin="وكالة الأنباء الليبية").relation is Relation.CORROBORATING
    assert related(PARIS, PARIS).relation is RESTATED


# -- a house known by its words --------------------------------------------------------------------------------------


def test_a_house_that_shares_a_word_is_the_same_house() -> None:
    assert related("event=seat seat=مقر seat_term=بريه", SEAT).relation is RESTATED


def test_another_house_of_the_same_sort_is_a_conflict() -> None:
    found = related("event=seat seat=مقر seat_term=وزاره seat_term=دفاع", SEAT)
    assert found.relation is CONTRADICTING
    assert found.compared == ("seat",)


def test_a_house_of_another_sort_is_new() -> None:
    assert related("event=seat seat=فندق seat_term=كورنثيا", SEAT).relation is NEW


def test_of_two_houses_the_one_that_agrees_settles_it() -> None:
    for held in permutations((SEAT, "event=seat seat=مقر seat_term=وزاره seat_term=دفاع")):
        assert related(SEAT, *held).relation is RESTATED


# -- who invited, who hosted, who sponsored --------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["invite", "sponsor", "host"])
def test_whose_invitation_it_was_is_new_at_first_and_updated_where_the_side_is_added(side: str) -> None:
    assert related(f"event={side} by=FR").relation is NEW
    assert related(f"event={side} by=FR", f"event={side}").relation is UPDATED
    assert related(f"event={side} by=FR", f"event={side} by=FR").relation is RESTATED


def test_an_invitation_without_its_side_is_known_where_any_is_held() -> None:
    assert related("event=invite", "event=invite by=FR").relation is RESTATED


def test_the_side_is_known_once_any_article_has_told_it() -> None:
    for held in permutations(("event=invite", "event=invite by=FR")):
        assert related("event=invite by=FR", *held).relation is RESTATED


def test_another_inviting_side_is_new_and_an_invitation_is_no_sponsorship() -> None:
    assert related("event=invite by=IT", "event=invite by=FR").relation is NEW
    assert related("event=invite by=FR", "event=sponsor by=FR").relation is NEW


# -- dates -----------------------------------------------------------------------------------------------------------


def dated(bounds: str) -> str:
    return f"event=date date={bounds}"


DAY, WEEK = dated("2026-01-15..2026-01-15"), dated("2026-01-11..2026-01-17")


@pytest.mark.parametrize(
    ("own", "held", "relation"),
    [
        (DAY, DAY, RESTATED),
        (DAY, WEEK, UPDATED),
        (WEEK, DAY, RESTATED),
        (dated("2026-01-16..2026-01-16"), DAY, CONTRADICTING),
        (dated("2026-01-14..2026-01-14"), DAY, CONTRADICTING),
        (dated("2026-01-14..2026-01-20"), WEEK, NEW),
        (DAY, dated("None..2026-01-17"), UPDATED),
        (dated("None..2026-01-17"), DAY, RESTATED),
        (dated("2026-01-18..None"), WEEK, CONTRADICTING),
        (DAY, PARIS, NEW),
    ],
)
def test_a_date_is_known_if_wider_updated_if_narrower_and_a_conflict_if_apart(
    own: str, held: str, relation: Relation
) -> None:
    assert related(own, held).relation is relation


def test_a_date_that_any_article_has_told_is_known_though_others_differ() -> None:
    for held in permutations((WEEK, DAY, dated("2026-01-16..2026-01-16"))):
        assert related(DAY, *held).relation is RESTATED


# -- how long --------------------------------------------------------------------------------------------------------


def test_another_number_of_hours_is_a_conflict_and_the_same_is_known() -> None:
    assert related("event=duration number=2_ساعه", "event=duration number=2_ساعه").relation is RESTATED
    found = related("event=duration number=3_ساعه", "event=duration number=2_ساعه")
    assert (found.relation, found.compared) == (CONTRADICTING, ("duration",))


def test_days_are_not_held_against_hours() -> None:
    assert related("event=duration number=2_يوم", "event=duration number=3_ساعه").relation is NEW


# -- whether at all --------------------------------------------------------------------------------------------------


def test_cancelled_contradicts_what_was_told_of_the_meeting_and_is_new_where_nothing_was() -> None:
    found = related("event=status status=cancelled", PARIS)
    assert (found.relation, found.compared) == (CONTRADICTING, ("status",))
    assert related("event=status status=cancelled").relation is NEW


def test_cancelled_twice_is_known_and_postponed_is_not_cancelled() -> None:
    assert related("event=status status=cancelled", PARIS, "event=status status=cancelled").relation is RESTATED
    assert related("event=status status=postponed", "event=status status=cancelled").relation is CONTRADICTING


# -- every kind ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "held"),
    [
        (PARIS, FRANCE),
        (SEAT, "event=seat seat=مقر seat_term=وزاره"),
        ("event=invite by=FR", "event=invite"),
        (DAY, WEEK),
        ("event=duration number=3_ساعه", "event=duration number=2_ساعه"),
        ("event=status status=cancelled", PARIS),
    ],
)
def test_what_is_decided_names_the_slots_compared_and_quotes_the_ledger_in_both_languages(own: str, held: str) -> None:
    found = related(own, held)
    assert found.method == "slots"
    assert found.score == 1.0
    assert found.compared
    assert "عبارة 0" in found.why
    assert "عبارة 0" in found.why_en


@pytest.mark.parametrize("own", [PARIS, SEAT, "event=invite by=FR", DAY, "event=duration number=2_ساعه"])
def test_what_is_no_event_is_not_compared(own: str) -> None:
    ledger = [make_known(make_mention(kind=ClaimKind.AGENDA, slots=facet(own).slots))]
    assert relate_event(facet(own), ledger, None).relation is NEW


def test_the_day_of_the_journey_is_not_the_day_of_the_meeting() -> None:
    monday, tuesday = "event=date date=2026-01-19..2026-01-19", "event=date date=2026-01-20..2026-01-20"
    assert related(f"{tuesday} of=meeting", f"{monday} of=journey").relation is NEW
    assert related(f"{tuesday} of=meeting", f"{monday} of=meeting").relation is CONTRADICTING


def test_the_day_that_the_ledger_has_for_a_meeting_is_known_whatever_sentence_gave_it() -> None:
    day = date(2026, 1, 19)
    meeting = make_meeting(date_from=day, date_to=day, date_source="text")
    own, ledger = facet("event=date date=2026-01-19..2026-01-19"), [make_known(facet(PARIS))]
    assert relate_event(own, ledger, None, make_link(meeting, known=meeting)).relation is RESTATED
    assert relate_event(own, ledger, None, make_link(meeting)).relation is NEW
