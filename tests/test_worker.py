"""The command line as others use it: exit codes, JSON alone on stdout, one clear sentence on stderr."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from commands.upkeep import MENDED, unmended
from monitor.demo.loopback import Answer, Loopback
from storage.lock import DataLock
from storage.seed import seed_articles

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
WORKER = ROOT / "worker.py"
FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>أخبار</title>'
    "<item><title>خبر</title><link>http://127.0.0.1:1/a</link></item></channel></rss>"
)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RASID_")}
    return {**inherited, **(more or {})}


def worker(
    *arguments: object,
    data: Path,
    env: Mapping[str, str] | None = None,
    text: str | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(WORKER), "--data-dir", str(data), *map(str, arguments)]
    return subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, input=text, env=environment(env), cwd=cwd, timeout=120, check=False
    )


def lines(run: subprocess.CompletedProcess[str]) -> list[Any]:
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A data folder into which three articles and three bad inputs have been ingested from another folder."""
    folder = tmp_path_factory.mktemp("ingested")
    for seed in seed_articles()[:2]:
        (folder / f"{seed.id}.txt").write_bytes(seed.text.encode())
    good = {"id": "line-1", "title": "عنوان", "text": "نص لا صلة له بالموضوع في شيء", "published_at": "2026-01-20"}
    (folder / "more.jsonl").write_text(f"{json.dumps(good)}\n{{broken\n", encoding="utf-8")
    (folder / "odd.pdf").write_bytes(b"%PDF")
    names = [f"{seed.id}.txt" for seed in seed_articles()[:2]]
    paths = ["missing.txt", *names, "more.jsonl", "odd.pdf"]
    run = worker("ingest", *paths, "--no-alerts", "--json", data=folder / "data", cwd=folder)
    return folder / "data", run


def test_ingest_prints_an_object_an_article_in_order_and_names_what_it_could_not_read(
    filled: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, run = filled
    found = lines(run)
    assert run.returncode == 1
    assert [one["id"] for one in found] == [*(seed.id for seed in seed_articles()[:2]), "line-1"]
    for seed, one in zip(seed_articles(), found[:2], strict=False):
        assert one["text"] == seed.text
        assert one["title"] == seed.title or one["title"] in seed.text
        assert all(one["text"][claim["start"] : claim["end"]] == claim["quote"] for claim in one["claims"])
    assert found[2]["text"] == "عنوان\nنص لا صلة له بالموضوع في شيء"
    assert found[2]["published_at"].startswith("2026-01-20")
    told = run.stderr
    assert "E-INPUT-MISSING: missing.txt" in told
    assert "E-INPUT-MALFORMED: more.jsonl:2" in told
    assert "E-INPUT-MALFORMED: odd.pdf" in told


def test_the_archive_is_asked_in_json_csv_and_tables(
    filled: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    data, _ = filled
    for command in ("meetings", "claims", "leads", "people"):
        asked = worker(command, "--json", data=data)
        assert asked.returncode == 0, asked.stderr
        assert isinstance(json.loads(asked.stdout), list)
    (meeting,) = json.loads(worker("meetings", "--json", data=data).stdout)
    assert "saddam_haftar" in meeting["principals"]
    assert worker("claims", "--format", "csv", data=data).stdout.startswith("\ufeffid,relation")
    assert "saddam_haftar" in worker("meetings", data=data).stdout
    found = json.loads(worker("search", "حَفْتَر", "--json", data=data).stdout)
    assert {one["id"] for one in found} == {seed.id for seed in seed_articles()[:2]}
    article = json.loads(worker("article", seed_articles()[0].id, "--json", data=data).stdout)
    assert article["claims"]
    status = json.loads(worker("status", "--json", data=data).stdout)
    assert status["totals"]["articles"] == 3


def test_an_unknown_id_ends_with_1_and_its_code(filled: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    data, _ = filled
    run = worker("article", "nothing", "--json", data=data)
    assert run.returncode == 1
    assert lines(run) == [{"code": "E-INPUT-MISSING", "message": "there is no article nothing"}]
    assert "E-INPUT-MISSING" in run.stderr


def test_a_verdict_is_kept_with_its_alert(filled: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    data, _ = filled
    alert = json.loads(worker("alerts", "list", "--json", data=data).stdout)[0]["id"]
    assert worker("alerts", "label", alert, "right", "--note", "تحقق", data=data).returncode == 0
    shown = json.loads(worker("alerts", "show", alert, "--json", data=data).stdout)
    assert [(one["verdict"], one["note"]) for one in shown["labels"]] == [("right", "تحقق")]


def test_a_wrong_configuration_ends_with_2_and_all_problems(tmp_path: Path) -> None:
    env = {"RASID_POLL__INTERVAL_S": "soon", "RASID_MAIL__TLS": "ssl"}
    for command in (["status"], ["poll"]):
        run = worker(*command, "--json", data=tmp_path, env=env)
        assert (run.returncode, run.stderr.count("E-CONFIG")) in {(2, 2), (1, 0)}, run.stderr
    run = worker("config", "check", "--json", data=tmp_path, env=env)
    assert run.returncode == 2
    (found,) = lines(run)
    assert [problem.split(": ")[1] for problem in found["problems"]] == ["RASID_POLL__INTERVAL_S", "RASID_MAIL__TLS"]


def test_an_unknown_option_ends_with_2(tmp_path: Path) -> None:
    run = worker("poll", "--colour", data=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")


def test_a_held_data_folder_ends_with_75_and_names_the_holder(tmp_path: Path) -> None:
    with DataLock(tmp_path):
        run = worker("seed", "--json", data=tmp_path)
    assert run.returncode == 75
    assert str(os.getpid()) in run.stderr
    assert lines(run)[0]["code"] == "E-ALREADY-RUNNING"


def test_texts_are_compared_line_by_line(tmp_path: Path) -> None:
    pair = {"known": "التقى صدام حفتر في باريس بول سولير.", "incoming": "التقى صدام حفتر في موسكو بول سولير."}
    run = worker("compare", data=tmp_path, text=json.dumps(pair) + "\nnothing\n")
    assert run.returncode == 1
    compared, broken = lines(run)
    assert set(compared) >= {"relation", "score", "method", "compared", "suggest", "why"}
    assert broken["code"] == "E-INPUT-MALFORMED"


def test_feeds_are_checked_where_they_lie(tmp_path: Path) -> None:
    pages = {"/feed": Answer(body=FEED.encode(), content_type="application/rss+xml"), "/page": Answer(body=b"<html>")}
    with Loopback(lambda request: pages.get(request.path, Answer(status=404))) as server:
        urls = [server.origin + path for path in ("/feed", "/page", "/none")]
        private = worker("feeds", "check", urls[0], "--json", data=tmp_path)
        run = worker("feeds", "check", *urls, "file:///etc/passwd", "--allow-private", "--json", data=tmp_path)
    assert [one["code"] for one in lines(private)] == ["E-FETCH-PRIVATE"]
    found = lines(run)
    assert [one["ok"] for one in found] == [True, False, False, False]
    assert found[0]["entries"] == 1
    assert [one["code"] for one in found[1:]] == ["E-FEED-NOT-FEED", "E-FETCH-STATUS", "E-FETCH-SCHEME"]
    assert run.returncode == 1


def test_a_feed_is_added_beside_the_archive(tmp_path: Path) -> None:
    run = worker("feeds", "add", "https://example.org/feed", "--outlet", "تجربة", "--no-check", "--json", data=tmp_path)
    assert run.returncode == 0, run.stderr
    listed = json.loads(worker("feeds", "list", "--json", data=tmp_path).stdout)
    assert listed[-1]["url"] == "https://example.org/feed"
    assert worker("feeds", "add", "file:///etc/passwd", data=tmp_path).returncode == 2


def test_the_service_is_healthy_after_its_start_and_ends_on_sigterm(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    for part in ("lexicon", "watchlist.toml", "settings.toml"):
        (config / part).symlink_to(ROOT / "config" / part)
    assert worker("--config-dir", config, "health", data=tmp_path / "data").returncode == 1
    command = [sys.executable, str(WORKER), "--data-dir", str(tmp_path / "data"), "--config-dir", str(config), "run"]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) as service:  # noqa: S603
        until = time.monotonic() + 60
        while worker("--config-dir", config, "health", data=tmp_path / "data").returncode != 0:
            assert service.poll() is None, service.stderr and service.stderr.read()
            assert time.monotonic() < until
        began = time.monotonic()
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=15) == 0
        assert time.monotonic() - began < 10
    status = json.loads(worker("status", "--json", data=tmp_path / "data").stdout)
    assert status["seeded"]
    assert status["totals"]["articles"] == 5


def test_doctor_finds_nothing_wrong_here(tmp_path: Path) -> None:
    run = worker("doctor", "--json", data=tmp_path)
    assert run.returncode == 0, run.stdout
    checks = json.loads(run.stdout)
    assert all(check["ok"] for check in checks)
    told = {check["check"]: check["problem"] for check in checks if check["problem"] is not None}
    assert told == ({"python patch level": unmended()} if unmended() else {})


@pytest.mark.parametrize("version", [(3, 11, 14), (3, 12, 0), (3, 13, 11), (3, 14, 2)])
def test_a_python_whose_mail_library_has_a_known_hole_is_told_with_the_level_that_has_not(
    version: tuple[int, int, int],
) -> None:
    told = unmended(version)
    assert told is not None
    assert told.startswith(f"Python {'.'.join(map(str, version))} has CVE-2026-1299")
    assert told.endswith(f"mended in 3.{version[1]}.{MENDED[version[:2]]}")


@pytest.mark.parametrize("version", [(3, 11, 15), (3, 12, 13), (3, 13, 12), (3, 13, 20), (3, 14, 3), (3, 15, 0)])
def test_of_a_python_without_that_hole_nothing_is_told(version: tuple[int, int, int]) -> None:
    assert unmended(version) is None
