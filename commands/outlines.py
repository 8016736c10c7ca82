"""Which feeds of an OPML file are taken up, each judged on its own: those that may not be polled stop no other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlsplit

from xxhash import xxh32_hexdigest

from monitor.adapters.addresses import is_public
from monitor.adapters.opml import MAX_OUTLINES
from monitor.errors import ConfigError, FetchPrivate, FetchScheme, InputMalformed, RasidError
from monitor.reading.identity import MAX_URL_CHARS, canonical_url, usable_link
from monitor.settings import FeedTable
from monitor.settings.feeds import feed_from

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.adapters.opml import Outline, Outlines
    from monitor.model import FeedSource

_KINDS = frozenset(get_args(FeedTable.model_fields["kind"].annotation))
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
_HOST_CHARS = 50
_SHOWN_CHARS = 200


def made_id(url: str, taken: Iterable[str] = ()) -> str:
    """An id out of an address: its host, and as much of a digest of the whole as sets it apart from those taken."""
    host = re.sub(r"[^a-z0-9]+", "-", (host_of(url) or "feed").lower())[:_HOST_CHARS].strip("-") or "feed"
    digest = xxh32_hexdigest(url.encode("utf-8", "surrogatepass"))
    return next((made for chars in (4, 6) if (made := f"{host}-{digest[:chars]}") not in taken), f"{host}-{digest}")


@dataclass(slots=True)
class Intake:
    """Feeds being taken up beside those configured: `known` ids by canonical address, `fresh` what is to be added."""

    known: dict[str, str]
    allow_private: bool
    fresh: list[FeedSource] = field(default_factory=list)

    def rows(self, found: Outlines) -> Iterable[dict[str, Any]]:
        """What becomes of each feed of the file, in order, and of those beyond the cap as one."""
        for outline in found.outlines:
            yield self._row(outline)
        if found.beyond:
            error = InputMalformed(f"{found.beyond} more feeds are passed over: {MAX_OUTLINES} are read from a file")
            yield _row(MAX_OUTLINES + 1, None, error=error)

    def _row(self, outline: Outline) -> dict[str, Any]:
        there = self.known.get(canonical_url(outline.url)) if outline.url else None
        if there is not None:
            return _row(outline.number, outline.url, message="known", feed_id=there)
        try:
            feed = self._feed(outline)
        except RasidError as error:
            return _row(outline.number, outline.url or None, error=error)
        self.known[canonical_url(feed.url)] = feed.id
        self.fresh.append(feed)
        return _row(outline.number, feed.url, message="added", feed_id=feed.id)

    def _feed(self, outline: Outline) -> FeedSource:
        """The feed of an outline.

        Raises:
            RasidError: With the code that says why it may not be polled.
        """
        private = _check_address(outline, allow_private=self.allow_private)
        own, taken = dict(outline.own), set(self.known.values())
        table = {
            **own,
            "url": outline.url,
            "outlet": outline.outlet or host_of(outline.url),
            "kind": outline.category if outline.category in _KINDS else "news",
            "allow_private": private,
        }
        named = own.get("id")
        if named is not None and named not in taken:
            try:
                return feed_from(table)
            except ConfigError as error:
                if not any(problem.startswith("id: ") for problem in error.problems):
                    raise
        return feed_from(table | {"id": made_id(outline.url, taken)})


def _check_address(outline: Outline, *, allow_private: bool) -> bool:
    """Whether a feed's address is a private one by its very letters; a name that leads to one is told when polled."""
    if not outline.url:
        raise InputMalformed(f"feed {outline.number}: xmlUrl is missing")
    try:
        scheme = urlsplit(outline.url).scheme
    except ValueError as exc:
        raise FetchScheme(outline.url[:_SHOWN_CHARS], str(exc)) from exc
    if scheme not in {"http", "https"}:
        raise FetchScheme(outline.url[:_SHOWN_CHARS], "only http and https are fetched")
    if usable_link(outline.url, base="") is None:
        raise FetchScheme(
            outline.url[:_SHOWN_CHARS], "too long, or with a user name, backslash or unprintable character"
        )
    private = _names_private(host_of(outline.url))
    if private and not allow_private:
        raise FetchPrivate(outline.url, "not a public address; --allow-private takes it")
    return private


def _names_private(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    numeric = ":" in host or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None
    return numeric and not is_public(host)


def host_of(url: str) -> str:
    """The host that an address names; empty where it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _row(
    number: int, url: str | None, *, message: str = "", feed_id: str | None = None, error: RasidError | None = None
) -> dict[str, Any]:
    told = {"ok": True, "code": None, "message": message} if error is None else _refused(error)
    return {"number": number, "url": url and url[:MAX_URL_CHARS]} | told | {"id": feed_id}


def _refused(error: RasidError) -> dict[str, Any]:
    return {"ok": False, "code": error.code, "message": error.message}
