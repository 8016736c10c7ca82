"""Kept pages as a WARC 1.1 file (ISO 28500:2017), which archives of the web exchange and `ingest` reads.

For each page three records: the answer with the bytes as fetched, the text that was taken out of it, and what is known
of both. Each record is a gzip member of its own, as the standard's annex asks, and has the same id whenever it is
written.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

_DEFAULT_TYPE: Final = "text/html"
"""Pages kept before content types were: they were read as this."""
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_NOTE: Final = (
    "status line and header fields of answers are made anew: of what servers sent, the body is kept as it was after "
    "transfer and content coding, and its Content-Type"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A page as it was fetched, and the text that was read from it. Digests are SHA-256 in hexadecimal digits."""

    article: str
    version: int
    url: str
    fetched_at: str
    page: bytes
    sha256: str
    text: str
    text_sha256: str
    title: str
    outlet: str
    content_type: str | None = None
    extractor: str | None = None
    published_at: str | None = None


def warc(snapshots: Iterable[Snapshot], *, software: str, now: datetime) -> Iterator[bytes]:
    """A compressed WARC file, record by record.

    Args:
        snapshots: In the order in which they are to stand.
        software: Who writes it.
        now: When.
    """
    at = now.isoformat()
    about = {"software": software, "format": "WARC File Format 1.1", "description": _NOTE}
    yield _record("warcinfo", _id("file", at), at, _fields(about), {"Content-Type": "application/warc-fields"})
    for one in snapshots:
        yield from _records(one)


def _records(one: Snapshot) -> Iterator[bytes]:
    page_id, text_id, about_id = (
        _id(kind, one.article, one.version, one.fetched_at, one.sha256) for kind in ("page", "text", "about")
    )
    uri = {"WARC-Target-URI": quote(one.url, safe=_PRINTABLE)}
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {_line(one.content_type or _DEFAULT_TYPE)}\r\n"
    answer = f"{head}Content-Length: {len(one.page)}\r\n\r\n".encode() + one.page
    payload = {"WARC-Payload-Digest": f"sha256:{one.sha256}", "Content-Type": "application/http; msgtype=response"}
    yield _record("response", page_id, one.fetched_at, answer, uri | payload)
    of_page = uri | {"WARC-Refers-To": page_id}
    plain = {"Content-Type": "text/plain; charset=utf-8"}
    yield _record("conversion", text_id, one.fetched_at, one.text.encode(), of_page | plain)
    known = {
        "article": one.article,
        "version": str(one.version),
        "title": one.title,
        "outlet": one.outlet,
        "published": one.published_at,
        "extractor": one.extractor,
        "page-sha256": one.sha256,
        "text-sha256": one.text_sha256,
        "text-record": text_id,
    }
    about = _fields({name: value for name, value in known.items() if value})
    yield _record("metadata", about_id, one.fetched_at, about, of_page | {"Content-Type": "application/warc-fields"})


def _record(kind: str, record_id: str, at: str, block: bytes, more: dict[str, str]) -> bytes:
    named = {
        "WARC-Type": kind,
        "WARC-Record-ID": record_id,
        "WARC-Date": at.replace("+00:00", "Z"),
        **more,
        "WARC-Block-Digest": f"sha256:{hashlib.sha256(block).hexdigest()}",
        "Content-Length": str(len(block)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return gzip.compress(f"WARC/1.1\r\n{head}\r\n".encode() + block + b"\r\n\r\n", mtime=0)


def _fields(values: dict[str, str]) -> bytes:
    return "".join(f"{name}: {_line(value)}\r\n" for name, value in values.items()).encode()


def _line(text: str) -> str:
    """What can stand in a field: nothing in it begins another."""
    return _BREAKS.sub(" ", text).strip()


def _id(*parts: object) -> str:
    return f"<{uuid5(NAMESPACE_URL, 'rasid:' + repr(parts)).urn}>"
