"""One sentence as a claim by itself, whatever it is about: what `compare` holds against another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.model import Article, ClaimKind, Mention, Modality, Polarity, Segment, SegmentKind, Statement
from monitor.reading.annotate import annotate
from monitor.reading.claims import content_terms
from monitor.reading.clauses import find_clauses
from monitor.reading.content import content_words
from monitor.reading.people import find_people
from monitor.reading.words import words_of

if TYPE_CHECKING:
    from monitor.reading.annotate import Document
    from monitor.reading.clauses import Clause
    from monitor.reading.people import Person
    from monitor.reading.words import ReadConfig

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def read_statement(text: str, config: ReadConfig) -> Statement:
    """Read `text`, a headline or a sentence, as one claim: its slots (persons, places, numbers, step), its words."""
    article = Article(id="", url="", title=text, text=text, outlet="", fetched_at=_NO_TIME)
    segment = Segment(kind=SegmentKind.BODY, start=0, end=len(text))
    document = annotate(article, (segment,), words_of(config))
    people = find_people(document)
    clauses = find_clauses(document, people)
    first = next((clause for clause in clauses if clause.predicate is not None), None)
    mention = Mention(
        kind=first.kind if first else ClaimKind.ANALYSIS,
        start=0,
        end=len(text),
        quote=text,
        predicate=first.family if first else "",
        speaker=first.speaker if first else None,
        modality=_step(clauses),
        polarity=_polarity(document),
        slots=_slots(document, people),
        terms=content_terms(document, 0, len(document.tokens)),
    )
    return Statement(mention=mention, words=content_words(document))


def _step(clauses: tuple[Clause, ...]) -> Modality:
    return next((c.modality for c in clauses if c.modality is not Modality.ASSERTED), Modality.ASSERTED)


def _polarity(document: Document) -> Polarity:
    """Negated by an odd number of negations and denials."""
    negations = sum(document.words.negates(m.key) for m in document.negation)
    return Polarity.NEGATED if negations % 2 else Polarity.AFFIRMED


def _slots(document: Document, people: tuple[Person, ...]) -> tuple[tuple[str, str], ...]:
    slots = {("topic", match.key) for match in document.topics}
    slots |= {("person", person.id) for person in people if person.listed in {"principal", "figure"}}
    slots |= {("place", place.id) for place in document.places if place.kind in {"city", "country", "demonym"}}
    slots |= {("number", token.form) for token in document.tokens if token.form.isdigit()}
    return tuple(sorted(slots))
