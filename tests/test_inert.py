"""Whatever strangers write, it is shown and does nothing: in JSON, mail, chat, CSV, tables and logs."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import replace
from email import message_from_bytes, policy
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from lxml import html
from rich.console import Console

from monitor.adapters.chat import ChatNotify, ChatRoom
from monitor.adapters.mail import MailNotify, MailSettings
from monitor.adapters.terminal import log_to_stderr, say
from monitor.adapters.webhook import webhook_body
from monitor.model import Alert, Counterpart
from monitor.render.plain import one_line
from monitor.render.tables import as_csv, table
from tests.alert_factory import (
    AGREED,
    ELYSEE,
    NAMES,
    FixedClock,
    make_alarm,
    make_alert,
    make_delivery,
    make_item,
    make_notice,
    make_notice_delivery,
)
from tests.hostile_texts import ADDRESSES, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from monitor.model import Delivery, Notice

MAIL = MailNotify(
    MailSettings(host="127.0.0.1", port=25, sender="rasid@watch.example", recipients=("a@desk.example",)),
    names=NAMES,
    clock=FixedClock(),
)
HARMLESS = "كلام لا يضر"


def said_everywhere(text: str) -> Alert:
    """An alert with `text` wherever an article's words go."""
    item = make_item(
        quote=text,
        sentence=f"{AGREED} {text}",
        mark_start=len(AGREED) + 1,
        mark_end=len(AGREED) + 1 + len(text),
        speaker=text,
        origin=text,
        why=text,
        why_en=text,
        other_quote=text,
        other_outlet=text,
    )
    who = Counterpart(name=text, office=text, country=text)
    meeting = replace(ELYSEE, principals=(text,), counterparts=(who,), venue=text, place=text, country=text)
    return make_alert(title=text, outlet=text, origins=(text,), items=(item,), meeting=meeting)


def of_feed(text: str) -> Notice:
    return make_notice(alarms=(make_alarm(message=text, code="E-UNHEARD-OF", feed_id=text),))


def addressed(url: str) -> Alert:
    return make_alert(url=url, items=(make_item(other_url=url),))


def mailed(delivery: Delivery) -> EmailMessage:
    return message_from_bytes(MAIL.compose(delivery).as_bytes(), policy=policy.default)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def to_reader(alert: Alert) -> Delivery:
    return replace(make_delivery("a@desk.example"), content=alert)


def skeleton(page: str) -> set[tuple[str, str, str]]:
    """Every attribute of every element: tag, name, and the value where it is not an address."""
    found = set()
    for element in html.document_fromstring(page).iter():
        tag = element.tag if isinstance(element.tag, str) else "comment"
        found.add((tag, "", ""))
        for name, value in element.attrib.items():
            found.add((tag, str(name), "" if name == "href" else str(value)))
    return found


def shown(page: str) -> str:
    return " ".join(str(html.document_fromstring(page).text_content()).split())


BARE = skeleton(part(mailed(to_reader(said_everywhere(HARMLESS))), "html")) | skeleton(
    part(mailed(to_reader(said_everywhere(""))), "html")
)
"""Of a mail with a harmless text, and of one with none, for what cannot be seen is none."""
BARE_NOTICE = skeleton(part(mailed(make_notice_delivery("a@desk.example", of_feed(HARMLESS))), "html"))


def test_there_are_more_than_a_hundred() -> None:
    assert len(set(TEXTS)) > 100


@pytest.mark.parametrize("text", TEXTS)
def test_in_json_it_is_the_same_text_and_nothing_else(text: str) -> None:
    body = webhook_body(said_everywhere(text))
    data: Any = json.loads(body)["data"]
    given = text.encode("utf-8", "replace").decode()
    assert (data["article"]["title"], data["items"][0]["quote"], data["items"][0]["why"]) == (given,) * 3
    assert not [char for char in body.decode() if char < " "]


@pytest.mark.parametrize("text", TEXTS)
def test_in_mail_nothing_of_it_is_an_element_an_attribute_or_a_header(text: str) -> None:
    message = mailed(to_reader(said_everywhere(text)))
    page = part(message, "html")
    assert skeleton(page) <= BARE
    assert one_line(text) in shown(page)
    assert one_line(text) in " ".join(part(message, "plain").split())
    assert set(message.keys()) == set(mailed(to_reader(said_everywhere(HARMLESS))).keys())


@pytest.mark.parametrize("text", TEXTS)
def test_in_a_notice_nothing_of_it_is_an_element_or_an_attribute(text: str) -> None:
    message = mailed(make_notice_delivery("a@desk.example", of_feed(text)))
    assert skeleton(part(message, "html")) <= BARE_NOTICE
    assert one_line(text) in shown(part(message, "html"))


@pytest.mark.parametrize("url", ADDRESSES)
def test_no_address_in_a_mail_is_anything_but_a_plain_one(url: str) -> None:
    page = part(mailed(to_reader(addressed(url))), "html")
    links = [str(value) for value in html.document_fromstring(page).xpath("//@href | //@src | //@action")]
    assert all(link.startswith(("https://", "http://", "mailto:")) for link in links)
    assert skeleton(page) <= BARE


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> ChatNotify:
    """With a stand-in for Apprise: what would be sent is asked for, and nothing is sent."""
    module = ModuleType("apprise")
    service = type("Apprise", (SimpleNamespace,), {"instantiate": staticmethod(lambda url, asset: url)})
    module.Apprise = lambda **_: service(add=bool)  # type: ignore[attr-defined]
    module.Apprise.instantiate = service.instantiate  # type: ignore[attr-defined]
    module.AppriseAsset = lambda **_: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", module)
    return ChatNotify((ChatRoom(name="desk", url="json://127.0.0.1/"),), names=NAMES)


@pytest.mark.parametrize("text", TEXTS)
def test_in_a_chat_it_rings_for_nobody_and_is_no_link(chat: ChatNotify, text: str) -> None:
    for content in (said_everywhere(text), of_feed(text)):
        delivery = to_reader(content) if isinstance(content, Alert) else make_notice_delivery("desk", content)
        for told in (chat.text((delivery,)), chat.text((delivery,) * 2)):
            assert not [loud for loud in ("@everyone", "@here", "@channel", "<!", "<@", "<#", "](") if loud in told]
            assert "<script" not in told.lower()
            assert not [char for char in told if char < " " and char != "\n"]


@pytest.mark.parametrize("text", TEXTS)
def test_in_csv_it_is_one_cell_and_no_formula(text: str) -> None:
    (_, row) = csv.reader(io.StringIO(as_csv([{"a": text, "b": 1}], ("a", "b")).removeprefix("\ufeff"), newline=""))
    cell, beside = row
    assert cell in {text, f"'{text}"}
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert beside == "1"


@pytest.mark.parametrize("text", TEXTS)
def test_in_a_table_it_is_one_line_without_commands_to_the_terminal(text: str) -> None:
    sink = io.StringIO()
    Console(file=sink, width=2000, color_system=None).print(table([{"a": text, "b": "end"}], ("a", "b")))
    lines = sink.getvalue().splitlines()
    assert len(lines) == 2
    assert one_line(text) in lines[1]
    assert not controls(lines[1])


@pytest.fixture
def logs() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("form", ["json", "console"])
def test_in_a_log_it_is_one_line_without_commands_to_the_terminal(
    logs: None, capsys: pytest.CaptureFixture[str], text: str, form: str
) -> None:
    log_to_stderr("info", form)
    structlog.get_logger().info("fetched", title=text, tried=[text], error={"why": text})
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert not controls(without_colours(written.rstrip("\n")))
    if form == "json":
        assert json.loads(written)["event"] == "fetched"


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_said_to_people_holds_no_commands_to_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    sink = io.StringIO()
    monkeypatch.setattr("monitor.adapters.terminal._people", Console(file=sink, highlight=False, width=2000))
    say(f"E-FEED-NOT-FEED: it begins with {text}")
    assert not controls(sink.getvalue().replace("\n", ""))


def controls(line: str) -> list[str]:
    return [char for char in line if char < " " or "\x7f" <= char < "\xa0" or char in "\u202e\u2066\u2069\u061c"]


def without_colours(line: str) -> str:
    """Without what the renderer itself paints with."""
    for code in structlog.dev.ConsoleRenderer.get_default_column_styles(colors=True).__dict__.values():
        line = line.replace(str(code), "") if code else line
    return line
