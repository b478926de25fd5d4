"""Compares every layer on a board with the interpreter, and the interpreter with the oracle."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ferrule import inputs, interpreter, oracle
from ferrule.compiler import compile_model
from ferrule.errors import CompileError
from ferrule.hints import Hints
from ferrule.importers import tflite
from ferrule.ir import Array, Graph, Tensor
from ferrule.session import Session

#: Seed of the first input; the others count up from it.
FIRST_SEED = 12_345


@dataclass(frozen=True)
class Layer:
    """One operator's output: elements that were compared over all seeds, and that differ."""

    name: str
    elements: int
    mismatches: int


@dataclass(frozen=True)
class Check:
    """The verdict: `oracle` says what the interpreter was compared with."""

    model: str
    board: str
    cores: int
    seeds: int
    oracle: str
    layers: tuple[Layer, ...]

    @property
    def elements(self) -> int:
        """Elements compared, over all layers and seeds."""
        return sum(layer.elements for layer in self.layers)

    @property
    def mismatches(self) -> int:
        """Elements that differ on the board or in the oracle."""
        return sum(layer.mismatches for layer in self.layers)

    def as_json(self) -> dict[str, Any]:
        """The verdict as plain data."""
        return {**asdict(self), "elements": self.elements, "mismatches": self.mismatches}


def check(
    model: Path,
    board: str,
    cores: int | None = None,
    seeds: int = 16,
    schedule: str = "static",
    hints: Hints | None = None,
) -> Check:
    """Runs a model on a board with inputs of several seeds and compares every element.

    The board `interpreter` compares the interpreter with the oracle alone. Raises `CompileError`.
    """
    if seeds < 1:
        raise CompileError(f"{seeds} inputs compare nothing", hint="at least 1")
    source = tflite.load_source(model)
    graph = source.graph
    graph.verify()
    sets = [inputs.generate(graph, FIRST_SEED + index) for index in range(seeds)]
    expected = [interpreter.run(graph, arrays) for arrays in sets]
    others = [oracle_values(source, sets)]
    team = 1
    if board != "interpreter":
        session = Session(compile_model(model, board, cores, schedule=schedule, hints=hints))
        team = session.plan.cores
        others.append([_by_name(values) for values in session.observe(sets)])
    return Check(
        model=graph.name,
        board=board,
        cores=team,
        seeds=seeds,
        oracle=f"tflm {oracle.version()}" if oracle.version() else "none",
        layers=compare(graph, expected, others),
    )


def refuse_teams(cores: int | None, schedule: str, hints: Hints) -> None:
    """Refuses what the interpreter, which has no plan and no cores to share work, cannot do."""
    if cores not in (None, 1) or schedule != "static" or hints != Hints():
        raise CompileError(
            "the interpreter has one core, and no team",
            hint="leave out `--cores` and what is said about a plan, or choose a board",
        )


def compare(
    graph: Graph,
    expected: Sequence[dict[Tensor, Array]],
    others: Sequence[Sequence[dict[str, Array]]],
) -> tuple[Layer, ...]:
    """Counts, for each layer, the elements that differ from what is expected.

    `others` holds, for each way of computing the graph, the values of each set of inputs by
    tensor name; a tensor that one of them does not compute is not compared there, and one that
    none of them computes, such as a view, has no elements that were compared.
    """
    layers = []
    for op in graph.ops:
        compared, differs = 0, 0
        for index, values in enumerate(expected):
            found = [other[index].get(op.output.name) for other in others if other]
            wrong = [
                computed.reshape(op.output.shape) != values[op.output]
                for computed in found
                if computed is not None
            ]
            if wrong:
                compared += op.output.elements
                differs += int(np.logical_or.reduce(wrong).sum())
        layers.append(Layer(op.name, compared, differs))
    return tuple(layers)


def oracle_values(source: tflite.Source, sets: Sequence[Sequence[Array]]) -> list[dict[str, Array]]:
    """The oracle's values by tensor name; nothing where it is not installed."""
    if oracle.version() is None:
        return []
    names = {source.indices[op.output.name]: op.output.name for op in source.graph.ops}
    with oracle.Oracle(seconds=600) as process:
        answers = process.run(source.content, sets, names)
    return [{names[index]: array for index, array in values.items()} for values in answers]


def _by_name(values: dict[Tensor, Array]) -> dict[str, Array]:
    return {tensor.name: array for tensor, array in values.items()}
