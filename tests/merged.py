"""Many graphs as one: side by side, each with inputs and outputs of its own.

One crate, one firmware and one start of an emulator then serve all of them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Unpack

import numpy as np

from ferrule import interpreter
from ferrule.checking import Layer, compare
from ferrule.compiler import Compiled, plan_graph
from ferrule.emit.crate import emit
from ferrule.hints import Hints, Wishes
from ferrule.inputs import generate
from ferrule.ir import Array, Graph, Tensor
from ferrule.session import Session

#: Boards and team sizes that run every case.
TEAMS = [
    ("host", 1),
    ("host", 2),
    ("host", 5),
    ("host", 8),
    ("qemu-m0plus", 1),
    ("qemu-mps2-an385", 1),
    ("qemu-mps2-an386", 1),
    ("qemu-mps2-an500", 1),
    ("qemu-mps2-an521", 1),
    ("qemu-mps2-an521", 2),
    ("qemu-mps3-an547", 1),
    ("qemu-musca-b1", 1),
    ("qemu-musca-b1", 2),
    ("qemu-virt-rv32", 1),
    ("qemu-virt-rv32", 3),
    ("qemu-virt-rv32", 8),
]


def merge(name: str, graphs: Sequence[Graph]) -> Graph:
    """One graph of them all; names get the number of their graph, so that they stay apart."""
    ops, inputs, outputs = [], [], []
    for number, graph in enumerate(graphs):
        renamed: dict[int, Tensor] = {}

        def rename(
            tensor: Tensor, number: int = number, renamed: dict[int, Tensor] = renamed
        ) -> Tensor:
            if tensor.data is not None:
                return tensor
            fresh = replace(tensor, name=f"{tensor.name}_{number}")
            return renamed.setdefault(id(tensor), fresh)

        inputs += [rename(tensor) for tensor in graph.inputs]
        for op in graph.ops:
            ops.append(
                replace(
                    op,
                    name=f"{op.name}_{number}",
                    inputs=tuple(rename(tensor) for tensor in op.inputs),
                    outputs=tuple(rename(tensor) for tensor in op.outputs),
                )
            )
        outputs += [rename(tensor) for tensor in graph.outputs]
    return Graph(name, tuple(ops), tuple(inputs), tuple(outputs))


def open_session(
    graph: Graph,
    board: str,
    forced: Collection[str] | Mapping[str, str] = (),
    **wishes: Unpack[Wishes],
) -> Session:
    """The graph's crate for all cores of a board; `forced` is as in `plan_graph`."""
    hints = Hints.of(**wishes)
    schedule = wishes.get("schedule", "static")
    plan = plan_graph(graph, board, forced=forced, schedule=schedule, hints=hints)
    return Session(Compiled(plan, emit(plan, f"{graph.name}.tflite", b"")))


def extremes(graph: Graph) -> list[list[Array]]:
    """Inputs at both ends of their range, and alternating between them."""
    ends = [(-128, -128), (127, 127), (-128, 127)]
    return [
        [np.resize(np.array(pair, tensor.dtype), tensor.shape) for tensor in graph.inputs]
        for pair in ends
    ]


def mismatches(session: Session, graph: Graph, team: int, seeds: Sequence[int]) -> list[Layer]:
    """Layers of a graph of which an element differs between the board and the interpreter."""
    sets = [generate(graph, seed) for seed in seeds] + extremes(graph)
    expected = [interpreter.run(graph, arrays) for arrays in sets]
    observed = [
        {tensor.name: array for tensor, array in values.items()}
        for values in session.observe(sets, team)
    ]
    return [layer for layer in compare(graph, expected, [observed]) if layer.mismatches]
