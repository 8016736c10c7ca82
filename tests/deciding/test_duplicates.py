"""Copies of an article: the same version again, a reprint, and another article that is merely like it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.deciding.duplicates import NEAR, duplicate_of, likeness, seen_before
from monitor.model import KnownDocument, Recall, Signature
from monitor.reading.signature import signature
from tests.factories import BODY, TITLE, make_article, make_reading, make_signature

if TYPE_CHECKING:
    from monitor.model import Reading

LONG = (
    "وصل نائب القائد العام الفريق صدام حفتر إلى العاصمة الفرنسية باريس في زيارة رسمية تستمر يومين. "
    "والتقى في قصر الإليزيه المبعوث الخاص للرئيس الفرنسي بول سولير، وبحث الجانبان سبل تعزيز التعاون الأمني. "
    "وتناول اللقاء ملف الهجرة غير النظامية وتأمين الحدود الجنوبية، وبرامج التدريب المشتركة بين البلدين. "
    "وأعرب سولير عن تقدير بلاده للجهود المبذولة في حفظ الأمن والاستقرار في المنطقة الشرقية والجنوب الليبي."
)
"""Four sentences composed for these tests."""
_HALF = Signature(exact="half", minhash=(1,) * 7 + (2,) * 3)


def document(known: Signature, article_id: str = "other") -> KnownDocument:
    return KnownDocument(article_id=article_id, url=f"https://{article_id}.example/1", signature=known)


def arriving(known: Signature, **changes: Any) -> Reading:
    return make_reading(article=make_article(**changes), signature=known)


def test_the_same_version_of_the_same_article_was_seen_before() -> None:
    mark = make_signature()
    assert seen_before(arriving(mark), Recall(documents=(document(mark, "paris-1"),)))


def test_another_version_of_the_same_article_was_not() -> None:
    assert not seen_before(arriving(make_signature("جديد")), Recall(documents=(document(make_signature(), "paris-1"),)))


def test_the_same_text_at_another_address_is_a_copy_and_not_the_article_itself() -> None:
    mark = make_signature()
    recall = Recall(documents=(document(mark),))
    assert not seen_before(arriving(mark), recall)
    found = duplicate_of(arriving(mark), recall)
    assert found is not None
    assert found.article_id == "other"


def test_an_earlier_version_of_the_article_itself_is_no_original_it_copies() -> None:
    mark = make_signature()
    assert duplicate_of(arriving(mark), Recall(documents=(document(mark, "paris-1"),))) is None


def test_nothing_is_a_copy_in_an_empty_archive() -> None:
    reading = arriving(make_signature())
    assert duplicate_of(reading, Recall()) is None
    assert not seen_before(reading, Recall())


def test_of_several_originals_the_most_alike_is_named() -> None:
    mark = make_signature()
    nearly = replace(mark, exact="other", minhash=(*mark.minhash[:-1], 0))
    recall = Recall(documents=(document(nearly, "near"), document(mark, "equal"), document(nearly, "zzz")))
    found = duplicate_of(arriving(mark), recall)
    assert found is not None
    assert found.article_id == "equal"


@pytest.mark.parametrize(("equal", "copied"), [(6, True), (5, False)])
def test_the_line_is_drawn_at_six_of_ten_equal_values(equal: int, copied: bool) -> None:
    assert NEAR == 0.6
    known = Signature(exact="known", minhash=(1,) * equal + (3,) * (10 - equal))
    found = duplicate_of(arriving(Signature(exact="own", minhash=(1,) * 10)), Recall(documents=(document(known),)))
    assert (found is not None) is copied


def test_a_reprint_with_another_headline_and_a_word_changed_is_a_copy() -> None:
    reprint = LONG.replace("العاصمة الفرنسية باريس", "باريس")
    one, other = signature(f"{TITLE}\n{LONG}"), signature(f"حفتر الابن في الإليزيه\n{reprint}")
    assert NEAR <= likeness(one, other) < 1


def test_vowel_signs_stretches_and_forms_of_alef_make_no_other_text() -> None:
    marked = LONG.replace("حفتر", "حَفْتَر").replace("باريس", "باريـــس").replace("الأمني", "الامني")
    assert likeness(signature(LONG), signature(marked)) == 1.0


def test_the_same_wording_about_other_people_is_no_copy_of_a_short_text() -> None:
    swapped = (
        BODY.replace("بول سولير", "هاكان فيدان")
        .replace("الإليزيه", "الرئاسة")
        .replace("العاصمة الفرنسية باريس", "العاصمة التركية أنقرة")
    )
    assert likeness(signature(BODY), signature(swapped)) < NEAR


@pytest.mark.parametrize(("common", "copied"), [(30, False), (90, True)])
def test_what_has_a_third_in_common_is_no_copy_and_what_has_nine_tenths_always_is_one(
    common: int, copied: bool
) -> None:
    """Forty pairs of texts of a hundred words each, whose likeness is 0.16, or 0.8."""
    found = []
    for pair in range(40):
        shared = [f"{pair}s{at}" for at in range(common)]
        one, other = ([*shared, *(f"{pair}{side}{at}" for at in range(100 - common))] for side in "ab")
        found.append(likeness(signature(" ".join(one)), signature(" ".join(other))) >= 0.6)
    assert set(found) == {copied}


def test_a_text_without_shingles_is_like_nothing_but_itself() -> None:
    bare = Signature(exact="bare")
    assert likeness(bare, Signature(exact="also bare")) == 0.0
    assert likeness(bare, bare) == 1.0
    assert likeness(bare, _HALF) == 0.0


def test_signatures_of_two_lengths_cannot_be_compared_and_so_are_not_alike() -> None:
    assert likeness(Signature(exact="a", minhash=(1, 2)), Signature(exact="b", minhash=(1, 2, 3))) == 0.0


_marks = st.lists(st.integers(0, 2), min_size=4, max_size=4).map(
    lambda values: Signature(exact=str(values), minhash=tuple(values))
)


@given(_marks, _marks)
def test_likeness_is_symmetric_and_lies_between_nothing_and_all(one: Signature, other: Signature) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0.0 <= likeness(one, other) <= 1.0
    assert likeness(one, one) == 1.0
