"""Laws of the archive: what goes in comes out equal, and what is typed is never syntax."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.model import (
    Alert,
    Article,
    ClaimKind,
    Counterpart,
    FeedEntry,
    FeedState,
    Meeting,
    MeetingMode,
    MeetingStatus,
    Mention,
    Modality,
    Outcome,
    Polarity,
    Reading,
    Signature,
)
from monitor.ports import Commit, EntryRecord
from storage.archive import SqliteArchive
from storage.rows import dump, load, stamp
from tests.factories import NOON, make_alert, make_article, make_decision, make_reading

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(max_size=30)
maybe = st.none() | texts
moments = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - Hypothesis takes naive bounds and adds the zone
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-9, minutes=-30))]),
)
days = st.none() | st.dates()
numbers = st.integers(min_value=0, max_value=2**31)
slots = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)

bounds = st.tuples(st.dates(), st.dates()).map(sorted) | st.tuples(days, st.none()) | st.tuples(st.none(), days)

SYNTAX = ('"', "*", "(", ")", ":", "^", "-", "{", "}", "+", "NEAR", "AND", "OR", "NOT", "title", "حفتر", "باريس")

meetings = st.builds(
    lambda bounds, **fields: Meeting(date_from=bounds[0], date_to=bounds[1], **fields),
    bounds=bounds,
    principals=st.lists(texts, min_size=1, max_size=3).map(tuple),
    counterparts=st.lists(st.builds(Counterpart, name=maybe, office=maybe, country=maybe), max_size=3).map(tuple),
    venue=maybe,
    place=maybe,
    country=maybe,
    date_source=maybe,
    mode=st.sampled_from(MeetingMode),
    status=st.sampled_from(MeetingStatus),
    start=numbers,
    end=numbers,
    main=st.booleans(),
)
mentions = st.builds(
    Mention,
    kind=st.sampled_from(ClaimKind),
    start=numbers,
    end=numbers,
    quote=texts,
    meeting=st.just(0),
    subject=texts,
    predicate=texts,
    speaker=maybe,
    origin=maybe,
    modality=st.sampled_from(Modality),
    polarity=st.sampled_from(Polarity),
    slots=slots,
    terms=st.lists(texts, max_size=3).map(tuple),
)
signatures = st.builds(
    Signature,
    exact=texts,
    minhash=st.lists(st.integers(min_value=0, max_value=2**64 - 1), max_size=9).map(tuple),
    shingles=numbers,
)
articles = st.builds(
    Article,
    id=texts,
    url=texts,
    title=texts,
    text=texts,
    outlet=texts,
    fetched_at=moments,
    published_at=st.none() | moments,
    published_source=maybe,
    byline=maybe,
    owner=maybe,
)
readings = st.builds(
    lambda article, meeting, mention, signature: make_reading(
        article=article, meetings=(meeting,), mentions=(mention,), signature=signature, people=(), leads=()
    ),
    articles,
    meetings,
    mentions,
    signatures,
)


@pytest.fixture(scope="module")
def searched() -> Iterator[SqliteArchive]:
    with SqliteArchive(":memory:") as archive:
        archive.commit(Commit(decision=make_decision()))
        yield archive


@CASES
@given(readings)
def test_what_is_committed_is_recalled_equal(reading: Reading) -> None:
    decision = make_decision(reading=reading)
    with SqliteArchive(":memory:") as archive:
        archive.commit(Commit(decision=decision))
        known = archive.recall(reading)
        assert [document.signature for document in known.documents] == [reading.signature]
        assert [one.meeting for one in known.meetings] == list(reading.meetings)
        (claim,) = known.claims
        assert claim.mention == reading.mentions[0]
        assert (claim.url, claim.outlet) == (reading.article.url, reading.article.outlet)
        assert (claim.seen_at, claim.published_at) == (reading.article.fetched_at, reading.article.published_at)
        assert archive.reader().article(reading.article.id)["text"] == reading.article.text


@CASES
@given(meetings, mentions, articles)
def test_an_alert_comes_back_from_json_equal(meeting: Meeting, mention: Mention, article: Article) -> None:
    reading = make_reading(article=article, meetings=(meeting,), mentions=(mention,))
    alert = make_alert(reading=reading, meeting=meeting, published_at=article.published_at)
    assert load(Alert, dump(alert)) == alert


@CASES
@given(st.text(max_size=200) | st.lists(st.sampled_from(SYNTAX)).map(" ".join))
def test_no_query_reaches_sqlite_as_syntax(searched: SqliteArchive, query: str) -> None:
    for hit in searched.reader().search(query):
        assert hit["id"] == "paris-1"


@CASES
@given(st.lists(st.lists(texts, min_size=1, max_size=3).map(tuple), max_size=5), st.lists(texts, max_size=5))
def test_an_entry_is_unseen_exactly_while_none_of_its_keys_is_recorded(
    recorded: list[tuple[str, ...]], asked: list[str]
) -> None:
    entries = tuple(
        EntryRecord(feed_id="f", keys=keys, url="u", title="t", outcome=Outcome.OFF_TOPIC, at=NOON) for keys in recorded
    )
    known = {key for keys in recorded for key in keys}
    with SqliteArchive(":memory:") as archive:
        archive.commit(Commit(entries=entries))
        asked_entries = [FeedEntry(url="u", title="t", keys=(key, f"{key}+")) for key in asked]
        unseen = archive.unseen(asked_entries)
        assert unseen == tuple(one for one in asked_entries if known.isdisjoint(one.keys))


@CASES
@given(
    st.builds(
        FeedState,
        feed_id=texts,
        next_poll_at=moments,
        etag=maybe,
        last_modified=maybe,
        failures=numbers,
        last_ok_at=st.none() | moments,
        last_error_code=maybe,
        last_error=maybe,
        entries_seen=numbers,
    )
)
def test_a_feeds_state_comes_back_equal(state: FeedState) -> None:
    with SqliteArchive(":memory:") as archive:
        archive.commit(Commit(feed_state=state))
        assert archive.feed_states() == (state,)


@CASES
@given(moments, moments)
def test_stored_moments_sort_as_text_like_the_moments_themselves(one: datetime, other: datetime) -> None:
    assert (stamp(one) < stamp(other)) is (one < other)


@CASES
@given(st.dates(), st.dates())
def test_stored_days_sort_as_text_like_the_days_themselves(one: date, other: date) -> None:
    assert (one.isoformat() < other.isoformat()) is (one < other)


def test_a_text_of_any_length_of_zero_is_stored() -> None:
    with SqliteArchive(":memory:") as archive:
        empty = make_reading(article=make_article(text=""), meetings=(), mentions=(), people=(), segments=())
        archive.commit(Commit(decision=make_decision(reading=empty, outcome=Outcome.NO_TEXT)))
        assert archive.reader().article("paris-1")["text"] == ""
