"""The content words of a sentence, in order, each with all that another sentence may say it by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from monitor.model import ContentWord
from monitor.reading.annotate import COMMA, STOP
from monitor.reading.arabic import stem, term, unprefixed
from monitor.reading.roots import skeletons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reading.annotate import Document
    from monitor.reading.arabic import Token
    from monitor.reading.places import PlaceMention

_TURNING: Final = frozenset({"particle", "denial"})
_LEAST_COUNT: Final = 3
"""«واحد» and «ثاني» more often tell which than how many."""
_FIGURE: Final = re.compile(r"[وفبكل]*(\d+(?:[.,٫]\d+)?)")
"""A figure, with particles before it or a word grown onto it («25عاما»)."""


def content_words(document: Document) -> tuple[ContentWord, ...]:
    """Every word that is no function word; a place of several words is one, and a negation counts as a word."""
    found: list[ContentWord] = []
    sides = {match.first: match.key for match in document.words.antonyms.find(document.spelled)}
    places = dict(_places(document))
    turning = _turning(document)
    at = 0
    while at < len(document.tokens):
        place, last = places.get(at, (None, at))
        token = document.tokens[at]
        if place is not None:
            found.append(_place(token, place))
        elif at in turning or not _is_function(document, token):
            found.append(_word(document, at, sides.get(at), turns=at in turning))
        at = last + 1
    return tuple(found)


def _places(document: Document) -> Iterator[tuple[int, tuple[PlaceMention, int]]]:
    for place in document.places:
        if place.kind in {"city", "country", "demonym"} and place.country:
            yield document.token_at(place.start), (place, document.token_at(place.end - 1))


def _place(token: Token, place: PlaceMention) -> ContentWord:
    country = place.country or place.id
    return ContentWord(form=token.form, place=(place.id if place.kind == "city" else country, country))


def _word(document: Document, at: int, side: str | None, *, turns: bool) -> ContentWord:
    words, token = document.words, document.tokens[at]
    number = _number(document, at)
    if number:
        return ContentWord(form=token.form, number=number)
    lemma = term(document.text[token.start : token.end])
    side = side or words.lone_antonyms.get(lemma)
    groups = {words.synonyms.get(reading) for reading in (token.form, lemma, *unprefixed(token.form))} - {None}
    return ContentWord(
        form=token.form,
        keys=frozenset({f"={lemma}", f"~{stem(token.form)}"})
        | {f"s:{group}" for group in groups}
        | {f"r:{root}" for root in skeletons(token.form) | skeletons(lemma)},
        sides=frozenset({side} if side else ()),
        against=words.opposed.get(side, frozenset()) if side else frozenset(),
        turns=turns or (side is not None and words.entry("antonyms", side).get("turns") is not None),
    )


def _number(document: Document, at: int) -> str:
    figure = _FIGURE.match(document.tokens[at].form)
    if figure:
        return figure.group(1).replace("٫", ".").replace(",", ".").lstrip("0") or "0"
    for match in document.within(document.numbers, at, at + 1):
        value = document.words.entry("numbers", match.key).attrs["value"]
        if int(value) >= _LEAST_COUNT and value.strip("0") not in {"", "1"}:
            return value
    return ""


def _is_function(document: Document, token: Token) -> bool:
    if token.form in {COMMA, STOP} or token.form in document.words.stopwords:
        return True
    if any(letter.isdigit() for letter in token.form):
        return False
    lemma = term(document.text[token.start : token.end])
    return len(lemma) < 2 or lemma in document.words.stopwords  # noqa: PLR2004 - one letter is a particle


def _turning(document: Document) -> frozenset[int]:
    """Tokens that negate or deny what stands beside them.

    Not those inside a phrase that has a side of its own («لا يزال», «غير رسمي»), nor before a number («دون 74»).
    """
    words, tokens = document.words, document.tokens
    found = {at for at, token in enumerate(tokens) if token.form in words.marks["negator"]}
    found |= {m.first for m in document.negation if words.entry("negation", m.key).attrs["type"] in _TURNING}
    phrases = (range(m.first, m.last + 1) for m in words.antonyms.find(tokens) if m.last > m.first)
    found -= {at for phrase in phrases for at in phrase}
    return frozenset(at for at in found if at + 1 >= len(tokens) or not _number(document, at + 1))
