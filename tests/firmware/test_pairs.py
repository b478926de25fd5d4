"""Two unequal cores: shares by speed, two images of one build, and a pair that nothing emulates."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from firmware.test_boards import two_layers
from models import model_file
from test_golden import KEYWORD

from ferrule import api, firmware, target
from ferrule.compiler import Compiled, compile_model, plan_graph
from ferrule.emit.crate import emit
from ferrule.errors import CompileError, ToolError
from ferrule.firmware import Program
from ferrule.hints import Hints
from ferrule.inputs import generate
from ferrule.ir import Graph
from ferrule.session import Session
from ferrule.toolchain import rust

LENET = KEYWORD.parents[1] / "lenet/lenet_int8.tflite"
PAIR = "qemu-mps2-an521"
#: One core with the instructions of the pair's slower one, and as fast.
SLOWER = "qemu-mps2-an385"
#: Boards that no emulator runs.
SILICON = [board for board in target.boards() if not target.load(board).can_run]


@pytest.mark.parametrize(
    "find",
    [
        pytest.param(lambda: KEYWORD, id="keyword"),
        pytest.param(lambda: LENET, id="lenet"),
        *(
            pytest.param(lambda name=name: model_file(name), id=name, marks=pytest.mark.long)
            for name in ("kws_ref_int8", "ic01_resnet8_int8", "person_detect_int8")
        ),
    ],
)
def test_a_pair_is_near_what_its_cores_own_speeds_allow(find: Callable[[], Path]) -> None:
    model = find()
    own = [api.bench(model, PAIR, core=core)[0].instructions for core in (0, 1)]
    (pair,) = api.bench(model, PAIR, [2])
    ideal = 1 / sum(1 / alone for alone in own)
    (slower,) = api.bench(model, SLOWER)
    assert own[0] > 2 * own[1]
    # A slow core that computes slowly would be no measure for the pair.
    assert own[0] <= 1.05 * slower.instructions
    assert pair.instructions <= 1.1 * ideal


def session(graph: Graph, hints: Hints | None = None, schedule: str = "static") -> Session:
    plan = plan_graph(graph, PAIR, hints=hints, schedule=schedule)
    return Session(Compiled(plan, emit(plan, "two_layers.tflite", b"")))


def retrained() -> Graph:
    """The same layers with other weights: every step is cut alike."""
    graph = two_layers()
    ops = []
    for op in graph.ops:
        source, weights, bias = op.inputs
        assert weights.data is not None
        flipped = replace(weights, data=np.flip(weights.data).copy())
        ops.append(replace(op, inputs=(source, flipped, bias)))
    return replace(graph, ops=tuple(ops))


@pytest.mark.parametrize("program", [Program.BENCH, Program.CHECK])
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda: session(retrained()), id="other weights"),
        pytest.param(
            lambda: session(two_layers(), Hints.of(reserves=["core1=60%"])), id="other shares"
        ),
        pytest.param(lambda: session(two_layers(), schedule="steal"), id="other schedule"),
        pytest.param(lambda: Session(compile_model(KEYWORD, PAIR)), id="another model"),
    ],
)
def test_images_of_two_builds_stop(program: Program, other: Callable[[], Session]) -> None:
    ours = session(two_layers())
    image = ours.image(program)
    arrays = generate(ours.plan.graph, 1)
    run = firmware.run if program is Program.BENCH else firmware.observe
    run(image, 2, [arrays])
    mixed = replace(image, others=other().image(program).others)
    with pytest.raises(ToolError) as caught:
        run(mixed, 2, [arrays, arrays], patience=60)
    assert caught.value.problem == f"the firmware failed on {PAIR} with status 1"
    assert caught.value.where == "the cores do not execute the same step"
    # The lead does not depend on that core.
    run(mixed, 1, [arrays])


@pytest.mark.parametrize("board", SILICON)
def test_every_image_of_a_crate_builds(board: str, tmp_path: Path) -> None:
    crate = api.compile(KEYWORD, board, output=tmp_path / "keyword").folder
    kinds = target.load(board).cores
    assert len(kinds) == 2
    for core in kinds:
        tools = rust.bare_metal(core.rust_target)
        features = ("--features", core.kind) if core is not kinds[0] else ()
        command = tools.build("--target-dir", str(tmp_path / core.kind), *features)
        answer = subprocess.run(
            command,
            cwd=crate,
            env=tools.environment(f"-Ctarget-cpu={core.cpu}"),
            capture_output=True,
            text=True,
        )
        assert answer.returncode == 0, answer.stderr
        assert "warning" not in answer.stderr


@pytest.mark.parametrize("board", SILICON)
def test_a_faster_core_gets_more(board: str) -> None:
    planned = api.plan(KEYWORD, board)
    lead, helper = planned.steps[0].shares[1]
    clocks = [core.clock_hz for core in planned.target.cores]
    assert abs(lead - helper * clocks[0] / clocks[1]) <= 1


@pytest.mark.parametrize("board", SILICON)
@pytest.mark.parametrize(
    "command",
    [
        lambda board: api.run(KEYWORD, board, [np.zeros((1, 49, 10, 1), np.int8)]),
        lambda board: api.check(KEYWORD, board, seeds=1),
        lambda board: api.bench(KEYWORD, board),
        lambda board: api.calibrate(board),
    ],
    ids=["run", "check", "bench", "calibrate"],
)
def test_what_needs_an_emulator_says_so(board: str, command: Callable[[str], object]) -> None:
    with pytest.raises(CompileError) as caught:
        command(board)
    assert str(caught.value) == (
        f"nothing here runs firmware of {board}: it has no emulator\n"
        "\n"
        "hint: `ferrule compile` and `ferrule plan` work for it; start-up code and linker script "
        "are yours"
    )
