"""The machine's time."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """`Clock` over the operating system's."""

    def now(self) -> datetime:
        """Aware UTC wall-clock time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
