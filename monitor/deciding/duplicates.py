"""Is the article a copy of one already read?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from monitor.model import KnownDocument, Reading, Recall, Signature

WALL_COPIES: Final = 3
"""Other addresses of one host whose text is word for word the same: no newsroom prints one article four times."""
NEAR: Final = 0.6
"""Estimated Jaccard likeness of three-word shingles from which two articles are one text reworked by an editor."""


def seen_before(reading: Reading, recall: Recall) -> bool:
    """Whether this very version of this very article is in the archive."""
    return any(
        document.article_id == reading.article.id and document.signature.exact == reading.signature.exact
        for document in recall.documents
    )


def is_wall(reading: Reading, recall: Recall) -> bool:
    """Whether the page is what its host shows in place of every article: the same text at several of its addresses."""
    host = urlsplit(reading.article.url).hostname
    same = {
        document.article_id
        for document in recall.documents
        if document.article_id != reading.article.id
        and document.signature.exact == reading.signature.exact
        and urlsplit(document.url).hostname == host
    }
    return host is not None and not reading.in_scope and len(same) >= WALL_COPIES


def duplicate_of(reading: Reading, recall: Recall) -> KnownDocument | None:
    """The stored document of another address that this one copies, the most alike first."""
    others = [d for d in recall.documents if d.article_id != reading.article.id]
    best = max(others, key=lambda d: (likeness(d.signature, reading.signature), d.article_id), default=None)
    if best is None or likeness(best.signature, reading.signature) < NEAR:
        return None
    return best


def likeness(one: Signature, other: Signature) -> float:
    """Estimated Jaccard likeness of two texts' shingles, 0..1; 1 where the words are equal.

    The share of equal MinHash values (Broder 1997); 0 where either text has none.
    """
    if one.exact == other.exact:
        return 1.0
    if not one.minhash or len(one.minhash) != len(other.minhash):
        return 0.0
    return sum(a == b for a, b in zip(one.minhash, other.minhash, strict=True)) / len(one.minhash)
