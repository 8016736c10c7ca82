"""An alert becomes one delivery for each channel and recipient, the same whenever it is asked."""

from __future__ import annotations

from monitor.deciding.outbox import queue
from tests.alert_factory import Route, make_alert

MAIL = Route("mail", ("one@desk.example", "two@desk.example"))
HOOK = Route("webhook", ("desk",))


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


def test_a_recipient_named_twice_gets_one_delivery() -> None:
    assert len(queue(make_alert(), (MAIL, Route("mail", ("two@desk.example",))))) == 2


def test_without_channels_nothing_is_queued() -> None:
    assert queue(make_alert(), ()) == ()
