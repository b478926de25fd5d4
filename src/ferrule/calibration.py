"""Measures what kernels cost on a board, and writes the file that the planner goes by."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ferrule import inputs, target
from ferrule.compiler import Compiled, plan_graph
from ferrule.emit.crate import emit
from ferrule.errors import CompileError
from ferrule.firmware import Counts
from ferrule.hints import Hints
from ferrule.ir import Graph
from ferrule.kernels import PRICES, Kernel
from ferrule.resources import TARGETS
from ferrule.samples import sample_graphs
from ferrule.session import Session
from ferrule.steps import Plan
from ferrule.target import Cost, Target
from ferrule.toolchain import cache, rust

Numbers = npt.NDArray[np.float64]

_SWEEPS = 20_000


@dataclass(frozen=True)
class Fit:
    """The cost of a kernel, and the largest relative error over the samples it was fitted to."""

    function: str
    cost: Cost
    error: float
    samples: int


def calibrate(board: str, output: Path | None = None, core: int = 0) -> tuple[Path, list[Fit]]:
    """Measures every kernel of one kind of core and writes its file of costs.

    The kind is that of core `core`; `output` is by default the kind's own file. Raises
    `CompileError` where nothing can be counted.
    """
    whole = target.load(board)
    described = whole.alone(core)
    kind = described.cores[0].kind
    path = output or TARGETS / "costs" / f"{kind}.toml"
    fits = [fit for graph in sample_graphs() for fit in _fit_all(graph, described, core)]
    text = _text(described, kind, _barrier(whole), fits)
    try:
        path.write_text(text)
    except OSError as error:
        raise CompileError(f"cannot write `{path}`: {error.strerror}") from error
    return path, fits


def _fit_all(graph: Graph, board: Target, core: int) -> Iterable[Fit]:
    """Fits every kernel of one kind of operator that a core can run."""
    measured: dict[str, list[tuple[list[float], int]]] = defaultdict(list)
    for function in _functions(graph, board):
        cache.say(f"{board.name}: {function}")
        plan, counts = _count(graph, board.name, 1, function, Hints(core=core))
        for step, cores in zip(plan.steps[:-1], counts.steps[:-1], strict=True):
            kernel = step.parts[0].kernel
            if kernel.function == function:
                measured[function].append((kernel.features(), cores[0]))
    for function, rows in sorted(measured.items()):
        features = np.array([row for row, _ in rows], np.float64)
        instructions = np.array([spent for _, spent in rows], np.float64)
        solution = _nonnegative(features / instructions[:, None])
        error = float(np.abs(features @ solution / instructions - 1).max())
        yield Fit(
            function, Cost(**dict(zip(PRICES, map(float, solution), strict=True))), error, len(rows)
        )


def _functions(graph: Graph, board: Target) -> list[str]:
    """Names of the kernels that compute a graph's operators on the lead."""
    features = set(board.cores[0].features)
    names = {op.kernel for op in graph.ops}
    for kind in Kernel.registry:
        if kind.needs <= features:
            names |= {kind(op).function for op in graph.ops if isinstance(op, kind.computes)}
    return sorted(names)


def _count(
    graph: Graph, board: str, cores: int, function: str, hints: Hints
) -> tuple[Plan, Counts]:
    """Plans a graph with one kernel wherever it can be used, and counts an inference."""
    plan = plan_graph(graph, board, cores, forced=(function,), hints=hints)
    session = Session(Compiled(plan, emit(plan, f"{graph.name}.tflite", b"")))
    return plan, session.count(inputs.generate(graph, 1))


def _barrier(board: Target) -> int:
    """Instructions that a barrier adds to a step that one core does, on a team of two."""
    if board.core_count == 1:
        return 0
    graph = next(graph for graph in sample_graphs() if graph.name == "Softmax")
    small = Graph("barrier", graph.ops[:1], graph.ops[0].activations, graph.ops[0].outputs)
    lead = Hints(pins=((small.ops[0].name, 0),))
    single, double = (_count(small, board.name, cores, "", lead)[1] for cores in (1, 2))
    return max(max(double.steps[0]) - single.steps[0][0], 1)


def _nonnegative(rows: Numbers) -> Numbers:
    """The solution of `rows @ x = 1` with the least squared error and no negative number.

    Coordinate descent; the problem is convex and small.
    """
    gram = rows.T @ rows
    wanted = rows.sum(axis=0)
    solution = np.zeros(rows.shape[1])
    for _ in range(_SWEEPS):
        before = solution.copy()
        for index in np.flatnonzero(gram.diagonal()):
            rest = wanted[index] - gram[index] @ solution + gram[index, index] * solution[index]
            solution[index] = max(rest / gram[index, index], 0.0)
        if np.abs(solution - before).max() < 1e-9:
            break
    return solution


def _text(board: Target, kind: str, barrier: int, fits: list[Fit]) -> str:
    """The file of costs, with its conditions."""
    tools = rust.bare_metal(board.rust_target)
    lines = [
        f"# Instructions of kernels on {kind}: for each MAC, output element, pixel and channel,",
        "# element that is gathered, run of taps, and call. Written by `ferrule calibrate`; do not",
        f"# edit. Board {board.name}, core {board.cores[0].first}, rustc {tools.version}.",
        "# Least squares over typical shapes; the largest relative error stands behind each line.",
        f"barrier-instructions = {barrier}",
        "",
        "[kernel]",
        "default = { mac = 8.0, element = 50.0 }",
    ]
    # A function that computes several kinds of operators costs what most samples say.
    most = {fit.function: fit for fit in sorted(fits, key=lambda fit: fit.samples)}
    for fit in sorted(most.values(), key=lambda fit: fit.function):
        numbers = ((name, getattr(fit.cost, name)) for name in PRICES)
        cost = ", ".join(f"{name} = {value:.4g}" for name, value in numbers if value >= 0.001)
        lines.append(f"{fit.function} = {{ {cost} }} # {fit.error:.0%} of {fit.samples}")
    return "\n".join(lines) + "\n"
