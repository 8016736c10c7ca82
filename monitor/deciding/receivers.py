"""What the operator must hear of those who get the messages: of a channel that lets nothing through, of who left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.deciding.alarms import Changes
from monitor.errors import MailAuth
from monitor.model import Alarm
from monitor.ports import ENDPOINT_GONE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.ports import Disabled

WRONG: Final = {"mail": MailAuth.code}
"""What says that a channel itself is wrong, whatever is sent by it: by channel, the code of the error and the alarm."""


def changes_of_channel(
    channel: str, standing: Sequence[Alarm], at: datetime, *, works: bool, wrong: str | None = None
) -> Changes:
    """What begins, or is over, by how the last message of a channel fared.

    Args:
        channel: Its name.
        standing: All alarms that stand.
        at: Now.
        works: A message went through.
        wrong: What is wrong with the channel itself, in a sentence; None where nothing is known to be.
    """
    code = WRONG.get(channel)
    stands = tuple(alarm for alarm in standing if alarm.code == code)
    if code is not None and wrong is not None and not stands:
        return Changes(raised=(Alarm(code=code, message=wrong, since=at),))
    return Changes(cleared=stands if works else ())


def changes_of_receivers(disabled: Sequence[Disabled], standing: Sequence[Alarm], at: datetime) -> Changes:
    """One alarm for all receivers that want no more. It is told anew when they have become others.

    Args:
        disabled: Those receivers, the first to say so first.
        standing: All alarms that stand.
        at: Now.
    """
    stands = tuple(alarm for alarm in standing if alarm.code == ENDPOINT_GONE)
    if not disabled:
        return Changes(cleared=stands)
    message = _farewells(disabled)
    if any(alarm.message == message for alarm in stands):
        return Changes()
    return Changes(raised=(Alarm(code=ENDPOINT_GONE, message=message, since=at),), dropped=stands)


def _farewells(disabled: Sequence[Disabled]) -> str:
    """Who wants no more, and what ends that, in one sentence."""
    names = ", ".join(f"{one.channel} {one.recipient}" for one in disabled)
    wants = "wants no more and is" if len(disabled) == 1 else "want no more and are"
    first = disabled[0]
    return f"{names} {wants} sent nothing; `alerts enable {first.channel} {first.recipient}` ends that"
