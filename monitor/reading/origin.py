"""Whom an article has it from, and what that is worth.

A *readout* speaks with the party's own voice or names its statement as the text's source; a *named origin* cites
somebody; *low* is a text with no origin and no quote, most of all a template rewrite, known by its own marks: one key
phrase repeated, advice lists, tables of effects.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from monitor.model import EvidenceGrade, SegmentKind
from monitor.reading.annotate import COMMA, STOP

if TYPE_CHECKING:
    from monitor.reading.annotate import Document

_PHRASE_WORDS: Final = 4
_STUFFED: Final = 4
"""Times one four-word phrase recurs in a template rewrite (measured: 4 to 9; 1 to 2 in readouts of the same length)."""
_FORMULAE: Final = 5
"""Speech clauses in a row without any attribution, as only a readout has."""
_MAX_ORIGIN_WORDS: Final = 12


def named_origin(document: Document) -> str | None:
    """The first origin the article names, as written, from the attribution to the next mark."""
    for match in document.attribution:
        kind = document.words.entry("attribution", match.key).attrs["type"]
        if kind not in {"readout", "agency", "outlet"}:
            continue
        last = match.last
        limit = min(len(document.tokens) - 1, match.first + _MAX_ORIGIN_WORDS)
        while last < limit and document.tokens[last + 1].form not in {COMMA, STOP}:
            last += 1
        return document.text[match.start : document.tokens[last].end]
    return None


def grade(document: Document, origin: str | None) -> EvidenceGrade:
    """What stands behind the article as a whole."""
    if is_template(document):
        return EvidenceGrade.LOW
    types = {document.words.entry("attribution", m.key).attrs["type"] for m in document.attribution}
    if origin is None and _speech_clauses(document) >= _FORMULAE:
        return EvidenceGrade.READOUT
    if types & {"readout", "agency", "outlet", "named_source", "social"}:
        return EvidenceGrade.NAMED_ORIGIN
    return EvidenceGrade.LOW


def is_template(document: Document) -> bool:
    """A rewrite stuffed with one phrase, or one that gives advice or tables of effects."""
    if any(segment.kind is SegmentKind.ADVICE for segment in document.segments):
        return True
    words = [token.form for token in document.tokens]
    phrases = Counter(
        tuple(words[at : at + _PHRASE_WORDS])
        for at in range(len(words) - _PHRASE_WORDS + 1)
        if not {COMMA, STOP} & set(words[at : at + _PHRASE_WORDS])
    )
    return max(phrases.values(), default=0) >= _STUFFED


def _speech_clauses(document: Document) -> int:
    kinds = (document.words.entry("predicates", m.key) for m in document.predicates)
    return sum(entry.get("kind") == "statement" and entry.get("shape") != "noun" for entry in kinds)
