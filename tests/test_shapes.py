"""No kind of shape is forgotten: drawn layers cost at most twice as much a MAC as good ones.

Pools are counted by tap, and elementwise operators by element. Other seeds find shapes that cost
more, one of ten: layers of one or two input channels, depthwise filters of few taps, and what is
packed into far more than the model's weights.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from ferrule.compiler import Compiled, plan_graph
from ferrule.emit.crate import emit
from ferrule.inputs import generate
from ferrule.ir import Graph, Op
from ferrule.ops.average_pool2d import AveragePool2d
from ferrule.ops.max_pool2d import MaxPool2d
from ferrule.samples import Maker
from ferrule.session import Session

#: A shape of each kind that suits every kernel: input, outputs or multiplier, filter, stride.
GOOD = {
    "pointwise": ((10, 10, 64), 64, (1, 1), 1),
    "conv2d": ((8, 8, 32), 32, (3, 3), 1),
    "depthwise": ((24, 24, 64), 1, (3, 3), 1),
    "dense": ((400,), 120, (1, 1), 1),
}
POOLS = {"average": AveragePool2d, "max": MaxPool2d}
#: The same of what has no MACs: input, and filter of pools.
GOOD_OTHERS = {
    "average": ((24, 24, 64), (3, 3)),
    "max": ((24, 24, 64), (3, 3)),
    "add": ((16, 16, 32), (1, 1)),
    "relu": ((16, 16, 32), (1, 1)),
}
#: Smaller layers cost what it takes to call a kernel; larger ones take long to emulate.
MACS = range(20_000, 500_000)
SHAPES = 40
#: The same of taps or elements.
TAPS = range(5_000, 40_000)
OTHER_SHAPES = 24
#: Operators that one firmware holds; inputs and outputs of all are in memory at once.
TOGETHER = 4

BOARDS = [
    "qemu-mps2-an386",
    *(
        pytest.param(board, marks=pytest.mark.long)
        for board in ("qemu-virt-rv32", "qemu-mps3-an547", "qemu-m0plus")
    ),
]

Shape = tuple[tuple[int, ...], int, tuple[int, int], int]
OtherShape = tuple[tuple[int, int, int], tuple[int, int]]


def drawn() -> Iterator[tuple[str, Shape]]:
    """Random shapes of a fixed seed, all kinds as often."""
    numbers = np.random.default_rng(40)

    def between(low: int, high: int) -> int:
        return int(numbers.integers(low, high + 1))

    def draw(kind: str) -> Shape:
        stride = between(1, 2)
        if kind == "dense":
            return (between(8, 600),), between(2, 128), (1, 1), 1
        if kind == "pointwise":
            source = between(1, 16), between(1, 16), between(1, 96)
            return source, between(1, 96), (1, 1), stride
        size = between(1, 5), between(1, 5)
        if kind == "depthwise":
            multiplier = max(between(-8, 8), 1)
            return (between(3, 24), between(3, 24), between(1, 64)), multiplier, size, stride
        return (between(3, 20), between(3, 20), between(1, 32)), between(1, 48), size, stride

    found = 0
    while found < SHAPES:
        kind = list(GOOD)[found % len(GOOD)]
        shape = draw(kind)
        if made(Maker(np.random.default_rng(0), []), kind, shape).work().macs in MACS:
            found += 1
            yield kind, shape


def made(maker: Maker, kind: str, shape: Shape) -> Op:
    source, outputs, size, stride = shape
    if kind == "dense":
        return maker.dense(source[0], outputs)
    make = maker.depthwise if kind == "depthwise" else maker.convolution
    height, width, depth = source
    return make(height, width, depth, outputs, size, stride)


def drawn_others() -> Iterator[tuple[str, OtherShape]]:
    """Random shapes of what has no MACs."""
    numbers = np.random.default_rng(41)

    def between(low: int, high: int) -> int:
        return int(numbers.integers(low, high + 1))

    found = 0
    while found < OTHER_SHAPES:
        kind = list(GOOD_OTHERS)[found % len(GOOD_OTHERS)]
        height, width, depth = between(1, 24), between(1, 24), between(1, 96)
        size = (1, 1)
        if kind in POOLS:
            size = between(1, min(height, 8)), between(1, min(width, 8))
        shape = (height, width, depth), size
        if amount(made_other(Maker(np.random.default_rng(0), []), kind, shape)) in TAPS:
            found += 1
            yield kind, shape


def made_other(maker: Maker, kind: str, shape: OtherShape) -> Op:
    source, size = shape
    if kind in POOLS:
        return maker.pool(POOLS[kind], *source, size)
    return maker.add(*source) if kind == "add" else maker.relu(*source)


def amount(op: Op) -> int:
    """What the costs of an operator are divided by."""
    work = op.work()
    return work.macs or work.taps or work.elements


def kernel_alone(op: Op, board: str) -> str:
    """The kernel that an operator gets in a model of its own."""
    graph = Graph("alone", (op,), op.activations, op.outputs)
    return plan_graph(graph, board, 1).steps[0].kernel.function


@cache
def costs(board: str) -> list[tuple[str, float, str]]:
    """Kind, instructions a MAC, and shape in words of the good shapes, then of the random ones."""
    layers = [*GOOD.items(), *GOOD_OTHERS.items(), *drawn(), *drawn_others()]
    found = []
    for start in range(0, len(layers), TOGETHER):
        group = layers[start : start + TOGETHER]
        maker = Maker(np.random.default_rng(1), [])
        # The first one comes again: with the last step the lead copies all outputs.
        for kind, shape in [*group, group[0]]:
            make = made_other if kind in GOOD_OTHERS else made
            maker.ops.append(make(maker, kind, shape))
        ops = tuple(maker.ops)
        inputs = tuple(tensor for op in ops for tensor in op.activations)
        graph = Graph(f"shapes_{start}", ops, inputs, tuple(op.output for op in ops))
        kernels = {op.name: kernel_alone(op, board) for op in ops}
        plan = plan_graph(graph, board, 1, forced=kernels)
        session = Session(Compiled(plan, emit(plan, f"{graph.name}.tflite", b"")))
        counts = session.count(generate(graph, 1))
        for (kind, shape), step, spent in zip(group, plan.steps, counts.steps, strict=False):
            found.append((kind, spent[0] / amount(step.op), f"{kind} {shape}"))
    return found


@pytest.mark.parametrize("board", BOARDS)
def test_no_shape_costs_twice_as_much_as_a_good_one(board: str) -> None:
    kinds = len(GOOD) + len(GOOD_OTHERS)
    good, others = costs(board)[:kinds], costs(board)[kinds:]
    best = {kind: cost for kind, cost, _ in good}
    assert len(others) == SHAPES + OTHER_SHAPES
    slow = {text for kind, cost, text in others if cost > 2 * best[kind]}
    assert not slow
