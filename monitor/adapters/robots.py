"""What sites ask of robots (RFC 9309): each origin's robots.txt, read once and held for a while.

A site that says nothing allows everything. One whose robots.txt cannot be had for now (5xx, 429, no connection) is
waited for, since what it would have said is not known.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from copy import copy
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from protego import Protego

from monitor.errors import FetchDeadline, FetchError, FetchRobots, FetchTruncated, FetchUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MAX_BYTES: Final = 500 << 10
"""RFC 9309, 2.5: at least so much is read; what comes after it is not."""
LONGEST_DELAY_S: Final = 30.0

_HELD_S = 86_400.0  # RFC 9309, 2.4
_HELD_MISSING_S = 3600.0
_WAITED_S = 300.0
_MAX_ORIGINS = 500
_MAX_CHARS = 2 << 20
_FIELDS = frozenset({"allow", "disallow", "crawl-delay"})
_EVERYBODY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one origin asks of us. `addressed` is the name that its rules call: ours, or `*`."""

    address: str
    addressed: str = _EVERYBODY
    delay_s: float = 0.0
    chars: int = 0
    parser: Protego | None = None

    def check(self, url: str, *, named: str) -> None:
        """Pass what may be fetched.

        Args:
            url: What would be fetched from this origin.
            named: The URL to report.

        Raises:
            FetchRobots: The origin asks us to leave `url` alone.
        """
        if self.parser is not None and not self.parser.can_fetch(url, _EVERYBODY):
            where = "" if url == named else f" from {url}"
            raise FetchRobots(named, f"{self.address} asks the robot {self.addressed!r} to stay away{where}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What is known of one origin until `until`, on the monotonic clock: its rules, or why there are none yet."""

    until: float
    answer: Rules | FetchError

    @property
    def chars(self) -> int:
        """How much it holds."""
        return self.answer.chars if isinstance(self.answer, Rules) else 0


class Robots:
    """The rules of the origins that were asked last."""

    def __init__(self, user_agent: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`user_agent` begins with the product's name, which is what a robots.txt may call us by."""
        self._name, self._clock = _token(user_agent), clock
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def rules(
        self, address: str, read: Callable[[], Awaitable[bytes]], *, named: str, patient: bool = True
    ) -> Rules:
        """The rules of the origin whose robots.txt is at `address`.

        Args:
            address: Where it lies, which names the origin.
            read: Fetches it, cut to `MAX_BYTES`; called by one of those who ask at the same time.
            named: The URL to report.
            patient: Whether `read` has a whole deadline. Where it has not, its end says nothing of the site.

        Raises:
            FetchUnavailable: It cannot be had for now.
            FetchDeadline: It did not come in time.
        """
        async with self._asking.setdefault(address, asyncio.Lock()):
            held = self._held.get(address)
            if held is None or held.until <= self._clock():
                held = await self._ask(address, read, held)
                if patient or not isinstance(held.answer, FetchDeadline):
                    self._keep(address, held)
        if isinstance(held.answer, FetchError):
            raise _waiting(named, held.answer)
        return held.answer

    async def _ask(self, address: str, read: Callable[[], Awaitable[bytes]], before: _Held | None) -> _Held:
        try:
            body = await read()
        except FetchError as error:
            if not _unreachable(error):
                return _Held(until=self._clock() + _HELD_MISSING_S, answer=Rules(address=address))
            if before is not None and isinstance(before.answer, Rules):  # RFC 9309, 2.4: the old ones may serve on
                return _Held(until=self._clock() + _HELD_MISSING_S, answer=before.answer)
            wait_s = min(max(error.retry_after_s or 0.0, _WAITED_S), _HELD_MISSING_S)
            # A copy: the error itself keeps the frames it came through, and what they hold.
            return _Held(until=self._clock() + wait_s, answer=copy(error))
        # In a thread: half a megabyte of rules takes a second, in which nobody else would be served.
        rules = await asyncio.to_thread(read_rules, address, body, self._name)
        return _Held(until=self._clock() + _HELD_S, answer=rules)

    def _keep(self, address: str, held: _Held) -> None:
        self._held[address] = held
        self._held.move_to_end(address)
        chars = sum(each.chars for each in self._held.values())
        while len(self._held) > 1 and (len(self._held) > _MAX_ORIGINS or chars > _MAX_CHARS):
            chars -= self._held.popitem(last=False)[1].chars


def read_rules(address: str, body: bytes, name: str) -> Rules:
    """The rules for `name`, which is in lower case, in a robots.txt."""
    addressed, lines = _ours(body.decode("utf-8-sig", "replace"), name)
    if not lines:
        return Rules(address=address, addressed=addressed)
    text = "\n".join((f"user-agent: {_EVERYBODY}", *lines))
    parser = Protego.parse(text)
    delay_s = min(parser.crawl_delay(_EVERYBODY) or 0.0, LONGEST_DELAY_S)
    return Rules(address=address, addressed=addressed, delay_s=delay_s, chars=len(text), parser=parser)


def _ours(text: str, name: str) -> tuple[str, list[str]]:
    """The lines of all groups that call `name`, or of those that call everybody where none does.

    protego is given nothing else: it holds a copy of the rules for each name in a group, and 64 kB of names above
    rules took it five seconds and 270 MB. Nor does it tell `Ras` from the beginning of `Rasid`.
    """
    groups: dict[str, list[str]] = {}
    called: set[str] = set()
    in_rules = False
    for line in text.splitlines():
        field, _, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        if field.lower() == "user-agent":
            called = {_token(value)} if in_rules else called | {_token(value)}
            in_rules = False
            for caller in called & {name, _EVERYBODY}:
                groups.setdefault(caller, [])
        elif field.lower() in _FIELDS:
            in_rules = True
            for caller in called & groups.keys():
                groups[caller].append(f"{field}: {value}")
    addressed = name if name in groups else _EVERYBODY
    return addressed, groups.get(addressed, [])


def _token(user_agent: str) -> str:
    """The product's name: `Rasid/0.1 (+https://desk.example)` is `rasid`."""
    return user_agent.partition("/")[0].strip().lower()


def _unreachable(error: FetchError) -> bool:
    """Whether to wait for a robots.txt. A 4xx says that there is none, except 429; so does a way that leads astray."""
    if error.status is not None:
        return error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.status == HTTPStatus.TOO_MANY_REQUESTS
    return isinstance(error, FetchUnavailable | FetchDeadline | FetchTruncated)


def _waiting(named: str, problem: FetchError) -> FetchError:
    kind = FetchDeadline if isinstance(problem, FetchDeadline) else FetchUnavailable
    return kind(named, f"robots.txt: {problem.why}", retry_after_s=problem.retry_after_s)
