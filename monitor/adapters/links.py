"""Signed links in mails: what a reader may say or stop by one, and nobody else.

A link is `<public address>/<action>/<payload>.<signature>`. The payload says what it is about, what is chosen, by which
channel it went, and to whom, the latter as a keyed digest: no address stands in a link, nor can one be guessed from it.
The signature is HMAC-SHA-256 (RFC 2104) over action and payload, cut to 128 bits, so that the link fits on a line. It
is all there is to know: who has the link may do what it says, and nothing beside.
"""

from __future__ import annotations

import binascii
import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from monitor.deciding.muting import MuteKind
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

    from monitor.model import Alert
    from monitor.render import Labels

MIN_KEY_CHARS: Final = 16
_MAX_TOKEN_CHARS = 1000
_SIGNATURE_BYTES = 16
_WHO_CHARS = 16
_TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{22})")
_LANGUAGES = ("ar", "en")
_HEADS = ("verdicts", "mutes")
_KEY_SETTING = "RASID_LINKS__KEY"


class Action(StrEnum):
    """What a link does, once its page has been confirmed."""

    STOP = "stop"
    LABEL = "label"
    MUTE = "mute"


class Verdict(StrEnum):
    """What a reader may say of an alert by a link. Commands take these words and any other."""

    RIGHT = "right"
    NOT_NEW = "not_new"
    WRONG_PERSON = "wrong_person"
    WRONG = "wrong"
    ACK = "ack"


MUTE_DAYS: Final = (7, 30)
_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    Action.STOP: frozenset({""}),
    Action.LABEL: frozenset(Verdict),
    Action.MUTE: frozenset(f"{kind}.{days}" for kind in (MuteKind.MEETING, MuteKind.CLAIM) for days in MUTE_DAYS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What one link says.

    `target` is the alert it is about, empty for `stop`. `choice` is a verdict, or what to mute and for how many days
    (`meeting.7`), empty for `stop`. `who` is the recipient's digest, as `Links.who` makes it.
    """

    action: Action
    channel: str
    who: str
    target: str = ""
    choice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The addresses that go with one alert to one recipient: of mutes, with what is muted and for how many days."""

    stop: str
    verdicts: tuple[tuple[Verdict, str], ...]
    mutes: tuple[tuple[MuteKind, int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One link as a mail shows it: its words in both languages, and its address."""

    ar: str
    en: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOffer:
    """The links under one alert, and the words above them by language."""

    stop: Choice
    verdicts: tuple[Choice, ...]
    mutes: tuple[Choice, ...]
    ar: Mapping[str, str]
    en: Mapping[str, str]


class Links:
    """Makes links and reads them."""

    def __init__(self, public_url: str, key: str) -> None:
        """`public_url` is where the pages are reached, `key` a secret; see `links_from` for checked ones."""
        self._base, self._key = public_url.rstrip("/"), key.encode()
        self.secure = self._base.startswith("https://")
        self.origin = "{0.scheme}://{0.netloc}".format(urlsplit(self._base))

    def offer(self, alert: Alert, channel: str, recipient: str) -> Offer:
        """Everything that the mail of an alert offers its recipient."""
        who = self.who(channel, recipient)

        def url(action: Action, choice: str) -> str:
            return self.url(Link(action=action, channel=channel, who=who, target=alert.id, choice=choice))

        kind = MuteKind.MEETING if alert.meeting_id is not None else MuteKind.CLAIM
        days = MUTE_DAYS if alert.meeting_id is not None or alert.items else ()
        return Offer(
            stop=self.stop(channel, recipient),
            verdicts=tuple((verdict, url(Action.LABEL, verdict)) for verdict in Verdict),
            mutes=tuple((kind, day, url(Action.MUTE, f"{kind}.{day}")) for day in days),
        )

    def stop(self, channel: str, recipient: str) -> str:
        """The address by which a recipient ends all alerts by a channel."""
        return self.url(Link(action=Action.STOP, channel=channel, who=self.who(channel, recipient)))

    def url(self, link: Link) -> str:
        """The address that says `link`. The same link has always the same."""
        said = json.dumps([link.channel, link.who, link.target, link.choice], separators=(",", ":"))
        payload = _text(said.encode())
        return f"{self._base}/{link.action}/{payload}.{_text(self._signature(link.action, payload))}"

    def read(self, action: str, token: str) -> Link | None:
        """What the last two parts of an address say; None where the signature does not hold, or nothing offers that.

        Raises:
            ValueError: The token is not one by its looks.
        """
        payload, signature = parted(token)
        right = self._signature(action, payload)
        if not hmac.compare_digest(right, signature):
            return None
        channel, who, target, choice = json.loads(_bytes(payload))
        known = choice in _CHOICES.get(action, ())
        return Link(action=Action(action), channel=channel, who=who, target=target, choice=choice) if known else None

    def who(self, channel: str, recipient: str) -> str:
        """The digest by which a recipient stands in links: 96 bits of HMAC-SHA-256."""
        said = json.dumps(["who", channel, recipient]).encode()
        return _text(hmac.digest(self._key, said, "sha256"))[:_WHO_CHARS]

    def _signature(self, action: str, payload: str) -> bytes:
        said = json.dumps(["link", action, payload]).encode()
        return hmac.digest(self._key, said, "sha256")[:_SIGNATURE_BYTES]


def shown(offer: Offer, labels: Labels) -> ShownOffer:
    """What a mail shows of an offer."""

    def choice(url: str, table: str, key: str, days: int | None = None) -> Choice:
        said = {}
        for language in _LANGUAGES:
            counted = "" if days is None else labels.counted(language, "days", days)
            said[language] = labels.of(language, table, key).format(days=counted)
        return Choice(ar=said["ar"], en=said["en"], url=url)

    heads = {language: {key: labels.of(language, "link", key) for key in _HEADS} for language in _LANGUAGES}
    return ShownOffer(
        stop=choice(offer.stop, "link", "stop"),
        verdicts=tuple(choice(url, "verdict", verdict) for verdict, url in offer.verdicts),
        mutes=tuple(choice(url, "link", kind, days) for kind, days, url in offer.mutes),
        **heads,
    )


def parted(token: str) -> tuple[str, bytes]:
    """Payload and signature of a token.

    Raises:
        ValueError: It is not one by its looks.
    """
    found = _TOKEN.fullmatch(token) if len(token) <= _MAX_TOKEN_CHARS else None
    if found is None:
        raise ValueError("not a payload and a signature")
    signature = _bytes(found[2])
    if _text(signature) != found[2]:  # four letters would say each last byte: one link has one address
        raise ValueError("not a payload and a signature")
    return found[1], signature


def links_from(public_url: str, key: str | None) -> Links | None:
    """What makes and reads links; None without a public address.

    Raises:
        ConfigError: The address or the key will not do.
    """
    problems = problems_of(public_url, key)
    if problems:
        raise ConfigError(problems)
    return Links(public_url, key) if public_url and key else None


def problems_of(
    public_url: str, key: str | SecretStr | None, *, where: str = "settings.toml: links.public_url"
) -> tuple[str, ...]:
    """What is wrong with the settings under `[links]`, each with what is allowed. The key is never repeated.

    `where`: in which file and line, or by which variable, the address is set.
    """
    found = []
    if not _is_base(public_url):
        found.append(f"{where}: allowed: an ASCII address without query and fragment")
    if public_url and key is None:
        found.append(f"environment: {_KEY_SETTING}: is missing, though links.public_url is set")
    if key is not None and len(key) < MIN_KEY_CHARS:
        found.append(f"environment: {_KEY_SETTING}: too short; allowed: {MIN_KEY_CHARS} characters or more")
    return tuple(found)


def _is_base(public_url: str) -> bool:
    try:
        urlsplit(public_url)
    except ValueError:
        return False
    seen = public_url.isascii() and public_url.isprintable()
    return seen and not any(char in public_url for char in "?#<>,\"'")


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64") from error
