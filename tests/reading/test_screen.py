"""The screen: what may tell of a meeting passes, whatever stands around it; what tells of a match does not."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.reading.screen import Screened, sampled, screen
from monitor.reading.words import words_of
from monitor.settings import load_read_config

if TYPE_CHECKING:
    from monitor.reading.words import Words

URL: Final = "https://news.example.test/12345"
AT_HOME: Final = "https://akhbar.example.ly/12345"
KEYS: Final = 10_000

IN_SCOPE: Final = (
    ("وصول حفتر إلى مطار هيثرو", "name"),
    ("لحفتر موعد ثان في الكرملين", "name"),
    ("عاجل| #حفتر_في_أثينا", "name"),
    ("ما الذي حمله صدام خليفة إلى الدوحة؟", "name"),
    ("بلقاسم خليفة أمام رجال أعمال في ميلانو", "name"),
    ("سعدام حفتر ضيفا على نيامي", "name"),
    ("الجنرال خفتر يطلب موعدا في واشنطن", "name"),
    ("صدامحفتر يصل العاصمة", "name"),
    ("قوات حفتر تستقبل ضباطا روسا", "name"),
    ("أسرة آل حفتر تفتح باب الوساطة", "name"),
    ("Haftar in Athen erwartet", "name"),
    ("الفريق صدام حفنر يلتقي وزيرا يونانيا", "misprint"),
    ("خالد حفر في مينسك", "misprint"),
    ("القائد العام يودع السفير الهولندي", "office"),
    ("نائب القائد العام يحط في روما", "office"),
    ("لقاء القائد العام ونائبه بوفد أوروبي", "office"),
    ("المشير يعود من الخليج", "office"),
    ("وفد بولندي في ضيافة القيادة العامة", "office"),
    ("زوار الرجمة هذا الأسبوع", "office"),
    ("نجل المشير يطرق أبواب باريس", "office"),
    ("قائد الجيش الوطني يلبي دعوة رسمية", "office"),
    ("رئيس الأركان العامة يبحث مع نظيره الصربي التدريب المشترك", "office"),
    ("صندوق الإعمار يوقع مع شركات كورية", "office"),
    ("الفريق صدام في أبوظبي", "given_name"),
    ("ماذا دار بين صدام وفيدان في إسطنبول", "given_name"),
    ("وفد بريطاني يصل بنغازي", "libya+foreign"),
    ("مسعد بولس: نعمل مع جميع الأطراف الليبية", "libya+foreign"),
    ("تيتيه تنفي نيتها الاستقالة", "libya"),
    ("عقيلة صالح يطالب بحكومة موحدة", "libya"),
    ("هدوء حذر في ترهونة", "libya"),
)

RULED_OUT: Final = (
    ("منتخب ليبيا يخسر أمام أنغولا في تصفيات كأس العالم", "sport"),
    ("الأهلي طرابلس يتصدر بعد مباراة مثيرة", "sport"),
    ("طقس ليبيا: أجواء مستقرة على مناطق الساحل", "forecast"),
    ("أمطار متفرقة على بنغازي مساء السبت", "weather"),
    ("أسعار العملات أمام الدينار الليبي ظهر الأحد", "rates"),
    ("أسعار الأضاحي تحير سكان مصراتة", "prices"),
    ("مستشفى سبها يعلن وصول جهاز أشعة", "health"),
    ("تطعيم ألف طفل في زليتن", "health"),
    ("حادث سير على طريق ترهونة يودي بثلاثة", "crime"),
    ("انطلاق امتحانات الشهادة الإعدادية في طبرق", "school"),
    ("طرح الأحمال يعود إلى أحياء طرابلس", "services"),
    ("مهرجان للتمور في أوجلة", "culture"),
    ("خطبة الجمعة في مساجد درنة عن صلة الرحم", "religion"),
    ("الملك يستقبل وزير الخارجية الياباني", "no_libya"),
    ("بوتين ومودي يوقعان اتفاقيات في نيودلهي", "no_libya"),
    ("البورصة المصرية تغلق على ارتفاع", "no_libya"),
    ("خالد بن سلمان يلتقي نظيره الأمريكي", "no_libya"),
    ("رئيس الأركان الإسرائيلي يزور الحدود", "no_libya"),
    ("القائد العام للجيش السوداني يصل بورتسودان", "no_libya"),
    ("صدام حسين في مذكرات مترجمه", "no_libya"),
    ("البرلمان يختار خليفة لرئيسه المستقيل", "no_libya"),
)


@lru_cache(maxsize=1)
def words() -> Words:
    return words_of(load_read_config(Path(__file__).resolve().parents[2] / "config"))


def of(title: str, summary: str = "", url: str = URL) -> Screened:
    return screen(title, summary, url, words())


@pytest.mark.parametrize(("title", "why"), IN_SCOPE)
def test_a_title_that_may_tell_of_a_meeting_passes(title: str, why: str) -> None:
    assert of(title) == Screened(passed=True, why=why)


@pytest.mark.parametrize(("title", "why"), RULED_OUT)
def test_a_title_of_a_match_the_weather_or_another_country_is_ruled_out(title: str, why: str) -> None:
    assert of(title) == Screened(passed=False, why=why)


@pytest.mark.parametrize(("title", "_"), RULED_OUT)
def test_a_name_beats_every_topic(title: str, _: str) -> None:
    assert of(f"{title} بحضور صدام حفتر").why == "name"
    assert of(title, "حضر خالد حفتر جانبا منها").why == "name"


@pytest.mark.parametrize("title", ["مستشفى درنة يستقبل السفيرة الفرنسية", "السفير التركي يزور جامعة مصراتة"])
def test_an_envoy_beats_a_topic(title: str) -> None:
    assert of(title).why == "libya+foreign"


def test_a_foreign_country_beats_a_topic_of_daily_life_and_no_match() -> None:
    assert of("لقاحات من الصين تصل طرابلس").passed
    assert not of("مباراة ودية بين ليبيا والصين").passed


def test_a_summary_is_read_where_the_title_says_nothing() -> None:
    assert of("ضيف غير متوقع", "استقبل القائد العام في مكتبه وفدا من المجر").why == "office"
    assert of("تصريحات جديدة", "قال الوزير إن بلاده تتابع الوضع في ليبيا").passed
    assert not of("تصريحات جديدة", "قال الوزير إن بلاده تتابع الوضع في قبرص").passed


def test_a_topic_in_the_title_does_not_rule_out_what_the_summary_tells_of_libya() -> None:
    assert of("مباراة الليلة في صحف الصباح", "تناولت الصحف زيارة مسؤول يوناني إلى بنغازي").passed


@pytest.mark.parametrize(("title", "summary"), [("", ""), (" ", "\n"), ("عاجل", ""), ("…", "—")])
def test_an_entry_with_nothing_to_judge_by_passes(title: str, summary: str) -> None:
    assert of(title, summary) == Screened(passed=True, why="no_text")


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example.test/2026/saddam-haftar-in-rome",
        "https://news.example.test/HIFTAR/1",
        f"https://news.example.test/{quote('لقاء-صدام-حفتر-في-روما')}",
        f"https://news.example.test/{quote('لقاء-صدام-حفتر-في-روما').lower()}/amp?x=1",
        "https://news.example.test/لقاء-صدام-حفتر-في-روما",
        f"https://news.example.test/index.php?title={quote('خليفة بلقاسم')}",
        "https://[broken/haftar",
    ],
)
def test_a_name_in_the_address_passes(url: str) -> None:
    assert of("كواليس ليلة طويلة", url=url).why == "name"


def test_libya_in_the_address_passes_and_a_match_in_it_does_not() -> None:
    slug = quote("مبعوث-أوروبي-في-ليبيا")
    assert of("جولة جديدة للمبعوث", url=f"https://news.example.test/{slug}").passed
    assert of("جولة جديدة للمبعوث", url="https://news.example.test/libya/1").passed
    assert not of("فوز ثمين للفريق", url="https://news.example.test/libya/sport/1").passed


@pytest.mark.parametrize("title", ["رئيس الحكومة يستقبل السفير الإسباني", "ما وراء زيارة الوفد التركي"])
def test_a_libyan_outlet_need_not_name_the_country(title: str) -> None:
    assert of(title, url=AT_HOME).why == "home+foreign"
    assert not of(title).passed


def test_a_bare_title_of_a_libyan_outlet_passes_where_it_names_nothing_else() -> None:
    title = "ليلة طويلة من الكواليس"
    assert of(title, url=AT_HOME) == Screened(passed=True, why="home")
    assert not of(title).passed
    assert not of(title, "روى الكاتب قصته مع الرسم", url=AT_HOME).passed
    assert not of("طقس الغد معتدل", url=AT_HOME).passed


def test_news_of_two_other_countries_in_a_libyan_outlet_is_ruled_out() -> None:
    assert not of("وزير الخارجية التركي يلتقي نظيره الإسباني", url=AT_HOME).passed


def _listed() -> tuple[str, ...]:
    watch = words().config.watch
    people = (form for p in watch.principals for form in (*p.forms, *p.typos, *p.clipped, *p.latin_forms))
    return (*people, *watch.surname_forms, *watch.surname_typos)


def _noise() -> tuple[str, ...]:
    files = ("screen", "predicates", "offices", "countries", "cities", "topics", "stopwords", "names")
    entries = (entry for name in files for entry in words().config.lexicon.entries(name))
    return (*(form for entry in entries for form in entry.forms[:3]), "عبد", "!", "«", "»", "|", "#", "2026", "\n")


surroundings = st.lists(st.sampled_from(_noise()), max_size=8).map(" ".join)
forms = st.sampled_from(_listed())
particles = st.sampled_from(("", "", "و", "ل", "ب", "ول", "ف", "#"))


@given(before=surroundings, particle=particles, form=forms, after=surroundings)
@settings(max_examples=300, deadline=None)
def test_law_a_listed_form_passes_whatever_surrounds_it(before: str, particle: str, form: str, after: str) -> None:
    told = f"{before} {particle}{form} {after}"
    assert of(told) == of("", told) == of("خبر عاجل", url=f"{URL}/{quote(told)}") == Screened(passed=True, why="name")


_SEATS: Final = {"ا": "أإآا", "أ": "أإآا", "إ": "أإآا", "آ": "أإآا", "ى": "ىي", "ي": "ىي", "ة": "ةه", "ه": "ةه"}
_SIGNS: Final = ("", "", "", "", "\u064e", "\u0651", "\u0652", "\u0640", "\u0640\u0640", "\u064f")


@given(told=st.sampled_from((*IN_SCOPE, *RULED_OUT)), data=st.data())
@settings(max_examples=300, deadline=None)
def test_law_a_spelling_does_not_change_the_answer(told: tuple[str, str], data: st.DataObject) -> None:
    title, why = told
    spelled = "".join(
        data.draw(st.sampled_from(_SEATS.get(letter, letter)))
        + (data.draw(st.sampled_from(_SIGNS)) if "\u0621" <= letter <= "\u064a" else "")
        for letter in title
    )
    assert of(spelled).why == why


@given(title=st.text(max_size=60), summary=st.text(max_size=60), url=st.text(max_size=60))
def test_law_any_characters_are_answered_and_twice_alike(title: str, summary: str, url: str) -> None:
    assert of(title, summary, url) == of(title, summary, url)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.25, 0.5])
@pytest.mark.parametrize("key", ["https://news.example.test/{}", "guid:{}", "{}"])
def test_the_sample_is_as_large_as_asked(share: float, key: str) -> None:
    taken = sum(sampled(key.format(number), share) for number in range(KEYS))

    assert taken == pytest.approx(share * KEYS, rel=0.1)


@given(key=st.text(), low=st.floats(0, 1), high=st.floats(0, 1))
def test_law_a_larger_sample_holds_the_smaller_and_a_key_has_one_answer(key: str, low: float, high: float) -> None:
    low, high = sorted((low, high))

    assert sampled(key, low) == sampled(key, low)
    assert sampled(key, high) or not sampled(key, low)
    assert sampled(key, 1.0)
    assert not sampled(key, 0.0)


def test_an_entry_takes_less_than_a_millisecond() -> None:
    summary = "قال الوزير إن بلاده تتابع باهتمام ما يجري في المنطقة وتدعو إلى التهدئة " * 4
    titles = [title for title, _ in (*IN_SCOPE, *RULED_OUT)] * 4
    for title in titles:
        of(title, summary)

    begun = time.process_time()
    for title in titles:
        of(title, summary)

    assert (time.process_time() - begun) / len(titles) < 0.001
