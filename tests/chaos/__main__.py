"""`python -m tests.chaos [day|hostile|...]`: figures beside their limits; fails if one is broken."""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys

import structlog

from tests.chaos.figures import broken, table

TITLES = {
    "day": "a day of forty feeds",
    "fuzz": "an hour of inputs bred against the reader",
    "hostile": "servers that mean harm, or are broken",
    "isolation": "bad feeds beside good ones",
    "kills": "a worker killed five hundred times",
    "power": "power cuts on the archive's own SQL",
    "soak": "fifty thousand polls, twenty thousand articles",
    "webhooks": "ten thousand events for a receiver that fails three times in ten",
}


def main(chosen: list[str]) -> int:
    """Run what is named, or everything."""
    if unknown := set(chosen) - TITLES.keys():
        print(f"no {', '.join(sorted(unknown))}; there is: {', '.join(TITLES)}", file=sys.stderr)  # noqa: T201
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found: list[str] = []
    for name in chosen or TITLES:
        figures, lines = asyncio.run(importlib.import_module(f"tests.chaos.{name}").run())
        print(table(TITLES[name], figures), *lines, "", sep="\n", flush=True)  # noqa: T201 - what it is for
        found += broken(figures)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
