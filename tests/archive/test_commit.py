from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.errors import ArchiveBusy, ArchiveError, DiskFull
from monitor.model import EvidenceGrade, FeedEntry, FeedState, Outcome, Relation
from monitor.ports import Commit, EntryRecord
from storage.archive import SqliteArchive
from storage.ledger import FETCHES_KEPT
from storage.search import open_reader
from tests.factories import (
    NOON,
    TEXT,
    make_article,
    make_decision,
    make_delivery,
    make_mention,
    make_person,
    make_reading,
    make_related,
)

if TYPE_CHECKING:
    from monitor.model import Decision
    from monitor.ports import Archive

ROOT = Path(__file__).parents[2]


def whole_commit(decision: Decision | None = None, **feed: object) -> Commit:
    decision = decision or make_decision()
    return Commit(
        decision=decision,
        raw=b"<html>page</html>",
        entries=(record(),),
        feed_state=FeedState(feed_id="feed", next_poll_at=NOON + timedelta(minutes=15), etag='"1"'),
        deliveries=tuple(make_delivery(content=alert) for alert in decision.alerts),
    )


def record(*keys: str, outcome: Outcome = Outcome.ALERTED, minutes: int = 0) -> EntryRecord:
    return EntryRecord(
        feed_id="feed",
        keys=keys or ("url:paris-1", "guid:1"),
        url="https://news.example/paris-1",
        title="خبر",
        outcome=outcome,
        at=NOON + timedelta(minutes=minutes),
        article_id="paris-1",
    )


def entry(*keys: str) -> FeedEntry:
    return FeedEntry(url="https://news.example/x", title="خبر", keys=keys)


def test_the_archive_is_what_the_pipeline_asks_for(archive: SqliteArchive) -> None:
    seam: Archive = archive
    assert seam.feed_states() == ()


def test_everything_of_one_commit_is_there_afterwards(archive: SqliteArchive) -> None:
    commit = whole_commit()
    archive.commit(commit)
    reader = archive.reader()
    assert reader.status()["totals"] == {
        "articles": 1,
        "versions": 1,
        "meetings": 1,
        "claims": 1,
        "mentions": 1,
        "leads": 1,
        "people": 1,
        "alerts": 1,
        "entries": 1,
    }
    assert reader.raw("paris-1") == b"<html>page</html>"
    assert archive.feed_states() == (commit.feed_state,)
    assert archive.due_deliveries(NOON) == commit.deliveries
    assert archive.unseen([entry("guid:1"), entry("guid:2")]) == (entry("guid:2"),)


def test_a_commit_repeated_changes_nothing(archive: SqliteArchive) -> None:
    archive.commit(whole_commit())
    before = dump(archive)
    archive.commit(whole_commit())
    assert dump(archive) == before


def dump(archive: SqliteArchive) -> list[str]:
    tables = [table for table in archive._db.table_names() if not table.startswith("article_search")]
    return [f"{table} {row}" for table in tables for row in archive._db.table(table).rows]


def test_what_does_not_fit_on_the_disk_leaves_nothing_behind(path: Path) -> None:
    with SqliteArchive(path) as archive:
        archive.commit(whole_commit())
        before = dump(archive)
    big = make_decision(reading=make_reading(article=make_article(id="big", text=TEXT + " كلمة" * 200_000)))
    with SqliteArchive(path, max_bytes=path.stat().st_size + 100_000) as archive:
        with pytest.raises(DiskFull, match="no space is left"):
            archive.commit(whole_commit(big))
        assert dump(archive) == before
        archive.commit(Commit(feed_state=FeedState(feed_id="small", next_poll_at=NOON)))
    with SqliteArchive(path) as archive:
        archive.commit(whole_commit(big))
        assert archive.reader().article("big")["id"] == "big"


def test_a_claim_of_an_unknown_meeting_takes_the_whole_commit_down(archive: SqliteArchive) -> None:
    reading = make_reading()
    stray = make_related(reading, reading.mentions[0], "no such meeting")
    with pytest.raises(ArchiveError, match="FOREIGN KEY"):
        archive.commit(whole_commit(make_decision(reading=reading, relations=(stray,))))
    assert archive.reader().status()["totals"]["articles"] == 0
    assert archive.feed_states() == ()
    assert archive.unseen([entry("guid:1")]) == (entry("guid:1"),)


def test_half_a_surrogate_pair_is_refused_with_our_error_and_nothing_stays(archive: SqliteArchive) -> None:
    broken = make_reading(article=make_article(byline="\ud800"))
    with pytest.raises(ArchiveError, match="surrogates"):
        archive.commit(whole_commit(make_decision(reading=broken)))
    assert archive.reader().status()["totals"]["articles"] == 0
    archive.commit(whole_commit())


def test_a_database_locked_by_another_is_busy_and_the_commit_can_be_made_later(path: Path) -> None:
    with SqliteArchive(path) as other, SqliteArchive(path, busy_s=0.1) as archive:
        other._db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ArchiveBusy) as caught:
            archive.commit(whole_commit())
        assert caught.value.transient
        other._db.execute("ROLLBACK")
        archive.commit(whole_commit())
        assert archive.reader().status()["totals"]["articles"] == 1


def test_a_changed_text_is_a_second_version_of_the_same_article(archive: SqliteArchive) -> None:
    archive.commit(whole_commit())
    edited = make_article(text=f"{TEXT}\nتحديث", fetched_at=NOON + timedelta(hours=1))
    archive.commit(whole_commit(make_decision(reading=make_reading(article=edited))))
    found = archive.reader().article("paris-1")
    assert [version["number"] for version in found["versions"]] == [1, 2]
    assert found["text"] == edited.text
    assert [hit["id"] for hit in archive.reader().search("تحديث")] == ["paris-1"]


def test_a_claim_gone_from_a_later_version_is_kept_and_marked_withdrawn(archive: SqliteArchive) -> None:
    first = make_decision()
    archive.commit(Commit(decision=first))
    edited = make_reading(article=make_article(text="صدام حفتر يزور باريس\nنص آخر"), mentions=())
    gone = make_related(
        first.reading,
        first.reading.mentions[0],
        first.meetings[0].id,
        relation=Relation.WITHDRAWN,
        mention_id=first.relations[0].mention_id,
    )
    archive.commit(Commit(decision=make_decision(reading=edited, relations=(gone,))))
    assert [claim["relation"] for claim in archive.reader().claims()] == ["new", "withdrawn"]
    assert archive.reader().status()["totals"]["mentions"] == 1


def test_a_meeting_holds_what_the_last_decision_merged_into_it(archive: SqliteArchive) -> None:
    first = make_decision()
    archive.commit(Commit(decision=first))
    second = make_reading(article=make_article(id="paris-2", text=f"{TEXT} ثان"))
    link = first.meetings[0]
    merged = type(link.merged)(principals=("saddam_haftar", "khaled_haftar"), venue="elysee")
    relinked = (type(link)(id=link.id, new=False, meeting=link.meeting, merged=merged),)
    archive.commit(Commit(decision=make_decision(reading=second, meetings=relinked)))
    (known,) = archive.recall(second).meetings
    assert known.meeting == merged


def test_the_outcome_of_an_entry_tried_again_is_the_later_one(archive: SqliteArchive) -> None:
    archive.commit(Commit(entries=(record(outcome=Outcome.ALERTED, minutes=5),)))
    archive.commit(Commit(entries=(record(outcome=Outcome.UNREACHABLE, minutes=1),)))
    assert archive.reader().status()["outcomes"] == {"alerted": 1}


def test_forms_suspected_of_a_typo_are_kept_as_such(archive: SqliteArchive) -> None:
    people = (make_person(), make_person(form="سعدام حفتر", suspected_typo=True))
    archive.commit(Commit(decision=make_decision(reading=make_reading(people=people))))
    (person,) = archive.reader().people()
    assert {(form["form"], form["suspected_typo"]) for form in person["forms"]} == {
        ("صدام حفتر", False),
        ("سعدام حفتر", True),
    }


def test_offices_and_ranks_are_kept_with_when_they_were_first_and_last_given(archive: SqliteArchive) -> None:
    for day, rank in ((0, "a"), (2, "b"), (5, "a")):
        article = make_article(id=f"a{day}", text=f"{TEXT} {day}", fetched_at=NOON + timedelta(days=day))
        reading = make_reading(article=article, people=(make_person(rank=rank),), mentions=())
        archive.commit(Commit(decision=make_decision(reading=reading)))
    (person,) = archive.reader().people()
    seen = [(role["rank"], role["first_seen"][:10], role["last_seen"][:10]) for role in person["roles"]]
    assert seen == [("a", "2026-01-17", "2026-01-22"), ("b", "2026-01-19", "2026-01-19")]


def test_an_article_without_claims_is_stored_and_found(archive: SqliteArchive) -> None:
    reading = make_reading(meetings=(), mentions=(), people=(), in_scope=False, grade=EvidenceGrade.LOW)
    archive.commit(Commit(decision=make_decision(reading=reading, outcome=Outcome.OFF_TOPIC)))
    assert archive.reader().article("paris-1")["outcome"] == "off_topic"


def test_a_feeds_log_is_kept_short(archive: SqliteArchive) -> None:
    for minute in range(FETCHES_KEPT + 10):
        archive.commit(Commit(feed_state=FeedState(feed_id="feed", next_poll_at=NOON + timedelta(minutes=minute))))
    assert archive._db.execute("SELECT count(*) FROM fetches").fetchone() == (FETCHES_KEPT,)


def test_naive_times_are_refused(archive: SqliteArchive) -> None:
    naive = make_article(fetched_at=NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="time zone"):
        archive.commit(Commit(decision=make_decision(reading=make_reading(article=naive))))
    assert archive.reader().status()["totals"]["articles"] == 0


WRITER = """
import sys
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.ledger import FETCHES_KEPT
from tests.factories import TEXT, make_article, make_decision, make_reading
with SqliteArchive(sys.argv[1]) as archive:
    for number in range(10_000):
        article = make_article(id=f"a{number}", text=f"{TEXT} {number}")
        archive.commit(Commit(decision=make_decision(reading=make_reading(article=article))))
        print(article.id, flush=True)
"""


def test_what_was_acknowledged_before_a_kill_is_there_and_whole(path: Path) -> None:
    with subprocess.Popen(  # noqa: S603 - our own program, on this machine
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().strip() for _ in range(30)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += writer.stdout.read().split()
    with SqliteArchive(path) as archive:
        totals = archive.reader().status()["totals"]
        assert totals["articles"] == totals["mentions"] == totals["alerts"]
        assert len(acknowledged) <= totals["articles"] <= len(acknowledged) + 1
        assert all(archive.reader().article(one)["claims"] for one in acknowledged[-5:])
    with open_reader(path) as reader:
        assert reader.status()["totals"] == totals


def test_one_quote_in_two_articles_is_one_claim_with_two_mentions(archive: SqliteArchive) -> None:
    for name in ("one", "two"):
        reading = make_reading(
            article=make_article(id=name, text=f"{TEXT} {name}"), mentions=(make_mention(origin="بيان"),)
        )
        archive.commit(Commit(decision=make_decision(reading=reading)))
    totals = archive.reader().status()["totals"]
    assert (totals["claims"], totals["mentions"]) == (1, 2)
