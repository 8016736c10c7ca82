"""What the head of an answer says: how long it lasts, where it moved, what it points to, when to come again."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.headers import fresh_s, link_targets
from tests.adapters.raw_server import NOON, fetching, http, outcome, saying, serving, to_loopback

if TYPE_CHECKING:
    import asyncio

LATER = format_datetime(datetime(2026, 3, 1, 13, tzinfo=UTC), usegmt=True)
AT_NOON = format_datetime(NOON, usegmt=True)
HALF_PAST = format_datetime(datetime(2026, 3, 1, 12, 30, tzinfo=UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"cache-control": "max-age=300"}, 300.0),
        ({"cache-control": "public, Max-Age=300"}, 300.0),
        ({"cache-control": 'max-age="300"'}, 300.0),
        ({"cache-control": "private, max-age=300"}, 300.0),  # ours is the one user's own
        ({"cache-control": "s-maxage=900, max-age=60"}, 60.0),
        ({"cache-control": "s-maxage=900"}, None),
        ({"cache-control": "private"}, None),
        ({"cache-control": "max-age=300, max-age=900"}, 300.0),
        ({"cache-control": "max-age=300", "age": "100"}, 200.0),
        ({"cache-control": "max-age=300", "age": "1000"}, 0.0),
        ({"cache-control": "max-age=300", "age": "-5"}, 300.0),
        ({"cache-control": "max-age=300", "age": "x"}, 300.0),
        ({"cache-control": "max-age=0"}, 0.0),
        ({"cache-control": "max-age=315360000"}, 86_400.0),
        ({"cache-control": "max-age=" + "9" * 500}, 86_400.0),
        ({"cache-control": "no-cache"}, 0.0),
        ({"cache-control": "no-store, max-age=300"}, 0.0),
        ({"cache-control": 'no-cache="set-cookie", max-age=300'}, 300.0),
        ({"cache-control": 'private="a, no-store, b", max-age=300'}, 300.0),
        ({"cache-control": "max-age=-5"}, None),
        ({"cache-control": "max-age=3.5"}, None),
        ({"cache-control": "max-age=٣٠٠"}, None),
        ({"cache-control": "max-age="}, None),
        ({"cache-control": "max-age"}, None),
        ({"cache-control": 'max-age="300'}, None),
        ({"cache-control": "max-age=soon", "expires": LATER}, None),
        ({"cache-control": ",,;=;"}, None),
        ({"expires": LATER, "date": AT_NOON}, 3600.0),
        ({"expires": LATER, "date": HALF_PAST}, 1800.0),
        ({"expires": LATER}, 3600.0),
        ({"expires": LATER, "date": "nonsense"}, 3600.0),
        ({"expires": LATER, "date": AT_NOON, "age": "600"}, 3000.0),
        ({"expires": AT_NOON, "date": LATER}, 0.0),
        ({"expires": "0"}, 0.0),
        ({"expires": "-1"}, None),
        ({"expires": "tomorrow"}, None),
        ({"expires": "Thu, 99 Foo 2026 25:61:61 GMT"}, None),
        ({"expires": "Mon, 01 Mar 9999 00:00:00 GMT"}, 86_400.0),
        ({"cache-control": "max-age=60", "expires": LATER, "date": AT_NOON}, 60.0),
    ],
)
def test_how_long_an_answer_lasts_is_what_its_server_says(headers: dict[str, str], expected: float | None) -> None:
    assert fresh_s(headers, now=NOON) == expected


@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age"]), st.text(max_size=60)))
def test_no_header_makes_an_answer_last_longer_than_a_day_or_raises(headers: dict[str, str]) -> None:
    lasts = fresh_s(headers, now=NOON)
    assert lasts is None or 0 <= lasts <= 86_400


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("<https://hub.test/>; rel=hub", [("hub", "https://hub.test/")]),
        ('<https://hub.test/>; rel="hub", </feed>; rel="self"', [("hub", "https://hub.test/"), ("self", "/feed")]),
        ('</x>; type="text/html"; rel="Next  hub"', [("next", "/x"), ("hub", "/x")]),
        ('</a,b;c>; title="a, <b>; rel=c \\" d"; REL = hub', [("hub", "/a,b;c")]),
        ("</x>; rel=one; rel=two", [("one", "/x")]),
        ("</x>; rel=hub; anchor=/y", []),
        ("</x>", []),
        ("</x>; rel", []),
        ("hub; rel=hub", []),
        ('</x>; rel=hub, <unended; rel="self', [("hub", "/x")]),
        ("< /x >;rel=hub", [("hub", "/x")]),
    ],
)
def test_links_are_read_as_written_up_to_where_they_break(value: str, expected: list[tuple[str, str]]) -> None:
    assert link_targets(value) == expected


@given(st.text(alphabet='<>;,="\\ relhub/', max_size=300))
def test_no_link_header_raises(value: str) -> None:
    assert all(relation and "<" not in target for relation, target in link_targets(value))


async def test_a_page_brings_how_long_it_lasts_and_its_links_made_absolute() -> None:
    links = (
        '<https://hub.test/>; rel="hub", <../self?a=b#c>; rel=self, <javascript:alert(1)>; rel=hub, <//u@x/>; rel=hub'
    )
    answer = http(b"x", "Cache-Control: max-age=600", f"Link: {links}", "Link: </next>; rel=next")
    async with serving(saying(answer)) as server, fetching(server) as fetch:
        page = await fetch.get(f"http://127.0.0.1:{server.port}/a/b")
    assert page.fresh_s == 600.0
    assert page.links == (
        ("hub", "https://hub.test/"),
        ("self", f"http://127.0.0.1:{server.port}/self?a=b"),
        ("next", f"http://127.0.0.1:{server.port}/next"),
    )


async def test_no_more_than_twenty_links_are_kept() -> None:
    answer = http(b"x", "Link: " + ", ".join(f"</{n}>; rel=hub" for n in range(500)))
    async with serving(saying(answer)) as server, fetching(server) as fetch:
        page = await fetch.get(server.url)
    assert len(page.links) == 20


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [
        ([], False),
        ([301], True),
        ([308], True),
        ([301, 308, 301], True),
        ([302], False),
        ([303], False),
        ([307], False),
        ([301, 302], False),
        ([302, 301], False),
        ([301, 307, 308], False),
    ],
)
async def test_where_a_page_has_moved_is_told_only_when_every_hop_was_permanent(
    statuses: list[int], moved: bool
) -> None:
    async def onward(request: bytes, writer: asyncio.StreamWriter) -> None:
        number = int(request.split()[1][1:])
        last = number == len(statuses)
        writer.write(http(b"x") if last else http(b"", f"Location: /{number + 1}#top", status=f"{statuses[number]} On"))

    async with serving(onward) as server, fetching(server) as fetch:
        page = await fetch.get(f"http://127.0.0.1:{server.port}/0")
    assert page.moved_to == (f"http://127.0.0.1:{server.port}/{len(statuses)}" if moved else None)


async def test_a_page_that_has_moved_to_a_private_address_is_refused() -> None:
    answer = http(b"", "Location: http://other.test:1/", status="301 Moved")
    async with serving(saying(answer)) as server:
        assert (await outcome(server, resolver=to_loopback)).code == "E-FETCH-PRIVATE"


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(
    ("asked", "wait_s"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (" 90 ", 90.0),
        ("315360000", 86_400.0),
        ("9" * 400, 86_400.0),
        ("Sun, 01 Mar 2026 12:10:00 GMT", 600.0),
        ("Sunday, 01-Mar-26 12:10:00 GMT", 600.0),
        ("Sun Mar  1 12:10:00 2026", 600.0),
        ("Fri, 01 Mar 2036 12:00:00 GMT", 86_400.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("-3", None),
        ("1.5", None),
        ("1e9", None),
        ("٣٠", None),
        ("３０", None),
        ("soon", None),
        ("", None),
        ("120, 60", None),
    ],
)
async def test_the_wait_a_server_asks_for_is_understood_or_left_out(
    status: str, asked: str, wait_s: float | None
) -> None:
    async with serving(saying(http(b"no", f"Retry-After: {asked}", status=status))) as server:
        error = await outcome(server)
    assert (error.code, error.transient, error.retry_after_s) == ("E-FETCH-UNAVAILABLE", True, wait_s)
