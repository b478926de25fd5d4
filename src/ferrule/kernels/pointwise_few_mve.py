"""Convolutions of one tap and at most eight input channels for cores with the extension MVE."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.fixed_point import Int64
from ferrule.ir import Array, Op, Struct
from ferrule.kernels import mve
from ferrule.kernels.packing import Filters
from ferrule.kernels.pointwise_mve import QUAD, PointwiseMve
from ferrule.kernels.start_rescale import StartRescale

# Places of all outputs of four pixels are numbers of 8 bits.
_MOST_CHANNELS = 64
# Lanes of 16 bits, which inputs fill: shifted to the left by 8, and weights by 8 at most.
_LANES = 8
_INPUTS_LEFT = 8
# Starts of a block that come before each of its multipliers, in the order of registers.
_MULTIPLIERS = (2, 4, 5, 6)


@dataclass(frozen=True, eq=False)
class PointwiseFewMve(PointwiseMve):
    """As `pointwise_mve` in lanes of 16 bits, which leave room to requantize in one step.

    Inner loop: four channels for four pixels that stay in registers. Sixteen VMLADAVA, a VQRDMULH
    and a VQSHRN for each channel, and VSRI takes what is stored out of two vectors.
    """

    name: ClassVar[str] = "pointwise_few_mve"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Other filters and numbers of channels, and what cannot be requantized in one step."""
        if not cls.suits(op):
            return "the filter has several taps, or skips pixels"
        if op.inputs[0].shape[3] > _LANES:
            return f"there are more than {_LANES} input channels"
        if not mve.BLOCK <= op.output.shape[3] <= _MOST_CHANNELS:
            return f"there are not {mve.BLOCK} to {_MOST_CHANNELS} output channels"
        filters = Filters.of(op)
        return StartRescale(filters, _parities(filters)).obstacle()

    @property
    def _last(self) -> int:
        """No pixel is copied: loads leave out what is behind its channels."""
        return 0

    def counts(self) -> dict[str, float]:
        """As of `pointwise_mve`; what is done once for four pixels counts as a pixel."""
        counts = super().counts()
        return counts | {"channel": 0, "pixel": counts["run"] / self._blocks}

    @cached_property
    def _params(self) -> Struct:
        filters = Filters.of(self.op)
        numbers = StartRescale(filters, _parities(filters)).numbers
        channels, depth = filters.weights.shape
        firsts = _firsts(channels)
        blocks = firsts[:, None] + np.arange(mve.BLOCK)
        weights = np.pad(filters.weights, ((0, 0), (0, _LANES - depth)))
        weights = (weights << (numbers.left - _INPUTS_LEFT)[:, None]).astype("<i2").view("<i4")
        # The assembly wraps, and what is added up in the end fits.
        start = (filters.folded_bias << numbers.left) + numbers.start
        start = (start & 0xFFFF_FFFF).astype("<u4").view("<i4")
        starts = np.repeat(start[blocks], QUAD, axis=1)
        pixels = channels * np.arange(QUAD)[:, None] + np.arange(mve.BLOCK)
        places = firsts[:, None, None] + pixels
        content: list[Array] = [
            weights[blocks].reshape(len(blocks), -1),
            np.insert(starts, _MULTIPLIERS, numbers.multiplier[blocks], axis=1),
            places.astype("u1").reshape(len(blocks), -1).view("<i4"),
        ]
        few = Struct(
            "MveFew",
            {
                "channels": channels,
                "depth": depth,
                "blocks": np.concatenate([part.astype("<i4") for part in content], axis=1),
            },
            constructor="new",
        )
        return Struct("PointwiseFewMve", {"few": few})


def _firsts(channels: int) -> Int64:
    """The first channel of each block; the last block ends with the last channel."""
    return np.minimum(np.arange(0, channels, mve.BLOCK), channels - mve.BLOCK)


def _parities(filters: Filters) -> Int64:
    """Only in the last block the multiplier of the last channel is odd, which ends the loop."""
    lasts = _firsts(len(filters.weights)) + mve.BLOCK - 1
    parities = np.full(len(filters.weights), -1)
    parities[lasts] = lasts == lasts[-1]
    return parities
