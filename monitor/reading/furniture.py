"""What is page furniture by its own words: whole lines, and the ends of paragraphs that an extractor ran into one line.

Asked of one line at a time. What only its neighbours tell (headlines under «اقرأ أيضا», readers' comments) is left to
`segment`. The words are those of `boilerplate.toml`, whose head says what each `where` means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.reading.arabic import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.reading.arabic import Token
    from monitor.reading.phrases import PhraseMatch
    from monitor.reading.words import Words

FINAL = (".", "؟", "!", "…", '"', "»", "”", "؛", ":")
_SENTENCE_END = re.compile(r"(?:(?<![.…])\.(?![.…\d])|[؟!])[\"»”)]?(?:\s+|$)|(?:\s[|•*]+|[\[(])\s*")
_STOP = re.compile(r"(?<![.…])\.[\"»”)]?\s+")
_COLON = re.compile(r"[^\w\s]?\s*(?:[:|»>←]|\.\.|…|[-–—ـ]+\s)")
_CLOSER = {"(": ")", "[": "]"}
_QUOTES = re.compile(r"[«“»”\"]")
_CLOCK = re.compile(
    r"[\s\d/:.,،\-–|٠-٩]*(?:[\s\d/:.,،\-–|٠-٩]|صباحا?ً?|مساءً?|صباحًا|مساءا|ص|م|am|pm|gmt|بتوقيت\s\S+)*", re.IGNORECASE
)
_CREDIT = re.compile(r"[(\[]\s*([^()\[\]]+?)\s*[)\]]\s*$|\s[-–—/|©]\s*([^-–—/|.]+)$|©\s*([^.]+)$")
_SHORT = 14
_ANY_LENGTH = frozenset({"opens", "related", "read"})
_WITH_COLON = frozenset({"label", "line", "heads", "comments", "author"})
_SHORT_LINE = frozenset({"line", "heads", "label", "comments", "author"})
_NAMES_OTHERS = frozenset({"related", "read", "heads"})
_EXTRA_WORDS = 6
_REST_WORDS = 8
"""Words of a sentence that the article goes on with behind furniture."""
_CAPTION_WORDS = 30
_CREDIT_WORDS = 6
_TEASER_WORDS = 20
_LEAST_NUMBERS = 4
_LEAST_WORDS = 3
"""What is left of a line with furniture is text from so many words on."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch `[start, end)` of a line; `where` says by which sort of mark it is furniture, None if it is text.

    `headline` is set on what stands behind the mark of other articles.
    """

    start: int
    end: int
    where: str | None = None
    headline: bool = False


def pieces(text: str, words: Words) -> tuple[Piece, ...]:
    """Cut one line into text and furniture, in order, without white space around the pieces.

    A line that is all text is one piece.
    """
    found = tokens(text)
    whole = whole_line(text, found, words)
    if whole:
        return tuple(_with_headline(text, 0, len(text), whole, found, words))
    cut = tuple(piece for piece in _cut(text, 0, words) if text[piece.start : piece.end].strip())
    return (Piece(0, len(text), "line"),) if len(cut) > 1 and _is_scrap(text, cut[0]) else cut


def _is_scrap(text: str, first: Piece) -> bool:
    """What stands before furniture, but is none of the article: a word or two, or a lone question to the reader."""
    told = text[first.start : first.end]
    few = len(tokens(told)) < _LEAST_WORDS
    return first.where is None and (few or (told.endswith("؟") and not _STOP.search(told)))


def is_clock(text: str) -> bool:
    """A date or an hour in figures, and nothing else."""
    return bool(_CLOCK.fullmatch(text))


def whole_line(text: str, found: Sequence[Token], words: Words) -> str | None:
    """The `where` by which the line is furniture from its first to its last word, None if it is not."""
    if not found or is_clock(text):
        return "line"
    if _is_bar(text, found, words) or _is_caption(text, found, words):
        return "line"
    matches = words.boilerplate.find(found)
    for match in matches:
        where = _where(match, words)
        if where in _SHORT_LINE and match.first == 0 and _leads_short_line(text, found, match, words):
            return where
        if where == "anywhere" and len(found) <= _SHORT and not text.endswith(FINAL):
            return where
    return "line" if _is_teaser(text, found, matches, words) else None


def _is_teaser(text: str, found: Sequence[Token], matches: Sequence[PhraseMatch], words: Words) -> bool:
    """«… في بنغازي - اقرأ المزيد»: another article's first words."""
    last = matches[-1] if matches and matches[-1].first else None
    closes = last is not None and last.last == len(found) - 1 and _where(last, words) == "read"
    return closes and len(found) <= _TEASER_WORDS and not _STOP.search(text)


def _where(match: PhraseMatch, words: Words) -> str:
    return words.entry("boilerplate", match.key).attrs["where"]


def _leads_short_line(text: str, found: Sequence[Token], match: PhraseMatch, words: Words) -> bool:
    longest = _TEASER_WORDS if _counts_comments(match, words) else min(_SHORT, match.last + _EXTRA_WORDS)
    if len(found) > longest:
        return False
    if _where(match, words) == "label":
        return len(found) == match.last + 1
    return not _goes_on(text, found, match, words)


def _counts_comments(match: PhraseMatch, words: Words) -> bool:
    """«تعليق واحد على "عنوان المقال"»."""
    return _where(match, words) == "comments" and match.last > match.first


def _goes_on(text: str, found: Sequence[Token], match: PhraseMatch, words: Words) -> bool:
    """«المصدر قال…», «المزيد من اللقاءات سيعقدها…»: the first words of a sentence, not of a widget."""
    if _COLON.match(text, match.end) or len(found) == match.last + 1:
        return False
    behind = found[match.last + 1 :]
    says = starts_with_verb(behind, words)
    return says or (text.endswith(".") and not text.endswith("..") and _has_verb(behind, words))


def starts_with_verb(found: Sequence[Token], words: Words) -> bool:
    """Whether the first of the words is a verb of the lexicon."""
    verbs = (m for m in words.predicates.find(found[:6]) if m.first == 0)
    return any(words.entry("predicates", m.key).get("shape") == "verb" for m in verbs) or any(
        m.first == 0 for m in words.attribution.find(found[:6])
    )


def _has_verb(found: Sequence[Token], words: Words) -> bool:
    verbs = (words.entry("predicates", m.key) for m in words.predicates.find(found))
    return any(verb.get("shape") == "verb" for verb in verbs) or bool(words.negation.find(found))


def _is_bar(text: str, found: Sequence[Token], words: Words) -> bool:
    """A copyright mark, hashtags, a row of buttons, a row of numbers (prayer times, exchange rates)."""
    if text.startswith("©"):
        return True
    if text.endswith((".", ":", "؛")):
        return False
    if all(part.startswith("#") for part in text.split()):
        return True
    numbers = sum(token.form[0].isdigit() for token in found)
    if numbers >= _LEAST_NUMBERS and 3 * numbers >= len(found):
        return True
    lines = [m for m in words.boilerplate.find(found) if _where(m, words) in _SHORT_LINE | {"credit"}]
    covered = sum(match.last - match.first + 1 for match in lines)
    return len(lines) > _LEAST_NUMBERS and 2 * covered >= len(found)


def _is_caption(text: str, found: Sequence[Token], words: Words) -> bool:
    """The words under a picture: they open like ones, or end with whose picture it is."""
    if len(found) > _CAPTION_WORDS or starts_with_verb(found, words):
        return False
    first = next((m for m in words.boilerplate.find(found[:8]) if m.first == 0), None)
    if first and _where(first, words) == "caption":
        return not _goes_on(text, found, first, words)
    credit = _CREDIT.search(text)
    if credit is None or _STOP.search(text[: credit.start()]):
        return False
    named = tokens(next(group for group in credit.groups() if group))
    marks = (_where(m, words) for m in words.boilerplate.find(named))
    told = [token for token in found if token.end <= credit.start()]
    return len(named) <= _CREDIT_WORDS and "credit" in marks and not words.attribution.find(told)


def _cut(text: str, offset: int, words: Words) -> Iterable[Piece]:
    """Text and furniture of `text[offset:]`, in turn."""
    mark = _first_mark(text, offset, words)
    if mark is None:
        yield _stripped(text, offset, len(text))
        return
    start, where = mark
    if start > offset:
        yield _stripped(text, offset, start)
    end = _end(text, start)
    found = tokens(text[start:end])
    yield from _with_headline(text, start, end, where, found, words)
    if end < len(text):
        yield from _cut(text, end, words)


def _stripped(text: str, start: int, end: int, where: str | None = None, *, headline: bool = False) -> Piece:
    part = text[start:end]
    begin = start + len(part) - len(part.lstrip())
    return Piece(begin, max(begin, start + len(part.rstrip())), where, headline)


def _first_mark(text: str, offset: int, words: Words) -> tuple[int, str] | None:
    """Where the first furniture of `text[offset:]` starts, and by which sort of mark."""
    part = text[offset:]
    starts = [0, *(m.end() for m in _SENTENCE_END.finditer(part))]
    found = tokens(part)
    for match in words.boilerplate.find(found):
        where, at = _where(match, words), found[match.first].start
        before = max(start for start in starts if start <= at)
        opens = not re.search(r"\w", part[before:at])
        colon = bool(_COLON.match(part, match.end)) or (
            match.last > match.first and part[match.end : match.end + 1] == "،"
        )
        if match.prefix[:1] in {"ب", "ك"} or _quoted(part, at):
            continue
        if where == "within":
            return offset + before, where
        if (
            (opens and where in _ANY_LENGTH)
            or (where == "read" and colon)
            or (opens and colon and _is_label(match, where, len(found)))
            or (opens and where == "line" and match.last > match.first and match.last + 1 == len(found))
        ):
            return offset + (before if opens else at), where
    return None


def _is_label(match: PhraseMatch, where: str, count: int) -> bool:
    """One word before a colon is a label only with a few words behind it: «المصدر: وكالات»."""
    if where in {"label", "heads"} or match.last > match.first:
        return where in _WITH_COLON
    return where in _WITH_COLON and count - match.last <= _EXTRA_WORDS


def _quoted(text: str, at: int) -> bool:
    """Whether a quotation is open at `at`."""
    marks = [m.group() for m in _QUOTES.finditer(text, 0, at)]
    curly = sum({"«": 1, "“": 1, "»": -1, "”": -1}.get(mark, 0) for mark in marks)
    return curly > 0 or marks.count('"') % 2 == 1


def _end(text: str, start: int) -> int:
    """Where the article goes on behind the furniture at `start`: behind its bracket, or with a whole sentence."""
    opener = text[:start].rstrip()[-1:]
    closer = _CLOSER.get(opener)
    if closer and (at := text.find(closer, start)) >= 0:
        return at
    stop = _STOP.search(text, start)
    if stop is None:
        return len(text)
    rest = text[stop.end() :].rstrip()
    goes_on = len(tokens(rest)) >= _REST_WORDS and rest.endswith(FINAL)
    return stop.end() if goes_on else len(text)


def _with_headline(
    text: str, start: int, end: int, where: str, found: Sequence[Token], words: Words
) -> Iterable[Piece]:
    """The furniture, and apart from it the headline behind a mark of other articles."""
    match = next(iter(words.boilerplate.find(found)), None) if where in _NAMES_OTHERS else None
    if match is None or match.first != 0 or match.last + 1 == len(found):
        yield _stripped(text, start, end, where)
        return
    at = start + found[match.last + 1].start if start else found[match.last + 1].start
    yield _stripped(text, start, at, where)
    yield _stripped(text, at, end, where, headline=True)
