"""A worker that is killed tells everything after its next start, each alert once by its id."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.demo.loopback import NOT_FOUND, Answer, Loopback, Request
from monitor.demo.mailbox import Mailbox
from monitor.demo.receiver import HOOK_PATH, Receiver
from monitor.errors import RasidError
from storage.search import open_reader
from tests.kill_rig import kill_again_and_again

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[1]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MEETINGS = {
    "/rome": "<h1>صدام حفتر يبحث في روما مكافحة الهجرة مع وزير الداخلية الإيطالي</h1>"
    "<p>التقى نائب القائد العام الفريق صدام حفتر في العاصمة الإيطالية روما وزير الداخلية الإيطالي ماتيو بيانتيدوزي، "
    "وبحث الجانبان سبل مكافحة الهجرة غير النظامية وتأمين الحدود الجنوبية.</p>"
    "<p>واتفق الطرفان على تدريب وحدات من حرس السواحل في إيطاليا خلال العام الجاري.</p>",
    "/ankara": "<h1>وزير الدفاع التركي يستقبل صدام حفتر في أنقرة</h1>"
    "<p>استقبل وزير الدفاع التركي يشار غولر في أنقرة نائب القائد العام الفريق صدام حفتر، وناقش معه التعاون العسكري "
    "والتدريب المشترك بين البلدين.</p><p>ووقع الجانبان مذكرة تفاهم للتعاون في مجال الصناعات الدفاعية.</p>",
}


def site(request: Request) -> Answer:
    """A feed with two articles that are no part of the seed corpus."""
    if request.path == "/feed":
        host = request.headers["host"]
        items = "".join(f"<item><title>خبر</title><link>http://{host}{path}</link></item>" for path in MEETINGS)
        body = f'<rss version="2.0"><channel><title>أخبار</title>{items}</channel></rss>'
        return Answer(body=body.encode(), content_type="application/rss+xml; charset=utf-8")
    if request.path not in MEETINGS:
        return NOT_FOUND
    page = '<!DOCTYPE html><html lang="ar" dir="rtl"><meta charset="utf-8"><body><article>'
    return Answer(body=f"{page}{MEETINGS[request.path]}</article></body></html>".encode())


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    for part in ("lexicon", "watchlist.toml", "settings.toml"):
        (folder / part).symlink_to(ROOT / "config" / part)
    return folder


@asynccontextmanager
async def running(
    config: Path, data: Path, smtp_port: int, hook_port: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RASID_")}
    settings = {
        "RASID_POLL__TICK_S": "0.2",
        "RASID_MAIL__PORT": str(smtp_port),
        "RASID_MAIL__TLS": "none",
        "RASID_MAIL__RECIPIENTS": "desk@example.org, night@example.org",
        "RASID_WEBHOOKS__DESK__URL": f"http://127.0.0.1:{hook_port}{HOOK_PATH}",
        "RASID_WEBHOOKS__DESK__SECRET": SECRET,
        "RASID_WEBHOOKS__DESK__ALLOW_PRIVATE": "true",
        "RASID_LOGGING__LEVEL": "warning",
    }
    command = [str(ROOT / "worker.py"), "--data-dir", str(data), "--config-dir", str(config), "run"]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, env={**inherited, **settings})
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def until(data: Path, **outbox: int) -> dict[str, Any]:
    """Wait for the archive to count as many deliveries in each state, or more."""
    for _ in range(600):
        with suppress(RasidError), open_reader(data / "rasid.db") as reader:
            found: dict[str, Any] = reader.status()
            if all(found["outbox"][state] >= count for state, count in outbox.items()):
                return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"the outbox never held {outbox}")


def silent(port: int = 0) -> socket.socket:
    """A server that lets clients connect and never says a word."""
    listening = socket.create_server(("127.0.0.1", port))
    listening.listen(16)
    return listening


async def test_kill_9_between_commit_and_delivery_loses_nothing_and_tells_nothing_twice(
    config: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    receiver = Receiver(SECRET)
    with ExitStack() as servers:
        news = servers.enter_context(Loopback(site))
        feed = f'[[feed]]\nid = "site"\nurl = "{news.origin}/feed"\noutlet = "موقع"\nallow_private = true\n'
        (config / "feeds.toml").write_text(feed, encoding="utf-8")

        with silent() as smtp, silent() as hook:
            ports = smtp.getsockname()[1], hook.getsockname()[1]
            async with running(config, data, *ports) as process:
                await until(data, queued=6)  # two articles, three recipients, at least one alert each
                process.send_signal(signal.SIGKILL)
                assert await process.wait() == -signal.SIGKILL
        with open_reader(data / "rasid.db") as reader:
            alerts = [one["id"] for one in reader.alerts() if one["urgency"] == "now" and one["deliveries"]]
            assert reader.status()["outbox"]["sent"] == 0
        assert alerts

        servers.enter_context(Loopback(receiver.route, port=ports[1]))
        async with Mailbox(port=ports[0]) as mailbox, running(config, data, *ports) as process:
            await until(data, sent=3 * len(alerts))
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0

    posted = [one.payload["data"]["id"] for one in receiver.received]
    assert receiver.verified == len(receiver.received)
    assert sorted(posted) == sorted(alerts)
    assert len({one.id for one in receiver.received}) == len(alerts)
    mailed = [str(message["Message-ID"]) for message in mailbox.messages]
    assert len(mailed) == len(set(mailed)) == 2 * len(alerts)


async def test_of_forty_kills_none_loses_a_claim_or_a_message_or_tells_one_under_two_ids() -> None:
    found = await kill_again_and_again(40)
    assert (found.kills, found.damaged) == (40, 0)
    assert (found.lost, found.twice, found.owed) == (0, 0, 0)
    assert (found.hooks_missing, found.hooks_differing, found.unsigned) == (0, 0, 0)
    assert (found.mails_missing, found.mails_differing) == (0, 0)
    assert found.hooks >= found.articles > 5
    assert found.mails == 2 * found.hooks
    assert found.moments["sending"] >= 5, found.moments  # else it has shown nothing


async def test_a_worker_told_to_stop_in_the_middle_of_anything_ends_well_and_tells_nothing_twice() -> None:
    found = await kill_again_and_again(8, by=signal.SIGTERM)
    assert (found.lost, found.twice, found.owed) == (0, 0, 0)
    assert (found.hooks_missing, found.hooks_again, found.mails_missing, found.mails_again) == (0, 0, 0, 0)
    assert found.moments["sending"] == 0
