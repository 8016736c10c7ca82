"""What the archive remembers beside articles and deliveries: verdicts, moments, and who was ever written to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.errors import ArchiveError
from monitor.model import FeedState, Notice, NoticeKind, Outcome
from monitor.ports import Commit, EntryRecord, NextCheck
from storage.archive import SqliteArchive
from tests.factories import (
    NOON,
    TEXT,
    make_alert,
    make_article,
    make_decision,
    make_delivery,
    make_mention,
    make_person,
    make_reading,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LATER = NOON + timedelta(hours=1)
PAIR = {"known": "زار باريس", "incoming": "زار روما", "relation": "contradicts", "score": 0.5, "method": "words",
        "suggest": True}  # fmt: skip


def test_everybody_to_whom_something_was_ever_addressed_is_known_once(archive: SqliteArchive) -> None:
    for channel, recipient in (("webhook", "desk"), ("mail", "b"), ("mail", "a")):
        for number in range(2):
            alert = make_alert(id=f"a{number}")
            archive.commit(Commit(deliveries=(make_delivery(content=alert, channel=channel, recipient=recipient),)))
    assert archive.recipients() == (("mail", "a"), ("mail", "b"), ("webhook", "desk"))


def test_a_verdict_on_two_texts_is_kept_with_what_was_decided_about_them(archive: SqliteArchive) -> None:
    archive.label_pair(PAIR, "wrong", "two cities", NOON)
    archive.label_pair(PAIR, "wrong", "two cities", NOON)
    archive.label_pair({**PAIR, "incoming": "زار لندن", "suggest": False}, "right", "", LATER)
    first, second = archive.reader().labels()
    assert first == {
        "at": "2026-01-17T12:00:00.000000+00:00", "verdict": "wrong", "note": "two cities", "target": first["target"],
        "quote": PAIR["incoming"], "nearest_quote": PAIR["known"], "relation": "contradicts", "score": 0.5,
        "method": "words", "suggest": True, "mention": None, "claim": None, "kind": None, "outlet": None,
        "article": None,
    }  # fmt: skip
    assert (second["quote"], second["suggest"], second["verdict"]) == ("زار لندن", False, "right")
    assert first["target"] != second["target"]


@pytest.mark.parametrize("name", ["heartbeat", "copied"])
def test_a_moment_is_remembered_through_a_restart_and_the_last_one_counts(path: Path, name: str) -> None:
    with SqliteArchive(path) as archive:
        mark, last = {
            "heartbeat": (archive.heartbeat, archive.last_heartbeat),
            "copied": (archive.mark_copied, archive.last_copied),
        }[name]
        assert last() is None
        mark(LATER)
        mark(NOON)
    with SqliteArchive(path) as archive:
        assert {"heartbeat": archive.last_heartbeat, "copied": archive.last_copied}[name]() == NOON
        assert {"heartbeat": archive.last_copied, "copied": archive.last_heartbeat}[name]() is None


def test_what_feeds_bring_and_what_was_done_is_counted_by_the_moment_that_is_asked_for(archive: SqliteArchive) -> None:
    entry = EntryRecord(
        feed_id="feed",
        keys=("k",),
        url="https://news.example/a",
        title="خبر",
        outcome=Outcome.OFF_TOPIC,
        at=NOON,
        screen="sampled",
    )
    archive.commit(Commit(entries=(entry,), feed_state=FeedState(feed_id="feed", next_poll_at=LATER)))
    assert [volume.feed_id for volume in archive.volumes(LATER)] == ["feed"]
    assert archive.counts_since(NOON).read == 1
    assert archive.counts_since(LATER).read == 0
    assert archive.screen_sample(NOON) == (1, 0)
    assert archive.screen_sample(LATER) == (0, 0)


def test_articles_are_read_again_when_it_is_time_the_stalest_first_and_no_more_than_asked(
    archive: SqliteArchive,
) -> None:
    for name in ("one", "two"):
        decision = make_decision(reading=make_reading(article=make_article(id=name, text=f"{TEXT} {name}")))
        entry = EntryRecord(
            feed_id="feed", keys=(name,), url=f"u/{name}", title=name, outcome=Outcome.ALERTED, at=NOON, article_id=name
        )
        checked_at = NOON + timedelta(minutes=30 if name == "one" else 10)
        check = NextCheck(article_id=name, checked_at=checked_at, next_at=LATER)
        archive.commit(Commit(decision=decision, entries=(entry,), checks=(check,)))
    assert archive.due_checks(LATER - timedelta(seconds=1), 10) == ()
    assert [due.article_id for due in archive.due_checks(LATER, 10)] == ["two", "one"]
    assert [(due.article_id, due.feed_id) for due in archive.due_checks(LATER, 1)] == [("two", "feed")]


def test_the_last_notice_of_a_kind_is_the_latest_of_that_kind(archive: SqliteArchive) -> None:
    assert archive.last_notice_at(NoticeKind.ALARM) is None
    for number, (kind, at) in enumerate(((NoticeKind.ALARM, LATER), (NoticeKind.ALARM, NOON))):
        archive.commit(Commit(notices=(Notice(id=f"n{number}", kind=kind, at=at),)))
    assert archive.last_notice_at(NoticeKind.ALARM) == LATER
    assert archive.last_notice_at(NoticeKind.CLEAR) is None


def test_an_archive_hands_out_what_it_keeps_beside_over_its_own_connection(archive: SqliteArchive) -> None:
    assert archive.subscriptions().every() == ()
    assert archive.mutes().standing(NOON) == ()
    archive.heartbeat(NOON)
    assert archive.reader().last_heartbeat() == NOON


def test_verdicts_that_differ_in_anything_are_each_kept(archive: SqliteArchive) -> None:
    wanted = [("a", "wrong", "", NOON), ("b", "wrong", "", NOON), ("a", "right", "", NOON), ("a", "wrong", "", LATER)]
    for target, verdict, note, at in (*wanted, *wanted):
        archive.label(target, verdict, note, at)
    assert sorted((one["target"], one["verdict"], one["at"][:16]) for one in archive.reader().labels()) == [
        ("a", "right", "2026-01-17T12:00"),
        ("a", "wrong", "2026-01-17T12:00"),
        ("a", "wrong", "2026-01-17T13:00"),
        ("b", "wrong", "2026-01-17T12:00"),
    ]


ASKED: list[tuple[str, Callable[[SqliteArchive], object]]] = [
    ("read the feeds", lambda archive: archive.feed_states()),
    ("look entries up", lambda archive: archive.unseen(())),
    ("recall", lambda archive: archive.recall(make_reading())),
    ("look for articles to read again", lambda archive: archive.due_checks(NOON, 1)),
    ("commit", lambda archive: archive.commit(Commit())),
    ("read the alarms", lambda archive: archive.standing_alarms()),
    ("count what feeds bring", lambda archive: archive.volumes(NOON)),
    ("count what was sampled", lambda archive: archive.screen_sample(NOON)),
    ("count what was done", lambda archive: archive.counts_since(NOON)),
    ("look for the last notice", lambda archive: archive.last_notice_at(NoticeKind.ALARM)),
    ("read the outbox", lambda archive: archive.due_deliveries(NOON)),
    ("read the outbox", lambda archive: archive.queued_channels()),
    ("read the outbox", lambda archive: archive.recipients()),
    ("take from the outbox", lambda archive: archive.lease("mail", NOON, LATER, recipients=1)),
    ("give deliveries back", lambda archive: archive.give_back(())),
    ("forget leases", lambda archive: archive.forget_leases()),
    ("record a delivery", lambda archive: archive.record()),
    ("read the endpoints", lambda archive: archive.disabled()),
    ("enable an endpoint", lambda archive: archive.enable("mail", "a", NOON)),
    ("queue dead letters again", lambda archive: archive.replay("a", NOON)),
    ("queue dead letters again", lambda archive: archive.replay_dead(NOON)),
    ("record a verdict", lambda archive: archive.label("a", "wrong", "", NOON)),
    ("record a verdict", lambda archive: archive.label_pair(PAIR, "wrong", "", NOON)),
    ("read a fact", lambda archive: archive.is_seeded()),
    ("read a fact", lambda archive: archive.last_copied()),
    ("keep a fact", lambda archive: archive.mark_seeded(NOON)),
]


@pytest.mark.parametrize(("doing", "ask"), ASKED)
def test_what_could_not_be_done_is_said(
    archive: SqliteArchive, doing: str, ask: Callable[[SqliteArchive], object]
) -> None:
    archive.close()
    with pytest.raises(ArchiveError, match=f"^E-ARCHIVE: cannot {doing}: "):
        ask(archive)


def test_a_feed_stands_where_its_last_poll_left_it_and_each_poll_is_in_its_log(path: Path) -> None:
    failed = FeedState(feed_id="feed", next_poll_at=LATER, last_error_code="E-FEED-NOT-FEED", last_error="no feed")
    good = FeedState(feed_id="feed", next_poll_at=LATER, etag='"2"', window=("a", "b"), last_ok_at=LATER)
    other = FeedState(feed_id="other", next_poll_at=NOON)
    with SqliteArchive(path, now=lambda: NOON) as archive:
        for state in (failed, other, good):
            archive.commit(Commit(feed_state=state))
        assert archive.feed_states() == (good, other)
        log = [(row["feed_id"], row["ok"], row["code"], row["message"]) for row in archive._db.table("fetches").rows]
        assert log == [
            ("feed", 0, "E-FEED-NOT-FEED", "no feed"),
            ("other", 1, None, None),
            ("feed", 1, None, None),
        ]
        assert {row["at"][:16] for row in archive._db.table("fetches").rows} == {"2026-01-17T12:00"}


def test_a_post_or_a_rank_alone_is_kept_and_none_for_who_is_named_without(archive: SqliteArchive) -> None:
    held = [("a", "post", None), ("b", None, "rank"), ("c", None, None)]
    people = tuple(make_person(person=name, office=office, rank=rank) for name, office, rank in held)
    archive.commit(Commit(decision=make_decision(reading=make_reading(people=people))))
    found = {
        one["person"]: [(role["office"], role["rank"]) for role in one["roles"]] for one in archive.reader().people()
    }
    assert found == {"a": [("post", None)], "b": [(None, "rank")], "c": []}


def test_claims_of_one_article_may_come_from_several_origins(archive: SqliteArchive) -> None:
    reading = make_reading(mentions=(make_mention(origin="وكالة"),), origin="بيان")
    archive.commit(Commit(decision=make_decision(reading=reading)))
    assert {row["id"] for row in archive._db.table("origins").rows} == {"وكالة", "بيان"}


def test_two_articles_of_one_text_are_both_kept(archive: SqliteArchive) -> None:
    for name in ("one", "two"):
        article = make_article(id=name, text=TEXT)
        archive.commit(Commit(decision=make_decision(reading=make_reading(article=article, mentions=()))))
        assert archive.reader().article(name)["text"] == TEXT
    assert archive.reader().status()["totals"]["versions"] == 2


def test_entries_that_differ_in_feed_address_or_keys_are_each_counted(archive: SqliteArchive) -> None:
    told = [("one", "u", ("k",)), ("two", "u", ("k",)), ("one", "v", ("k",)), ("one", "u", ("k", "l"))]
    for feed_id, url, keys in (*told, *told):
        entry = EntryRecord(feed_id=feed_id, keys=keys, url=url, title="", outcome=Outcome.OFF_TOPIC, at=NOON)
        archive.commit(Commit(entries=(entry,)))
    assert archive.reader().status()["totals"]["entries"] == len(told)
