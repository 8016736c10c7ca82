"""The archive for people: plain values, ready for JSON. Keys are those of `ingest --json` where they mean the same.

Times are ISO 8601 in UTC; offsets are half-open code points into an article's text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from monitor.errors import ArchiveSchema, InputMissing
from monitor.model import DeliveryState
from monitor.reading.arabic import FOLD_VERSION
from storage import queries, shapes
from storage.connection import open_read_only, rows, time_limit, translated
from storage.exporting import ArchiveExport
from storage.fulltext import snippet, text_query
from storage.migrations import MIGRATIONS
from storage.mutes import SqliteMutes, alerts_since, subjects_of
from storage.pages import page_of
from storage.recalling import meeting_values
from storage.rows import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from sqlite_utils import Database

    from monitor.model import Alert
    from storage.mutes import Mute
    from storage.rows import Row

Json: TypeAlias = dict[str, Any]

SEARCH_LIMIT_S: Final = 1.0
READ_LIMIT_S: Final = 5.0
"""A reader that runs for long keeps the write-ahead log from being taken back."""

MAX_ROWS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What every list may be narrowed by; None leaves a field open.

    `since` holds against publication, or the fetch where that is unknown; `person` is an id, `country` and
    `relation` are values as stored, `outlet` its exact name; `limit` is cut to 1..`MAX_ROWS`.
    """

    since: datetime | None = None
    person: str | None = None
    country: str | None = None
    relation: str | None = None
    outlet: str | None = None
    limit: int = 20

    def values(self) -> Row:
        """As SQL parameters."""
        return {
            "since": None if self.since is None else stamp(self.since),
            "person": self.person,
            "country": self.country,
            "relation": self.relation,
            "outlet": self.outlet,
            "limit": max(1, min(self.limit, MAX_ROWS)),
        }


NO_FILTERS: Final = Filters()


def open_reader(path: Path | str) -> ArchiveReader:
    """Open an existing archive for reading, while a worker writes or not.

    Raises:
        InputMissing: There is no archive at `path`.
        ArchiveSchema: It is older or newer than this version.
        ArchiveError: It cannot be read.
    """
    reader = ArchiveReader(open_read_only(path, known=len(MIGRATIONS)))
    try:
        reader.check_fold()
    except BaseException:
        reader.close()
        raise
    return reader


class ArchiveReader:
    """Questions to the archive. Each raises `QueryTooSlow` past its time limit, and other `ArchiveError`s."""

    def __init__(self, db: Database) -> None:
        """Over an open connection; `open_reader` makes one."""
        self._db = db

    def __enter__(self) -> Self:
        """The reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    def check_fold(self) -> None:
        """Refuse an index whose words were folded otherwise than queries will be.

        Raises:
            ArchiveSchema: The fold has changed since.
        """
        if self._fact("fold_version") != str(FOLD_VERSION):
            raise ArchiveSchema("the index was folded by another version: start the worker once to renew it")

    def search(
        self, query: str, filters: Filters = NO_FILTERS, *, aliases: Mapping[str, str] | None = None
    ) -> list[Json]:
        """Articles in which all words of `query` stand, in any spelling, best first.

        Args:
            query: As typed. Nothing in it is syntax; without a word in it nothing is found.
            filters: What to narrow by.
            aliases: Latin or other spellings to what they stand for; either may be found.

        Returns:
            For each article id, title, outlet, url, published_at, snippet (the original, hits between «»), its
            offsets start and end, the hits' offsets, and score (higher is better).
        """
        asked = text_query(query, aliases)
        if asked is None:
            return []
        with translated("search"), time_limit(self._db, SEARCH_LIMIT_S):
            found = rows(self._db, queries.SEARCH, {"match": asked.match, **filters.values()})
        return [shapes.search_hit(row, snippet(row["text"], asked)) for row in found]

    def meetings(self, filters: Filters = NO_FILTERS) -> list[Json]:
        """Meetings, the latest first, each with its sides, bounds, and how many claims, articles and outlets."""
        found = self._rows(queries.MEETINGS, filters.values())
        with translated("read meetings"):
            values = meeting_values(self._db, found)
        return [shapes.meeting(row, values[row["id"]]) for row in found]

    def claims(self, filters: Filters = NO_FILTERS) -> list[Json]:
        """Mentions of claims, the latest first, each with its quote, source and relation to the ledger.

        One that was withdrawn later stands there twice, once under each relation.
        """
        return [shapes.mention(row) for row in self._rows(queries.CLAIMS, filters.values())]

    def leads(self, filters: Filters = NO_FILTERS) -> list[Json]:
        """In-scope headlines found inside other articles, the latest first."""
        return self._rows(queries.LEADS, filters.values())

    def people(self, filters: Filters = NO_FILTERS) -> list[Json]:
        """Everyone named, the most named first, with their forms, and offices and ranks as they were given."""
        found = self._rows(queries.PEOPLE, filters.values())
        forms = self._grouped(queries.NAME_FORMS, [row["person"] for row in found], "person")
        roles = self._grouped(queries.ROLES, [row["person"] for row in found], "person")
        return [{**row, "forms": shapes.flags(forms[row["person"]]), "roles": roles[row["person"]]} for row in found]

    def article(self, article_id: str) -> Json:
        """One article as last seen, with everything read from it and decided about it, and all its versions.

        Each version has the lines `added` to the text before it, and those `removed`.

        Raises:
            InputMissing: There is no such article.
        """
        key = {"id": article_id}
        row = self._one(queries.ARTICLE, article_id, "article")
        parts = {"version": row["version_id"]}
        found = self._rows(queries.MEETINGS_OF_ARTICLE, key)
        with translated("read meetings"):
            values = meeting_values(self._db, found)
        return {
            **shapes.article(row),
            "segments": self._rows(queries.SEGMENTS, parts),
            "people": shapes.flags(self._rows(queries.PERSON_MENTIONS, parts)),
            "meetings": [shapes.meeting(one, values[one["id"]]) for one in found],
            "claims": [shapes.mention(one) for one in self._rows(queries.CLAIMS_OF_ARTICLE, key)],
            "leads": self._rows(queries.LEADS_OF_VERSION, parts),
            "alerts": [shapes.alert_line(one) for one in self._rows(queries.ALERTS_OF_ARTICLE, key)],
            "versions": shapes.versions(self._rows(queries.VERSIONS, key)),
        }

    def raw(self, article_id: str) -> bytes | None:
        """The page an article was last read from, as fetched; None where it was dropped, or only a text was given.

        Raises:
            InputMissing: There is no such article.
            ArchiveCorrupt: What is kept is not what was fetched.
        """
        return page_of(self._one(queries.RAW, article_id, "article"))

    def alerts(self, limit: int = 20) -> list[Json]:
        """Alerts, the latest first, each with what became of its deliveries."""
        found = self._rows(queries.ALERTS, Filters(limit=limit).values())
        return self._delivered(map(shapes.alert_line, found))

    def told_since(self, since: datetime) -> tuple[tuple[Alert, ...], dict[str, str]]:
        """Alerts whole, in the order in which they were decided, and the person whom each of their claims is about."""
        with translated("read the alerts"), time_limit(self._db, READ_LIMIT_S):
            found = alerts_since(self._db, since)
            return found, subjects_of(self._db, found)

    def mutes(self, now: datetime | None = None, limit: int = MAX_ROWS) -> tuple[Mute, ...]:
        """Mutes that hold now, oldest first; without a moment all there have been, the latest first."""
        kept = SqliteMutes(self._db)
        return kept.every(limit) if now is None else kept.standing(now)

    def alert(self, alert_id: str) -> Json:
        """One alert whole, with its deliveries, each try at each of them, and the verdicts on it.

        `also_in` are the other articles that hold any of its claims by now, the first to say so first.

        Raises:
            InputMissing: There is no such alert.
        """
        row = self._one(queries.ALERT, alert_id, "alert")
        key = {"id": alert_id}
        claims = shapes.alert_line(row)["claims"]
        others = {"claims": json.dumps(claims), "article": row["article_id"], "limit": MAX_ROWS}
        return {
            **json.loads(row["value"]),
            "claims": claims,
            "also_in": self._rows(queries.ALSO_IN, others),
            "deliveries": self._deliveries(alert_id),
            "labels": self._rows(queries.LABELS, key),
        }

    def notices(self, limit: int = 20) -> list[Json]:
        """Notices to the operator, the latest first, each with its alarms, figures, and how its deliveries fared."""
        found = self._rows(queries.NOTICES, Filters(limit=limit).values())
        return self._delivered(map(shapes.notice_line, found))

    def notice(self, notice_id: str) -> Json:
        """One notice to the operator, with its deliveries and each try at each of them.

        Raises:
            InputMissing: There is no such notice.
        """
        row = self._one(queries.NOTICE, notice_id, "alert or notice")
        return {**shapes.notice_line(row), "deliveries": self._deliveries(notice_id)}

    def labels(self) -> list[Json]:
        """Every verdict of an analyst, the oldest first, with what it is about: one line for each claim of an alert.

        Each has at, verdict, note, target, and where the target is a claim, a mention or a pair of texts: quote,
        nearest_quote, relation, suggest, score and method.
        """
        return shapes.flags(self._rows(queries.LABELLED))

    def export(self) -> ArchiveExport:
        """Everything of one kind, piece by piece."""
        return ArchiveExport(self._db)

    def status(self) -> Json:
        """Feeds, standing alarms, outbox, last poll and heartbeat, entries by outcome, and totals."""
        (totals,) = self._rows(queries.TOTALS)
        (poll,) = self._rows(queries.LAST_POLL)
        counted = {row["state"]: row["n"] for row in self._rows(queries.OUTBOX)}
        heartbeat = self.last_heartbeat()
        return {
            "feeds": shapes.flags(self._rows(queries.FEEDS)),
            "alarms": self._rows(queries.STANDING_ALARMS),
            "outbox": {state.value: counted.get(state.value, 0) for state in DeliveryState},
            "last_poll": poll["at"],
            "last_heartbeat": None if heartbeat is None else stamp(heartbeat),
            "seeded": self._fact("seeded_at") is not None,
            "outcomes": {row["outcome"]: row["n"] for row in self._rows(queries.OUTCOMES)},
            "totals": totals,
            "schema": len(MIGRATIONS),
            "fold": FOLD_VERSION,
        }

    def last_heartbeat(self) -> datetime | None:
        """When the last cycle was completed, None before the first."""
        value = self._fact("heartbeat_at")
        return None if value is None else datetime.fromisoformat(value)

    def _fact(self, name: str) -> str | None:
        found = self._rows("SELECT value FROM facts WHERE name = :name", {"name": name})
        return str(found[0]["value"]) if found else None

    def _rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[Row]:
        with translated("read the archive"), time_limit(self._db, READ_LIMIT_S):
            return rows(self._db, sql, values)

    def _one(self, sql: str, sought: str, kind: str) -> Row:
        found = self._rows(sql, {"id": sought})
        if not found:
            raise InputMissing(f"there is no {kind} {sought}")
        return found[0]

    def _delivered(self, lines: Iterable[Row]) -> list[Json]:
        """Each line, of an alert or a notice, with how many of its deliveries are in which state."""
        told = list(lines)
        counted = self._grouped(queries.DELIVERY_STATES, [line["id"] for line in told], "content_id")
        return [line | {"deliveries": {one["state"]: one["n"] for one in counted[line["id"]]}} for line in told]

    def _deliveries(self, content_id: str) -> list[Row]:
        found = self._rows(queries.DELIVERIES, {"id": content_id})
        tries = self._grouped(queries.TRIES, [one["id"] for one in found], "delivery_id")
        return [one | {"tries": tries[one["id"]]} for one in found]

    def _grouped(self, sql: str, ids: list[str], by: str) -> dict[str, list[Row]]:
        groups: dict[str, list[Row]] = {one: [] for one in ids}
        for row in self._rows(sql, {"ids": json.dumps(ids)}):
            groups[row.pop(by)].append(row)
        return groups
