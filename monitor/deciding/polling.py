"""What follows from a poll: where the feed stands afterwards, and whether an entry that failed is tried again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.errors import ExtractCrash, ExtractTimeout, FetchTruncated, RasidError
from monitor.model import FeedState

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Page

KILLED_TRIES = 2
"""A page whose reading was killed is tried once more, then left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of a feed's entries. `owed`: some failed for now; `partial`: the feed broke off."""

    fresh: int = 0
    owed: bool = False
    partial: bool = False


def after_success(before: FeedState, page: Page, taken: Taken, *, next_poll_at: datetime) -> FeedState:
    """The state of a feed that answered.

    The answer's validators are kept only if nothing of it is owed: with them, the next answer would be "not
    modified", and what is owed would be lost.
    """
    kept = (before.etag, before.last_modified) if page.not_modified else (page.etag, page.last_modified)
    if taken.owed or taken.partial:
        kept = (None, None)
    broken = FetchTruncated(page.final_url, "the feed breaks off; what it held was read, the rest comes next time")
    return FeedState(
        feed_id=before.feed_id,
        next_poll_at=next_poll_at,
        etag=kept[0],
        last_modified=kept[1],
        last_ok_at=page.fetched_at,
        last_error_code=broken.code if taken.partial else None,
        last_error=broken.message if taken.partial else None,
        entries_seen=before.entries_seen + taken.fresh,
    )


def after_failure(before: FeedState, error: RasidError, *, next_poll_at: datetime) -> FeedState:
    """The state of a feed that did not: one failure more, its validators as they were."""
    return replace(
        before,
        next_poll_at=next_poll_at,
        failures=before.failures + 1,
        last_error_code=error.code,
        last_error=error.message,
    )


def allowed_tries(error: RasidError, tries: int) -> int:
    """In how many polls an entry that ended with `error` is tried, at least one.

    >>> allowed_tries(ExtractTimeout("http://example.org/: 20 s"), 5)
    2
    """
    if isinstance(error, ExtractTimeout | ExtractCrash):
        return min(KILLED_TRIES, tries)
    return tries if error.transient else 1
