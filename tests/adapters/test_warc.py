"""What is written as WARC is valid, tells the truth, and is read again as the same pages."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.adapters.files import read_files
from monitor.adapters.warc import Snapshot, warc
from monitor.demo.pages import LAYOUTS, copy_of, render
from monitor.ports import ReadJob
from monitor.reading.extract import EXTRACTOR, extract
from storage.seed import seed_articles

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 2, 1, 8, tzinfo=UTC)
PAGE = "<html><p>نص</p></html>".encode()


def snapshot(**changes: Any) -> Snapshot:
    page = changes.get("page", PAGE)
    text = changes.get("text", "عنوان\nنص")
    fields: dict[str, Any] = {
        "article": "a1",
        "version": 1,
        "url": "https://news.example/a1",
        "fetched_at": "2026-01-17T12:00:00.250000+00:00",
        "page": page,
        "sha256": hashlib.sha256(page).hexdigest(),
        "text": text,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "title": "عنوان",
        "outlet": "صحيفة المثال",
        "content_type": "text/html; charset=utf-8",
        "extractor": EXTRACTOR,
    }
    return Snapshot(**{**fields, **changes})


def written(*snapshots: Snapshot) -> bytes:
    return b"".join(warc(snapshots, software="Rasid", now=NOW))


def records(body: bytes) -> list[tuple[dict[str, str], bytes]]:
    """Each record's headers and block, as another reader sees them; its digests are right."""
    found = []
    for record in ArchiveIterator(io.BytesIO(body), parse_http=False):
        assert record.verify_block_digest()
        found.append((dict(record.headers), record.reader.read()))
    return found


def members(body: bytes) -> list[bytes]:
    found = []
    while body:
        unpack = zlib.decompressobj(wbits=31)
        found.append(unpack.decompress(body))
        body = unpack.unused_data
    return found


def test_a_page_is_an_answer_its_text_and_what_is_known_of_both() -> None:
    about_file, answer, text, about = records(written(snapshot()))
    assert [one[0]["WARC-Type"] for one in (about_file, answer, text, about)] == [
        *("warcinfo", "response", "conversion", "metadata")
    ]
    assert answer[0]["WARC-Target-URI"] == "https://news.example/a1"
    assert answer[0]["WARC-Date"] == "2026-01-17T12:00:00.250000Z"
    assert (
        answer[1] == b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 24\r\n\r\n" + PAGE
    )
    assert text[1].decode() == "عنوان\nنص"
    assert text[0]["WARC-Refers-To"] == about[0]["WARC-Refers-To"] == answer[0]["WARC-Record-ID"]
    assert f"extractor: {EXTRACTOR}\r\n".encode() in about[1]
    assert f"page-sha256: {hashlib.sha256(PAGE).hexdigest()}\r\n".encode() in about[1]
    assert "outlet: صحيفة المثال\r\n".encode() in about[1]


def test_each_record_is_a_member_of_version_1_1_and_ends_as_it_must() -> None:
    found = members(written(snapshot(), snapshot(version=2)))
    assert len(found) == 7
    for record in found:
        assert record.startswith(b"WARC/1.1\r\nWARC-Type: ")
        assert record.endswith(b"\r\n\r\n")
        head, _, rest = record.partition(b"\r\n\r\n")
        (length,) = [line for line in head.split(b"\r\n") if line.startswith(b"Content-Length: ")]
        assert len(rest) - 4 == int(length.split()[1])


def test_digests_cover_the_page_alone_and_the_whole_answer() -> None:
    body = written(snapshot())
    damaged = gzip.compress(gzip.decompress(body).replace("نص</p>".encode(), "نض</p>".encode()))
    for file, right in ((body, True), (damaged, False)):
        for record in ArchiveIterator(io.BytesIO(file), record_types=WarcRecordType.response):
            assert record.verify_payload_digest() is right


def test_ids_are_the_same_each_time_and_apart_for_each_record() -> None:
    one = snapshot()
    first, again = written(one, snapshot(version=2)), written(one, snapshot(version=2))
    assert first == again
    ids = [headers["WARC-Record-ID"] for headers, _ in records(first)]
    assert len(set(ids)) == len(ids) == 7


@pytest.mark.parametrize("field", ["title", "outlet", "content_type", "url", "extractor", "published_at"])
@pytest.mark.parametrize("breaks", ["\r\n", "\n", "\r", "\x00", "\x85", "\u2028", "\r\n\r\n"])
def test_nothing_in_a_value_begins_another_field_or_record(field: str, breaks: str) -> None:
    hostile = f"https://x.example/{breaks}WARC-Type: request{breaks}X: y"
    found = records(written(snapshot(**{field: hostile}), snapshot(version=2)))
    assert len(found) == 7
    for (headers, block), (_, plain) in zip(found, records(written(snapshot(), snapshot(version=2))), strict=True):
        assert headers["WARC-Type"] != "request"
        known = 1 if field == "published_at" and headers["WARC-Type"] == "metadata" and b"published" in block else 0
        assert len(block.splitlines()) == len(plain.splitlines()) + known


def test_an_address_is_ascii_and_leads_to_the_same_article(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    urls = ["https://news.example/خبر?أ=ب c", "https://news.example/%D8%AE%D8%A8%D8%B1?%D8%A3=%D8%A8%20c"]
    path.write_bytes(written(*(snapshot(url=url) for url in urls)))
    one, other = read_files([path], now=lambda: NOW)
    assert isinstance(one, ReadJob)
    assert isinstance(other, ReadJob)
    assert one.article_id == other.article_id
    assert one.url == other.url == urls[1]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("kind", ["", "text/html", "of its layout"])
def test_a_page_of_any_charset_gives_the_same_text_when_it_is_read_again(
    number: int, kind: str, tmp_path: Path
) -> None:
    layout = LAYOUTS[number]
    content_type = f"text/html; charset={layout.charset}" if kind == "of its layout" else kind
    url = f"https://news.example/{number}"
    page = render(copy_of(seed_articles()[number].text), layout, neighbours=(("/1", "خبر آخر"),), url=url)
    text = extract(page, url=url, content_type=content_type).text
    path = tmp_path / "pages.warc.gz"
    path.write_bytes(written(snapshot(url=url, page=page, content_type=content_type or None, text=text)))
    (job,) = read_files([path], now=lambda: NOW)
    assert isinstance(job, ReadJob)
    assert job.html == page
    assert job.fetched_at == datetime(2026, 1, 17, 12, 0, 0, 250_000, tzinfo=UTC)
    assert extract(job.html, url=job.url, content_type=job.content_type).text == text
    (_, kept) = records(path.read_bytes())[2]
    assert kept.decode() == text


@given(st.lists(st.tuples(st.binary(max_size=300), st.text(max_size=100)), max_size=4))
@settings(deadline=None, max_examples=60)
def test_any_bytes_and_any_text_come_back(pages: list[tuple[bytes, str]]) -> None:
    given_ = [snapshot(page=page, text=text.encode("utf-8", "ignore").decode()) for page, text in pages]
    found = records(written(*given_))
    answers = [block.partition(b"\r\n\r\n")[2] for headers, block in found if headers["WARC-Type"] == "response"]
    texts = [block.decode() for headers, block in found if headers["WARC-Type"] == "conversion"]
    assert answers == [one.page for one in given_]
    assert texts == [one.text for one in given_]


def test_an_export_without_pages_is_still_a_file() -> None:
    assert [headers["WARC-Type"] for headers, _ in records(written())] == ["warcinfo"]
