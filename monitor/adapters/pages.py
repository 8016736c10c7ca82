"""The pages that links in mails lead to: what would happen, a button, and what has happened.

Opening a link changes nothing, for scanners open whatever stands in a mail. Only what comes from the page's own button
does, and the one POST by which a mail program says "no more of these" for its owner (RFC 8058). A link is all that is
needed for it: no log-in, no cookie, no script. A repeat does nothing more.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol
from urllib.parse import parse_qs

import structlog

from monitor.adapters.links import Action
from monitor.adapters.paper import LANGUAGES, Paper, Told, masked
from monitor.adapters.serving import Application, Body, read_body, serving
from monitor.deciding.muting import MuteKind
from monitor.errors import InputMissing
from monitor.render.plain import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from datetime import datetime

    from monitor.adapters.links import Link, Links
    from monitor.adapters.serving import Answer, ListenLimits, Receive, Scope
    from monitor.deciding.muting import Mute
    from monitor.ports import Clock

MAX_BODY_BYTES: Final = 16 * 1024
NOTE: Final = "by mail"
"""Stands beside what was said and muted by a link."""
_MAX_FIELDS = 16
_SUBJECT_CHARS = 300

_log = structlog.get_logger()


class AlertReader(Protocol):
    """What is asked of the archive."""

    def alert(self, alert_id: str) -> dict[str, Any]:
        """One alert whole, with the verdicts on it.

        Raises:
            InputMissing: There is no such alert.
        """


class MuteBook(Protocol):
    """The archive's book of mutes."""

    def standing(self, now: datetime) -> tuple[Mute, ...]:
        """Those that hold now."""

    def mute(
        self,
        kind: str,
        target: str,
        at: datetime,
        *,
        channel: str | None = None,
        recipient: str | None = None,
        until: datetime | None = None,
        why: str = "",
    ) -> object:
        """Begin a mute in place of one that is alike but for its end."""


class LinkBook(Protocol):
    """What pages write into, and whom it knows. The archive is one; every method is short and synchronous."""

    def reader(self) -> AlertReader:
        """What is asked."""

    def mutes(self) -> MuteBook:
        """What is held back."""

    def recipients(self) -> Iterable[tuple[str, str]]:
        """Channel and address of everybody to whom something was ever addressed."""

    def label(self, target_id: str, verdict: str, note: str, at: datetime) -> None:
        """Keep a reader's verdict."""


class LinkPages:
    """Who answers: `GET /<action>/<token>` shows what a link would do, `POST` does it.

    What stands before these two is the way to us, and is not looked at.
    """

    def __init__(self, links: Links, book: LinkBook, *, clock: Clock, known: Iterable[tuple[str, str]] = ()) -> None:
        """`known` are channel and address of those who get mail now, though nothing may have been sent to them yet."""
        self._links, self._book, self._clock, self._known = links, book, clock, tuple(known)
        self._paper = Paper()
        self.failed: Final = self._paper.page(Told(status=503, text="failed", read=False))

    async def respond(self, scope: Scope, receive: Receive) -> Answer | None:
        """Answer one request; None where nobody is there any more to hear it."""
        found = await self._told(scope, receive)
        return None if found is None else self._paper.page(found)

    async def _told(self, scope: Scope, receive: Receive) -> Told | None:
        link = self._linked(scope)
        if isinstance(link, Told):
            return link
        refused = None if scope["method"] != "POST" else await self._refused(link, scope, receive)
        if refused is Body.GONE:
            return None
        try:
            return refused or self._answered(link, really=scope["method"] == "POST")
        except InputMissing:
            return Told(status=404, text="gone")

    def _linked(self, scope: Scope) -> Link | Told:
        """The link that was followed, or why there is none."""
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            return Told(status=405, text="method", headers=((b"allow", b"GET, HEAD, POST"),), read=False)
        path: str = scope["path"]
        way, _, token = path.rpartition("/")
        action = way.rpartition("/")[2]
        if action not in set(Action):
            return Told(status=404, text="unknown", read=False)
        try:
            link = self._links.read(action, token)
        except ValueError:
            return Told(status=400, text="malformed", read=False)
        return link or Told(status=404, text="unsigned", read=False)

    async def _refused(self, link: Link, scope: Scope, receive: Receive) -> Told | Literal[Body.GONE] | None:
        """Why a POST does nothing; None for one that is meant, `Body.GONE` where nobody waits for an answer."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if not self._from_here(headers):
            return Told(status=403, text="foreign", read=False)
        body = bytearray()
        end = await read_body(scope, receive, body.extend, at_most=MAX_BODY_BYTES)
        if end is Body.GONE:
            return end
        if end is Body.TOO_BIG:
            return Told(status=413, text="too_big", read=False)
        said = form_fields(headers.get(b"content-type", ""), bytes(body))
        at_once = link.action is Action.STOP and said.get("List-Unsubscribe") == "One-Click"
        return None if at_once or said.get("confirm") == "yes" else Told(status=400, text="unsaid")

    def _from_here(self, headers: Mapping[bytes, str]) -> bool:
        """Whether a POST may come from our own page: mail programs say neither, and their link is signed.

        Our pages ask for no referrer, so that browsers name `null` as their origin; those that are new enough, and
        speak TLS, say by `Sec-Fetch-Site` how it really is.
        """
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        return headers.get(b"origin", "null") in {"null", self._links.origin}

    def _answered(self, link: Link, *, really: bool) -> Told:
        """What would happen, or what has: nothing is written unless `really`."""
        if link.action is Action.STOP:
            return self._stop(link, really=really)
        alert = self._book.reader().alert(link.target)
        return (self._label if link.action is Action.LABEL else self._mute)(link, alert, really=really)

    def _stop(self, link: Link, *, really: bool) -> Told:
        recipient = self._recipient(link)
        if recipient is None:
            return Told(title="stop_title", text="nobody")
        if really:
            self._hold_back(MuteKind.ALL, recipient, link, recipient, until=None)
            _log.info("a reader wants no more mail", channel=link.channel)
        text, button = ("stop_done", None) if really else ("stop_ask", "stop_button")
        return Told(title="stop_title", text=text, button=button, values=_both(who=masked(recipient)))

    def _label(self, link: Link, alert: Mapping[str, Any], *, really: bool) -> Told:
        known = any((one["verdict"], one["note"]) == (link.choice, NOTE) for one in alert["labels"])
        if really and not known:
            self._book.label(link.target, link.choice, NOTE, self._clock.now())
            _log.info("a reader's verdict", target=link.target, verdict=link.choice)
        text, button = ("label_done", None) if really else ("label_ask", "label_button")
        values = {
            language: {"choice": self._paper.labels.of(language, "verdict", link.choice)} for language in LANGUAGES
        }
        return Told(title="label_title", text=text, button=button, subject=_subject(alert), values=values)

    def _mute(self, link: Link, alert: Mapping[str, Any], *, really: bool) -> Told:
        recipient = self._recipient(link)
        if recipient is None:
            return Told(title="mute_title", text="nobody")
        topic, _, days = link.choice.partition(".")
        kind = MuteKind(topic)
        until = self._until(int(days))
        if really:
            for target in _targets(kind, alert):
                self._hold_back(kind, target, link, recipient, until=until)
            _log.info("a reader has muted", kind=kind.value, target=link.target, days=int(days))
        words = self._paper.labels
        values = {
            language: {"days": words.counted(language, "days", int(days)), "until": words.day(language, until.date())}
            for language in LANGUAGES
        }
        text, button = (f"mute_done_{topic}", None) if really else (f"mute_ask_{topic}", "mute_button")
        return Told(title="mute_title", text=text, button=button, subject=_subject(alert), values=values)

    def _recipient(self, link: Link) -> str | None:
        """Whom the link was made for; None for one to whom nothing was ever addressed."""
        for channel, recipient in (*self._known, *self._book.recipients()):
            if channel == link.channel and self._links.who(channel, recipient) == link.who:
                return recipient
        return None

    def _until(self, days: int) -> datetime:
        """The midnight (UTC) after so many days from now: two clicks of one day say the same."""
        day = self._clock.now() + timedelta(days=days + 1)
        return day.replace(hour=0, minute=0, second=0, microsecond=0)

    def _hold_back(self, kind: MuteKind, target: str, link: Link, recipient: str, *, until: datetime | None) -> None:
        now, book = self._clock.now(), self._book.mutes()
        ours = (kind, target, link.channel, recipient)
        alike = [one for one in book.standing(now) if (one.kind, one.target, one.channel, one.recipient) == ours]
        if not any(one.until is None or (until is not None and one.until >= until) for one in alike):
            book.mute(kind, target, now, channel=link.channel, recipient=recipient, until=until, why=NOTE)


@asynccontextmanager
async def showing(pages: LinkPages, *, listen: str, limits: ListenLimits | None = None) -> AsyncIterator[int]:
    """Answer those who follow links while entered; gives the port.

    Raises:
        ConfigError: There is no listening at `listen`.
    """
    app = Application(respond=pages.respond, failed=pages.failed, what="a link")
    async with serving(app, key="links.listen", listen=listen, limits=limits) as port:
        yield port


def form_fields(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form that are there once, in either way of sending one; none of what is no form."""
    if content_type.lower().startswith("multipart/form-data"):
        message = message_from_bytes(b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body)
        parts = list(message.walk())[1:]
        found = [(one.get_param("name", header="content-disposition"), one.get_payload(decode=True)) for one in parts]
        pairs = [(name, value.decode("latin-1")) for name, value in found if isinstance(value, bytes)]
    else:
        try:
            query = parse_qs(body.decode("latin-1").strip(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
        except ValueError:
            return {}
        pairs = [(name, value) for name, values in query.items() for value in values]
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if isinstance(name, str) and names.count(name) == 1}


def _both(**values: str) -> Mapping[str, Mapping[str, str]]:
    return dict.fromkeys(LANGUAGES, values)


def _subject(alert: Mapping[str, Any]) -> str:
    """What the alert is about, as its mail named it."""
    return one_line(alert["title"], _SUBJECT_CHARS) or one_line(alert["outlet"], _SUBJECT_CHARS)


def _targets(kind: MuteKind, alert: Mapping[str, Any]) -> tuple[str, ...]:
    if kind is MuteKind.MEETING:
        return (alert["meeting_id"],) if alert["meeting_id"] else ()
    return tuple(dict.fromkeys(item["claim_id"] for item in alert["items"]))
