"""The shortest requantization for cores with a high multiply, proved before it is used.

The double rounding of `fixed_point.py` becomes one multiplication, one addition and one shift, as
the inner loops in `crates/kernels/src/instructions` compute it.
"""

from dataclasses import dataclass

import numpy as np

from ferrule.fixed_point import Int64, Requantize
from ferrule.kernels.kernel import Unproved
from ferrule.kernels.packing import Filters

# The accumulator is shifted left by two; its sum with the constant must stay inside 32 bits.
_WIDEST = 1 << 29
_MOST_RIGHT = 20


@dataclass(frozen=True)
class ShortRescale:
    """`clamp((acc * multiplier / 2**30 + constant) >> (right + 1))`, channel by channel.

    `constant` is `1 + (2 * (zero point - low) + 1) << right`, so the result counts from
    `low`. Ties below zero are rounded down by 2 less; without it they go up, which is the same
    where all below zero is clamped.
    """

    requantize: Requantize

    @property
    def is_signed(self) -> bool:
        """Whether values below zero are stored, so that their ties matter."""
        return self.requantize.low < self.requantize.zero_point

    @property
    def right(self) -> Int64:
        """Shifts to the right after the multiplication, for each channel."""
        return -self.requantize.shifts.astype(np.int64)

    def obstacle(self, filters: Filters) -> str:
        """Why this form is not exact for what an operator can accumulate; empty if it is."""
        if np.min(self.right) < 1 or np.max(self.right) > _MOST_RIGHT:
            return Unproved(f"a ratio of scales is not between 2^-{_MOST_RIGHT} and 1/2")
        if max(int(np.abs(end).max()) for end in filters.ranges) >= _WIDEST:
            return Unproved("an accumulator needs more than 30 bits")
        if filters.differing(self.apply):
            return Unproved("its requantization is not exact here")
        return ""

    def apply(self, accumulators: Int64) -> Int64:
        """The stored values of accumulators `[channels, points]`, as Rust computes them."""
        given = self.requantize
        multiplier, constant, shift = (values[:, None] for values in self.constants)
        ties = np.where(accumulators < 0, -2 if self.is_signed else 0, 0)
        above = (((accumulators * 4 * multiplier) >> 32) + constant + ties) >> shift
        stored: Int64 = np.clip(above, 0, given.high - given.low) + given.low
        return stored

    @property
    def constants(self) -> tuple[Int64, Int64, Int64]:
        """Multiplier, constant and shift of each channel."""
        given = self.requantize
        constant = 1 + ((2 * (given.zero_point - given.low) + 1) << self.right)
        return given.multipliers.astype(np.int64), constant, self.right + 1
