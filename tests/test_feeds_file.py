"""The shipped list of feeds: enough outlets, each entry a `FeedSource`, each address one that may be fetched."""

from __future__ import annotations

import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from monitor.model import FeedSource
from monitor.reading.arabic import fold
from monitor.reading.identity import canonical_url, usable_link

FEEDS = Path(__file__).parents[1] / "config" / "feeds.toml"
KINDS = {"news", "agency", "broadcaster", "newspaper", "party", "search"}


def sources() -> list[FeedSource]:
    listed = tomllib.loads(FEEDS.read_text(encoding="utf-8"))
    assert set(listed) == {"feed"}
    return [FeedSource(**feed) for feed in listed["feed"]]


def test_at_least_thirty_outlets_are_listed_each_once() -> None:
    feeds = sources()
    assert len(feeds) >= 30
    assert len({feed.id for feed in feeds}) == len(feeds)
    assert len({fold(feed.outlet) for feed in feeds}) == len(feeds)
    assert len({canonical_url(feed.url) for feed in feeds}) == len(feeds)


def test_every_feed_has_a_known_kind_and_a_public_https_address() -> None:
    for feed in sources():
        assert feed.kind in KINDS, feed.id
        assert usable_link(feed.url, base="") == feed.url, feed.id
        assert urlsplit(feed.url).scheme == "https", feed.id
        assert not feed.allow_private, feed.id


def test_owners_differ_from_outlets_and_are_spelled_alike() -> None:
    owners = {feed.owner for feed in sources() if feed.owner}
    assert len({fold(owner) for owner in owners}) == len(owners)
