"""Alarms stand until they are cleared; notices go through the outbox as alerts do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.deciding.notices import notice
from monitor.model import Alarm, DeliveryResult, DeliveryState, NoticeKind
from monitor.ports import Commit
from tests.factories import NOON, make_alert, make_delivery

if TYPE_CHECKING:
    from storage.archive import SqliteArchive

LATER = NOON + timedelta(hours=1)
FIGURES = (("feeds", 14), ("healthy", 13))


def make_alarm(**changes: Any) -> Alarm:
    return Alarm(**{"code": "E-FEED-SILENT", "message": "2 articles", "since": NOON, "feed_id": "shahid", **changes})


def test_alarms_stand_oldest_first_with_and_without_a_feed(archive: SqliteArchive) -> None:
    network = make_alarm(feed_id=None, code="E-NETWORK", since=NOON - timedelta(hours=2))
    archive.commit(Commit(raised=(make_alarm(), network)))
    assert archive.standing_alarms() == (network, make_alarm())


def test_of_one_feed_and_code_one_alarm_stands_from_its_beginning(archive: SqliteArchive) -> None:
    archive.commit(Commit(raised=(make_alarm(),)))
    archive.commit(Commit(raised=(make_alarm(since=LATER, message="1 article"),)))
    assert archive.standing_alarms() == (make_alarm(),)


def test_what_is_cleared_stands_no_more_and_may_be_raised_again(archive: SqliteArchive) -> None:
    others = (make_alarm(code="E-FEED-WALL"), make_alarm(feed_id="other"), make_alarm(feed_id=None))
    archive.commit(Commit(raised=(make_alarm(), *others)))
    archive.commit(Commit(cleared=(make_alarm(since=LATER, message="41 articles"),)))
    assert set(archive.standing_alarms()) == set(others)
    again = make_alarm(since=LATER)
    archive.commit(Commit(raised=(again,)))
    assert archive.standing_alarms()[-1] == again


def test_one_commit_may_end_an_alarm_and_raise_it_anew(archive: SqliteArchive) -> None:
    archive.commit(Commit(raised=(make_alarm(),)))
    anew = Commit(cleared=(make_alarm(),), raised=(make_alarm(since=LATER),))
    archive.commit(anew)
    archive.commit(anew)
    assert archive.standing_alarms() == (make_alarm(since=LATER),)


def test_a_repeat_neither_raises_what_is_over_nor_ends_what_began_since(archive: SqliteArchive) -> None:
    raised, cleared = Commit(raised=(make_alarm(),)), Commit(cleared=(make_alarm(),))
    archive.commit(raised)
    archive.commit(cleared)
    archive.commit(raised)
    assert archive.standing_alarms() == ()
    archive.commit(Commit(raised=(make_alarm(since=LATER),)))
    archive.commit(cleared)
    assert archive.standing_alarms() == (make_alarm(since=LATER),)


def test_alerts_and_notices_wait_in_one_outbox_whole_and_in_order(archive: SqliteArchive) -> None:
    told = notice(NoticeKind.HEARTBEAT, NOON, (make_alarm(),), FIGURES)
    alert, word = make_delivery(content=make_alert()), make_delivery(content=told, recipient="watch@example.org")
    commit = Commit(notices=(told,), deliveries=(word, alert))
    archive.commit(commit)
    archive.commit(commit)
    assert archive.due_deliveries(NOON) == (word, alert)


def test_a_notice_is_listed_with_what_became_of_its_deliveries(archive: SqliteArchive) -> None:
    alarm = notice(NoticeKind.ALARM, NOON, (make_alarm(),))
    beat = notice(NoticeKind.HEARTBEAT, LATER, (), FIGURES)
    sent, queued = (make_delivery(content=alarm, recipient=f"{name}@example.org") for name in ("a", "b"))
    archive.commit(Commit(notices=(alarm,), deliveries=(sent, queued)))
    archive.commit(Commit(notices=(beat,)))
    archive.record(DeliveryResult(delivery_id=sent.id, state=DeliveryState.SENT, tried_at=NOON))
    last, first = archive.reader().notices()
    stamp = "2026-01-17T12:00:00.000000+00:00"
    assert first == {
        "id": alarm.id,
        "kind": "alarm",
        "at": stamp,
        "alarms": [{"code": "E-FEED-SILENT", "message": "2 articles", "since": stamp, "feed_id": "shahid"}],
        "figures": {},
        "deliveries": {"queued": 1, "sent": 1},
    }
    assert (last["kind"], last["figures"], last["deliveries"]) == ("heartbeat", {"feeds": 14, "healthy": 13}, {})
    assert archive.reader().notices(limit=1) == [last]
    assert archive.reader().alerts() == []


def test_dead_letters_of_a_notice_are_queued_again_by_its_id(archive: SqliteArchive) -> None:
    told = notice(NoticeKind.CLEAR, NOON, (make_alarm(),))
    delivery = make_delivery(content=told)
    archive.commit(Commit(deliveries=(delivery,)))
    archive.record(DeliveryResult(delivery_id=delivery.id, state=DeliveryState.DEAD, tried_at=NOON))
    assert archive.due_deliveries(LATER) == ()
    assert archive.replay(told.id, LATER) == 1
    assert archive.due_deliveries(LATER) == (replace(delivery, next_try_at=LATER),)


def test_the_status_names_standing_alarms(archive: SqliteArchive) -> None:
    assert archive.reader().status()["alarms"] == []
    archive.commit(Commit(raised=(make_alarm(),)))
    (found,) = archive.reader().status()["alarms"]
    assert found == {
        "feed_id": "shahid",
        "code": "E-FEED-SILENT",
        "message": "2 articles",
        "since": "2026-01-17T12:00:00.000000+00:00",
    }
