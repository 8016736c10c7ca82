"""Lists of feeds as other readers keep them: OPML 2.0 (opml.org/spec2.opml), in and out.

What the format has no word for stands in attributes of a namespace of ours, which other readers pass over. Whether a
feed may lie at a private address and whether its robots.txt is passed over is decided where it is polled: neither is
written, and neither is believed of a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from monitor.errors import InputMalformed
from monitor.reading.feed import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.model import FeedSource

MAX_OUTLINES: Final = 1000
MAX_OPML_BYTES: Final = 16 * 1024 * 1024
NAMESPACE: Final = "urn:x-rasid:feeds"
OWN_KEYS: Final = ("id", "owner", "read", "select", "interval_s")
"""Keys of a feed that are written in our namespace, under their own names."""
_NAME_CHARS = 200
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of an OPML file; `number` counts its feeds from 1. `own`: what stands in our namespace, by key."""

    number: int
    url: str
    outlet: str = ""
    category: str = ""
    own: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlines:
    """The first `MAX_OUTLINES` feeds of a file, folders flattened, and how many it has beyond those."""

    outlines: tuple[Outline, ...]
    beyond: int


def read_opml(body: bytes) -> Outlines:
    """The feeds that an OPML file lists, in its order. A folder is an outline with others in it, and lends nothing.

    Raises:
        InputMalformed: It is no OPML, too large, or declares a document type or entities.
    """
    if len(body) > MAX_OPML_BYTES:
        raise InputMalformed(f"the file is larger than {MAX_OPML_BYTES} bytes")
    try:
        root = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as exc:
        raise InputMalformed("the file declares a document type or entities, which OPML needs none of") from exc
    except (ET.ParseError, ValueError, LookupError) as exc:
        raise InputMalformed(f"the file is no XML: {exc}") from exc
    if root.tag != "opml":
        raise InputMalformed(f"the file is no OPML, but XML of <{str(root.tag)[:80]}>")
    found = list(_leaves(root))
    kept = (_outline(number, element) for number, element in enumerate(found[:MAX_OUTLINES], 1))
    return Outlines(outlines=tuple(kept), beyond=len(found) - len(found[:MAX_OUTLINES]))


def write_opml(feeds: Iterable[FeedSource], *, title: str) -> str:
    """An OPML 2.0 document of `feeds`, in order; what they are stands in `category`.

    Characters that XML cannot hold are left out.
    """
    ET.register_namespace("rasid", NAMESPACE)
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = title
    body = ET.SubElement(root, "body")
    for feed in feeds:
        own = {key: getattr(feed, key) for key in OWN_KEYS}
        plain = {"type": "rss", "text": feed.outlet, "title": feed.outlet, "xmlUrl": feed.url, "category": feed.kind}
        named = {f"{{{NAMESPACE}}}{key}": str(value) for key, value in own.items() if value is not None}
        ET.SubElement(body, "outline", {key: _NOT_XML.sub("", value) for key, value in (plain | named).items()})
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _leaves(root: ET.Element) -> Iterator[ET.Element]:
    for element in root.iter("outline"):
        if _address(element) or element.find("outline") is None:
            yield element


def _address(element: ET.Element) -> str:
    """`xmlUrl`, in whatever case its writer spelled it."""
    return next((value.strip() for name, value in element.attrib.items() if name.lower() == "xmlurl"), "")


def _outline(number: int, element: ET.Element) -> Outline:
    prefix = f"{{{NAMESPACE}}}"
    own = {key: value for key in OWN_KEYS if (value := element.get(prefix + key)) is not None}
    if "owner" in own:
        own["owner"] = plain_text(own["owner"], _NAME_CHARS)
    names = (plain_text(element.get(name) or "", _NAME_CHARS) for name in ("title", "text"))
    return Outline(
        number=number,
        url=_address(element),
        outlet=next(filter(None, names), ""),
        category=(element.get("category") or "").strip(),
        own=tuple(own.items()),
    )
