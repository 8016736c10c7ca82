"""Files handed in become jobs in order; what is not what it claims to be is named, and the rest goes on."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.adapters.files import read_files
from monitor.errors import InputMalformed, InputMissing, RasidError
from monitor.lexicon import load_lexicon
from monitor.ports import ReadJob
from monitor.reading.arabic import fold
from monitor.reading.date_index import DateIndex

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 18, tzinfo=UTC)
FEBRUARY = {"id": "february", "number": 2, "calendar": "gregorian", "forms": ["فبراير"]}


def read(*paths: Path) -> list[ReadJob | RasidError]:
    return list(read_files(paths, now=lambda: NOW))


def job(path: Path) -> ReadJob:
    (found,) = read(path)
    assert isinstance(found, ReadJob)
    return found


def warc(url: str, html: str, status: str = "200 OK", kind: str = "text/html; charset=utf-8") -> bytes:
    http = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(html.encode())}\r\n\r\n{html}".encode()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2018-05-29T10:00:00Z\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + http + b"\r\n\r\n")


def test_a_text_file_keeps_its_text_as_it_is_and_its_stem_as_id(tmp_path: Path) -> None:
    path = tmp_path / "000_a.txt"
    path.write_bytes("\ufeffعنوان\r\n\r\nنص ".encode())
    found = job(path)
    assert (found.article_id, found.text, found.html) == ("000_a", "\ufeffعنوان\r\n\r\nنص ", None)


def test_a_line_of_json_becomes_title_line_end_text(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    row = {
        "id": 7,
        "url": "https://example.org/a",
        "title": "عنوان",
        "text": "نص",
        "published_at": "2018-05-29T10:00:00",
    }
    path.write_text(json.dumps(row | {"publisher": "صحيفة"}), encoding="utf-8")
    found = job(path)
    assert (found.article_id, found.url, found.text, found.outlet) == (
        "7",
        "https://example.org/a",
        "عنوان\nنص",
        "صحيفة",
    )
    assert found.published_at == datetime(2018, 5, 29, 10, tzinfo=UTC)


def test_a_bare_headline_is_an_article_of_its_title(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"id": "h", "title": "عنوان", "text": ""}), encoding="utf-8")
    found = job(path)
    assert (found.title, (found.text or "").strip()) == ("عنوان", "عنوان")


@pytest.mark.parametrize("date", ["soon", 7, None, "0000-01-01", "9999-12-31T23:59:59-14:00"])
def test_a_date_that_is_none_is_unknown_and_never_now(tmp_path: Path, date: object) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "نص", "published_at": date}), encoding="utf-8")
    assert job(path).published_at is None


@pytest.mark.parametrize(
    ("date", "meant"),
    [
        ("Wed, 02 May 2018 12:45:28 GMT", datetime(2018, 5, 2, 12, 45, 28, tzinfo=UTC)),
        ("11/02/2018 12:01:00", datetime(2018, 2, 11, 12, 1, tzinfo=UTC)),
        ("14 فبراير 2018 - 12:30", datetime(2018, 2, 14, 12, 30, tzinfo=UTC)),
        ("تم النشر منذُ  19 ساعة", None),
    ],
)
def test_a_line_is_dated_however_its_date_is_written(tmp_path: Path, date: str, meant: datetime | None) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "نص", "published_at": date}), encoding="utf-8")
    lexicon, _ = load_lexicon({"months": {"entry": [FEBRUARY]}}, fold)
    (found,) = read_files([path], now=lambda: NOW, dates=DateIndex.from_lexicon(lexicon))
    assert isinstance(found, ReadJob)
    assert (found.published_at, found.published_source) == (meant, None if meant is None else "input")


def test_pages_of_a_warc_archive_keep_their_address_and_time(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc.gz"
    records = [
        warc("https://example.org/a", "<p>نص</p>"),
        warc("https://example.org/gone", "", "404 Not Found"),
        warc("https://example.org/a.png", "x", kind="image/png"),
        warc("https://example.org/b?utm_source=x", "<p>آخر</p>"),
    ]
    path.write_bytes(b"".join(records))
    found = [one for one in read(path) if isinstance(one, ReadJob)]
    assert [one.url for one in found] == ["https://example.org/a", "https://example.org/b?utm_source=x"]
    assert found[0].html == "<p>نص</p>".encode()
    assert found[0].fetched_at == datetime(2018, 5, 29, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("latin.txt", b"\xe9\xe8"),
        ("a.pdf", b"%PDF"),
        ("list.jsonl", b"[1]"),
        ("both.jsonl", b'{"text": "a", "html": "b"}'),
        ("none.jsonl", b'{"title": "a"}'),
        ("deep.jsonl", b"[" * 100_000),
        ("bytes.jsonl", b"\xff\xfe{"),
        ("empty.warc.gz", b""),
        ("page.warc.gz", b"<html>"),
        ("cut.warc.gz", warc("https://example.org/a", "x" * 5000)[:60]),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_malformed(tmp_path: Path, name: str, body: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    found = read(path)
    assert [type(one) for one in found] == [InputMalformed]
    assert name in str(found[0])


def test_a_missing_file_and_a_folder_stand_in_their_place(tmp_path: Path) -> None:
    good = tmp_path / "good.html"
    good.write_bytes(b"<p>x</p>")
    found = read(tmp_path / "none.txt", good, tmp_path)
    assert [type(one) for one in found] == [InputMissing, ReadJob, InputMalformed]
