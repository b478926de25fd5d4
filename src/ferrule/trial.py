"""Tries every kernel on one operator of any shape, so that an idea is measured in minutes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ferrule import inputs, interpreter, target
from ferrule.compiler import Compiled, plan_graph
from ferrule.emit.crate import emit
from ferrule.errors import CompileError
from ferrule.hints import Hints
from ferrule.ir import Graph, Op
from ferrule.kernels import Kernel, choose
from ferrule.ops.average_pool2d import AveragePool2d
from ferrule.ops.max_pool2d import MaxPool2d
from ferrule.samples import Maker
from ferrule.session import Session
from ferrule.target import Core

_LONGEST = 4096
_MOST = 1 << 22


@dataclass(frozen=True)
class Shape:
    """Extents of an operator; those that its kind does not have do not count.

    `input` is height, width and channels, or depth alone; `outputs` are channels or units.
    """

    input: tuple[int, ...]
    filter: tuple[int, ...] = (1, 1)
    stride: int = 1
    outputs: int = 1
    multiplier: int = 1


@dataclass(frozen=True)
class Trial:
    """What one kernel takes for an operator on one core, its step in the team included.

    `per` is instructions for each MAC, or for each output element where there are no MACs.
    `predicted` is what the cost model says. A kernel that cannot compute it has an `obstacle`.
    """

    kernel: str
    is_chosen: bool = False
    instructions: int | None = None
    per: float | None = None
    predicted: int | None = None
    mismatches: int | None = None
    obstacle: str = ""


def try_kernels(operator: str, shape: Shape, board: str, core: int = 0) -> list[Trial]:
    """Measures every kernel that one core of a board has for an operator, the plain one first.

    Padding is SAME and weights are random. Raises `CompileError` for an operator that is not in
    `OPERATORS`, or a shape that it cannot have.
    """
    runs_on = target.load(board).alone(core).cores[0]
    maker = Maker(np.random.default_rng(1), [])
    # The first one is measured: with the last step the lead copies all outputs.
    for _ in range(2):
        maker.ops.append(_operator(maker, operator, shape))
    graph = Graph(
        "trial",
        tuple(maker.ops),
        tuple(tensor for op in maker.ops for tensor in op.activations),
        tuple(op.output for op in maker.ops),
    )
    graph.verify()
    return [_measure(graph, kernel, runs_on, board, core) for kernel in _kernels(graph.ops[0])]


def _kernels(op: Op) -> list[Kernel]:
    """The plain way to compute an operator, and every other that is made for its kind."""
    return [Kernel(op), *(kind(op) for kind in Kernel.registry if isinstance(op, kind.computes))]


def _measure(graph: Graph, kernel: Kernel, runs_on: Core, board: str, core: int) -> Trial:
    op = graph.ops[0]
    lacking = sorted(type(kernel).needs - set(runs_on.features))
    if type(kernel) is not Kernel:
        if lacking:
            return Trial(kernel.function, obstacle=f"{runs_on.kind} has no {', '.join(lacking)}")
        if obstacle := kernel.obstacle(op):
            return Trial(kernel.function, obstacle=obstacle)
    plan = plan_graph(graph, board, 1, forced=(kernel.function,), hints=Hints(core=core))
    session = Session(Compiled(plan, emit(plan, f"{graph.name}.tflite", b"")))
    arrays = inputs.generate(graph, 1)
    spent = session.count(arrays).steps[0][0]
    expected = interpreter.run(graph, arrays)[op.output]
    work = op.work()
    return Trial(
        kernel.function,
        is_chosen=type(choose(op, runs_on).kernel) is type(kernel),
        instructions=spent,
        per=spent / (work.macs or work.elements),
        predicted=round(kernel.cost(runs_on)),
        mismatches=int((session.run(arrays)[0] != expected).sum()),
    )


@dataclass(frozen=True)
class _Kind:
    """How an operator is made; an input of how many axes it has."""

    make: Callable[[Any, Shape], Op]
    axes: int = 3


#: What can be tried, by the name of the plain kernel. Pools do not overlap; Pad adds one pixel;
#: Concatenation puts the channels of two such inputs together.
OPERATORS = {
    "add": _Kind(lambda maker, shape: maker.add(*shape.input)),
    "average_pool2d": _Kind(lambda maker, s: maker.pool(AveragePool2d, *s.input, s.filter)),
    "concatenation": _Kind(lambda maker, s: maker.concatenation(*s.input, s.input[-1], False)),
    "conv2d": _Kind(lambda maker, s: maker.convolution(*s.input, s.outputs, s.filter, s.stride)),
    "depthwise_conv2d": _Kind(
        lambda maker, s: maker.depthwise(*s.input, s.multiplier, s.filter, s.stride)
    ),
    "fully_connected": _Kind(lambda maker, shape: maker.dense(*shape.input, shape.outputs), 1),
    "max_pool2d": _Kind(lambda maker, shape: maker.pool(MaxPool2d, *shape.input, shape.filter)),
    "pad": _Kind(lambda maker, shape: maker.pad(*shape.input)),
    "relu": _Kind(lambda maker, shape: maker.relu(*shape.input)),
    "softmax": _Kind(lambda maker, shape: maker.softmax(1, *shape.input), 1),
}


def _operator(maker: Maker, operator: str, shape: Shape) -> Op:
    if operator not in OPERATORS:
        raise CompileError(f"no `{operator}` to try", hint=f"one of {', '.join(OPERATORS)}")
    kind = OPERATORS[operator]
    if len(shape.input) != kind.axes:
        raise CompileError(
            f"the input of `{operator}` has {kind.axes} axes here, not {len(shape.input)}",
            hint=f"such as `--input {'x'.join(['10', '10', '16'][-kind.axes :])}`",
        )
    if len(shape.filter) != 2:
        raise CompileError("a filter has a height and a width", hint="such as `--filter 3x3`")
    extents = (*shape.input, *shape.filter, shape.stride, shape.outputs, shape.multiplier)
    if min(extents) < 1 or max(extents) > _LONGEST:
        raise CompileError(f"extents are 1 to {_LONGEST:,}")
    weights = prod(shape.filter) * shape.input[-1] * shape.outputs * shape.multiplier
    if weights > _MOST:
        raise CompileError(f"{weights:,} weights are too many", hint=f"at most {_MOST:,}")
    return kind.make(maker, shape)
