"""Every faster kernel on every case that it can compute: equal to the interpreter, every element.

On the host its inner loops are plain Rust; on a board with its features they are instructions.
"""

import numpy as np
import pytest
from cases import all_cases
from merged import merge, mismatches, open_session
from ops.add import add
from ops.conv2d import conv2d
from ops.depthwise_conv2d import depthwise
from ops.fully_connected import fully_connected

from ferrule import target
from ferrule.kernels import Kernel
from ferrule.target import Target


def usable(kind: type[Kernel]) -> list:
    """The cases of the operator that the kernel has no obstacle for."""
    cases = [case for case in all_cases() if isinstance(case.graph.ops[0], kind.computes)]
    return [case for case in cases if not kind.obstacle(case.graph.ops[0])]


def best_board(kind: type[Kernel]) -> Target | None:
    """The board with the most cores of which all have the features."""
    boards = [target.load(name) for name in target.boards() if name.startswith("qemu")]
    able = [b for b in boards if all(kind.needs <= set(core.features) for core in b.cores)]
    return max(able, key=lambda board: board.core_count, default=None)


@pytest.mark.parametrize("kind", Kernel.registry)
@pytest.mark.parametrize("where", ["host", "board"])
def test_forced_kernel(kind: type[Kernel], where: str, count_cases) -> None:
    board = target.load("host") if where == "host" else best_board(kind)
    assert board, f"no board has {', '.join(kind.needs)}"
    cases = usable(kind)
    assert len(cases) >= 8, [case.name for case in cases]
    graph = merge(f"forced_{kind.__name__.lower()}", [case.graph for case in cases])
    function = kind(graph.ops[0]).function
    session = open_session(graph, board.name, {function})
    assert all(step.kernel.function == function for step in session.plan.steps)
    for team in sorted({1, board.core_count}):
        wrong = mismatches(session, graph, team, seeds=(1, 2, 3))
        assert not wrong, wrong
        count_cases(f"{board.name} x {team}", len(cases), f"cases by {function}")


#: Scales and zero points of sums that are clamped below, on both sides, and hardly.
SUMS = [
    ((0.2, 0.07, 0.09), (-128, 4, -128), "relu"),
    ((0.05, 0.05, 0.02), (127, -128, 0), "none"),
    ((0.0193, 0.0247, 0.0913), (1, 0, 100), "none"),
]


def test_arm_without_saturation_adds_all_pairs() -> None:
    shape = (1, 64, 16, 16)
    cases = [
        add(f"pairs_{index}", shape, shape, scales=scales, zero_points=points, activation=clamp)
        for index, (scales, points, clamp) in enumerate(SUMS)
    ]
    graph = merge("pairs", [case.graph for case in cases])
    session = open_session(graph, "qemu-m0plus", {"linear_add"})
    assert all(step.kernel.function == "linear_add" for step in session.plan.steps)
    second = np.tile(np.arange(-128, 128).astype(np.int8), 64).reshape(shape)
    for start in range(-128, 128, 64):
        first = np.repeat(np.arange(start, start + 64).astype(np.int8), 256).reshape(shape)
        outputs = session.run([first, second] * len(cases))
        for case, output in zip(cases, outputs, strict=True):
            assert np.array_equal(output, case.graph.ops[0].reference(first, second)), case.name


#: Layers of which every output is clamped to one value: a ReLU above a zero point of 127.
ONE_RESULT = [
    conv2d("one_result", (5, 4, 8), zero_points=(0, 127), activation="relu"),
    depthwise("one_result", (5, 4, 8), zero_points=(0, 127), activation="relu"),
    fully_connected("one_result", zero_points=(0, 127), activation="relu"),
]


@pytest.mark.parametrize("kind", Kernel.registry)
def test_one_result_for_all_inputs(kind: type[Kernel]) -> None:
    """There is no step between two results, where a requantization could be proved."""
    for case in ONE_RESULT:
        op = case.graph.ops[0]
        if isinstance(op, kind.computes) and not kind.obstacle(op):
            session = open_session(case.graph, "host", {kind(op).function})
            assert not mismatches(session, case.graph, 1, case.seeds)
