"""An alert that says it is none: what `alerts test` sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xxhash import xxh64_hexdigest

from monitor.model import Alert, AlertItem, ClaimKind, Modality, Relation, Urgency

if TYPE_CHECKING:
    from datetime import datetime


def sample_alert(now: datetime) -> Alert:
    """A whole alert with one item; another one at each moment, so that no receiver takes it for a repeat."""
    sentence = "هذه رسالة تجربة من راصد، ولا تحمل خبرا."
    item = AlertItem(
        claim_id="test",
        mention_id="test",
        kind=ClaimKind.STATEMENT,
        relation=Relation.NEW,
        quote=sentence,
        sentence=sentence,
        mark_start=0,
        mark_end=len(sentence),
        speaker=None,
        origin=None,
        modality=Modality.ASSERTED,
        why="تجربة للقناة",
        why_en="A test of this channel; it carries no news.",
    )
    return Alert(
        id=f"test-{xxh64_hexdigest(now.isoformat().encode())}",
        urgency=Urgency.NOW,
        relation=Relation.NEW,
        meeting_id=None,
        article_id="test",
        url="",
        title="تجربة",
        outlet="راصد",
        items=(item,),
        first_seen=now,
    )
