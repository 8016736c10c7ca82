"""Hubs are asked to tell us when a feed changes: what is decided is done, and kept before it is done."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from monitor.deciding.subscriptions import request_form, wanted
from monitor.errors import FetchError
from monitor.pipeline.abreast import together
from monitor.ports import SubscriptionState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from monitor.model import FeedSource, FeedState
    from monitor.ports import Clock, Subscription, Subscriptions

DEADLINE_S: Final = 10.0
_HEADERS: Final = {"content-type": "application/x-www-form-urlencoded"}
_TOKEN_BYTES = 32

_log = structlog.get_logger()


class HubAnswer(Protocol):
    """What a hub said to a request."""

    @property
    def status(self) -> int:
        """HTTP status."""


class HubPost(Protocol):
    """One guarded POST with a deadline, redirects not followed; `FetchError` where there is no answer."""

    def __call__(
        self, url: str, body: bytes, headers: Mapping[str, str], /, *, deadline_s: float | None = None
    ) -> Awaitable[HubAnswer]:
        """Post `body` to `url`."""


def _unguessable() -> str:
    return secrets.token_urlsafe(_TOKEN_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubDesk:
    """What asking hubs needs.

    `callback` is the public address that leads to us. `private`: `host:port` of targets that the configuration names.
    `told` holds the feeds and hubs about which it has been said already why they are not asked.
    """

    book: Subscriptions
    post: HubPost
    clock: Clock
    callback: str
    private: frozenset[str] = frozenset()
    draw: Callable[[], str] = _unguessable
    told: set[tuple[str, str | None]] = field(default_factory=set)


async def keep_subscribed(desk: HubDesk, feeds: Iterable[FeedSource], states: Iterable[FeedState]) -> None:
    """Subscribe, renew and leave, as far as that is due. Cheap where nothing is; a silent hub takes `DEADLINE_S`.

    Args:
        desk: The seams.
        feeds: All feeds of the configuration.
        states: Of every feed ever polled; those of others than `feeds` do not count.

    Raises:
        ArchiveError: What was asked for could not be kept; nobody is asked then.
    """
    configured = {feed.id for feed in feeds}
    polled = [state for state in states if state.feed_id in configured]
    now = desk.clock.now()
    found = wanted(polled, desk.book.every(), now, callback=desk.callback, private=desk.private, draw=desk.draw)
    for state in found.unsafe:
        _tell_once(desk, state)
    for subscription in found.forget:
        desk.book.drop(subscription)
    for subscription in found.ask:
        desk.book.keep(subscription)  # a hub may ask whether we mean it before it answers
    await together(_ask(desk, subscription) for subscription in found.ask)


async def _ask(desk: HubDesk, subscription: Subscription) -> None:
    why = await _refusal(desk, subscription)
    if why is None:
        return
    _log.warning("a hub did not take a request; it is asked again", feed=subscription.feed_id, why=why)
    if subscription.state is SubscriptionState.ASKED and desk.book.of(subscription.token) == subscription:
        desk.book.keep(replace(subscription, state=SubscriptionState.REFUSED))


async def _refusal(desk: HubDesk, subscription: Subscription) -> str | None:
    form = request_form(subscription, desk.callback)
    try:
        answer = await desk.post(subscription.hub, form, _HEADERS, deadline_s=DEADLINE_S)
    except FetchError as error:
        return str(error)
    if 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's own: success
        return None
    return f"{subscription.hub}: answered {answer.status}"


def _tell_once(desk: HubDesk, state: FeedState) -> None:
    if (state.feed_id, state.hub) not in desk.told:
        desk.told.add((state.feed_id, state.hub))
        _log.warning("a hub is not asked: without https everybody on the way would read the secret", feed=state.feed_id)
