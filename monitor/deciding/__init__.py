"""What of a reading is new? Pure: a `Reading` and what the ledger holds near it in, one `Decision` out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.deciding.alerts import make_alerts
from monitor.deciding.duplicates import duplicate_of, is_wall, seen_before
from monitor.deciding.meetings import link_meetings
from monitor.deciding.relations import relate
from monitor.deciding.versions import unchanged, withdrawn
from monitor.model import Decision, Outcome

if TYPE_CHECKING:
    from monitor.model import Reading, Recall
    from monitor.ports import Similarity

__all__ = ["decide"]


def decide(reading: Reading, recall: Recall, similarity: Similarity) -> Decision:
    """Decide about one reading, against what the ledger holds near it.

    Args:
        reading: What the article says.
        recall: Documents, meetings and claims of the archive near it.
        similarity: The measure that breaks ties between claims after the slots have spoken.
    """
    if seen_before(reading, recall):
        return Decision(outcome=Outcome.SEEN_BEFORE, reading=reading)
    if reading.outcome is not None:
        outcome = Outcome.SUSPECT if is_wall(reading, recall) else reading.outcome
        return Decision(outcome=outcome, reading=reading)
    copied = duplicate_of(reading, recall)
    links = link_meetings(reading, recall)
    told = relate(reading, links, recall, similarity)
    relations = (*unchanged(told, reading, recall), *withdrawn(reading, recall))
    alerts = make_alerts(reading, links, relations, recall)
    quiet = Outcome.DUPLICATE if copied else Outcome.NOTHING_NEW
    return Decision(
        outcome=Outcome.ALERTED if alerts else quiet,
        reading=reading,
        duplicate_of=copied.article_id if copied else None,
        meetings=links,
        relations=relations,
        alerts=alerts,
    )
