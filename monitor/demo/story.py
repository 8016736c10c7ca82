"""Tells in a terminal what happens: each article, what was new in it and why, what was passed over."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from monitor.model import Relation, SegmentKind, Urgency
from monitor.render.order import by_importance
from monitor.render.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from monitor.demo.site import Printed
    from monitor.model import Alert, AlertItem, Decision, MeetingLink
    from monitor.render import Names

ITEMS_SHOWN = 4
QUOTE_CHARS = 180
KIND_COLUMNS = 11
COUNTERPARTS_SHOWN = 3

_STYLES: Mapping[Relation, str] = {
    Relation.NEW: "bold green",
    Relation.UPDATED: "bold yellow",
    Relation.CONTRADICTING: "bold red",
    Relation.CORROBORATING: "cyan",
}


class Story:
    """Prints as it goes; `console` says where."""

    def __init__(self, console: Console, names: Names) -> None:
        self._console, self._names = console, names

    def opening(self, places: Sequence[tuple[str, str]]) -> None:
        """Who takes part, and where."""
        grid = Table.grid(padding=(0, 2))
        for name, where in places:
            grid.add_row(Text(name, style="bold"), Text(where))
        self._console.print(Panel(grid, title="Rasid: what is new about the Haftars' meetings abroad", expand=False))
        self._console.print(
            "A news site publishes five articles, one after another. The worker polls its feed, reads each page, holds "
            "it against everything read before, and tells by mail and webhook what is new. The archive starts empty.\n"
        )

    def arrived(self, number: int, total: int, printed: Printed) -> None:
        """A new article stands in the feed."""
        layout = printed.layout
        self._console.rule(
            f"[bold]{number} of {total}[/]  {printed.path}  [dim]{layout.template}, {layout.charset}[/]", align="left"
        )
        self._arabic(printed.copy.title, "bold")

    def decided(self, decision: Decision) -> None:
        """What the worker made of it."""
        for link in decision.meetings:
            self._console.print(Padding(self._meeting(link), (0, 0, 0, 2)))
        for alert in decision.alerts:
            self._alert(alert)
        if not decision.alerts:
            self._console.print(f"  no alert ({decision.outcome.value.replace('_', ' ')})", style="dim")
        self._console.print(Text(f"  {_passed_over(decision)}", style="dim"))

    def failed(self, code: str | None, message: str | None) -> None:
        """An entry that could not be read."""
        self._console.print(Text(f"  {code}: {message}", style="red"))

    def delivered(self, mails: int, webhooks: int, verified: int) -> None:
        """What reached the receivers because of it."""
        if mails or webhooks:
            told = f"  sent: {_count(mails, 'mail')}, {_count(webhooks, 'webhook')} ({verified} with a valid signature)"
            self._console.print(Text(told, style="green"))
        self._console.print()

    def again(self, outcomes: Mapping[str, int], alerts: int) -> None:
        """The second round."""
        self._console.rule("[bold]The same again[/]  every link now carries tracking parameters", align="left")
        told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(outcomes.items()))
        style = "green" if alerts == 0 else "bold red"
        self._console.print(Text(f"  {told}; {_count(alerts, 'new alert')}: nothing is told twice", style=style))
        self._console.print()

    def closing(self, totals: Mapping[str, int], places: Sequence[tuple[str, str]]) -> None:
        """The sum, and where to look."""
        grid = Table.grid(padding=(0, 2))
        for name, value in totals.items():
            grid.add_row(Text(name.replace("_", " ")), Text(str(value), style="bold"))
        for name, where in places:
            grid.add_row(Text(name), Text(where, style="bold"))
        self._console.print(Panel(grid, title="Done", expand=False))

    def _meeting(self, link: MeetingLink) -> Text:
        meeting, names = link.merged, self._names
        with_whom = [
            self._name(one.name) + (f" («{names.term('en', one.office)}»)" if one.office and one.name else "")
            if one.name or not one.office
            else f"«{names.term('en', one.office)}»"
            for one in meeting.counterparts[:COUNTERPARTS_SHOWN]
        ]
        text = Text("new meeting: " if link.new else "known meeting: ", style="bold" if link.new else "dim")
        text.append(", ".join(names.person("en", person) for person in meeting.principals), style="bold")
        if with_whom:
            more = len(meeting.counterparts) - len(with_whom)
            text.append(" with " + ", ".join(with_whom) + (f" and {more} more" if more else ""), style="not bold")
        where = [names.term("en", one) for one in (meeting.venue, meeting.place, meeting.country) if one]
        if where:
            text.append(" at " + ", ".join(dict.fromkeys(where)), style="not bold")
        return text

    def _name(self, name: str | None) -> str:
        """A listed person by name; whoever is not listed stays as the article writes him."""
        known = self._names.person("en", name or "")
        return known.title() if known.isascii() and known.islower() else known

    def _alert(self, alert: Alert) -> None:
        now = alert.urgency is Urgency.NOW
        head = Text("  ALERT " if now else "  for the digest ", style="bold" if now else "dim")
        head.append(alert.relation.value, style=_STYLES.get(alert.relation, ""))
        head.append(f", {_count(len(alert.items), 'claim')}", style="dim")
        self._console.print(head)
        if not now:
            return
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(min_width=KIND_COLUMNS)
        for item in by_importance(alert.items)[:ITEMS_SHOWN]:
            _add_item(grid, item, alert.relation)
        if len(alert.items) > ITEMS_SHOWN:
            grid.add_row("", Text(f"and {len(alert.items) - ITEMS_SHOWN} more", style="dim"))
        self._console.print(Padding(grid, (0, 0, 0, 4)))

    def _arabic(self, text: str, style: str, *, indent: int = 2) -> None:
        self._console.print(Padding(_quoted(text, style), (0, 0, 0, indent)))


def _add_item(grid: Table, item: AlertItem, of_alert: Relation) -> None:
    """What kind of claim in which words; the reason only where the alert's own relation does not say it."""
    kind = item.kind.value if item.relation is of_alert else f"{item.kind.value}, {item.relation.value}"
    grid.add_row(Text(kind, style="dim"), _quoted(item.quote, _STYLES.get(item.relation, "")))
    if item.relation is Relation.CONTRADICTING and item.other_quote:
        grid.add_row(Text("against", style="dim"), _quoted(item.other_quote, "red"))
        grid.add_row("", item.why_en.partition(":")[0])
    elif item.relation is not Relation.NEW:
        grid.add_row("", Text(item.why_en))


def _quoted(text: str, style: str) -> Text:
    return Text(f"«{one_line(text, QUOTE_CHARS)}»", style=style)


def _passed_over(decision: Decision) -> str:
    told = {item.claim_id for alert in decision.alerts for item in alert.items}
    known = Counter(related.relation.value for related in decision.relations if related.claim_id not in told)
    parts = [f"{count} {name}" for name, count in sorted(known.items())]
    boilerplate = sum(segment.kind is SegmentKind.BOILERPLATE for segment in decision.reading.segments)
    if boilerplate:
        parts.append(_count(boilerplate, "stretch") + " of page furniture")
    if decision.reading.leads:
        parts.append(_count(len(decision.reading.leads), "headline") + " kept as leads, not as claims")
    return "passed over: " + (", ".join(parts) or "nothing")


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}{'es' if noun.endswith('ch') else 's'}"
