"""Alerts and notices by webhook, signed after Standard Webhooks 1.0.

The `webhook-id` is the delivery's id and stays the same over retries; the timestamp is of the try. Only 2xx
is success. What is tried again, by the schedule of `monitor.pacing`, until that ends in a dead letter: no
answer, 429, 5xx, a redirect (never followed: the operator's URL is where they go), and every other 4xx, for
receivers answer 401 or 404 during a deployment of their own. 429, 502 and 504 say that the endpoint has more than
it can take: the error tells, and the next try is a minute away at least. Not tried again: 410, by which a receiver
takes leave for good, and an address that may not be dialled.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from monitor.errors import (
    ConfigError,
    FetchError,
    FetchPrivate,
    FetchScheme,
    WebhookRefused,
    WebhookUnavailable,
)
from monitor.model import Alert
from monitor.render import Json, event_json
from monitor.render.order import by_importance

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import datetime

    from monitor.model import AlertItem, Delivery, Notice
    from monitor.ports import Clock

BODY_BYTES = 20_000
GONE = 410
THROTTLING = frozenset({429, 502, 504})
"""Too many requests; and what a proxy says for a receiver that does not keep up (Standard Webhooks 1.0)."""
THROTTLED_S = 60.0
"""Least wait after one of these, where the endpoint names none."""
_CLIPS = (4000, 1000, 250, 60)


class PostAnswer(Protocol):
    """What the endpoint said."""

    @property
    def status(self) -> int:
        """HTTP status."""

    @property
    def retry_after_s(self) -> float | None:
        """How long the endpoint asked us to wait, where it did."""


class Post(Protocol):
    """One guarded POST with a deadline, redirects not followed; `FetchError` where there is no answer."""

    def __call__(
        self, url: str, body: bytes, headers: Mapping[str, str], /, *, deadline_s: float | None = None
    ) -> Awaitable[PostAnswer]:
        """Post `body` to `url`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """One receiver. `secrets` sign in their order: two while the receiver changes over from one to the other.

    `name` is the recipient of its deliveries, so that neither a changed URL nor a token in it touches the
    archive.
    """

    name: str
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    timeout_s: float = 20.0


class WebhookNotify:
    """The webhook channel, for any number of endpoints."""

    channel = "webhook"

    def __init__(self, endpoints: Iterable[WebhookEndpoint], *, post: Post, clock: Clock) -> None:
        self._endpoints = {endpoint.name: endpoint for endpoint in endpoints}
        self._signers = {name: _signers(endpoint) for name, endpoint in self._endpoints.items()}
        self._post, self._clock = post, clock
        self.recipients = self.operators = tuple(self._endpoints)

    async def send(self, delivery: Delivery) -> None:
        """Post one alert or notice to one endpoint.

        Raises:
            WebhookUnavailable: No 2xx this time; carries the wait the endpoint asked for.
            WebhookRefused: The endpoint took leave (`gone`), is unknown to the configuration, or may not be dialled.
        """
        endpoint = self._endpoints.get(delivery.recipient)
        if endpoint is None:
            raise WebhookRefused(f"webhook {delivery.recipient!r} is no longer configured")
        body = webhook_body(delivery.content)
        headers = self._headers(delivery, body)
        try:
            answer = await self._post(endpoint.url, body, headers, deadline_s=endpoint.timeout_s)
        except (FetchPrivate, FetchScheme) as error:
            raise WebhookRefused(f"{_shown(endpoint)}: {error.code}: {error.why}") from error
        except FetchError as error:
            why = f"{_shown(endpoint)}: {error.code}: {error.why}"
            raise WebhookUnavailable(why, retry_after_s=error.retry_after_s) from error
        _judge(endpoint, answer)

    def _headers(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        now = self._clock.now().astimezone(UTC)  # the library takes any clock face for UTC
        text = body.decode("utf-8")
        signers = self._signers[delivery.recipient]
        return {
            "content-type": "application/json",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(_sign(signer, delivery.id, now, text) for signer in signers),
        }


def webhook_body(content: Alert | Notice, *, max_bytes: int = BODY_BYTES) -> bytes:
    """The JSON body, the same at each try.

    Over `max_bytes`, the least important items of an alert, or the last alarms of a notice, are left out and counted
    in `items_left_out` or `alarms_left_out`; if one alone is too much, texts are shortened and `truncated` says so. It
    is whole JSON in any case.
    """
    if isinstance(content, Alert):
        alert = replace(content, items=by_importance(content.items))
        return _fitted(lambda kept, clip: _alert_event(alert, kept, clip), len(alert.items), max_bytes)
    return _fitted(lambda kept, clip: _notice_event(content, kept, clip), len(content.alarms), max_bytes)


def _fitted(event: Callable[[int, int | None], Json], parts: int, max_bytes: int) -> bytes:
    """The body with as many of its `parts` as fit, found by halving; where not one does, with texts cut."""
    low, high = 1, parts
    whole = _encoded(event(high, None))
    if len(whole) <= max_bytes:
        return whole
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(_encoded(event(middle, None))) <= max_bytes else (low, middle - 1)
    body = _encoded(event(low, None))
    for clip in _CLIPS:
        if len(body) <= max_bytes:
            break
        body = _encoded(_clipped(event(1, clip), clip))
    return body


def _encoded(event: Json) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _alert_event(alert: Alert, items: int, clip: int | None) -> Json:
    kept = tuple(item if clip is None else _windowed(item, clip) for item in alert.items[:items])
    left_out = len(alert.items) - len(kept)
    return event_json(replace(alert, items=kept), left_out=left_out, truncated=clip is not None)


def _notice_event(notice: Notice, alarms: int, clip: int | None) -> Json:
    kept = replace(notice, alarms=notice.alarms[:alarms])
    left_out = len(notice.alarms) - len(kept.alarms)
    return event_json(kept, left_out=left_out, truncated=clip is not None)


def _windowed(item: AlertItem, clip: int) -> AlertItem:
    """The item, its sentence cut to `clip` characters from the mark on, so that the offsets hold."""
    sentence = item.sentence[item.mark_start : item.mark_start + clip]
    end = min(len(sentence), max(0, item.mark_end - item.mark_start))
    return replace(item, sentence=sentence, mark_start=0, mark_end=end)


def _clipped(value: Json, clip: int) -> Json:
    """Every text cut to `clip` characters, every list to ten entries."""
    if isinstance(value, str):
        return value[:clip]
    if isinstance(value, list):
        return [_clipped(entry, clip) for entry in value[:10]]
    if isinstance(value, dict):
        return {key: _clipped(entry, clip) for key, entry in value.items()}
    return value


def _signers(endpoint: WebhookEndpoint) -> tuple[Webhook, ...]:
    try:
        signers = tuple(Webhook(secret) for secret in endpoint.secrets)
    except Exception as error:  # the library raises bare exceptions of several kinds for a bad secret
        problem = f"webhooks.{endpoint.name}.secret: not a signing secret; allowed: whsec_ and base64"
        raise ConfigError((problem,)) from error
    if not signers:
        raise ConfigError((f"webhooks.{endpoint.name}.secret: is missing",))
    return signers


def _sign(signer: Webhook, delivery_id: str, now: datetime, text: str) -> str:
    return signer.sign(msg_id=delivery_id, timestamp=now, data=text)


def _judge(endpoint: WebhookEndpoint, answer: PostAnswer) -> None:
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own: success
        return
    if status == GONE:
        raise WebhookRefused(f"{_shown(endpoint)}: answered 410: it wants no more", gone=True)
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP's own: redirection
        raise WebhookUnavailable(f"{_shown(endpoint)}: answered {status}: redirects are not followed; correct its URL")
    throttled, wait_s = status in THROTTLING, answer.retry_after_s
    if throttled and wait_s is None:
        wait_s = THROTTLED_S
    raise WebhookUnavailable(f"{_shown(endpoint)}: answered {status}", retry_after_s=wait_s, throttled=throttled)


def _shown(endpoint: WebhookEndpoint) -> str:
    """The endpoint as told to people: name and host, for paths and queries of such URLs hold tokens."""
    return f"webhook {endpoint.name} ({urlsplit(endpoint.url).hostname})"
