"""Alerts and notices by e-mail: one message for each recipient, text and HTML, right to left, over SMTP.

A resend of one delivery carries the same Message-ID (RFC 5322, 3.6.4), so that a message whose
acknowledgement was lost can be recognised as the same; that is the one case in which a recipient may see an
alert twice. Where links are configured, each alert can be judged, muted and stopped by one, the latter by the mail
program itself, too (RFC 8058). DKIM is left to the mail server; it must sign both headers of List-Unsubscribe.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import parseaddr
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
import idna
from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from monitor.adapters.links import shown
from monitor.deciding.rules import STORM
from monitor.errors import DeliveryError, MailAuth, MailRefused, MailUnavailable
from monitor.model import Alert
from monitor.render import DigestLetter, Labels, Letter, Names, NoticeLetter, write_digest, write_letter, write_notice
from monitor.render.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.policy import Policy

    from monitor.adapters.links import Links, ShownOffer
    from monitor.model import Delivery, Notice
    from monitor.ports import Clock

TEMPLATES = Path(__file__).parent / "templates"
AUTH_CODES = frozenset({530, 534, 535, 538})
"""Authentication required, mechanism too weak, credentials invalid, encryption required (RFC 4954, 6)."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")


class _Plain(UnstructuredHeader, BaseHeader):
    """A header for programs, folded at its blanks alone: the library makes encoded words of what is too long for it."""

    def fold(self, *, policy: Policy) -> str:
        lines = f"{policy.linesep} ".join(str(self).split(" "))
        return f"{self.name}: {lines}{policy.linesep}"


_HEADERS = HeaderRegistry()
for _name in ("List-Unsubscribe", "List-Unsubscribe-Post", "References", "In-Reply-To"):
    _HEADERS.map_to_type(_name, _Plain)
_POLICY = SMTP_POLICY.clone(header_factory=_HEADERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """Where mail goes in, from whom and to whom: alerts to `recipients`, notices to `operators`, or else to the same.

    `sender` may have a name before its address: `Rasid <rasid@watch.example>`; recipients are bare addresses.
    `starttls` demands the upgrade, `tls` speaks TLS from the first byte; a password is sent without either
    only to this machine itself. `unsubscribe` is the address that takes "no more of these"; without it no
    such header is written. `timeout_s` is for one message, all its steps together.
    """

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    operators: tuple[str, ...] = ()
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    starttls: bool = True
    tls: bool = False
    unsubscribe: str | None = None
    timeout_s: float = 60.0


class MailNotify:
    """The mail channel. Holds no connection between messages: alerts are few, idle sessions are dropped."""

    channel = "mail"
    bundles = True

    def __init__(
        self,
        settings: MailSettings,
        *,
        names: Names,
        clock: Clock,
        links: Links | None = None,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self.recipients = settings.recipients
        self.operators = settings.operators or settings.recipients
        self._settings, self._names, self._clock, self._tls_context = settings, names, clock, tls_context
        self._links = links
        self._labels = load_labels()
        self._templates = mail_templates()

    async def send(self, delivery: Delivery) -> None:
        """Send one alert or notice to one recipient.

        Raises:
            MailUnavailable: A 4xx reply, no connection, or no end within the timeout.
            MailRefused: A 5xx reply, or nothing that could be put in a mail.
            MailAuth: Credentials or TLS are wrong.
        """
        await self._send(self.compose(delivery))

    async def send_together(self, bundle: str, deliveries: tuple[Delivery, ...]) -> None:
        """Send one recipient's alerts of a bundle as one message; a bundle of one is sent as the alert that it is.

        Raises:
            DeliveryError: As `send` does.
        """
        alone = len(deliveries) == 1
        await self._send(self.compose(deliveries[0]) if alone else self.compose_together(bundle, deliveries))

    async def _send(self, message: EmailMessage) -> None:
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await self._hand_over(message, str(message["To"]))
        except TimeoutError as error:
            why = f"no end after {self._settings.timeout_s:g} s"
            raise MailUnavailable(f"{self._where}: {why}") from error
        except (aiosmtplib.SMTPException, OSError, RuntimeError, ValueError) as error:
            raise _mapped(error, self._where) from error

    def compose(self, delivery: Delivery) -> EmailMessage:
        """The message of one delivery, complete but for the way it takes.

        Raises:
            MailRefused: An address that mail cannot carry, or something that cannot be written.
        """
        letter, template = self._written(delivery.content)
        return self._composed(delivery, letter, template)

    def compose_together(self, bundle: str, deliveries: tuple[Delivery, ...]) -> EmailMessage:
        """The message of one recipient's alerts of a bundle, known again by the bundle's name.

        It belongs to the thread of a meeting where all of them are about that one.

        Raises:
            MailRefused: An address that mail cannot carry, or something that cannot be written.
        """
        alerts = [one.content for one in deliveries if isinstance(one.content, Alert)]
        first, *others = alerts
        alike = all(one.meeting_id == first.meeting_id for one in others)
        key = sha256(f"{bundle}\0{deliveries[0].recipient}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
        head = replace(
            deliveries[0],
            id=f"bundle.{key}",
            content=first if alike else replace(first, meeting_id=None),
            rule=STORM if any(one.rule == STORM for one in deliveries) else None,
        )
        return self._composed(head, write_digest(alerts, self._names, self._labels), "digest", alerts)

    def _composed(
        self,
        delivery: Delivery,
        letter: Letter | NoticeLetter | DigestLetter,
        template: str,
        alerts: Iterable[Alert] = (),
    ) -> EmailMessage:
        sender, recipient, note = self._sender, ascii_address(delivery.recipient), self._note(delivery)
        text, html = (self._templates.get_template(f"{template}.{kind}") for kind in ("txt", "html"))
        try:
            message = self._headed(delivery, letter.subject, sender, recipient)
            view = {
                "note": note,
                "offer": self._offered(delivery.content, delivery.recipient),
                "offers": {alert.id: self._offered(alert, delivery.recipient) for alert in alerts},
                "unsubscribe": _mailto(self._settings.unsubscribe),
            }
            fitted = letter.fitted(lambda tried: _bytes_of(html.render(view, letter=tried)))
            said = text.render(view, letter=fitted)
            message.set_content("\n".join([*note, "", said]) if note else said, charset="utf-8", cte="base64")
            message.add_alternative(html.render(view, letter=fitted), subtype="html", charset="utf-8", cte="base64")
        except (MessageError, TemplateError, ValueError) as error:
            raise MailRefused(f"{delivery.content.id} cannot be written as a mail: {error}") from error
        return message

    def _written(self, content: Alert | Notice) -> tuple[Letter | NoticeLetter, str]:
        """What the mail shows, and the name of the templates that show it."""
        if isinstance(content, Alert):
            return write_letter(content, self._names, self._labels), "alert"
        return write_notice(content, self._names, self._labels), "notice"

    def _note(self, delivery: Delivery) -> tuple[str, str] | None:
        """What is said of too many messages, in both languages: that the rest waits, or that this is the rest."""
        key = "storm_gathered" if delivery.bundle else "storm_begins"
        said = (self._labels.of("ar", "phrase", key), self._labels.of("en", "phrase", key))
        return said if delivery.rule == STORM else None

    def _offered(self, content: Alert | Notice, recipient: str) -> ShownOffer | None:
        """The links under an alert; None where there are none, and under a notice, which is for those who must know."""
        if self._links is None or not isinstance(content, Alert):
            return None
        return shown(self._links.offer(content, self.channel, recipient), self._labels)

    def _headed(self, delivery: Delivery, subject: str, sender: str, recipient: str) -> EmailMessage:
        domain = sender.rpartition("@")[2]
        message = EmailMessage(policy=_POLICY)
        message["From"] = Address(one_line(parseaddr(self._settings.sender)[0], 80), addr_spec=sender)
        message["To"] = Address(addr_spec=recipient)
        message["Subject"] = subject
        message["Date"] = self._clock.now()
        message["Message-ID"] = _message_id(delivery.id, domain)
        meeting_id = delivery.content.meeting_id if isinstance(delivery.content, Alert) else None
        if meeting_id is not None:
            thread = _message_id(f"meeting.{meeting_id}", domain)
            message["In-Reply-To"] = thread
            message["References"] = thread
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange, which does not know RFC 3834
        self._stoppable(message, delivery)
        return message

    def _stoppable(self, message: EmailMessage, delivery: Delivery) -> None:
        """Say how to end this (RFC 2369), and where a mail program may do so itself: by TLS only (RFC 8058, 3.1)."""
        links = self._links if isinstance(delivery.content, Alert) else None
        stop = links.stop(self.channel, delivery.recipient) if links else None
        ways = [f"<{way}>" for way in (stop, _mailto(self._settings.unsubscribe)) if way]
        if ways:
            message["List-Unsubscribe"] = ", ".join(ways)
        if links is not None and links.secure:
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"

    async def _hand_over(self, message: EmailMessage, recipient: str) -> None:
        settings = self._settings
        if settings.password and not (settings.tls or settings.starttls) and settings.host not in _LOOPBACK:
            raise MailAuth(f"{self._where}: a password is not sent without TLS; set starttls or tls")
        sender = self._sender
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password,
            use_tls=settings.tls,
            start_tls=settings.starttls and not settings.tls,
            timeout=settings.timeout_s,
            tls_context=self._tls_context,
            local_hostname=sender.rpartition("@")[2],  # no lookup of our own name, which may block
        )
        try:
            await client.connect()
            await client.send_message(message, sender=sender, recipients=[recipient])
            with suppress(aiosmtplib.SMTPException, OSError):  # the message is taken; how the server parts is its own
                await client.quit(timeout=5)
        finally:
            client.close()

    @property
    def _sender(self) -> str:
        return ascii_address(parseaddr(self._settings.sender)[1] or self._settings.sender)

    @property
    def _where(self) -> str:
        return f"mail server {self._settings.host}:{self._settings.port}"


def load_labels(path: Path = TEMPLATES / "labels.toml") -> Labels:
    """The product's words as its editors wrote them."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return Labels(nouns=tables.pop("counted", {}), tables=tables)


@cache
def mail_templates() -> SandboxedEnvironment:
    """The templates: all but plain text escape what they are given; nothing an article says is a template."""
    return SandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: not (name or "").endswith(".txt"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def ascii_address(address: str) -> str:
    """The bare address as SMTP carries it everywhere: ASCII, an international domain in its ASCII form.

    Raises:
        MailRefused: It is no address, or its local part is not ASCII (SMTPUTF8 is rare, and Python
        mis-encodes it).
    """
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise MailRefused(f"{one_line(address, 100)!r}: the part before @ must be ASCII")
    try:
        domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise MailRefused(f"{one_line(address, 100)!r}: not a domain: {error}") from error
    if not (_LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(domain)):
        raise MailRefused(f"{one_line(address, 100)!r} is not an e-mail address")
    return f"{local}@{domain}"


def _bytes_of(text: str) -> int:
    """How large a text is in a mail before its transfer encoding: UTF-8, each line ended by two characters."""
    return len(text.encode()) + text.count("\n")


def _message_id(key: str, domain: str) -> str:
    """RFC 5322 msg-id; only characters that need no quoting survive from `key`."""
    return f"<{re.sub(r'[^A-Za-z0-9_.-]', '-', key).strip('.') or 'alert'}@{domain.strip('[]')}>"


def _mailto(unsubscribe: str | None) -> str | None:
    if not unsubscribe:
        return None
    address, _, query = unsubscribe.removeprefix("mailto:").partition("?")
    safe_query = query if re.fullmatch(r"[A-Za-z0-9=&%._~+-]+", query) else "subject=unsubscribe"
    return f"mailto:{ascii_address(address)}?{safe_query}"


def _mapped(error: Exception, where: str) -> DeliveryError:
    """Our error for what SMTP said. By reply code, for one class of the library covers 451 as well as 550."""
    said = f"{where}: {one_line(str(error), 300)}"
    code = _reply_code(error)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return MailAuth(f"{said} (TLS)")
    if code is not None and 400 <= code < 500:  # noqa: PLR2004 - SMTP's own: transient negative completion
        return MailUnavailable(said)
    if code in AUTH_CODES or isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return MailAuth(said)
    if code is not None and 500 <= code < 600:  # noqa: PLR2004 - SMTP's own: permanent negative completion
        return MailRefused(said)
    if type(error) in {aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported, RuntimeError}:
        return MailAuth(said)  # what the library says when STARTTLS or a way to log in is not offered
    return MailRefused(said) if isinstance(error, ValueError) else MailUnavailable(said)


def _reply_code(error: Exception) -> int | None:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        return error.recipients[0].code
    return error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
