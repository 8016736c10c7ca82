"""The seams: what the pipeline needs from the world, each as a Protocol with one real implementation."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from monitor.model import (
        Alarm,
        Decision,
        Delivery,
        DeliveryResult,
        FeedEntry,
        FeedState,
        Notice,
        NoticeKind,
        Outcome,
        Page,
        ParsedFeed,
        Reading,
        Recall,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadJob:
    """One article to read, as handed to the reading process. Exactly one of `html` and `text` is set.

    `text` is already extracted text; where `title` is set and not its first line, it is put before it. `lane` is the
    source it came by: those of one lane never take all processes.
    """

    article_id: str
    url: str
    outlet: str
    fetched_at: datetime
    html: bytes | None = None
    text: str | None = None
    content_type: str = ""
    title: str | None = None
    published_at: datetime | None = None
    published_source: str | None = None
    owner: str | None = None
    byline: str | None = None
    lane: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedJob:
    """One feed's answer to parse, as handed to the reading process.

    `known`: marks of items that need not be parsed again. `select`: the selector of a listing page's links. `search`:
    its links may lead through the pages of a search engine.
    """

    feed_id: str
    url: str
    body: bytes
    content_type: str = ""
    max_entries: int = 500
    known: frozenset[str] = frozenset()
    select: str | None = None
    search: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCheck:
    """An article that is to be read again, for what was changed in it silently; `feed_id` brought it first.

    `exact`: the hash of its words as they are kept.
    """

    article_id: str
    feed_id: str
    url: str
    outlet: str
    first_seen: datetime
    exact: str
    owner: str | None = None
    published_at: datetime | None = None
    published_source: str | None = None
    byline: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCheck:
    """When an article was last fetched, and when it is fetched again; None for never."""

    article_id: str
    checked_at: datetime
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRecord:
    """How one feed entry ended; `keys` are remembered so that it is not read again.

    `screen`: `passed`, `out`, or `sampled`, which is fetched although it was out; None where nothing was screened.
    """

    feed_id: str | None
    keys: tuple[str, ...]
    url: str
    title: str
    outcome: Outcome
    at: datetime
    article_id: str | None = None
    code: str | None = None
    message: str | None = None
    screen: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What goes into one transaction: any part may be absent.

    `raw` is the page as fetched (kept compressed). `deliveries` are queued for the decision's alerts and for `notices`.
    `cleared` ends what stands of its feed and code, before what is `raised` begins to stand.
    """

    decision: Decision | None = None
    raw: bytes | None = None
    entries: tuple[EntryRecord, ...] = ()
    feed_state: FeedState | None = None
    deliveries: tuple[Delivery, ...] = ()
    checks: tuple[NextCheck, ...] = ()
    raised: tuple[Alarm, ...] = ()
    cleared: tuple[Alarm, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """How many new articles one feed has brought, from `first_at` to `last_at`.

    `entries` and `longest_gap_s` are of the 28 days up to `last_at`: how many, and the longest silence between two of
    them. `week` and `week_gap_s` are of the last 7 days: how many, and the longest silence, the one that lasts
    included. `before`: how many in the 21 days before those. Neither `entries` and `longest_gap_s` nor `before` count
    the feed's first day, which brings what it had before it was watched.
    """

    feed_id: str
    first_at: datetime
    last_at: datetime
    entries: int = 0
    longest_gap_s: float = 0.0
    week: int = 0
    week_gap_s: float = 0.0
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was done since a moment: polls, new entries, those of them read and in scope, alerts, dead letters.

    `waiting`: what is in the outbox now.
    """

    polls: int = 0
    entries: int = 0
    read: int = 0
    in_scope: int = 0
    alerts: int = 0
    waiting: int = 0
    dead: int = 0


ENDPOINT_GONE: Final = "E-ENDPOINT-GONE"
"""A receiver wants no more: the alarm, and why what was meant for it is suppressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disabled:
    """A receiver that said at `at` that it wants no more; `message` is how."""

    channel: str
    recipient: str
    at: datetime
    message: str | None = None


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Aware UTC wall-clock time."""

    def monotonic(self) -> float:
        """Seconds that never go back."""


class Fetch(Protocol):
    """HTTP, politely and safely."""

    async def get(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None, robots: bool = True
    ) -> Page:
        """One GET with every limit applied; without `robots`, the site's owner has agreed to what they forbid.

        Raises:
            FetchError: With the code that says why.
        """


class Compute(Protocol):
    """Where feeds are parsed and articles are read."""

    async def parse(self, job: FeedJob) -> ParsedFeed:
        """Parse one feed within the time limit.

        Raises:
            FeedError: It is no feed, or a hostile one.
            ReadError: No charset makes sense of it, or its process was killed or died.
        """

    async def read(self, job: ReadJob) -> Reading:
        """Read one article within the time limit.

        Raises:
            ReadError: The page has no text, or its process was killed or died.
        """


class Similarity(Protocol):
    """How alike two stretches of Arabic are, 0..1. Symmetric; 1 for equal folded text."""

    name: str

    def score(self, one: str, others: Sequence[str]) -> list[float]:
        """The likeness of `one` to each of `others`, in their order."""


class JudgeAnswer(StrEnum):
    """All that a judge may say of a sentence beside a known one. `UNSURE` stands for every failure, too."""

    SAME = "same"
    DIFFERENT = "different"
    CONFLICT = "conflict"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeVerdict:
    """A judge's answer. Spans are half-open offsets into what it was given; no word of its own is kept."""

    answer: JudgeAnswer
    by: str
    known_span: tuple[int, int] | None = None
    incoming_span: tuple[int, int] | None = None


class Judge(Protocol):
    """Somebody who reads two sentences and says how one stands to the other: it can raise doubt, and nothing else."""

    async def judge(self, known: str, incoming: str) -> JudgeVerdict:
        """How `incoming` stands to `known`. Never raises: what goes wrong is logged, and the answer is unsure."""


class Notify(Protocol):
    """One channel: mail, webhook or chat. `recipients` get alerts, `operators` notices."""

    channel: str
    recipients: tuple[str, ...]
    operators: tuple[str, ...]

    async def send(self, delivery: Delivery) -> None:
        """Deliver one alert or notice to one recipient.

        Raises:
            DeliveryError: `transient` says whether to try again.
        """


@runtime_checkable
class NotifyTogether(Notify, Protocol):
    """A channel that can put several alerts into one message, and does so where `bundles`."""

    bundles: bool

    async def send_together(self, bundle: str, deliveries: tuple[Delivery, ...]) -> None:
        """Deliver what one recipient gets of a bundle as one message, known again by `bundle`.

        Raises:
            DeliveryError: `transient` says whether to try again.
        """


class SubscriptionState(StrEnum):
    """Where a feed stands with its hub. `LEFT` is what is to be forgotten, and is never stored."""

    ASKED = "asked"
    ACTIVE = "active"
    REFUSED = "refused"
    DENIED = "denied"
    LEAVING = "leaving"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What one feed's hub was asked for (WebSub), and what it said.

    `token` is the unguessable part of the address that the hub was given, `secret` what it signs with; neither is
    shown. `asked_at`: when it was last asked, or denied. `asks`: how often since it last confirmed, 0 when it has.
    `lease_until`: how long it has promised to tell us.
    """

    feed_id: str
    hub: str
    topic: str
    token: str = field(repr=False)
    secret: str = field(repr=False)
    state: SubscriptionState
    asked_at: datetime
    asks: int = 1
    lease_until: datetime | None = None


class Subscriptions(Protocol):
    """The archive's book of what hubs were asked for, one subscription to a feed. Short and synchronous."""

    def every(self) -> tuple[Subscription, ...]:
        """All of them, by feed."""

    def of(self, token: str) -> Subscription | None:
        """The one that `token` belongs to."""

    def keep(self, subscription: Subscription, /) -> None:
        """Keep it in place of what its feed had."""

    def drop(self, subscription: Subscription, /) -> None:
        """Forget it; one that took its place stays."""


class Archive(Protocol):
    """The single writer's view of the archive. Every method is short and synchronous."""

    def feed_states(self) -> tuple[FeedState, ...]:
        """The state of every feed ever polled."""

    def unseen(self, entries: Iterable[FeedEntry]) -> tuple[FeedEntry, ...]:
        """Those of `entries` none of whose keys has been recorded, in their order."""

    def recall(self, reading: Reading) -> Recall:
        """What the ledger holds near `reading`."""

    def due_checks(self, now: datetime, limit: int) -> tuple[DueCheck, ...]:
        """Articles that are to be read again by now, the stalest for their age first."""

    def commit(self, commit: Commit, /) -> None:
        """Store everything in `commit`, or nothing. Storing the same twice is a no-op."""

    def standing_alarms(self) -> tuple[Alarm, ...]:
        """Alarms that have not been cleared, oldest first."""

    def volumes(self, now: datetime) -> tuple[Volume, ...]:
        """How many new articles each feed has brought, by feed id; without feeds that have brought none."""

    def screen_sample(self, since: datetime) -> tuple[int, int]:
        """Articles that were screened out and read all the same: how many, and how many were in scope."""

    def counts_since(self, since: datetime) -> Counts:
        """What was done since a moment."""

    def last_notice_at(self, kind: NoticeKind) -> datetime | None:
        """When the last notice of a kind was made, None before the first."""

    def due_deliveries(self, now: datetime, limit: int = 50) -> tuple[Delivery, ...]:
        """Queued deliveries whose next try is due and that nobody is at, oldest first."""

    def queued_channels(self) -> tuple[str, ...]:
        """Channels that something is queued for, due or not, by name."""

    def lease(
        self,
        channel: str,
        now: datetime,
        until: datetime,
        *,
        recipients: int,
        besides: Collection[str] = (),
        bundled: bool = False,
    ) -> tuple[tuple[Delivery, ...], ...]:
        """Take the next message of up to so many recipients; nobody else is handed them before `until`.

        Each message is its deliveries: one, or where `bundled` all of a bundle that are due. There is none for
        recipients `besides`, nor for one that has a message on its way.
        """

    def give_back(self, deliveries: Iterable[Delivery]) -> None:
        """End the leases of what was not begun."""

    def record(self, *results: DeliveryResult, counted: bool = True, gone: bool = False) -> None:
        """Keep how one try at one message ended, for each of its deliveries, and end their leases.

        `counted`: the try counts towards the last one. `gone`: the receiver wants no more of anything.
        """

    def disabled(self) -> tuple[Disabled, ...]:
        """Receivers that want no more, the first to say so first."""
