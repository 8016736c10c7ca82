"""Find many written forms in one pass over the tokens of a text.

A form is matched word by word on folded tokens, the longest form first. Its first word may carry particles
in the text (و ف ب ك ل, the article, or both); later words must be equal. «عبد» and the word after it count
as one word on both sides, because newsrooms write «عبد الحميد» and «عبدالحميد» alike.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from monitor.reading.arabic import Token, tokens, unprefixed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_Rest: TypeAlias = tuple[str, ...]

_SERVANT = "عبد"
"""First half of a theophoric name, the one name part that is written apart or joined at will."""
_SERVANT_WITH_PARTICLE = frozenset(particle + _SERVANT for particle in ("", "و", "ف", "ب", "ك", "ل"))
_ARTICLES = ("ال", "لل")


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """One form found: tokens `first` to `last` (inclusive), characters `[start, end)` of the text.

    `prefix` is what was taken off the folded first word («و», «ب», «وال», «لل»). `start` lies after its
    particles, but before its article; where a particle has melted into the article («لل»), or vowel signs
    hide its length, `start` is the beginning of the token.
    """

    key: str
    first: int
    last: int
    start: int
    end: int
    prefix: str = ""


class Spelled:
    """A run of tokens made ready for looking up: its words with «عبد» joined, and where each reading of them stands.

    Build it once for a text in which several indices look.
    """

    __slots__ = ("at", "spans", "tokens", "words")

    def __init__(self, tokens: Sequence[Token]) -> None:
        """Join and read `tokens`."""
        joined = _joined(tokens)
        self.tokens = tokens
        self.words = tuple([word for word, _, _ in joined])
        self.spans = [(first, last) for _, first, last in joined]
        self.at: defaultdict[str, list[int]] = defaultdict(list)
        for at, word in enumerate(self.words):
            for reading in unprefixed(word):
                self.at[reading].append(at)


@lru_cache(maxsize=256)
def _spelled(tokens: tuple[Token, ...]) -> Spelled:
    """A line's tokens made ready: several indices look in each line, one after the other."""
    return Spelled(tokens)


class PhraseIndex:
    """Written forms by first word; build it once, use it for every text.

    >>> from monitor.reading.arabic import tokens
    >>> [match.key for match in PhraseIndex([("قصر الإليزيه", "elysee")]).find(tokens("وبقصر الاليزيه"))]
    ['elysee']
    """

    __slots__ = ("_by_first",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Index (form, key) pairs; a form may stand under several keys, one without a word is ignored."""
        by_first: dict[str, dict[int, dict[_Rest, list[str]]]] = {}
        for form, key in pairs:
            words = tuple(word for word, _, _ in _joined(tokens(form)))
            if not words:
                continue
            keys = by_first.setdefault(words[0], {}).setdefault(len(words), {}).setdefault(words[1:], [])
            if key not in keys:
                keys.append(key)
        self._by_first: dict[str, tuple[tuple[int, dict[_Rest, list[str]]], ...]] = {
            first: tuple(sorted(lengths.items(), reverse=True)) for first, lengths in by_first.items()
        }

    def find(self, text: Spelled | Sequence[Token]) -> tuple[PhraseMatch, ...]:
        """Matches from left to right, the longest at each place, never overlapping.

        A form that stands under several keys gives one match per key, with the same span, in the order of the
        pairs. Of two readings of a word the one with fewer letters taken off wins.
        """
        read = text if isinstance(text, Spelled) else _spelled(tuple(text))
        tokens, found, behind = read.tokens, list[PhraseMatch](), 0
        for at in sorted({at for first in self._by_first.keys() & read.at.keys() for at in read.at[first]}):
            length, keys, reading = self._longest(read.words, at) if at >= behind else (0, (), "")
            if length:
                first, last = read.spans[at][0], read.spans[at + length - 1][1]
                prefix = _prefix(read.words[at], reading)
                start = _start(tokens[first], prefix)
                found.extend(PhraseMatch(key, first, last, start, tokens[last].end, prefix) for key in keys)
                behind = at + length
        return tuple(found)

    def _longest(self, words: _Rest, at: int) -> tuple[int, Sequence[str], str]:
        best: tuple[int, Sequence[str], str] = (0, (), "")
        for reading in unprefixed(words[at]):
            for length, rests in self._by_first.get(reading, ()):
                if length <= best[0]:
                    break
                keys = rests.get(words[at + 1 : at + length])
                if keys:
                    best = (length, keys, reading)
                    break
        return best


def _joined(tokens: Sequence[Token]) -> list[tuple[str, int, int]]:
    """Words with the first and last index of their tokens; «عبد» and its second half are one word."""
    if not any(token.form in _SERVANT_WITH_PARTICLE for token in tokens):
        return [(token.form, at, at) for at, token in enumerate(tokens)]
    return list(_join(tokens))


def _join(tokens: Sequence[Token]) -> Iterator[tuple[str, int, int]]:
    at = 0
    while at < len(tokens):
        form = tokens[at].form
        if form in _SERVANT_WITH_PARTICLE and at + 1 < len(tokens):
            yield form + tokens[at + 1].form, at, at + 1
            at += 2
        else:
            yield form, at, at
            at += 1


def _prefix(word: str, reading: str) -> str:
    """What `unprefixed` took off `word` to reach `reading`."""
    if word.endswith(reading):
        return word[: len(word) - len(reading)]
    return word[: len(word) - len(reading) + 2]


def _start(token: Token, prefix: str) -> int:
    particles = prefix[:-2] if prefix.endswith(_ARTICLES) else prefix
    plain = token.end - token.start == len(token.form) or not particles
    return token.start + len(particles) if plain else token.start
