"""A filter that moves over an input: the geometry of convolutions and pools."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ferrule.fixed_point import Int64
from ferrule.ir import Block, Op, Struct, Tensor

Pair = tuple[int, int]

#: Kernels are given numbers of 16 bits; positions then fit `usize` wherever tensors do.
LONGEST = (1 << 16) - 1
# The interpreter holds all that a filter sees of an input at once, in int64.
_MOST_SEEN = 1 << 27


@dataclass(frozen=True)
class Padding:
    """Rows and columns that are added around an input."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def __str__(self) -> str:
        return f"{self.top}+{self.bottom} by {self.left}+{self.right}"


#: TensorFlow's padding `VALID`.
NO_PADDING = Padding()


def same_padding(source: Pair, size: Pair, stride: Pair, dilation: Pair = (1, 1)) -> Padding:
    """TensorFlow's padding `SAME` of a filter over an input: `ceil(input / stride)` results.

    Where the padding is odd, bottom and right have one more than top and left.
    """
    (top, bottom), (left, right) = (
        _same(source[axis], size[axis], stride[axis], dilation[axis]) for axis in (0, 1)
    )
    return Padding(top, bottom, left, right)


def _same(source: int, size: int, stride: int, dilation: int) -> Pair:
    results = -(-source // stride)
    total = max((results - 1) * stride + (size - 1) * dilation + 1 - source, 0)
    return total // 2, total - total // 2


@dataclass(frozen=True)
class Window:
    """A filter of `size` taps over an input; pairs are (height, width)."""

    source: Pair
    size: Pair
    stride: Pair
    dilation: Pair
    padding: Padding

    @staticmethod
    def over(
        source: Tensor, size: Pair, stride: Pair, dilation: Pair, padding: Padding
    ) -> "Window":
        """A filter over `[1, H, W, C]`."""
        _, height, width, _ = source.shape
        return Window((height, width), size, stride, dilation, padding)

    @property
    def whole(self) -> tuple[Pair, Pair]:
        """Row and column of the first result that sees no padding, and one past the last's."""
        (top, bottom), (left, right) = self._whole(0), self._whole(1)
        return (top, left), (bottom, right)

    def _whole(self, axis: int) -> Pair:
        before, stride = self._padding[axis][0], self.stride[axis]
        last = self.source[axis] - self._reach(axis) + before
        return -(-before // stride), max(last // stride + 1, 0)

    @property
    def results(self) -> Pair:
        """Height and width of the output."""
        return self._results(0), self._results(1)

    def _results(self, axis: int) -> int:
        padded = self.source[axis] + sum(self._padding[axis])
        return (padded - self._reach(axis)) // self.stride[axis] + 1

    def _reach(self, axis: int) -> int:
        """Rows or columns from the first tap to the last."""
        return (self.size[axis] - 1) * self.dilation[axis] + 1

    @property
    def _padding(self) -> tuple[Pair, Pair]:
        padding = self.padding
        return (padding.top, padding.bottom), (padding.left, padding.right)

    def verify(self, op: Op) -> None:
        """Refuses a geometry without results, or where the filter can lie in the padding alone."""
        for axis, name in enumerate(("height", "width")):
            size, padding = self.size[axis], self._padding[axis]
            steps = size, self.stride[axis], self.dilation[axis]
            if not 1 <= min(steps) <= max(steps) <= LONGEST:
                raise op.reject(
                    f"filter {name} {size}, stride {steps[1]} and dilation {steps[2]} must each "
                    f"be 1 to {LONGEST:,}"
                )
            reach = self._reach(axis)
            if not 0 <= min(padding) <= max(padding) < reach:
                raise op.reject(
                    f"padding {padding[0]} and {padding[1]} must each be at least 0 and less than "
                    f"the {reach} that the filter's {name} covers",
                    hint="pad with an operator of its own before this one",
                )
            if self.source[axis] + sum(padding) < reach:
                raise op.reject(
                    f"the filter's {name} covers {reach}, more than the padded input's "
                    f"{self.source[axis] + sum(padding)}"
                )
        sides = *self.source, *self.results, *self._padding[0], *self._padding[1]
        channels = op.inputs[0].shape[3], *op.output.shape[-1:]
        if (longest := max(*sides, *channels)) > LONGEST:
            raise op.reject(
                "heights, widths and channels of input and output, and padding, must each be at "
                f"most {LONGEST:,}, not {longest:,}"
            )
        seen = math.prod(self.results) * math.prod(self.size) * op.inputs[0].shape[3]
        if seen > _MOST_SEEN:
            raise op.reject(
                f"the filter sees {seen:,} values in all; at most {_MOST_SEEN:,} are supported"
            )

    def patches(self, values: Int64, outside: int) -> Int64:
        """What the filter sees at each place: `[H, W, C]` to `[H', W', height, width, C]`."""
        padded = np.pad(values, (*self._padding, (0, 0)), constant_values=outside)
        rows, columns = (
            np.arange(self.results[axis])[:, None] * self.stride[axis]
            + np.arange(self.size[axis]) * self.dilation[axis]
            for axis in (0, 1)
        )
        seen: Int64 = padded[rows[:, None, :, None], columns[None, :, None, :]]
        return seen

    @property
    def seen(self) -> tuple[int, int]:
        """Taps inside the input: of all rows of results one below the other, and of all columns."""
        rows, columns = (int(self._inside(axis).sum()) for axis in (0, 1))
        return rows, columns

    def _inside(self, axis: int) -> npt.NDArray[np.bool_]:
        """Whether taps lie inside the input along an axis: `[results, size]`."""
        starts = np.arange(self.results[axis])[:, None] * self.stride[axis]
        places = starts + np.arange(self.size[axis]) * self.dilation[axis] - self._padding[axis][0]
        inside: npt.NDArray[np.bool_] = (places >= 0) & (places < self.source[axis])
        return inside

    @property
    def borders(self) -> int:
        """Results whose filter reaches over the input's border."""
        first, end = self.whole
        inside = (max(end[axis] - first[axis], 0) for axis in (0, 1))
        return math.prod(self.results) - math.prod(inside)

    def block(self, depth: int) -> Block | None:
        """Runs of results that see elements of their own, of an input with so many channels.

        A filter that is higher than its stride sees rows of its neighbours, the halo; one that
        reaches over the upper or lower border has to know where it is.
        """
        padding = self.padding
        if self._reach(0) > self.stride[0] or padding.top or padding.bottom:
            return None
        if (self.size, self.stride) == ((1, 1), (1, 1)) and padding == NO_PADDING:
            return Block(1, (depth,))
        return Block(self.results[1], (self.stride[0] * self.source[1] * depth,))

    def params(self) -> Struct:
        """Fields of `Window` in `crates/kernels/src/window.rs`."""
        return Struct(
            "Window",
            {
                "input_height": self.source[0],
                "input_width": self.source[1],
                "output_width": self.results[1],
                "filter_height": self.size[0],
                "filter_width": self.size[1],
                "stride_height": self.stride[0],
                "stride_width": self.stride[1],
                "dilation_height": self.dilation[0],
                "dilation_width": self.dilation[1],
                "padding_top": self.padding.top,
                "padding_left": self.padding.left,
            },
        )
