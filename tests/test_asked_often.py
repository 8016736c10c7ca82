"""What the service asks of the archive every few seconds goes by index, however much lies in it."""

from __future__ import annotations

from storage.archive import SqliteArchive
from storage.checking import _DUE


def test_which_articles_are_to_be_read_again_is_found_without_a_walk_over_all_entries() -> None:
    with SqliteArchive(":memory:") as archive:
        plan = [row[-1] for row in archive._db.execute(f"EXPLAIN QUERY PLAN {_DUE}", {"now": "", "limit": 1})]
    assert plan
    assert not [step for step in plan if "SCAN" in step]
