"""Weights for Arm cores without SIMD, where one multiplication serves two pixels.

A word holds a value of one pixel in its low half and adds that of another times 2^16. A weight
times this word is both products. Those of a run of taps are added up before the halves are told
apart, so no half may leave 16 bits: where the weights are too large for that, one or two of the run
are taken out and come again as corrections, one by one. A run has four taps; the first one has what
is left of four.
"""

import numpy as np

from ferrule.fixed_point import Int64
from ferrule.ir import Struct

#: Channels whose weights lie beside each other.
BLOCK = 12
#: Most taps whose products are added up.
RUN = 4


def without_large(weights: Int64, segment: int) -> tuple[Int64, Int64]:
    """Weights `[channels, taps]` of which no run can overflow, and what is left of them.

    Each segment of taps has its own first run.
    """
    shape = len(weights), weights.shape[1] // segment, segment
    missing = -segment % RUN
    padded = np.pad(weights.reshape(shape), ((0, 0), (0, 0), (missing, 0)))
    runs = padded.reshape(len(weights), (segment + missing) // RUN * shape[1], RUN)
    while True:
        highest = np.maximum(runs * -128, runs * 127).sum(axis=2)
        lowest = np.minimum(runs * -128, runs * 127).sum(axis=2)
        # At -32768 a low half would borrow from a high half that has nothing left.
        channels, places = np.nonzero((highest > 32767) | (lowest < -32767))
        if not len(channels):
            safe = runs.reshape(padded.shape)[:, :, missing:].reshape(weights.shape)
            return safe, weights - safe
        largest = np.abs(runs[channels, places]).argmax(axis=1)
        runs[channels, places, largest] = 0


def tail(channels: int, taps: int) -> tuple[int, int]:
    """How many segments the taps of the last block's channels are cut into, and of what length."""
    segments = BLOCK // ((channels - 1) % BLOCK + 1)
    return segments, -(-taps // segments)


def columns(channels: int, taps: int) -> int:
    """Taps of a column, for all segments of the last block."""
    segments, segment = tail(channels, taps)
    return segments * segment


def packed(weights: Int64) -> Struct:
    """Weights `[channels, taps]` as `ThumbFilters` of `instructions/thumb/lanes.rs`."""
    channels, taps = weights.shape
    segments, segment = tail(channels, taps)
    whole = (channels - 1) // BLOCK * BLOCK
    others = np.zeros((BLOCK // segments, columns(channels, taps)), np.int64)
    others[: channels - whole, :taps] = weights[whole:]
    safe, left = without_large(weights[:whole], taps)
    safe_others, left_others = without_large(others, segment)
    corrections: list[int] = []
    end_of_blocks = 0
    for channel, row in enumerate([*left, *left_others]):
        if channel == whole:
            end_of_blocks = len(corrections)
        taken = np.flatnonzero(row)
        corrections += [(int(row[tap]) & 0xFFFF) << 16 | BLOCK * int(tap) for tap in taken] + [0]
    blocks = safe.reshape(-1, BLOCK, taps).transpose(0, 2, 1)
    last = safe_others.reshape(-1, segments, segment).transpose(2, 1, 0)
    return Struct(
        "ThumbFilters",
        {
            "weights": np.concatenate([blocks.ravel(), last.ravel()]).astype(np.int8),
            "corrections": np.array(corrections, np.uint32),
            "last": end_of_blocks,
            "taps": taps,
            "segments": segments,
            "segment": segment,
        },
        constructor="new",
    )
