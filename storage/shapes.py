"""Rows of `storage.queries` as the JSON that commands print."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.model import Meeting
    from storage.fulltext import Snippet
    from storage.rows import Row

_FLAGS = ("suspected_typo", "suggest", "in_scope", "paused", "lying", "raw_kept")


def search_hit(row: Row, cut: Snippet) -> Row:
    """One article found, with the stretch in which the words stand."""
    return {
        **{name: row[name] for name in ("id", "title", "outlet", "url", "published_at")},
        "snippet": cut.marked,
        "start": cut.start,
        "end": cut.end,
        "hits": [list(hit) for hit in cut.hits],
        "score": round(row["score"], 6),
    }


def meeting(row: Row, value: Meeting) -> Row:
    """A meeting of the ledger with its sides, and what has been counted beside it."""
    return {
        "id": row["id"],
        "principals": list(value.principals),
        "counterparts": [
            {"name": one.name, "office": one.office, "country": one.country} for one in value.counterparts
        ],
        **{name: row[name] for name in ("venue", "place", "country", "date_from", "date_to", "date_source")},
        **{name: row[name] for name in ("mode", "status", "first_seen", "last_seen")},
        **{name: row[name] for name in ("claims", "articles", "outlets")},
    }


def mention(row: Row) -> Row:
    """One mention of a claim: `slots` as an object, where a repeated name holds a list."""
    return flag({**row, "slots": slots(json.loads(row["slots"])), "compared": json.loads(row["compared"] or "[]")})


def slots(pairs: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Typed slots as an object.

    >>> slots([["agenda", "training"], ["agenda", "borders"], ["venue", "elysee"]])
    {'agenda': ['training', 'borders'], 'venue': 'elysee'}
    """
    held: dict[str, list[str]] = {}
    for name, value in pairs:
        held.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in held.items()}


def article(row: Row) -> Row:
    """One article without its parts."""
    return flag({name: value for name, value in row.items() if name != "version_id"})


def alert_line(row: Row) -> Row:
    """An alert in one line; `claims` are the ids of what is new in it."""
    value: dict[str, Any] = json.loads(row["value"])
    names = ("id", "urgency", "relation", "article_id", "url", "title", "outlet", "first_seen", "published_at")
    line = {name: value.get(name) for name in names}
    return {**line, "meeting": value.get("meeting_id"), "claims": [item["claim_id"] for item in value["items"]]}


def notice_line(row: Row) -> Row:
    """A notice to the operator; `figures` as an object."""
    value: dict[str, Any] = json.loads(row["value"])
    return {**{name: value[name] for name in ("id", "kind", "at", "alarms")}, "figures": dict(value["figures"])}


def versions(found: Iterable[Row]) -> list[Row]:
    """Versions of one article in their order, each with its lines that are new and those that are gone."""
    told: list[Row] = []
    before: list[str] | None = None
    for row in found:
        lines = row.pop("text").splitlines()
        held = lines if before is None else before
        told.append({
            **flag(row),
            "added": [line for line in lines if line not in held],
            "removed": [line for line in held if line not in lines],
        })  # fmt: skip
        before = lines
    return told


def flags(found: Iterable[Row]) -> list[Row]:
    """Rows with their truth values as such."""
    return [flag(row) for row in found]


def flag(row: Mapping[str, Any]) -> Row:
    """A row with its truth values as such."""
    return {name: bool(value) if name in _FLAGS else value for name, value in row.items()}
