"""Calls the stages in their order. It decides nothing: pure code decides, and this does what it says.

    run_cycle   due feeds -> fetch -> entries -> unseen -> pages -> read -> recall -> decide -> commit
    ingest      texts and pages at hand -> read -> recall -> decide -> commit
    deliver     outbox -> channels -> how each try ended

Fetching and reading run side by side, over feeds and within each. Recall, decide and commit are one step of one
article at a time, in the order of its feed, for what one article tells the next must see. A feed that is slow or
broken holds up nobody but itself.
"""

from monitor.pipeline.articles import id_of
from monitor.pipeline.delivering import deliver
from monitor.pipeline.ingesting import ingest
from monitor.pipeline.polling import FeedReport, Poller, PollRules, run_cycle
from monitor.pipeline.rereading import reread
from monitor.pipeline.settling import EntryEnd, Ports
from monitor.pipeline.watching import Watch, WatchRules

__all__ = [
    "EntryEnd",
    "FeedReport",
    "PollRules",
    "Poller",
    "Ports",
    "Watch",
    "WatchRules",
    "deliver",
    "id_of",
    "ingest",
    "reread",
    "run_cycle",
]
