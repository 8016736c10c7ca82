"""Every error the product can raise, with the stable code that users see.

RasidError
├── ConfigError            E-CONFIG            settings, feeds, watchlist or lexicon are wrong
├── FetchError
│   ├── FetchUnavailable   E-FETCH-UNAVAILABLE no useful answer this time (transient)
│   ├── FetchDeadline      E-FETCH-DEADLINE    total time over (transient)
│   ├── FetchTooBig        E-FETCH-TOO-BIG     more bytes than the cap, declared or inflated
│   ├── FetchTruncated     E-FETCH-TRUNCATED   body shorter than promised (transient)
│   ├── FetchEncoding      E-FETCH-ENCODING    a content coding that was not asked for
│   ├── FetchPrivate       E-FETCH-PRIVATE     an address that may not be dialled
│   ├── FetchScheme        E-FETCH-SCHEME      not http or https, or a URL two parsers may read differently
│   ├── FetchRedirects     E-FETCH-REDIRECTS   too many hops, or a downgrade
│   ├── FetchRobots        E-FETCH-ROBOTS      the site's robots.txt asks us to stay away
│   └── FetchStatus        E-FETCH-STATUS      an HTTP error status
├── FeedError
│   ├── FeedNotFeed        E-FEED-NOT-FEED     the body is no feed (a page, JSON, empty)
│   └── FeedHostile        E-FEED-HOSTILE      entities, DTD
├── ReadError
│   ├── EncodingBroken     E-ENCODING          no charset makes sense of the bytes
│   ├── ExtractEmpty       E-EXTRACT-EMPTY     no article text in the page
│   ├── ExtractTimeout     E-EXTRACT-TIMEOUT   reading was killed at its time limit
│   ├── ExtractCrash       E-EXTRACT-CRASH     the reading process died
│   └── InputMalformed     E-INPUT-MALFORMED   a file given to `ingest` cannot be read as what it claims to be
├── InputMissing           E-INPUT-MISSING     a file or id that is not there
├── ArchiveError
│   ├── ArchiveBusy        E-ARCHIVE-BUSY      locked by another process (transient)
│   ├── ArchiveCorrupt     E-ARCHIVE-CORRUPT   not a database, or damaged
│   ├── ArchiveSchema      E-ARCHIVE-SCHEMA    written by a newer version
│   ├── DiskFull           E-DISK-FULL         no space for the archive (transient)
│   ├── ArchiveNetwork     E-ARCHIVE-NETWORK   on a network file system, which a write-ahead log cannot stand
│   ├── AlreadyRunning     E-ALREADY-RUNNING   another worker holds the data folder
│   └── QueryTooSlow       E-QUERY-TOO-SLOW    a search was cut at its time limit
└── DeliveryError
    ├── MailUnavailable    E-MAIL-UNAVAILABLE  the SMTP server did not take it this time (transient)
    ├── MailRefused        E-MAIL-REFUSED      the SMTP server will not take it
    ├── MailAuth           E-MAIL-AUTH         credentials or TLS are wrong
    ├── WebhookUnavailable E-WEBHOOK-UNAVAILABLE  (transient)
    ├── WebhookRefused     E-WEBHOOK-REFUSED
    ├── ChatUnavailable    E-CHAT-UNAVAILABLE  the service did not take it this time (transient)
    └── ChatRefused        E-CHAT-REFUSED      the chat is configured no more, or this cannot be written
"""

from __future__ import annotations

import copyreg
from typing import Any

KeyPath = tuple[str | int, ...]
"""Where something stands in a file of the configuration: keys, and numbers of items from 0, from the outside in."""


class RasidError(Exception):
    """Base of all: `code` is stable, `transient` says whether trying again may help."""

    code = "E-RASID"
    transient = False

    def __init__(self, message: str) -> None:
        """Keep the one clear sentence that the user sees."""
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        """Code and sentence, as printed."""
        return f"{self.code}: {self.message}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by fields, not by calling `__init__` again: an error crosses from the reading process whole."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__.copy()  # type: ignore[attr-defined]


class ConfigError(RasidError):
    """All problems found in the configuration, at once."""

    code = "E-CONFIG"

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Each problem names its file and line, or its variable, its key and what is allowed."""
        super().__init__("; ".join(problems))
        self.problems = problems


class FetchError(RasidError):
    """Something is wrong with one URL."""

    code = "E-FETCH"

    def __init__(self, url: str, why: str, *, retry_after_s: float | None = None, status: int | None = None) -> None:
        """`retry_after_s` is what the server asked for; `status` its HTTP status, where there was one."""
        super().__init__(f"{url}: {why}")
        self.url, self.why, self.retry_after_s, self.status = url, why, retry_after_s, status


class FetchUnavailable(FetchError):
    """The server did not answer usefully this time."""

    code, transient = "E-FETCH-UNAVAILABLE", True


class FetchDeadline(FetchError):
    """The request outlived its total deadline."""

    code, transient = "E-FETCH-DEADLINE", True


class FetchTooBig(FetchError):
    """The body passes the cap."""

    code = "E-FETCH-TOO-BIG"


class FetchTruncated(FetchError):
    """The connection closed before the body was whole."""

    code, transient = "E-FETCH-TRUNCATED", True


class FetchEncoding(FetchError):
    """The answer uses a content coding that was not asked for."""

    code = "E-FETCH-ENCODING"


class FetchPrivate(FetchError):
    """The address is private, and the configuration does not name it."""

    code = "E-FETCH-PRIVATE"


class FetchScheme(FetchError):
    """The URL is not one that may be fetched."""

    code = "E-FETCH-SCHEME"


class FetchRedirects(FetchError):
    """The redirects do not end, or lead from https to http."""

    code = "E-FETCH-REDIRECTS"


class FetchRobots(FetchError):
    """The site's robots.txt asks robots of our name to stay away from this address."""

    code = "E-FETCH-ROBOTS"


class FetchStatus(FetchError):
    """The server answered with an error status."""

    code = "E-FETCH-STATUS"


class FeedError(RasidError):
    """A body cannot be used as a feed."""

    code = "E-FEED"


class FeedNotFeed(FeedError):
    """The body is no feed; the message shows how it begins."""

    code = "E-FEED-NOT-FEED"


class FeedHostile(FeedError):
    """The feed declares entities."""

    code = "E-FEED-HOSTILE"


class ReadError(RasidError):
    """A page or file cannot be read."""

    code = "E-READ"


class EncodingBroken(ReadError):
    """No charset makes sense of the bytes."""

    code = "E-ENCODING"


class ExtractEmpty(ReadError):
    """There is no article text in the page."""

    code = "E-EXTRACT-EMPTY"


class ExtractTimeout(ReadError):
    """Reading was killed at its time limit."""

    code = "E-EXTRACT-TIMEOUT"


class ExtractCrash(ReadError):
    """The reading process died."""

    code = "E-EXTRACT-CRASH"


class InputMalformed(ReadError):
    """A given file is not what its name says."""

    code = "E-INPUT-MALFORMED"


class InputMissing(RasidError):
    """A given file or id does not exist."""

    code = "E-INPUT-MISSING"


class ArchiveError(RasidError):
    """The archive cannot do what was asked."""

    code = "E-ARCHIVE"


class ArchiveBusy(ArchiveError):
    """Another process holds the database."""

    code, transient = "E-ARCHIVE-BUSY", True


class ArchiveCorrupt(ArchiveError):
    """The file is no database, or is damaged; it is left as it is."""

    code = "E-ARCHIVE-CORRUPT"


class ArchiveSchema(ArchiveError):
    """The database was written by a newer version."""

    code = "E-ARCHIVE-SCHEMA"


class ArchiveNetwork(ArchiveError):
    """The archive lies on a network file system."""

    code = "E-ARCHIVE-NETWORK"


class DiskFull(ArchiveError):
    """No space is left for the archive."""

    code, transient = "E-DISK-FULL", True


class AlreadyRunning(ArchiveError):
    """Another worker holds the data folder."""

    code = "E-ALREADY-RUNNING"


class QueryTooSlow(ArchiveError):
    """A search was cut at its time limit; fewer or rarer words help."""

    code = "E-QUERY-TOO-SLOW"


class DeliveryError(RasidError):
    """An alert did not reach its recipient; `retry_after_s` is what the receiver asked for."""

    code = "E-DELIVERY"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        """Keep the receiver's wish beside the sentence."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class MailUnavailable(DeliveryError):
    """The SMTP server did not take the message this time."""

    code, transient = "E-MAIL-UNAVAILABLE", True


class MailRefused(DeliveryError):
    """The SMTP server will not take the message."""

    code = "E-MAIL-REFUSED"


class MailAuth(DeliveryError):
    """Credentials or TLS are wrong: somebody must mend them, and until then the mails stay queued."""

    code = "E-MAIL-AUTH"


class WebhookUnavailable(DeliveryError):
    """The endpoint did not answer with a 2xx this time; `throttled`: it has more than it can take."""

    code, transient = "E-WEBHOOK-UNAVAILABLE", True

    def __init__(self, message: str, *, retry_after_s: float | None = None, throttled: bool = False) -> None:
        """`throttled` is about the endpoint, not about one message: whatever else waits for it should wait as well."""
        super().__init__(message, retry_after_s=retry_after_s)
        self.throttled = throttled


class WebhookRefused(DeliveryError):
    """The endpoint is gone, or may not be dialled."""

    code = "E-WEBHOOK-REFUSED"

    def __init__(self, message: str, *, gone: bool = False) -> None:
        """`gone`: the endpoint itself took leave, so that it is to be sent nothing more at all."""
        super().__init__(message)
        self.gone = gone


class ChatUnavailable(DeliveryError):
    """The chat's service did not take the message this time."""

    code, transient = "E-CHAT-UNAVAILABLE", True


class ChatRefused(DeliveryError):
    """The chat is configured no more, or the message cannot be written."""

    code = "E-CHAT-REFUSED"
