"""The same article again, changed: what it says no more, what it said before, and what changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.adapters.similarity import LexicalSimilarity
from monitor.deciding import decide
from monitor.deciding.versions import unchanged, withdrawn
from monitor.model import (
    ClaimKind,
    KnownClaim,
    KnownDocument,
    Mention,
    Modality,
    Outcome,
    Polarity,
    Reading,
    Recall,
    Relation,
)
from monitor.ports import Commit, ReadJob
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from storage.archive import SqliteArchive
from storage.search import Filters
from storage.seed import seed_articles
from tests.factories import NOON, make_article, make_mention, make_reading, make_related, make_signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import Slots
    from monitor.reading.words import ReadConfig

SEEDS = seed_articles()
TITLE = "حفتر في باريس"
OFFICE = (("class", "military"), ("head", "deputy"), ("office", "deputy_commander"), ("term", "نائب"))
OTHER_OFFICE = (("class", "military"), ("head", "chief"), ("office", "chief_of_staff"), ("term", "اركان"))


def mention(text: str, quote: str, **changes: Any) -> Mention:
    return make_mention(text, quote, **{"terms": tuple(quote.split()), "slots": (), **changes})


def version(*sentences: str, **changes: Any) -> Reading:
    """An article with one clause, and one mention, a sentence."""
    text = "\n".join([TITLE, *sentences])
    fields = {"mentions": tuple(mention(text, sentence) for sentence in sentences), **changes}
    return make_reading(article=make_article(id="a1", text=text), people=(), leads=(), **fields)


def remembered(reading: Reading, **changes: Any) -> Recall:
    """What the archive gives back of `reading`."""
    claims = tuple(
        KnownClaim(
            **{
                "claim_id": make_related(reading, one, "m1").claim_id + str(one.start),
                "mention_id": f"n{number}",
                "meeting_id": "m1",
                "mention": one,
                "article_id": "a1",
                "url": reading.article.url,
                "outlet": reading.article.outlet,
                "seen_at": NOON,
                **changes,
            }
        )
        for number, one in enumerate(reading.mentions)
    )
    known = KnownDocument(article_id="a1", url=reading.article.url, signature=reading.signature)
    return Recall(documents=(known,), claims=claims)


FIRST = "بحث الجانبان التعاون العسكري والتدريب المشترك"
SECOND = "اتفق الطرفان على فتح مكتب للتنسيق الحدودي في بنغازي"


def test_a_clause_that_is_gone_is_withdrawn_with_its_old_ids_and_its_words() -> None:
    before = version(FIRST, SECOND)
    (gone,) = withdrawn(version(FIRST), remembered(before))
    assert gone.relation is Relation.WITHDRAWN
    assert (gone.mention_id, gone.meeting_id) == ("n1", "m1")
    assert gone.mention == before.mentions[1]
    assert (gone.method, gone.compared) == ("versions", ("terms",))
    assert SECOND in gone.why
    assert SECOND in gone.why_en


def test_what_is_reworded_stays_and_what_is_parted_in_two_stays() -> None:
    known = remembered(version(SECOND))
    assert withdrawn(version("اتفق الطرفان على فتح مكتب جديد للتنسيق الحدودي في مدينة بنغازي"), known) == ()
    assert withdrawn(version("اتفق الطرفان على فتح مكتب", "للتنسيق الحدودي في بنغازي كذلك"), known) == ()


def test_what_still_stands_word_for_word_is_not_withdrawn_though_it_was_not_read_as_a_claim() -> None:
    known = remembered(version(FIRST, SECOND))
    assert withdrawn(version(FIRST, f"وقال البيان {SECOND}", mentions=()), known) == ()
    marked = "اتّفقَ الطرفانِ على فتحِ مكتبٍ للتنسيق الحدودي في بنغازي"
    assert withdrawn(version(FIRST, marked, mentions=()), known) == ()


def test_what_is_denied_now_is_withdrawn_though_its_words_still_stand() -> None:
    text = f"{TITLE}\nنفى المتحدث أن يكون {SECOND}"
    denied = mention(text, f"نفى المتحدث أن يكون {SECOND}", polarity=Polarity.NEGATED)
    now = replace(version(), article=make_article(id="a1", text=text), mentions=(denied,))
    assert [one.mention.quote for one in withdrawn(now, remembered(version(SECOND)))] == [SECOND]


def test_a_denial_that_stood_beside_it_before_withdraws_nothing() -> None:
    before = version(FIRST, SECOND)
    opposite = replace(before.mentions[1], polarity=Polarity.NEGATED)
    both = replace(before, mentions=(*before.mentions, opposite))
    now = replace(before, mentions=(before.mentions[0], opposite))
    assert withdrawn(now, remembered(both)) == ()


def test_what_was_agreed_and_is_only_discussed_now_is_withdrawn_with_both_wordings() -> None:
    firm = version(SECOND, mentions=(mention(f"{TITLE}\n{SECOND}", SECOND, modality=Modality.AGREED),))
    soft = version("بحث الطرفان فتح مكتب على للتنسيق الحدودي في بنغازي")
    (gone,) = withdrawn(soft, remembered(firm))
    assert gone.nearest_quote == soft.mentions[0].quote
    assert withdrawn(firm, remembered(soft)) == ()


@pytest.mark.parametrize(
    ("kind", "old", "new", "gone"),
    [
        (ClaimKind.ROLE, OFFICE, OFFICE, False),
        (ClaimKind.ROLE, OFFICE, (*OFFICE, ("term", "قاءد")), False),
        (ClaimKind.ROLE, OFFICE, OTHER_OFFICE, True),
        (ClaimKind.RANK, (("rank", "general"),), (("rank", "colonel"),), True),
        (ClaimKind.PARTICIPANT, (("person", "soler"),), (("country", "FR"), ("person", "soler")), False),
        (ClaimKind.PARTICIPANT, (("person", "soler"),), (("person", "giraud"),), True),
        (ClaimKind.PARTICIPANT, (("name_form", "سولير"), ("person", "soler")), (("person", "soler"),), False),
        (ClaimKind.EVENT, (("country", "FR"), ("event", "meeting"), ("place", "paris")),
         (("country", "RU"), ("event", "meeting"), ("place", "moscow")), True),
    ],
)  # fmt: skip
def test_typed_claims_are_compared_by_their_slots(kind: ClaimKind, old: Slots, new: Slots, gone: bool) -> None:
    def typed(quote: str, slots: Slots) -> Reading:
        one = mention(f"{TITLE}\n{quote}", quote, kind=kind, slots=slots, terms=())
        return version(quote, mentions=(one,))

    found = withdrawn(typed("بعبارة جديدة", new), remembered(typed("بعبارة أولى", old)))
    assert bool(found) is gone


def test_a_claim_made_twice_is_withdrawn_once_and_one_withdrawn_before_not_again() -> None:
    before = version(SECOND)
    known = remembered(before)
    twice = replace(known, claims=(known.claims[0], replace(known.claims[0], mention_id="n9")))
    assert len(withdrawn(version(FIRST), twice)) == 1
    assert withdrawn(version(FIRST), remembered(before, standing=False)) == ()


def test_other_articles_claims_are_never_withdrawn() -> None:
    assert withdrawn(version(FIRST), remembered(version(SECOND), article_id="another")) == ()


def test_a_page_that_cannot_be_read_this_time_withdraws_nothing() -> None:
    for outcome in (Outcome.NO_TEXT, Outcome.SUSPECT, Outcome.OFF_TOPIC):
        assert withdrawn(version(outcome=outcome), remembered(version(SECOND))) == ()


def test_of_a_page_that_seems_cut_short_it_is_only_suggested() -> None:
    long, short = make_signature(shingles=100), make_signature("x", shingles=40)
    (gone,) = withdrawn(version(FIRST, signature=short), remembered(version(FIRST, SECOND, signature=long)))
    assert gone.suggest
    assert "cut short" in gone.why_en


def test_what_the_version_before_said_is_restated_and_what_is_added_stays_new() -> None:
    now = version(FIRST, SECOND)
    relations = tuple(make_related(now, one, "m1") for one in now.mentions)
    kept, added = unchanged(relations, now, remembered(version(FIRST)))
    assert (kept.relation, kept.nearest_quote, kept.method) == (Relation.RESTATED, FIRST, "versions")
    assert added == relations[1]
    assert unchanged(relations, now, Recall()) == relations


def test_a_step_that_has_become_firmer_is_no_repetition() -> None:
    soft = version(SECOND)
    firm = version(SECOND, mentions=(mention(f"{TITLE}\n{SECOND}", SECOND, modality=Modality.SIGNED),))
    relations = (make_related(firm, firm.mentions[0], "m1"),)
    assert unchanged(relations, firm, remembered(soft)) == relations


# -- over real texts, read and kept for real -------------------------------------------------------------------------

BEGIN = datetime(2026, 1, 18, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def config() -> ReadConfig:
    return load_read_config(Path(__file__).parents[2] / "config")


def read(name: str, text: str, config: ReadConfig, hours: int = 0) -> Reading:
    at = BEGIN + timedelta(hours=hours)
    return read_article(
        ReadJob(article_id=name, url=f"https://x.example/{name}", outlet="x", fetched_at=at, text=text), config
    )


def keep(archive: SqliteArchive, reading: Reading) -> None:
    archive.commit(Commit(decision=decide(reading, archive.recall(reading), LexicalSimilarity())))


def with_vowel_signs(text: str) -> str:
    return text.replace("د", "دَ").replace("ت", "تّ")


def with_chrome(text: str) -> str:
    return f"{text}\nأهم الأخبار\nشارك المقالات\nحالة الطقس اليوم: 21 درجة"


def upside_down(text: str) -> str:
    title, *lines = text.split("\n")
    return "\n".join([title, *lines[::-1]])


@pytest.mark.parametrize("change", [with_vowel_signs, with_chrome, upside_down])
@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_chrome_vowel_signs_and_order_withdraw_nothing(
    number: int, change: Callable[[str], str], config: ReadConfig
) -> None:
    seed = SEEDS[number]
    with SqliteArchive(":memory:") as archive:
        keep(archive, read(seed.id, seed.text, config))
        again = read(seed.id, change(seed.text), config, hours=1)
        assert withdrawn(again, archive.recall(again)) == ()


def test_a_paragraph_taken_out_withdraws_its_claims_once(config: ReadConfig) -> None:
    seed = SEEDS[2]
    lines = seed.text.split("\n")
    without = "\n".join([*lines[:7], *lines[8:]])
    start = seed.text.index(lines[7])
    with SqliteArchive(":memory:") as archive:
        keep(archive, read(seed.id, seed.text, config))
        second = read(seed.id, without, config, hours=1)
        recall = archive.recall(second)
        gone = withdrawn(second, recall)
        assert len(gone) >= 3
        assert all(start <= one.mention.start < start + len(lines[7]) for one in gone)
        decision = decide(second, recall, LexicalSimilarity())
        others = [one for one in decision.relations if one.relation is not Relation.WITHDRAWN]
        archive.commit(Commit(decision=replace(decision, relations=(*others, *gone))))
        third = read(seed.id, f"{without}\nعاد الوفد إلى بنغازي.", config, hours=2)
        recall = archive.recall(third)
        assert withdrawn(third, recall) == ()
        assert {one.mention_id for one in gone}.isdisjoint(one.mention_id for one in recall.claims if one.standing)
        stored = archive.reader().claims(Filters(relation="withdrawn", limit=1000))
        assert {row["id"] for row in stored} == {one.mention_id for one in gone}
