"""`feeds.toml`: what is polled. Those of the configuration come first, then those added beside the archive."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from pydantic import ValidationError

from monitor.errors import ConfigError
from monitor.model import FeedSource
from monitor.settings.loading import read_toml, sentence
from monitor.settings.shape import FeedTable

if TYPE_CHECKING:
    from pathlib import Path


def load_feeds(*paths: Path) -> tuple[FeedSource, ...]:
    """The feeds of every file that is there, in order.

    Raises:
        ConfigError: With every problem found; an id or address may stand once.
    """
    problems: list[str] = []
    feeds: list[FeedSource] = []
    taken: set[str] = set()
    for path in paths:
        table = read_toml(path, problems) if path.exists() else {}
        problems.extend(f"{path.name}: {key}: unknown key; allowed: feed" for key in sorted(set(table) - {"feed"}))
        rows = table.get("feed", [])
        for number, row in enumerate(rows if isinstance(rows, list) else [], 1):
            feed = _feed(path, number, row, problems)
            for mark in () if feed is None else (feed.id, feed.url):
                if mark in taken:
                    problems.append(f"{path.name}: feed {number}: {mark} stands twice")
                taken.add(mark)
            if feed is not None:
                feeds.append(feed)
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(feeds)


def _feed(path: Path, number: int, row: object, problems: list[str]) -> FeedSource | None:
    try:
        table = FeedTable.model_validate(row)
    except ValidationError as error:
        for fault in error.errors():
            key = ".".join(str(part) for part in fault["loc"])
            problems.append(f"{path.name}: feed {number}: {key}: {sentence(FeedTable, fault)}")
        return None
    return FeedSource(**table.model_dump())


def add_feed(path: Path, feed: FeedSource, *, beside: Path) -> None:
    """Append a feed to the file at `path`, which is made where it is not there.

    Args:
        path: The file to grow.
        feed: What to add.
        beside: The other file of feeds, which may not hold the same id or address.

    Raises:
        ConfigError: With what would be wrong; the file is then as it was.
    """
    values = {name: value for name, value in asdict(feed).items() if value not in {None, False}}
    # JSON text is TOML text: basic strings have the same escapes.
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    before = path.read_text(encoding="utf-8") if path.exists() else "# Feeds added by `worker.py feeds add`.\n"
    grown = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        grown.write_text("\n".join([before.rstrip("\n"), "", "[[feed]]", *lines, ""]), encoding="utf-8")
        load_feeds(beside, grown)
        grown.replace(path)
    except OSError as error:
        raise ConfigError((f"{path}: cannot be written: {error.strerror}",)) from error
    finally:
        grown.unlink(missing_ok=True)
