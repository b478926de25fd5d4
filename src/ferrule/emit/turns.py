"""Finds steps that have the same kernels in turns, so that one loop can run them all."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

# Steps of a turn at most, and how many turns are worth a loop.
_LONGEST = 4
_FEWEST = 3


@dataclass(frozen=True)
class Turns:
    """`count` runs of `length` steps from step `first` on; each has the same kernels in order."""

    first: int
    length: int
    count: int

    @property
    def steps(self) -> range:
        """The numbers of all its steps."""
        return range(self.first, self.first + self.length * self.count)

    def by_turn(self) -> Iterator[range]:
        """The numbers of the steps of each turn."""
        for start in self.steps[:: self.length]:
            yield range(start, start + self.length)


def turns(kernels: Sequence[Hashable]) -> list[Turns]:
    """All steps in order, in as few and as long loops as there are; most have one turn.

    `kernels` is what the steps of a loop must have in common.
    """
    found = []
    first = 0
    while first < len(kernels):
        found.append(_longest(kernels, first))
        first = found[-1].steps.stop
    return found


def _longest(kernels: Sequence[Hashable], first: int) -> Turns:
    """The turns with most steps that begin here; of equal ones those that are shortest."""
    best = Turns(first, 1, 1)
    for length in range(1, _LONGEST + 1):
        turn = kernels[first : first + length]
        count = 1
        while kernels[first + count * length : first + (count + 1) * length] == turn:
            count += 1
        if count >= _FEWEST and length * count > best.length * best.count:
            best = Turns(first, length, count)
    return best
