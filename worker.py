#!/usr/bin/env python3
"""Rasid's command line, and the only place where real adapters are built.

Each command lies in a module of `commands/`, which is imported when the command is called; what it works with comes
from the `RealWorkshop` below. So `health`, which a container asks every minute, loads nothing that fetches or reads.

Results go to stdout, as JSON with `--json`, else for people; progress and messages to stderr. Exit codes: 0 done,
1 failed, 2 bad usage or configuration, 75 already running.
"""

from __future__ import annotations

import os
import sys
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import BAD_USAGE, DONE, FAILED, RUNNING
from commands.table import Commands
from commands.workshop import Place
from monitor.adapters.clock import SystemClock
from monitor.adapters.terminal import emit, say
from monitor.errors import AlreadyRunning, ArchiveCorrupt, ConfigError, InputMissing, RasidError
from monitor.pacing import next_check, next_digest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from datetime import datetime

    from pydantic import SecretStr

    from commands.workshop import Configuration, Workshop
    from monitor.adapters.chat import ChatNotify
    from monitor.adapters.http import HttpFetch
    from monitor.adapters.judge import EndpointJudge
    from monitor.adapters.links import Links
    from monitor.adapters.mail import MailNotify
    from monitor.adapters.webhook import WebhookNotify
    from monitor.deciding.rules import Held, RuleBook
    from monitor.pipeline import Ports
    from monitor.pipeline.subscribing import HubDesk
    from monitor.ports import Compute, Notify, Similarity
    from storage.archive import SqliteArchive
    from storage.lock import DataLock
    from storage.search import ArchiveReader

HERE = Path(__file__).resolve().parent


# ----------------------------------------------------------------------------------------------- putting together


@dataclass(frozen=True, slots=True, kw_only=True)
class RealWorkshop:
    """`commands.workshop.Workshop` over SQLite, HTTP, SMTP and processes that read."""

    place: Place
    clock: SystemClock

    @contextmanager
    def writing(self, place: Place) -> Iterator[SqliteArchive]:
        """The archive for this process alone."""
        from storage.archive import SqliteArchive

        with (
            self._way_back(place),
            self._lock(place),
            SqliteArchive(place.archive, network=place.network) as archive,
        ):
            archive.forget_leases()  # who holds the folder sends alone: they are of a worker that was killed
            yield archive

    @contextmanager
    def holding(self) -> Iterator[None]:
        """The data folder for this process alone, without opening what lies in it."""
        with self._lock(self.place):
            yield

    def _lock(self, place: Place) -> DataLock:
        """The lock of the data folder, which is asked first whose disk it is: a network's locks may not hold."""
        from storage.filesystem import require_local
        from storage.lock import DataLock

        if not place.network:
            require_local(place.data)
        return DataLock(place.data)

    @contextmanager
    def noting(self) -> Iterator[SqliteArchive]:
        """The archive for one short note, while a worker may be writing."""
        from storage.archive import SqliteArchive

        if not self.place.archive.exists():
            raise InputMissing(f"{self.place.archive}: there is no archive yet")
        place = self.place
        with self._way_back(place), SqliteArchive(place.archive, check=False, network=place.network) as archive:
            yield archive

    @contextmanager
    def asking(self) -> Iterator[ArchiveReader]:
        """The archive for questions."""
        from storage.search import open_reader

        with self._way_back(self.place), open_reader(self.place.archive) as reader:
            yield reader

    @contextmanager
    def _way_back(self, place: Place) -> Iterator[None]:
        """Who is told of a damaged archive is told how to put a copy in its place."""
        try:
            yield
        except ArchiveCorrupt as error:
            from monitor.settings import Settings, load_settings
            from storage.backups import way_back

            try:
                settings = load_settings(place.config)
            except ConfigError:
                settings = Settings()
            raise ArchiveCorrupt(f"{error.message}; {way_back(place.copies(settings), place.data)}") from error

    @asynccontextmanager
    async def fetching(self, configuration: Configuration, *, any_private: bool = False) -> AsyncIterator[HttpFetch]:
        """HTTP within the configured limits; private addresses only where the configuration names them."""
        fetch = _fetch(configuration, any_private=any_private)
        try:
            yield fetch
        finally:
            await fetch.aclose()

    @asynccontextmanager
    async def parsing(self, configuration: Configuration) -> AsyncIterator[Compute]:
        """What parses feeds, in a process that can be ended; it reads no articles."""
        from monitor.adapters.engine import PoolCompute, no_reader, nothing_to_load

        read = configuration.settings.read
        compute = PoolCompute(
            no_reader,
            nothing_to_load,
            configuration.place.config,
            workers=1,
            limit_s=read.time_limit_s,
            memory_bytes=read.memory_mib << 20,
        )
        async with aclosing(compute):
            yield compute

    @contextmanager
    def similarity(self, configuration: Configuration, *, raw: str | None = None) -> Iterator[Similarity]:
        """How alike two stretches of text are: as configured, or by the measure `raw` before any calibration."""
        from monitor.adapters.similarity import similarity_of

        chosen = configuration.settings.similarity
        found = similarity_of(
            raw or chosen.setting,
            None if raw else configuration.place.calibrations,
            api_key=_open(chosen.api_key),
            allow_private=chosen.allow_private,
            timeout_s=chosen.timeout_s,
        )
        try:
            yield found
        finally:
            found.close()

    @asynccontextmanager
    async def hubs(
        self, configuration: Configuration, archive: SqliteArchive, wake: Callable[[str], None]
    ) -> AsyncIterator[HubDesk | None]:
        """What asking hubs needs, while what they send is taken; None without a public address."""
        chosen = configuration.settings.websub
        if not chosen.callback:
            yield None
            return
        from monitor.adapters.addresses import target_of
        from monitor.adapters.websub import listening
        from monitor.pipeline.subscribing import HubDesk

        book, fastest_s = archive.subscriptions(), configuration.settings.poll.fastest_s
        private = frozenset(target_of(feed.url).lower() for feed in configuration.feeds if feed.allow_private)
        async with (
            self.fetching(configuration) as fetch,
            listening(book, wake, clock=self.clock, listen=chosen.listen, fastest_s=fastest_s),
        ):
            yield HubDesk(book=book, post=fetch.post, clock=self.clock, callback=chosen.callback, private=private)

    @asynccontextmanager
    async def pages(self, configuration: Configuration, archive: SqliteArchive) -> AsyncIterator[None]:
        """Answer those who follow links in mails; nobody without a public address."""
        from monitor.adapters.pages import LinkPages, showing

        links = _links(configuration)
        if links is None:
            yield
            return
        known = [("mail", recipient) for recipient in configuration.settings.mail.recipients]
        pages = LinkPages(links, archive, clock=self.clock, known=known)
        async with showing(pages, listen=configuration.settings.links.listen):
            yield

    @asynccontextmanager
    async def channels(self, configuration: Configuration) -> AsyncIterator[tuple[Notify, ...]]:
        """Mail where somebody is named, webhooks where an endpoint is, chats where a room is."""
        async with self.fetching(configuration) as fetch:
            yield self._channels(configuration, fetch)

    @asynccontextmanager
    async def ports(self, configuration: Configuration, archive: SqliteArchive) -> AsyncIterator[Ports]:
        """Everything the pipeline calls; pages are read in processes that can be ended."""
        from monitor.adapters.deliver import deliver_one
        from monitor.adapters.engine import PoolCompute
        from monitor.pipeline import Ports
        from monitor.reading.article import read_article
        from monitor.settings import load_read_config

        read = configuration.settings.read
        compute = PoolCompute(
            read_article,
            load_read_config,
            configuration.place.config,
            workers=read.processes or min(2, os.cpu_count() or 1),
            limit_s=read.time_limit_s,
            memory_bytes=read.memory_mib << 20,
        )
        async with (
            aclosing(compute),
            self.fetching(configuration) as fetch,
            self._judge(configuration) as judge,
        ):
            with self.similarity(configuration) as similarity:
                yield Ports(
                    archive=archive,
                    fetch=fetch,
                    compute=compute,
                    similarity=similarity,
                    clock=self.clock,
                    attempt=deliver_one,
                    digest_at=partial(next_digest, hour=configuration.settings.alerts.digest_hour_utc),
                    channels=self._channels(configuration, fetch),
                    book=_book(configuration),
                    held=partial(_held, archive),
                    judge=judge,
                    check_at=_checks(configuration),
                )

    @asynccontextmanager
    async def _judge(self, configuration: Configuration) -> AsyncIterator[EndpointJudge | None]:
        """Who may raise doubt, where somebody is named."""
        chosen = configuration.settings.judge
        if not chosen.url:
            yield None
            return
        from monitor.adapters.endpoint import Endpoint
        from monitor.adapters.judge import EndpointJudge

        endpoint = Endpoint(
            chosen.url,
            key="judge.url",
            api_key=_open(chosen.api_key),
            allow_private=chosen.allow_private,
            timeout_s=chosen.timeout_s,
        )
        try:
            yield EndpointJudge(endpoint, chosen.model)
        finally:
            await endpoint.aclose()

    def _channels(self, configuration: Configuration, fetch: HttpFetch) -> tuple[Notify, ...]:
        settings = configuration.settings
        found: list[Notify] = []
        if settings.mail.recipients or settings.operator.recipients:
            found.append(self._mail(configuration))
        if settings.webhooks:
            found.append(self._webhooks(configuration, fetch))
        if settings.chat:
            found.append(_chats(configuration))
        return tuple(found)

    def _mail(self, configuration: Configuration) -> MailNotify:
        from monitor.adapters.mail import MailNotify, MailSettings

        mail = configuration.settings.mail
        settings = MailSettings(
            host=mail.host,
            port=mail.port,
            sender=mail.sender,
            recipients=mail.recipients,
            operators=configuration.settings.operator.recipients,
            username=mail.username,
            password=_open(mail.password),
            starttls=mail.tls == "starttls",
            tls=mail.tls == "tls",
            unsubscribe=mail.unsubscribe,
            timeout_s=mail.timeout_s,
        )
        return MailNotify(settings, names=configuration.names, clock=self.clock, links=_links(configuration))

    def _webhooks(self, configuration: Configuration, fetch: HttpFetch) -> WebhookNotify:
        from monitor.adapters.webhook import WebhookEndpoint, WebhookNotify

        endpoints = [
            WebhookEndpoint(
                name=name,
                url=hook.url,
                secrets=tuple(filter(None, (_open(hook.secret), _open(hook.previous_secret)))),
                timeout_s=hook.timeout_s,
            )
            for name, hook in configuration.settings.webhooks.items()
        ]
        return WebhookNotify(endpoints, post=fetch.post, clock=self.clock)


def _book(configuration: Configuration) -> RuleBook:
    from monitor.deciding.rules import RuleBook

    return RuleBook(rules=configuration.rules, storm_per_hour=configuration.settings.alerts.storm_per_hour)


def _held(archive: SqliteArchive, now: datetime) -> Held:
    """What is muted and owed, from the archive."""
    from monitor.deciding.rules import Held, Message

    mutes = archive.mutes()
    messages = tuple(
        Message(channel=one.channel, recipient=one.recipient, at=one.at, bundle=one.bundle, storm=one.storm)
        for one in mutes.owed(now)
    )
    return Held(mutes=mutes.standing(now), messages=messages)


def _chats(configuration: Configuration) -> ChatNotify:
    from monitor.adapters.chat import ChatNotify, ChatRoom

    rooms = [
        ChatRoom(name=name, url=chat.url.get_secret_value(), timeout_s=chat.timeout_s)
        for name, chat in configuration.settings.chat.items()
    ]
    return ChatNotify(rooms, names=configuration.names)


def _links(configuration: Configuration) -> Links | None:
    from monitor.adapters.links import links_from

    chosen = configuration.settings.links
    return links_from(chosen.public_url, _open(chosen.key))


def _checks(configuration: Configuration) -> Callable[[datetime, datetime], datetime | None]:
    chosen = configuration.settings.reread
    floor, until = timedelta(seconds=chosen.floor_s), timedelta(days=chosen.days)
    return partial(next_check, floor=floor, until=until)


def _fetch(configuration: Configuration, *, any_private: bool) -> HttpFetch:
    from monitor.adapters.addresses import target_of
    from monitor.adapters.http import FetchLimits, HttpFetch

    poll = configuration.settings.poll
    limits = FetchLimits(
        deadline_s=poll.deadline_s,
        body_bytes=poll.max_body_bytes,
        redirects=poll.max_redirects,
        per_host=poll.per_host,
        overall=poll.total,
        spacing_s=0.0 if any_private else poll.spacing_s,  # an operator's own check of what stands near
    )
    named = [feed.url for feed in configuration.feeds if feed.allow_private]
    named += [hook.url for hook in configuration.settings.webhooks.values() if hook.allow_private]
    contact = f" (+{poll.contact})" if poll.contact else ""
    ours = (configuration.settings.websub.callback, configuration.settings.links.public_url)
    return HttpFetch(
        user_agent=poll.user_agent + contact,
        limits=limits,
        allow_private=frozenset(map(target_of, named)),
        allow_any_private=any_private,
        deny=frozenset(map(target_of, filter(None, ours))),
        robots=True,
    )


def _open(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


# --------------------------------------------------------------------------------------------------- command line


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Watches Arabic news for the foreign meetings of the Haftars and tells what is new in them.",
)


@app.callback()
def workshop_(
    ctx: typer.Context,
    data_dir: Annotated[
        Path, typer.Option("--data-dir", envvar="RASID_DATA_DIR", help="Folder of the archive.")
    ] = Path("data"),
    config_dir: Annotated[
        Path, typer.Option("--config-dir", envvar="RASID_CONFIG_DIR", help="Folder of the configuration.")
    ] = HERE / "config",
    *,
    network: Annotated[
        bool,
        typer.Option("--i-know", envvar="RASID_I_KNOW", help="Keep the archive on a network file system all the same."),
    ] = False,
) -> None:
    """Options that come before any command."""
    place = Place(data=data_dir.absolute(), config=config_dir.absolute(), network=network)
    shop: Workshop = RealWorkshop(place=place, clock=SystemClock())
    ctx.obj = shop


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
