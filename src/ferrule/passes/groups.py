"""Joins steps to groups without a barrier in between, where no core needs one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property

from ferrule.crew import Crew
from ferrule.ir import Graph
from ferrule.kernels import Kernel
from ferrule.lifetimes import Alive
from ferrule.names import printable
from ferrule.shares import Pace, divide, longest
from ferrule.steps import Step

# Each step behind another takes words of the team's memory.
_MOST_STEPS = 4

# A step can come before others of the next so many: planning takes as long as there are steps.
_MOST_AHEAD = 64

# The runtime holds the elements that a unit is lent in 16 bits.
_MOST_LENT = 65_535

#: For each team size the time of each core.
Loads = tuple[tuple[Fraction, ...], ...]

#: As `Crew.paces`.
Paces = Callable[[tuple[Kernel, ...], str, int], list[Pace]]


def groups(graph: Graph, steps: tuple[Step, ...], crew: Crew) -> tuple[Step, ...]:
    """The steps in an order in which they can run, those of a group one after the other.

    A step joins the one before if it reads nothing of that group, so that both run side by side,
    or if every core reads only what it writes in the group itself, which no filter does that sees
    rows of its neighbours. It does so where the cost model says that it is cheaper, and the peak of
    the arena does not grow. A later step can come before others for it.
    """
    alive = Alive(graph, crew.cores)
    most = Alive(graph, crew.cores).peak((step,) for step in steps)
    start = _Group(crew, alive, crew.hints.pinned(graph, crew.target), cache(crew.paces))
    done: list[Step] = []
    left = [start.alone(step) for step in steps]
    while left:
        group = left.pop(0)
        while len(group.steps) < _MOST_STEPS:
            unready: set[str] = set()
            ahead = left[:_MOST_AHEAD]
            for at, apart in enumerate(ahead):
                (step,) = apart.steps
                if unready.isdisjoint(alive.reads(step.op)):
                    passed = (other.steps for other in ahead[:at])
                    fits = alive.peak(((*group.steps, step), *passed)) <= most
                    if fits and (joined := group.with_step(apart)):
                        group = joined
                        del left[at]
                        break
                unready.add(step.op.output.name)
            else:
                break
        alive.run(group.steps)
        done += group.marked
    return tuple(done)


@dataclass(frozen=True)
class _Group:
    """Steps that run one after the other on each core, and how long that takes each."""

    crew: Crew
    alive: Alive
    pinned: dict[str, int]
    known: Paces
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
        return self.known(step.kernels, step.cut, step.units)

    @cached_property
    def costs(self) -> list[Fraction]:
        """Instructions of the longest path, and what waiting for each other costs each team."""
        return [
            max(loads) + self._overhead(team, len(self.steps))
            for team, loads in enumerate(self.loads, start=1)
        ]

    def _overhead(self, team: int, steps: int) -> int:
        """What so many steps, the first of which is that of the group, cost a team."""
        target = self.crew.target
        is_private = self.steps[0].is_private and steps == 1
        overhead = target.private(team) if is_private else target.overhead(team)
        return overhead + (steps - 1) * target.joined(team)

    @property
    def marked(self) -> tuple[Step, ...]:
        """The steps, each of which knows its place, with the instructions that each adds."""
        marked: list[Step] = []
        group = self.alone(self.steps[0])
        costs = [Fraction(0)] * self.crew.cores
        for number, step in enumerate(self.steps):
            group = group._and(step) if number else group
            more = tuple(round(end - cost) for end, cost in zip(group.costs, costs, strict=True))
            ahead = len(self.steps) - 1 - number
            marked.append(replace(step, behind=number, ahead=ahead, predicted=more))
            costs = group.costs
        return tuple(marked)

    def with_step(self, apart: "_Group") -> "_Group | None":
        """The group with the step of another behind its last, if that can be, and is cheaper."""
        (step,) = apart.steps
        written = {other.op.output.name for other in self.steps}
        is_dependent = not written.isdisjoint(self.alive.reads(step.op))
        joined = self._dependent(step) if is_dependent else self._beside(apart)
        if joined is None:
            return None
        costs = zip(self.costs, apart.costs, joined.costs, strict=True)
        _, *gains = (before + more - after for before, more, after in costs)
        return joined if gains[-1] > 0 and min(gains) >= 0 else None

    def _beside(self, apart: "_Group") -> "_Group | None":
        """The group with a step that depends on none of it: cores that are done early get more.

        Nothing where that costs a team more; the largest is most likely to say so.
        """
        (step,) = apart.steps
        if step.op.name not in self.pinned:
            shares: list[tuple[int, ...]] = []
            for team in range(self.crew.cores, 0, -1):
                loads = self.loads[team - 1]
                paces = self._later(step, loads)
                shares.insert(0, divide(step.units, paces))
                end = max(*loads, longest(shares[0], paces))
                most = self.costs[team - 1] + apart.costs[team - 1]
                if end + self._overhead(team, len(self.steps) + 1) > most:
                    return None
            step = replace(step, shares=tuple(shares))
        beside = ", ".join(f"`{printable(other.op.name)}`" for other in self.steps)
        return self._and(replace(step, reason=f"{step.reason}; no barrier: beside {beside}"))

    def _later(self, step: Step, loads: Sequence[Fraction]) -> list[Pace]:
        """Each core's time for a unit of a step, and before the first that for the group."""
        paces = zip(self.paces(step), loads, strict=False)
        return [Pace(pace.each, load + pace.before) for pace, load in paces]

    def _dependent(self, step: Step) -> "_Group | None":
        """The group with a step of which every core reads what it wrote itself."""
        reason = f"{step.reason}; no barrier: each core reads what it wrote"
        writers = {other.op.output.name: other for other in self.steps}
        read = [writers.get(name) for name in self.alive.reads(step.op)]
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
