"""The small typed claims in a sentence: who took part, as what, of which rank, whose kin, where, by whose invitation.

Each is a mention over just the words that say it. Their slots are functional: two values for one slot cannot both hold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from monitor.model import ClaimKind, Mention, Modality, Polarity, Slots
from monitor.reading.annotate import COMMA, STOP
from monitor.reading.arabic import fold, term
from monitor.reading.families import CALL, MEETING, MOVE
from monitor.reading.frames import is_denied
from monitor.reading.locations import is_location
from monitor.reading.people import LIBYA
from monitor.reading.quantities import quantities

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.reading.annotate import Document, Sentence
    from monitor.reading.dates import DateMention
    from monitor.reading.meeting import Found
    from monitor.reading.offices import Office
    from monitor.reading.people import Person
    from monitor.reading.phrases import PhraseMatch

_GENERALS: Final = range(8, 13)
"""Levels in ranks.toml from brigadier to field marshal."""
_SEAT_WORDS: Final = 5
_EVENT_REACH: Final = 12
"""Words after an event's predicate among which its place may stand."""
_ATTEND_REACH: Final = 6
_ATTENDING: Final = frozenset({"attend", "take_part", "include", "accompany"})
_OBJECT_REACH: Final = 3
_ABSENT_REACH: Final = 5
_NEGATED_REACH: Final = 3
_PARTICLES: Final = frozenset({"particle", "verbal"})
_MEASURED: Final = frozenset({"last"})
"""«لم تتجاوز ساعة» is a length too: what is denied is that it was longer."""
_STATUS: Final = {"cancel": "cancelled", "postpone": "postponed"}
_GATHER: Final = frozenset({"meet", "receive", "convene", "talk", "negotiate", "summit", "conference"})


def office_slots(office: Office, document: Document) -> Slots:
    """An office as comparable slots: its key and head, what it belongs to, and the terms it is written with."""
    entry = document.words.entry("offices", office.key)
    slots = [("office", office.key), *[("office_country", code) for code in office.countries]]
    if head := entry.get("head"):
        slots.append(("head", head))
    forms = {token.form for token in document.tokens[office.first : office.last + 1]}
    if entry.get("descriptor") or forms & document.words.marks["former"]:
        slots.append(("descriptor", "yes"))
    slots.append(("class", entry.attrs["class"]))
    tokens = document.tokens[office.first : office.last + 1]
    slots.extend(("term", term(document.text[t.start : t.end])) for t in tokens if t.form not in {COMMA, STOP})
    return tuple(sorted(set(slots)))


def rank_slots(rank: PhraseMatch, document: Document) -> Slots:
    """A rank and its level; «الجنرال» says no more than that it is one of the levels of generals."""
    entry = document.words.entry("ranks", rank.key)
    levels = [entry.attrs["level"]] if entry.attrs["level"] != "0" else [str(level) for level in _GENERALS]
    return tuple(sorted([("rank", rank.key), *(("rank_level", level) for level in levels)]))


def person_facets(
    document: Document, sentence: Sentence, people: Sequence[Person], meeting: int | None, participants: frozenset[str]
) -> Iterator[Mention]:
    """Participant, role and rank claims of the people named in one sentence."""
    for person in people:
        start, end = person.span
        absent = _is_absent(document, sentence, person) or (
            person.id in participants and is_denied(document, sentence, person.head)
        )
        attends = absent or person.id in participants or _attends(document, sentence, person)
        if attends and person.acting and meeting is not None:
            yield _mention(
                document,
                ClaimKind.PARTICIPANT,
                (start, end),
                meeting=meeting,
                subject=person.id,
                slots=(("participant", person.id),),
                polarity=Polarity.NEGATED if absent else Polarity.AFFIRMED,
            )
        chief = person.office is not None and person.office.start < person.start and person.end < person.office.end
        if person.office is not None and not chief and person.listed != "office" and person.form != person.office.text:
            span = (min(person.office.start, person.start), max(person.office.end, person.end))
            yield _mention(
                document, ClaimKind.ROLE, span, subject=person.id, slots=office_slots(person.office, document)
            )
        if person.rank is not None:
            span = (person.rank.start, person.end)
            slots = rank_slots(person.rank, document)
            yield _mention(document, ClaimKind.RANK, span, subject=person.id, slots=slots)
    yield from _kinship(document, sentence, people)


def _attends(document: Document, sentence: Sentence, person: Person) -> bool:
    """«وحضر جانبا منها …», «ضم الوفد …»: named behind a verb of taking part."""
    before = document.within(document.predicates, max(sentence.first, person.head - _ATTEND_REACH), person.head)
    return any(document.words.entry("predicates", m.key).get("family") in _ATTENDING for m in before)


def _is_absent(document: Document, sentence: Sentence, person: Person) -> bool:
    """«لم يحضر», «لم يكن حاضرا», «غاب», «غياب» beside the name: he is said not to have taken part."""
    near = range(person.head - _ABSENT_REACH, person.tail + _ABSENT_REACH + 1)
    for match in document.within(document.predicates, sentence.first, sentence.last):
        if match.first not in near:
            continue
        entry = document.words.entry("predicates", match.key)
        if entry.get("family") == "absent":
            return True
        denied = document.within(document.negation, match.first - _NEGATED_REACH, match.first)
        particle = any(document.words.entry("negation", m.key).attrs["type"] in _PARTICLES for m in denied)
        if particle and entry.get("family") in {"attend", "take_part", "meet"}:
            return True
    return False


def _kinship(document: Document, sentence: Sentence, people: Sequence[Person]) -> Iterator[Mention]:
    for cue in document.within(document.cues, sentence.first, sentence.last):
        if document.words.cue_types(cue.key) != "kinship":
            continue
        reach = (cue.first + 1, cue.last + 4)
        of = next((p for p in people if reach[0] <= (p.rank.first if p.rank else p.first) <= reach[1]), None)
        if of is not None and of.listed == "principal":
            relation = fold(document.text[cue.start : cue.end])
            yield _mention(
                document,
                ClaimKind.KINSHIP,
                (cue.start, of.end),
                subject=of.id,
                slots=(("kin", cue.key), ("kin_form", relation)),
            )


def event_facets(
    document: Document, sentence: Sentence, found: Found, meeting: int, dates: Sequence[DateMention]
) -> Iterator[Mention]:
    """Where, by whose invitation, under whose auspices and when, as said around each event predicate."""
    for match in document.within(document.predicates, sentence.first, sentence.last):
        entry = document.words.entry("predicates", match.key)
        family = entry.attrs["family"]
        denied = family not in _MEASURED and is_denied(document, sentence, match.first)
        polarity = Polarity.NEGATED if denied else Polarity.AFFIRMED
        yield from (
            replace(facet, polarity=polarity) for facet in _facets_of(document, sentence, match, family, meeting)
        )
    yield from _seat_facets(document, sentence, meeting)
    yield from _date_facets(document, sentence, found, meeting, dates)


def _facets_of(
    document: Document, sentence: Sentence, match: PhraseMatch, family: str, meeting: int
) -> Iterator[Mention]:
    """The facets around one event predicate."""
    if family in MEETING | CALL:
        yield from _place_facets(document, sentence, match, family, meeting)
    if family in {"invite", "sponsor", "host"}:
        yield _side_facet(document, sentence, match, family, meeting)
    if family == "last":
        yield from _length_facets(document, sentence, match, meeting)
    if family in _STATUS and _is_of_meeting(document, sentence, match):
        yield _status_facet(document, sentence, match, family, meeting)


def _place_facets(
    document: Document, sentence: Sentence, match: PhraseMatch, family: str, meeting: int
) -> Iterator[Mention]:
    stop = _clause_end(document, match.last + 1, min(sentence.last, match.last + 1 + _EVENT_REACH))
    start, end = document.tokens[match.first].start, document.tokens[stop - 1].end
    begin = match.start
    for place in document.places_in(start, end):
        if place.country in {None, LIBYA} or not is_location(document, place, match):
            continue
        slot = "venue" if place.kind == "venue" else "place"
        event = "departure" if family == "depart" else "travel" if family in MOVE else "meeting"
        slots = [("event", event), (slot, place.id), ("country", place.country or "")]
        yield _mention(
            document, ClaimKind.EVENT, (begin, place.end), meeting=meeting, slots=tuple(sorted(slots)), predicate=family
        )


def _length_facets(document: Document, sentence: Sentence, match: PhraseMatch, meeting: int) -> Iterator[Mention]:
    """«دام اللقاء ساعتين»: how long it took."""
    stop = min(sentence.last, match.last + 1 + _EVENT_REACH)
    for number, unit in quantities(document, match.last, stop):
        if unit in document.words.unit_terms:
            end = document.tokens[_clause_end(document, match.last + 1, stop) - 1].end
            slots = (("event", "duration"), ("number", f"{number} {unit}"))
            yield _mention(
                document, ClaimKind.EVENT, (match.start, end), meeting=meeting, slots=slots, predicate="last"
            )
            return


def _is_of_meeting(document: Document, sentence: Sentence, match: PhraseMatch) -> bool:
    """«إلغاء الزيارة», «الرحلة … ألغيت»: what is cancelled is the meeting or the journey, not anything else."""
    behind = document.within(document.predicates, match.last + 1, match.last + 1 + _OBJECT_REACH)
    verb = document.words.entry("predicates", match.key).get("shape") == "verb"
    before = document.within(document.predicates, sentence.first, match.first) if verb else ()
    entries = (document.words.entry("predicates", m.key) for m in (*behind, *before))
    return any(entry.get("shape") == "noun" and entry.get("family") in MEETING for entry in entries)


def _status_facet(document: Document, sentence: Sentence, match: PhraseMatch, family: str, meeting: int) -> Mention:
    """«ألغيت», «أجلت»: the meeting, or the journey, did not come about as announced."""
    stop = _clause_end(document, match.last + 1, min(sentence.last, match.last + 1 + _EVENT_REACH))
    end = document.tokens[stop - 1].end
    slots = (("event", "status"), ("status", _STATUS[family]))
    return _mention(document, ClaimKind.EVENT, (match.start, end), meeting=meeting, slots=slots, predicate=family)


def _seat_facets(document: Document, sentence: Sentence, meeting: int) -> Iterator[Mention]:
    """«في مقر قيادة القوات البرية»: a house that the lexicon does not list, by its words."""
    for at in range(sentence.first + 1, sentence.last):
        form = document.tokens[at].form
        seat = (
            form
            if form in document.words.marks["seat"]
            else form[1:]
            if form.startswith("ب") and form[1:] in document.words.marks["seat"]
            else None
        )
        if seat is None or (seat == form and document.tokens[at - 1].form not in document.words.marks["locative"]):
            continue
        stop = min(_clause_end(document, at + 1, min(sentence.last, at + 1 + _SEAT_WORDS)), sentence.last)
        cities = document.places_in(document.tokens[at].start, document.tokens[stop - 1].end)
        named = [
            t for t in document.tokens[at:stop] if not any(p.start <= t.start < p.end or t.end == p.end for p in cities)
        ]
        words = [document.text[t.start : t.end] for t in named]
        if any(p.kind == "venue" for p in cities) or len(words) < 2:  # noqa: PLR2004 - «في مقر» alone names no house
            continue
        slots = [("event", "seat"), ("seat", seat), *(("seat_term", term(word)) for word in words[1:])]
        start = document.tokens[at].start
        yield _mention(
            document,
            ClaimKind.EVENT,
            (start, document.tokens[stop - 1].end),
            meeting=meeting,
            slots=tuple(sorted(set(slots))),
            predicate="seat",
        )


def _side_facet(document: Document, sentence: Sentence, match: PhraseMatch, family: str, meeting: int) -> Mention:
    stop = _clause_end(document, match.last + 1, min(sentence.last, match.last + 1 + _EVENT_REACH), through=family)
    end = document.tokens[stop - 1].end
    sides = {place.country for place in document.places_in(match.start, end) if place.country}
    slots = [("event", family), *(("by", side) for side in sides if side != LIBYA)]
    return _mention(
        document, ClaimKind.EVENT, (match.start, end), meeting=meeting, slots=tuple(sorted(slots)), predicate=family
    )


def _date_facets(
    document: Document, sentence: Sentence, found: Found, meeting: int, dates: Sequence[DateMention]
) -> Iterator[Mention]:
    """The date of the meeting, where the sentence tells of it and the date lies within its bounds."""
    told = found.meetings[meeting]
    for mention in dates:
        if not sentence.start <= mention.start < sentence.end:
            continue
        if told.date_from and (mention.date_from, mention.date_to) == (told.date_from, told.date_to):
            slots = [("date", f"{mention.date_from}..{mention.date_to}"), ("event", "date")]
            if (step := _dated_step(document, sentence, mention)) is not None:
                slots.append(("of", step))
            yield _mention(
                document,
                ClaimKind.EVENT,
                (mention.start, mention.end),
                meeting=meeting,
                slots=tuple(sorted(slots)),
                predicate="date",
            )


def _dated_step(document: Document, sentence: Sentence, mention: DateMention) -> str | None:
    """Whether it is the journey or the meeting that is dated, by the event predicate nearest to the date."""
    events = [
        (abs(match.start - mention.start), document.words.entry("predicates", match.key).attrs["family"])
        for match in document.within(document.predicates, sentence.first, sentence.last)
    ]
    told = [(distance, family) for distance, family in events if family in MEETING | CALL]
    family = min(told, default=(0, None))[1]
    return None if family is None else "journey" if family in MOVE else "meeting"


def _clause_end(document: Document, first: int, last: int, *, through: str = "") -> int:
    """The token after the clause that goes on from `first`: at the next mark, or at a verb of another family."""
    entries = (
        (m.first, document.words.entry("predicates", m.key)) for m in document.within(document.predicates, first, last)
    )
    starts = {at for at, entry in entries if entry.get("shape") != "noun" and entry.get("family") != through}
    for at in range(first, last):
        if document.tokens[at].form in {COMMA, STOP} or at in starts:
            return max(at, first)
    return last


def _mention(
    document: Document,
    kind: ClaimKind,
    span: tuple[int, int],
    *,
    meeting: int | None = None,
    subject: str = "",
    slots: Slots = (),
    predicate: str = "",
    polarity: Polarity = Polarity.AFFIRMED,
) -> Mention:
    start, end = span
    return Mention(
        kind=kind,
        start=start,
        end=end,
        quote=document.text[start:end],
        meeting=meeting,
        subject=subject,
        predicate=predicate or kind.value,
        slots=slots,
        modality=Modality.ASSERTED,
        polarity=polarity,
    )
