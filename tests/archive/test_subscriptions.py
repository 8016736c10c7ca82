"""The book of what hubs were asked for, in the real archive."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.errors import ArchiveError
from monitor.ports import Subscription, SubscriptionState
from storage.archive import SqliteArchive
from storage.subscriptions import SqliteSubscriptions
from tests.factories import NOON

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@pytest.fixture
def book(archive: SqliteArchive) -> SqliteSubscriptions:
    return SqliteSubscriptions(archive._db)


def subscription(**changes: Any) -> Subscription:
    fields: dict[str, Any] = {
        "feed_id": "a",
        "hub": "https://hub.example/",
        "topic": "https://news.example/feed",
        "token": "token-of-a",
        "secret": "secret-of-a",
        "state": SubscriptionState.ASKED,
        "asked_at": NOON,
    }
    return Subscription(**{**fields, **changes})


@pytest.mark.parametrize("state", [state for state in SubscriptionState if state is not SubscriptionState.LEFT])
@pytest.mark.parametrize("asks", [0, 1, 12])
@pytest.mark.parametrize("lease_until", [None, NOON + timedelta(days=3)])
def test_what_is_kept_comes_back_whole(
    book: SqliteSubscriptions, state: SubscriptionState, asks: int, lease_until: datetime | None
) -> None:
    kept = subscription(state=state, asks=asks, lease_until=lease_until)
    book.keep(kept)
    assert book.every() == (kept,)
    assert book.of("token-of-a") == kept


def test_one_subscription_stands_for_a_feed(book: SqliteSubscriptions) -> None:
    book.keep(subscription())
    book.keep(subscription(feed_id="b", token="token-of-b"))
    later = subscription(token="another", secret="new", hub="https://other.example/")
    book.keep(later)
    assert book.every() == (later, subscription(feed_id="b", token="token-of-b"))
    assert book.of("token-of-a") is None


def test_a_token_that_nobody_gave_out_belongs_to_nobody(book: SqliteSubscriptions) -> None:
    book.keep(subscription())
    assert book.of("token-of-b") is None
    assert book.of("' OR 1=1 --") is None


def test_forgetting_spares_what_took_its_place(book: SqliteSubscriptions) -> None:
    old = subscription()
    new = replace(old, token="another")
    book.keep(new)
    book.drop(old)
    assert book.every() == (new,)
    book.drop(new)
    book.drop(new)
    assert book.every() == ()


def test_two_feeds_cannot_share_a_token(book: SqliteSubscriptions) -> None:
    book.keep(subscription())
    with pytest.raises(ArchiveError) as caught:
        book.keep(subscription(feed_id="b"))
    assert "secret-of-a" not in str(caught.value)
    assert book.every() == (subscription(),)


def test_subscriptions_outlive_a_restart(path: Path) -> None:
    with SqliteArchive(path) as archive:
        SqliteSubscriptions(archive._db).keep(subscription())
    with SqliteArchive(path) as archive:
        assert SqliteSubscriptions(archive._db).every() == (subscription(),)


def test_no_status_shows_a_token_or_a_secret(archive: SqliteArchive, book: SqliteSubscriptions) -> None:
    book.keep(subscription())
    shown = json.dumps(archive.reader().status(), default=str)
    assert "token-of-a" not in shown
    assert "secret-of-a" not in shown
