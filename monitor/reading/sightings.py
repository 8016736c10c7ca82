"""What single sentences say of a meeting: who, with whom, where, when, how, and whether it came about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from monitor.model import MeetingMode, MeetingStatus
from monitor.reading.antecedents import LEAD_SENTENCES, Named, completed, cues_of, has_object, is_his, of_those_named
from monitor.reading.families import CALL, GATHERING, MOVE
from monitor.reading.frames import frames, is_denied
from monitor.reading.people import LIBYA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.reading.annotate import Document, Sentence
    from monitor.reading.dates import DateMention
    from monitor.reading.families import Frame
    from monitor.reading.people import Person
    from monitor.reading.phrases import PhraseMatch
    from monitor.reading.places import PlaceMention

WINDOW: Final = timedelta(days=7)
_FAR: Final = timedelta(days=60)
_NEGATION_REACH: Final = 3
_BACK_REACH: Final = 3
_CALL_REACH: Final = 5
_EARLIER: Final = frozenset({"background_had", "background_last"})
_OUTSIDE: Final = frozenset({"medical", "willingness", "telegram"})
_ALWAYS_OUTSIDE: Final = frozenset({"willingness", "telegram"})
"""Neither a wish to meet nor a telegram is a meeting, whoever it is with."""
_STATUS_FAMILY: Final = {"cancel": MeetingStatus.CANCELLED, "postpone": MeetingStatus.ANNOUNCED}
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


def sightings_of(document: Document, people: Sequence[Person], dates: Sequence[DateMention]) -> Iterator[Sighting]:
    """Frames with a principal and a foreign side, and frames whose missing half a sentence nearby supplies."""
    told: Frame | None = None
    named: Named = (-2, ())
    before: tuple[Person, ...] = ()
    for index, found in frames(document, people):
        sentence = document.sentences[index]
        cues = cues_of(document, sentence)
        here: list[Sighting] = []
        ours = tuple(p for p in people if sentence.first <= p.first < sentence.last and p.listed == "principal")
        for frame in (f for f in found if not cues & _OUTSIDE or (not cues & _ALWAYS_OUTSIDE and f.foreigners)):
            spoken_of = tuple(p for p in ours if p.last < frame.predicate.first)
            refers = has_object(document, frame) or is_his(document, frame)
            known = (index, spoken_of) if spoken_of and refers else named
            whole = completed(document, frame, told, known, before) or of_those_named(document, frame, people)
            if whole is not None:
                _add(here, _sighting(document, sentence, whole, dates, cues))
            journey = frame.family in MOVE and bool(frame.abroad) and bool(frame.others)
            if frame.has_foreign_side and (frame.family in GATHERING or frame.foreigners or journey):
                told = frame
        yield from here
        before = tuple(p for p in people if sentence.first <= p.first < sentence.last)
        named = (index, ours) if ours else named


def group_sightings(
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
            yield _sighting(document, sentence, gathering[0], dates, cues_of(document, sentence))


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
        return sentence > LEAD_SENTENCES and is_wide(bounds)
    return bounds[1] is not None and published.date() - bounds[1] > _FAR


def is_wide(bounds: tuple[date | None, date | None]) -> bool:
    """A month or a year, not a day or a week."""
    return bounds[0] is not None and bounds[1] is not None and bounds[1] - bounds[0] > WINDOW
