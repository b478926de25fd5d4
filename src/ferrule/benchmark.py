"""Counts the instructions or cycles of one inference, and the bytes that it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ferrule import firmware, inputs, target
from ferrule.checking import FIRST_SEED
from ferrule.compiler import compile_model
from ferrule.errors import CompileError
from ferrule.firmware import Conditions, Program
from ferrule.hints import Hints
from ferrule.session import Session


@dataclass(frozen=True)
class Layer:
    """One step: MACs, and instructions of the core that took longest.

    `instructions` are how long that core took, where cores are slowed down: in instructions of a
    core that is not. `cycles` are the lead's, waiting included, where they are simulated;
    `cycles_estimated` what the core's manual says that these instructions take. A step that is
    `joined` follows the one before without a barrier. `stolen_per_core` says how often each core
    took units from another; it is empty where the team does not steal, or cycles are simulated.
    """

    name: str
    kernel: str
    macs: int
    instructions: int
    instructions_per_core: tuple[int, ...]
    joined: bool
    cycles: int | None
    cycles_estimated: int | None
    stolen_per_core: tuple[int, ...]


@dataclass(frozen=True)
class Bench:
    """One inference of a model on a board with one team size.

    `core` is the core of a team of one that was asked for. `instructions` is the longest path,
    `instructions_per_core` what each core worked. Flash and code are of a minimal firmware that
    only runs the model, all its images; code is flash without weights. Stack is the largest of the
    cores', measured. `cycles` go from the entry of `infer` to its return on the lead, with every
    wait; they are there on boards whose cycles are simulated, under the conditions `memory` and
    `arbiter`. `cycles_estimated` are there for one core whose manual publishes timings. `slowness`
    says of each core how many times as long it took for an instruction, if any was slowed down;
    `instructions` are then those of one that was not. `inference` says which of a run it was.
    """

    model: str
    board: str
    cores: int
    core: int | None
    macs: int
    instructions: int
    instructions_per_core: tuple[int, ...]
    arena_bytes: int
    flash_bytes: int
    code_bytes: int
    stack_bytes: int
    layers: tuple[Layer, ...]
    cycles: int | None
    cycles_estimated: int | None
    memory: str | None
    arbiter: str | None
    schedule: str
    slowness: tuple[int, ...]
    inference: int

    def as_json(self) -> dict[str, Any]:
        """The figures as plain data."""
        return asdict(self)


def bench(
    model: Path,
    board: str,
    teams: Sequence[int] | None = None,
    memory: str | None = None,
    arbiter: str | None = None,
    schedule: str = "static",
    hints: Hints | None = None,
    slowed: Mapping[int, int] | None = None,
    inference: int = 1,
) -> list[Bench]:
    """Measures a model on a board, once for each team size (default: one core, and all).

    `memory` and `arbiter` say how the cores of a simulated board share memory, `slowed` how many
    times as long cores of an emulated one take for an instruction, `inference` which of a run is
    counted. Raises `CompileError` for several cores where `hints` want one, for a core that is not
    there, and an inference before the first.
    """
    if teams is not None and not teams:
        raise CompileError("no team size was given", hint="such as 1 and 2")
    if inference < 1:
        raise CompileError(f"there is no inference {inference}", hint="the first is 1")
    hints = hints or Hints()
    described = target.load(board)
    for core in slowed or {}:
        if core >= described.core_count:
            raise CompileError(
                f"there is no `core{core}` on {board}",
                hint=f"its cores are `core0` to `core{described.core_count - 1}`",
            )
    if hints.core is not None:
        if any(cores != 1 for cores in teams or ()):
            raise CompileError(
                "`--core` measures a team of one", hint="leave `--cores` or `--core` out"
            )
        described, teams = described.alone(hints.core), [1]
    chosen = firmware.conditions(described, memory, arbiter)
    teams = teams or sorted({1, described.core_count})
    compiled = (
        compile_model(model, board, cores, schedule=schedule, hints=hints) for cores in teams
    )
    return [_measure(Session(one), hints.core, chosen, slowed, inference) for one in compiled]


def _measure(
    session: Session,
    core: int | None,
    chosen: Conditions | None,
    slowed: Mapping[int, int] | None,
    inference: int,
) -> Bench:
    """Builds and counts for one team size."""
    plan = session.plan
    arrays = inputs.generate(plan.graph, FIRST_SEED)
    counts = session.count(arrays, chosen=chosen, slowed=slowed, inference=inference)
    unknown: Sequence[int | None] = [None] * len(plan.steps)
    cycles = counts.cycles[1:] or unknown
    estimated = counts.estimated[1:] or unknown
    stolen = counts.stolen or [()] * len(plan.steps)
    return Bench(
        model=plan.graph.name,
        board=plan.target.name,
        cores=plan.cores,
        core=core,
        macs=sum(step.op.work().macs for step in plan.steps),
        instructions=counts.longest_path,
        instructions_per_core=counts.per_core,
        arena_bytes=plan.arena_bytes,
        flash_bytes=session.image(Program.SIZE).flash_bytes,
        code_bytes=session.code_bytes,
        stack_bytes=max(counts.stacks),
        layers=tuple(
            Layer(
                step.op.name,
                " + ".join(step.functions),
                step.op.work().macs,
                counts.path(counted),
                counted,
                step.behind > 0,
                simulated,
                weighed,
                thefts,
            )
            for step, counted, simulated, weighed, thefts in zip(
                plan.steps, counts.steps, cycles, estimated, stolen, strict=True
            )
        ),
        cycles=sum(counts.cycles) if counts.cycles else None,
        cycles_estimated=sum(counts.estimated) if counts.estimated else None,
        memory=chosen.memory if chosen else None,
        arbiter=chosen.arbiter if chosen else None,
        schedule=plan.schedule,
        slowness=counts.slowness,
        inference=inference,
    )
