"""Slices that end at a time do so on every board, by the board's own clock."""

from pathlib import Path

import pytest
from firmware.test_faults import BOARDS, build, status

from ferrule import firmware, target

PROGRAM = Path(__file__).parent / "clock"


@pytest.mark.parametrize("name", BOARDS)
def test_slices_end_at_their_time(tmp_path: Path, name: str) -> None:
    """QEMU counts instructions as time, so that what else this machine does is not in it."""
    board = target.load(name)
    lead = firmware.roles(board, board.core_count)[0]
    image = build(board, lead, tmp_path, PROGRAM)
    assert status(board, [image], "clock", "-icount", "shift=3") == 0
