"""What a feed says about being polled: how long it asks to be left alone, and which hub announces it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from monitor.model import FeedWishes
from monitor.reading.identity import usable_link

if TYPE_CHECKING:
    from collections.abc import Iterable

_DAY_S: Final = 86_400
"""Longest wish that is taken: a feed that is looked at once a month brings no news."""
_PERIODS_S: Final = {
    "hourly": 3600,
    "daily": _DAY_S,
    "weekly": 7 * _DAY_S,
    "monthly": 30 * _DAY_S,
    "yearly": 365 * _DAY_S,
}
_MINUTE_S: Final = 60


def xml_wishes(feed: Any, url: str) -> FeedWishes:  # noqa: ANN401 - what feedparser made of the feed's own elements
    """Those of RSS and Atom: `ttl` in minutes, the syndication module, links with rel `hub` and `self`.

    Of two rests the longer one is wished for. A value that makes no sense is passed over, as if it were absent.
    """
    ttl = _number(feed.get("ttl"))
    rests: list[float] = [ttl * _MINUTE_S] if ttl else []
    period = str(feed.get("sy_updateperiod") or "").strip().lower()
    if period in _PERIODS_S:
        rests.append(_PERIODS_S[period] / (_number(feed.get("sy_updatefrequency")) or 1))
    listed = feed.get("links")
    links = [link for link in listed if isinstance(link, dict)] if isinstance(listed, list) else []
    return FeedWishes(
        ttl_s=float(min(max(rests), _DAY_S)) if rests else None,
        hub=_first((link.get("href") for link in links if "hub" in str(link.get("rel")).split()), url),
        topic=_first((link.get("href") for link in links if "self" in str(link.get("rel")).split()), url),
    )


def json_wishes(feed: dict[str, Any], url: str) -> FeedWishes:
    """Those of JSON Feed: the `hubs` it lists, of whatever type, and its `feed_url`."""
    hubs = feed.get("hubs")
    addresses = [hub.get("url") for hub in hubs if isinstance(hub, dict)] if isinstance(hubs, list) else []
    return FeedWishes(hub=_first(addresses, url), topic=_first([feed.get("feed_url")], url))


def _first(addresses: Iterable[object], url: str) -> str | None:
    links = (usable_link(address, base=url) for address in addresses if isinstance(address, str))
    return next((link for link in links if link is not None), None)


def _number(value: object) -> int | None:
    """A whole number above zero, in the digits of any script."""
    try:
        number = int(value) if isinstance(value, str) else 0
    except ValueError:
        return None
    return number if number > 0 else None
