"""One pass over an article's words: everything the later stages look for, found once and kept with its place."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from monitor.model import SegmentKind
from monitor.reading.arabic import Token, clause_spans, tokens
from monitor.reading.phrases import Spelled
from monitor.reading.places import find_places
from monitor.reading.segment import REPORTING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import Article, Segment
    from monitor.reading.phrases import PhraseMatch
    from monitor.reading.places import PlaceMention
    from monitor.reading.words import Words

_first, _start, _end = attrgetter("first"), attrgetter("start"), attrgetter("end")
_BREAK = re.compile(r"[،:()\[\]{}؛;؟!…\n–—]|(?<!\d)[.,]|[.,](?!\d)| -+ ")
_ANNOUNCED = frozenset({SegmentKind.LIST, SegmentKind.TABLE, SegmentKind.ADVICE, SegmentKind.HEADING})
_ASKING = frozenset({"invite", "urge", "request", "demand"})
_LONGEST = 400  # words: a sentence told without a stop for longer is read in pieces
"""Whoever is asked to do something has not done it yet."""
STOP = "\n"
"""Form of the token that stands for a mark at which no phrase goes on."""
COMMA = "،"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A clause between full marks, with its token range `[first, last)`."""

    start: int
    end: int
    kind: SegmentKind
    line: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Document:
    """An article with its marks; token indices point into `tokens`, which hold break tokens too."""

    article: Article
    segments: tuple[Segment, ...]
    tokens: tuple[Token, ...]
    spelled: Spelled
    sentences: tuple[Sentence, ...]
    predicates: tuple[PhraseMatch, ...]
    offices: tuple[PhraseMatch, ...]
    ranks: tuple[PhraseMatch, ...]
    cues: tuple[PhraseMatch, ...]
    negation: tuple[PhraseMatch, ...]
    modality: tuple[PhraseMatch, ...]
    attribution: tuple[PhraseMatch, ...]
    topics: tuple[PhraseMatch, ...]
    numbers: tuple[PhraseMatch, ...]
    places: tuple[PlaceMention, ...]
    words: Words

    @property
    def text(self) -> str:
        """The text that all offsets index."""
        return self.article.text

    def within(self, matches: Sequence[PhraseMatch], first: int, last: int) -> tuple[PhraseMatch, ...]:
        """The matches that begin in the token range `[first, last)`."""
        low = bisect_left(matches, first, key=_first)
        return tuple(matches[low : bisect_left(matches, last, low, key=_first)])

    def token_at(self, offset: int) -> int:
        """Index of the first token that ends after `offset`."""
        return bisect_right(self.tokens, offset, key=_end)

    def places_in(self, start: int, end: int) -> tuple[PlaceMention, ...]:
        """The places named within `[start, end)` of the text."""
        low = bisect_left(self.places, start, key=_start)
        return tuple(self.places[low : bisect_left(self.places, end, low, key=_start)])


def annotate(article: Article, segments: tuple[Segment, ...], words: Words) -> Document:
    """Mark up the reporting parts of `article`; the other parts get no tokens at all."""
    reporting = [segment for segment in segments if segment.kind in REPORTING]
    found: list[Token] = []
    sentences: list[Sentence] = []
    for line, segment in enumerate(reporting):
        base = len(found)
        end = _without_introduction(article.text, segment, segments)
        found.extend(_with_breaks(article.text, segment.start, end))
        sentences.extend(_sentences(article.text, segment, end, line, found, base))
    marked = tuple(found)
    spelled = Spelled(marked)
    return Document(
        article=article,
        segments=segments,
        tokens=marked,
        spelled=spelled,
        sentences=tuple(sentences),
        predicates=words.predicates.find(spelled),
        offices=words.offices.find(spelled),
        ranks=words.ranks.find(spelled),
        cues=words.cues.find(spelled),
        negation=words.negation.find(spelled),
        modality=words.modality.find(spelled),
        attribution=words.attribution.find(spelled),
        topics=words.topics.find(spelled),
        numbers=words.numbers.find(spelled),
        places=_outside_names(find_places(spelled, words.places), words.people.find(spelled)),
        words=words,
    )


def _outside_names(places: Sequence[PlaceMention], names: Sequence[PhraseMatch]) -> tuple[PlaceMention, ...]:
    """The places but for those that are part of a listed name: «جورجيا ميلوني» is a woman."""
    spans = [(name.start, name.end) for name in names if name.last > name.first]
    starts = [start for start, _ in spans]

    def named(place: PlaceMention) -> bool:
        at = bisect_right(starts, place.start) - 1
        return at >= 0 and place.end <= spans[at][1]

    return tuple(place for place in places if not named(place))


def _without_introduction(text: str, segment: Segment, segments: Sequence[Segment]) -> int:
    """Where a paragraph ends without the words that announce the list or table behind it («…، ويوضح الجدول:»)."""
    following = next((s for s in segments if s.start >= segment.end), None)
    line = text[segment.start : segment.end]
    if following is None or following.kind not in _ANNOUNCED or not line.endswith(":"):
        return segment.end
    cut = max(line.rfind(mark) for mark in "،؛.\n") + 1
    return segment.start + cut if cut else segment.end


def with_verbs_settled(document: Document, heads: frozenset[int]) -> Document:
    """The document without verbs that are only verbs before their subject: «أبرز حفتر», but not «أبرز خصومه».

    Args:
        document: The marked-up article.
        heads: Tokens at which a person's phrase begins.
    """
    kept = tuple(
        match
        for match in document.predicates
        if not document.words.entry("predicates", match.key).get("before_person") or match.last + 1 in heads
    )
    return replace(document, predicates=kept)


def looking_ahead(document: Document) -> tuple[tuple[int, int], ...]:
    """Sentences that tell of what is to come: an announcing cue, or a first verb in the imperfect.

    Headlines are left out: they put what has happened into the present («حفتر يصل القاهرة»).
    """
    found = []
    for sentence in document.sentences:
        if sentence.kind is SegmentKind.TITLE:
            continue
        cues = {document.words.cue_types(m.key) for m in document.within(document.cues, sentence.first, sentence.last)}
        verbs = (
            m
            for m in document.within(document.predicates, sentence.first, sentence.last)
            if document.words.entry("predicates", m.key).get("shape") == "verb"
        )
        entries = [(m, document.words.entry("predicates", m.key)) for m in verbs]
        asks = bool(entries) and entries[0][1].get("family") in _ASKING
        event = next((m for m, entry in entries if entry.get("kind") == "event"), None)
        form = document.tokens[event.first].form.removeprefix("و") if event else ""
        if "announced" in cues or asks or form.startswith(("س", "ي", "ت")):
            found.append((sentence.start, sentence.end))
    return tuple(found)


def _with_breaks(text: str, start: int, end: int) -> Iterable[Token]:
    """Words of `text[start:end]` and a token for each mark between them, with a break at the end."""
    words = [Token(start + t.start, start + t.end, t.form) for t in tokens(text[start:end])]
    marks = [Token(m.start(), m.end(), COMMA if m.group() in "،," else STOP) for m in _BREAK.finditer(text, start, end)]
    yield from sorted([*words, *marks], key=lambda token: token.start)
    yield Token(end, end, STOP)


def _sentences(
    text: str, segment: Segment, stop: int, line: int, found: Sequence[Token], base: int
) -> Iterable[Sentence]:
    starts = [token.start for token in found[base:]]
    for start, end in clause_spans(text, segment.start, stop):
        first = base + bisect_left(starts, start)
        last = base + bisect_left(starts, end)
        for at in range(first, last, _LONGEST):
            cut = at + _LONGEST < last
            here = start if at == first else found[at].start
            until = found[at + _LONGEST].start if cut else end
            yield Sentence(here, until, segment.kind, line, at, min(at + _LONGEST, last))
