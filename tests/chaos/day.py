"""A day of forty feeds, replayed in minutes: nothing that was published may pass unseen, and no alarm may stay away.

The clock stands still while what is due is polled, then goes on to the next beat at which something is due. So delays
are those that the rhythm of polling makes, and nothing else. Spacing and requests at a time are of real time, on the
server's own clock.
"""

from __future__ import annotations

import math
import random
import statistics
import tempfile
import time
from collections import Counter
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.adapters.deliver import deliver_one
from monitor.adapters.engine import InlineCompute
from monitor.adapters.http import FetchLimits
from monitor.adapters.similarity import LexicalSimilarity
from monitor.deciding.polling import Pace
from monitor.model import FeedState, NoticeKind, Outcome
from monitor.pacing import Tempo, next_check
from monitor.pipeline import FeedReport, Poller, PollRules, Ports, Watch, WatchRules, reread
from monitor.ports import Commit, EntryRecord
from monitor.reading.article import read_article
from monitor.settings import Settings, load_read_config
from storage.archive import SqliteArchive
from tests.chaos.figures import Figure
from tests.chaos.site import Site, fetching
from tests.chaos.world import ENDS, HOUR, START, Fate, Now, World, forty, published_times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.adapters.http import HttpFetch
    from monitor.model import FeedEntry, Notice
    from monitor.pipeline import EntryEnd
    from monitor.reading.words import ReadConfig
    from tests.chaos.world import Item, Outlet

ROOT = Path(__file__).parents[2]
TICK = timedelta(seconds=15)
_POLL = Settings().poll
TEMPO = Tempo(
    start=timedelta(seconds=_POLL.interval_s),
    fastest=timedelta(seconds=_POLL.fastest_s),
    slowest=timedelta(seconds=_POLL.slowest_s),
)
PACE = Pace(tempo=TEMPO, full=timedelta(seconds=_POLL.full_s))
"""As the product ships."""
PER_HOST, OVERALL = 2, 20
WORST_DELAY = 1.1 * max(TEMPO.slowest, HOUR) + TICK
"""The slowest rhythm, or the hour that some feeds ask for, with its spread, and a beat."""
MEAN_DELAY = 0.6 * TEMPO.slowest
"""Half of the slowest rhythm, and a tenth for feeds that ask for more."""
HISTORY = timedelta(days=28)
LOST = frozenset({Fate.GONE, Fate.BLOCKED, Fate.LYING, Fate.AWAY})
"""What these publish while it is so is not to be had; it is counted apart."""


TOLD_OF = {
    Fate.GONE: (4, "E-FEED-GONE"),
    Fate.BLOCKED: (7, "E-FEED-NOT-FEED"),
    Fate.LYING: (14, "E-FEED-VALIDATORS"),
    Fate.MOVED: (2, "E-FEED-MOVED"),
    Fate.SILENT: (24, "E-FEED-SILENT"),
    Fate.AWAY: (16, "E-FEED-FAILING"),
}
"""By which hour of the day the operator has been told, and of what."""


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What was seen of a day."""

    world: World
    hours: float
    seen_at: dict[str, datetime] = field(default_factory=dict)
    entries: list[FeedEntry] = field(default_factory=list)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    polls: Counter[str] = field(default_factory=Counter)
    conditional: int = 0
    alerts: int = 0
    notices: list[Notice] = field(default_factory=list)
    states: dict[str, FeedState] = field(default_factory=dict)
    forgotten: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    site: Site | None = None

    def end(self, end: EntryEnd) -> None:
        """One entry ended."""
        self.outcomes[end.outcome] += 1
        if not end.again:
            self.seen_at.setdefault(end.entry.url, self.world.clock.at)
            self.entries.append(end.entry)

    def polled(self, report: FeedReport) -> None:
        self.polls[report.feed_id] += 1
        self.conditional += report.not_modified
        self.alerts += len(report.alerts)

    def published(self, outlet: Outlet) -> list[Item]:
        """What an outlet published in the course of the day."""
        until = START + self.hours * HOUR
        return [item for item in self.world.items[outlet.id] if START <= item.at < until]

    def missed(self, outlet: Outlet) -> list[Item]:
        return [item for item in self.published(outlet) if item.url not in self.seen_at]

    def delays_s(self, outlet: Outlet) -> list[float]:
        items = (item for item in self.published(outlet) if item.url in self.seen_at)
        return [(self.seen_at[item.url] - item.at).total_seconds() for item in items]

    def told(self, kind: NoticeKind) -> list[tuple[datetime, str, str]]:
        """When which feed was told of with which code; the watch itself is an empty name."""
        alarms = ((one, alarm) for one in self.notices if one.kind is kind for alarm in one.alarms)
        return [(one.at, alarm.feed_id or "", alarm.code) for one, alarm in alarms]


async def replay(
    outlets: Sequence[Outlet], config: ReadConfig, *, hours: float = 24, spacing_s: float, archive: str | Path
) -> Replayed:
    """Let `hours` pass for `outlets`, and as long again as the last items may take to be seen."""
    clock = Now()
    until = START + hours * HOUR + 2 * WORST_DELAY
    day = Replayed(world=World(outlets=outlets, clock=clock, until=until), hours=hours)
    limits = FetchLimits(deadline_s=10, per_host=PER_HOST, overall=OVERALL, spacing_s=spacing_s)
    with Site(day.world.route) as site, SqliteArchive(archive) as kept:
        day.site = site
        found = fetching(site.port, day.world.hosts, away=day.world.away, now=clock.now, limits=limits, robots=True)
        async with found as fetch:
            with _timed(day):
                await _live(day, _ports(day, kept, fetch, config), config, until)
        day.states = {state.feed_id: state for state in kept.feed_states()}
        day.forgotten = len(kept.unseen(day.entries))
    day.cpu_s -= site.cpu_s
    return day


def _ports(day: Replayed, archive: SqliteArchive, fetch: HttpFetch, config: ReadConfig) -> Ports:
    return Ports(
        archive=archive,
        fetch=fetch,
        compute=InlineCompute(read_article, config),
        similarity=LexicalSimilarity(),
        clock=day.world.clock,
        attempt=deliver_one,
        digest_at=lambda now: now + HOUR,
        told=day.end,
        check_at=lambda first_seen, now: next_check(
            first_seen, now, floor=timedelta(minutes=30), until=timedelta(days=14)
        ),
    )


async def _live(day: Replayed, ports: Ports, config: ReadConfig, until: datetime) -> None:
    clock, feeds = day.world.clock, [outlet.feed for outlet in day.world.outlets]
    for outlet in day.world.outlets:
        if outlet.fate is Fate.SILENT:
            ports.archive.commit(_history(outlet, day.world.listed(outlet)[-1].at))
    watch = Watch(ports=ports, feeds=feeds, rules=WatchRules(heartbeat_hours_utc=(6, 18)))
    rules = PollRules(pace=PACE, words=config)
    by_id = {feed.id: feed for feed in feeds}

    def told(report: FeedReport) -> None:
        day.polled(report)
        watch.hear(report)
        if watch.network_away and report.code is None and report.before.failures:
            poller.hurry()

    async with aclosing(Poller(ports, feeds, rules, told=told)) as poller:
        while clock.at < until:
            await poller.once()
            await reread(poller.desk, by_id, limit=10)
            day.notices += watch.look()
            due = min(state.next_poll_at for state in ports.archive.feed_states())
            clock.at += TICK * max(1, math.ceil((due - clock.at) / TICK))


def _history(outlet: Outlet, until: datetime) -> Commit:
    """Four weeks in which the feed brought what it brings, up to what it still lists."""
    chance = random.Random(f"{outlet.id} before")  # noqa: S311 - the same in every run
    times = published_times(outlet, START - HISTORY, until, chance)
    records = tuple(
        EntryRecord(
            feed_id=outlet.id,
            keys=(f"http://{outlet.host}/before/{number}",),
            url=f"http://{outlet.host}/before/{number}",
            title="",
            outcome=Outcome.OFF_TOPIC,
            at=at,
        )
        for number, at in enumerate(times)
    )
    return Commit(entries=records, feed_state=FeedState(feed_id=outlet.id, next_poll_at=START, last_ok_at=START))


@contextmanager
def _timed(day: Replayed) -> Iterator[None]:
    wall, cpu = time.monotonic(), time.process_time()
    yield
    day.wall_s, day.cpu_s = time.monotonic() - wall, time.process_time() - cpu


def figures(day: Replayed, *, spacing_s: float) -> list[Figure]:
    """What was seen, beside what it may be."""
    assert day.site is not None
    outlets, visits = day.world.outlets, day.site.visits
    sound = [outlet for outlet in outlets if outlet.fate not in LOST | {Fate.BUSY}]
    delays = [delay / 60 for outlet in sound for delay in day.delays_s(outlet)]
    returned = {fate: _return_h(day, fate) for fate in ENDS if any(one.fate is fate for one in outlets)}
    missed = {outlet: len(day.missed(outlet)) for outlet in outlets}
    alarmed = {feed_id for _, feed_id, _ in day.told(NoticeKind.ALARM)}
    spacings = sorted(gap for one in visits.values() for gap in one.spacings)
    ours = [item for outlet in outlets for item in day.published(outlet) if item.ours]
    sent = Counter[str]()
    for one in visits.values():
        sent += one.sent
    return [
        Figure(name="feeds", seen=len(outlets)),
        Figure(name="polls made", seen=day.polls.total()),
        Figure(name="answers 'not modified', or the same", seen=day.conditional),
        Figure(name="bytes of feeds", seen=sent["feeds"] / 1e6, unit="MB"),
        Figure(name="bytes of pages", seen=sent["pages"] / 1e6, unit="MB"),
        Figure(name="computing, without the server's", seen=day.cpu_s, unit="s"),
        Figure(name="time taken", seen=day.wall_s, unit="s"),
        Figure(name="items published", seen=sum(len(day.published(outlet)) for outlet in outlets)),
        Figure(name="items seen", seen=sum(len(day.delays_s(outlet)) for outlet in outlets)),
        Figure(name="items missed", seen=sum(n for one, n in missed.items() if one.fate not in LOST), limit=0),
        Figure(name="items missed, their feed gone, blocked, away or lying",
               seen=sum(n for one, n in missed.items() if one.fate in LOST)),
        Figure(name="feeds that missed some and have no alarm",
               seen=sum(bool(n) and one.id not in alarmed for one, n in missed.items()), limit=0),
        Figure(name="items seen and not in the archive", seen=day.forgotten, limit=0),
        Figure(name="mean delay", seen=statistics.fmean(delays), unit="min", limit=MEAN_DELAY.total_seconds() / 60),
        Figure(name="worst delay", seen=max(delays), unit="min", limit=WORST_DELAY.total_seconds() / 60),
        *(
            Figure(
                name=f"from the return of the feed that was {fate.value} to its poll",
                seen=hours,
                unit="h",
                limit=1.1 * 2 * TEMPO.slowest / HOUR,
            )
            for fate, hours in returned.items()
        ),
        Figure(name="articles of ours not read", seen=sum(item.url not in day.seen_at for item in ours), limit=0),
        Figure(name="alerts", seen=day.alerts, least=1 if ours else 0),
        Figure(name="alarms that had to be raised and were not", seen=len(_untold(day)), limit=0),
        Figure(name="alarms about feeds that are well", seen=len(_false(day)), limit=0),
        Figure(name="alarms raised", seen=len(day.told(NoticeKind.ALARM))),
        Figure(name="alarms cleared", seen=len(day.told(NoticeKind.CLEAR))),
        Figure(name="most requests at a time to one host",
               seen=max(one.most_at_a_time for one in visits.values()), limit=PER_HOST),
        Figure(name="smallest spacing at one host", seen=spacings[0] * 1000, unit="ms"),
        Figure(name="spacings under half of the setting",
               seen=100 * sum(gap < 0.5 * spacing_s for gap in spacings) / len(spacings), unit="%", limit=5),
    ]  # fmt: skip


def _untold(day: Replayed) -> list[tuple[str, str]]:
    due = {fate: at for fate, at in TOLD_OF.items() if at[0] <= day.hours}
    told = {(feed_id, code): at for at, feed_id, code in day.told(NoticeKind.ALARM)}
    owed = [(one.id, due[one.fate]) for one in day.world.outlets if one.fate in due]
    late = START + timedelta(days=365)
    return [(feed_id, code) for feed_id, (hour, code) in owed if told.get((feed_id, code), late) > START + hour * HOUR]


def _false(day: Replayed) -> list[tuple[str, str]]:
    well = {one.id for one in day.world.outlets if one.fate in {Fate.WELL, Fate.SAME_TAG, Fate.SLOW, Fate.BUSY}}
    return [(feed_id, code) for _, feed_id, code in day.told(NoticeKind.ALARM) if feed_id in well | {""}]


def _return_h(day: Replayed, fate: Fate) -> float:
    """Hours from the end of an outage until anything of the feed was seen; waits double, so about as long as it was."""
    back = START + ENDS[fate] * HOUR
    urls = {item.url for outlet in day.world.outlets if outlet.fate is fate for item in day.world.items[outlet.id]}
    seen = (at for url, at in day.seen_at.items() if url in urls and at >= back)
    return (min(seen, default=datetime.max.replace(tzinfo=back.tzinfo)) - back) / HOUR


def alarms(day: Replayed) -> list[str]:
    """One line for each alarm raised and cleared."""
    told = [
        (at, feed, code, kind) for kind in (NoticeKind.ALARM, NoticeKind.CLEAR) for at, feed, code in day.told(kind)
    ]
    return [f"{at:%d. %H:%M}  {kind.value:<6} {code:<18} {feed}" for at, feed, code, kind in sorted(told)]


def by_fate(day: Replayed) -> list[str]:
    """One line for each outlet that is not well: what it published, what was missed, the worst delay."""
    lines = []
    for outlet in day.world.outlets:
        delays, missed = day.delays_s(outlet), day.missed(outlet)
        if outlet.fate is not Fate.WELL or missed or outlet.id.startswith("agency"):
            worst = f"{max(delays) / 60:.0f} min" if delays else "-"
            lines.append(
                f"{outlet.id:<10} polls {day.polls[outlet.id]:>4}  published {len(day.published(outlet)):>4}  "
                f"missed {len(missed):>4}  worst delay {worst:>8}"
            )
    return lines


async def run() -> tuple[list[Figure], list[str]]:
    """The whole day."""
    with tempfile.TemporaryDirectory() as folder:
        config = load_read_config(ROOT / "config")
        day = await replay(forty(), config, spacing_s=0.1, archive=Path(folder) / "archive.db")
    return figures(day, spacing_s=0.1), [*alarms(day), *by_fate(day)]
