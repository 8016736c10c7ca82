"""Programs that are killed at any moment of their work."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("RASID_TEST_KILLS", "5"))
"""Of each sort; the long form of the tests asks for more."""


def moments(longest_s: float) -> list[float]:
    """Seconds after which to kill, the same in each run."""
    chance = random.Random(53)  # noqa: S311 - any moments will do
    return [chance.uniform(0.0, longest_s) for _ in range(KILLS)]


def killed(program: str, *arguments: object, after_s: float) -> None:
    """Run a program of ours until it has said "go", and kill it so many seconds later."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
