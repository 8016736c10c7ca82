"""How much of the guard, the outbox and the archive their tests run through: `python -m tests.branches`.

Which modules and which tests that are stands in pyproject.toml, under `tool.mutmut`, which asks the same of them more
sharply. Of each module is told how many of the ways that its branches may go were gone, and which lines were never
reached. Ends with 1 where a module is under `LEAST_PERCENT`. What a test has another process do is not seen.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from coverage import Coverage

ROOT: Final = Path(__file__).parents[1]
LEAST_PERCENT: Final = 95.0


def main() -> int:
    chosen = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]
    coverage = Coverage(data_file=None)
    with coverage.collect():
        failed = pytest.main([*chosen["pytest_add_cli_args_test_selection"], *chosen["pytest_add_cli_args"]])
    if failed:
        return int(failed)
    found = _measured(coverage, chosen["only_mutate"])
    for module, measured in found.items():
        sys.stdout.write(f"{module:<34}{_line(measured)}\n")
    return int(any(_percent(measured) < LEAST_PERCENT for measured in found.values()))


def _measured(coverage: Coverage, modules: list[str]) -> dict[str, dict[str, Any]]:
    """What was measured of each module; one that was never imported is an error."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        coverage.json_report(outfile=str(report), include=[str(ROOT / module) for module in modules])
        files = json.loads(report.read_text("utf-8"))["files"]
    return {module: files[module] for module in modules}


def _percent(measured: dict[str, Any]) -> float:
    return float(measured["summary"]["percent_branches_covered"])


def _line(measured: dict[str, Any]) -> str:
    summary, lines = measured["summary"], ", ".join(map(str, measured["missing_lines"]))
    gone = f"{summary['covered_branches']}/{summary['num_branches']}"
    return f"{gone:>9} branches {_percent(measured):5.1f} %" + (f", lines not reached: {lines}" if lines else "")


if __name__ == "__main__":
    sys.exit(main())
