"""The course of the demo: publish, let the worker poll, tell what came of it; then all of it again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from monitor.model import Urgency

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from monitor.demo.mailbox import Mailbox
    from monitor.demo.receiver import Receiver
    from monitor.demo.site import NewsSite
    from monitor.demo.story import Story
    from monitor.model import Decision, Outcome


class End(Protocol):
    """What the play needs to know of how one entry ended."""

    @property
    def outcome(self) -> Outcome:
        """Its one ending."""

    @property
    def decision(self) -> Decision | None:
        """What was decided, where it was read."""

    @property
    def code(self) -> str | None:
        """Why it was not."""

    @property
    def message(self) -> str | None:
        """The sentence that goes with the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Site, mailbox and receiver, and the worker's part: `poll` polls and delivers, and says how entries ended."""

    site: NewsSite
    mailbox: Mailbox
    receiver: Receiver
    poll: Callable[[], Awaitable[Sequence[End]]]


@dataclass(slots=True)
class Totals:
    """What is counted over the first round."""

    articles: int = 0
    meetings: set[str] = field(default_factory=set)
    claims: set[str] = field(default_factory=set)
    alerts: Counter[Urgency] = field(default_factory=Counter)

    def add(self, decision: Decision) -> None:
        """Count one article."""
        self.articles += 1
        self.meetings.update(link.id for link in decision.meetings)
        self.claims.update(related.claim_id for related in decision.relations)
        self.alerts.update(alert.urgency for alert in decision.alerts)


async def play(stage: Stage, story: Story) -> dict[str, int]:
    """Both rounds; returns the sums that `demo --json` prints."""
    totals = Totals()
    for number in range(1, len(stage.site.printed) + 1):
        story.arrived(number, len(stage.site.printed), stage.site.publish())
        before = len(stage.mailbox.messages), len(stage.receiver.received), stage.receiver.verified
        for end in await stage.poll():
            if end.decision is not None:
                totals.add(end.decision)
                story.decided(end.decision)
            elif end.code is not None:
                story.failed(end.code, end.message)
        mails = len(stage.mailbox.messages) - before[0]
        story.delivered(mails, len(stage.receiver.received) - before[1], stage.receiver.verified - before[2])
    again = await _again(stage, story)
    return {
        "articles": totals.articles,
        "meetings": len(totals.meetings),
        "claims": len(totals.claims),
        "alerts_now": totals.alerts[Urgency.NOW],
        "alerts_digest": totals.alerts[Urgency.DIGEST],
        "mails": len(stage.mailbox.messages),
        "webhooks": len(stage.receiver.received),
        "webhooks_verified": stage.receiver.verified,
        "second_round_alerts": again,
    }


async def _again(stage: Stage, story: Story) -> int:
    """A new edition of the same feed; what is told now was told before, in alerts or in messages."""
    stage.site.edition += 1
    before = len(stage.mailbox.messages) + len(stage.receiver.received)
    ends = await stage.poll()
    alerts = sum(len(end.decision.alerts) for end in ends if end.decision is not None)
    messages = len(stage.mailbox.messages) + len(stage.receiver.received) - before
    story.again(Counter(end.outcome.value for end in ends), max(alerts, messages))
    return max(alerts, messages)
