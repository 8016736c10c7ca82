"""Files an operator hands in, as jobs to read: text, saved pages, JSON lines, WARC archives.

What cannot be opened stands in its place as an error, so that one bad file or line costs itself alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from fastwarc.warc import ArchiveIterator, WarcRecordType
from xxhash import xxh3_128_hexdigest

from monitor.errors import InputMalformed, InputMissing, RasidError
from monitor.ports import ReadJob
from monitor.reading.identity import canonical_url
from monitor.reading.moments import read_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.reading.date_index import DateIndex

    _Reader: TypeAlias = Callable[[Path, datetime], Iterator[ReadJob | RasidError]]

KINDS = (".txt", ".html", ".htm", ".jsonl", ".warc", ".warc.gz")
MAX_FILE_BYTES = 100 * 1024 * 1024
"""Of a text or a page; JSON lines and WARC files are read piece by piece, and may be of any size."""
MAX_LINE_BYTES = 15 * 1024 * 1024

_SURROGATE = re.compile("[\ud800-\udfff]")


def read_files(
    paths: Iterable[Path], *, now: Callable[[], datetime], dates: DateIndex | None = None
) -> Iterator[ReadJob | RasidError]:
    """Jobs in the order of the paths, and of what stands in each.

    Args:
        paths: Files; the kind is told by the name's ending, one of `KINDS`.
        now: When a file counts as fetched.
        dates: The words of dates, for lines of JSON that date an article in words.
    """
    readers: dict[str, _Reader] = {**_READERS, ".jsonl": partial(_lines, dates=dates)}
    for path in paths:
        reader = readers.get(_kind(path))
        try:
            if not path.exists():
                yield InputMissing(f"{path}: there is no such file")
            elif reader is None or not path.is_file():
                yield InputMalformed(f"{path}: not a file of a known kind; allowed: {', '.join(KINDS)}")
            else:
                yield from reader(path, now())
        except OSError as error:
            yield InputMissing(f"{path}: cannot be read: {error.strerror}")


def _kind(path: Path) -> str:
    return next((kind for kind in sorted(KINDS, key=len, reverse=True) if path.name.lower().endswith(kind)), "")


def _job(path: Path, now: datetime) -> ReadJob:
    return ReadJob(article_id=path.stem, url=f"file:{path.name}", outlet=path.parent.name or "file", fetched_at=now)


def _text(path: Path, now: datetime) -> Iterator[ReadJob | RasidError]:
    """The text is the file's own, unchanged; its first line is the title."""
    try:
        text = _bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        yield InputMalformed(f"{path}: not UTF-8 at byte {error.start}")
        return
    yield replace(_job(path, now), text=text)


def _page(path: Path, now: datetime) -> Iterator[ReadJob | RasidError]:
    yield replace(_job(path, now), html=_bytes(path), content_type="text/html")


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        body = file.read(MAX_FILE_BYTES + 1)
    if len(body) > MAX_FILE_BYTES:
        raise OSError(27, f"larger than {MAX_FILE_BYTES} bytes")
    return body


def _lines(path: Path, now: datetime, *, dates: DateIndex | None) -> Iterator[ReadJob | RasidError]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                yield InputMalformed(f"{path}:{number}: the line is longer than {MAX_LINE_BYTES} bytes")
                return
            if line.strip():
                yield _line(path, number, line, now, dates=dates)


def _line(path: Path, number: int, line: bytes, now: datetime, *, dates: DateIndex | None) -> ReadJob | RasidError:
    where = f"{path}:{number}"
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return InputMalformed(f"{where}: not a line of JSON: {error}")
    if not isinstance(row, dict):
        return InputMalformed(f"{where}: not a JSON object")
    text, html = _string(row, "text"), _string(row, "html")
    title, url = _string(row, "title"), _string(row, "url")
    if title is not None and html is None and row.get("text") == "":
        text = ""  # a bare headline
    if (text is None) == (html is None):
        return InputMalformed(f"{where}: needs either text or html")
    whole = text if text is None or title is None else f"{title}\n{text}"
    published = read_moment(row.get("published_at"), dates)
    return ReadJob(
        article_id=_string(row, "id") or (_id(url) if url else f"{path.stem}-{number}"),
        url=url or f"file:{path.name}#{number}",
        outlet=_string(row, "publisher") or path.stem,
        fetched_at=now,
        text=whole,
        html=None if html is None else html.encode(),
        content_type="" if html is None else "text/html; charset=utf-8",
        title=title,
        published_at=published,
        published_source=None if published is None else "input",
    )


def _string(row: Mapping[str, Any], name: str) -> str | None:
    """The value as text that UTF-8 can carry; None for what is empty or of another type."""
    value = row.get(name)
    value = str(value) if isinstance(value, int) and name == "id" else value
    return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) and value else None


def _warc(path: Path, now: datetime) -> Iterator[ReadJob | RasidError]:
    """Every HTML answer with status 200, under the address and time it was fetched from and at."""
    records = 0
    try:
        with path.open("rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True):
                records += 1
                job = _record(record, path, now)
                if job is not None:
                    yield job
    except (OSError, ValueError, RuntimeError, EOFError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the file system's; fastwarc raises the bare class for a record that is none
        yield InputMalformed(f"{path}: breaks off after {records} records: {error}")
        return
    if not records:
        yield InputMalformed(f"{path}: holds no WARC records with an answer")


def _record(record: Any, path: Path, now: datetime) -> ReadJob | None:  # noqa: ANN401 - fastwarc ships no types
    url = record.headers.get("WARC-Target-URI")
    http = record.http_headers
    content_type = "" if http is None else http.get("Content-Type", "")
    if not url or http is None or http.status_code != 200 or "html" not in content_type:  # noqa: PLR2004 - HTTP's own
        return None
    return ReadJob(
        article_id=_id(url),
        url=url,
        outlet=path.name.partition(".")[0],
        fetched_at=read_moment(record.headers.get("WARC-Date")) or now,
        html=record.reader.read(MAX_LINE_BYTES),
        content_type=content_type,
    )


def _id(url: str) -> str:
    """As `monitor.pipeline.id_of` does for a feed entry: of the canonical address."""
    return xxh3_128_hexdigest(canonical_url(url).encode("utf-8", "surrogatepass"))


_READERS: Mapping[str, _Reader] = {
    ".txt": _text,
    ".html": _page,
    ".htm": _page,
    ".warc": _warc,
    ".warc.gz": _warc,
}
