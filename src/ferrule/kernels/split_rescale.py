"""The shortest requantization for cores without a high multiply, proved before it is used.

Such a core multiplies 32 bits by 32 and keeps the low 32, so the double rounding of
`fixed_point.py` becomes two multiplications by the halves of one factor. What an accumulator is
counted from, the factor and the constant are searched channel by channel.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ferrule.fixed_point import Int64, Requantize
from ferrule.ir import Array, Struct
from ferrule.kernels.kernel import Unproved
from ferrule.kernels.packing import Filters

# The eight bits that are stored are the highest of 32.
_FRACTION = 24
# Changes of the factor that are tried.
_CHANGES = (0, 1, -1, 2, -2, 3, -3)
# Beyond all constants.
_FAR = 1 << 60
# Bits of the largest accumulator that is not clamped, counted from the base.
_MOST_BITS = 24

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Scales:
    """`low + ((u * (factor >> shift) + ((u * rest) >> shift) + constant) >> 24)`, by channel.

    `u` is the accumulator less `base`, in `[0, span]`; below it `low` is stored and above it
    `high`. `rest` is the factor's low `shift` bits. Where the accumulator is negative `below` is
    added to the constant.
    """

    base: Int64
    span: Int64
    shift: Int64
    factor: Int64
    constant: Int64
    below: Int64
    found: Flags

    def or_else(self, other: "Scales") -> "Scales":
        """These where they are right, and else others with the same base, span and shift."""
        mine = {name: getattr(self, name) for name in ("factor", "constant", "below")}
        taken = {n: np.where(self.found, v, getattr(other, n)) for n, v in mine.items()}
        return replace(self, **taken, found=self.found | other.found)


@dataclass(frozen=True, eq=False)
class SplitRescale:
    """A requantization for the accumulators that an operator can have."""

    filters: Filters

    @property
    def _given(self) -> Requantize:
        return self.filters.requantize

    @cached_property
    def is_signed(self) -> bool:
        """Whether ties below zero need another constant than those above."""
        return not self._search(is_signed=False).found.all()

    def obstacle(self) -> str:
        """Why this form is not exact for what the operator can accumulate; empty if it is."""
        if self._given.low == self._given.high:
            return Unproved("all its results are the same")
        scales = self.scales
        if int(scales.span.max()) >> _MOST_BITS:
            return Unproved(f"results differ over more than 2^{_MOST_BITS} accumulators")
        if max(int(np.abs(end - scales.base).max()) for end in self.filters.ranges) >> 31:
            return Unproved("an accumulator needs more than 32 bits")
        # With more for what is negative, `apply` could decrease at 0: `differing` would not see it.
        is_rising = scales.below.max() <= 0
        if not scales.found.all() or not is_rising or self.filters.differing(self.apply):
            return Unproved("its requantization is not exact here")
        return ""

    @cached_property
    def scales(self) -> Scales:
        """The numbers of each channel."""
        return self._search(self.is_signed)

    def apply(self, accumulators: Int64) -> Int64:
        """The stored values of accumulators `[channels, points]`, as Rust computes them."""
        scales = self.scales
        base, span, constant, below = (
            values[:, None] for values in (scales.base, scales.span, scales.constant, scales.below)
        )
        u = np.clip(accumulators - base, 0, span)
        sums = _products(scales, u) + constant + np.where(accumulators < 0, below, 0)
        stored: Int64 = self._given.low + (sums >> _FRACTION)
        stored = np.where(accumulators < base, self._given.low, stored)
        return np.where(accumulators - base > span, self._given.high, stored)

    @property
    def records(self) -> Array:
        """Of each channel the words that Rust is given, `[channels, 4]`, or 6 if signed.

        A factor without a rest needs no shift, and those that are not signed have none.
        """
        scales = self.scales
        rest = scales.factor & ((np.int64(1) << scales.shift) - 1)
        shift = np.where((rest == 0) & (not self.is_signed), scales.shift, 0)
        low = (self._given.low & 0xFF) << _FRACTION
        columns = [
            self.filters.folded_bias - scales.base,
            scales.factor >> shift,
            scales.constant + low,
            (scales.span << 8) | (scales.shift - shift),
        ]
        if self.is_signed:
            columns += [np.maximum(-scales.base, 0), scales.below]
        words: Int64 = np.stack(columns, axis=1) & 0xFFFFFFFF
        return words.astype(np.uint32)

    def params(self) -> Struct:
        """Fields of `SplitRescale` in `crates/kernels/src/split_rescale.rs`."""
        return Struct(
            "SplitRescale",
            {
                "records": self.records,
                "is_signed": self.is_signed,
                "low": self._given.low,
                "high": self._given.high,
            },
        )

    def _search(self, is_signed: bool) -> Scales:
        """Numbers that are right on both sides of every step, where there are such."""
        given, steps = self._given, self.filters.steps
        least, most = self.filters.ranges
        shifts = given.shifts.astype(np.int64)
        ratios = np.ldexp(given.multipliers.astype(float), shifts - 31)
        half = np.clip(0.5 / np.maximum(ratios, 1e-9), 0, 1 << 30).astype(np.int64)
        base = np.minimum(np.maximum(steps[:, 0] - half, least), steps[:, -1] - 1)
        span = np.minimum(steps[:, -1] - 1, most) - base
        bits = np.ceil(np.log2(span + 1)).astype(np.int64)
        shift = np.clip(np.minimum(32 - bits, 8 - shifts), 1, _FRACTION)
        exact = np.floor(np.ldexp(given.multipliers.astype(float), shifts + shift - 7))
        none = np.zeros_like(base)
        best = Scales(base, span, shift, none, none, none, none > 0)
        # Where one product is enough the factor has no rest.
        short = [((exact.astype(np.int64) >> shift) + change) << shift for change in (0, 1)]
        for factor in [*short, *(exact.astype(np.int64) + change for change in _CHANGES)]:
            factor = np.clip(factor, 0, (1 << 32) - 1)
            best = best.or_else(self._constants(replace(best, factor=factor), is_signed))
        return best

    def _constants(self, scales: Scales, is_signed: bool) -> Scales:
        """The constants in the middle of those that are right with these factors."""
        least, most = self.filters.ranges
        base, end = scales.base, scales.base + scales.span
        inside = np.clip(self.filters.steps, base[:, None] + 1, end[:, None])
        points = np.concatenate([base[:, None], end[:, None], inside - 1, inside], axis=1)
        stored = self.filters.stored(np.clip(points, least[:, None], most[:, None]))
        goals = (stored - self._given.low) << _FRACTION
        from_ = goals - _products(scales, points - base[:, None])
        is_below = (points < 0) & is_signed
        ends = []
        for side in (~is_below, is_below):
            lowest = np.where(side, from_, -_FAR).max(axis=1)
            highest = np.where(side, from_ + (1 << _FRACTION) - 1, _FAR).min(axis=1)
            ends.append((lowest, highest))
        (above, found), (below, found_below) = (
            ((lowest + highest) >> 1, lowest <= highest) for lowest, highest in ends
        )
        has_both = is_below.any(axis=1) & ~is_below.all(axis=1)
        above = np.where(is_below.all(axis=1), below, above)
        difference = np.where(has_both, below - above, 0)
        return replace(scales, constant=above, below=difference, found=found & found_below)


def _products(scales: Scales, u: Int64) -> Int64:
    """The factor times `u` `[channels, points]`, as two products."""
    factor, shift = scales.factor[:, None], scales.shift[:, None]
    rest = factor & ((np.int64(1) << shift) - 1)
    products: Int64 = u * (factor >> shift) + ((u * rest) >> shift)
    return products
