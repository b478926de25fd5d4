"""DepthwiseConv2d for cores with the vector extension MVE: vectors of taps are multiplied."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels import mve
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

# Most vectors of a filter.
_MOST_VECTORS = 4
# Most elements that a filter is over, in a padded channel, and of an output, and channels.
_MOST_SEEN, _MOST_OUTPUTS, _MOST_CHANNELS = 1 << 8, 1 << 16, (1 << 13) - 1
# Elements that are copied at a time.
_LANES = 8


@dataclass(frozen=True, eq=False)
class DepthwiseConv2dMve(Kernel):
    """Copies one channel into a padded plane, and computes pairs of its outputs.

    Inner loop: a gather load takes what two neighbouring outputs see out of the plane, and one
    VMLADAV for each of them sums up to 16 taps.
    """

    op: DepthwiseConv2d
    computes: ClassVar[type[Op]] = DepthwiseConv2d
    needs: ClassVar[frozenset[str]] = mve.NEEDS
    name: ClassVar[str] = "depthwise_conv2d_mve"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Filters that a vector does not hold, and what the requantization is not made for."""
        assert isinstance(op, DepthwiseConv2d)
        if op.window.size[0] > cls(op)._rows:
            return "the filter is more than a vector"
        return cls._other_obstacle(op)

    @classmethod
    def _other_obstacle(cls, op: DepthwiseConv2d) -> str:
        kernel = cls(op)
        _, pitch = kernel._plane
        row, height = kernel._row, op.window.size[0]
        if op.dilation != (1, 1):
            return "the filter is dilated"
        if op.window.results[1] < 2:
            return "an output row is one pixel"
        if row > mve.VECTOR or kernel._vectors > _MOST_VECTORS:
            return f"the filter is more than {_MOST_VECTORS} vectors, or a row of it one"
        if (height - 1) * pitch + row > _MOST_SEEN:
            return f"the filter is over more than {_MOST_SEEN} elements of a padded channel"
        if op.output.elements > _MOST_OUTPUTS:
            return f"there are more than {_MOST_OUTPUTS:,} outputs"
        if op.output.shape[3] > _MOST_CHANNELS:
            return f"there are more than {_MOST_CHANNELS:,} output channels"
        if obstacle := kernel.too_much_scratch():
            return obstacle
        return mve.obstacle(Filters.of(op))

    @property
    def _row(self) -> int:
        """Taps of a row that either output of a pair sees."""
        window = self.op.window
        return window.size[1] + window.stride[1]

    @property
    def _rows(self) -> int:
        """Rows of taps in a vector."""
        return min(mve.VECTOR // self._row, self.op.window.size[0])

    @property
    def _vectors(self) -> int:
        return -(-self.op.window.size[0] // self._rows)

    @property
    def _plane(self) -> tuple[int, int]:
        """Height and width of a padded channel."""
        window = self.op.window
        before = window.padding.top, window.padding.left
        height, width = (
            max(
                before[axis] + window.source[axis],
                (window.results[axis] - 1) * window.stride[axis] + window.size[axis],
            )
            for axis in (0, 1)
        )
        return height, width

    @property
    def scratch_words(self) -> int:
        """A table of outputs, eight words for each four pairs, and a plane."""
        rows, width = self.op.window.results
        height, pitch = self._plane
        return -(-rows * -(-width // 2) // 4) * 8 + -(-height * pitch // 4)

    @property
    def gathered(self) -> int:
        """The input in vectors; a channel costs as 180 elements more, of the output as 38."""
        height, width = self.op.window.source
        _, pitch = self._plane
        vectors = -(-width // _LANES)
        if width == pitch:
            plane = _LANES * -(-height * width // _LANES)
        elif vectors <= 2:
            plane = height * vectors * (_LANES + 4)
        else:
            plane = height * (vectors * _LANES + 10)
        return self.op.inputs[0].shape[3] * (plane + 180 + 38 * self.op.multiplier)

    def counts(self) -> dict[str, float]:
        """Four pairs of outputs at a time, as a run, each in vectors of taps."""
        height, width = self.op.window.results
        channels = self.op.output.shape[3]
        fours = -(-height * -(-width // 2) // 4) * channels
        return super().counts() | {
            "mac": fours * 4 * self._vectors * mve.VECTOR,
            "element": 0,
            "channel": channels,
            "run": fours,
        }

    def whole(self, cut: str) -> dict[str, float]:
        """Each core goes over all channels, and copies all of them."""
        return {"call": 1, "channel": self.op.output.shape[3], "gather": self.gathered}

    def unit(self, cut: str) -> int:
        """Whole rows."""
        return self.op.window.results[1]

    def cuts(self) -> tuple[str, ...]:
        """Rows only: an output of a channel is apart from the next."""
        return ("pixels",)

    def params(self) -> Struct:
        """Fields of `DepthwiseConv2dMve` in `crates/kernels/src/depthwise_conv2d_mve.rs`."""
        return self._params

    @cached_property
    def _params(self) -> Struct:
        filters = Filters.of(self.op)
        requantize = filters.requantize
        channels, _ = filters.weights.shape
        weights = filters.weights.reshape(channels, *self.op.window.size)
        stride = self.op.window.stride[1]
        missing = self._vectors * self._rows - weights.shape[1]
        weights = np.pad(weights, ((0, 0), (0, missing), (stride, 0)))
        scales = [filters.folded_bias, requantize.multipliers, requantize.shifts]
        height, pitch = self._plane
        return Struct(
            "DepthwiseConv2dMve",
            {
                "window": self.op.window.params(),
                "depth": self.op.inputs[0].shape[3],
                "multiplier": self.op.multiplier,
                "height": height,
                "pitch": pitch,
                "rows": self._rows,
                "input_zero_point": filters.zero_point,
                "weights": np.pad(weights.ravel(), (0, stride)).astype(np.int8),
                "scales": np.stack(scales, axis=1).astype(np.int32),
                "range": mve.stored_range(requantize),
            },
        )


@dataclass(frozen=True, eq=False)
class DepthwiseLongMve(DepthwiseConv2dMve):
    """The same for filters of several vectors, a few rows of taps each.

    Inner loop: that of DepthwiseConv2dMve, once for each vector of taps.
    """

    name: ClassVar[str] = "depthwise_long_mve"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Smaller filters, and what those have too."""
        assert isinstance(op, DepthwiseConv2d)
        if op.window.size[0] <= cls(op)._rows:
            return "the filter is one vector"
        return cls._other_obstacle(op)

    @property
    def module(self) -> str:
        """That of `DepthwiseConv2dMve`."""
        return DepthwiseConv2dMve.name
