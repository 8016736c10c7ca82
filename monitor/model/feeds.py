"""Feeds: what is polled, how it stands, what it answers, and what it lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSource:
    """One line of `feeds.toml`: what is polled.

    `read`: `all` fetches every article, `screened` those that may be in scope by title and summary and a sample of the
    rest, `summary` none. `select`: CSS selector of the links on a listing page, which is polled in place of a feed.
    `interval_s`: polled so often, whatever its rhythm and its own wishes. `ignore_robots`: its owner has agreed.
    """

    id: str
    url: str
    outlet: str
    owner: str | None = None
    kind: str = "news"
    allow_private: bool = False
    read: str = "screened"
    select: str | None = None
    interval_s: int | None = None
    ignore_robots: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the archive knows of one feed between polls.

    `interval_s` is the rhythm learned so far, `window` the marks of the items it held when it was last read whole (none
    of those that are owed), `full_at` when it was last fetched without validators, `moved_to` the address that
    `moved_times` permanent redirects in a row have led to from `moved_from`, `url` the one that was learned from them.
    `paused`: it said that it is gone. `lying`: it answered "not modified" though its body had changed. `hub` and
    `topic` are those of WebSub. `new_at` is when it last held an item that it had not held before, whoever brought that
    article first; `unchanged` counts its answers in a row that nothing had changed. `short_pages` and `walled_pages`
    count its articles in a row that were hardly text, or a wall.
    """

    feed_id: str
    next_poll_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    failures: int = 0
    last_ok_at: datetime | None = None
    last_error_code: str | None = None
    last_error: str | None = None
    entries_seen: int = 0
    interval_s: float | None = None
    body_hash: str | None = None
    window: tuple[str, ...] = ()
    full_at: datetime | None = None
    url: str | None = None
    moved_from: str | None = None
    moved_to: str | None = None
    moved_times: int = 0
    paused: bool = False
    lying: bool = False
    failing_since: datetime | None = None
    hub: str | None = None
    topic: str | None = None
    new_at: datetime | None = None
    unchanged: int = 0
    short_pages: int = 0
    walled_pages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One HTTP answer, body decoded from its transfer coding but not from its charset.

    `fresh_s`: how long its server says that it stays good (Cache-Control, Expires), in seconds. `moved_to`: where an
    unbroken chain of permanent redirects led. `links`: (relation, address) pairs of its Link header, in order.
    """

    url: str
    final_url: str
    status: int
    body: bytes
    fetched_at: datetime
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    fresh_s: float | None = None
    moved_to: str | None = None
    links: tuple[tuple[str, str], ...] = ()

    @property
    def not_modified(self) -> bool:
        """True for a 304: nothing to read, the stored validators still hold."""
        return self.status == 304  # noqa: PLR2004 - the number is the protocol's own name


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One item of a feed. `keys` are its identities: canonical URL, guid, content hash.

    `mark` is a hash of the item as it stood in the feed, empty where it cannot be told. `opaque`: the link leads to
    the article through somebody else's page only, so that what the feed says is all there is. `outlet` is who
    published it, where a feed lists the articles of others.
    """

    url: str
    title: str
    keys: tuple[str, ...]
    summary: str = ""
    published_at: datetime | None = None
    author: str | None = None
    mark: str = ""
    opaque: bool = False
    outlet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedWishes:
    """What a feed says about being polled.

    `ttl_s`: seconds it asks to be left alone (RSS `ttl`, `sy:updatePeriod` and `sy:updateFrequency`). `hub` and `topic`
    (its `self`) are where and under what name WebSub announces it.
    """

    ttl_s: float | None = None
    hub: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What a feed says.

    `partial`: the body breaks off; whole items before the break are there, and the validators of this answer must not
    be stored, so that the rest comes next time. `skipped`: items beyond the cap or without a usable link. `known`:
    items passed over by their marks. `window`: the marks of all items, known or not, in feed order. `waiting`: those of
    items that were too many for now. `damaged`: characters that could not be read.
    """

    entries: tuple[FeedEntry, ...]
    title: str
    kind: str
    partial: bool
    skipped: int = 0
    known: int = 0
    window: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    wishes: FeedWishes = FeedWishes()
    damaged: int = 0
