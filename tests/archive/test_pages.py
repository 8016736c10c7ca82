"""Kept pages come back byte for byte or not at all; dropping them takes nothing that rests on them."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.retention import tend
from monitor.demo.pages import LAYOUTS, Block, Copy, render
from monitor.errors import ArchiveCorrupt
from monitor.model import Outcome
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.pages import BATCH, LEAST_PAGES, RENEWED_AFTER_PAGES, train
from storage.search import open_reader
from storage.seed import seed_articles
from tests.factories import NOON, TEXT, make_article, make_decision, make_reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import Decision

ROOT = Path(__file__).parents[2]
WORDS = [word for article in seed_articles() for word in article.text.split()]


class At:
    """A clock that stands."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0


def page(number: int) -> bytes:
    """A page in one of four layouts, with words of its own."""
    draw = random.Random(number)  # noqa: S311 - nothing is secret here

    def words(count: int) -> str:
        return " ".join(draw.choices(WORDS, k=count))

    blocks = tuple(Block(kind="paragraph", lines=(words(40) + ".",)) for _ in range(draw.randint(3, 9)))
    near = tuple((f"/{at}", words(8)) for at in range(6))
    return render(
        Copy(title=words(8), blocks=blocks), LAYOUTS[number % 4], neighbours=near, url=f"https://x.example/{number}"
    )


def aside(number: int, **article: Any) -> Decision:
    """An article that is none of ours."""
    text = f"{number} عنوان\nنص"
    reading = make_reading(
        article=make_article(id=f"aside-{number}", text=text, **article),
        **dict.fromkeys(("segments", "people", "meetings", "mentions", "leads"), ()),
        in_scope=False,
        outcome=Outcome.OFF_TOPIC,
    )
    return make_decision(reading=reading, outcome=Outcome.OFF_TOPIC, meetings=(), relations=(), alerts=())


def keep(archive: SqliteArchive, decision: Decision, raw: bytes | None) -> None:
    archive.commit(Commit(decision=decision, raw=raw))


def fill(archive: SqliteArchive, numbers: range, at: datetime = NOON) -> None:
    for number in numbers:
        keep(archive, aside(number, fetched_at=at), page(number))


def column(archive: SqliteArchive, name: str) -> list[Any]:
    return [row[0] for row in archive._db.execute(f"SELECT {name} FROM versions ORDER BY rowid")]  # noqa: S608


@given(st.binary(max_size=4000))
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_come_back_as_they_were(body: bytes) -> None:
    with SqliteArchive(":memory:") as archive:
        keep(archive, make_decision(), body)
        assert archive.reader().raw("paris-1") == body


def test_a_page_of_before_is_still_read(archive: SqliteArchive) -> None:
    keep(archive, make_decision(), page(1))
    archive._db.execute("UPDATE versions SET raw = ?, raw_codec = 'zlib'", (zlib.compress(page(1)),))
    assert archive.reader().raw("paris-1") == page(1)


async def test_a_dictionary_halves_what_pages_take_and_older_pages_stay_readable(archive: SqliteArchive) -> None:
    fill(archive, range(LEAST_PAGES - 1))
    await tend(archive.pages(), At(NOON), days=0)
    assert set(column(archive, "raw_dictionary")) == {None}
    fill(archive, range(LEAST_PAGES - 1, LEAST_PAGES))
    await tend(archive.pages(), At(NOON), days=0)
    fill(archive, range(LEAST_PAGES, LEAST_PAGES + 40))
    sizes = column(archive, "length(raw)")
    assert column(archive, "raw_dictionary") == [None] * LEAST_PAGES + [1] * 40
    assert sum(sizes[-40:]) < 0.6 * sum(sizes[:40])
    reader = archive.reader()
    for number in (0, LEAST_PAGES, LEAST_PAGES + 39):
        assert reader.raw(f"aside-{number}") == page(number)


async def test_a_dictionary_is_made_again_only_after_many_pages_and_kept_while_one_needs_it(
    archive: SqliteArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = NOON + timedelta(days=1)
    fill(archive, range(LEAST_PAGES))
    await tend(archive.pages(), At(NOON), days=0)
    fill(archive, range(LEAST_PAGES, LEAST_PAGES + 250), later)
    await tend(archive.pages(), At(later), days=0)
    assert archive._db.execute("SELECT count(*) FROM dictionaries").fetchone()[0] == 1
    assert RENEWED_AFTER_PAGES > 250
    monkeypatch.setattr("storage.pages.RENEWED_AFTER_PAGES", 250)
    await tend(archive.pages(), At(later), days=0)
    assert [row[0] for row in archive._db.execute("SELECT id FROM dictionaries ORDER BY id")] == [1, 2]
    assert archive.reader().raw(f"aside-{LEAST_PAGES}") == page(LEAST_PAGES)
    await tend(archive.pages(), At(later + timedelta(days=40)), days=30)
    archive.pages().keep_dictionary(b"another", samples=1, at=later)
    assert [row[0] for row in archive._db.execute("SELECT id FROM dictionaries ORDER BY id")] == [3]


async def test_pages_that_teach_nothing_leave_the_archive_without_a_dictionary(archive: SqliteArchive) -> None:
    for number in range(LEAST_PAGES):
        keep(archive, aside(number), b"")
    await tend(archive.pages(), At(NOON), days=0)
    assert archive._db.execute("SELECT count(*) FROM dictionaries").fetchone()[0] == 0


async def test_a_damaged_page_does_not_stop_the_training(archive: SqliteArchive) -> None:
    fill(archive, range(LEAST_PAGES))
    archive._db.execute("UPDATE versions SET raw = x'00' WHERE article_id = 'aside-7'")
    await tend(archive.pages(), At(NOON), days=0)
    assert archive._db.execute("SELECT samples FROM dictionaries").fetchone()[0] == LEAST_PAGES - 1


BOMB = zstandard.ZstdCompressor().compress(bytes(1 << 26))


@pytest.mark.parametrize(
    ("codec", "raw"),
    [
        ("zstd", b"no frame"),
        ("zstd", zstandard.ZstdCompressor().compress(b"<html>forged page</html>")),
        ("zstd", BOMB),
        ("zstd", zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 26))),
        ("zlib", b"no stream"),
        ("zlib", zlib.compress(bytes(1 << 26))),
        ("lz4", b"..."),
    ],
)
def test_what_is_not_the_page_is_named_and_not_given_out(archive: SqliteArchive, codec: str, raw: bytes) -> None:
    keep(archive, make_decision(), b"<html>the page</html>")
    archive._db.execute("UPDATE versions SET raw = ?, raw_codec = ?", (raw, codec))
    with pytest.raises(ArchiveCorrupt, match="article paris-1: the page kept of 2026-01-17") as caught:
        archive.reader().raw("paris-1")
    assert "restore it from a backup" in str(caught.value)


@pytest.mark.parametrize("other", [b"", b"no dictionary", train([page(number) for number in range(300, 360)])])
async def test_a_page_whose_dictionary_is_another_is_damaged(archive: SqliteArchive, other: bytes) -> None:
    fill(archive, range(LEAST_PAGES))
    await tend(archive.pages(), At(NOON), days=0)
    keep(archive, make_decision(), page(1000))
    archive._db.execute("UPDATE dictionaries SET value = ?", (other,))
    with pytest.raises(ArchiveCorrupt, match="paris-1"):
        archive.reader().raw("paris-1")


async def test_a_damaged_dictionary_keeps_nothing_from_being_stored(archive: SqliteArchive) -> None:
    fill(archive, range(LEAST_PAGES))
    await tend(archive.pages(), At(NOON), days=0)
    archive._db.execute("UPDATE dictionaries SET value = substr(value, 1, 40)")
    keep(archive, make_decision(), page(1000))
    assert archive.reader().raw("paris-1") == page(1000)


def test_versions_tell_what_they_were_read_from_and_by(archive: SqliteArchive) -> None:
    by = {"content_type": "text/html; charset=windows-1256", "extractor": "trafilatura 2 / rasid 1"}
    keep(archive, make_decision(reading=make_reading(article=make_article(**by))), page(1))
    (version,) = archive.reader().article("paris-1")["versions"]
    assert version.items() >= by.items()
    assert version["raw_kept"] is True
    assert version["raw_bytes"] == len(page(1))


# ------------------------------------------------------------------------------------------------------- dropping


OLD = datetime(2025, 1, 1, tzinfo=UTC)


async def test_pages_are_dropped_by_age_in_batches_and_only_if_asked(archive: SqliteArchive) -> None:
    fill(archive, range(2 * BATCH + 3), OLD)
    fill(archive, range(2 * BATCH + 3, 2 * BATCH + 8), NOON)
    await tend(archive.pages(), At(NOON), days=0)
    assert column(archive, "raw IS NULL").count(1) == 0
    first = archive.pages().drop(NOON - timedelta(days=30))
    assert first.pages == BATCH
    assert first.freed_bytes > BATCH * 500
    await tend(archive.pages(), At(NOON), days=30)
    assert column(archive, "raw IS NULL").count(1) == 2 * BATCH + 3
    assert archive.reader().raw(f"aside-{2 * BATCH + 4}") == page(2 * BATCH + 4)
    assert archive.pages().drop(NOON - timedelta(days=30)).pages == 0


def judged(archive: SqliteArchive) -> None:
    keep(archive, aside(1, fetched_at=OLD), page(1))
    archive.label("aside-1", "wrong", "", NOON)


def reported(archive: SqliteArchive) -> None:
    article = make_article(id="aside-1", fetched_at=OLD)
    keep(archive, make_decision(reading=make_reading(article=article)), page(1))


def reported_once(archive: SqliteArchive) -> None:
    reported(archive)
    keep(archive, aside(1, fetched_at=OLD + timedelta(days=1)), page(2))


@pytest.mark.parametrize("evidence", [judged, reported, reported_once])
async def test_a_page_that_something_rests_on_stays(
    archive: SqliteArchive, evidence: Callable[[SqliteArchive], None]
) -> None:
    evidence(archive)
    await tend(archive.pages(), At(NOON), days=30)
    assert column(archive, "raw IS NULL").count(1) == 0


async def test_after_dropping_every_span_and_digest_and_question_is_as_before(path: Path) -> None:
    with SqliteArchive(path) as archive:
        article = make_article(fetched_at=OLD, extractor="trafilatura 2 / rasid 1")
        keep(archive, make_decision(reading=make_reading(article=article)), page(0))
        fill(archive, range(1, 60), OLD)
        before = _everything(archive)
        await tend(archive.pages(), At(NOON), days=30)
        assert _everything(archive) == before
        assert archive.reader().raw("aside-3") is None
        assert archive.reader().raw("paris-1") == page(0)
        (version,) = archive.reader().article("aside-3")["versions"]
        assert (version["raw_kept"], version["raw_bytes"]) == (False, len(page(3)))
        keep(archive, aside(3, fetched_at=OLD), page(3))
        assert archive.reader().raw("aside-3") is None
        assert archive._db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    with open_reader(path) as reader:
        assert reader.article("paris-1")["text"] == TEXT


def _everything(archive: SqliteArchive) -> list[Any]:
    """All that is asked and shown, and every quote by its span; without whether the page is kept."""
    reader = archive.reader()
    articles = [reader.article(f"aside-{number}") for number in range(1, 60)] + [reader.article("paris-1")]
    for article in articles:
        for version in article["versions"]:
            version.pop("raw_kept")
        for mention in article["claims"]:
            assert article["text"][mention["start"] : mention["end"]] == mention["quote"]
    assert any(article["claims"] for article in articles)
    return [
        articles,
        reader.search("عنوان"),
        reader.search("صدام حفتر"),
        reader.claims(),
        reader.alerts(),
        reader.status(),
    ]


def test_the_space_of_dropped_pages_is_used_again(path: Path) -> None:
    with SqliteArchive(path) as archive:
        large = random.Random(1).randbytes(20_000)  # noqa: S311 - nothing is secret here
        for number in range(50):
            keep(archive, aside(number, fetched_at=OLD), large)
        blocks = archive._db.execute("PRAGMA page_count").fetchone()[0]
        assert archive.pages().drop(NOON).freed_bytes > 50 * 20_000
        assert archive._db.execute("PRAGMA freelist_count").fetchone()[0] > blocks // 2
        for number in range(50, 80):
            keep(archive, aside(number, fetched_at=NOON), large)
        assert archive._db.execute("PRAGMA page_count").fetchone()[0] == blocks


@pytest.mark.parametrize(("days", "left"), [("30", 1), ("0", 2)])
async def test_the_service_tends_the_pages_as_the_settings_say(days: str, left: int, tmp_path: Path) -> None:
    data, config = tmp_path / "data", tmp_path / "config"
    config.mkdir()
    for part in ("lexicon", "watchlist.toml", "settings.toml", "alerts.toml"):
        (config / part).symlink_to(ROOT / "config" / part)
    (config / "feeds.toml").write_text("feed = []\n", encoding="utf-8")
    with SqliteArchive(data / "rasid.db") as archive:
        archive.mark_seeded(NOON)
        keep(archive, aside(1, fetched_at=OLD), page(1))
        keep(archive, make_decision(reading=make_reading(article=make_article(fetched_at=OLD))), page(2))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RASID_")}
    settings_ = {"RASID_RETENTION__RAW_DAYS": days, "RASID_POLL__TICK_S": "0.2", "RASID_BACKUP__EVERY_H": "0"}
    command = [str(ROOT / "worker.py"), "--data-dir", str(data), "--config-dir", str(config), "run"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=inherited | settings_, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    while b'"started"' not in (line := await asyncio.wait_for(process.stderr.readline(), 60)):
        assert line, "it ended before it had begun"
    for _ in range(10 if days == "0" else 300):
        await asyncio.sleep(0.1)
        with open_reader(data / "rasid.db") as reader:
            if len(list(reader.export().pages())) == 1:
                break
    process.terminate()
    await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    with SqliteArchive(data / "rasid.db") as archive:
        assert column(archive, "raw IS NOT NULL").count(1) == left
        assert len(archive.reader().claims()) == 1


def test_a_repeat_of_a_commit_keeps_the_first_page(archive: SqliteArchive) -> None:
    decision = make_decision()
    keep(archive, decision, page(1))
    keep(archive, replace(decision, alerts=()), page(2))
    assert archive.reader().raw("paris-1") == page(1)
