"""The whole product on one machine without a network: the demo's servers around the real worker."""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
from base64 import b64encode
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from commands.options import AsJson
from commands.rounds import deliver_all, poll_once
from commands.workshop import Place, load
from monitor.adapters.terminal import emit, log_to_stderr, say
from monitor.demo.inbox import Inbox
from monitor.demo.loopback import Loopback
from monitor.demo.mailbox import Mailbox
from monitor.demo.play import Stage, play
from monitor.demo.receiver import HOOK_PATH, Receiver
from monitor.demo.site import FEED_PATH, NewsSite
from monitor.demo.story import Story
from monitor.errors import RasidError
from monitor.model import FeedSource
from monitor.settings import Settings
from storage.seed import seed_articles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.workshop import Configuration, Workshop
    from monitor.pipeline import EntryEnd

app = typer.Typer(rich_markup_mode=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What stands around the worker, and where it listens."""

    site: NewsSite
    receiver: Receiver
    mailbox: Mailbox
    news: str
    hooks: str
    inbox: str | None


@app.command("demo")
def demo_(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="End when the story is told.")] = False,
    no_web: Annotated[bool, typer.Option("--no-web", help="Without the page that shows what arrived.")] = False,
    as_json: AsJson = False,
) -> None:
    """The whole product on this machine, with no network: a news site, a mailbox, a webhook receiver."""
    shop: Workshop = ctx.obj
    with tempfile.TemporaryDirectory(prefix="rasid-demo-") as folder, suppress(KeyboardInterrupt):
        place = Place(data=Path(folder), config=shop.place.config)
        asyncio.run(_demo(shop, load(place), once=once, web=not no_web, as_json=as_json))


async def _demo(shop: Workshop, mine: Configuration, *, once: bool, web: bool, as_json: bool) -> None:
    secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
    site, receiver = NewsSite(tuple((seed.id, seed.text) for seed in seed_articles())), Receiver(secret)
    with ExitStack() as servers:
        news = servers.enter_context(Loopback(site.route)).origin
        hooks = servers.enter_context(Loopback(receiver.route)).origin
        async with Mailbox() as mailbox:
            inbox = servers.enter_context(Loopback(Inbox(mailbox, receiver).route)).origin if web else None
            world = World(site=site, receiver=receiver, mailbox=mailbox, news=news, hooks=hooks, inbox=inbox)
            configuration = _staged(mine, world, secret)
            story = Story(Console(stderr=as_json, highlight=False), configuration.names)
            totals = await _told(shop, configuration, world, story)
            story.closing(totals, [("look around", "the same without --once")] if once else _look(world, mine.place))
            if as_json:
                emit(totals)
            if not once:
                say("Ctrl-C ends it.")
                await asyncio.Event().wait()


async def _told(shop: Workshop, configuration: Configuration, world: World, story: Story) -> dict[str, int]:
    """The story from its opening to its sums, over the worker's own ports."""
    mailbox = f"smtp 127.0.0.1:{world.mailbox.port}"
    story.opening([*_pages(world), ("mailbox", mailbox), ("webhooks", world.hooks + HOOK_PATH),
                   ("archive", str(configuration.place.archive))])  # fmt: skip
    with shop.writing(configuration.place) as archive:
        async with shop.ports(configuration, archive) as ports:

            async def poll() -> Sequence[EntryEnd]:
                (report,) = await poll_once(configuration, ports, archive, due_only=False)
                if report.code is not None:
                    raise RasidError(f"the demo's own feed failed: {report.code}: {report.message}")
                await deliver_all(ports)
                return report.ends

            stage = Stage(site=world.site, mailbox=world.mailbox, receiver=world.receiver, poll=poll)
            return await play(stage, story)


def _pages(world: World) -> list[tuple[str, str]]:
    return [("news site", f"{world.news}/"), *([("what arrived", f"{world.inbox}/")] if world.inbox else [])]


def _look(world: World, place: Place) -> list[tuple[str, str]]:
    return [*_pages(world), ("ask", f"{sys.argv[0]} --data-dir {place.data} meetings")]


def _staged(mine: Configuration, world: World, secret: str) -> Configuration:
    """The operator's configuration, with the demo's servers in place of the world."""
    mail = {"host": "127.0.0.1", "port": world.mailbox.port, "tls": "none", "recipients": ["desk@example.org"]}
    hook = {"url": world.hooks + HOOK_PATH, "secret": secret, "allow_private": True}
    shown = {"level": "error", "format": "console"}
    poll = {"spacing_s": 0}  # it is our own site
    settings = Settings.model_validate({"poll": poll, "mail": mail, "webhooks": {"demo": hook}, "logging": shown})
    log_to_stderr(settings.logging.level, settings.logging.format)
    feed = FeedSource(id="demo", url=world.news + FEED_PATH, outlet="موقع التجربة", kind="demo", allow_private=True)
    return replace(mine, settings=settings, feeds=(feed,))
