"""What every parser must read alike in a web address, before one is believed.

Browsers, C libraries and HTTP clients differ over backslashes, user names, odd forms of IP addresses and letters that
look like others. Whoever writes a feed could use that to show one host and have another dialled, so an address over
which they might differ is refused. Nothing here resolves or opens anything.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import urlsplit

import idna

_MAX_URL_CHARS = 4096
_MAX_PORT = 65_535
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?", re.IGNORECASE)
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)

# Unicode TS 39, "highly restrictive": one script, or Latin beside those of one East Asian way of writing.
_TOGETHER = (
    frozenset({"LATIN", "CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "IDEOGRAPHIC", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "IDEOGRAPHIC", "HANGUL"}),
)


def check_spelling(raw: str) -> None:
    """Refuse what parsers may cut into parts differently.

    Raises:
        ValueError: Says why, without the address.
    """
    if len(raw) > _MAX_URL_CHARS or "\\" in raw or not raw.isprintable():
        raise ValueError("too long, or has a backslash or an unprintable character")
    parts = urlsplit(raw)
    if "@" in parts.netloc:  # an empty user name too, which httpx.URL forgets
        raise ValueError("a user name in the URL")
    _ = parts.port  # raises on digits of other scripts, which httpx.URL takes


def check_parts(scheme: str, host: str, port: int | None) -> None:
    """Refuse what may not be fetched, or be read as another host.

    Args:
        scheme: In lower case.
        host: As it is dialled: in its ASCII form, an IPv6 address without brackets.
        port: None where it is the scheme's own.

    Raises:
        ValueError: Says why. The errors of `ipaddress` and of `idna` are ValueErrors too.
    """
    if scheme not in {"http", "https"}:
        raise ValueError("only http and https are fetched")
    if port is not None and not 0 < port <= _MAX_PORT:
        raise ValueError("no such port")
    if ":" in host:
        ipaddress.IPv6Address(host)
        if "%" in host:
            raise ValueError("an address with a zone")
    elif not _HOST.fullmatch(host) or ".." in host:
        raise ValueError(f"no host name: {host!r}")
    elif _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        ipaddress.IPv4Address(host)  # four decimal numbers, or it is one of inet_aton's odd forms
    else:
        for label in host.lower().split("."):
            _check_label(label)


def _check_label(label: str) -> None:
    """Refuse an `xn--` label that stands for no letters, or for letters that together pass for others."""
    if not label.startswith("xn--"):
        return
    shown = idna.decode(label, strict=True)
    scripts = {_script(char) for char in shown} - {None}
    if len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER):
        raise ValueError(f"letters of several scripts in {shown!r}: {', '.join(sorted(filter(None, scripts)))}")


def _script(char: str) -> str | None:
    """The script of a letter, mark or digit, told by its Unicode name; None for what all scripts share."""
    first, _, rest = unicodedata.name(char, "UNNAMED").partition(" ")
    if first in {"DIGIT", "COMBINING"} or unicodedata.category(char)[0] in "PC":
        return None
    if first == "EXTENDED":  # EXTENDED ARABIC-INDIC DIGIT
        first = rest.partition(" ")[0]
    return first.partition("-")[0]
