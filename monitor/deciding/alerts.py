"""Who must hear of it, and when: the table of relations and kinds, and the grouping into alerts.

One article gives at most three alerts a meeting: what conflicts, what is new or updated at once, and what can wait for
the digest. Conflicts stand apart because they show two quotes side by side and give no verdict.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from monitor.deciding.identity import alert_id
from monitor.deciding.origins import origins
from monitor.model import Alert, AlertItem, ClaimKind, EvidenceGrade, Modality, Relation, Urgency
from monitor.reading.arabic import clause_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import KnownClaim, MeetingLink, Reading, Recall, Related

_AT_ONCE: Final = frozenset({ClaimKind.EVENT, ClaimKind.PARTICIPANT, ClaimKind.ROLE, ClaimKind.OUTCOME})
_WITH_ORIGIN: Final = frozenset({ClaimKind.STATEMENT, ClaimKind.STANCE, ClaimKind.AGENDA, ClaimKind.ATTRIBUTION})
_WHO_WHERE_WHEN: Final = frozenset({ClaimKind.EVENT, ClaimKind.PARTICIPANT, ClaimKind.OUTCOME})
_FIRM: Final = frozenset(
    {Modality.AGREED, Modality.SIGNED, Modality.IMPLEMENTED, Modality.DENIED, Modality.CANCELLED, Modality.POSTPONED}
)
_CONFIRMED: Final = frozenset({ClaimKind.EVENT, ClaimKind.OUTCOME})


def urgency(related: Related, reading: Reading, known: Sequence[KnownClaim]) -> Urgency | None:
    """When one related mention is told: at once, with the digest, or never."""
    if related.relation is Relation.RESTATED:
        return None
    if related.relation is Relation.CONTRADICTING or (related.relation is Relation.WITHDRAWN and not related.suggest):
        return Urgency.NOW
    at_once = not related.suggest and _is_urgent(related, reading, known)
    return Urgency.NOW if at_once else Urgency.DIGEST


def _is_urgent(related: Related, reading: Reading, known: Sequence[KnownClaim]) -> bool:
    kind = related.mention.kind
    if related.relation is Relation.CORROBORATING:
        before = origins(k for k in known if related.told_as in {k.claim_id, k.restates})
        return len(before) == 1 and kind in _CONFIRMED
    if related.relation is Relation.UPDATED:
        return kind in _WHO_WHERE_WHEN
    official = reading.grade is not EvidenceGrade.LOW
    return kind in _AT_ONCE or related.mention.modality in _FIRM or (kind in _WITH_ORIGIN and official)


def make_alerts(
    reading: Reading, links: Sequence[MeetingLink], relations: Sequence[Related], recall: Recall
) -> tuple[Alert, ...]:
    """The alerts of one article, conflicts first; each claim is told once, and of each new meeting one alert tells."""
    groups: dict[tuple[str | None, bool, Urgency], list[Related]] = {}
    told: set[tuple[str, Relation]] = set()
    for related in relations:
        when = urgency(related, reading, recall.claims)
        if when is None or (related.told_as, related.relation) in told:
            continue
        told.add((related.told_as, related.relation))
        conflict = related.relation is Relation.CONTRADICTING
        groups.setdefault((_home(related, links), conflict, when), []).append(related)
    made = [_alert(reading, links, key, members, recall) for key, members in groups.items()]
    made.sort(key=lambda a: (a.urgency is not Urgency.NOW, a.relation is not Relation.CONTRADICTING))
    telling = {_first_telling(made, link.id) for link in links if link.new}
    return tuple(replace(alert, meeting_new=True) if at in telling else alert for at, alert in enumerate(made))


def _first_telling(alerts: Sequence[Alert], meeting_id: str) -> int | None:
    """Which alert first tells of a meeting: the first of what is new there, else the first about it at all."""
    about = (at for at, alert in enumerate(alerts) if alert.meeting_id == meeting_id)
    return min(about, key=lambda at: (alerts[at].relation is not Relation.NEW, at), default=None)


def _home(related: Related, links: Sequence[MeetingLink]) -> str | None:
    """A claim about a person goes with the article's main meeting, so that one reader gets one alert."""
    return related.meeting_id or (links[0].id if links else None)


def _alert(
    reading: Reading,
    links: Sequence[MeetingLink],
    key: tuple[str | None, bool, Urgency],
    members: Sequence[Related],
    recall: Recall,
) -> Alert:
    home, conflict, when = key
    relation = Relation.CONTRADICTING if conflict else _leading(members)
    claims = tuple(dict.fromkeys(related.told_as for related in members))
    link = next((link for link in links if link.id == home), None)
    article = reading.article
    near = [claim for claim in recall.claims if claim.meeting_id == home]
    return Alert(
        id=alert_id(article.id, home, f"{relation}{when}", claims),
        urgency=when,
        relation=relation,
        meeting_id=home,
        article_id=article.id,
        url=article.url,
        title=article.title,
        outlet=article.outlet,
        items=tuple(_item(reading, related) for related in members),
        first_seen=article.fetched_at,
        published_at=article.published_at,
        meeting=link.merged if link else None,
        grade=reading.grade,
        origins=tuple(dict.fromkeys((*origins(near), *([reading.origin] if reading.origin else [])))),
        outlets=len({article.outlet, *(claim.outlet for claim in near)}),
    )


def _leading(members: Iterable[Related]) -> Relation:
    order = (Relation.NEW, Relation.UPDATED, Relation.CORROBORATING, Relation.WITHDRAWN)
    present = {related.relation for related in members}
    return next((relation for relation in order if relation in present), Relation.NEW)


def _item(reading: Reading, related: Related) -> AlertItem:
    mention = related.mention
    gone = related.relation is Relation.WITHDRAWN
    start, end = (mention.start, mention.end) if gone else _sentence(reading, mention.start, mention.end)
    return AlertItem(
        claim_id=related.told_as,
        mention_id=related.mention_id,
        kind=mention.kind,
        relation=related.relation,
        quote=mention.quote,
        sentence=mention.quote if gone else reading.article.text[start:end],
        mark_start=mention.start - start,
        mark_end=mention.end - start,
        speaker=mention.speaker,
        origin=mention.origin or reading.origin,
        modality=mention.modality,
        why=related.why,
        why_en=related.why_en,
        suggest=related.suggest,
        other_quote=related.nearest_quote,
        other_outlet=related.nearest_outlet,
        other_url=related.nearest_url,
    )


def _sentence(reading: Reading, start: int, end: int) -> tuple[int, int]:
    """The sentences that the mention touches, within its segment."""
    home = next((s for s in reading.segments if s.start <= start < s.end), None)
    if home is None:
        return start, end
    touched = [s for s in clause_spans(reading.article.text, home.start, home.end) if s[0] < end and start < s[1]]
    return (touched[0][0], max(end, touched[-1][1])) if touched else (start, end)
