"""Questions to the archive. They need no words of Arabic loaded, and a worker may be running."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.options import AsFormat, AsJson, Country, Limit, Outlet, Person, RelationOnly, Since, form_of, moment_of
from monitor.adapters.terminal import Format, emit, show
from monitor.settings import load_watchlist
from storage.search import ArchiveReader, Filters

if TYPE_CHECKING:
    from commands.workshop import Workshop
    from monitor.model import Relation

app = typer.Typer(rich_markup_mode=None)


@app.command("search")
def search_(  # noqa: PLR0917 - as for the listings below
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="Words; all must stand in the article, in any spelling.")],
    since: Since = None,
    person: Person = None,
    country: Country = None,
    relation: RelationOnly = None,
    outlet: Outlet = None,
    limit: Limit = 20,
    form: AsFormat = Format.TABLE,
    as_json: AsJson = False,
) -> None:
    """Find articles, best first."""
    shop: Workshop = ctx.obj
    filters = _filters(since, person, country, relation, outlet=outlet, limit=limit)
    spellings = load_watchlist(shop.place.config).spellings
    with shop.asking() as reader:
        rows = reader.search(query, filters, aliases=spellings)
    show(rows, ("id", "published_at", "outlet", "title", "snippet"), form=form_of(form, as_json))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list that the archive gives, and the columns people see of it."""

    ask: Callable[[ArchiveReader, Filters], list[dict[str, Any]]]
    columns: tuple[str, ...]
    help: str


LISTINGS = {
    "meetings": Listing(
        ask=ArchiveReader.meetings,
        columns=("id", "principals", "counterparts", "venue", "date_from", "date_to", "status"),
        help="Meetings, the latest first.",
    ),
    "claims": Listing(
        ask=ArchiveReader.claims,
        columns=("id", "relation", "kind", "outlet", "quote", "why_en"),
        help="Claims as they were made, the latest first.",
    ),
    "leads": Listing(
        ask=ArchiveReader.leads,
        columns=("article_id", "outlet", "quote"),
        help="Headlines in scope that stood inside other articles: kept, but no claims.",
    ),
    "people": Listing(
        ask=ArchiveReader.people,
        columns=("person", "mentions", "forms", "roles"),
        help="Everyone named, with their forms, offices and ranks.",
    ),
}


def _listing(listing: Listing) -> Callable[..., None]:
    def command(  # noqa: PLR0917 - Typer makes options of them, nobody calls it by position
        ctx: typer.Context,
        since: Since = None,
        person: Person = None,
        country: Country = None,
        relation: RelationOnly = None,
        outlet: Outlet = None,
        limit: Limit = 20,
        form: AsFormat = Format.TABLE,
        as_json: AsJson = False,
    ) -> None:
        shop: Workshop = ctx.obj
        filters = _filters(since, person, country, relation, outlet=outlet, limit=limit)
        with shop.asking() as reader:
            rows = listing.ask(reader, filters)
        show(rows, listing.columns, form=form_of(form, as_json))

    return command


for _name, _one in LISTINGS.items():
    app.command(_name, help=_one.help)(_listing(_one))


@app.command("article")
def article_(
    ctx: typer.Context, article_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False
) -> None:
    """One article with all that was read from it."""
    shop: Workshop = ctx.obj
    with shop.asking() as reader:
        found = reader.article(article_id)
    if as_json:
        emit(found)
        return
    show([found], ("id", "outcome", "published_at", "outlet", "title", "url"), form=Format.TABLE)
    show(found["claims"], ("relation", "kind", "quote", "why_en"), form=Format.TABLE)


def _filters(
    since: str | None,
    person: str | None,
    country: str | None,
    relation: Relation | None,
    *,
    outlet: str | None,
    limit: int,
) -> Filters:
    return Filters(
        since=moment_of(since),
        person=person,
        country=country,
        relation=None if relation is None else relation.value,
        outlet=outlet,
        limit=limit,
    )
