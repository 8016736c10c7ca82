"""Two claims that a later article shows to be one: they have one id from there on, and the other leads to it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from monitor.adapters.similarity import LexicalSimilarity
from monitor.deciding import decide
from monitor.model import Relation
from monitor.ports import Commit
from tests.factories import NOON, TEXT, make_article, make_decision, make_mention, make_reading, make_related

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Decision, Reading
    from storage.archive import SqliteArchive

SOON = NOON + timedelta(minutes=5)
SAID = {
    "north": ("حدود", "تأمين", "دعم", "فني", "تدريب"),
    "bridge": ("دعم", "فني", "تدريب", "خبرة", "شمال"),
    "south": ("تدريب", "خبرة", "شمال", "ميناء", "مطار"),
}
"""Neighbours share three fifths of what they say, the first and the last one fifth."""


def reading(name: str) -> Reading:
    text = f"{TEXT}\n{' '.join(SAID[name])}"
    mention = make_mention(text, text.rsplit("\n", 1)[1], terms=SAID[name], slots=())
    return make_reading(article=make_article(id=name, text=text), mentions=(mention,), people=())


def arrive(archive: SqliteArchive, names: Iterable[str]) -> list[Decision]:
    made = []
    for name in names:
        one = reading(name)
        made.append(decide(one, archive.recall(one), LexicalSimilarity()))
        archive.commit(Commit(decision=made[-1]))
    return made


def claims(archive: SqliteArchive) -> dict[str, str]:
    return {name: archive.reader().article(name)["claims"][0]["claim"] for name in SAID}


@pytest.mark.parametrize("order", tuple(permutations(SAID)), ids="-".join)
def test_three_mentions_make_one_claim_whichever_comes_last(archive: SqliteArchive, order: tuple[str, ...]) -> None:
    made = arrive(archive, order)
    joining = [related for decision in made for related in decision.relations if related.joins]
    assert len(joining) == (order[-1] == "bridge")
    assert len(set(claims(archive).values())) == 1
    assert archive.reader().status()["totals"]["claims"] == 1
    assert [row["claims"] for row in archive.reader().meetings()] == [1]


def test_what_neither_is_nor_joins_the_same_stays_two_claims(archive: SqliteArchive) -> None:
    first, second = arrive(archive, ("north", "south"))
    assert first.relations[0].claim_id != second.relations[0].claim_id
    assert archive.reader().status()["totals"]["claims"] == 2


def test_the_older_claim_keeps_its_id_and_the_other_leads_to_it(archive: SqliteArchive) -> None:
    north, south, bridge = (one.relations[0] for one in arrive(archive, ("north", "south", "bridge")))
    assert bridge.claim_id == north.claim_id
    assert bridge.joins == (south.claim_id,)
    assert set(claims(archive).values()) == {north.claim_id}
    assert archive.mutes().knows("claim", south.claim_id)


def test_a_mute_of_either_is_a_mute_of_the_one_claim(archive: SqliteArchive) -> None:
    north, south = (one.relations[0] for one in arrive(archive, ("north", "south")))
    archive.mutes().mute("claim", south.claim_id, NOON)
    arrive(archive, ("bridge",))
    assert [mute.target for mute in archive.mutes().standing(NOON)] == [north.claim_id]
    again = archive.mutes().mute("claim", south.claim_id, SOON)
    assert again.target == north.claim_id
    assert archive.mutes().standing(SOON) == (again,)


def test_an_alert_from_before_names_all_who_make_the_claim_since(archive: SqliteArchive) -> None:
    _, south, _ = arrive(archive, ("north", "south", "bridge"))
    (alert,) = south.alerts
    others = archive.reader().alert(alert.id)["also_in"]
    assert [one["article"] for one in others] == ["bridge", "north"]


def test_who_restates_a_claim_in_fewer_words_is_named_beside_its_alert_and_counts_as_a_source(
    archive: SqliteArchive,
) -> None:
    said = reading("north")
    told = make_decision(reading=said)
    archive.commit(Commit(decision=told))
    claim = told.relations[0].claim_id
    mention = make_mention(terms=("حدود",))
    less = make_reading(article=make_article(id="less", text=f"{TEXT}\nless"), mentions=(mention,))
    related = make_related(
        less, mention, told.meetings[0].id, claim_id="another", relation=Relation.RESTATED, nearest=claim
    )
    restated = make_decision(reading=less, meetings=told.meetings, relations=(related,), alerts=())
    archive.commit(Commit(decision=restated))
    assert [one["article"] for one in archive.reader().alert(told.alerts[0].id)["also_in"]] == ["less"]
    known = {one.article_id: (one.claim_id, one.restates) for one in archive.recall(said).claims}
    assert known == {"north": (claim, None), "less": ("another", claim)}
