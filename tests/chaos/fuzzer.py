"""`python -m tests.chaos.fuzzer [libFuzzer's options] [folder]`: one input after another until one ends badly.

Atheris steers by which lines of ours an input reaches (https://github.com/google/atheris). An input's first byte says
where the rest comes in.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import atheris

with atheris.instrument_imports(include=["monitor"]):
    from tests import fuzzing

if TYPE_CHECKING:
    from collections.abc import Callable

DOORS: tuple[Callable[[bytes], Any], ...] = (
    fuzzing.feed,
    fuzzing.page,
    lambda data: fuzzing.feed(data, select="a"),
    lambda data: fuzzing.text(data[:1500].decode("utf-8", "replace")),
    lambda data: fuzzing.query(data[:200].decode("utf-8", "replace")),
)


def one(data: bytes) -> None:
    """Whatever is raised here is a finding."""
    if data:
        DOORS[data[0] % len(DOORS)](data[1:])


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
