"""How many of what: figures and number words with what they count, duals («ساعتين»), lone units («ساعة واحدة»).

A year, and a number that belongs to a date, counts nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.reading.annotate import COMMA, STOP
from monitor.reading.arabic import term, unprefixed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.reading.annotate import Document
    from monitor.reading.dates import DateMention
    from monitor.reading.phrases import PhraseMatch

_DUAL_ENDINGS: Final = ("تين", "تان", "ين", "ان")
_YEARS: Final = range(1900, 2101)


def quantities(
    document: Document, first: int, last: int, dates: Sequence[DateMention] = ()
) -> Iterator[tuple[str, str]]:
    """(number, counted term) pairs of tokens `[first, last)`, in text order.

    «وفد من سبعة ضباط … مدة ساعتين» gives ("7", "ضابط") and ("2", "ساع").
    """
    inside = {at for group in (document.ranks, document.offices) for m in group for at in range(m.first, m.last + 1)}
    words = {m.first: m for m in document.within(document.numbers, first, last) if m.first not in inside}
    at = first
    while at < last:
        token = document.tokens[at]
        value, end = _value(document, words, at)
        if value is None:
            unit = _dual(document, token.form)
            if unit:
                yield "2", term(unit)
            elif _is_one(document, at, last):
                yield "1", term(document.text[token.start : token.end])
            at += 1
            continue
        value, end = _magnified(document, value, end, last)
        noun = _counted(document, end + 1, last)
        counts = noun in document.words.unit_terms or not any(d.start <= token.start < d.end for d in dates)
        if noun is not None and counts and not (value.isdigit() and int(value) in _YEARS):
            yield value, noun
        at = end + 1


def _is_one(document: Document, at: int, last: int) -> bool:
    """«ساعة واحدة», or a unit alone behind «استغرق» or «مدة»: one of it."""
    if not document.words.marks["unit"] & set(unprefixed(document.tokens[at].form)):
        return False
    if at + 1 < last and document.tokens[at + 1].form in document.words.marks["one"]:
        return True
    before = document.tokens[at - 1].form if at else ""
    return before.endswith(tuple(document.words.marks["lasting"])) and not (
        at + 1 < last and document.tokens[at + 1].form.isdigit()
    )


def _value(document: Document, words: dict[int, PhraseMatch], at: int) -> tuple[str | None, int]:
    form = document.tokens[at].form
    digits = form.lstrip("وفبكل")
    if digits.replace(".", "", 1).isdigit():
        return digits.lstrip("0") or "0", at
    match = words.get(at)
    if match is None:
        return None, at
    return document.words.entry("numbers", match.key).attrs["value"], match.last


def _magnified(document: Document, value: str, end: int, last: int) -> tuple[str, int]:
    """«1.8 مليار» is one number."""
    if end + 1 < last and document.tokens[end + 1].form in document.words.marks["magnitude"]:
        token = document.tokens[end + 1]
        return f"{value}×{term(document.text[token.start : token.end])}", end + 1
    return value, end


def _counted(document: Document, at: int, last: int) -> str | None:
    """The term of the first content word behind a number."""
    while at < last and document.tokens[at].form in document.words.marks["between_number_and_noun"]:
        at += 1
    if at >= last:
        return None
    token = document.tokens[at]
    if token.form in {COMMA, STOP} or token.form.isdigit() or token.form in document.words.stopwords:
        return None
    return term(document.text[token.start : token.end])


def _dual(document: Document, form: str) -> str | None:
    """The unit that a dual counts («ساعتين» gives «ساعه»), None for any other word."""
    for reading in unprefixed(form):
        for ending in _DUAL_ENDINGS:
            if reading.endswith(ending):
                base = reading.removesuffix(ending)
                for unit in (base, base + "ه"):
                    if unit in document.words.marks["unit"]:
                        return unit
    return None
