"""What a reader sees for the product's own words, and for the ids of people, places and offices. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from monitor.lexicon import Entry, Lexicon

_SIDE_FILES = ("countries", "organisations")
_NAMED_FILES = (*_SIDE_FILES, "cities", "venues", "offices", "ranks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The product's own words: language ("ar", "en") -> table -> key -> text, as `labels.toml` holds them.

    `nouns` are what is counted: language -> what -> form of the number -> text, where `{n}` stands for the number.
    """

    tables: Mapping[str, Mapping[str, Mapping[str, str]]]
    nouns: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)

    def of(self, language: str, table: str, key: str) -> str:
        """The text, or `key` itself where the file lacks it: a reader gets a letter in any case."""
        return self.tables.get(language, {}).get(table, {}).get(key, key)

    def counted(self, language: str, what: str, n: int) -> str:
        """So many of them, in the form that the number asks for: «تنبيهان», «3 تنبيهات», «11 تنبيهاً»."""
        forms = self.nouns.get(language, {}).get(what, {})
        form = forms.get(_plural(language, n)) or forms.get("other", f"{{n}} {what}")
        return form.format(n=n)

    def day(self, language: str, day: date) -> str:
        """A day with its month in words."""
        return f"{day.day} {self.of(language, 'month', str(day.month))} {day.year}"

    def moment(self, language: str, moment: datetime) -> str:
        """A moment of UTC, to the minute."""
        phrase = self.of(language, "phrase", "at_time")
        return phrase.format(day=self.day(language, moment.date()), time=moment.strftime("%H:%M"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What ids are called: language ("ar", "en") -> id -> name. An id without a name is shown as it stands.

    `sides` maps a country's or organisation's code to the folded words by which a text names it, `fold` is how.
    `feeds` maps a feed's id to its outlet.
    """

    people: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    terms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fold: Callable[[str], str] = str.casefold
    feeds: Mapping[str, str] = field(default_factory=dict)

    def person(self, language: str, person: str) -> str:
        """The person's name; for an id without one, its words."""
        return self.people.get(language, {}).get(person) or person.replace("_", " ")

    def term(self, language: str, term: str) -> str:
        """What a country, city, venue, office or organisation is called."""
        return self.terms.get(language, {}).get(term) or term.replace("_", " ")

    def anyone(self, language: str, name: str) -> str:
        """The name of what may be a person's id, a term's id or plain text."""
        return self.people.get(language, {}).get(name) or self.term(language, name)


def names_from(
    lexicon: Lexicon,
    people: Mapping[str, Mapping[str, str]],
    fold: Callable[[str], str] = str.casefold,
    *,
    feeds: Mapping[str, str] | None = None,
) -> Names:
    """People as given (language -> id -> name), feeds too (id -> outlet), all else by the lexicon's first forms."""
    terms: dict[str, dict[str, str]] = {"ar": {}, "en": {}}
    sides: dict[str, list[str]] = {}
    for name in _NAMED_FILES:
        for entry in lexicon.entries(name):
            side = _side(name, entry)
            for known in {entry.id, side} if name in _SIDE_FILES else {entry.id}:
                terms["ar"].setdefault(known, entry.forms[0] if entry.forms else entry.id)
                terms["en"].setdefault(known, entry.get("en") or entry.id)
            sides.setdefault(side, []).extend(fold(form) for form in entry.forms)
    said = {side: tuple(filter(None, forms)) for side, forms in sides.items() if side}
    return Names(people=people, terms=terms, sides=said, fold=fold, feeds=feeds or {})


def _plural(language: str, n: int) -> str:
    """The plural category of `n` (Unicode CLDR 44, cardinals), none called `zero` in either language."""
    if n in {0, 1}:
        return ("zero", "one")[n]
    if language != "ar":
        return "other"
    if n == 2:  # noqa: PLR2004 - the dual
        return "two"
    return "few" if 3 <= n % 100 <= 10 else "many" if n % 100 > 10 else "other"  # noqa: PLR2004 - as the rules have it


def _side(name: str, entry: Entry) -> str:
    """The code of whom the entry's words name: a country's own, or that in which a city or venue lies."""
    by_file = {"countries": entry.id, "organisations": entry.get("code")}
    return (by_file.get(name) or entry.get("country") or "").upper()
