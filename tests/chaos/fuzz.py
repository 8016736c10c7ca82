"""An hour of inputs bred against the reader: nothing but our own errors may come of any."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests import fuzzing
from tests.chaos.figures import Figure

SECONDS: Final = int(os.environ.get("RASID_FUZZ_S", "3600"))
ONE_INPUT_S: Final = 20
"""What the product gives a page to be read in."""
MEMORY_MIB: Final = 2048
"""Of the whole process, its instruments included."""
LARGEST_BYTES: Final = 16_384
_LONGEST_WORD, _LINES_TOLD = 60, 60
_STAT = re.compile(r"^stat::(\w+):\s+(\d+)", re.MULTILINE)


async def run() -> tuple[list[Figure], list[str]]:
    """Seeds and a dictionary of what trips parsers, then libFuzzer for `SECONDS`."""
    if find_spec("atheris") is None:
        return [], ["not run: it needs atheris (requirements-optional.in), which is in no lock file"]
    return await asyncio.to_thread(_fuzzed)


def _fuzzed() -> tuple[list[Figure], list[str]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus, tripping = folder / "corpus", folder / "tripping.dict"
        corpus.mkdir()
        for number, seed in enumerate(_seeds()):
            (corpus / str(number)).write_bytes(seed)
        words = (piece for piece in fuzzing.pieces() if len(piece) < _LONGEST_WORD)
        tripping.write_text("".join(f'"{_escaped(word)}"\n' for word in words))
        command = [
            *(sys.executable, "-m", "tests.chaos.fuzzer", f"-max_total_time={SECONDS}", f"-timeout={ONE_INPUT_S}"),
            *(f"-rss_limit_mb={MEMORY_MIB}", f"-max_len={LARGEST_BYTES}", f"-dict={tripping}"),
            *(f"-artifact_prefix={folder}/found-", "-print_final_stats=1", str(corpus)),
        ]
        ran = subprocess.run(command, capture_output=True, check=False, cwd=fuzzing.ROOT)  # noqa: S603 - our own module
        bred = sum(1 for _ in corpus.iterdir())
        found = [f"{path.name}: {path.read_bytes()!r}" for path in folder.glob("found-*")]
    stats = {name: int(value) for name, value in _STAT.findall(ran.stderr.decode("utf-8", "replace"))}
    figures = [
        Figure(name="inputs that ended otherwise than well", seen=int(ran.returncode != 0), limit=0),
        Figure(name="inputs tried", seen=stats.get("number_of_executed_units", 0), least=1),
        Figure(name="of them such as reach what none before did", seen=bred),
        Figure(name="longest time for one", seen=stats.get("slowest_unit_time_sec", 0), unit="s", limit=ONE_INPUT_S),
        Figure(name="time allowed", seen=SECONDS, unit="s"),
    ]
    told = ran.stdout.decode("utf-8", "replace").splitlines()[-_LINES_TOLD:]
    return figures, [*told, *found] if ran.returncode else []


def _seeds() -> list[bytes]:
    queries = (b'"a" NEAR(b', "حفتر*".encode())
    doors = ((0, fuzzing.FEEDS), (1, fuzzing.PAGES), (2, fuzzing.PAGES), (3, fuzzing.TEXTS), (4, queries))
    return [bytes([door]) + seed for door, seeds in doors for seed in seeds]


def _escaped(piece: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in piece)
