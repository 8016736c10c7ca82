"""Who met whom, where and when: a principal, a meeting predicate and something foreign in one sentence.

Orientation follows PLOVER (the visitor acts, the host receives). A force, an aide, a medical trip or a meeting of
others is none of ours; an announced, denied or cancelled meeting is one, with that status. Sentences that tell of
the same meeting are merged by fingerprint: principal, counterpart or country, and dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from monitor.model import Counterpart, Meeting, MeetingStatus, SegmentKind
from monitor.reading.antecedents import LEAD_SENTENCES
from monitor.reading.families import INVITE
from monitor.reading.sightings import WINDOW, Sighting, group_sightings, is_wide, sightings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.reading.annotate import Document
    from monitor.reading.dates import DateMention
    from monitor.reading.people import Person

_MAIN_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Found:
    """The meetings of an article, and which one each sentence tells of."""

    meetings: tuple[Meeting, ...] = ()
    by_sentence: Mapping[int, int] = field(default_factory=dict)
    sightings: tuple[Sighting, ...] = ()


def find_meetings(document: Document, people: Sequence[Person], dates: Sequence[DateMention]) -> Found:
    """Find the article's meetings, the main one first.

    Args:
        document: The marked-up article.
        people: Everybody named in it.
        dates: Every date in it, bounds resolved against the page's date.
    """
    sightings = tuple(sightings_of(document, people, dates))
    clusters: list[list[Sighting]] = []
    for sighting in sorted(sightings, key=lambda s: (s.background, s.sentence)):
        home = next((cluster for cluster in clusters if _same(cluster, sighting)), None)
        if home is None:
            clusters.append([sighting])
        else:
            home.append(sighting)
    for sighting in group_sightings(document, people, dates, sightings):
        home = next((cluster for cluster in clusters if _same_event(cluster, sighting)), None)
        if home is not None:
            home.append(sighting)
    meetings = tuple(
        _meeting(document, cluster, main=index == 0 and _is_main(document, cluster))
        for index, cluster in enumerate(clusters)
    )
    by_sentence = {s.sentence: index for index, cluster in reversed(list(enumerate(clusters))) for s in cluster}
    return Found(meetings, by_sentence, tuple(s for cluster in clusters for s in cluster))


def _is_main(document: Document, cluster: Sequence[Sighting]) -> bool:
    """In the headline, among the first sentences, or in a good part of all."""
    if all(sighting.background for sighting in cluster):
        return False
    told = {sighting.sentence for sighting in cluster}
    return min(told) <= LEAD_SENTENCES or len(told) >= _MAIN_SHARE * len(document.sentences)


def _same(cluster: Sequence[Sighting], sighting: Sighting) -> bool:
    who = {p.id for s in cluster for p in s.principals}
    if not who & {p.id for p in sighting.principals}:
        return False
    if any(not _compatible(s.dates, sighting.dates) for s in cluster):
        return False
    if cluster[0].background != sighting.background and sighting.dates != (None, None):
        return False
    counterparts = {p.id for s in cluster for p in s.counterparts}
    own = {p.id for p in sighting.counterparts}
    countries = {s.country for s in cluster if s.country}
    return bool(counterparts & own) or sighting.country in countries or not (own or sighting.country)


def _same_event(cluster: Sequence[Sighting], sighting: Sighting) -> bool:
    """A sentence without a principal belongs where counterpart or country and time agree."""
    if cluster[0].background != sighting.background or any(not _compatible(s.dates, sighting.dates) for s in cluster):
        return False
    shared = {p.id for s in cluster for p in s.counterparts} & {p.id for p in sighting.counterparts}
    return bool(shared) or sighting.country in {s.country for s in cluster if s.country}


def _compatible(one: tuple[date | None, date | None], other: tuple[date | None, date | None]) -> bool:
    """Bounds that may be the same week; open bounds fit everything."""
    if one[0] and other[1] and one[0] - other[1] > WINDOW:
        return False
    return not (other[0] and one[1] and other[0] - one[1] > WINDOW)


def _meeting(document: Document, cluster: Sequence[Sighting], *, main: bool) -> Meeting:
    principals = tuple(dict.fromkeys(p.id for s in cluster for p in s.principals))
    dates, source = _bounds(document, cluster)
    first = min(cluster, key=lambda s: s.sentence)
    sentence = document.sentences[first.sentence]
    return Meeting(
        principals=principals,
        counterparts=_counterparts(cluster),
        venue=next((s.venue.id for s in cluster if s.venue), None),
        place=next((s.place.id for s in cluster if s.place), None),
        country=_first_country(cluster),
        date_from=dates[0],
        date_to=dates[1],
        date_source=source,
        mode=next((s.mode for s in cluster if s.family not in INVITE), cluster[0].mode),
        status=_strongest(document, cluster),
        start=sentence.start,
        end=sentence.end,
        main=main,
    )


def _first_country(cluster: Sequence[Sighting]) -> str | None:
    return next((s.country for s in cluster if s.country), None)


def _counterparts(cluster: Sequence[Sighting]) -> tuple[Counterpart, ...]:
    found: dict[str, Counterpart] = {}
    for person in (p for s in cluster for p in s.counterparts):
        office = person.office.text if person.office else None
        name = None if person.listed == "office" else person.id
        known = found.get(person.id)
        if known is None or (known.office is None and office):
            found[person.id] = Counterpart(name=name, office=office, country=person.country)
    return tuple(found.values())


def _bounds(document: Document, cluster: Sequence[Sighting]) -> tuple[tuple[date | None, date | None], str | None]:
    """The narrowest bounds said; without any, the page's date is the upper bound of what was held."""
    said = [s.dates for s in cluster if s.dates != (None, None) and not _is_around_page(document, s.dates)]
    if said:
        return min(said, key=lambda d: (d[1] or date.max) - (d[0] or date.min)), "text"
    published = document.article.published_at
    if published is None or cluster[0].background:
        return (None, None), None
    source = document.article.published_source or "feed"
    if _strongest(document, cluster) is MeetingStatus.ANNOUNCED:
        return (published.date(), None), source
    return (None, published.date()), source


def _is_around_page(document: Document, bounds: tuple[date | None, date | None]) -> bool:
    """«معرض 2025» in an article of that year: a stretch of time around the page's day says less than that day."""
    published, (start, end) = document.article.published_at, bounds
    if published is None or start is None or end is None:
        return False
    return start <= published.date() <= end and is_wide(bounds)


def _strongest(document: Document, cluster: Sequence[Sighting]) -> MeetingStatus:
    """Held where any sentence says so in its own voice, else what the first says.

    A headline puts what is to come and what has been into the same present: it counts where it stands alone.
    """
    body = [s for s in cluster if document.sentences[s.sentence].kind is not SegmentKind.TITLE]
    kinds = [s.status for s in body or cluster]
    return MeetingStatus.HELD if MeetingStatus.HELD in kinds else kinds[0]
