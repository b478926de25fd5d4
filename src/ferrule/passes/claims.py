"""How many units cores that steal claim at a time: few enough to share evenly, or as many as pay.

A claim costs what its kernel does before the first unit. Large claims are few; but a core that
turns out to be slow keeps all of its last one, and where each core claims its share at once nobody
learns how fast it was.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from statistics import mean

from ferrule.crew import Crew
from ferrule.passes.schedule import CLEARLY
from ferrule.shares import Pace, divide
from ferrule.stealing import Race, Weights, race
from ferrule.steps import Step, units_of

# Sizes of claims that are tried, in what the kernel computes at a time (`CutBuilder::claims`).
_RUNS = tuple(1 << power for power in range(16))

# How many times as long a slow core takes, in the inferences that are gone through: several, so
# that it matters little which of two cores is first that are done at nearly the same time.
_SLOWER = (Fraction(19, 10), Fraction(2), Fraction(21, 10))

# What a step counts in which a core becomes slow, beside inferences in which the lead knows of it.
_SUDDENLY = 0.25

# Inferences after which a lead knows as much as it ever will.
_SOON = 3

# Steps whose claims are chosen for what they teach about later ones: those that take longest.
_TEACHERS = 24


def claims(steps: Sequence[Step], crew: Crew) -> tuple[Step, ...]:
    """The steps, each with the least units of a claim, and what it then takes.

    Goes through inferences of a team as fast as its costs say, and of teams whose last core is
    slow, which the lead learns as they go on. Chosen are the claims with which all cores are done
    first, on average of both: at first for each step by itself, where nobody knows of the slow
    core; then once more step by step, with all that it changes in others.
    """
    shared = [_best(step, crew) for step in steps if not step.is_alone]
    chosen = [way.alone[1] for way in shared]
    longest = sorted(range(len(shared)), key=lambda index: -shared[index].alone[0])
    for index in longest[:_TEACHERS]:
        before, behind = chosen[:index], chosen[index + 1 :]
        trials = [[*before, claim, *behind] for claim in shared[index].sizes]
        chosen = min(trials, key=lambda trial: (_whole(shared, trial), trial))
    done = iter(way.claimed(claim) for way, claim in zip(shared, chosen, strict=True))
    return tuple(step if step.is_alone else next(done) for step in steps)


def _best(step: Step, crew: Crew) -> "_Shared":
    """The step, or the same with another cut that costs not much more while no core is slow."""
    ways = [_Shared(step, crew)]
    most = CLEARLY * min((way.predicted for way in step.weighed if way.cut == step.cut), default=0)
    others = (way for way in step.weighed if way.cut not in ("", step.cut))
    for cut in (way.cut for way in others if way.predicted <= most):
        unit, units = units_of(step.kernels, cut)
        paces = crew.paces(step.kernels, cut, units)
        shares = tuple(divide(units, paces[:team]) for team in range(1, crew.cores + 1))
        reason = step.reason.replace(f"shared by {step.cut}", f"shared by {cut}", 1)
        other = replace(step, cut=cut, unit=unit, units=units, shares=shares, reason=reason)
        ways.append(_Shared(other, crew))
    best = min(ways, key=lambda way: way.alone[0])
    return best if best.alone[0] * float(CLEARLY) <= ways[0].alone[0] else ways[0]


def _whole(shared: Sequence["_Shared"], chosen: Sequence[int]) -> float:
    """What inferences with these claims take on average, in teams with a slow core and without."""
    steps = list(zip(shared, chosen, strict=True))
    ends = sum(way.equal(claim) + _SUDDENLY * way.unaware(claim) for way, claim in steps)
    for index in range(len(_SLOWER)):
        known = Weights.planned(shared[0].crew.cores)
        for _ in range(_SOON):
            end = 0.0
            for way, claim in steps:
                result, known = way.slow(claim, index, known)
                end += result.end
        ends += end / len(_SLOWER)
    return ends


class _Shared:
    """A step that cores share, and how fast they are in it: as planned, or with a slow one."""

    def __init__(self, step: Step, crew: Crew) -> None:
        self.step = step
        self.crew = crew
        self.paces = crew.paces(step.kernels, step.cut, step.units)
        *others, last = self.paces
        self._slow = [
            [*others, Pace(slower * last.each, slower * last.before)] for slower in _SLOWER
        ]
        self._equal: dict[int, float] = {}
        self._results: dict[tuple[int, int, Weights], tuple[Race, Weights]] = {}

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Least units of a claim that are worth a trial."""
        planned, grain = self.step.shares[-1], self.step.grain
        most = max(min(2 * max(*planned, grain), self.step.units), grain)
        return tuple(runs * grain for runs in _RUNS if runs * grain <= most)

    @cached_property
    def alone(self) -> tuple[float, int]:
        """What the step takes by itself, on average, with its best claims; and these."""
        return min((self.equal(claim) + self.unaware(claim), claim) for claim in self.sizes)

    def unaware(self, claim: int) -> float:
        """When slow teams are done with the step, on average, if the lead does not know of it."""
        known = Weights.planned(self.crew.cores)
        return mean(self.slow(claim, index, known)[0].end for index in range(len(_SLOWER)))

    def equal(self, claim: int) -> float:
        """When a team as fast as planned is done with the step."""
        if claim not in self._equal:
            self._equal[claim] = self._race(self.step.shares[-1], self.paces, claim).end
        return self._equal[claim]

    def slow(self, claim: int, index: int, known: Weights) -> tuple[Race, Weights]:
        """What happens in a slow team if the lead knows so much, and what it then knows."""
        key = claim, index, known
        if key not in self._results:
            planned, grain = self.step.shares[-1], self.step.grain
            shares = known.shares(planned, grain)
            result = self._race(shares, self._slow[index], claim, known.of_cores)
            learned = known.learned(planned, grain, claim, result.claimed)
            self._results[key] = result, learned
        return self._results[key]

    def _race(
        self,
        shares: Sequence[int],
        paces: Sequence[Pace],
        claim: int,
        weights: Sequence[int] = (),
    ) -> Race:
        again, planned = self.crew.target.overheads.claim, self.step.shares[-1]
        return race(planned, shares, paces, claim, again, self.step.grain, weights)

    def claimed(self, claim: int) -> Step:
        """The step with its claims, and what it takes."""
        again = self.crew.target.overheads.claim
        predicted = tuple(
            round(race(self.step.shares[-1], row, self.paces[:team], claim, again).end)
            + self.crew.target.overhead(team)
            for team, row in enumerate(self.step.shares, start=1)
        )
        return replace(self.step, claim=claim, predicted=predicted)
