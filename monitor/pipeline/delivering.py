"""What is due in the outbox, carried: for each channel a courier of its own, so that a slow one delays no other.

A message is leased, sent and recorded: three short steps, of which only the middle one takes time. To one recipient
goes one message at a time, the oldest first; to several they go side by side.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.deciding.notices import notice
from monitor.deciding.outbox import queue
from monitor.deciding.receivers import WRONG, changes_of_channel, changes_of_receivers
from monitor.deciding.rules import undisturbed
from monitor.errors import ArchiveError, DeliveryError, WebhookRefused, WebhookUnavailable
from monitor.model import DeliveryResult, DeliveryState, NoticeKind
from monitor.pipeline.abreast import together
from monitor.ports import Commit, NotifyTogether

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.deciding.alarms import Changes
    from monitor.model import Delivery
    from monitor.pipeline.settling import Ports
    from monitor.ports import Notify

AT_ONCE: Final = 8
"""Recipients of one channel that are sent to side by side."""

LEASE: Final = timedelta(seconds=330)
"""The longest that settings allow one message, 300 s, and a margin: who is at it has ended before it runs out."""

HOLD_S: Final = 1800.0
"""How long a channel rests whose credentials or TLS are wrong. A login that is refused more often looks like guessing,
for which servers lock accounts; who corrects the settings starts the worker anew, and that tries at once."""


def _nobody(_result: DeliveryResult) -> None:
    """Told, and keeps it."""


async def deliver(
    ports: Ports, *, told: Callable[[DeliveryResult], None] = _nobody, at_once: int = AT_ONCE
) -> tuple[DeliveryResult, ...]:
    """Carry what is due in the outbox until nothing is; returns how each try ended, in their order.

    Raises:
        ArchiveError: The archive cannot be read or written; what was sent is sent again then, under the same id.
    """
    results: list[DeliveryResult] = []

    def hear(result: DeliveryResult) -> None:
        results.append(result)
        told(result)

    crew, before = couriers(ports, told=hear, at_once=at_once), -1
    try:
        while len(results) > before:  # one channel's trouble may be another's message
            before = len(results)
            await together(courier.carry_all() for courier in crew)
    finally:
        await asyncio.gather(*(courier.finish(0) for courier in crew), return_exceptions=True)
    return tuple(results)


def couriers(
    ports: Ports, *, told: Callable[[DeliveryResult], None] = _nobody, at_once: int = AT_ONCE
) -> tuple[Courier, ...]:
    """One for each channel that is configured, and for each that something is still queued for."""
    configured = [channel.channel for channel in ports.channels]
    names = dict.fromkeys((*configured, *ports.archive.queued_channels()))
    return tuple(Courier(ports, name, told=told, at_once=at_once) for name in names)


class Courier:
    """Carries the messages of one channel. One event loop; nothing of it waits but sending."""

    def __init__(
        self, ports: Ports, name: str, *, told: Callable[[DeliveryResult], None] = _nobody, at_once: int = AT_ONCE
    ) -> None:
        """`told` hears how each delivery of a message fared, once that is recorded."""
        self._ports, self._name, self._told, self._at_once = ports, name, told, at_once
        self._channel = next((one for one in ports.channels if one.channel == name), None)
        self._on_the_way: dict[str, asyncio.Task[None]] = {}
        self._ended: list[_Ended] = []
        self._waiting_s: dict[str, float] = {}
        self._failures: list[Exception] = []
        self._held_until_s = 0.0
        self._works: bool | None = None
        self._wrong: str | None = None
        self._word_due = True
        self._stopping = False

    async def beat(self) -> None:
        """Begin what can be begun; what is begun goes on by itself, and is followed by what is due after it.

        Raises:
            ArchiveError: Now, or since the last beat. What could not be recorded is recorded by the next beat.
        """
        self._raise_failures()
        self._look()

    async def carry_all(self) -> None:
        """Until nothing is due that can be sent now.

        Raises:
            ArchiveError: The archive cannot be read or written.
        """
        self._look()
        while self._on_the_way:
            await asyncio.wait(self._on_the_way.values(), return_when=asyncio.FIRST_COMPLETED)
        self._raise_failures()

    async def finish(self, grace_s: float) -> None:
        """Begin nothing more, and wait so long for what is on its way; what then is still is given up.

        How that ended is unknown: its lease stays, and it is sent again under its id when nobody can be at it.

        Raises:
            ArchiveError: An ending could not be recorded.
        """
        self._stopping = True
        tasks = list(self._on_the_way.values())
        await asyncio.sleep(0)  # what has a lease and was not begun gives it back
        if tasks:
            await asyncio.wait(tasks, timeout=grace_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._record()
        self._failures = [one for one in self._failures if not (isinstance(one, ArchiveError) and one.transient)]
        self._raise_failures()

    def _look(self) -> None:
        """Record what has ended, say what the operator must hear, and begin what is due."""
        self._record()
        self._tell_operator()
        room = self._room()
        if self._stopping or room < 1:
            return
        now, now_s = self._ports.clock.now(), self._ports.clock.monotonic()
        self._waiting_s = {recipient: until_s for recipient, until_s in self._waiting_s.items() if until_s > now_s}
        messages = self._ports.archive.lease(
            self._name,
            now,
            now + LEASE,
            recipients=room,
            besides={*self._on_the_way, *self._waiting_s},
            bundled=isinstance(self._channel, NotifyTogether) and self._channel.bundles,
        )
        for message in messages:
            self._on_the_way[message[0].recipient] = asyncio.ensure_future(self._carry(message))

    def _room(self) -> int:
        """How many messages may be begun: of a channel that was wrong one, until that has gone through."""
        if self._ports.clock.monotonic() < self._held_until_s:
            return 0
        return (1 if self._in_doubt() else self._at_once) - len(self._on_the_way)

    def _in_doubt(self) -> bool:
        if self._works is None and self._name in WRONG:
            return any(alarm.code == WRONG[self._name] for alarm in self._ports.archive.standing_alarms())
        return self._works is False

    async def _carry(self, message: tuple[Delivery, ...]) -> None:
        try:
            if self._stopping:
                self._ports.archive.give_back(message)
            else:
                self._ended.append(await self._tried(message))
        except Exception as error:  # noqa: BLE001 - raised by the next beat, for nobody waits for this
            self._failures.append(error)
        finally:
            del self._on_the_way[message[0].recipient]
        try:
            self._look()
        except Exception as error:  # noqa: BLE001 - likewise
            self._failures.append(error)

    async def _tried(self, message: tuple[Delivery, ...]) -> _Ended:
        if self._channel is None:
            return _Ended(message=message, result=self._unconfigured(message[0]))
        now = self._ports.clock.now()
        morning = undisturbed(message, self._ports.book.rules, now)
        if morning > now:
            return _Ended(message=message, result=_asleep(message[0], now, morning), tried=False)
        handing = _Handing(self._channel, message)
        result = await self._ports.attempt(handing, message[0], self._ports.clock)
        return _Ended(message=message, result=result, error=handing.error)

    def _unconfigured(self, delivery: Delivery) -> DeliveryResult:
        why, at = f"the channel {self._name!r} is configured no more", self._ports.clock.now()
        return DeliveryResult(
            delivery_id=delivery.id, state=DeliveryState.DEAD, tried_at=at, code=DeliveryError.code, message=why
        )

    def _record(self) -> None:
        """Record what has ended. What the archive cannot take now stays, and its recipient is left alone meanwhile."""
        while self._ended:
            ended = self._ended[0]
            results = tuple(replace(ended.result, delivery_id=delivery.id) for delivery in ended.message)
            counted = ended.tried and not self._is_wrong(ended)
            self._ports.archive.record(*results, counted=counted, gone=ended.gone)
            del self._ended[0]
            self._learn(ended)
            for result in results:
                self._told(result)

    def _is_wrong(self, ended: _Ended) -> bool:
        """Whether the channel itself is at fault, and not this message."""
        return ended.result.code is not None and ended.result.code == WRONG.get(self._name)

    def _learn(self, ended: _Ended) -> None:
        """What one ending says of the channel and of the recipient."""
        now_s, result = self._ports.clock.monotonic(), ended.result
        if self._is_wrong(ended):
            self._works, self._wrong, self._word_due = False, result.message, True
            self._held_until_s = now_s + HOLD_S
        elif result.state is DeliveryState.SENT:
            self._word_due = self._word_due or self._works is not True
            self._works, self._wrong = True, None
        if ended.throttled and result.retry_at is not None:
            wait = result.retry_at - result.tried_at
            self._waiting_s[ended.message[0].recipient] = now_s + wait.total_seconds()
        self._word_due = self._word_due or ended.gone

    def _tell_operator(self) -> None:
        """Put what has begun or is over into the archive, and word of it into the outbox."""
        if not self._word_due:
            return
        archive, now, channels = self._ports.archive, self._ports.clock.now(), self._ports.channels
        standing = archive.standing_alarms()
        of_channel = changes_of_channel(self._name, standing, now, works=self._works is True, wrong=self._wrong)
        others = tuple(channel for channel in channels if channel.channel != self._name)
        self._queue_word(of_channel, now, others)
        known = {(one.channel, name) for one in channels for name in (*one.recipients, *one.operators)}
        disabled = tuple(one for one in archive.disabled() if (one.channel, one.recipient) in known)
        self._queue_word(changes_of_receivers(disabled, standing, now), now, channels)
        self._word_due = False

    def _queue_word(self, found: Changes, now: datetime, channels: tuple[Notify, ...]) -> None:
        begun = (notice(NoticeKind.ALARM, now, found.raised),) if found.raised else ()
        over = (notice(NoticeKind.CLEAR, now, found.cleared),) if found.cleared else ()
        if begun or over:
            self._ports.archive.commit(
                Commit(
                    raised=found.raised,
                    cleared=(*found.cleared, *found.dropped),
                    notices=(*begun, *over),
                    deliveries=tuple(delivery for one in (*begun, *over) for delivery in queue(one, channels)),
                )
            )

    def _raise_failures(self) -> None:
        failures, self._failures = self._failures, []
        for failure in failures:
            raise failure


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """A message that was tried once: how, for each of its deliveries, and what the channel raised.

    `tried` is false where it was left until quiet hours are over.
    """

    message: tuple[Delivery, ...]
    result: DeliveryResult
    error: DeliveryError | None = None
    tried: bool = True

    @property
    def gone(self) -> bool:
        """The receiver wants no more of anything."""
        return isinstance(self.error, WebhookRefused) and self.error.gone

    @property
    def throttled(self) -> bool:
        """The receiver has more than it can take: whatever else waits for it waits as well."""
        return isinstance(self.error, WebhookUnavailable) and self.error.throttled


def _asleep(delivery: Delivery, now: datetime, morning: datetime) -> DeliveryResult:
    why = "quiet hours, by rule"
    return DeliveryResult(
        delivery_id=delivery.id, state=DeliveryState.QUEUED, tried_at=now, message=why, retry_at=morning
    )


class _Handing:
    """A channel as the one try at one message sees it: a bundle goes out whole. Keeps what the channel raised."""

    def __init__(self, channel: Notify, message: tuple[Delivery, ...]) -> None:
        self.channel, self.recipients, self.operators = channel.channel, channel.recipients, channel.operators
        self.error: DeliveryError | None = None
        self._inner, self._message = channel, message

    async def send(self, delivery: Delivery) -> None:
        """Hand over the message that `delivery` is the first of."""
        inner = self._inner
        try:
            if isinstance(inner, NotifyTogether) and inner.bundles and delivery.bundle:
                await inner.send_together(delivery.bundle, self._message)
            else:
                await inner.send(delivery)
        except DeliveryError as error:
            self.error = error
            raise
