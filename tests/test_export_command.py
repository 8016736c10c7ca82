"""`export` as it is called: every kind whole, in each form, while others write."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from commands.export import KINDS
from monitor.demo.pages import LAYOUTS, copy_of, render
from monitor.errors import ArchiveCorrupt
from monitor.ports import Commit
from storage.archive import SqliteArchive
from storage.exporting import BATCH
from storage.search import Filters, open_reader
from storage.seed import seed_articles
from tests.factories import NOON, TEXT, make_article, make_decision, make_meeting, make_mention, make_reading

WORKER = Path(__file__).parents[1] / "worker.py"
PAGE = b"<html><p>page</p></html>"


def called(*arguments: object, data: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RASID_")}
    command = [sys.executable, str(WORKER), "--data-dir", str(data), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, env=inherited | (env or {}), timeout=120, check=False)  # noqa: S603


def lines(*arguments: object, data: Path) -> list[Any]:
    run = called("export", *arguments, data=data)
    assert run.returncode == 0, run.stderr.decode()
    return [json.loads(line) for line in run.stdout.splitlines()]


def cells(*arguments: object, data: Path, env: dict[str, str] | None = None) -> list[dict[str, str]]:
    run = called("export", *arguments, "--format", "csv", data=data, env=env)
    assert run.returncode == 0, run.stderr.decode()
    assert run.stdout.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(run.stdout.decode("utf-8-sig"), newline="")))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two meetings, three articles, one of which a spreadsheet would run."""
    with SqliteArchive(tmp_path / "data" / "rasid.db") as archive:
        for number, title in enumerate(("صدام حفتر يزور باريس", "=HYPERLINK(1)", "+صدام في روما")):
            text = TEXT.replace(TEXT.split("\n", 1)[0], title)
            article = make_article(id=f"a{number}", text=text, fetched_at=NOON + timedelta(days=number))
            meeting = make_meeting(venue="chigi" if number == 2 else "elysee")
            reading = make_reading(article=article, meetings=(meeting,), mentions=(make_mention(text),))
            archive.commit(Commit(decision=make_decision(reading=reading), raw=PAGE + b"%d" % number))
        archive.label("a1", "wrong", "@سبق", NOON + timedelta(days=1))
    return tmp_path / "data"


@pytest.mark.parametrize(("what", "count"), [("claims", 3), ("meetings", 2), ("articles", 3), ("labels", 1)])
def test_every_kind_comes_whole_in_both_forms(data: Path, what: str, count: int) -> None:
    rows = lines("--what", what, data=data)
    table = cells("--what", what, data=data)
    assert len(rows) == len(table) == count
    assert set(table[0]) <= set(rows[0])
    unlisted = set(rows[0]) - set(table[0])
    assert unlisted <= {"compared"}, unlisted


def test_a_kind_is_told_as_its_list_tells_it(data: Path) -> None:
    with open_reader(data / "rasid.db") as reader:
        claims, meetings = reader.claims(Filters(limit=1000)), reader.meetings(Filters(limit=1000))
        article = reader.article("a1")
    exported = lines("--what", "claims", data=data)
    assert sorted(exported, key=lambda row: row["id"]) == sorted(claims, key=lambda row: row["id"])
    by_id = {row["id"]: row for row in lines("--what", "meetings", data=data)}
    assert by_id == {row["id"]: row for row in meetings}
    whole = lines("--what", "articles", data=data)[1]
    assert whole == {name: article[name] for name in whole}
    for row in exported:
        text = next(one["text"] for one in lines("--what", "articles", data=data) if one["id"] == row["article"])
        assert text[row["start"] : row["end"]] == row["quote"]


def test_a_spreadsheet_runs_no_cell_whatever_the_locale(data: Path) -> None:
    table = cells("--what", "articles", data=data, env={"LC_ALL": "C", "LANG": "C"})
    assert [row["title"][0] for row in table] == ["ص", "'", "'"]
    assert table[1]["text"].startswith("'=HYPERLINK(1)\n")
    assert cells("--what", "labels", data=data)[0]["note"] == "'@سبق"


@pytest.mark.parametrize(("what", "left"), [("claims", 1), ("meetings", 1), ("articles", 1), ("labels", 1)])
def test_since_narrows_every_kind(data: Path, what: str, left: int) -> None:
    with SqliteArchive(data / "rasid.db") as archive:
        archive._db.execute("UPDATE versions SET published_at = NULL")
        archive.label("a0", "right", "", NOON - timedelta(days=9))
    assert (
        len(lines("--what", what, "--since", "2026-01-18T18:00" if what != "labels" else "2026-01-18", data=data))
        == left
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--what", "pages", "--format", "csv"),
        ("--what", "claims", "--format", "warc"),
        ("--what", "claims", "--article", "a1"),
        ("--what", "claims", "--since", "yesterday"),
        ("--what", "everything"),
    ],
)
def test_what_cannot_be_written_so_is_refused(data: Path, arguments: tuple[str, ...]) -> None:
    run = called("export", *arguments, data=data)
    assert run.returncode == 2
    assert run.stdout == b""


def test_more_than_a_batch_comes_in_order_and_holds_up_no_writer(tmp_path: Path) -> None:
    path, count = tmp_path / "rasid.db", 2 * BATCH + 7
    with SqliteArchive(path) as archive:
        for number in range(count):
            reading = make_reading(article=make_article(id=f"a{number}"), meetings=(make_meeting(venue=f"v{number}"),))
            archive.commit(Commit(decision=make_decision(reading=reading), raw=PAGE))
        with open_reader(path) as reader:
            export = reader.export()
            found = export.articles()
            assert next(found)["id"] == "a0"
            archive.commit(Commit(decision=make_decision(reading=make_reading(article=make_article(id="late")))))
            busy = archive._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            assert busy == 0
            assert [row["id"] for row in found][: count - 1] == [f"a{number}" for number in range(1, count)]
            assert [row["article"] for row in export.claims()] == [f"a{number}" for number in range(count)] + ["late"]
            venues = [row["venue"] for row in export.meetings()]
            assert len(venues) == len(set(venues)) == count + 1
            pages = [one["article"] for one in export.pages() if not isinstance(one, ArchiveCorrupt)]
            assert sorted(pages) == sorted(f"a{number}" for number in range(count))


# ---------------------------------------------------------------------------------------------------------- pages


def test_pages_go_out_and_come_in_again_as_the_same_texts_and_claims(tmp_path: Path) -> None:
    first, second, files = tmp_path / "first", tmp_path / "second", []
    for number, (layout, article) in enumerate(zip(LAYOUTS[:3], seed_articles(), strict=False)):
        page = render(copy_of(article.text), layout, neighbours=(("/1", "خبر آخر"),), url=f"https://x.example/{number}")
        files.append(tmp_path / f"page{number}.html")
        files[-1].write_bytes(page)
    assert called("ingest", "--no-alerts", *files, data=first).returncode == 0
    run = called("export", "--what", "pages", data=first)
    assert run.returncode == 0, run.stderr.decode()
    (tmp_path / "pages.warc.gz").write_bytes(run.stdout)
    again = called("ingest", "--no-alerts", tmp_path / "pages.warc.gz", "--json", data=second)
    assert again.returncode == 0, again.stderr.decode()

    names = ("text_sha256", "raw_sha256", "raw_bytes", "extractor", "fetched_at", "content_type")

    def told(data: Path) -> tuple[list[Any], list[Any]]:
        with open_reader(data / "rasid.db") as reader:
            ids = [row["id"] for row in reader.export().articles()]
            versions = [reader.article(one)["versions"] for one in ids]
            claims = [(row["quote"], row["start"], row["kind"]) for row in reader.export().claims()]
        return sorted([one[name] for name in names] for (one,) in versions), sorted(claims)

    versions, claims = told(first)
    assert (versions, claims) == told(second)
    assert len(versions) == 3
    assert len(claims) > 5
    assert all(one[3].startswith("trafilatura ") for one in versions)


def test_one_articles_pages_are_asked_for_by_its_id(data: Path) -> None:
    run = called("export", "--what", "pages", "--format", "warc", "--article", "a1", data=data)
    assert run.returncode == 0
    with open_reader(data / "rasid.db") as reader:
        (page,) = reader.export().pages(article_id="a1")
        assert not isinstance(page, ArchiveCorrupt)
        assert page["page"] == PAGE + b"1"
        assert len(list(reader.export().pages(since=NOON - timedelta(days=30)))) == 3
        assert list(reader.export().pages(since=NOON + timedelta(days=30))) == []


def test_a_damaged_page_is_named_and_the_others_are_written(data: Path) -> None:
    with SqliteArchive(data / "rasid.db") as archive:
        archive._db.execute("UPDATE versions SET raw = x'00' WHERE article_id = 'a1'")
    run = called("export", "--what", "pages", data=data)
    assert run.returncode == 1
    assert "article a1: the page kept of 2026-01-18" in run.stderr.decode()
    path = data / "rest.warc.gz"
    path.write_bytes(run.stdout)
    assert path.stat().st_size > 500


def test_an_article_without_a_page_and_one_that_is_not_there_are_said_so(data: Path) -> None:
    with SqliteArchive(data / "rasid.db") as archive:
        archive.commit(Commit(decision=make_decision(reading=make_reading(article=make_article(id="text-only")))))
    for article, told in (("text-only", "no page of article text-only is kept"), ("none", "there is no article none")):
        run = called("export", "--what", "pages", "--article", article, data=data)
        assert run.returncode == 1
        assert f"E-INPUT-MISSING: {told}" in run.stderr.decode()


def test_every_kind_but_pages_has_its_columns() -> None:
    assert {what.value for what in KINDS} == {"claims", "meetings", "articles", "labels"}
