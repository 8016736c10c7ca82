"""`feeds.toml`: what is polled. Those of the configuration come first, then those added beside the archive."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lxml import etree
from lxml.cssselect import CSSSelector
from pydantic import ValidationError

from monitor.errors import ConfigError
from monitor.model import FeedSource
from monitor.settings.loading import sentence
from monitor.settings.shape import FeedTable
from monitor.settings.written import Written, read_toml, read_toml_if_there

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_DEFAULTS = {field.name: field.default for field in fields(FeedSource)}


def load_feeds(*paths: Path) -> tuple[FeedSource, ...]:
    """The feeds of every file that is there, in order.

    Raises:
        ConfigError: With every problem found; an id or address may stand once.
    """
    problems: list[str] = []
    named = zip(paths, _names(paths), strict=True)
    feeds = _feeds([read_toml_if_there(path, problems, name=name) for path, name in named], problems)
    if problems:
        raise ConfigError(tuple(problems))
    return feeds


def feed_from(table: Mapping[str, object]) -> FeedSource:
    """The feed that a `[[feed]]` table describes.

    Raises:
        ConfigError: With all that is wrong with it, each with its key and what is allowed.
    """
    feed, faults = _checked(table)
    if feed is None:
        raise ConfigError(tuple(fault for _, fault in faults))
    return feed


def add_feed(path: Path, *feeds: FeedSource, beside: Path) -> None:
    """Append feeds to the file at `path`, which is made where it is not there: all of them or none.

    Args:
        path: The file to grow.
        *feeds: What to add, in order.
        beside: The other file of feeds, which may not hold the same id or address.

    Raises:
        ConfigError: With what would be wrong; the file is then as it was.
    """
    grown = path.with_name(f"{path.name}.new")
    more = "\n".join(["", *map(_written, feeds)]).encode("utf-8", "backslashreplace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_bytes() if path.exists() else b"# Feeds added by `worker.py feeds add` or `feeds import`."
        grown.write_bytes(before.rstrip(b"\n") + more)
        _check_together(beside, path, before, grown)
        grown.replace(path)
    except OSError as error:
        raise ConfigError((f"{path}: cannot be written: {error.strerror}",)) from error
    finally:
        grown.unlink(missing_ok=True)


def _check_together(beside: Path, path: Path, before: bytes, grown: Path) -> None:
    """Whether both files load with what is to be the second's content, which is told under the second's name.

    Lines are those of `before`: what was to be added will stand nowhere.
    """
    problems: list[str] = []
    first, second = _names((beside, path))
    configured = read_toml_if_there(beside, problems, name=first)
    table = read_toml(grown, problems, name=second).table
    _feeds([configured, Written(second, table, before.decode("utf-8", "replace"))], problems)
    if problems:
        raise ConfigError(tuple(problems))


def _names(paths: Sequence[Path]) -> list[str]:
    """What each file is called: its name, or where an earlier one has that, its whole path."""
    names = [path.name for path in paths]
    return [str(path) if path.name in names[:number] else path.name for number, path in enumerate(paths)]


def _written(feed: FeedSource) -> str:
    """A `[[feed]]` table; keys that say what holds anyway are left out."""
    values = {name: value for name, value in asdict(feed).items() if value != _DEFAULTS[name]}
    # JSON text is TOML text: basic strings have the same escapes.
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join(["", "[[feed]]", *lines, ""])


def _feeds(files: Iterable[Written], problems: list[str]) -> tuple[FeedSource, ...]:
    feeds: list[FeedSource] = []
    taken: set[str] = set()
    for file in files:
        unknown = sorted(set(file.table) - {"feed"})
        problems.extend(f"{file.at((key,))}: {key}: unknown key; allowed: feed" for key in unknown)
        for number, row in enumerate(_rows(file, problems)):
            feed, faults = _checked(row)
            if feed is not None:
                marks = (("id", feed.id), ("url", feed.url))
                faults = tuple((key, f"{mark} stands twice") for key, mark in marks if mark in taken)
                taken.update((feed.id, feed.url))
                feeds.append(feed)
            problems.extend(f"{file.at(('feed', number, key))}: feed {number + 1}: {fault}" for key, fault in faults)
    return tuple(feeds)


def _rows(file: Written, problems: list[str]) -> list[object]:
    rows = file.table.get("feed", [])
    if not isinstance(rows, list):
        problems.append(f"{file.at(('feed',))}: feed: not a list of tables; allowed: [[feed]]")
        return []
    return rows


def _checked(row: object) -> tuple[FeedSource | None, tuple[tuple[str, str], ...]]:
    """The feed of a table, or all that is wrong with it: each time the key, and the sentence that names it."""
    try:
        table = FeedTable.model_validate(row)
    except ValidationError as error:
        faults = ((".".join(map(str, fault["loc"])), sentence(FeedTable, fault)) for fault in error.errors())
        return None, tuple((key, f"{key}: {told}" if key else told) for key, told in faults)
    found = (("url", _address_fault(table.url)), ("select", _selector_fault(table.select)))
    wrong = tuple((key, f"{key}: {fault}") for key, fault in found if fault is not None)
    return (None, wrong) if wrong else (FeedSource(**table.model_dump()), ())


def _address_fault(url: str) -> str | None:
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        return f"not a web address ({error}); allowed: http://host/... or https://host/..., without user name"
    return None


def _selector_fault(select: str | None) -> str | None:
    """Why it is no selector of a page's elements: found by using it, for a namespace is looked up only then."""
    try:
        if select is not None:
            CSSSelector(select, translator="html")(etree.Element("html"))
    except Exception as error:  # noqa: BLE001 - cssselect and lxml have no error in common
        return f"{select!r} is no CSS selector ({error}); allowed: one that picks the links, such as h3 > a"
    return None
