"""Which meeting of the ledger is this? By fingerprint, never by the likeness of texts.

Two meetings are one where they share a principal, something of the foreign side (a person, an office, a venue, or the
country where one of them names nobody) and may lie within seven days of each other. Open dates fit everything; among
several that fit, the one with most in common wins, then what an article is about before what it looks back on, then
the latest.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from monitor.deciding.identity import meeting_id
from monitor.model import Counterpart, Meeting, MeetingLink, MeetingStatus
from monitor.reading.arabic import fold, is_plural, term

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import KnownMeeting, Reading, Recall

WINDOW: Final = timedelta(days=7)
NEWS: Final = timedelta(days=14)
_SETTLED: Final = {
    MeetingStatus.HELD: 3,
    MeetingStatus.CANCELLED: 2,
    MeetingStatus.DENIED: 2,
    MeetingStatus.ANNOUNCED: 1,
}


def link_meetings(reading: Reading, recall: Recall) -> tuple[MeetingLink, ...]:
    """Tie every meeting of the reading to a known one, or make it new; no two of them to the same."""
    links: list[MeetingLink] = []
    for index, meeting in enumerate(reading.meetings):
        taken = {link.id for link in links}
        known = _best(meeting, [k for k in recall.meetings if k.id not in taken])
        if known is None:
            identity = meeting_id(reading.article.id, index, meeting)
            links.append(MeetingLink(id=identity, new=True, meeting=meeting, merged=meeting))
        else:
            merged = merge(known.meeting, meeting)
            links.append(MeetingLink(id=known.id, new=False, meeting=meeting, merged=merged, known=known.meeting))
    return tuple(links)


def _best(meeting: Meeting, known: Sequence[KnownMeeting]) -> KnownMeeting | None:
    scored = [(fingerprint(k.meeting, meeting), k) for k in known]
    score, best = max(scored, key=lambda row: (row[0], *_nearness(row[1])), default=(0, None))
    return best if score else None


def _nearness(known: KnownMeeting) -> tuple[bool, date, date, str]:
    """What an article is about rather than looks back on, then the latest."""
    meeting = known.meeting
    return meeting.main, meeting.date_to or date.max, meeting.date_from or date.min, known.id


def fingerprint(one: Meeting, other: Meeting) -> int:
    """How much two meetings have in common; 0 where they cannot be the same."""
    if not set(one.principals) & set(other.principals) or not within_window(one, other):
        return 0
    people = _names(one) & _names(other)
    offices = _offices(one) & _offices(other)
    venue = one.venue is not None and one.venue == other.venue
    countries = _countries(one) & _countries(other)
    if _names(one) and _names(other) and not people and not venue:
        return 0
    if not _names(one) and not _names(other) and _offices(one) and _offices(other) and not offices and not venue:
        return 0
    anonymous = not (_names(one) and _names(other))
    score = 4 * len(people) + 3 * len(offices) + 3 * venue + (2 if countries and (anonymous or people or venue) else 0)
    return score + (1 if score and one.place and one.place == other.place else 0)


def within_window(one: Meeting, other: Meeting) -> bool:
    """Whether two meetings' date bounds may lie within seven days of each other."""
    return _not_after(_earliest(one), other.date_to) and _not_after(_earliest(other), one.date_to)


def _earliest(meeting: Meeting) -> date | None:
    """The lower bound; news that gives no day tells of the last two weeks before its publication."""
    if meeting.date_from is None and meeting.date_to is not None and meeting.date_source != "text":
        return meeting.date_to - NEWS
    return meeting.date_from


def _not_after(start: date | None, end: date | None) -> bool:
    return start is None or end is None or start - end <= WINDOW


def _names(meeting: Meeting) -> set[str]:
    return {c.name for c in meeting.counterparts if c.name}


def _offices(meeting: Meeting) -> set[tuple[tuple[str, ...], str | None]]:
    """Offices by their first two words and country: what two outlets write alike of an unnamed holder.

    «مسؤولين أمريكيين» are no office: whoever was met there may be among them.
    """
    held = [c for c in meeting.counterparts if c.office and fold(c.office) and not is_plural(c.office.split()[0])]
    return {(_opening(c.office or ""), c.country) for c in held}


def _opening(office: str) -> tuple[str, ...]:
    return tuple(term(word) for word in office.split()[:2])


def _countries(meeting: Meeting) -> set[str]:
    return {code for code in (meeting.country, *(c.country for c in meeting.counterparts)) if code}


def merge(known: Meeting, told: Meeting) -> Meeting:
    """What the ledger holds of a meeting once another article has told of it."""
    counterparts: dict[tuple[str | None, str | None], Counterpart] = {}
    for counterpart in (*known.counterparts, *told.counterparts):
        key = (counterpart.name, None if counterpart.name else counterpart.office)
        counterparts.setdefault(key, counterpart)
    start, end, source = _narrowed(known, told)
    return replace(
        known,
        principals=tuple(dict.fromkeys((*known.principals, *told.principals))),
        counterparts=tuple(counterparts.values()),
        venue=known.venue or told.venue,
        place=known.place or told.place,
        country=known.country or told.country,
        date_from=start,
        date_to=end,
        date_source=source,
        status=max(known.status, told.status, key=_SETTLED.__getitem__),
    )


def _narrowed(known: Meeting, told: Meeting) -> tuple[date | None, date | None, str | None]:
    """The intersection of the bounds; where they do not meet, what was known stays. A text's date beats a page's."""
    if known.date_source != "text" and told.date_source == "text":
        return told.date_from, told.date_to, told.date_source
    if known.date_source == "text" and told.date_source != "text":
        return known.date_from, known.date_to, known.date_source
    start = max((d for d in (known.date_from, told.date_from) if d), default=None)
    end = min((d for d in (known.date_to, told.date_to) if d), default=None)
    if start and end and start > end:
        return known.date_from, known.date_to, known.date_source
    return start, end, known.date_source or told.date_source
