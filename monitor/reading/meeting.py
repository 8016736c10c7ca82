"""Who met whom, where and when: a principal, a meeting predicate and something foreign in one sentence.

Orientation follows PLOVER (the visitor acts, the host receives). A force, an aide, a medical trip or a meeting of
others is none of ours; an announced, denied or cancelled meeting is one, with that status. Sentences that tell of
the same meeting are merged by fingerprint: principal, counterpart or country, and dates.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from monitor.model import Counterpart, Meeting, MeetingMode, MeetingStatus, SegmentKind
from monitor.reading.frames import (
    CALL,
    GATHERING,
    INVITE,
    JOINING,
    MEETING,
    MOVE,
    TALK,
    frames,
    is_denied,
    is_reference,
    is_topic,
)
from monitor.reading.people import LIBYA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from monitor.reading.annotate import Document, Sentence
    from monitor.reading.dates import DateMention
    from monitor.reading.frames import Frame
    from monitor.reading.people import Person
    from monitor.reading.phrases import PhraseMatch
    from monitor.reading.places import PlaceMention

_WINDOW: Final = timedelta(days=7)
_FAR: Final = timedelta(days=60)
_NEGATION_REACH: Final = 3
_BACK_REACH: Final = 3
_CALL_REACH: Final = 5
_LEAD_SENTENCES: Final = 4
"""Sentences after the headline in which an article says what it is about."""
_JOINED_LINES: Final = 3
_MAIN_SHARE: Final = 0.25
_EARLIER: Final = frozenset({"background_had", "background_last"})
_TWO_MEN: Final = frozenset({"both_men", "they_two"})
_OUTSIDE: Final = frozenset({"medical", "willingness"})
_STATUS_FAMILY: Final = {"cancel": MeetingStatus.CANCELLED, "postpone": MeetingStatus.ANNOUNCED}
_NAMED_REACH: Final = 2
"""Sentences around a gathering in which those are named whom it calls «طرفا النزاع»."""
_Named: TypeAlias = "tuple[int, tuple[Person, ...]]"
"""Principals last named, and the sentence that names them."""
_TO_COME: Final = frozenset({"invite", "urge", "request", "demand"})


@dataclass(frozen=True, slots=True)
class Sighting:
    """One sentence's word of a meeting."""

    sentence: int
    predicate: PhraseMatch
    family: str
    principals: tuple[Person, ...]
    counterparts: tuple[Person, ...]
    others: tuple[Person, ...]
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
    sightings = tuple(_sightings(document, people, dates))
    clusters: list[list[Sighting]] = []
    for sighting in sorted(sightings, key=lambda s: (s.background, s.sentence)):
        home = next((cluster for cluster in clusters if _same(cluster, sighting)), None)
        if home is None:
            clusters.append([sighting])
        else:
            home.append(sighting)
    for sighting in _group_sightings(document, people, dates, sightings):
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
    return min(told) <= _LEAD_SENTENCES or len(told) >= _MAIN_SHARE * len(document.sentences)


# -- one sentence ----------------------------------------------------------------------------------------------


def _sightings(document: Document, people: Sequence[Person], dates: Sequence[DateMention]) -> Iterator[Sighting]:
    """Frames with a principal and a foreign side, and frames whose missing half a sentence nearby supplies."""
    told: Frame | None = None
    named: _Named = (-2, ())
    before: tuple[Person, ...] = ()
    for index, found in frames(document, people):
        sentence = document.sentences[index]
        cues = _cues(document, sentence)
        here: list[Sighting] = []
        for frame in (f for f in found if not cues & _OUTSIDE or ("willingness" not in cues and f.foreigners)):
            whole = _completed(document, frame, told, named, before) or _of_those_named(document, frame, people)
            if whole is not None:
                _add(here, _sighting(document, sentence, whole, dates, cues))
            if frame.has_foreign_side and (frame.family in GATHERING or frame.foreigners):
                told = frame
        yield from here
        before = tuple(p for p in people if sentence.first <= p.first < sentence.last)
        principals = tuple(p for p in before if p.listed == "principal")
        named = (index, principals) if principals else named


def _group_sightings(
    document: Document, people: Sequence[Person], dates: Sequence[DateMention], told: Sequence[Sighting]
) -> Iterator[Sighting]:
    """Frames that tell of a meeting and name none of its principals («تلتقي الأطراف الليبية في باريس الثلاثاء»)."""
    done = {sighting.sentence for sighting in told}
    for index, found in frames(document, people):
        sentence = document.sentences[index]
        gathering = [f for f in found if f.family in GATHERING | {"sponsor"} and f.has_foreign_side]
        gathering = gathering or [f for f in found if f.family in {"agree", "sign"} and (f.foreigners or f.abroad)]
        libyans = {p.id for f in gathering for p in f.others}
        if index not in done and gathering and not libyans:
            yield _sighting(document, sentence, gathering[0], dates, _cues(document, sentence))


def _cues(document: Document, sentence: Sentence) -> set[str]:
    return {document.words.cue_types(m.key) for m in document.within(document.cues, sentence.first, sentence.last)}


def _add(here: list[Sighting], sighting: Sighting) -> None:
    """Several predicates of one sentence tell of one meeting, but for one of another time («كانا قد التقيا»)."""
    for index, other in enumerate(here):
        if other.background == sighting.background:
            here[index] = replace(
                other,
                counterparts=tuple(dict.fromkeys((*other.counterparts, *sighting.counterparts))),
                principals=tuple(dict.fromkeys((*other.principals, *sighting.principals))),
                others=tuple(dict.fromkeys((*other.others, *sighting.others))),
                place=other.place or sighting.place,
                venue=other.venue or sighting.venue,
                country=other.country or sighting.country,
                dates=other.dates if other.dates != (None, None) else sighting.dates,
            )
            return
    here.append(sighting)


def _completed(
    document: Document, frame: Frame, told: Frame | None, named: _Named, before: Sequence[Person]
) -> Frame | None:
    """The frame with a principal and a foreign side, its own or one from a sentence nearby.

    `before` is everybody named in the sentence before it, where that names a principal too.
    """
    agreed = frame.family == "agree" and bool(frame.foreigners)
    if frame.principals and (agreed or (frame.has_foreign_side and frame.family in MEETING)):
        journey = frame.family in MOVE and not frame.foreigners
        told_early = frame.sentence <= _LEAD_SENTENCES or told is not None
        return frame if told_early or not journey or _has_purpose(document, frame) else None
    joins = frame.family in JOINING and (told is None or told.family in GATHERING)
    joins = joins or (told is not None and _points_back(document, frame))
    if frame.principals and told is not None and joins and not frame.has_foreign_side:
        near = document.sentences[frame.sentence].line - document.sentences[told.sentence].line <= _JOINED_LINES
        joined = near or frame.family in {"sign", "agree"}
        return replace(frame, foreigners=told.foreigners, places=told.places, bodies=told.bodies) if joined else None
    last, principals = named
    if not (frame.has_foreign_side and not frame.principals and principals and frame.family in MEETING):
        return None
    if frame.sentence - last != 1:
        return None
    if _speaks_of_both(document, frame):
        return replace(frame, principals=principals)
    alone = len({p.id for p in before}) == 1 and not frame.others and not is_topic(document, principals[0])
    return replace(frame, principals=principals) if alone and _is_his(document, frame) else None


def _is_his(document: Document, frame: Frame) -> bool:
    """«فاجتماعه بالخبراء»: of the one named in the sentence before."""
    token = document.tokens[frame.predicate.last]
    noun = document.words.entry("predicates", frame.predicate.key).get("shape") == "noun"
    return noun and document.text[token.start : token.end].endswith("ه")


def _of_those_named(document: Document, frame: Frame, people: Sequence[Person]) -> Frame | None:
    """A gathering of «طرفا النزاع», or «المقابلة» with nobody named: of those whom the sentences around it name."""
    if frame.principals or frame.others or frame.family not in GATHERING:
        return None
    near: dict[int, list[Person]] = {}
    for person in people:
        index = _sentence_of(document, person)
        if person.acting and abs(index - frame.sentence) <= _NAMED_REACH:
            near.setdefault(index, []).append(person)
    if (frame.foreigners or frame.abroad) and "collective" in _cues(document, document.sentences[frame.sentence]):
        principals = tuple(p for named in near.values() for p in named if p.listed == "principal")
        return replace(frame, principals=principals[:1]) if principals else None
    if not is_reference(document, frame.predicate) or frame.foreigners:
        return None
    for index in sorted((i for i in near if i < frame.sentence), reverse=True):
        principals = tuple(p for p in near[index] if p.listed == "principal")
        guests = tuple(p for p in near[index] if p.foreign and p.listed != "office")
        if principals and guests and len({p.id for p in near[index]}) == len({p.id for p in (*principals, *guests)}):
            return replace(frame, principals=principals, foreigners=guests)
    return None


def _sentence_of(document: Document, person: Person) -> int:
    starts = [sentence.first for sentence in document.sentences]
    return bisect_right(starts, person.first) - 1


def _points_back(document: Document, frame: Frame) -> bool:
    """«استقبله», «التقاه»: the object is the one named just before."""
    if (
        frame.family not in {"receive", "meet"}
        or document.words.entry("predicates", frame.predicate.key).get("shape") != "verb"
    ):
        return False
    return document.tokens[frame.predicate.last].form.endswith(("ه", "ها", "هم"))


def _has_purpose(document: Document, frame: Frame) -> bool:
    """A journey told in passing counts where the sentence also speaks of a meeting, an invitation or talks."""
    sentence = document.sentences[frame.sentence]
    families = {
        document.words.entry("predicates", m.key).attrs["family"]
        for m in document.within(document.predicates, sentence.first, sentence.last)
    }
    return bool(families & (TALK | INVITE))


def _speaks_of_both(document: Document, frame: Frame) -> bool:
    """«كلاهما», «خلال اجتماعهما»: the two named just before."""
    if document.tokens[frame.predicate.last].form.endswith("هما"):
        return True
    sentence = document.sentences[frame.sentence]
    return frame.family in GATHERING and any(
        cue.key in _TWO_MEN for cue in document.within(document.cues, sentence.first, frame.predicate.first)
    )


def _sighting(
    document: Document, sentence: Sentence, frame: Frame, dates: Sequence[DateMention], cues: set[str]
) -> Sighting:
    venue = next((p for p in frame.places if p.kind == "venue"), None)
    cities = sorted((p for p in frame.places if p.kind == "city"), key=lambda p: p.country == LIBYA)
    place = next(iter(cities), None)
    status = _status(document, sentence, frame.predicate, cues)
    bounds = _date_of(document, frame, dates, status)
    return Sighting(
        sentence=frame.sentence,
        predicate=frame.predicate,
        family=frame.family,
        principals=frame.principals,
        counterparts=frame.foreigners,
        others=frame.others,
        place=place,
        venue=venue,
        country=_country(frame, venue, place),
        dates=bounds,
        mode=_mode(document, frame, venue, place),
        status=status,
        background=_looks_back(document, sentence, frame) or _is_past(document, frame.sentence, bounds),
    )


def _country(frame: Frame, venue: PlaceMention | None, place: PlaceMention | None) -> str | None:
    """The foreign side's country: of the place where it is abroad, else of the counterpart."""
    for where in (venue, place):
        if where is not None and where.country not in {None, LIBYA}:
            return where.country
    for person in frame.foreigners:
        if person.country:
            return person.country
    return next((p.country for p in (*frame.abroad, *frame.bodies) if p.country), None)


def _status(document: Document, sentence: Sentence, match: PhraseMatch, cues: set[str]) -> MeetingStatus:
    if is_denied(document, sentence, match.first):
        return MeetingStatus.DENIED
    for other in document.within(document.predicates, sentence.first, sentence.last):
        entry = document.words.entry("predicates", other.key)
        near = abs(other.first - match.first) <= _NEGATION_REACH + 1
        if near and entry.attrs["family"] in _STATUS_FAMILY:
            return _STATUS_FAMILY[entry.attrs["family"]]
        if other.first < match.first and entry.attrs["family"] in _TO_COME and entry.get("shape") == "verb":
            return MeetingStatus.ANNOUNCED
    own = document.words.entry("predicates", match.key)
    future = document.tokens[match.first].form.startswith(("سي", "ست", "وسي", "وست"))
    if own.get("modality") == "announced" or "announced" in cues or (future and own.get("shape") == "verb"):
        return MeetingStatus.ANNOUNCED
    return MeetingStatus.HELD


def _mode(document: Document, frame: Frame, venue: PlaceMention | None, place: PlaceMention | None) -> MeetingMode:
    said = document.words.entry("predicates", frame.predicate.key).get("mode")
    behind = document.within(document.predicates, frame.predicate.first, frame.predicate.last + _CALL_REACH)
    if any(document.words.entry("predicates", m.key).get("family") in CALL for m in behind):
        return MeetingMode.CALL
    where = next((p for p in (venue, place) if p is not None), None)
    if where is not None and where.country == LIBYA:
        return MeetingMode.RECEIVED
    if said and said in set(MeetingMode):
        return MeetingMode(said)
    home = where.country if where else None
    if home and frame.foreigners and all(p.country != home for p in frame.foreigners):
        return MeetingMode.THIRD_COUNTRY
    return MeetingMode.VISIT if where is not None or frame.family in MOVE else MeetingMode.RECEIVED


def _date_of(
    document: Document, frame: Frame, dates: Sequence[DateMention], status: MeetingStatus
) -> tuple[date | None, date | None]:
    """The date nearest to the predicate, within its own arguments; something held is not in the future."""
    today = document.article.published_at.date() if document.article.published_at else None
    near = sorted(
        (d for d in dates if frame.start <= d.start < frame.end), key=lambda d: abs(d.start - frame.predicate.start)
    )
    for mention in near:
        later = today is not None and mention.date_from > today
        if not (later and status is MeetingStatus.HELD):
            return mention.date_from, mention.date_to
    return None, None


def _looks_back(document: Document, sentence: Sentence, frame: Frame) -> bool:
    """«كان قد», «سبق أن» before the predicate, or «العام الماضي» among its arguments: told of an earlier time."""
    for cue in document.within(document.cues, sentence.first, sentence.last):
        before = 0 <= frame.predicate.first - cue.last <= _BACK_REACH
        among = cue.key == "background_last" and frame.predicate.start < cue.start < frame.end
        if cue.key in _EARLIER and (before or among):
            return True
    return False


def _is_past(document: Document, sentence: int, bounds: tuple[date | None, date | None]) -> bool:
    """Long before the page; where the page has no date, what is told of a whole month, behind the lead."""
    published = document.article.published_at
    if published is None:
        return sentence > _LEAD_SENTENCES and _is_wide(bounds)
    return bounds[1] is not None and published.date() - bounds[1] > _FAR


def _is_wide(bounds: tuple[date | None, date | None]) -> bool:
    """A month or a year, not a day or a week."""
    return bounds[0] is not None and bounds[1] is not None and bounds[1] - bounds[0] > _WINDOW


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


def _same_event(cluster: Sequence[Sighting], sighting: Sighting) -> bool:
    """A sentence without a principal belongs where counterpart or country and time agree."""
    if cluster[0].background != sighting.background or any(not _compatible(s.dates, sighting.dates) for s in cluster):
        return False
    shared = {p.id for s in cluster for p in s.counterparts} & {p.id for p in sighting.counterparts}
    return bool(shared) or sighting.country in {s.country for s in cluster if s.country}


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
    return start <= published.date() <= end and _is_wide(bounds)


def _strongest(document: Document, cluster: Sequence[Sighting]) -> MeetingStatus:
    """Held where any sentence says so in its own voice, else what the first says.

    A headline puts what is to come and what has been into the same present: it counts where it stands alone.
    """
    body = [s for s in cluster if document.sentences[s.sentence].kind is not SegmentKind.TITLE]
    kinds = [s.status for s in body or cluster]
    return MeetingStatus.HELD if MeetingStatus.HELD in kinds else kinds[0]
