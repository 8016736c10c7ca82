"""Tells in a terminal what happens: each article, what was new in it and why, what was passed over."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from monitor.model import ClaimKind, Relation, SegmentKind, Urgency

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from monitor.demo.site import Printed
    from monitor.model import Alert, AlertItem, Decision, MeetingLink
    from monitor.render import Names

ITEMS_SHOWN = 3
QUOTE_CHARS = 220

_STYLES: Mapping[Relation, str] = {
    Relation.NEW: "bold green",
    Relation.UPDATED: "bold yellow",
    Relation.CONTRADICTING: "bold red",
    Relation.CORROBORATING: "cyan",
}


_BESIDE = frozenset({Relation.CONTRADICTING, Relation.UPDATED})
"""Relations that show what was known before; for the others it is part of the reason."""


_FIRST = (ClaimKind.EVENT, ClaimKind.OUTCOME, ClaimKind.RANK, ClaimKind.ROLE, ClaimKind.STATEMENT, ClaimKind.AGENDA)


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
            for one in meeting.counterparts
        ]
        text = Text("new meeting: " if link.new else "known meeting: ", style="bold" if link.new else "dim")
        text.append(", ".join(names.person("en", person) for person in meeting.principals), style="bold")
        if with_whom:
            text.append(" with " + ", ".join(with_whom), style="not bold")
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
        for item in sorted(alert.items, key=_telling)[:ITEMS_SHOWN] if now else ():
            self._item(item)
        if now and len(alert.items) > ITEMS_SHOWN:
            self._console.print(f"    and {len(alert.items) - ITEMS_SHOWN} more", style="dim")

    def _item(self, item: AlertItem) -> None:
        self._arabic(item.quote, _STYLES.get(item.relation, ""), indent=4)
        if item.other_quote and item.relation in _BESIDE:
            self._console.print("      against", style="dim")
            self._arabic(item.other_quote, "red", indent=4)
        why = Text(f"{item.kind.value}: {item.why_en}")
        self._console.print(Padding(why, (0, 0, 0, 6)))

    def _arabic(self, text: str, style: str, *, indent: int = 2) -> None:
        shown = " ".join(text.split())
        shown = shown if len(shown) <= QUOTE_CHARS else shown[: QUOTE_CHARS - 1].rstrip() + "…"
        self._console.print(Padding(Text(f"«{shown}»", style=style), (0, 0, 0, indent)))


def _telling(item: AlertItem) -> tuple[int, int]:
    """What tells a newcomer most comes first: what happened, in its fullest sentence."""
    return (_FIRST.index(item.kind) if item.kind in _FIRST else len(_FIRST)), -len(item.quote)


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
