"""Faults in what the worker stands on: its configuration, its disk, its database, its clock, and what it is asked."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog

from monitor.demo.loopback import Answer, Loopback, Request
from monitor.errors import ArchiveBusy
from monitor.model import Alarm, FeedSource
from monitor.pipeline import Poller, Watch, WatchRules, run_cycle
from monitor.ports import Commit
from monitor.service import Service
from storage.archive import SqliteArchive
from tests import test_poller as polling
from tests.archive.test_disk import held_by_another
from tests.factories import make_decision
from tests.polling_rig import START, Channel, ports_over
from tests.test_poller import IN_SCOPE, RULES, source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.pipeline import FeedReport, Ports
    from tests.polling_rig import Clocks
    from tests.test_poller import Site

config, site, server, clocks, ports = (
    polling.config,
    polling.site,
    polling.server,
    polling.clocks,
    polling.ports,
)  # fixtures

ROOT = Path(__file__).parents[1]
EMPTY = b"<rss><channel><title>x</title></channel></rss>"
ODD = ('"', "NEAR(", "حفتر AND (", "", "\udcff", "ا" * 50_000)


def worker(*arguments: object, data: Path, folder: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RASID_")}
    where = ["--data-dir", str(data), *(() if folder is None else ("--config-dir", str(folder)))]
    command = [sys.executable, str(ROOT / "worker.py"), *where, *map(str, arguments)]
    return subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, timeout=120, check=False, env={**inherited, **env}
    )


# --------------------------------------------------------------------------------------------- 61: the configuration


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A configuration with something wrong in every file."""
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    (folder / "settings.toml").write_text("[poll]\ninterval_s = 'soon'\nintervall = 9\n", encoding="utf-8")
    (folder / "feeds.toml").write_text(
        '[[feed]]\nid = "a"\nurl = "file:///etc/passwd"\noutlet = "x"\n'
        '[[feed]]\nid = "B C"\nurl = "https://example.org/"\noutlet = "x"\ncolour = 1\n', encoding="utf-8"
    )  # fmt: skip
    (folder / "alerts.toml").write_text('[[rule]]\nname = "x"\nsend = "hourly"\nkind = "y"\n', encoding="utf-8")
    with (folder / "watchlist.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[principal]]\nid = "nobody"\n')
    with (folder / "lexicon" / "ranks.toml").open("a", encoding="utf-8") as file:
        file.write("\n[[entry]]\nid = 'odd'\nforms = ['غريب']\ncolour = 'x'\n")
    return folder


def line_of(path: Path, start: str) -> int:
    """The last line that begins so."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return max(number for number, line in lines if line.startswith(start))


def test_every_mistake_of_every_file_is_told_at_once_and_nothing_is_begun(wrong: Path, tmp_path: Path) -> None:
    env = {"RASID_MAIL__PASSWORD_FILE": "/nowhere/secret", "RASID_READ__MEMORY": "1"}
    checked = worker("config", "check", "--json", data=tmp_path / "data", folder=wrong, **env)
    problems = json.loads(checked.stdout)["problems"]
    assert checked.returncode == 2
    for start in (
        "settings.toml:2: poll.interval_s: ",
        "settings.toml:3: poll.intervall: unknown key; allowed: ",
        "environment: RASID_MAIL__PASSWORD_FILE: ",
        "environment: RASID_READ__MEMORY: unknown key; allowed: ",
        "feeds.toml:3: feed 1: url: not a web address",
        "feeds.toml:6: feed 2: id: ",
        "feeds.toml:9: feed 2: colour: unknown key; allowed: ",
        "alerts.toml:3: rule 1: send: ",
        "alerts.toml:4: rule 1: kind: unknown key; allowed: ",
        f"watchlist.toml:{line_of(wrong / 'watchlist.toml', '[[principal]]')}: nobody: name is missing",
        f"lexicon/ranks.toml:{line_of(wrong / 'lexicon' / 'ranks.toml', 'colour')}: odd: unknown key 'colour'",
    ):
        assert any(problem.startswith(start) for problem in problems), (start, problems)
    run = worker("run", data=tmp_path / "data", folder=wrong, **env)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert run.stderr.count("E-CONFIG") >= 1
    assert all(problem in run.stderr for problem in problems)
    assert not (tmp_path / "data" / "rasid.db").exists()


# ------------------------------------------------------------------------------------------ 48, 54: disk and database


async def test_what_was_read_while_the_database_was_locked_is_read_again_and_queued_once(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks, tmp_path: Path
) -> None:
    path, stop, refused = tmp_path / "rasid.db", asyncio.Event(), 0
    site.article("/a")
    site.feed(server.origin, ("/a", IN_SCOPE))
    with SqliteArchive(path, busy_s=0.2, now=clocks.now) as archive, held_by_another(path) as other:
        poller = Poller(replace(ports, archive=archive, channels=(Channel(),)), [source(server)], RULES)

        async def poll() -> None:
            nonlocal refused
            try:
                ended = await poller.beat()
            except ArchiveBusy:
                refused += 1
                if refused == 2:
                    other.communicate("")  # whoever had it locked is done
                raise
            if ended:
                stop.set()

        async with asyncio.timeout(30):
            await Service(jobs=[poll], delivering=(), tick_s=0.05).run(stop)
        await poller.aclose()
        status = archive.reader().status()
        queued = len(archive.due_deliveries(clocks.now() + timedelta(days=1)))
    assert refused == 2
    assert (status["totals"]["articles"], status["outcomes"]) == (1, {"alerted": 1})
    assert queued == status["totals"]["alerts"] > 0


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A file system in memory of its own."""
    folder.mkdir(exist_ok=True)
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if mount is None or os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
        pytest.skip("nothing may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S603, S607


def test_a_volume_that_cannot_be_written_is_named_with_the_user_and_the_remedy(tmp_path: Path) -> None:
    with mounted(tmp_path / "volume", "ro,size=1m") as volume:
        found = worker("doctor", "--json", data=volume)
        checks = {one["check"]: one for one in json.loads(found.stdout)}
        assert found.returncode == 1
        assert str(volume) in checks["data folder"]["problem"]
        assert f"uid {os.geteuid()}" in checks["data folder"]["fix"]
        run = worker("run", "--json", data=volume)
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert json.loads(run.stdout.splitlines()[-1])["code"] == "E-ARCHIVE"
    assert str(volume) in run.stderr


def test_a_volume_without_room_for_the_archive_is_a_full_disk(tmp_path: Path) -> None:
    with mounted(tmp_path / "volume", "size=64k") as volume:
        found = worker("doctor", "--json", data=volume)
        checks = {one["check"]: one for one in json.loads(found.stdout)}
        assert checks["room"]["problem"].startswith("E-DISK-FULL")
        assert str(volume) in checks["room"]["fix"]
        run = worker("run", "--json", data=volume)
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert json.loads(run.stdout.splitlines()[-1])["code"] == "E-DISK-FULL"


# ------------------------------------------------------------------------------------------------ 59: clock and polls


async def test_a_poll_that_takes_longer_than_its_interval_is_told_once_and_not_begun_again(
    ports: Ports, clocks: Clocks
) -> None:
    let_go, asked = threading.Event(), [0]

    def route(_request: Request) -> Answer:
        asked[0] += 1
        if asked[0] > 1:
            let_go.wait(20)
        return Answer(body=EMPTY, content_type="application/rss+xml")

    with Loopback(route) as slow, structlog.testing.capture_logs() as said:
        async with ports_over(f"127.0.0.1:{slow.port}", clocks=clocks) as own:
            poller = Poller(own, [FeedSource(id="f", url=f"{slow.origin}/feed", outlet="x")], RULES)
            assert len(await polling.beaten(poller)) == 1
            ended: list[FeedReport] = []
            for _ in range(12):  # three hours
                clocks.pass_(900)
                ended += await poller.beat()
                await asyncio.sleep(0.02)
            let_go.set()
            while poller.busy:
                ended += await poller.beat()
                await asyncio.sleep(0.02)
            await poller.aclose()
    assert (asked[0], len(ended)) == (2, 1)
    warned = [one for one in said if one["event"] == "a poll takes longer than its interval"]
    assert [(one["feed"], one["log_level"]) for one in warned] == [("f", "warning")]


# --------------------------------------------------------------------------------------------------- 64a: what is asked


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked")
    with SqliteArchive(folder / "rasid.db") as archive:
        archive.commit(Commit(decision=make_decision()))
    return folder


@pytest.mark.parametrize("query", ODD, ids=range(len(ODD)))
def test_whatever_is_searched_for_ends_with_a_list_or_one_sentence(filled: Path, query: str) -> None:
    run = worker("search", "--json", "--", query, data=filled)
    assert "Traceback" not in run.stderr
    assert run.returncode == 0
    assert isinstance(json.loads(run.stdout), list)


def test_what_looks_like_an_option_is_refused_with_a_hint(filled: Path) -> None:
    run = worker("search", "-x", data=filled)
    assert (run.returncode, run.stdout) == (2, "")
    assert "No such option" in run.stderr


# ------------------------------------------------------------------------------------------- 21, 22, 62d: what is told


async def test_a_feed_that_has_moved_for_good_is_asked_at_its_new_address_after_three_times_and_told(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.pages["/feed"] = Answer(status=301, headers={"Location": f"{server.origin}/new"})
    site.pages["/new"] = Answer(body=EMPTY, content_type="application/rss+xml")
    watch = Watch(ports=ports, feeds=[source(server)], rules=WatchRules())
    codes = []
    for _ in range(4):
        (report,) = await run_cycle(ports, [source(server)], RULES, due_only=False)
        watch.hear(report)
        codes += [alarm.code for notice in watch.look() for alarm in notice.alarms]
        clocks.pass_(3600)
    assert (site.hits["/feed"], site.hits["/new"]) == (3, 4)
    assert codes == ["E-FEED-MOVED"]


async def test_a_feed_that_moves_to_where_nobody_may_go_is_not_followed_there(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.pages["/feed"] = Answer(status=301, headers={"Location": "http://127.0.0.1:9/feed"})
    for _ in range(4):
        await run_cycle(ports, [source(server)], RULES, due_only=False)
        clocks.pass_(3600)
    after = polling.state(ports)
    assert (after.last_error_code, after.url, after.failures, site.hits["/feed"]) == ("E-FETCH-PRIVATE", None, 4, 4)


async def test_a_feed_that_is_gone_is_left_alone_for_days_and_kept(
    ports: Ports, site: Site, server: Loopback, clocks: Clocks
) -> None:
    site.pages["/feed"] = Answer(status=410)
    (report,) = await run_cycle(ports, [source(server)], RULES)
    assert (report.code, report.after.paused) == ("E-FETCH-STATUS", True)
    for _ in range(24 * 5):
        clocks.pass_(3600)
        assert await run_cycle(ports, [source(server)], RULES) == ()
    assert (site.hits["/feed"], polling.state(ports).paused) == (1, True)


def test_the_doctor_names_a_channel_whose_login_fails(tmp_path: Path) -> None:
    with SqliteArchive(tmp_path / "rasid.db") as archive:
        said = Alarm(code="E-MAIL-AUTH", message="mail: the server refuses the login", since=START)
        archive.commit(Commit(raised=(said,)))
    found = worker("doctor", "--json", data=tmp_path)
    (alarms,) = [one for one in json.loads(found.stdout) if one["check"] == "alarms"]
    assert (found.returncode, alarms["ok"]) == (1, False)
    assert "E-MAIL-AUTH: the watch: mail: the server refuses the login" in alarms["problem"]
