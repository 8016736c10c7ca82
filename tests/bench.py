"""What reading an article costs beside extracting it, and a feed beside its one new item: `python -m tests.bench`.

The articles of the seed corpus are laid out as web pages by the demo's templates. Of each, trafilatura extracts the
text as `monitor.reading.extract` has it do, and `read_article` reads the text that is extracted already. Both are
timed one right after the other in every run, so that whatever else the machine does meets both; the figures are medians
over the runs. CPU seconds are this process's own.

The feed has fifty items with their texts, in the manner of the news system most outlets use. It is read whole, then
with all but its first item known, then with all known.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Final

from monitor.demo.pages import LAYOUTS, copy_of, render
from monitor.ports import ReadJob
from monitor.reading.article import read_article
from monitor.reading.extract import extract
from monitor.reading.feed import read_feed
from storage.seed import seed_articles
from tests.accuracy.product import BEGINNING, configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RUNS: Final = 9
FEED_ITEMS: Final = 50
FEED_URL: Final = "https://bench.example.test/feed/"
_MS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Milliseconds of one piece of work: CPU and wall clock."""

    cpu_ms: float
    wall_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One article's costs: medians over the runs. `ratio` is reading over extracting, in CPU, run by run."""

    article: str
    chars: int
    page_bytes: int
    reading: Cost
    extracting: Cost
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBench:
    """One feed's costs: medians over the runs. `ratio` is whole over one new item, in CPU, run by run."""

    items: int
    feed_bytes: int
    whole: Cost
    one_new: Cost
    none_new: Cost
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    article: str
    page: bytes
    url: str
    job: ReadJob


def measured(runs: int = RUNS, pages: Sequence[Path] = ()) -> tuple[Bench, ...]:
    """Every article of the corpus, or of `pages`, after one run that warms caches up and is not counted."""
    work = [_real(page) for page in pages] or _work()
    costs: dict[str, list[tuple[Cost, Cost]]] = {one.article: [] for one in work}
    for run in range(runs + 1):
        for one in work:
            pair = _read(one, run), _extract(one)
            if run:
                costs[one.article].append(pair)
    return tuple(
        Bench(
            article=one.article,
            chars=len(one.job.text or ""),
            page_bytes=len(one.page),
            reading=_median([reading for reading, _ in costs[one.article]]),
            extracting=_median([extracting for _, extracting in costs[one.article]]),
            ratio=statistics.median(
                reading.cpu_ms / max(extracting.cpu_ms, 0.001) for reading, extracting in costs[one.article]
            ),
        )
        for one in work
    )


def feed_measured(runs: int = RUNS) -> FeedBench:
    """The feed whole, with one new item, and with none, in every run one after the other; the first is not counted."""
    body = _feed().encode()
    window = _read_feed(body, ())
    costs = [[_timed(partial(_read_feed, body, known)) for known in ((), window[1:], window)] for _ in range(runs + 1)]
    whole, one_new, none_new = (_median(column) for column in zip(*costs[1:], strict=True))
    return FeedBench(
        items=len(window),
        feed_bytes=len(body),
        whole=whole,
        one_new=one_new,
        none_new=none_new,
        ratio=statistics.median(run[0].cpu_ms / max(run[1].cpu_ms, 0.001) for run in costs[1:]),
    )


def _read_feed(body: bytes, known: Sequence[str]) -> tuple[str, ...]:
    return read_feed(body, url=FEED_URL, content_type="application/rss+xml", known=frozenset(known)).window


def _feed() -> str:
    seeds = seed_articles()
    items = []
    for number in range(FEED_ITEMS):
        seed = seeds[number % len(seeds)]
        link, paragraphs = (
            f"https://bench.example.test/news/{number}/",
            [escape(line) for line in seed.text.splitlines()],
        )
        items.append(
            f"<item><title>{escape(seed.title)}</title><link>{link}</link><dc:creator><![CDATA[التحرير]]></dc:creator>"
            f"<pubDate>Mon, 20 Nov 2023 10:{number:02}:00 +0000</pubDate><category><![CDATA[ليبيا]]></category>"
            f"<category><![CDATA[سياسة]]></category><guid isPermaLink='false'>{link}?p={number}</guid>"
            f"<description><![CDATA[<p>{' '.join(paragraphs)[:600]} [&#8230;]</p>]]></description>"
            f"<content:encoded><![CDATA[{''.join(f'<p>{line}</p>' for line in paragraphs)}]]></content:encoded></item>"
        )
    spaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {spaces}><channel><title>صحيفة</title>'
        f'<atom:link href="{FEED_URL}" rel="self" type="application/rss+xml"/><link>https://bench.example.test/</link>'
        "<lastBuildDate>Mon, 20 Nov 2023 11:00:00 +0000</lastBuildDate><language>ar</language>"
        f"<sy:updatePeriod>hourly</sy:updatePeriod>{''.join(items)}</channel></rss>"
    )


def _work() -> list[_Work]:
    seeds = seed_articles()
    neighbours = tuple((f"/news/{seed.id}", seed.title) for seed in seeds)
    work = []
    for number, seed in enumerate(seeds):
        url = f"https://bench.example.test/news/{seed.id}"
        page = render(copy_of(seed.text), LAYOUTS[number % len(LAYOUTS)], neighbours=neighbours, url=url)
        job = ReadJob(article_id=seed.id, url=url, outlet="bench", fetched_at=BEGINNING, text=seed.text)
        work.append(_Work(article=seed.id, page=page, url=url, job=job))
    return work


def _real(page: Path) -> _Work:
    """A page as saved: what is read is the text that is extracted from it."""
    url, body = f"https://bench.example.test/{page.stem}", page.read_bytes()
    text = extract(body, url=url, content_type="text/html").text
    job = ReadJob(article_id=page.stem, url=url, outlet="bench", fetched_at=BEGINNING, text=text)
    return _Work(article=page.stem, page=body, url=url, job=job)


def _read(one: _Work, run: int) -> Cost:
    """Each run reads lines that no run has read before: what is remembered of them must not flatter."""
    fresh = replace(one.job, text=(one.job.text or "").replace("\n", f" {run}\n"))
    return _timed(lambda: read_article(fresh, configuration()))


def _extract(one: _Work) -> Cost:
    return _timed(lambda: extract(one.page, url=one.url, content_type="text/html"))


def _timed(work: Callable[[], object]) -> Cost:
    wall, cpu = perf_counter(), process_time()
    work()
    return Cost(cpu_ms=(process_time() - cpu) * _MS, wall_ms=(perf_counter() - wall) * _MS)


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        cpu_ms=statistics.median(cost.cpu_ms for cost in costs),
        wall_ms=statistics.median(cost.wall_ms for cost in costs),
    )


def table(rows: Sequence[Bench]) -> str:
    """The figures for people, with the median of all articles last."""
    lines = [
        f"{'article':22}{'chars':>7}{'page':>8}  {'read: CPU':>10}{'wall':>8}  {'extract: CPU':>13}{'wall':>8}  ratio"
    ]
    lines += [
        f"{row.article:22}{row.chars:7}{row.page_bytes:8}  {row.reading.cpu_ms:7.1f} ms{row.reading.wall_ms:8.1f}"
        f"  {row.extracting.cpu_ms:10.1f} ms{row.extracting.wall_ms:8.1f}  {row.ratio:5.2f}"
        for row in rows
    ]
    lines.append(f"median ratio of CPU, reading to extracting: {statistics.median(row.ratio for row in rows):.2f}")
    return "\n".join(lines)


def feed_lines(row: FeedBench) -> str:
    """The feed's figures for people."""
    lines = [
        f"feed of {row.items} items, {row.feed_bytes} bytes, read whole: {row.whole.cpu_ms:.1f} ms of CPU",
        f"with one new item: {row.one_new.cpu_ms:.1f} ms, with none: {row.none_new.cpu_ms:.1f} ms",
        f"median ratio of CPU, whole to one new item: {row.ratio:.1f}",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=RUNS, help="how often each article is read and extracted")
    parser.add_argument("--pages", type=Path, help="a folder of saved pages to read instead of the corpus")
    args = parser.parse_args()
    pages = sorted(args.pages.glob("*.html")) if args.pages else ()
    print(table(measured(max(1, args.runs), pages)))  # noqa: T201 - what it is for
    print(feed_lines(feed_measured(max(1, args.runs))))  # noqa: T201 - as above


if __name__ == "__main__":
    main()
