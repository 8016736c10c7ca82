"""Rules over the whole walk: from articles on loopback through the real archive to what a real SMTP server gets."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from monitor.adapters.pages import LinkPages, showing
from monitor.deciding.hours import Quiet
from monitor.deciding.rules import STORM, Held, Message, Rule, RuleBook, Send
from monitor.model import Alert, DeliveryState
from monitor.pipeline import deliver, run_cycle
from monitor.ports import Commit
from tests import test_pipeline as walk
from tests.adapters.test_mail import DESK, LINKS, Mailbox, listening, notify, part
from tests.adapters.test_pages import BUTTON, Place
from tests.alert_factory import FixedClock, make_alert
from tests.deciding.test_rules import NIGHT
from tests.factories import make_delivery
from tests.polling_rig import START
from tests.test_pipeline import RULES, later, source

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.adapters.mail import MailNotify
    from monitor.demo.loopback import Loopback
    from monitor.pipeline import Ports
    from storage.archive import SqliteArchive
    from tests.test_pipeline import World

config, ports, server, world = walk.config, walk.ports, walk.server, walk.world  # fixtures

ROME = (
    "<h1>خليفة حفتر يلتقي جورجا ميلوني في روما</h1><p>التقى القائد العام المشير خليفة حفتر في العاصمة الإيطالية روما "
    "رئيسة الوزراء الإيطالية جورجا ميلوني، وبحث الجانبان ملف الهجرة غير النظامية.</p>"
)


def held(archive: SqliteArchive, now: datetime) -> Held:
    messages = tuple(
        Message(channel=one.channel, recipient=one.recipient, at=one.at, bundle=one.bundle, storm=one.storm)
        for one in archive.mutes().owed(now)
    )
    return Held(mutes=archive.mutes().standing(now), messages=messages)


def told_by(ports: Ports, channel: MailNotify, *rules: Rule, storm: int = 30) -> Ports:
    archive: SqliteArchive = ports.archive  # type: ignore[assignment]
    book = RuleBook(rules=rules, storm_per_hour=storm)
    return replace(ports, channels=(channel,), book=book, held=partial(held, archive))


def outbox(ports: Ports) -> dict[str, int]:
    archive: SqliteArchive = ports.archive  # type: ignore[assignment]
    return {state: number for state, number in archive.reader().status()["outbox"].items() if number}


def states(ports: Ports) -> list[tuple[str, str | None]]:
    archive: SqliteArchive = ports.archive  # type: ignore[assignment]
    reader = archive.reader()
    alerts = [line["id"] for line in reversed(reader.alerts(100))]
    return [(one["state"], one["rule"]) for alert in alerts for one in reader.alert(alert)["deliveries"]]


async def polled(ports: Ports, world: World, server: Loopback, *bodies: str) -> None:
    """One poll of a feed that has brought these articles."""
    for number, body in enumerate(bodies):
        world.article(f"/{number}", body)
    world.feed("/feed", *(f"{server.origin}/{number}" for number in range(len(bodies))))
    await run_cycle(ports, [source(server)], RULES, due_only=False)


def another(number: int) -> str:
    """One more article about the meeting of Paris, with something of its own."""
    said = ("وقع الجانبان اتفاقية لتدريب خمسين ضابطا", "ونفى الجانبان بيع السلاح", "وحضر اللقاء السفير الفرنسي")[number]
    return (
        "<h1>صدام حفتر يلتقي بول سولير في باريس</h1><p>التقى نائب القائد العام الفريق صدام حفتر في العاصمة الفرنسية "
        f"باريس المبعوث الخاص للرئيس الفرنسي بول سولير، {said} في قصر الإليزيه.</p>"
    )


async def test_a_burst_about_one_meeting_is_one_mail_after_its_wait(
    ports: Ports,
    world: World,
    server: Loopback,
) -> None:
    mailbox = Mailbox()
    async with listening(mailbox) as port:
        ports = told_by(ports, notify(port), Rule(name="desk", send=Send.NOW, group_wait=timedelta(minutes=5)))
        await polled(ports, world, server, *map(another, range(3)))
        queued = outbox(ports)["queued"]
        assert queued >= 2
        assert await deliver(ports) == ()
        later(ports, 5)
        results = await deliver(ports)
    assert [result.state for result in results] == [DeliveryState.SENT] * queued
    assert len(mailbox.mails) == 1
    assert "موجز راصد" in mailbox.read()["Subject"]
    assert outbox(ports) == {"sent": queued}


async def test_what_comes_at_night_waits_and_comes_in_one_mail_in_the_morning(
    ports: Ports,
    world: World,
    server: Loopback,
) -> None:
    mailbox = Mailbox()
    async with listening(mailbox) as port:
        rule = Rule(name="desk", send=Send.NOW, quiet=NIGHT)
        ports = told_by(ports, notify(port), rule)
        later(ports, 14 * 60)  # one at night in Tripoli
        await polled(ports, world, server, another(0), ROME)
        assert await deliver(ports) == ()
        later(ports, 6 * 60)
        await deliver(ports)
    assert len(mailbox.mails) == 1
    assert outbox(ports).keys() == {"sent"}


async def test_a_muted_meeting_is_held_back_and_another_is_told(
    ports: Ports,
    world: World,
    server: Loopback,
) -> None:
    mailbox = Mailbox()
    archive: SqliteArchive = ports.archive  # type: ignore[assignment]
    async with listening(mailbox) as port:
        ports = told_by(ports, notify(port))
        await polled(ports, world, server, another(0))
        first = [one.content for one in archive.due_deliveries(START) if isinstance(one.content, Alert)]
        mute = archive.mutes().mute("meeting", str(first[0].meeting_id), START, recipient=DESK)
        before = len(states(ports))
        await polled(ports, world, server, another(0), another(1), ROME)
    added = states(ports)[before:]
    assert ("suppressed", f"mute:{mute.id}") in added
    assert ("queued", None) in added


async def test_who_mutes_a_meeting_by_a_link_in_a_digest_hears_of_others_only(
    ports: Ports,
    world: World,
    server: Loopback,
) -> None:
    mailbox = Mailbox()
    archive: SqliteArchive = ports.archive  # type: ignore[assignment]
    async with listening(mailbox) as port:
        burst = Rule(name="desk", send=Send.NOW, group_wait=timedelta(minutes=5))
        ports = told_by(ports, notify(port, links=LINKS), burst)
        await polled(ports, world, server, another(0), another(1))
        later(ports, 5)
        await deliver(ports)
        found = re.search(r"this meeting, 7 days: (\S+)", part(mailbox.read(), "plain"))
        assert found
        async with showing(LinkPages(LINKS, archive, clock=ports.clock), listen="127.0.0.1:0") as pages:
            place = Place(archive, make_alert(), FixedClock(), pages)
            assert (await place.ask("GET", found[1])).status == 200
            assert archive.mutes().standing(ports.clock.now()) == ()
            assert (await place.ask("POST", found[1], BUTTON)).status == 200
        (mute,) = archive.mutes().standing(ports.clock.now())
        before = len(states(ports))
        await polled(ports, world, server, another(0), another(1), another(2), ROME)
    assert set(states(ports)[before:]) == {("suppressed", f"mute:{mute.id}"), ("queued", "desk")}


async def test_past_the_threshold_the_rest_waits_for_the_digest_and_nothing_is_lost(
    ports: Ports,
    world: World,
    server: Loopback,
) -> None:
    mailbox = Mailbox()
    async with listening(mailbox) as port:
        ports = told_by(ports, notify(port), Rule(name="all", send=Send.NOW), storm=1)
        await polled(ports, world, server, another(0), ROME, another(1), another(2))
        made = states(ports)
        await deliver(ports)
        at_once = len(mailbox.mails)
        later(ports, 61)
        await deliver(ports)
    assert [rule for _, rule in made] == ["all", *[STORM] * (len(made) - 1)]
    assert at_once == 2
    assert outbox(ports) == {"sent": len(made)}
    assert len(mailbox.mails) == 3


@pytest.mark.parametrize("rule", ["desk", None])
async def test_what_is_tried_again_wakes_nobody_who_has_quiet_hours(
    ports: Ports,
    rule: str | None,
) -> None:
    mailbox = Mailbox()
    async with listening(mailbox) as port:
        quiet = Quiet(start=time(9), end=time(12), zone=NIGHT.zone)
        ports = told_by(ports, notify(port), Rule(name="desk", quiet=quiet))
        ports.archive.commit(Commit(deliveries=(make_delivery(recipient=DESK, rule=rule),)))
        await deliver(ports)  # eleven in Tripoli
        assert len(mailbox.mails) == (0 if rule else 1)
        later(ports, 60)
        await deliver(ports)
    assert len(mailbox.mails) == 1
    assert outbox(ports) == {"sent": 1}
