#!/usr/bin/env python3
"""Rasid's command line, and the only place where the parts are put together.

Each command loads what it needs, calls one thing, and prints what came of it: JSON on stdout with `--json`, else for
people; progress and messages on stderr. Exit codes: 0 done, 1 failed, 2 bad usage or configuration, 75 already running.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import platform
import secrets
import signal
import sys
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Annotated, Any
from urllib.parse import urlsplit

import pysqlite3
import structlog
import typer
from pydantic import SecretStr
from rich.console import Console
from xxhash import xxh32_hexdigest

from monitor.adapters.deliver import deliver_one
from monitor.adapters.engine import InlineCompute, PoolCompute
from monitor.adapters.files import read_files
from monitor.adapters.http import FetchLimits, HttpFetch
from monitor.adapters.mail import MailNotify, MailSettings
from monitor.adapters.similarity import LexicalSimilarity
from monitor.adapters.terminal import Format, emit, log_to_stderr, progress, say, show
from monitor.adapters.webhook import WebhookEndpoint, WebhookNotify
from monitor.comparing import compare_texts
from monitor.deciding.outbox import queue
from monitor.demo.inbox import Inbox
from monitor.demo.loopback import Loopback
from monitor.demo.mailbox import Mailbox
from monitor.demo.play import Stage, play
from monitor.demo.receiver import HOOK_PATH, Receiver
from monitor.demo.site import FEED_PATH, NewsSite
from monitor.demo.story import Story
from monitor.errors import AlreadyRunning, ConfigError, InputMalformed, InputMissing, RasidError
from monitor.model import (
    DeliveryResult,
    DeliveryState,
    FeedSource,
    Outcome,
    Relation,
)
from monitor.pipeline import EntryEnd, FeedReport, PollRules, Ports, deliver, ingest, run_cycle
from monitor.ports import Clock, Notify, ReadJob
from monitor.reading.article import read_article
from monitor.reading.feed import read_feed
from monitor.reading.words import ReadConfig
from monitor.render import Names, decision_json, names_from, unread_json
from monitor.render.sample import sample_alert
from monitor.service import Service
from monitor.settings import Settings, add_feed, load_feeds, load_read_config, load_settings
from storage.archive import SqliteArchive
from storage.connection import OLDEST_SQLITE
from storage.lock import DataLock
from storage.search import ArchiveReader, Filters, open_reader
from storage.seed import seed_articles

HERE = Path(__file__).resolve().parent
DONE, FAILED, BAD_USAGE, RUNNING = 0, 1, 2, 75
HEALTHY_INTERVALS = 3

_log = structlog.get_logger()


# ----------------------------------------------------------------------------------------------- putting together


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Aware UTC wall-clock time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return monotonic()


CLOCK = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where data and configuration lie."""

    data: Path
    config: Path

    @property
    def archive(self) -> Path:
        """The database file."""
        return self.data / "rasid.db"

    @property
    def feeds(self) -> tuple[Path, Path]:
        """The configuration's feeds, and those added beside the archive."""
        return self.config / "feeds.toml", self.data / "feeds.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """All that an operator decides, loaded and checked."""

    place: Place
    settings: Settings
    feeds: tuple[FeedSource, ...]
    reading: ReadConfig

    @property
    def rules(self) -> PollRules:
        """How feeds are polled."""
        poll = self.settings.poll
        return PollRules(every=timedelta(seconds=poll.interval_s), tries=poll.tries, max_entries=poll.max_entries)

    @property
    def names(self) -> Names:
        """What ids are called, for readers."""
        principals = self.reading.watch.principals
        figures = self.reading.watch.figures
        arabic = {one.id: one.name for one in principals} | {one.id: one.name for one in figures}
        return names_from(self.reading.lexicon, {"ar": arabic, "en": {one.id: one.latin for one in principals}})


def load(place: Place) -> Configuration:
    """Load and check everything.

    Raises:
        ConfigError: With all problems of all files.
    """
    problems: list[str] = []

    def attempt(loader: Callable[[], Any]) -> Any:  # noqa: ANN401 - each loader's own type, used below
        try:
            return loader()
        except ConfigError as error:
            problems.extend(error.problems)

    settings = attempt(lambda: load_settings(place.config))
    feeds = attempt(lambda: load_feeds(*place.feeds))
    reading = attempt(lambda: load_read_config(place.config))
    if problems:
        raise ConfigError(tuple(problems))
    log_to_stderr(settings.logging.level, settings.logging.format)
    return Configuration(place=place, settings=settings, feeds=feeds, reading=reading)


def fetcher(configuration: Configuration, *, allow_any_private: bool = False) -> HttpFetch:
    """HTTP within the configured limits; private addresses only where the configuration names them."""
    poll = configuration.settings.poll
    limits = FetchLimits(
        deadline_s=poll.deadline_s,
        body_bytes=poll.max_body_bytes,
        redirects=poll.max_redirects,
        per_host=poll.per_host,
        overall=poll.total,
    )
    named = [feed.url for feed in configuration.feeds if feed.allow_private]
    named += [hook.url for hook in configuration.settings.webhooks.values() if hook.allow_private]
    contact = f" (+{poll.contact})" if poll.contact else ""
    return HttpFetch(
        user_agent=poll.user_agent + contact,
        limits=limits,
        allow_private=frozenset(map(_target, named)),
        allow_any_private=allow_any_private,
    )


def channels(configuration: Configuration, fetch: HttpFetch, clock: Clock) -> tuple[Notify, ...]:
    """Mail where somebody is named, webhooks where an endpoint is."""
    mail, hooks = configuration.settings.mail, configuration.settings.webhooks
    found: list[Notify] = []
    if mail.recipients:
        settings = MailSettings(
            host=mail.host,
            port=mail.port,
            sender=mail.sender,
            recipients=mail.recipients,
            username=mail.username,
            password=_open(mail.password),
            starttls=mail.tls == "starttls",
            tls=mail.tls == "tls",
            unsubscribe=mail.unsubscribe,
            timeout_s=mail.timeout_s,
        )
        found.append(MailNotify(settings, names=configuration.names, clock=clock))
    if hooks:
        endpoints = [
            WebhookEndpoint(
                name=name,
                url=hook.url,
                secrets=tuple(filter(None, (_open(hook.secret), _open(hook.previous_secret)))),
                timeout_s=hook.timeout_s,
            )
            for name, hook in hooks.items()
        ]
        found.append(WebhookNotify(endpoints, post=fetch.post, clock=clock))
    return tuple(found)


@asynccontextmanager
async def opened(configuration: Configuration, archive: SqliteArchive, *, inline: bool = False) -> AsyncIterator[Ports]:
    """The seams filled with the real adapters; `inline` reads in this process, for few texts of one's own."""
    read = configuration.settings.read
    fetch = fetcher(configuration)
    compute: PoolCompute[ReadConfig] | InlineCompute[ReadConfig] = (
        InlineCompute(read_article, configuration.reading)
        if inline
        else PoolCompute(
            read_article,
            load_read_config,
            configuration.place.config,
            workers=read.processes or min(2, os.cpu_count() or 1),
            limit_s=read.time_limit_s,
            memory_bytes=read.memory_mib << 20,
        )
    )
    try:
        yield Ports(
            archive=archive,
            fetch=fetch,
            compute=compute,
            similarity=LexicalSimilarity(),
            clock=CLOCK,
            attempt=deliver_one,
            digest_at=partial(_next_digest, hour=configuration.settings.alerts.digest_hour_utc),
            channels=channels(configuration, fetch, CLOCK),
        )
    finally:
        await compute.aclose()
        await fetch.aclose()


@contextmanager
def writing(place: Place) -> Iterator[SqliteArchive]:
    """The archive for this process alone."""
    with DataLock(place.data), SqliteArchive(place.archive) as archive:
        yield archive


async def seed_once(ports: Ports, archive: SqliteArchive) -> int:
    """Load the seed corpus where that has not been done; returns how many articles. Nobody is told of them."""
    if archive.is_seeded():
        return 0
    corpus = seed_articles()
    jobs = [
        ReadJob(article_id=seed.id, url=f"seed:{seed.id}", outlet="seed", fetched_at=CLOCK.now(), text=seed.text)
        for seed in corpus
    ]
    with progress("reading the seed corpus", len(jobs)) as advance:
        async for _end in ingest(ports, jobs, alerts=False):
            advance()
    archive.mark_seeded(CLOCK.now())
    return len(corpus)


async def poll_once(
    configuration: Configuration, ports: Ports, archive: SqliteArchive, *, due_only: bool
) -> tuple[FeedReport, ...]:
    """One cycle with its heartbeat."""
    reports = await run_cycle(ports, configuration.feeds, configuration.rules, due_only=due_only)
    archive.heartbeat(CLOCK.now())
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


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _open(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _next_digest(now: datetime, *, hour: int) -> datetime:
    at = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return at if at > now else at + timedelta(days=1)


# ------------------------------------------------------------------------------------------------------- commands


def _log_report(report: FeedReport) -> None:
    if report.code is not None:
        _log.warning("feed failed", feed=report.feed_id, code=report.code, message=report.message)
        return
    for end in report.ends:
        if end.outcome is not Outcome.SEEN_BEFORE:
            _log.info("entry", feed=report.feed_id, outcome=end.outcome.value, url=end.entry.url, code=end.code,
                      alerts=0 if end.decision is None else len(end.decision.alerts))  # fmt: skip
    _log.info("feed polled", feed=report.feed_id, not_modified=report.not_modified, outcomes=report.outcomes)


def report_json(report: FeedReport) -> dict[str, Any]:
    """One feed of a cycle as `poll --json` prints it."""
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


def end_json(end: EntryEnd) -> dict[str, Any]:
    """One article as `ingest --json` prints it, with the code of what went wrong."""
    found = (
        unread_json(end.article_id or "", end.outcome, url=end.entry.url, title=end.entry.title)
        if end.decision is None
        else decision_json(end.decision)
    )
    return {**found, "code": end.code, "message": end.message}


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Watches Arabic news for the foreign meetings of the Haftars and tells what is new in them.",
)
alerts_app = typer.Typer(no_args_is_help=True, help="What was sent, and why.")
feeds_app = typer.Typer(no_args_is_help=True, help="What is polled.")
config_app = typer.Typer(no_args_is_help=True, help="The configuration.")
app.add_typer(alerts_app, name="alerts")
app.add_typer(feeds_app, name="feeds")
app.add_typer(config_app, name="config")

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
AsFormat = Annotated[Format, typer.Option("--format", help="How rows are printed.")]
Since = Annotated[str | None, typer.Option(help="Published (or fetched) on this day or later: YYYY-MM-DD.")]
Person = Annotated[str | None, typer.Option(help="Only where this person takes part: an id, such as saddam_haftar.")]
Country = Annotated[str | None, typer.Option(help="Only this country: FR, EU ...")]
RelationOnly = Annotated[Relation | None, typer.Option("--relation", help="Only claims of this relation.")]
Outlet = Annotated[str | None, typer.Option(help="Only this outlet, by its exact name.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]


@app.callback()
def place_(
    ctx: typer.Context,
    data_dir: Annotated[
        Path, typer.Option("--data-dir", envvar="RASID_DATA_DIR", help="Folder of the archive.")
    ] = Path("data"),
    config_dir: Annotated[
        Path, typer.Option("--config-dir", envvar="RASID_CONFIG_DIR", help="Folder of the configuration.")
    ] = HERE / "config",
) -> None:
    """Options that come before any command."""
    ctx.obj = Place(data=data_dir.absolute(), config=config_dir.absolute())


@app.command("run")
def run_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Poll, read, decide and alert until SIGTERM. With --json each polled feed is a line."""
    configuration = load(ctx.obj)
    asyncio.run(_serve(configuration, as_json=as_json))


async def _serve(configuration: Configuration, *, as_json: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with writing(configuration.place) as archive:
        async with opened(configuration, archive) as ports:
            _log.info("started", feeds=len(configuration.feeds), channels=[one.channel for one in ports.channels])
            seeding = asyncio.ensure_future(seed_once(ports, archive))
            stopping = asyncio.ensure_future(stop.wait())
            await asyncio.wait({seeding, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not seeding.done():
                seeding.cancel()
                await asyncio.gather(seeding, return_exceptions=True)
                return
            stopping.cancel()
            seeding.result()
            archive.heartbeat(CLOCK.now())

            async def poll() -> None:
                for report in await poll_once(configuration, ports, archive, due_only=True):
                    if as_json:
                        emit(report_json(report))

            async def send() -> None:
                await deliver_all(ports)

            await Service(poll=poll, deliver=send, tick_s=configuration.settings.poll.tick_s).run(stop)
    _log.info("stopped")


@app.command("poll")
def poll_(
    ctx: typer.Context,
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Keep and send nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Poll now, due or not, and deliver what follows. Fails if no feed could be polled."""
    configuration = load(ctx.obj)
    chosen = tuple(one for one in configuration.feeds if feed in {None, one.id})
    if feed is not None and not chosen:
        raise InputMissing(f"there is no feed {feed!r}; `feeds list` names them")
    reports = asyncio.run(_poll_now(replace(configuration, feeds=chosen), dry_run=dry_run))
    if as_json:
        for report in reports:
            emit(report_json(report))
    else:
        rows = [report_json(report) for report in reports]
        show(rows, ("feed", "ok", "code", "message", "outcomes", "alerts"), form=Format.TABLE)
    raise typer.Exit(FAILED if reports and all(report.code for report in reports) else DONE)


async def _poll_now(configuration: Configuration, *, dry_run: bool) -> tuple[FeedReport, ...]:
    with writing(configuration.place) as archive:
        async with opened(configuration, archive) as ports:
            if dry_run:
                return await run_cycle(ports, configuration.feeds, configuration.rules, due_only=False, store=False)
            await seed_once(ports, archive)
            reports = await poll_once(configuration, ports, archive, due_only=False)
            await deliver_all(ports)
            return reports


@app.command("ingest")
def ingest_(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help=".txt, .html, .jsonl or .warc.gz, read in this order.")],
    no_alerts: Annotated[bool, typer.Option("--no-alerts", help="Decide alerts, but tell nobody.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read files as if they had just been fetched; with --json an object for each article."""
    failures = asyncio.run(_ingest(load(ctx.obj), paths, alerts=not no_alerts, as_json=as_json))
    raise typer.Exit(FAILED if failures else DONE)


async def _ingest(configuration: Configuration, paths: Sequence[Path], *, alerts: bool, as_json: bool) -> int:
    failures = 0
    with writing(configuration.place) as archive, progress("reading", None) as advance:
        async with opened(configuration, archive) as ports:
            async for end in ingest(ports, read_files(paths, now=CLOCK.now), alerts=alerts):
                advance()
                failed = isinstance(end, RasidError) or end.code is not None
                failures += failed
                if failed:
                    say(str(end) if isinstance(end, RasidError) else f"{end.code}: {end.message}")
                if isinstance(end, RasidError):
                    continue
                if as_json:
                    emit(end_json(end))
                elif not failed:
                    say(f"{end.article_id}: {end.outcome.value}")
            if alerts:
                await deliver_all(ports)
    return failures


@app.command("seed")
def seed_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Load the seed corpus, alerts off. `run` and `poll` do it on their first start."""

    async def seed() -> int:
        configuration = load(ctx.obj)
        with writing(configuration.place) as archive:
            async with opened(configuration, archive) as ports:
                return await seed_once(ports, archive)

    loaded = asyncio.run(seed())
    if as_json:
        emit({"articles": loaded})
    else:
        say(f"{loaded} articles loaded" if loaded else "the seed corpus has been loaded before")


@app.command("compare")
def compare_(ctx: typer.Context, as_json: AsJson = True) -> None:  # noqa: ARG001 - its output is JSON in any case
    """Relate texts: JSON lines {"known", "incoming"} on stdin, a line of JSON for each."""
    reading = load(ctx.obj).reading
    failed = False
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            pair = json.loads(line)
            known, incoming = pair["known"], pair["incoming"]
            if not (isinstance(known, str) and isinstance(incoming, str)):
                raise TypeError("known and incoming must be text")  # noqa: TRY301 - told like what json says
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            failed = True
            problem = InputMalformed(f'stdin:{number}: not a line {{"known": text, "incoming": text}}: {error}')
            say(str(problem))
            emit({"code": problem.code, "message": problem.message})
            continue
        emit(compare_texts(known, incoming, reading, LexicalSimilarity()))
    raise typer.Exit(FAILED if failed else DONE)


# ------------------------------------------------------------------------------------------ questions to the archive


@app.command("search")
def search_(  # noqa: PLR0917 - as for the listings below
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="Words; all must stand in the article, in any spelling.")],
    since: Since = None,
    person: Person = None,
    country: Country = None,
    relation: RelationOnly = None,
    outlet: Outlet = None,
    limit: Limit = 20,
    form: AsFormat = Format.TABLE,
    as_json: AsJson = False,
) -> None:
    """Find articles, best first."""
    filters = _filters(since, person, country, relation, outlet=outlet, limit=limit)
    spellings = load(ctx.obj).reading.watch.spellings
    with _reading(ctx) as reader:
        rows = reader.search(query, filters, aliases=spellings)
    show(rows, ("id", "published_at", "outlet", "title", "snippet"), form=_form(form, as_json))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list that the archive gives, and the columns people see of it."""

    ask: Callable[[ArchiveReader, Filters], list[dict[str, Any]]]
    columns: tuple[str, ...]
    help: str


LISTINGS = {
    "meetings": Listing(
        ask=ArchiveReader.meetings,
        columns=("id", "principals", "counterparts", "venue", "date_from", "date_to", "status"),
        help="Meetings, the latest first.",
    ),
    "claims": Listing(
        ask=ArchiveReader.claims,
        columns=("id", "relation", "kind", "outlet", "quote", "why_en"),
        help="Claims as they were made, the latest first.",
    ),
    "leads": Listing(
        ask=ArchiveReader.leads,
        columns=("article_id", "outlet", "quote"),
        help="Headlines in scope that stood inside other articles: kept, but no claims.",
    ),
    "people": Listing(
        ask=ArchiveReader.people,
        columns=("person", "mentions", "forms", "roles"),
        help="Everyone named, with their forms, offices and ranks.",
    ),
}


def _listing(listing: Listing) -> Callable[..., None]:
    def command(  # noqa: PLR0917 - Typer makes options of them, nobody calls it by position
        ctx: typer.Context,
        since: Since = None,
        person: Person = None,
        country: Country = None,
        relation: RelationOnly = None,
        outlet: Outlet = None,
        limit: Limit = 20,
        form: AsFormat = Format.TABLE,
        as_json: AsJson = False,
    ) -> None:
        filters = _filters(since, person, country, relation, outlet=outlet, limit=limit)
        with _reading(ctx) as reader:
            rows = listing.ask(reader, filters)
        show(rows, listing.columns, form=_form(form, as_json))

    return command


for _name, _one in LISTINGS.items():
    app.command(_name, help=_one.help)(_listing(_one))


@app.command("article")
def article_(
    ctx: typer.Context, article_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False
) -> None:
    """One article with all that was read from it."""
    with _reading(ctx) as reader:
        found = reader.article(article_id)
    if as_json:
        emit(found)
        return
    show([found], ("id", "outcome", "published_at", "outlet", "title", "url"), form=Format.TABLE)
    show(found["claims"], ("relation", "kind", "quote", "why_en"), form=Format.TABLE)


@app.command("status")
def status_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Feeds, outbox, and how entries ended."""
    configured = [one.id for one in load_feeds(*ctx.obj.feeds)]
    with _reading(ctx) as reader:
        found = reader.status()
    found = {**found, "configured": configured}
    if as_json:
        emit(found)
        return
    rows = [{"what": name, "is": value} for name, value in found.items() if name not in {"feeds", "configured"}]
    show(rows, ("what", "is"), form=Format.TABLE)
    show(found["feeds"], ("feed_id", "failures", "last_ok_at", "last_error_code", "last_error"), form=Format.TABLE)


@app.command("health")
def health_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Whether work gets done: 0 if a cycle was completed within three intervals, else 1."""
    settings = load_settings(ctx.obj.config)
    limit = timedelta(seconds=HEALTHY_INTERVALS * settings.poll.interval_s)
    with _reading(ctx) as reader:
        last = reader.last_heartbeat()
    healthy = last is not None and CLOCK.now() - last < limit
    if as_json:
        emit({"healthy": healthy, "last_heartbeat": None if last is None else last.isoformat()})
    else:
        say(f"{'healthy' if healthy else 'not healthy'}: last cycle {last.isoformat() if last else 'never'}")
    raise typer.Exit(DONE if healthy else FAILED)


@contextmanager
def _reading(ctx: typer.Context) -> Iterator[ArchiveReader]:
    with open_reader(ctx.obj.archive) as reader:
        yield reader


def _form(form: Format, as_json: bool) -> Format:
    return Format.JSON if as_json else form


def _filters(
    since: str | None,
    person: str | None,
    country: str | None,
    relation: Relation | None,
    *,
    outlet: str | None,
    limit: int,
) -> Filters:
    try:
        moment = None if since is None else datetime.fromisoformat(since)
    except ValueError as error:
        raise typer.BadParameter(f"{since!r} is no day; allowed: YYYY-MM-DD", param_hint="--since") from error
    return Filters(
        since=moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC),
        person=person,
        country=country,
        relation=None if relation is None else relation.value,
        outlet=outlet,
        limit=limit,
    )


# --------------------------------------------------------------------------------------------------------- alerts


@alerts_app.command("list")
def alerts_list_(ctx: typer.Context, limit: Limit = 20, form: AsFormat = Format.TABLE, as_json: AsJson = False) -> None:
    """Alerts, the latest first, and what became of their deliveries."""
    with _reading(ctx) as reader:
        rows = reader.alerts(limit)
    show(rows, ("id", "urgency", "relation", "outlet", "title", "deliveries"), form=_form(form, as_json))


@alerts_app.command("show")
def alerts_show_(
    ctx: typer.Context, alert_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False
) -> None:
    """One alert whole: its claims, deliveries and verdicts."""
    with _reading(ctx) as reader:
        found = reader.alert(alert_id)
    if as_json:
        emit(found)
        return
    show([found], ("id", "urgency", "relation", "first_seen", "outlet", "title", "url"), form=Format.TABLE)
    show(found["items"], ("relation", "kind", "quote", "other_quote", "why_en"), form=Format.TABLE)
    show(found["deliveries"], ("channel", "recipient", "state", "attempts", "code", "message"), form=Format.TABLE)


@alerts_app.command("test")
def alerts_test_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Send a test message through every channel, past the archive."""
    results = asyncio.run(_send_test(load(ctx.obj)))
    rows = [
        {"channel": channel, "recipient": recipient, "state": result.state.value, "code": result.code,
         "message": result.message}
        for channel, recipient, result in results
    ]  # fmt: skip
    if as_json:
        for row in rows:
            emit(row)
    elif rows:
        show(rows, ("channel", "recipient", "state", "code", "message"), form=Format.TABLE)
    else:
        say("nobody to tell: name recipients under [mail], or an endpoint under [webhooks.<name>]")
    raise typer.Exit(DONE if all(result.state is DeliveryState.SENT for _, _, result in results) else FAILED)


async def _send_test(configuration: Configuration) -> list[tuple[str, str, DeliveryResult]]:
    fetch = fetcher(configuration)
    try:
        found = channels(configuration, fetch, CLOCK)
        return [
            (delivery.channel, delivery.recipient, await deliver_one(channel, delivery, CLOCK))
            for channel in found
            for delivery in queue(sample_alert(CLOCK.now()), (channel,))
        ]
    finally:
        await fetch.aclose()


@alerts_app.command("label")
def alerts_label_(
    ctx: typer.Context,
    target_id: Annotated[str, typer.Argument(metavar="ID", help="An alert, a claim or an article.")],
    verdict: Annotated[str, typer.Argument(help="right, wrong, known, or a word of your own.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Record an analyst's verdict. The worker may be running."""
    if not ctx.obj.archive.exists():
        raise InputMissing(f"{ctx.obj.archive}: there is no archive yet")
    with SqliteArchive(ctx.obj.archive, check=False) as archive:
        archive.label(target_id, verdict, note, CLOCK.now())
    if as_json:
        emit({"target": target_id, "verdict": verdict, "note": note})
    else:
        say(f"{target_id}: {verdict}")


# ---------------------------------------------------------------------------------------------------------- feeds


@feeds_app.command("list")
def feeds_list_(ctx: typer.Context, form: AsFormat = Format.TABLE, as_json: AsJson = False) -> None:
    """What is polled, and how it has been answering."""
    states: dict[str, dict[str, Any]] = {}
    with suppress(InputMissing), _reading(ctx) as reader:
        states = {state["feed_id"]: state for state in reader.status()["feeds"]}
    names = ("next_poll_at", "last_ok_at", "failures", "last_error_code", "last_error", "entries_seen")
    rows = [
        {"id": feed.id, "url": feed.url, "outlet": feed.outlet, "owner": feed.owner, "kind": feed.kind}
        | {name: states.get(feed.id, {}).get(name) for name in names}
        for feed in load_feeds(*ctx.obj.feeds)
    ]
    show(rows, ("id", "outlet", "kind", "last_ok_at", "failures", "last_error", "url"), form=_form(form, as_json))


@feeds_app.command("add")
def feeds_add_(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="Address of the feed, http or https.")],
    outlet: Annotated[str | None, typer.Option(help="Name of the outlet; the host where not given.")] = None,
    feed_id: Annotated[str | None, typer.Option("--id", help="Short name; made from the host.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who owns the outlet.")] = None,
    kind: Annotated[str, typer.Option(help="What sort of outlet it is.")] = "news",
    as_json: AsJson = False,
) -> None:
    """Add a feed beside the archive; the worker takes it up when it starts."""
    host = urlsplit(url).hostname or "feed"
    made = f"{host.replace('.', '-')}-{xxh32_hexdigest(url.encode())[:4]}"
    feed = FeedSource(id=feed_id or made, url=url, outlet=outlet or host, owner=owner, kind=kind)
    configured, added = ctx.obj.feeds
    add_feed(added, feed, beside=configured)
    if as_json:
        emit({"id": feed.id, "url": feed.url, "outlet": feed.outlet})
    else:
        say(f"{feed.id} added to {added}")


@feeds_app.command("check")
def feeds_check_(
    ctx: typer.Context,
    urls: Annotated[list[str], typer.Argument(metavar="URL...")],
    allow_private: Annotated[bool, typer.Option("--allow-private", help="Private addresses too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch addresses as feeds and say what is there."""
    rows = asyncio.run(_check(load(ctx.obj), urls, allow_private=allow_private, told=emit if as_json else None))
    if not as_json:
        show(rows, ("url", "ok", "code", "message", "entries"), form=Format.TABLE)
    raise typer.Exit(DONE if all(row["ok"] for row in rows) else FAILED)


async def _check(
    configuration: Configuration, urls: Iterable[str], *, allow_private: bool, told: Callable[[object], None] | None
) -> list[dict[str, Any]]:
    rows = []
    fetch = fetcher(configuration, allow_any_private=allow_private)
    try:
        for url in urls:
            rows.append(await _check_one(fetch, url, configuration.settings.poll.max_entries))
            if told is not None:
                told(rows[-1])
    finally:
        await fetch.aclose()
    return rows


async def _check_one(fetch: HttpFetch, url: str, max_entries: int) -> dict[str, Any]:
    try:
        page = await fetch.get(url)
        found = await asyncio.to_thread(
            read_feed, page.body, url=page.final_url, content_type=page.content_type, max_entries=max_entries
        )
    except RasidError as error:
        return {"url": url, "ok": False, "code": error.code, "message": error.message, "entries": 0}
    message = f"{found.kind}: {found.title}" + (" (breaks off)" if found.partial else "")
    return {"url": url, "ok": True, "code": None, "message": message, "entries": len(found.entries)}


# ---------------------------------------------------------------------------------------------- configuration, doctor


@config_app.command("check")
def config_check_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Load everything and name every problem at once; exit code 2 if there is one."""
    problems: tuple[str, ...] = ()
    try:
        load(ctx.obj)
    except ConfigError as error:
        problems = error.problems
    if as_json:
        emit({"ok": not problems, "problems": list(problems)})
    else:
        for problem in problems or ("the configuration is right",):
            say(problem)
    raise typer.Exit(BAD_USAGE if problems else DONE)


@app.command("doctor")
def doctor_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Look for what would go wrong, each with its remedy."""
    rows = [
        {"check": name, "ok": problem is None, "problem": problem, "fix": None if problem is None else fix}
        for name, problem, fix in _checks(ctx.obj)
    ]
    if as_json:
        emit(rows)
    else:
        show(rows, ("check", "ok", "problem", "fix"), form=Format.TABLE)
    raise typer.Exit(DONE if all(row["ok"] for row in rows) else FAILED)


def _checks(place: Place) -> Iterator[tuple[str, str | None, str]]:
    old = sys.version_info < (3, 11)
    yield "python", f"{platform.python_version()} is too old" if old else None, "install Python 3.11 or newer"
    sqlite = pysqlite3.sqlite_version_info
    problem = f"SQLite {pysqlite3.sqlite_version} can lose data" if sqlite < OLDEST_SQLITE else None
    yield "sqlite", problem, "run `make install`: pysqlite3 brings a newer one"
    yield "configuration", _problem(lambda: load(place)), "mend what is named; `config check` lists all of it"
    yield "data folder", _unwritable(place.data), f"make {place.data} writable for uid {os.getuid()}"
    archive = _problem(lambda: open_reader(place.archive).close()) if place.archive.exists() else None
    yield "archive", archive, "restore the archive from a backup, or start the worker once to renew it"


def _problem(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except RasidError as error:
        return str(error)
    return None


def _unwritable(folder: Path) -> str | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return f"{folder}: {error.strerror}"


# ----------------------------------------------------------------------------------------------------------- demo


@app.command("demo")
def demo_(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="End when the story is told.")] = False,
    no_web: Annotated[bool, typer.Option("--no-web", help="Without the page that shows what arrived.")] = False,
    as_json: AsJson = False,
) -> None:
    """The whole product on this machine, with no network: a news site, a mailbox, a webhook receiver."""
    with tempfile.TemporaryDirectory(prefix="rasid-demo-") as folder, suppress(KeyboardInterrupt):
        place = Place(data=Path(folder), config=ctx.obj.config)
        asyncio.run(_demo(place, once=once, web=not no_web, as_json=as_json))


async def _demo(place: Place, *, once: bool, web: bool, as_json: bool) -> None:
    site = NewsSite(tuple((seed.id, seed.text) for seed in seed_articles()))
    secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
    receiver = Receiver(secret)
    with ExitStack() as servers:
        news = servers.enter_context(Loopback(site.route))
        hooks = servers.enter_context(Loopback(receiver.route))
        async with Mailbox() as mailbox:
            inbox = servers.enter_context(Loopback(Inbox(mailbox, receiver).route)) if web else None
            configuration = _staged(place, news.origin + FEED_PATH, hooks.origin + HOOK_PATH, mailbox.port, secret)
            look = [("news site", news.origin + "/")]
            look += [("what arrived", inbox.origin + "/")] if inbox else []
            console = Console(stderr=as_json, highlight=False)
            story = Story(console, configuration.names)
            story.opening([*look, ("mailbox", f"smtp 127.0.0.1:{mailbox.port}"), ("webhooks", hooks.origin + HOOK_PATH),
                           ("archive", str(place.archive))])  # fmt: skip
            with writing(place) as archive:
                async with opened(configuration, archive) as ports:

                    async def poll() -> Sequence[EntryEnd]:
                        (report,) = await poll_once(configuration, ports, archive, due_only=False)
                        if report.code is not None:
                            raise RasidError(f"the demo's own feed failed: {report.code}: {report.message}")
                        await deliver_all(ports)
                        return report.ends

                    totals = await play(Stage(site=site, mailbox=mailbox, receiver=receiver, poll=poll), story)
                ask = f"{sys.argv[0]} --data-dir {place.data} meetings"
                story.closing(totals, [("look around", "the same without --once")] if once else [*look, ("ask", ask)])
            if as_json:
                emit(totals)
            if not once:
                say("Ctrl-C ends it.")
                await asyncio.Event().wait()


def _staged(place: Place, feed_url: str, hook_url: str, smtp_port: int, secret: str) -> Configuration:
    """The operator's configuration, with the demo's servers in place of the world."""
    mine = load(place)
    mail = {"host": "127.0.0.1", "port": smtp_port, "tls": "none", "recipients": ["desk@example.org"]}
    hook = {"url": hook_url, "secret": secret, "allow_private": True}
    shown = {"level": "error", "format": "console"}
    settings = Settings.model_validate({"mail": mail, "webhooks": {"demo": hook}, "logging": shown})
    log_to_stderr(settings.logging.level, settings.logging.format)
    feed = FeedSource(id="demo", url=feed_url, outlet="موقع التجربة", kind="demo", allow_private=True)
    return replace(mine, settings=settings, feeds=(feed,))


# ----------------------------------------------------------------------------------------------------------- start


def main() -> int:
    """Run a command; one sentence with its code for every error that is ours."""
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED
    except RasidError as error:
        for problem in error.problems if isinstance(error, ConfigError) else (error.message,):
            say(f"{error.code}: {problem}")
        if "--json" in sys.argv:
            emit({"code": error.code, "message": error.message})
        return BAD_USAGE if isinstance(error, ConfigError) else RUNNING if isinstance(error, AlreadyRunning) else FAILED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the interpreter's last flush
        return FAILED
    return DONE


if __name__ == "__main__":
    sys.exit(main())
