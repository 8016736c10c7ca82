"""From an analyst's verdict to a report and a scale: the commands, as they are called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.demo.loopback import Answer, Loopback, Request
from monitor.ports import Commit
from storage.archive import SqliteArchive
from tests.factories import NOON, make_decision

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKER = Path(__file__).parents[1] / "worker.py"


def worker(
    *arguments: object, data: Path, env: Mapping[str, str] | None = None, text: str = ""
) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RASID_")}
    command = [sys.executable, str(WORKER), "--data-dir", str(data), *map(str, arguments)]
    return subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, input=text, env={**inherited, **(env or {})}, timeout=120, check=False
    )


def lines(run: subprocess.CompletedProcess[str]) -> list[Any]:
    return [json.loads(line) for line in run.stdout.splitlines()]


def written(path: Path, *values: object) -> Path:
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")
    return path


PAIRS = [
    pair
    for number in range(12)
    for pair in (
        {"known": f"زار صدام حفتر باريس {number}", "incoming": f"صدام حفتر يزور باريس {number}", "label": "same"},
        {"known": f"زار صدام حفتر باريس {number}", "incoming": f"ارتفعت أسعار القمح {number}", "label": 0},
    )
]


def test_verdicts_on_alerts_claims_articles_and_pairs_come_out_with_what_they_are_about(tmp_path: Path) -> None:
    data = tmp_path / "data"
    decision = make_decision()
    (related,) = decision.relations
    with SqliteArchive(data / "rasid.db") as archive:
        archive.commit(Commit(decision=decision))
        for target in (decision.alerts[0].id, related.claim_id, related.mention_id, decision.reading.article.id):
            archive.label(target, "wrong", "سبق", NOON)
    pair = json.dumps({"known": "زار صدام حفتر باريس", "incoming": "صدام حفتر في باريس"})
    assert worker("compare", "--label", "same", data=data, text=pair).returncode == 0
    found = lines(worker("export", "--what", "labels", "--format", "jsonl", data=data))
    assert len(found) == 5
    by_target = {row["target"]: row for row in found}
    for target in (decision.alerts[0].id, related.claim_id, related.mention_id):
        row = by_target[target]
        assert (row["verdict"], row["quote"], row["relation"]) == ("wrong", related.mention.quote, "new")
    assert by_target[decision.reading.article.id]["quote"] is None
    (judged,) = [row for row in found if row["verdict"] == "same"]
    assert (judged["nearest_quote"], judged["quote"]) == ("زار صدام حفتر باريس", "صدام حفتر في باريس")

    labels = written(tmp_path / "labels.jsonl", *found)
    (report,) = lines(worker("refit", "--labels", labels, "--json", data=data))
    assert report["confusion"]["wrong"] == {"new": 3, "none": 1}
    assert report["pairs"] == 1
    assert not (data / "calibration").exists()
    few = worker("refit", "--labels", labels, "--write", tmp_path / "new.json", data=data)
    assert few.returncode == 1
    assert "at least 10 pairs" in few.stderr
    assert not (tmp_path / "new.json").exists()


def test_refitting_writes_only_what_it_is_told_to(tmp_path: Path) -> None:
    rows = [
        {"verdict": "known" if one["label"] else "new", "relation": "new", "quote": one["incoming"],
         "nearest_quote": one["known"], "score": 0.5, "method": "terms"}
        for one in PAIRS
    ]  # fmt: skip
    labels = written(tmp_path / "labels.jsonl", *rows)
    target = tmp_path / "out" / "new.json"
    (report,) = lines(worker("refit", "--labels", labels, "--write", target, "--json", data=tmp_path / "data"))
    assert (report["same"], report["different"], report["auc"]) == (12, 12, 1.0)
    assert json.loads(target.read_text())["model"] == "lexical:char3-5@1"
    assert not (tmp_path / "data").exists()


def test_a_model_is_calibrated_by_command_and_then_decides(tmp_path: Path) -> None:
    def route(request: Request) -> Answer:
        texts = json.loads(request.body)["input"]
        data = [{"index": at, "embedding": [1.0, float("باريس" in text)]} for at, text in enumerate(texts)]
        return Answer(body=json.dumps({"data": data}).encode())

    data, pairs = tmp_path / "data", written(tmp_path / "pairs.jsonl", *PAIRS)
    question = json.dumps({"known": "زار صدام حفتر باريس", "incoming": "وصل إلى باريس"})
    with Loopback(route) as server:
        setting = f"openai+{server.origin}/v1#m"
        env = {"RASID_SIMILARITY__SETTING": setting, "RASID_SIMILARITY__ALLOW_PRIVATE": "true"}
        before = worker("compare", data=data, env=env, text=question)
        assert before.returncode == 2
        assert "has no calibration" in before.stderr
        (report,) = lines(worker("calibrate", "--pairs", pairs, "--json", data=data, env=env))
        assert (report["similarity"], report["pairs"], report["auc"]) == ("openai:m", 24, 1.0)
        assert report["written"] == str(data / "calibration" / "openai-m.json")
        (found,) = lines(worker("compare", data=data, env=env, text=question))
    assert "openai:m~" in found["method"]


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"known": "a", "incoming": "b"}', '{"known": "a", "incoming": "b", "label": "perhaps"}',
     '{"known": "a", "incoming": 1, "label": true}', '{"known": "a", "incoming": "b", "label": 2}'],
)  # fmt: skip
def test_a_line_that_is_no_pair_is_named_and_nothing_is_written(line: str, tmp_path: Path) -> None:
    pairs = written(tmp_path / "pairs.jsonl", *PAIRS)
    with pairs.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    run = worker("calibrate", "--pairs", pairs, "--similarity", "lexical:", data=tmp_path / "data")
    assert run.returncode == 1
    assert f"{pairs}:25: " in run.stderr
    assert "E-INPUT-MALFORMED" in run.stderr
    assert not (tmp_path / "data").exists()


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    run = worker("calibrate", "--pairs", tmp_path / "none.jsonl", data=tmp_path / "data")
    assert run.returncode == 1
    assert "E-INPUT-MISSING" in run.stderr
