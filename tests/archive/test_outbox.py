from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.errors import InputMissing
from monitor.model import DeliveryResult, DeliveryState
from monitor.ports import Commit
from tests.factories import NOON, make_alert, make_decision, make_delivery

if TYPE_CHECKING:
    from monitor.model import Delivery
    from storage.archive import SqliteArchive

LATER = NOON + timedelta(minutes=5)


def queued(archive: SqliteArchive, **changes: Any) -> Delivery:
    decision = make_decision()
    delivery = make_delivery(content=decision.alerts[0], **changes)
    archive.commit(Commit(decision=decision, deliveries=(delivery,)))
    return delivery


def result(delivery: Delivery, state: DeliveryState, **changes: Any) -> DeliveryResult:
    return DeliveryResult(**{"delivery_id": delivery.id, "state": state, "tried_at": NOON, **changes})


def line(archive: SqliteArchive, delivery: Delivery) -> dict[str, Any]:
    (found,) = archive.reader().alert(delivery.content.id)["deliveries"]
    return dict(found)


def test_a_queued_delivery_is_due_whole(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    assert archive.due_deliveries(NOON) == (delivery,)


def test_what_was_sent_is_not_due_again(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    archive.record(result(delivery, DeliveryState.SENT))
    assert archive.due_deliveries(LATER) == ()
    assert archive.reader().status()["outbox"] == {"queued": 0, "sent": 1, "dead": 0, "suppressed": 0}


def test_a_try_that_failed_is_due_at_its_time_and_counted(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    failed = result(delivery, DeliveryState.QUEUED, retry_at=LATER, code="E-MAIL-UNAVAILABLE", message="451")
    archive.record(failed)
    assert archive.due_deliveries(LATER - timedelta(microseconds=1)) == ()
    (due,) = archive.due_deliveries(LATER)
    assert (due.attempts, due.next_try_at, due.id) == (1, LATER, delivery.id)
    assert line(archive, delivery)["code"] == "E-MAIL-UNAVAILABLE"


def test_a_dead_letter_is_kept_and_can_be_queued_again_under_its_id(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    archive.record(result(delivery, DeliveryState.DEAD, code="E-MAIL-REFUSED"))
    assert archive.due_deliveries(LATER) == ()
    assert line(archive, delivery)["state"] == "dead"
    assert archive.replay(delivery.content.id, LATER) == 1
    (due,) = archive.due_deliveries(LATER)
    assert (due.id, due.attempts) == (delivery.id, 0)
    assert archive.replay(delivery.id, LATER) == 0


def test_what_was_sent_stays_sent_whatever_a_second_try_reports(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    archive.record(result(delivery, DeliveryState.SENT))
    archive.record(result(delivery, DeliveryState.QUEUED, retry_at=NOON))
    assert archive.due_deliveries(LATER) == ()
    assert line(archive, delivery)["attempts"] == 1


def test_what_is_suppressed_was_not_tried(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    archive.record(result(delivery, DeliveryState.SUPPRESSED))
    assert (line(archive, delivery)["state"], line(archive, delivery)["attempts"]) == ("suppressed", 0)


def test_a_held_delivery_waits_for_its_hour(archive: SqliteArchive) -> None:
    delivery = queued(archive, next_try_at=LATER)
    assert archive.due_deliveries(NOON) == ()
    assert archive.due_deliveries(LATER) == (delivery,)


def test_the_same_alert_goes_to_each_recipient_oldest_first_and_no_more_than_asked(archive: SqliteArchive) -> None:
    alert = make_alert()
    wanted = tuple(make_delivery(content=alert, recipient=f"{name}@example.org") for name in ("z", "a", "m"))
    archive.commit(Commit(deliveries=wanted))
    assert archive.due_deliveries(NOON) == wanted
    assert archive.due_deliveries(NOON, limit=2) == wanted[:2]


def test_queueing_again_does_not_send_again(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    archive.record(result(delivery, DeliveryState.SENT))
    queued(archive)
    assert archive.due_deliveries(LATER) == ()


def test_a_result_of_no_delivery_is_an_error(archive: SqliteArchive) -> None:
    with pytest.raises(InputMissing):
        archive.record(result(make_delivery(), DeliveryState.SENT))


def test_verdicts_are_kept_and_the_same_one_once(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    for note in ("", "", "stale report"):
        archive.label(delivery.content.id, "wrong", note, NOON)
    labels = archive.reader().alert(delivery.content.id)["labels"]
    assert sorted(label["note"] for label in labels) == ["", "stale report"]


def test_the_heartbeat_is_the_last_completed_cycle(archive: SqliteArchive) -> None:
    assert archive.last_heartbeat() is None
    archive.heartbeat(NOON)
    archive.heartbeat(LATER)
    assert archive.last_heartbeat() == LATER


def test_seeding_is_remembered(archive: SqliteArchive) -> None:
    assert not archive.is_seeded()
    archive.mark_seeded(NOON)
    assert archive.is_seeded()
