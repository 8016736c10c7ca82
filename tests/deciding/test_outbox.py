"""An alert becomes one delivery for each channel and recipient, the same whenever it is asked."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.deciding.outbox import Addressee, queue, readers
from tests.alert_factory import Route, make_alert

MAIL = Route("mail", ("one@desk.example", "two@desk.example"))
HOOK = Route("webhook", ("desk",))


@dataclass(frozen=True)
class Bundling(Route):
    bundles: bool = False


def test_every_recipient_of_every_channel_gets_its_own_delivery() -> None:
    queued = queue(make_alert(), (MAIL, HOOK))
    assert [(delivery.channel, delivery.recipient) for delivery in queued] == [
        ("mail", "one@desk.example"),
        ("mail", "two@desk.example"),
        ("webhook", "desk"),
    ]
    assert len({delivery.id for delivery in queued}) == 3
    assert all(delivery.attempts == 0 and delivery.next_try_at is None for delivery in queued)


def test_queueing_again_gives_the_same_ids() -> None:
    assert queue(make_alert(), (MAIL, HOOK)) == queue(make_alert(), (MAIL, HOOK))


def test_the_id_depends_on_alert_channel_and_recipient_and_on_nothing_else() -> None:
    ids = {
        queue(alert, (route,))[0].id
        for alert in (make_alert(), make_alert(id="al_2"))
        for route in (Route("mail", ("a",)), Route("webhook", ("a",)), Route("mail", ("b",)), Route("mailb", ("",)))
    }
    assert len(ids) == 8
    assert queue(make_alert(title="x"), (HOOK,))[0].id == queue(make_alert(), (HOOK,))[0].id


def test_an_id_is_the_same_in_every_version_for_what_was_queued_before_an_update_is_known_by_it() -> None:
    (delivery,) = queue(make_alert(id="al_1"), (HOOK,))
    assert delivery.id == "dl_44dd3c3b43ee57d3dce53920b97d1271"


def test_a_recipient_of_any_letters_can_be_queued_for() -> None:
    (delivery,) = queue(make_alert(), (Route("webhook", ("desk \ud800",)),))
    assert delivery.recipient == "desk \ud800"


def test_readers_are_told_together_where_their_channel_can() -> None:
    found = readers((Bundling("mail", ("desk",), bundles=True), Bundling("chat", ("desk",)), HOOK))
    assert found == (
        Addressee(channel="mail", recipient="desk", bundles=True),
        Addressee(channel="chat", recipient="desk", bundles=False),
        Addressee(channel="webhook", recipient="desk", bundles=False),
    )


def test_a_recipient_named_twice_gets_one_delivery() -> None:
    assert len(queue(make_alert(), (MAIL, Route("mail", ("two@desk.example",))))) == 2


def test_without_channels_nothing_is_queued() -> None:
    assert queue(make_alert(), ()) == ()
