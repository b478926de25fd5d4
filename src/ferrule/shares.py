"""Divides units of work among cores so that the last of them is done as early as possible."""

from collections.abc import Sequence
from fractions import Fraction


def divide(units: int, times: Sequence[Fraction]) -> tuple[int, ...]:
    """Units for each core, given the time that each core needs for one.

    In proportion to speed, rounded down; each unit that is left goes to the core that would be done
    with it first, and of equal cores to the first. No other division is done earlier.
    """
    ideal = units / sum(1 / time for time in times)
    counts = [int(ideal / time) for time in times]
    for _ in range(units - sum(counts)):
        ends = [(count + 1) * time for count, time in zip(counts, times, strict=True)]
        counts[ends.index(min(ends))] += 1
    return tuple(counts)


def longest(counts: Sequence[int], times: Sequence[Fraction]) -> Fraction:
    """When the last core is done."""
    return max(count * time for count, time in zip(counts, times, strict=True))


def waste(units: int, times: Sequence[Fraction]) -> float:
    """How much longer the best division takes than an exact one, in steps of 5 %."""
    exact = units / sum(1 / time for time in times)
    return int(20 * (float(longest(divide(units, times), times) / exact) - 1)) / 20
