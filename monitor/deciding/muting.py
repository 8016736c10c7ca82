"""Whether a recipient wants no word of an alert: all that it tells is muted for them."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from monitor.model import Alert, DeliveryState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.model import AlertItem, Delivery


class MuteKind(StrEnum):
    """What is muted: a claim, a meeting, a person, or everything that would go to a recipient."""

    CLAIM = "claim"
    MEETING = "meeting"
    PERSON = "person"
    ALL = "all"


class Mute(Protocol):
    """What deciding needs to know of a mute that holds now; the archive's are such.

    It is for one channel or recipient where it names them, else for all.
    """

    @property
    def id(self) -> str:
        """By which it is ended."""

    @property
    def kind(self) -> str:
        """One of `MuteKind`."""

    @property
    def target(self) -> str:
        """Id of the claim, meeting or person; the recipient, where all is muted."""

    @property
    def channel(self) -> str | None:
        """The only channel it is for."""

    @property
    def recipient(self) -> str | None:
        """The only recipient it is for."""

    @property
    def until(self) -> datetime | None:
        """When it ends by itself."""


def muted_by(
    alert: Alert, channel: str, recipient: str, mutes: Iterable[Mute], subjects: Mapping[str, str]
) -> Mute | None:
    """The mute that holds an alert back from one recipient; None where anything in it is not muted.

    Args:
        alert: What would be told.
        channel: By which channel.
        recipient: To whom.
        mutes: Those that hold now.
        subjects: The person whom a claim is about, by the claim's id; without one it is about the meeting's principals.

    Returns:
        Of several that it takes together, the first.
    """
    ours = [mute for mute in mutes if mute.channel in {None, channel} and mute.recipient in {None, recipient}]
    whole = (mute for mute in ours if _silences(mute, alert))
    found = next(whole, None)
    if found is not None or not ours:
        return found
    of_items = [_of_item(alert, item, ours, subjects) for item in alert.items]
    return of_items[0] if of_items and all(of_items) else None


def _silences(mute: Mute, alert: Alert) -> bool:
    """Whether nothing of the alert is left. Nobody can be muted by a mute of all that names nobody."""
    if mute.kind == MuteKind.ALL:
        return mute.recipient is not None
    return mute.kind == MuteKind.MEETING and mute.target == alert.meeting_id


def _of_item(alert: Alert, item: AlertItem, mutes: Iterable[Mute], subjects: Mapping[str, str]) -> Mute | None:
    people = people_of(alert, item, subjects)
    by_person = [mute for mute in mutes if mute.kind == MuteKind.PERSON and mute.target in people]
    if people and people <= {mute.target for mute in by_person}:
        return by_person[0]
    return next((mute for mute in mutes if mute.kind == MuteKind.CLAIM and mute.target == item.claim_id), None)


def people_of(alert: Alert, item: AlertItem, subjects: Mapping[str, str]) -> set[str]:
    """Whom an item is about: the claim's subject, or else the meeting's principals."""
    subject = subjects.get(item.claim_id)
    return {subject} if subject else set(alert.meeting.principals if alert.meeting else ())


def silenced(waiting: Iterable[Delivery], mutes: Sequence[Mute], subjects: Mapping[str, str]) -> tuple[Delivery, ...]:
    """Those of what waits that are muted by now, each as it is to be held back; notices are never."""
    found = (
        (delivery, muted_by(delivery.content, delivery.channel, delivery.recipient, mutes, subjects))
        for delivery in waiting
        if isinstance(delivery.content, Alert)
    )
    return tuple(held_back(delivery, mute) for delivery, mute in found if mute is not None)


def held_back(delivery: Delivery, mute: Mute) -> Delivery:
    """The delivery as it is recorded where a mute holds it back."""
    return replace(delivery, state=DeliveryState.SUPPRESSED, rule=f"mute:{mute.id}")
