"""The scales of measures, kept as files that commands write and nothing changes by itself."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING

from monitor.deciding.calibration import Calibration
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def calibration_path(folder: Path, name: str) -> Path:
    """The file of one measure's calibration."""
    return folder / (re.sub(r"[^A-Za-z0-9._-]+", "-", name) + ".json")


def read_calibration(folder: Path | None, name: str) -> Calibration | None:
    """The calibration of the measure `name`, None where there is none.

    Raises:
        ConfigError: The file is no calibration, or that of another measure.
    """
    if folder is None or not (path := calibration_path(folder, name)).exists():
        return None
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        found = Calibration(**{**held, "knots": tuple((float(raw), float(mapped)) for raw, mapped in held["knots"])})
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ConfigError((f"{path}: no calibration: {error}; make it anew with worker.py calibrate",)) from error
    if found.model != name:
        raise ConfigError((f"{path}: is the calibration of {found.model}, not of {name}",))
    return found


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write `calibration` to `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_text(json.dumps(dataclasses.asdict(calibration), indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
