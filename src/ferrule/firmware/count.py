"""Counts the instructions of an inference, core by core and step by step."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ferrule.errors import CompileError, ToolError
from ferrule.firmware.image import Image, Program
from ferrule.firmware.run import PATIENCE, execute
from ferrule.ir import Array
from ferrule.toolchain import counter, qemu


@dataclass(frozen=True)
class Counts:
    """Instructions of one inference; those spent waiting for another core are not among them.

    `before[core]` are executed before the first step: on the lead, inputs are copied.
    `steps[step][core]` are a step's, with all that its barrier costs this core; the last step's
    on the lead include copying the outputs. `barrier` is what the board says that a barrier adds
    to the path.
    """

    before: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]
    barrier: int

    @property
    def cores(self) -> int:
        """Size of the team."""
        return len(self.before)

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


def count(image: Image, cores: int, inputs: Sequence[Array], patience: float = PATIENCE) -> Counts:
    """Counts one inference on one set of inputs; the same numbers each time."""
    emulator = image.target.emulator
    if not emulator:
        raise CompileError(
            f"instructions cannot be counted on {image.target.name}",
            hint="choose an emulated board; `ferrule boards` lists them",
        )
    machine = qemu.system(emulator["architecture"])
    with tempfile.TemporaryDirectory(prefix="ferrule-") as name:
        folder = Path(name)
        written = folder / "counts.json"
        plugin = counter.argument(counter.plugin(machine), written, marks(image))
        execute(image, Program.BENCH, cores, [inputs], folder, patience, "-plugin", plugin)
        counted = counter.read(written)
    runs = {core.index: core.runs for core in counted}
    columns = [runs[core][0].steps if runs.get(core) else () for core in range(cores)]
    if not columns[0] or len({len(column) for column in columns}) != 1:
        raise ToolError(
            f"the cores of {image.target.name} executed different numbers of steps",
            where=", ".join(f"core {core}: {len(c)}" for core, c in enumerate(columns)),
            hint="this is a defect of Ferrule; please report it with the model",
        )
    before, *steps = zip(*columns, strict=True)
    return Counts(before, tuple(steps), image.target.barrier)


def marks(image: Image) -> counter.Marks:
    """Where a core's work begins and ends, where a step begins, and where a core only waits."""
    found = {
        name: image.find(module, name)
        for module, name in (
            ("bench", "counted_inference"),
            ("helper", "enter_inference"),
            ("bench", "counted_end"),
            ("member", "enter"),
            ("member", "wait_until"),
            ("helper", "await_invitation"),
        )
    }
    begin = (*found["counted_inference"], *found["enter_inference"])
    wait = (*found["wait_until"], *found["await_invitation"])
    return counter.Marks(
        begin=tuple(symbol.address for symbol in begin),
        end=tuple(symbol.address for symbol in found["counted_end"]),
        step=tuple(symbol.address for symbol in found["enter"]),
        wait=tuple((symbol.address, symbol.address + symbol.bytes) for symbol in wait),
    )
