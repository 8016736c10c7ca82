"""The work itself: `run` until it is told to stop, `poll` once."""

from __future__ import annotations

import asyncio
import signal
from contextlib import aclosing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from commands.copies import Copier
from commands.options import DONE, FAILED, AsJson
from commands.retention import tend
from commands.rounds import (
    deliver_all,
    log_delivery,
    log_notices,
    log_report,
    poll_once,
    report_json,
    rules_of,
    seed_once,
    watch_of,
)
from commands.rules import hold_back
from commands.workshop import load
from monitor.adapters.terminal import Format, emit, show
from monitor.deciding.alarms import BACKUP
from monitor.errors import InputMissing
from monitor.pipeline import Poller, reread, run_cycle
from monitor.pipeline.delivering import couriers
from monitor.pipeline.subscribing import keep_subscribed
from monitor.service import Service

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from commands.workshop import Configuration, Workshop
    from monitor.pipeline import FeedReport, Ports
    from monitor.pipeline.subscribing import HubDesk
    from storage.archive import SqliteArchive

app = typer.Typer(rich_markup_mode=None)

LOOK_TICKS = 4
"""Looks at the watch itself are a minute apart: what goes wrong at one moment is told in one message."""

STOPPING = (signal.SIGTERM, signal.SIGINT)

DAY_S = 24 * 3600.0
"""Between two rounds through the kept pages; the first is at the start."""

_log = structlog.get_logger()


@app.command("run")
def run_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Poll, read, decide and alert until SIGTERM. With --json each polled feed is a line."""
    shop: Workshop = ctx.obj
    asyncio.run(_run(shop, load(shop.place), as_json=as_json))


async def _run(shop: Workshop, configuration: Configuration, *, as_json: bool) -> None:
    stop = asyncio.Event()
    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with shop.writing(configuration.place) as archive, _hurrying(archive):
        async with shop.ports(configuration, archive) as ports:
            _log.info("started", feeds=len(configuration.feeds), channels=[one.channel for one in ports.channels])
            if not configuration.settings.poll.contact:
                _log.warning("poll.contact is empty: owners of the sites that are polled cannot reach you")
            if await _seeded(ports, archive, stop):
                archive.heartbeat(ports.clock.now())
                await Duty(shop, configuration, ports, archive, as_json=as_json).run(stop)
    _log.info("stopped")


@contextmanager
def _hurrying(archive: SqliteArchive) -> Iterator[None]:
    """Have the word to stop reach a wait for the archive's lock as well, in which the event loop stands still.

    The loop hears of signals by its own way, which a handler of ours leaves open.
    """

    def hurry(_number: int, _frame: object) -> None:
        archive.hurry()

    before = {number: signal.signal(number, hurry) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Duty:
    """What the service does: jobs beside each other, and what they hear of each other."""

    def __init__(
        self, shop: Workshop, configuration: Configuration, ports: Ports, archive: SqliteArchive, *, as_json: bool
    ) -> None:
        """Start nothing yet; `as_json` prints a line for each polled feed."""
        self._shop, self._configuration, self._ports, self._archive = shop, configuration, ports, archive
        self._as_json = as_json
        self._watch = watch_of(configuration, ports)
        self._poller = Poller(ports, configuration.feeds, rules_of(configuration), told=self._polled)
        self._feeds = {feed.id: feed for feed in configuration.feeds}
        self._look_s = LOOK_TICKS * configuration.settings.poll.tick_s
        self._service: Service | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        async with (
            aclosing(self._poller),
            self._shop.hubs(self._configuration, self._archive, self._poller.wake) as desk,
            self._shop.pages(self._configuration, self._archive),
        ):
            self._service = Service(
                jobs=self._jobs(desk),
                delivering=couriers(self._ports, told=log_delivery),
                tick_s=self._configuration.settings.poll.tick_s,
            )
            await self._service.run(stop)

    def _jobs(self, desk: HubDesk | None) -> list[Callable[[], Awaitable[None]]]:
        copier = Copier(
            place=self._configuration.place,
            settings=self._configuration.settings,
            archive=self._archive,
            clock=self._ports.clock,
            told=partial(self._watch.hear_of_itself, BACKUP),
        )
        jobs: list[Callable[[], Awaitable[None]]] = [self._poll, self._look, self._look_again]
        jobs += [self._tend_pages, self._trim, copier.look]
        return jobs if desk is None else [*jobs, partial(self._subscribe, desk)]

    def _polled(self, report: FeedReport) -> None:
        self._watch.hear(report)
        log_report(report)
        if self._service is not None:
            self._service.deliver_soon()
        if self._watch.network_away and report.code is None and report.before.failures:
            self._poller.hurry()
        if self._as_json:
            emit(report_json(report))

    async def _poll(self) -> None:
        self._archive.require_room()  # nobody is asked for what could not be kept
        await self._poller.beat()
        self._archive.heartbeat(self._ports.clock.now())

    async def _look(self) -> None:
        log_notices(self._watch.look())
        hold_back(self._archive, self._ports.clock.now())
        await asyncio.sleep(self._look_s)

    async def _look_again(self) -> None:
        limit = self._configuration.settings.reread.per_cycle
        for end in await reread(self._poller.desk, self._feeds, limit=limit):
            _log.info("article changed", feed=end.feed_id, outcome=end.outcome.value, url=end.entry.url)

    async def _tend_pages(self) -> None:
        days = self._configuration.settings.retention.raw_days
        await tend(self._archive.pages(), self._ports.clock, days=days)
        await asyncio.sleep(DAY_S)

    async def _trim(self) -> None:
        self._archive.trim_log()
        await asyncio.sleep(self._look_s)

    async def _subscribe(self, desk: HubDesk) -> None:
        await keep_subscribed(desk, self._configuration.feeds, self._archive.feed_states())


async def _seeded(ports: Ports, archive: SqliteArchive, stop: asyncio.Event) -> bool:
    """Whether the seed corpus is loaded; not, if the word to stop came before."""
    seeding = asyncio.ensure_future(seed_once(ports, archive))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({seeding, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not seeding.done():
        seeding.cancel()
        await asyncio.gather(seeding, return_exceptions=True)
        return False
    stopping.cancel()
    seeding.result()
    return True


@app.command("poll")
def poll_(
    ctx: typer.Context,
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Keep and send nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Poll now, due or not, and deliver what follows. Fails if no feed could be polled."""
    shop: Workshop = ctx.obj
    configuration = load(shop.place)
    chosen = tuple(one for one in configuration.feeds if feed in {None, one.id})
    if feed is not None and not chosen:
        raise InputMissing(f"there is no feed {feed!r}; `feeds list` names them")
    reports = asyncio.run(_poll(shop, replace(configuration, feeds=chosen), dry_run=dry_run))
    if as_json:
        for report in reports:
            emit(report_json(report))
    else:
        rows = [report_json(report) for report in reports]
        show(rows, ("feed", "ok", "code", "message", "outcomes", "alerts"), form=Format.TABLE)
    raise typer.Exit(FAILED if reports and all(report.code for report in reports) else DONE)


async def _poll(shop: Workshop, configuration: Configuration, *, dry_run: bool) -> tuple[FeedReport, ...]:
    with shop.writing(configuration.place) as archive:
        async with shop.ports(configuration, archive) as ports:
            if dry_run:
                return await run_cycle(ports, configuration.feeds, rules_of(configuration), due_only=False, store=False)
            await seed_once(ports, archive)
            reports = await poll_once(configuration, ports, archive, due_only=False)
            await deliver_all(ports)
            return reports
