"""Offices as written: the office itself and what qualifies it, up to a chief who is named inside it.

«رئيس أركان القوات البرية بالقيادة العامة لشرق ليبيا» is one office, and so is «المبعوث الخاص للرئيس الفرنسي إيمانويل
ماكرون», whose holder is named behind it and whose chief within it. The office's countries are those of its nisbas and
possessors, not of the place where it is held («السفير الأمريكي لدى ليبيا»).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.reading.annotate import COMMA, STOP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.reading.annotate import Document
    from monitor.reading.phrases import PhraseMatch
    from monitor.reading.places import PlaceMention

_NISBA: Final = ("ي", "يه", "يين", "يون", "يتين", "يان")
_MAX_QUALIFIERS: Final = 7
_MAX_INSTITUTION_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class Office:
    """An office as written, with what it belongs to; tokens `first` to `last`, both included."""

    key: str
    start: int
    end: int
    first: int
    last: int
    text: str
    countries: tuple[str, ...]
    holder_named_inside: bool = False


@dataclass(frozen=True, slots=True)
class Chief:
    """A listed name that begins at a token: where it ends, whose country, and whether he has envoys of his own."""

    last: int
    country: str | None
    leads: bool


def places_by_token(document: Document) -> Mapping[int, PlaceMention]:
    """The place that each token belongs to."""
    index: dict[int, PlaceMention] = {}
    for place in document.places:
        for at in range(document.token_at(place.start), document.token_at(place.end - 1) + 1):
            index[at] = place
    return index


def find_offices(
    document: Document, places: Mapping[int, PlaceMention], names: Mapping[int, Chief]
) -> dict[int, Office]:
    """Every office of the document by its first token, none inside another.

    Args:
        document: The marked-up article.
        places: From `places_by_token`.
        names: The listed names by their first token.
    """
    finder = _Offices(document, places, names)
    return {office.first: office for office in finder.found()}


class _Offices:
    """Works on one document's tokens; keeps only what it was given."""

    def __init__(self, document: Document, places: Mapping[int, PlaceMention], names: Mapping[int, Chief]) -> None:
        self._doc, self._tokens = document, document.tokens
        self._marks = document.words.marks
        self._places, self._names = places, names
        self._by_first = {match.first: match for match in document.offices}
        self._ranks = {match.first for match in document.ranks}
        self._predicates = {at for m in document.predicates for at in range(m.first, m.last + 1)}

    def found(self) -> Iterator[Office]:
        covered = -1
        for match in self._doc.offices:
            if match.first > covered:
                office = self._extended(match)
                covered = office.last
                yield office

    def _extended(self, match: PhraseMatch) -> Office:
        last, named = self._qualified(match)
        last = self._end_of_institution(last)
        has_chief = any(
            self._form(at) in self._marks["chief_dative" if at == match.first else "chief"]
            for at in range(match.first, last + 1)
        )
        chief = self._names.get(last + 1)
        if not named and has_chief and chief is not None and chief.leads:
            last, named = chief.last, True
        start, end = match.start, self._tokens[last].end
        text, countries = self._doc.text[start:end], self.countries(match, last)
        return Office(match.key, start, end, match.first, last, text, countries, named)

    def _qualified(self, match: PhraseMatch) -> tuple[int, bool]:
        """The last token of the office with its qualifiers, and whether they name its chief."""
        last, named = match.last, False
        while last < match.last + _MAX_QUALIFIERS and not named:
            reach = self._qualifier_end(last + 1)
            if reach is None:
                break
            last, named = reach
        return last, named

    def _form(self, at: int) -> str:
        return self._tokens[at].form if 0 <= at < len(self._tokens) else STOP

    def _qualifier_end(self, at: int) -> tuple[int, bool] | None:
        """Where the qualifier that begins at token `at` ends, and whether it names the office's own chief."""
        if at in self._places and at not in self._names:
            return self._end_of_place(at), False
        seat = self._end_of_seat(at)
        if seat is not None:
            return seat, False
        inner = self._by_first.get(at)
        if inner is not None and (
            inner.prefix[:1] in {"ل", "ب"} or self._form(at - 1) in self._marks["in_the_name_of"]
        ):
            return self._end_of_chief(inner) if inner.prefix[:1] != "ب" else None
        form = self._form(at)
        if form in self._marks["office_qualifier"] or self._is_nisba(at, form):
            return at, False
        if form.startswith("ل") and at + 1 in self._places:
            return self._end_of_place(at + 1), False
        belongs = form.startswith(("لل", "بال")) and at not in self._predicates and at not in self._names
        return (at, False) if belongs else None

    def _is_nisba(self, at: int, form: str) -> bool:
        plain = at not in self._names and form not in self._marks["relative"]
        return plain and form.startswith("ال") and form.endswith(_NISBA)

    def _end_of_seat(self, at: int) -> int | None:
        """«في طرابلس», «في حكومة طرابلس», «في شرق البلاد», «ومقره طرابلس»."""
        form = self._form(at)
        if form in self._marks["office_link"]:
            if at + 1 in self._places and self._places[at + 1].kind != "venue":
                return self._end_of_place(at + 1)
            if at + 2 in self._places and self._form(at + 1) in self._marks["office_body"]:
                return self._end_of_place(at + 2)
            if self._form(at + 1) in self._marks["region"]:
                return at + (2 if self._form(at + 2) in self._marks["country_word"] else 1)
        if form in self._marks["seated"] and at + 1 in self._places:
            return self._end_of_place(at + 1)
        return None

    def _end_of_institution(self, last: int) -> int:
        """«أمين عام حركة مشروع تونس»: the name of a party or a company belongs to its head's office."""
        if self._form(last) not in self._marks["institution_head"]:
            return last
        end = last
        while end - last < _MAX_INSTITUTION_WORDS:
            form, at = self._form(end + 1), end + 1
            taken = at in self._names or at in self._ranks or at in self._predicates
            if form in {COMMA, STOP} or taken or form in self._doc.words.stopwords:
                break
            end += 1
        return end

    def _end_of_place(self, at: int) -> int:
        place = self._places[at]
        while self._places.get(at + 1) is place:
            at += 1
        return at

    def _end_of_chief(self, inner: PhraseMatch) -> tuple[int, bool]:
        """«للرئيس الفرنسي إيمانويل ماكرون»: an office within the office, its holder perhaps named."""
        last = inner.last
        while last + 1 in self._places:
            last = self._end_of_place(last + 1)
        chief = self._names.get(last + 1)
        return (chief.last, True) if chief is not None and chief.leads else (last, False)

    def countries(self, match: PhraseMatch, last: int) -> tuple[str, ...]:
        """The countries of the office's nisbas, of the chief named inside it, and of the office as such."""
        links = self._marks["office_link"]
        inside = range(match.first, last + 1)
        held = (self._places.get(at) for at in inside if at == match.first or self._form(at - 1) not in links)
        chiefs = (self._names.get(at) for at in inside)
        found: Iterable[str | None] = [
            *(place.country for place in held if place is not None),
            *(chief.country for chief in chiefs if chief is not None),
            self._doc.words.entry("offices", match.key).get("country"),
        ]
        return tuple(dict.fromkeys(country for country in found if country))


def chief_office(
    document: Document, places: Mapping[int, PlaceMention], outer: Office, name_first: int
) -> Office | None:
    """The inner office of «المبعوث الخاص للرئيس الفرنسي إيمانويل ماكرون», for the chief named at `name_first`."""
    inner = next((m for m in document.offices if outer.first < m.first < name_first <= m.last + 3), None)
    if inner is None:
        return None
    last = name_first - 1
    end = document.tokens[last].end
    countries = _Offices(document, places, {}).countries(inner, last)
    return Office(inner.key, inner.start, end, inner.first, last, document.text[inner.start : end], countries)
