"""`feeds`: found by any page of a site, looked at before it is added, listed in and out; with real servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.demo.loopback import NOT_FOUND, Answer, Loopback, Request
from monitor.settings import load_feeds
from tests.test_worker import environment, lines
from tests.test_worker import worker as run_worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TITLE = "صحيفة المثال"
ITEM = "<item><title>خبر</title><link>https://site.example/1</link></item>"


def worker(*arguments: object, data: Path) -> subprocess.CompletedProcess[str]:
    """A command that need not keep its distance: the site is ours."""
    return run_worker(*arguments, data=data, env={"RASID_POLL__SPACING_S": "0"})


def rss(*items: str, title: str = TITLE) -> Answer:
    body = f'<rss version="2.0"><channel><title>{title}</title>{"".join(items)}</channel></rss>'
    return Answer(body=body.encode(), content_type="application/rss+xml")


def page(markup: str) -> Answer:
    return Answer(body=f"<!DOCTYPE html><html><head><title>{TITLE}</title></head><body>{markup}".encode())


@contextmanager
def site(pages: Mapping[str, Answer]) -> Iterator[tuple[str, list[str]]]:
    """A site's origin, and the paths that it was asked for."""
    asked: list[str] = []

    def route(request: Request) -> Answer:
        asked.append(request.path)
        return pages.get(request.path, NOT_FOUND)

    with Loopback(route) as server:
        yield server.origin, asked


def add(url: str, *options: object, data: Path) -> tuple[int, dict[str, Any]]:
    run = worker("feeds", "add", url, *options, "--json", data=data)
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, json.loads(run.stdout)


def written(data: Path) -> list[dict[str, Any]]:
    path = data / "feeds.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))["feed"] if path.exists() else []


def test_a_feed_is_looked_at_and_added_under_its_own_title(tmp_path: Path) -> None:
    with site({"/feed": rss(ITEM)}) as (origin, asked):
        code, told = add(f"{origin}/feed", "--allow-private", "--read", "all", data=tmp_path)
    assert (code, told["url"], told["outlet"], told["how"], told["entries"], told["others"]) == (
        *(0, f"{origin}/feed", TITLE, "given"),
        *(1, []),
    )
    assert asked[-1] == "/feed"
    assert written(tmp_path) == [
        {"id": told["id"], "url": f"{origin}/feed", "outlet": TITLE, "allow_private": True, "read": "all"}
    ]


def test_a_page_leads_to_the_first_of_its_feeds_that_has_entries(tmp_path: Path) -> None:
    links = "".join(
        f'<link rel="alternate" type="application/rss+xml" title="{title}" href="{href}">'
        for href, title in (
            ("/comments/feed", "c"),
            ("/empty", "e"),
            ("/gone", "g"),
            ("/good", "أخبار"),
            ("/more", "م"),
        )
    )
    pages = {"/ar": page(links), "/empty": rss(), "/good": rss(ITEM, title="العنوان"), "/more": rss(ITEM)}
    with site(pages | {"/comments/feed": rss(ITEM)}) as (origin, asked):
        code, told = add(f"{origin}/ar", "--allow-private", "--outlet", "المثال", data=tmp_path)
    assert (code, told["url"], told["how"], told["entries"], told["outlet"]) == (
        *(0, f"{origin}/good", "announced"),
        *(1, "المثال"),
    )
    assert [(one["url"], one["title"]) for one in told["others"]] == [
        (f"{origin}/more", "م"),
        (f"{origin}/comments/feed", "c"),
    ]
    assert "/more" not in asked
    assert written(tmp_path)[0]["allow_private"] is True


@pytest.mark.parametrize(
    ("pages", "path", "how"),
    [
        ({"/": page('<a href="/ar/feed">x</a>'), "/ar/feed": rss(ITEM)}, "/ar/feed", "linked"),
        ({"/": page("x"), "/rss.xml": rss(ITEM)}, "/rss.xml", "guessed"),
        ({"/feed/": rss(ITEM)}, "/feed/", "guessed"),
    ],
)
def test_a_feed_is_found_where_it_is_linked_or_usual(
    tmp_path: Path, pages: dict[str, Answer], path: str, how: str
) -> None:
    with site(pages) as (origin, asked):
        code, told = add(f"{origin}/", "--allow-private", data=tmp_path)
    assert (code, told.get("url"), told.get("how")) == (0, origin + path, how)
    assert len(asked) <= 14  # those of the search, and what is asked of robots.txt for politeness


def test_where_there_is_no_feed_nothing_is_added_and_what_was_tried_is_told(tmp_path: Path) -> None:
    links = "".join(f'<a href="/{number}/feed">x</a>' for number in range(50))
    with site({"/": page(links)}) as (origin, asked):
        code, told = add(f"{origin}/", "--allow-private", data=tmp_path)
    assert (code, told["code"]) == (1, "E-FEED-NOT-FEED")
    assert f"{origin}/0/feed (E-FETCH-STATUS)" in told["message"]
    assert TITLE in told["message"] or "<!DOCTYPE" in told["message"]
    assert len([path for path in asked if path != "/robots.txt"]) <= 11
    assert written(tmp_path) == []


def test_a_private_address_is_added_only_with_leave_and_leave_goes_no_further(tmp_path: Path) -> None:
    with site({"/feed": rss(ITEM)}) as (inner, asked):
        assert add(f"{inner}/feed", data=tmp_path)[1]["code"] == "E-FETCH-PRIVATE"
        announced = f'<link rel="alternate" type="application/rss+xml" href="{inner}/feed">'
        with site({"/": page(announced)}) as (outer, _):
            code, told = add(f"{outer}/", "--allow-private", data=tmp_path)
        assert (code, asked) == (1, [])
        assert f"{inner}/feed (E-FETCH-PRIVATE)" in told["message"]
    assert written(tmp_path) == []


def test_without_a_look_a_feed_is_added_as_it_is(tmp_path: Path) -> None:
    code, told = add("https://site.example/feed", "--no-check", "--owner", "س", "--kind", "search", data=tmp_path)
    assert (code, told["how"], told["entries"], told["outlet"]) == (0, "unseen", None, "site.example")
    assert written(tmp_path)[0]["kind"] == "search"
    code, told = add("https://site.example/feed", "--no-check", "--id", "other", data=tmp_path)
    assert (code, told["code"]) == (2, "E-CONFIG")
    assert "feeds.toml: feed 2: https://site.example/feed stands twice" in told["message"]


def test_a_listing_page_is_added_with_its_selector_and_checked_by_it(tmp_path: Path) -> None:
    listing = page('<nav><a href="/about">x</a></nav><h3><a href="/post?id=1">خبر أول</a></h3>')
    with site({"/ar": listing, "/ar?x": listing}) as (origin, _):
        code, told = add(f"{origin}/ar", "--allow-private", "--select", "h2 > a", data=tmp_path)
        assert (code, told["code"]) == (1, "E-FEED-NOT-FEED")
        assert "matches no link" in told["message"]
        code, told = add(f"{origin}/ar", "--allow-private", "--select", "h3 > a", data=tmp_path)
        assert (code, told["entries"], told["outlet"]) == (0, 1, TITLE)
        (checked,) = lines(worker("feeds", "check", f"{origin}/ar", "--json", data=tmp_path))
        unlisted = worker(
            "feeds", "check", f"{origin}/ar?x", "--select", "a", "--allow-private", "--json", data=tmp_path
        )
    assert checked == {
        "url": f"{origin}/ar", "ok": True, "code": None, "message": f"listing: {TITLE}", "entries": 1
    }  # fmt: skip
    assert lines(unlisted)[0]["entries"] == 2
    assert load_feeds(tmp_path / "feeds.toml")[0].select == "h3 > a"


def test_a_wrong_value_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    options = ("--select", "a[", "--read", "some", "--kind", "gossip", "--id", "A B")
    code, told = add("https://user@site.example/", *options, data=tmp_path)
    assert (code, told["code"]) == (2, "E-CONFIG")
    assert all(f"{key}: " in told["message"] for key in ("id", "url", "kind", "read"))
    for url, wrong in (("http://[x", ()), ("", ()), ("http://127.0.0.1:1/", ("--select", "a["))):
        code, told = add(url, *wrong, data=tmp_path)
        assert (code, told["code"]) == (2, "E-CONFIG"), url


def test_discover_tells_what_each_address_of_a_site_gives(tmp_path: Path) -> None:
    pages = {
        "/": page('<link rel="alternate" type="application/rss+xml" title="أخبار" href="/a"><a href="/b.rss">x</a>'),
        "/a": rss(ITEM, ITEM.replace("/1", "/2")),
        "/b.rss": page("جار التحقق"),
        "/robots.txt": Answer(body=b"User-agent: *\nSitemap: /map.xml\n", content_type="text/plain"),
    }
    with site(pages) as (origin, _):
        run = worker("feeds", "discover", f"{origin}/", "--allow-private", "--json", data=tmp_path)
        private = worker("feeds", "discover", f"{origin}/", "--json", data=tmp_path)
    rows = lines(run)
    assert run.returncode == 0, run.stderr
    assert all(set(row) == {"url", "ok", "code", "message", "entries", "how", "title"} for row in rows)
    assert [(row["url"].removeprefix(origin), row["how"], row["code"]) for row in rows[:3]] == [
        ("/", "given", "E-FEED-NOT-FEED"),
        ("/a", "announced", None),
        ("/b.rss", "linked", "E-FEED-NOT-FEED"),
    ]
    assert (rows[1]["entries"], rows[1]["title"]) == (2, "أخبار")
    assert (rows[-1]["url"], rows[-1]["how"]) == (f"{origin}/map.xml", "robots")
    assert (private.returncode, [row["code"] for row in lines(private)]) == (1, ["E-FETCH-PRIVATE"])


def test_a_check_ends_with_a_line_for_every_address_whatever_it_gives(tmp_path: Path) -> None:
    bodies = {
        "/empty": b"", "/blank": b" \n", "/json": b'{"a": 1}', "/deep": b"[" * 200_000, "/pdf": b"%PDF-1.7",
        "/png": b"\x89PNG\r\n\x1a\n", "/wall": "<html><body>يرجى الانتظار".encode(), "/nul": b"\x00" * 100,
        "/entities": b'<!DOCTYPE r [<!ENTITY a "b">]><rss><channel><title>&a;</title></channel></rss>',
        "/label": b'<?xml version="1.0" encoding="\xc2\xad\x00"?><rss><channel><title>x</title></channel></rss>',
        "/sitemap": b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>', "/half": b"<rss><chan",
    }  # fmt: skip
    odd = [
        "",
        "x",
        "http://",
        "http://[",
        "http://a b/",
        "gopher://x/",
        "http://127.1/",
        "http://x.invalid:99999/",
        "-",
    ]
    with site({path: Answer(body=body) for path, body in bodies.items()}) as (origin, _):
        urls = [origin + path for path in bodies]
        run = worker("feeds", "check", "--allow-private", "--json", "--", *urls, *odd, data=tmp_path)
    rows = lines(run)
    assert "Traceback" not in run.stderr
    assert [row["url"] for row in rows] == [*urls, *odd]
    assert all(list(row) == ["url", "ok", "code", "message", "entries"] for row in rows)
    assert all(row["ok"] or row["code"].startswith("E-") for row in rows)
    by_path = {row["url"].removeprefix(origin): row["code"] for row in rows}
    no_feeds = ("/empty", "/blank", "/json", "/deep", "/pdf", "/png", "/wall", "/nul")
    assert {by_path[path] for path in no_feeds} == {"E-FEED-NOT-FEED"}
    assert by_path["/entities"] == "E-FEED-HOSTILE"
    assert {by_path[url] for url in odd} == {"E-FETCH-SCHEME"}


def test_an_argument_that_is_no_utf8_is_checked_like_any_other(tmp_path: Path) -> None:
    url = os.fsdecode(b"http://\xff/")
    command = [sys.executable, "worker.py", "--data-dir", str(tmp_path), "feeds", "check", url, "--json"]
    run = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, cwd=Path(__file__).parents[1], env=environment(), timeout=60, check=False
    )
    assert json.loads(run.stdout)["code"] == "E-FETCH-SCHEME"


def bundle(*urls: str) -> str:
    outlines = "".join(f'<outline text="ليبيا"><outline text="ص" xmlUrl="{url}"/></outline>' for url in urls)
    return f'<opml version="2.0"><body>{outlines}</body></opml>'


def test_feeds_of_another_reader_are_imported_line_by_line_in_one_write(tmp_path: Path) -> None:
    file = tmp_path / "other.opml"
    urls = [
        "https://a.example/feed",
        "file:///etc/passwd",
        "http://10.0.0.1/feed",
        "https://alwasat.ly/feed/",
        "https://b.example/",
    ]
    file.write_text(bundle(*urls), encoding="utf-8")
    dry = worker("feeds", "import", file, "--dry-run", "--json", data=tmp_path / "data")
    assert not (tmp_path / "data" / "feeds.toml").exists()
    run = worker("feeds", "import", file, "--json", data=tmp_path / "data")
    rows = lines(run)
    assert lines(dry) == rows
    assert (run.returncode, dry.returncode) == (1, 1)
    assert all(list(row) == ["number", "url", "ok", "code", "message", "id"] for row in rows)
    assert [row["code"] for row in rows] == [None, "E-FETCH-SCHEME", "E-FETCH-PRIVATE", None, None]
    assert (rows[3]["message"], rows[3]["id"]) == ("known", "alwasat")
    assert [feed["url"] for feed in written(tmp_path / "data")] == ["https://a.example/feed", "https://b.example/"]
    again = worker("feeds", "import", file, "--json", data=tmp_path / "data")
    assert [row["message"] for row in lines(again)][0::4] == ["known", "known"]


def test_a_crafted_list_adds_nothing_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "crafted.opml"
    file.write_text(f'<!DOCTYPE o [<!ENTITY a "b">]>{bundle("https://a.example/")}', encoding="utf-8")
    run = worker("feeds", "import", file, "--json", data=tmp_path)
    assert (run.returncode, lines(run)[0]["code"]) == (1, "E-INPUT-MALFORMED")
    missing = worker("feeds", "import", tmp_path / "none.opml", "--json", data=tmp_path)
    assert (missing.returncode, lines(missing)[0]["code"]) == (1, "E-INPUT-MISSING")
    assert written(tmp_path) == []


def test_what_is_exported_can_be_imported_elsewhere_under_the_same_ids(tmp_path: Path) -> None:
    add("https://a.example/list", "--no-check", "--select", "h3 > a", "--outlet", "أ & ب", data=tmp_path / "one")
    file, config = tmp_path / "all.opml", tmp_path / "config"
    assert worker("feeds", "export", file, data=tmp_path / "one").returncode == 0
    told = worker("feeds", "export", "--format", "opml", data=tmp_path / "one")
    assert told.stdout == file.read_text(encoding="utf-8")
    config.mkdir()
    run = worker("--config-dir", config, "feeds", "import", file, "--json", data=tmp_path / "two")
    assert run.returncode == 0, run.stdout
    root = Path(__file__).parents[1]
    assert load_feeds(tmp_path / "two" / "feeds.toml") == load_feeds(
        root / "config" / "feeds.toml", tmp_path / "one" / "feeds.toml"
    )
