"""Filters for cores with the vector extension MVE, which multiply 16 pairs of bytes at a time.

The Rust is `crates/kernels/src/mve_filters.rs`.
"""

import numpy as np

from ferrule.fixed_point import Requantize
from ferrule.ir import Array, Struct
from ferrule.kernels.kernel import Unproved
from ferrule.kernels.packing import Filters

NEEDS = frozenset({"mve"})
#: Elements of a vector.
VECTOR = 16
#: Channels that are computed at a time.
BLOCK = 4
# Places of a block's outputs in two pixels are numbers of 16 bits.
_MOST_CHANNELS = (1 << 16) - BLOCK
# The kernels count the words of all blocks in 32 bits.
_MOST_TAPS = VECTOR << 12


def obstacle(filters: Filters) -> str:
    """Why the vector requantization does not suit these filters; empty if it does."""
    if len(filters.weights) > _MOST_CHANNELS:
        return f"there are more than {_MOST_CHANNELS:,} output channels"
    if filters.weights.shape[1] > _MOST_TAPS:
        return f"there are more than {_MOST_TAPS:,} taps"
    if filters.requantize.shifts.max() > -1:
        return Unproved("a scale is 1/2 or more")
    if filters.weights.min() < -128 or filters.weights.max() > 127:
        return Unproved("weights less their zero point need more than 8 bits")
    if np.abs(filters.folded_bias).max() >= 1 << 31:
        return Unproved("the folded bias needs more than 32 bits")
    return ""


def vectors(taps: int) -> int:
    """Vectors that hold a number of taps."""
    return -(-taps // VECTOR)


def packed(filters: Filters) -> Struct:
    """`MveFilters`: blocks of four channels, the missing ones of the last block 0."""
    channels, taps = filters.weights.shape
    blocks, count = -(-channels // BLOCK), vectors(taps)
    more = blocks * BLOCK - channels

    def rows(values: Array, missing: int = 0) -> Array:
        """One row of bytes for each block of channels."""
        padded = np.pad(values, (0, more), constant_values=missing)
        return np.ascontiguousarray(padded.reshape(blocks, BLOCK)).view(np.int8)

    weights = np.pad(filters.weights, ((0, more), (0, count * VECTOR - taps))).astype(np.int8)
    weights = weights.reshape(blocks, BLOCK, count, VECTOR).transpose(0, 2, 1, 3)
    requantize = filters.requantize
    content = [
        rows(filters.folded_bias.astype("<i4")),
        weights.reshape(blocks, -1),
        rows(requantize.multipliers.astype("<i4")),
        rows(requantize.shifts.astype(np.int8), missing=-1),
    ]
    return Struct(
        "MveFilters",
        {
            "channels": channels,
            "vectors": count,
            "blocks": np.ascontiguousarray(np.concatenate(content, axis=1)).view("<i4"),
            "range": stored_range(requantize),
        },
    )


def stored_range(requantize: Requantize) -> Struct:
    """`MveRange`."""
    return Struct(
        "MveRange",
        {
            "zero_point": requantize.zero_point,
            "low": requantize.low,
            "high": requantize.high,
        },
    )
