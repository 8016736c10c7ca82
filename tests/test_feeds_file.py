"""The shipped list of feeds: enough outlets, each entry a `FeedSource`, each address one that may be fetched."""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from monitor.errors import ConfigError
from monitor.model import FeedSource
from monitor.reading.arabic import fold
from monitor.reading.identity import canonical_url, usable_link
from monitor.reading.listing import read_listing
from monitor.settings import add_feed, load_feeds
from monitor.settings.feeds import feed_from

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


def test_every_feed_is_one_that_loads() -> None:
    assert list(load_feeds(FEEDS)) == sources()


def test_the_state_agency_has_no_feed_and_is_polled_by_its_front_page() -> None:
    (agency,) = [feed for feed in sources() if feed.select is not None]
    page = """<nav><a href="category.php?lang=ar&amp;id=8">سياسة</a></nav>
    <div><a href="post.php?id=351138&amp;lang=ar"><img></a>
    <h4><a href="post.php?lang=ar&amp;id=351138">خبر</a></h4></div>
    <a href="https://lana.gov.ly/post.php?id=351103&amp;lang=ar">خبر ثان</a>"""
    found = read_listing(page.encode(), url=agency.url, content_type="text/html", select=agency.select or "")
    assert agency.id == "lana"
    assert [(entry.url, entry.title) for entry in found.entries] == [
        ("https://lana.gov.ly/post.php?id=351138&lang=ar", "خبر"),
        ("https://lana.gov.ly/post.php?id=351103&lang=ar", "خبر ثان"),
    ]


def test_the_examples_in_its_comments_are_feeds() -> None:
    commented = re.findall(r"^# (\[\[feed\]\]|\w+ = .+)$", FEEDS.read_text(encoding="utf-8"), re.MULTILINE)
    examples = [feed_from(table) for table in tomllib.loads("\n".join(commented))["feed"]]
    assert [(feed.kind, feed.select is None) for feed in examples] == [("agency", False), ("search", True)]


WHOLE = FeedSource(
    id="whole", url="https://whole.example/", outlet='صحيفة "س" \\', owner="الدولة", kind="agency", allow_private=True,
    read="all", select="h3 > a[href*='post']", interval_s=600, ignore_robots=True,
)  # fmt: skip


def test_every_key_of_a_feed_is_written_and_comes_back(tmp_path: Path) -> None:
    assert all(value is not None for value in asdict(WHOLE).values())
    plain = FeedSource(id="plain", url="https://plain.example/", outlet="س")
    path = tmp_path / "data" / "feeds.toml"
    add_feed(path, WHOLE, plain, beside=FEEDS)
    add_feed(path, replace(plain, id="third", url="https://third.example/"), beside=FEEDS)
    assert load_feeds(path)[:2] == (WHOLE, plain)
    assert len(load_feeds(FEEDS, path)) == len(sources()) + 3
    assert [one.name for one in path.parent.iterdir()] == ["feeds.toml"]


def test_of_several_feeds_all_are_written_or_none(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    add_feed(path, WHOLE, beside=FEEDS)
    before = path.read_bytes()
    good = FeedSource(id="good", url="https://good.example/", outlet="س")
    for bad in (replace(good, id="lana"), replace(good, id="b", url="file:///x"), replace(good, id="b", select="a[")):
        with pytest.raises(ConfigError, match=r"feeds\.toml: feed 3: "):
            add_feed(path, good, bad, beside=FEEDS)
        assert path.read_bytes() == before


@pytest.mark.parametrize("select", ["a[", "a::text", "x|a", ">", "  "])
def test_what_is_no_selector_is_told_with_file_feed_and_key(tmp_path: Path, select: str) -> None:
    path = tmp_path / "more.toml"
    path.write_text(
        f'[[feed]]\nid = "a"\nurl = "https://a.example/"\noutlet = "x"\nselect = "{select}"', encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"more\.toml:5: feed 1: select: "):
        load_feeds(path)


def test_an_address_that_cannot_be_taken_apart_is_told_when_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "more.toml"
    for url in ("http://[x", "http://a.example:99999/"):
        path.write_text(f'[[feed]]\nid = "a"\nurl = "{url}"\noutlet = "x"', encoding="utf-8")
        with pytest.raises(ConfigError, match=r"more\.toml:3: feed 1: url: not a web address"):
            load_feeds(path)
