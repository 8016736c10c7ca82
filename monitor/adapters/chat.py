"""Alerts and notices by chat, through Apprise, which knows the many services. It is not installed with the rest.

Apprise opens sockets of its own, past the guard of our requests. So a chat's address comes from the operator alone, by
environment or secret file: none is ever taken from an article, a feed or a page of ours. Of Apprise's kinds those are
allowed that speak to a service over HTTP; kinds that run programs or write to this machine are refused, and so is
a template's file. Plugins of one's own are not loaded.

A service is told plain text. What in an article's words could ring for everybody or pass for a link is broken by
a word joiner, which nobody sees. An address is never shown: chats go by their names.

Whether a message that was cut off by its timeout arrived is unknown. It is sent again, and may then come twice; chats
have no id to tell it by, but the text ends with the command that names the alert.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from monitor.adapters.mail import TEMPLATES, load_labels
from monitor.errors import ChatRefused, ChatUnavailable, ConfigError
from monitor.model import Alert
from monitor.render import write_letter, write_notice
from monitor.render.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from monitor.model import Delivery
    from monitor.render import Letter, Names
    from monitor.render.letter import ItemView

MESSAGE_CHARS = 1500
"""Some services cut at 2,000 characters, and add marks of their own."""
QUOTE_CHARS, WHY_CHARS, TITLE_CHARS, COUNTERPARTS = 300, 200, 150, 3
KINDS = frozenset(
    (
        *("discord", "dingtalk", "feishu", "flock", "gchat", "gotify", "gotifys", "guilded", "json", "jsons", "lark"),
        *("line", "matrix", "matrixs", "mmost", "mmosts", "nctalk", "nctalks", "ntfy", "ntfys", "pover", "revolt"),
        *("rocket", "rockets", "ryver", "signal", "signals", "slack", "tgram", "threema", "twist", "webex", "wecombot"),
        *("whatsapp", "workflow", "workflows", "wxteams", "zulip"),
    )
)
"""Apprise's schemas that may be used. A list of those refused would be out of date with each of its versions."""
_JOINER = "\u2060"
_LOUD = re.compile(r"(?<=@)(?=\S)|(?<=<)(?=\S)|(?<=\])(?=\()")
"""Before what makes `@everyone`, `<!channel>`, `<https://x|y>` and `[x](y)` of letters."""
_READS_FILE = re.compile(r"[?&]template=", re.IGNORECASE)
_ANSWERED = re.compile(r"\berror=(\d{3})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRoom:
    """One chat. `url` is Apprise's; `name` is the recipient of its deliveries, and all that is told of it."""

    name: str
    url: str = field(repr=False)
    timeout_s: float = 20.0


class ChatNotify:
    """The chat channel, for any number of chats."""

    channel = "chat"
    bundles = True

    def __init__(self, rooms: Iterable[ChatRoom], *, names: Names) -> None:
        """Open nothing yet.

        Raises:
            ConfigError: Apprise is not installed, or an address is none of its own or not allowed here.
        """
        self._rooms = {room.name: room for room in rooms}
        self._apprise = _library()
        self._services = _services(self._apprise, self._rooms.values())
        self._busy: set[str] = set()
        self._names, self._labels, self._templates = names, load_labels(), _templates()
        self.recipients = self.operators = tuple(self._rooms)

    async def send(self, delivery: Delivery) -> None:
        """Send one alert or notice to one chat.

        Raises:
            ChatUnavailable: The service did not take it, or did not end within the timeout.
            ChatRefused: The chat is configured no more, or this cannot be written.
        """
        await self._hand_over(delivery.recipient, self._written((delivery,)))

    async def send_together(self, bundle: str, deliveries: tuple[Delivery, ...]) -> None:  # noqa: ARG002 - no chat knows ids
        """Send several to one chat as one message, each in a line or two; errors as for one."""
        if deliveries:
            await self._hand_over(deliveries[0].recipient, self._written(deliveries))

    def text(self, deliveries: Sequence[Delivery]) -> str:
        """What a chat is told, in at most 1,500 characters, Arabic first: the one that there is, or all as a list."""
        if len(deliveries) > 1:
            lines = [self._line(delivery) for delivery in deliveries]
            return self._fitted("chat-together", lines)
        content = deliveries[0].content
        if isinstance(content, Alert):
            letter = write_letter(content, self._names, self._labels)
            items = [_short(item) for item in letter.items]
            around = {
                "letter": letter,
                "counterparts": [one_line(one, TITLE_CHARS) for one in letter.ar.counterparts[:COUNTERPARTS]],
                "title": one_line(letter.title, TITLE_CHARS),
                "link": _link(letter),
            }
            return self._fitted("chat", items, letter.left_out, **around)
        notice = write_notice(content, self._names, self._labels)
        return self._fitted("chat-notice", notice.alarms, notice.left_out, letter=notice)

    def _written(self, deliveries: Sequence[Delivery]) -> str:
        try:
            return self.text(deliveries)
        except (TemplateError, ValueError) as error:
            raise ChatRefused(f"{deliveries[0].content.id} cannot be written for a chat: {error}") from error

    def _line(self, delivery: Delivery) -> dict[str, str | None]:
        if isinstance(delivery.content, Alert):
            letter = write_letter(delivery.content, self._names, self._labels)
            return {"subject": letter.subject, "link": _link(letter)}
        return {"subject": write_notice(delivery.content, self._names, self._labels).subject, "link": None}

    def _fitted(self, template: str, items: Sequence[Any], left_out: int = 0, **around: object) -> str:
        """As many of `items` as there is room for; what then is still too long is cut."""
        form = self._templates.get_template(f"{template}.txt")
        text = ""
        for shown in range(len(items), -1, -1):
            missing = left_out + len(items) - shown
            text = str(form.render(items=items[:shown], left_out=missing, **around)).strip()
            if len(text) <= MESSAGE_CHARS:
                return text
        return text[: MESSAGE_CHARS - 1].rstrip() + "…"

    async def _hand_over(self, name: str, text: str) -> None:
        room = self._rooms.get(name)
        if room is None:
            raise ChatRefused(f"chat {name!r} is no longer configured")
        if name in self._busy:
            raise ChatUnavailable(f"chat {name}: the message before has not ended yet")
        self._busy.add(name)
        call = _in_thread(lambda: self._notify(name, text), ended=lambda: self._busy.discard(name))
        try:
            async with asyncio.timeout(room.timeout_s):
                why = await call
        except TimeoutError:
            raise ChatUnavailable(f"chat {name}: no end after {room.timeout_s:g} s") from None
        if why is not None:
            raise ChatUnavailable(f"chat {name}: {why}")

    def _notify(self, name: str, text: str) -> str | None:
        """Runs in a thread. Why it failed, None where it did not; never with an error's words, which hold addresses."""
        try:
            result = self._services[name].notify(body=text, body_format="text", interpret_escapes=False)
            status = None if result else _status(result)
        except Exception as error:  # noqa: BLE001 - a service's plugin may raise anything
            return f"Apprise raised {type(error).__name__}"
        if result:
            return None
        return f"the service answered {status}" if status else "the service did not take it"


def _library() -> Any:  # noqa: ANN401 - a package that may be missing when this is checked
    for name in ("apprise", "urllib3"):  # they log addresses, whole ones in places
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())  # with none at all, Python's last resort would print
    try:
        return importlib.import_module("apprise")
    except ImportError as error:
        raise ConfigError(("chat: needs Apprise, which is not installed: pip install apprise",)) from error


def _status(result: Any) -> str | None:  # noqa: ANN401 - as `_library`
    """The HTTP status that Apprise logged for a message it could not deliver, and nothing else of that log."""
    said = " ".join(str(entry.message) for entry in result.logs()) if hasattr(result, "logs") else ""
    found = _ANSWERED.search(said)
    return found.group(1) if found else None


def _services(apprise: Any, rooms: Iterable[ChatRoom]) -> dict[str, Any]:  # noqa: ANN401 - as `_library`
    """One Apprise for each chat, which holds that chat alone.

    Raises:
        ConfigError: With everything that is wrong.
    """
    found, problems = {}, []
    asset = apprise.AppriseAsset(secure_logging=True, async_mode=False, storage_mode="memory")
    for room in rooms:
        problem = _refused(room)
        if problem is None:
            service = _service(apprise, room, asset)
            if service is not None:
                found[room.name] = service
                continue
            problem = "Apprise cannot read it"
        problems.append(f"chat.{room.name}.url: {problem}")
    if problems:
        raise ConfigError(tuple(problems))
    return found


def _refused(room: ChatRoom) -> str | None:
    kind = room.url.partition("://")[0].lower()
    if "://" not in room.url or kind not in KINDS:
        return f"not a kind of chat that may be used; allowed: {', '.join(sorted(KINDS))}"
    if _READS_FILE.search(room.url):
        return "template= reads a file; leave it out"
    return None


def _service(apprise: Any, room: ChatRoom, asset: Any) -> Any | None:  # noqa: ANN401 - as `_library`
    with suppress(Exception):  # a plugin may raise anything, and its words may hold the address
        plugin = apprise.Apprise.instantiate(room.url, asset=asset)
        service = apprise.Apprise(asset=asset)
        return service if plugin is not None and service.add(plugin) else None
    return None


def _templates() -> SandboxedEnvironment:
    """Plain text, in which whatever is put in is made quiet; nothing an article says is a template."""
    return SandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # Apprise escapes where a service wants HTML
        undefined=StrictUndefined,
        finalize=lambda value: _LOUD.sub(_JOINER, value) if isinstance(value, str) else value,
    )


def _short(item: ItemView) -> ItemView:
    return replace(
        item,
        mark=one_line(item.mark, QUOTE_CHARS),
        other_quote=item.other_quote and one_line(item.other_quote, QUOTE_CHARS),
        ar=replace(item.ar, why=one_line(item.ar.why, WHY_CHARS)),
        en=replace(item.en, why=one_line(item.en.why, WHY_CHARS)),
    )


def _link(letter: Letter) -> str | None:
    """The article's address with what rings or ends a link written in the other way that addresses have for it."""
    link = letter.link and letter.link.replace("@", "%40").replace("](", "]%28")
    return link if link and len(link) <= MESSAGE_CHARS // 2 else None


def _in_thread(call: Callable[[], str | None], *, ended: Callable[[], None]) -> asyncio.Future[str | None]:
    """`call` in a thread of its own, which a message without end may keep; a pool's threads are worth more."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str | None] = loop.create_future()

    def settle(why: str | None) -> None:
        ended()
        if not done.done():
            done.set_result(why)

    def run() -> None:
        why = call()
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, why)

    threading.Thread(target=run, name="chat", daemon=True).start()
    return done
