"""A crate on every board and with every team size: same bytes, same counts, sizes that add up."""

import sys
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark import ParameterSet

from ferrule import firmware, interpreter, target
from ferrule.compiler import Compiled, plan_graph
from ferrule.emit import folder
from ferrule.emit.crate import emit
from ferrule.errors import CompileError, ToolError
from ferrule.firmware import Image, Program, timing
from ferrule.hints import Hints
from ferrule.inputs import generate
from ferrule.ir import Graph, Quant, Tensor
from ferrule.ops.fully_connected import FullyConnected
from ferrule.samples import Maker, side_by_side
from ferrule.session import Session
from ferrule.steps import Plan

SEEDS = (1, 2, 3)
RUNNABLE = tuple(board for board in target.boards() if target.load(board).can_run)
SIMULATED = tuple(board for board in target.boards() if target.load(board).simulator)
EMULATED = tuple(
    board for board in target.boards() if target.load(board).emulator or board in SIMULATED
)


def case(board: str, *more: object) -> ParameterSet:
    """Parameters of a test; the first use of a simulated board takes minutes."""
    return pytest.param(board, *more, marks=pytest.mark.long if board in SIMULATED else ())


TEAMS = [
    case(board, team)
    for board in RUNNABLE
    for team in (1, 2, 3, 4, 8)
    if team <= target.load(board).core_count
]


def two_layers() -> Graph:
    """Large enough that both layers are shared, small enough that a run takes no time."""
    rng = np.random.default_rng(11)

    def layer(name: str, source: Tensor, output: Tensor) -> FullyConnected:
        shape = (output.elements, source.elements)
        values = rng.integers(-127, 128, shape).astype(np.int8)
        weights = Tensor(f"{name}/w", shape, "int8", Quant((0.0078125,), (0,)), values)
        bias = Tensor(f"{name}/b", shape[:1], "int32", None, np.arange(shape[0], dtype=np.int32))
        return FullyConnected(name, (source, weights, bias), (output,), "none")

    x = Tensor("x", (1, 40), "int8", Quant((0.125,), (3,)))
    h = Tensor("h", (1, 48), "int8", Quant((0.25,), (-5,)))
    y = Tensor("y", (1, 24), "int8", Quant((0.5,), (7,)))
    return Graph("two_layers", (layer("first", x, h), layer("second", h, y)), (x,), (y,))


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    return {board: plan_graph(two_layers(), board) for board in RUNNABLE}


@pytest.fixture(scope="module")
def crates(plans: dict[str, Plan], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("crates")
    for board, plan in plans.items():
        folder.write(emit(plan, "two_layers.tflite", b""), root / board)
    return {board: root / board for board in plans}


def image(crates: dict[str, Path], board: str, program: Program) -> Image:
    return firmware.build(crates[board], target.load(board), program)


@pytest.mark.parametrize(("board", "team"), TEAMS)
def test_every_step_equals_the_interpreter(plans, crates, board: str, team: int) -> None:
    graph = plans[board].graph
    sets = [generate(graph, seed) for seed in SEEDS]
    observed = firmware.observe(image(crates, board, Program.CHECK), team, sets)
    assert len(observed.inferences) == len(sets)
    for arrays, inference in zip(sets, observed.inferences, strict=True):
        values = interpreter.run(graph, arrays)
        steps = [values[op.output].tobytes() for op in graph.ops]
        assert inference.steps == tuple(enumerate(steps))
        assert [output.tobytes() for output in inference.outputs] == steps[-1:]


@pytest.mark.parametrize(("board", "team"), TEAMS)
def test_outputs_and_stacks(plans, crates, board: str, team: int) -> None:
    graph = plans[board].graph
    sets = [generate(graph, seed) for seed in SEEDS]
    results = firmware.run(image(crates, board, Program.BENCH), team, sets)
    expected = [interpreter.run(graph, arrays)[graph.outputs[0]].ravel() for arrays in sets]
    assert np.array_equal([outputs[0] for outputs in results.outputs], expected)
    assert len(results.stacks) == team
    for stack in results.stacks:
        assert 0 < stack < 1024 if board in EMULATED else stack == 0


@pytest.mark.parametrize(
    ("board", "piece"), [("qemu-virt-rv32", 0), ("qemu-mps3-an547", 0), ("qemu-m0plus", 20_000)]
)
def test_inputs_and_outputs_are_not_on_the_stack(
    board: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = Maker(np.random.default_rng(7), [])
    shapes = [(1 + number % 7, 5, 3 + number % 5) for number in range(70)]
    graph = side_by_side(maker, maker.relu, shapes)
    borders = (*graph.inputs, *graph.outputs)
    stack = 2048
    # The package has a function of the module's name.
    monkeypatch.setattr(sys.modules["ferrule.firmware.build"], "STACK_BYTES", stack)
    plan = plan_graph(graph, board, hints=Hints(piece=piece))
    session = Session(Compiled(plan, emit(plan, "many.tflite", b"")))
    sets = [generate(graph, seed) for seed in SEEDS]
    for arrays, observed in zip(sets, session.observe(sets), strict=True):
        values = interpreter.run(graph, arrays)
        for tensor in graph.outputs:
            assert np.array_equal(observed[tensor], values[tensor])
    assert max(session.stacks(sets[0])) < stack
    stacks = session.image(Program.BENCH).stack_bytes
    assert stacks < plan.cores * stack + 16 * len(borders)
    assert sum(tensor.bytes for tensor in borders) > 4 * stack


@pytest.mark.parametrize(("board", "team"), [one for one in TEAMS if one.values[0] in EMULATED])
def test_counts_are_the_same_each_time(plans, crates, board: str, team: int) -> None:
    arrays = generate(plans[board].graph, 1)
    bench = image(crates, board, Program.BENCH)
    counts = firmware.count(bench, team, arrays)
    assert firmware.count(bench, team, arrays) == counts
    assert counts.cores == team
    assert len(counts.steps) == len(plans[board].steps)
    # A vector instruction does sixteen MACs.
    macs = 40 * 48 + 48 * 24
    alone = firmware.count(bench, 1, arrays)
    assert alone.longest_path == alone.total > macs // 16
    if len(plans[board].target.cores) == 1:
        assert counts.longest_path >= alone.total // team
    assert team == 1 or counts.longest_path < alone.longest_path


@pytest.mark.parametrize("board", [case(board) for board in EMULATED])
def test_cycles_are_estimated_where_timings_are_published(plans, crates, board: str) -> None:
    bench = image(crates, board, Program.BENCH)
    counts = firmware.count(bench, 1, generate(plans[board].graph, 1))
    if not timing.load(target.load(board).cores[0].kind):
        assert counts.estimated == ()
        return
    assert len(counts.estimated) == 1 + len(counts.steps)
    # A cycle at least, and hardly two on average; what is not timed would count nothing.
    for (instructions,), cycles in zip(counts.steps, counts.estimated[1:], strict=True):
        assert instructions < cycles < 2 * instructions


def test_the_host_cannot_count(plans, crates) -> None:
    arrays = generate(plans["host"].graph, 1)
    with pytest.raises(CompileError, match="cannot be counted on host"):
        firmware.count(image(crates, "host", Program.BENCH), 1, arrays)


@pytest.mark.parametrize("board", [case(board) for board in EMULATED])
def test_sizes(plans, crates, board: str) -> None:
    small = image(crates, board, Program.SIZE)
    files = 1 + len(small.others)
    weights = files * (40 * 48 + 48 * 24)
    assert weights < small.flash_bytes - small.code_bytes < weights + 4096
    assert 512 < small.code_bytes < files * 8192
    assert plans[board].arena_bytes < small.memory_bytes < plans[board].arena_bytes + 1024
    unwanted = ("panic", "semihosting", "fmt")
    names = [symbol.name for symbol in small.functions]
    assert not [name for name in names if any(word in name for word in unwanted)]
    for section in small.sections:
        assert any(
            memory.start <= section.address
            and section.address + section.bytes <= memory.start + memory.bytes
            for memory in small.target.memories
        ), section


def test_a_team_larger_than_the_crate_is_refused(crates) -> None:
    with pytest.raises(CompileError) as caught:
        firmware.run(image(crates, "qemu-musca-b1", Program.BENCH), 3, [])
    assert str(caught.value) == (
        "a team of 3 does not fit the crate, which was made for up to 2 cores\n"
        "\n"
        "hint: compile the model again with `--cores`"
    )


@pytest.mark.parametrize("board", [case(board) for board in ("host", *EMULATED)])
def test_a_run_that_does_not_end_is_stopped(crates, board: str) -> None:
    size = image(crates, board, Program.SIZE)  # It ends never.
    bench = Image(size.path, size.target, Program.BENCH, size.signature)
    with pytest.raises(ToolError, match=rf"did not end on {board} within 0.5 s"):
        firmware.run(bench, 1, [], patience=0.5)


def test_missing_inputs_are_said(plans, crates, tmp_path: Path) -> None:
    check = image(crates, "host", Program.CHECK)
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho 'core 1 did not answer in time' >&2\nexit 1\n")
    broken.chmod(0o755)
    failing = Image(broken, check.target, check.program, check.signature)
    with pytest.raises(ToolError) as caught:
        firmware.observe(failing, 2, [])
    assert str(caught.value).startswith(
        "the firmware failed on host with status 1\n  core 1 did not answer in time\n"
    )


def test_a_folder_without_a_crate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="is not a crate that Ferrule generated"):
        firmware.build(tmp_path, target.load("host"), Program.CHECK)
