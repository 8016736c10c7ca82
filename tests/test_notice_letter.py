"""What the operator reads: in words, in Arabic and in English, by the alarm's code and by what was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.adapters.mail import load_labels
from monitor.model import NoticeKind
from monitor.render import Names, write_notice
from tests.alert_factory import FIGURES, make_alarm, make_notice

if TYPE_CHECKING:
    from monitor.model import Notice
    from monitor.render import NoticeLetter

CODES = (
    *("E-FEED-SILENT", "E-FEED-OVERRUN", "E-FEED-NOT-FEED", "E-FEED-VALIDATORS", "E-FEED-DATES", "E-FEED-SHORT"),
    *("E-FEED-WALL", "E-ENCODING", "E-FETCH-ROBOTS", "E-FEED-GONE", "E-FEED-MOVED", "E-FEED-FAILING", "E-NETWORK"),
    *("E-SCREEN-MISS", "E-BACKUP", "E-MAIL-AUTH", "E-ENDPOINT-GONE"),
)
NAMES = Names(feeds={"shahid": "صحيفة الشاهد"})
LABELS = load_labels()
ALARM, CLEAR, HEARTBEAT = NoticeKind


def letter(notice: Notice) -> NoticeLetter:
    return write_notice(notice, NAMES, LABELS)


def counted(**figures: int) -> NoticeLetter:
    return letter(make_notice(HEARTBEAT, figures=tuple((dict(FIGURES) | figures).items())))


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained_in_one_sentence_of_both_languages(code: str) -> None:
    (shown,) = letter(make_notice(alarms=(make_alarm(code=code),))).alarms
    for meaning in (shown.ar.meaning, shown.en.meaning):
        assert meaning.endswith(".")
        assert ". " not in meaning
        assert code not in meaning
    assert not shown.ar.meaning.isascii()
    assert shown.en.meaning.isascii()
    assert shown.message == "2 articles in 24 h, where 31 are usual"


def test_a_code_without_words_is_told_by_its_message_once() -> None:
    (shown,) = letter(make_notice(alarms=(make_alarm(code="E-NEW", message="something else"),))).alarms
    assert shown.ar.meaning == shown.en.meaning == "something else"
    assert shown.message is None


def test_a_code_with_neither_words_nor_message_is_told_as_it_stands() -> None:
    (shown,) = letter(make_notice(alarms=(make_alarm(code="E-NEW", message=""),))).alarms
    assert (shown.ar.meaning, shown.message) == ("E-NEW", None)


def test_an_alarm_names_outlet_feed_and_beginning() -> None:
    (shown,) = letter(make_notice()).alarms
    assert (shown.ar.source, shown.feed) == ("صحيفة الشاهد", "shahid")
    assert shown.ar.since == "18 يناير 2026، الساعة 07:42 بالتوقيت العالمي"
    assert shown.en.since == "18 January 2026, 07:42 UTC"


def test_a_feed_without_a_known_outlet_goes_by_its_id_and_no_feed_is_the_watch() -> None:
    known, watch = letter(make_notice(alarms=(make_alarm(feed_id="x"), make_alarm(feed_id=None)))).alarms
    assert (known.ar.source, known.feed) == ("x", "x")
    assert (watch.ar.source, watch.en.source, watch.feed) == ("الرصد كله", "the whole watch", None)


@pytest.mark.parametrize(
    ("feeds", "headline"),
    [
        (("shahid",), "قد يفوتنا بعض ما ينشره هذا المصدر."),
        (("shahid", "shahid"), "قد يفوتنا بعض ما ينشره هذا المصدر."),
        (("shahid", "x"), "قد يفوتنا بعض ما تنشره هذه المصادر."),
        (("shahid", None), "قد يفوتنا بعض ما يُنشر."),
        ((), "قد يفوتنا بعض ما يُنشر."),
    ],
)
def test_the_headline_says_how_far_the_alarms_reach(feeds: tuple[str | None, ...], headline: str) -> None:
    alarms = tuple(make_alarm(feed_id=feed, code=f"E-{number}") for number, feed in enumerate(feeds))
    assert letter(make_notice(alarms=alarms)).ar.headline == headline


def test_the_subject_of_one_alarm_says_whose_and_what() -> None:
    subject = letter(make_notice()).subject
    assert subject.startswith("راصد | إنذار: صحيفة الشاهد: ينشر هذا المصدر أقل بكثير من عادته")
    assert len(subject) <= 120


def test_the_subject_of_several_alarms_counts_them_and_names_each_source_once() -> None:
    alarms = (make_alarm(), make_alarm(code="E-FEED-WALL"), make_alarm(feed_id="x"))
    assert letter(make_notice(alarms=alarms)).subject == (
        "راصد | 3 إنذارات: صحيفة الشاهد، x: قد يفوتنا بعض ما تنشره هذه المصادر"
    )


def test_an_all_clear_says_whose_alarm_is_over_and_what_it_was() -> None:
    shown = letter(make_notice(CLEAR))
    assert shown.subject == "راصد | انتهى إنذار: صحيفة الشاهد"
    assert shown.en.headline == "What we warned of at this source is over."
    assert "أقل بكثير من عادته" in shown.alarms[0].ar.meaning


@pytest.mark.parametrize(
    ("alerts", "failing", "said"),
    [
        (0, 0, "لا جديد منذ الرسالة الدورية السابقة. 14 مصدراً سليماً، و212 مقالاً مقروءاً."),
        (1, 1, "تنبيه واحد منذ الرسالة الدورية السابقة. 14 مصدراً سليماً، ومصدر واحد متعثر، و212 مقالاً مقروءاً."),
        (2, 2, "تنبيهان منذ الرسالة الدورية السابقة. 14 مصدراً سليماً، ومصدران متعثران، و212 مقالاً مقروءاً."),
        (10, 3, "10 تنبيهات منذ الرسالة الدورية السابقة. 14 مصدراً سليماً، و3 مصادر متعثرة، و212 مقالاً مقروءاً."),
    ],
)
def test_the_first_line_of_a_heartbeat_says_what_is_new_and_who_is_well(alerts: int, failing: int, said: str) -> None:
    assert counted(alerts=alerts, failing=failing).ar.headline == said


def test_the_english_line_agrees_with_its_numbers_too() -> None:
    one = counted(alerts=1, healthy=1, failing=0, read=1).en.headline
    assert one == "1 alert since the last of these. 1 source healthy, 1 article read."
    none = counted(alerts=0).en.headline
    assert none == "Nothing new since the last of these. 14 sources healthy, 1 failing, 212 articles read."


@pytest.mark.parametrize(
    ("n", "said"),
    [
        *((0, "لا جديد"), (1, "تنبيه واحد"), (2, "تنبيهان"), (3, "3 تنبيهات"), (11, "11 تنبيهاً")),
        *((99, "99 تنبيهاً"), (100, "100 تنبيه"), (102, "102 تنبيه"), (103, "103 تنبيهات"), (111, "111 تنبيهاً")),
    ],
)
def test_arabic_nouns_take_the_form_that_the_number_asks_for(n: int, said: str) -> None:
    assert LABELS.counted("ar", "news", n) == said


def test_a_heartbeat_shows_every_figure_in_its_order_those_without_a_label_too() -> None:
    shown = letter(make_notice(HEARTBEAT, figures=(*FIGURES, ("hubs", 2)))).ar.figures
    assert [value for _, value in shown] == [value for _, value in FIGURES] + [2]
    assert shown[0] == ("المصادر", 15)
    assert shown[-1] == ("hubs", 2)


def test_a_heartbeat_without_figures_says_what_is_new_alone() -> None:
    shown = letter(make_notice(HEARTBEAT, figures=()))
    assert shown.ar.headline == "لا جديد منذ الرسالة الدورية السابقة."
    assert shown.subject == "راصد | رسالة دورية: لا جديد"


def test_of_very_many_alarms_the_first_are_shown_and_the_rest_is_counted() -> None:
    shown = letter(make_notice(alarms=tuple(make_alarm(feed_id=f"feed-{number}") for number in range(40))))
    assert len(shown.alarms) + shown.left_out == 40
    assert shown.left_out == 28
    assert shown.command == "worker.py alerts notices"
    assert len(shown.subject) == 120 or shown.subject.endswith("…")


def test_what_is_counted_has_a_form_for_any_number_in_both_languages() -> None:
    assert set(LABELS.nouns["ar"]) == set(LABELS.nouns["en"])
    for language in ("ar", "en"):
        assert all("{n}" in forms["other"] for forms in LABELS.nouns[language].values())
    assert all({"two", "few", "many"} <= set(forms) for forms in LABELS.nouns["ar"].values())


def test_every_kind_of_notice_and_every_code_has_its_words() -> None:
    for language in ("ar", "en"):
        assert {kind.value for kind in NoticeKind} == set(LABELS.tables[language]["notice"])
        assert set(CODES) == set(LABELS.tables[language]["alarm"])
        assert {name for name, _ in FIGURES} == set(LABELS.tables[language]["figure"])
