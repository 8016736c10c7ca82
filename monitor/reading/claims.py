"""What an article claims: every typed facet, and every clause that says something of a meeting it tells of.

A clause's contents are compared later by `terms`: topic ids («t:…») for the concepts it names, and the lemmas of its
other content words. Words that only say who speaks, and function words, do not count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from monitor.model import ClaimKind, Mention, Polarity, SegmentKind, Slots
from monitor.reading.annotate import COMMA, STOP
from monitor.reading.arabic import fold, term
from monitor.reading.clauses import SPEECH, find_clauses
from monitor.reading.facets import event_facets, person_facets
from monitor.reading.families import MEETING
from monitor.reading.people import LIBYA
from monitor.reading.quantities import quantities

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from monitor.reading.annotate import Document, Sentence
    from monitor.reading.clauses import Clause
    from monitor.reading.dates import DateMention
    from monitor.reading.meeting import Found
    from monitor.reading.people import Person
    from monitor.reading.phrases import PhraseMatch

TOPIC: Final = "t:"
_LEAST_TERMS: Final = 2
_MARKS: Final = frozenset({COMMA, STOP})
_NUMBERS: Final = frozenset({"number", "count"})
_INTRODUCES: Final = (":",)
_OUTCOME_NOUNS: Final = frozenset({"agree", "sign"})


def find_mentions(
    document: Document, people: Sequence[Person], found: Found, dates: Sequence[DateMention], origin: str | None
) -> tuple[Mention, ...]:
    """Every claim of an article with meetings, in text order; none where it tells of no meeting."""
    if not found.meetings:
        return ()
    homes = _homes(document, people, found)
    mentions: list[Mention] = []
    clauses = find_clauses(document, people)
    for index, sentence in enumerate(document.sentences):
        home = homes.get(index)
        if home is None:
            continue
        here = [p for p in people if sentence.start <= p.start < sentence.end]
        parties = _parties(found, home)
        facets = [
            *person_facets(document, sentence, here, home, parties),
            *event_facets(document, sentence, found, home, dates),
        ]
        mentions.extend(facets)
        mentions.extend(
            mention
            for mention in _contents(document, clauses, (index, home), people, dates, origin, found.by_sentence.keys())
            if not _is_faceted(mention, facets)
        )
    mentions.extend(_attributions(document, homes))
    unique = {(m.kind, m.start, m.end, m.subject, m.slots): m for m in mentions}
    return tuple(sorted(unique.values(), key=lambda m: (m.start, m.end, m.kind)))


def _homes(document: Document, people: Sequence[Person], found: Found) -> dict[int, int]:
    """The meeting each sentence speaks of: its own sighting's, else the article's main one where it is about it."""
    homes = dict(found.by_sentence)
    if not found.meetings[0].main:
        return homes
    other_side = _other_side(document, found)
    about = {
        sentence.line
        for index, sentence in enumerate(document.sentences)
        if index in homes or _is_about(document, sentence, people) or other_side.speaks_in(document, sentence)
    }
    for index, sentence in enumerate(document.sentences):
        if index not in homes and (sentence.line in about or (index - 1 in homes and _goes_on(document, sentence))):
            homes[index] = 0
    return homes


def _goes_on(document: Document, sentence: Sentence) -> bool:
    """«كما شدد على …», «وأكد أن …»: opens with a joined verb of speech, so whoever spoke before goes on."""
    also = document.tokens[sentence.first].form in document.words.marks["also"]
    first = sentence.first + also
    verb = next(iter(document.within(document.predicates, first, first + 1)), None)
    if sentence.kind is not SegmentKind.BODY or verb is None or not (also or verb.prefix.startswith(("و", "ف"))):
        return False
    behind = document.tokens[verb.last + 1].form if verb.last + 1 < sentence.last else "ال"
    subject = behind.startswith("ال") and verb.first == verb.last  # «وأكد السفير», but not «وشدد على أهمية الحوار»
    entry = document.words.entry("predicates", verb.key)
    return entry.get("shape") == "verb" and entry.get("kind") in SPEECH and not subject


@dataclass(frozen=True, slots=True)
class _OtherSide:
    """What the foreign side of the main meeting is called once it has been named: its country, «السفير», «الاتحاد»."""

    countries: frozenset[str]
    short: frozenset[str]

    def speaks_in(self, document: Document, sentence: Sentence) -> bool:
        """Whether the sentence names it as such, or opens with it as the subject of its verb."""
        named = {place.country for place in document.places_in(sentence.start, sentence.end)}
        tokens = document.tokens[sentence.first : sentence.last]
        return bool(named & self.countries) or any(token.form.removeprefix("و") in self.short for token in tokens)


def _other_side(document: Document, found: Found) -> _OtherSide:
    told = [p for s in found.sightings if found.by_sentence.get(s.sentence) == 0 for p in s.counterparts]
    countries = {c.country for c in found.meetings[0].counterparts} | {found.meetings[0].country}
    offices = {document.tokens[p.office.first].form for p in told if p.office}
    bodies = {
        fold(form).split()[0]
        for entry in document.words.entries["organisations"].values()
        if entry.get("code") in countries
        for form in entry.forms
    }
    return _OtherSide(
        countries=frozenset(c for c in countries if c and c != LIBYA),
        short=frozenset("ال" + word.removeprefix("ال") for word in offices | bodies),
    )


def _is_about(document: Document, sentence: Sentence, people: Sequence[Person]) -> bool:
    """Somebody watched or met, the meeting itself, both sides, or Libya is named in the sentence."""
    if sentence.kind in {SegmentKind.LIST, SegmentKind.TABLE}:
        return True
    if any(sentence.start <= p.start < sentence.end and (p.listed == "principal" or p.foreign) for p in people):
        return True
    families = {
        document.words.entry("predicates", m.key).attrs["family"]
        for m in document.within(document.predicates, sentence.first, sentence.last)
    }
    cues = {document.words.cue_types(m.key) for m in document.within(document.cues, sentence.first, sentence.last)}
    libya = any(p.country == LIBYA for p in document.places_in(sentence.start, sentence.end))
    return bool(families & (MEETING | _OUTCOME_NOUNS)) or "coreference_both" in cues or libya


def _parties(found: Found, home: int) -> frozenset[str]:
    told = [s for s in found.sightings if found.by_sentence.get(s.sentence) == home]
    return frozenset(p.id for s in told for p in (*s.principals, *s.counterparts, *s.others))


def _says_something(document: Document, clause: Clause) -> bool:
    """Not an introduction to a list, and at least two content words."""
    if document.text[clause.end : clause.end + 1] in _INTRODUCES or document.text[clause.end - 1] in _INTRODUCES:
        return False
    if clause.polarity is Polarity.NEGATED and clause.predicate is not None:
        return True
    least = _LEAST_TERMS if clause.predicate is None else 1
    if clause.predicate is not None and next(quantities(document, clause.first, clause.last), None):
        return True
    return len(content_terms(document, clause.first, clause.last)) >= least


def _contents(
    document: Document,
    clauses: Sequence[Clause],
    place: tuple[int, int],
    people: Sequence[Person],
    dates: Sequence[DateMention],
    origin: str | None,
    sighted: Collection[int],
) -> Iterator[Mention]:
    """The clauses of one sentence that say something, as mentions; `place` is the sentence and its meeting."""
    index, home = place
    for clause in clauses:
        if clause.sentence == index and _says_something(document, clause):
            mention = _content(document, clause, home, people, dates, origin)
            headline = clause.predicate is None and document.sentences[index].kind is SegmentKind.TITLE
            yield _as_event(document, mention) if headline and index in sighted else mention


def _as_event(document: Document, mention: Mention) -> Mention:
    """«حفتر في روما» is no analysis: a headline without a verb says who was where, and with whom."""
    tokens = (document.token_at(place.start) for place in document.places_in(mention.start, mention.end))
    places = {term(document.text[document.tokens[at].start : document.tokens[at].end]) for at in tokens}
    rest = tuple(one for one in mention.terms if one not in places)
    return replace(mention, kind=ClaimKind.EVENT, predicate="visit", speaker=None, terms=rest)


def _is_faceted(mention: Mention, facets: Sequence[Mention]) -> bool:
    """Whether typed facets tell the whole of the clause's event or participants already; a number is more."""
    if mention.kind not in {ClaimKind.EVENT, ClaimKind.PARTICIPANT} or _NUMBERS & {name for name, _ in mention.slots}:
        return False
    return any(f.kind is mention.kind and f.start < mention.end and mention.start < f.end for f in facets)


def _content(
    document: Document,
    clause: Clause,
    meeting: int,
    people: Sequence[Person],
    dates: Sequence[DateMention],
    origin: str | None,
) -> Mention:
    skip = _speaker_tokens(clause, people) | _dated_tokens(document, clause, dates)
    skip |= _attributed_tokens(document, clause)
    slots = _content_slots(document, clause, people, dates)
    return Mention(
        kind=clause.kind,
        start=clause.start,
        end=clause.end,
        quote=document.text[clause.start : clause.end],
        meeting=meeting,
        subject="",
        predicate=clause.family,
        speaker=clause.speaker if clause.kind in SPEECH else None,
        origin=origin,
        modality=clause.modality,
        polarity=clause.polarity,
        slots=slots,
        terms=tuple(sorted({*content_terms(document, clause.first, clause.last, skip), *_counted(slots)})),
    )


def _counted(slots: Slots) -> Iterator[str]:
    """What is counted is content, however little the word says by itself («أربعة محاور»)."""
    return (value.partition(" ")[2] for name, value in slots if name in _NUMBERS)


def _dated_tokens(document: Document, clause: Clause, dates: Sequence[DateMention]) -> frozenset[int]:
    """Tokens of dates: when it was is no content of a clause."""
    inside = [d for d in dates if clause.start <= d.start < clause.end]
    ranges = (range(document.token_at(d.start), document.token_at(d.end - 1) + 1) for d in inside)
    return frozenset(at for tokens in ranges for at in tokens if at < clause.last)


def _attributed_tokens(document: Document, clause: Clause) -> frozenset[int]:
    """«بحسب بيان نشره المكتب»: whom a clause has it from is no content of it, unless it opens with that."""
    found = document.within(document.attribution, clause.first + 1, clause.last)
    ends = (_attribution_end(document, match, clause.last) for match in found)
    return frozenset(at for match, end in zip(found, ends, strict=True) for at in range(match.first, end))


def _attribution_end(document: Document, match: PhraseMatch, last: int) -> int:
    """The token behind an attribution: at the next mark, or where what is attributed begins («… أن»)."""
    stops = {COMMA, STOP} | document.words.marks["that"] | document.words.marks["said_that"]
    return next((at for at in range(match.last + 1, last) if document.tokens[at].form in stops), last)


def _speaker_tokens(clause: Clause, people: Sequence[Person]) -> frozenset[int]:
    """Tokens of names, ranks and offices: who is meant is a slot, not content."""
    inside = [p for p in people if clause.first <= p.first < clause.last]
    ranges = [range(p.office.first, p.office.last + 1) for p in inside if p.office]
    ranges += [range(p.rank.first if p.rank else p.first, p.last + 1) for p in inside]
    return frozenset(at for span in ranges for at in span)


def content_terms(document: Document, first: int, last: int, skip: frozenset[int] = frozenset()) -> tuple[str, ...]:
    """Topic ids and content lemmas of tokens `[first, last)`, sorted, each once."""
    words = document.words
    found: set[str] = set()
    covered: set[int] = set(skip)
    for match in document.within(document.topics, first, last):
        found.add(TOPIC + match.key)
        covered.update(range(match.first, match.last + 1))
    covered.update(_function_tokens(document, first, last))
    for at in range(first, last):
        token = document.tokens[at]
        if at in covered or token.form in words.stopwords or token.form in words.calendar or token.form in _MARKS:
            continue
        lemma = term(document.text[token.start : token.end])
        if len(lemma) > 1 and lemma not in words.stopwords:
            found.add(words.synonyms.get(token.form) or words.synonyms.get(lemma) or lemma)
    return tuple(sorted(found))


def _function_tokens(document: Document, first: int, last: int) -> Iterator[int]:
    """Tokens of speech verbs, cues, negations and numbers: they are slots of their own."""
    for match in document.within(document.predicates, first, last):
        object_told = document.words.entry("predicates", match.key).get("kind") == "outcome"
        yield from range(match.first, match.first + 1 if object_told else match.last + 1)
    yield from (at for at in range(first, last) if document.tokens[at].form.isdigit())
    for group in (document.cues, document.negation, document.numbers):
        for match in document.within(group, first, last):
            yield from range(match.first, match.last + 1)


def _content_slots(
    document: Document, clause: Clause, people: Sequence[Person], dates: Sequence[DateMention]
) -> tuple[tuple[str, str], ...]:
    slots: set[tuple[str, str]] = set()
    start, end = clause.start, clause.end
    slots.update(("topic", m.key) for m in document.within(document.topics, clause.first, clause.last))
    slots.update(
        ("place", p.id) for p in document.places_in(start, end) if p.kind in {"city", "venue"} and p.country != LIBYA
    )
    slots.update(("names", p.country) for p in document.places_in(start, end) if p.country not in {None, LIBYA})
    counted = quantities(document, clause.first, clause.last, dates)
    slots.update(("count" if noun in document.words.counted else "number", f"{n} {noun}") for n, noun in counted)
    slots.update(("act", family) for family in _acts(document, clause))
    slots.update(("denied", family) for family in clause.denied)
    named = (p for p in people if clause.first <= p.first < clause.last and p.listed != "office")
    slots.update(("person", person.id) for person in named)
    if clause.speaker and clause.kind in SPEECH:
        slots.add(("speaker", clause.speaker))
    return tuple(sorted(slots))


def _acts(document: Document, clause: Clause) -> set[str]:
    """Families of the clause's other predicates: what is said to have been done inside «قال إن …»."""
    found = document.within(document.predicates, clause.first, clause.last)
    return {document.words.entry("predicates", match.key).attrs["family"] for match in found} - {clause.family}


def _attributions(document: Document, homes: dict[int, int]) -> Iterator[Mention]:
    """«وفق بيان …»: who the article says it has it from."""
    for index, home in homes.items():
        sentence = document.sentences[index]
        for match in document.within(document.attribution, sentence.first, sentence.last):
            if document.words.entry("attribution", match.key).attrs["type"] != "readout":
                continue
            at = _attribution_end(document, match, sentence.last)
            end = document.tokens[at - 1].end
            yield Mention(
                kind=ClaimKind.ATTRIBUTION,
                start=match.start,
                end=end,
                quote=document.text[match.start : end],
                meeting=home,
                predicate="attribution",
                slots=(("origin", " ".join(content_terms(document, match.first, at))),),
            )
