"""Many articles of our matter at once, as after a feed's reset: no storm of mails, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from monitor.deciding.rules import STORM, Rule, Send
from monitor.demo.loopback import Answer
from monitor.pipeline import deliver, run_cycle
from tests import test_pipeline as walk
from tests.adapters.test_mail import Mailbox, listening, notify
from tests.test_pipeline import RULES, later, source
from tests.test_rules_end_to_end import outbox, told_by

if TYPE_CHECKING:
    from monitor.demo.loopback import Loopback
    from monitor.pipeline import Ports
    from tests.test_pipeline import World

config, ports, server, world = walk.config, walk.ports, walk.server, walk.world  # fixtures

PLACES = (
    ("روما", "الإيطالي"), ("باريس", "الفرنسي"), ("أثينا", "اليوناني"), ("القاهرة", "المصري"), ("موسكو", "الروسي"),
    ("أنقرة", "التركي"), ("عمان", "الأردني"), ("مينسك", "البيلاروسي"), ("برلين", "الألماني"), ("مدريد", "الإسباني"),
)  # fmt: skip
MONTHS = tuple(datetime(2023 + month // 12, month % 12 + 1, 15, 9, tzinfo=UTC) for month in range(15))
AT_ONCE = 5


def items() -> list[str]:
    """A hundred and fifty meetings: one a month in each of ten capitals, the newest first."""
    return [
        f"<item><title>صدام حفتر يلتقي وزير الدفاع {whose} في {city}</title><link>/{city}/{at:%Y-%m}</link>"
        f"<pubDate>{format_datetime(at, usegmt=True)}</pubDate>"
        f"<description>التقى صدام حفتر في {city} وزير الدفاع {whose} وبحثا التعاون العسكري</description></item>"
        for at in reversed(MONTHS)
        for city, whose in PLACES
    ]


async def test_many_new_articles_at_once_are_a_few_mails_and_a_digest_and_none_is_lost(
    ports: Ports, world: World, server: Loopback
) -> None:
    every = items()
    for number in range(3):
        body = f"<rss><channel><title>أخبار</title>{''.join(every[number::3])}</channel></rss>"
        world.pages[f"/{number}"] = Answer(body=body.encode(), content_type="application/rss+xml")
    feeds = [replace(source(server, f"/{number}"), read="summary") for number in range(3)]
    mailbox = Mailbox()
    async with listening(mailbox) as port:
        ports = told_by(ports, notify(port), Rule(name="all", send=Send.NOW), storm=AT_ONCE)
        reports = await run_cycle(ports, feeds, RULES)
        kept = ports.archive.reader()  # type: ignore[attr-defined]
        decided = [alert for report in reports for alert in report.alerts]
        made = [one["rule"] for line in kept.alerts(1000) for one in kept.alert(line["id"])["deliveries"]]
        await deliver(ports)
        at_once = len(mailbox.mails)
        later(ports, 61)
        for _ in range(3):
            await deliver(ports)
    assert sum(len(report.ends) for report in reports) == len(every) == 150
    assert len(decided) >= 140
    assert len({alert.meeting_id for alert in decided}) >= 140
    assert (made.count("all"), made.count(STORM)) == (AT_ONCE, len(decided) - AT_ONCE)
    assert at_once == AT_ONCE + 1, "the message at the threshold says that the rest waits"
    assert len(mailbox.mails) == at_once + 1
    assert outbox(ports) == {"sent": len(decided)}


async def test_a_feed_of_more_items_than_one_poll_takes_is_read_to_its_end_poll_by_poll(
    ports: Ports, world: World, server: Loopback
) -> None:
    listed = "".join(f"<item><title>خبر محلي {at}</title><link>/{at}</link></item>" for at in range(2_000))
    body = f"<rss><channel><title>أخبار</title>{listed}</channel></rss>"
    world.pages["/0"] = Answer(body=body.encode(), content_type="application/rss+xml")
    feed = replace(source(server, "/0"), read="summary")
    rules = replace(RULES, max_entries=500)
    polled = []
    for _ in range(5):
        (report,) = await run_cycle(ports, [feed], rules, due_only=False)
        polled.append((len(report.ends), report.outcomes.get("seen_before", 0), report.not_modified))
    assert [new for new, _, _ in polled] == [500, 500, 500, 500, 0]
    assert polled[-1] == (0, 0, True), "its body is known again, once nothing waits"
    assert ports.archive.reader().status()["outcomes"] == {"off_topic": 2_000}  # type: ignore[attr-defined]
