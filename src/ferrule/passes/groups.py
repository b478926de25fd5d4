"""Joins steps to groups without a barrier in between, where no core needs one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ferrule.crew import Crew
from ferrule.ir import Graph, Op
from ferrule.lifetimes import lifetimes, peak_of
from ferrule.names import printable
from ferrule.shares import Pace, divide
from ferrule.steps import Step

# Each step behind another takes words of the team's memory.
_MOST_STEPS = 4

# The runtime holds the elements that a unit is lent in 16 bits.
_MOST_LENT = 65_535

#: For each team size the time of each core.
Loads = tuple[tuple[Fraction, ...], ...]


def groups(graph: Graph, steps: tuple[Step, ...], crew: Crew, *, reorder: bool) -> tuple[Step, ...]:
    """The steps in an order in which they can run, those of a group one after the other.

    A step joins the one before if it reads nothing of that group, so that both run side by side,
    or if every core reads only what it writes in the group itself, halo included. It does so where
    the cost model says that it is cheaper, and the peak of the arena does not grow. With `reorder`,
    a later step can come before others.
    """
    sources = _sources(graph)
    memory = crew.target.arena_memory.name
    pinned = crew.hints.pinned(graph, crew.target)

    def peak(order: Sequence[Step]) -> int:
        slots, scratch = lifetimes(graph, order, memory, crew.cores)
        return peak_of([*slots, *scratch.values()], len(order))

    most = peak(steps)
    done: list[Step] = []
    left = list(steps)
    while left:
        group = _Group(crew, sources, pinned).alone(left.pop(0))
        while len(group.steps) < _MOST_STEPS:
            unready = {step.op.output.name for step in left}
            for step in left if reorder else left[:1]:
                if unready & set(_reads(step.op, sources)):
                    continue
                joined = group.with_step(step)
                rest = [other for other in left if other is not step]
                if joined and peak([*done, *joined.marked, *rest]) <= most:
                    group, left = joined, rest
                    break
            else:
                break
        done += group.marked
    return tuple(done)


def _sources(graph: Graph) -> dict[str, str]:
    """The tensor that each view looks at."""
    sources: dict[str, str] = {}
    for op in graph.ops:
        if op.is_view:
            name = op.inputs[0].name
            sources[op.output.name] = sources.get(name, name)
    return sources


def _reads(op: Op, sources: dict[str, str]) -> list[str]:
    """Names of the tensors that an operator reads, as something computed them."""
    return [sources.get(tensor.name, tensor.name) for tensor in op.activations]


@dataclass(frozen=True)
class _Group:
    """Steps that run one after the other on each core, and how long that takes each."""

    crew: Crew
    sources: dict[str, str]
    pinned: dict[str, int]
    steps: tuple[Step, ...] = ()
    loads: Loads = ()

    def alone(self, step: Step) -> "_Group":
        """A group of this step."""
        nothing = tuple((Fraction(0),) * team for team in range(1, self.crew.cores + 1))
        return replace(self, steps=(), loads=nothing)._and(step)

    def _and(self, step: Step) -> "_Group":
        """The group with one more step."""
        paces = self.paces(step)
        loads = tuple(
            tuple(
                load + pace.end(units)
                for load, units, pace in zip(before, row, paces, strict=False)
            )
            for before, row in zip(self.loads, step.shares, strict=True)
        )
        return replace(self, steps=(*self.steps, step), loads=loads)

    def paces(self, step: Step) -> list[Pace]:
        """Each core's time for a unit of a step."""
        return self.crew.paces(step.kernels, step.cut, step.units)

    def cost(self, team: int) -> Fraction:
        """Instructions of the longest path, and what waiting for each other costs a team."""
        first, *others = self.steps
        is_private = first.is_private and not others
        target = self.crew.target
        overhead = target.private(team) if is_private else target.overhead(team)
        overhead += len(others) * target.joined(team)
        return max(self.loads[team - 1]) + overhead

    @property
    def marked(self) -> tuple[Step, ...]:
        """The steps, each of which knows its place, with the instructions that each adds."""
        marked: list[Step] = []
        group = self.alone(self.steps[0])
        costs = [Fraction(0)] * self.crew.cores
        for number, step in enumerate(self.steps):
            group = group._and(step) if number else group
            ends = [group.cost(team) for team in range(1, self.crew.cores + 1)]
            more = tuple(round(end - cost) for end, cost in zip(ends, costs, strict=True))
            ahead = len(self.steps) - 1 - number
            marked.append(replace(step, behind=number, ahead=ahead, predicted=more))
            costs = ends
        return tuple(marked)

    def with_step(self, step: Step) -> "_Group | None":
        """The group with a step behind its last one, if that can be, and is cheaper."""
        read = set(_reads(step.op, self.sources))
        written = {other.op.output.name for other in self.steps}
        joined = self._dependent(step) if read & written else self._beside(step)
        if joined is None:
            return None
        apart = self.alone(step)
        teams = range(2, self.crew.cores + 1)
        gains = [self.cost(team) + apart.cost(team) - joined.cost(team) for team in teams]
        return joined if gains[-1] > 0 and min(gains) >= 0 else None

    def _beside(self, step: Step) -> "_Group | None":
        """The group with a step that depends on none of it: cores that are done early get more."""
        if step.op.name not in self.pinned:
            paces = self.paces(step)
            shares = tuple(
                divide(
                    step.units,
                    [
                        Pace(pace.each, load + pace.before)
                        for load, pace in zip(loads, paces, strict=False)
                    ],
                )
                for loads in self.loads
            )
            step = replace(step, shares=shares)
        beside = ", ".join(f"`{printable(other.op.name)}`" for other in self.steps)
        return self._and(replace(step, reason=f"{step.reason}; no barrier: beside {beside}"))

    def _dependent(self, step: Step) -> "_Group | None":
        """The group with a step of which every core reads what it wrote itself."""
        reason = f"{step.reason}; no barrier: each core reads what it wrote"
        writers = {other.op.output.name: other for other in self.steps}
        read = [writers.get(name) for name in _reads(step.op, self.sources)]
        if step.is_alone:
            # One core reads all of it: the one that wrote it.
            by_one = {other.shares if other.is_alone else () for other in read if other}
            shares = by_one.pop()
            if by_one or not shares or (step.op.name in self.pinned and shares != step.shares):
                return None
            return self._and(replace(step, shares=shares, reason=reason))
        lent = _lent(step)
        if lent is None:
            return None
        shares_of = [
            _aligned(other, amount, lent.units)
            for other, amount in zip(read, lent.lends, strict=True)
            if other
        ]
        first = shares_of[0]
        if first is None or any(shares != first for shares in shares_of):
            return None
        return self._and(replace(lent, shares=first, reason=reason))


def _lent(step: Step) -> Step | None:
    """The step in units that need elements of their own of each input, if there are such."""
    block = step.op.block()
    if block is None or step.cut != "pixels":
        return None
    pixels, _ = step.op.matrix()
    unit = math.lcm(step.unit, block.pixels)
    units = -(-pixels // unit)
    lends = tuple(unit // block.pixels * elements for elements in block.elements)
    lent = zip(step.op.activations, lends, strict=True)
    # A filter can leave the last rows out, which nobody would be lent.
    if any(tensor.elements > units * amount for tensor, amount in lent) or max(lends) > _MOST_LENT:
        return None
    return replace(step, unit=unit, units=units, lends=lends)


def _aligned(step: Step, amount: int, units: int) -> tuple[tuple[int, ...], ...] | None:
    """A reader's units of each core, if the elements they need are those which that core wrote."""
    if step.is_alone or step.cut != "pixels":
        return None
    pixels, channels = step.op.matrix()
    rows = []
    for shares in step.shares:
        row, before, end = [], 0, 0
        for share in shares:
            end += share
            until = min(end * step.unit, pixels) * channels
            if until % amount and end < step.units:
                return None
            last = units if end == step.units else until // amount
            row.append(last - before)
            before = last
        rows.append(tuple(row))
    return tuple(rows)
