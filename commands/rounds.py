"""One round of work, as `run`, `poll`, `ingest` and the demo do it: seed, poll, deliver. Each tells the log."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from monitor.adapters.terminal import progress
from monitor.model import DeliveryResult, DeliveryState, Outcome
from monitor.pipeline import FeedReport, PollRules, deliver, ingest, run_cycle
from monitor.ports import ReadJob
from storage.seed import seed_articles

if TYPE_CHECKING:
    from commands.workshop import Configuration
    from monitor.pipeline import Ports
    from storage.archive import SqliteArchive

_log = structlog.get_logger()


def rules_of(configuration: Configuration) -> PollRules:
    """How the settings say feeds are polled."""
    poll = configuration.settings.poll
    return PollRules(every=timedelta(seconds=poll.interval_s), tries=poll.tries, max_entries=poll.max_entries)


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


async def poll_once(
    configuration: Configuration, ports: Ports, archive: SqliteArchive, *, due_only: bool
) -> tuple[FeedReport, ...]:
    """One cycle with its heartbeat."""
    reports = await run_cycle(ports, configuration.feeds, rules_of(configuration), due_only=due_only)
    archive.heartbeat(ports.clock.now())
    for report in reports:
        _log_report(report)
    return reports


async def deliver_all(ports: Ports) -> list[DeliveryResult]:
    """Everything due in the outbox, tried once."""
    results: list[DeliveryResult] = []
    while batch := await deliver(ports):
        results += batch
    for result in results:
        level = logging.INFO if result.state is DeliveryState.SENT else logging.WARNING
        _log.log(level, "delivery", id=result.delivery_id, state=result.state.value, code=result.code,
                 message=result.message)  # fmt: skip
    return results


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


def _log_report(report: FeedReport) -> None:
    if report.code is not None:
        _log.warning("feed failed", feed=report.feed_id, code=report.code, message=report.message)
        return
    for end in report.ends:
        if end.outcome is not Outcome.SEEN_BEFORE:
            _log.info("entry", feed=report.feed_id, outcome=end.outcome.value, url=end.entry.url, code=end.code,
                      alerts=0 if end.decision is None else len(end.decision.alerts))  # fmt: skip
    _log.info("feed polled", feed=report.feed_id, not_modified=report.not_modified, outcomes=report.outcomes)
