"""Convolutions of one tap and at most eight input channels for cores with the extension MVE."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Array, Op, Struct
from ferrule.kernels import mve
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.kernels.pointwise_mve import PointwiseMve
from ferrule.kernels.start_rescale import StartRescale
from ferrule.ops.conv2d import Conv2d

# Pixels that are computed at a time, by `mve.BLOCK` channels.
_QUAD = 4
# Places of a block's outputs in four pixels are numbers of 8 bits.
_MOST_CHANNELS = 84
# Lanes of 16 bits, which inputs fill: shifted to the left by 8, and weights by 8 at most.
_LANES = 8
_INPUTS_LEFT = 8


@dataclass(frozen=True, eq=False)
class PointwiseFewMve(Kernel):
    """As `pointwise_mve` in lanes of 16 bits, which leave room to requantize in one step.

    Inner loop: four channels for four pixels that stay in registers. Sixteen VMLADAVA, a VQRDMULH
    and a VQSHRN for each channel, and VSRI takes what is stored out of two vectors.
    """

    op: Conv2d
    computes: ClassVar[type[Op]] = Conv2d
    needs: ClassVar[frozenset[str]] = mve.NEEDS
    name: ClassVar[str] = "pointwise_few_mve"

    @classmethod
    def suits(cls, op: Op) -> bool:
        """Whether pixels are columns as they lie in memory."""
        return PointwiseMve.suits(op)

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Other filters and numbers of channels, and what cannot be requantized in one step."""
        if not cls.suits(op):
            return "the filter has several taps, or skips pixels"
        if op.inputs[0].shape[3] > _LANES:
            return f"there are more than {_LANES} input channels"
        if not mve.BLOCK <= op.output.shape[3] <= _MOST_CHANNELS:
            return f"there are not {mve.BLOCK} to {_MOST_CHANNELS} output channels"
        return StartRescale(Filters.of(op)).obstacle()

    def counts(self) -> dict[str, float]:
        """Four pixels by four channels, as a run each; fewer than four pixels are one by one."""
        pixels, channels = self.op.matrix()
        groups = -(-pixels // _QUAD) if pixels >= _QUAD else pixels
        return super().counts() | {
            "mac": 0,
            "element": 0,
            "pixel": groups,
            "gather": 0,
            "run": groups * -(-channels // mve.BLOCK),
        }

    def unit(self, cut: str) -> int:
        """Four pixels."""
        return _QUAD

    def cuts(self) -> tuple[str, ...]:
        """Pixels only: every claim goes through all weights for each four of them."""
        return ("pixels",)

    def params(self) -> Struct:
        """Fields of `PointwiseFewMve` in `crates/kernels/src/pointwise_few_mve.rs`."""
        return self._params

    @cached_property
    def _params(self) -> Struct:
        filters = Filters.of(self.op)
        numbers = StartRescale(filters).numbers
        channels, depth = filters.weights.shape
        firsts = np.minimum(np.arange(0, channels, mve.BLOCK), channels - mve.BLOCK)
        blocks = firsts[:, None] + np.arange(mve.BLOCK)
        weights = np.pad(filters.weights, ((0, 0), (0, _LANES - depth)))
        weights = (weights << (numbers.left - _INPUTS_LEFT)[:, None]).astype("<i2").view("<i4")
        # The assembly wraps, and what is added up in the end fits.
        start = (filters.folded_bias << numbers.left) + numbers.start
        start = (start & 0xFFFF_FFFF).astype("<u4").view("<i4")
        # To the next block, and from the last to the first.
        steps = np.concatenate([firsts[:-1] - firsts[1:], firsts[-1:]])
        content: list[Array] = [
            weights[blocks].reshape(len(blocks), -1),
            np.repeat(start[blocks], _QUAD, axis=1),
            numbers.multiplier[blocks],
            steps[:, None],
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
