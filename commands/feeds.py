"""`feeds`: what is polled, one more, what an address would give, and lists of feeds in and out."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.finding import Look, Lookout, Search
from commands.options import DONE, FAILED, AsFormat, AsJson, form_of
from commands.outlines import Intake, host_of, made_id
from commands.workshop import load
from monitor.adapters.addresses import target_of
from monitor.adapters.opml import MAX_OPML_BYTES, read_opml, write_opml
from monitor.adapters.terminal import Format, emit, say, show
from monitor.errors import FeedNotFeed, FetchError, InputMissing
from monitor.model import FeedSource
from monitor.reading.identity import canonical_url
from monitor.settings import add_feed, load_feeds
from monitor.settings.feeds import feed_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from commands.workshop import Configuration, Workshop

app = typer.Typer(rich_markup_mode=None)
group = typer.Typer(no_args_is_help=True, help="What is polled.")
app.add_typer(group, name="feeds")

_OUTLET_CHARS = 200
_CHECKED = ("url", "ok", "code", "message", "entries")

AllowPrivate = Annotated[bool, typer.Option("--allow-private", help="Private addresses too.")]
Selector = Annotated[str | None, typer.Option("--select", help="It is a listing page: CSS selector of its links.")]


class ListFormat(StrEnum):
    """How a list of feeds is written."""

    OPML = "opml"


@group.command("list")
def list_(ctx: typer.Context, form: AsFormat = Format.TABLE, as_json: AsJson = False) -> None:
    """What is polled, and how it has been answering."""
    shop: Workshop = ctx.obj
    states: dict[str, dict[str, Any]] = {}
    with suppress(InputMissing), shop.asking() as reader:
        states = {state["feed_id"]: state for state in reader.status()["feeds"]}
    names = ("next_poll_at", "last_ok_at", "failures", "last_error_code", "last_error", "entries_seen")
    rows = [
        {"id": feed.id, "url": feed.url, "outlet": feed.outlet, "owner": feed.owner, "kind": feed.kind}
        | {name: states.get(feed.id, {}).get(name) for name in names}
        for feed in load_feeds(*shop.place.feeds)
    ]
    show(rows, ("id", "outlet", "kind", "last_ok_at", "failures", "last_error", "url"), form=form_of(form, as_json))


@group.command("add")
def add_(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="Address of the feed, or of a page of its site; http or https.")],
    *,
    outlet: Annotated[str | None, typer.Option(help="Name of the outlet; the feed's own title, else its host.")] = None,
    feed_id: Annotated[str | None, typer.Option("--id", help="Short name; made from the host.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who owns the outlet.")] = None,
    kind: Annotated[str, typer.Option(help="What sort of outlet it is; search: what a search engine found.")] = "news",
    read: Annotated[str, typer.Option(help="Which articles are fetched: all, screened or summary.")] = "screened",
    select: Selector = None,
    allow_private: AllowPrivate = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="Add it as it is, without looking at it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a feed beside the archive, found by its address or that of its site; the worker takes it up at its start."""
    shop: Workshop = ctx.obj
    wanted = feed_from(
        {"id": feed_id or made_id(url), "url": url, "outlet": outlet or url[:_OUTLET_CHARS], "owner": owner}
        | {"kind": kind, "read": read, "select": select, "allow_private": allow_private}
    )
    search = None if no_check else _searched(shop, wanted)
    looked = None if search is None else _found(search)
    feed = replace(_at(wanted, looked), outlet=outlet or _title(looked) or host_of(url))
    feed = replace(feed, id=feed_id or made_id(feed.url, {one.id for one in load_feeds(*shop.place.feeds)}))
    configured, added = shop.place.feeds
    add_feed(added, feed, beside=configured)
    _tell_added(feed, search, added, as_json=as_json)


def _at(wanted: FeedSource, looked: Look | None) -> FeedSource:
    """The feed where it was found; on another host it has no leave to be private."""
    if looked is None or looked.url == wanted.url:
        return wanted
    private = wanted.allow_private and target_of(looked.url) == target_of(wanted.url)
    return replace(wanted, url=looked.url, allow_private=private)


def _title(looked: Look | None) -> str:
    return "" if looked is None or looked.feed is None else looked.feed.title[:_OUTLET_CHARS].strip()


def _searched(shop: Workshop, wanted: FeedSource) -> Search | None:
    """What was found at the address; None where nothing answers for now: that keeps no feed from being added."""
    try:
        return asyncio.run(_search(shop, wanted))
    except FetchError as error:
        if not error.transient:
            raise
        say(f"{error}; added unseen")
        return None


async def _search(shop: Workshop, wanted: FeedSource) -> Search:
    configuration = load(shop.place)
    known = replace(configuration, feeds=(*configuration.feeds, wanted))
    async with _lookout(shop, known) as lookout:
        if wanted.select is None:
            return await lookout.search(wanted.url)
        look = await lookout.at(wanted.url, select=wanted.select)
        if look.error is not None:
            raise look.error
        return Search(found=look, tried=(look,))


def _found(search: Search) -> Look:
    """Where the feed was found.

    Raises:
        FeedNotFeed: Nowhere; says what was tried.
    """
    if search.found is not None:
        return search.found
    given, *others = (look.row() for look in search.tried)
    tried = ", ".join(f"{row['url']} ({row['code'] or 'empty'})" for row in others)
    raise FeedNotFeed(f"{given['message']}; no feed with entries at what was tried either: {tried}")


def _tell_added(feed: FeedSource, search: Search | None, added: Path, *, as_json: bool) -> None:
    looked = None if search is None else search.found
    left = () if search is None else search.left
    others = [{"url": one.url, "how": one.how, "title": one.title} for one in left if one.how != "guessed"]
    how, entries = ("unseen", None) if looked is None else (looked.how, looked.entries)
    if as_json:
        told = {"id": feed.id, "url": feed.url, "outlet": feed.outlet, "how": how, "entries": entries}
        emit(told | {"others": others})
        return
    seen = "unseen" if looked is None else f"{how}, {looked.row()['message']}, {entries} entries"
    say(f"{feed.id} added to {added}: {feed.url} ({seen})")
    for other in others:
        say(f"  there is also {other['url']} ({other['how']}) {other['title']}".rstrip())


@group.command("check")
def check_(
    ctx: typer.Context,
    urls: Annotated[list[str], typer.Argument(metavar="URL...")],
    allow_private: AllowPrivate = False,
    select: Selector = None,
    as_json: AsJson = False,
) -> None:
    """Fetch addresses as feeds (RSS, Atom, JSON Feed, news sitemaps, listing pages) and say what is there."""
    rows = asyncio.run(_check(ctx.obj, urls, select, any_private=allow_private, as_json=as_json))
    if not as_json:
        show(rows, _CHECKED, form=Format.TABLE)
    raise typer.Exit(DONE if all(row["ok"] for row in rows) else FAILED)


async def _check(
    shop: Workshop, urls: Sequence[str], select: str | None, *, any_private: bool, as_json: bool
) -> list[dict[str, Any]]:
    """One row an address, told as soon as it is there; what the configuration says of an address holds here too."""
    configuration = load(shop.place)
    listed = {feed.url: feed for feed in configuration.feeds}
    rows = []
    async with _lookout(shop, configuration, any_private=any_private) as lookout:
        for url in urls:
            feed = listed.get(url)
            chosen = select or (feed.select if feed else None)
            look = await lookout.at(url, select=chosen, robots=feed is None or not feed.ignore_robots)
            rows.append(look.row())
            if as_json:
                emit(rows[-1])
    return rows


@group.command("discover")
def discover_(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="Address of a page of the site.")],
    allow_private: AllowPrivate = False,
    as_json: AsJson = False,
) -> None:
    """Look for feeds of a site, wherever they may be, and say what each address gives."""
    rows = asyncio.run(_discover(ctx.obj, url, any_private=allow_private))
    if as_json:
        for row in rows:
            emit(row)
    else:
        show(rows, ("how", "ok", "entries", "url", "code", "message"), form=Format.TABLE)
    raise typer.Exit(DONE if any(row["ok"] for row in rows) else FAILED)


async def _discover(shop: Workshop, url: str, *, any_private: bool) -> list[dict[str, Any]]:
    configuration = load(shop.place)
    if any_private:
        wanted = feed_from({"id": made_id(url), "url": url, "outlet": "-", "allow_private": True})
        configuration = replace(configuration, feeds=(*configuration.feeds, wanted))
    async with _lookout(shop, configuration) as lookout:
        given = await lookout.at(url)
        looks = [given]
        if given.error is None or lookout.may_be_elsewhere(given):
            looks += await asyncio.gather(*map(lookout.of, await lookout.elsewhere(given)))
    return [look.row() | {"how": look.how, "title": look.title} for look in looks]


@asynccontextmanager
async def _lookout(
    shop: Workshop, configuration: Configuration, *, any_private: bool = False
) -> AsyncIterator[Lookout]:
    async with (
        shop.fetching(configuration, any_private=any_private) as fetch,
        shop.parsing(configuration) as compute,
    ):
        yield Lookout(fetch=fetch, compute=compute, max_entries=configuration.settings.poll.max_entries)


@group.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="OPML file; of more than 1,000 feeds the first 1,000 are read.")],
    allow_private: AllowPrivate = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be added, and add nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add the feeds of an OPML file beside the archive, unseen; those that may not be polled are told one by one."""
    shop: Workshop = ctx.obj
    configured, added = shop.place.feeds
    known = {canonical_url(feed.url): feed.id for feed in load_feeds(configured, added)}
    intake = Intake(known=known, allow_private=allow_private)
    rows = list(intake.rows(read_opml(_bytes(file))))
    if intake.fresh and not dry_run:
        add_feed(added, *intake.fresh, beside=configured)
    if as_json:
        for row in rows:
            emit(row)
    else:
        show(rows, ("number", "ok", "code", "message", "id", "url"), form=Format.TABLE)
    say(f"{len(intake.fresh)} feeds " + ("would be added" if dry_run else f"added to {added}"))
    raise typer.Exit(DONE if all(row["ok"] for row in rows) else FAILED)


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_OPML_BYTES + 1)
    except OSError as error:
        raise InputMissing(f"{file}: cannot be read: {error.strerror}") from error


@group.command("export")
def export_(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to; stdout where not given.")] = None,
    form: Annotated[ListFormat, typer.Option("--format", help="How the list is written.")] = ListFormat.OPML,  # noqa: ARG001 - one so far
) -> None:
    """Write all feeds as OPML. That one is private, or its robots.txt passed over, is not written."""
    shop: Workshop = ctx.obj
    feeds = load_feeds(*shop.place.feeds)
    text = write_opml(feeds, title="Rasid")
    if file is None:
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputMissing(f"{file}: cannot be written: {error.strerror}") from error
    say(f"{len(feeds)} feeds written to {file}")
