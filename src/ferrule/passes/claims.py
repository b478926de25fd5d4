"""How many units cores that steal claim at a time: few enough to share evenly, or as many as pay.

A claim costs what its kernel does before the first unit. Large claims are few; but a core that
turns out to be slow keeps all of its last one.
"""

import heapq
from collections.abc import Sequence
from dataclasses import replace

from ferrule.crew import Crew
from ferrule.shares import Pace
from ferrule.steps import Step

#: About what a claim takes on Arm and RISC-V, whatever the kernel.
CLAIM_INSTRUCTIONS = 120

# A core claims this part of the units it has left, and takes half of those of another
# (`crates/runtime/src/team/steal.rs`).
_BITE = 3
_HALF = 2

# Sizes of claims that are tried, in what the kernel computes at a time.
_RUNS = (1, *sorted(base << power for base in (2, 3) for power in range(15)))


def claims(steps: Sequence[Step], crew: Crew) -> tuple[Step, ...]:
    """The steps, each with the least units of a claim, and what it then takes.

    Chosen are those with which all cores are done first, on average of a team as fast as its costs
    say, and of one whose last core has half that speed.
    """
    return tuple(_claimed(step, crew) for step in steps)


def _claimed(step: Step, crew: Crew) -> Step:
    if step.is_alone:
        return step
    paces = crew.paces(step.kernels, step.cut, step.units)
    *others, last = paces
    slow = [*others, Pace(2 * last.each, 2 * last.before)]
    shares = step.shares[-1]
    most = max(*shares, step.grain)
    sizes = [runs * step.grain for runs in _RUNS if runs * step.grain <= most]
    ends = {
        size: stealing_end(shares, paces, size) + stealing_end(shares, slow, size) for size in sizes
    }
    claim = min(sizes, key=lambda size: (ends[size], size))
    predicted = tuple(
        round(stealing_end(row, paces[:team], claim)) + crew.target.overhead(team)
        for team, row in enumerate(step.shares, start=1)
    )
    return replace(step, claim=claim, predicted=predicted)


def stealing_end(shares: Sequence[int], paces: Sequence[Pace], claim: int) -> float:
    """When the last core is done, if each claims so many units at least, and then steals."""
    left = list(shares)
    each = [float(pace.each) for pace in paces]
    before = [float(pace.before) + CLAIM_INSTRUCTIONS for pace in paces]

    def whole(units: int, core: int) -> int:
        return min(max(units // claim, 1) * claim, left[core])

    done = 0.0
    free = [(0.0, core) for core in range(len(shares))]
    while free:
        now, core = heapq.heappop(free)
        if not left[core]:
            victim = max(range(len(left)), key=left.__getitem__)
            units = whole(left[victim] // _HALF, victim)
            if not units:
                done = max(done, now)
                continue
            left[victim] -= units
            left[core] = units
        units = whole(left[core] // _BITE, core)
        left[core] -= units
        heapq.heappush(free, (now + before[core] + units * each[core], core))
    return done
