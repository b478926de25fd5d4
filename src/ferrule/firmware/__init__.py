"""Firmware around a generated crate: builds it for a board, runs it there, and measures it.

Three programs exist for every crate; their sources are in `template`. `observe` runs `check`, `run`
and `count` run `bench`, and `size` is only built, to be looked at.
"""

from ferrule.firmware.build import build
from ferrule.firmware.count import Counts, count
from ferrule.firmware.image import Image, Program
from ferrule.firmware.roles import Role, roles
from ferrule.firmware.run import Observed, Results, observe, run
from ferrule.firmware.simulate import Conditions, conditions

__all__ = [
    "Conditions",
    "Counts",
    "Image",
    "Observed",
    "Program",
    "Results",
    "Role",
    "build",
    "conditions",
    "count",
    "observe",
    "roles",
    "run",
]
