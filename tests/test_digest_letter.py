"""Several alerts in one mail: counted in words, by meeting, with nothing lost, and known again when it is resent."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.adapters.mail import load_labels
from monitor.deciding.outbox import Addressee, addressed
from monitor.deciding.rules import STORM
from monitor.errors import MailRefused
from monitor.model import ClaimKind, Relation
from monitor.render import write_digest
from monitor.render.digest import ITEMS
from tests.adapters.test_mail import DESK, LINKS, Mailbox, listening, notify, part
from tests.alert_factory import ELYSEE, FIRST_SEEN, NAMES, make_alert, make_item

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import EmailMessage

    from monitor.model import Alert, Delivery

LABELS = load_labels()
TO = Addressee(channel="mail", recipient=DESK, bundles=True)
BUNDLE = "digest:desk:desk:2026-01-18T05:00:00.000000Z"
KINDS = ("plain", "html")


def some(number: int, **changes: Any) -> Alert:
    """A conflict in the meeting of Paris, another each time."""
    title = changes.pop("title", f"خبر رقم {number}")
    return make_alert(id=f"al_{number}", title=title, **changes)


def plain(number: int, **changes: Any) -> Alert:
    """What is new, without a conflict."""
    item = make_item(relation=Relation.NEW, other_quote=None, other_outlet=None, other_url=None, why_en="It is new.")
    return some(number, **{"relation": Relation.NEW, "items": (item,), **changes})


def deliveries(alerts: Sequence[Alert], **changes: Any) -> tuple[Delivery, ...]:
    return tuple(replace(addressed(alert, TO), bundle=BUNDLE, **changes) for alert in alerts)


def composed(*alerts: Alert, rule: str | None = None) -> EmailMessage:
    return notify(25).compose_together(BUNDLE, deliveries(alerts, rule=rule))


# ---------------------------------------------------------------------------------------------------------- subject


@pytest.mark.parametrize(
    ("about", "headline"),
    [
        ({"mt_1": 2}, "خبران عن لقاء واحد"),
        ({"mt_1": 4, "mt_2": 1}, "5 أخبار عن لقاءين"),
        ({"mt_1": 9, "mt_2": 1, "mt_3": 1}, "11 خبراً عن 3 لقاءات"),
        ({"mt_1": 99, "mt_2": 1}, "100 خبر عن لقاءين"),
        ({"mt_1": 3, None: 2}, "3 أخبار عن لقاء واحد، وخبران خارج اللقاءات"),
        ({None: 3}, "3 أخبار"),
    ],
)
def test_alerts_and_meetings_are_counted_in_words(about: dict[str | None, int], headline: str) -> None:
    meetings = [meeting for meeting, number in about.items() for _ in range(number)]
    alerts = [plain(at, meeting_id=meeting) for at, meeting in enumerate(meetings)]
    digest = write_digest(alerts, NAMES, LABELS)
    assert digest.ar.headline == headline
    assert digest.subject.startswith(f"موجز راصد: {headline}")
    assert len(digest.subject) <= 120


def test_a_subject_says_whether_sources_conflict_and_of_one_meeting_whose() -> None:
    assert write_digest([plain(1), some(2)], NAMES, LABELS).subject == (
        "موجز راصد: خبران عن لقاء واحد | تعارض | صدام حفتر، باريس"
    )
    other = plain(3, meeting_id="mt_2")
    assert write_digest([plain(1), other], NAMES, LABELS).subject == "موجز راصد: خبران عن لقاءين"


def test_english_has_its_own_plurals() -> None:
    alerts = [plain(1), plain(2, meeting_id="mt_2"), plain(3, meeting_id=None)]
    assert write_digest(alerts, NAMES, LABELS).en.headline == "2 alerts on 2 meetings, 1 alert on none"


# ---------------------------------------------------------------------------------------------------------- what it has


def test_meetings_with_conflicts_come_first_and_what_is_about_none_last() -> None:
    rome = replace(ELYSEE, principals=("khalifa_haftar",), place="rome", country="IT")
    alerts = [plain(1, meeting_id=None, meeting=None), plain(2, meeting_id="mt_2", meeting=rome), plain(3), some(4)]
    digest = write_digest(alerts, NAMES, LABELS)
    told = [[entry.letter.title for entry in group.entries] for group in digest.groups]
    assert told == [["خبر رقم 4", "خبر رقم 3"], ["خبر رقم 2"], ["خبر رقم 1"]]
    assert [group.ar.who if group.ar else None for group in digest.groups][2] is None


def test_above_a_meetings_alerts_stands_what_was_known_of_it_last() -> None:
    later = replace(ELYSEE, place="rome", venue=None, country="IT")
    alerts = [plain(1), plain(2, meeting=later, first_seen=FIRST_SEEN + timedelta(hours=1)), plain(3)]
    (group,) = write_digest(alerts, NAMES, LABELS).groups
    assert group.en is not None
    assert group.en.where == write_digest([alerts[1]], NAMES, LABELS).groups[0].en.where  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", KINDS)
def test_of_each_alert_the_weightiest_claims_are_shown_and_the_rest_is_counted(kind: str) -> None:
    items = tuple(
        make_item(claim_id=str(at), kind=kind_, relation=Relation.NEW, quote=f"قول {at}", sentence=f"قول {at}",
                  mark_start=0, mark_end=len(f"قول {at}"), other_quote=None)
        for at, kind_ in enumerate([ClaimKind.BACKGROUND, ClaimKind.STATEMENT, ClaimKind.EVENT, ClaimKind.OUTCOME])
    )  # fmt: skip
    said = part(composed(plain(1, items=items), plain(2)), kind)
    assert all(f"قول {at}" in said for at in (1, 2, 3))
    assert "قول 0" not in said
    assert len(items) - ITEMS == 1
    assert "عددها 1" in said
    assert "worker.py alerts show al_1" in said


@pytest.mark.parametrize("kind", KINDS)
def test_the_new_words_are_marked_with_source_relation_and_link_and_a_conflict_with_both_quotes(kind: str) -> None:
    said = part(composed(some(1), plain(2, outlet="المرصد")), kind)
    for wanted in ("الصحيفة الثانية", "الصحيفة الأولى", "بحث سبل التعاون الفني والتدريبي", "تعارض", "جديد", "المرصد",
                   "صدام حفتر", "باريس", "يرجّح راصد", "second.example/3", "It is new."):  # fmt: skip
        assert wanted in said, wanted
    assert ("<mark" in said) == (kind == "html")


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_no_room_is_a_line_or_counted_with_the_command_that_shows_it(kind: str) -> None:
    alerts = [plain(at) for at in range(200)]
    said = part(composed(*alerts), kind)
    shown = len(set(re.findall(r"خبر رقم (\d+)\b", said)))
    assert f"عددها {200 - shown}." in said
    assert f"And {200 - shown} more" in said
    assert "worker.py alerts list --limit 400" in said
    assert said.count("It is new.") < shown


def test_a_letter_is_shortened_from_its_end_over_all_its_meetings() -> None:
    alerts = [plain(at, meeting_id=f"mt_{at // 2}") for at in range(6)]
    short = write_digest(alerts, NAMES, LABELS).shortened(1, 3)
    told = [[(entry.letter.title, entry.whole) for entry in group.entries] for group in short.groups]
    assert told == [[("خبر رقم 0", True), ("خبر رقم 1", False)], [("خبر رقم 2", False)]]
    assert short.left_out == 3


# --------------------------------------------------------------------------------------------------------- storms


@pytest.mark.parametrize("kind", KINDS)
def test_the_message_at_the_threshold_says_that_the_rest_waits_and_the_digest_that_it_is_the_rest(kind: str) -> None:
    begins = part(notify(25).compose(replace(addressed(some(1), TO), rule=STORM)), kind)
    assert "يصلك مجموعاً في الموجز التالي" in begins
    assert "comes together in the next digest" in begins
    gathered = part(composed(some(1), plain(2), rule=STORM), kind)
    assert "فجُمع هنا ما زاد عليه" in gathered
    for quiet in (part(notify(25).compose(addressed(some(1), TO)), kind), part(composed(some(1), plain(2)), kind)):
        assert "كثرت الرسائل" not in quiet


# --------------------------------------------------------------------------------------------------------- the mail


def test_a_resend_is_known_by_its_id_and_another_bundle_or_recipient_has_another() -> None:
    first, again = composed(some(1), plain(2)), composed(some(1), plain(2))
    assert first["Message-ID"] == again["Message-ID"]
    other = notify(25).compose_together("digest:desk:desk:2026-01-19", deliveries([some(1), plain(2)]))
    elsewhere = notify(25).compose_together(
        BUNDLE, tuple(replace(one, recipient="duty@desk.example") for one in deliveries([some(1), plain(2)]))
    )
    assert len({first["Message-ID"], other["Message-ID"], elsewhere["Message-ID"]}) == 3


def test_a_digest_of_one_meeting_is_in_its_thread_and_of_several_in_none() -> None:
    alone = notify(25).compose(addressed(some(1), TO))
    assert composed(some(1), plain(2))["References"] == alone["References"]
    assert composed(some(1), plain(2, meeting_id="mt_2"))["References"] is None
    assert composed(some(1), plain(2, meeting_id=None))["In-Reply-To"] is None


async def test_a_bundle_arrives_as_one_mail_and_a_bundle_of_one_as_the_alert_that_it_is() -> None:
    mailbox = Mailbox()
    async with listening(mailbox) as port:
        await notify(port).send_together(BUNDLE, deliveries([some(1), plain(2)]))
        await notify(port).send_together(BUNDLE, deliveries([some(1)]))
    assert len(mailbox.mails) == 2
    together, alone = (mailbox.read(number) for number in (0, 1))
    assert together["Subject"].startswith("موجز راصد: خبران")
    assert alone["Subject"].startswith("راصد | تعارض")
    assert alone["Message-ID"] == notify(25).compose(addressed(some(1), TO))["Message-ID"]
    assert together["Auto-Submitted"] == "auto-generated"


async def test_a_bundle_that_is_refused_is_told_like_a_mail_that_is() -> None:
    mailbox = Mailbox(answer="554 no")
    async with listening(mailbox) as port:
        with pytest.raises(MailRefused):
            await notify(port).send_together(BUNDLE, deliveries([some(1), plain(2)]))


def test_who_gets_a_digest_can_end_it_by_a_link() -> None:
    message = notify(25, links=LINKS).compose_together(BUNDLE, deliveries([some(1), plain(2)]))
    stop = LINKS.stop("mail", DESK)
    assert f"<{stop}>" in message["List-Unsubscribe"]
    assert all(stop in part(message, kind) for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_under_the_head_of_each_meeting_it_can_be_muted_and_what_is_about_none_by_its_claims(kind: str) -> None:
    alerts = [
        some(1),
        plain(2),
        plain(3, meeting_id="mt_2"),
        plain(4, meeting_id=None, meeting=None),
        plain(5, meeting_id=None),
    ]
    message = notify(25, links=LINKS).compose_together(BUNDLE, deliveries(alerts))
    said = part(message, kind)
    offered = {alert.id: [url for *_, url in LINKS.offer(alert, "mail", DESK).mutes] for alert in alerts}
    found = [alert for alert, urls in offered.items() if all(said.count(url) == 1 for url in urls)]
    assert found == ["al_1", "al_3", "al_4", "al_5"]
    assert said.count("هذا اللقاء، 7 أيام") == said.count("هذه الأقوال، 30 يوماً") == 2
    assert "this meeting, 7 days" in said
    for alert in alerts:
        assert all(url in said for _, url in LINKS.offer(alert, "mail", DESK).verdicts)


@pytest.mark.parametrize("kind", KINDS)
def test_a_meeting_of_which_there_is_room_for_lines_only_can_be_muted(kind: str) -> None:
    alerts = [plain(at, meeting_id="mt_1" if at < 40 else "mt_2") for at in range(60)]
    said = part(notify(25, links=LINKS).compose_together(BUNDLE, deliveries(alerts)), kind)
    offer = LINKS.offer(alerts[40], "mail", DESK)
    assert all(url in said for *_, url in offer.mutes)
    assert not any(url in said for _, url in offer.verdicts)


@pytest.mark.parametrize("kind", KINDS)
def test_without_links_a_digest_offers_none(kind: str) -> None:
    said = part(composed(some(1), plain(2, meeting_id=None)), kind)
    assert "إيقاف مؤقت" not in said
    assert "رأيك" not in said


def test_a_digest_is_right_to_left_loads_nothing_and_knows_the_dark() -> None:
    html = part(composed(some(1), plain(2)), "html")
    assert '<html lang="ar" dir="rtl">' in html
    assert "prefers-color-scheme: dark" in html
    assert re.search(r"<(img|script|link|iframe)|url\(|@import", html) is None
    assert html.index("خبران عن لقاء واحد") < html.index("English summary")


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }}{% for x in y %}",
        "</td></table><h1>x",
        "a\r\nBcc: victim@else.example",
    ],
)
def test_nothing_that_an_article_says_becomes_markup_or_a_header(payload: str) -> None:
    item = make_item(quote=payload, sentence=payload, mark_start=0, mark_end=len(payload), other_quote=payload,
                     other_outlet=payload, other_url="javascript:alert(1)", why=payload, why_en=payload,
                     speaker=payload)  # fmt: skip
    meeting = replace(ELYSEE, principals=(payload,), place=payload)
    alerts = [some(at, items=(item,), title=payload, outlet=payload, meeting=meeting, url=payload) for at in range(14)]
    message = composed(*alerts)
    html = part(message, "html")
    assert not re.search(r"<(script|img)|<h1>x|javascript:", html)
    assert "7 * 7" in html if "7 * 7" in payload else "49" not in html
    assert message["Bcc"] is None
    assert len(str(message["Subject"]).splitlines()) == 1


def test_no_override_of_direction_reaches_the_reader() -> None:
    message = composed(*(some(at, title="\u202eesrever\u202c") for at in range(2)))
    assert "\u202e" not in part(message, "html") + part(message, "plain") + str(message["Subject"])
