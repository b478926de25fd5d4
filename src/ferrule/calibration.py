"""Measures what kernels cost on a board, and writes the file that the planner goes by."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ferrule import overheads, target
from ferrule.compiler import Compiled, plan_graph
from ferrule.emit.crate import emit
from ferrule.errors import CompileError
from ferrule.firmware import Program
from ferrule.hints import Hints
from ferrule.ir import Graph, Op
from ferrule.kernels import PRICES, Choice, Kernel, choose, priced
from ferrule.resources import TARGETS
from ferrule.samples import beside_tiny, sample_graphs
from ferrule.session import Session
from ferrule.target import Barriers, Core, Cost, Target
from ferrule.toolchain import cache, rust

Numbers = npt.NDArray[np.float64]
#: How often a kernel does each thing that has a price, its instructions, and their cycles if known.
Sample = tuple[list[float], int, int]

_SWEEPS = 20_000


@dataclass(frozen=True)
class Fit:
    """The cost of a kernel, and the largest relative error over the samples it was fitted to.

    `cycles` is what its instructions take, where the core's timings are published.
    """

    function: str
    cost: Cost
    error: float
    samples: int
    cycles: Cost | None = None


@dataclass(frozen=True)
class Calibration:
    """What was measured on a board, and the file that holds the costs of its kernels."""

    file: Path
    fits: tuple[Fit, ...]
    barriers: Barriers


def calibrate(
    board: str, output: Path | None = None, core: int = 0, *, only_barriers: bool = False
) -> Calibration:
    """Measures every kernel of one kind of core, and barriers, and writes the files of costs.

    The kind is that of core `core`. With `output` the costs of kernels go there, and nothing else
    is written. With `only_barriers` no kernel is measured, and `output` is for what they cost.
    Raises `CompileError` where nothing can be counted.
    """
    whole = target.load(board)
    if only_barriers:
        return _only_barriers(whole, output)
    described = whole.alone(core)
    kind = described.cores[0].kind
    path = output or TARGETS / "costs" / f"{kind}.toml"
    samples: dict[str, list[Sample]] = defaultdict(list)
    for graph in sample_graphs():
        for function in _functions(graph, described):
            cache.say(f"{board}: {function}")
            samples[function] += _samples(graph, board, core, function)
    fits = tuple(_fit(function, rows) for function, rows in sorted(samples.items()) if rows)
    barriers = overheads.measure(whole)
    code = code_bytes(board, core)
    lone = lone_savings(board, core, {fit.function: fit.cost for fit in fits})
    _write(path, _text(described, kind, fits, code, lone))
    if barriers.path and not output:
        text = overheads.text_of(barriers, _conditions(described))
        _write(target.barrier_file(whole.port), text)
    return Calibration(path, fits, barriers)


def _only_barriers(board: Target, output: Path | None) -> Calibration:
    if board.core_count == 1:
        raise CompileError(f"{board.name} has one core, and no barriers")
    path = output or target.barrier_file(board.port)
    barriers = overheads.measure(board)
    _write(path, overheads.text_of(barriers, _conditions(board)))
    return Calibration(path, (), barriers)


def code_bytes(board: str, core: int) -> dict[str, int]:
    """Bytes of machine code that a kernel adds to an image of all others, on one kind of core.

    Kernels without another in their place are left out: no image can do without them.
    """
    ways = _ways(target.load(board).alone(core).cores[0])
    # Each is called twice, because a function that is called once can become part of its caller.
    kernels = {f"{function}_{time}": function for function in ways for time in (1, 2)}
    ops = tuple(_renamed(ways[function][0], name) for name, function in kernels.items())
    borders = tuple(tensor for op in ops for tensor in op.activations)
    graph = Graph("code", ops, borders, tuple(op.output for op in ops))

    def size(changed: Mapping[str, str]) -> int:
        plan = plan_graph(graph, board, 1, forced={**kernels, **changed}, hints=Hints(core=core))
        session = Session(Compiled(plan, emit(plan, f"{graph.name}.tflite", b"")))
        return session.image(Program.SIZE).code_bytes

    every = size({})
    found = {}
    for function, (_, other) in sorted(ways.items()):
        cache.say(f"{board}: code of {function}")
        changed = {name: other for name, own in kernels.items() if own == function}
        found[function] = max(every - size(changed), 0)
    return found


def lone_savings(board: str, core: int, costs: Mapping[str, Cost]) -> dict[str, int]:
    """Instructions that a kernel takes less where nothing else calls it, on one kind of core.

    The Rust compiler makes it part of its caller then, with the numbers of its layer put in.
    Measured against what its `costs` predict, for the operator of `samples.py` that takes it least:
    where there is more to do, as much is spared at least.
    """
    kernels: dict[str, list[Kernel]] = defaultdict(list)
    for choice in _choices(target.load(board).alone(core).cores[0]):
        for kernel in (choice.kernel, *choice.others):
            kernels[kernel.function].append(kernel)
    found = {}
    for function, usable in sorted(kernels.items()):
        cache.say(f"{board}: {function} called once")
        least = min(usable, key=lambda kernel: priced(kernel.counts(), costs[kernel.function]))
        graph = beside_tiny(_renamed(least.op, "lone"))
        forced = {one.name: function if one.name == "lone" else "" for one in graph.ops}
        plan = plan_graph(graph, board, 1, forced=forced, hints=Hints(core=core))
        (counts,) = overheads.count(plan)
        step, (took, *_) = plan.steps[1], counts.steps[1]
        spared = priced(step.kernel.counts(), costs[function]) - took
        if spared >= 1:
            found[function] = int(spared)
    return found


def _choices(core: Core) -> list[Choice]:
    """The kernels that can compute each sample."""
    return [choose(op, core) for graph in sample_graphs() for op in graph.ops]


def _ways(core: Core) -> dict[str, tuple[Op, str]]:
    """For each kernel a small operator that it can compute, and another kernel that can."""
    ways: dict[str, tuple[Op, str]] = {}
    for choice in sorted(_choices(core), key=lambda choice: choice.kernel.op.output.bytes):
        functions = [kernel.function for kernel in (choice.kernel, *choice.others)]
        for function in functions:
            if len(functions) > 1 and function not in ways:
                other = next(name for name in functions if name != function)
                ways[function] = (choice.kernel.op, other)
    return ways


def _renamed(op: Op, name: str) -> Op:
    """An operator whose name, and those of what it computes with, no other has."""
    inputs = (replace(t, name=f"{name}_{index}") for index, t in enumerate(op.inputs))
    output = replace(op.output, name=f"{name}_output")
    return replace(op, name=name, inputs=tuple(inputs), outputs=(output,))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        raise CompileError(f"cannot write `{path}`: {error.strerror}") from error


def _samples(graph: Graph, board: str, core: int, function: str) -> list[Sample]:
    """What a kernel does for the operators of a graph that it can compute, and what that takes."""
    plan = plan_graph(graph, board, 1, forced=(function,), hints=Hints(core=core))
    (counts,) = overheads.count(plan)
    cycles = counts.estimated[1:] or (0,) * len(plan.steps)
    kernels = [step.kernel for step in plan.steps]
    spent = ((cores[0], took) for cores, took in zip(counts.steps, cycles, strict=True))
    return [
        ([kernel.counts()[name] for name in PRICES], *both)
        for kernel, both in list(zip(kernels, spent, strict=True))[:-1]
        if kernel.function == function
    ]


def _fit(function: str, samples: Sequence[Sample]) -> Fit:
    """The prices that predict all samples of a kernel best, in proportion."""
    counts = np.array([row for row, *_ in samples], np.float64)
    instructions, cycles = np.array([spent for _, *spent in samples], np.float64).T
    cost, error = _prices(counts, instructions)
    time = _prices(counts, cycles)[0] if cycles.all() else None
    return Fit(function, cost, error, len(samples), time)


def _prices(counts: Numbers, spent: Numbers) -> tuple[Cost, float]:
    """Prices `[samples, prices]` for what was spent, and the largest relative error."""
    solution = _nonnegative(counts / spent[:, None])
    error = float(np.abs(counts @ solution / spent - 1).max())
    return Cost(**dict(zip(PRICES, map(float, solution), strict=True))), error


def _functions(graph: Graph, board: Target) -> list[str]:
    """Names of the kernels that compute a graph's operators on the lead."""
    features = set(board.cores[0].features)
    names = {op.kernel for op in graph.ops}
    for kind in Kernel.registry:
        if kind.needs <= features:
            names |= {kind(op).function for op in graph.ops if isinstance(op, kind.computes)}
    return sorted(names)


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


def _text(
    board: Target,
    kind: str,
    fits: Sequence[Fit],
    code: Mapping[str, int],
    lone: Mapping[str, int],
) -> str:
    """The file of a kind's costs, with its conditions."""
    lines = [
        f"# Instructions of kernels on {kind}, for each thing that they do.",
        "# Written by `ferrule calibrate`: least squares over the shapes of `samples.py`, with the",
        "# largest relative error behind each line.",
        f'measured = "{_conditions(board)}"',
        "",
        "[kernel]",
        "default = { mac = 8.0, element = 50.0 }",
    ]
    for fit in fits:
        lines.append(f"{_line(fit.function, fit.cost)} # {fit.error:.0%} of {fit.samples}")
    timed = [_line(fit.function, fit.cycles) for fit in fits if fit.cycles]
    if timed:
        lines += [
            "",
            "# Cycles of the same, by the timings of `targets/timings`.",
            "[cycles]",
            *timed,
        ]
    return "\n".join([*lines, "", code_text(code), lone_text(lone)])


def code_text(code: Mapping[str, int]) -> str:
    """The table of bytes of code."""
    lines = [
        "# Bytes of machine code that a kernel adds to an image of all others, where another could",
        "# take its place.",
        "[code]",
        *(f"{function} = {size}" for function, size in code.items()),
    ]
    return "\n".join(lines) + "\n"


def lone_text(lone: Mapping[str, int]) -> str:
    """The table of instructions that are spared."""
    lines = [
        "# Instructions that a kernel takes less in an image that calls it once.",
        "[lone]",
        *(f"{function} = {spared}" for function, spared in lone.items()),
    ]
    return "\n".join(lines) + "\n"


def _line(function: str, cost: Cost) -> str:
    numbers = ((name, getattr(cost, name)) for name in PRICES)
    prices = ", ".join(f"{name} = {value:.4g}" for name, value in numbers if value >= 0.001)
    return f"{function} = {{ {prices} }}"


def _conditions(board: Target) -> str:
    """Where it was measured, and what built the firmware."""
    tools = rust.bare_metal(board.rust_target)
    return f"{board.name}, core {board.cores[0].first}, rustc {tools.version}"
