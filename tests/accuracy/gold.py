"""What was read by hand: sets of articles with their claims, and sets of items in or out of scope.

The project's own lie beside the tests, each in its folder or in numbered folders within. Labels hold within one set, so
the numbered ones are measured one by one, and reported in one column. More may lie in a folder of one's own, with
claims in `gold/*.json`, their articles in `seeds/*.txt` or `data/*.jsonl`, and scope in pairs `data/x.jsonl`,
`data/x_labels.jsonl`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.accuracy.product import ROOT, jobs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from monitor.ports import ReadJob

GOLD: Final = ROOT / "tests" / "gold"
OWN: Final = ("tuning", "tuning2", "reports", "heldout", "heldout_reports")
"""Columns, in the order in which they are reported."""
BOILERPLATE: Final = "boilerplate"
_KNOWN: Final = {"RESTATED": "known", "CORROBORATING": "known"}
"""They differ by origin only. Two readers of the same articles agree on the four labels, not on that split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldMention:
    """One claim at one place: half-open code points of the article `doc`. `label` is None for boilerplate.

    `claim` and `event` are names that hold within the set.
    """

    doc: str
    kind: str
    start: int
    end: int
    label: str | None = None
    event: str | None = None
    claim: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimGold:
    """Articles in reading order, and their mentions in the order of the articles."""

    name: str
    jobs: tuple[ReadJob, ...]
    mentions: tuple[GoldMention, ...]
    chrome: tuple[GoldMention, ...]

    @property
    def column(self) -> str:
        """Under what the set is reported: «reports» for «reports/3»."""
        return self.name.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeLabel:
    """Whether an item is about a foreign meeting of a principal, with whom and where."""

    doc: str
    inside: bool
    principals: frozenset[str]
    countries: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeGold:
    """Items with a label each; the borderline ones are left out."""

    name: str
    jobs: tuple[ReadJob, ...]
    labels: tuple[ScopeLabel, ...]


def claim_sets(folder: Path | None) -> Iterator[ClaimGold]:
    """The project's own sets, then those of `folder`; what is not there is passed over."""
    for column in OWN:
        for path in sorted((GOLD / column).glob("**/claims.json")):
            name = path.parent.relative_to(GOLD).as_posix()
            yield _claim_set(name, path, (path.with_name("articles.jsonl"),))
    for path in sorted((folder / "gold").glob("*.json")) if folder else ():
        sources = _articles_for(path, folder) if folder else None
        if sources:
            yield _claim_set(set_name(path), path, sources)


def by_column(sets: Iterable[ClaimGold]) -> dict[str, tuple[ClaimGold, ...]]:
    """The sets of each column, both in the order given."""
    columns: dict[str, tuple[ClaimGold, ...]] = {}
    for one in sets:
        columns[one.column] = (*columns.get(one.column, ()), one)
    return columns


def set_name(path: Path) -> str:
    """What the set of a file of claims is called."""
    return path.stem.removesuffix("_claims")


def scope_sets(folder: Path | None) -> Iterator[ScopeGold]:
    """As `claim_sets`."""
    for name in OWN:
        if (GOLD / name / "scope.jsonl").exists():
            yield _scope_set(name, GOLD / name / "scope.jsonl", GOLD / name / "scope_labels.jsonl")
    for labels in sorted((folder / "data").glob("*_labels.jsonl")) if folder else ():
        items = labels.with_name(labels.name.replace("_labels", ""))
        if items.exists():
            yield _scope_set(items.stem, items, labels)


def _articles_for(path: Path, folder: Path) -> tuple[Path, ...] | None:
    """The files in which every article that the gold names is found."""
    wanted = {row["doc"] for row in _rows(path)}
    for sources in (
        tuple(sorted((folder / "seeds").glob("*.txt"))),
        *((p,) for p in (folder / "data").glob("*.jsonl")),
    ):
        ids = _ids(sources)
        if sources and all(any(one.startswith(doc) for one in ids) for doc in wanted):
            return sources
    return None


def _ids(sources: tuple[Path, ...]) -> list[str]:
    if all(path.suffix == ".txt" for path in sources):
        return [path.stem for path in sources]
    return [str(row.get("id")) for path in sources for row in _rows(path)]


def _claim_set(name: str, path: Path, sources: tuple[Path, ...]) -> ClaimGold:
    jobs = jobs_of(sources)
    order = {job.article_id: at for at, job in enumerate(jobs)}
    read = [_mention(row, next(one for one in order if one.startswith(row["doc"]))) for row in _rows(path)]
    read.sort(key=lambda mention: order[mention.doc])
    return ClaimGold(
        name=name,
        jobs=jobs,
        mentions=tuple(one for one in read if one.label),
        chrome=tuple(one for one in read if one.kind == BOILERPLATE),
    )


def _mention(row: Mapping[str, Any], doc: str) -> GoldMention:
    label, event = row.get("label"), row.get("event")
    return GoldMention(
        doc=doc,
        kind=row["kind"],
        start=row["start"],
        end=row["end"],
        label=_KNOWN.get(label, label.lower()) if label else None,
        event=None if event in {None, "", "-"} else event,
        claim=row.get("claim"),
    )


def _scope_set(name: str, items: Path, labels: Path) -> ScopeGold:
    rows = [row for row in _rows(labels) if row["scope"] != "borderline"]
    return ScopeGold(
        name=name,
        jobs=jobs_of([items]),
        labels=tuple(
            ScopeLabel(
                doc=row["id"],
                inside=row["scope"] == "yes",
                principals=frozenset(row["principals"]),
                countries=frozenset(filter(None, (*row["country"], row.get("place"))))
                if row["country"]
                else frozenset(),
            )
            for row in rows
        ),
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    """A list of objects, or one object a line."""
    text = path.read_text(encoding="utf-8").strip()
    rows: list[dict[str, Any]] = (
        json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines() if line.strip()]
    )
    return rows
