"""Weights for cores without SIMD, where one multiplication serves two pixels.

A word holds a value of one pixel in its low half and adds that of another times 2^16. A weight
times this word is both products, and sums of them can be told apart as long as neither leaves 16
bits. The weights are known, so each channel's taps are cut into the longest runs that cannot.
"""

import numpy as np

from ferrule.fixed_point import Int64
from ferrule.ir import Struct

#: Taps of a run that the inner loops have code for.
LONGEST = 8
# An inner loop jumps by this many bytes for each tap, so runs begin with a multiple of it.
_JUMP = 12


def runs(weights: Int64) -> list[int]:
    """Lengths of runs of taps, for channels `[channels, taps]` that are computed together."""
    highest = np.maximum(weights * -128, weights * 127).T.tolist()
    lowest = np.minimum(weights * -128, weights * 127).T.tolist()
    lengths, length = [], 0
    top = bottom = [0] * len(weights)
    for high, low in zip(highest, lowest, strict=True):
        raised = [a + b for a, b in zip(top, high, strict=True)]
        lowered = [a + b for a, b in zip(bottom, low, strict=True)]
        if length and (length == LONGEST or max(raised) > 32767 or min(lowered) < -32768):
            lengths.append(length)
            length, raised, lowered = 0, high, low
        length, top, bottom = length + 1, raised, lowered
    return [*lengths, length]


def packed(weights: Int64, group: int) -> Struct:
    """Weights `[channels, taps]` as `Lanes` of the kernels crate, for `group` channels at a time.

    Each run is its length, then the group's weights tap by tap; 0 ends a group's runs. Channels
    that are missing in the last group have weights of 0.
    """
    channels, taps = weights.shape
    missing = -channels % group
    filled = np.concatenate([weights, np.zeros((missing, taps), np.int64)])
    content: list[int] = []
    starts = []
    for first in range(0, channels, group):
        block = filled[first : first + group]
        starts.append(len(content))
        tap = 0
        for length in runs(block):
            content.append(length * _JUMP)
            content += block[:, tap : tap + length].T.ravel().tolist()
            tap += length
        content.append(0)
    return Struct(
        "Lanes",
        {
            "runs": np.array(content, np.int8),
            "starts": np.array(starts, np.uint32),
            "taps": taps,
            "group": group,
        },
        constructor="new",
    )
