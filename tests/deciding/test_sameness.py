"""Which mentions make one claim: a relation of two that is blind to who came first."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest

from monitor.deciding.sameness import same
from monitor.model import ClaimKind, Mention, Modality, Polarity
from tests.accuracy.gold import claim_sets
from tests.accuracy.orders import seed_readings
from tests.accuracy.product import readings_of
from tests.factories import make_mention

if TYPE_CHECKING:
    from collections.abc import Sequence

BORDER = ("t:border", "تأمين", "جنوب")


def clause(*terms: str, **changes: Any) -> Mention:
    return make_mention(terms=terms, **{"kind": ClaimKind.AGENDA, "slots": (), **changes})


def facet(*slots: tuple[str, str], kind: ClaimKind = ClaimKind.EVENT, **changes: Any) -> Mention:
    return make_mention(kind=kind, terms=(), slots=slots, **changes)


@pytest.fixture(scope="module")
def mentions() -> Sequence[Mention]:
    """Of real and composed articles; offsets do not matter here."""
    read = (*seed_readings(), *(one for gold in claim_sets(None) for one in readings_of(gold.jobs[:3])))
    found = tuple(mention for reading in read for mention in reading.mentions)
    assert len(found) > 500
    assert {mention.kind for mention in found} > {ClaimKind.ROLE, ClaimKind.RANK, ClaimKind.EVENT, ClaimKind.AGENDA}
    return found


def test_every_mention_is_the_same_as_itself(mentions: Sequence[Mention]) -> None:
    assert [mention for mention in mentions if not same(mention, mention)] == []


def test_it_does_not_matter_which_is_asked_first(mentions: Sequence[Mention]) -> None:
    pairs = [(one, other) for one, other in combinations(mentions[:900:2], 2) if same(one, other)]
    assert len(pairs) > 100
    assert [pair for pair in pairs if not same(*reversed(pair))] == []
    others = combinations(mentions[1:900:4], 2)
    assert [pair for pair in others if same(*pair) != same(*reversed(pair))] == []


def test_a_clause_that_says_much_more_is_another_claim_and_one_with_a_word_more_is_not() -> None:
    assert same(clause(*BORDER), clause(*BORDER, "ليبي"))
    assert not same(clause(*BORDER), clause(*BORDER, "t:migration", "t:smuggling", "ليبي"))


@pytest.mark.parametrize(
    "changes",
    [
        {"polarity": Polarity.NEGATED},
        {"modality": Modality.AGREED},
        {"slots": (("number", "3 اتفاق"),)},
        {"slots": (("place", "rome"),)},
        {"slots": (("person", "guido_crosetto"),)},
    ],
    ids=["denied", "agreed", "another number", "another place", "another person"],
)
def test_the_same_words_are_another_claim_where_they_exclude_each_other(changes: dict[str, object]) -> None:
    slots = (("number", "2 اتفاق"), ("person", "antonio_tajani"), ("place", "paris"))
    said = clause(*BORDER, modality=Modality.DISCUSSED, slots=slots)
    assert same(said, said)
    assert not same(said, clause(*BORDER, **{"modality": Modality.DISCUSSED, "slots": slots, **changes}))


def test_who_is_named_on_one_side_only_makes_no_other_claim() -> None:
    assert same(clause(*BORDER), clause(*BORDER, slots=(("person", "antonio_tajani"),)))


def test_a_meeting_and_a_journey_to_the_same_house_or_city_are_one_claim_and_leaving_it_is_another() -> None:
    paris, travel, home = (
        facet(("event", event), ("place", "paris"), ("country", "FR")) for event in ("meeting", "travel", "departure")
    )
    elysee = facet(("event", "meeting"), ("venue", "elysee"), ("country", "FR"))
    assert same(paris, travel)
    assert not same(paris, home)
    assert not same(paris, elysee)


def test_houses_are_the_same_where_a_word_of_their_names_is() -> None:
    office, whole, other = (
        facet(("event", "seat"), ("seat", "مقر"), *(("seat_term", word) for word in words))
        for words in (("رجمة",), ("رجمة", "عام"), ("بنغازي",))
    )
    assert same(office, whole)
    assert not same(office, other)


def test_a_post_and_a_rank_are_claims_about_one_person_by_any_of_his_names() -> None:
    deputy = (("office", "deputy_commander"), ("head", "deputy_commander"), ("class", "military"))
    saddam, khaled = (
        facet(*deputy, kind=ClaimKind.ROLE, subject=subject) for subject in ("saddam_haftar", "khaled_haftar")
    )
    assert same(saddam, facet(*deputy, kind=ClaimKind.ROLE, subject="saddam_haftar", quote="التعاون الأمني"))
    assert not same(saddam, khaled)
    fariq, general, first = (
        facet(*slots, kind=ClaimKind.RANK, subject="saddam_haftar")
        for slots in (
            (("rank", "فريق"), ("rank_level", "3")),
            (("rank", "جنرال"), ("rank_level", "2"), ("rank_level", "3"), ("rank_level", "4")),
            (("rank", "فريق اول"), ("rank_level", "4")),
        )
    )
    assert same(fariq, fariq)
    assert not same(fariq, general), "else any two ranks would be one by way of it"
    assert not same(fariq, first)
    assert not same(fariq, saddam)


def test_a_clause_and_a_bare_slot_are_two_claims() -> None:
    assert not same(clause(*BORDER, kind=ClaimKind.EVENT), facet(("event", "meeting"), ("place", "paris")))
