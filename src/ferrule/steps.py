"""The plan: how each operator's output is cut, in which step it runs, where tensors live.

Everything that `emit` writes was decided here. Steps hold operators, slots hold tensors.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from ferrule.errors import CompileError
from ferrule.ir import Graph, Op, Tensor
from ferrule.kernels import Kernel
from ferrule.target import Core, Target

#: How units find their cores: each does its share, or takes from others when it is done.
SCHEDULES = ("static", "steal")

#: What matters more: instructions, or bytes of code.
OPTIMIZE = ("speed", "size")


# The control block holds a core's range as two 16-bit numbers.
_MOST_UNITS = 65_535


def units_of(kernels: Sequence[Kernel], cut: str) -> tuple[int, int]:
    """Pixels or channels of a unit, and units: whole runs of every kernel, and not too many."""
    axis = dict(zip(("pixels", "channels"), kernels[0].op.matrix(), strict=True))[cut]
    run = math.lcm(*(kernel.unit(cut) for kernel in kernels))
    unit = run * -(-axis // (run * _MOST_UNITS))
    return unit, -(-axis // unit)


def run_of(kernels: Sequence[Kernel], kernel: Kernel, cut: str) -> int:
    """Units of `units_of` that one of the kernels computes at a time, or a multiple."""
    if cut not in kernel.cuts():
        return 1
    unit, _ = units_of(kernels, cut)
    return math.lcm(unit, kernel.unit(cut) * kernel.grain(cut)) // unit


@dataclass(frozen=True)
class Weighed:
    """A way that was weighed for the largest team, and its instructions by the cost model.

    The output is cut along `cut`, or not at all if that is empty; so many cores get some of it.
    """

    cut: str
    cores: int
    predicted: int


@dataclass(frozen=True)
class Step:
    """One operator's output, seen as `[pixels, channels]`, cut along `cut` into units, and why.

    A unit is `unit` pixels or channels long; the last may be shorter. `shares[n - 1]` says with
    how many units each core of a team of `n` starts, in order. `kernels` are the ways to compute
    it, one for each kind of core, the lead's first; this cut suits all of them. The lead claims at
    most `piece` units at a time, if that is not 0, so that a slice of an inference can end there;
    `wait` is how much longer than the lead a helper takes, in the team where this is most, as time
    of a lead that is free. Cores that steal claim at least `claim`.

    Steps without a barrier between them are a group: `behind` of them come before this one, `ahead`
    after it. If `lends` is not empty, a unit is computed from so many elements of each input, the
    first unit from the first ones; then a core sees of the inputs no more than its own units need.

    `predicted` are its instructions in a team of one, of two and so on: the slowest core's, and the
    barrier. Where clocks differ, or part of a core is reserved, it is what a lead that is free
    could do in that time. `weighed` are the ways among which the cut was chosen, this one among
    them, each with a barrier before and behind it; none where there was no choice.
    """

    kernels: tuple[Kernel, ...]
    cut: str
    unit: int
    units: int
    shares: tuple[tuple[int, ...], ...]
    reason: str
    predicted: tuple[int, ...] = ()
    weighed: tuple[Weighed, ...] = ()
    piece: int = 0
    wait: int = 0
    claim: int = 0
    behind: int = 0
    ahead: int = 0
    lends: tuple[int, ...] = ()

    @property
    def kernel(self) -> Kernel:
        """How the lead's kind of core computes it."""
        return self.kernels[0]

    @property
    def op(self) -> Op:
        """The operator."""
        return self.kernel.op

    @property
    def functions(self) -> tuple[str, ...]:
        """Names of the kernels, each once."""
        return tuple(dict.fromkeys(kernel.function for kernel in self.kernels))

    @property
    def grain(self) -> int:
        """Units that every kernel computes at a time, or a multiple."""
        if self.is_alone:
            return 1
        blocks = [kernel.unit(self.cut) * kernel.grain(self.cut) for kernel in self.kernels]
        return math.lcm(self.unit, *blocks) // self.unit

    @property
    def scratch_words(self) -> int:
        """32-bit words of temporary memory for each core, whichever kernel it runs."""
        return max(kernel.scratch_words for kernel in self.kernels)

    @property
    def is_alone(self) -> bool:
        """Whether there is nothing to share: one core does it all, however large the team."""
        return self.units == 1

    @property
    def is_private(self) -> bool:
        """Whether the lead does it all and no core waits for another: there is no barrier."""
        of_lead = self.is_alone and all(row[0] for row in self.shares)
        return of_lead and not self.behind and not self.ahead

    def __str__(self) -> str:
        functions = " + ".join(self.functions)
        return f"{type(self.op).__name__} {self.op.name} by {functions}: {self.reason}"


@dataclass(frozen=True)
class Group:
    """Numbers of steps with no barrier in between; behind them is one, if any core waits."""

    numbers: range
    has_barrier: bool = True


@dataclass(frozen=True)
class GivenUp:
    """A group that the plan does without: it would save so many instructions of the largest team.

    But the arena would be larger by so many bytes, beside the groups that the plan has and that
    save as many or more. `ops` are the names of its operators.
    """

    ops: tuple[str, ...]
    saved: int
    bytes: int


@dataclass(frozen=True)
class Slot:
    """A tensor's place in an arena, and the first and last step that need it.

    `first` is -1 for an input of the model, `last` the number of steps for an output. Views
    (reshaped tensors) share the slot of the tensor they look at.
    """

    tensor: Tensor
    memory: str
    offset: int
    bytes: int
    first: int
    last: int

    @property
    def end(self) -> int:
        """One past the last byte."""
        return self.offset + self.bytes

    def overlaps(self, other: "Slot") -> bool:
        """Whether the two are alive at one step and share a byte."""
        alive = self.first <= other.last and other.first <= self.last
        return alive and self.offset < other.end and other.offset < self.end


@dataclass(frozen=True)
class Plan:
    """All decisions about one graph on one target. `cores` is the largest team.

    `scratch` holds the temporary memory of steps that need it, by step. `schedule` is one of
    `SCHEDULES`, `optimize` one of `OPTIMIZE`. An inference can be taken in slices if `piece` is not
    0: long steps are then cut into pieces of at most so many instructions of the lead. Groups that
    would take a larger arena are `given_up`.
    """

    graph: Graph
    target: Target
    cores: int
    steps: tuple[Step, ...]
    slots: tuple[Slot, ...]
    scratch: dict[int, Slot]
    peak: int
    schedule: str = "static"
    optimize: str = "speed"
    piece: int = 0
    given_up: tuple[GivenUp, ...] = ()

    @property
    def steals(self) -> bool:
        """Whether idle cores take units from others."""
        return self.schedule == "steal"

    @property
    def is_whole(self) -> bool:
        """Whether one core computes each step in one go."""
        return self.cores == 1 and not self.piece

    @property
    def kinds(self) -> tuple[Core, ...]:
        """Kinds of cores in the largest team; each has an image of its own."""
        return self.target.kinds(self.cores)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """All steps, in groups."""
        return tuple(
            Group(range(at, at + 1 + step.ahead), not step.is_private)
            for at, step in enumerate(self.steps)
            if not step.behind
        )

    def predicted(self, team: int) -> int:
        """Instructions of an inference of a team, by the cost model: the longest path."""
        steps = sum(step.predicted[team - 1] for step in self.steps)
        return steps + self.target.inference(team)

    @cached_property
    def arena_bytes(self) -> int:
        """Size of the arena: end of the highest slot."""
        return max(slot.end for slot in (*self.slots, *self.scratch.values()))

    @cached_property
    def _slot_of(self) -> dict[str, Slot]:
        places = {slot.tensor.name: slot for slot in self.slots}
        for op in self.graph.ops:
            if op.is_view:
                places[op.output.name] = places[op.inputs[0].name]
        return places

    def slot(self, tensor: Tensor) -> Slot:
        """The slot that holds a tensor."""
        return self._slot_of[tensor.name]

    def verify(self) -> None:
        """Asserts what the stages promise; a failure here is a bug of ours."""
        slots = sorted((*self.slots, *self.scratch.values()), key=lambda slot: slot.offset)
        for index, slot in enumerate(slots, start=1):
            assert slot.first <= slot.last
            for other in islice(slots, index, None):
                if other.offset >= slot.end:
                    break
                assert not slot.overlaps(other), (slot, other)
        number_of = {id(step.op): number for number, step in enumerate(self.steps)}
        assert sorted(number_of) == sorted(id(op) for op in self.graph.ops if not op.is_view)
        assert sum(len(group.numbers) for group in self.groups) == len(self.steps)
        for number, step in enumerate(self.steps):
            _verify_step(step, self.cores)
            assert len(step.kernels) == len(self.kinds)
            for tensor in (*step.op.activations, step.op.output):
                slot = self.slot(tensor)
                assert slot.first <= number - step.behind, (tensor.name, number)
                assert number + step.ahead <= slot.last, (tensor.name, number)


def _verify_step(step: Step, cores: int) -> None:
    pixels, channels = step.op.matrix()
    axis = {"pixels": pixels, "channels": channels}[step.cut]
    assert step.units == -(-axis // step.unit)
    if not step.is_alone:
        for kernel in step.kernels:
            assert step.cut in kernel.cuts()
            assert step.unit % kernel.unit(step.cut) == 0
    assert len(step.shares) == cores
    for team, shares in enumerate(step.shares, start=1):
        assert len(shares) == team
        assert min(shares) >= 0
        assert sum(shares) == step.units


def too_large(plan: Plan, memory: str, free: int) -> CompileError:
    """The error for an arena that does not fit, with the tensors that are alive at its peak."""
    steps = range(len(plan.steps))
    slots = (*plan.slots, *plan.scratch.values())
    at = max(steps, key=lambda step: sum(s.bytes for s in slots if s.first <= step <= s.last))
    alive = [slot for slot in slots if slot.first <= at <= slot.last]
    lines = [f"peak is at step {at}, `{plan.steps[at].op.name}`"]
    for slot in sorted(alive, key=lambda slot: -slot.bytes):
        lines.append(
            f"{slot.bytes:>11,} B  {slot.tensor.name.strip()}  "
            f"alive over steps {max(slot.first, 0)} to {min(slot.last, steps[-1])}"
        )
    return CompileError(
        f"`{plan.graph.name}` needs {plan.arena_bytes:,} B of activations, but `{memory}` on "
        f"{plan.target.name} has {free:,} B free",
        where="\n".join(lines),
        hint="choose a board with more memory, or a model with smaller activations",
    )
