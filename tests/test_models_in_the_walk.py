"""A model that calls everything alike, and a judge that calls everything the same, in the real walk over real texts."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from monitor.adapters.calibrations import calibration_path, write_calibration
from monitor.adapters.deliver import deliver_one
from monitor.adapters.endpoint import Endpoint
from monitor.adapters.engine import InlineCompute
from monitor.adapters.http import HttpFetch
from monitor.adapters.judge import EndpointJudge
from monitor.adapters.similarity import LexicalSimilarity, similarity_of
from monitor.deciding.calibration import fit
from monitor.demo.loopback import Answer, Loopback, Request
from monitor.model import Outcome, Related, Relation
from monitor.pipeline import EntryEnd, Ports, ingest
from monitor.ports import ReadJob
from monitor.reading.article import read_article
from monitor.settings import load_read_config
from storage.archive import SqliteArchive
from storage.seed import seed_articles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.reading.words import ReadConfig

NOON = datetime(2026, 1, 18, 12, tzinfo=UTC)


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0


@dataclass
class Credulous:
    """Embeds everything in one place, and judges everything the same, with spans that hold."""

    asked: Counter[str] = field(default_factory=Counter)

    def route(self, request: Request) -> Answer:
        self.asked[request.path] += 1
        question = json.loads(request.body)
        if request.path == "/v1/embeddings":
            data = [{"index": place, "embedding": [1.0, 1.0]} for place in range(len(question["input"]))]
            return Answer(body=json.dumps({"data": data}).encode())
        shown = json.loads(question["messages"][1]["content"])
        content = {"answer": "same", "known_span": shown["known"][:5], "incoming_span": shown["incoming"][:5]}
        return Answer(body=json.dumps({"choices": [{"message": {"content": json.dumps(content)}}]}).encode())


@pytest.fixture(scope="module")
def config() -> ReadConfig:
    return load_read_config(Path(__file__).parents[1] / "config")


@asynccontextmanager
async def walking(config: ReadConfig) -> AsyncIterator[Ports]:
    fetch = HttpFetch(user_agent="test")
    with SqliteArchive(":memory:") as archive:
        yield Ports(
            archive=archive,
            fetch=fetch,
            compute=InlineCompute(read_article, config),
            similarity=LexicalSimilarity(),
            clock=Noon(),
            attempt=deliver_one,
            digest_at=lambda now: now + timedelta(hours=1),
        )
    await fetch.aclose()


async def relations(ports: Ports) -> list[Related]:
    """What is decided about the seed corpus, in order."""
    jobs = [
        ReadJob(article_id=seed.id, url=f"https://x.example/{seed.id}", outlet="x", fetched_at=NOON, text=seed.text)
        for seed in seed_articles()
    ]
    ends = [end async for end in ingest(ports, jobs)]
    decisions = [end.decision for end in ends if isinstance(end, EntryEnd)]
    assert all(one is not None and one.outcome is not Outcome.SEEN_BEFORE for one in decisions)
    return [related for one in decisions if one for related in one.relations]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def usual(config: ReadConfig) -> list[Related]:
    async with walking(config) as ports:
        return await relations(ports)


async def test_a_model_that_calls_everything_alike_silences_no_conflict(
    config: ReadConfig, usual: list[Related], tmp_path: Path
) -> None:
    model = Credulous()
    scored = [(place / 100, place >= 50) for place in range(100)]
    write_calibration(calibration_path(tmp_path, "openai:m"), fit(scored, "openai:m"))
    with Loopback(model.route) as server:
        similarity = similarity_of(f"openai+{server.origin}/v1#m", tmp_path, allow_private=True)
        async with walking(config) as ports:
            found = {one.mention_id: one for one in await relations(replace(ports, similarity=similarity))}
        similarity.close()
    conflicts = [one for one in usual if one.relation is Relation.CONTRADICTING]
    assert len(conflicts) >= 4
    assert all(found[one.mention_id].relation is Relation.CONTRADICTING for one in conflicts)
    assert model.asked["/v1/embeddings"]
    assert any("openai:m~" in one.method for one in found.values())


async def test_a_judge_that_calls_everything_the_same_makes_nothing_known(
    config: ReadConfig, usual: list[Related]
) -> None:
    model = Credulous()
    with Loopback(model.route) as server:
        judge = EndpointJudge(Endpoint(f"{server.origin}/v1", key="judge.url", allow_private=True), "m")
        async with walking(config) as ports:
            found = await relations(replace(ports, judge=judge))
        await judge.aclose()
    assert model.asked["/v1/chat/completions"]
    assert [(one.mention_id, one.relation) for one in found] == [(one.mention_id, one.relation) for one in usual]
    moved = [one for one, was in zip(found, usual, strict=True) if one != was]
    assert moved
    assert all(one.relation is Relation.NEW and one.suggest and one.method.endswith("+judge:m") for one in moved)
