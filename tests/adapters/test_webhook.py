"""Webhooks over the real HTTP adapter to a real receiver on loopback, verified by the standard's own library."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from monitor.adapters.deliver import deliver_one
from monitor.adapters.http import HttpFetch
from monitor.adapters.webhook import BODY_BYTES, WebhookEndpoint, WebhookNotify, webhook_body
from monitor.errors import ConfigError, DeliveryError, WebhookRefused, WebhookUnavailable
from monitor.model import DeliveryState, NoticeKind, Relation
from monitor.pacing import MAX_TRIES
from monitor.render import alert_json, event_json, notice_json
from tests.alert_factory import (
    AGREED,
    FIRST_SEEN,
    FixedClock,
    make_alarm,
    make_alert,
    make_delivery,
    make_item,
    make_notice,
    make_notice_delivery,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "whsec_" + base64.b64encode(b"the secret of one test run only!").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"the secret that came before that").decode()


@dataclass
class Receiver:
    """Answers with the next of its answers (the last one for ever) and keeps what it was sent."""

    answers: list[str] = field(default_factory=lambda: ["204 No Content"])
    headers: str = ""
    wait_s: float = 0
    reset: bool = False
    port: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    sessions: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Receiver]:
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await asyncio.gather(*self.sessions)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.current_task()
        assert session is not None
        self.sessions.add(session)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        self.got.append((headers, await reader.readexactly(int(headers["content-length"]))))
        await asyncio.sleep(self.wait_s)
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not self.reset:
            writer.write(f"HTTP/1.1 {status}\r\n{self.headers}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


class Now(FixedClock):
    """The real time: the standard's library compares a timestamp with its own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@contextlib.asynccontextmanager
async def sending(
    receiver: Receiver, *, secrets: tuple[str, ...] = (SECRET,), allowed: bool = True, timeout_s: float = 5
) -> AsyncIterator[WebhookNotify]:
    allow = frozenset({f"127.0.0.1:{receiver.port}"}) if allowed else frozenset()
    fetch = HttpFetch(user_agent="Rasid-test", allow_private=allow)
    url = f"http://127.0.0.1:{receiver.port}/hook?token=hidden-word"
    endpoint = WebhookEndpoint(name="desk", url=url, secrets=secrets, timeout_s=timeout_s)
    try:
        yield WebhookNotify((endpoint,), post=fetch.post, clock=Now())
    finally:
        await fetch.aclose()


DELIVERY = make_delivery("desk", channel="webhook")


async def test_an_alert_arrives_signed_and_the_official_library_verifies_it() -> None:
    async with Receiver().listening() as receiver, sending(receiver) as notify:
        await notify.send(DELIVERY)
    headers, body = receiver.got[0]
    said = Webhook(SECRET).verify(body, headers)
    assert headers["webhook-id"] == DELIVERY.id
    assert headers["content-type"] == "application/json"
    assert said == {
        "type": "claim.contradicted",
        "timestamp": FIRST_SEEN.isoformat(),
        "data": alert_json(make_alert()),
    }


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        (NoticeKind.ALARM, "source.silent"),
        (NoticeKind.CLEAR, "source.back"),
        (NoticeKind.HEARTBEAT, "heartbeat"),
    ],
)
async def test_a_notice_arrives_signed_under_its_own_type(kind: NoticeKind, event: str) -> None:
    delivery = make_notice_delivery("desk", make_notice(kind), channel="webhook")
    async with Receiver().listening() as receiver, sending(receiver) as notify:
        await notify.send(delivery)
    headers, body = receiver.got[0]
    said = Webhook(SECRET).verify(body, headers)
    assert headers["webhook-id"] == delivery.id
    assert said == {"type": event, "timestamp": FIRST_SEEN.isoformat(), "data": notice_json(make_notice(kind))}


async def test_that_a_meeting_is_new_is_told_by_the_type() -> None:
    delivery = make_delivery("desk", channel="webhook", relation=Relation.NEW, meeting_new=True)
    async with Receiver().listening() as receiver, sending(receiver) as notify:
        await notify.send(delivery)
    said = json.loads(receiver.got[0][1])
    assert (said["type"], said["data"]["meeting"]["new"]) == ("meeting.new", True)
    assert said == event_json(delivery.content)


async def test_notices_go_to_every_endpoint() -> None:
    async with sending(Receiver(port=1)) as notify:
        assert notify.operators == notify.recipients == ("desk",)


async def test_a_changed_body_or_another_secret_does_not_verify() -> None:
    async with Receiver().listening() as receiver, sending(receiver) as notify:
        await notify.send(DELIVERY)
    headers, body = receiver.got[0]
    for secret, said in ((SECRET, body.replace(b"al_1", b"al_2")), (OLD_SECRET, body)):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(said, headers)


async def test_while_secrets_change_over_both_verify() -> None:
    async with Receiver().listening() as receiver, sending(receiver, secrets=(SECRET, OLD_SECRET)) as notify:
        await notify.send(DELIVERY)
    headers, body = receiver.got[0]
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, OLD_SECRET):
        assert Webhook(secret).verify(body, headers)["data"]["id"] == "al_1"


@pytest.mark.parametrize(
    "status", ["500 Oops", "502 Bad Gateway", "503 Busy", "504 Late", "401 No", "404 Not Here", "400 What"]
)
async def test_an_answer_that_may_change_is_tried_again_with_the_same_id_and_body(status: str) -> None:
    async with Receiver([status, "200 OK"]).listening() as receiver, sending(receiver) as notify:
        first = await deliver_one(notify, DELIVERY, Now())
        second = await deliver_one(notify, DELIVERY, Now())
    assert (first.state, first.code, first.transient) == (DeliveryState.QUEUED, "E-WEBHOOK-UNAVAILABLE", True)
    assert second.state is DeliveryState.SENT
    assert receiver.got[0][0]["webhook-id"] == receiver.got[1][0]["webhook-id"]
    assert receiver.got[0][1] == receiver.got[1][1]


@pytest.mark.parametrize("status", ["429 Slow Down", "503 Busy"])
async def test_a_receiver_that_asks_for_time_gets_it(status: str) -> None:
    async with Receiver([status], headers="Retry-After: 1800\r\n").listening() as receiver, sending(receiver) as notify:
        result = await deliver_one(notify, DELIVERY, Now())
    assert result.retry_at is not None
    assert result.retry_at - result.tried_at >= timedelta(seconds=1800)


@pytest.mark.parametrize(
    ("status", "throttled", "wait_s"),
    [
        *(("429 Slow Down", True, 60), ("502 Bad Gateway", True, 60), ("504 Late", True, 60)),
        *(("500 Oops", False, None), ("503 Busy", False, None), ("404 Not Here", False, None)),
    ],
)
async def test_a_receiver_that_has_too_much_is_told_apart_and_left_alone_for_a_minute(
    status: str, throttled: bool, wait_s: float | None
) -> None:
    async with Receiver([status]).listening() as receiver, sending(receiver) as notify:
        with pytest.raises(WebhookUnavailable) as caught:
            await notify.send(DELIVERY)
    assert (caught.value.throttled, caught.value.retry_after_s) == (throttled, wait_s)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_a_failure_and_not_followed(status: str) -> None:
    async with Receiver().listening() as elsewhere:
        to = f"Location: http://127.0.0.1:{elsewhere.port}/\r\n"
        async with Receiver([status], headers=to).listening() as receiver, sending(receiver) as notify:
            with pytest.raises(WebhookUnavailable, match="redirects are not followed"):
                await notify.send(DELIVERY)
    assert elsewhere.got == []
    assert len(receiver.got) == 1


async def test_a_receiver_that_is_gone_is_not_tried_again() -> None:
    async with Receiver(["410 Gone"]).listening() as receiver, sending(receiver) as notify:
        result = await deliver_one(notify, DELIVERY, Now())
    assert (result.state, result.code, result.retry_at) == (DeliveryState.DEAD, "E-WEBHOOK-REFUSED", None)


@pytest.mark.parametrize(("status", "gone"), [("410 Gone", True), ("500 Oops", False)])
async def test_only_410_takes_leave(status: str, gone: bool) -> None:
    async with Receiver([status]).listening() as receiver, sending(receiver) as notify:
        with pytest.raises(DeliveryError) as caught:
            await notify.send(DELIVERY)
    assert (isinstance(caught.value, WebhookRefused) and caught.value.gone) is gone


async def test_a_receiver_that_hangs_up_or_does_not_answer_is_tried_again() -> None:
    async with Receiver(reset=True).listening() as receiver, sending(receiver) as notify:
        with pytest.raises(WebhookUnavailable):
            await notify.send(DELIVERY)
    async with Receiver(wait_s=0.5).listening() as receiver, sending(receiver, timeout_s=0.2) as notify:
        with pytest.raises(WebhookUnavailable, match="E-FETCH-DEADLINE"):
            await notify.send(DELIVERY)


async def test_a_closed_port_is_tried_again(unused_tcp_port: int) -> None:
    async with sending(Receiver(port=unused_tcp_port)) as notify:
        with pytest.raises(WebhookUnavailable):
            await notify.send(DELIVERY)


async def test_a_private_address_that_nobody_allowed_is_never_dialled() -> None:
    async with Receiver().listening() as receiver, sending(receiver, allowed=False) as notify:
        with pytest.raises(WebhookRefused, match="E-FETCH-PRIVATE") as caught:
            await notify.send(DELIVERY)
    assert not caught.value.gone
    assert receiver.got == []


async def test_after_the_last_try_the_delivery_is_a_dead_letter() -> None:
    async with Receiver(["500 Oops"]).listening() as receiver, sending(receiver) as notify:
        results = [await deliver_one(notify, replace(DELIVERY, attempts=n), Now()) for n in range(MAX_TRIES)]
    assert [result.state for result in results] == [DeliveryState.QUEUED] * (MAX_TRIES - 1) + [DeliveryState.DEAD]
    assert results[-1].transient


async def test_an_endpoint_no_longer_configured_is_refused() -> None:
    async with sending(Receiver(port=1)) as notify:
        with pytest.raises(WebhookRefused, match="no longer configured"):
            await notify.send(make_delivery("gone", channel="webhook"))


async def test_tokens_in_the_url_and_secrets_are_not_told(unused_tcp_port: int) -> None:
    async with sending(Receiver(port=unused_tcp_port)) as notify:
        result = await deliver_one(notify, DELIVERY, Now())
    endpoint = WebhookEndpoint(name="desk", url="https://x.example/hidden-word", secrets=(SECRET,))
    assert "hidden-word" not in f"{result} {endpoint!r}"
    assert SECRET not in repr(endpoint)


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("whsec_@@@@",), (SECRET, "whsec_é")])
def test_a_secret_that_cannot_sign_is_told_at_the_start(secrets: tuple[str, ...]) -> None:
    endpoint = WebhookEndpoint(name="desk", url="https://x.example/", secrets=secrets)
    with pytest.raises(ConfigError, match=r"webhooks\.desk\.secret"):
        WebhookNotify((endpoint,), post=HttpFetch.post, clock=Now())  # type: ignore[arg-type]  # never called


def test_a_long_alert_leaves_items_out_and_counts_them() -> None:
    alert = make_alert(items=tuple(make_item(mention_id=f"mn_{number}") for number in range(200)))
    body = webhook_body(alert)
    data = json.loads(body)["data"]
    assert len(body) <= BODY_BYTES
    assert len(data["items"]) + data["items_left_out"] == 200
    assert len(data["items"]) > 10
    assert data["truncated"] is False
    assert data["items"][0]["id"] == "mn_0"


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "ع" * 50_000},
        {"url": "https://x.example/" + "a" * 50_000},
        {"origins": tuple(f"مصدر {number}" for number in range(10_000))},
        {
            "items": (
                make_item(
                    sentence="ك " * 20_000 + AGREED + "ل " * 20_000, mark_start=40_000, mark_end=40_000 + len(AGREED)
                ),
            )
        },
        {"items": (make_item(why='\0"\\' * 50_000),)},
        {"title": "ع" * 50_000, "items": ()},
    ],
)
def test_whatever_is_long_the_body_is_whole_json_within_its_limit(changes: dict[str, Any]) -> None:
    body = webhook_body(make_alert(**changes))
    data = json.loads(body)["data"]
    assert len(body) <= BODY_BYTES
    assert data["truncated"] is True
    for item in data["items"]:
        assert item["sentence"][item["mark_start"] : item["mark_end"]] == AGREED


def test_a_notice_of_very_many_alarms_leaves_the_last_out_and_counts_them() -> None:
    alarms = tuple(make_alarm(feed_id=f"feed-{number}") for number in range(500))
    body = webhook_body(make_notice(alarms=alarms))
    data = json.loads(body)["data"]
    assert len(body) <= BODY_BYTES
    assert len(data["alarms"]) + data["alarms_left_out"] == 500
    assert len(data["alarms"]) > 50
    assert data["alarms"][0]["feed"] == "feed-0"
    assert data["truncated"] is False


@pytest.mark.parametrize(
    "changes",
    [
        {"alarms": (make_alarm(message='ع\0"' * 50_000),)},
        {"alarms": (make_alarm(feed_id="a" * 50_000),) * 2},
        {"alarms": (make_alarm(code="E" * 50_000),)},
    ],
)
def test_whatever_is_long_a_notice_is_whole_json_within_its_limit(changes: dict[str, Any]) -> None:
    body = webhook_body(make_notice(**changes))
    data = json.loads(body)["data"]
    assert len(body) <= BODY_BYTES
    assert data["truncated"] is True
    assert len(data["alarms"]) == 1


def test_a_lone_surrogate_does_not_break_the_body() -> None:
    assert json.loads(webhook_body(make_alert(title="\ud800")))["data"]["article"]["title"] == "?"
