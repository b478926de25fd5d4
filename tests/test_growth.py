"""Weights of a crate are little larger than the model's."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cases import all_cases
from models import OUTPUTS, model_file
from test_golden import KEYWORD

from ferrule import api, target
from ferrule.compiler import plan_graph
from ferrule.errors import CompileError
from ferrule.hints import Hints
from ferrule.ir import Graph
from ferrule.kernels import BEYOND, Kernel, choose, given_bytes, taken_bytes
from ferrule.samples import Maker
from ferrule.steps import Plan

LENET = KEYWORD.parents[1] / "lenet/lenet_int8.tflite"
MODELS = {"keyword": lambda: KEYWORD, "lenet": lambda: LENET} | {
    name: lambda name=name: model_file(name) for name in OUTPUTS
}
#: Those that take little time, one of them with hardly any weights.
SMALL = {"lenet", "hello_world_int8"}
CASES = [
    pytest.param(board, find, id=f"{board}-{name}", marks=() if name in SMALL else pytest.mark.long)
    for board in target.boards()
    for name, find in MODELS.items()
]


def sizes(plan: Plan, kind: int = 0) -> tuple[int, int]:
    """Bytes of weights and bias in the model, and in the image of a kind of core."""
    given = sum(given_bytes(step.op) for step in plan.steps)
    kernels = [step.kernels[min(kind, len(step.kernels) - 1)] for step in plan.steps]
    return given, sum(map(taken_bytes, kernels))


def depthwise(count: int = 4) -> Graph:
    """Depthwise layers alone, which kernels with SIMD pad."""
    maker = Maker(np.random.default_rng(1), [])
    for _ in range(count):
        maker.ops.append(maker.depthwise(3, 3, 256, 1, (3, 3), 1))
    inputs = tuple(tensor for op in maker.ops for tensor in op.activations)
    return Graph("depthwise", tuple(maker.ops), inputs, tuple(op.output for op in maker.ops))


@pytest.mark.parametrize(("board", "find"), CASES)
def test_weights_grow_by_at_most_a_part(board: str, find: Callable[[], Path]) -> None:
    plan = api.plan(find(), board)
    for kind, core in enumerate(plan.kinds):
        given, taken = sizes(plan, kind)
        part = 0.15 if {"dsp", "mve"} & set(core.features) else 0.30
        assert taken - given <= part * given, (core.kind, given, taken)


def test_constants_that_are_operands_count_as_they_are() -> None:
    """They have no scales of channels, for which others could grow."""
    ops = [case.graph.ops[0] for case in all_cases() if "_constant" in case.name]
    names = ("Add", "Concatenation")
    ops = [op for op in ops if type(op).__name__ in names and len(op.inputs) == 2]
    assert len(ops) >= 8
    assert all(taken_bytes(Kernel(op)) == given_bytes(op) > 0 for op in ops)


@pytest.mark.parametrize("board", ["qemu-mps2-an386", "qemu-m0plus", "qemu-virt-rv32"])
def test_no_growth_is_what_has_the_smallest_weights(board: str) -> None:
    plan = api.plan(LENET, board, 1, growth="0%")
    (core,) = plan.kinds
    for step in plan.steps:
        choice = choose(step.op, core)
        every = [choice.kernel, *choice.others]
        assert taken_bytes(step.kernel) == min(map(taken_bytes, every))
    assert sizes(plan)[1] < sizes(api.plan(LENET, board, 1))[1]


def test_what_packs_too_much_gets_another_kernel() -> None:
    within = plan_graph(depthwise(), "qemu-mps2-an386", 1, hints=Hints.of(growth="15%"))
    given, taken = sizes(within)
    assert taken <= 1.15 * given
    plain = [step for step in within.steps if type(step.kernel) is Kernel]
    assert plain
    assert all("weights would grow by more than --growth allows" in step.reason for step in plain)
    free = plan_graph(depthwise(), "qemu-mps2-an386", 1, hints=Hints.of(growth="100%"))
    assert sizes(free)[1] > 1.5 * given
    assert free.predicted(1) < within.predicted(1)


def test_layers_of_few_weights_may_take_some_bytes_more() -> None:
    """Without padding they would take several times longer."""
    board = "qemu-mps2-an386"
    usual = plan_graph(depthwise(), board, 1)
    given, taken = sizes(usual)
    assert 1.15 * given < taken <= 1.15 * given + BEYOND
    within = plan_graph(depthwise(), board, 1, hints=Hints.of(growth="15%"))
    assert usual.predicted(1) < 0.7 * within.predicted(1)
    small = plan_graph(depthwise(), board, 1, hints=Hints.of(optimize="size"))
    assert sizes(small)[1] <= 1.15 * given


def test_what_went_before_something_large_comes_back() -> None:
    """The last layer is too large for its kernel; without it the others have room for theirs."""
    maker = Maker(np.random.default_rng(1), [])
    for _ in range(3):
        maker.ops.append(maker.depthwise(3, 3, 64, 2, (5, 5), 1))
    maker.ops.append(maker.depthwise(12, 12, 64, 8, (5, 5), 2))
    inputs = tuple(tensor for op in maker.ops for tensor in op.activations)
    graph = Graph("large", tuple(maker.ops), inputs, tuple(op.output for op in maker.ops))
    *small, large = plan_graph(graph, "qemu-mps2-an386", 1).steps
    assert type(large.kernel) is Kernel
    assert not any(type(step.kernel) is Kernel for step in small)


def test_bytes_that_save_little_stay_within_the_limit() -> None:
    """A model of some hundred MACs gains hardly anything by larger weights."""
    plan = api.plan(model_file("hello_world_int8"), "qemu-mps3-an547")
    free = api.plan(model_file("hello_world_int8"), "qemu-mps3-an547", growth="100%")
    given, taken = sizes(plan)
    assert taken <= 1.15 * given < sizes(free)[1]


@pytest.mark.parametrize("text", ["a lot", "10", "-1%", "1000%"])
def test_growth_is_a_percentage(text: str) -> None:
    with pytest.raises(CompileError, match="--growth"):
        Hints.of(growth=text)
