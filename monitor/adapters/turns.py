"""Places and time: how many requests run at once, how far apart those to one host begin, how long one may take."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PRUNED_FROM = 64
"""Hosts known before those that are idle are looked for."""


class Turns:
    """The places of all hosts. Waiting for one is not the host's doing, and no part of a request's time."""

    def __init__(self, *, per_host: int, overall: int, longest_s: float) -> None:
        """`longest_s` is the widest spacing anyone asks for: a host unused for so long is forgotten."""
        self._per_host, self._longest_s = per_host, longest_s
        self._overall = asyncio.Semaphore(overall)
        self._hosts: dict[str, _Host] = {}

    @contextlib.asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host first: those who queue for one slow host must not hold the places of others."""
        async with self._at(host) as known, known.places, self._overall:
            yield

    @contextlib.asynccontextmanager
    async def spaced_turn(self, host: str, apart_s: float) -> AsyncIterator[None]:
        """A turn that begins at least `apart_s` seconds after the last spaced one of `host` began."""
        clock = asyncio.get_running_loop().time
        async with self._at(host) as known, contextlib.AsyncExitStack() as held:
            async with known.beginning:  # in their order, and holding no place while they wait
                await asyncio.sleep(max(known.began + apart_s - clock(), 0.0))
                await held.enter_async_context(known.places)
                await held.enter_async_context(self._overall)
                known.began = clock()
            yield

    @contextlib.asynccontextmanager
    async def _at(self, host: str) -> AsyncIterator[_Host]:
        if host not in self._hosts and len(self._hosts) >= _PRUNED_FROM:
            self._forget_idle()
        known = self._hosts.setdefault(host, _Host(self._per_host))
        known.users += 1
        try:
            yield known
        finally:
            known.users -= 1

    def _forget_idle(self) -> None:
        old = asyncio.get_running_loop().time() - self._longest_s
        self._hosts = {name: known for name, known in self._hosts.items() if known.users or known.began > old}


class Budget:
    """The seconds that one request has left, over all its hops."""

    def __init__(self, left_s: float) -> None:
        """`untouched` until the first of them is spent."""
        self._left_s, self.untouched = left_s, True

    @contextlib.asynccontextmanager
    async def spending(self) -> AsyncIterator[None]:
        """Cut what is done inside once nothing is left.

        Raises:
            TimeoutError: It was cut.
        """
        clock = asyncio.get_running_loop().time
        began, self.untouched = clock(), False
        try:
            async with asyncio.timeout(self._left_s):
                yield
        finally:
            self._left_s -= clock() - began


class _Host:
    """One host's places, and when its last spaced turn began, on the loop's clock."""

    __slots__ = ("began", "beginning", "places", "users")

    def __init__(self, places: int) -> None:
        self.places, self.beginning = asyncio.Semaphore(places), asyncio.Lock()
        self.began, self.users = float("-inf"), 0
