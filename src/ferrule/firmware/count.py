"""Counts the instructions of an inference, core by core and step by step, and its cycles."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import mul
from pathlib import Path

from ferrule.errors import CompileError, ToolError
from ferrule.firmware import timing
from ferrule.firmware.disassembly import instructions
from ferrule.firmware.image import Image, Program, Symbol
from ferrule.firmware.run import Tensors, execute, results
from ferrule.firmware.simulate import Conditions
from ferrule.ir import Array
from ferrule.steps import Group
from ferrule.toolchain import counter, qemu


@dataclass(frozen=True)
class Counts:
    """Instructions of one inference; those spent waiting for another core are not among them.

    `before[core]` are executed before the first step: on the lead, inputs are copied.
    `steps[step][core]` are a step's, with all that its barrier costs this core; the last step's
    on the lead include copying the outputs. `barrier` is what the board says that a barrier adds
    to the path. `stacks` are the bytes of stack that the inference needed on each core; a core
    that has to wait longer may need more, so they differ between runs on an emulator.

    `slowness[core]` says how many times as long a core took for an instruction, where it was slowed
    down; paths are then in instructions of a core that was not. `groups` are the steps between two
    barriers; if none are given, each step has its own. `outputs` are the model's, flat.

    Where cycles are simulated, `cycles` are those of the lead, before the first step and in each
    step, waiting included: their sum is the time of the inference. Where the manual of a core
    publishes what instructions take, and there is one core, `estimated` are cycles by that.

    `stolen[step][core]` says how often a core took units from another, on an emulator and where the
    team steals.
    """

    before: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]
    barrier: int
    stacks: tuple[int, ...] = field(compare=False)
    cycles: tuple[int, ...] = ()
    estimated: tuple[int, ...] = ()
    slowness: tuple[int, ...] = ()
    groups: tuple[Group, ...] = ()
    stolen: tuple[tuple[int, ...], ...] = ()
    outputs: Tensors = field(default=(), compare=False, repr=False)

    @property
    def cores(self) -> int:
        """Size of the team."""
        return len(self.before)

    @property
    def per_core(self) -> tuple[int, ...]:
        """Instructions that each core worked."""
        columns = zip(self.before, *self.steps, strict=True)
        return tuple(sum(column) for column in columns)

    @property
    def total(self) -> int:
        """Instructions of all cores."""
        return sum(self.before) + sum(map(sum, self.steps))

    @property
    def longest_path(self) -> int:
        """Instructions from start to end: for each group the slowest core's, and the barrier.

        A team of one has no barrier. This is not a time: memory and pipelines have a say there.
        """
        barrier = self.barrier if self.cores > 1 else 0
        total = self.before[0] * (self.slowness or (1,))[0]
        for group in self.groups or [Group(range(n, n + 1)) for n in range(len(self.steps))]:
            columns = zip(*(self.steps[number] for number in group.numbers), strict=True)
            total += self.path([sum(column) for column in columns])
            total += barrier if group.has_barrier else 0
        return total

    def path(self, step: Sequence[int]) -> int:
        """How long the slowest core took for its instructions of a step."""
        return max(map(mul, step, self.slowness)) if self.slowness else max(step)


def count(
    image: Image,
    cores: int,
    inputs: Sequence[Array],
    patience: float | None = None,
    chosen: Conditions | None = None,
    slowed: Mapping[int, int] | None = None,
    groups: tuple[Group, ...] = (),
    inference: int = 1,
) -> Counts:
    """Counts one inference on one set of inputs; the same numbers each time.

    It is inference number `inference` of a run, all of them on these inputs: the lead of a team
    that steals knows from earlier ones which cores are slow.

    `chosen` are the conditions on a board whose cycles are simulated. `slowed` says of cores of an
    emulator how many times as long they take for an instruction. Then the cores run in lock-step,
    and where idle cores take units from others, for who takes what depends on who is first; the
    numbers of such a team are nearly the same each time.
    """
    slowness = tuple((slowed or {}).get(core, 1) for core in range(cores)) if slowed else ()
    lockstep = _lockstep(image, slowness) if cores > 1 else None
    with tempfile.TemporaryDirectory(prefix="ferrule-") as name:
        folder = Path(name)
        written = folder / "counts.json"
        timings = _timings(image, folder) if cores == 1 else None
        added = requests(image, written, lockstep, timings)
        execute(
            image,
            Program.BENCH,
            cores,
            [inputs] * inference,
            folder,
            patience,
            *added,
            chosen=chosen,
        )
        counted = counter.read(written)
        left = results(image, cores, folder)
    lead = image.target.cores[0].first
    runs = {core.index - lead: core.runs for core in counted}
    lead_steps = runs[0][-1].steps if runs.get(0) else ()
    # A helper is not invited to an inference whose steps are all the lead's.
    idle = (0,) * len(lead_steps)
    columns = [runs[core][-1].steps if runs.get(core) else idle for core in range(cores)]
    if not lead_steps or len({len(column) for column in columns}) != 1:
        raise ToolError(
            f"the cores of {image.target.name} executed different numbers of steps",
            where=", ".join(f"core {core}: {len(c)}" for core, c in enumerate(columns)),
            hint="this is a defect of Ferrule; please report it with the model",
        )
    before, *steps = zip(*columns, strict=True)
    thefts = [runs[core][-1].noted if runs.get(core) else () for core in range(cores)]
    _, *stolen = zip(*(noted or idle for noted in thefts), strict=True)
    steals = image.signature.steals and image.target.emulator
    return Counts(
        before=before,
        steps=tuple(steps),
        barrier=image.target.barrier(cores),
        stacks=left.stacks,
        cycles=runs[0][-1].cycles,
        estimated=runs[0][-1].estimated,
        slowness=slowness,
        groups=groups,
        stolen=tuple(stolen) if steals else (),
        outputs=left.outputs[-1],
    )


def _timings(image: Image, folder: Path) -> Path | None:
    """A file of what each instruction takes; none where nothing is published for the core."""
    lead = image.target.cores[0]
    published = timing.load(lead.kind)
    if not published:
        return None
    path = folder / "timings.txt"
    timing.write(path, published.weigh(instructions(image.path, lead.rust_target)))
    return path


def _lockstep(image: Image, slowness: Sequence[int]) -> counter.Lockstep | None:
    """Lock-step with these cores slowed down; none where the host's threads decide nothing."""
    if slowness and not image.target.emulator:
        raise CompileError(
            f"the cores of {image.target.name} cannot be slowed down",
            hint="choose an emulated board; `ferrule boards` lists them",
        )
    if not image.target.emulator or not (slowness or image.signature.steals):
        return None
    lead = image.target.cores[0].first
    return counter.Lockstep(slowed={lead + core: times for core, times in enumerate(slowness)})


def requests(
    image: Image,
    written: Path,
    lockstep: counter.Lockstep | None = None,
    timings: Path | None = None,
) -> list[str]:
    """What makes the board's emulator or simulator count, and write the result to a file."""
    if image.target.simulator:
        return counter.requests(written, marks(image))
    emulator = image.target.emulator
    if not emulator:
        raise CompileError(
            f"instructions cannot be counted on {image.target.name}",
            hint="choose an emulated board; `ferrule boards` lists them",
        )
    plugin = counter.plugin(qemu.system(emulator["architecture"]))
    thefts = image.find("steal", "stolen") if image.signature.steals else ()
    found = replace(marks(image), lockstep=lockstep, timings=timings, note=addresses(thefts))
    return ["-plugin", counter.argument(plugin, written, found)]


def marks(image: Image) -> counter.Marks:
    """Where a core's work begins and ends, where a step begins, and where a core only waits.

    A crate for one core has neither helpers nor waiting.
    """
    begin = image.find("bench", "counted_inference")
    wait: tuple[Symbol, ...] = ()
    if image.signature.cores > 1:
        begin += image.find("helper", "enter_inference")
        wait += image.find("member", "wait_until") + image.find("member", "wait_longer")
        wait += image.find("helper", "await_invitation")
    return counter.Marks(
        begin=addresses(begin),
        end=addresses(image.find("bench", "counted_end")),
        step=addresses(image.find("team", "enter")),
        wait=tuple((symbol.address, symbol.address + symbol.bytes) for symbol in wait),
    )


def addresses(symbols: Sequence[Symbol]) -> tuple[int, ...]:
    """Where functions begin."""
    return tuple(symbol.address for symbol in symbols)
