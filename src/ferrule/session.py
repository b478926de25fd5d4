"""A plan's crate, built for its board and run there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ferrule import firmware
from ferrule.compiler import Compiled
from ferrule.emit import folder
from ferrule.emit.weights import step_bytes
from ferrule.firmware import Conditions, Counts, Image, Program
from ferrule.ir import Array, Tensor
from ferrule.steps import Plan
from ferrule.toolchain import cache

Values = dict[Tensor, Array]


@dataclass(frozen=True)
class Session:
    """Runs a compiled model on its board. Tools are called when they are needed, and cached."""

    compiled: Compiled

    @property
    def plan(self) -> Plan:
        """What was compiled."""
        return self.compiled.plan

    @cached_property
    def crate(self) -> Path:
        """Folder of the crate, in the cache, named by its content."""
        path = cache.folder("crates", self.compiled.digest[:16])
        with cache.locked(path):
            if not path.is_dir():
                folder.write(self.compiled.files, path)
        return path

    def image(self, program: Program) -> Image:
        """The firmware of one of the programs, built if it is not in the cache."""
        level = "s" if self.plan.optimize == "size" else "3"
        return firmware.build(self.crate, self.plan.target, program, level)

    @property
    def code_bytes(self) -> int:
        """Flash of the program that only infers, all its images, without operators' constants."""
        constants = sum(sum(step_bytes(step)) for step in self.plan.steps)
        return self.image(Program.SIZE).flash_bytes - constants

    def run(self, inputs: Sequence[Array], team: int | None = None) -> list[Array]:
        """The outputs of one inference."""
        results = firmware.run(self.image(Program.BENCH), team or self.plan.cores, [inputs])
        return self._shaped(results.outputs[0])

    def stacks(self, inputs: Sequence[Array]) -> tuple[int, ...]:
        """Bytes of stack that one inference needs on each core."""
        return firmware.run(self.image(Program.BENCH), self.plan.cores, [inputs]).stacks

    def count(
        self,
        inputs: Sequence[Array],
        team: int | None = None,
        chosen: Conditions | None = None,
        slowed: Mapping[int, int] | None = None,
        inference: int = 1,
    ) -> Counts:
        """Instructions of one inference, by step and core, and cycles where they are simulated.

        `slowed` says of cores how many times as long they take for an instruction, `inference`
        which of a run is counted.
        """
        image = self.image(Program.BENCH)
        team = team or self.plan.cores
        return firmware.count(
            image,
            team,
            inputs,
            chosen=chosen,
            slowed=slowed,
            groups=self.plan.groups,
            inference=inference,
        )

    def observe(self, sets: Sequence[Sequence[Array]], team: int | None = None) -> list[Values]:
        """Every tensor that the board computes, for each set of inputs; views are left out.

        The model's outputs, as `infer` returns them, replace what their step left in the arena.
        """
        image = self.image(Program.CHECK)
        observed = firmware.observe(image, team or self.plan.cores, sets)
        return [self._values(one.steps, one.outputs) for one in observed.inferences]

    def _values(self, steps: Sequence[tuple[int, bytes]], outputs: Sequence[Array]) -> Values:
        assert [number for number, _ in steps] == list(range(len(self.plan.steps)))
        values: Values = {}
        for (_, content), step in zip(steps, self.plan.steps, strict=True):
            tensor = step.op.output
            values[tensor] = np.frombuffer(content, tensor.dtype).reshape(tensor.shape)
        values |= dict(zip(self.plan.graph.outputs, self._shaped(outputs), strict=True))
        return values

    def _shaped(self, outputs: Sequence[Array]) -> list[Array]:
        tensors = self.plan.graph.outputs
        return [flat.reshape(t.shape) for flat, t in zip(outputs, tensors, strict=True)]
