"""What the ledger holds near a reading: look-ups by index, in an order that does not depend on arrival."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from monitor.model import KnownClaim, KnownDocument, KnownMeeting, Mention, Recall, Signature
from storage.connection import rows
from storage.rows import from_row, meeting

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlite_utils import Database

    from monitor.model import Meeting, Reading
    from storage.rows import Row

MINHASHES_PER_BAND: Final = 4
"""Of 128 values in bands of 4, two texts of Jaccard .6 share one with probability .99, of .2 with .05."""

MEETING_DAYS: Final = 45
"""Twice what keeps two meetings apart: seven days, and the two weeks of which undated news may tell."""
MAX_MEETINGS: Final = 200
_MAX_DOCUMENTS: Final = 200

_DOCUMENTS = """
WITH shared AS (
    SELECT version_id FROM signature_bands WHERE value IN (SELECT value FROM json_each(:bands))
    GROUP BY version_id ORDER BY count(*) DESC, version_id LIMIT :most
), same AS (
    SELECT version_id FROM signatures WHERE exact = :exact ORDER BY version_id LIMIT :most
), near AS (
    SELECT version_id FROM shared UNION SELECT version_id FROM same
    UNION SELECT id FROM versions WHERE article_id = :article
)
SELECT v.article_id, v.url, s.exact, s.minhash, s.shingles
FROM near JOIN signatures s USING (version_id) JOIN versions v ON v.id = near.version_id
ORDER BY v.article_id, v.number
"""

_MEETINGS = """
SELECT * FROM meetings m
WHERE m.id IN (
    SELECT meeting_id FROM meeting_people
    WHERE side = 'principal' AND person IN (SELECT value FROM json_each(:principals))
)
AND (:earliest IS NULL OR m.date_to IS NULL OR m.date_to >= :earliest)
AND (:latest IS NULL OR m.date_from IS NULL OR m.date_from <= :latest)
ORDER BY m.last_seen DESC, m.id LIMIT :most
"""

_MEETING_PEOPLE = """
SELECT * FROM meeting_people WHERE meeting_id IN (SELECT value FROM json_each(:ids))
ORDER BY meeting_id, side, position
"""

_CLAIMS = """
WITH personal AS (
    SELECT t.id, lag(t.id) OVER same IS NULL OR lead(t.id) OVER same IS NULL AS first_or_last
    FROM mentions t JOIN versions v ON v.id = t.version_id
    WHERE t.meeting_id IS NULL AND t.subject IN (SELECT value FROM json_each(:subjects)) AND t.article_id <> :article
    WINDOW same AS (PARTITION BY t.claim_id, t.kind, t.polarity, t.slots, t.terms, t.origin
        ORDER BY v.fetched_at, t.article_id, t."start", t."end", t.id)
), near AS (
    SELECT id FROM mentions WHERE meeting_id IN (SELECT value FROM json_each(:meetings))
    UNION SELECT id FROM personal WHERE first_or_last
    UNION SELECT id FROM mentions WHERE article_id = :article
)
SELECT t.*, v.url, v.outlet, v.fetched_at, v.published_at, known.nearest AS restates, EXISTS (
    SELECT 1 FROM relations r WHERE r.mention_id = t.id AND r.relation <> 'withdrawn' AND r.version_id = (
        SELECT id FROM versions WHERE article_id = t.article_id
        AND outcome IN ('alerted', 'nothing_new', 'duplicate') ORDER BY number DESC LIMIT 1)
) AS standing
FROM near JOIN mentions t USING (id) JOIN versions v ON v.id = t.version_id
LEFT JOIN relations known ON known.mention_id = t.id AND known.version_id = t.version_id
    AND known.relation IN ('restated', 'corroborating', 'updated')
ORDER BY v.fetched_at, t.article_id, t."start", t."end", t.id
"""


def recall(db: Database, reading: Reading) -> Recall:
    """Documents, meetings and claims near `reading`, each in a fixed order.

    Documents share a MinHash band, the exact hash or the article's id (banding after Broder 1997). Meetings
    share a principal and lie within `MEETING_DAYS`, or have an open date. Claims are every mention of those
    meetings, those of the article's older versions, and those about the reading's people outside any meeting: of all
    that say one thing alike and have it from one origin, the first and the last, for everybody's post stands in every
    article.
    """
    meetings = _meetings(db, reading)
    return Recall(documents=_documents(db, reading), meetings=meetings, claims=_claims(db, reading, meetings))


def bands(signature: Signature) -> tuple[str, ...]:
    """The keys under which a signature is found: equal where a whole band of MinHash values is."""
    values = signature.minhash
    return tuple(
        hashlib.blake2b(f"{start}:{values[start : start + MINHASHES_PER_BAND]}".encode(), digest_size=8).hexdigest()
        for start in range(0, len(values), MINHASHES_PER_BAND)
    )


def meeting_values(db: Database, found: Iterable[Row]) -> dict[str, Meeting]:
    """The meetings of rows of `meetings`, by id, with their people."""
    by_id = {row["id"]: row for row in found}
    people: dict[str, list[Row]] = {meeting_id: [] for meeting_id in by_id}
    for person in rows(db, _MEETING_PEOPLE, {"ids": json.dumps(list(by_id))}):
        people[person["meeting_id"]].append(person)
    return {meeting_id: meeting(row, people[meeting_id]) for meeting_id, row in by_id.items()}


def _documents(db: Database, reading: Reading) -> tuple[KnownDocument, ...]:
    found = rows(
        db,
        _DOCUMENTS,
        {
            "bands": json.dumps(bands(reading.signature)),
            "exact": reading.signature.exact,
            "article": reading.article.id,
            "most": _MAX_DOCUMENTS,
        },
    )
    return tuple(
        KnownDocument(article_id=row["article_id"], url=row["url"], signature=from_row(Signature, row)) for row in found
    )


def _meetings(db: Database, reading: Reading) -> tuple[KnownMeeting, ...]:
    found = {row["id"]: row for near in reading.meetings for row in _meetings_near(db, near)}
    newest = sorted(found.values(), key=lambda row: (row["last_seen"], row["id"]), reverse=True)[:MAX_MEETINGS]
    return tuple(KnownMeeting(id=key, meeting=value) for key, value in sorted(meeting_values(db, newest).items()))


def _meetings_near(db: Database, near: Meeting) -> list[Row]:
    return rows(
        db,
        _MEETINGS,
        {
            "principals": json.dumps(near.principals),
            "earliest": _shifted(near.date_from, -MEETING_DAYS),
            "latest": _shifted(near.date_to, MEETING_DAYS),
            "most": MAX_MEETINGS,
        },
    )


def _shifted(day: date | None, days: int) -> str | None:
    """`day` moved by `days`; None, no bound, where there is none or the calendar ends before."""
    if day is None:
        return None
    try:
        return (day + timedelta(days=days)).isoformat()
    except OverflowError:
        return None


def _claims(db: Database, reading: Reading, meetings: tuple[KnownMeeting, ...]) -> tuple[KnownClaim, ...]:
    subjects = {person.person for person in reading.people} | {mention.subject for mention in reading.mentions}
    found = rows(
        db,
        _CLAIMS,
        {
            "meetings": json.dumps([known.id for known in meetings]),
            "subjects": json.dumps(sorted(subjects - {""})),
            "article": reading.article.id,
        },
    )
    return tuple(_known_claim(row) for row in found)


def _known_claim(row: Row) -> KnownClaim:
    times: dict[str, datetime] = {"seen_at": row["fetched_at"], "published_at": row["published_at"]}
    return from_row(KnownClaim, {**row, **times, "mention_id": row["id"]}, mention=from_row(Mention, row))
