"""Lists of feeds in and out: what other readers write, what is crafted, and what comes back as it was."""

from __future__ import annotations

import time
from typing import Any

import pytest

from commands.outlines import Intake, made_id
from monitor.adapters.opml import MAX_OPML_BYTES, MAX_OUTLINES, Outline, read_opml, write_opml
from monitor.errors import InputMalformed
from monitor.model import FeedSource
from monitor.settings.feeds import feed_from

HEAD = '<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head><title>x</title></head><body>'
TAIL = "</body></opml>"


def opml(*outlines: str) -> bytes:
    return (HEAD + "".join(outlines) + TAIL).encode()


def outline(url: str, title: str = "صحيفة", more: str = "") -> str:
    return f'<outline type="rss" text="{title}" xmlUrl="{url}" {more}/>'


def taken_in(
    body: bytes, *, allow_private: bool = False, known: dict[str, str] | None = None
) -> tuple[list[dict[str, Any]], Intake]:
    intake = Intake(known=known or {}, allow_private=allow_private)
    return list(intake.rows(read_opml(body))), intake


def test_folders_are_flattened_and_lend_nothing() -> None:
    body = opml(
        '<outline text="ليبيا"><outline text="محلي">',
        outline("https://a.example/feed", "أ &amp;amp; ب"),
        "</outline>",
        '<outline title="العنوان" text="النص" xmlurl=" https://b.example/feed "/>',
        "</outline>",
        '<outline text="c" xmlUrl="https://c.example/feed" category="agency"><outline text="x"/></outline>',
    )
    assert read_opml(body).outlines == (
        Outline(number=1, url="https://a.example/feed", outlet="أ & ب"),
        Outline(number=2, url="https://b.example/feed", outlet="العنوان"),
        Outline(number=3, url="https://c.example/feed", outlet="c", category="agency"),
        Outline(number=4, url="", outlet="x"),
    )


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "windows-1256"])
def test_the_declared_charset_is_read(charset: str) -> None:
    text = f'<?xml version="1.0" encoding="{charset}"?><opml><body>{outline("https://a.example/")}</body></opml>'
    assert read_opml(text.encode(charset)).outlines[0].outlet == "صحيفة"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "no XML"),
        (b"\x00\xff", "no XML"),
        (b"<opml><body>", "no XML"),
        (b'<?xml version="1.0" encoding="x-none"?><opml/>', "no XML"),
        (b"<rss><channel/></rss>", "no OPML, but XML of <rss>"),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml><body><outline text="&a;"/></body></opml>', "entities"),
        (b'<!DOCTYPE opml SYSTEM "file:///etc/passwd"><opml/>', "document type"),
        (b'<!DOCTYPE o [<!ENTITY x SYSTEM "http://127.0.0.1:1/">]><opml>&x;</opml>', "entities"),
        (b" " * (MAX_OPML_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_list_of_feeds_is_refused_whole(body: bytes, told: str) -> None:
    with pytest.raises(InputMalformed, match=told):
        read_opml(body)


def test_of_a_hundred_thousand_outlines_so_many_are_taken_and_the_rest_is_told() -> None:
    began = time.perf_counter()
    body = opml(*(outline(f"https://news.example/{number}") for number in range(100_000)))
    rows, intake = taken_in(body)
    assert (len(rows), len(intake.fresh)) == (MAX_OUTLINES + 1, MAX_OUTLINES)
    assert len({feed.id for feed in intake.fresh}) == MAX_OUTLINES
    assert (rows[-1]["ok"], rows[-1]["code"]) == (False, "E-INPUT-MALFORMED")
    assert "99000 more" in rows[-1]["message"]
    assert time.perf_counter() - began < 10


def test_folders_without_end_are_borne() -> None:
    depth = 20_000
    body = opml('<outline text="x">' * depth, outline("https://a.example/"), "</outline>" * depth)
    assert len(read_opml(body).outlines) == 1


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("file:///etc/passwd", "E-FETCH-SCHEME"),
        ("/etc/passwd", "E-FETCH-SCHEME"),
        ("ftp://a.example/feed", "E-FETCH-SCHEME"),
        ("javascript:alert(1)", "E-FETCH-SCHEME"),
        ("http://[x", "E-FETCH-SCHEME"),
        ("http://127.0.0.1/feed", "E-FETCH-PRIVATE"),
        ("http://10.1.2.3:8080/feed", "E-FETCH-PRIVATE"),
        ("http://169.254.169.254/latest", "E-FETCH-PRIVATE"),
        ("http://[::1]/feed", "E-FETCH-PRIVATE"),
        ("http://localhost/feed", "E-FETCH-PRIVATE"),
        ("http://2130706433/feed", "E-FETCH-PRIVATE"),
        ("http://0x7f.1/feed", "E-FETCH-PRIVATE"),
        ("https://user@a.example/feed", "E-FETCH-SCHEME"),
        ("https://a.example/" + "x" * 5000, "E-FETCH-SCHEME"),
        ("https://a.example/\u202e", "E-FETCH-SCHEME"),
        ("https://a.example/x y", "E-CONFIG"),
        ("", "E-INPUT-MALFORMED"),
    ],
)
def test_a_feed_that_may_not_be_polled_is_refused_and_the_others_go_on(url: str, code: str) -> None:
    rows, intake = taken_in(opml(outline(url), outline("https://good.example/feed")))
    assert [(row["number"], row["ok"], row["code"]) for row in rows] == [(1, False, code), (2, True, None)]
    assert [feed.url for feed in intake.fresh] == ["https://good.example/feed"]


def test_private_addresses_are_taken_where_they_are_allowed_and_only_they_are_marked() -> None:
    body = opml(outline("http://127.0.0.1:81/feed"), outline("https://a.example/feed"))
    _, intake = taken_in(body, allow_private=True)
    assert [feed.allow_private for feed in intake.fresh] == [True, False]


def test_a_file_cannot_give_itself_leave() -> None:
    own = 'xmlns:r="urn:x-rasid:feeds" r:allow_private="true" r:ignore_robots="true" r:id="x" category="gossip"'
    rows, intake = taken_in(opml(outline("https://a.example/feed", more=own), outline("http://127.0.0.1/", more=own)))
    assert intake.fresh == [FeedSource(id="x", url="https://a.example/feed", outlet="صحيفة")]
    assert rows[1]["code"] == "E-FETCH-PRIVATE"


def test_what_is_there_already_is_known_in_any_spelling() -> None:
    body = opml(*map(outline, ("http://www.a.example/feed/", "https://b.example/feed", "https://b.example/feed/")))
    rows, intake = taken_in(body, known={"https://a.example/feed": "there"})
    assert [(row["message"], row["id"]) for row in rows] == [
        ("known", "there"),
        ("added", made_id("https://b.example/feed")),
        ("known", made_id("https://b.example/feed")),
    ]
    assert len(intake.fresh) == 1


@pytest.mark.parametrize("own_id", ["taken", "No Id", ""])
def test_an_id_that_cannot_be_used_is_made_anew(own_id: str) -> None:
    more = f'xmlns:r="urn:x-rasid:feeds" r:id="{own_id}"'
    _, intake = taken_in(opml(outline("https://a.example/feed", more=more)), known={"https://t.example/": "taken"})
    assert intake.fresh[0].id == made_id("https://a.example/feed")


@pytest.mark.parametrize("more", ['r:read="nothing"', 'r:interval_s="1"', 'r:interval_s="soon"', 'r:select="a["'])
def test_values_that_feeds_toml_would_refuse_are_refused_here(more: str) -> None:
    rows, _ = taken_in(opml(outline("https://a.example/", more=f'xmlns:r="urn:x-rasid:feeds" r:id="x" {more}')))
    assert rows[0]["code"] == "E-CONFIG"


@pytest.mark.parametrize(
    "url", ["https://صحيفة.example/feed", "http://[2001:db8::1]/", "https://" + "a" * 63 + ".example/", "http://[x"]
)
def test_every_host_gives_an_id_that_feeds_toml_takes(url: str) -> None:
    feed_from({"id": made_id(url), "url": "https://a.example/", "outlet": "x"})


def test_what_is_written_comes_back_but_for_leave_given_here() -> None:
    whole = FeedSource(
        id="lana", url="https://lana.example/?a=1&b=2", outlet='وكالة "الأنباء" & <أخرى', owner="الدولة", kind="agency",
        read="all", select="h3 > a[href*='post.php']", interval_s=600, allow_private=True, ignore_robots=True,
    )  # fmt: skip
    plain = FeedSource(id="b", url="https://b.example/feed", outlet="ب\x01")
    text = write_opml([whole, plain], title="Rasid")
    _, intake = taken_in(text.encode())
    first, second = intake.fresh
    assert second == FeedSource(id="b", url="https://b.example/feed", outlet="ب")
    assert first == FeedSource(
        id="lana", url=whole.url, outlet='وكالة "الأنباء" & <أخرى', owner="الدولة", kind="agency", read="all",
        select=whole.select, interval_s=600,
    )  # fmt: skip
