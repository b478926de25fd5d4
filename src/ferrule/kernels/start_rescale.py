"""A requantization in one multiplication, for sums that are shifted to the left before it.

What `fixed_point.py` does beside it is in what the sum starts with: both roundings, the zero point
of the output, and the bias. Starts are searched, and proved for all that can be summed.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ferrule.fixed_point import Int64, Requantize
from ferrule.kernels.kernel import Unproved
from ferrule.kernels.packing import Filters

#: Bits behind what is stored in a scaled sum.
FRACTION = 18
#: Bits that sums may be shifted to the left.
LEFTS = range(8, 17)
# Changes of the multiplier that are tried.
_CHANGES = (0, 1, -1, 2, -2, 3, -3)
# Beyond all starts.
_FAR = 1 << 61
_LARGEST = (1 << 31) - 1


@dataclass(frozen=True)
class Numbers:
    """Bits to the left, start without the bias, and multiplier of each channel, where found."""

    left: Int64
    start: Int64
    multiplier: Int64
    found: npt.NDArray[np.bool_]

    def or_else(self, other: "Numbers") -> "Numbers":
        """These where they are found, and else others."""
        mine = {name: getattr(self, name) for name in ("left", "start", "multiplier")}
        taken = {name: np.where(self.found, v, getattr(other, name)) for name, v in mine.items()}
        return Numbers(**taken, found=self.found | other.found)


@dataclass(frozen=True, eq=False)
class StartRescale:
    """`((acc << left) + start) * multiplier / 2^31 >> FRACTION`, saturated to 8 bits, by channel.

    A sum is shifted as far as it has room, so that its start has many fractions to choose from.
    `parities` says which multipliers have to be even (0) or odd (1), by channel; others are -1.
    """

    filters: Filters
    parities: Int64 | None = None

    @property
    def _given(self) -> Requantize:
        return self.filters.requantize

    def obstacle(self) -> str:
        """Why this form is not exact for what the operator can accumulate; empty if it is."""
        if (self._given.low, self._given.high) != (-128, 127):
            return Unproved("its results are clamped to less than 8 bits")
        if not self.numbers.found.all() or self.filters.differing(self.apply):
            return Unproved("its requantization is not exact in one multiplication")
        return ""

    def apply(self, accumulators: Int64) -> Int64:
        """The stored values of accumulators `[channels, points]`, as Rust computes them."""
        left, start, multiplier = (
            values[:, None]
            for values in (self.numbers.left, self.numbers.start, self.numbers.multiplier)
        )
        scaled = (((accumulators << left) + start) * multiplier + (1 << 30)) >> 31
        stored: Int64 = np.clip(scaled >> FRACTION, -128, 127)
        return stored

    @cached_property
    def numbers(self) -> Numbers:
        """Numbers that are right on both sides of every step and fit 32 bits."""
        none = np.zeros(len(self.filters.weights), np.int64)
        best = Numbers(none, none, none, none > 0)
        for left in reversed(LEFTS):
            for change in _CHANGES:
                if best.found.all():
                    return best
                best = best.or_else(self._tried(left, change))
        return best

    def _tried(self, left: int, change: int) -> Numbers:
        """What this shift allows, with a multiplier that differs so much from the exact one."""
        shifts = self._given.shifts.astype(float) + FRACTION - left
        exact = np.floor(self._given.multipliers * np.exp2(shifts))
        multiplier = np.clip(exact + change, 1, _LARGEST).astype(np.int64)
        lowest, highest = self._starts(left, multiplier)
        start = (lowest + highest) >> 1
        ends = [np.abs((end << left) + start) <= _LARGEST for end in self.filters.ranges]
        found = (lowest <= highest) & ends[0] & ends[1]
        if self.parities is not None:
            found &= (self.parities < 0) | (self.parities == multiplier & 1)
        return Numbers(np.full_like(start, left), start, multiplier, found)

    def _starts(self, left: int, multiplier: Int64) -> tuple[Int64, Int64]:
        """The least and the largest start that are right with these multipliers."""
        least, most = (end[:, None] for end in self.filters.ranges)
        steps = self.filters.steps
        goals = np.arange(self._given.low + 1, self._given.high + 1, dtype=np.int64)
        # The least sum that is stored as a goal, or as more.
        sums = -(((1 << 30) - (goals << (FRACTION + 31))) // multiplier[:, None])
        lowest = np.where(steps <= most, sums - (steps << left), -_FAR).max(axis=1)
        highest = np.where(steps > least, sums - 1 - ((steps - 1) << left), _FAR).min(axis=1)
        # Where nothing is as low, or as high, the other bound will do.
        alone = np.where(lowest == -_FAR, highest, lowest)
        return alone, np.where(highest == _FAR, lowest, highest)
