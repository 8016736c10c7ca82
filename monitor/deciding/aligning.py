"""Two sentences laid side by side: which content word of the one stands for which of the other, and what is left.

Every word is given to at most one other, the surest pair first, and of equally sure ones the one that stands most
nearly at the same place (monolingual word alignment by lexical evidence and context: Sultan, Bethard and Sumner 2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import ContentWord

_LEAST_LETTERS: Final = 5
"""Shorter words that differ in a letter are other words («العربي», «الغربي»)."""
_ALIKE: Final = 0.66
"""Dice of letter pairs from which on two longer words are spellings of one: seen apart on «صاروخية», «صاورخية»."""
_SCOPE: Final = 2
"""Content words that a negation reaches: «لا صحة لأنباء الزيارة», «دون وقوع ضحايا»."""
_SAME, _KEY, _SIDE, _SPELT, _INSIDE = 1.0, 0.9, 0.85, 0.7, 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """`pairs` leads from places in `one` to places in `other`."""

    one: tuple[ContentWord, ...]
    other: tuple[ContentWord, ...]
    pairs: Mapping[int, int]

    @property
    def left(self) -> tuple[ContentWord, ...]:
        """Words of the one that nothing in the other stands for."""
        return tuple(word for at, word in enumerate(self.one) if at not in self.pairs)

    @property
    def right(self) -> tuple[ContentWord, ...]:
        """Words of the other that stand for nothing in the one."""
        taken = set(self.pairs.values())
        return tuple(word for at, word in enumerate(self.other) if at not in taken)

    @property
    def share(self) -> float:
        """Share of the words that are paired, of the sentence that is covered less, 0..1."""
        longer = max(len(self.one), len(self.other))
        return len(self.pairs) / longer if longer else 0.0

    def opposed(self) -> bool:
        """Whether a word that is left has its opposite among those left over there, or one word has opposite sides.

        «القمح يرتفع والشعير ينخفض» against «القمح ينخفض والشعير يرتفع»: every word is paired, and tied to another.
        """
        over = {side for word in self.right for side in word.sides}
        return any(word.against & over for word in self.left) or self._crossed() < 0

    def odd(self) -> bool:
        """Whether the one turns what it says round an odd number of times more often than the other."""
        return sum(word.turns for word in (*self.one, *self.other)) % 2 == 1

    def turned(self) -> bool:
        """Whether one of them denies what the other says: a turning word of its own stands before a word of both."""
        if not self.odd():
            return False
        sides = ((self.one, set(self.pairs)), (self.other, set(self.pairs.values())))
        return any(
            word.turns and at not in paired and paired.intersection(range(at + 1, at + 1 + _SCOPE))
            for words, paired in sides
            for at, word in enumerate(words)
        )

    def _crossed(self) -> float:
        """How far paired words stand by the same side in both, less by opposite ones; a nearer side counts more."""
        here, there = _nearest_sided(self.one), _nearest_sided(self.other)
        tied = [(here[one], there[other]) for one, other in self.pairs.items() if one in here and other in there]
        return sum(
            (bool(first.sides & second.sides) - bool(first.sides & second.against)) / (far * far_there)
            for (first, far), (second, far_there) in tied
        )

    def frame(self) -> int:
        """On how many sides (0 to 2) the best-framed replacement stands between words that are paired.

        «X … Y» against «X … Z» is 2; an end of both sentences counts as a paired neighbour.
        """
        taken = set(self.pairs.values())
        left = [at for at in range(len(self.one)) if at not in self.pairs]
        right = [at for at in range(len(self.other)) if at not in taken]
        return max((self._framed(one, other) for one in left for other in right), default=0)

    def _framed(self, one: int, other: int) -> int:
        before = self.pairs.get(one - 1) == other - 1 if one and other else one == other
        ends = (one == len(self.one) - 1, other == len(self.other) - 1)
        after = all(ends) if any(ends) else self.pairs.get(one + 1) == other + 1
        return before + after


def align(one: Sequence[ContentWord], other: Sequence[ContentWord]) -> Alignment:
    """Pair the words of two sentences."""
    found = sorted(
        (-likeness, abs(here / len(one) - there / len(other)), here, there)
        for here, first in enumerate(one)
        for there, second in enumerate(other)
        if (likeness := _likeness(first, second))
    )
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, here, there in found:
        if here not in pairs and there not in taken:
            pairs[here] = there
            taken.add(there)
    return Alignment(one=tuple(one), other=tuple(other), pairs=pairs)


def _nearest_sided(words: Sequence[ContentWord]) -> dict[int, tuple[ContentWord, int]]:
    """Each word without a side: the nearest that has one, and how far; not where two are equally near."""
    sided = [at for at, word in enumerate(words) if word.sides]
    found: dict[int, tuple[ContentWord, int]] = {}
    for at, word in enumerate(words):
        if not word.sides and sided:
            nearest = sorted((abs(at - other), other) for other in sided)[:2]
            if len({far for far, _ in nearest}) == len(nearest):
                found[at] = words[nearest[0][1]], nearest[0][0]
    return found


def _likeness(one: ContentWord, other: ContentWord) -> float:
    """How surely two words say the same, 0 where they do not."""
    if one.form == other.form:
        return _SAME
    if one.number or other.number or one.place or other.place:
        return _SAME * (_same_place(one, other) or bool(one.number and one.number == other.number))
    if one.sides & other.against or one.turns is not other.turns:
        return 0.0
    if one.keys & other.keys:
        return _KEY
    if one.sides & other.sides:
        return _SIDE
    return _spelling(one.form, other.form)


def _same_place(one: ContentWord, other: ContentWord) -> bool:
    """The same, or a country and what lies in it: «برلين» speaks for «ألمانيا»."""
    if one.place is None or other.place is None:
        return False
    (here, country), (there, other_country) = one.place, other.place
    return here == there or (country == other_country and country in {here, there})


def _spelling(one: str, other: str) -> float:
    first, second = (word.removeprefix("ال") for word in (one, other))
    if min(len(first), len(second)) < _LEAST_LETTERS:
        return 0.0
    if first in second or second in first:
        return _INSIDE
    here, there = ({word[at : at + 2] for at in range(len(word) - 1)} for word in (first, second))
    alike = 2 * len(here & there) / (len(here) + len(there)) >= _ALIKE or sorted(first) == sorted(second)
    return _SPELT if alike else 0.0
