"""A world of outlets that publish by the hour of the day, each with a feed of its own habits; the same every run."""

from __future__ import annotations

import asyncio
import math
import random
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from monitor.model import FeedSource
from tests.chaos.site import Reply
from tests.chaos.stories import ANKARA, ATHENS, CAIRO, MINSK, ROME, ROME_RETOLD, far_from_it

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.site import Asked
    from tests.chaos.stories import Story

START = datetime(2026, 3, 1, tzinfo=UTC)
"""Midnight: the first polls find the night's rhythm, and the morning comes upon them."""
HOUR = timedelta(hours=1)

# Shares of the peak rate by hour of the day, UTC: Arab newsrooms between Casablanca and Muscat.
_DAY = (
    0.2,
    0.1,
    0.1,
    0.15,
    0.25,
    0.4,
    0.6,
    0.8,
    0.9,
    1,
    1,
    1,
    1,
    1,
    0.95,
    0.9,
    0.9,
    0.85,
    0.8,
    0.7,
    0.6,
    0.5,
    0.4,
    0.3,
)


class Fate(StrEnum):
    """What becomes of a feed in the course of the day."""

    WELL = "well"
    GONE = "gone"  # 410
    BLOCKED = "blocked"  # a page with status 200
    LYING = "lying"  # "not modified", whatever has changed
    SAME_TAG = "same tag"  # one ETag for all its bodies, which it sends whole
    MOVED = "moved"  # 301 to another name
    SILENT = "silent"  # answers, and publishes nothing more
    BUSY = "busy"  # 503 with Retry-After, for two hours
    AWAY = "away"  # no address, for ten hours
    SLOW = "slow"


BEGINS = {Fate.GONE: 3, Fate.BLOCKED: 5, Fate.SILENT: 6, Fate.BUSY: 9, Fate.AWAY: 8}
"""Hours of the day from which on it is so."""
ENDS = {Fate.BUSY: 11, Fate.AWAY: 18}
SLOW_S = 0.2
_RETRY_AFTER_S = 1800
_BLOCK_PAGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
)
_NEW_HOUSE = "new."


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An outlet and its feed.

    `peak`: items an hour in the busiest one. `window`: items that its feed lists. `ttl_min`, `period`, `max_age_s`: how
    it asks to be left alone. `validators`: whether it says ETag and Last-Modified, and listens to them. `stories`: of
    our matter, by the hour of the day at which they appear.
    """

    id: str
    peak: float
    window: int
    fate: Fate = Fate.WELL
    ttl_min: int | None = None
    period: str | None = None
    max_age_s: int | None = None
    validators: bool = True
    stories: tuple[tuple[float, Story], ...] = ()

    @property
    def host(self) -> str:
        return f"{self.id}.test"

    @property
    def feed(self) -> FeedSource:
        return FeedSource(id=self.id, url=f"http://{self.host}/feed", outlet=self.id, allow_private=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article as published."""

    at: datetime
    url: str
    story: Story
    ours: bool = False


def forty() -> tuple[Outlet, ...]:
    """Five agencies, twenty newspapers, six feeds of parties, and nine with a fate or a habit of their own."""
    agencies = [
        Outlet(id="agency1", peak=30, window=50, stories=((9.2, ROME),)),
        Outlet(id="agency2", peak=30, window=40, max_age_s=300, stories=((14.1, CAIRO),)),
        Outlet(id="agency3", peak=24, window=30, ttl_min=15),
        Outlet(id="agency4", peak=18, window=100, stories=((10.4, ROME_RETOLD),)),
        Outlet(id="agency5", peak=12, window=20, validators=False, stories=((10.9, MINSK),)),
    ]
    papers = [
        Outlet(
            id=f"paper{number}",
            peak=2,
            window=(10, 15, 20, 25)[number % 4],
            validators=number % 5 != 0,
            stories={3: ((12.3, ATHENS),), 7: ((19.6, ANKARA),)}.get(number, ()),
        )
        for number in range(20)
    ]
    parties = [Outlet(id=f"party{number}", peak=1 / 14, window=10) for number in range(6)]
    return (*agencies, *papers, *parties, *peculiar())


def peculiar() -> tuple[Outlet, ...]:
    """One of each fate; and one as WordPress makes them."""
    by_fate = [
        Outlet(id=fate.name.lower().replace("_", "-"), peak=2, window=20, fate=fate)
        for fate in (Fate.GONE, Fate.BLOCKED, Fate.LYING, Fate.SAME_TAG, Fate.MOVED, Fate.BUSY, Fate.AWAY)
    ]
    silent = Outlet(id="silent", peak=6, window=20, fate=Fate.SILENT)
    return (*by_fate, silent, Outlet(id="wordpress", peak=2, window=10, period="hourly", fate=Fate.SLOW))


def eight() -> tuple[Outlet, ...]:
    """A few of them, for a short day."""
    chosen = {"agency2", "agency5", "paper3", "party0", "gone", "blocked", "silent", "wordpress"}
    return tuple(outlet for outlet in forty() if outlet.id in chosen)


@dataclass(slots=True, kw_only=True)
class Now:
    """A clock that is put forward by hand."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything published from a day before the start until `until`, and how it is served."""

    outlets: Sequence[Outlet]
    clock: Now
    until: datetime
    items: dict[str, list[Item]] = field(default_factory=dict)
    _by_host: dict[str, Outlet] = field(default_factory=dict)
    _pages: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for outlet in self.outlets:
            self._by_host.update({outlet.host: outlet, _NEW_HOUSE + outlet.host: outlet})
            self.items[outlet.id] = self._published(outlet)
            self._pages.update({item.url: item.story.page() for item in self.items[outlet.id]})

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(self._by_host)

    def away(self, host: str) -> bool:
        return self._by_host[host].fate is Fate.AWAY and self._so(Fate.AWAY)

    async def route(self, asked: Asked) -> Reply:
        """One answer, by the clock of the world."""
        outlet = self._by_host[asked.host]
        if outlet.fate is Fate.SLOW:
            await asyncio.sleep(SLOW_S)
        if asked.path == "/feed":
            return self._fated(outlet, asked)
        page = self._pages.get(f"http://{asked.host}{asked.path}")
        return Reply(status=404) if page is None else Reply(body=page, headers={"Content-Type": "text/html"})

    def _fated(self, outlet: Outlet, asked: Asked) -> Reply:
        match outlet.fate:
            case Fate.GONE if self._so(Fate.GONE):
                return Reply(status=HTTPStatus.GONE)
            case Fate.BLOCKED if self._so(Fate.BLOCKED):
                return Reply(body=_BLOCK_PAGE, headers={"Content-Type": "text/html"})
            case Fate.BUSY if self._so(Fate.BUSY):
                return Reply(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(_RETRY_AFTER_S)})
            case Fate.MOVED if not asked.host.startswith(_NEW_HOUSE):
                return Reply(
                    status=HTTPStatus.MOVED_PERMANENTLY,
                    headers={"Location": f"http://{_NEW_HOUSE}{outlet.host}/feed"},
                )
        return self._answer(outlet, asked)

    def listed(self, outlet: Outlet) -> list[Item]:
        """What its feed lists by now, the newest first."""
        items = self.items[outlet.id]
        count = bisect_right(items, self.clock.at, key=lambda item: item.at)
        return items[max(count - outlet.window, 0) : count][::-1]

    def _answer(self, outlet: Outlet, asked: Asked) -> Reply:
        listed = self.listed(outlet)
        tag = '"always"' if outlet.fate in {Fate.LYING, Fate.SAME_TAG} else f'"{listed[0].url}"'
        headers = {"Content-Type": "application/rss+xml; charset=utf-8"}
        if outlet.max_age_s:
            headers["Cache-Control"] = f"max-age={outlet.max_age_s}"
        if outlet.validators:
            headers |= {"ETag": tag, "Last-Modified": format_datetime(listed[0].at, usegmt=True)}
            if outlet.fate is not Fate.SAME_TAG and asked.headers.get("if-none-match") == tag:
                return Reply(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Reply(body=rss(outlet, listed), headers=headers)

    def _so(self, fate: Fate) -> bool:
        hour = (self.clock.at - START) / HOUR
        return BEGINS[fate] <= hour < ENDS.get(fate, math.inf)

    def _published(self, outlet: Outlet) -> list[Item]:
        chance = random.Random(outlet.id)  # noqa: S311 - the same news in every run
        times = published_times(outlet, START - timedelta(days=20 if outlet.peak < 1 else 2), self.until, chance)
        host = _NEW_HOUSE + outlet.host if outlet.fate is Fate.MOVED else outlet.host
        items = [
            Item(at=at, url=f"http://{host}/news/{number}", story=far_from_it(chance, number))
            for number, at in enumerate(times, 1000)
        ]
        items += [
            Item(at=START + hour * HOUR, url=f"http://{host}/ours/{hour}", story=story, ours=True)
            for hour, story in outlet.stories
        ]
        return sorted(items, key=lambda item: item.at)


def published_times(outlet: Outlet, since: datetime, until: datetime, chance: random.Random) -> list[datetime]:
    """When an outlet publishes: a Poisson process whose rate follows the hour."""
    times, at, end = list[datetime](), since, until
    if outlet.fate is Fate.SILENT:
        end = min(until, START + BEGINS[Fate.SILENT] * HOUR)
    while (at := at + chance.expovariate(outlet.peak) * HOUR) < end:
        if chance.random() < _DAY[at.hour]:
            times.append(at)
    return times


def rss(outlet: Outlet, items: Sequence[Item]) -> bytes:
    wishes = f"<ttl>{outlet.ttl_min}</ttl>" if outlet.ttl_min else ""
    wishes += f"<sy:updatePeriod>{outlet.period}</sy:updatePeriod>" if outlet.period else ""
    listed = "".join(
        f"<item><title>{escape(item.story.title)}</title><link>{item.url}</link><guid>{item.url}</guid>"
        f"<pubDate>{format_datetime(item.at, usegmt=True)}</pubDate>"
        f"<description>{escape(item.story.summary)}</description></item>"
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
        f"<channel><title>{outlet.id}</title>{wishes}{listed}</channel></rss>"
    ).encode()
