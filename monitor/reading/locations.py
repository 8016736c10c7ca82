"""Is a place named as where something happens? «في روما», «موسكو: …», «احتضنت أبوظبي …»; not every name is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.reading.annotate import COMMA, STOP

if TYPE_CHECKING:
    from monitor.reading.annotate import Document
    from monitor.reading.phrases import PhraseMatch
    from monitor.reading.places import PlaceMention

_HOSTED: Final = frozenset({"host", "convene"})
"""Families whose subject may be the place itself («باريس تستضيف …»)."""
_ENTERED: Final = frozenset({"visit", "arrive", "travel", "depart", "host"})
"""Families whose place needs no preposition («زار روما»)."""
_HOST_REACH: Final = 2
_OBJECT_REACH: Final = 8
_WAY_REACH: Final = 14
"""Words behind a verb of motion among which its goal is named."""
_GOVERNING: Final = frozenset({"mediate", "sponsor", "invite"})


def is_location(document: Document, place: PlaceMention, match: PhraseMatch) -> bool:
    """Whether `place` is where the predicate `match` happens, by the words around its name."""
    if place.kind == "venue":
        return True
    if place.kind not in {"city", "country"}:
        return False
    at = document.token_at(place.start)
    return (
        _is_dateline(document, at)
        or _is_behind_host(document, at)
        or _is_beside(document, at, match)
        or _has_particle(document, place, at)
        or _has_preposition(document, at, match)
    )


def is_side(document: Document, place: PlaceMention, match: PhraseMatch) -> bool:
    """«وساطة مصرية», «برعاية أممية»: the nisba names who mediates, hosts or invites."""
    near = 0 <= document.token_at(place.start) - match.last <= 1
    return place.kind == "demonym" and near and _family(document, match) in _GOVERNING


def _family(document: Document, match: PhraseMatch) -> str:
    return document.words.entry("predicates", match.key).attrs["family"]


def _is_dateline(document: Document, at: int) -> bool:
    """«موسكو: …»: a place that opens the line, with a colon or a dash behind it."""
    following = document.tokens[at + 1] if at + 1 < len(document.tokens) else None
    opens = at == 0 or document.tokens[at - 1].form == STOP
    return opens and following is not None and document.text[following.start : following.end].strip() in {":", "-", "–"}


def _is_behind_host(document: Document, at: int) -> bool:
    """«احتضنت أبوظبي …», «شهدت العاصمة الفرنسية باريس …»: the subject of a hosting verb is where it happens."""
    return any(
        at - _HOST_REACH <= match.last < at and _family(document, match) in _HOSTED
        for match in document.within(document.predicates, at - 3, at)
    )


def _is_beside(document: Document, at: int, match: PhraseMatch) -> bool:
    """«باريس تستضيف», «قمة باريس», «زار … روما»: straight before a host, behind an event noun, or a move's object."""
    family = _family(document, match)
    if at == match.first - 1 and family in _HOSTED:
        return True
    if at == match.last + 1 and document.words.entry("predicates", match.key).get("shape") != "verb":
        return True
    between = {token.form for token in document.tokens[max(0, at - 2) : at]}
    return family in _ENTERED and 0 < at - match.last <= _OBJECT_REACH and STOP not in between


def _has_particle(document: Document, place: PlaceMention, at: int) -> bool:
    """«بباريس», «لروما», «وبموسكو»."""
    token = document.tokens[at]
    prefix = document.text[token.start : place.start].removeprefix("و")
    return prefix[:1] in {"ب", "ل"}


def _has_preposition(document: Document, at: int, match: PhraseMatch) -> bool:
    """«في روما», «إلى العاصمة الإيطالية روما», «قصر … العاصمة» straight behind the predicate."""
    before = [token.form for token in document.tokens[max(0, at - 2) : at]]
    if not before or (_family(document, match) in _ENTERED and at - match.last > _WAY_REACH):
        return False
    locative, nouns = document.words.marks["locative"], document.words.marks["place_noun"]
    if before[-1] in locative or (len(before) > 1 and before[-2] in locative and before[-1] != COMMA):
        return True
    return before[-1] in nouns and at - 1 <= match.last + 1
