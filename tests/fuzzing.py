"""Where strangers' bytes come in, each as one function that must end well whatever it is given.

Well is: what was read, checked for what must hold of it, or one of our errors. Everything else is a fault.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.errors import RasidError
from monitor.ports import Commit, FeedJob, ReadJob
from monitor.reading.article import read_article
from monitor.reading.source import read_source
from monitor.settings import load_feeds, load_read_config, load_rules, load_settings, load_watchlist
from storage.archive import SqliteArchive
from tests.chaos.hostile_servers import item, rss
from tests.chaos.stories import ROME
from tests.factories import make_article, make_decision, make_reading

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from monitor.model import Reading
    from monitor.reading.words import ReadConfig
    from storage.search import ArchiveReader

ROOT: Final = Path(__file__).parents[1]
AT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)

FEEDS: Final = (
    rss(item("صدام حفتر في روما", "/1") + item("خبر & توضيح", "/2")).encode(),
    rss(item("خبر", "/1")).encode("utf-16"),
    b"<?xml version='1.0' encoding='windows-1256'?>" + rss(item("خبر في طرابلس", "/1")).encode("cp1256"),
    (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>أخبار</title><entry><id>1</id><link href="/1"/>'
        "<title>لقاء</title><updated>2026-03-01T09:00:00Z</updated></entry></feed>"
    ).encode(),
    '{"version":"https://jsonfeed.org/version/1.1","title":"أخبار","items":[{"id":"1","url":"http://e.ly/1"}]}'.encode(),
    (
        b'<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>http://e.ly/1</loc><n:news>'
        b"<n:title>x</n:title><n:publication_date>2026-03-01</n:publication_date></n:news></url></urlset>"
    ),
)
PAGES: Final = (ROME.page(), ROME.page().decode().encode("cp1256", "xmlcharrefreplace"), ROME.page()[:900])
PIECES: Final = (
    *(b"<", b">", b"</", b"&", b"&#0;", b"&#x110000;", b"&#xd800;", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?x "),
    *(
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
        b"<item>",
        b"</item>",
        b"<html>",
        b"<table><tr><td>",
        b"<base href='http://['>",
    ),
    *(b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc2\xad", b"\xed\xa0\x80", b"\r", b"'", b'"', b"[" * 300),
    *("\u202e", "\u2066", "\u200f", "ـ" * 50, "\u064b", "«", "؛", "٢٠٢٦/٠١/٩٩", "لم ", "صدام حفتر ", "عبد"),
    *(b"9999-99-99", b"0001-01-01T00:00:00+23:59", b"http://[", b"//", b"data:,", b"charset=utf-7", b"<div>" * 300),
)
"""What trips parsers, put anywhere into what they take."""


def pieces() -> tuple[bytes, ...]:
    return tuple(one if isinstance(one, bytes) else one.encode() for one in PIECES)


def changed(whole: bytes, changes: Sequence[tuple[int, int, bytes]]) -> bytes:
    """`whole` after each change in turn: at a place, that many bytes less, and a piece put in."""
    for at, less, piece in changes:
        place = at % (len(whole) + 1)
        whole = whole[:place] + piece + whole[place + less :]
    return whole


def mutated(chance: random.Random, wholes: Sequence[bytes]) -> bytes:
    """One of `wholes` with up to six changes."""
    made = [(chance.randrange(1 << 16), chance.choice((0, 0, 1, 9, 80)), chance.choice(pieces())) for _ in range(6)]
    return changed(chance.choice(wholes), made[: chance.randrange(1, 7)])


@cache
def words() -> ReadConfig:
    return load_read_config(ROOT / "config")


def feed(body: bytes, content_type: str = "", *, select: str | None = None) -> bool:
    """Whether anything was read; with a selector, of a page that lists links."""
    job = FeedJob(
        feed_id="f", url="http://e.ly/feed", body=body, content_type=content_type, max_entries=20, select=select
    )
    try:
        found = read_source(job)
    except RasidError:
        return False
    assert all(entry.url.startswith(("http://", "https://")) for entry in found.entries)
    assert all(len(entry.title) <= 500 and "\x00" not in entry.title for entry in found.entries)
    assert not set(found.waiting) - set(found.window)
    return bool(found.entries)


def page(html: bytes, content_type: str = "") -> bool:
    """Whether an article was read, and what it is said to claim stands in it."""
    job = ReadJob(article_id="a", url="http://e.ly/1", outlet="ص", fetched_at=AT, html=html, content_type=content_type)
    return _read(job)


def text(article: str) -> bool:
    """As `page`, of a text."""
    return _read(ReadJob(article_id="a", url="http://e.ly/1", outlet="ص", fetched_at=AT, title="خبر", text=article))


def _read(job: ReadJob) -> bool:
    try:
        reading = read_article(job, words())
    except RasidError:
        return False
    _assert_grounded(reading)
    return True


def _assert_grounded(reading: Reading) -> None:
    whole = reading.article.text
    assert all(whole[mention.start : mention.end] == mention.quote for mention in reading.mentions)
    assert all(whole[lead.start : lead.end] == lead.quote for lead in reading.leads)
    assert all(0 <= person.start < person.end <= len(whole) for person in reading.people)
    assert all(0 <= meeting.start < meeting.end <= len(whole) for meeting in reading.meetings)


@cache
def archive() -> ArchiveReader:
    """One with a few articles to find."""
    opened = SqliteArchive(":memory:")
    for number in range(3):
        opened.commit(Commit(decision=make_decision(reading=make_reading(article=make_article(id=f"a{number}")))))
    return opened.reader()


def query(asked: str) -> bool:
    """Whether anything was found."""
    try:
        found = archive().search(asked)
    except RasidError:
        return False
    assert all(one["id"] for one in found)
    return bool(found)


TEXTS: Final = tuple(path.read_bytes() for path in sorted((ROOT / "storage" / "seed_corpus").glob("*.txt")))
CONFIGS: Final = ("settings.toml", "feeds.toml", "alerts.toml", "watchlist.toml")


def config(folder: Path, name: str, written: bytes) -> bool:
    """Whether a folder with nothing but this file in it is a configuration that can be worked with."""
    folder.joinpath(name).write_bytes(written)
    try:
        if name == "settings.toml":
            load_settings(folder, {})
        elif name == "feeds.toml":
            load_feeds(folder / name)
        elif name == "alerts.toml":
            load_rules(folder)
        else:
            load_watchlist(folder)
    except RasidError as error:
        refused = error
    else:
        return True
    assert (refused.code, name in refused.message) == ("E-CONFIG", True)
    return False
