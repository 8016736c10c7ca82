"""Sentences to clauses, each with the predicate it opens with, who speaks, how firmly, and what about.

A clause begins at a predicate of the lexicon that stands at a joint: behind a comma, a conjunction or a clause word,
or as a circumstantial participle («مؤكدا», «معربا عن»). A clause without a speaker of its own has the last one of its
line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.model import ClaimKind, Modality, Polarity, SegmentKind
from monitor.reading.annotate import COMMA, STOP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.reading.annotate import Document, Sentence
    from monitor.reading.people import Person
    from monitor.reading.phrases import PhraseMatch

_LEAST_WORDS = 3
_HEAD_WORDS = 2
"""Words before a clause's noun of event behind which some other verb, which no lexicon knows, leads it."""
_TOLD = frozenset({ClaimKind.EVENT, ClaimKind.OUTCOME})
_SPEAKER_REACH = 7
_BOTH_REACH = 3
_NEGATION_REACH = 2
_RELATIVE_REACH = 3
BOTH = "both_sides"
UNKNOWN = "?"
"""What is denied where the verb is none of the lexicon's."""

SPEECH = frozenset({ClaimKind.STATEMENT, ClaimKind.STANCE, ClaimKind.OUTCOME, ClaimKind.ANALYSIS, ClaimKind.REPORTED})
"""Kinds of clause whose subject says something; of a deed or of a subject of talks nobody is the speaker."""
_LADDER = (
    Modality.DISCUSSED,
    Modality.WISHED,
    Modality.AGREED_IN_PRINCIPLE,
    Modality.AGREED,
    Modality.SIGNED,
    Modality.IMPLEMENTED,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of one sentence, tokens `[first, last)`."""

    sentence: int
    start: int
    end: int
    first: int
    last: int
    predicate: PhraseMatch | None
    kind: ClaimKind
    family: str
    speaker: str | None
    speaker_person: Person | None
    modality: Modality
    polarity: Polarity
    denied: frozenset[str]


def find_clauses(document: Document, people: Sequence[Person]) -> tuple[Clause, ...]:
    """Every clause of the reporting sentences, in text order."""
    found: list[Clause] = []
    speaker: tuple[str | None, Person | None] = (None, None)
    line = -1
    for index, sentence in enumerate(document.sentences):
        if sentence.line != line:
            line, speaker = sentence.line, (None, None)
        for first, last in _ranges(document, sentence):
            clause = _clause(document, index, first, last, people, speaker)
            if found and clause.predicate is None and _elaborates(document, first):
                clause = _carried_on(clause, found[-1])
            if clause.kind in SPEECH and clause.speaker:
                speaker = (clause.speaker, clause.speaker_person)
            found.append(clause)
    return tuple(found)


def _elaborates(document: Document, first: int) -> bool:
    return any(
        m.first == first and document.words.cue_types(m.key) == "elaboration"
        for m in document.within(document.cues, first, first + 1)
    )


def _carried_on(clause: Clause, before: Clause) -> Clause:
    """An elaboration says more of the same: kind, speaker and step are those of the clause before it."""
    return replace(
        clause,
        kind=before.kind,
        family=before.family,
        speaker=before.speaker,
        speaker_person=before.speaker_person,
        modality=before.modality,
        polarity=before.polarity,
        denied=before.denied,
    )


def _ranges(document: Document, sentence: Sentence) -> Iterator[tuple[int, int]]:
    joints = {
        at: match.first
        for match in document.within(document.predicates, sentence.first + 1, sentence.last)
        if (at := _joint(document, match)) is not None
    }
    joints |= {match.first: match.first for match in _elaborations(document, sentence)}
    joints |= {at: at for at in _reported_joints(document, sentence)}
    joints |= {at: at for at in _behind_negated_acts(document, sentence)}
    joints |= {at: at for at in _side_clauses(document, sentence)}
    cuts = [sentence.first]
    for at, head in sorted(joints.items()):
        if at - cuts[-1] >= _LEAST_WORDS and sentence.last - head >= _LEAST_WORDS:
            cuts.append(at)
    yield from zip(cuts, [*cuts[1:], sentence.last], strict=True)


def _elaborations(document: Document, sentence: Sentence) -> Iterator[PhraseMatch]:
    """«، لا سيما …»: goes on with what was said, in more detail."""
    for match in document.within(document.cues, sentence.first + 1, sentence.last):
        if document.words.cue_types(match.key) == "elaboration" and document.tokens[match.first - 1].form == COMMA:
            yield match


def _side_clauses(document: Document, sentence: Sentence) -> Iterator[int]:
    """«، بينما …», «، كما …», «، الذي …»: behind a comma a clause word or a relative opens a claim of its own."""
    for at in range(sentence.first + 1, sentence.last):
        if document.tokens[at - 1].form != COMMA:
            continue
        form = document.tokens[at].form.removeprefix("و")
        cues = (document.words.cue_types(cue.key) for cue in document.within(document.cues, at, at + 1))
        if form in document.words.marks["side_clause"] or "clause" in cues:
            yield at


def _behind_negated_acts(document: Document, sentence: Sentence) -> Iterator[int]:
    """«عدم توقيع أي جهة على الاتفاق | يدل على …»: the deed that did not happen is a claim apart from what it shows."""
    within = document.within(document.predicates, sentence.first, sentence.last)
    for negation in document.within(document.negation, sentence.first, sentence.last):
        noun = next((m for m in within if m.first == negation.last + 1), None)
        if noun is None or document.words.entry("predicates", noun.key).get("shape") != "noun":
            continue
        verbs = (m.first for m in within if document.words.entry("predicates", m.key).get("shape") == "verb")
        behind = next((at for at in verbs if at > noun.last), None)
        if behind is not None:
            yield behind


def _reported_joints(document: Document, sentence: Sentence) -> Iterator[int]:
    """Behind «قال …:», and at «، وأن …»: what is said goes on in a clause of its own."""
    for at in range(sentence.first + 1, sentence.last):
        before = document.tokens[at - 1]
        colon = before.form == STOP and document.text[before.start : before.end] == ":"
        if colon or (before.form == COMMA and document.tokens[at].form in document.words.marks["and_that"]):
            yield at


def _joint(document: Document, match: PhraseMatch) -> int | None:
    """The token at which a clause led by `match` begins, or None inside a clause."""
    entry = document.words.entry("predicates", match.key)
    shape, before = entry.get("shape"), match.first - 1
    conjoined = match.prefix.startswith(("و", "ف"))
    after_mark = document.tokens[before].form in {COMMA, STOP}
    clause_word = _clause_word_at(document, before)
    if shape == "participle":
        return None if match.prefix.endswith(("ال", "لل")) else match.first
    if shape == "verb":
        if clause_word is not None:
            return clause_word
        return match.first if conjoined or after_mark else None
    content = entry.get("kind") in {"agenda", "outcome"}
    return match.first if content and conjoined and after_mark else None


def _clause_word_at(document: Document, token: int) -> int | None:
    cue = next((m for m in document.within(document.cues, token - 2, token + 1) if m.last == token), None)
    return cue.first if cue and document.words.cue_types(cue.key) == "clause" else None


def _clause(
    document: Document,
    index: int,
    first: int,
    last: int,
    people: Sequence[Person],
    inherited: tuple[str | None, Person | None],
) -> Clause:
    start, end = _trimmed(document, first, last)
    predicate = _leading_predicate(document, first, last)
    family, kind = "", ClaimKind.ANALYSIS
    if predicate is not None:
        entry = document.words.entry("predicates", predicate.key)
        family, kind = entry.attrs["family"], ClaimKind(entry.attrs["kind"])
        if kind in _TOLD and not _leads(document, predicate) and predicate.first - first > _HEAD_WORDS:
            kind = ClaimKind.ANALYSIS
    name, person = _speaker(document, first, last, predicate, people)
    if name is None and kind in SPEECH:
        name, person = inherited
    kind = _adjusted(document, index, first, last, kind, name)
    denied = _denied(document, first, last)
    return Clause(
        sentence=index,
        start=start,
        end=end,
        first=first,
        last=last,
        predicate=predicate,
        kind=kind,
        family=family,
        speaker=name,
        speaker_person=person,
        modality=_modality(document, first, last, predicate),
        polarity=Polarity.NEGATED if _is_negated(document, predicate, denied) else Polarity.AFFIRMED,
        denied=denied,
    )


def _trimmed(document: Document, first: int, last: int) -> tuple[int, int]:
    """Character offsets without marks at either end."""
    tokens = document.tokens[first:last]
    words = [token for token in tokens if token.form not in {COMMA, STOP}] or list(tokens)
    start, end = words[0].start, words[-1].end
    if document.text[end : end + 1] in {'"', "»", "”"}:
        end += 1
    if start > 0 and document.text[start - 1] in {'"', "«", "“"}:
        start -= 1
    return start, end


def _leading_predicate(document: Document, first: int, last: int) -> PhraseMatch | None:
    """The first finite verb or participle near the clause's head, else its first predicate."""
    found = document.within(document.predicates, first, last)
    verbs = [match for match in found if _leads(document, match)]
    return next(iter(verbs or found), None)


def _leads(document: Document, match: PhraseMatch) -> bool:
    """A verb or participle of its own; «لعقد», «لتصل» say what for."""
    shape = document.words.entry("predicates", match.key).get("shape")
    return shape != "noun" and not match.prefix.endswith(("ل", "ب"))


def _speaker(
    document: Document, first: int, last: int, predicate: PhraseMatch | None, people: Sequence[Person]
) -> tuple[str | None, Person | None]:
    """The subject: behind the verb, or before it in the same clause."""
    if predicate is None:
        return None, None
    low, high = first, min(last, predicate.last + 1 + _SPEAKER_REACH)
    for cue in document.within(document.cues, low, min(high, predicate.last + 1 + _BOTH_REACH)):
        if document.words.cue_types(cue.key) == "coreference_both":
            return BOTH, None
    starts = {(p.office.first if p.office else p.first): p for p in people}
    behind = (starts[at] for at in range(predicate.last + 1, high) if at in starts)
    before = (p for p in people if low <= p.first < predicate.first)
    person = next(behind, None) or next(before, None)
    if person is not None:
        return person.id, person
    origin = next(iter(document.within(document.attribution, low, high)), None)
    if origin is not None and document.words.entry("attribution", origin.key).attrs["type"] != "marker":
        return document.text[origin.start : origin.end], None
    places = document.places_in(
        document.tokens[predicate.last].end, document.tokens[min(high, predicate.last + 3) - 1].end
    )
    return (f"place:{places[0].country}", None) if places and places[0].country else (None, None)


def _adjusted(document: Document, index: int, first: int, last: int, kind: ClaimKind, speaker: str | None) -> ClaimKind:
    """What the surroundings make of the predicate's own kind."""
    sentence = document.sentences[index]
    cues = {document.words.cue_types(m.key) for m in document.within(document.cues, first, last)}
    if "analysis" in cues:
        return ClaimKind.ANALYSIS
    if sentence.kind in {SegmentKind.LIST, SegmentKind.TABLE}:
        return ClaimKind.AGENDA
    if kind in {ClaimKind.STATEMENT, ClaimKind.STANCE} and speaker == BOTH:
        return ClaimKind.OUTCOME
    if kind is ClaimKind.STATEMENT and speaker and speaker.startswith("place:") and speaker != "place:LY":
        return ClaimKind.STANCE
    return kind


def _modality(document: Document, first: int, last: int, predicate: PhraseMatch | None) -> Modality:
    """The step said: a phrase of the modality table before the predicate's own; the lowest where they differ.

    «بحث سبل …» never exceeds discussed, and «رغبة في» stays a wish, whatever is wished for.
    """
    steps = [
        Modality(document.words.entry("modality", m.key).attrs["step"])
        for m in document.within(document.modality, first, last)
    ]
    own = document.words.entry("predicates", predicate.key).get("modality") if predicate else None
    if own:
        steps.append(Modality(own))
    aside = [step for step in steps if step not in _LADDER]
    if aside:
        return aside[0]
    soft = [step for step in steps if step in {Modality.WISHED, Modality.AGREED_IN_PRINCIPLE}]
    if soft:
        return soft[0]
    return max(steps, key=_LADDER.index, default=Modality.ASSERTED)


def _is_negated(document: Document, predicate: PhraseMatch | None, denied: frozenset[str]) -> bool:
    """Something is denied in it, or its predicate is a denial that is not itself denied («لم ينف …»)."""
    if denied or predicate is None:
        return bool(denied)
    before = document.within(document.negation, predicate.first - _NEGATION_REACH, predicate.first)
    return document.words.entry("predicates", predicate.key).get("polarity") == "negated" and not before


def _denied(document: Document, first: int, last: int) -> frozenset[str]:
    """The families of the predicates that the clause says are not so; `UNKNOWN` for a verb of no family.

    What is negated inside a relative clause («الاتفاقية التي لم يصادق عليها …») says nothing of the clause around it.
    """
    acts = document.within(document.predicates, first, last)
    found: set[str] = set()
    for match in document.within(document.negation, first, last):
        before = document.tokens[max(first, match.first - _RELATIVE_REACH) : match.first]
        if not any(token.form.removeprefix("و") in document.words.marks["relative"] for token in before):
            found.update(_negated_by(document, match, acts))
    return frozenset(found)


def _negated_by(document: Document, match: PhraseMatch, acts: Sequence[PhraseMatch]) -> Iterator[str]:
    """A denial governs all that follows it, a particle what stands close behind; to deny a denial is none."""
    kind = document.words.entry("negation", match.key).attrs["type"]
    if kind == "failure":
        return
    reach = len(document.tokens) if kind == "denial" else match.last + _NEGATION_REACH
    governed = [m for m in acts if match.first <= m.first <= reach]
    entries = [document.words.entry("predicates", m.key) for m in governed]
    if kind != "denial" and any(entry.get("polarity") == "negated" for entry in entries):
        return
    yield from (entry.attrs["family"] for entry in entries)
    if not entries and kind != "particle":
        yield UNKNOWN
