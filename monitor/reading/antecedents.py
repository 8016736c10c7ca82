"""Who is meant where a sentence does not say it: «استقبله», «اجتماعه», «كلاهما», «المقابلة», «طرفا النزاع».

A frame without its principal or its foreign side takes it from its own sentence or one nearby, where words point there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from monitor.reading.families import GATHERING, INVITE, JOINING, MEETING, MOVE, TALK
from monitor.reading.frames import actors_of, is_reference, is_topic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.reading.annotate import Document, Sentence
    from monitor.reading.families import Frame
    from monitor.reading.people import Person

LEAD_SENTENCES: Final = 4
"""Sentences after the headline in which an article says what it is about."""
_JOINED_LINES: Final = 3
_TWO_MEN: Final = frozenset({"both_men", "they_two"})
_NAMED_REACH: Final = 2
"""Sentences around a gathering in which those are named whom it calls «طرفا النزاع»."""
Named: TypeAlias = "tuple[int, tuple[Person, ...]]"
"""Principals last named, and the sentence that names them."""


def cues_of(document: Document, sentence: Sentence) -> set[str]:
    """The types of the cues in a sentence."""
    return {document.words.cue_types(m.key) for m in document.within(document.cues, sentence.first, sentence.last)}


def completed(
    document: Document, frame: Frame, told: Frame | None, named: Named, before: Sequence[Person]
) -> Frame | None:
    """The frame with a principal and a foreign side, its own or one from a sentence nearby.

    `before` is everybody named in the sentence before it, where that names a principal too.
    """
    if frame.principals:
        return _with_foreign_side(document, frame, told)
    if frame.has_foreign_side and frame.family in MEETING and named[1]:
        return _with_principal(document, frame, named, before)
    return None


def _with_foreign_side(document: Document, frame: Frame, told: Frame | None) -> Frame | None:
    """The frame where it is whole, or with the foreign side of the meeting told of before it."""
    agreed = frame.family == "agree" and bool(frame.foreigners)
    if agreed or (frame.has_foreign_side and frame.family in MEETING):
        journey = frame.family in MOVE and not frame.foreigners
        told_early = frame.sentence <= LEAD_SENTENCES or told is not None
        return frame if told_early or not journey or _has_purpose(document, frame) else None
    joins = frame.family in JOINING and (told is None or told.family in GATHERING or told.family in MOVE)
    joins = joins or (told is not None and has_object(document, frame))
    if told is None or not joins or frame.has_foreign_side:
        return None
    near = document.sentences[frame.sentence].line - document.sentences[told.sentence].line <= _JOINED_LINES
    joined = near or frame.family in {"sign", "agree"}
    return replace(frame, foreigners=told.foreigners, places=told.places, bodies=told.bodies) if joined else None


def _with_principal(document: Document, frame: Frame, named: Named, before: Sequence[Person]) -> Frame | None:
    """The frame with the principal whom its own sentence, or the one before it, names and it points back to."""
    last, principals = named
    away = frame.sentence - last
    if away <= 1 and frame.foreigners and not frame.others and _refers_to(document, frame, here=away == 0):
        return replace(frame, principals=principals[-1:])
    if away != 1:
        return None
    if _speaks_of_both(document, frame):
        return replace(frame, principals=principals)
    alone = len({p.id for p in before}) == 1 and not frame.others and not is_topic(document, principals[0])
    return replace(frame, principals=principals) if alone and is_his(document, frame) else None


def _refers_to(document: Document, frame: Frame, *, here: bool) -> bool:
    return has_object(document, frame) or (here and is_his(document, frame))


def is_his(document: Document, frame: Frame) -> bool:
    """«فاجتماعه بالخبراء»: of the one named in the sentence before."""
    token = document.tokens[frame.predicate.last]
    noun = document.words.entry("predicates", frame.predicate.key).get("shape") == "noun"
    return noun and document.text[token.start : token.end].endswith("ه")


def of_those_named(document: Document, frame: Frame, people: Sequence[Person]) -> Frame | None:
    """A gathering of «طرفا النزاع», or «المقابلة» with nobody named: of those whom the sentences around it name."""
    if frame.principals or frame.others or frame.family not in GATHERING:
        return None
    last = min(frame.sentence + _NAMED_REACH + 1, len(document.sentences))
    near = {
        index: actors_of(document, document.sentences[index], people)
        for index in range(max(0, frame.sentence - _NAMED_REACH), last)
    }
    if (frame.foreigners or frame.abroad) and "collective" in cues_of(document, document.sentences[frame.sentence]):
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


def has_object(document: Document, frame: Frame) -> bool:
    """«استقبله», «التقاه», «بحث معه»: the object is the one named just before."""
    if document.words.entry("predicates", frame.predicate.key).get("shape") != "verb":
        return False
    if frame.family in {"receive", "meet"} and document.tokens[frame.predicate.last].form.endswith(("ه", "ها", "هم")):
        return True
    behind = document.tokens[frame.predicate.last + 1].form if frame.predicate.last + 1 < len(document.tokens) else ""
    return frame.family in TALK and behind in document.words.marks["with_him"]


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
