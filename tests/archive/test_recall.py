from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.model import ClaimKind, Counterpart
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.recalling import MAX_MEETINGS
from tests.factories import (
    NOON,
    TEXT,
    make_article,
    make_decision,
    make_meeting,
    make_mention,
    make_person,
    make_reading,
    make_signature,
    meeting_id,
)

if TYPE_CHECKING:
    from typing import Any

    from monitor.model import Meeting, Reading


def store(archive: SqliteArchive, name: str, **changes: Any) -> Reading:
    article = make_article(id=name, text=f"{TEXT} {name}")
    reading = make_reading(article=article, **changes)
    archive.commit(Commit(decision=make_decision(reading=reading)))
    return reading


def dated(start: date | None, end: date | None, **changes: Any) -> Meeting:
    return make_meeting(date_from=start, date_to=end, **changes)


def test_an_empty_archive_recalls_nothing(archive: SqliteArchive) -> None:
    known = archive.recall(make_reading())
    assert (known.documents, known.meetings, known.claims) == ((), (), ())


def test_what_was_committed_comes_back_equal(archive: SqliteArchive) -> None:
    decision = make_decision()
    archive.commit(Commit(decision=decision))
    known = archive.recall(decision.reading)
    article, related = decision.reading.article, decision.relations[0]
    assert [document.signature for document in known.documents] == [decision.reading.signature]
    assert [(one.id, one.meeting) for one in known.meetings] == [(decision.meetings[0].id, decision.meetings[0].merged)]
    (claim,) = known.claims
    assert claim.mention == related.mention
    assert (claim.claim_id, claim.mention_id) == (related.claim_id, related.mention_id)
    assert (claim.article_id, claim.url, claim.outlet) == (article.id, article.url, article.outlet)
    assert (claim.seen_at, claim.published_at) == (article.fetched_at, article.published_at)


def test_a_document_is_recalled_by_one_shared_band(archive: SqliteArchive) -> None:
    store(archive, "near", signature=make_signature(minhash=(1, 2, 3, 4, 5, 6, 7, 8)))
    store(archive, "far", signature=make_signature("x", minhash=(1, 2, 3, 9, 9, 6, 7, 8)))
    asked = make_reading(
        article=make_article(id="asked"), signature=make_signature("y", minhash=(1, 2, 3, 4, 0, 0, 0, 0))
    )
    assert [document.article_id for document in archive.recall(asked).documents] == ["near"]


def test_the_same_band_at_another_place_is_no_likeness(archive: SqliteArchive) -> None:
    store(archive, "moved", signature=make_signature(minhash=(1, 2, 3, 4, 5, 6, 7, 8)))
    asked = make_reading(
        article=make_article(id="asked"), signature=make_signature("y", minhash=(5, 6, 7, 8, 1, 2, 3, 4))
    )
    assert archive.recall(asked).documents == ()


def test_a_document_is_recalled_by_its_exact_hash_and_by_its_articles_id(archive: SqliteArchive) -> None:
    store(archive, "same-hash", signature=make_signature("x", minhash=()))
    store(archive, "same-id", signature=make_signature("y", minhash=()))
    store(archive, "neither", signature=make_signature("z", minhash=()))
    asked = make_reading(article=make_article(id="same-id"), signature=make_signature("x", minhash=()))
    assert [known.article_id for known in archive.recall(asked).documents] == ["same-hash", "same-id"]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (date(2026, 1, 1), date(2026, 1, 2), True),
        (date(2025, 12, 3), date(2025, 12, 3), True),
        (date(2025, 12, 2), date(2025, 12, 2), False),
        (date(2026, 3, 3), date(2026, 3, 3), True),
        (date(2026, 3, 4), date(2026, 3, 4), False),
        (None, date(2020, 1, 1), False),
        (date(2020, 1, 1), None, True),
        (None, None, True),
    ],
)
def test_meetings_within_45_days_or_of_open_date_are_recalled(
    archive: SqliteArchive, start: date | None, end: date | None, found: bool
) -> None:
    store(archive, "old", meetings=(dated(start, end),))
    asked = make_reading(article=make_article(id="asked"), meetings=(dated(date(2026, 1, 17), date(2026, 1, 17)),))
    assert bool(archive.recall(asked).meetings) is found


def test_a_meeting_of_open_date_recalls_every_meeting_of_its_principal(archive: SqliteArchive) -> None:
    store(archive, "old", meetings=(dated(date(1999, 1, 1), date(1999, 1, 1)),))
    asked = make_reading(article=make_article(id="asked"), meetings=(dated(None, None),))
    assert len(archive.recall(asked).meetings) == 1


@pytest.mark.parametrize("day", [date.min, date.max])
def test_dates_at_the_ends_of_the_calendar_are_no_error(archive: SqliteArchive, day: date) -> None:
    store(archive, "old", meetings=(dated(day, day),))
    asked = make_reading(article=make_article(id="asked"), meetings=(dated(day, day),))
    assert len(archive.recall(asked).meetings) == 1


def test_meetings_of_others_stay_out(archive: SqliteArchive) -> None:
    store(archive, "other", meetings=(make_meeting(principals=("khalifa_haftar",)),))
    assert archive.recall(make_reading(article=make_article(id="asked"))).meetings == ()


def test_one_shared_principal_is_enough(archive: SqliteArchive) -> None:
    store(archive, "both", meetings=(make_meeting(principals=("khalifa_haftar", "saddam_haftar")),))
    (known,) = archive.recall(make_reading(article=make_article(id="asked"))).meetings
    assert known.meeting.principals == ("khalifa_haftar", "saddam_haftar")


def test_a_counterpart_is_no_principal(archive: SqliteArchive) -> None:
    swapped = make_meeting(
        principals=("khaled_haftar",),
        counterparts=(Counterpart(name="saddam_haftar", office=None, country=None),),
    )
    store(archive, "swapped", meetings=(swapped,))
    assert archive.recall(make_reading(article=make_article(id="asked"))).meetings == ()


def test_of_very_many_meetings_the_newest_are_recalled(archive: SqliteArchive) -> None:
    for number in range(MAX_MEETINGS + 5):
        article = make_article(id=f"a{number}", text=f"{TEXT} {number}", fetched_at=NOON + timedelta(hours=number))
        reading = make_reading(article=article, meetings=(make_meeting(venue=f"venue {number}"),), mentions=())
        archive.commit(Commit(decision=make_decision(reading=reading)))
    venues = {known.meeting.venue for known in archive.recall(make_reading()).meetings}
    assert venues == {f"venue {number}" for number in range(5, MAX_MEETINGS + 5)}


def test_claims_about_a_person_outside_meetings_are_recalled_by_the_people_named(
    archive: SqliteArchive,
) -> None:
    role = make_mention(kind=ClaimKind.ROLE, meeting=None, slots=(("office", "chief"),))
    stranger = make_mention(kind=ClaimKind.ROLE, meeting=None, subject="khaled_haftar")
    store(archive, "roles", meetings=(), mentions=(role, stranger))
    asked = make_reading(article=make_article(id="asked"), meetings=(), mentions=(), people=(make_person(),))
    assert [known.mention for known in archive.recall(asked).claims] == [role]
    by_subject = make_reading(article=make_article(id="asked"), meetings=(), people=(), mentions=(stranger,))
    assert [known.mention for known in archive.recall(by_subject).claims] == [stranger]


def test_of_a_post_told_a_hundred_times_the_first_and_the_last_of_each_origin_are_recalled(
    archive: SqliteArchive,
) -> None:
    for number in range(12):
        at, origin = NOON + timedelta(minutes=number), ("وكالة", None, "بيان")[number % 3]
        article = make_article(id=f"a{number}", text=f"{TEXT} {number}", fetched_at=at)
        role = make_mention(kind=ClaimKind.ROLE, meeting=None, slots=(("office", "chief"),), origin=origin)
        reading = make_reading(article=article, meetings=(), mentions=(role,))
        archive.commit(Commit(decision=make_decision(reading=reading, alerts=())))
    asked = make_reading(article=make_article(id="asked"), meetings=(), mentions=(), people=(make_person(),))
    assert [known.article_id for known in archive.recall(asked).claims] == ["a0", "a1", "a2", "a9", "a10", "a11"]
    again = make_reading(article=make_article(id="a0"), meetings=(), mentions=(), people=(make_person(),))
    known = {one.article_id for one in archive.recall(again).claims}
    assert known == {"a0", "a1", "a2", "a3", "a9", "a10", "a11"}, "its own, and the first of the others"


def test_claims_about_nobody_are_not_recalled_for_nobody(archive: SqliteArchive) -> None:
    nobody = make_mention(meeting=None, subject="")
    store(archive, "nobody", meetings=(), mentions=(nobody,))
    asked = make_reading(article=make_article(id="asked"), meetings=(), people=(), mentions=(nobody,))
    assert archive.recall(asked).claims == ()


def test_the_claims_of_an_articles_older_version_are_recalled(archive: SqliteArchive) -> None:
    store(archive, "edited")
    edited = make_reading(article=make_article(id="edited"), meetings=(), people=(), mentions=())
    assert len(archive.recall(edited).claims) == 1


def test_recall_does_not_depend_on_the_order_of_arrival(archive: SqliteArchive) -> None:
    readings = [
        make_reading(article=make_article(id=name, text=f"{TEXT} {name}"), meetings=(make_meeting(venue=name),))
        for name in ("c", "a", "b")
    ]

    with SqliteArchive(":memory:") as other:
        for reading in readings:
            archive.commit(Commit(decision=make_decision(reading=reading)))
        for reading in reversed(readings):
            other.commit(Commit(decision=make_decision(reading=reading)))
        asked = make_reading(article=make_article(id="asked"))
        assert archive.recall(asked) == other.recall(asked)
        assert [known.id for known in archive.recall(asked).meetings] == sorted(
            meeting_id(reading.meetings[0]) for reading in readings
        )
