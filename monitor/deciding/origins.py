"""Whom it comes from. Outlets are not origins: forty reprints of one readout have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.reading.arabic import fold, term, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import KnownClaim, Mention, Reading


def origin_of(mention: Mention, reading: Reading) -> str | None:
    """The named origin of one mention: its own attribution, else the article's."""
    return mention.origin or reading.origin


def corroborates(origin: str | None, known: Iterable[KnownClaim]) -> bool:
    """Whether a named origin is another than all those behind the claim; an unnamed one is none."""
    if origin is None:
        return False
    return all(not _same(origin, claim.mention.origin) for claim in known)


def origins(claims: Iterable[KnownClaim]) -> tuple[str, ...]:
    """The distinct named origins of some claims, in order."""
    return tuple(dict.fromkeys(claim.mention.origin for claim in claims if claim.mention.origin))


def _same(one: str, other: str | None) -> bool:
    """Two ways of naming one origin share most of their content words."""
    if other is None:
        return False
    if fold(one) == fold(other):
        return True
    first, second = _terms(one), _terms(other)
    return bool(first and second) and len(first & second) * 2 >= min(len(first), len(second)) + 1


def _terms(name: str) -> set[str]:
    return {term(name[token.start : token.end]) for token in tokens(name)}
