from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.errors import InputMissing
from monitor.model import DeliveryResult, DeliveryState, Notice, NoticeKind
from monitor.ports import ENDPOINT_GONE, Commit, Disabled
from storage.archive import SqliteArchive
from storage.outbox import ATTEMPTS_KEPT, LONGEST_LEASE, LONGEST_WAIT
from tests.factories import NOON, make_alert, make_decision, make_delivery

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.model import Delivery

LATER = NOON + timedelta(minutes=5)
TICK = timedelta(microseconds=1)


def queued(archive: SqliteArchive, **changes: Any) -> Delivery:
    decision = make_decision()
    delivery = make_delivery(content=decision.alerts[0], **changes)
    archive.commit(Commit(decision=decision, deliveries=(delivery,)))
    return delivery


def result(delivery: Delivery, state: DeliveryState, **changes: Any) -> DeliveryResult:
    return DeliveryResult(**{"delivery_id": delivery.id, "state": state, "tried_at": NOON, **changes})


def line(archive: SqliteArchive, delivery: Delivery) -> dict[str, Any]:
    found = archive.reader().alert(delivery.content.id)["deliveries"]
    return next(dict(one) for one in found if one["id"] == delivery.id)


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
    assert archive.due_deliveries(LATER - TICK) == ()
    (due,) = archive.due_deliveries(LATER)
    assert (due.id, due.attempts) == (delivery.id, 0)
    assert archive.replay(delivery.id, LATER) == 0


def test_only_the_dead_letters_asked_for_are_queued_again(archive: SqliteArchive) -> None:
    one, other = several(archive, "a", 2)
    told = Notice(id="n1", kind=NoticeKind.ALARM, at=NOON)
    word = make_delivery(content=told)
    archive.commit(Commit(deliveries=(word,)))
    archive.record(*(result(delivery, DeliveryState.DEAD) for delivery in (one, other, word)))
    assert archive.replay(one.content.id, LATER) == 1
    assert archive.replay("n1", LATER) == 1
    assert archive.replay(other.id, LATER) == 1


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
    with pytest.raises(InputMissing, match=f"there is no delivery {make_delivery().id}"):
        archive.record(result(make_delivery(), DeliveryState.SENT))


def outbox(archive: SqliteArchive, *names: str, **changes: Any) -> tuple[Delivery, ...]:
    """One alert on its way to each of `names`, in that order."""
    alert = changes.pop("content", None) or make_alert()
    found = tuple(make_delivery(content=alert, recipient=f"{name}@example.org", **changes) for name in names)
    archive.commit(Commit(deliveries=found))
    return found


def several(archive: SqliteArchive, name: str, count: int, **changes: Any) -> tuple[Delivery, ...]:
    """So many alerts on their way to one recipient, in that order."""
    return tuple(
        one for number in range(count) for one in outbox(archive, name, content=make_alert(id=f"a{number}"), **changes)
    )


def take(archive: SqliteArchive, now: datetime = NOON, **changes: Any) -> list[list[str]]:
    """Lease until five minutes later; the ids of each message."""
    until = changes.pop("until", now + timedelta(minutes=5))
    messages = archive.lease("mail", now, until, **{"recipients": 8, **changes})
    return [[delivery.id for delivery in message] for message in messages]


def test_what_is_leased_is_whole_and_is_nobody_elses_until_the_lease_has_run_out(path: Path) -> None:
    with SqliteArchive(path) as first, SqliteArchive(path) as second:
        delivery = queued(first)
        assert first.lease("mail", NOON, LATER, recipients=8) == ((delivery,),)
        assert second.due_deliveries(LATER - TICK) == ()
        assert take(second, LATER - TICK) == take(first, LATER - TICK) == []
        assert second.due_deliveries(LATER) == (delivery,)
        assert take(second, LATER) == [[delivery.id]]


def test_a_lease_ends_with_the_result_whatever_it_is(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    assert take(archive) == [[delivery.id]]
    archive.record(result(delivery, DeliveryState.QUEUED, retry_at=NOON))
    assert take(archive) == [[delivery.id]]
    archive.record(result(delivery, DeliveryState.DEAD))
    archive.replay(delivery.id, NOON)
    assert take(archive) == [[delivery.id]]


def test_a_lease_that_was_not_used_is_given_back(archive: SqliteArchive) -> None:
    one, other = outbox(archive, "a", "b")
    assert take(archive) == [[one.id], [other.id]]
    archive.give_back([other])
    assert take(archive) == [[other.id]]


def test_who_holds_the_folder_forgets_the_leases_of_a_killed_worker(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    take(archive)
    archive.forget_leases()
    assert take(archive) == [[delivery.id]]


def test_a_lease_or_a_wait_stored_by_a_clock_that_was_wrong_holds_nothing_up(archive: SqliteArchive) -> None:
    leased, waiting = outbox(archive, "a", "b")
    archive.record(result(waiting, DeliveryState.QUEUED, retry_at=NOON + LONGEST_WAIT))
    assert take(archive, until=NOON + LONGEST_LEASE) == [[leased.id]]
    assert take(archive) == []
    assert take(archive, NOON - TICK) == [[leased.id], [waiting.id]]


def test_a_recipient_has_one_message_on_its_way_the_oldest_first(archive: SqliteArchive) -> None:
    first, second = several(archive, "a", 2)
    (other,) = outbox(archive, "b", content=make_alert(id="a9"))
    assert take(archive) == [[first.id], [other.id]]
    assert take(archive) == []
    archive.record(result(first, DeliveryState.SENT))
    assert take(archive) == [[second.id]]


def test_no_more_recipients_are_leased_than_asked_and_not_those_named(archive: SqliteArchive) -> None:
    a, b, c = outbox(archive, "a", "b", "c")
    assert take(archive, recipients=2, besides={a.recipient}) == [[b.id], [c.id]]
    assert take(archive, recipients=1) == [[a.id]]


def test_a_lease_is_of_one_channel(archive: SqliteArchive) -> None:
    (mail,) = outbox(archive, "a")
    outbox(archive, "b", channel="webhook")
    assert take(archive) == [[mail.id]]
    assert archive.queued_channels() == ("mail", "webhook")
    archive.record(result(mail, DeliveryState.SENT))
    assert archive.queued_channels() == ("webhook",)


def test_what_waits_for_its_time_is_not_leased(archive: SqliteArchive) -> None:
    delivery = queued(archive, next_try_at=LATER)
    assert take(archive, LATER - TICK) == []
    assert take(archive, LATER) == [[delivery.id]]


def test_a_bundle_is_one_message_of_what_is_due_of_it(archive: SqliteArchive) -> None:
    first, second = several(archive, "a", 2, bundle="digest")
    (alone,) = outbox(archive, "a", content=make_alert(id="a7"))
    (late,) = outbox(archive, "a", content=make_alert(id="a8"), bundle="digest", next_try_at=LATER)
    (other,) = outbox(archive, "b", content=make_alert(id="a9"), bundle="digest")
    assert take(archive, bundled=True) == [[first.id, second.id], [other.id]]
    archive.record(result(first, DeliveryState.SENT), result(second, DeliveryState.SENT))
    assert take(archive, bundled=True) == [[alone.id]]
    archive.record(result(alone, DeliveryState.SENT))
    assert take(archive, LATER, bundled=True) == [[late.id], [other.id]]


def test_rows_without_a_bundle_are_no_bundle(archive: SqliteArchive) -> None:
    first, _ = several(archive, "a", 2)
    assert take(archive, bundled=True) == [[first.id]]


def test_a_channel_that_takes_one_at_a_time_gets_a_bundle_so(archive: SqliteArchive) -> None:
    first, _ = several(archive, "a", 2, bundle="digest")
    assert take(archive) == [[first.id]]


def test_of_a_message_all_results_are_kept_or_none(archive: SqliteArchive) -> None:
    first, second = several(archive, "a", 2, bundle="digest")
    with pytest.raises(InputMissing):
        archive.record(result(first, DeliveryState.SENT), result(make_delivery(id="none"), DeliveryState.SENT))
    assert archive.due_deliveries(NOON) == (first, second)
    archive.record(result(first, DeliveryState.SENT), result(second, DeliveryState.SENT))
    assert archive.reader().status()["outbox"]["sent"] == 2


def test_every_try_is_kept_in_order_and_through_a_replay(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    archive.record(result(delivery, DeliveryState.QUEUED, retry_at=LATER, code="E-MAIL-UNAVAILABLE", message="451"))
    archive.record(result(delivery, DeliveryState.DEAD, tried_at=LATER, code="E-MAIL-REFUSED", message="550"))
    archive.replay(delivery.id, LATER)
    archive.record(result(delivery, DeliveryState.SENT, tried_at=LATER))
    tries = line(archive, delivery)["tries"]
    assert [(one["state"], one["code"], one["message"]) for one in tries] == [
        ("queued", "E-MAIL-UNAVAILABLE", "451"),
        ("dead", "E-MAIL-REFUSED", "550"),
        ("sent", None, None),
    ]
    assert tries[0]["at"] < tries[1]["at"]
    assert line(archive, delivery)["attempts"] == 1


def test_a_try_that_says_nothing_of_the_message_is_kept_and_not_counted(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    archive.record(result(delivery, DeliveryState.QUEUED, retry_at=NOON, code="E-MAIL-AUTH"), counted=False)
    found = line(archive, delivery)
    assert (found["attempts"], [one["code"] for one in found["tries"]]) == (0, ["E-MAIL-AUTH"])


def test_of_many_tries_the_last_are_kept_and_of_others_all(archive: SqliteArchive) -> None:
    delivery, other = outbox(archive, "a", "b")
    archive.record(result(other, DeliveryState.QUEUED, retry_at=NOON))
    for number in range(ATTEMPTS_KEPT + 2):
        archive.record(result(delivery, DeliveryState.QUEUED, retry_at=NOON, message=str(number)), counted=False)
    found, untouched = archive.reader().alert(delivery.content.id)["deliveries"]
    assert [one["message"] for one in found["tries"]] == [str(number) for number in range(2, ATTEMPTS_KEPT + 2)]
    assert len(untouched["tries"]) == 1


def test_what_was_suppressed_leaves_no_try(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    archive.record(result(delivery, DeliveryState.SUPPRESSED))
    assert line(archive, delivery)["tries"] == []


def farewell(archive: SqliteArchive, delivery: Delivery, at: datetime = NOON) -> None:
    archive.record(result(delivery, DeliveryState.DEAD, tried_at=at, code="E", message="410"), gone=True)


def test_who_wants_no_more_is_sent_nothing_and_what_he_misses_is_recorded_as_such(archive: SqliteArchive) -> None:
    first, second = several(archive, "a", 2)
    (other,) = outbox(archive, "b", content=make_alert(id="a9"))
    (later,) = outbox(archive, "a", content=make_alert(id="a8"), next_try_at=LATER)
    farewell(archive, first)
    assert archive.disabled() == (Disabled(channel="mail", recipient=first.recipient, at=NOON, message="410"),)
    assert take(archive) == [[other.id]]
    found = line(archive, second)
    assert (found["state"], found["code"], found["message"], found["tries"]) == ("suppressed", ENDPOINT_GONE, "410", [])
    assert line(archive, later)["state"] == "queued"


def test_a_message_that_is_on_its_way_when_its_receiver_leaves_is_not_suppressed(archive: SqliteArchive) -> None:
    first, second = several(archive, "a", 2)
    take(archive, besides=())
    farewell(archive, second)
    assert take(archive) == []
    assert line(archive, first)["state"] == "queued"


def test_a_second_farewell_changes_nothing(archive: SqliteArchive) -> None:
    first, second = several(archive, "a", 2)
    farewell(archive, first)
    farewell(archive, second, LATER)
    assert [one.at for one in archive.disabled()] == [NOON]


def test_who_is_enabled_gets_what_he_has_missed_and_nothing_older(archive: SqliteArchive) -> None:
    old, first, missed = several(archive, "a", 3)
    (other,) = outbox(archive, "b", content=make_alert(id="a9"))
    archive.record(result(old, DeliveryState.DEAD, tried_at=NOON - TICK))
    archive.record(result(other, DeliveryState.DEAD, tried_at=LATER))
    farewell(archive, first)
    take(archive)
    assert archive.enable("mail", first.recipient, LATER) == 2
    assert archive.disabled() == ()
    assert [one.id for one in archive.due_deliveries(LATER)] == [first.id, missed.id]
    with pytest.raises(InputMissing, match="not disabled"):
        archive.enable("mail", first.recipient, LATER)


def test_to_enable_somebody_else_changes_nothing(archive: SqliteArchive) -> None:
    (first,) = outbox(archive, "a")
    farewell(archive, first)
    for channel, recipient in (("webhook", first.recipient), ("mail", "b@example.org")):
        with pytest.raises(InputMissing):
            archive.enable(channel, recipient, LATER)
    assert len(archive.disabled()) == 1
    assert line(archive, first)["state"] == "dead"


def test_replaying_what_somebody_has_missed_sends_to_him_again(archive: SqliteArchive) -> None:
    first, missed = several(archive, "a", 2)
    farewell(archive, first)
    take(archive)
    assert archive.replay(missed.id, LATER) == 1
    assert archive.disabled() == ()
    assert take(archive, LATER) == [[missed.id]]


def test_a_replay_of_nothing_enables_nobody(archive: SqliteArchive) -> None:
    sent, first = several(archive, "a", 2)
    archive.record(result(sent, DeliveryState.SENT))
    farewell(archive, first)
    assert archive.replay(sent.id, LATER) == 0
    assert len(archive.disabled()) == 1


def test_what_a_rule_or_a_mute_held_back_is_not_replayed(archive: SqliteArchive) -> None:
    delivery = queued(archive)
    archive.record(result(delivery, DeliveryState.SUPPRESSED, code="E-MUTED"))
    assert archive.replay(delivery.id, LATER) == 0


def test_all_dead_letters_are_queued_again_but_for_who_wants_no_more(archive: SqliteArchive) -> None:
    first, second, gone, waiting = outbox(archive, "a", "b", "c", "d")
    archive.record(result(first, DeliveryState.DEAD))
    archive.record(result(second, DeliveryState.DEAD))
    farewell(archive, gone)
    assert archive.replay_dead(LATER) == 2
    assert archive.due_deliveries(NOON) == (waiting,)
    assert {one.id for one in archive.due_deliveries(LATER)} == {first.id, second.id, waiting.id}
    assert line(archive, first)["attempts"] == 0
    assert len(archive.disabled()) == 1


def test_a_replay_enables_nobody_but_those_it_sends_to(archive: SqliteArchive) -> None:
    first, missed = several(archive, "a", 2)
    (other,) = outbox(archive, "b", content=make_alert(id="a8"))
    outbox(archive, "b", content=make_alert(id="a9"), next_try_at=LATER)
    farewell(archive, first)
    farewell(archive, other)
    take(archive)
    assert archive.replay(missed.content.id, NOON) == 1
    assert [one.recipient for one in archive.disabled()] == [other.recipient]


def test_who_wants_no_more_by_one_channel_is_sent_to_by_another(archive: SqliteArchive) -> None:
    (hook,) = outbox(archive, "a", channel="webhook", id="hook")
    (mail,) = outbox(archive, "a", content=make_alert(id="a9"))
    farewell(archive, hook)
    assert take(archive) == [[mail.id]]


def test_a_replay_of_what_is_not_there_is_an_error(archive: SqliteArchive) -> None:
    told = Notice(id="n1", kind=NoticeKind.ALARM, at=NOON)
    archive.commit(Commit(notices=(told,), deliveries=(make_delivery(content=told), make_delivery())))
    with pytest.raises(InputMissing, match="there is no delivery, alert or notice nothing"):
        archive.replay("nothing", NOON)


def test_a_notice_is_shown_with_each_try(archive: SqliteArchive) -> None:
    told = Notice(id="n1", kind=NoticeKind.ALARM, at=NOON)
    delivery = make_delivery(content=told)
    archive.commit(Commit(notices=(told,), deliveries=(delivery,)))
    archive.record(result(delivery, DeliveryState.SENT))
    found = archive.reader().notice("n1")
    assert (found["id"], found["kind"]) == ("n1", "alarm")
    assert [len(one["tries"]) for one in found["deliveries"]] == [1]
    with pytest.raises(InputMissing):
        archive.reader().notice("n2")


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
