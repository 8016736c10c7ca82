"""What each line of an article is for: title, body, heading, quote, list, table, advice, boilerplate, lead.

Works on lines, because that is what survives every extractor: their length, their last mark, their neighbours and
the words they open with. Only `REPORTING` kinds may carry claims.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Segment, SegmentKind
from monitor.reading.arabic import fold, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.reading.arabic import Token
    from monitor.reading.words import Words

REPORTING = frozenset({SegmentKind.TITLE, SegmentKind.BODY, SegmentKind.QUOTE, SegmentKind.LIST, SegmentKind.TABLE})

_LINE = re.compile(r"[^\n]+")
_BULLET = re.compile(r"\s*(?:[•▪●◦‣*■–—-]|\d{1,2}[.)-])\s+")
_TABLE_ROW = re.compile(r"\s*\|")
_FINAL = (".", "؟", "!", "…", '"', "»", "”", "؛", ":")
_QUOTED = re.compile(r"^\s*[\"«“].*[\"»”][.]?\s*$", re.DOTALL)
_CLOCK = re.compile(
    r"[\s\d/:.,،\-–|٠-٩]*(?:[\s\d/:.,،\-–|٠-٩]|صباحا?ً?|مساءً?|صباحًا|مساءا|ص|م|am|pm|gmt|بتوقيت\s\S+)*", re.IGNORECASE
)
_HEADING_WORDS = 14
_BODY_WORDS = 15
_CHROME_LINES = 12
"""How many lines of page chrome may stand before a doubled headline."""


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str
    words: tuple[Token, ...]

    @property
    def folded(self) -> str:
        return fold(self.text)

    @property
    def short(self) -> bool:
        """A line without a final mark and too short for a paragraph."""
        return len(self.words) <= _HEADING_WORDS and not self.text.rstrip().endswith(_FINAL)


def segments(text: str, words: Words) -> tuple[Segment, ...]:
    """Mark every line of `text`, which starts with the title.

    Returns:
        Segments in text order, one a line, without surrounding white space, never overlapping.
    """
    lines = tuple(_lines(text))
    if not lines:
        return ()
    kinds = _kinds(lines, words)
    return tuple(Segment(kind=k, start=line.start, end=line.end) for line, k in zip(lines, kinds, strict=True))


def _lines(text: str) -> Iterable[_Line]:
    for match in _LINE.finditer(text):
        stripped = match.group().strip()
        if stripped:
            start = match.start() + match.group().index(stripped)
            yield _Line(start, start + len(stripped), stripped, tokens(stripped))


def _kinds(lines: Sequence[_Line], words: Words) -> list[SegmentKind]:
    title = _title_line(lines)
    kinds: list[SegmentKind] = []
    for index, line in enumerate(lines):
        if index < title:
            kinds.append(SegmentKind.BOILERPLATE)
        elif index == title:
            kinds.append(SegmentKind.TITLE)
        elif line.folded == lines[title].folded or _is_chrome(line, words):
            kinds.append(SegmentKind.BOILERPLATE)
        else:
            kinds.append(_body_kind(lines, index, kinds, words))
    _mark_trailing_chrome(lines, kinds)
    return kinds


def _title_line(lines: Sequence[_Line]) -> int:
    """The first line, or the first of a doubled headline further down: what stands before that is page chrome."""
    for index in range(1, min(_CHROME_LINES, len(lines) - 1)):
        if lines[index].folded == lines[index + 1].folded and len(lines[index].words) > 3:  # noqa: PLR2004
            return index
    return 0


def _is_chrome(line: _Line, words: Words) -> bool:
    if not line.words or _CLOCK.fullmatch(line.text):
        return True
    if len(line.words) > _HEADING_WORDS:
        return False
    for match in words.boilerplate.find(line.words):
        where = words.entry("boilerplate", match.key).attrs["where"]
        leads_short_line = match.first == 0 and len(line.words) <= match.last + 6
        if leads_short_line or (where == "anywhere" and line.short):
            return True
    return False


def _body_kind(lines: Sequence[_Line], index: int, kinds: Sequence[SegmentKind], words: Words) -> SegmentKind:
    line, previous = lines[index], kinds[index - 1]
    if _BULLET.match(line.text):
        return previous if previous in {SegmentKind.LIST, SegmentKind.ADVICE} else _list_kind(lines[index - 1], words)
    if _TABLE_ROW.match(line.text) or _in_plain_table(lines, index, previous):
        return _table_kind(lines, index, previous, words)
    if line.short and index + 1 < len(lines):
        return SegmentKind.LEAD if _is_headline(line, words) else SegmentKind.HEADING
    return SegmentKind.QUOTE if _QUOTED.match(line.text) else SegmentKind.BODY


def _list_kind(intro: _Line, words: Words) -> SegmentKind:
    return SegmentKind.ADVICE if _has_cue(intro, words, "advice") else SegmentKind.LIST


def _in_plain_table(lines: Sequence[_Line], index: int, previous: SegmentKind) -> bool:
    """A short line after «:», after a table's row, or straight after an advice list."""
    line = lines[index]
    if not len(line.words) <= _HEADING_WORDS:
        return False
    if previous is SegmentKind.HEADING and index > 1 and lines[index - 2].text.endswith(":"):
        return line.short
    if previous in {SegmentKind.TABLE, SegmentKind.ADVICE}:
        return lines[index].start - lines[index - 1].end <= 1
    starts_table = lines[index - 1].text.endswith(":") and len(lines[index - 1].words) > 3  # noqa: PLR2004
    return starts_table and line.short and index + 1 < len(lines) and len(lines[index + 1].words) <= _HEADING_WORDS


def _table_kind(lines: Sequence[_Line], index: int, previous: SegmentKind, words: Words) -> SegmentKind:
    if previous in {SegmentKind.TABLE, SegmentKind.ADVICE}:
        return previous
    if previous is SegmentKind.HEADING and index > 1 and lines[index - 2].text.endswith(":"):
        return SegmentKind.TABLE
    header, intro = lines[index], lines[index - 1]
    if any(_has_cue(line, words, cue) for line in (header, intro) for cue in ("effects_table", "advice")):
        return SegmentKind.ADVICE
    return SegmentKind.TABLE if _TABLE_ROW.match(header.text) else SegmentKind.HEADING


def _has_cue(line: _Line, words: Words, cue: str) -> bool:
    return any(cue in {words.cue_types(match.key), match.key} for match in words.cues.find(line.words))


def _is_headline(line: _Line, words: Words) -> bool:
    """A meeting headline: somebody watched (by name or office) and a finite verb of meeting."""
    watched = {p.id for p in words.config.watch.principals}
    named = any(match.key in watched for match in words.people.find(line.words))
    office = any(match.key in watched for match in words.office_alone.find(line.words))
    verbs = (words.entry("predicates", match.key) for match in words.predicates.find(line.words))
    return (named or office) and any(
        verb.get("shape") == "verb" and verb.get("kind") in {"event", "agenda", "participant"} for verb in verbs
    )


def _mark_trailing_chrome(lines: Sequence[_Line], kinds: list[SegmentKind]) -> None:
    """Short unmarked lines after the last paragraph are widgets, not text."""
    last_body = max((i for i, line in enumerate(lines) if len(line.words) >= _BODY_WORDS), default=-1)
    if last_body < 1:
        return
    for index in range(last_body + 1, len(lines)):
        if lines[index].short and kinds[index] in {SegmentKind.BODY, SegmentKind.HEADING}:
            kinds[index] = SegmentKind.BOILERPLATE
