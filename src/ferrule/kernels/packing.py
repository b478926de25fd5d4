"""What fast kernels compute from constants: folded bias, ranges of accumulators, and proofs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ferrule.fixed_point import Int64, Requantize
from ferrule.ir import Array, Op
from ferrule.ops.conv2d import Conv2d
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d
from ferrule.ops.fully_connected import FullyConnected

#: Depthwise operators of fewer input channels are computed as convolutions with zeros.
MANY = 4

#: Stored values of accumulators `[channels, ...]`, channel by channel.
Form = Callable[[Int64], Int64]


@dataclass(frozen=True)
class Filters:
    """The constants of an operator that sums products: `weights` is `[channels, taps]`.

    Taps are in the order height, width, input channel; of a depthwise operator height, width.
    Weights are less their zero point. `zero_point` is the input's.
    """

    weights: Int64
    bias: Int64
    zero_point: int
    requantize: Requantize

    @staticmethod
    def of(op: Op) -> "Filters":
        """The constants of a Conv2d, DepthwiseConv2d or FullyConnected."""
        assert isinstance(op, Conv2d | DepthwiseConv2d | FullyConnected)
        source, weights, bias = op.inputs
        assert weights.data is not None
        assert bias.data is not None
        values = weights.data.astype(np.int64)
        if isinstance(op, DepthwiseConv2d):
            values = np.moveaxis(values, 3, 0)
        if isinstance(op, FullyConnected):
            values = values - op.weights_zero_point
        return Filters(
            values.reshape(len(values), -1),
            bias.data.astype(np.int64),
            source.zero_point,
            op.requantize,
        )

    def spread(self, depth: int) -> "Filters":
        """Depthwise filters as those of a convolution, 0 for input channels that are not seen."""
        channels, taps = self.weights.shape
        seen = np.arange(channels) * depth // channels
        weights = np.zeros((channels, taps, depth), np.int64)
        weights[np.arange(channels), :, seen] = self.weights
        return replace(self, weights=weights.reshape(channels, -1))

    @property
    def folded_bias(self) -> Int64:
        """The bias where inputs are multiplied as they are stored; padding is the zero point."""
        folded: Int64 = self.bias - self.zero_point * self.weights.sum(axis=1)
        return folded

    @property
    def ranges(self) -> tuple[Int64, Int64]:
        """Least and largest accumulator of each channel, over all inputs and any padding."""
        least, most = -128 - self.zero_point, 127 - self.zero_point
        above = np.maximum(self.weights, 0).sum(axis=1)
        below = np.minimum(self.weights, 0).sum(axis=1)
        return (
            self.bias + above * least + below * most,
            self.bias + above * most + below * least,
        )

    def differing(self, form: Form) -> list[int]:
        """Channels where another form of the requantization gives another stored value.

        `form` must not decrease over the range of a channel's accumulators; the requantization
        does not either. Both are then equal everywhere if they are at the ends of the range and
        on both sides of every step, so this is a proof.
        """
        edges = self._edges()
        wrong = self.stored(edges) != form(edges)
        return [int(channel) for channel in np.flatnonzero(wrong.any(axis=1))]

    @cached_property
    def steps(self) -> Int64:
        """The first accumulator that is stored as each value above the lowest, or as more.

        `[channels, values]`; one past the largest accumulator where no accumulator is.
        """
        least, most = (end[:, None] for end in self.ranges)
        goals = np.arange(self.requantize.low + 1, self.requantize.high + 1)[None]
        low, high = least + 0 * goals, most + 1 + 0 * goals
        while (low < high).any():
            middle = (low + high) >> 1
            reached = self.stored(middle) >= goals
            low, high = np.where(reached, low, middle + 1), np.where(reached, middle, high)
            low = np.minimum(low, high)
        return low

    def _edges(self) -> Int64:
        """Accumulators `[channels, points]`: ends of the range, both sides of each step."""
        least, most = (end[:, None] for end in self.ranges)
        above, below = np.minimum(self.steps, most), np.maximum(self.steps - 1, least)
        edges: Int64 = np.concatenate([least, most, above, below], axis=1)
        return edges

    def stored(self, accumulators: Int64) -> Int64:
        """The stored values of accumulators `[channels, points]`."""
        stored: Int64 = self.requantize.apply(accumulators.T).T.astype(np.int64)
        return stored


def interleaved(rows: Array) -> Array:
    """Of rows `[outputs, elements]` four together, element by element; those left row by row."""
    whole = len(rows) - len(rows) % 4
    groups = rows[:whole].reshape(-1, 4, rows.shape[1]).transpose(0, 2, 1)
    return np.concatenate([groups.ravel(), rows[whole:].ravel()])
