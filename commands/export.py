"""What the archive holds, as files for others."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from commands.options import DONE, FAILED, Since, moment_of
from monitor.adapters.terminal import emit, say
from monitor.adapters.warc import Snapshot, warc
from monitor.errors import ArchiveCorrupt, InputMissing
from monitor.render.tables import csv_lines
from storage.exporting import ArchiveExport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from commands.workshop import Workshop

app = typer.Typer(rich_markup_mode=None)


class What(StrEnum):
    """What `export` writes."""

    CLAIMS = "claims"
    MEETINGS = "meetings"
    ARTICLES = "articles"
    LABELS = "labels"
    PAGES = "pages"


class As(StrEnum):
    """How `export` writes it."""

    JSONL = "jsonl"
    CSV = "csv"
    WARC = "warc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Rows of one kind, and their columns in CSV."""

    ask: Callable[[ArchiveExport, datetime | None], Iterator[dict[str, Any]]]
    columns: tuple[str, ...]


_MEETING = ("id", "principals", "counterparts", "venue", "place", "country", "date_from", "date_to", "date_source")
_CLAIM = ("id", "claim", "meeting", "kind", "relation", "quote", "subject", "predicate", "speaker", "origin")
_SOURCE = ("outlet", "url", "title", "published_at")

KINDS: Final = {
    What.CLAIMS: Kind(
        ask=ArchiveExport.claims,
        columns=(
            *(*_CLAIM, "modality", "polarity", "slots", "nearest", "nearest_quote", "nearest_outlet", "nearest_url"),
            *("score", "method", "suggest", "why", "why_en", "article", "start", "end", *_SOURCE, "seen_at"),
        ),
    ),
    What.MEETINGS: Kind(
        ask=ArchiveExport.meetings,
        columns=(*_MEETING, "mode", "status", "first_seen", "last_seen", "claims", "articles", "outlets"),
    ),
    What.ARTICLES: Kind(
        ask=ArchiveExport.articles,
        columns=(
            *("id", *_SOURCE, "published_source", "fetched_at", "first_seen", "outcome", "duplicate_of", "in_scope"),
            *("evidence_grade", "origin", "language", "owner", "byline", "text"),
        ),
    ),
    What.LABELS: Kind(
        ask=ArchiveExport.labels,
        columns=(
            *("at", "verdict", "note", "target", "mention", "claim", "kind", "quote", "nearest_quote", "relation"),
            *("suggest", "score", "method", "outlet", "article"),
        ),
    ),
}


@app.command("export")
def export_(
    ctx: typer.Context,
    what: Annotated[What, typer.Option("--what", help="What to write.")] = What.LABELS,
    form: Annotated[
        As | None, typer.Option("--format", help="jsonl or csv; pages: warc.", show_default="jsonl; pages: warc")
    ] = None,
    since: Since = None,
    article: Annotated[str | None, typer.Option(metavar="ID", help="Only the pages of this article.")] = None,
) -> None:
    """Write all that the archive holds of one kind to stdout; pages as a WARC file, which `ingest` reads."""
    shop: Workshop = ctx.obj
    chosen, earliest = form or (As.WARC if what is What.PAGES else As.JSONL), moment_of(since)
    if (what is What.PAGES) != (chosen is As.WARC):
        allowed = "warc" if what is What.PAGES else "jsonl, csv"
        raise typer.BadParameter(f"{what} cannot be written as {chosen}; allowed: {allowed}", param_hint="--format")
    if article is not None and what is not What.PAGES:
        raise typer.BadParameter("it narrows pages only; `article ID --json` shows one", param_hint="--article")
    with shop.asking() as reader:
        if what is What.PAGES:
            damaged = _write_pages(shop, reader.export(), article=article, since=earliest)
            raise typer.Exit(FAILED if damaged else DONE)
        kind = KINDS[what]
        found = kind.ask(reader.export(), earliest)
        if chosen is As.CSV:
            sys.stdout.writelines(csv_lines(found, kind.columns))
        else:
            for row in found:
                emit(row)


def _write_pages(shop: Workshop, export: ArchiveExport, *, article: str | None, since: datetime | None) -> int:
    """Write what is kept; returns how many pages were damaged, each of which is named."""
    if sys.stdout.isatty():
        raise typer.BadParameter("a WARC file is nothing to look at: write it into one, `> pages.warc.gz`")
    damaged = written = 0

    def snapshots() -> Iterator[Snapshot]:
        nonlocal damaged, written
        for found in export.pages(article_id=article, since=since):
            if isinstance(found, ArchiveCorrupt):
                damaged += 1
                say(str(found))
                continue
            written += 1
            yield Snapshot(**found)

    for record in warc(snapshots(), software="Rasid", now=shop.clock.now()):
        sys.stdout.buffer.write(record)
    sys.stdout.buffer.flush()
    if article is not None and not written + damaged:
        raise InputMissing(f"no page of article {article} is kept")
    return damaged
