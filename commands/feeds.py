"""`feeds`: what is polled, one more, and what an address would give."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
from xxhash import xxh32_hexdigest

from commands.options import DONE, FAILED, AsFormat, AsJson, form_of
from commands.workshop import load
from monitor.adapters.terminal import Format, emit, say, show
from monitor.errors import InputMissing, RasidError
from monitor.model import FeedSource
from monitor.reading.feed import read_feed
from monitor.settings import add_feed, load_feeds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from commands.workshop import Workshop
    from monitor.ports import Fetch

app = typer.Typer(rich_markup_mode=None)
group = typer.Typer(no_args_is_help=True, help="What is polled.")
app.add_typer(group, name="feeds")


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
    url: Annotated[str, typer.Argument(help="Address of the feed, http or https.")],
    outlet: Annotated[str | None, typer.Option(help="Name of the outlet; the host where not given.")] = None,
    feed_id: Annotated[str | None, typer.Option("--id", help="Short name; made from the host.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who owns the outlet.")] = None,
    kind: Annotated[str, typer.Option(help="What sort of outlet it is.")] = "news",
    as_json: AsJson = False,
) -> None:
    """Add a feed beside the archive; the worker takes it up when it starts."""
    shop: Workshop = ctx.obj
    host = urlsplit(url).hostname or "feed"
    made = f"{host.replace('.', '-')}-{xxh32_hexdigest(url.encode())[:4]}"
    feed = FeedSource(id=feed_id or made, url=url, outlet=outlet or host, owner=owner, kind=kind)
    configured, added = shop.place.feeds
    add_feed(added, feed, beside=configured)
    if as_json:
        emit({"id": feed.id, "url": feed.url, "outlet": feed.outlet})
    else:
        say(f"{feed.id} added to {added}")


@group.command("check")
def check_(
    ctx: typer.Context,
    urls: Annotated[list[str], typer.Argument(metavar="URL...")],
    allow_private: Annotated[bool, typer.Option("--allow-private", help="Private addresses too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch addresses as feeds and say what is there."""
    rows = asyncio.run(_check(ctx.obj, urls, any_private=allow_private, told=emit if as_json else None))
    if not as_json:
        show(rows, ("url", "ok", "code", "message", "entries"), form=Format.TABLE)
    raise typer.Exit(DONE if all(row["ok"] for row in rows) else FAILED)


async def _check(
    shop: Workshop, urls: Iterable[str], *, any_private: bool, told: Callable[[object], None] | None
) -> list[dict[str, Any]]:
    configuration = load(shop.place)
    rows = []
    async with shop.fetching(configuration, any_private=any_private) as fetch:
        for url in urls:
            rows.append(await _check_one(fetch, url, configuration.settings.poll.max_entries))
            if told is not None:
                told(rows[-1])
    return rows


async def _check_one(fetch: Fetch, url: str, max_entries: int) -> dict[str, Any]:
    try:
        page = await fetch.get(url)
        found = await asyncio.to_thread(
            read_feed, page.body, url=page.final_url, content_type=page.content_type, max_entries=max_entries
        )
    except RasidError as error:
        return {"url": url, "ok": False, "code": error.code, "message": error.message, "entries": 0}
    message = f"{found.kind}: {found.title}" + (" (breaks off)" if found.partial else "")
    return {"url": url, "ok": True, "code": None, "message": message, "entries": len(found.entries)}
