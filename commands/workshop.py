"""What a command works with: the operator's configuration, and the seams, which `worker.py` fills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from monitor.adapters.links import problems_of
from monitor.adapters.terminal import log_to_stderr
from monitor.errors import ConfigError
from monitor.render import names_from
from monitor.settings import load_feeds, load_read_config, load_rules, load_settings, place_of, recipients_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from pathlib import Path

    from monitor.deciding.rules import Rule
    from monitor.model import FeedSource
    from monitor.pipeline import Ports
    from monitor.pipeline.subscribing import HubDesk
    from monitor.ports import Clock, Compute, Fetch, Notify, Similarity
    from monitor.reading.words import ReadConfig
    from monitor.render import Names
    from monitor.settings import Settings
    from storage.archive import SqliteArchive
    from storage.search import ArchiveReader

Loaded = TypeVar("Loaded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where data and configuration lie.

    `network`: the operator knows that the data lie on a network file system, and wants it so.
    """

    data: Path
    config: Path
    network: bool = False

    @property
    def archive(self) -> Path:
        """The database file."""
        return self.data / "rasid.db"

    def copies(self, settings: Settings) -> Path:
        """Folder of the archive's copies."""
        return self.data / (settings.backup.folder or "backups")

    @property
    def calibrations(self) -> Path:
        """Folder of the scales of measures, as made by command."""
        return self.data / "calibration"

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
    rules: tuple[Rule, ...] = ()

    @property
    def names(self) -> Names:
        """What ids are called, for readers."""
        principals = self.reading.watch.principals
        figures = self.reading.watch.figures
        arabic = {one.id: one.name for one in principals} | {one.id: one.name for one in figures}
        people = {"ar": arabic, "en": {one.id: one.latin for one in principals}}
        return names_from(self.reading.lexicon, people, feeds={one.id: one.outlet for one in self.feeds})


def load(place: Place) -> Configuration:
    """Load and check everything, and log from now on as the settings say.

    Raises:
        ConfigError: With all problems of all files.
    """
    problems: list[str] = []

    def attempt(loader: Callable[[], Loaded]) -> Loaded | Any:  # noqa: ANN401 - nothing is used where one has failed
        try:
            return loader()
        except ConfigError as error:
            problems.extend(error.problems)
            return None

    settings = attempt(lambda: load_settings(place.config))
    feeds = attempt(lambda: load_feeds(*place.feeds))
    reading = attempt(lambda: load_read_config(place.config))
    rules = attempt(lambda: load_rules(place.config, _nameable(settings, reading)))
    if settings is not None:
        where = place_of(place.config, "links", "public_url")
        problems.extend(problems_of(settings.links.public_url, settings.links.key, where=where))
    if problems:
        raise ConfigError(tuple(problems))
    log_to_stderr(settings.logging.level, settings.logging.format)
    return Configuration(place=place, settings=settings, feeds=feeds, reading=reading, rules=rules)


def _nameable(settings: Settings | None, reading: ReadConfig | None) -> dict[str, Collection[str]]:
    """What rules may name, as far as the files that say so could be loaded."""
    found: dict[str, Collection[str]] = {}
    if settings is not None:
        found["recipients"] = recipients_of(settings)
    if reading is not None:
        bodies = (entry.get("code") or "" for entry in reading.lexicon.entries("organisations"))
        countries = (entry.id.upper() for entry in reading.lexicon.entries("countries"))
        watch = reading.watch
        found["people"] = {*(one.id for one in watch.principals), *(one.id for one in watch.figures)}
        found["countries"] = {*countries, *bodies} - {""}
    return found


class Workshop(Protocol):
    """The seams as commands ask for them; each is made when it is asked for, for few commands need them all."""

    @property
    def place(self) -> Place:
        """Where this command's data and configuration lie."""

    @property
    def clock(self) -> Clock:
        """Where the time comes from."""

    def writing(self, place: Place) -> AbstractContextManager[SqliteArchive]:
        """The archive for this process alone.

        Raises:
            AlreadyRunning: Another process holds the data folder.
        """

    def holding(self) -> AbstractContextManager[object]:
        """The data folder for this process alone, without opening what lies in it.

        Raises:
            AlreadyRunning: Another process holds it.
        """

    def noting(self) -> AbstractContextManager[SqliteArchive]:
        """The archive for one short note, while a worker may be writing.

        Raises:
            InputMissing: There is no archive yet.
        """

    def asking(self) -> AbstractContextManager[ArchiveReader]:
        """The archive for questions.

        Raises:
            InputMissing: There is no archive yet.
        """

    def fetching(
        self, configuration: Configuration, *, any_private: bool = False
    ) -> AbstractAsyncContextManager[Fetch]:
        """HTTP within the configured limits; private addresses only where the configuration names them."""

    def parsing(self, configuration: Configuration) -> AbstractAsyncContextManager[Compute]:
        """What parses feeds, in a process that can be ended; it reads no articles."""

    def hubs(
        self, configuration: Configuration, archive: SqliteArchive, wake: Callable[[str], None]
    ) -> AbstractAsyncContextManager[HubDesk | None]:
        """What asking hubs needs, while what they send is taken; None without a public address.

        Raises:
            ConfigError: `websub.listen` cannot be listened on.
        """

    def similarity(self, configuration: Configuration, *, raw: str | None = None) -> AbstractContextManager[Similarity]:
        """How alike two stretches of text are: as configured, or by the measure `raw` before any calibration.

        A raw measure raises where it fails; else the lexical one stands in.

        Raises:
            ConfigError: The measure needs what is not there: a package, a model, a calibration.
        """

    def pages(self, configuration: Configuration, archive: SqliteArchive) -> AbstractAsyncContextManager[None]:
        """Answer those who follow links in mails; nobody without a public address.

        Raises:
            ConfigError: `links.listen` cannot be listened on.
        """

    def channels(self, configuration: Configuration) -> AbstractAsyncContextManager[tuple[Notify, ...]]:
        """Mail where somebody is named, webhooks where an endpoint is."""

    def ports(self, configuration: Configuration, archive: SqliteArchive) -> AbstractAsyncContextManager[Ports]:
        """Everything the pipeline calls."""
