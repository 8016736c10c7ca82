"""Which meeting of the ledger an article tells of, and what the ledger holds of it afterwards."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.deciding.meetings import WINDOW, fingerprint, link_meetings, merge, within_window
from monitor.model import Counterpart, KnownMeeting, MeetingStatus, Recall
from tests.factories import make_article, make_meeting, make_reading

if TYPE_CHECKING:
    from monitor.model import Meeting, MeetingLink

DAY = date(2026, 1, 15)
SOLER = Counterpart(name="بول سولير", office="envoy", country="FR")
GIRAUD = Counterpart(name="فنسنت جيرو", office="رئيس الأركان الخاص", country="FR")
EU_ENVOY = Counterpart(name=None, office="سفير الاتحاد الأوروبي", country="EU")


def day(at: date, **changes: Any) -> Meeting:
    """A meeting whose day the text tells."""
    return make_meeting(**{"date_from": at, "date_to": at, "date_source": "text", **changes})


def bare(*counterparts: Counterpart, **changes: Any) -> Meeting:
    """A meeting with nothing to know it by but who was met."""
    fields = {"counterparts": counterparts, "venue": None, "place": None, "country": None, "date_to": None}
    return make_meeting(**{**fields, "date_source": None, **changes})


def link(told: Meeting, *known: Meeting) -> MeetingLink:
    """How `told` is tied where the ledger holds `known` as m0, m1, … in this order."""
    recall = Recall(meetings=tuple(KnownMeeting(id=f"m{at}", meeting=one) for at, one in enumerate(known)))
    (found,) = link_meetings(make_reading(meetings=(told,)), recall)
    return found


# -- the same or another ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 1, 7])
def test_the_same_counterpart_within_seven_days_is_the_same_meeting(days: int) -> None:
    found = link(day(DAY + timedelta(days=days)), day(DAY))
    assert (found.id, found.new) == ("m0", False)
    assert link(day(DAY), day(DAY + timedelta(days=days))).id == "m0"


@pytest.mark.parametrize("days", [8, 90])
def test_the_same_counterpart_eight_days_or_three_months_later_is_another_meeting(days: int) -> None:
    assert link(day(DAY + timedelta(days=days)), day(DAY)).new
    assert link(day(DAY), day(DAY + timedelta(days=days))).new


def test_another_counterpart_in_another_country_on_the_same_day_is_another_meeting() -> None:
    fidan = Counterpart(name="هاكان فيدان", office="وزير الخارجية", country="TR")
    assert link(day(DAY, counterparts=(fidan,), venue=None, place="ankara", country="TR"), day(DAY)).new


def test_another_named_counterpart_of_the_same_country_and_office_is_another_meeting() -> None:
    one = Counterpart(name="عبد المجيد صقر", office="وزير الدفاع", country="EG")
    other = Counterpart(name="محمد زكي", office="وزير الدفاع", country="EG")
    assert fingerprint(bare(one), bare(other)) == 0


def test_another_principal_is_another_meeting_though_all_else_agrees() -> None:
    assert link(make_meeting(principals=("khaled_haftar",)), make_meeting()).new


def test_one_of_several_principals_in_common_is_enough() -> None:
    assert not link(make_meeting(principals=("saddam_haftar", "khaled_haftar")), make_meeting()).new


def test_the_venue_alone_ties_two_meetings_that_name_different_people() -> None:
    assert not link(make_meeting(counterparts=(GIRAUD,)), make_meeting(counterparts=(SOLER,))).new


def test_the_venue_alone_ties_nothing_three_months_later() -> None:
    assert link(day(DAY + timedelta(days=90), counterparts=(GIRAUD,)), day(DAY, counterparts=(SOLER,))).new


def test_an_unnamed_office_is_known_again_by_its_head_word_and_country() -> None:
    longer = Counterpart(name=None, office="سفير الاتحاد الأوروبي لدى ليبيا", country="EU")
    assert not link(bare(longer), bare(EU_ENVOY)).new


def test_the_same_unnamed_office_of_another_country_is_another_meeting() -> None:
    italian = Counterpart(name=None, office="سفير إيطاليا", country="IT")
    assert link(bare(italian), bare(EU_ENVOY)).new


def test_two_unnamed_ministers_of_one_country_are_two_counterparts() -> None:
    defence = Counterpart(name=None, office="وزير الدفاع الإيطالي", country="IT")
    interior = Counterpart(name=None, office="وزير الداخلية الإيطالي", country="IT")
    assert link(bare(defence), bare(interior)).new


def test_an_unnamed_holder_may_be_the_one_whom_another_article_names() -> None:
    unnamed = Counterpart(name=None, office="envoy", country="FR")
    assert not link(bare(unnamed), bare(SOLER)).new
    assert not link(bare(SOLER), bare(unnamed)).new


def test_a_meeting_that_names_nobody_is_known_again_by_its_country() -> None:
    assert not link(bare(country="FR"), bare(SOLER, country="FR")).new
    assert link(bare(country="TR"), bare(SOLER, country="FR")).new


def test_two_meetings_with_nothing_but_a_principal_in_common_are_two() -> None:
    assert link(bare(), bare()).new


def test_an_empty_ledger_makes_every_meeting_new_with_an_id_of_its_own() -> None:
    reading = make_reading(meetings=(day(DAY), day(DAY, counterparts=(EU_ENVOY,), venue=None, country="LY")))
    one, other = link_meetings(reading, Recall())
    assert (one.new, other.new) == (True, True)
    assert one.id != other.id
    assert link_meetings(reading, Recall()) == (one, other), "the ids come from the content"
    assert (
        link_meetings(make_reading(article=make_article(id="b"), meetings=reading.meetings), Recall())[0].id != one.id
    )


# -- dates that are open ---------------------------------------------------------------------------------------------


def test_open_bounds_fit_everything_that_does_not_lie_past_them() -> None:
    undated = make_meeting(date_to=None, date_source=None)
    assert within_window(undated, day(DAY))
    assert within_window(day(date(1999, 1, 1)), undated)
    assert within_window(undated, undated)


def test_news_that_gives_no_day_tells_of_the_two_weeks_before_its_page() -> None:
    page = make_meeting(date_to=date(2026, 1, 17), date_source="meta")
    assert within_window(page, day(date(2025, 12, 27))), "told late: fourteen days and the window's seven"
    assert not within_window(page, day(date(2025, 12, 26))), "news of another meeting"
    assert within_window(page, day(date(2026, 1, 24))), "seven days behind it"
    assert not within_window(page, day(date(2026, 1, 25))), "the page is older than the meeting"


_days = st.dates(date(2026, 1, 1), date(2026, 3, 1))
_bounds = st.tuples(st.none() | _days, st.none() | _days).filter(lambda b: not (b[0] and b[1]) or b[0] <= b[1])


@given(_bounds, _bounds)
def test_the_window_is_symmetric_and_is_the_gap_between_the_bounds(
    one: tuple[date | None, date | None], other: tuple[date | None, date | None]
) -> None:
    first = make_meeting(date_from=one[0], date_to=one[1], date_source="text")
    second = make_meeting(date_from=other[0], date_to=other[1], date_source="text")
    gap = max((one[0] or date.min) - (other[1] or date.max), (other[0] or date.min) - (one[1] or date.max))
    assert within_window(first, second) is within_window(second, first) is (gap <= WINDOW)


_parties = st.lists(st.sampled_from((SOLER, GIRAUD, EU_ENVOY)), max_size=2, unique=True).map(tuple)
_meetings = st.builds(
    lambda who, whom, venue, country: make_meeting(principals=who, counterparts=whom, venue=venue, country=country),
    st.sampled_from((("saddam_haftar",), ("khaled_haftar",), ("saddam_haftar", "khaled_haftar"))),
    _parties,
    st.sampled_from((None, "elysee")),
    st.sampled_from((None, "FR", "EU")),
)


@given(_meetings, _meetings)
def test_what_two_meetings_have_in_common_is_symmetric(one: Meeting, other: Meeting) -> None:
    assert fingerprint(one, other) == fingerprint(other, one)


# -- several that fit ------------------------------------------------------------------------------------------------


def test_of_several_that_fit_the_one_with_most_in_common_wins_wherever_it_stands() -> None:
    only_country, person = bare(country="FR"), bare(SOLER, country="FR")
    for known in permutations((only_country, person)):
        assert link(make_meeting(), *known).merged.counterparts == (SOLER,)


def test_among_equals_the_latest_wins_wherever_it_stands() -> None:
    years_ago, lately = (bare(SOLER, date_from=at, date_to=at) for at in (date(2019, 5, 1), DAY))
    for known in permutations((years_ago, lately)):
        assert link(bare(SOLER), *known).merged.date_to == DAY


def test_among_equals_what_an_article_is_about_wins_over_what_one_looks_back_on() -> None:
    about, looked_back_on = bare(SOLER, main=True), bare(SOLER, main=False, date_from=DAY, date_to=DAY)
    for known in permutations((about, looked_back_on)):
        assert link(bare(SOLER), *known).merged.main


def test_no_two_meetings_of_one_article_become_the_same() -> None:
    recall = Recall(meetings=(KnownMeeting(id="m0", meeting=make_meeting()),))
    one, other = link_meetings(make_reading(meetings=(make_meeting(), make_meeting())), recall)
    assert (one.id, one.new) == ("m0", False)
    assert other.new


# -- what is merged --------------------------------------------------------------------------------------------------


def test_announced_and_then_held_is_one_meeting_and_held_in_either_order() -> None:
    announced, held = day(DAY, status=MeetingStatus.ANNOUNCED), day(DAY, status=MeetingStatus.HELD)
    for told, known in permutations((announced, held)):
        found = link(told, known)
        assert not found.new
        assert found.merged.status is MeetingStatus.HELD


@pytest.mark.parametrize("status", [MeetingStatus.CANCELLED, MeetingStatus.DENIED])
def test_an_announced_meeting_that_is_cancelled_or_denied_is_so_afterwards(status: MeetingStatus) -> None:
    assert link(day(DAY, status=status), day(DAY, status=MeetingStatus.ANNOUNCED)).merged.status is status


def test_merging_gathers_people_and_keeps_what_was_known_first() -> None:
    known = make_meeting(counterparts=(SOLER,), venue=None, place=None)
    merged = merge(known, make_meeting(counterparts=(GIRAUD, SOLER), principals=("khaled_haftar", "saddam_haftar")))
    assert merged.counterparts == (SOLER, GIRAUD)
    assert merged.principals == ("saddam_haftar", "khaled_haftar")
    assert (merged.venue, merged.place, merged.country) == ("elysee", "paris", "FR")
    assert merge(make_meeting(place="rome"), make_meeting()).place == "rome"


def test_bounds_that_overlap_are_narrowed_to_what_both_hold() -> None:
    early = make_meeting(date_from=DAY, date_to=DAY + timedelta(days=4), date_source="text")
    late = make_meeting(date_from=DAY + timedelta(days=2), date_to=DAY + timedelta(days=9), date_source="text")
    for one, other in permutations((early, late)):
        merged = merge(one, other)
        assert (merged.date_from, merged.date_to) == (DAY + timedelta(days=2), DAY + timedelta(days=4))


def test_bounds_that_do_not_meet_stay_as_they_were_known() -> None:
    merged = merge(day(DAY), day(DAY + timedelta(days=3)))
    assert (merged.date_from, merged.date_to) == (DAY, DAY)


def test_a_day_told_in_a_text_beats_the_day_of_a_page_in_either_order() -> None:
    page = make_meeting(date_to=date(2026, 1, 17), date_source="page")
    for one, other in permutations((page, day(DAY))):
        merged = merge(one, other)
        assert (merged.date_from, merged.date_to, merged.date_source) == (DAY, DAY, "text")


def test_two_pages_narrow_the_upper_bound() -> None:
    later = make_meeting(date_to=date(2026, 1, 20))
    assert merge(later, make_meeting()).date_to == date(2026, 1, 17)
    assert merge(make_meeting(), later).date_to == date(2026, 1, 17)


@given(_bounds, _bounds)
def test_merged_bounds_never_turn_round_and_never_leave_what_was_known(
    one: tuple[date | None, date | None], other: tuple[date | None, date | None]
) -> None:
    known = make_meeting(date_from=one[0], date_to=one[1], date_source="text")
    merged = merge(known, make_meeting(date_from=other[0], date_to=other[1], date_source="text"))
    start, end = merged.date_from or date.min, merged.date_to or date.max
    assert start <= end
    assert (one[0] or date.min) <= start
    assert end <= (one[1] or date.max)
