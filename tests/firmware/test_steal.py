"""Idle cores take units from others: the same bytes on boards that can, a sentence elsewhere."""

from pathlib import Path

import pytest
from firmware.test_boards import SEEDS, two_layers

from ferrule import firmware, interpreter, target
from ferrule.compiler import plan_graph
from ferrule.emit import folder
from ferrule.emit.crate import emit
from ferrule.errors import CompileError
from ferrule.firmware import Program
from ferrule.inputs import generate

BOARDS = [
    board
    for board in target.boards()
    if target.load(board).can_steal and target.load(board).can_run
]


def crate(board: str, schedule: str, path: Path) -> Path:
    plan = plan_graph(two_layers(), board, schedule=schedule)
    folder.write(emit(plan, "two_layers.tflite", b""), path)
    return path


@pytest.mark.parametrize("board", BOARDS)
def test_every_step_equals_the_interpreter(tmp_path: Path, board: str) -> None:
    graph, described = two_layers(), target.load(board)
    image = firmware.build(crate(board, "steal", tmp_path / "crate"), described, Program.CHECK)
    sets = [generate(graph, seed) for seed in SEEDS]
    for team in range(1, described.core_count + 1):
        observed = firmware.observe(image, team, sets)
        for arrays, inference in zip(sets, observed.inferences, strict=True):
            values = interpreter.run(graph, arrays)
            steps = [values[op.output].tobytes() for op in graph.ops]
            assert inference.steps == tuple(enumerate(steps))


@pytest.mark.parametrize(("schedule", "steals"), [("static", False), ("steal", True)])
def test_only_images_that_steal_have_the_code(tmp_path: Path, schedule: str, steals: bool) -> None:
    board = "qemu-musca-b1"
    built = crate(board, schedule, tmp_path / "crate")
    image = firmware.build(built, target.load(board), Program.SIZE)
    assert any("5steal" in symbol.name for symbol in image.functions) is steals


def test_a_board_without_compare_and_swap_is_refused() -> None:
    with pytest.raises(CompileError) as caught:
        plan_graph(two_layers(), "ibex-rtl", schedule="steal")
    assert str(caught.value) == (
        "the cores of ibex-rtl cannot steal from each other\n"
        "  compare-and-swap does not work between them, and its port uses no lock\n"
        "\n"
        "hint: `--schedule static` gives each core its share"
    )
    assert plan_graph(two_layers(), "ibex-rtl", 1, schedule="steal").schedule == "static"


def test_an_unknown_schedule_is_refused() -> None:
    with pytest.raises(CompileError, match="there is no schedule `fair`"):
        plan_graph(two_layers(), "host", schedule="fair")
