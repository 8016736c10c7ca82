"""A notice made again is the same notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

from monitor.deciding.notices import notice
from monitor.deciding.outbox import queue
from monitor.model import NoticeKind
from tests.alert_factory import FIRST_SEEN, Route, make_alarm

ONE, OTHER = make_alarm(), make_alarm(feed_id=None, code="E-NETWORK")


def test_the_same_alarms_at_the_same_moment_are_the_same_notice_in_any_order_and_zone() -> None:
    elsewhere = FIRST_SEEN.astimezone(timezone(timedelta(hours=2)))
    one = notice(NoticeKind.ALARM, FIRST_SEEN, (ONE, OTHER))
    assert one.id == notice(NoticeKind.ALARM, elsewhere, (OTHER, ONE)).id
    assert one.alarms == (ONE, OTHER)


def test_another_kind_moment_feed_code_or_beginning_is_another_notice() -> None:
    later = FIRST_SEEN + timedelta(microseconds=1)
    notices = [
        notice(NoticeKind.ALARM, FIRST_SEEN, (ONE,)),
        notice(NoticeKind.CLEAR, FIRST_SEEN, (ONE,)),
        notice(NoticeKind.ALARM, later, (ONE,)),
        notice(NoticeKind.ALARM, FIRST_SEEN, (replace(ONE, feed_id="two"),)),
        notice(NoticeKind.ALARM, FIRST_SEEN, (replace(ONE, code="E-FEED-WALL"),)),
        notice(NoticeKind.ALARM, FIRST_SEEN, (replace(ONE, since=later),)),
        notice(NoticeKind.ALARM, FIRST_SEEN, (ONE, OTHER)),
    ]
    assert len({one.id for one in notices}) == len(notices)


def test_a_heartbeat_keeps_its_id_whatever_is_counted() -> None:
    counted = notice(NoticeKind.HEARTBEAT, FIRST_SEEN, figures=[("feeds", 14)])
    assert counted.id == notice(NoticeKind.HEARTBEAT, FIRST_SEEN, figures=[("feeds", 13)]).id
    assert counted.figures == (("feeds", 14),)


def test_a_notice_goes_to_operators_and_an_alert_does_not() -> None:
    mail = Route("mail", ("desk@example.org",), operators=("watch@example.org",))
    only_readers = Route("chat", ("desk",))
    queued = queue(notice(NoticeKind.ALARM, FIRST_SEEN, (ONE,)), (mail, only_readers))
    assert [(one.channel, one.recipient) for one in queued] == [("mail", "watch@example.org")]
