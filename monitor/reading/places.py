"""Where: countries (by name or nisba), cities, venues and organisations named in a text.

All forms stand in one index, so that the longest wins across files: «قصر الإمارات» is a house in Abu Dhabi and not
the country. What is ambiguous is settled by the rest of the text: a weak form («مالي») counts only where the same
place is named by a strong one too, and of two places of one name («عمان») the one whose country is named nearest.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from monitor.reading.arabic import fold
from monitor.reading.phrases import PhraseIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from monitor.lexicon import Entry, Lexicon
    from monitor.reading.arabic import Token
    from monitor.reading.phrases import Spelled

PlaceKind: TypeAlias = Literal["country", "demonym", "city", "venue", "organisation"]

_FILES: tuple[tuple[str, PlaceKind], ...] = (
    ("cities", "city"),
    ("countries", "country"),
    ("venues", "venue"),
    ("organisations", "organisation"),
)
"""In the order in which they win where nothing else in the text decides."""
_NOT_A_PLACE = "not_a_"
"""Entries whose id begins so hold longer phrases that would be mistaken for a place."""
_ARTICLES = ("ال", "لل")
_EXACT: frozenset[PlaceKind] = frozenset({"country", "demonym", "city"})
"""Kinds whose forms without an article never take one: «المالي» is finance, not Mali."""
_FAR = 1 << 30


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place named at `[start, end)`, leading particles not included.

    `country` is ISO 3166 alpha-2 in capitals; for an organisation its code, None where it is in no one country.
    """

    kind: PlaceKind
    id: str
    country: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Form:
    """One written form and what it stands for."""

    kind: PlaceKind
    id: str
    country: str | None
    weak: bool
    article: bool

    @property
    def place(self) -> tuple[str, str]:
        """What a weak form needs to be confirmed: a country by anything in it, the rest by itself."""
        return ("country", self.country or "") if self.kind in {"country", "demonym"} else (self.kind, self.id)


@dataclass(frozen=True, slots=True)
class _Found:
    form: _Form
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class PlaceIndex:
    """Every form of the place files; build it once with `from_lexicon`."""

    phrases: PhraseIndex
    forms: Mapping[str, _Form]

    @classmethod
    def from_lexicon(cls, lexicon: Lexicon) -> PlaceIndex:
        """Index cities, countries, venues and organisations; a file that is missing adds nothing."""
        written = [
            (text, form)
            for file, kind in _FILES
            for entry in lexicon.entries(file)
            for text, form in _forms(entry, kind)
        ]
        keyed = {str(number): form for number, (_, form) in enumerate(written)}
        return cls(PhraseIndex((text, str(number)) for number, (text, _) in enumerate(written)), keyed)


def find_places(tokens: Spelled | Sequence[Token], index: PlaceIndex) -> tuple[PlaceMention, ...]:
    """Places named in `tokens`, in order, never overlapping, one mention for each stretch of text."""
    spans: defaultdict[tuple[int, int], list[_Found]] = defaultdict(list)
    for match in index.phrases.find(tokens):
        form = index.forms[match.key]
        article_taken_off = match.prefix.endswith(_ARTICLES) and not form.article
        if not (article_taken_off and form.kind in _EXACT):
            spans[match.first, match.last].append(_Found(form, match.start, match.end))
    known = [group[0] for group in spans.values() if len(group) == 1 and not group[0].form.weak]
    chosen = (_choose(group, known) for group in spans.values())
    return tuple(
        PlaceMention(found.form.kind, found.form.id, found.form.country, found.start, found.end)
        for found in chosen
        if found is not None and not found.form.id.startswith(_NOT_A_PLACE)
    )


def _choose(group: Sequence[_Found], known: Sequence[_Found]) -> _Found | None:
    """Of forms with one span the one to believe, by what the text names beyond doubt."""
    places = {place for found in known for place in (found.form.place, ("country", found.form.country or ""))}
    standing = [found for found in group if not found.form.weak or found.form.place in places]
    if len(standing) < 2:  # noqa: PLR2004 - two are needed for a choice
        return standing[0] if standing else None
    return min(standing, key=lambda found: _distance(found, known))


def _distance(found: _Found, known: Sequence[_Found]) -> int:
    """Characters from `found` to the nearest sure mention of its country."""
    return min(
        (abs(other.start - found.start) for other in known if other.form.country == found.form.country),
        default=_FAR,
    )


def _forms(entry: Entry, kind: PlaceKind) -> Iterator[tuple[str, _Form]]:
    country = entry.get("country") or entry.get("code") or (entry.id.upper() if kind == "country" else None)
    names = int(entry.get("names") or len(entry.forms))
    weak = {fold(form) for form in (entry.get("weak") or "").split("|")}
    for number, text in enumerate(entry.forms):
        article = fold(text).startswith(_ARTICLES[0])
        shown: PlaceKind = "demonym" if kind == "country" and number >= names else kind
        yield text, _Form(shown, entry.id, country, fold(text) in weak, article)
