"""The shortest requantization for cores with a high multiply, proved before it is used.

The double rounding of `fixed_point.py` becomes one multiplication, one addition and one shift. The
same in Rust is `crates/kernels/src/short_rescale.rs`.
"""

from dataclasses import dataclass

import numpy as np

from ferrule.fixed_point import Int64, Requantize
from ferrule.ir import Struct
from ferrule.kernels.packing import Filters

# The accumulator is shifted left by two; its sum with the constant must stay inside 32 bits.
_WIDEST = 1 << 29
_MOST_RIGHT = 20


@dataclass(frozen=True)
class ShortRescale:
    """`clamp((acc * multiplier / 2**30 + constant) >> (right + 1))`, channel by channel.

    `constant` is `1 + (2 * (zero point - low) + 1) << right`, so that the result counts from
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
            return f"a ratio of scales is not between 2^-{_MOST_RIGHT} and 1/2"
        if max(int(np.abs(end).max()) for end in filters.ranges) >= _WIDEST:
            return "an accumulator needs more than 30 bits"
        if filters.differing(self.apply):
            return "its requantization is not exact here"
        return ""

    def apply(self, accumulators: Int64) -> Int64:
        """The stored values of accumulators `[channels, points]`, as Rust computes them."""
        given = self.requantize
        right = self.right[:, None]
        scaled = (accumulators * 4 * given.multipliers.astype(np.int64)[:, None]) >> 32
        constant = 1 + ((2 * (given.zero_point - given.low) + 1) << right)
        ties = np.where(accumulators < 0, -2 if self.is_signed else 0, 0)
        above = (scaled + constant + ties) >> (right + 1)
        stored: Int64 = np.clip(above, 0, given.high - given.low) + given.low
        return stored

    def params(self) -> Struct:
        """Fields of the Rust struct."""
        given = self.requantize
        return Struct(
            "ShortRescale",
            {
                "multipliers": given.multipliers,
                "rights": self.right.astype(np.int8),
                "is_signed": self.is_signed,
                "zero_point": given.zero_point,
                "low": given.low,
                "span": given.high - given.low,
            },
        )
