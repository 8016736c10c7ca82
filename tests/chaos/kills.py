"""A worker killed five hundred times while it reads and tells: see `tests/kill_rig.py`."""

from tests.kill_rig import run

__all__ = ["run"]
