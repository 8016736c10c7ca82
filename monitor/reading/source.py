"""A source's answer to its entries, whatever it is: a feed, a news sitemap, or a page that lists links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import FeedNotFeed, RasidError
from monitor.reading.feed import read_feed
from monitor.reading.links import with_links
from monitor.reading.listing import read_listing

if TYPE_CHECKING:
    from monitor.model import ParsedFeed
    from monitor.ports import FeedJob


def read_source(job: FeedJob) -> ParsedFeed:
    """The entries of one answer.

    Raises:
        FeedError: It is not what it is polled as, or a hostile one.
        EncodingBroken: No charset makes sense of it.
    """
    try:
        if job.select is not None:
            found = read_listing(
                job.body,
                url=job.url,
                content_type=job.content_type,
                select=job.select,
                max_entries=job.max_entries,
                known=job.known,
            )
        else:
            found = read_feed(
                job.body, url=job.url, content_type=job.content_type, max_entries=job.max_entries, known=job.known
            )
        return with_links(found) if job.search else found
    except RasidError:
        raise
    except Exception as exc:  # parsers raise whatever a crafted document makes them raise
        raise FeedNotFeed(f"{job.url}: no feed that can be parsed ({type(exc).__name__}: {exc})") from exc
