"""Depthwise filters of any size, stride and dilation: the geometry that their kernels share.

The Rust is `crates/kernels/src/taps.rs`.
"""

import math
from dataclasses import dataclass

import numpy as np

from ferrule.fixed_point import Int64
from ferrule.ir import Struct
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

# Padding of more pixels means fewer calls; this is its share of what is read and written.
_SHARE = 16


@dataclass(frozen=True)
class Tapped:
    """The filter of an operator, tap by tap."""

    op: DepthwiseConv2d

    @property
    def depth(self) -> int:
        """Input channels."""
        return self.op.inputs[0].shape[3]

    @property
    def pairs(self) -> int:
        """Pairs of taps; an odd tap has a partner of weight 0."""
        return -(-math.prod(self.op.window.size) // 2)

    @property
    def scratch_words(self) -> int:
        """A place for each tap, and padding of one pixel or a row of them."""
        window = self.op.window
        seen = (window.results[1] - 1) * window.stride[1] + 1
        most = (self.op.inputs[0].bytes + self.op.output.bytes) // _SHARE
        padding = min(seen * self.depth, max(self.depth, most))
        return 2 * self.pairs + -(-padding // 4)

    @property
    def places(self) -> dict[str, float]:
        """How often places of taps are listed, as runs, how many, and pixels that see padding.

        What is whole of a row of outputs has one list, and each pixel beside it.
        """
        window = self.op.window
        (_, first), (_, end) = window.whole
        whole = max(end - first, 0)
        runs = window.results[0] * (window.results[1] - whole + (whole > 0))
        listed = runs * 2 * self.pairs
        return {"border": window.borders, "run": runs, "gather": listed}

    def weights(self, weights: Int64) -> Int64:
        """Weights `[channels, taps]` with those of partners."""
        partner = weights.shape[1] % 2
        filled: Int64 = np.pad(weights, ((0, 0), (0, partner)))
        return filled

    def groups(self, lanes: int, has_one_input: bool = False) -> Int64:
        """Output channels `[group, lane]` in the order of passes.

        A pass has one output of each input channel, or all of one; its last group ends with it.
        """
        channels = np.arange(self.op.output.shape[3]).reshape(self.depth, -1)
        passes = channels if has_one_input else channels.T
        length = passes.shape[1]
        first = np.minimum(np.arange(0, length, lanes), length - lanes)
        groups: Int64 = passes[:, first[:, None] + np.arange(lanes)].reshape(-1, lanes)
        return groups

    def params(self) -> Struct:
        """Fields of `Tapped`."""
        return Struct(
            "Tapped",
            {
                "window": self.op.window.params(),
                "depth": self.depth,
                "multiplier": self.op.multiplier,
                "input_zero_point": self.op.inputs[0].zero_point,
            },
        )
