"""What the head of an answer says, however badly it is written. Pure."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from monitor.errors import FetchError, FetchStatus, FetchUnavailable
from monitor.pacing import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_TRANSIENT = frozenset({408, 425, 429})
_DAY_S = 86_400.0
_MAX_VALIDATOR_CHARS = 1000
_MAX_DIGITS = 9
_DIRECTIVE = re.compile(r'[\s,]*+([^\s,=";]++)(?:\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^\s,;"]*+))?')
_TARGET = re.compile(r"[\s,]*+<([^<>]*+)>\s*+")
_PARAMETER = re.compile(r';\s*+([^\s;,="<>]*+)\s*+(?:=\s*+("(?:[^"\\]|\\.)*+"|[^\s;,"]*+))?\s*+')


def fresh_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """How long an answer stays good from now on (RFC 9111, 4.2), as a cache of one user's own reads it.

    Args:
        headers: Names in lower case, several fields of one name joined by commas.
        now: Aware; stands in for a missing Date.

    Returns:
        0 to 86,400; 0 for what must not be kept, or not without asking. None where the server says nothing that can
        be understood.
    """
    directives = _directives(headers.get("cache-control", ""))
    if any(directives.get(name) == "" for name in ("no-store", "no-cache")):
        return 0.0
    if "max-age" in directives:
        lifetime = _seconds(directives["max-age"])
    else:
        lifetime = _until(headers.get("expires", "").strip(), _date(headers.get("date", "")) or now)
    if lifetime is None:
        return None
    return min(max(lifetime - (_seconds(headers.get("age", "")) or 0.0), 0.0), _DAY_S)


def link_targets(value: str) -> list[tuple[str, str]]:
    """(relation, address as written) of each link of a Link header (RFC 8288), up to where it is malformed.

    Links that speak of another page than this one (`anchor`) are left out.
    """
    found: list[tuple[str, str]] = []
    at = 0
    while target := _TARGET.match(value, at):
        at = target.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(value, at):
            at = parameter.end()
            parameters.setdefault(parameter[1].lower(), _unquoted(parameter[2] or ""))  # the first `rel` counts
        if "anchor" not in parameters:
            found += [(relation, target[1].strip()) for relation in parameters.get("rel", "").lower().split()]
    return found


def status_error(url: str, status: int, headers: Mapping[str, str], *, now: datetime) -> FetchError:
    """The error that `status` is, with the wait that the server asked for."""
    kind = FetchUnavailable if status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR else FetchStatus
    wait_s = retry_after(headers.get("retry-after"), now=now)
    return kind(url, f"the server answered {status}", retry_after_s=wait_s, status=status)


def validator(headers: Mapping[str, str], name: str) -> str | None:
    """An ETag or Last-Modified that can be sent back."""
    value = headers.get(name)
    return value if value and sendable(value) else None


def sendable(value: str) -> bool:
    """Whether a validator can be sent back: some servers put anything into an ETag."""
    return value.isascii() and value.isprintable() and len(value) <= _MAX_VALIDATOR_CHARS


def _directives(value: str) -> dict[str, str]:
    """Cache-Control by name; of several with one name the first counts (RFC 9111, 4.2.1)."""
    found: dict[str, str] = {}
    at = 0
    while part := _DIRECTIVE.match(value, at):
        at = part.end()
        found.setdefault(part[1].lower(), _unquoted(part[2] or ""))
    return found


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _seconds(text: str) -> float | None:
    """A number of seconds as RFC 9111, 1.2.2 has it: ASCII digits."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return _DAY_S * 365 * 100 if len(text) > _MAX_DIGITS else float(text)


def _until(expires: str, date: datetime) -> float | None:
    if expires == "0":  # what many send for "already expired"
        return 0.0
    at = _date(expires)
    return None if at is None else (at - date).total_seconds()


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return at if at.tzinfo else None
