"""The running service: stopped at awkward moments, put to sleep, and heard of when a source is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pysqlite3
import pytest

from monitor.demo.loopback import Answer, Loopback, Request
from monitor.demo.receiver import HOOK_PATH, Receiver
from storage.search import open_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STOPPED_WITHIN_S = 10.0
RSS = b"<rss><channel><title>x</title></channel></rss>"


@dataclass
class Site:
    """Feeds that answer at once, late, or never."""

    slow_s: dict[str, float] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    hits: Counter[str] = field(default_factory=Counter)

    def route(self, request: Request) -> Answer:
        self.hits[request.path] += 1
        time.sleep(self.slow_s.get(request.path, 0.0))
        status = 410 if request.path in self.gone else 404 if request.path == "/robots.txt" else 200
        return Answer(status=status, body=RSS, content_type="application/rss+xml")


@pytest.fixture
def site() -> Site:
    return Site()


@contextmanager
def running(folder: Path, site: Site, *feeds: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """A worker whose archive has been seeded, over the site's feeds."""
    config = folder / "config"
    config.mkdir(exist_ok=True)
    for part in ("lexicon", "watchlist.toml", "settings.toml"):
        if not (config / part).exists():
            (config / part).symlink_to(ROOT / "config" / part)
    with Loopback(site.route) as server:
        tables = (
            f'[[feed]]\nid = "{name}"\nurl = "{server.origin}/{name}"\noutlet = "{name}"\nallow_private = true\n'
            f"interval_s = 60\n"
            for name in feeds
        )
        (config / "feeds.toml").write_text("\n".join(tables), encoding="utf-8")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RASID_")}
        chosen = {"POLL__TICK_S": "0.1", "POLL__SPACING_S": "0", **settings}
        env = inherited | {f"RASID_{name}": value for name, value in chosen.items()}
        command = [sys.executable, str(ROOT / "worker.py"), "--data-dir", str(folder / "data"), "--config-dir"]
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*command, str(config), "run", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def until(met: Callable[[], bool], seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.02)


def stopped(process: subprocess.Popen[str]) -> tuple[int, float]:
    """Its exit code after SIGTERM, and the seconds it took."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    return process.wait(STOPPED_WITHIN_S + 20), time.monotonic() - began


def test_sigterm_in_the_middle_of_a_fetch_ends_it_with_0_in_time(tmp_path: Path, site: Site) -> None:
    site.slow_s["/slow"] = 20.0
    with running(tmp_path, site, "slow", "quick") as process:
        until(lambda: site.hits["/slow"] > 0 and site.hits["/quick"] > 0)
        code, took_s = stopped(process)
    assert code == 0
    assert took_s < STOPPED_WITHIN_S


def test_sigterm_while_a_webhook_is_handed_over_waits_for_it_and_ends_in_time(tmp_path: Path, site: Site) -> None:
    receiver = Receiver(SECRET)
    begun: list[float] = []

    def late(request: Request) -> Answer:
        begun.append(time.monotonic())
        time.sleep(2.0)
        return receiver.route(request)

    site.gone.add("/gone")
    with Loopback(late) as hooks:
        hook = {
            "WEBHOOKS__DESK__URL": hooks.origin + HOOK_PATH,
            "WEBHOOKS__DESK__SECRET": SECRET,
            "WEBHOOKS__DESK__ALLOW_PRIVATE": "true",
        }
        with running(tmp_path, site, "gone", **hook) as process:
            until(lambda: bool(begun))
            code, took_s = stopped(process)
        assert code == 0
        assert took_s < STOPPED_WITHIN_S
    (notice,) = [one for one in receiver.received if one.verified]
    assert notice.payload["type"] == "source.silent"
    assert [alarm["code"] for alarm in notice.payload["data"]["alarms"]] == ["E-FEED-GONE"]
    with open_reader(tmp_path / "data" / "rasid.db") as reader:
        assert reader.status()["outbox"]["sent"] == 1
        assert [alarm["code"] for alarm in reader.status()["alarms"]] == ["E-FEED-GONE"]


def test_sigterm_while_another_process_keeps_the_database_locked_ends_it_in_time(tmp_path: Path, site: Site) -> None:
    with running(tmp_path, site, "one") as process:
        until(lambda: site.hits["/one"] > 0)
        other = pysqlite3.connect(str(tmp_path / "data" / "rasid.db"), isolation_level=None, timeout=10)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(1.0)  # by now the worker waits for the lock
        code, took_s = stopped(process)
        other.close()
    assert code == 0
    assert took_s < STOPPED_WITHIN_S


def test_a_worker_that_was_asleep_catches_up_with_one_poll(tmp_path: Path, site: Site) -> None:
    with running(tmp_path, site, "one") as process:
        until(lambda: site.hits["/one"] > 0)
        process.send_signal(signal.SIGSTOP)
        time.sleep(7.0)
        before = site.hits["/one"]
        process.send_signal(signal.SIGCONT)
        time.sleep(1.5)
        assert site.hits["/one"] - before <= 1
        assert stopped(process)[0] == 0


def test_a_slow_feed_holds_up_no_other_and_is_not_polled_twice_at_once(tmp_path: Path, site: Site) -> None:
    site.slow_s["/slow"] = 8.0
    with running(tmp_path, site, "slow", "a", "b") as process:
        until(lambda: site.hits["/a"] > 0 and site.hits["/b"] > 0, 30.0)
        assert site.hits["/slow"] == 1
        time.sleep(1.0)
        assert site.hits["/slow"] == 1
        assert stopped(process)[0] == 0
