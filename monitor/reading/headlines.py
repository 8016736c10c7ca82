"""Headlines without a verb: where a principal is («حفتر في روما»), and who is with him («حفتر - ميتسوتاكيس: …»)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from monitor.reading.families import Frame
from monitor.reading.people import LIBYA
from monitor.reading.phrases import PhraseMatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.reading.annotate import Document
    from monitor.reading.people import Person

_PRESENCE: Final = "visit_presence"
_PAIR: Final = "face_to_face"
_ADJACENT: Final = 2


def verbless(document: Document, index: int, actors: Sequence[Person]) -> tuple[Frame, ...]:
    """What a headline says with no predicate of its own; `index` is its sentence, `actors` who may act in it."""
    return (*_presences(document, index, actors), *_pairs(document, index, actors))


def coordinated(document: Document, before: Sequence[Person]) -> tuple[Person, ...]:
    """The last person and those joined to him by «و»."""
    found = [before[-1]]
    for person in reversed(before[:-1]):
        at = found[-1].head
        if at - person.tail > _ADJACENT or document.text[document.tokens[at].start] != "و":
            break
        found.append(person)
    return tuple(reversed(found))


def _pairs(document: Document, index: int, actors: Sequence[Person]) -> Iterator[Frame]:
    """«خالد حفتر ويفكوروف: …», «صدام حفتر مع قائد أفريكوم»: a headline that says no more than who was with whom."""
    for one, other in pairwise(sorted(actors, key=lambda person: person.head)):
        between = [token.form for token in document.tokens[one.tail + 1 : other.head]]
        joined = document.text[document.tokens[other.head].start] == "و" and not between
        marks = document.words.marks["beside"]
        joined = joined or (len(between) == 1 and (between[0] in marks or _is_dash(document, one.tail + 1)))
        pair = (one, other)
        if not joined or {p.listed == "principal" for p in pair} != {True, False} or not any(p.foreign for p in pair):
            continue
        yield Frame(
            sentence=index,
            predicate=PhraseMatch(_PAIR, one.tail, other.head, document.tokens[one.tail].end, other.start),
            family=document.words.entry("predicates", _PAIR).attrs["family"],
            principals=tuple(p for p in pair if p.listed == "principal"),
            foreigners=tuple(p for p in pair if p.foreign),
            others=(),
            places=(),
            bodies=(),
            start=document.tokens[one.head].start,
            end=document.tokens[other.tail].end,
        )


def _is_dash(document: Document, at: int) -> bool:
    token = document.tokens[at]
    return document.text[token.start : token.end].strip() in {"-", "–", "—"}


def _presences(document: Document, index: int, actors: Sequence[Person]) -> Iterator[Frame]:
    """«حفتر في روما»: a headline that says no more than where he is."""
    for person in actors:
        at = person.tail + 1
        reach = document.tokens[min(at + 1, len(document.tokens) - 1)].end
        place = next(iter(document.places_in(document.tokens[person.tail].end, reach)), None)
        if person.listed != "principal" or place is None or place.kind not in {"city", "country"}:
            continue
        first = document.token_at(place.start)
        there = first == at and document.text[document.tokens[at].start : place.start] == "ب"
        there = there or (first == at + 1 and document.tokens[at].form in document.words.marks["locative"])
        if not there or place.country == LIBYA:
            continue
        here = PhraseMatch(_PRESENCE, at, first, document.tokens[at].start, place.end)
        beside = coordinated(document, [p for p in actors if p.last <= person.last])
        yield Frame(
            sentence=index,
            predicate=here,
            family=document.words.entry("predicates", _PRESENCE).attrs["family"],
            principals=tuple(p for p in beside if p.listed == "principal"),
            foreigners=tuple(p for p in beside if p.foreign),
            others=tuple(p for p in beside if p.listed != "principal" and not p.foreign),
            places=(place,),
            bodies=(),
            start=document.tokens[person.head].start,
            end=place.end,
        )
