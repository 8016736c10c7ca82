"""Who is an argument of which meeting predicate: the little syntax that tells a participant from a bystander.

Arabic news puts the verb first («التقى حفتر لودريان»), drops a subject that has been named («وصل حفتر … وعقد اجتماعا»),
and hangs a second meeting on a noun («خلال لقائه مع …»). So the arguments of a predicate are its subject, explicit or
carried on, and everybody named between it and the next finite verb. Whoever stands behind «بشأن» or «ضد» is a topic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.model import SegmentKind
from monitor.reading.arabic import with_particle
from monitor.reading.families import JOINING, MEETING, MOVE, Frame
from monitor.reading.headlines import coordinated, verbless
from monitor.reading.locations import is_location, is_side
from monitor.reading.people import LIBYA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.reading.annotate import Document, Sentence
    from monitor.reading.people import Person
    from monitor.reading.phrases import PhraseMatch
    from monitor.reading.places import PlaceMention

_NO_SUBJECT: Final = frozenset({"sponsor", "sign", "agree", "include"})
"""Families in which only those named behind the predicate take part."""
_OWNED: Final = frozenset({"receive", "visit"})
"""Event nouns whose guest, or traveller, stands behind «ل»: «مراسم استقبال لنائب القائد العام»."""
_ADJACENT: Final = 2
_OWNER_REACH: Final = 5
_SUBJECT_REACH: Final = 8
_COMPANY_REACH: Final = 3
_NEGATED_REACH: Final = 3
_INSTITUTION_REACH: Final = 3
_OWN_OBJECT_REACH: Final = 2


def sentence_frames(document: Document, index: int, sentence: Sentence, people: Sequence[Person]) -> tuple[Frame, ...]:
    """The meeting frames of one sentence, in text order."""
    actors = actors_of(document, sentence, people)
    verbs = [m for m in document.within(document.predicates, sentence.first, sentence.last) if _is_verb(document, m)]
    told = tuple(
        _frame(document, index, sentence, match, actors, verbs)
        for match in document.within(document.predicates, sentence.first, sentence.last)
        if _family(document, match) in MEETING | JOINING
    )
    whole = any(frame.has_foreign_side and frame.principals for frame in told)
    return told if whole or sentence.kind is not SegmentKind.TITLE else (*told, *verbless(document, index, actors))


def actors_of(document: Document, sentence: Sentence, people: Sequence[Person]) -> tuple[Person, ...]:
    """Who may act in a sentence: no chief inside another's office, no topic, no subject of another clause."""
    here = tuple(p for p in people if sentence.first <= p.first < sentence.last)
    nested = {p.start for p in here for o in here if o.office and o.office.start < p.start < o.office.end}
    acting = (p for p in here if p.start not in nested and p.acting and not is_topic(document, p))
    return tuple(p for p in acting if not _is_of_a_relative(document, p))


def _is_verb(document: Document, match: PhraseMatch) -> bool:
    return document.words.entry("predicates", match.key).get("shape") == "verb"


def is_topic(document: Document, person: Person) -> bool:
    """Behind a word that makes him what is talked about, not who acts."""
    before = person.head - 1
    return before >= 0 and document.tokens[before].form in document.words.marks["topic"]


def _is_beneficiary(document: Document, person: Person, match: PhraseMatch) -> bool:
    """«سحب دعمها للواء حفتر»: behind a «ل» that is not the predicate's own, he is given something, and does nothing."""
    at = person.head
    owned = not _is_verb(document, match) and _family(document, match) in _OWNED
    if owned and at - match.last <= _OWNER_REACH:
        return False
    return document.tokens[at].form.startswith("ل") and at - match.last > _OWN_OBJECT_REACH


def _family(document: Document, match: PhraseMatch) -> str:
    return document.words.entry("predicates", match.key).attrs["family"]


def _is_of_a_relative(document: Document, person: Person) -> bool:
    """«الهجوم الذي يشنه حفتر»: the subject of a clause that says something else of somebody else."""
    at = person.head - 1
    if at < 1 or document.tokens[at - 1].form not in document.words.marks["relative"]:
        return False
    beside = document.within(document.predicates, at - _ADJACENT, at + 1)
    return not any(match.last in {at - _ADJACENT, at} for match in beside)


def _frame(
    document: Document,
    index: int,
    sentence: Sentence,
    match: PhraseMatch,
    actors: Sequence[Person],
    verbs: Sequence[PhraseMatch],
) -> Frame:
    stop = _scope_end(document, sentence, match, verbs)
    behind = [p for p in actors if match.last < p.head < stop and not _is_beneficiary(document, p, match)]
    family = _family(document, match)
    subjects = _subjects(document, match, actors, behind)
    if family in _NO_SUBJECT and not (subjects and match.first - subjects[-1].tail <= _ADJACENT):
        subjects = ()
    if is_reference(document, match) and not _in_company(document, match):
        behind = [p for p in behind if p.head - match.last == 1]
    arguments = tuple(dict.fromkeys([*subjects, *behind]))
    end = document.tokens[stop - 1].end
    begin = _scope_start(document, sentence, match, verbs)
    places = document.places_in(document.tokens[begin].start, end)
    offices = [p.office for p in arguments if p.office]
    free = [p for p in places if not any(o.start <= p.start < o.end for o in offices)]
    return Frame(
        sentence=index,
        predicate=match,
        family=family,
        principals=tuple(p for p in arguments if p.listed == "principal"),
        foreigners=tuple(p for p in arguments if p.foreign),
        others=tuple(p for p in arguments if p.listed != "principal" and not p.foreign),
        places=tuple(p for p in free if is_location(document, p, match) or is_side(document, p, match)),
        bodies=(
            *(p for p in free if p.kind == "organisation"),
            *_institutions(document, document.tokens[sentence.first].start, end),
        ),
        start=document.tokens[begin].start,
        end=end,
    )


def is_reference(document: Document, match: PhraseMatch) -> bool:
    """«خلال الاجتماع»: a definite event noun refers to a meeting, and does not say who is at it."""
    if _is_verb(document, match):
        return False
    return match.prefix.endswith(("ال", "لل")) or document.tokens[match.first].form.startswith(
        ("ال", "لل", "بال", "وال")
    )


def _in_company(document: Document, match: PhraseMatch) -> bool:
    """«اللقاء بين …», «الاجتماع الذي جمعه مع …»: who is at it follows after all."""
    following = [token.form for token in document.tokens[match.last + 1 : match.last + 1 + _COMPANY_REACH]]
    return bool(document.words.marks["company"] & set(following)) or bool(
        document.words.marks["relative"] & set(following[:1])
    )


def _institutions(document: Document, start: int, end: int) -> Iterator[PlaceMention]:
    """«وزارة الخارجية اليونانية», «وفدا فرنسيا»: an institution, or people without names, of another country."""
    for place in document.places_in(start, end):
        if place.kind != "demonym" or place.country in {None, LIBYA}:
            continue
        at = document.token_at(place.start)
        near = document.within(document.cues, at - _INSTITUTION_REACH, at)
        if any(document.words.cue_types(cue.key) == "institution" for cue in near):
            yield place


def _scope_start(document: Document, sentence: Sentence, match: PhraseMatch, verbs: Sequence[PhraseMatch]) -> int:
    """Where the predicate's own words begin: behind the finite verb, or the «أن», before it."""
    after_verb = max((verb.last + 1 for verb in verbs if verb.last < match.first), default=sentence.first)
    that = (
        at + 1 for at in range(sentence.first, match.first) if document.tokens[at].form in document.words.marks["that"]
    )
    return min(match.first, max(after_verb, max(that, default=sentence.first)))


def _scope_end(document: Document, sentence: Sentence, match: PhraseMatch, verbs: Sequence[PhraseMatch]) -> int:
    """The token at which the predicate's arguments end: the next finite verb that is not a relative clause's."""
    for verb in verbs:
        if verb.first <= match.last:
            continue
        that = next(
            (
                at
                for at in range(match.last + 1, verb.first)
                if document.tokens[at].form in document.words.marks["that"]
            ),
            None,
        )
        if that is not None:
            return that
        before = document.tokens[verb.first - 1].form
        if before in document.words.marks["relative"]:
            continue
        return verb.first
    rest = range(match.last + 1, sentence.last)
    return next((at for at in rest if document.tokens[at].form in document.words.marks["that"]), sentence.last)


def _subjects(
    document: Document, match: PhraseMatch, actors: Sequence[Person], behind: Sequence[Person]
) -> tuple[Person, ...]:
    """The subject before the predicate: straight before it («السيسي وحفتر يبحثان»), or carried on."""
    before = [p for p in actors if p.last < match.first]
    if not before:
        return ()
    if match.first - before[-1].tail <= _ADJACENT and not match.prefix.startswith("ف"):
        return coordinated(document, before)
    if behind and _is_verb(document, match) and behind[0].head - match.last <= _SUBJECT_REACH:
        between = document.tokens[match.last + 1 : behind[0].head + 1]
        governed = {t.form for t in between[:-1]} & document.words.marks["object_preposition"]
        own = not governed and not (between and with_particle(between[0].form))
        if own and not _has_other_subject(document, match, behind):
            return ()
    if len(before) > 1 and _is_of_both(document, match):
        return tuple(before[-2:])
    return (_carried_on(document, match, before),)


def _has_other_subject(document: Document, match: PhraseMatch, behind: Sequence[Person]) -> bool:
    """«… ميلوني إلى بنغازي حيث تلتقي حفتر»: the one man behind the verb is its object.

    He is where the clause goes on with «حيث» or «ثم», or where the verb has a woman for its subject.
    """
    form = document.tokens[match.first].form.removeprefix("و")
    woman = form.endswith("ت") or form.startswith(("ت", "ست"))
    goes_on = document.tokens[match.first - 1].form in document.words.marks["goes_on"]
    return len(behind) == 1 and (goes_on or (woman and behind[0].listed == "principal"))


def _carried_on(document: Document, match: PhraseMatch, before: Sequence[Person]) -> Person:
    """Whom a verb without a subject goes on with: the last named, but not a host («لبى حفتر دعوة الرئيس، فوصل»)."""
    principal = next((p for p in reversed(before) if p.listed == "principal"), None)
    moves = _family(document, match) in MOVE
    return principal if moves and before[-1].foreign and principal is not None else before[-1]


def _is_of_both(document: Document, match: PhraseMatch) -> bool:
    """«خلال لقاء جمعهما», «في اجتماعهما»: of the two who were named before."""
    following = document.tokens[match.last + 1 : match.last + 1 + _COMPANY_REACH]
    return document.tokens[match.last].form.endswith("هما") or any(
        token.form in document.words.marks["of_both"] for token in following
    )


def _behind_event(document: Document, sentence: Sentence, at: int) -> Iterator[PhraseMatch]:
    """The negation of «اللقاء … لم يعقد»: straight behind the noun, or before the verb that says it was held."""
    for negation in document.within(document.negation, at + 1, sentence.last):
        held = document.within(document.predicates, negation.first + 1, negation.last + 2)
        if negation.first == at + 1 or any(_family(document, match) == "convene" for match in held):
            yield negation


def is_denied(document: Document, sentence: Sentence, at: int) -> bool:
    """Whether what stands at token `at` is denied: behind «نفى … أن», straight behind «لم», before «لم يعقد»."""
    for match in document.within(document.predicates, sentence.first, at):
        if document.words.entry("predicates", match.key).get("family") == "deny":
            return True
    near = document.within(document.negation, max(sentence.first, at - _NEGATED_REACH), at)
    if any(m.first == at and not _is_verb(document, m) for m in document.within(document.predicates, at, at + 1)):
        near = (*near, *_behind_event(document, sentence, at))
    return any(document.words.negates(m.key) for m in near)


def frames(document: Document, people: Sequence[Person]) -> Iterator[tuple[int, tuple[Frame, ...]]]:
    """Sentence index and frames, for every sentence."""
    for index, sentence in enumerate(document.sentences):
        yield index, sentence_frames(document, index, sentence, people)
