"""`alerts`: what was sent, and why; what the operator was told; what is sent again; a test; an analyst's verdict."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands import rules
from commands.options import DONE, FAILED, AsFormat, AsJson, Limit, form_of
from commands.workshop import load
from monitor.adapters.deliver import deliver_one
from monitor.adapters.terminal import Format, emit, say, show
from monitor.deciding.outbox import queue
from monitor.deciding.receivers import changes_of_receivers
from monitor.errors import InputMissing
from monitor.model import ClaimKind, DeliveryState, Relation
from monitor.ports import Commit
from monitor.render.order import importance
from monitor.render.sample import sample_alert

if TYPE_CHECKING:
    from datetime import datetime

    from commands.workshop import Workshop
    from monitor.model import DeliveryResult
    from storage.archive import SqliteArchive
    from storage.search import ArchiveReader

app = typer.Typer(rich_markup_mode=None)
group = typer.Typer(no_args_is_help=True, help="What was sent, and why.")
app.add_typer(group, name="alerts")
group.add_typer(rules.group)


@group.command("list")
def list_(ctx: typer.Context, limit: Limit = 20, form: AsFormat = Format.TABLE, as_json: AsJson = False) -> None:
    """Alerts, the latest first, and what became of their deliveries."""
    shop: Workshop = ctx.obj
    with shop.asking() as reader:
        rows = reader.alerts(limit)
    show(rows, ("id", "urgency", "relation", "outlet", "title", "deliveries"), form=form_of(form, as_json))


@group.command("show")
def show_(
    ctx: typer.Context,
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="An alert or a notice.")],
    as_json: AsJson = False,
) -> None:
    """One alert or notice whole: its claims, who else says so, deliveries, each try at them, and verdicts."""
    shop: Workshop = ctx.obj
    with shop.asking() as reader:
        found = _told(reader, alert_id)
    if as_json:
        emit(found)
        return
    if "items" in found:
        show([found], ("id", "urgency", "relation", "first_seen", "outlet", "title", "url"), form=Format.TABLE)
        items = sorted(found["items"], key=lambda item: importance(Relation(item["relation"]), ClaimKind(item["kind"]),
                                                                   suggest=item["suggest"]))  # fmt: skip
        show(items, ("relation", "kind", "quote", "other_quote", "why_en"), form=Format.TABLE)
        if found["also_in"]:
            show(found["also_in"], ("outlet", "seen_at", "url"), form=Format.TABLE)
    else:
        show([found], ("id", "kind", "at", "alarms", "figures"), form=Format.TABLE)
    deliveries = found["deliveries"]
    show(deliveries, ("id", "channel", "recipient", "state", "rule", "attempts", "next_try_at"), form=Format.TABLE)
    tries = [one | {"delivery": delivery["id"]} for delivery in deliveries for one in delivery["tries"]]
    show(tries, ("delivery", "at", "state", "code", "message"), form=Format.TABLE)


def _told(reader: ArchiveReader, content_id: str) -> dict[str, Any]:
    try:
        return reader.alert(content_id)
    except InputMissing:
        return reader.notice(content_id)


@group.command("replay")
def replay_(
    ctx: typer.Context,
    target_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="A delivery, an alert or a notice.", show_default=False)
    ] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="Every dead letter there is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Queue dead letters again, under their old ids. The worker may be running, and sends them at its next beat."""
    if (target_id is None) is not all_dead:
        raise typer.BadParameter("name either an ID or --all-dead")
    shop: Workshop = ctx.obj
    with shop.noting() as archive:
        now = shop.clock.now()
        queued = archive.replay_dead(now) if target_id is None else archive.replay(target_id, now)
        _call_over(archive, now)
    if as_json:
        emit({"queued": queued})
    else:
        say(f"queued again: {queued}")


@group.command("enable")
def enable_(
    ctx: typer.Context,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Such as webhook.")],
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="Its name in the settings, or its address.")],
    as_json: AsJson = False,
) -> None:
    """Send again to a receiver that had wanted no more, and first what it has missed."""
    shop: Workshop = ctx.obj
    with shop.noting() as archive:
        now = shop.clock.now()
        queued = archive.enable(channel, recipient, now)
        _call_over(archive, now)
    if as_json:
        emit({"channel": channel, "recipient": recipient, "queued": queued})
    else:
        say(f"{channel} {recipient} is sent to again; queued again: {queued}")


def _call_over(archive: SqliteArchive, now: datetime) -> None:
    """Let no alarm stand that names a receiver which is sent to again. Nobody is told, for the operator did it."""
    found = changes_of_receivers(archive.disabled(), archive.standing_alarms(), now)
    archive.commit(Commit(raised=found.raised, cleared=(*found.cleared, *found.dropped)))


@group.command("notices")
def notices_(ctx: typer.Context, limit: Limit = 20, form: AsFormat = Format.TABLE, as_json: AsJson = False) -> None:
    """Notices to the operator, the latest first, and what became of their deliveries."""
    shop: Workshop = ctx.obj
    with shop.asking() as reader:
        rows = reader.notices(limit)
    show(rows, ("id", "kind", "at", "alarms", "figures", "deliveries"), form=form_of(form, as_json))


@group.command("test")
def send_test_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Send a test message through every channel, past the archive."""
    results = asyncio.run(_send_test(ctx.obj))
    rows = [
        {"channel": channel, "recipient": recipient, "state": result.state.value, "code": result.code,
         "message": result.message}
        for channel, recipient, result in results
    ]  # fmt: skip
    if as_json:
        for row in rows:
            emit(row)
    elif rows:
        show(rows, ("channel", "recipient", "state", "code", "message"), form=Format.TABLE)
    else:
        say("nobody to tell: name recipients under [mail], or an endpoint under [webhooks.<name>]")
    raise typer.Exit(DONE if all(result.state is DeliveryState.SENT for _, _, result in results) else FAILED)


async def _send_test(shop: Workshop) -> list[tuple[str, str, DeliveryResult]]:
    async with shop.channels(load(shop.place)) as channels:
        return [
            (delivery.channel, delivery.recipient, await deliver_one(channel, delivery, shop.clock))
            for channel in channels
            for delivery in queue(sample_alert(shop.clock.now()), (channel,))
        ]


@group.command("label")
def label_(
    ctx: typer.Context,
    target_id: Annotated[str, typer.Argument(metavar="ID", help="An alert, a claim or an article.")],
    verdict: Annotated[str, typer.Argument(help="right, wrong, known, or a word of your own.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Record an analyst's verdict. The worker may be running."""
    shop: Workshop = ctx.obj
    with shop.noting() as archive:
        archive.label(target_id, verdict, note, shop.clock.now())
    if as_json:
        emit({"target": target_id, "verdict": verdict, "note": note})
    else:
        say(f"{target_id}: {verdict}")
