"""Who met whom, where and when: a principal, a meeting predicate and something foreign in one sentence.

Orientation follows PLOVER (the visitor acts, the host receives). A force, an aide, a medical trip or a meeting of
others is none of ours; an announced, denied or cancelled meeting is one, with that status. Sentences that tell of
the same meeting are merged by fingerprint: principal, counterpart or country, and dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from monitor.model import Counterpart, Meeting, MeetingMode, MeetingStatus
from monitor.reading.people import LIBYA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from monitor.reading.annotate import Document, Sentence
    from monitor.reading.dates import DateMention
    from monitor.reading.people import Person
    from monitor.reading.phrases import PhraseMatch
    from monitor.reading.places import PlaceMention

TALK: Final = frozenset(
    {"meet", "receive", "convene", "talk", "negotiate", "summit", "conference", "discuss", "exchange_views", "host"}
    | {"attend", "take_part", "mediate", "sponsor"}
)
MOVE: Final = frozenset({"visit", "arrive", "travel"})
CALL: Final = frozenset({"call"})
INVITE: Final = frozenset({"invite"})
MEETING: Final = TALK | MOVE | CALL | INVITE
_GATHERING: Final = TALK - {"discuss", "exchange_views", "receive"}
"""Families whose foreign side may be no more than the country in which it happens."""
_WINDOW: Final = timedelta(days=7)
_FAR: Final = timedelta(days=60)
_NEGATION_REACH: Final = 3
_EARLIER: Final = frozenset({"background_had", "background_last"})
_OUTSIDE: Final = frozenset({"medical", "willingness"})
_STATUS_FAMILY: Final = {"cancel": MeetingStatus.CANCELLED, "deny": MeetingStatus.DENIED}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One sentence's word of a meeting."""

    sentence: int
    predicate: PhraseMatch
    family: str
    principals: tuple[Person, ...]
    counterparts: tuple[Person, ...]
    place: PlaceMention | None
    venue: PlaceMention | None
    country: str | None
    dates: tuple[date | None, date | None]
    mode: MeetingMode
    status: MeetingStatus
    background: bool


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
    sightings = tuple(
        sighting
        for index, sentence in enumerate(document.sentences)
        for sighting in _sightings(document, index, sentence, people, dates)
    )
    clusters: list[list[Sighting]] = []
    for sighting in sorted(sightings, key=lambda s: (s.background, s.sentence)):
        home = next((cluster for cluster in clusters if _same(cluster, sighting)), None)
        if home is None:
            clusters.append([sighting])
        else:
            home.append(sighting)
    meetings = tuple(_meeting(document, cluster, main=index == 0) for index, cluster in enumerate(clusters))
    by_sentence = {s.sentence: index for index, cluster in reversed(list(enumerate(clusters))) for s in cluster}
    return Found(meetings, by_sentence, sightings)


# -- one sentence ----------------------------------------------------------------------------------------------


def _sightings(
    document: Document, index: int, sentence: Sentence, people: Sequence[Person], dates: Sequence[DateMention]
) -> Iterator[Sighting]:
    here = [p for p in people if sentence.start <= p.start < sentence.end]
    principals = tuple(p for p in here if p.listed == "principal" and p.acting)
    if not principals:
        return
    cues = {document.words.cue_types(m.key) for m in document.within(document.cues, sentence.first, sentence.last)}
    if cues & _OUTSIDE:
        return
    nested = {p.start for p in here for o in here if o.office and o.office.start < p.start < o.office.end}
    foreigners = tuple(p for p in here if p.foreign and p.acting and p.start not in nested)
    places = document.places_in(sentence.start, sentence.end)
    for match in document.within(document.predicates, sentence.first, sentence.last):
        family = document.words.entry("predicates", match.key).attrs["family"]
        if family not in MEETING:
            continue
        sighting = _sighting(document, index, sentence, match, family, principals, foreigners, places, dates, cues)
        if sighting is not None:
            yield sighting
            return


def _sighting(  # noqa: PLR0913 - the sentence's marks, looked up once for all its predicates
    document: Document,
    index: int,
    sentence: Sentence,
    match: PhraseMatch,
    family: str,
    principals: tuple[Person, ...],
    foreigners: tuple[Person, ...],
    places: tuple[PlaceMention, ...],
    dates: Sequence[DateMention],
    cues: set[str],
) -> Sighting | None:
    abroad = [p for p in places if p.kind in {"city", "venue", "country"} and p.country not in {None, LIBYA}]
    bodies = [p for p in places if p.kind == "organisation"]
    near = [p for p in abroad if not _inside_office(p, foreigners)]
    has_counterpart = bool(foreigners or (bodies and family in TALK | CALL))
    if not (has_counterpart or (near and family in MOVE | _GATHERING)):
        return None
    venue = next((p for p in places if p.kind == "venue"), None)
    place = next((p for p in places if p.kind == "city"), None)
    country = _country(foreigners, venue, place, near, bodies)
    status = _status(document, sentence, match, cues)
    bounds = _date_of(document, sentence, match, dates, status)
    return Sighting(
        sentence=index,
        predicate=match,
        family=family,
        principals=principals,
        counterparts=foreigners,
        place=place,
        venue=venue,
        country=country,
        dates=bounds,
        mode=_mode(document, match, family, foreigners, venue, place),
        status=status,
        background=_looks_back(document, sentence) or _is_past(document, bounds),
    )


def _inside_office(place: PlaceMention, people: Iterable[Person]) -> bool:
    return any(p.office and p.office.start <= place.start < p.office.end for p in people)


def _country(
    foreigners: Sequence[Person],
    venue: PlaceMention | None,
    place: PlaceMention | None,
    near: Sequence[PlaceMention],
    bodies: Sequence[PlaceMention],
) -> str | None:
    """The foreign side's country: of the place where it is abroad, else of the counterpart."""
    for where in (venue, place):
        if where is not None and where.country not in {None, LIBYA}:
            return where.country
    for person in foreigners:
        if person.country:
            return person.country
    return next((p.country for p in (*near, *bodies) if p.country), None)


def _status(document: Document, sentence: Sentence, match: PhraseMatch, cues: set[str]) -> MeetingStatus:
    window = document.within(document.negation, match.first - _NEGATION_REACH, match.first)
    if any(document.words.entry("negation", m.key).attrs["type"] in {"particle", "denial"} for m in window):
        return MeetingStatus.DENIED
    for other in document.within(document.predicates, sentence.first, sentence.last):
        entry = document.words.entry("predicates", other.key)
        near = abs(other.first - match.first) <= _NEGATION_REACH + 1
        if near and entry.attrs["family"] in _STATUS_FAMILY:
            return _STATUS_FAMILY[entry.attrs["family"]]
    own = document.words.entry("predicates", match.key)
    future = document.tokens[match.first].form.startswith("سي") or document.tokens[match.first].form.startswith("ست")
    if own.get("modality") == "announced" or "announced" in cues or (future and own.get("shape") == "verb"):
        return MeetingStatus.ANNOUNCED
    return MeetingStatus.HELD


def _mode(  # noqa: PLR0913, PLR0917
    document: Document,
    match: PhraseMatch,
    family: str,
    foreigners: Sequence[Person],
    venue: PlaceMention | None,
    place: PlaceMention | None,
) -> MeetingMode:
    said = document.words.entry("predicates", match.key).get("mode")
    if family in CALL:
        return MeetingMode.CALL
    where = next((p for p in (venue, place) if p is not None), None)
    if where is not None and where.country == LIBYA:
        return MeetingMode.RECEIVED
    if said and said in set(MeetingMode):
        return MeetingMode(said)
    home = where.country if where else None
    if home and foreigners and all(p.country != home for p in foreigners):
        return MeetingMode.THIRD_COUNTRY
    return MeetingMode.VISIT if where is not None or family in MOVE else MeetingMode.RECEIVED


def _date_of(
    document: Document,
    sentence: Sentence,
    match: PhraseMatch,
    dates: Sequence[DateMention],
    status: MeetingStatus,
) -> tuple[date | None, date | None]:
    """The date nearest to the predicate, in its own sentence; something held is not in the future."""
    today = document.article.published_at.date() if document.article.published_at else None
    near = sorted(
        (d for d in dates if sentence.start <= d.start < sentence.end), key=lambda d: abs(d.start - match.start)
    )
    for mention in near:
        later = today is not None and mention.date_from is not None and mention.date_from > today
        if not (later and status is MeetingStatus.HELD):
            return mention.date_from, mention.date_to
    return None, None


def _looks_back(document: Document, sentence: Sentence) -> bool:
    """«كان قد», «سبق أن», «العام الماضي»: told of an earlier time."""
    found = document.within(document.cues, sentence.first, sentence.last)
    return any(match.key in _EARLIER for match in found)


def _is_past(document: Document, bounds: tuple[date | None, date | None]) -> bool:
    published = document.article.published_at
    return published is not None and bounds[1] is not None and published.date() - bounds[1] > _FAR


# -- the article's meetings ------------------------------------------------------------------------------------


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


def _compatible(one: tuple[date | None, date | None], other: tuple[date | None, date | None]) -> bool:
    """Bounds that may be the same week; open bounds fit everything."""
    if one[0] and other[1] and one[0] - other[1] > _WINDOW:
        return False
    return not (other[0] and one[1] and other[0] - one[1] > _WINDOW)


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
        status=_strongest(cluster),
        start=sentence.start,
        end=sentence.end,
        main=main and not first.background,
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
    said = [s.dates for s in cluster if s.dates != (None, None)]
    if said:
        return min(said, key=lambda d: (d[1] or date.max) - (d[0] or date.min)), "text"
    published = document.article.published_at
    if published is None or cluster[0].background:
        return (None, None), None
    source = document.article.published_source or "feed"
    if _strongest(cluster) is MeetingStatus.ANNOUNCED:
        return (published.date(), None), source
    return (None, published.date()), source


def _strongest(cluster: Sequence[Sighting]) -> MeetingStatus:
    """Held where any sentence says so in its own voice, else what the first says."""
    kinds = [s.status for s in cluster]
    return MeetingStatus.HELD if MeetingStatus.HELD in kinds else kinds[0]
