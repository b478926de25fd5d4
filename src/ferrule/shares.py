"""Divides units of work among cores so that the last of them is done as early as possible."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Pace:
    """A core's time for one unit, and before the first.

    It computes a `run` of units at a time, and takes as long for fewer.
    """

    each: Fraction
    before: Fraction = Fraction(0)
    run: int = 1

    def end(self, units: int) -> Fraction:
        """When the core is done with so many units."""
        computed = -(-units // self.run) * self.run
        return self.before + computed * self.each if units else Fraction(0)


def divide(units: int, paces: Sequence[Pace]) -> tuple[int, ...]:
    """Units for each core: in proportion to speed, after what each has to do before.

    Rounded down to whole runs; each unit that is left goes to the core that would be done with it
    first, and of equal cores to the first. No other division is done earlier.
    """
    exact = ideal(units, paces)
    counts = [
        max(int((exact - pace.before) / pace.each), 0) // pace.run * pace.run for pace in paces
    ]
    for _ in range(units - sum(counts)):
        ends = [pace.end(count + 1) for count, pace in zip(counts, paces, strict=True)]
        counts[ends.index(min(ends))] += 1
    return tuple(counts)


def ideal(units: int, paces: Sequence[Pace]) -> Fraction:
    """When all cores could be done together if units could be cut anywhere."""
    taking = sorted(paces, key=lambda pace: pace.before)
    while True:
        work = units + sum((pace.before / pace.each for pace in taking), Fraction(0))
        end = work / sum(1 / pace.each for pace in taking)
        if len(taking) == 1 or taking[-1].before < end:
            return end
        taking.pop()


def longest(counts: Sequence[int], paces: Sequence[Pace]) -> Fraction:
    """When the last core is done."""
    return max(pace.end(count) for count, pace in zip(counts, paces, strict=True))
