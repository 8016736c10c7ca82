"""What each line of an article is for: title, body, heading, quote, list, table, advice, boilerplate, lead.

Works on lines, because that is what survives every extractor: their length, their last mark, their neighbours and
the words they open with. Only `REPORTING` kinds may carry claims.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Segment, SegmentKind
from monitor.reading.arabic import fold, tokens, unprefixed
from monitor.reading.furniture import FINAL, is_clock, pieces, starts_with_verb, whole_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.reading.arabic import Token
    from monitor.reading.words import Words

REPORTING = frozenset({SegmentKind.TITLE, SegmentKind.BODY, SegmentKind.QUOTE, SegmentKind.LIST, SegmentKind.TABLE})

_LINE = re.compile(r"[^\n]+")
_BULLET = re.compile(r"\s*(?:[•▪●◦‣*■–—-]|\d{1,2}[.)-])\s+")
_TABLE_ROW = re.compile(r"\s*\|")
_QUOTED = re.compile(r"^\s*[\"«“].*[\"»”][.]?\s*$", re.DOTALL)
_ONE_QUOTE = re.compile(r"^[\"«“][^\"«»“”]*[\"»”][.]?$")
_HEADING_WORDS = 14
_BODY_WORDS = 15
_CHROME_LINES = 12
"""How many lines of page chrome may stand before a doubled headline."""
_TITLE_WORDS = 3
_DATELINE_WORDS = 5
_DATELINE_LINES = 6
_HEADLINE_WORDS = 25
_COMMENT_WORDS = 25
"""A paragraph this long behind a box for comments is the article's."""
_DATELINE = re.compile(r"[-–—ـ/|]\s*[«\"“].*[»\"”]$|:\s*[«\"“].*[»\"”]$|[-–—ـ/|].*:$")
_HEADS_BLOCK = frozenset({"heads", "related", "read"})
_DOTTED_WORDS = 7
_TITLE_PARTS = re.compile(r"\s+[-–—|:]\s+")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the text, or a piece of it: `where` says by which mark it is furniture."""

    start: int
    end: int
    text: str
    words: tuple[Token, ...]
    where: str | None = None
    headline: bool = False
    cut: bool = False

    @property
    def folded(self) -> str:
        return fold(self.text)

    @property
    def short(self) -> bool:
        """A line without a final mark and too short for a paragraph."""
        return len(self.words) <= _HEADING_WORDS and not self.text.rstrip().endswith(FINAL) and not self.cut

    @property
    def paragraph(self) -> bool:
        return self.where is None and len(self.words) >= _BODY_WORDS


def segments(text: str, words: Words) -> tuple[Segment, ...]:
    """Mark every line of `text`, which starts with the title.

    Returns:
        Segments in text order, without surrounding white space, never overlapping: one a line, and more where the
        line holds text and furniture.
    """
    whole = tuple(_lines(text))
    title = _title_line(whole, words)
    lines = tuple(piece for at, line in enumerate(whole) for piece in ([line] if at == title else _pieces(line, words)))
    if not lines:
        return ()
    kinds = _kinds(lines, lines.index(whole[title]), words)
    return tuple(_joined(lines, kinds))


def _joined(lines: Sequence[_Line], kinds: Sequence[SegmentKind]) -> Iterable[Segment]:
    """A segment for each piece, but one for a mark of other articles and the headline behind it that is no lead."""
    for index, (line, kind) in enumerate(zip(lines, kinds, strict=True)):
        following = lines[index + 1] if index + 1 < len(lines) else None
        if line.headline and kind is SegmentKind.BOILERPLATE:
            continue
        with_next = following is not None and following.headline and kinds[index + 1] is SegmentKind.BOILERPLATE
        yield Segment(kind=kind, start=line.start, end=following.end if following and with_next else line.end)


def _lines(text: str) -> Iterable[_Line]:
    for match in _LINE.finditer(text):
        stripped = match.group().strip()
        if stripped:
            start = match.start() + match.group().index(stripped)
            yield _Line(start, start + len(stripped), stripped, tokens(stripped))


def _pieces(line: _Line, words: Words) -> Iterable[_Line]:
    cut = pieces(line.text, words)
    for piece in cut:
        part = line.text[piece.start : piece.end]
        if part:
            start, end = line.start + piece.start, line.start + piece.end
            yield _Line(start, end, part, tokens(part), piece.where, piece.headline, cut=len(cut) > 1)


def _title_line(lines: Sequence[_Line], words: Words) -> int:
    """The first line that is no chrome, or the first of a doubled headline: what stands before that is page chrome."""
    for index in range(1, min(_CHROME_LINES, len(lines) - 1)):
        if lines[index].folded == lines[index + 1].folded and len(lines[index].words) > _TITLE_WORDS:
            return index
    for index, line in enumerate(lines[:_CHROME_LINES]):
        if len(line.words) > _TITLE_WORDS and not is_clock(line.text):
            return index if line.short else 0
        if not whole_line(line.text, line.words, words):
            return 0
    return 0


def _kinds(lines: Sequence[_Line], title: int, words: Words) -> list[SegmentKind]:
    kinds: list[SegmentKind] = []
    others = _Others(lines, words)
    for index, line in enumerate(lines):
        if index < title:
            kinds.append(SegmentKind.BOILERPLATE)
        elif index == title:
            kinds.append(SegmentKind.TITLE)
        elif line.headline or others.hold(index):
            kinds.append(SegmentKind.LEAD if _is_lead(line, words) else SegmentKind.BOILERPLATE)
        elif line.where or _repeats(line, lines[title]) or (index < _DATELINE_LINES and _is_dateline(line, words)):
            kinds.append(SegmentKind.BOILERPLATE)
        else:
            kinds.append(_body_kind(lines, index, kinds, words))
    _mark_trailing_chrome(lines, kinds, words)
    _mark_comments(lines, kinds)
    return kinds


def _repeats(line: _Line, title: _Line) -> bool:
    """The title once more, on either side perhaps with the outlet's name."""
    told, own = ({fold(part) for part in (one.text, *_TITLE_PARTS.split(one.text))} for one in (line, title))
    again = len(line.words) > _TITLE_WORDS and line.folded in own
    return again or title.folded in told


def _is_dateline(line: _Line, words: Words) -> bool:
    """«القاهرة - «الصحيفة»» alone above the text."""
    short = len(line.words) <= _DATELINE_WORDS and not starts_with_verb(line.words, words)
    return short and bool(_DATELINE.search(line.text))


class _Others:
    """Whether a line is one of the headlines under a mark of other articles, asked for each line in its order."""

    def __init__(self, lines: Sequence[_Line], words: Words) -> None:
        self._lines, self._words = lines, words
        self._open = self._bare = False
        self._bulleted: bool | None = None
        long = [line for line in lines if line.where is None and len(line.words) > _DOTTED_WORDS]
        self._dotted = 3 * sum(line.text.endswith(FINAL) for line in long) >= len(long)

    def hold(self, index: int) -> bool:
        line = self._lines[index]
        if line.headline:
            return True
        if line.where:
            self._opened_by(index)
            return False
        if self._open:
            self._open = self._is_one(line)
        return self._open

    def _opened_by(self, index: int) -> None:
        line = self._lines[index]
        if line.where in _HEADS_BLOCK:
            follows = index + 1 < len(self._lines) and self._lines[index + 1].headline
            self._open, self._bare = True, not follows
            self._bulleted = (bool(_BULLET.match(line.text)) or None) if follows else None

    def _is_one(self, line: _Line) -> bool:
        bulleted = bool(_BULLET.match(line.text))
        if self._bulleted is None:
            self._bulleted = bulleted if self._bare else False
        if bulleted is not self._bulleted:
            return False
        if bulleted:
            return len(line.words) <= _HEADLINE_WORDS
        most = _HEADLINE_WORDS if self._dotted else _HEADING_WORDS
        return len(line.words) <= most and not _ends_sentence(line.text) and not _is_told(line, self._words)


def _ends_sentence(text: str) -> bool:
    return text.endswith(("؛", ":", '."', ".»", ".”")) or (text.endswith(".") and not text.endswith(".."))


def _is_told(line: _Line, words: Words) -> bool:
    """A sentence of the article rather than a headline: «وأكد الوزير…», or one quotation."""
    first = line.words[0].form if line.words else ""
    joined = first.startswith("و") or (len(line.words) > _DOTTED_WORDS and not first.startswith(("ي", "ت", "س", "ن")))
    joins = first.startswith("و") and first[1:] in words.function_words
    return joins or (joined and starts_with_verb(line.words, words)) or bool(_ONE_QUOTE.match(line.text))


def _body_kind(lines: Sequence[_Line], index: int, kinds: Sequence[SegmentKind], words: Words) -> SegmentKind:
    line, previous = lines[index], kinds[index - 1]
    if _BULLET.match(line.text):
        return previous if previous in {SegmentKind.LIST, SegmentKind.ADVICE} else _list_kind(lines[index - 1], words)
    if _TABLE_ROW.match(line.text) or _in_plain_table(lines, index, previous, words):
        return _table_kind(lines, index, previous, words)
    if _is_advice_intro(line, words):
        return SegmentKind.ADVICE
    if line.short and index + 1 < len(lines) and not _is_told(line, words):
        return SegmentKind.LEAD if _is_headline(line, words) else SegmentKind.HEADING
    if line.text.endswith("؟") and len(line.words) <= _HEADING_WORDS and not _is_told(line, words) and not line.cut:
        return SegmentKind.HEADING
    return SegmentKind.QUOTE if _QUOTED.match(line.text) else SegmentKind.BODY


def _list_kind(intro: _Line, words: Words) -> SegmentKind:
    return SegmentKind.ADVICE if _has_cue(intro, words, "advice") else SegmentKind.LIST


def _in_plain_table(lines: Sequence[_Line], index: int, previous: SegmentKind, words: Words) -> bool:
    """A short line after «:», after a table's row, or straight after an advice list."""
    line = lines[index]
    if not len(line.words) <= _HEADING_WORDS:
        return False
    if previous is SegmentKind.HEADING and index > 1 and lines[index - 2].text.endswith(":"):
        return line.short
    if previous in {SegmentKind.TABLE, SegmentKind.ADVICE}:
        return lines[index].start - lines[index - 1].end <= 1 and not _is_told(line, words)
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


def _is_advice_intro(line: _Line, words: Words) -> bool:
    """«كيف تتابع الأخبار؟ إليك الخطوات:», and not the end of a paragraph that has more to say."""
    return line.text.endswith(":") and len(line.words) <= _BODY_WORDS and _has_cue(line, words, "advice")


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


def _is_lead(line: _Line, words: Words) -> bool:
    """Among headlines of other articles: somebody watched and a meeting, with or without a verb."""
    principals = words.config.watch.principals
    watched, families = {p.id for p in principals}, {fold(p.forms[0].split()[-1]) for p in principals}
    named = any(m.key in watched for index in (words.people, words.office_alone) for m in index.find(line.words))
    named = named or any(not families.isdisjoint(unprefixed(word.form)) for word in line.words)
    met = (words.entry("predicates", match.key).get("kind") for match in words.predicates.find(line.words))
    return named and not {"event", "agenda", "participant"}.isdisjoint(met)


def _mark_trailing_chrome(lines: Sequence[_Line], kinds: list[SegmentKind], words: Words) -> None:
    """Short unmarked lines after the last paragraph are widgets, not text."""
    last_body = max((i for i, line in enumerate(lines) if line.paragraph), default=-1)
    if last_body < 1:
        return
    last_body = max(i for i, k in enumerate(kinds) if i == last_body or (i > last_body and _closes(lines[i], k, words)))
    for index in range(last_body + 1, len(lines)):
        if lines[index].short and kinds[index] in {SegmentKind.BODY, SegmentKind.HEADING}:
            told = kinds[index] is SegmentKind.BODY and _is_told(lines[index], words)
            kinds[index] = kinds[index] if told else SegmentKind.BOILERPLATE


def _closes(line: _Line, kind: SegmentKind, words: Words) -> bool:
    """A short last paragraph, which has its full stop and a verb before its object."""
    return kind is SegmentKind.BODY and line.text.endswith(".") and starts_with_verb(line.words, words)


def _mark_comments(lines: Sequence[_Line], kinds: list[SegmentKind]) -> None:
    """What readers write under the article, and the paragraph that presents its author."""
    told = [len(line.words) if k is SegmentKind.BODY else 0 for line, k in zip(lines, kinds, strict=True)]
    for index, line in enumerate(lines[:-1]):
        behind = range(index + 1, len(lines))
        ends = sum(told[:index]) >= sum(told[index:]) and any(told[:index])
        if line.where == "author" and ends:
            kinds[index + 1] = SegmentKind.BOILERPLATE
        elif line.where == "comments" and ends and not any(_long(lines[i]) for i in behind):
            kinds[index + 1 :] = [k if k is SegmentKind.LEAD else SegmentKind.BOILERPLATE for k in kinds[index + 1 :]]


def _long(line: _Line) -> bool:
    return line.where is None and len(line.words) >= _COMMENT_WORDS and line.text.endswith(FINAL)
