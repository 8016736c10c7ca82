"""A notice to the operator, known again by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xxhash

from monitor.model import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.model import Alarm, NoticeKind


def notice(
    kind: NoticeKind, at: datetime, alarms: Iterable[Alarm] = (), figures: Iterable[tuple[str, int]] = ()
) -> Notice:
    """Word of `alarms` raised or over, or the heartbeat with its `figures`.

    The id derives from kind, moment, and the alarms' feeds, codes and beginnings, in any order: deciding the same
    again makes the same notice, whatever was counted meanwhile.
    """
    told = tuple(alarms)
    marks = sorted(f"{alarm.feed_id or ''}\x1f{alarm.code}\x1f{alarm.since.timestamp()}" for alarm in told)
    joined = "\x1e".join((kind.value, str(at.timestamp()), *marks))
    notice_id = "o" + xxhash.xxh3_128_hexdigest(joined.encode("utf-8", "surrogatepass"))[:20]
    return Notice(id=notice_id, kind=kind, at=at, alarms=told, figures=tuple(figures))
