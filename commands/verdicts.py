"""Analysts' verdicts, and what is made of them: the labelled set, the scale of a measure, a report on thresholds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.options import AsJson
from commands.workshop import load
from monitor.adapters.calibrations import calibration_path, write_calibration
from monitor.adapters.labels import read_labels, read_pairs
from monitor.adapters.terminal import Format, emit, progress, say, show
from monitor.deciding.calibration import fit
from monitor.deciding.refitting import pairs, refit_report, scores_report
from monitor.errors import InputMalformed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.workshop import Workshop
    from monitor.deciding.calibration import Calibration, Scored

app = typer.Typer(rich_markup_mode=None)

Measure = Annotated[str | None, typer.Option("--similarity", help="The measure; the configured one where not given.")]
Pairs = Annotated[Path, typer.Option("--pairs", help='JSON lines {"known", "incoming", "label"}.')]
Precision = Annotated[float, typer.Option(min=0.5, max=1.0, help="Precision wished of this threshold.")]


@app.command("calibrate")
def calibrate_(
    ctx: typer.Context,
    labelled: Pairs,
    similarity: Measure = None,
    known: Precision = 0.95,
    suggest: Precision = 0.8,
    as_json: AsJson = False,
) -> None:
    """Fit a measure's scale on labelled pairs, write it beside the archive, and report how good it is."""
    shop: Workshop = ctx.obj
    name, scored = _scored(shop, similarity, read_pairs(labelled))
    found = _fitted(scored, name, labelled, known=known, suggest=suggest)
    path = calibration_path(shop.place.calibrations, name)
    write_calibration(path, found)
    report = {"similarity": name, **scores_report(scored, known=known, suggest=suggest), "written": str(path)}
    _tell(report, as_json=as_json)


@app.command("refit")
def refit_(
    ctx: typer.Context,
    labels: Annotated[Path, typer.Option("--labels", help="What `export --what labels` wrote.")],
    similarity: Measure = None,
    write: Annotated[
        Path | None, typer.Option("--write", help="Fit the measure on the verdicts, into this file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold verdicts against what was decided, and propose thresholds. Changes nothing; --write makes a file."""
    found = read_labels(labels)
    report = refit_report(found)
    if write is not None:
        name, scored = _scored(ctx.obj, similarity, pairs(found))
        write_calibration(write, _fitted(scored, name, labels))
        report |= {"similarity": name, **scores_report(scored), "written": str(write)}
    _tell(report, as_json=as_json)


def _scored(shop: Workshop, setting: str | None, labelled: Sequence[tuple[str, str, bool]]) -> tuple[str, list[Scored]]:
    """The measure's name, and its raw score of each pair."""
    configuration = load(shop.place)
    scored: list[Scored] = []
    with shop.similarity(configuration, raw=setting or configuration.settings.similarity.setting) as measure:
        with progress("scoring", len(labelled)) as advance:
            for known, incoming, same in labelled:
                scored.append((measure.score(incoming, [known])[0], same))
                advance()
        return measure.name, scored


def _fitted(scored: Sequence[Scored], name: str, source: Path, **precision: float) -> Calibration:
    try:
        return fit(scored, name, **precision)
    except ValueError as error:
        raise InputMalformed(f"{source}: {error}") from error


def _tell(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit(report)
        return
    show(
        [{"what": name, "is": value} for name, value in report.items() if name != "methods"],
        ("what", "is"),
        form=Format.TABLE,
    )
    methods = [{"method": name, **found} for name, found in report.get("methods", {}).items()]
    if methods:
        show(methods, ("method", "pairs", "same", "auc", "known", "suggest"), form=Format.TABLE)
    if "written" in report:
        say(f"written: {report['written']}")
