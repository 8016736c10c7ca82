"""How many of what: figures and number words with what they count, duals («ساعتين»), lone units («ساعة واحدة»).

The noun stands behind its number («سبعة ضباط»), or before it with the article on both («السنوات الخمس»). A year, an
ordinal, and a number that belongs to a date count nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from monitor.reading.annotate import COMMA, STOP
from monitor.reading.arabic import term, unprefixed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from monitor.reading.annotate import Document
    from monitor.reading.dates import DateMention
    from monitor.reading.phrases import PhraseMatch
    from monitor.reading.words import Words

PERCENT: Final = "%"
"""What a share of a hundred counts as its noun."""
_DUAL_ENDINGS: Final = ("تين", "تان", "ين", "ان")
_YEARS: Final = range(1900, 2101)
_FIGURE: Final = re.compile(r"[وفبكل]?(\d+(?:[.,٫٬]\d+)*)")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[,٬]\d{3})+")
_MOST_CHARS: Final = 18
"""A figure of more, with its separators, counts nothing: it is a number of an account, or none at all."""
_MOST: Final = Decimal(10) ** _MOST_CHARS
_MAGNITUDES: Final = {"magnitude_thousand": 10**3, "magnitude_million": 10**6, "magnitude_billion": 10**9}


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as written over tokens `first` to `last`, both included."""

    value: Decimal
    first: int
    last: int
    figure: bool


def quantities(
    document: Document, first: int, last: int, dates: Sequence[DateMention] = ()
) -> Iterator[tuple[str, str]]:
    """(number, counted term) pairs of tokens `[first, last)`, in text order.

    «وفد من سبعة ضباط … مدة ساعتين» gives ("7", "ضابط") and ("2", "ساع"), «1.8 مليار دولار» ("1800000000", "دولار").
    """
    numbers = document.within(document.numbers, first, last)
    titles = (*document.ranks, *document.offices) if numbers else ()
    inside = {at for m in titles for at in range(m.first, m.last + 1)}
    days = document.words.calendar
    words = {m.first: m for m in numbers if m.first not in inside and document.tokens[m.first].form not in days}
    at = first
    while at < last:
        number = _number(document, words, at, last)
        if number is None:
            yield from _without_number(document, at, last)
            at += 1
            continue
        token = document.tokens[at]
        noun = _counted(document, number, first, last)
        counts = noun in document.words.unit_terms or not any(d.start <= token.start < d.end for d in dates)
        if noun is not None and counts and not (number.figure and number.value in _YEARS):
            yield f"{number.value.normalize():f}", noun
        at = number.last + 1


def _without_number(document: Document, at: int, last: int) -> Iterator[tuple[str, str]]:
    """A dual is two of a unit, and a lone unit may be one of it."""
    unit = _dual(document.words, document.tokens[at].form)
    if unit:
        yield "2", unit
    elif _is_one(document, at, last):
        yield "1", _noun(document, at)


def _is_one(document: Document, at: int, last: int) -> bool:
    """«ساعة واحدة», or a unit alone behind «استغرق» or «مدة»: one of it."""
    if not _is_unit(document.words, document.tokens[at].form):
        return False
    if at + 1 < last and document.tokens[at + 1].form in document.words.marks["one"]:
        return True
    before = document.tokens[at - 1].form if at else ""
    return before.endswith(tuple(document.words.marks["lasting"])) and not (
        at + 1 < last and document.tokens[at + 1].form.isdigit()
    )


@lru_cache(maxsize=16384)
def _is_unit(words: Words, form: str) -> bool:
    return not words.units.keys().isdisjoint(unprefixed(form))


# -- the number ------------------------------------------------------------------------------------------------


def _number(document: Document, words: Mapping[int, PhraseMatch], at: int, last: int) -> _Number | None:
    """The number that begins at token `at`: what is multiplied and added to its first word belongs to it.

    «مليار و800 مليون» is one number, and so is «مئة وخمسين»; of «خمسة وستة» each is its own.
    """
    read = _part(document, words, at, last)
    if read is None:
        return None
    value, end = read
    whole, least = value, _unit_of(value)
    while end + 1 < last and document.tokens[end + 1].form.startswith("و"):
        read = _part(document, words, end + 1, last)
        if read is None or not 0 < read[0] < least:
            break
        whole, end, least = whole + read[0], read[1], _unit_of(read[0])
    return _Number(whole, at, end, figure=_figure(document.tokens[at].form) is not None)


def _unit_of(value: Decimal) -> Decimal:
    """The power of ten that a number ends with: what is smaller may be added to it."""
    power = Decimal(1)
    while value and value % (power * 10) == 0:
        power *= 10
    return power


def _part(document: Document, words: Mapping[int, PhraseMatch], at: int, last: int) -> tuple[Decimal, int] | None:
    """One figure or number word with the words of magnitude behind it, and its last token."""
    value, end = _figure(document.tokens[at].form), at
    if value is None:
        match = words.get(at)
        if match is None or _is_ordinal(document, match):
            return None
        value, end = Decimal(document.words.entry("numbers", match.key).attrs["value"]), match.last
    while end + 1 < last and (times := _magnitude(document, end + 1)) and value * times < _MOST:
        value, end = value * times, end + 1
    return value, end


def _figure(form: str) -> Decimal | None:
    """The value of digits, with a separator of thousands or of decimals; a full stop before three digits is either."""
    match = _FIGURE.fullmatch(form)
    if match is None or len(match[1]) > _MOST_CHARS:
        return None
    digits = match[1]
    if _THOUSANDS.fullmatch(digits):
        return Decimal(re.sub("[,٬]", "", digits))
    whole, _, rest = re.sub("[,٫٬]", ".", digits).partition(".")
    return None if "." in rest else Decimal(f"{whole}.{rest or '0'}")


def _is_ordinal(document: Document, match: PhraseMatch) -> bool:
    """«الجولة الثالثة», «الثاني عشر»: which one, not how many."""
    return bool(document.words.marks["ordinal"] & set(unprefixed(document.tokens[match.first].form)))


def _magnitude(document: Document, at: int) -> int:
    """1000 at «آلاف», 0 at a word that multiplies nothing."""
    form = document.tokens[at].form
    return next((value for name, value in _MAGNITUDES.items() if form in document.words.marks[name]), 0)


# -- what it counts --------------------------------------------------------------------------------------------


def _counted(document: Document, number: _Number, first: int, last: int) -> str | None:
    """The term of what a number counts: behind it, or before it where the number is its adjective."""
    if _is_share(document, number.last, last):
        return PERCENT
    if not number.figure and _is_adjective(document, number, first):
        return _noun(document, number.first - 1)
    at = number.last + 1
    while at < last and document.tokens[at].form in document.words.marks["between_number_and_noun"]:
        at += 1
    return _noun(document, at) if at < last and _is_noun(document, at) else None


def _is_share(document: Document, at: int, last: int) -> bool:
    """«30%», «ثلاثين بالمئة», «30 في المئة»."""
    sign = document.text[document.tokens[at].end :][:2].strip()
    following = (token.form for token in document.tokens[at + 1 : min(last, at + 3)])
    return sign[:1] in {"%", "٪"} or any(form in document.words.marks["percent"] for form in following)


def _is_adjective(document: Document, number: _Number, first: int) -> bool:
    """«السنوات الخمس», «مساراته الثلاثة»: the number has the article, and its noun stands straight before it."""
    before = number.first - 1
    has_article = document.tokens[number.first].form.startswith("ال")
    return has_article and number.first == number.last and before >= first and _is_noun(document, before)


def _is_noun(document: Document, at: int) -> bool:
    form = document.tokens[at].form
    if form in {COMMA, STOP} or _figure(form) is not None or form in document.words.calendar:
        return False
    return _unit(document, form) is not None or form not in document.words.function_words


def _noun(document: Document, at: int) -> str:
    """The term of a counted word; the words for one unit («شهر», «أشهر») have one term."""
    token = document.tokens[at]
    return _unit(document, token.form) or term(document.text[token.start : token.end])


def _unit(document: Document, form: str) -> str | None:
    """The term of a unit, «شهرا» and «أشهر» alike."""
    units, readings = document.words.units, unprefixed(form)
    return next(
        (units[one] for reading in readings for one in (reading, reading.removesuffix("ا")) if one in units), None
    )


@lru_cache(maxsize=16384)
def _dual(words: Words, form: str) -> str | None:
    """The unit that a dual counts («ساعتين» gives «ساعه»), None for any other word."""
    for reading in unprefixed(form):
        for ending in _DUAL_ENDINGS:
            if reading.endswith(ending):
                base = reading.removesuffix(ending)
                for unit in (base, base + "ه"):
                    if unit in words.units:
                        return words.units[unit]
    return None
