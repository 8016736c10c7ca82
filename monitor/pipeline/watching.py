"""Whether the watch still sees: alarms raised and called over, and the heartbeat, put into the outbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.deciding.alarms import NETWORK, SILENT, Polled, Signs, changes, signs_of_network, signs_of_poll
from monitor.deciding.notices import notice
from monitor.deciding.outbox import queue
from monitor.deciding.volume import heartbeat_figures, signs_of_screen, signs_of_volume
from monitor.model import NoticeKind, Outcome
from monitor.pacing import last_of_hours
from monitor.ports import Commit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.deciding.alarms import Changes
    from monitor.model import Alarm, FeedSource, FeedState, Notice
    from monitor.pipeline.polling import FeedReport
    from monitor.pipeline.settling import Ports

VOLUME_EVERY: Final = timedelta(hours=1)
"""A silence is told by the hour, and its figures cost a walk over 28 days of entries."""
SCREEN_DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRules:
    """What the operator hears, and when.

    `failing`: how long a feed may fail before it is told. `heartbeat_hours_utc`: when the heartbeat goes out.
    """

    failing: timedelta = timedelta(hours=6)
    heartbeat_hours_utc: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Watch:
    """Hears of every poll, and looks at times whether something is not seen any more.

    What it heard and has not yet told is lost with the process; the next poll of the same feed says it again.
    `network_away`: at the last look it seemed to be our own network that does not answer.
    """

    ports: Ports
    feeds: Sequence[FeedSource]
    rules: WatchRules
    _heard: list[Polled] = field(default_factory=list)
    _own: list[Signs] = field(default_factory=list)
    _volumes_at: datetime | None = None
    network_away: bool = False
    _began_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Nothing was missed before it began: without a heartbeat in the archive the first one is the next."""
        self._began_at = self.ports.clock.now()

    def hear(self, report: FeedReport) -> None:
        """Take note of one feed's poll."""
        self._heard.append(
            Polled(
                before=report.before,
                after=report.after,
                at=self.ports.clock.now(),
                parsed=report.parsed,
                code=report.code,
                known=sum(end.outcome is Outcome.SEEN_BEFORE for end in report.ends),
            )
        )

    def hear_of_itself(self, code: str, message: str | None) -> None:
        """Take note of a fault of the watch's own, or, without a message, that it is mended."""
        holding = () if message is None else ((code, message),)
        self._own.append(Signs(feed_id=None, holding=holding, spoken=frozenset({code})))

    def look(self) -> tuple[Notice, ...]:
        """Decide about what was heard since the last look, keep it and queue word of it, in one transaction.

        Raises:
            ArchiveError: The archive cannot be read or written; the next look takes up what this one had heard.
        """
        now, archive = self.ports.clock.now(), self.ports.archive
        standing, ids = archive.standing_alarms(), {feed.id for feed in self.feeds}
        heard, own, volumes_due = tuple(self._heard), tuple(self._own), self._volumes_due(now)
        beat_due = self._heartbeat_due(now)
        if not (heard or own or volumes_due or beat_due):
            return ()
        states = {state.feed_id: state for state in archive.feed_states() if state.feed_id in ids}
        signs = (*self._of_polls(heard, states, standing, now), *own)
        if volumes_due:
            signs += self._of_volumes(states, standing, now)
        found = changes(standing, signs, now, feeds=ids)
        notices = _told(found, now)
        if beat_due:
            notices += (self._heartbeat(tuple(states.values()), now),)
        self._keep(found, notices)
        del self._heard[: len(heard)], self._own[: len(own)]
        self.network_away = _away(standing, found)
        self._volumes_at = now if volumes_due else self._volumes_at
        return notices

    def _keep(self, found: Changes, notices: tuple[Notice, ...]) -> None:
        if not (found.raised or found.cleared or found.dropped or notices):
            return
        deliveries = tuple(delivery for one in notices for delivery in queue(one, self.ports.channels))
        self.ports.archive.commit(
            Commit(
                raised=found.raised,
                cleared=(*found.cleared, *found.dropped),
                notices=notices,
                deliveries=deliveries,
            )
        )

    def _volumes_due(self, now: datetime) -> bool:
        return self._volumes_at is None or abs(now - self._volumes_at) >= VOLUME_EVERY

    def _of_polls(
        self, heard: Sequence[Polled], states: dict[str, FeedState], standing: tuple[Alarm, ...], now: datetime
    ) -> tuple[Signs, ...]:
        of_network = signs_of_network(states.values(), standing, now)
        network = any(code == NETWORK for code, _ in of_network.holding)
        polls = (signs_of_poll(poll, failing=self.rules.failing, network=network) for poll in heard)
        return (of_network, *polls)

    def _of_volumes(
        self, states: dict[str, FeedState], standing: tuple[Alarm, ...], now: datetime
    ) -> tuple[Signs, ...]:
        silent = {alarm.feed_id for alarm in standing if alarm.code == SILENT}
        of_feeds = (
            signs_of_volume(volume, states[volume.feed_id], now, standing=volume.feed_id in silent)
            for volume in self.ports.archive.volumes(now)
            if volume.feed_id in states
        )
        sampled, in_scope = self.ports.archive.screen_sample(now - timedelta(days=SCREEN_DAYS))
        return (*of_feeds, signs_of_screen(sampled, in_scope, SCREEN_DAYS))

    def _last_beat(self) -> datetime:
        return self.ports.archive.last_notice_at(NoticeKind.HEARTBEAT) or self._began_at

    def _heartbeat_due(self, now: datetime) -> bool:
        due = last_of_hours(now, self.rules.heartbeat_hours_utc)
        return due is not None and self._last_beat() < due

    def _heartbeat(self, states: tuple[FeedState, ...], now: datetime) -> Notice:
        counts = self.ports.archive.counts_since(self._last_beat())
        figures = heartbeat_figures(states, len(self.feeds), counts)
        return notice(NoticeKind.HEARTBEAT, now, self.ports.archive.standing_alarms(), figures)


def _away(standing: tuple[Alarm, ...], found: Changes) -> bool:
    ended = {alarm.code for alarm in found.cleared}
    return any(alarm.code == NETWORK for alarm in (*standing, *found.raised)) and NETWORK not in ended


def _told(found: Changes, now: datetime) -> tuple[Notice, ...]:
    """One word for all that begins, one for all that is over."""
    begun = (notice(NoticeKind.ALARM, now, found.raised),) if found.raised else ()
    over = (notice(NoticeKind.CLEAR, now, found.cleared),) if found.cleared else ()
    return (*begun, *over)
