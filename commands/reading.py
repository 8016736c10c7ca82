"""What is handed in rather than fetched: files, the seed corpus, pairs of texts."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.options import DONE, FAILED, AsJson
from commands.rounds import deliver_all, seed_once
from commands.workshop import load
from monitor.adapters.files import read_files
from monitor.adapters.terminal import emit, progress, say
from monitor.comparing import compare_texts
from monitor.errors import InputMalformed, RasidError
from monitor.pipeline import ingest
from monitor.reading.date_index import DateIndex
from monitor.render import decision_json, unread_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.workshop import Workshop
    from monitor.pipeline import EntryEnd

app = typer.Typer(rich_markup_mode=None)


@app.command("ingest")
def ingest_(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help=".txt, .html, .jsonl or .warc.gz, read in this order.")],
    no_alerts: Annotated[bool, typer.Option("--no-alerts", help="Decide alerts, but tell nobody.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read files as if they had just been fetched; with --json an object for each article."""
    failures = asyncio.run(_ingest(ctx.obj, paths, alerts=not no_alerts, as_json=as_json))
    raise typer.Exit(FAILED if failures else DONE)


async def _ingest(shop: Workshop, paths: Sequence[Path], *, alerts: bool, as_json: bool) -> int:
    configuration, failures = load(shop.place), 0
    with shop.writing(configuration.place) as archive, progress("reading", None) as advance:
        async with shop.ports(configuration, archive) as ports:
            jobs = read_files(paths, now=ports.clock.now, dates=DateIndex.from_lexicon(configuration.reading.lexicon))
            async for end in ingest(ports, jobs, alerts=alerts):
                advance()
                failures += _told(end, as_json=as_json)
            if alerts:
                await deliver_all(ports)
    return failures


def _told(end: EntryEnd | RasidError, *, as_json: bool) -> bool:
    """Say how one article ended; returns whether it failed."""
    if isinstance(end, RasidError):
        say(str(end))
        return True
    if end.code is not None:
        say(f"{end.code}: {end.message}")
    elif not as_json:
        say(f"{end.article_id}: {end.outcome.value}")
    if as_json:
        emit(_end_json(end))
    return end.code is not None


def _end_json(end: EntryEnd) -> dict[str, Any]:
    """One article as `ingest --json` prints it, with the code of what went wrong."""
    found = (
        unread_json(end.article_id or "", end.outcome, url=end.entry.url, title=end.entry.title)
        if end.decision is None
        else decision_json(end.decision)
    )
    return {**found, "code": end.code, "message": end.message}


@app.command("seed")
def seed_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Load the seed corpus, alerts off. `run` and `poll` do it on their first start."""
    loaded = asyncio.run(_seed(ctx.obj))
    if as_json:
        emit({"articles": loaded})
    else:
        say(f"{loaded} articles loaded" if loaded else "the seed corpus has been loaded before")


async def _seed(shop: Workshop) -> int:
    configuration = load(shop.place)
    with shop.writing(configuration.place) as archive:
        async with shop.ports(configuration, archive) as ports:
            return await seed_once(ports, archive)


@app.command("compare")
def compare_(
    ctx: typer.Context,
    label: Annotated[str | None, typer.Option(help="Record this verdict of yours on every pair.")] = None,
    as_json: AsJson = True,  # noqa: ARG001 - its output is JSON in any case
) -> None:
    """Relate texts: JSON lines {"known", "incoming"} on stdin, a line of JSON for each."""
    shop: Workshop = ctx.obj
    configuration, failed = load(shop.place), False
    with ExitStack() as opened:
        similarity = opened.enter_context(shop.similarity(configuration))
        archive = opened.enter_context(shop.noting()) if label else None
        for number, line in enumerate(sys.stdin.buffer, 1):
            if not line.strip():
                continue
            try:
                known, incoming = _pair(line)
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                failed = True
                problem = InputMalformed(f'stdin:{number}: not a line {{"known": text, "incoming": text}}: {error}')
                say(str(problem))
                emit({"code": problem.code, "message": problem.message})
                continue
            found = compare_texts(known, incoming, configuration.reading, similarity)
            if archive is not None and label is not None:
                pair = {**found, "known": known, "incoming": incoming}
                archive.label_pair(pair, label, "", shop.clock.now())
            emit(found)
    raise typer.Exit(FAILED if failed else DONE)


def _pair(line: bytes) -> tuple[str, str]:
    pair = json.loads(line)
    known, incoming = pair["known"], pair["incoming"]
    if not (isinstance(known, str) and isinstance(incoming, str)):
        raise TypeError("known and incoming must be text")
    return known, incoming
