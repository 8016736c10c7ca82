"""Couriers over a real archive: who is sent what, when, and beside whom. The channels are the world outside."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pysqlite3
import pytest

from monitor.adapters.deliver import deliver_one
from monitor.adapters.engine import InlineCompute
from monitor.adapters.http import HttpFetch
from monitor.adapters.similarity import LexicalSimilarity
from monitor.errors import (
    ArchiveBusy,
    ArchiveError,
    DeliveryError,
    MailAuth,
    MailUnavailable,
    WebhookRefused,
    WebhookUnavailable,
)
from monitor.model import DeliveryState, Notice
from monitor.pipeline import Ports, deliver
from monitor.pipeline.delivering import AT_ONCE, HOLD_S, LEASE, Courier, couriers
from monitor.ports import ENDPOINT_GONE, Commit
from monitor.service import Service
from storage.archive import SqliteArchive
from tests.factories import make_alert, make_delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.model import Delivery, DeliveryResult
    from monitor.ports import Notify

START = datetime(2026, 1, 18, 9, 0, tzinfo=UTC)


@dataclass
class Time:
    """A clock that stands still until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Channel:
    """Keeps what it gets; waits where a recipient is slow, and raises what a recipient has in store."""

    channel: str = "webhook"
    recipients: tuple[str, ...] = ("a", "b")
    operators: tuple[str, ...] = ("a", "b")
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    troubles: dict[str, list[DeliveryError]] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    at_once: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0

    async def send(self, delivery: Delivery) -> None:
        await self._take(delivery.recipient, (delivery,))

    async def _take(self, recipient: str, message: tuple[Delivery, ...]) -> None:
        self.begun += [one.id for one in message]
        self.at_once[recipient] += 1
        assert self.at_once[recipient] == 1
        self.most_at_once = max(self.most_at_once, self.at_once.total())
        try:
            await asyncio.sleep(0)
            if recipient in self.slow:
                await self.slow[recipient].wait()
            if self.troubles.get(recipient):
                raise self.troubles[recipient].pop(0)
            self.sent += [one.id for one in message]
            self.notices += [one.content for one in message if isinstance(one.content, Notice)]
        finally:
            self.at_once[recipient] -= 1


@dataclass
class Bundling(Channel):
    """One that can put several alerts into one message."""

    channel: str = "mail"
    bundles: bool = True
    together: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    async def send_together(self, bundle: str, deliveries: tuple[Delivery, ...]) -> None:
        self.together.append((bundle, tuple(one.id for one in deliveries)))
        await self._take(deliveries[0].recipient, deliveries)


@pytest.fixture
def archive() -> Iterator[SqliteArchive]:
    with SqliteArchive(":memory:") as opened:
        yield opened


@pytest.fixture
def clock() -> Time:
    return Time()


def ports(archive: SqliteArchive, clock: Time, *channels: Notify) -> Ports:
    return Ports(
        archive=archive,
        fetch=HttpFetch(user_agent="test"),
        compute=InlineCompute(lambda *_: pytest.fail("nothing is read here"), None),
        similarity=LexicalSimilarity(),
        clock=clock,
        attempt=deliver_one,
        digest_at=lambda now: now,
        channels=channels,
    )


def owe(archive: SqliteArchive, recipient: str, count: int = 1, channel: str = "webhook", **changes: Any) -> list[str]:
    """Put so many alerts for one recipient into the outbox; their ids."""
    fresh = len(archive.reader().alerts(1000))
    alerts = [make_alert(id=f"a{fresh + number}") for number in range(count)]
    found = [make_delivery(content=one, channel=channel, recipient=recipient, **changes) for one in alerts]
    archive.commit(Commit(deliveries=tuple(found)))
    return [one.id for one in found]


def states(archive: SqliteArchive) -> dict[str, int]:
    return {state: count for state, count in archive.reader().status()["outbox"].items() if count}


def row(archive: SqliteArchive, delivery_id: str) -> dict[str, Any]:
    """One delivery of an alert, with its tries."""
    alerts = [archive.reader().alert(one["id"]) for one in archive.reader().alerts(1000)]
    return next(one for alert in alerts for one in alert["deliveries"] if one["id"] == delivery_id)


def standing(archive: SqliteArchive) -> list[str]:
    return [alarm.code for alarm in archive.standing_alarms()]


async def idle() -> None:
    """A job that takes longer than any test."""
    await asyncio.sleep(3600)


async def until(done: Callable[[], bool]) -> None:
    for _ in range(1000):
        if done():
            return
        await asyncio.sleep(0.01)


async def rest() -> None:
    """Let everything go on that can."""
    for _ in range(50):
        await asyncio.sleep(0)


# --------------------------------------------------------------------------------------------- beside each other


async def test_a_receiver_that_is_slow_for_hours_holds_up_neither_another_nor_another_channel(
    archive: SqliteArchive, clock: Time
) -> None:
    hook, mail = Channel(slow={"a": asyncio.Event()}), Channel(channel="mail", recipients=("desk",))
    stuck, other = owe(archive, "a", 2), owe(archive, "b", 2)
    letters = owe(archive, "desk", 2, channel="mail")
    sending = asyncio.ensure_future(deliver(ports(archive, clock, hook, mail)))
    await rest()
    assert (hook.sent, mail.sent, hook.begun.count(stuck[0])) == (other, letters, 1)
    assert not sending.done()
    hook.slow["a"].set()
    results = await sending
    assert hook.sent == [*other, *stuck]
    assert {result.state for result in results} == {DeliveryState.SENT}


async def test_what_comes_while_one_is_slow_goes_out_to_the_others_at_the_next_beat(
    archive: SqliteArchive, clock: Time
) -> None:
    hook = Channel(slow={"a": asyncio.Event()})
    owe(archive, "a")
    courier = Courier(ports(archive, clock, hook), "webhook")
    await courier.beat()
    await rest()
    late, queued = owe(archive, "b"), owe(archive, "a")
    await courier.beat()
    await rest()
    assert hook.sent == late
    assert queued[0] not in hook.begun
    hook.slow["a"].set()
    await rest()
    assert hook.sent[-1:] == queued
    await courier.finish(0)


async def test_one_recipient_gets_one_message_at_a_time_in_order(archive: SqliteArchive, clock: Time) -> None:
    hook = Channel()
    wanted = owe(archive, "a", 5)
    await deliver(ports(archive, clock, hook))
    assert hook.sent == wanted
    assert hook.most_at_once == 1


async def test_no_more_recipients_are_sent_to_at_once_than_the_bound(archive: SqliteArchive, clock: Time) -> None:
    hook = Channel()
    for number in range(AT_ONCE + 3):
        owe(archive, f"r{number}", 2)
    await deliver(ports(archive, clock, hook))
    assert hook.most_at_once == AT_ONCE
    assert len(hook.sent) == 2 * (AT_ONCE + 3)


async def test_the_bound_counts_what_is_on_its_way_already(archive: SqliteArchive, clock: Time) -> None:
    hook = Channel(slow={name: asyncio.Event() for name in "abc"})
    owe(archive, "a")
    courier = Courier(ports(archive, clock, hook), "webhook", at_once=2)
    await courier.beat()
    await rest()
    owe(archive, "b")
    owe(archive, "c")
    await courier.beat()
    await rest()
    assert hook.at_once.total() == 2
    await courier.finish(0)


async def test_two_couriers_never_send_the_same_row(archive: SqliteArchive, clock: Time) -> None:
    hook = Channel(slow={"a": asyncio.Event()})
    (wanted,) = owe(archive, "a")
    both = [Courier(ports(archive, clock, hook), "webhook") for _ in range(2)]
    for courier in both:
        await courier.beat()
    await rest()
    hook.slow["a"].set()
    await rest()
    for courier in both:
        await courier.beat()
        await courier.finish(0)
    assert hook.begun == hook.sent == [wanted]


async def test_what_is_on_its_way_is_not_begun_again_where_the_clock_has_jumped_over_its_lease(
    archive: SqliteArchive, clock: Time
) -> None:
    hook = Channel(slow={"a": asyncio.Event()})
    (wanted,) = owe(archive, "a")
    courier = Courier(ports(archive, clock, hook), "webhook")
    await courier.beat()
    await rest()
    clock.pass_by(86_400)
    await courier.beat()
    await rest()
    assert hook.begun == [wanted]
    await courier.finish(0)


async def test_a_lease_that_ran_out_is_taken_up_under_the_same_id(archive: SqliteArchive, clock: Time) -> None:
    dying, hook = Channel(slow={"a": asyncio.Event()}), Channel()
    (wanted,) = owe(archive, "a")
    killed = Courier(ports(archive, clock, dying), "webhook")
    await killed.beat()
    await rest()
    await killed.finish(0)
    clock.pass_by(LEASE.total_seconds() - 1)
    assert await deliver(ports(archive, clock, hook)) == ()
    clock.pass_by(1)
    await deliver(ports(archive, clock, hook))
    assert dying.begun == hook.sent == [wanted]


def test_there_is_a_courier_for_each_channel_and_for_what_is_configured_no_more(
    archive: SqliteArchive, clock: Time
) -> None:
    owe(archive, "x", channel="pigeon", next_try_at=START + timedelta(days=1))
    assert len(couriers(ports(archive, clock, Channel(), Channel(channel="mail")))) == 3


async def test_what_waits_for_a_channel_that_is_configured_no_more_is_a_dead_letter(
    archive: SqliteArchive, clock: Time
) -> None:
    owe(archive, "x", 2, channel="pigeon")
    results = await deliver(ports(archive, clock, Channel()))
    assert [(one.state, one.code) for one in results] == [(DeliveryState.DEAD, "E-DELIVERY")] * 2
    assert states(archive) == {"dead": 2}


# -------------------------------------------------------------------------------------------------------- bundles


async def test_a_bundle_goes_out_as_one_message_and_is_recorded_row_by_row(archive: SqliteArchive, clock: Time) -> None:
    mail = Bundling()
    told: list[DeliveryResult] = []
    bundled = owe(archive, "a", 3, channel="mail", bundle="digest-9")
    (alone,) = owe(archive, "a", channel="mail")
    results = await deliver(ports(archive, clock, mail), told=told.append)
    assert mail.together == [("digest-9", tuple(bundled))]
    assert mail.sent == [*bundled, alone]
    assert [one.delivery_id for one in results] == mail.sent
    assert tuple(told) == results
    assert states(archive) == {"sent": 4}


async def test_a_bundle_that_failed_waits_as_one(archive: SqliteArchive, clock: Time) -> None:
    mail = Bundling(troubles={"a": [MailUnavailable("451")]})
    bundled = owe(archive, "a", 3, channel="mail", bundle="digest-9")
    results = await deliver(ports(archive, clock, mail))
    assert len({one.retry_at for one in results}) == 1
    assert [one.delivery_id for one in results] == bundled
    clock.pass_by(60)
    await deliver(ports(archive, clock, mail))
    assert mail.together == [("digest-9", tuple(bundled))] * 2


@pytest.mark.parametrize("could_bundle", [True, False])
async def test_a_channel_that_bundles_nothing_gets_a_bundle_one_by_one(
    archive: SqliteArchive, clock: Time, could_bundle: bool
) -> None:
    channel = Bundling(bundles=False) if could_bundle else Channel(channel="mail")
    wanted = owe(archive, "a", 2, channel="mail", bundle="digest-9")
    await deliver(ports(archive, clock, channel))
    assert channel.sent == wanted
    assert getattr(channel, "together", []) == []


# ------------------------------------------------------------------------------------------------------- stopping


async def test_at_the_word_to_stop_what_was_not_begun_is_given_back(archive: SqliteArchive, clock: Time) -> None:
    hook = Channel()
    wanted = owe(archive, "a") + owe(archive, "b")
    courier = Courier(ports(archive, clock, hook), "webhook")
    await courier.beat()
    await courier.finish(5)
    assert hook.begun == []
    assert [one.id for one in archive.due_deliveries(START)] == wanted


async def test_at_the_word_to_stop_what_is_on_its_way_is_waited_for_and_no_more_begun(
    archive: SqliteArchive, clock: Time
) -> None:
    hook = Channel(slow={"a": asyncio.Event()})
    first, second = owe(archive, "a", 2)
    courier = Courier(ports(archive, clock, hook), "webhook")
    await courier.beat()
    await rest()
    stopping = asyncio.ensure_future(courier.finish(5))
    await rest()
    hook.slow["a"].set()
    await stopping
    assert hook.begun == hook.sent == [first]
    assert [one.id for one in archive.due_deliveries(START)] == [second]
    await courier.beat()
    await rest()
    assert hook.begun == [first]


async def test_what_takes_longer_than_the_grace_is_given_up_and_its_lease_stays(
    archive: SqliteArchive, clock: Time
) -> None:
    hook = Channel(slow={"a": asyncio.Event()})
    owe(archive, "a")
    courier = Courier(ports(archive, clock, hook), "webhook")
    await courier.beat()
    await rest()
    async with asyncio.timeout(5):
        await courier.finish(0.05)
    assert hook.sent == []
    assert archive.due_deliveries(START) == ()
    assert states(archive) == {"queued": 1}


async def test_the_service_waits_for_what_is_on_its_way_in_every_channel_at_once(
    archive: SqliteArchive, clock: Time
) -> None:
    hook, mail = Channel(slow={"a": asyncio.Event()}), Channel(channel="mail", slow={"a": asyncio.Event()})
    owe(archive, "a", 2)
    owe(archive, "a", 2, channel="mail")
    stop = asyncio.Event()
    service = Service(jobs=[idle], delivering=couriers(ports(archive, clock, hook, mail)), tick_s=60)
    running = asyncio.ensure_future(service.run(stop))
    async with asyncio.timeout(5):
        await until(lambda: bool(hook.begun and mail.begun))
        stop.set()
        await asyncio.sleep(0.05)
        assert not running.done()
        hook.slow["a"].set()
        mail.slow["a"].set()
        await running
    assert (len(hook.sent), len(mail.sent)) == (1, 1)
    assert states(archive) == {"queued": 2, "sent": 2}


async def test_the_service_looks_at_the_outbox_of_every_channel_when_it_is_told_to(
    archive: SqliteArchive, clock: Time
) -> None:
    hook, mail = Channel(), Channel(channel="mail")
    stop = asyncio.Event()
    service = Service(jobs=[idle], delivering=couriers(ports(archive, clock, hook, mail)), tick_s=60)
    running = asyncio.ensure_future(service.run(stop))
    await asyncio.sleep(0.1)
    wanted = owe(archive, "a"), owe(archive, "a", channel="mail")
    service.deliver_soon()
    async with asyncio.timeout(5):
        await until(lambda: bool(hook.sent and mail.sent))
        stop.set()
        await running
    assert (hook.sent, mail.sent) == wanted


# ------------------------------------------------------------------------------------------- an archive in trouble


async def test_what_the_archive_could_not_take_is_recorded_by_the_next_beat_and_not_sent_again(
    tmp_path: Path, clock: Time
) -> None:
    path = tmp_path / "rasid.db"
    hook = Channel(slow={"a": asyncio.Event()})
    with SqliteArchive(path, busy_s=0) as archive:
        wanted = owe(archive, "a", 2)
        courier = Courier(ports(archive, clock, hook), "webhook")
        await courier.beat()
        await rest()
        with closing(pysqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            hook.slow["a"].set()
            await rest()
            with pytest.raises(ArchiveBusy):
                await courier.beat()
            with pytest.raises(ArchiveBusy):
                await courier.beat()
            other.execute("ROLLBACK")
        assert hook.sent == wanted[:1]
        await courier.beat()
        await rest()
        assert hook.begun == wanted
        await courier.finish(0)
        assert states(archive) == {"sent": 2}


async def test_what_ended_while_the_archive_was_busy_is_recorded_at_the_stop(tmp_path: Path, clock: Time) -> None:
    path = tmp_path / "rasid.db"
    hook = Channel(slow={"a": asyncio.Event()})
    with SqliteArchive(path, busy_s=0) as archive:
        owe(archive, "a")
        courier = Courier(ports(archive, clock, hook), "webhook")
        await courier.beat()
        await rest()
        with closing(pysqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            hook.slow["a"].set()
            await rest()
            other.execute("ROLLBACK")
        await courier.finish(0)
        assert states(archive) == {"sent": 1}


async def test_delivering_once_says_when_the_archive_cannot_be_used(tmp_path: Path, clock: Time) -> None:
    path = tmp_path / "rasid.db"
    with SqliteArchive(path, busy_s=0) as archive, closing(pysqlite3.connect(path, isolation_level=None)) as other:
        owe(archive, "a")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ArchiveError):
            await deliver(ports(archive, clock, Channel()))


# ------------------------------------------------------------------------------------ a channel that is itself wrong


def refused(count: int) -> list[DeliveryError]:
    return [MailAuth("535 who are you") for _ in range(count)]


async def test_a_wrong_password_makes_no_dead_letters_and_is_tried_once_in_half_an_hour(
    archive: SqliteArchive, clock: Time
) -> None:
    mail = Channel(channel="mail", troubles={"a": refused(2)})
    first, second = owe(archive, "a", 2, channel="mail")
    courier = Courier(ports(archive, clock, mail), "mail")
    for _ in range(3):
        await courier.beat()
        await rest()
    assert mail.begun == [first]
    assert (row(archive, first)["state"], row(archive, first)["attempts"]) == ("queued", 0)
    clock.pass_by(HOLD_S - 1)
    await courier.beat()
    await rest()
    assert mail.begun == [first]
    clock.pass_by(1)
    await courier.beat()
    await rest()
    assert mail.begun == [first, first]
    clock.pass_by(HOLD_S)
    await courier.beat()
    await rest()
    assert mail.sent == [first, second]
    assert [one["code"] for one in row(archive, first)["tries"]] == ["E-MAIL-AUTH", "E-MAIL-AUTH", None]
    assert standing(archive) == []
    await courier.finish(0)


async def test_a_wrong_password_is_told_once_by_another_channel_and_called_over_once(
    archive: SqliteArchive, clock: Time
) -> None:
    mail, hook = Channel(channel="mail", troubles={"a": refused(2)}), Channel(recipients=("x",), operators=("x",))
    owe(archive, "a", channel="mail")
    both = ports(archive, clock, mail, hook)
    await deliver(both)
    assert standing(archive) == ["E-MAIL-AUTH"]
    assert [[alarm.code for alarm in told.alarms] for told in hook.notices] == [["E-MAIL-AUTH"]]
    assert [told.alarms[0].message for told in hook.notices] == ["535 who are you"]
    await deliver(both)
    assert len(hook.notices) == 1
    await deliver(both)
    assert standing(archive) == []
    assert [told.kind.value for told in hook.notices] == ["alarm", "clear"]
    assert mail.notices == []
    await deliver(both)
    assert len(hook.notices) == 2


async def test_a_channel_that_was_wrong_is_tried_by_one_message_until_it_works(
    archive: SqliteArchive, clock: Time
) -> None:
    everybody = [f"r{number}" for number in range(AT_ONCE)]
    mail = Channel(channel="mail", troubles={name: refused(1) for name in everybody})
    for name in everybody:
        owe(archive, name, 2, channel="mail")
    await deliver(ports(archive, clock, mail))
    assert len(mail.begun) == AT_ONCE
    mail.troubles = {"r0": refused(1)}
    await deliver(ports(archive, clock, mail))
    assert len(mail.begun) == AT_ONCE + 1
    mail.most_at_once = 0
    await deliver(ports(archive, clock, mail))
    assert len(mail.sent) == 2 * AT_ONCE
    assert mail.most_at_once > 1


async def test_only_what_is_wrong_with_a_channel_itself_holds_it_up(archive: SqliteArchive, clock: Time) -> None:
    mail = Channel(channel="mail", troubles={"a": [MailUnavailable("451"), MailUnavailable("421")]})
    first, second = owe(archive, "a", 2, channel="mail")
    await deliver(ports(archive, clock, mail))
    assert mail.begun == [first, second]
    assert row(archive, first)["attempts"] == 1
    assert standing(archive) == []


# --------------------------------------------------------------------------------------- receivers that say something


def left() -> list[DeliveryError]:
    return [WebhookRefused("answered 410", gone=True)]


async def test_a_receiver_that_took_leave_is_sent_nothing_more_and_the_operator_is_told_once(
    archive: SqliteArchive, clock: Time
) -> None:
    hook, mail = Channel(troubles={"a": left()}), Channel(channel="mail", operators=("watch",))
    first, second = owe(archive, "a", 2)
    (other,) = owe(archive, "b")
    both = ports(archive, clock, hook, mail)
    await deliver(both)
    assert first not in hook.sent
    assert second not in hook.begun
    assert other in hook.sent
    assert (row(archive, first)["state"], row(archive, second)["state"]) == ("dead", "suppressed")
    assert standing(archive) == [ENDPOINT_GONE]
    assert [alarm.message for told in mail.notices for alarm in told.alarms] == [
        "webhook a wants no more and is sent nothing; `alerts enable webhook a` ends that"
    ]
    (missed,) = owe(archive, "a")
    clock.pass_by(60)
    await deliver(both)
    assert row(archive, missed)["code"] == ENDPOINT_GONE
    assert len(mail.notices) == 1


async def test_a_second_receiver_that_leaves_is_told_of_as_well_and_one_alarm_names_both(
    archive: SqliteArchive, clock: Time
) -> None:
    hook, mail = Channel(troubles={"a": left()}), Channel(channel="mail", operators=("watch",))
    both = ports(archive, clock, hook, mail)
    owe(archive, "a")
    await deliver(both)
    hook.troubles["b"] = left()
    clock.pass_by(60)
    owe(archive, "b")
    await deliver(both)
    (alarm,) = archive.standing_alarms()
    assert alarm.message.startswith("webhook a, webhook b want no more and are sent nothing")
    assert [told.kind.value for told in mail.notices] == ["alarm", "alarm"]


async def test_who_is_enabled_or_configured_no_more_is_called_over(archive: SqliteArchive, clock: Time) -> None:
    hook, mail = Channel(troubles={"a": left()}), Channel(channel="mail", operators=("watch",))
    owe(archive, "a")
    await deliver(ports(archive, clock, hook, mail))
    hook.recipients = hook.operators = ("b",)
    clock.pass_by(60)
    await deliver(ports(archive, clock, hook, mail))
    assert standing(archive) == []
    assert [told.kind.value for told in mail.notices] == ["alarm", "clear"]


async def test_a_refusal_that_is_no_farewell_disables_nobody(archive: SqliteArchive, clock: Time) -> None:
    hook = Channel(troubles={"a": [WebhookRefused("no such address")]})
    _, second = owe(archive, "a", 2)
    await deliver(ports(archive, clock, hook))
    assert hook.sent == [second]
    assert archive.disabled() == ()


async def test_who_has_more_than_he_can_take_is_left_alone_as_long_as_he_asks(
    archive: SqliteArchive, clock: Time
) -> None:
    hook = Channel(troubles={"a": [WebhookUnavailable("429", retry_after_s=600, throttled=True)]})
    first, second = owe(archive, "a", 2)
    (other,) = owe(archive, "b")
    courier = Courier(ports(archive, clock, hook), "webhook")
    await courier.beat()
    await rest()
    assert sorted(hook.begun) == sorted([first, other])
    clock.pass_by(599)
    await courier.beat()
    await rest()
    assert second not in hook.begun
    clock.pass_by(1)
    await courier.beat()
    await rest()
    assert hook.sent == [other, first, second]
    await courier.finish(0)


async def test_one_failure_of_one_message_does_not_make_the_next_wait(archive: SqliteArchive, clock: Time) -> None:
    hook = Channel(troubles={"a": [WebhookUnavailable("500", retry_after_s=600)]})
    first, second = owe(archive, "a", 2)
    await deliver(ports(archive, clock, hook))
    assert hook.begun == [first, second]
    assert hook.sent == [second]
