"""One round of work, as `run`, `poll`, `ingest` and the demo do it: seed, poll, deliver. Each tells the log."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from monitor.adapters.terminal import progress
from monitor.deciding.polling import Pace
from monitor.model import DeliveryResult, DeliveryState, NoticeKind, Outcome
from monitor.pacing import Tempo
from monitor.pipeline import FeedReport, PollRules, Watch, WatchRules, deliver, ingest, run_cycle
from monitor.ports import ReadJob
from storage.seed import seed_articles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from commands.workshop import Configuration
    from monitor.model import Notice
    from monitor.pipeline import Ports
    from storage.archive import SqliteArchive

_log = structlog.get_logger()


def rules_of(configuration: Configuration) -> PollRules:
    """How the settings say feeds are polled."""
    poll = configuration.settings.poll
    tempo = Tempo(
        start=timedelta(seconds=poll.interval_s),
        fastest=timedelta(seconds=poll.fastest_s),
        slowest=timedelta(seconds=poll.slowest_s),
    )
    return PollRules(
        pace=Pace(tempo=tempo, full=timedelta(seconds=poll.full_s)),
        tries=poll.tries,
        max_entries=poll.max_entries,
        sample=poll.sample,
        words=configuration.reading,
    )


async def seed_once(ports: Ports, archive: SqliteArchive) -> int:
    """Load the seed corpus where that has not been done; returns how many articles. Nobody is told of them."""
    if archive.is_seeded():
        return 0
    corpus, now = seed_articles(), ports.clock.now()
    jobs = [
        ReadJob(article_id=seed.id, url=f"seed:{seed.id}", outlet="seed", fetched_at=now, text=seed.text)
        for seed in corpus
    ]
    with progress("reading the seed corpus", len(jobs)) as advance:
        async for _end in ingest(ports, jobs, alerts=False):
            advance()
    archive.mark_seeded(ports.clock.now())
    return len(corpus)


def watch_of(configuration: Configuration, ports: Ports) -> Watch:
    """Who hears of polls on the operator's behalf."""
    chosen = configuration.settings.operator
    rules = WatchRules(failing=timedelta(hours=chosen.failing_h), heartbeat_hours_utc=chosen.heartbeat_hours_utc)
    return Watch(ports=ports, feeds=configuration.feeds, rules=rules)


async def poll_once(
    configuration: Configuration, ports: Ports, archive: SqliteArchive, *, due_only: bool
) -> tuple[FeedReport, ...]:
    """One cycle with its heartbeat, and what the operator must hear of it."""
    watch = watch_of(configuration, ports)
    reports = await run_cycle(ports, configuration.feeds, rules_of(configuration), due_only=due_only)
    archive.heartbeat(ports.clock.now())
    for report in reports:
        watch.hear(report)
        log_report(report)
    log_notices(watch.look())
    return reports


async def deliver_all(ports: Ports) -> tuple[DeliveryResult, ...]:
    """Everything due in the outbox, until nothing is."""
    return await deliver(ports, told=log_delivery)


def log_delivery(result: DeliveryResult) -> None:
    """Tell the log how one try at a delivery ended."""
    level = logging.INFO if result.state is DeliveryState.SENT else logging.WARNING
    _log.log(level, "delivery", id=result.delivery_id, state=result.state.value, code=result.code,
             message=result.message)  # fmt: skip


def report_json(report: FeedReport) -> dict[str, Any]:
    """One feed of a cycle as `poll --json` and `run --json` print it."""
    return {
        "feed": report.feed_id,
        "url": report.url,
        "ok": report.code is None,
        "code": report.code,
        "message": report.message,
        "not_modified": report.not_modified,
        "partial": report.partial,
        "outcomes": report.outcomes,
        "alerts": [alert.id for alert in report.alerts],
    }


def log_notices(notices: Iterable[Notice]) -> None:
    """Tell the log what the operator is told."""
    for one in notices:
        for alarm in one.alarms if one.kind is not NoticeKind.HEARTBEAT else ():
            _log.warning(one.kind.value, feed=alarm.feed_id, code=alarm.code, message=alarm.message)


def log_report(report: FeedReport) -> None:
    """Tell the log how one feed was polled."""
    if report.code is not None:
        _log.warning("feed failed", feed=report.feed_id, code=report.code, message=report.message)
        return
    for end in report.ends:
        if end.outcome is not Outcome.SEEN_BEFORE:
            _log.info("entry", feed=report.feed_id, outcome=end.outcome.value, url=end.entry.url, code=end.code,
                      alerts=0 if end.decision is None else len(end.decision.alerts))  # fmt: skip
    _log.info("feed polled", feed=report.feed_id, not_modified=report.not_modified, outcomes=report.outcomes)
