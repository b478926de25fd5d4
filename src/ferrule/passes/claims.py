"""How many units cores that steal claim at a time: few enough to share evenly, or as many as pay.

A claim costs what its kernel does before the first unit. Large claims are few; but a core that
turns out to be slow keeps all of its last one, and where each core claims its share at once nobody
learns how fast it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest
from statistics import mean

from ferrule.crew import Crew
from ferrule.passes.schedule import CLEARLY
from ferrule.shares import Pace, divide, longest
from ferrule.stealing import Weights, race
from ferrule.steps import Step, units_of

# Sizes of claims that are tried, in what the kernel computes at a time.
_RUNS = (1, *sorted(base << power for base in (2, 3) for power in range(15)))

# How many times as long a slow core takes, in the inferences that are gone through: several, so
# that it matters little which of two cores is first that are done at nearly the same time.
_SLOWER = (Fraction(19, 10), Fraction(2), Fraction(21, 10))

# A core becomes slow in this part of the steps in which one is slow.
_SUDDENLY = 0.1


def claims(steps: Sequence[Step], crew: Crew) -> tuple[Step, ...]:
    """The steps, each with the least units of a claim, and what it then takes.

    Goes through an inference with a team as fast as its costs say, and with teams whose last core
    is slow, which the lead learns as the inference goes on. Chosen are the claims with which all
    cores are done first, on average of both, and with which the next step is then shared well. What
    happens if the core has become slow only then counts a little.
    """
    shared = [
        [_Shared(way, crew) for way in _ways(step, crew)] for step in steps if not step.is_alone
    ]
    known = tuple(Weights.planned(crew.cores) for _ in _SLOWER)
    chosen = []
    for ways, later in zip_longest(shared, shared[1:]):
        choices = [way.choose(known, later[0] if later else None) for way in ways]
        best = min(choices[1:], key=lambda choice: choice.end, default=choices[0])
        if best.end * float(CLEARLY) > choices[0].end:
            best = choices[0]
        known = best.known
        chosen.append(ways[choices.index(best)].claimed(best.claim))
    done = iter(chosen)
    return tuple(step if step.is_alone else next(done) for step in steps)


def _ways(step: Step, crew: Crew) -> list[Step]:
    """The step, and the same with other cuts that cost not much more while no core is slow."""
    ways = [step]
    most = CLEARLY * min((way.predicted for way in step.weighed if way.cut == step.cut), default=0)
    others = (way for way in step.weighed if way.cut not in ("", step.cut))
    for cut in (way.cut for way in others if way.predicted <= most):
        unit, units = units_of(step.kernels, cut)
        paces = crew.paces(step.kernels, cut, units)
        shares = tuple(divide(units, paces[:team]) for team in range(1, crew.cores + 1))
        reason = step.reason.replace(f"shared by {step.cut}", f"shared by {cut}", 1)
        other = replace(step, cut=cut, unit=unit, units=units, shares=shares, reason=reason)
        ways.append(other)
    return ways


@dataclass(frozen=True)
class _Choice:
    """Least units of a claim, how long that takes, and what leads of slow teams know then."""

    end: float
    claim: int
    known: tuple[Weights, ...]


class _Shared:
    """A step that cores share, and how fast they are in it: as planned, or with a slow one."""

    def __init__(self, step: Step, crew: Crew) -> None:
        self.step = step
        self.crew = crew
        self.again = crew.target.overheads.claim
        self.paces = crew.paces(step.kernels, step.cut, step.units)
        *others, last = self.paces
        self.slow = [
            [*others, Pace(slower * last.each, slower * last.before)] for slower in _SLOWER
        ]

    def choose(self, known: tuple[Weights, ...], later: "_Shared | None") -> _Choice:
        """The best claims, and of several that are as good the smallest."""
        planned, grain = self.step.shares[-1], self.step.grain
        started = max(max(weights.shares(planned, grain)) for weights in known)
        most = max(min(2 * max(*planned, started, grain), self.step.units), grain)
        unaware = tuple(Weights.planned(self.crew.cores) for _ in _SLOWER)
        choices = []
        for size in (runs * grain for runs in _RUNS if runs * grain <= most):
            end, learned = self._slow_end(size, known, later)
            sudden, _ = self._slow_end(size, unaware, later)
            end += race(planned, planned, self.paces, size, self.again, grain).end
            end += _SUDDENLY * sudden
            choices.append(_Choice(end, size, learned))
        return min(choices, key=lambda choice: (choice.end, choice.claim))

    def _slow_end(
        self, claim: int, known: tuple[Weights, ...], later: "_Shared | None"
    ) -> tuple[float, tuple[Weights, ...]]:
        """When slow teams are done with the step, on average, and then what they know.

        With it goes when they would be done with the next step if each core did its new share.
        """
        planned = self.step.shares[-1]
        ends, learned = [], []
        for index, (weights, slow) in enumerate(zip(known, self.slow, strict=True)):
            shares = weights.shares(planned, claim)
            result = race(planned, shares, slow, claim, self.again, self.step.grain)
            weights = weights.learned(planned, claim, result.claimed)
            ends.append(result.end)
            if later:
                shares = weights.shares(later.step.shares[-1], later.step.grain)
                ends[-1] += float(longest(shares, later.slow[index]))
            learned.append(weights)
        return mean(ends), tuple(learned)

    def claimed(self, claim: int) -> Step:
        """The step with its claims, and what it takes."""
        predicted = tuple(
            round(race(self.step.shares[-1], row, self.paces[:team], claim, self.again).end)
            + self.crew.target.overhead(team)
            for team, row in enumerate(self.step.shares, start=1)
        )
        return replace(self.step, claim=claim, predicted=predicted)
