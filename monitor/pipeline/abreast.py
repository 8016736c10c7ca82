"""Work side by side whose results come in order, and of which nothing is left running behind an error."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable

Item = TypeVar("Item")
Result = TypeVar("Result")


async def together(work: Iterable[Awaitable[Result]]) -> tuple[Result, ...]:
    """All of it side by side, in order; of several errors the first is raised, when the rest has been ended."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def in_order(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]], ahead: int
) -> AsyncGenerator[Result, None]:
    """`work` of each item, in their order, up to `ahead` of them begun before they are asked for."""
    waiting: deque[asyncio.Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(asyncio.ensure_future(work(item)))
            if len(waiting) > ahead:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for future in waiting:
            future.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
