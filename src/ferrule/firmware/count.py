"""Counts the instructions of an inference, core by core and step by step, and its cycles."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ferrule.errors import CompileError, ToolError
from ferrule.firmware.image import Image, Program, Symbol
from ferrule.firmware.run import execute, results
from ferrule.firmware.simulate import Conditions
from ferrule.ir import Array
from ferrule.toolchain import counter, qemu


@dataclass(frozen=True)
class Counts:
    """Instructions of one inference; those spent waiting for another core are not among them.

    `before[core]` are executed before the first step: on the lead, inputs are copied.
    `steps[step][core]` are a step's, with all that its barrier costs this core; the last step's
    on the lead include copying the outputs. `barrier` is what the board says that a barrier adds
    to the path. `stacks` are the bytes of stack that the inference needed on each core; a core
    that has to wait longer may need more, so they differ between runs on an emulator.

    Where cycles are simulated, `cycles` are those of the lead, before the first step and in each
    step, waiting included: their sum is the time of the inference.
    """

    before: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]
    barrier: int
    stacks: tuple[int, ...] = field(compare=False)
    cycles: tuple[int, ...] = ()

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
        """Instructions from start to end: for each step the slowest core's, and the barrier.

        A team of one has no barrier. This is not a time: memory and pipelines have a say there.
        """
        barrier = self.barrier if self.cores > 1 else 0
        return self.before[0] + sum(max(step) + barrier for step in self.steps)


def count(
    image: Image,
    cores: int,
    inputs: Sequence[Array],
    patience: float | None = None,
    chosen: Conditions | None = None,
) -> Counts:
    """Counts one inference on one set of inputs; the same numbers each time.

    `chosen` are the conditions on a board whose cycles are simulated.
    """
    with tempfile.TemporaryDirectory(prefix="ferrule-") as name:
        folder = Path(name)
        written = folder / "counts.json"
        added = requests(image, written)
        execute(image, Program.BENCH, cores, [inputs], folder, patience, *added, chosen=chosen)
        counted = counter.read(written)
        stacks = results(image, cores, folder).stacks
    lead = image.target.cores[0].first
    runs = {core.index - lead: core.runs for core in counted}
    columns = [runs[core][0].steps if runs.get(core) else () for core in range(cores)]
    if not columns[0] or len({len(column) for column in columns}) != 1:
        raise ToolError(
            f"the cores of {image.target.name} executed different numbers of steps",
            where=", ".join(f"core {core}: {len(c)}" for core, c in enumerate(columns)),
            hint="this is a defect of Ferrule; please report it with the model",
        )
    before, *steps = zip(*columns, strict=True)
    return Counts(before, tuple(steps), image.target.barrier(cores), stacks, runs[0][0].cycles)


def requests(image: Image, written: Path) -> list[str]:
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
    return ["-plugin", counter.argument(plugin, written, marks(image))]


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
        step=addresses(image.find("member", "enter")),
        wait=tuple((symbol.address, symbol.address + symbol.bytes) for symbol in wait),
    )


def addresses(symbols: Sequence[Symbol]) -> tuple[int, ...]:
    """Where functions begin."""
    return tuple(symbol.address for symbol in symbols)
