"""Chat through a stand-in for Apprise, which is the world outside: it posts nothing, and fails as it is told to."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from dataclasses import dataclass, replace
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from monitor.adapters.chat import KINDS, MESSAGE_CHARS, ChatNotify, ChatRoom
from monitor.adapters.deliver import deliver_one
from monitor.errors import ChatRefused, ChatUnavailable, ConfigError
from monitor.model import Alert, DeliveryState, Notice, NoticeKind, Urgency
from monitor.ports import NotifyTogether
from tests.alert_factory import (
    AGREED,
    DISCUSSED,
    NAMES,
    FixedClock,
    make_alarm,
    make_alert,
    make_delivery,
    make_item,
    make_notice,
    make_notice_delivery,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Delivery

URL = "slack://hidden-word/and/more"


class Outside:
    """What the stand-in's services were told, and how they answer: taken, refused with a status, or by raising."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.assets: list[dict[str, Any]] = []
        self.taken = True
        self.raised: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()


@dataclass
class Result:
    """What Apprise 2 gives back; before, it was a bool."""

    taken: bool
    said: str

    def __bool__(self) -> bool:
        if not self.taken:
            logging.getLogger("apprise").warning(self.said)
        return self.taken

    def logs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(message="Starting"), SimpleNamespace(message=self.said)]


class Service:
    """Apprise's class of this name, as far as it is used."""

    outside: Outside

    def __init__(self, asset: object = None) -> None:
        self.url = ""

    @staticmethod
    def instantiate(url: str, asset: object = None) -> str | None:
        if "unreadable" in url:
            logging.getLogger("apprise").error("Unparseable URL %s", url)
            return None
        if "raising" in url:
            raise TypeError(url)
        return url

    def add(self, plugin: str) -> bool:
        self.url = plugin
        return True

    def notify(self, **message: Any) -> Result:
        self.outside.gate.wait(5)
        if self.outside.raised is not None:
            raise self.outside.raised
        self.outside.told.append({"url": self.url, **message})
        return Result(taken=self.outside.taken, said=f"Failed to send to {self.url}: Not Found, error=404.")


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    found = Outside()
    module = ModuleType("apprise")
    module.Apprise = type("Apprise", (Service,), {"outside": found})  # type: ignore[attr-defined]
    module.AppriseAsset = lambda **chosen: found.assets.append(chosen)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", module)
    return found


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What the root of all logs hears. Not `caplog`, which listens at the loggers that pass nothing on, too."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


def chat(*rooms: ChatRoom, timeout_s: float = 5) -> ChatNotify:
    return ChatNotify(rooms or (ChatRoom(name="desk", url=URL, timeout_s=timeout_s),), names=NAMES)


def to_desk(content: Alert | Notice | None = None) -> Delivery:
    told = make_alert() if content is None else content
    if isinstance(told, Alert):
        return replace(make_delivery("desk", channel="chat"), content=told)
    return make_notice_delivery("desk", told, channel="chat")


DELIVERY = to_desk()


async def test_an_alert_is_told_as_plain_text_in_arabic_first(outside: Outside) -> None:
    await chat().send(DELIVERY)
    (told,) = outside.told
    assert (told["url"], told["body_format"], told["interpret_escapes"]) == (URL, "text", False)
    assert told["body"].startswith("راصد: تعارض\nصدام حفتر، قصر الإليزيه، باريس، فرنسا")
    for part in (f"«{AGREED}»", f"«{DISCUSSED}»", "لماذا يصلك: درجة أخرى", "https://second.example/3?a=1&b=2"):
        assert part in told["body"]
    assert told["body"].endswith("another step: discussed before, agreed here. worker.py alerts show al_1")


@pytest.mark.parametrize("kind", NoticeKind)
async def test_notices_go_to_every_chat(outside: Outside, kind: NoticeKind) -> None:
    notify = chat()
    assert notify.operators == notify.recipients == ("desk",)
    await notify.send(to_desk(make_notice(kind)))
    assert outside.told[0]["body"].startswith("راصد: ")
    assert ("E-FEED-SILENT" in outside.told[0]["body"]) == (kind is not NoticeKind.HEARTBEAT)


async def test_several_together_are_one_message_with_a_line_for_each(outside: Outside) -> None:
    digest = to_desk(make_alert(id="al_2", urgency=Urgency.DIGEST, url="https://second.example/4"))
    await chat().send_together("2026-01-18T07", (DELIVERY, digest, to_desk(make_notice())))
    (told,) = outside.told
    assert told["body"].startswith("راصد: رسائل معاً، عددها 3\n")
    for part in ("\n1. راصد | تعارض", "\n2. راصد | موجز", "\n3. راصد | ", "https://second.example/4"):
        assert part in told["body"]


def test_the_outbox_takes_it_for_a_channel_that_can_tell_several_together(outside: Outside) -> None:
    assert isinstance(chat(), NotifyTogether)
    assert chat().bundles


async def test_one_alone_is_told_in_full_though_it_could_have_had_company(outside: Outside) -> None:
    notify = chat()
    await notify.send_together("2026-01-18T07", (DELIVERY,))
    await notify.send_together("2026-01-18T08", ())
    assert [told["body"] for told in outside.told] == [notify.text((DELIVERY,))]


@pytest.mark.parametrize(
    "content",
    [
        make_alert(items=tuple(make_item(mention_id=f"mn_{n}", quote=f"{AGREED} {n}") for n in range(60))),
        make_alert(title="ع" * 50_000, outlet="ع" * 50_000),
        make_alert(items=(make_item(why="لأن " * 9000, why_en="as " * 9000, other_quote="قال " * 9000),)),
        make_alert(url="https://second.example/" + "a" * 50_000),
        make_alert(origins=("مصدر",) * 5000, items=()),
        make_notice(alarms=tuple(make_alarm(feed_id=f"feed-{n}") for n in range(500))),
        make_notice(alarms=(make_alarm(feed_id="f" * 50_000, code="E" * 50_000),)),
    ],
)
def test_whatever_is_long_a_message_is_not(outside: Outside, content: Alert | Notice) -> None:
    text = chat().text((to_desk(content),))
    assert 40 < len(text) <= MESSAGE_CHARS
    assert len(chat().text((to_desk(content),) * 90)) <= MESSAGE_CHARS


def test_what_is_left_out_is_counted(outside: Outside) -> None:
    alert = make_alert(items=tuple(make_item(mention_id=f"mn_{n}", quote=f"{n} {AGREED}") for n in range(60)))
    text = chat().text((to_desk(alert),))
    shown = text.count("لماذا يصلك")
    assert 1 < shown <= 8
    assert f"عددها {60 - shown}." in text
    many = chat().text((DELIVERY,) * 90)
    assert f"عددها {90 - many.count('راصد | ')}." in many


@pytest.mark.parametrize("loud", ["@everyone", "@here", "<!channel>", "<@U0123>", "<https://evil.example|bank>"])
def test_what_an_article_says_rings_for_nobody_and_is_no_link(outside: Outside, loud: str) -> None:
    alert = make_alert(title=loud, url=f"https://x.example/{'@everyone'}", outlet=f"[a](b) {loud}")
    for text in (chat().text((to_desk(alert),)), chat().text((to_desk(alert),) * 2)):
        assert loud not in text
        assert "](" not in text
        assert "@everyone" not in text
        assert "https://x.example/%40everyone" in text


async def test_what_the_service_does_not_take_is_tried_again(outside: Outside) -> None:
    outside.taken = False
    result = await deliver_one(chat(), DELIVERY, FixedClock())
    assert (result.state, result.code, result.transient) == (DeliveryState.QUEUED, "E-CHAT-UNAVAILABLE", True)
    assert result.message == "chat desk: the service answered 404"


async def test_a_plugin_that_raises_is_tried_again_and_its_words_are_kept_back(outside: Outside) -> None:
    outside.raised = ValueError(URL)
    result = await deliver_one(chat(), DELIVERY, FixedClock())
    assert (result.state, result.message) == (DeliveryState.QUEUED, "chat desk: Apprise raised ValueError")


async def test_a_service_without_end_is_left_and_not_asked_twice_at_once(outside: Outside) -> None:
    outside.gate.clear()
    notify = chat(ChatRoom(name="desk", url=URL, timeout_s=0.05), ChatRoom(name="other", url=URL, timeout_s=5))
    with pytest.raises(ChatUnavailable, match=r"no end after 0\.05 s"):
        await notify.send(DELIVERY)
    with pytest.raises(ChatUnavailable, match="has not ended yet"):
        await notify.send(DELIVERY)
    outside.gate.set()
    async with asyncio.timeout(5):
        await notify.send(replace(DELIVERY, recipient="other"))
        while len(outside.told) < 2:  # noqa: ASYNC110 - a thread has no asyncio.Event
            await asyncio.sleep(0.01)
    await notify.send(DELIVERY)
    assert len(outside.told) == 3


async def test_a_chat_no_longer_configured_is_refused(outside: Outside) -> None:
    result = await deliver_one(chat(), replace(DELIVERY, recipient="gone"), FixedClock())
    assert (result.state, result.code) == (DeliveryState.DEAD, "E-CHAT-REFUSED")
    with pytest.raises(ChatRefused, match="no longer configured"):
        await chat().send(replace(DELIVERY, recipient="gone"))


def test_without_apprise_the_operator_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match="pip install apprise"):
        chat()


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "syslog://",
            "dbus://",
            "windows://",
            "gnome://",
            "macosx://",
            "mailto://a:b@c.example",
        ),
        *(
            "https://hooks.slack.com/services/a/b/c",
            "hidden-word",
            "",
            "://",
            "exec://hidden-word",
            "SSH://hidden-word",
        ),
        *("slack://a/b/c?template=/etc/passwd", "workflows://h/a/b/c?format=text&Template=x"),
        *("slack://unreadable/hidden-word", "slack://raising/hidden-word", "slack:/a/b/c", " slack://a/b/c"),
    ],
)
def test_a_kind_that_may_not_be_used_is_told_at_the_start_without_its_address(
    outside: Outside, url: str, heard: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError, match=r"chat\.desk\.url: ") as caught:
        chat(ChatRoom(name="desk", url=url), ChatRoom(name="well", url=URL))
    assert len(caught.value.problems) == 1
    told = f"{caught.value} {caught.value.__cause__} {heard} {''.join(capsys.readouterr())}"
    assert "hidden-word" not in told
    assert "passwd" not in told


@pytest.mark.parametrize("kind", ["file", "dbus", "kde", "glib", "gnome", "syslog", "windows", "vapid", "fcm"])
def test_what_runs_programs_or_reads_files_is_not_among_the_kinds(kind: str) -> None:
    assert kind not in KINDS


async def test_an_address_is_told_nowhere(
    outside: Outside, heard: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    outside.taken = False
    result = await deliver_one(chat(), DELIVERY, FixedClock())
    shown = f"{result} {ChatRoom(name='desk', url=URL)} {heard} {''.join(capsys.readouterr())}"
    assert "hidden-word" not in shown


def test_apprise_keeps_nothing_on_disk_and_loads_no_plugins_of_others(outside: Outside) -> None:
    chat()
    assert outside.assets == [{"secure_logging": True, "async_mode": False, "storage_mode": "memory"}]
