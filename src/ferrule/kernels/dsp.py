"""Filters for cores with the DSP extension, which multiply pairs of 16-bit numbers.

The Rust is `crates/kernels/src/dsp_filters.rs`.
"""

import numpy as np

from ferrule.fixed_point import Int64, Requantize
from ferrule.ir import Struct
from ferrule.kernels.kernel import Unproved
from ferrule.kernels.packing import Filters

NEEDS = frozenset({"dsp"})


def obstacle(filters: Filters) -> str:
    """Why the inner loop does not suit these filters; empty if it does."""
    requantize = filters.requantize
    if (requantize.low, requantize.high) != (-128, 127):
        return Unproved(f"it stores all of -128 to 127, not {requantize.low} to {requantize.high}")
    if requantize.shifts.max() > -1:
        return Unproved("a scale is 1/2 or more")
    if requantize.multipliers.min() < 1 << 30:
        return Unproved("a scale is 0")
    if np.abs(filters.weights).max() > 128 or filters.weights.max() > 127:
        return Unproved("weights less their zero point need more than 8 bits")
    bounds = np.abs(np.concatenate([*filters.ranges, filters.folded_bias]))
    if bounds.max() >= 1 << 31:
        return Unproved("the folded bias needs more than 32 bits")
    if filters.differing(lambda sums: stored(requantize, sums)):
        return Unproved("its short requantization is not exact here")
    return ""


def is_signed(requantize: Requantize) -> bool:
    """Whether ties below zero, which round away from it, need an instruction of their own."""
    return requantize.low < requantize.zero_point and not _rounds_away(requantize)


def _rounds_away(requantize: Requantize) -> bool:
    """Whether scales can be larger by `2**-32`, so that they round ties below zero away from it.

    A scaled accumulator has `right` bits after the point. Below `2**(32 - right)` in size it then
    changes by less than the last of these, downwards if it is negative: nothing but such ties is
    rounded otherwise. Larger ones are clamped.
    """
    right = -requantize.shifts.astype(np.int64)
    return requantize.low < requantize.zero_point and 2 <= right.min() <= right.max() <= 11


def constants(requantize: Requantize) -> tuple[Int64, Int64]:
    """Multipliers and scales for `SMMLAR` and `SMMLSR`.

    The first instruction adds `acc * (2m - 2**32) / 2**32` to the accumulator: the doubling high
    multiply. The second subtracts `-2**(32 - right) / 2**32` times that from the zero point.
    """
    multipliers: Int64 = 2 * requantize.multipliers.astype(np.int64) - (1 << 32)
    scales: Int64 = -(np.int64(1) << (32 + requantize.shifts.astype(np.int64)))
    return multipliers, scales - _rounds_away(requantize)


def stored(requantize: Requantize, sums: Int64) -> Int64:
    """The short requantization of accumulators `[channels, ...]`, as `arithmetic.rs` has it."""
    multipliers, scales = (values[:, None] for values in constants(requantize))
    half = 1 << 31
    scaled = (sums * multipliers + (sums << 32) + half) >> 32
    if is_signed(requantize):
        scaled = scaled + (scaled >> 31)
    rounded: Int64 = ((requantize.zero_point << 32) - scaled * scales + half) >> 32
    return np.clip(rounded, -128, 127)


def quads(rows: int, taps: int) -> int:
    """Words of four taps of a filter, of which each row of taps is filled up to whole words."""
    return rows * -(-taps // 4)


def packed(filters: Filters, rows: int) -> Struct:
    """`DspFilters` of filters with so many rows of taps; an odd last one is there twice."""
    channels, taps = filters.weights.shape
    pairs = -(-channels // 2)
    twice = np.minimum(np.arange(2 * pairs), channels - 1)
    by_row = filters.weights[twice].reshape(2 * pairs, rows, taps // rows)
    filled = np.pad(by_row, ((0, 0), (0, 0), (0, -(taps // rows) % 4)))
    # [pair, 2 channels, quad, 4 taps] to [pair, quad, (taps 0, 2), (1, 3)], channels in turns.
    weights = filled.astype(np.int8).reshape(pairs, 2, -1, 2, 2).transpose(0, 2, 4, 3, 1)
    multipliers, scales = constants(filters.requantize)
    table = [
        filters.folded_bias[twice].reshape(pairs, 2),
        np.stack([multipliers, scales], axis=1)[twice].reshape(pairs, 4),
    ]
    return Struct(
        "DspFilters",
        {
            "quads": quads(rows, taps // rows),
            "weights": np.ascontiguousarray(weights).reshape(-1).view("<i4"),
            "scales": np.concatenate(table, axis=1).astype(np.int32),
            "zero_point": filters.requantize.zero_point,
            "signed": is_signed(filters.requantize),
        },
    )
