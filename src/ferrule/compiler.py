"""The pipeline on one page: import, simplify, schedule, place, emit.

`build` and `check` follow in `ferrule.firmware` and `ferrule.checking`, because they need tools.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ferrule import target as targets
from ferrule.crew import Crew
from ferrule.emit.crate import Files, emit
from ferrule.emit.report import plan_text
from ferrule.errors import CompileError
from ferrule.hints import Hints
from ferrule.importers.tflite import load, load_source
from ferrule.ir import Graph
from ferrule.passes.claims import claims
from ferrule.passes.fitting import fitting
from ferrule.passes.groups import groups
from ferrule.passes.place import place
from ferrule.passes.schedule import schedule as into_steps
from ferrule.passes.simplify import simplify
from ferrule.passes.slices import slices
from ferrule.steps import SCHEDULES, Plan, Step

STAGES = ("import", "simplify", "schedule", "place", "emit")

Show = Callable[[str, object], None]


@dataclass(frozen=True)
class Compiled:
    """What came of a model: its plan, and the files of its crate by path."""

    plan: Plan
    files: Files

    @property
    def digest(self) -> str:
        """Names the content of the crate, in hexadecimal."""
        total = hashlib.sha256()
        for name, content in self.files.items():
            data = content if isinstance(content, bytes) else content.encode()
            total.update(f"{name} {len(data)}\0".encode() + data)
        return total.hexdigest()


def plan(
    model: Path,
    board: str,
    cores: int | None = None,
    show: Show | None = None,
    schedule: str = "static",
    hints: Hints | None = None,
) -> Plan:
    """Plans a model for a board, for teams of up to `cores` cores (default: all it has).

    `show` is called after each stage with its name and result; `schedule` is one of
    `steps.SCHEDULES`. Raises `CompileError`.
    """
    targets.load(board)  # An unknown board is said before a model is read.
    return plan_graph(load(model), board, cores, show, schedule=schedule, hints=hints)


def plan_graph(
    graph: Graph,
    board: str,
    cores: int | None = None,
    show: Show | None = None,
    forced: Collection[str] | Mapping[str, str] = (),
    schedule: str = "static",
    hints: Hints | None = None,
) -> Plan:
    """Plans an imported graph; otherwise as `plan`.

    `forced` names kernels that tests want wherever they can be used, or gives the kernel of each
    operator by its name.
    """
    target = targets.load(board)
    hints = hints or Hints()
    if hints.core is not None:
        target = target.alone(hints.core)
    cores = _team(target, cores)
    schedule = _schedule(target, cores, schedule)
    target = target.running("sliced" if hints.piece else schedule)
    if hints.piece and schedule == "steal":
        raise CompileError(
            "inferences of a team that steals cannot be taken in slices",
            hint="`--schedule static` takes the same time every time",
        )
    show = show or (lambda stage, result: None)

    graph.verify()
    show("import", graph)

    graph = simplify(graph)
    graph.verify()
    show("simplify", graph)

    def scheduled(hints: Hints) -> tuple[Step, ...]:
        return into_steps(graph, target, cores, forced, hints)

    steps = scheduled(hints)
    if schedule == "steal":
        steps = claims(steps, Crew(target, cores, hints))
    if hints.piece:
        crew = Crew(target, cores, hints)
        steps = slices(steps, crew, lambda piece: scheduled(replace(hints, piece=piece)))
    show("schedule", steps)

    placed = place(graph, steps, target, cores)
    if cores > 1 and schedule == "static" and not hints.piece:
        placed = fitting(placed, groups(graph, steps, Crew(target, cores, hints)))
    planned = replace(
        placed,
        schedule=schedule,
        optimize=hints.optimize,
        piece=hints.piece,
    )
    planned.verify()
    show("place", planned)
    return planned


def compile_model(
    model: Path,
    board: str,
    cores: int | None = None,
    show: Show | None = None,
    schedule: str = "static",
    hints: Hints | None = None,
) -> Compiled:
    """Compiles a model to the files of a crate, in memory. Raises `CompileError`."""
    targets.load(board)  # An unknown board is said before a model is read.
    source = load_source(model)
    planned = plan_graph(source.graph, board, cores, show, schedule=schedule, hints=hints)
    files = emit(planned, model.name, source.content)
    if show:
        show("emit", files)
    return Compiled(planned, files)


def _team(target: targets.Target, cores: int | None) -> int:
    if cores is None:
        return target.core_count
    if not 1 <= cores <= target.core_count:
        raise CompileError(
            f"`--cores {cores}` does not fit {target.name}, which has {target.core_count}",
            hint=f"choose 1 to {target.core_count}",
        )
    return cores


def _schedule(target: targets.Target, cores: int, schedule: str) -> str:
    """The schedule of a plan; one core has nobody to steal from."""
    if schedule not in SCHEDULES:
        raise CompileError(
            f"there is no schedule `{schedule[:64]}`", hint=f"one of {', '.join(SCHEDULES)}"
        )
    if schedule == "steal" and cores > 1 and not target.can_steal:
        raise CompileError(
            f"the cores of {target.name} cannot steal from each other",
            where="compare-and-swap does not work between them, and its port uses no lock",
            hint="`--schedule static` gives each core its share",
        )
    return schedule if cores > 1 else "static"


def text_of(result: object) -> str:
    """The stable text form of a stage's result."""
    match result:
        case Graph():
            return str(result)
        case Plan():
            return plan_text(result)
        case dict():
            sizes = ((name, content) for name, content in result.items())
            return "".join(f"{len(content):>9}  {name}\n" for name, content in sizes)
        case tuple():
            return "".join(f"{number:>3}  {step}\n" for number, step in enumerate(result))
    raise AssertionError(type(result))
