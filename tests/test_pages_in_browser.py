"""Links, their pages and the mail itself in a real browser, without a window, spoken to over a pipe."""

from __future__ import annotations

import asyncio
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from monitor.adapters.links import Action, Link, Links, Verdict
from monitor.adapters.mail import MailNotify, MailSettings
from monitor.adapters.pages import LinkPages, showing
from monitor.ports import Commit
from storage.archive import SqliteArchive
from tests.alert_factory import NAMES, FixedClock
from tests.alert_factory import make_delivery as make_conflict
from tests.factories import NOON, make_alert, make_decision, make_delivery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from email.message import EmailMessage
    from pathlib import Path

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
DESK = "desk@example.org"
KEY = "a key of more than sixteen characters"
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
PATIENCE_S = 30
# The browser reads commands from descriptor 3 and answers on 4; our ends have numbers that Python chose.
LAUNCH = """
import os, sys
into, out = os.dup(int(sys.argv[1])), os.dup(int(sys.argv[2]))
for ours, its in ((into, 3), (out, 4)):
    os.dup2(ours, its)
    os.set_inheritable(its, True)
os.execv(sys.argv[3], sys.argv[3:])
"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: pages are not seen in a browser")


class Browser:
    """A browser with one tab; `complaints` is all that its console, its policies and its audits have said."""

    def __init__(self, profile: Path) -> None:
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()
        launch = [sys.executable, "-c", LAUNCH, str(to_read), str(to_write), str(BROWSER)]
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run"]
        where = [f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(  # noqa: S603 - the browser of this machine
            [*launch, *flags, *where],
            pass_fds=(to_read, to_write),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._number, self._rest, self._session = 0, b"", ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._session = ""
        self.call("Browser.close")
        self._process.wait(timeout=PATIENCE_S)
        os.close(self._in)
        os.close(self._out)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        os.write(
            self._out, json.dumps({"id": self._number, "method": method, "params": params, **session}).encode() + b"\0"
        )
        while True:
            said = self._next()
            if said.get("id") == self._number:
                assert "error" not in said, said
                found: dict[str, Any] = said["result"]
                return found

    def show(self, url: str) -> None:
        self._loaded(lambda: self.call("Page.navigate", url=url))

    def press(self, what: str = "document.querySelector('button')") -> None:
        """Click the middle of the only button, or of something else."""
        self.value(f"{what}.scrollIntoView()")
        rect = self.value("(({x, y, width, height}) => [x + width / 2, y + height / 2])"
                          f"({what}.getBoundingClientRect())")  # fmt: skip
        at = {"x": rect[0], "y": rect[1], "button": "left", "clickCount": 1}

        def click() -> None:
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, **at)

        self._loaded(click)

    def value(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page holds
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    @property
    def complaints(self) -> list[Mapping[str, Any]]:
        kinds = {"Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Audits.issueAdded"}
        return [event for event in self.events if event["method"] in kinds]

    @property
    def requests(self) -> list[tuple[str, str]]:
        found = [event["params"]["request"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [(one["method"], one["url"]) for one in found]

    def _loaded(self, act: Callable[[], object]) -> None:
        before = self._loads()
        act()
        while self._loads() == before:
            self._next()

    def _loads(self) -> int:
        return sum(event["method"] == "Page.loadEventFired" for event in self.events)

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE_S
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            read = os.read(self._in, 1 << 16)
            assert read, "the browser has gone"
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\0")
        said: dict[str, Any] = json.loads(line)
        if "method" in said:
            self.events.append(said)
        return said


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    opened = Browser(tmp_path / "profile")
    yield opened
    opened.close()


@asynccontextmanager
async def open_links(archive: SqliteArchive) -> AsyncIterator[Links]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    links = Links(f"http://127.0.0.1:{port}/rasid", KEY)
    pages = LinkPages(links, archive, clock=FixedClock(NOON))
    async with showing(pages, listen=f"127.0.0.1:{port}"):
        yield links


def fits(browser: Browser) -> bool:
    """Whether nothing must be moved sideways to be read."""
    return bool(browser.value(f"document.documentElement.scrollWidth <= innerWidth && innerWidth === {PHONE['width']}"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_reader_opens_a_link_presses_its_button_and_is_heard(browser: Browser, scheme: str) -> None:
    with SqliteArchive(":memory:") as archive:
        decision = make_decision()
        (alert,) = decision.alerts
        archive.commit(Commit(decision=decision, deliveries=(make_delivery(content=alert, recipient=DESK),)))
        async with open_links(archive) as links:
            offer = links.offer(alert, "mail", DESK)

            def read() -> list[str]:
                browser.call("Emulation.setDeviceMetricsOverride", **PHONE)
                browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
                seen = []
                for url in (dict(offer.verdicts)[Verdict.NOT_NEW], offer.mutes[0][2], offer.stop):
                    browser.show(url)
                    assert fits(browser)
                    assert browser.value("getComputedStyle(document.querySelector('button')).minHeight") == "52px"
                    assert archive_is_quiet(url)
                    browser.press()
                    assert fits(browser)
                    seen.append(browser.value("document.body.innerText"))
                return seen

            def archive_is_quiet(url: str) -> bool:
                return browser.requests[-1] == ("GET", url)

            label, mute, stop = await asyncio.to_thread(read)
        assert "ليس جديداً" in label
        assert "25" in mute
        assert "d***@example.org" in stop
        assert {(one["target"], one["verdict"]) for one in archive.reader().labels()} == {(alert.id, "not_new")}
        assert {(one.kind, one.recipient) for one in archive.mutes().standing(NOON)} == {
            ("meeting", DESK),
            ("all", DESK),
        }
    assert browser.complaints == []
    assert [method for method, _ in browser.requests] == ["GET", "POST"] * 3


async def test_a_link_that_does_not_hold_is_a_page_that_complains_of_nothing(browser: Browser) -> None:
    with SqliteArchive(":memory:") as archive:
        async with open_links(archive) as links:
            old = Links(links.origin + "/rasid", "the key that was before this one")
            url = old.url(Link(action=Action.STOP, channel="mail", who=old.who("mail", DESK)))
            await asyncio.to_thread(browser.show, url)
            text = await asyncio.to_thread(browser.value, "document.body.innerText")
    assert "لم يعد هذا الرابط صالحاً" in text
    issues = [one for one in browser.complaints if one["method"] != "Log.entryAdded"]
    assert issues == []  # that the server said 404 stands in the log, and shall


def mailing(links: Links) -> MailNotify:
    settings = MailSettings(host="127.0.0.1", port=25, sender="rasid@watch.example", recipients=(DESK,))
    return MailNotify(settings, names=NAMES, clock=FixedClock(), links=links)


def written(message: EmailMessage, folder: Path) -> Path:
    """A mail as a page of its own."""
    html = message.get_body(("html",))
    assert html is not None
    mail = folder / "mail.html"
    mail.write_text(html.get_content(), encoding="utf-8")
    return mail


async def test_a_reader_of_a_digest_mutes_one_of_its_meetings(browser: Browser, tmp_path: Path) -> None:
    with SqliteArchive(":memory:") as archive:
        alerts = [make_alert(id=f"a{at}", meeting_id=f"m{at % 2}") for at in range(4)]
        sent = tuple(make_delivery(content=alert, recipient=DESK) for alert in alerts)
        archive.commit(Commit(decision=make_decision(alerts=tuple(alerts)), deliveries=sent))
        async with open_links(archive) as links:
            mail = written(mailing(links).compose_together("digest:2026-01-18", sent), tmp_path)

            def read() -> str:
                browser.call("Emulation.setDeviceMetricsOverride", **PHONE)
                browser.show(mail.as_uri())
                browser.press("[...document.querySelectorAll('a')].filter(a => a.innerText.includes('30 days'))[1]")
                assert fits(browser)
                asked = str(browser.value("document.body.innerText"))
                browser.press()
                return asked

            asked = await asyncio.to_thread(read)
        assert "هذا اللقاء" in asked
        (mute,) = archive.mutes().standing(NOON)
        assert (mute.kind, mute.target, mute.recipient) == ("meeting", "m1", DESK)
    assert browser.complaints == []
    assert [method for method, _ in browser.requests] == ["GET", "GET", "POST"]


@pytest.mark.parametrize("number", [1, 3, 40])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mail_fits_a_phone_turns_dark_and_fetches_nothing(
    browser: Browser, tmp_path: Path, scheme: str, number: int
) -> None:
    channel = mailing(Links("https://watch.example/rasid", KEY))
    sent = tuple(make_conflict(DESK, id=f"al_{at}", meeting_id=f"mt_{at % 3}") for at in range(number))
    mail = written(
        channel.compose_together("digest:2026-01-18", sent) if number > 1 else channel.compose(*sent), tmp_path
    )
    browser.call("Emulation.setDeviceMetricsOverride", **PHONE)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.show(mail.as_uri())
    assert fits(browser)
    ground = browser.value("getComputedStyle(document.querySelector('.card')).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(28, 33, 38)"}[scheme]
    assert browser.value("Math.min(...[...document.querySelectorAll('a.rule')].map(a => a.offsetHeight))") >= 32
    assert browser.requests == [("GET", mail.as_uri())]
    assert browser.complaints == []


def test_what_a_browser_complains_of_would_be_seen_here(browser: Browser) -> None:
    policy = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">"
    browser.show(f"data:text/html,<!DOCTYPE html>{policy}<style>p {{ color: red }}</style><p>x")
    assert any("Content Security Policy" in json.dumps(one) for one in browser.complaints)
