"""The articles of a feed's entries: which are worth fetching, and what is read where none is fetched."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from xxhash import xxh3_128_hexdigest

from monitor.errors import FetchError, FetchUnavailable
from monitor.pipeline.settling import Attempt, read_job
from monitor.ports import ReadJob
from monitor.reading.screen import sampled, screen
from monitor.reading.words import words_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from monitor.model import FeedEntry, FeedSource, Page
    from monitor.pipeline.settling import Ports
    from monitor.reading.words import ReadConfig

PASSED, OUT, SAMPLED = "passed", "out", "sampled"

_TIRED: Final = 3
"""Articles in a row that a host did not answer for, after which the rest of them waits for the next poll."""
_SCREENED_OUT: Final = "screened-out:"


def id_of(entry: FeedEntry) -> str:
    """The id of the article behind a feed entry: of its canonical URL, whichever feed brought it."""
    return xxh3_128_hexdigest(entry.keys[0].encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleReader:
    """Fetches and reads what entries lead to, as their feed asks for it."""

    ports: Ports
    words: ReadConfig | None
    sample: float

    def verdict(self, feed: FeedSource, entry: FeedEntry) -> str | None:
        """`passed`, `out`, or `sampled` where it is read although it was out; None where nothing is screened."""
        if feed.read == "all" or self.words is None:
            return None
        if screen(entry.title, entry.summary, entry.url, words_of(self.words)).passed:
            return PASSED
        return SAMPLED if sampled(entry.keys[0], self.sample) else OUT

    def keyed(self, feed: FeedSource, entry: FeedEntry) -> FeedEntry:
        """The entry as it is remembered: one that is ruled out is known by its words alone.

        Should its headline change, it is judged again; and a feed that reads everything reads it.
        """
        if self.verdict(feed, entry) != OUT:
            return entry
        told = "\0".join((entry.keys[0], entry.title, entry.summary))
        return replace(entry, keys=(_SCREENED_OUT + xxh3_128_hexdigest(told.encode("utf-8", "surrogatepass")),))

    def of(self, feed: FeedSource) -> Callable[[FeedEntry], Awaitable[tuple[FeedEntry, Attempt]]]:
        """What fetches and reads one entry of this feed after another; a host that is down is left alone then."""
        silent: Counter[str] = Counter()

        async def read(entry: FeedEntry) -> tuple[FeedEntry, Attempt]:
            if entry.keys[0].startswith(_SCREENED_OUT):
                return entry, Attempt(screen=OUT)
            attempt = await self._read(feed, entry, silent)
            return entry, replace(attempt, screen=self.verdict(feed, entry))

        return read

    async def _read(self, feed: FeedSource, entry: FeedEntry, silent: Counter[str]) -> Attempt:
        if feed.read == "summary" or entry.opaque:
            return await read_job(self.ports, self._job(feed, entry, None))
        host = urlsplit(entry.url).hostname or ""
        if silent[host] >= _TIRED:
            why = f"not tried this time: {host} did not answer for {_TIRED} articles in a row"
            return Attempt(error=FetchUnavailable(entry.url, why), untried=True)
        try:
            page = await self.ports.fetch.get(entry.url, robots=not feed.ignore_robots)
        except FetchError as error:
            silent[host] = silent[host] + 1 if error.transient else 0
            return Attempt(error=error, instead=self._job(feed, entry, None))
        silent[host] = 0
        return await read_job(self.ports, self._job(feed, entry, page))

    def _job(self, feed: FeedSource, entry: FeedEntry, page: Page | None) -> ReadJob:
        """The entry's page to read, or what the feed itself says of it."""
        return ReadJob(
            article_id=id_of(entry),
            url=entry.url if page is None else page.final_url,
            outlet=entry.outlet or feed.outlet,
            fetched_at=self.ports.clock.now() if page is None else page.fetched_at,
            html=None if page is None else page.body,
            text=f"{entry.title}\n{entry.summary}" if page is None else None,
            content_type="" if page is None else page.content_type,
            title=entry.title or None,
            published_at=entry.published_at,
            published_source=None if entry.published_at is None else "feed",
            owner=None if entry.outlet else feed.owner,
            byline=entry.author,
            lane=feed.id,
        )
