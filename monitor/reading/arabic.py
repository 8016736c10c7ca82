"""Arabic text for comparing: fold, tokens, light stems, clauses. Everything keeps offsets into the original.

The fold is versioned: an archive that stores folded text stores `FOLD_VERSION` beside it. It unifies what Arabic
newsrooms write in more than one way (vowel signs, tatweel, hamza seats, alef maqsura, teh marbuta, digits).
The stemmer follows Light10 (Larkey, Ballesteros and Connell 2007), with particles taken off one at a time.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

import simplemma

FOLD_VERSION = 1

_DROPPED = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
"""Control characters, tashkeel, tatweel, Quranic marks, joiners and bidirectional controls."""

_UNIFIED = str.maketrans(
    "أإآٱؤئىةکگیہ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹“”„«»‘’\u00b4`",
    'ااااءءيهكقيه01234567890123456789"""""\'\'\'\'',
)
_MARKS = "[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u202a-\u202e\u2060-\u2069]"
_WORD = re.compile(rf"[وفبكل]?\d+(?:[,٬]\d{{3}})+(?!\d)|[وفبكل]?\d+[.,٫]\d+|[^\W_](?:[^\W_]|{_MARKS})*")
_CLAUSE_END = re.compile(r"[.؟!؛;…\n]+[\"»”']?")

_CONJUNCTIONS = ("و", "ف")
_PARTICLES = ("ب", "ك", "ل")
_SUFFIXES = ("هما", "ها", "هم", "هن", "نا", "ات", "ان", "ين", "ون", "يه", "ته", "ه", "ي", "ا")
_AMBIGUOUS_SUFFIXES = ("نا", "ان", "ين", "ون", "ته")
"""Also common root endings («تعاون», «قانون»): taken off only where four letters stay."""
_MIN_STEM = 3
REMEMBERED: Final = 32_768
"""Words of which what each of some steps makes is remembered: 55 MiB at the most, in every process that reads."""
_LINE = 2000
"""Characters up to which the tokens of a text are remembered: a paragraph is looked at by several stages."""


class Token(NamedTuple):
    """One word: `text[start:end]` in the original, folded in `form`."""

    start: int
    end: int
    form: str


@lru_cache(maxsize=REMEMBERED)
def _fold_char(char: str) -> str:
    if _DROPPED.match(char):
        return ""
    wide = unicodedata.normalize("NFKC", char) if not char.isascii() else char
    return _DROPPED.sub("", wide).translate(_UNIFIED).casefold()


def fold(text: str) -> str:
    """`text` for comparing: one spelling per word, offsets not kept, runs of white space made one space.

    >>> fold("حَفْتَر في الإليزيه ٢٠٢٦")
    'حفتر في الاليزيه 2026'
    """
    return " ".join("".join(map(_fold_char, text)).split())


@lru_cache(maxsize=REMEMBERED)
def _fold_word(word: str) -> str:
    return fold(word)


def tokens(text: str) -> tuple[Token, ...]:
    """Words and numbers of `text` in order; vowel signs inside a word do not end it."""
    return _tokens_of_line(text) if len(text) <= _LINE else _tokens(text)


@lru_cache(maxsize=4096)
def _tokens_of_line(text: str) -> tuple[Token, ...]:
    return _tokens(text)


def _tokens(text: str) -> tuple[Token, ...]:
    found = (Token(m.start(), m.end(), _fold_word(m.group())) for m in _WORD.finditer(text))
    return tuple(token for token in found if token.form)


@lru_cache(maxsize=REMEMBERED)
def unprefixed(form: str) -> tuple[str, ...]:
    """Readings of a folded word with its leading particles taken off, the word itself first.

    >>> unprefixed("وللرءيس")
    ('وللرءيس', 'للرءيس', 'الرءيس', 'لرءيس', 'اللرءيس', 'رءيس')
    """
    forms = [form]
    rest = form
    if rest[:1] in _CONJUNCTIONS and len(rest) > _MIN_STEM and not _is_whole(rest):
        rest = rest[1:]
        forms.append(rest)
    for base in tuple(forms):
        if base.startswith("لل") and len(base) > _MIN_STEM:
            forms.extend(("ال" + base[2:], base[1:], "ال" + base[1:]))
        elif base[:1] in _PARTICLES and len(base) > _MIN_STEM:
            forms.append(base[1:])
    forms.extend([base[2:] for base in forms if base.startswith("ال") and len(base) > _MIN_STEM + 1])
    return tuple(dict.fromkeys(forms))


@lru_cache(maxsize=REMEMBERED)
def with_particle(form: str) -> bool:
    """Whether a folded word is another behind «ب» or «ل»: «بعدد», «لوزير», and not «بلد».

    >>> with_particle(fold("بعدد")), with_particle(fold("بلد"))
    (True, False)
    """
    rest = form[1:]
    if form[:1] not in {"ب", "ل"} or len(form) <= _MIN_STEM:
        return False
    return not is_word(form) and (is_word(rest) or is_word(rest.removeprefix("ال")))


def _is_whole(form: str) -> bool:
    """A dictionary word whose first letter is its own: «وزارة», «وفد», «فرنسا»; what would be left is no word."""
    return is_word(form) and not is_word(form[1:])


def is_word(form: str) -> bool:
    """Whether a folded word is in the dictionary, with «ة» where the fold wrote «ه»."""
    return simplemma.is_known(form, lang="ar") or (
        form.endswith("ه") and simplemma.is_known(form[:-1] + "ة", lang="ar")
    )


@lru_cache(maxsize=REMEMBERED)
def stem(form: str) -> str:
    """Light stem of one folded word: conjunction, particle, article and one suffix taken off.

    >>> stem(fold("وبالتعاون")), stem(fold("التدريبية"))
    ('تعاون', 'تدريب')
    """
    rest = form
    if rest[:1] in _CONJUNCTIONS and len(rest) > _MIN_STEM + 1 and not _is_whole(rest):
        rest = rest[1:]
    if rest.startswith("لل") and len(rest) > _MIN_STEM + 1:
        rest = rest[2:]
    elif rest[:1] in _PARTICLES and rest[1:3] == "ال" and len(rest) > _MIN_STEM + 2:
        rest = rest[3:]
    elif rest.startswith("ال") and len(rest) > _MIN_STEM + 1:
        rest = rest[2:]
    return _unsuffixed(rest)


def _unsuffixed(rest: str) -> str:
    for suffix in _SUFFIXES:
        least = _MIN_STEM + (suffix in _AMBIGUOUS_SUFFIXES)
        if rest.endswith(suffix) and len(rest) - len(suffix) >= least:
            return rest[: -len(suffix)]
    return rest


@lru_cache(maxsize=REMEMBERED)
def term(word: str) -> str:
    """What one written word counts as when contents are compared: its folded, suffix-less lemma.

    The lemma is simplemma's (dictionary and rules, hamza and teh marbuta kept as written); the light stem then
    unites what the dictionary keeps apart, such as an adjective and its noun.

    >>> term("وبالتعاون"), term("الانتخابية"), term("انتخابات")
    ('تعاون', 'انتخاب', 'انتخاب')
    """
    plain = _DROPPED.sub("", word)
    lemma = fold(simplemma.lemmatize(plain, lang="ar"))
    return stem(lemma) if lemma == fold(plain) else _unsuffixed(lemma.removeprefix("ال"))


@lru_cache(maxsize=REMEMBERED)
def is_plural(word: str) -> bool:
    """Whether a written noun names several, by what its lemma is: «المسؤولين», «قادة», and not «وزيرة».

    >>> is_plural("المسؤولين"), is_plural("وزيرة")
    (True, False)
    """
    plain = _DROPPED.sub("", word).removeprefix("ال")
    lemma = simplemma.lemmatize(plain, lang="ar")
    return lemma not in {plain, plain.removesuffix("ة")}


def clause_spans(text: str, start: int = 0, end: int | None = None) -> tuple[tuple[int, int], ...]:
    """Split text at sentence marks; «؛» and a line end also end a clause.

    Args:
        text: The article's text.
        start: Where to begin, in code points.
        end: Where to stop, None for the end of `text`.

    Returns:
        Half-open offsets into `text`, ascending, never overlapping, without surrounding white space. A full
        stop between digits (a decimal) ends nothing.
    """
    stop = len(text) if end is None else end
    spans: list[tuple[int, int]] = []
    begin = start
    for match in _CLAUSE_END.finditer(text, start, stop):
        at = match.start()
        inside_number = match.group() == "." and at > 0 and at + 1 < stop and text[at - 1 : at + 2 : 2].isdigit()
        if inside_number:
            continue
        _append_trimmed(spans, text, begin, match.end())
        begin = match.end()
    _append_trimmed(spans, text, begin, stop)
    return tuple(spans)


def _append_trimmed(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))
