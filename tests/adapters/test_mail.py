"""Mail over a real SMTP server on loopback: what is written, how each ending is told, and that nothing is live."""

from __future__ import annotations

import asyncio
import email
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from monitor.adapters.deliver import deliver_one
from monitor.adapters.links import Links, Verdict
from monitor.adapters.mail import MailNotify, MailSettings, ascii_address, load_labels
from monitor.errors import DeliveryError, MailAuth, MailRefused, MailUnavailable
from monitor.lexicon import Entry, Lexicon
from monitor.model import (
    ClaimKind,
    Counterpart,
    DeliveryState,
    EvidenceGrade,
    MeetingMode,
    MeetingStatus,
    Modality,
    NoticeKind,
    Relation,
    Urgency,
)
from monitor.render import Names, names_from, write_letter
from tests.alert_factory import (
    AGREED,
    DISCUSSED,
    ELYSEE,
    FIRST_SEEN,
    NAMES,
    SENTENCE,
    FixedClock,
    make_alarm,
    make_alert,
    make_delivery,
    make_item,
    make_notice,
    make_notice_delivery,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiosmtpd.smtp import Envelope, Session

DESK = "desk@ministry.example"


@dataclass
class Mailbox:
    """Keeps what it is sent, and answers as told: by recipient, or to the whole message."""

    refusals: dict[str, str] = field(default_factory=dict)
    answer: str = "250 taken"
    drop_after_data: int = 0
    wait_s: float = 0
    mails: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.wait_s)
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(envelope.content)
            self.recipients.append([str(address) for address in envelope.rcpt_tos])
        if self.drop_after_data:
            self.drop_after_data -= 1
            assert server.transport is not None
            server.transport.close()
        return self.answer

    def read(self, number: int = -1) -> EmailMessage:
        message = email.message_from_bytes(self.mails[number], policy=default)
        assert isinstance(message, EmailMessage)
        return message


@asynccontextmanager
async def listening(mailbox: Mailbox, **options: Any) -> AsyncIterator[int]:
    """A server on a free port of loopback; its connections are closed with it."""
    sessions: list[SMTP] = []

    def session() -> SMTP:
        sessions.append(SMTP(mailbox, hostname="mx.example", **options))
        return sessions[-1]

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in sessions:
            if one.transport is not None:
                one.transport.close()
        await asyncio.sleep(0)


def notify(
    port: int,
    *,
    tls_context: ssl.SSLContext | None = None,
    names: Names = NAMES,
    links: Links | None = None,
    **settings: Any,
) -> MailNotify:
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "sender": "Rasid <rasid@watch.example>",
        "recipients": (DESK,),
        "starttls": False,
        **settings,
    }
    return MailNotify(MailSettings(**given), names=names, clock=FixedClock(), links=links, tls_context=tls_context)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


def composed(**changes: Any) -> EmailMessage:
    return notify(25).compose(make_delivery(DESK, **changes))


class Shape(HTMLParser):
    """Tags with their attributes' names, links, and the text around them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.styles: list[str] = []
        self.comments: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action", "background"}]
        self.styles += [value or "" for name, value in attrs if name == "style"]

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        self.text += data


# --------------------------------------------------------------------------------------------- what is written


async def test_a_mail_arrives_as_text_and_right_to_left_html_for_one_recipient() -> None:
    mailbox = Mailbox()
    async with listening(mailbox) as port:
        await notify(port).send(make_delivery(DESK))
    message = mailbox.read()
    assert mailbox.recipients == [[DESK]]
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]
    assert '<html lang="ar" dir="rtl">' in part(message, "html")
    assert message["To"] == DESK
    assert message["From"] == "Rasid <rasid@watch.example>"
    assert message["Date"].datetime == FIRST_SEEN
    assert message["Auto-Submitted"] == "auto-generated"


def test_the_new_words_are_marked_in_their_sentence_and_quoted_in_the_text() -> None:
    message = composed(items=(make_item(relation=Relation.NEW, other_quote=None),), relation=Relation.NEW)
    before, after = SENTENCE.split(AGREED)
    assert f">{AGREED}</mark>{after}" in part(message, "html")
    assert f"{before}«{AGREED}»{after}" in part(message, "plain")


@pytest.mark.parametrize("kind", ["html", "plain"])
def test_a_conflict_shows_both_quotes_with_their_outlets_and_no_verdict(kind: str) -> None:
    said = part(composed(), kind)
    for shown in (AGREED, DISCUSSED, "الصحيفة الأولى", "الصحيفة الثانية", "لا يرجّح راصد"):
        assert shown in said


@pytest.mark.parametrize("kind", ["html", "plain"])
def test_the_reader_learns_source_reason_evidence_and_dates_apart(kind: str) -> None:
    said = part(composed(), kind)
    shown = Shape(said).text if kind == "html" else said
    for expected in (
        "درجة أخرى: كان «بحث» فصار «تم الاتفاق»",
        "تحركات مكثفة في باريس",
        "مصدر وحيد ضعيف السند",
        "single low-evidence source",
        "لا مصدر أصلي مسمّى",
        "لا أصل مسمّى من جانب فرنسا حتى الآن",
        "no origin named on the side of France so far",
        "18 يناير 2026، الساعة 07:42",
        "في موعد أقصاه 17 يناير 2026",
        "not later than 17 January 2026",
        "another step: discussed before, agreed here.",
        "Saddam Haftar",
    ):
        assert expected in shown
    assert "https://second.example/3?a=1&" in said


@pytest.mark.parametrize("kind", ["html", "plain"])
def test_of_many_claims_the_weightiest_are_shown_and_the_rest_is_counted(kind: str) -> None:
    lesser = [
        make_item(relation=Relation.NEW, kind=ClaimKind.ANALYSIS, why_en=f"why {number}.") for number in range(20)
    ]
    said = part(composed(items=(*lesser, make_item(why_en="the conflict."))), kind)
    assert said.index("the conflict.") < said.index("why 0.")
    assert sum(f"why {number}." in said for number in range(20)) == 7
    assert "عددها 13" in said
    assert "worker.py alerts show al_1" in said


def test_arabic_comes_before_the_english_summary() -> None:
    for kind in ("html", "plain"):
        said = part(composed(), kind)
        assert said.index(AGREED) < said.index("English summary") < said.index("another step")


def test_a_suggestion_is_labelled_in_subject_and_body() -> None:
    message = composed(items=(make_item(suggest=True),))
    assert "غير مؤكد" in message["Subject"]
    assert "غير مؤكد" in part(message, "html")
    assert "غير مؤكد" in part(message, "plain")
    assert "uncertain" in part(message, "plain")
    assert "غير مؤكد" not in part(composed(), "html")


def test_a_digest_says_so_in_its_subject() -> None:
    assert "موجز" in composed(urgency=Urgency.DIGEST)["Subject"]
    assert "موجز" not in composed()["Subject"]


def test_an_alert_about_a_person_alone_has_no_meeting_and_no_thread() -> None:
    message = composed(meeting=None, meeting_id=None)
    assert message["References"] is None
    assert message["In-Reply-To"] is None
    assert "موعده" not in part(message, "plain")


def test_mails_of_one_meeting_share_a_thread_and_each_has_its_own_id() -> None:
    one, other = composed(), composed(id="al_2")
    assert one["References"] == other["References"] == one["In-Reply-To"] == "<meeting.mt_1@watch.example>"
    assert one["Message-ID"] != other["Message-ID"]


LEXICON = Lexicon(
    {
        "countries": (
            Entry("fr", ("فرنسا", "الفرنسية"), attrs={"en": "France"}),
            Entry("ly", ("ليبيا", "الليبي"), attrs={"en": "Libya"}),
        ),
        "venues": (Entry("elysee", ("قصر الإليزيه",), attrs={"en": "Elysee Palace", "country": "FR"}),),
        "organisations": (Entry("eu_body", ("الاتحاد الأوروبي",), attrs={"en": "European Union", "code": "EU"}),),
    }
)


def test_the_silence_of_the_foreign_side_is_told_until_an_origin_names_it() -> None:
    names, labels = names_from(LEXICON, {}), load_labels()

    def told(*origins: str, **changes: Any) -> str | None:
        return write_letter(make_alert(origins=origins, **changes), names, labels).en.no_foreign

    assert told() == "no origin named on the side of France so far"
    assert told("بيان لقوات الشرق الليبي") is not None
    assert told("بيان لقوات الشرق الليبي", "بيان الرئاسة الفرنسية") is None
    assert told("أعلن قصر الإليزيه") is None
    assert told(meeting=None) is None
    assert told(meeting=replace(ELYSEE, country="LY", counterparts=())) is None
    union = replace(ELYSEE, country="LY", counterparts=(Counterpart(name=None, office="سفير", country="EU"),))
    assert told(meeting=union) == "no origin named on the side of European Union so far"


def test_countries_are_named_by_code_and_by_id() -> None:
    names = names_from(LEXICON, {})
    assert names.term("ar", "FR") == names.term("ar", "fr") == "فرنسا"
    assert names.term("en", "elysee") == "Elysee Palace"
    assert names.term("en", "unknown_place") == "unknown place"


def test_quotes_in_arabic_are_kept_apart_in_english() -> None:
    html = part(composed(items=(make_item(why_en="Here «قال <b>», in صحيفة «نفى» and «بلا نهاية."),)), "html")
    assert "<bdi>Here «<bdi>قال &lt;b&gt;</bdi>», in صحيفة «<bdi>نفى</bdi>» and «<bdi>بلا نهاية.</bdi></bdi>" in html


@pytest.mark.parametrize(
    ("speaker", "arabic", "english"),
    [
        ("both_sides", "الجانبان", "both sides"),
        ("place:FR", "فرنسا", "France"),
        ("saddam_haftar", "صدام حفتر", "Saddam Haftar"),
        ("ناطق باسم الرئاسة", "ناطق باسم الرئاسة", "ناطق باسم الرئاسة"),
    ],
)
def test_whoever_speaks_is_called_by_name(speaker: str, arabic: str, english: str) -> None:
    said = part(composed(items=(make_item(speaker=speaker),)), "plain")
    assert f"القائل: {arabic}" in said.splitlines()
    assert f"Said by {english}." in said


def test_unsubscribing_is_offered_where_an_address_for_it_is_set() -> None:
    message = notify(25, unsubscribe="stop@watch.example").compose(make_delivery(DESK))
    assert message["List-Unsubscribe"] == "<mailto:stop@watch.example?subject=unsubscribe>"
    assert "mailto:stop@watch.example?subject=unsubscribe" in Shape(part(message, "html")).links
    assert composed()["List-Unsubscribe"] is None


# -------------------------------------------------------------------------------------------------------------- links

KEY = "a key of more than sixteen characters"
LINKS = Links("https://watch.example/rasid", KEY)


def linked(links: Links = LINKS, *, unsubscribe: str | None = None, **changes: Any) -> EmailMessage:
    return notify(25, links=links, unsubscribe=unsubscribe).compose(make_delivery(DESK, **changes))


def test_a_mail_program_can_end_the_alerts_by_itself_or_by_mail() -> None:
    message = linked(unsubscribe="stop@watch.example")
    stop = LINKS.stop("mail", DESK)
    assert message["List-Unsubscribe"] == f"<{stop}>, <mailto:stop@watch.example?subject=unsubscribe>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert linked()["List-Unsubscribe"] == f"<{stop}>"


def test_one_click_is_offered_over_tls_only() -> None:
    message = linked(Links("http://watch.example", KEY))
    assert message["List-Unsubscribe"].startswith("<http://watch.example/stop/")
    assert message["List-Unsubscribe-Post"] is None


async def test_headers_for_programs_arrive_as_they_are_however_long() -> None:
    mailbox = Mailbox()
    links = Links("https://watch.of-a-long-name.ministry.example/with/a/long/way/to/the/pages", KEY)
    sender, unsubscribe = "rasid@watch.of-a-long-name.ministry.example", "stop@watch.of-a-long-name.ministry.example"
    async with listening(mailbox) as port:
        channel = notify(port, links=links, sender=sender, unsubscribe=unsubscribe)
        await channel.send(make_delivery(DESK, meeting_id="0123456789abcdef" * 2))
    head = mailbox.mails[0].split(b"\r\n\r\n", 1)[0].decode().replace("\r\n ", " ")
    thread = "<meeting." + "0123456789abcdef" * 2 + "@watch.of-a-long-name.ministry.example>"
    for line in (
        f"List-Unsubscribe: <{links.stop('mail', DESK)}>, <mailto:{unsubscribe}?subject=unsubscribe>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        f"References: {thread}",
        f"In-Reply-To: {thread}",
    ):
        assert line in head.split("\r\n")


@pytest.mark.parametrize("kind", ["html", "plain"])
def test_every_verdict_every_mute_and_the_end_stand_under_an_alert_after_all_else(kind: str) -> None:
    said = part(linked(), kind)
    offer = LINKS.offer(make_alert(), "mail", DESK)
    urls = [*(url for _, url in offer.verdicts), *(url for *_, url in offer.mutes), offer.stop]
    places = [said.index(url) for url in urls]
    assert places == sorted(places)
    assert places[0] > said.index("First seen")
    assert len(offer.verdicts) == len(Verdict)
    assert "ليس جديداً" in said
    assert "30 يوماً" in said


@pytest.mark.parametrize("kind", ["html", "plain"])
def test_without_links_an_alert_offers_none(kind: str) -> None:
    said = part(composed(), kind)
    assert "رأيك" not in said
    assert "إلغاء الاشتراك" not in said


def test_a_notice_offers_no_links_for_alarms_are_for_those_who_must_know() -> None:
    message = notify(25, links=LINKS).compose(make_notice_delivery(DESK, make_notice()))
    assert message["List-Unsubscribe"] is None
    assert "watch.example/rasid" not in part(message, "html") + part(message, "plain")


def test_each_alert_of_a_digest_can_be_judged_and_all_of_it_be_ended() -> None:
    deliveries = tuple(make_delivery(DESK, id=f"al_{number}") for number in range(3))
    message = notify(25, links=LINKS).compose_together("digest:2026-01-19", deliveries)
    found = set(Shape(part(message, "html")).links)
    for number in range(3):
        assert {url for _, url in LINKS.offer(make_alert(id=f"al_{number}"), "mail", DESK).verdicts} <= found
    assert message["List-Unsubscribe"] == f"<{LINKS.stop('mail', DESK)}>"
    for kind in ("html", "plain"):
        assert LINKS.stop("mail", DESK) in part(message, kind)


def test_no_mail_loads_anything_from_anywhere() -> None:
    html = part(linked(), "html")
    assert not {tag for tag, _ in Shape(html).tags} & {"img", "link", "script", "iframe", "object", "video", "base"}
    assert "url(" not in html
    assert "@import" not in html
    assert "@font-face" not in html
    assert {link.split(":")[0] for link in Shape(html).links} == {"https"}


def test_a_bidi_override_reaches_neither_head_nor_body() -> None:
    turned = "".join(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)))
    message = everywhere(f"ق{turned}ل", links=LINKS)
    for said in (str(message["Subject"]), part(message, "html"), part(message, "plain")):
        assert not set(turned) & set(said)


@pytest.mark.parametrize(
    "recipient", ["a@b.example\r\nBcc: x@y.example", "a@b.example\nX: y", "a\0@b.example", "a@b.example, c@d.example"]
)
def test_no_recipient_brings_a_header_with_it(recipient: str) -> None:
    with pytest.raises(MailRefused):
        notify(25, links=LINKS).compose(replace(make_delivery(DESK), recipient=recipient))


def told(kind: NoticeKind = NoticeKind.ALARM, **changes: Any) -> EmailMessage:
    """The mail of a notice."""
    return notify(25).compose(make_notice_delivery(DESK, make_notice(kind, **changes)))


def test_operators_are_those_named_or_else_all_recipients() -> None:
    assert notify(25).operators == (DESK,)
    apart = notify(25, operators=("watch@ministry.example",))
    assert (apart.recipients, apart.operators) == ((DESK,), ("watch@ministry.example",))


@pytest.mark.parametrize("kind", NoticeKind)
async def test_a_notice_arrives_as_one_automatic_mail_without_a_thread(kind: NoticeKind) -> None:
    mailbox = Mailbox()
    delivery = make_notice_delivery(DESK, make_notice(kind))
    async with listening(mailbox) as port:
        await notify(port).send(delivery)
    message = mailbox.read()
    assert mailbox.recipients == [[DESK]]
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]
    assert '<html lang="ar" dir="rtl">' in part(message, "html")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["References"] is None
    assert message["Message-ID"] == notify(25).compose(delivery)["Message-ID"]
    assert len(str(message["Subject"])) <= 120


@pytest.mark.parametrize("kind", ["html", "plain"])
def test_an_alarm_is_told_by_source_meaning_message_and_beginning(kind: str) -> None:
    said = part(told(), kind)
    for expected in (
        "shahid",
        "ينشر هذا المصدر أقل بكثير من عادته",
        "This source publishes far less than it usually does",
        "2 articles in 24 h, where 31 are usual",
        "18 يناير 2026، الساعة 07:42",
        "E-FEED-SILENT",
        "يصلك هذا مرة واحدة",
    ):
        assert expected in said
    assert said.index("أقل بكثير") < said.index("English summary") < said.index("far less")
    assert "كان الإنذار" not in said
    assert "كان الإنذار" in part(told(NoticeKind.CLEAR), kind)


@pytest.mark.parametrize("kind", ["html", "plain"])
def test_a_heartbeat_shows_its_figures_noughts_too_and_what_still_stands(kind: str) -> None:
    said = part(told(NoticeKind.HEARTBEAT), kind)
    shown = Shape(said).text if kind == "html" else said
    assert "3 تنبيهات منذ الرسالة الدورية السابقة" in shown
    assert "رسائل تنتظر" in shown
    assert "Messages waiting: 0" in shown
    assert "ما زالت قائمة" not in shown
    standing = part(told(NoticeKind.HEARTBEAT, alarms=(make_alarm(),)), kind)
    assert "إنذارات ما زالت قائمة" in standing
    assert "Alarms that still stand" in standing


@pytest.mark.parametrize("kind", ["html", "plain"])
def test_of_very_many_alarms_a_mail_counts_the_rest(kind: str) -> None:
    said = part(told(alarms=tuple(make_alarm(feed_id=f"feed-{number}") for number in range(40))), kind)
    assert "عددها 28" in said
    assert "worker.py alerts notices" in said


def test_every_value_of_the_model_has_a_label_in_both_languages() -> None:
    tables = load_labels().tables
    wanted = {
        "relation": Relation,
        "kind": ClaimKind,
        "modality": Modality,
        "grade": EvidenceGrade,
        "mode": MeetingMode,
        "status": MeetingStatus,
    }
    for name, values in wanted.items():
        for language in ("ar", "en"):
            assert {value.value for value in values} <= set(tables[language][name])
    assert {name: set(table) for name, table in tables["ar"].items()} == {
        name: set(table) for name, table in tables["en"].items()
    }


# ---------------------------------------------------------------------------------------------------- hostile text

TITLES = [
    "a\r\nBcc: victim@else.example",
    "a\nSubject: other",
    "a\rb",
    "nul\0nul",
    "\u202eesrever\u202c \u2066isolate\u2069 \u200f",
    "ك" * 5000,
    "كلمة " * 1000,
    "\ud800 lone surrogate",
    "\u2028line\u2029paragraph\x85next",
    "=?utf-8?q?=41?= <x@y.example>, other",
    "",
]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("items", [(), None])
async def test_a_subject_is_one_short_visible_line_whatever_the_title(title: str, items: tuple[()] | None) -> None:
    mark = {"quote": title, "sentence": f"قال {title}.", "mark_start": 4, "mark_end": 4 + len(title)}
    mailbox = Mailbox()
    async with listening(mailbox) as port:
        shown = (make_item(**mark),) if items is None else items
        await notify(port).send(make_delivery(DESK, title=title, outlet=title, items=shown))
    message = mailbox.read()
    subject = str(message["Subject"])
    assert 0 < len(subject) <= 120
    assert subject.isprintable()
    assert message["Bcc"] is None
    assert message.get_all("Subject") == [subject]
    assert mailbox.recipients == [[DESK]]
    head = mailbox.mails[0].split(b"\r\n\r\n", 1)[0]
    assert b"\0" not in mailbox.mails[0]
    assert max(map(len, head.split(b"\r\n"))) < 998


PAYLOADS = [
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</mark></p></td><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<img src='http://track.example/p.gif'>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<form action=http://evil.example><input name=p></form>",
    "<body onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='data:text/html,x'>x</a>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<base href=http://evil.example/>",
    "<object data=http://evil.example></object>",
    "<embed src=http://evil.example>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    "`><script>alert(1)</script>",
    "<!-- --><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<\u202escript>alert(1)</script>",
    "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "{{ 7*7 }}",
    "{% for x in ().__class__.__mro__ %}{% endfor %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ letter.__init__.__globals__ }}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "%(password)s {0.__class__}",
    "<x" + " y" * 500 + ">",
]


def everywhere(text: str, *, links: Links | None = None) -> EmailMessage:
    """A mail in which `text` stands wherever an article can put it."""
    item = make_item(
        quote=text,
        sentence=f"قبل {text} بعد",
        mark_start=4,
        mark_end=4 + len(text),
        other_quote=text,
        other_outlet=text,
        other_url="https://else.example/1",
        speaker=text,
        origin=text,
        why=text,
        why_en=text,
    )
    counterpart = ELYSEE.counterparts[0].__class__(name=text, office=text, country=text)
    meeting = ELYSEE.__class__(principals=(text,), counterparts=(counterpart,), venue=text, place=text, country=text)
    parts: dict[str, Any] = {
        "items": (item,),
        "title": text,
        "outlet": text,
        "origins": (text,),
        "meeting": meeting,
        "meeting_id": text,
    }
    return notify(25, links=links).compose(make_delivery(DESK, **parts))


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\n\n", "\v", "\f", "\x85", "\u2028"])
def test_no_line_end_in_a_text_ends_a_header_or_the_head(end: str) -> None:
    def head(text: str) -> list[bytes]:
        return bytes(everywhere(text, links=LINKS)).split(b"\r\n\r\n", 1)[0].split(b"\r\n")

    def names(lines: list[bytes]) -> list[bytes]:
        return [line.partition(b":")[0] for line in lines if not line.startswith(b" ")]

    for text in (f"a{end}Bcc: x@y.example", f"a{end}", f"{end}a"):
        assert names(head(text)) == names(head("a"))
        assert not any(b"\r" in line or b"\n" in line for line in head(text))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_of_an_article_becomes_markup(payload: str) -> None:
    plain, hostile = (Shape(part(everywhere(text, links=LINKS), "html")) for text in ("نص", payload))
    assert hostile.tags == plain.tags
    assert hostile.links == plain.links
    assert hostile.styles == plain.styles
    assert hostile.comments == plain.comments == []
    assert "49" not in hostile.text.replace(payload, "")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_of_a_server_becomes_markup_in_a_notice(payload: str) -> None:
    def shape(text: str) -> Shape:
        alarms = (make_alarm(feed_id=text, code=text, message=text), make_alarm(message=text))
        figures = ((text, 3),)
        return Shape(part(told(NoticeKind.HEARTBEAT, alarms=alarms, figures=figures), "html"))

    plain, hostile = shape("نص"), shape(payload)
    assert hostile.tags == plain.tags
    assert hostile.links == plain.links == []
    assert hostile.styles == plain.styles
    assert hostile.comments == []


@pytest.mark.parametrize("text", TITLES)
def test_the_subject_of_a_notice_is_one_short_visible_line_whatever_a_server_says(text: str) -> None:
    message = told(alarms=(make_alarm(feed_id=text, code="E-OTHER", message=text),))
    subject = str(message["Subject"])
    assert 0 < len(subject) <= 120
    assert subject.isprintable()
    assert message["Bcc"] is None


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", 'https://x.example/"onclick="y', "https://x.example/\u202ey", "x"],
)
def test_an_address_of_another_kind_is_never_a_link(url: str) -> None:
    message = composed(url=url, items=(make_item(other_url=url),))
    assert Shape(part(message, "html")).links == []
    assert "javascript:" not in part(message, "plain")


def test_a_mail_fetches_nothing() -> None:
    html = part(composed(), "html")
    shape = Shape(html)
    assert not {tag for tag, _ in shape.tags} & {"img", "link", "script", "iframe", "object", "embed", "form"}
    assert "url(" not in html
    assert "@import" not in html


# ------------------------------------------------------------------------------------------------------- endings


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("421 closing", MailUnavailable),
        ("451 greylisted", MailUnavailable),
        ("452 full", MailUnavailable),
        ("550 no such user", MailRefused),
        ("554 no", MailRefused),
        ("530 log in first", MailAuth),
    ],
)
@pytest.mark.parametrize("at", ["rcpt", "data"])
async def test_a_refusal_is_told_by_its_code_wherever_it_comes(
    answer: str, error: type[DeliveryError], at: str
) -> None:
    mailbox = Mailbox(refusals={DESK: answer}) if at == "rcpt" else Mailbox(answer=answer)
    async with listening(mailbox) as port:
        with pytest.raises(DeliveryError) as caught:
            await notify(port).send(make_delivery(DESK))
    assert type(caught.value) is error
    assert answer.split(" ", 1)[0] in caught.value.message
    assert mailbox.mails == []


async def test_one_refused_recipient_does_not_keep_the_other_from_his_mail() -> None:
    mailbox = Mailbox(refusals={"gone@ministry.example": "550 no such user"})
    clock = FixedClock()
    async with listening(mailbox) as port:
        mail = notify(port, recipients=("gone@ministry.example", DESK))
        results = [await deliver_one(mail, make_delivery(to), clock) for to in mail.recipients]
    assert [(result.state, result.code) for result in results] == [
        (DeliveryState.DEAD, "E-MAIL-REFUSED"),
        (DeliveryState.SENT, None),
    ]
    assert mailbox.recipients == [[DESK]]


async def test_a_link_dropped_after_the_data_is_tried_again_under_the_same_message_id() -> None:
    mailbox = Mailbox(drop_after_data=1)
    delivery, clock = make_delivery(DESK), FixedClock()
    async with listening(mailbox) as port:
        first = await deliver_one(notify(port), delivery, clock)
        second = await deliver_one(notify(port), delivery, clock)
    assert (first.state, first.code, first.transient) == (DeliveryState.QUEUED, "E-MAIL-UNAVAILABLE", True)
    assert first.retry_at is not None
    assert first.retry_at > first.tried_at
    assert second.state is DeliveryState.SENT
    assert mailbox.read(0)["Message-ID"] == mailbox.read(1)["Message-ID"]


async def test_a_closed_port_is_unavailable(unused_tcp_port: int) -> None:
    with pytest.raises(MailUnavailable):
        await notify(unused_tcp_port).send(make_delivery(DESK))


async def test_a_server_that_never_answers_is_cut_at_the_timeout() -> None:
    mailbox = Mailbox(wait_s=1)
    async with listening(mailbox) as port:
        with pytest.raises(MailUnavailable):
            await notify(port, timeout_s=0.2).send(make_delivery(DESK))


async def test_a_trickle_of_greeting_lines_is_cut_at_the_timeout() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for _ in range(100):
                writer.write(b"220-still here\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(MailUnavailable):
            await asyncio.wait_for(notify(port, timeout_s=0.3).send(make_delivery(DESK)), 2)


async def test_a_login_the_server_does_not_offer_is_told_as_such() -> None:
    async with listening(Mailbox()) as port:
        with pytest.raises(MailAuth):
            await notify(port, username="u", password="p").send(make_delivery(DESK))


async def test_a_password_never_leaves_the_machine_without_tls() -> None:
    with pytest.raises(MailAuth, match="without TLS"):
        await notify(1, host="mail.example", username="u", password="p").send(make_delivery(DESK))


def test_a_password_is_not_shown() -> None:
    settings = MailSettings(host="h", port=1, sender="a@b.example", recipients=(), password="hidden-word")
    assert "hidden-word" not in repr(settings)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def only(word: bytes) -> Callable[..., AuthResult]:
    """Lets in who knows `word`. `handled=False`: otherwise aiosmtpd leaves the client without an answer."""

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=data.password == word, handled=False)

    return check


async def test_a_login_is_checked_and_a_wrong_or_missing_one_leaves_the_mail_due(authority: trustme.CA) -> None:
    mailbox = Mailbox()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    guard = {"tls_context": server_context(authority), "authenticator": only(b"right-word"), "auth_required": True}
    async with listening(mailbox, **guard) as port:
        results = [
            await deliver_one(
                notify(port, starttls=True, tls_context=trusting, username=name, password=word),
                make_delivery(DESK),
                FixedClock(),
            )
            for name, word in (("u", "right-word"), ("u", "wrong-word"), (None, None))
        ]
    assert [(result.state, result.code, result.retry_at) for result in results] == [
        (DeliveryState.SENT, None, None),
        (DeliveryState.QUEUED, "E-MAIL-AUTH", FixedClock().now()),
        (DeliveryState.QUEUED, "E-MAIL-AUTH", FixedClock().now()),
    ]
    assert len(mailbox.mails) == 1
    assert "-word" not in str(results)


async def test_starttls_with_a_trusted_certificate_delivers(authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    mailbox = Mailbox()
    async with listening(mailbox, tls_context=server_context(authority), require_starttls=True) as port:
        await notify(port, starttls=True, tls_context=trusting).send(make_delivery(DESK))
    assert len(mailbox.mails) == 1


async def test_a_certificate_of_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    mailbox = Mailbox()
    async with listening(mailbox, tls_context=server_context(authority)) as port:
        with pytest.raises(MailAuth, match="TLS"):
            await notify(port, starttls=True).send(make_delivery(DESK))
    assert mailbox.mails == []


async def test_a_certificate_for_another_name_is_refused(authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with listening(Mailbox(), tls_context=server_context(authority, "other.example")) as port:
        with pytest.raises(MailAuth, match="TLS"):
            await notify(port, starttls=True, tls_context=trusting).send(make_delivery(DESK))


async def test_a_server_without_starttls_gets_no_mail_in_the_clear() -> None:
    mailbox = Mailbox()
    async with listening(mailbox) as port:
        with pytest.raises(MailAuth):
            await notify(port, starttls=True).send(make_delivery(DESK))
    assert mailbox.mails == []


async def test_tls_spoken_to_a_plain_port_is_told_as_such() -> None:
    async with listening(Mailbox()) as port:
        with pytest.raises(MailAuth, match="TLS"):
            await notify(port, tls=True).send(make_delivery(DESK))


@pytest.mark.parametrize(
    "address",
    [
        "مكتب@ministry.example",
        "é@x.example",
        "a b@x.example",
        "a@x.example, b@y.example",
        "a@x.example\r\nBcc: b@y.example",
        "A Name <a@x.example>",
        "",
        "@",
        "nobody",
        "a@",
        "@x.example",
        "a@x y",
        "a\0@x.example",
        "a@-",
    ],
)
async def test_an_address_mail_cannot_carry_is_refused_before_any_connection(address: str) -> None:
    with pytest.raises(MailRefused):
        await notify(1).send(make_delivery(address))


def test_an_international_domain_is_written_in_ascii() -> None:
    assert ascii_address("desk@bücher.example") == "desk@xn--bcher-kva.example"
