"""Text as a reader may see it: without what cannot be seen, in one line where a line is meant. Pure."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

LINK_CHARS = 4096
"""No longer address is fetched, so that none is lost by this."""
_JOINERS = "\u200c\u200d"


def one_line(text: str, max_chars: int | None = None) -> str:
    """`text` without what cannot be seen, blanks and line ends as single spaces, cut at a word with «…»."""
    line = " ".join(seen(text).split())
    if max_chars is None or len(line) <= max_chars:
        return line
    cut = line[: max_chars - 1]
    at_word = cut.rsplit(" ", 1)[0]
    return (at_word if len(at_word) > max_chars // 2 else cut).rstrip() + "…"


def web_link(url: str | None) -> str | None:
    """`url` where it is an http or https address that is safe to put before a reader, else None."""
    if not url or len(url) > LINK_CHARS or url != seen(url):
        return None
    if any(char.isspace() or char in "<>\"'`\\" for char in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname and not parts.username else None


def seen(text: str) -> str:
    """Drop controls, surrogates and format characters: NUL, bidi overrides and isolates among them.

    Line ends and tabs become spaces; kept are the two joiners that Arabic script needs (Unicode 15, 23.2).
    """
    kept = []
    for char in text:
        category = unicodedata.category(char)
        if category in {"Zl", "Zp"} or char in "\t\n\v\f\r\x85":
            kept.append(" ")
        elif char in _JOINERS or category not in {"Cc", "Cf", "Cs", "Co", "Cn"}:
            kept.append(char)
    return "".join(kept)
