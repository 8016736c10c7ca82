"""One fetch in a process of its own, and what it took: `python -m tests.adapters.measured_fetch URL` prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from monitor.adapters.http import HttpFetch
from monitor.errors import FetchError


def peak_kib() -> int:
    """The most memory this process has held: not getrusage, which counts what its parent held when it forked."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


async def measured(url: str) -> dict[str, object]:
    fetch = HttpFetch(user_agent="Rasid/0.1", allow_any_private=True)
    before, began = peak_kib(), time.monotonic()
    code = None
    try:
        await fetch.get(url)
    except FetchError as error:
        code = error.code
    took_s = time.monotonic() - began
    await fetch.aclose()
    return {"code": code, "seconds": took_s, "rise_kib": peak_kib() - before}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(measured(sys.argv[1]))))
