"""The commands as functions. `import ferrule` offers the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, Unpack

from ferrule import benchmark, checking, compiler, interpreter, target
from ferrule.arrays import fitting
from ferrule.benchmark import Bench
from ferrule.calibration import calibrate
from ferrule.checking import Check
from ferrule.emit import folder
from ferrule.emit.crate import crate_name
from ferrule.emit.report import describe
from ferrule.errors import CompileError
from ferrule.hints import Wishes, slowed, understood
from ferrule.importers.tflite import load
from ferrule.ir import Array, Op
from ferrule.session import Session
from ferrule.steps import Plan
from ferrule.target import Target
from ferrule.toolchain.doctor import Tool, tools
from ferrule.toolchain.shell import variables
from ferrule.trial import Shape, Trial, try_kernels

__all__ = [
    "Bench",
    "Check",
    "Shape",
    "Trial",
    "Written",
    "bench",
    "boards",
    "calibrate",
    "check",
    "compile",
    "doctor",
    "ops",
    "plan",
    "run",
    "shell",
    "try_kernels",
]


#: A file or folder, as users name them.
File = str | PathLike[str]


@dataclass(frozen=True)
class Written:
    """A crate on disk: its folder, and its plan as plain data."""

    folder: Path
    summary: dict[str, Any]


def compile(  # noqa: A001 - the name of the command
    model: File,
    board: str,
    cores: int | None = None,
    output: File | None = None,
    **wishes: Unpack[Wishes],
) -> Written:
    """Writes the crate of a model into `output`, by default a folder named after the model.

    Raises `CompileError`, also when the folder exists and is not empty.
    """
    schedule, hints = understood(wishes)
    compiled = compiler.compile_model(Path(model), board, cores, schedule=schedule, hints=hints)
    place = Path(output or crate_name(Path(model).name))
    folder.write(compiled.files, place)
    return Written(place, describe(compiled.plan))


def plan(model: File, board: str, cores: int | None = None, **wishes: Unpack[Wishes]) -> Plan:
    """Decides everything that `compile` would write down, and writes nothing."""
    schedule, hints = understood(wishes)
    return compiler.plan(Path(model), board, cores, schedule=schedule, hints=hints)


def run(
    model: File,
    board: str,
    inputs: Sequence[Array],
    cores: int | None = None,
    **wishes: Unpack[Wishes],
) -> list[Array]:
    """Runs one inference on a board, or on the board `interpreter`; returns all outputs.

    Raises `CompileError` for inputs of another shape or type, `ToolError` when a tool is missing.
    """
    schedule, hints = understood(wishes)
    if board == "interpreter":
        checking.refuse_teams(cores, schedule, hints)
        graph = load(Path(model))
        graph.verify()
        values = interpreter.run(graph, fitting(graph, inputs))
        return [values[tensor] for tensor in graph.outputs]
    session = Session(
        compiler.compile_model(Path(model), board, cores, schedule=schedule, hints=hints)
    )
    return session.run(fitting(session.plan.graph, inputs))


def check(
    model: File,
    board: str,
    cores: int | None = None,
    seeds: int = 16,
    **wishes: Unpack[Wishes],
) -> Check:
    """Compares every layer on a board with the interpreter, and that with the oracle."""
    schedule, hints = understood(wishes)
    if board == "interpreter":
        checking.refuse_teams(cores, schedule, hints)
    return checking.check(Path(model), board, cores, seeds, schedule, hints)


def bench(
    model: File,
    board: str,
    teams: Sequence[int] | None = None,
    memory: str | None = None,
    arbiter: str | None = None,
    core: int | None = None,
    slow: Sequence[str] = (),
    inference: int = 1,
    **wishes: Unpack[Wishes],
) -> list[Bench]:
    """Measures a model on a board, once for each team size (default: one core, and all).

    With `core` it is measured once, on a team of that core alone. `slow` holds words such as
    `core1=2`: core 1 takes twice as long for each instruction. Counted is inference number
    `inference` of a run: a team that steals knows from earlier ones which cores are slow.
    """
    schedule, hints = understood(wishes)
    return benchmark.bench(
        Path(model),
        board,
        teams,
        memory=memory,
        arbiter=arbiter,
        schedule=schedule,
        hints=replace(hints, core=core),
        slowed=slowed(slow),
        inference=inference,
    )


def boards() -> tuple[Target, ...]:
    """All boards, in alphabetical order."""
    return tuple(target.load(name) for name in target.boards())


def doctor() -> list[Tool]:
    """The tools that boards need: which are there, and what the first use would fetch."""
    emulated = [board for board in boards() if board.emulator or board.simulator]
    return tools(sorted({core.rust_target for board in emulated for core in board.cores}))


def shell(board: str) -> dict[str, str]:
    """The variables with which a shell builds firmware for a board, and finds its emulator.

    Raises `CompileError` when there is no such board or it is this machine, `ToolError` when a tool
    has to be fetched first.
    """
    loaded = target.load(board)
    if loaded.rust_target == "host":
        raise CompileError(f"{board} is this machine: it needs no variables")
    targets = dict.fromkeys(core.rust_target for core in loaded.cores)
    return variables(list(targets), loaded.emulator.get("architecture", ""))


def ops() -> list[dict[str, str]]:
    """The operators: name, first line of the documentation."""
    return [
        {"operator": name, "summary": (kind.__doc__ or "").splitlines()[0]}
        for name, kind in sorted(Op.registry.items())
        if kind.__module__.startswith("ferrule.")
    ]
