"""Whom the operator follows: `config/watchlist.toml` as loaded values, checked and frozen.

Principals are the people watched; figures are public people whom coverage names beside them, with their country, so
that it is known who is foreign. Loading is pure: the caller hands in the parsed table, and is told of every problem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from monitor.errors import KeyPath

FILE = "watchlist.toml"
_MONTH = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_COUNTRY = re.compile(r"[A-Z]{2,6}")
_ID = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOffice:
    """An office somebody holds or held; `since` and `until` are `YYYY[-MM[-DD]]`, empty where open or unknown."""

    office: str
    forms: tuple[str, ...] = ()
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeAlone:
    """An office that names its holder without his name, while he held it."""

    form: str
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """`person` is the id of somebody listed; `relation` says what he is to them (son, father, brother)."""

    person: str
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person followed. `typos` are forms that are suspected misprints, `clipped` names that lost the surname."""

    id: str
    name: str
    latin: str
    on: bool = True
    forms: tuple[str, ...] = ()
    typos: tuple[str, ...] = ()
    clipped: tuple[str, ...] = ()
    latin_forms: tuple[str, ...] = ()
    ranks: tuple[str, ...] = ()
    rank_alone: tuple[str, ...] = ()
    given_alone: tuple[str, ...] = ()
    offices: tuple[HeldOffice, ...] = ()
    alone: tuple[OfficeAlone, ...] = ()
    kin: tuple[Kin, ...] = ()

    @property
    def office_alone(self) -> tuple[str, ...]:
        """The forms of `alone`, whenever they were true."""
        return tuple(office.form for office in self.alone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A public person; `country` is ISO 3166 alpha-2 in capitals, or a body's code (UN, EU, AU, LAS, NATO)."""

    id: str
    name: str
    country: str
    forms: tuple[str, ...] = ()
    offices: tuple[HeldOffice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The whole watchlist. A bare surname is `default_principal`, unless the text says better."""

    principals: tuple[Principal, ...] = ()
    figures: tuple[Figure, ...] = ()
    surname_forms: tuple[str, ...] = ()
    surname_typos: tuple[str, ...] = ()
    default_principal: str = ""
    not_ours: tuple[str, ...] = field(default=())

    @property
    def spellings(self) -> dict[str, str]:
        """Latin forms and misprints of the principals, each to the name it stands for: what a search may be asked."""
        return {form: one.name for one in self.principals for form in (*one.latin_forms, *one.typos)}


def _file(_: KeyPath) -> str:
    return FILE


def load_watch(
    table: Mapping[str, object], fold: Callable[[str], str] = str.strip, at: Callable[[KeyPath], str] = _file
) -> tuple[Watch, tuple[str, ...]]:
    """Check the parsed watchlist and freeze it.

    Args:
        table: `watchlist.toml` as parsed.
        fold: The fold under which two forms count as one.
        at: File and line of a key, with which a problem begins.

    Returns:
        The watchlist, with what is faulty left out, and every problem found: file, place, key, and what is allowed.
    """
    problems: list[str] = []
    top = _Table((), "", table, lambda path, problem: problems.append(f"{at(path)}: {problem}"))
    top.allow("family", "principal", "figure", "not_ours")
    family = top.table("family")
    family.allow("surname_forms", "surname_typos", "default")
    not_ours = tuple(_not_ours(row) for row in top.rows("not_ours"))
    watch = Watch(
        principals=tuple(_principal(row) for row in top.rows("principal", named=True)),
        figures=tuple(_figure(row) for row in top.rows("figure", named=True)),
        surname_forms=family.words("surname_forms"),
        surname_typos=family.words("surname_typos"),
        default_principal=family.text("default"),
        not_ours=tuple(form for forms in not_ours for form in forms),
    )
    found = (*_contradictions(watch), *_shared_forms(watch, not_ours, fold))
    problems.extend(f"{at(path)}: {problem}" for path, problem in found)
    return watch, tuple(problems)


def _principal(row: _Table) -> Principal:
    row.allow(
        *(
            "id",
            "name",
            "latin",
            "on",
            "forms",
            "typos",
            "clipped",
            "latin_forms",
            "ranks",
            "rank_alone",
            "given_alone",
            "offices",
        ),
        *("office_alone", "kin"),
    )
    return Principal(
        id=row.id,
        name=row.text("name", required=True),
        latin=row.text("latin", required=True),
        on=row.flag("on"),
        forms=row.words("forms", required=True),
        typos=row.words("typos"),
        clipped=row.words("clipped"),
        latin_forms=row.words("latin_forms"),
        ranks=row.words("ranks"),
        rank_alone=row.words("rank_alone"),
        given_alone=row.words("given_alone"),
        offices=_offices(row),
        alone=tuple(_alone(office) for office in row.rows("office_alone")),
        kin=tuple(_kin(kin) for kin in row.rows("kin")),
    )


def _figure(row: _Table) -> Figure:
    row.allow("id", "name", "country", "forms", "offices")
    country = row.text("country", required=True)
    if country and not _COUNTRY.fullmatch(country):
        row.complain("country", f"country: {country!r} is none; allowed: two capitals (FR), or a body's code (UN)")
    return Figure(
        id=row.id,
        name=row.text("name", required=True),
        country=country,
        forms=row.words("forms", required=True),
        offices=_offices(row),
    )


def _offices(row: _Table) -> tuple[HeldOffice, ...]:
    return tuple(_office(office) for office in row.rows("offices"))


def _office(row: _Table) -> HeldOffice:
    row.allow("office", "forms", "from", "to")
    since, until = row.months()
    return HeldOffice(office=row.text("office", required=True), forms=row.words("forms"), since=since, until=until)


def _alone(row: _Table) -> OfficeAlone:
    row.allow("form", "from", "to")
    since, until = row.months()
    return OfficeAlone(form=row.text("form", required=True), since=since, until=until)


def _kin(row: _Table) -> Kin:
    row.allow("person", "relation")
    return Kin(person=row.text("person", required=True), relation=row.text("relation", required=True))


def _not_ours(row: _Table) -> tuple[str, ...]:
    row.allow("forms", "why")
    row.text("why")
    return row.words("forms", required=True)


def _contradictions(watch: Watch) -> Iterator[tuple[KeyPath, str]]:
    """What each table says well by itself, and they do not say together."""
    ids: set[str] = set()
    for path, person in _people(watch):
        if person.id in ids:
            yield (*path, "id"), f"id {person.id!r} stands twice"
        ids.add(person.id)
    if watch.default_principal not in {principal.id for principal in watch.principals}:
        yield ("family", "default"), f"family: default: {watch.default_principal!r} is no principal"
    for number, principal in enumerate(watch.principals):
        for place, kin in enumerate(principal.kin):
            if kin.person not in ids:
                path = ("principal", number, "kin", place, "person")
                yield path, f"{principal.id}: kin: {kin.person!r} is nobody listed"


def _shared_forms(
    watch: Watch, not_ours: tuple[tuple[str, ...], ...], fold: Callable[[str], str]
) -> Iterator[tuple[KeyPath, str]]:
    owners: dict[str, str] = {}
    for path, owner, forms in _written_forms(watch, not_ours):
        for form in forms:
            other = owners.setdefault(fold(form), owner)
            if other != owner:
                yield path, f"{owner}: {form!r} folds to a form of {other}"


def _written_forms(
    watch: Watch, not_ours: tuple[tuple[str, ...], ...]
) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    """Every list of forms that may be nobody else's: its place, whose it is, and what stands in it."""
    for path, person in _people(watch):
        yield (*path, "forms"), person.id, person.forms
        if isinstance(person, Principal):
            yield (*path, "typos"), person.id, person.typos
            yield (*path, "clipped"), person.id, person.clipped
    for number, forms in enumerate(not_ours):
        yield ("not_ours", number, "forms"), "not_ours", forms


def _people(watch: Watch) -> Iterator[tuple[KeyPath, Principal | Figure]]:
    for number, principal in enumerate(watch.principals):
        yield ("principal", number), principal
    for number, figure in enumerate(watch.figures):
        yield ("figure", number), figure


class _Table:
    """One TOML table under check: every accessor notes what is wrong and gives an empty value instead."""

    def __init__(
        self, path: KeyPath, name: str, table: Mapping[str, object], note: Callable[[KeyPath, str], None]
    ) -> None:
        self._path, self._name, self._table, self._note = path, name, table, note

    def complain(self, key: str, problem: str) -> None:
        """Note a problem with a key, and where that stands or is missing."""
        self._note((*self._path, key), f"{self._name}: {problem}" if self._name else problem)

    def allow(self, *keys: str) -> None:
        """Complain of every key that is not among `keys`."""
        for key in sorted(set(self._table) - set(keys)):
            self.complain(key, f"unknown key {key!r}; allowed: {', '.join(sorted(keys))}")

    @property
    def id(self) -> str:
        """The table's id, checked."""
        value = self.text("id", required=True)
        if value and not _ID.fullmatch(value):
            self.complain("id", f"id: {value!r}; allowed: small Latin letters, digits and _")
        return value

    def text(self, key: str, *, required: bool = False) -> str:
        """A text, empty where it is missing or no text."""
        value = self._table.get(key, "")
        if not isinstance(value, str):
            self.complain(key, f"{key}: {value!r:.40} is no text; allowed: text in quotes")
            return ""
        if required and not value.strip():
            self.complain(key, f"{key} is missing")
        return value

    def flag(self, key: str) -> bool:
        """A truth value, true where it is missing."""
        value = self._table.get(key, True)
        if not isinstance(value, bool):
            self.complain(key, f"{key}: {value!r:.40}; allowed: true, false")
            return True
        return value

    def words(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts."""
        value = self._table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(form, str) and form.strip() for form in value):
            self.complain(key, f"{key}: {value!r:.40}; allowed: a list of texts that are not empty")
            return ()
        if required and not value:
            self.complain(key, f"{key} is missing or empty")
        return tuple(value)

    def table(self, key: str) -> _Table:
        """A table inside this one, empty where it is missing or no table."""
        value = self._table.get(key, {})
        if not isinstance(value, dict):
            self.complain(key, f"{key}: {value!r:.40}; allowed: a table")
            value = {}
        return _Table((*self._path, key), key, value, self._note)

    def rows(self, key: str, *, named: bool = False) -> Iterator[_Table]:
        """The tables of a list; `named` says that their ids tell where they stand better than their number."""
        value = self._table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            self.complain(key, f"{key}: {value!r:.40}; allowed: a list of tables")
            return
        outer = f"{self._name}: " if self._name else ""
        for number, row in enumerate(value):
            label = row.get("id") if named and isinstance(row.get("id"), str) else f"{key} {number + 1}"
            yield _Table((*self._path, key, number), f"{outer}{label}", row, self._note)

    def months(self) -> tuple[str, str]:
        """`from` and `to`, each empty where missing or no date."""
        since, until = (self._month(key) for key in ("from", "to"))
        if since and until and until < since[: len(until)]:
            self.complain("to", f"to: {until!r} lies before from {since!r}")
        return since, until

    def _month(self, key: str) -> str:
        value = self.text(key)
        if value and not _MONTH.fullmatch(value):
            self.complain(key, f"{key}: {value!r} is no date; allowed: YYYY, YYYY-MM, YYYY-MM-DD, or empty")
            return ""
        return value
