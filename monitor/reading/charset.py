"""Bytes to text where the label lies: Arabic in UTF-8, windows-1256 or UTF-16, or in one named the other.

The label is the last thing believed. A byte order mark settles it; well-formed UTF-8 is UTF-8, since other
Arabic charsets do not produce it by chance; otherwise the candidate out of which Arabic words come wins.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from monitor.errors import EncodingBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OPENINGS = ((rb"[<{\[]\x00", "utf-16-le"), (rb"\x00[<{\[]", "utf-16-be"))
_DECLARED = re.compile(rb"(?:encoding|charset)\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{2,40})", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{2,40})", re.IGNORECASE)
_DECLARATION_BYTES = 2048
"""How far into the body a declaration is looked for; the HTML standard's prescan reads 1024."""

_LETTER = "\u0620-\u063f\u0641-\u064a\u066e-\u06d3\u0750-\u077f\ufb50-\ufdfb\ufe70-\ufefc"
_MARK = "\u0640\u064b-\u0652\u0670"
_ARABIC_WORD = re.compile(f"[{_LETTER}][{_LETTER}{_MARK}]{{2,}}")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_ALPHABETIC = re.compile(r"[^\W\d_]+")
_WEIGHTY = re.compile(r"(?:[^\W\d_]|[\ufffd\x80-\x9f])+")
_C1 = re.compile(r"[\x80-\x9f]")
_SAMPLE_CHARS = 20_000
_LIKELY, _POSSIBLE = 0.6, 0.3
_MAX_TA_ZA = 0.3
"""UTF-8 Arabic read as windows-1256 turns each lead byte into ط or ظ, which are 1 to 2 % of real text."""
_MAX_BAD_CHARS = 0.005
_MISREAD = (
    ("cp1256", "utf-8"),
    ("cp1252", "utf-8"),
    ("latin-1", "utf-8"),
    ("latin-1", "cp1256"),
    ("cp1252", "cp1256"),
)
"""(read as, really) pairs that a server may have gone through before it sent well-formed UTF-8."""


def decode(body: bytes, *, content_type: str = "") -> str:
    """The text of `body`, judged by what comes out of it.

    Args:
        body: A feed or page, inflated; may be cut in the middle of a character.
        content_type: The HTTP header's value; its charset is one candidate among others.

    Returns:
        Text without a byte order mark. Single bad bytes become U+FFFD.

    Raises:
        EncodingBroken: No candidate gives Arabic, and none is cleanly anything else.
    """
    encoding = _marked(body)
    if encoding is not None:
        return body.decode(encoding, "replace").lstrip("\ufeff")
    try:
        return _unmixed(codecs.getincrementaldecoder("utf-8")().decode(body))
    except UnicodeDecodeError:
        return _best_guess(body, tuple(_labels(body, content_type)))


def arabic_share(text: str) -> float:
    """How much of what lies beyond ASCII in `text` is Arabic words of three letters or more, 0..1."""
    beyond = _sample(text)
    weight = sum(map(len, _WEIGHTY.findall(beyond)))
    spelled = "".join(_ARABIC_WORD.findall(beyond))
    letters = sum(map(len, _ALPHABETIC.findall(spelled)))
    if not weight or spelled.count("ط") + spelled.count("ظ") > _MAX_TA_ZA * letters:
        return 0.0
    return letters / weight


def _sample(text: str) -> str:
    """The first runs of `text` beyond ASCII, parted by spaces: enough of them to judge by."""
    runs, chars = [], 0
    for run in _BEYOND_ASCII.finditer(text):
        runs.append(run[0])
        chars += len(run[0]) + 1
        if chars >= _SAMPLE_CHARS:
            break
    return " ".join(runs)


def _marked(body: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return encoding
    return next((encoding for opening, encoding in _OPENINGS if re.match(opening, body)), None)


def _labels(body: bytes, content_type: str) -> Iterator[str]:
    """The charsets that header and body name, where Python has a text codec so named that is not Unicode."""
    names = [match[1] for match in (_HEADER_CHARSET.search(content_type),) if match]
    names += [match[1].decode("ascii") for match in (_DECLARED.search(body[:_DECLARATION_BYTES]),) if match]
    for name in names:
        try:
            codec = codecs.lookup(name)
            "".encode(codec.name)
        except (LookupError, ValueError):
            continue
        if not codec.name.startswith(("utf", "idna", "punycode", "raw_unicode", "unicode")):
            yield codec.name


def _best_guess(body: bytes, labels: tuple[str, ...]) -> str:
    """The most Arabic candidate; failing that, a clean reading by label, or UTF-8 with a few bad bytes."""
    texts = [text for text in (_strictly(body, label) for label in labels) if text is not None]
    patched = body.decode("utf-8", "replace")
    # Of two readings that are equally Arabic, the labelled one comes first: max() keeps it.
    best = max((*texts, body.decode("cp1256"), patched), key=arabic_share)
    if arabic_share(best) >= _POSSIBLE:
        return best
    for text in texts:
        if not _C1.search(text):
            return text
    if patched.count("\ufffd") <= _MAX_BAD_CHARS * len(patched):
        return patched
    tried = ", ".join(dict.fromkeys((*labels, "cp1256", "utf-8")))
    raise EncodingBroken(f"no charset makes sense of the bytes (tried {tried})")


def _strictly(body: bytes, label: str) -> str | None:
    try:
        return body.decode(label)
    except ValueError:
        return None


def _unmixed(text: str) -> str:
    """Undo a server's own misreading: well-formed UTF-8 of Arabic once read in the wrong charset."""
    if text.isascii() or arabic_share(text) >= _POSSIBLE:
        return text
    for read_as, really in _MISREAD:
        try:
            again = text.encode(read_as).decode(really)
        except UnicodeError:
            continue
        if arabic_share(again) >= _LIKELY:
            return again
    return text
