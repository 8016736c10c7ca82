"""Is a page worth fetching? What a feed says of it, title, summary and address, against what a meeting would need.

A screen that is wrong loses a meeting, one that is generous loses a fetch. So whatever may name a principal passes:
his name, a misprint of it, an office that means him, his letters in the address. So does whatever is about Libya,
unless its words say that it is about a match, the weather or the like, and whatever a Libyan outlet gives a bare title
only. The rest is ruled out, and a sample of it is read all the same (`sampled`), so that what the screen misses is
known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus, urlsplit

from rapidfuzz.distance import OSA
from xxhash import xxh3_64_intdigest

from monitor.reading.annotate import STOP
from monitor.reading.arabic import Token, fold, tokens
from monitor.reading.phrases import PhraseIndex, Spelled
from monitor.reading.places import find_places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from monitor.lexicon import Lexicon
    from monitor.reading.words import Words
    from monitor.watch import Principal, Watch

_LIBYA: Final = "LY"
_LIBYAN_SUFFIX: Final = ".ly"
_LEAST_WORDS: Final = 2
"""A single word («عاجل», «فيديو») is nothing to judge by."""
_SEVERAL: Final = 2
_MEETS: Final = frozenset({"meet", "talk", "negotiate", "summit", "call", "visit"})
"""Families of predicates that tell of a meeting whatever their object is."""
_MOVES: Final = frozenset({"receive", "host", "arrive", "travel", "depart", "return", "invite", "sent", "mediate"})
"""Those that tell of one where a foreigner is near: hospitals receive patients too."""
_DIGNITARIES: Final = frozenset({"military", "diplomatic", "international"})
_AND: Final = "و"
_HASHES: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class Screened:
    """Whether an entry passed. `why` is a stable id of the reason; of one ruled out, what ruled it out.

    Passed: `name`, `misprint`, `no_text`, `office`, `given_name`, `libya+foreign`, `libya`, `home+foreign`, `home`.
    Ruled out: `no_libya`, or the id of a topic in `screen.toml` (`sport`).
    """

    passed: bool
    why: str


def screen(entry_title: str, entry_summary: str, url: str, words: Words) -> Screened:
    """Whether the page behind an entry may be in scope.

    Args:
        entry_title: Plain text, empty where the feed gives none.
        entry_summary: The same.
        url: The entry's address; the words of its path and query count, percent-encoded or not.
        words: The indices of the configuration (`words_of`); what the screen adds is made ready with the first call.

    Returns:
        The answer with its reason, the strongest that applies. It depends on nothing but the arguments.
    """
    signs = _signs(words)
    host, address = _address(url)
    head, body = _with_address(entry_title, address), tokens(entry_summary)
    if signs.name_somebody(head, body):
        return Screened(True, "name")  # noqa: FBT003 - the field is named in the class
    parts = _Part(Spelled(head), words, signs), _Part(Spelled(body), words, signs)
    passed = _means_somebody(parts)
    if not passed and len(tokens(entry_title)) + len(body) < _LEAST_WORDS:
        passed = "no_text"
    at_home = host.endswith(_LIBYAN_SUFFIX) or any(letters in host for letters in signs.hosts)
    passed = passed or _about_libya(parts, at_home=at_home) or ("home" if at_home and _is_bare(*parts) else "")
    return Screened(bool(passed), passed or next((topic for part in parts for topic in part.topics), "no_libya"))


def sampled(key: str, share: float) -> bool:
    """Whether the entry of this key is one of the `share` (0 to 1) that is read though it was ruled out.

    The same key always gives the same answer, and a larger share takes in all that a smaller one did.
    """
    return xxh3_64_intdigest(key.encode("utf-8", "surrogatepass")) < share * _HASHES


def _means_somebody(parts: Sequence[_Part]) -> str:
    """The reason by which a principal is meant without his name, empty where none is."""
    if any(part.misprint() for part in parts):
        return "misprint"
    libyan = any(part.libyan for part in parts)
    if any(part.office(libyan=libyan) for part in parts):
        return "office"
    if any(part.given_name() for part in parts):
        return "given_name"
    return ""


def _about_libya(parts: Sequence[_Part], *, at_home: bool) -> str:
    """The reason by which an entry about Libya passes, empty where it is about something else."""
    foreign = {country for part in parts for country in part.foreign}
    meets = any(part.meets or part.moves for part in parts)
    if any((part.libyan or (at_home and part.collective)) and not part.ruled_out for part in parts):
        return "libya+foreign" if foreign or meets else "libya"
    dignified = any(part.dignitary for part in parts)
    if at_home and len(foreign) == 1 and (meets or dignified) and not any(part.ruled_out for part in parts):
        return "home+foreign"
    return ""


def _is_bare(title: _Part, summary: _Part) -> bool:
    """Whether there is a title only, which names no subject of its own and no two other countries."""
    return not (summary.has_words or title.topics) and len(title.foreign) < _SEVERAL


class _Part:
    """One part of an entry, looked at no further than it is asked."""

    def __init__(self, spelled: Spelled, words: Words, signs: _Signs) -> None:
        self._spelled, self._words, self._signs = spelled, words, signs
        self._tokens = spelled.tokens
        self._places = find_places(spelled, words.places)
        people = (signs.countries[m.key] for m in words.people.find(spelled) if m.key in signs.countries)
        named = {*people, *(place.country for place in self._places if place.country)}
        self.libyan = _LIBYA in named or bool(signs.libya.find(spelled))
        self.foreign = named - {_LIBYA}
        self.topics = tuple(dict.fromkeys(m.key for m in signs.topics.find(spelled)))

    @property
    def has_words(self) -> bool:
        return bool(self._tokens)

    @property
    def _families(self) -> set[str]:
        entries = (self._words.entry("predicates", m.key) for m in self._words.predicates.find(self._spelled))
        return {entry.attrs["family"] for entry in entries}

    @property
    def meets(self) -> bool:
        return bool(self._families & _MEETS)

    @property
    def moves(self) -> bool:
        return bool(self._families & _MOVES)

    @property
    def dignitary(self) -> bool:
        found = self._words.offices.find(self._spelled)
        return any(self._words.entry("offices", m.key).attrs["class"] in _DIGNITARIES for m in found)

    @property
    def collective(self) -> bool:
        found = self._words.cues.find(self._spelled)
        return any(self._words.cue_types(m.key) == "collective" for m in found)

    @property
    def ruled_out(self) -> bool:
        """Whether its topic says that it tells of no meeting."""
        if not self.topics or self.dignitary:
            return False
        return any(topic in self._signs.over for topic in self.topics) or not (self.foreign or self.meets)

    def misprint(self) -> bool:
        """Whether something one letter from the surname follows a given name or a rank («الفريق صدام حفنر»)."""
        before = {at for given in self._signs.given for at in self._spelled.at.get(given, ())}
        before.update(match.last for match in self._words.ranks.find(self._spelled))
        after = (self._tokens[at + 1].form for at in before if at + 1 < len(self._tokens))
        return any(OSA.distance(word, name, score_cutoff=1) <= 1 for word in after for name in self._signs.surnames)

    def office(self, *, libyan: bool) -> bool:
        """Whether an office means a principal: not «رئيس الأركان الفرنسي», where nothing else is about Libya."""
        foreign = {at for p in self._places if p.country != _LIBYA for at in range(p.start, p.end)}
        for match in self._signs.offices.find(self._spelled):
            after = self._tokens[match.last + 1] if match.last + 1 < len(self._tokens) else None
            if libyan or after is None or after.start not in foreign:
                return True
        return False

    def given_name(self) -> bool:
        """Whether a principal's given name stands behind a rank of his, or alone where somebody is met."""
        ranked = {match.last + 1 for match in self._words.ranks.find(self._spelled)}
        places = {at for given in self._signs.alone for at in self._spelled.at.get(given, ())}
        if places & ranked:
            return True
        return any(map(self._stands_alone, places)) and (bool(self.foreign) or self.meets)

    def _stands_alone(self, at: int) -> bool:
        """Whether no second name follows: the line ends, or «و», a function word or a verb stands there."""
        if at + 1 >= len(self._tokens):
            return True
        following = self._tokens[at + 1].form
        return (
            following == STOP
            or following.startswith(_AND)
            or following in self._words.function_words
            or bool(self._words.predicates.find(self._tokens[at + 1 : at + 2]))
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Signs:
    """What the screen looks for, made ready once from the lexicon and the watchlist."""

    needles: tuple[str, ...]
    surnames: tuple[str, ...]
    given: frozenset[str]
    alone: frozenset[str]
    offices: PhraseIndex
    libya: PhraseIndex
    topics: PhraseIndex
    over: frozenset[str]
    hosts: tuple[str, ...]
    countries: Mapping[str, str]

    def name_somebody(self, *parts: Sequence[Token]) -> bool:
        """Whether the letters of a listed name stand anywhere, grown together with others or not."""
        text = "\n".join(" ".join(token.form for token in part) for part in parts)
        return any(needle in text for needle in self.needles)


@lru_cache(maxsize=4)
def _signs(words: Words) -> _Signs:
    lexicon, watch = words.config.lexicon, words.config.watch
    people = tuple(principal for principal in watch.principals if principal.on)
    topics = [entry for entry in lexicon.entries("screen") if entry.attrs["type"] == "topic"]
    return _Signs(
        needles=_shortest(_spaced(form) for form in (*_names(watch, people), *_forms(lexicon, "name"))),
        surnames=tuple(fold(form) for form in watch.surname_forms),
        given=frozenset(fold(form) for p in people for form in (p.name.split()[0], *p.given_alone)),
        alone=frozenset(fold(form) for p in people for form in p.given_alone),
        offices=PhraseIndex((form, "") for form in (*_offices(lexicon, people), *_forms(lexicon, "office"))),
        libya=PhraseIndex((form, "") for form in (*_forms(lexicon, "libya"), *_libyan(lexicon))),
        topics=PhraseIndex((form, entry.id) for entry in topics for form in entry.forms),
        over=frozenset(entry.id for entry in topics if entry.get("over")),
        hosts=tuple(fold(form) for form in _forms(lexicon, "host")),
        countries=dict(_countries(watch)),
    )


def _forms(lexicon: Lexicon, kind: str) -> tuple[str, ...]:
    entries = (entry for entry in lexicon.entries("screen") if entry.attrs["type"] == kind)
    return tuple(form for entry in entries for form in entry.forms)


def _names(watch: Watch, people: Iterable[Principal]) -> Iterator[str]:
    yield from watch.surname_forms
    yield from watch.surname_typos
    for one in people:
        yield from (*one.forms, *one.typos, *one.clipped, *one.latin_forms)


def _spaced(form: str) -> str:
    """A form as its words stand in a text that is put together from folded words."""
    return " ".join(token.form for token in tokens(form))


def _shortest(forms: Iterable[str]) -> tuple[str, ...]:
    """Without those that hold another: where «حفتر» is looked for, «صدام حفتر» need not be."""
    kept: list[str] = []
    for form in sorted({form for form in forms if form}, key=len):
        if not any(other in form for other in kept):
            kept.append(form)
    return tuple(kept)


def _offices(lexicon: Lexicon, people: Iterable[Principal]) -> Iterator[str]:
    """What the watchlist calls the principals by, and the other names of the same posts in the lexicon."""
    held = {
        fold(form)
        for one in people
        for form in (
            *one.office_alone,
            *one.rank_alone,
            *(form for office in one.offices for form in (office.office, *office.forms)),
        )
    }
    yield from sorted(held)
    for entry in lexicon.entries("offices"):
        if held & {fold(form) for form in entry.forms}:
            yield from entry.forms


def _libyan(lexicon: Lexicon) -> Iterator[str]:
    """Offices that are Libyan by themselves, and Libyan cities in Latin letters."""
    for entry in lexicon.entries("offices"):
        if entry.get("country") == _LIBYA:
            yield from entry.forms
    yield from (entry.attrs["en"] for entry in lexicon.entries("cities") if entry.get("country") == _LIBYA)


def _countries(watch: Watch) -> Iterator[tuple[str, str]]:
    """Figures by id with their country; Libya's for whoever is posted there («المبعوثة الأممية إلى ليبيا»)."""
    libya = fold("ليبيا")
    for figure in watch.figures:
        posted = any(libya in fold(office.office) for office in figure.offices)
        yield figure.id, _LIBYA if posted else figure.country


def _with_address(title: str, address: str) -> tuple[Token, ...]:
    """The words of the title and, behind a break, those of the address."""
    end = len(title)
    return (
        *tokens(title),
        Token(end, end, STOP),
        *(Token(end + t.start, end + t.end, t.form) for t in tokens(address)),
    )


def _address(url: str) -> tuple[str, str]:
    """Host, and the words of path and query as written; an address that cannot be parsed is all words."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "", unquote_plus(url)
    return host, unquote_plus(f"{parts.path} {parts.query} {parts.fragment}")
