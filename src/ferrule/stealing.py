"""What cores that steal do in a step, as the runtime does it: `crates/runtime/src/team`."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from ferrule.shares import Pace

# A core claims this part of the units it has left (`steal.rs`).
_BITE = 3
# It takes nothing from another if it needs so many times as long for that as the other for all.
_SLOWEST = 2

# The weight of the core that was fastest, compared with the plan (`paces.rs`).
_FULL = 255
# At most 16 times as fast as the weight said, in 256ths.
_MOST_CHANGE = 16 << 8
# Steps with more units are shared a little coarser.
_MANY = 4096
# Runs of each core, on average, where cores start with whole ones; claims, where it is learned.
_SEVERAL = 2
# Below this weight a core is known to be slow; from it on a core is as fast as the fastest.
_SLOW = 224


@dataclass(frozen=True)
class Race:
    """When the last core is done with a step, and how many units each has claimed."""

    end: float
    claimed: tuple[int, ...]


def race(
    planned: Sequence[int],
    shares: Sequence[int],
    paces: Sequence[Pace],
    claim: int,
    again: int,
    run: int = 1,
    weights: Sequence[int] = (),
) -> Race:
    """What happens if each core claims so many units at least of its share, and then steals.

    How fast the others are it knows from the `planned` shares; that it is slower itself, from how
    few units it has claimed, and before its first claim from earlier steps, by its weight. Each
    claim takes `again` instructions; a core's first is part of what the step takes. Kernels compute
    a `run` of units at a time, and take as long for fewer.
    """
    left, claimed = list(shares), [0] * len(shares)
    each = [float(pace.each) for pace in paces]
    before = [float(pace.before) + again for pace in paces]

    def whole(units: int, core: int) -> int:
        return min(max(units // claim, 1) * claim, left[core])

    done = 0.0
    free = [(float(-again), core) for core in range(len(shares))]
    while free:
        now, core = heapq.heappop(free)
        if not left[core]:
            victim = max(range(len(left)), key=lambda other: (left[other], other))
            own, other = max(planned[core], 1), max(planned[victim], 1)
            if claimed[core]:
                own = min(own, claimed[core])
            elif weights:
                own = own * weights[core] // _FULL
            units = whole(left[victim] * own // (own + other), victim)
            if not units or units * other // _SLOWEST >= left[victim] * own:
                done = max(done, now)
                continue
            left[victim] -= units
            left[core] = units
        units = whole(left[core] // _BITE, core)
        left[core] -= units
        claimed[core] += units
        computed = -(-units // run) * run
        heapq.heappush(free, (now + before[core] + computed * each[core], core))
    return Race(done, tuple(claimed))


@dataclass(frozen=True)
class Weights:
    """How fast the cores of a team are, as parts of what the plan expects of each."""

    of_cores: tuple[int, ...]

    @classmethod
    def planned(cls, cores: int) -> "Weights":
        """Every core is as fast as planned."""
        return cls((_FULL,) * cores)

    def shares(self, planned: Sequence[int], run: int) -> tuple[int, ...]:
        """Units that each core starts with, if these are its shares in the plan: whole runs."""
        if set(self.of_cores) == {_FULL}:
            return tuple(planned)
        units = sum(planned)
        fine = 8 if units > _MANY else 0
        weighed = [share * weight for share, weight in zip(planned, self.of_cores, strict=True)]
        total = sum(weighed) >> fine
        if not _has_several(planned, run):
            run = 1
        given = [units * (part >> fine) // total // run * run for part in weighed]
        while left := units - sum(given):
            more = min(run, left)
            speeds = [
                (part << 8 - fine) // (own + run) for part, own in zip(weighed, given, strict=True)
            ]
            cores = (core for core, part in enumerate(weighed) if part)
            given[max(cores, key=lambda core: (speeds[core], core))] += more
        return tuple(given)

    def learned(
        self, planned: Sequence[int], run: int, claim: int, claimed: Sequence[int]
    ) -> "Weights":
        """What the lead knows after a step in which each core has claimed so many units."""
        started = self.shares(planned, run)
        if all(abs(own - done) < claim for own, done in zip(started, claimed, strict=True)):
            return self
        if not _has_several(planned, claim) or not all(planned):
            return self
        cores = list(zip(self.shares(planned, 1), claimed, strict=True))
        differ = [
            _differs(weight, given, done, claim)
            for weight, (given, done) in zip(self.of_cores, cores, strict=True)
        ]
        if not any(differ):
            return self
        others = [core for core, differs in zip(cores, differ, strict=True) if not differs]
        rates = []
        for weight, core, differs in zip(self.of_cores, cores, differ, strict=True):
            given, done = core if differs else map(sum, zip(*others, strict=True))
            rates.append(weight * min((done << 8) // max(given, 1), _MOST_CHANGE))
        parts = (rate * _FULL // max(*rates, 1) for rate in rates)
        return Weights(tuple(max(part, 1) if part < _SLOW else _FULL for part in parts))


def _has_several(planned: Sequence[int], part: int) -> bool:
    """Whether cores have several such parts of a step each."""
    return part <= sum(planned) // (_SEVERAL * len(planned))


def _differs(weight: int, given: int, done: int, claim: int) -> bool:
    """Whether a core is slower or faster than its weight says, beyond chance."""
    lost, taken = given - done, done - given
    if weight < _SLOW:
        return max(lost, taken) >= claim
    return lost >= max(claim, given / 4) or taken >= max(claim + 1, given / 2)
