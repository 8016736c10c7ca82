"""Measure everything that can be measured here: `python -m tests.accuracy [--measure-dir DIR] [--write FILE]`."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.model import Urgency
from storage.archive import SqliteArchive
from tests.accuracy.baselines import likenesses
from tests.accuracy.claim_figures import claim_figures, pooled
from tests.accuracy.gold import OWN, by_column, claim_sets, scope_sets, set_name
from tests.accuracy.lookalikes import lookalike_figures
from tests.accuracy.mutations import mutation_figures
from tests.accuracy.orders import one_meeting, orders, seed_readings
from tests.accuracy.product import decisions
from tests.accuracy.report import Measured, page
from tests.accuracy.scope_figures import scope_figures
from tests.accuracy.spellings import spelling_figures
from tests.bench import measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Reading

LOOKALIKES = "ans_stance_train.csv"
PAGES = "arabic_pages"


def main() -> None:
    """Measure, and print the page or write it."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--measure-dir", type=Path, help="a folder with more that was read by hand")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page there instead of printing it")
    args = parser.parse_args()
    if args.measure_dir is not None and not args.measure_dir.is_dir():
        parser.error(f"{args.measure_dir}: there is no such folder")
    text = page(measure(args.measure_dir))
    if args.write is None:
        print(text)  # noqa: T201 - what it is for
    else:
        args.write.write_text(text, encoding="utf-8")


def measure(folder: Path | None) -> Measured:
    """Everything, in the order in which it is reported; says on stderr what it is at."""
    pairs = None if folder is None else folder / "data" / LOOKALIKES
    saved = () if folder is None else tuple(sorted((folder / "data" / PAGES).glob("*.html")))
    _at("claims")
    gold = by_column(claim_sets(folder))
    claims = {column: pooled(map(claim_figures, sets)) for column, sets in gold.items()}
    likeness = {column: tuple(chain.from_iterable(map(likenesses, sets))) for column, sets in gold.items()}
    _at("scope")
    scope = {one.name: scope_figures(one) for one in scope_sets(folder)}
    _at("the seed corpus in every order")
    readings = seed_readings()
    every = tuple(orders(readings))
    now, again = _alerts(readings)
    _at("spellings, changed sentences, look-alikes, cost")
    found = Measured(
        on=datetime.now(UTC).date(),
        claims=claims,
        likenesses=likeness,
        scope=scope,
        orders=every,
        one_meeting=one_meeting(readings),
        alerts_now=now,
        alerts_again=again,
        spellings=spelling_figures(),
        mutations=mutation_figures(),
        bench=measured(),
        pages=measured(pages=saved) if saved else (),
        lookalikes=lookalike_figures(pairs) if pairs is not None and pairs.exists() else None,
        skipped=tuple(_skipped(folder, {*claims, *scope})),
    )
    for one in found.skipped:
        _at(f"skipped {one}")
    return found


def _alerts(readings: Sequence[Reading]) -> tuple[int, int]:
    """Alerts at once for articles in order, and all alerts when they come again."""
    with SqliteArchive(":memory:") as archive:
        first = [alert for decision in decisions(readings, archive) for alert in decision.alerts]
        again = [alert for decision in decisions(readings, archive) for alert in decision.alerts]
    return sum(alert.urgency is Urgency.NOW for alert in first), len(again)


def _skipped(folder: Path | None, measured_sets: set[str]) -> list[str]:
    absent = [f"tests/gold/{name}, which is not there" for name in OWN if name not in measured_sets]
    if folder is None:
        return [*absent, "sets outside the repository, for no MEASURE_DIR was given"]
    if not measured_sets - set(OWN):
        absent.append("claims and scope of MEASURE_DIR, for it holds none")
    orphans = {path.name for path in (folder / "gold").glob("*.json") if set_name(path) not in measured_sets}
    absent += [f"gold/{name} of MEASURE_DIR, whose articles are not there" for name in sorted(orphans)]
    if not (folder / "data" / LOOKALIKES).exists():
        absent.append(f"look-alikes, for MEASURE_DIR holds no data/{LOOKALIKES}")
    return absent


def _at(what: str) -> None:
    sys.stderr.write(f"measuring: {what}\n")


if __name__ == "__main__":
    main()
