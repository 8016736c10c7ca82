"""What stands behind links in mails, byte by byte on loopback, over the real archive."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import sys
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.adapters.links import Action, Link, Links, Verdict
from monitor.adapters.pages import MAX_BODY_BYTES, LinkBook, LinkPages, MuteBook, form_fields, showing
from monitor.adapters.paper import masked
from monitor.errors import ArchiveBusy, ConfigError
from monitor.model import DeliveryState
from monitor.ports import Commit
from storage.archive import SqliteArchive
from tests.alert_factory import FixedClock
from tests.factories import NOON, make_alert, make_decision, make_delivery, make_reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from monitor.model import Alert

DESK, OTHER = "desk@example.org", "other@example.org"
ROOT = Path(__file__).parents[2]
KEY = "a key of more than sixteen characters"
LINKS = Links("http://127.0.0.1:8082/rasid", KEY)
ONE_CLICK = b"List-Unsubscribe=One-Click"
BUTTON = b"confirm=yes"
MULTIPART = b'--xyz\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--xyz--\r\n'


@dataclass(frozen=True)
class Said:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """What people see of it."""
        return unescape(re.sub(r"<style>.*?</style>|<[^>]*>", "", self.body.decode(), flags=re.DOTALL))


@dataclass
class Place:
    """The pages over an archive that holds one alert, sent to two recipients."""

    archive: SqliteArchive
    alert: Alert
    clock: FixedClock
    port: int = 0

    async def ask(self, method: str, url: str, body: bytes = b"", **headers: str) -> Said:
        named = {"Host": "x", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body or method == "POST":
            named = {"Content-Length": str(len(body)), "Content-Type": "application/x-www-form-urlencoded", **named}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        return await self.say(f"{method} {urlsplit(url).path or url} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)

    async def say(self, request: bytes) -> Said:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in lines[1:] if line)
            found = {name.lower(): value.strip() for name, _, value in pairs}
            length = 0 if request.startswith(b"HEAD") else int(found["content-length"])
            return Said(int(lines[0].split()[1]), found, await reader.readexactly(length))
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def labels(self) -> list[tuple[str, str, str]]:
        return [(one["target"], one["verdict"], one["note"]) for one in self.archive.reader().labels()]

    def mutes(self) -> list[tuple[str, str, str | None, str | None, datetime | None]]:
        found = self.archive.mutes().standing(self.clock.now())
        return [(one.kind, one.target, one.channel, one.recipient, one.until) for one in found]

    def rows(self) -> list[str]:
        db = self.archive._db
        return [f"{table} {list(db.table(table).rows)}" for table in ("labels", "mutes", "deliveries", "facts")]

    def link(self, action: Action, choice: str = "", *, recipient: str = DESK, target: str | None = None) -> str:
        about = "" if action is Action.STOP else self.alert.id
        who = LINKS.who("mail", recipient)
        return LINKS.url(Link(action=action, channel="mail", who=who, target=target or about, choice=choice))


@pytest.fixture
def archive() -> Iterator[SqliteArchive]:
    with SqliteArchive(":memory:") as opened:
        yield opened


@contextlib.asynccontextmanager
async def open_place(archive: SqliteArchive, *, book: LinkBook | None = None, **changes: Any) -> AsyncIterator[Place]:
    reading = make_reading()
    alert = make_alert(reading=reading, **changes)
    decision = make_decision(reading=reading, alerts=(alert,))
    deliveries = tuple(make_delivery(content=alert, recipient=recipient) for recipient in (DESK, OTHER))
    archive.commit(Commit(decision=decision, deliveries=deliveries))
    place = Place(archive, alert, FixedClock(NOON))
    async with showing(LinkPages(LINKS, book or archive, clock=place.clock), listen="127.0.0.1:0") as place.port:
        yield place


@pytest.fixture
async def place(archive: SqliteArchive) -> AsyncIterator[Place]:
    async with open_place(archive) as opened:
        yield opened


def every_link(place: Place) -> list[str]:
    offer = LINKS.offer(place.alert, "mail", DESK)
    return [offer.stop, *(url for _, url in offer.verdicts), *(url for *_, url in offer.mutes)]


# -------------------------------------------------------------------------------------------- opening, and confirming


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_opening_a_link_changes_nothing_however_often(place: Place, method: str) -> None:
    before = place.rows()
    for url in every_link(place) * 2:
        assert (await place.ask(method, url)).status == 200
    assert place.rows() == before


async def test_a_page_asks_in_both_languages_names_the_alert_and_has_one_button(place: Place) -> None:
    said = await place.ask("GET", place.link(Action.LABEL, Verdict.NOT_NEW))
    assert place.alert.title in said.text
    assert "ليس جديداً" in said.text
    assert "not new" in said.text
    assert "لم يتغير شيء بعد" in said.text
    assert said.body.count(b"<button") == 1
    assert b'<html lang="ar" dir="rtl">' in said.body
    assert b"action=" not in said.body


@pytest.mark.parametrize("verdict", Verdict)
async def test_the_button_records_the_verdict_once(place: Place, verdict: Verdict) -> None:
    for _ in range(2):
        said = await place.ask("POST", place.link(Action.LABEL, verdict), BUTTON)
        assert said.status == 200
        assert b"<button" not in said.body
        place.clock.at += timedelta(minutes=5)
    assert set(place.labels()) == {(place.alert.id, verdict.value, "by mail")}
    assert len(list(place.archive._db.table("labels").rows)) == 1


async def test_a_second_thought_is_recorded_beside_the_first(place: Place) -> None:
    for verdict in (Verdict.RIGHT, Verdict.WRONG_PERSON):
        await place.ask("POST", place.link(Action.LABEL, verdict), BUTTON)
    assert {verdict for _, verdict, _ in place.labels()} == {"right", "wrong_person"}


@pytest.mark.parametrize(
    ("days", "until"), [(7, datetime(2026, 1, 25, tzinfo=UTC)), (30, datetime(2026, 2, 17, tzinfo=UTC))]
)
async def test_a_meeting_is_muted_for_one_recipient_for_whole_days(place: Place, days: int, until: datetime) -> None:
    for _ in range(2):
        said = await place.ask("POST", place.link(Action.MUTE, f"meeting.{days}"), BUTTON)
        assert said.status == 200
        assert str(until.day) in said.text
        place.clock.at += timedelta(minutes=5)
    assert place.mutes() == [("meeting", place.alert.meeting_id, "mail", DESK, until)]
    assert len(list(place.archive._db.table("mutes").rows)) == 1


async def test_a_shorter_mute_does_not_cut_a_longer_one_and_a_longer_one_takes_its_place(place: Place) -> None:
    for days in (7, 30, 7):
        await place.ask("POST", place.link(Action.MUTE, f"meeting.{days}"), BUTTON)
        place.clock.at += timedelta(minutes=5)
    assert [until for *_, until in place.mutes()] == [datetime(2026, 2, 17, tzinfo=UTC)]


async def test_the_claims_of_an_alert_without_a_meeting_are_muted_each(archive: SqliteArchive) -> None:
    async with open_place(archive, meeting=None, meeting_id=None) as place:
        urls = [url for *_, url in LINKS.offer(place.alert, "mail", DESK).mutes]
        assert (await place.ask("POST", urls[0], BUTTON)).status == 200
        assert {(kind, target) for kind, target, *_ in place.mutes()} == {
            ("claim", item.claim_id) for item in place.alert.items
        }


async def test_the_page_for_no_more_mail_shows_an_address_only_its_owner_knows(place: Place) -> None:
    said = await place.ask("GET", place.link(Action.STOP))
    assert "d***@example.org" in said.text
    assert DESK not in said.text
    assert masked("a@b@c.example") == "a***@c.example"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (BUTTON, "application/x-www-form-urlencoded"),
        (ONE_CLICK, "application/x-www-form-urlencoded"),
        (ONE_CLICK + b"\r\n", "application/x-www-form-urlencoded"),
        (ONE_CLICK, "text/plain"),
        (MULTIPART, "multipart/form-data; boundary=xyz"),
        (MULTIPART, 'Multipart/Form-Data; boundary="xyz"'),
    ],
)
async def test_the_button_and_one_click_both_end_all_alerts_to_one_recipient(
    place: Place, body: bytes, content_type: str
) -> None:
    for _ in range(2):
        said = await place.ask("POST", place.link(Action.STOP), body, Content_Type=content_type)
        assert said.status == 200  # never a redirect (RFC 8058, 3.1)
        place.clock.at += timedelta(days=1)
    assert place.mutes() == [("all", DESK, "mail", DESK, None)]
    assert len(list(place.archive._db.table("mutes").rows)) == 1


async def test_who_was_let_in_again_can_stop_again(place: Place) -> None:
    await place.ask("POST", place.link(Action.STOP), ONE_CLICK)
    (mute,) = place.archive.mutes().standing(place.clock.now())
    place.clock.at += timedelta(days=1)
    place.archive.mutes().unmute(mute.id, place.clock.now())
    assert place.mutes() == []
    place.clock.at += timedelta(days=1)
    await place.ask("POST", place.link(Action.STOP), ONE_CLICK)
    assert place.mutes() == [("all", DESK, "mail", DESK, None)]


async def test_one_click_is_for_ending_alerts_only(place: Place) -> None:
    before = place.rows()
    for url in (place.link(Action.LABEL, Verdict.ACK), place.link(Action.MUTE, "meeting.7")):
        assert (await place.ask("POST", url, ONE_CLICK)).status == 400
    assert place.rows() == before


async def test_a_recipient_nothing_was_ever_sent_to_is_told_so_and_nothing_is_kept(place: Place) -> None:
    for url in (
        place.link(Action.STOP, recipient="gone@example.org"),
        place.link(Action.MUTE, "meeting.7", recipient="gone@example.org"),
    ):
        said = await place.ask("POST", url, BUTTON)
        assert said.status == 200
        assert "لم يتغير شيء" in said.text
    assert place.mutes() == []


async def test_a_recipient_is_known_from_the_settings_before_anything_was_sent(archive: SqliteArchive) -> None:
    pages = LinkPages(LINKS, archive, clock=FixedClock(NOON), known=[("mail", DESK)])
    place = Place(archive, make_alert(), FixedClock(NOON))
    async with showing(pages, listen="127.0.0.1:0") as place.port:
        await place.ask("POST", place.link(Action.STOP), ONE_CLICK)
    assert place.mutes() == [("all", DESK, "mail", DESK, None)]


async def test_an_alert_that_is_not_in_the_archive_is_not_found(place: Place) -> None:
    for choice, action in ((Verdict.ACK, Action.LABEL), ("meeting.7", Action.MUTE)):
        for method in ("GET", "POST"):
            said = await place.ask(method, place.link(action, choice, target="al_sample"), BUTTON)
            assert said.status == 404
            assert "الأرشيف" in said.text
    assert place.labels() == []


# --------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec_Fetch_Site": "none"}, 200),
        ({"Origin": "http://127.0.0.1:8082"}, 200),
        ({"Origin": "null"}, 200),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "cross-site", "Origin": "http://127.0.0.1:8082"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:80"}, 403),
    ],
)
async def test_only_our_own_page_and_programs_may_press_the_button(
    place: Place, headers: dict[str, str], status: int
) -> None:
    said = await place.ask("POST", place.link(Action.LABEL, Verdict.ACK), BUTTON, **headers)
    assert said.status == status
    assert len(place.labels()) == (status == 200) * len(place.alert.items)


@pytest.mark.parametrize("body", [b"", b"confirm=no", b"confirm=yes&confirm=yes", b"x=" + b"y" * 1000, b"&" * 100])
async def test_a_post_that_no_button_made_does_nothing(place: Place, body: bytes) -> None:
    assert (await place.ask("POST", place.link(Action.LABEL, Verdict.ACK), body)).status == 400
    assert place.labels() == []


async def test_a_body_that_is_too_big_is_refused_by_its_word_and_by_its_length(place: Place) -> None:
    url = place.link(Action.STOP)
    big = BUTTON + b"&x=" + b"y" * MAX_BODY_BYTES
    assert (await place.ask("POST", url, big)).status == 413
    head = f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    assert (await place.say(head + b"8000\r\n" + b"x" * 0x8000 + b"\r\n")).status == 413
    assert place.mutes() == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "BREW"])
async def test_every_other_method_is_refused(place: Place, method: str) -> None:
    said = await place.ask(method, place.link(Action.STOP))
    assert (said.status, said.headers["allow"]) == (405, "GET, HEAD, POST")
    assert said.text.strip()


@pytest.mark.parametrize(
    "path", ["/", "/robots.txt", "/favicon.ico", "/stop", "/other/a.b", "/..%2f..%2fetc/passwd", "//", "*"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_no_link_is_not_found(place: Place, path: str, method: str) -> None:
    assert (await place.ask(method, path)).status == 404


@pytest.mark.parametrize("token", ["", "a", "a.b", "%00.%00", "a" * 3000, "%D8%A7." + "A" * 22, "'\"<script>"])
async def test_half_a_link_is_told_to_be_one(place: Place, token: str) -> None:
    said = await place.ask("GET", f"/rasid/stop/{token}")
    assert said.status == 400
    assert "incomplete" in said.text


async def test_a_link_signed_by_another_key_says_why_it_does_not_hold(place: Place) -> None:
    old = Links("http://127.0.0.1:8082/rasid", "the key that was before this one")
    url = old.url(Link(action=Action.STOP, channel="mail", who=old.who("mail", DESK)))
    for method in ("GET", "POST"):
        said = await place.ask(method, url, ONE_CLICK)
        assert said.status == 404
        assert "المفتاح" in said.text
        assert "the key that signed it" in said.text
    assert place.mutes() == []


async def test_every_page_is_sealed(place: Place) -> None:
    asked = [
        *[await place.ask("GET", url) for url in every_link(place)],
        await place.ask("POST", place.link(Action.STOP), ONE_CLICK),
        await place.ask("GET", "/"),
        await place.ask("PUT", "/"),
        await place.ask("GET", "/stop/x"),
    ]
    for said in asked:
        (style,) = re.findall(rb"<style>(.*?)</style>", said.body, re.DOTALL)
        digest = b64encode(sha256(style).digest()).decode()
        policy = said.headers["content-security-policy"]
        assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
        assert "frame-ancestors 'none'" in policy
        assert said.headers["x-content-type-options"] == "nosniff"
        assert said.headers["referrer-policy"] == "no-referrer"
        assert said.headers["x-robots-tag"].startswith("noindex")
        assert said.headers["cache-control"] == "no-store"
        assert said.headers["content-type"] == "text/html; charset=utf-8"
        assert not {"set-cookie", "server", "location"} & set(said.headers)
        assert b"http" not in said.body
        assert b"<script" not in said.body
        assert b" style=" not in said.body


class Tags(HTMLParser):
    """Names of tags and of their attributes."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7*7 }}",
        "\u202eesrever",
        "x" * 9000,
        "\ud800" * 0,
    ],
)
async def test_no_title_becomes_markup_or_turns_the_page(archive: SqliteArchive, title: str) -> None:
    async with open_place(archive, title=title) as place:
        said = await place.ask("GET", place.link(Action.LABEL, Verdict.ACK))
    assert said.status == 200
    assert "\u202e" not in said.text
    assert "49" not in said.text
    assert len(said.text) < 3000
    kinds = {tag for tag, _ in Tags(said.body).found}
    assert kinds == {
        *("html", "head", "meta", "link", "title", "style", "body", "main", "p", "h1", "blockquote", "bdi"),
        *("form", "button", "span", "section", "h2"),
    }


async def test_an_archive_that_is_busy_is_told_as_a_page_and_nothing_is_lost(archive: SqliteArchive) -> None:
    class Busy:
        def __init__(self) -> None:
            self.reader, self.recipients, self.label = archive.reader, archive.recipients, archive.label

        def mutes(self) -> MuteBook:
            raise ArchiveBusy("held")

    async with open_place(archive, book=Busy()) as place:
        said = await place.ask("POST", place.link(Action.STOP), ONE_CLICK)
        assert said.status == 503
        assert "حاول مرة أخرى" in said.text


async def test_no_log_holds_an_address_or_a_link(place: Place) -> None:
    with structlog.testing.capture_logs() as told:
        for url in every_link(place):
            await place.ask("GET", url)
            await place.ask("POST", url, BUTTON)
    assert len(told) == len(every_link(place))
    shown = repr(told)
    for url in every_link(place):
        assert url.rsplit("/", 1)[1] not in shown
    assert DESK not in shown
    assert LINKS.who("mail", DESK) not in shown


async def test_an_address_that_cannot_be_listened_on_is_a_mistake_of_configuration(archive: SqliteArchive) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match=r"links\.listen"):
            async with showing(LinkPages(LINKS, archive, clock=FixedClock(NOON)), listen=listen):
                pass


async def test_a_stop_leaves_the_other_recipients_alone(place: Place) -> None:
    await place.ask("POST", place.link(Action.STOP), ONE_CLICK)
    assert {recipient for *_, recipient, _ in place.mutes()} == {DESK}
    assert {one.state for one in place.archive.due_deliveries(NOON)} == {DeliveryState.QUEUED}


# ------------------------------------------------------------------------------------------------------- laws of forms


@given(st.one_of(st.just(""), st.text(), st.just("multipart/form-data; boundary=xyz")), st.binary(max_size=300))
def test_no_body_is_stumbled_over(content_type: str, body: bytes) -> None:
    found = form_fields(content_type.encode("latin-1", "replace").decode("latin-1"), body)
    assert len(found) <= len(body) + 1


@given(st.binary(max_size=200), st.sampled_from([b"", b'; name="x"', b"; name*=utf-8''x", b'; name="\xff"']))
def test_no_part_of_a_form_is_stumbled_over(value: bytes, name: bytes) -> None:
    head = b"--xyz\r\nContent-Disposition: form-data" + name + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    form_fields("multipart/form-data; boundary=xyz", head + value + b"\r\n--xyz--\r\n")


methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "", "get"])
tokens = st.one_of(
    st.text(max_size=60),
    st.sampled_from([LINKS.stop("mail", who).rpartition("/")[2] for who in (DESK, OTHER, "gone@example.org")]),
)
heads = st.lists(
    st.tuples(
        st.sampled_from([b"content-type", b"origin", b"sec-fetch-site", b"x"]),
        st.one_of(
            st.binary(max_size=40), st.sampled_from([b"same-origin", b"null", b"multipart/form-data; boundary=x"])
        ),
    ),
    max_size=4,
)
bodies = st.one_of(st.binary(max_size=200), st.sampled_from([ONE_CLICK, BUTTON, MULTIPART]))


@settings(deadline=None)
@given(methods, st.one_of(st.text(max_size=20), st.sampled_from(Action)), tokens, heads, bodies)
def test_whatever_is_asked_is_answered_with_a_page_and_never_a_fault(
    method: str, action: str, token: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    with SqliteArchive(":memory:") as archive:
        pages = LinkPages(LINKS, archive, clock=FixedClock(NOON), known=[("mail", DESK)])
        scope = {"method": method, "path": f"/{action}/{token}", "headers": headers}
        answer = asyncio.run(pages.respond(scope, receive))
        assert answer is not None
        assert answer.status in {200, 400, 403, 404, 405, 413}
        assert b"<h1>" in answer.body
        if answer.status != 200 or method != "POST":
            assert archive.mutes().standing(NOON) == ()


# ---------------------------------------------------------------------------------------------------- in the service


async def test_the_running_service_answers_links_while_it_runs(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    config = tmp_path / "config"
    config.mkdir()
    for part in ("lexicon", "watchlist.toml", "settings.toml", "alerts.toml"):
        (config / part).symlink_to(ROOT / "config" / part)
    links = Links(f"http://{listen}/rasid", KEY)
    ours = {
        "RASID_MAIL__RECIPIENTS": DESK,
        "RASID_MAIL__PORT": "9",
        "RASID_LINKS__PUBLIC_URL": f"http://{listen}/rasid",
        "RASID_LINKS__LISTEN": listen,
        "RASID_LINKS__KEY": KEY,
    }
    environment = {**{name: value for name, value in os.environ.items() if not name.startswith("RASID_")}, **ours}
    command = [sys.executable, *map(str, (ROOT / "worker.py", "--data-dir", tmp_path / "data", "--config-dir", config))]
    service = await asyncio.create_subprocess_exec(*command, "run", env=environment, stderr=asyncio.subprocess.PIPE)
    place = Place(None, None, FixedClock(NOON), int(listen.rpartition(":")[2]))  # type: ignore[arg-type] # only its port
    try:
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(ConnectionError):
                    assert (await place.ask("GET", links.stop("mail", DESK))).status == 200
                    break
                await asyncio.sleep(0.2)
        assert (await place.ask("POST", links.stop("mail", DESK), ONE_CLICK)).status == 200
    finally:
        service.terminate()
        _, told = await service.communicate()
    assert service.returncode == 0
    assert links.stop("mail", DESK).rpartition("/")[2] not in told.decode()
    with SqliteArchive(tmp_path / "data" / "rasid.db") as archive:
        (mute,) = archive.mutes().standing(datetime.now(UTC))
    assert (mute.kind, mute.target, mute.channel, mute.recipient, mute.why) == ("all", DESK, "mail", DESK, "by mail")
