"""Which hubs to ask for news of a feed, and what to believe of their answers (WebSub, W3C Recommendation of 2018)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from xxhash import xxh64_hexdigest

from monitor.ports import Subscription, SubscriptionState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from monitor.model import FeedState

LEASE_S: Final = 10 * 86_400
"""What we ask for. Hubs give what they like."""

SHORTEST_LEASE_S, LONGEST_LEASE_S = 3600, 30 * 86_400

_DAY = timedelta(days=1)
_FIRST_WAIT = timedelta(minutes=10)
_ASKS = 5
_LATE = timedelta(minutes=10)
"""For so long after our question a hub may confirm again: our first answer may have been lost on its way."""

_MARK_CHARS = 8
_MAX_DIGITS = 9
_HTTPS_PORT, _HTTP_PORT = 443, 80
_CONFIRMABLE = frozenset({SubscriptionState.ASKED, SubscriptionState.ACTIVE, SubscriptionState.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be done about hubs now.

    `ask`: subscriptions as they stand once their hub has been asked; `LEAVING` asks to be told no more. `forget`: those
    that nothing is left of. `unsafe`: feeds whose hub cannot be told a secret without telling everybody.
    """

    ask: tuple[Subscription, ...] = ()
    forget: tuple[Subscription, ...] = ()
    unsafe: tuple[FeedState, ...] = ()


def wanted(
    states: Iterable[FeedState],
    subscriptions: Iterable[Subscription],
    now: datetime,
    *,
    callback: str,
    private: frozenset[str] = frozenset(),
    draw: Callable[[], str],
) -> Wanted:
    """What to ask of which hub.

    A hub is asked when it is new, when less than a quarter of its lease is left, and while it has not confirmed: after
    10, 20, 40 and 80 minutes, then once a day. An address that has changed is asked for anew, and what stood before
    lapses. A feed that is no longer there, or has no hub any more, is left.

    Args:
        states: The feeds of the configuration, where they have been polled.
        subscriptions: All that is kept.
        now: Aware.
        callback: The public address that leads to us.
        private: `host:port` of targets that the configuration names, which are spoken to without TLS.
        draw: Gives an unguessable text of characters that may stand in a URL, another each time.
    """
    kept = {one.feed_id: one for one in subscriptions}
    announced = {state.feed_id: state for state in states if state.hub and state.topic and not state.paused}
    safe = {feed_id: state for feed_id, state in announced.items() if _may_hold_secret(state.hub or "", private)}
    asks = [_entered(state, kept.get(feed_id), now, callback, draw) for feed_id, state in safe.items()]
    left = [_left(one, now) for feed_id, one in kept.items() if feed_id not in safe]
    found = [one for one in (*asks, *left) if one is not None]
    return Wanted(
        ask=tuple(one for one in found if one.state is not SubscriptionState.LEFT),
        forget=tuple(one for one in found if one.state is SubscriptionState.LEFT),
        unsafe=tuple(state for feed_id, state in announced.items() if feed_id not in safe),
    )


def confirmed(subscription: Subscription, query: Mapping[str, str], now: datetime) -> Subscription | None:
    """What follows from a hub's word about `subscription`; None where we did not ask for what it says.

    Args:
        subscription: The one whose address was called.
        query: The parameters of the call, each once: `hub.mode`, `hub.topic`, `hub.lease_seconds`.
        now: Aware.
    """
    mode, state = query.get("hub.mode"), subscription.state
    if query.get("hub.topic") != subscription.topic:
        return None
    if mode == "subscribe" and state in _CONFIRMABLE and (subscription.asks or now - subscription.asked_at <= _LATE):
        until = now + _lease(query.get("hub.lease_seconds"))
        return replace(subscription, state=SubscriptionState.ACTIVE, asks=0, lease_until=until)
    if mode == "unsubscribe" and state is SubscriptionState.LEAVING:
        return replace(subscription, state=SubscriptionState.LEFT)
    if mode == "denied":
        end = SubscriptionState.LEFT if state is SubscriptionState.LEAVING else SubscriptionState.DENIED
        return replace(subscription, state=end, asked_at=now, asks=max(1, subscription.asks), lease_until=None)
    return None


def request_form(subscription: Subscription, callback: str) -> bytes:
    """The form that the hub is sent, as its state has it: to tell us, or to tell us no more."""
    leaving = subscription.state is SubscriptionState.LEAVING
    form = {
        "hub.callback": callback_address(callback, subscription.token),
        "hub.mode": "unsubscribe" if leaving else "subscribe",
        "hub.topic": subscription.topic,
    }
    if not leaving:
        form |= {"hub.secret": subscription.secret, "hub.lease_seconds": str(LEASE_S)}
    return urlencode(form).encode("ascii")


def callback_address(callback: str, token: str) -> str:
    """The address for one subscription.

    >>> callback_address("https://watch.example/hubs?at=1", "t0")
    'https://watch.example/hubs/t0?at=1'
    """
    parts = urlsplit(callback)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{token}", fragment=""))


def _entered(
    state: FeedState, kept: Subscription | None, now: datetime, callback: str, draw: Callable[[], str]
) -> Subscription | None:
    """The subscription of a feed with a hub, where that is to be asked now."""
    mark = xxh64_hexdigest(callback.encode())[:_MARK_CHARS]
    if kept is not None:
        same = (kept.hub, kept.topic) == (state.hub, state.topic) and kept.token.startswith(mark)
        if same and kept.state is not SubscriptionState.LEAVING:
            return _asked_again(kept, now) if _is_due(kept, now) else None
        if now < kept.asked_at + _FIRST_WAIT:  # a feed that names another hub each time must not make us call each
            return None
    return Subscription(
        feed_id=state.feed_id,
        hub=state.hub or "",
        topic=state.topic or "",
        token=mark + draw(),  # another callback is another address, which the hub does not know yet
        secret=draw(),
        state=SubscriptionState.ASKED,
        asked_at=now,
    )


def _left(kept: Subscription, now: datetime) -> Subscription | None:
    """The subscription of a feed that is not to have one: asked to end while its lease holds, five times at most."""
    leaving = kept.state is SubscriptionState.LEAVING
    if kept.lease_until is None or kept.lease_until <= now or (leaving and kept.asks >= _ASKS and _is_due(kept, now)):
        return replace(kept, state=SubscriptionState.LEFT)
    if leaving:
        return _asked_again(kept, now) if _is_due(kept, now) else None
    return replace(kept, state=SubscriptionState.LEAVING, asked_at=now, asks=1)


def _asked_again(kept: Subscription, now: datetime) -> Subscription:
    holds = kept.state is SubscriptionState.ACTIVE and kept.lease_until is not None and kept.lease_until > now
    state = kept.state if holds or kept.state is SubscriptionState.LEAVING else SubscriptionState.ASKED
    return replace(kept, state=state, asked_at=now, asks=kept.asks + 1)


def _is_due(kept: Subscription, now: datetime) -> bool:
    if kept.state is SubscriptionState.DENIED or kept.asks >= _ASKS:
        return now >= kept.asked_at + _DAY
    if kept.asks or kept.lease_until is None:
        return now >= kept.asked_at + _FIRST_WAIT * (1 << max(0, kept.asks - 1))
    return kept.lease_until - now < (kept.lease_until - kept.asked_at) / 4


def _lease(stated: str | None) -> timedelta:
    """The hub's lease within bounds; what we asked for, where it states none."""
    if stated is None or not (stated.isascii() and stated.isdigit()):
        return timedelta(seconds=LEASE_S)
    seconds = LONGEST_LEASE_S if len(stated) > _MAX_DIGITS else int(stated)
    return timedelta(seconds=min(max(seconds, SHORTEST_LEASE_S), LONGEST_LEASE_S))


def _may_hold_secret(hub: str, private: frozenset[str]) -> bool:
    """Whether what we tell the hub stays between us: by TLS, or in a network that the configuration names."""
    try:
        parts = urlsplit(hub)
        target = f"{parts.hostname}:{parts.port or (_HTTPS_PORT if parts.scheme == 'https' else _HTTP_PORT)}"
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and target in private)
