"""Who is named: principals, known figures, unlisted holders of an office, and offices that stand alone.

A person phrase is [office][,] [rank] name [,] [office]. Listed names are found by the watchlist's forms. An unlisted
name is believed only behind an office or a rank, and only where its words are no dictionary words. Family members are
never merged: a bare surname is the one fully named last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import simplemma

from monitor.model import PersonMention
from monitor.reading.annotate import COMMA, STOP
from monitor.reading.arabic import fold, unprefixed
from monitor.reading.offices import Chief, Office, chief_office, find_offices, places_by_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.reading.annotate import Document
    from monitor.reading.phrases import PhraseMatch

LIBYA: Final = "LY"
_MAX_NAME_WORDS = 3
_BRACKET_WORDS = 6
_RANK_QUALIFIERS = 2
_PARTICLES: Final = frozenset({"و", "ف", "ب", "ل"})
_SON: Final = "kinship_son"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named, or an office standing for somebody. `acting` is False inside «قوات حفتر» or behind an aide."""

    id: str
    listed: str
    """`principal`, `figure`, `unlisted`, or `office` where nobody is named."""
    first: int
    last: int
    start: int
    end: int
    form: str
    office: Office | None = None
    rank: PhraseMatch | None = None
    country: str | None = None
    acting: bool = True
    typo: bool = False

    @property
    def foreign(self) -> bool:
        """Known to belong to another country than Libya, or to an international body."""
        return self.country is not None and self.country != LIBYA and self.listed != "principal"

    @property
    def head(self) -> int:
        """The first token of the phrase: office, rank or name."""
        marks = (
            self.first,
            self.office.first if self.office else self.first,
            self.rank.first if self.rank else self.first,
        )
        return min(marks)

    @property
    def tail(self) -> int:
        """The last token of the phrase."""
        return max(self.last, self.office.last if self.office else self.last)

    @property
    def span(self) -> tuple[int, int]:
        """The whole phrase: office, rank and name."""
        starts = [self.start, *([self.office.start] if self.office else []), *([self.rank.start] if self.rank else [])]
        ends = [self.end, *([self.office.end] if self.office else [])]
        return min(starts), max(ends)


@dataclass(frozen=True, slots=True)
class _Name:
    id: str
    listed: str
    first: int
    last: int
    start: int
    end: int
    prefix: str
    typo: bool = False


def find_people(document: Document) -> tuple[Person, ...]:
    """Everybody named in the reporting parts of the article, in text order."""
    return _Finder(document).people()


class _Finder:
    """Works on one document's tokens; everything it keeps is derived from them."""

    def __init__(self, document: Document) -> None:
        self._doc = document
        self._tokens = document.tokens
        self._words = document.words
        self._watch = document.words.config.watch
        self._principals = {p.id: p for p in self._watch.principals}
        self._figures = {f.id: f for f in self._watch.figures}
        self._ranks_by_last = {m.last: m for m in document.ranks}
        self._ranks_by_first = {m.first: m for m in document.ranks}
        self._offices_by_first = {m.first: m for m in document.offices}
        self._places_by_token = places_by_token(document)
        self._predicate_tokens = {i for m in document.predicates for i in range(m.first, m.last + 1)}
        self._cue_tokens = {i for m in document.cues for i in range(m.first, m.last + 1)}
        self._cue_over = {at: m for m in document.cues for at in range(m.first, m.last + 1)}
        self._principal_offices = {m.first for m in self._words.office_alone.find(document.spelled)}
        self._names = {name.first: name for name in self._listed_names()}
        chiefs = {name.first: self._chief(name) for name in self._names.values()}
        self._offices = find_offices(document, self._places_by_token, chiefs)
        self._names.update({name.first: name for name in self._unlisted_names()})

    def people(self) -> tuple[Person, ...]:
        found: list[Person] = []
        claimed: set[int] = set()
        for first in sorted(self._names):
            person = self._person(self._names[first], claimed)
            found.append(person)
            if person.office:
                claimed.add(person.office.first)
        found.extend(self._sons(found))
        found.extend(self._unnamed(claimed, found))
        return tuple(sorted(found, key=lambda person: (person.start, person.end)))

    def _chief(self, name: _Name) -> Chief:
        """What the name of somebody listed says of an office it may stand in."""
        figure = self._figures.get(name.id)
        heads, others = (tuple(self._words.marks[name]) for name in ("head_of_state", "not_head_of_state"))
        held = [fold(office.office) for office in figure.offices] if figure else []
        leads = any(office.startswith(heads) and not office.startswith(others) for office in held)
        return Chief(name.last, figure.country if figure else None, leads)

    # -- names -------------------------------------------------------------------------------------------------

    def _listed_names(self) -> Iterator[_Name]:
        taken: set[int] = set()
        latest: str | None = None
        matches = {m.first: m for m in self._words.people.find(self._doc.spelled)}
        bare = self._surnames(named=any(match.key in self._principals for match in matches.values()))
        given = self._given_names(match.key for match in matches.values())
        for at in range(len(self._tokens)):
            if at in taken:
                continue
            match = matches.get(at)
            if match and match.key != "-":
                latest = match.key if match.key in self._principals else latest
                taken.update(range(match.first, match.last + 1))
                yield self._name(match, match.key)
            elif match:
                taken.update(range(match.first, match.last + 1))
            elif at in bare:
                found = self._name(bare[at], latest or self._watch.default_principal)
                yield replace(found, typo=bare[at].key == "typo")
            elif self._tokens[at].form in given and not self._is_name_word(at + 1):
                token = self._tokens[at]
                yield _Name(given[token.form], "principal", at, at, token.start, token.end, "")

    def _surnames(self, *, named: bool) -> Mapping[int, PhraseMatch]:
        """The bare surname by first token; a misprint only behind a rank or an office, or where he is named too."""
        found = self._words.surnames.find(self._doc.spelled)
        named = named or any(match.key == "surname" for match in found)
        titled = self._ranks_by_last.keys() | {match.last for match in self._doc.offices}
        return {m.first: m for m in found if m.key == "surname" or named or m.first - 1 in titled}

    def _given_names(self, keys: Iterable[str]) -> Mapping[str, str]:
        """First names of principals who are named in full somewhere in this article."""
        named = {key for key in keys if key in self._principals}
        return {fold(given): key for key in named for given in self._principals[key].given_alone}

    def _name(self, match: PhraseMatch, key: str) -> _Name:
        principal = self._principals.get(key)
        written = fold(self._doc.text[match.start : match.end])
        typo = principal is not None and any(fold(form) == written for form in principal.typos)
        listed = "principal" if principal else "figure"
        return _Name(key, listed, match.first, match.last, match.start, match.end, match.prefix, typo)

    def _unlisted_names(self) -> Iterator[_Name]:
        for office in self._offices.values():
            if not self._words.entry("offices", office.key).get("descriptor"):
                yield from self._name_after(office.last + 1, office_known=True)
        for rank in self._doc.ranks:
            yield from self._name_after(rank.last + 1, office_known=False)

    def _name_after(self, at: int, *, office_known: bool) -> Iterator[_Name]:
        if office_known and at < len(self._tokens) and self._tokens[at].form == COMMA:
            at += 1
        while at < len(self._tokens) and self._tokens[at].form in self._words.marks["courtesy"]:
            at += 1
        if at in self._ranks_by_first:
            at = self._ranks_by_first[at].last + 1
        if at in self._names:
            return
        last = at
        while last - at < _MAX_NAME_WORDS and self._is_name_word(last, inside=last > at):
            last += 1
        words = self._tokens[at:last]
        enough = len(words) >= (2 if office_known else 1)
        if enough and self._is_unusual(at):
            form = " ".join(word.form for word in words)
            yield _Name(form, "unlisted", at, last - 1, words[0].start, words[-1].end, "")

    def _is_unusual(self, at: int) -> bool:
        """No dictionary word, with or without its particles: what a foreign name looks like."""
        forms = unprefixed(self._written(at))
        return not any(simplemma.is_known(form, lang="ar") for form in forms)

    def _written(self, at: int) -> str:
        return self._doc.text[self._tokens[at].start : self._tokens[at].end]

    def _is_name_word(self, at: int, *, inside: bool = False) -> bool:
        if at >= len(self._tokens):
            return False
        form = self._tokens[at].form
        if form in {COMMA, STOP} or len(form) < 2 or form[0].isdigit():  # noqa: PLR2004
            return False
        if not inside and form.startswith("ال"):
            return False
        taken = (
            at in self._predicate_tokens
            or at in self._cue_tokens
            or at in self._places_by_token
            or at in self._ranks_by_first
            or at in self._offices_by_first
        )
        if taken or form in self._words.stopwords:
            return False
        return not (inside and form[0] == "و" and form[1:] in self._words.stopwords)

    # -- persons -----------------------------------------------------------------------------------------------

    def _person(self, name: _Name, claimed: set[int]) -> Person:
        rank = self._rank_before(name.first - 1)
        office = self._office_before(rank.first if rank else name.first, name, claimed)
        starts = [part.first for part in (rank, office) if part is not None]
        office = office or self._office_after(name)
        return Person(
            id=name.id,
            listed=name.listed,
            first=name.first,
            last=name.last,
            start=name.start,
            end=name.end,
            form=self._doc.text[name.start : name.end],
            office=office,
            rank=rank,
            country=self._country(name, office),
            acting=all(self._acts(at) for at in {name.first, *starts}),
            typo=name.typo,
        )

    def _rank_before(self, at: int) -> PhraseMatch | None:
        """The rank that ends at token `at`, or before what is said of it: «اللواء الليبي المتقاعد خليفة حفتر»."""
        least = at - _RANK_QUALIFIERS
        while at > least and self._tokens[at].form in self._words.marks["rank_qualifier"]:
            at -= 1
        return self._ranks_by_last.get(at)

    def _office_before(self, at: int, name: _Name, claimed: set[int]) -> Office | None:
        rank = self._ranks_by_first.get(at)
        if (name if rank is None else rank).prefix[:1] in _PARTICLES:
            return None
        while at > 0 and self._tokens[at - 1].form in self._words.marks["courtesy"]:
            at -= 1
        end = self._before_marks(at - 1)
        for office in self._offices.values():
            ends_here = office.last == end or (office.first <= end < office.last and not office.holder_named_inside)
            if ends_here and office.first not in claimed and office.first < name.first:
                return office
        return self._chief_office(name)

    def _before_marks(self, at: int) -> int:
        """The token before a comma, or before something short in brackets, that ends at token `at`."""
        if at >= 0 and self._tokens[at].form == COMMA:
            return at - 1
        if at >= 0 and self._doc.text[self._tokens[at].start : self._tokens[at].end] == ")":
            for back in range(at - 1, max(-1, at - _BRACKET_WORDS), -1):
                if self._doc.text[self._tokens[back].start : self._tokens[back].end] == "(":
                    return back - 1
        return at

    def _chief_office(self, name: _Name) -> Office | None:
        outer = next((o for o in self._offices.values() if o.first < name.first <= o.last), None)
        return chief_office(self._doc, self._places_by_token, outer, name.first) if outer else None

    def _office_after(self, name: _Name) -> Office | None:
        at = name.last + 1
        apart = at < len(self._tokens) and self._tokens[at].form in {COMMA, *self._words.marks["apposition"]}
        office = self._offices.get(at + apart)
        if office is None or not (apart or self._may_hold(name, office)):
            return None
        match = self._offices_by_first[office.first]
        if match.prefix.startswith(("و", "ف", "ل", "ب")):
            return None
        following = office.last + 1
        if following in self._ranks_by_first:
            following = self._ranks_by_first[following].last + 1
        next_name = self._names.get(following)
        return None if next_name and not next_name.prefix else office

    def _may_hold(self, name: _Name, office: Office) -> bool:
        """Whether an office straight behind a name can be his: «التقى حفتر السفير اليوناني» names two people."""
        country = LIBYA if name.listed == "principal" else self._country(name, None)
        if country and office.countries and country not in office.countries:
            return False
        entry = self._words.entry("offices", office.key)
        if name.listed == "principal":
            return entry.get("class") == "military" or entry.get("country") == LIBYA or LIBYA in office.countries
        return office.first not in self._principal_offices

    def _country(self, name: _Name, office: Office | None) -> str | None:
        if name.listed == "principal":
            return LIBYA
        figure = self._figures.get(name.id)
        if figure is not None and figure.country:
            return figure.country
        return office.countries[0] if office and office.countries else None

    def _acts(self, at: int) -> bool:
        """False where the word before makes it a force («قوات حفتر») or somebody else's act («المتحدث باسم»).

        A cue may reach into the name itself («نجل خليفة حفتر»).
        """
        cue = self._cue_over.get(at - 1)
        if cue is None or cue.prefix.endswith("ال"):  # «المستشار عقيلة صالح» is he himself
            return True
        return self._words.cue_types(cue.key) not in {"force", "aide", "kinship"}

    def _sons(self, named: Iterable[Person]) -> Iterator[Person]:
        """«نجل المشير خليفة حفتر»: the one son whom the article names in full; nobody where it names two or none."""
        people = list(named)
        fathers = {kin.person for p in self._watch.principals for kin in p.kin if kin.relation == "son"}
        present = {p.id for p in people if p.listed == "principal"}
        for father in people if present & fathers else ():
            sons = present & self._sons_of(father.id)
            cue = self._cue_over.get(father.head - 1) or self._cue_over.get(father.first - 1)
            if father.id in fathers and cue is not None and cue.key == _SON and len(sons) == 1:
                yield Person(
                    id=next(iter(sons)),
                    listed="principal",
                    first=cue.first,
                    last=cue.last,
                    start=cue.start,
                    end=cue.end,
                    form=self._doc.text[cue.start : cue.end],
                    country=LIBYA,
                )

    def _sons_of(self, father: str) -> frozenset[str]:
        return frozenset(
            p.id for p in self._watch.principals if any(k.person == father and k.relation == "son" for k in p.kin)
        )

    # -- offices without a name --------------------------------------------------------------------------------

    def _unnamed(self, claimed: set[int], named: Iterable[Person]) -> Iterator[Person]:
        holders = self._holders(named)
        alone = {m.first: m for m in self._words.office_alone.find(self._doc.spelled)}
        for office in self._offices.values():
            if office.first in claimed:
                continue
            foreign = [code for code in office.countries if code != LIBYA]
            match = alone.pop(office.first, None)
            if match is not None and not foreign:
                yield self._office_person(office, match.key, "principal", LIBYA)
            elif self._head_of(office) in holders and not foreign:
                holder = holders[self._head_of(office)]
                yield self._office_person(office, holder.id, holder.listed, holder.country)
            elif office.countries:
                yield self._office_person(office, fold(office.text), "office", office.countries[0])
        yield from self._ranks_alone()

    def _head_of(self, office: Office) -> str:
        """What sort of head the office names; empty where it is indefinite or no head."""
        definite = any(self._tokens[at].form.startswith(("ال", "لل", "بال")) for at in (office.first, office.last))
        return (self._words.entry("offices", office.key).get("head") or "") if definite else ""

    def _holders(self, named: Iterable[Person]) -> Mapping[str, Person]:
        """Heads of office that one person of the article holds alone: «الوزير», «رئيس الأركان» mean him again."""
        by_head: dict[str, dict[str, Person]] = {}
        for person in named:
            head = self._words.entry("offices", person.office.key).get("head") if person.office else None
            if head:
                by_head.setdefault(head, {}).setdefault(person.id, person)
        return {head: next(iter(holders.values())) for head, holders in by_head.items() if len(holders) == 1}

    def _ranks_alone(self) -> Iterator[Person]:
        """«المشير» with no name behind it, in a text that is about Libya: the one principal of that rank."""
        libyan = any(place.country == LIBYA for place in self._doc.places)
        for rank in self._doc.ranks if libyan else ():
            written = fold(self._doc.text[rank.start : rank.end])
            holders = [p.id for p in self._watch.principals if written in map(fold, p.rank_alone)]
            if len(holders) == 1 and not self._named_after(rank.last + 1):
                yield Person(
                    id=holders[0],
                    listed="principal",
                    first=rank.first,
                    last=rank.last,
                    start=rank.start,
                    end=rank.end,
                    form=self._doc.text[rank.start : rank.end],
                    country=LIBYA,
                    acting=self._acts(rank.first),
                )

    def _named_after(self, at: int) -> bool:
        """Whether a name, or a word that may be an unlisted one's, follows."""
        return at in self._names or at in self._offices or (self._is_name_word(at) and self._is_unusual(at))

    def _office_person(self, office: Office, key: str, listed: str, country: str | None) -> Person:
        return Person(
            id=key,
            listed=listed,
            first=office.first,
            last=office.last,
            start=office.start,
            end=office.end,
            form=office.text,
            office=office,
            country=country,
            acting=self._acts(office.first),
        )


def person_mention(person: Person, document: Document) -> PersonMention:
    """The person as the reading reports it."""
    rank = document.text[person.rank.start : person.rank.end] if person.rank else None
    return PersonMention(
        person=person.id,
        form=person.form,
        start=person.start,
        end=person.end,
        office=person.office.text if person.office else None,
        rank=rank,
        country=person.country,
        suspected_typo=person.typo,
    )
