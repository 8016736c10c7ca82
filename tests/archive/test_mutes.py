"""Mutes are kept and ended, and what is owed to whom is counted in messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.deciding.rules import STORM
from monitor.errors import InputMissing
from monitor.model import DeliveryResult, DeliveryState
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.mutes import Owed
from tests.factories import NOON, make_alert, make_decision, make_delivery

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.model import Delivery

DESK = "desk@example.org"
SOON = NOON + timedelta(minutes=5)


def queue(archive: SqliteArchive, number: int = 0, **changes: Any) -> Delivery:
    decision = make_decision()
    alert = replace(decision.alerts[0], id=f"al_{number}")
    delivery = make_delivery(content=alert, **{"id": f"dl_{number}", **changes})
    archive.commit(Commit(decision=decision, deliveries=(delivery,)))
    return delivery


def sent(archive: SqliteArchive, delivery: Delivery, at: datetime = NOON) -> None:
    archive.record(DeliveryResult(delivery_id=delivery.id, state=DeliveryState.SENT, tried_at=at))


# --------------------------------------------------------------------------------------------------- mutes


def test_a_mute_holds_until_its_time_and_is_remembered_after(archive: SqliteArchive) -> None:
    mutes = archive.mutes()
    made = mutes.mute("meeting", "mt_1", NOON, recipient=DESK, until=SOON, why="enough of it")
    assert mutes.standing(NOON) == (made,)
    assert mutes.standing(SOON) == ()
    assert mutes.every() == (made,)


def test_a_mute_for_good_holds_until_it_is_ended(archive: SqliteArchive) -> None:
    mutes = archive.mutes()
    made = mutes.mute("claim", "c1", NOON)
    mutes.unmute(made.id, SOON)
    assert mutes.standing(SOON) == ()
    assert mutes.every() == (replace(made, ended_at=SOON),)


def test_what_does_not_hold_cannot_be_ended(archive: SqliteArchive) -> None:
    mutes = archive.mutes()
    over = mutes.mute("claim", "c1", NOON, until=SOON)
    for mute_id in (over.id, "mu_none"):
        with pytest.raises(InputMissing, match=mute_id):
            mutes.unmute(mute_id, SOON)


def test_a_second_mute_of_the_same_takes_the_place_of_the_first(archive: SqliteArchive) -> None:
    mutes = archive.mutes()
    first = mutes.mute("person", "saddam_haftar", NOON, until=NOON + timedelta(days=7))
    other = mutes.mute("person", "saddam_haftar", NOON, recipient=DESK)
    second = mutes.mute("person", "saddam_haftar", SOON)
    assert {mute.id for mute in mutes.standing(SOON)} == {other.id, second.id}
    assert next(mute for mute in mutes.every() if mute.id == first.id).ended_at == SOON


def test_a_mute_is_written_while_a_worker_holds_the_archive_and_read_at_once(path: Path) -> None:
    with SqliteArchive(path) as worker:
        with SqliteArchive(path, check=False) as command:
            made = command.mutes().mute("meeting", "mt_1", NOON)
        assert worker.mutes().standing(NOON) == (made,)
        assert worker.reader().mutes(NOON) == (made,)


# --------------------------------------------------------------------------------------------------- what is owed


def test_messages_of_the_last_hour_count_and_older_ones_do_not(archive: SqliteArchive) -> None:
    sent(archive, queue(archive, 1), NOON - timedelta(minutes=59))
    sent(archive, queue(archive, 2), NOON - timedelta(minutes=60))
    (owed,) = archive.mutes().owed(NOON)
    assert owed == Owed(channel="mail", recipient=DESK, bundle="", at=NOON - timedelta(minutes=59), storm=False)


def test_what_is_on_its_way_counts_as_of_now_and_what_waits_at_its_time(archive: SqliteArchive) -> None:
    queue(archive, 1)
    queue(archive, 2, next_try_at=SOON, bundle="group:r:x")
    failed = queue(archive, 3)
    archive.record(
        DeliveryResult(
            delivery_id=failed.id, state=DeliveryState.QUEUED, tried_at=NOON, retry_at=NOON + timedelta(hours=5)
        )
    )
    assert [(one.at, one.bundle) for one in archive.mutes().owed(NOON)] == [(NOON, ""), (NOON, ""), (SOON, "group:r:x")]


def test_a_bundle_is_one_message_to_each_recipient(archive: SqliteArchive) -> None:
    for number in range(3):
        queue(archive, number, next_try_at=SOON, bundle="digest:r:x")
    queue(archive, 4, next_try_at=SOON, bundle="digest:r:x", recipient="other@example.org")
    assert len(archive.mutes().owed(NOON)) == 2


def test_what_is_held_back_or_given_up_is_no_message(archive: SqliteArchive) -> None:
    queue(archive, 1, state=DeliveryState.SUPPRESSED, rule="never")
    dead = queue(archive, 2)
    archive.record(DeliveryResult(delivery_id=dead.id, state=DeliveryState.DEAD, tried_at=NOON))
    assert archive.mutes().owed(NOON) == ()


def test_the_message_that_told_of_a_storm_is_known_again(archive: SqliteArchive) -> None:
    sent(archive, queue(archive, 1, rule=STORM))
    queue(archive, 2, rule=STORM, next_try_at=SOON, bundle="digest:r:x")
    assert [one.storm for one in archive.mutes().owed(NOON)] == [True, False]


# ------------------------------------------------------------------------------------------------ what waits already


def test_what_waits_can_be_held_back_under_the_name_of_a_mute(archive: SqliteArchive) -> None:
    waiting = queue(archive, 1, next_try_at=SOON, bundle="digest:r:x", rule="r")
    mutes = archive.mutes()
    assert mutes.waiting(NOON) == (waiting,)
    assert mutes.hold_back([replace(waiting, rule="mute:mu_1")], NOON) == 1
    assert mutes.waiting(NOON) == ()
    assert archive.due_deliveries(SOON) == ()
    assert archive.reader().status()["outbox"]["suppressed"] == 1


def test_what_somebody_is_sending_or_has_sent_is_left_alone(archive: SqliteArchive) -> None:
    gone = queue(archive, 1)
    sent(archive, gone)
    mutes = archive.mutes()
    assert mutes.waiting(NOON) == ()
    assert mutes.hold_back([replace(gone, rule="mute:mu_1")], NOON) == 0
    leased = queue(archive, 2)
    archive.lease("mail", NOON, SOON, recipients=8)
    assert mutes.waiting(NOON) == ()
    assert mutes.hold_back([replace(leased, rule="mute:mu_1")], NOON) == 0
    assert mutes.hold_back([replace(leased, rule="mute:mu_1")], SOON) == 1


# ---------------------------------------------------------------------------------------------------- what was told


def test_alerts_since_a_moment_are_read_whole_with_the_people_their_claims_are_about(archive: SqliteArchive) -> None:
    decision = make_decision()
    archive.commit(Commit(decision=decision))
    archive.commit(Commit(deliveries=(make_delivery(content=make_alert(id="al_old", first_seen=NOON - timedelta(9))),)))
    alerts, subjects = archive.reader().told_since(NOON - timedelta(days=1))
    assert alerts == decision.alerts
    wanted = {one.claim_id: one.mention.subject for one in decision.relations if one.mention.subject}
    assert subjects == wanted
    assert wanted
