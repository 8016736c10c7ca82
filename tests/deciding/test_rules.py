"""Rules, mutes, quiet hours, group wait and storms: what each recipient is told, when, and that nothing is lost."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.deciding.hours import Quiet
from monitor.deciding.muting import MuteKind
from monitor.deciding.outbox import Addressee, addressed
from monitor.deciding.rules import STORM, Held, Message, Rule, RuleBook, Send, fits, plan
from monitor.model import Alert, ClaimKind, Counterpart, Delivery, DeliveryState, EvidenceGrade, Relation, Urgency
from tests.alert_factory import ELYSEE, make_alert, make_item, make_notice

NOON = datetime(2026, 1, 17, 12, 0, tzinfo=UTC)
DIGEST_AT = NOON + timedelta(hours=18)
TRIPOLI = ZoneInfo("Africa/Tripoli")
DESK, DUTY = (Addressee(channel="mail", recipient=f"{name}@desk.example", bundles=True) for name in ("desk", "duty"))
HOOK = Addressee(channel="webhook", recipient="archive")
NIGHT = Quiet(start=time(22), end=time(7), zone=TRIPOLI)
MIDNIGHT = datetime(2026, 1, 17, 23, 0, tzinfo=UTC)  # one at night in Tripoli
MORNING = datetime(2026, 1, 18, 5, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Muted:
    kind: str
    target: str
    id: str = "mu_1"
    channel: str | None = None
    recipient: str | None = None
    until: datetime | None = None


def planned(
    *rules: Rule, alert: Alert | None = None, to: Addressee = DESK, held: Held | None = None, now: datetime = NOON,
    storm: int = 30, **more: Any,
) -> Delivery:  # fmt: skip
    book = RuleBook(rules=rules, storm_per_hour=storm)
    (made,) = plan(alert or make_alert(), (to,), book, held or Held(), now, digest_at=DIGEST_AT, **more)
    return made


def row_of(*rules: Rule, alerts: list[Alert], step: timedelta = timedelta(), **more: Any) -> list[Delivery]:
    """Alerts planned one after the other, as articles bring them."""
    held, made, now = more.pop("held", Held()), [], more.pop("now", NOON)
    for alert in alerts:
        made.append(planned(*rules, alert=alert, held=held, now=now, **more))
        held = held.after(made[-1:], now)
        now += step
    return made


def several(number: int, **changes: Any) -> list[Alert]:
    return [make_alert(id=f"al_{at}", **changes) for at in range(number)]


# --------------------------------------------------------------------------------------------------- without rules


def test_without_a_rule_the_alerts_own_urgency_decides() -> None:
    at_once = planned()
    assert (at_once.next_try_at, at_once.bundle, at_once.rule) == (None, "", None)
    later = planned(alert=make_alert(urgency=Urgency.DIGEST))
    assert (later.next_try_at, later.rule) == (DIGEST_AT, None)
    assert later.bundle == "digest::desk@desk.example:2026-01-18T06:00:00.000000Z"


def test_the_id_is_that_of_the_alert_and_the_addressee_whatever_a_rule_says() -> None:
    rules = [Rule(name="r", send=send) for send in Send]
    assert {planned(rule).id for rule in rules} == {addressed(make_alert(), DESK).id}


# --------------------------------------------------------------------------------------------------- what rules fit


@pytest.mark.parametrize(
    ("named", "fitting"),
    [
        ({"relations": (Relation.CONTRADICTING,)}, True),
        ({"relations": (Relation.NEW, Relation.UPDATED)}, False),
        ({"kinds": (ClaimKind.OUTCOME, ClaimKind.ROLE)}, True),
        ({"kinds": (ClaimKind.ROLE,)}, False),
        ({"people": ("saddam_haftar",)}, True),
        ({"people": ("khalifa_haftar",)}, True),  # not a principal, but the claim is about him
        ({"people": ("khaled_haftar",)}, False),
        ({"countries": ("FR",)}, True),
        ({"countries": ("IT", "TR")}, True),  # a counterpart's
        ({"countries": ("RU",)}, False),
        ({"outlets": ("الصحيفة الثانية",)}, True),
        ({"outlets": ("الصحيفة",)}, False),
        ({"urgency": (Urgency.NOW,)}, True),
        ({"urgency": (Urgency.DIGEST,)}, False),
        ({"grades": (EvidenceGrade.LOW,)}, True),
        ({"grades": (EvidenceGrade.READOUT,)}, False),
        ({"countries": ("FR",), "grades": (EvidenceGrade.READOUT,)}, False),
        ({}, True),
    ],
)
def test_a_rule_fits_when_all_that_it_names_is_so(named: dict[str, Any], fitting: bool) -> None:
    guest = Counterpart(name=None, office=None, country="TR")
    alert = make_alert(
        items=(make_item(kind=ClaimKind.OUTCOME), make_item(claim_id="other", kind=ClaimKind.STATEMENT)),
        meeting=replace(ELYSEE, country="FR", principals=("saddam_haftar",), counterparts=(guest,)),
    )
    assert fits(Rule(name="r", **named), alert, {"other": "khalifa_haftar"}) is fitting


def test_an_alert_that_is_about_nobody_and_no_meeting_fits_only_what_names_neither() -> None:
    alert = make_alert(meeting=None, meeting_id=None)
    assert fits(Rule(name="r"), alert, {})
    assert not fits(Rule(name="r", people=("saddam_haftar",)), alert, {})
    assert not fits(Rule(name="r", countries=("FR",)), alert, {})


def test_the_first_rule_that_fits_decides_for_each_recipient() -> None:
    duty = Rule(name="duty", recipients=(DUTY.recipient,), send=Send.NOW)
    never = Rule(name="never", channel="mail", send=Send.NEVER)
    daily = Rule(name="daily", send=Send.DAILY, at=time(7))
    told = {to: planned(duty, never, daily, to=to) for to in (DESK, DUTY, HOOK)}
    assert {to: one.rule for to, one in told.items()} == {DESK: "never", DUTY: "duty", HOOK: "daily"}


# --------------------------------------------------------------------------------------------------- when


def test_what_a_rule_holds_back_is_recorded_with_its_name() -> None:
    held_back = planned(Rule(name="not-us", send=Send.NEVER))
    assert (held_back.state, held_back.rule) == (DeliveryState.SUPPRESSED, "not-us")


def test_a_daily_digest_goes_out_at_its_local_time_as_one_bundle() -> None:
    rule = Rule(name="desk", send=Send.DAILY, at=time(7, 30), zone=TRIPOLI)
    first, second = row_of(rule, alerts=several(2))
    assert first.next_try_at == second.next_try_at == datetime(2026, 1, 18, 5, 30, tzinfo=UTC)
    assert first.bundle == second.bundle == "digest:desk:desk@desk.example:2026-01-18T05:30:00.000000Z"


def test_a_weekly_digest_waits_for_its_day() -> None:
    rule = Rule(name="weekly", send=Send.WEEKLY, at=time(8), weekday=6, zone=TRIPOLI)
    assert planned(rule).next_try_at == datetime(2026, 1, 18, 6, 0, tzinfo=UTC)
    assert planned(rule, now=MORNING + timedelta(hours=1)).next_try_at == datetime(2026, 1, 25, 6, 0, tzinfo=UTC)


def test_as_decided_keeps_urgent_and_other_apart_and_moves_only_the_digest() -> None:
    rule = Rule(name="desk", at=time(7, 30), zone=TRIPOLI)
    assert planned(rule).next_try_at is None
    waits = planned(rule, alert=make_alert(urgency=Urgency.DIGEST))
    assert waits.next_try_at == datetime(2026, 1, 18, 5, 30, tzinfo=UTC)
    assert planned(replace(rule, send=Send.NOW), alert=make_alert(urgency=Urgency.DIGEST)).next_try_at is None


def test_what_comes_at_night_waits_for_the_morning_in_one_bundle_whichever_rule_let_it_wait() -> None:
    rules = (Rule(name="a", relations=(Relation.NEW,), quiet=NIGHT), Rule(name="b", quiet=NIGHT))
    alerts = [make_alert(id="al_1", relation=Relation.NEW, items=()), make_alert(id="al_2")]
    made = row_of(*rules, alerts=alerts, now=MIDNIGHT)
    assert {one.next_try_at for one in made} == {MORNING}
    assert {one.bundle for one in made} == {"quiet:desk@desk.example:2026-01-18T05:00:00.000000Z"}
    assert [one.rule for one in made] == ["a", "b"]


def test_a_digest_in_the_middle_of_the_night_waits_for_the_morning_too() -> None:
    rule = Rule(name="r", send=Send.DAILY, at=time(3), zone=TRIPOLI, quiet=NIGHT)
    assert planned(rule).next_try_at == MORNING


def test_a_notice_goes_at_once_past_rules_mutes_and_quiet_hours() -> None:
    book = RuleBook(rules=(Rule(name="never", send=Send.NEVER, quiet=NIGHT),))
    held = Held(mutes=(Muted(kind=MuteKind.ALL, target=DESK.recipient, recipient=DESK.recipient),))
    (told,) = plan(make_notice(), (DESK,), book, held, MIDNIGHT, digest_at=DIGEST_AT)
    assert (told.state, told.next_try_at, told.bundle, told.rule) == (DeliveryState.QUEUED, None, "", None)


# --------------------------------------------------------------------------------------------------- group wait


WAIT = Rule(name="desk", group_wait=timedelta(minutes=5))


def test_a_burst_about_one_meeting_is_one_bundle_whose_time_the_first_has_set() -> None:
    first, second, third = row_of(WAIT, alerts=several(3), step=timedelta(minutes=2))
    assert first.next_try_at == second.next_try_at == third.next_try_at == NOON + timedelta(minutes=5)
    assert first.bundle == second.bundle == third.bundle


def test_nothing_joins_a_bundle_whose_time_has_come() -> None:
    first, second = row_of(WAIT, alerts=several(2), step=timedelta(minutes=5))
    assert second.next_try_at == NOON + timedelta(minutes=10)
    assert first.bundle != second.bundle


def test_another_meeting_has_a_bundle_of_its_own_and_none_waits_for_none() -> None:
    alerts = [make_alert(id="al_1"), make_alert(id="al_2", meeting_id="mt_2"), make_alert(id="al_3", meeting_id=None)]
    one, other, alone = row_of(WAIT, alerts=alerts)
    assert one.bundle != other.bundle
    assert (alone.bundle, alone.next_try_at) == ("", None)


def test_a_machine_that_is_told_one_by_one_does_not_wait() -> None:
    assert planned(WAIT, to=HOOK).next_try_at is None


def test_a_wait_that_would_end_in_the_night_ends_in_the_morning() -> None:
    late = datetime(2026, 1, 17, 19, 58, tzinfo=UTC)  # two minutes to ten in Tripoli
    waiting = planned(replace(WAIT, quiet=NIGHT), now=late)
    assert waiting.next_try_at == MORNING
    assert waiting.bundle.startswith("quiet:")


# --------------------------------------------------------------------------------------------------- storms


def test_past_the_threshold_one_message_says_so_and_the_rest_waits_for_the_digest() -> None:
    made = row_of(alerts=several(6), storm=3)
    assert [one.rule for one in made] == [None, None, None, STORM, STORM, STORM]
    assert [one.next_try_at for one in made] == [None] * 4 + [DIGEST_AT] * 2
    assert made[3].bundle == ""
    assert made[4].bundle == made[5].bundle == "digest::desk@desk.example:2026-01-18T06:00:00.000000Z"


def test_a_storm_is_over_when_an_hour_has_passed() -> None:
    made = row_of(alerts=several(6), storm=3, step=timedelta(minutes=20))
    assert {one.next_try_at for one in made} == {None}
    assert {one.rule for one in made} == {None}


def test_a_storm_is_told_once_an_hour() -> None:
    made = row_of(alerts=several(40), storm=3, step=timedelta(minutes=4))
    told = [at for at, one in enumerate(made) if one.rule == STORM and one.next_try_at is None]
    assert all(later - earlier >= 15 for earlier, later in itertools.pairwise(told))
    assert len(told) >= 2


def test_a_bundle_is_one_message_and_joining_it_is_none() -> None:
    made = row_of(WAIT, alerts=several(9), storm=1)
    assert {one.bundle for one in made} == {made[0].bundle}
    assert STORM not in {one.rule for one in made}


def test_a_storm_at_one_recipient_is_none_at_another_nor_at_a_machine() -> None:
    full = Held(messages=tuple(Message(channel="mail", recipient=DESK.recipient, at=NOON) for _ in range(5)))
    assert planned(held=full, storm=3).rule == STORM
    assert planned(held=full, storm=3, to=DUTY).rule is None
    machine = Held(messages=tuple(Message(channel="webhook", recipient=HOOK.recipient, at=NOON) for _ in range(5)))
    assert planned(held=machine, storm=3, to=HOOK).next_try_at is None


# --------------------------------------------------------------------------------------------------- mutes


def muted(alert: Alert, *mutes: Muted, **more: Any) -> bool:
    made = planned(alert=alert, held=Held(mutes=mutes), **more)
    assert (made.state is DeliveryState.SUPPRESSED) == (made.rule == "mute:mu_1")
    return made.state is DeliveryState.SUPPRESSED


def test_a_muted_meeting_is_not_told_and_recorded_with_the_mutes_id() -> None:
    assert muted(make_alert(), Muted(kind="meeting", target="mt_1"))
    assert not muted(make_alert(meeting_id="mt_2"), Muted(kind="meeting", target="mt_1"))


def test_of_claims_all_must_be_muted_and_then_all_are_sent_or_none() -> None:
    alert = make_alert(items=(make_item(claim_id="a"), make_item(claim_id="b")))
    one, other = (Muted(kind="claim", target=target) for target in ("a", "b"))
    assert not muted(alert, one)
    assert muted(alert, one, other)
    assert len(planned(alert=alert, held=Held(mutes=(one,))).content.items) == 2  # type: ignore[union-attr]


def test_of_people_all_whom_a_claim_is_about_must_be_muted() -> None:
    alert = make_alert(meeting=replace(ELYSEE, principals=("saddam_haftar", "khaled_haftar")))
    one, other = (Muted(kind="person", target=target) for target in ("saddam_haftar", "khaled_haftar"))
    assert not muted(alert, one)
    assert muted(alert, one, other)
    assert muted(alert, one, subjects={alert.items[0].claim_id: "saddam_haftar"})
    assert not muted(make_alert(meeting=None, meeting_id=None), one, other)


def test_kinds_of_mutes_work_together() -> None:
    alert = make_alert(items=(make_item(claim_id="a"), make_item(claim_id="b")))
    claim, person = Muted(kind="claim", target="a"), Muted(kind="person", target="saddam_haftar")
    assert muted(alert, claim, person, subjects={"a": "khalifa_haftar", "b": "saddam_haftar"})


def test_a_mute_is_for_the_recipient_and_channel_that_it_names() -> None:
    mute = Muted(kind="meeting", target="mt_1", recipient=DESK.recipient)
    assert muted(make_alert(), mute)
    assert not muted(make_alert(), mute, to=DUTY)
    assert not muted(make_alert(), replace(mute, channel="chat"))


def test_who_wants_no_more_gets_no_more_and_nobody_else_is_meant() -> None:
    mute = Muted(kind="all", target=DESK.recipient, recipient=DESK.recipient)
    assert muted(make_alert(items=()), mute)
    assert not muted(make_alert(), mute, to=DUTY)
    assert not muted(make_alert(), Muted(kind="all", target=DESK.recipient))


# --------------------------------------------------------------------------------------------------- laws

names = st.sampled_from(["a", "b", "c"])
quiets = st.none() | st.builds(
    Quiet,
    start=st.sampled_from([time(22), time(0), time(13)]),
    end=st.sampled_from([time(7), time(2, 30), time(23)]),
    zone=st.sampled_from([TRIPOLI, ZoneInfo("Europe/Berlin")]),
)
some = {
    "relations": st.lists(st.sampled_from(list(Relation)), max_size=2).map(tuple),
    "urgency": st.lists(st.sampled_from(list(Urgency)), max_size=1).map(tuple),
    "people": st.sampled_from([(), ("saddam_haftar",), ("khaled_haftar",)]),
}
rules_of_any = st.lists(
    st.builds(
        Rule, name=names, send=st.sampled_from(list(Send)), at=st.none() | st.just(time(2, 30)), quiet=quiets,
        zone=st.sampled_from([TRIPOLI, ZoneInfo("Europe/Berlin")]), channel=st.sampled_from([None, "mail"]),
        group_wait=st.sampled_from([timedelta(), timedelta(minutes=5), timedelta(hours=1)]), **some,
    ),
    max_size=3,
)  # fmt: skip
alerts_of_any = st.lists(
    st.builds(
        make_alert, id=st.uuids().map(str), urgency=st.sampled_from(list(Urgency)),
        meeting_id=st.sampled_from(["mt_1", "mt_2", None]), relation=st.sampled_from(list(Relation)),
    ),
    min_size=1, max_size=12, unique_by=lambda alert: alert.id,
)  # fmt: skip
mutes_of_any = st.lists(
    st.builds(
        Muted, kind=st.sampled_from(["claim", "meeting", "person", "all"]),
        target=st.sampled_from(["mt_1", "saddam_haftar", "claim"]), recipient=st.none() | st.just(DESK.recipient),
    ),
    max_size=2,
)  # fmt: skip
steps = st.lists(st.sampled_from([0, 60, 299, 3600, 40_000]), min_size=12, max_size=12)
starts = st.datetimes(datetime(2026, 3, 27), datetime(2026, 3, 30), timezones=st.just(UTC))  # noqa: DTZ001 - zoned
EVERYBODY = (DESK, DUTY, HOOK)


@given(rules=rules_of_any, alerts=alerts_of_any, mutes=mutes_of_any, gaps=steps, start=starts, storm=st.integers(1, 4))
def test_nothing_is_lost_nobody_is_woken_and_one_bundle_has_one_time(
    rules: list[Rule], alerts: list[Alert], mutes: list[Muted], gaps: list[int], start: datetime, storm: int
) -> None:
    book = RuleBook(rules=tuple(rules), storm_per_hour=storm)

    def run() -> list[tuple[datetime, Delivery]]:
        held, now, found = Held(mutes=mutes), start, []
        for alert, gap in zip(alerts, gaps, strict=False):
            now += timedelta(seconds=gap)
            made = plan(alert, EVERYBODY, book, held, now, digest_at=now + timedelta(hours=6))
            held = held.after(made, now)
            assert {(one.channel, one.recipient) for one in made} == {(to.channel, to.recipient) for to in EVERYBODY}
            assert len(made) == len(EVERYBODY)
            found += [(now, one) for one in made]
        return found

    made = run()
    assert [one.id for _, one in made] == [one.id for _, one in run()]
    assert len({one.id for _, one in made}) == len(made)
    times: dict[tuple[str, str, str], datetime | None] = {}
    for now, one in made:
        if one.state is DeliveryState.SUPPRESSED:
            assert one.rule
            continue
        assert one.state is DeliveryState.QUEUED
        assert one.next_try_at is None or one.next_try_at > now
        if one.bundle:
            key = (one.channel, one.recipient, one.bundle)
            assert times.setdefault(key, one.next_try_at) == one.next_try_at
        _nobody_is_woken(one, now, rules)


def _nobody_is_woken(one: Delivery, now: datetime, rules: list[Rule]) -> None:
    assert isinstance(one.content, Alert)
    to = next(to for to in EVERYBODY if (to.channel, to.recipient) == (one.channel, one.recipient))
    rule = next((r for r in rules if r.channel in {None, to.channel} and fits(r, one.content, {})), None)
    if rule is not None and rule.quiet is not None:
        assert not rule.quiet.holds(one.next_try_at or now)
