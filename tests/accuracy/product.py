"""Articles through the product: what `worker.py ingest` does with a file, over an archive in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.adapters.files import read_files
from monitor.adapters.similarity import LexicalSimilarity
from monitor.deciding import decide
from monitor.errors import RasidError
from monitor.ports import Commit
from monitor.reading.article import read_article
from monitor.settings import load_read_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.model import Decision, Reading
    from monitor.ports import ReadJob
    from monitor.reading.words import ReadConfig
    from storage.archive import SqliteArchive

ROOT: Final = Path(__file__).resolve().parents[2]
SEEDS: Final = ROOT / "storage" / "seed_corpus"
BEGINNING: Final = datetime(2026, 2, 1, tzinfo=UTC)
"""When the first article counts as fetched, so that a run today and one next year decide alike."""
SIMILARITY: Final = LexicalSimilarity()


@lru_cache(maxsize=1)
def configuration() -> ReadConfig:
    """The words and the watchlist as shipped."""
    return load_read_config(ROOT / "config")


def jobs_of(paths: Iterable[Path]) -> tuple[ReadJob, ...]:
    """The articles of files, in order.

    Raises:
        RasidError: A file is not what it should be: measuring goes on with all articles or not at all.
    """
    jobs = []
    for job in read_files(paths, now=lambda: BEGINNING):
        if isinstance(job, RasidError):
            raise job
        jobs.append(job)
    return tuple(jobs)


def readings_of(jobs: Iterable[ReadJob]) -> tuple[Reading, ...]:
    """What each article says, with nothing known of the others."""
    return tuple(read_article(job, configuration()) for job in jobs)


def decisions(readings: Sequence[Reading], archive: SqliteArchive) -> Iterator[Decision]:
    """Recall, decide, commit: one article after another, a minute apart."""
    for minute, reading in enumerate(readings):
        article = replace(reading.article, fetched_at=BEGINNING + timedelta(minutes=minute))
        arrived = replace(reading, article=article)
        decision = decide(arrived, archive.recall(arrived), SIMILARITY)
        archive.commit(Commit(decision=decision))
        yield decision


def main_meeting(decision: Decision) -> str | None:
    """The id of the meeting that an article is mainly about; None where it tells of none."""
    links = sorted(decision.meetings, key=lambda link: not link.meeting.main)
    return links[0].id if links else None
