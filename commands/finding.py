"""What lies at an address: a feed, or a page of a site that may have one elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from monitor.errors import EncodingBroken, FeedNotFeed, FetchDeadline, FetchStatus, RasidError
from monitor.ports import FeedJob
from monitor.reading.discovery import Candidate, candidates, sitemaps_in

if TYPE_CHECKING:
    from monitor.model import Page, ParsedFeed
    from monitor.ports import Compute, Fetch

MAX_REQUESTS: Final = 12
"""For one feed to be found: the address given, robots.txt, and ten guesses."""
_ASKED_BEFORE: Final = 2
_NO_FEED_HERE = (FeedNotFeed, FetchStatus, EncodingBroken)
"""Answers after which the site's feed may yet be elsewhere; after any other its addresses would fail alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One address looked at: the feed there, or why there is none. `page` is there where something was fetched."""

    url: str
    how: str = "given"
    title: str = ""
    page: Page | None = None
    feed: ParsedFeed | None = None
    error: RasidError | None = None

    @property
    def entries(self) -> int:
        """How many the feed lists."""
        return 0 if self.feed is None else len(self.feed.entries)

    def row(self) -> dict[str, Any]:
        """As `feeds check` tells it."""
        if self.feed is None:
            error = self.error or FeedNotFeed(f"{self.url}: no feed")
            told = {"ok": False, "code": error.code, "message": _shown(error.message), "entries": 0}
            return {"url": _shown(self.url)} | told
        message = f"{self.feed.kind}: {self.feed.title}" + (" (breaks off)" if self.feed.partial else "")
        return {"url": _shown(self.url), "ok": True, "code": None, "message": message, "entries": self.entries}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A feed looked for: where it was found, what was looked at, the given address first, and what was not."""

    found: Look | None
    tried: tuple[Look, ...]
    left: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookout:
    """Looks at addresses, one parser for all of them."""

    fetch: Fetch
    compute: Compute
    max_entries: int

    async def at(self, url: str, *, select: str | None = None, robots: bool = True) -> Look:
        """What lies at `url`. Whatever goes wrong is in what is returned.

        Args:
            url: Any text.
            select: Selector of a listing page's links, where it is to be one.
            robots: False where the site's owner has agreed to what its robots.txt forbids.
        """
        page: Page | None = None
        try:
            page = await self.fetch.get(url, robots=robots)
            return Look(url=url, page=page, feed=await self._parsed(page, select))
        except RasidError as error:
            return Look(url=url, page=page, error=error)
        except Exception as error:  # noqa: BLE001 - a check ends with a code, whatever it met
            return Look(url=url, page=page, error=RasidError(f"{url}: {type(error).__name__}: {error}"))

    async def _parsed(self, page: Page, select: str | None) -> ParsedFeed:
        job = FeedJob(
            feed_id="check",
            url=page.final_url,
            body=page.body,
            content_type=page.content_type,
            max_entries=self.max_entries,
            select=select,
        )
        return await self.compute.parse(job)

    async def elsewhere(self, given: Look) -> tuple[Candidate, ...]:
        """Where the site of an address that is no feed may have one: one request more, for its robots.txt."""
        url, body, content_type = given.url, b"", ""
        if given.page is not None:
            url, body, content_type = given.page.final_url, given.page.body, given.page.content_type
        sitemaps: tuple[str, ...] = ()
        try:
            robots = await self.fetch.get(urljoin(url, "/robots.txt"), robots=False)
            sitemaps = sitemaps_in(robots.body.decode("utf-8", "replace"), robots.final_url)
        except RasidError:
            pass  # most sites have one, and few name a sitemap in it
        return await asyncio.to_thread(candidates, body, url=url, content_type=content_type, sitemaps=sitemaps)

    @staticmethod
    def may_be_elsewhere(given: Look) -> bool:
        """Whether there is any use in looking further: a host that cannot be reached has no other address either."""
        return isinstance(given.error, _NO_FEED_HERE)

    async def search(self, url: str) -> Search:
        """The feed at `url`, else the first with entries that its site has, within `MAX_REQUESTS`.

        Raises:
            RasidError: The address cannot be fetched, so that its site's others cannot be either.
        """
        given = await self.at(url)
        if given.error is None:
            return Search(found=given, tried=(given,))
        if not self.may_be_elsewhere(given):
            raise given.error
        listed = await self.elsewhere(given)
        tried = [given]
        for number, candidate in enumerate(listed[: MAX_REQUESTS - _ASKED_BEFORE], 1):
            tried.append(await self.of(candidate))
            if tried[-1].entries:
                return Search(found=tried[-1], tried=tuple(tried), left=listed[number:])
            if isinstance(tried[-1].error, FetchDeadline):
                break  # nobody waits minutes for a site that has stopped answering
        return Search(found=None, tried=tuple(tried))

    async def of(self, candidate: Candidate) -> Look:
        """A candidate looked at."""
        return replace(await self.at(candidate.url), how=candidate.how, title=candidate.title)


def _shown(text: str) -> str:
    """What stdout can carry: an argument that was not UTF-8 is."""
    return text.encode("utf-8", "replace").decode()
