"""Reading in a killable process: real processes, readers that sleep, spin, eat memory and abort."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.adapters.engine import InlineCompute, PoolCompute
from monitor.errors import (
    ConfigError,
    ExtractCrash,
    ExtractEmpty,
    ExtractTimeout,
    FetchUnavailable,
    MailUnavailable,
    RasidError,
)
from monitor.model import Article, Reading, Signature
from monitor.ports import ReadJob

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMIT_S = 1.0

Start = Callable[..., PoolCompute[str]]


def load(config_dir: Path) -> str:
    """A configuration whose loading can be counted from outside: one more line a time."""
    with (config_dir / "loads.txt").open("a", encoding="utf-8") as loads:
        loads.write(f"{os.getpid()}\n")
    return "المشير"


def load_broken(config_dir: Path) -> str:
    raise ConfigError((f"{config_dir}: broken",))


def read(job: ReadJob, config: str) -> Reading:
    """Does what the text says, as a page that trips the extractor would make it do."""
    match (job.text or "").split():
        case ["sleep", seconds]:
            time.sleep(float(seconds))
        case ["spin"]:
            while True:
                pass
        case ["abort"]:
            os.abort()
        case ["exhaust"]:
            bytearray(1 << 30)
        case ["empty"]:
            raise ExtractEmpty("no article text")
        case ["bug"]:
            raise KeyError("bug")
    return reading(job, config)


def reading(job: ReadJob, title: str) -> Reading:
    article = Article(
        id=job.article_id, url=job.url, title=title, text=str(os.getpid()), outlet=job.outlet, fetched_at=NOON
    )
    return Reading(
        article=article,
        in_scope=True,
        segments=(),
        people=(),
        meetings=(),
        mentions=(),
        leads=(),
        signature=Signature(exact="0"),
    )


def job(text: str, url: str = "https://example.ly/1") -> ReadJob:
    return ReadJob(article_id="1", url=url, outlet="صحيفة", fetched_at=NOON, text=text)


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start pools, and see that nothing of them is left."""
    pools: list[PoolCompute[str]] = []

    def make(**options: object) -> PoolCompute[str]:
        settings: dict[str, object] = {"load": load, "workers": 1, "limit_s": LIMIT_S} | options
        pools.append(PoolCompute(read, config_dir=tmp_path, **settings))  # type: ignore[arg-type]
        return pools[-1]

    yield make
    for pool in pools:
        await pool.aclose()
    assert multiprocessing.active_children() == []


async def refused(attempt: Awaitable[Reading]) -> RasidError:
    with pytest.raises(RasidError) as caught:
        await attempt
    return caught.value


async def test_an_article_is_read_in_another_process_that_loads_the_configuration_once(
    start: Start, tmp_path: Path
) -> None:
    pool = start()
    pids = {(await pool.read(job("sleep 0"))).article.text for _ in range(3)}
    assert pids.isdisjoint({str(os.getpid())})
    assert (await pool.read(job(""))).article.title == "المشير"
    assert len((tmp_path / "loads.txt").read_text().split()) == 1


async def test_no_process_runs_before_the_first_job(start: Start) -> None:
    start()
    assert multiprocessing.active_children() == []


async def test_a_reader_that_sleeps_is_killed_at_its_limit_and_the_next_article_goes_on(start: Start) -> None:
    pool = start()
    await pool.read(job(""))
    began = time.monotonic()
    error = await refused(pool.read(job("sleep 60")))
    assert isinstance(error, ExtractTimeout)
    assert time.monotonic() - began < LIMIT_S + 4
    assert (await pool.read(job(""))).in_scope


async def test_a_reader_that_aborts_costs_its_own_article_only(start: Start) -> None:
    pool = start(workers=2)
    bad, good = await asyncio.gather(
        refused(pool.read(job("abort", "https://example.ly/bad"))), pool.read(job("sleep 0.3"))
    )
    assert isinstance(bad, ExtractCrash)
    assert good.in_scope


async def test_a_reader_that_takes_all_memory_is_stopped_by_the_kernel(start: Start) -> None:
    error = await refused(start(memory_bytes=256 << 20).read(job("exhaust")))
    assert isinstance(error, ExtractCrash)
    assert "MemoryError" in error.message


async def test_a_url_that_killed_twice_is_not_tried_again_and_others_are(start: Start) -> None:
    pool = start()
    for _ in range(2):
        assert isinstance(await refused(pool.read(job("abort"))), ExtractCrash)
    began = time.monotonic()
    error = await refused(pool.read(job("fine now")))
    assert "not read again" in error.message
    assert time.monotonic() - began < 0.1
    assert (await pool.read(job("", "https://example.ly/2"))).in_scope


async def test_what_the_reader_finds_wrong_comes_through_as_it_is(start: Start) -> None:
    error = await refused(start().read(job("empty")))
    assert (type(error), error.message) == (ExtractEmpty, "no article text")


async def test_a_bug_in_the_reader_is_an_extract_crash_that_names_it(start: Start) -> None:
    error = await refused(start().read(job("bug")))
    assert isinstance(error, ExtractCrash)
    assert "KeyError" in error.message


async def test_cancelling_a_read_kills_what_was_reading(start: Start) -> None:
    pool = start()
    await pool.read(job(""))
    task = asyncio.create_task(pool.read(job("spin")))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await pool.read(job(""))).in_scope


async def test_a_pool_whose_idle_process_was_killed_starts_another(start: Start) -> None:
    pool = start()
    await pool.read(job(""))
    for child in multiprocessing.active_children():
        child.kill()
        child.join()
    await asyncio.sleep(0.3)
    assert (await pool.read(job(""))).in_scope


async def test_a_configuration_that_does_not_load_ends_the_read_with_a_reason(start: Start) -> None:
    error = await refused(start(load=load_broken).read(job("")))
    assert isinstance(error, ExtractCrash)
    assert "configuration" in error.message


async def test_inline_reading_gives_the_same_errors() -> None:
    inline = InlineCompute(read, "المشير")
    assert (await inline.read(job(""))).article.text == str(os.getpid())
    assert isinstance(await refused(inline.read(job("empty"))), ExtractEmpty)
    assert isinstance(await refused(inline.read(job("bug"))), ExtractCrash)
    await inline.aclose()


@pytest.mark.parametrize(
    "error",
    [
        ConfigError(("one", "two")),
        FetchUnavailable("https://example.ly", "503", retry_after_s=9.0, status=503),
        MailUnavailable("no", retry_after_s=1.0),
        ExtractEmpty("nothing"),
    ],
)
def test_every_shape_of_error_crosses_a_process_boundary_whole(error: RasidError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
