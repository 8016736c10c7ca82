"""A hub as the Recommendation has it, on loopback, and our side of it: asked, confirmed, told, renewed, left."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import structlog

from monitor.adapters.http import HttpFetch
from monitor.adapters.websub import listening
from monitor.demo.loopback import Answer, Loopback, Request
from monitor.model import FeedSource, FeedState
from monitor.pipeline.subscribing import HubDesk, keep_subscribed
from monitor.ports import SubscriptionState
from storage.archive import SqliteArchive
from storage.subscriptions import SqliteSubscriptions
from tests.factories import NOON

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

TOPIC = "https://news.example/feed?page=1&x=خبر"
FEED = FeedSource(id="a", url="https://news.example/feed", outlet="o")
ITEMS = "<rss><channel><item><title>خبر</title></item></channel></rss>".encode()
DAY = timedelta(days=1)


@dataclass
class Now:
    """A clock that is put forward by hand."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


@dataclass
class Hub:
    """Verifies intent before it answers, and pushes to whom it knows. `answers`: the status of its next answers."""

    lease_s: int = 86_400
    verifies: bool = True
    answers: list[int] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def route(self, request: Request) -> Answer:
        form = dict(parse_qsl(request.body.decode(), strict_parsing=True))
        self.asked.append(form)
        if self.answers:
            return Answer(status=self.answers.pop(0))
        if self.verifies and self._is_meant(form):
            self.known.pop(form["hub.callback"], None)
            if form["hub.mode"] == "subscribe":
                self.known[form["hub.callback"]] = form
        return Answer(status=202)

    def _is_meant(self, form: Mapping[str, str]) -> bool:
        query = {"hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"], "hub.challenge": "challenge-1"}
        if form["hub.mode"] == "subscribe":
            query["hub.lease_seconds"] = str(self.lease_s)
        status, body = call("GET", f"{form['hub.callback']}?{urlencode(query)}")
        return (status, body) == (200, b"challenge-1")

    def publish(self, body: bytes = ITEMS, *, secret: str | None = None) -> list[int]:
        """Push to everybody; gives what they answered."""
        found = []
        for callback, form in self.known.items():
            signature = hmac.new((secret or form["hub.secret"]).encode(), body, "sha256").hexdigest()
            found.append(call("POST", callback, body, {"X-Hub-Signature": f"sha256={signature}"})[0])
        return found


def call(method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    with contextlib.closing(connection):
        connection.request(method, f"{parts.path}?{parts.query}", body or None, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()


@dataclass
class Side:
    """Our side."""

    desk: HubDesk
    archive: SqliteArchive
    clock: Now
    hub_url: str
    woken: list[str]

    def state(self) -> FeedState:
        return FeedState(feed_id="a", next_poll_at=NOON, hub=self.hub_url, topic=TOPIC)

    async def cycle(self, *, feeds: tuple[FeedSource, ...] = (FEED,), state: FeedState | None = None) -> None:
        await keep_subscribed(self.desk, feeds, (state or self.state(),))

    def states(self) -> list[SubscriptionState]:
        return [one.state for one in self.desk.book.every()]


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
async def side(hub: Hub) -> AsyncIterator[Side]:
    clock, woken = Now(), list[str]()
    with SqliteArchive(":memory:") as archive, Loopback(hub.route) as served:
        private = frozenset({f"127.0.0.1:{served.port}"})
        fetch = HttpFetch(user_agent="Rasid-test", allow_private=private)
        book = SqliteSubscriptions(archive._db)
        async with (
            contextlib.aclosing(fetch),
            listening(book, woken.append, clock=clock, listen="127.0.0.1:0", fastest_s=0) as port,
        ):
            callback = f"http://127.0.0.1:{port}/hubs"
            desk = HubDesk(book=book, post=fetch.post, clock=clock, callback=callback, private=private)
            yield Side(desk, archive, clock, f"{served.origin}/hub", woken)


async def test_a_published_item_wakes_its_feed_at_once(side: Side, hub: Hub) -> None:
    await side.cycle()
    assert side.states() == [SubscriptionState.ACTIVE]
    assert await asyncio.to_thread(hub.publish) == [202]
    assert side.woken == ["a"]


async def test_a_hub_is_asked_once_and_again_before_its_lease_is_over(side: Side, hub: Hub) -> None:
    for hours in range(49):
        side.clock.at = NOON + timedelta(hours=hours)
        await side.cycle()
    assert [form["hub.mode"] for form in hub.asked] == ["subscribe"] * 3
    assert len(hub.known) == 1
    assert await asyncio.to_thread(hub.publish) == [202]
    assert side.woken == ["a"]


async def test_a_push_that_the_hub_did_not_sign_does_nothing(side: Side, hub: Hub) -> None:
    await side.cycle()
    assert await asyncio.to_thread(hub.publish, secret="guessed") == [202]
    assert side.woken == []


async def test_a_feed_that_is_configured_no_more_is_left(side: Side, hub: Hub) -> None:
    await side.cycle()
    await side.cycle(feeds=())
    assert [form["hub.mode"] for form in hub.asked] == ["subscribe", "unsubscribe"]
    assert hub.known == {}
    assert side.desk.book.every() == ()


async def test_another_hub_is_asked_and_the_first_ones_pushes_find_nobody(side: Side, hub: Hub) -> None:
    await side.cycle()
    side.clock.at = NOON + timedelta(hours=1)
    old = dict(hub.known)
    await side.cycle(state=replace(side.state(), hub=f"{side.hub_url}2"))
    assert len(hub.known) == 2
    hub.known = old
    assert await asyncio.to_thread(hub.publish) == [404]
    assert side.woken == []


async def test_what_a_hub_refuses_is_told_and_asked_again(side: Side, hub: Hub) -> None:
    hub.answers = [503]
    with structlog.testing.capture_logs() as told:
        await side.cycle()
    assert side.states() == [SubscriptionState.REFUSED]
    assert [line["feed"] for line in told] == ["a"]
    await side.cycle()
    assert len(hub.asked) == 1
    side.clock.at = NOON + timedelta(minutes=10)
    await side.cycle()
    assert side.states() == [SubscriptionState.ACTIVE]


async def test_a_renewal_that_is_refused_costs_nothing_of_the_lease(side: Side, hub: Hub) -> None:
    await side.cycle()
    hub.answers = [500]
    side.clock.at = NOON + 0.9 * DAY
    await side.cycle()
    assert side.states() == [SubscriptionState.ACTIVE]
    assert await asyncio.to_thread(hub.publish) == [202]
    assert side.woken == ["a"]


async def test_a_hub_that_verifies_before_it_fails_is_believed(side: Side, hub: Hub) -> None:
    def verify_and_fail(request: Request) -> Answer:
        hub.route(request)
        return Answer(status=500)

    with Loopback(verify_and_fail) as failing:
        fetch = HttpFetch(user_agent="Rasid-test", allow_any_private=True)
        async with contextlib.aclosing(fetch):
            private = frozenset({f"127.0.0.1:{failing.port}"})
            side.desk = replace(side.desk, post=fetch.post, private=private)
            await side.cycle(state=replace(side.state(), hub=failing.origin))
    assert side.states() == [SubscriptionState.ACTIVE]


async def test_a_hub_that_never_verifies_does_not_count_as_one(side: Side, hub: Hub) -> None:
    hub.verifies = False
    await side.cycle()
    assert side.states() == [SubscriptionState.ASKED]


async def test_a_hub_at_a_private_address_nobody_named_is_not_dialled(side: Side, hub: Hub) -> None:
    side.desk = replace(side.desk, private=frozenset({"127.0.0.1:1"}))
    with structlog.testing.capture_logs() as told:
        await side.cycle(state=replace(side.state(), hub="http://127.0.0.1:1/hub"))
        await side.cycle(state=replace(side.state(), hub="http://169.254.169.254/hub"))
    assert ["E-FETCH-PRIVATE" in line.get("why", "") for line in told] == [True, False]
    assert hub.asked == []


async def test_a_hub_without_tls_is_not_asked_and_that_is_told_once(side: Side, hub: Hub) -> None:
    side.desk = replace(side.desk, private=frozenset())
    with structlog.testing.capture_logs() as told:
        for _ in range(3):
            await side.cycle()
    assert len(told) == 1
    assert hub.asked == []
    assert side.desk.book.every() == ()


async def test_no_log_and_no_status_holds_a_token_or_a_secret(side: Side, hub: Hub) -> None:
    hub.answers = [403]
    with structlog.testing.capture_logs() as told:
        await side.cycle()
        side.clock.at = NOON + timedelta(minutes=10)
        await side.cycle()
        await asyncio.to_thread(hub.publish, secret="guessed")
        await asyncio.to_thread(hub.publish)
        await side.cycle(feeds=())
    shown = json.dumps(side.archive.reader().status(), default=str) + repr(told)
    for form in hub.asked[:1]:
        assert form["hub.secret"] not in shown
        assert form["hub.callback"].rpartition("/")[2] not in shown
    assert len(told) == 4
