"""What a courier records, to whom it speaks and when it rests: quiet hours, the stop, and what is said of a try."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pysqlite3
import pytest

from monitor.deciding.rules import Rule, RuleBook
from monitor.errors import ArchiveBusy, DeliveryError, MailAuth, WebhookUnavailable
from monitor.model import DeliveryState, NoticeKind
from monitor.pipeline import deliver
from monitor.pipeline.delivering import HOLD_S, LEASE, Courier
from storage.archive import SqliteArchive
from tests import test_delivering as couriers
from tests.deciding.test_rules import MIDNIGHT, MORNING, NIGHT
from tests.test_delivering import Bundling, Channel, Time, owe, ports, rest, row, standing, states

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import DeliveryResult

archive, clock = couriers.archive, couriers.clock  # fixtures


async def test_what_its_rule_lets_sleep_is_left_until_the_morning_and_is_no_try(archive: SqliteArchive) -> None:
    hook, night = Channel(), Time(at=MIDNIGHT)
    asleep, awake = owe(archive, "a", rule="quiet"), owe(archive, "b", rule="loud")
    book = RuleBook(rules=(Rule(name="quiet", quiet=NIGHT), Rule(name="loud")), storm_per_hour=30)
    results = await deliver(replace(ports(archive, night, hook), book=book))
    assert hook.begun == awake
    assert [(one.state, one.message) for one in results if [one.delivery_id] == asleep] == [
        (DeliveryState.QUEUED, "quiet hours, by rule")
    ]
    found = row(archive, asleep[0])
    assert (found["state"], found["attempts"]) == ("queued", 0)
    assert archive.due_deliveries(MORNING - timedelta(seconds=1)) == ()
    night.at = MORNING
    await deliver(replace(ports(archive, night, hook), book=book))
    assert hook.sent == awake + asleep


async def test_each_delivery_of_a_message_is_told_once_it_is_recorded(archive: SqliteArchive, clock: Time) -> None:
    wanted = owe(archive, "a", 2, channel="mail", bundle="digest-1")
    told: list[tuple[str, str]] = []

    def hear(result: DeliveryResult) -> None:
        told.append((result.delivery_id, row(archive, result.delivery_id)["state"]))

    results = await deliver(ports(archive, clock, Bundling()), told=hear)
    assert told == [(one, "sent") for one in wanted]
    assert [(one.delivery_id, one.state, one.tried_at) for one in results] == [
        (one, DeliveryState.SENT, clock.now()) for one in wanted
    ]


async def test_a_dead_letter_of_a_channel_that_is_configured_no_more_says_so(
    archive: SqliteArchive, clock: Time
) -> None:
    (lost,) = owe(archive, "a", channel="pager")
    (result,) = await deliver(ports(archive, clock, Channel()))
    assert (result.delivery_id, result.state, result.tried_at) == (lost, DeliveryState.DEAD, clock.now())
    found = row(archive, lost)
    assert (found["state"], found["code"], found["message"]) == (
        "dead",
        DeliveryError.code,
        "the channel 'pager' is configured no more",
    )


async def test_what_cannot_be_given_back_at_the_stop_is_taken_up_when_its_lease_has_run_out(
    tmp_path: Path, clock: Time
) -> None:
    path = tmp_path / "rasid.db"
    hook = Channel()
    with SqliteArchive(path, busy_s=0) as archive:
        wanted = owe(archive, "a")
        courier = Courier(ports(archive, clock, hook), "webhook")
        await courier.beat()
        with closing(pysqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await courier.finish(5)
            other.execute("ROLLBACK")
        assert hook.begun == []
        await deliver(ports(archive, clock, hook))
        assert hook.begun == []
        clock.pass_by(LEASE.total_seconds())
        await deliver(ports(archive, clock, hook))
        assert hook.sent == wanted


async def test_a_stop_without_anything_on_its_way_ends_at_once(archive: SqliteArchive, clock: Time) -> None:
    async with asyncio.timeout(5):
        await Courier(ports(archive, clock, Channel()), "webhook").finish(3600)


async def test_who_was_left_alone_is_sent_to_again_though_another_still_is(archive: SqliteArchive, clock: Time) -> None:
    def throttled(wait_s: float) -> list[DeliveryError]:
        return [WebhookUnavailable("429", retry_after_s=wait_s, throttled=True)]

    hook = Channel(troubles={"a": throttled(600), "b": throttled(1200)})
    first, second = owe(archive, "a", 2), owe(archive, "b", 2)
    courier = Courier(ports(archive, clock, hook), "webhook")
    await courier.beat()
    await rest()
    clock.pass_by(600)
    await courier.beat()
    await rest()
    assert hook.sent == first
    clock.pass_by(600)
    await courier.beat()
    await rest()
    assert hook.sent == first + second
    await courier.finish(0)


async def test_a_channel_that_was_wrong_before_a_restart_is_begun_with_one_message(
    archive: SqliteArchive, clock: Time
) -> None:
    mail = Channel(channel="mail", recipients=("a", "b", "c"), troubles={"a": [MailAuth("535")]})
    owe(archive, "a", channel="mail")
    await deliver(ports(archive, clock, mail))
    assert standing(archive) == [MailAuth.code]
    for name in "abc":
        owe(archive, name, channel="mail")
    mail.slow, mail.begun = {name: asyncio.Event() for name in "abc"}, []
    courier = Courier(ports(archive, clock, mail), "mail")
    await courier.beat()
    await rest()
    assert len(mail.begun) == 1
    for event in mail.slow.values():
        event.set()
    await courier.carry_all()
    assert states(archive) == {"sent": 4}
    await courier.finish(0)


async def test_the_first_message_that_goes_through_calls_a_wrong_password_over(
    archive: SqliteArchive, clock: Time
) -> None:
    mail, hook = Channel(channel="mail", troubles={"a": [MailAuth("535")]}), Channel(operators=("watch",))
    owe(archive, "a", channel="mail")
    both = ports(archive, clock, mail, hook)
    courier = Courier(both, "mail")
    await courier.carry_all()
    assert standing(archive) == [MailAuth.code]
    clock.pass_by(HOLD_S)
    await courier.carry_all()
    assert standing(archive) == []
    await courier.finish(0)
    await deliver(both)
    assert [(one.kind, [alarm.code for alarm in one.alarms]) for one in hook.notices] == [
        (NoticeKind.ALARM, [MailAuth.code]),
        (NoticeKind.CLEAR, [MailAuth.code]),
    ]


async def test_word_of_an_alarm_is_kept_though_nobody_is_to_hear_it(archive: SqliteArchive, clock: Time) -> None:
    mail = Channel(channel="mail", troubles={"a": [MailAuth("535")]}, operators=())
    owe(archive, "a", channel="mail")
    await deliver(ports(archive, clock, mail))
    assert standing(archive) == [MailAuth.code]
    assert archive.last_notice_at(NoticeKind.ALARM) == clock.now()


@pytest.mark.parametrize("grace_s", [0, 5])
async def test_what_ended_in_time_is_recorded_by_the_stop(archive: SqliteArchive, clock: Time, grace_s: float) -> None:
    hook = Channel(slow={"a": asyncio.Event()})
    owe(archive, "a")
    courier = Courier(ports(archive, clock, hook), "webhook")
    await courier.beat()
    await rest()
    hook.slow["a"].set()
    await rest()
    await courier.finish(grace_s)
    assert states(archive) == {"sent": 1}


async def test_no_more_are_sent_to_at_once_than_is_asked_for(archive: SqliteArchive, clock: Time) -> None:
    hook = Channel()
    for name in "abcd":
        owe(archive, name)
    await deliver(ports(archive, clock, hook), at_once=2)
    assert (len(hook.sent), hook.most_at_once) == (4, 2)


async def test_an_archive_in_trouble_leaves_nothing_running(tmp_path: Path, clock: Time) -> None:
    path = tmp_path / "rasid.db"
    hook, mail = Channel(slow={"a": asyncio.Event()}), Channel(channel="mail", slow={"a": asyncio.Event()})
    with SqliteArchive(path, busy_s=0) as archive, closing(pysqlite3.connect(path, isolation_level=None)) as other:
        owe(archive, "a")
        owe(archive, "a", channel="mail")
        carrying = asyncio.ensure_future(deliver(ports(archive, clock, hook, mail)))
        await rest()
        assert (len(hook.begun), len(mail.begun)) == (1, 1)
        other.execute("BEGIN EXCLUSIVE")
        hook.slow["a"].set()
        async with asyncio.timeout(0.9):
            with pytest.raises(ArchiveBusy):
                await carrying
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert mail.sent == []
