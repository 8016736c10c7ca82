"""Where feeds are parsed and articles are read: in a process that can be killed, or in this one.

A parser or extractor may run for minutes, take all memory or crash on one page in a hundred thousand, and Python
cannot stop a thread. So each is run in a spawned process with limits that the kernel keeps; a page that goes over
them costs itself, and no other. No source holds all processes: one whose every page is slow delays nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import resource
import signal
from collections import Counter
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakValueDictionary

from pebble import ProcessExpired, ProcessPool

from monitor.errors import ExtractCrash, ExtractTimeout, RasidError, ReadError
from monitor.ports import ReadJob
from monitor.reading.source import read_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from monitor.model import ParsedFeed, Reading
    from monitor.ports import FeedJob

Config = TypeVar("Config")
Job = TypeVar("Job")
Found = TypeVar("Found")

_MIB = 1 << 20
_MAX_KILLS = 2
_START_S = 60.0
"""How long a process may take to start and load the configuration; two seconds are usual."""
_LOOK_EVERY_S = 0.05
_CPU_MARGIN_S = 2
_FIRST_PAGE = (
    "<html><body><article><h1>خبر</h1><p>نص قصير لا خبر فيه، يُقرأ قبل غيره.</p></article></body></html>".encode()
)

_read_here: Callable[[ReadJob], Reading] | None = None
"""In a worker process: the reader with its configuration, put there by `_prepare`."""


class PoolCompute(Generic[Config]):
    """`Compute` in a pool of killable processes, started with the first job."""

    def __init__(
        self,
        read: Callable[[ReadJob, Config], Reading],
        load: Callable[[Path], Config],
        config_dir: Path,
        *,
        parse: Callable[[FeedJob], ParsedFeed] = read_source,
        workers: int = 2,
        limit_s: float = 20.0,
        memory_bytes: int = 512 * _MIB,
    ) -> None:
        """Keep what a worker process needs.

        Args:
            read: Reads one article; a module's own function, since its name is what crosses to the process.
            load: Loads the configuration, once in each process; likewise.
            config_dir: What `load` is called with.
            parse: Parses one feed; likewise.
            workers: Processes, and so articles and feeds at a time.
            limit_s: Time for one of them, in seconds, waiting and computing.
            memory_bytes: Private memory of one process.
        """
        self._initargs = (read, load, config_dir, memory_bytes)
        self._parse, self._workers, self._limit_s = parse, workers, limit_s
        self._free = asyncio.Semaphore(workers)
        self._lanes: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._kills: Counter[str] = Counter()
        self._pool: ProcessPool | None = None

    async def read(self, job: ReadJob) -> Reading:
        """Read one article in a process of its own.

        Raises:
            ReadError: What the reader itself found wrong with the page.
            ExtractTimeout: It was killed at its time limit.
            ExtractCrash: Its process died, ran out of memory, or raised what no page should make it raise; or the
                URL is not tried any more, having killed two processes.
        """
        if self._kills[job.url] >= _MAX_KILLS:
            raise ExtractCrash(f"{job.url}: not read again, it killed its reading process {_MAX_KILLS} times")
        try:
            return await self._in_its_lane(job.lane, job.url, _read_one, job)
        except _KilledError as exc:
            self._kills[job.url] += 1
            raise exc.error from exc

    async def parse(self, job: FeedJob) -> ParsedFeed:
        """Parse one feed in a process of its own. One that kills it is a failing feed, polled ever less often.

        Raises:
            FeedError: What is wrong with the feed.
            ReadError: As for articles.
        """
        try:
            return await self._in_its_lane(job.feed_id, job.url, self._parse, job)
        except _KilledError as exc:
            raise exc.error from exc

    async def _in_its_lane(self, lane: str, url: str, work: Callable[[Job], Found], job: Job) -> Found:
        """`work` of one job. Those of one named lane leave a process to the others, where there are several."""
        width = max(1, self._workers - 1) if lane else self._workers
        mine = self._lanes.setdefault(lane, asyncio.Semaphore(width))
        async with mine, self._free:
            try:
                return await self._run_or_restart(url, work, job)
            except TimeoutError as exc:
                raise _KilledError(ExtractTimeout(f"{url}: reading took more than {self._limit_s:g} s")) from exc
            except ProcessExpired as exc:
                raise _KilledError(_expired(url, exc, self._limit_s)) from exc
            except RasidError:
                raise
            except Exception as exc:
                raise _crashed(url, exc) from exc

    async def aclose(self) -> None:
        """Stop all processes; what they were reading is given up. The next job would start them again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            await asyncio.to_thread(pool.join)

    async def _run_or_restart(self, url: str, work: Callable[[Job], Found], job: Job) -> Found:
        """Once, or once more in a new pool: one breaks when a process dies idle, by the kernel's memory killer say."""
        try:
            return await self._within_limits(work, job)
        except (BrokenProcessPool, _NotStartedError):
            await self.aclose()
        try:
            return await self._within_limits(work, job)
        except (BrokenProcessPool, _NotStartedError) as exc:
            await self.aclose()
            message = f"{url}: reading processes die while they start; see that the configuration loads"
            raise ExtractCrash(message) from exc

    async def _within_limits(self, work: Callable[[Job], Found], job: Job) -> Found:
        """Time by the monotonic clock, from when the process takes the job.

        pebble's own limit goes by the wall clock, which may jump. A future cancelled, by the limit or from
        outside, makes pebble kill the process.
        """
        future = self._schedule(work, job)
        found = asyncio.wrap_future(future)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_START_S):
                    while not (future.running() or found.done()):
                        await asyncio.wait({found}, timeout=_LOOK_EVERY_S)
            if not (future.running() or found.done()):
                raise _NotStartedError
            async with asyncio.timeout(self._limit_s):
                return await found
        finally:
            found.cancel()

    def _schedule(self, work: Callable[[Job], Found], job: Job) -> Future[Found]:
        if self._pool is None:
            self._pool = ProcessPool(
                max_workers=self._workers,
                initializer=_prepare,
                initargs=self._initargs,
                # Not fork: the parent has threads, and a SQLite connection that must not cross.
                context=multiprocessing.get_context("spawn"),
            )
        try:
            future: Future[Found] = self._pool.schedule(_run, args=(work, job, self._limit_s))
        except RuntimeError as exc:  # pebble's word for a pool found broken
            raise BrokenProcessPool(str(exc)) from exc
        return future


def nothing_to_load(_config_dir: Path) -> None:
    """For processes that parse feeds only: no configuration."""


def no_reader(job: ReadJob, _config: None) -> Reading:
    """For processes that parse feeds only."""
    raise ExtractCrash(f"{job.url}: these processes read no articles")


class InlineCompute(Generic[Config]):
    """`Compute` in this process, without limits: for tests, and for texts that an operator names."""

    def __init__(self, read: Callable[[ReadJob, Config], Reading], config: Config) -> None:
        """Keep the reader and what it reads with."""
        self._read, self._config = read, config

    async def parse(self, job: FeedJob) -> ParsedFeed:
        """Parse one feed in a thread, for a large one takes seconds.

        Raises:
            FeedError: What is wrong with the feed; `EncodingBroken` for its charset.
        """
        return await asyncio.to_thread(read_source, job)

    async def read(self, job: ReadJob) -> Reading:
        """Read one article here and now.

        Raises:
            ReadError: What the reader found wrong with the page, or ExtractCrash for any other exception.
        """
        try:
            return self._read(job, self._config)
        except ReadError:
            raise
        except Exception as exc:
            raise _crashed(job.url, exc) from exc

    async def aclose(self) -> None:
        """Nothing is open."""


class _KilledError(Exception):
    """A process was killed over a job, or died of it; `error` is how that is told."""

    def __init__(self, error: ReadError) -> None:
        """Keep it."""
        super().__init__(error.message)
        self.error = error


class _NotStartedError(Exception):
    """No process took the job in time."""


def _crashed(url: str, exc: Exception) -> ExtractCrash:
    return ExtractCrash(f"{url}: the reader failed ({type(exc).__name__}: {exc})")


def _expired(url: str, exc: ProcessExpired, limit_s: float) -> ReadError:
    """What killed the process, by its exit code: minus the signal's number."""
    if exc.exitcode == -signal.SIGXCPU:
        return ExtractTimeout(f"{url}: reading took more than {limit_s:g} s of computing")
    return ExtractCrash(f"{url}: the reading process died (exit code {exc.exitcode})")


def _prepare(
    read: Callable[[ReadJob, Config], Reading],
    load: Callable[[Path], Config],
    config_dir: Path,
    memory_bytes: int,
) -> None:
    """In a new worker process: set its limits, then load the configuration once.

    RLIMIT_DATA and not RLIMIT_AS: since Linux 4.7 it counts all private writable memory, and leaves out the
    address space that libraries and threads reserve without using it.
    """
    global _read_here  # noqa: PLW0603 - a process's initializer has nowhere else to leave it
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, memory_bytes)
    config = load(config_dir)
    _read_here = lambda job: read(job, config)  # noqa: E731 - one value, made where its parts are
    # The first page of a process costs a hundred times what the next one does: not at the expense of a real one.
    with contextlib.suppress(Exception):
        _read_here(ReadJob(article_id="", url="", outlet="", fetched_at=datetime.now(UTC), html=_FIRST_PAGE))


def _run(work: Callable[[Any], Found], job: object, limit_s: float) -> Found:
    """In a worker process: do one job.

    The limit on computing is set anew for each, beyond what the process has used: should the parent be
    killed, a reader that never ends ends by it.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime + limit_s) + _CPU_MARGIN_S)
    return work(job)


def _read_one(job: ReadJob) -> Reading:
    """In a worker process: read one article."""
    if _read_here is None:
        raise ExtractCrash(f"{job.url}: the reading process was not prepared")
    return _read_here(job)


def _limit(kind: int, soft: int) -> None:
    """Set the soft limit, within the hard one that the operator may have set."""
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
