"""Where, when, by whose invitation and under whose auspices: event slots against those the ledger holds."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from monitor.deciding import verdict
from monitor.deciding.origins import corroborates
from monitor.model import ClaimKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.deciding.verdict import Verdict
    from monitor.model import KnownClaim, MeetingLink, Mention

_SIDES: Final = frozenset({"invite", "sponsor", "host"})
_LABELS: Final = {"invite": "صاحب الدعوة", "sponsor": "الراعي", "host": "المضيف"}


def relate_event(
    mention: Mention, ledger: Sequence[KnownClaim], origin: str | None, link: MeetingLink | None = None
) -> Verdict:
    """The relation of one event facet to the event facets of the same meeting."""
    known = [k for k in ledger if k.mention.kind is ClaimKind.EVENT]
    event = slot_value(mention, "event")
    opposed = _opposed(mention, known)
    if opposed is not None:
        return verdict.contradicting(
            opposed,
            ("event", "polarity"),
            "وقوع الحدث",
            "whether it happened",
            here=mention.quote,
            there=opposed.mention.quote,
        )
    if event in _SIDES:
        return _relate_side(mention, event, known, origin)
    if event == "date" and known and _is_day_of(mention, link):
        return verdict.known(known[0], ("date",), corroborates=corroborates(origin, known), origin=origin)
    relate = _BY_EVENT.get(event, _relate_place)
    return relate(mention, known, origin)


def _is_day_of(mention: Mention, link: MeetingLink | None) -> bool:
    """Whether the ledger dates the meeting to that very stretch, whatever sentence said so."""
    held = link.known if link is not None else None
    if held is None or held.date_source != "text" or held.date_from is None or held.date_to is None:
        return False
    return _bounds(mention) == (held.date_from, held.date_to)


_MET: Final = frozenset({"meeting", "travel", "host"})


def _opposed(mention: Mention, known: Sequence[KnownClaim]) -> KnownClaim | None:
    """A known facet of the same sort that says the opposite, where none says the same."""
    sort = _sort(mention)
    same = [k for k in known if _sort(k.mention) == sort]
    agreeing = [k for k in same if k.mention.polarity is mention.polarity]
    return same[-1] if same and not agreeing else None


def _sort(mention: Mention) -> str:
    """Meetings and journeys are one sort of event; invitations, lengths and the rest are each their own."""
    event = slot_value(mention, "event")
    return "meeting" if event in _MET else event


def slot_value(mention: Mention, name: str) -> str:
    """The first value of a slot, empty where there is none."""
    return next((value for slot, value in mention.slots if slot == name), "")


def _relate_place(mention: Mention, known: Sequence[KnownClaim], origin: str | None) -> Verdict:
    for slot in ("venue", "place"):
        value = slot_value(mention, slot)
        if not value:
            continue
        same = [k for k in known if slot_value(k.mention, slot) == value]
        if same:
            return verdict.known(same[0], ("event", slot), corroborates=corroborates(origin, same), origin=origin)
        elsewhere = _elsewhere(mention, slot, known)
        if elsewhere is not None:
            return verdict.contradicting(
                elsewhere, ("event", slot), "المكان", "place", here=mention.quote, there=elsewhere.mention.quote
            )
        broader = [k for k in known if slot_value(k.mention, "country") == value.upper()]
        within = [k for k in known if slot_value(mention, "country") == slot_value(k.mention, "place").upper()]
        if slot == "place" and (broader or value.upper() in {slot_value(k.mention, "country") for k in known}):
            return verdict.known(
                (broader or known)[0],
                ("event", "country"),
                corroborates=corroborates(origin, broader or known),
                origin=origin,
            )
        if slot == "place" and within:
            return verdict.updated(within[0], ("event", "place"), "المدينة", "the city")
    return verdict.new(("event", "place"), nearest=known[0] if known else None)


def _elsewhere(mention: Mention, slot: str, known: Sequence[KnownClaim]) -> KnownClaim | None:
    """The same meeting told of another city of the same country, where only one city was told of so far."""
    if slot != "place" or slot_value(mention, "place").upper() == slot_value(mention, "country"):
        return None
    same = [
        k
        for k in known
        if slot_value(k.mention, "event") == slot_value(mention, "event")
        and slot_value(k.mention, "country") == slot_value(mention, "country")
        and slot_value(k.mention, "place") not in {"", slot_value(mention, "country").lower()}
    ]
    return same[-1] if len({slot_value(k.mention, "place") for k in same}) == 1 else None


def _relate_side(mention: Mention, event: str, known: Sequence[KnownClaim], origin: str | None) -> Verdict:
    same = [k for k in known if slot_value(k.mention, "event") == event]
    side = slot_value(mention, "by")
    if not same:
        return verdict.new(("event", "by"))
    agreeing = [k for k in same if not side or slot_value(k.mention, "by") in {"", side}]
    if not agreeing:
        return verdict.new(("event", "by"), nearest=same[0])
    if side and all(not slot_value(k.mention, "by") for k in agreeing):
        return verdict.updated(agreeing[0], ("event", "by"), _LABELS[event], f"who is behind it ({event})")
    return verdict.known(agreeing[0], ("event", "by"), corroborates=corroborates(origin, agreeing), origin=origin)


def _relate_seat(mention: Mention, known: Sequence[KnownClaim], origin: str | None) -> Verdict:
    """A house named by its words: the same where they share one, another where both have the same head word."""
    own = mention.values("seat_term")
    seats = [k for k in known if slot_value(k.mention, "event") == "seat"]
    for k in seats:
        if own & k.mention.values("seat_term"):
            return verdict.known(k, ("seat",), corroborates=corroborates(origin, [k]), origin=origin)
    for k in seats:
        if slot_value(k.mention, "seat") == slot_value(mention, "seat"):
            return verdict.contradicting(k, ("seat",), "المكان", "venue", here=mention.quote, there=k.mention.quote)
    return verdict.new(("seat",))


def _relate_duration(mention: Mention, known: Sequence[KnownClaim], origin: str | None) -> Verdict:
    """How long it took: another number of the same unit is a conflict."""
    unit = slot_value(mention, "number").partition(" ")[2]
    lengths = [
        k
        for k in known
        if slot_value(k.mention, "event") == "duration" and slot_value(k.mention, "number").partition(" ")[2] == unit
    ]
    same = [k for k in lengths if slot_value(k.mention, "number") == slot_value(mention, "number")]
    if same:
        return verdict.known(same[0], ("duration",), corroborates=corroborates(origin, same), origin=origin)
    if lengths:
        k = lengths[-1]
        return verdict.contradicting(k, ("duration",), "المدة", "duration", here=mention.quote, there=k.mention.quote)
    return verdict.new(("duration",))


def _relate_status(mention: Mention, known: Sequence[KnownClaim], origin: str | None) -> Verdict:
    """Cancelled or postponed, against what was announced or told as held."""
    same = [k for k in known if slot_value(k.mention, "status") == slot_value(mention, "status")]
    if same:
        return verdict.known(same[0], ("status",), corroborates=corroborates(origin, same), origin=origin)
    if known:
        return verdict.contradicting(
            known[-1],
            ("status",),
            "انعقاد اللقاء",
            "whether it took place",
            here=mention.quote,
            there=known[-1].mention.quote,
        )
    return verdict.new(("status",))


def _relate_date(mention: Mention, known: Sequence[KnownClaim], origin: str | None) -> Verdict:
    step = slot_value(mention, "of")
    dated = [k for k in known if slot_value(k.mention, "event") == "date" and slot_value(k.mention, "of") in {"", step}]
    own = _bounds(mention)
    for k in dated:
        held = _bounds(k.mention)
        if held == own or _inside(held, own):
            return verdict.known(k, ("date",), corroborates=corroborates(origin, [k]), origin=origin)
    for k in dated:
        held = _bounds(k.mention)
        if _inside(own, held):
            return verdict.updated(k, ("date",), "تاريخ أدق", "a narrower date")
        if own[0] > held[1] or held[0] > own[1]:
            return verdict.contradicting(k, ("date",), "التاريخ", "date", here=mention.quote, there=k.mention.quote)
    return verdict.new(("date",))


def _bounds(mention: Mention) -> tuple[date, date]:
    first, _, last = slot_value(mention, "date").partition("..")
    start = date.fromisoformat(first) if first not in {"", "None"} else date.min
    return start, (date.fromisoformat(last) if last not in {"", "None"} else date.max)


def _inside(inner: tuple[date, date], outer: tuple[date, date]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


_BY_EVENT: Final = {
    "date": _relate_date,
    "duration": _relate_duration,
    "seat": _relate_seat,
    "status": _relate_status,
}
