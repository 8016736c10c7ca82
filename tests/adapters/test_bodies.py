"""Bodies end at their cap to the byte, packed or not, and a packed one is whole or is none."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest

from monitor.adapters.bodies import Gunzip, Plain, sink_for
from monitor.errors import FetchEncoding, FetchTooBig, FetchTruncated

URL = "http://news.test/feed"
CAP = 1000


def fed(sink: Plain, *chunks: bytes) -> bytes:
    for chunk in chunks:
        sink.feed(chunk)
    return sink.whole()


@pytest.mark.parametrize("coding", ["", "identity", " Identity "])
def test_what_is_not_packed_is_taken_as_it_comes(coding: str) -> None:
    packed = gzip.compress(b"x")
    assert fed(sink_for(URL, coding, CAP), packed[:5], packed[5:]) == packed


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", " GZIP\t"])
def test_gzip_is_unpacked_however_it_is_spelt(coding: str) -> None:
    assert fed(sink_for(URL, coding, CAP), gzip.compress(b"story")) == b"story"


def test_a_coding_that_was_not_asked_for_is_refused_by_name_and_address() -> None:
    with pytest.raises(FetchEncoding) as refused:
        sink_for(URL, "br" + "x" * 500, CAP)
    assert URL in refused.value.message
    assert repr("br" + "x" * 78) in refused.value.message


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_body_of_the_cap_is_taken_and_a_byte_more_is_not(coding: str) -> None:
    def wire(body: bytes) -> bytes:
        return gzip.compress(body) if coding else body

    assert fed(sink_for(URL, coding, CAP), wire(bytes(CAP))) == bytes(CAP)
    with pytest.raises(FetchTooBig) as refused:
        fed(sink_for(URL, coding, CAP), wire(bytes(CAP + 1)))
    assert URL in refused.value.message
    assert f"{CAP} bytes" in refused.value.message


def test_the_cap_counts_over_all_chunks() -> None:
    sink = Plain(URL, CAP)
    sink.feed(bytes(CAP - 1))
    sink.feed(b"x")
    with pytest.raises(FetchTooBig):
        sink.feed(b"x")


def test_packed_bytes_that_unpack_to_nothing_end_at_the_cap_too() -> None:
    empty = gzip.compress(b"")
    members, rest = divmod(CAP, len(empty))
    sink = Gunzip(URL, CAP)
    for _ in range(members):
        sink.feed(empty)
    sink.feed(bytes(rest))
    assert sink.whole() == b""
    with pytest.raises(FetchTooBig) as refused:
        sink.feed(b"\0")
    assert URL in refused.value.message
    assert "compressed" in refused.value.message


def test_a_small_chunk_that_unpacks_to_much_takes_no_memory_before_it_is_refused() -> None:
    bomb = gzip.compress(bytes(64 << 20))
    sink = Gunzip(URL, 1 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(FetchTooBig):
            sink.feed(bomb)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("padding", [b"", bytes(9), b"\x1f", b"padding", b"\x1fpadding"])
def test_members_are_unpacked_and_padding_is_not_whatever_the_chunks(size: int, padding: bytes) -> None:
    wire = gzip.compress(b"one ") + gzip.compress(b"two " * 60) + padding
    assert fed(sink_for(URL, "gzip", CAP), *(wire[at : at + size] for at in range(0, len(wire), size))) == (
        b"one " + b"two " * 60
    )


def test_much_in_one_chunk_is_unpacked_to_its_end() -> None:
    body = bytes(range(256)) * 1024
    assert fed(Gunzip(URL, len(body)), gzip.compress(body)) == body


def test_what_is_no_gzip_is_told_as_that() -> None:
    with pytest.raises(FetchEncoding) as refused:
        fed(Gunzip(URL, CAP), b"<rss/>")
    assert URL in refused.value.message
    assert "incorrect header" in refused.value.message


@pytest.mark.parametrize("first", [b"", gzip.compress(b"whole ")])
def test_a_member_that_breaks_off_is_no_body(first: bytes) -> None:
    sink = Gunzip(URL, CAP)
    sink.feed(first + gzip.compress(b"a story that breaks off")[:-3])
    with pytest.raises(FetchTruncated, match="the gzip stream breaks off") as refused:
        sink.whole()
    assert URL in refused.value.message


def test_nothing_at_all_is_an_empty_body() -> None:
    assert Gunzip(URL, CAP).whole() == b""


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ((b"one\ntwo\nth",), b"one\ntwo"),
        ((b"one\n",), b"one"),
        ((b"one",), b""),
        ((b"one\n" + b"x" * CAP, b"\n"), b"one"),
        ((b"x" * (CAP - 1) + b"\n", b"more\n"), b"x" * (CAP - 1)),
    ],
)
def test_of_what_is_too_long_the_lines_within_the_cap_are_kept(chunks: tuple[bytes, ...], lines: bytes) -> None:
    sink = Plain(URL, CAP)
    try:
        for chunk in chunks:
            sink.feed(chunk)
    except FetchTooBig:
        pass
    assert sink.whole_lines() == lines


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_zeros_between_members_are_passed_over_however_the_bytes_are_cut(size: int) -> None:
    wire = gzip.compress(b"one ") + bytes(4) + gzip.compress(b"two") + bytes(9)
    sink = Gunzip("https://example.org/", 1000)
    for start in range(0, len(wire), size):
        sink.feed(wire[start : start + size])
    assert sink.whole() == gzip.decompress(wire) == b"one two"
