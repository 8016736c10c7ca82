"""Ids that derive from content, so that a repeat is recognised and a re-run is a no-op."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xxhash

if TYPE_CHECKING:
    from monitor.model import Meeting, Mention


def _digest(*parts: object) -> str:
    return xxhash.xxh3_128_hexdigest("\x1f".join(map(str, parts)).encode())[:20]


def mention_id(article_id: str, mention: Mention) -> str:
    """Of one claim at one place of one article."""
    return "n" + _digest(
        article_id, mention.kind, mention.start, mention.end, mention.subject, mention.slots, mention.polarity
    )


def claim_id(meeting_id: str | None, mention: Mention) -> str:
    """Of the claim that a mention opens: what is said, of which meeting or person."""
    return "c" + _digest(meeting_id, mention.kind, mention.subject, mention.slots, mention.quote, mention.polarity)


def meeting_id(article_id: str, index: int, meeting: Meeting) -> str:
    """Of a meeting first seen in an article."""
    return "m" + _digest(article_id, index, sorted(meeting.principals), meeting.country, meeting.date_from)


def alert_id(article_id: str, meeting: str | None, relation: str, claims: tuple[str, ...]) -> str:
    """Of what one article adds: the same claims from the same article are the same alert."""
    return "a" + _digest(article_id, meeting, relation, *sorted(claims))
