"""Whatever is told, no mail is larger than mail programs show, and what has no room in it is counted."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.deciding.outbox import Addressee, addressed
from monitor.deciding.rules import STORM
from monitor.model import Counterpart, Relation
from monitor.render.room import HTML_BYTES, most
from tests.adapters.test_mail import DESK, LINKS, notify, part
from tests.alert_factory import ELYSEE, make_alarm, make_alert, make_item, make_notice, make_notice_delivery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import EmailMessage

    from monitor.model import Alert, AlertItem

TO = Addressee(channel="mail", recipient=DESK, bundles=True)
BUNDLE = "digest:desk:desk:2026-01-18T05:00:00.000000Z"
GMAIL_BYTES = 102_000
SENTENCE = (
    "وأكد الفريق صدام حفتر خلال اللقاء الذي عقد في قصر الإليزيه بالعاصمة الفرنسية باريس أن الجانبين اتفقا على عدة "
    "مسارات تدريبية وتقنية تستهدف رفع الكفاءة القتالية للمنتسبين في مجالات التدريب وبناء القدرات وتبادل الخبرات، "
)
GROWING = ('"', "&", "<", "ع", "😀", "a b ")
"""Characters that take many bytes in HTML for one that is shown, and such that take few."""


def conflicts(sentence: str, number: int = 3) -> tuple[AlertItem, ...]:
    """Conflicts over most of a sentence with all of it."""
    mark = {"mark_start": 10, "mark_end": max(11, len(sentence) - 40)}
    said = {"sentence": sentence, "quote": sentence, "other_quote": sentence, **mark}
    return tuple(make_item(claim_id=f"cl_{at}", **said) for at in range(number))


def some(number: int, *, meetings: int = 1, sentence: str = SENTENCE * 3, **changes: Any) -> Alert:
    """An alert that can be found again, about one of so many meetings."""
    given = {"items": conflicts(sentence), "title": f"خبر رقم {number}: تحركات مكثفة", **changes}
    return make_alert(id=f"al_{number:032}", meeting_id=f"mt_{number % meetings}", **given)


def digest(alerts: Sequence[Alert], *, linked: bool = True, rule: str | None = None) -> EmailMessage:
    deliveries = tuple(replace(addressed(alert, TO), bundle=BUNDLE, rule=rule) for alert in alerts)
    return notify(25, links=LINKS if linked else None).compose_together(BUNDLE, deliveries)


def alone(alert: Alert) -> EmailMessage:
    return notify(25, links=LINKS).compose(addressed(alert, TO))


def html_bytes(message: EmailMessage) -> int:
    """What of a mail is HTML, as it is sent, before its transfer encoding."""
    body = message.get_body(("html",))
    assert body is not None
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    return len(content)


def named(said: str) -> list[int]:
    """Alerts that stand in a mail, in order."""
    return list(dict.fromkeys(int(number) for number in re.findall(r"خبر رقم (\d+):", said)))


def counted(said: str) -> int:
    """Alerts that a mail says it has left out; it says so in both languages, or in none."""
    arabic, english = re.search(r"تنبيهات أخرى، عددها (\d+)", said), re.search(r"And (\d+) more", said)
    assert (arabic and arabic[1]) == (english and english[1])
    return int(arabic[1]) if arabic else 0


# ------------------------------------------------------------------------------------------------------------ a digest


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("meetings", [1, 7, 1000])
@pytest.mark.parametrize("number", [1, 2, 10, 100, 1000])
def test_however_many_alerts_with_three_conflicts_each_fit_a_mail_and_none_is_lost(
    number: int, meetings: int, linked: bool
) -> None:
    message = digest([some(at, meetings=meetings) for at in range(number)], linked=linked)
    assert html_bytes(message) <= HTML_BYTES < GMAIL_BYTES
    for kind in ("html", "plain"):
        said = part(message, kind)
        assert len(named(said)) + counted(said) == number
        lines = len(named(said)) - said.count("رأيك في") if linked else 0
        untold = re.search(r"في سطر واحد فأقواله في الأرشيف، وعددها (\d+)\.", said)
        assert int(untold[1] if untold else 0) == 3 * lines or not linked
        assert ("worker.py alerts list --limit" in said) == bool(untold or counted(said))
    assert named(part(message, "html")) == named(part(message, "plain"))
    assert (LINKS.stop("mail", DESK) in part(message, "html")) == linked


@pytest.mark.parametrize("meetings", [1, 7])
def test_the_first_alerts_are_whole_the_next_are_lines_and_the_last_are_counted(meetings: int) -> None:
    alerts = [some(at, meetings=meetings) for at in range(300)]
    said = part(digest(alerts), "html")
    in_order = [at for first in range(meetings) for at in range(first, 300, meetings)]
    shown = named(said)
    assert shown == in_order[: len(shown)]
    whole = [LINKS.offer(alerts[at], "mail", DESK).verdicts[0][1] in said for at in shown]
    assert whole == sorted(whole, reverse=True)
    assert whole[0]
    assert len(shown) >= 75


def test_a_hundred_alerts_of_one_meeting_are_named_each() -> None:
    said = part(digest([some(at) for at in range(100)]), "html")
    assert named(said) == list(range(100))
    assert "In a line each above: <b>Conflict</b>" in said


def test_where_there_is_room_every_alert_is_whole() -> None:
    alerts = [some(at, sentence=SENTENCE) for at in range(6)]
    message = digest(alerts)
    for kind in ("html", "plain"):
        said = part(message, kind)
        assert all(LINKS.offer(alert, "mail", DESK).verdicts[0][1] in said for alert in alerts)
        assert said.count("another step: discussed before") == 18
        assert "In a line each" not in said


def test_one_alert_of_endless_words_does_not_keep_the_others_out() -> None:
    endless = some(0, title="خبر رقم 0: " + '"&' * 9000, outlet='"' * 9000, sentence='"' * 9000)
    message = digest([endless, *(some(at) for at in range(1, 20))], rule=STORM)
    assert html_bytes(message) <= HTML_BYTES
    assert named(part(message, "html")) == list(range(20))


texts = st.builds(lambda char, times: char * times, st.sampled_from(GROWING), st.integers(1, 6000))
meetings_of = st.builds(
    lambda name, times: replace(
        ELYSEE,
        principals=(name,) * (times % 5 + 1),
        place=name,
        counterparts=(Counterpart(name=name, office=name, country=name),) * times,
    ),
    texts,
    st.integers(0, 40),
)


@st.composite
def alerts_of(draw: st.DrawFn, number: int) -> Alert:
    item = {"quote": draw(texts), "sentence": draw(texts), "mark_start": 0, "mark_end": draw(st.integers(0, 5000)),
            "other_quote": draw(texts), "other_outlet": draw(texts), "why": draw(texts), "why_en": draw(texts),
            "speaker": draw(texts), "other_url": "https://a.example/?" + draw(texts),
            "relation": draw(st.sampled_from(Relation))}  # fmt: skip
    return some(
        number,
        items=(make_item(**item),) * draw(st.integers(0, 9)),
        title=f"خبر رقم {number}: {draw(texts)}",
        outlet=draw(texts),
        url="https://a.example/?" + draw(texts),
        meeting=draw(st.none() | meetings_of),
        origins=(draw(texts),) * draw(st.integers(0, 9)),
        meetings=draw(st.integers(1, 3)),
    )


@settings(max_examples=20, deadline=None)
@given(st.data(), st.integers(1, 12))
def test_whatever_articles_say_their_digest_fits_a_mail_and_loses_none(data: st.DataObject, number: int) -> None:
    alerts = [data.draw(alerts_of(at)) for at in range(min(number, 4))]
    alerts += [replace(alerts[at % 4], id=f"al_{at:032}", title=f"خبر رقم {at}: نص") for at in range(4, number)]
    message = digest(alerts)
    assert html_bytes(message) <= HTML_BYTES
    for kind in ("html", "plain"):
        assert len(named(part(message, kind))) + counted(part(message, kind)) == number


# ------------------------------------------------------------------------------------------------- an alert, a notice


@settings(max_examples=60, deadline=None)
@given(alerts_of(0))
def test_whatever_an_article_says_its_alert_fits_a_mail_and_loses_no_claim(alert: Alert) -> None:
    message = alone(alert)
    assert html_bytes(message) <= HTML_BYTES
    for kind in ("html", "plain"):
        said = part(message, kind)
        left_out = re.search(r"أقوال أخرى من المقال نفسه، عددها (\d+)", said)
        shown = said.count("لماذا يصلك")
        assert shown + int(left_out[1] if left_out else 0) == len(alert.items)
        assert (f"worker.py alerts show {alert.id}" in said) == bool(left_out)


@pytest.mark.parametrize("char", GROWING)
def test_an_alert_of_the_longest_texts_fits_a_mail(char: str) -> None:
    long = char * 9000
    meeting = replace(
        ELYSEE,
        principals=(long,) * 9,
        place=long,
        counterparts=(Counterpart(name=long, office=long, country=long),) * 50,
    )
    item = make_item(quote=long, sentence=long, mark_end=8000, other_quote=long, other_outlet=long, why=long,
                     why_en=long, speaker=long, origin=long)  # fmt: skip
    url = "https://a.example/?" + "&" * 4000
    alert = make_alert(items=(item,) * 20, title=long, outlet=long, meeting=meeting, origins=(long,) * 9, url=url)
    said = part(alone(alert), "html")
    assert html_bytes(alone(alert)) <= HTML_BYTES
    assert "وغيرهم، عددهم 42" in said
    assert "and 42 more" in said


@pytest.mark.parametrize("char", GROWING)
def test_a_notice_of_the_longest_texts_fits_a_mail_and_loses_no_alarm(char: str) -> None:
    long = char * 9000
    alarms = tuple(make_alarm(code=f"{at}{long}", message=long, feed_id=f"{at}{long}") for at in range(20))
    message = notify(25, links=LINKS).compose(make_notice_delivery(DESK, make_notice(alarms=alarms)))
    assert html_bytes(message) <= HTML_BYTES
    for kind in ("html", "plain"):
        said = part(message, kind)
        left_out = re.search(r"إنذارات أخرى، عددها (\d+)", said)
        assert left_out
        assert said.count("الرمز") + int(left_out[1]) == 20


# ------------------------------------------------------------------------------------------------------------ the most


@given(st.integers(0, 500), st.integers(0, 500))
@example(0, 0)
@example(1, 0)
def test_the_most_that_fits_is_found_and_nothing_that_was_not_tried(count: int, room: int) -> None:
    tried: list[int] = []

    def fits(n: int) -> bool:
        tried.append(n)
        return n <= room

    found = most(count, fits)
    assert found == min(count, room)
    assert found in {0, *tried}
    assert len(tried) <= 11
