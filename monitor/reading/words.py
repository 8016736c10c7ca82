"""The configuration that reading needs, and the indices built from it once per process."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.reading.arabic import fold, is_word, term, tokens, unprefixed
from monitor.reading.date_index import DateIndex
from monitor.reading.phrases import PhraseIndex
from monitor.reading.places import PlaceIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.lexicon import Entry, Lexicon
    from monitor.watch import Watch


_LIBYA = "LY"
_LEAST_SURNAME = 4
_LEAST_VERB = 4
_UNIT = "unit_"
_NOUNS = frozenset({"filler_nouns"})
"""Stopwords that say little, but that can be counted («أربعة محاور»)."""
_NO_VERB = "la_before_verb"
_IMPERFECT = "يتن"
_LEAST_LEMMA = 3
_PRONOUNS = ("ه", "ها", "هما", "هم", "ي", "نا")


@dataclass(frozen=True, slots=True, eq=False)
class ReadConfig:
    """Everything that reading depends on beside the page: the words of Arabic and whom to watch."""

    lexicon: Lexicon
    watch: Watch


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Phrase indices over the lexicon and the watchlist; keys are entry ids."""

    config: ReadConfig
    offices: PhraseIndex
    ranks: PhraseIndex
    predicates: PhraseIndex
    modality: PhraseIndex
    attribution: PhraseIndex
    negation: PhraseIndex
    cues: PhraseIndex
    boilerplate: PhraseIndex
    topics: PhraseIndex
    people: PhraseIndex
    office_alone: PhraseIndex
    surnames: PhraseIndex
    numbers: PhraseIndex
    places: PlaceIndex
    dates: DateIndex
    entries: Mapping[str, Mapping[str, Entry]]
    stopwords: frozenset[str]
    function_words: frozenset[str]
    counted: frozenset[str]
    marks: Mapping[str, frozenset[str]]
    units: Mapping[str, str]
    calendar: frozenset[str]
    synonyms: Mapping[str, str]
    antonyms: PhraseIndex
    lone_antonyms: Mapping[str, str]
    opposed: Mapping[str, frozenset[str]]

    @property
    def unit_terms(self) -> frozenset[str]:
        """What the units of time and of counting come to as terms."""
        return frozenset(self.units.values())

    def entry(self, file: str, key: str) -> Entry:
        """The lexicon entry behind a match."""
        return self.entries[file][key]

    def negates(self, key: str) -> bool:
        """Whether a negation says that something is not so; a failure tells of a deed of its own."""
        return self.entries["negation"][key].attrs["type"] != "failure"

    def cue_types(self, key: str) -> str:
        """The type of a cue."""
        return self.entries["cues"][key].attrs["type"]


def words_of(config: ReadConfig) -> Words:
    """The indices of `config`, built once."""
    return _build(config)


@lru_cache(maxsize=4)
def _build(config: ReadConfig) -> Words:
    lexicon = config.lexicon

    def index(name: str) -> PhraseIndex:
        return PhraseIndex((form, entry.id) for entry in lexicon.entries(name) for form in entry.forms)

    return Words(
        config=config,
        offices=index("offices"),
        ranks=index("ranks"),
        predicates=PhraseIndex(_predicates(lexicon)),
        modality=index("modality"),
        attribution=index("attribution"),
        negation=PhraseIndex(_negation(lexicon)),
        cues=index("cues"),
        boilerplate=index("boilerplate"),
        topics=index("topics"),
        people=PhraseIndex(_people(config.watch)),
        office_alone=PhraseIndex((form, p.id) for p in config.watch.principals for form in p.office_alone),
        surnames=PhraseIndex(
            [
                *((form, "surname") for form in config.watch.surname_forms),
                *((form, "typo") for form in config.watch.surname_typos),
            ]
        ),
        numbers=index("numbers"),
        places=PlaceIndex.from_lexicon(lexicon),
        dates=DateIndex.from_lexicon(lexicon),
        entries={name: {entry.id: entry for entry in entries} for name, entries in lexicon.files.items()},
        stopwords=frozenset(
            token.form for entry in lexicon.entries("stopwords") for form in entry.forms for token in tokens(form)
        ),
        function_words=frozenset(
            token.form
            for entry in lexicon.entries("stopwords")
            if entry.id not in _NOUNS
            for form in entry.forms
            for token in tokens(form)
        ),
        counted=frozenset(
            term(form)
            for entry in lexicon.entries("cues")
            if entry.attrs.get("type") == "counted"
            for form in entry.forms
        ),
        calendar=frozenset(_calendar(lexicon)),
        synonyms=_synonyms(lexicon),
        marks={entry.id: frozenset(map(fold, entry.forms)) for entry in lexicon.entries("syntax")},
        units={
            fold(form): term(entry.forms[0])
            for entry in lexicon.entries("syntax")
            if entry.id.startswith(_UNIT)
            for form in entry.forms
        },
        antonyms=index("antonyms"),
        lone_antonyms=_lone_antonyms(lexicon),
        opposed=_opposed(lexicon),
    )


def _predicates(lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    """The forms as written, and one-word event nouns with a pronoun behind them («لقاؤه», «مباحثاتي», «زيارتهما»)."""
    written = {fold(form) for entry in lexicon.entries("predicates") for form in entry.forms}
    for entry in lexicon.entries("predicates"):
        for form in entry.forms:
            yield form, entry.id
        if entry.get("shape") == "verb":
            persons = {other for form in entry.forms for other in _other_persons(fold(form))}
            yield from ((form, entry.id) for form in sorted(persons - written))
        if entry.get("shape") != "noun" or entry.get("kind") != "event":
            continue
        for form in entry.forms:
            stem = fold(form)
            if " " in stem or stem.startswith("ال"):
                continue
            owned = stem[:-1] + "ت" if stem.endswith("ه") else stem
            yield from ((owned + pronoun, entry.id) for pronoun in _PRONOUNS if owned + pronoun not in written)


def _negation(lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    """The forms as written, and «لا» with every verb of the predicates in the imperfect («لا يقبل», «ولا تؤيد»)."""
    written = {fold(form) for entry in lexicon.entries("negation") for form in entry.forms}
    for entry in lexicon.entries("negation"):
        yield from ((form, entry.id) for form in entry.forms)
    verbs = (e for e in lexicon.entries("predicates") if e.get("shape") == "verb" and e.get("polarity") != "negated")
    imperfect = {fold(form) for e in verbs for form in e.forms if " " not in form and fold(form)[0] in _IMPERFECT}
    for verb in sorted(imperfect):
        yield from ((no + verb, _NO_VERB) for no in ("لا ", "ولا ") if no + verb not in written)


def _other_persons(form: str) -> Iterator[str]:
    """«نوقع» and «يوقعوا» beside «يوقع» and «يوقعون»: how quoted speech and a negation put the imperfect."""
    if not form.startswith("ي") or " " in form or len(form) < _LEAST_VERB:
        return
    if form.endswith("ون"):
        yield form[:-1] + "ا"
    else:
        yield "ن" + form[1:]


def _people(watch: Watch) -> Iterator[tuple[str, str]]:
    """The forms as listed, and a foreign figure's surname where no other has it and it is no word («فيدان»)."""
    for principal in watch.principals:
        for form in (*principal.forms, *principal.clipped, *principal.typos):
            yield form, principal.id
    written = {fold(form) for figure in watch.figures for form in figure.forms}
    for figure in watch.figures:
        for form in figure.forms:
            yield form, figure.id
    surnames = Counter(figure.name.split()[-1] for figure in watch.figures)
    for figure in (one for one in watch.figures if " " in one.name and one.country != _LIBYA):
        surname = figure.name.split()[-1]
        known = any(map(is_word, unprefixed(fold(surname)))) or fold(surname) in written
        if surnames[surname] == 1 and len(surname) >= _LEAST_SURNAME and not known:
            yield surname, figure.id
    for form in watch.not_ours:
        yield form, "-"


def _calendar(lexicon: Lexicon) -> Iterator[str]:
    """Months and weekdays of one word, as folded; not those that are also other words («مارس»)."""
    for name in ("months", "weekdays"):
        for entry in lexicon.entries(name):
            weak = {fold(form) for form in (entry.get("weak") or "").split("|")}
            yield from (fold(form) for form in entry.forms if " " not in form and fold(form) not in weak)


def _synonyms(lexicon: Lexicon) -> Mapping[str, str]:
    """Folded form to the id of its group; a form of two groups belongs to none."""
    groups: dict[str, set[str]] = defaultdict(set)
    for entry in lexicon.entries("synonyms"):
        for form in entry.forms:
            groups[fold(form)].add(entry.id)
    return {form: next(iter(ids)) for form, ids in groups.items() if len(ids) == 1}


def _lone_antonyms(lexicon: Lexicon) -> Mapping[str, str]:
    """Lemma of a one-word form to the id of its entry, for inflections that are not listed; none where two share it."""
    sides: dict[str, set[str]] = defaultdict(set)
    for entry in lexicon.entries("antonyms"):
        for form in entry.forms:
            if " " not in form:
                sides[term(form)].add(entry.id)
    return {lemma: next(iter(ids)) for lemma, ids in sides.items() if len(ids) == 1 and len(lemma) >= _LEAST_LEMMA}


def _opposed(lexicon: Lexicon) -> Mapping[str, frozenset[str]]:
    """Id of an antonym entry to those it contradicts: its opposite, and what either of two names as `against`."""
    opposed: dict[str, set[str]] = defaultdict(set)
    for entry in lexicon.entries("antonyms"):
        for other in (entry.attrs["opposite"], *(entry.get("against") or "").split()):
            opposed[entry.id].add(other)
            opposed[other].add(entry.id)
    return {side: frozenset(others) for side, others in opposed.items()}
