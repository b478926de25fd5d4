"""Idle cores take units from others: the same bytes on boards that can, a sentence elsewhere.

Time is measured with the cores in lock-step, so that the host's threads have no say in it.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from firmware.test_boards import SEEDS, case, two_layers

from ferrule import firmware, interpreter, target
from ferrule.benchmark import bench
from ferrule.compiler import compile_model, plan_graph
from ferrule.emit import folder
from ferrule.emit.crate import emit
from ferrule.errors import CompileError
from ferrule.firmware import Counts, Program
from ferrule.inputs import generate
from ferrule.session import Session

KEYWORD = Path(__file__).parents[2] / "models/keyword/keyword_int8.tflite"

BOARDS = [
    case(board)
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


def test_a_board_without_compare_and_swap_and_lock_is_refused(monkeypatch) -> None:
    board = "qemu-virt-rv32"
    without = replace(target.load(board), compare_and_swap=False)
    monkeypatch.setattr(target, "load", lambda _: without)
    with pytest.raises(CompileError) as caught:
        plan_graph(two_layers(), board, schedule="steal")
    assert str(caught.value) == (
        "the cores of qemu-virt-rv32 cannot steal from each other\n"
        "  compare-and-swap does not work between them, and its port uses no lock\n"
        "\n"
        "hint: `--schedule static` gives each core its share"
    )
    assert plan_graph(two_layers(), board, 1, schedule="steal").schedule == "static"


def test_an_unknown_schedule_is_refused() -> None:
    with pytest.raises(CompileError, match="there is no schedule `fair`"):
        plan_graph(two_layers(), "host", schedule="fair")


def count(
    board: str,
    cores: int,
    schedule: str,
    slowed: dict[int, int] | None = None,
    inference: int = 1,
) -> Counts:
    """Instructions of an inference of the keyword spotter, whose outputs are right."""
    session = Session(compile_model(KEYWORD, board, cores, schedule=schedule))
    graph = session.plan.graph
    arrays = generate(graph, 1)
    counts = session.count(arrays, slowed=slowed, inference=inference)
    (expected,) = (interpreter.run(graph, arrays)[output] for output in graph.outputs)
    assert counts.outputs[0].tobytes() == expected.tobytes()
    return counts


TEAMS = [("qemu-musca-b1", 2), ("qemu-virt-rv32", 2), ("qemu-virt-rv32", 4)]


@pytest.mark.parametrize(("board", "cores"), TEAMS)
def test_a_slow_core_does_its_share_where_shares_are_exact(board: str, cores: int) -> None:
    even = count(board, cores, "static")
    slow = count(board, cores, "static", {1: 2})
    assert slow == replace(even, slowness=slow.slowness)
    assert slow.longest_path > 1.9 * even.longest_path
    assert slow.stolen == ()


@pytest.mark.parametrize(("board", "cores"), TEAMS)
def test_what_a_slow_core_does_not_do_others_do(board: str, cores: int) -> None:
    slow = count(board, cores, "steal", {1: 2})
    ideal = count(board, 1, "static").longest_path / (cores - 1 / 2)
    assert slow.longest_path < 1.12 * ideal
    assert sum(column[0] for column in slow.stolen) > 0


@pytest.mark.parametrize(
    ("board", "cores", "most"),
    [*((board, cores, 1.05) for board, cores in TEAMS), ("qemu-virt-rv32", 8, 1.13)],
)
def test_the_next_inference_begins_with_what_was_learned(
    board: str, cores: int, most: float
) -> None:
    """Eight harts have few claims each: 125 pixels are 21 times six."""
    slow = count(board, cores, "steal", {1: 2}, inference=2)
    ideal = count(board, 1, "static").longest_path / (cores - 1 / 2)
    assert slow.longest_path < most * ideal


@pytest.mark.parametrize(("board", "cores"), TEAMS)
def test_equal_cores_lose_little_by_stealing(board: str, cores: int) -> None:
    steal = count(board, cores, "steal").longest_path
    assert steal < 1.04 * count(board, cores, "static").longest_path


def test_cores_that_cannot_be_slowed_are_a_sentence() -> None:
    with pytest.raises(CompileError, match="there is no `core2` on qemu-musca-b1"):
        bench(KEYWORD, "qemu-musca-b1", slowed={2: 2})
