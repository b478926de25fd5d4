"""Convolutions for cores with the vector extension MVE: four channels by two pixels at a time."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from ferrule.ir import Op, Struct
from ferrule.kernels import mve
from ferrule.kernels.columns import Image
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import MANY, Filters
from ferrule.ops.conv2d import Conv2d
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d
from ferrule.ops.fully_connected import FullyConnected
from ferrule.window import LONGEST, NO_PADDING, Window

# What the filter sees of some pixels is copied together: at least a pair, and few bytes.
_COLUMN_BYTES = 1024
_MOST_PIXELS = 32
_LARGEST_IMAGE = 2048
# Channels that the inner loop computes at a time.
_CHANNELS = 4
# Most elements from what a pixel sees to what the next one of its row does.
_MOST_APART = 1 << 16


@dataclass(frozen=True, eq=False)
class Conv2dMve(Kernel):
    """`conv2d_mve`: what the filter sees of a pixel is one column, which all channels read.

    Inner loop: a vector of 16 values of each of two pixels, and a vector of weights of each of
    four channels; eight VMLADAVA add 128 MACs to eight sums.
    """

    computes: ClassVar[type[Op]] = Conv2d
    needs: ClassVar[frozenset[str]] = mve.NEEDS
    name: ClassVar[str] = "conv2d_mve"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Dilated filters, and what the requantization is not made for."""
        assert isinstance(op, Conv2d | DepthwiseConv2d)
        if op.dilation != (1, 1):
            return "the filter is dilated"
        if op.window.stride[1] * op.inputs[0].shape[3] > _MOST_APART:
            return f"pixels see what is more than {_MOST_APART:,} elements apart"
        return mve.obstacle(Filters.of(op))

    @property
    def window(self) -> Window:
        """Where the filter lies."""
        assert isinstance(self.op, Conv2d | DepthwiseConv2d)
        return self.op.window

    @property
    def depth(self) -> int:
        """Elements of an input pixel."""
        return self.op.inputs[0].shape[3]

    @property
    def _column(self) -> int:
        """Bytes of a pixel's column, in whole vectors."""
        return mve.VECTOR * mve.vectors(math.prod(self.window.size) * self.depth)

    @property
    def _pixels(self) -> int:
        """Pixels whose columns are copied together; 0 where the input's pixels are columns."""
        window = self.window
        if window.size == window.stride == (1, 1) and window.padding == NO_PADDING:
            return 0
        pixels, _ = self.op.matrix()
        most = min(max(_COLUMN_BYTES // self._column, 2), _MOST_PIXELS)
        most = most // 2 * 2
        # Whole rows if they are nearly as many: what pixels of a row see is copied together.
        whole = math.lcm(2, window.results[1])
        rows = most // whole * whole
        return min(rows if 8 * rows >= 7 * most else most, pixels)

    @property
    def scratch_words(self) -> int:
        """The image and the columns of some pixels, or those of the last, which overlap."""
        if self._pixels:
            return -(-(self._image.bytes + self._pixels * self._column) // 4)
        return -(-((self._last - 1) * self.depth + self._column) // 4) if self._last else 0

    @property
    def _image(self) -> Image:
        """The copy of a small input with its padding."""
        return Image(self.window, self.depth, _LARGEST_IMAGE)

    @property
    def _last(self) -> int:
        """Columns that are copied because fewer elements than a vector has follow them."""
        pixels, _ = self.op.matrix()
        missing = -(-(self._column - self.depth) // self.depth)
        # One more, as they are computed in pairs.
        return min(missing + 1, pixels) if missing and not self._pixels else 0

    @property
    def gathered(self) -> int:
        """What is copied, the time for 16 elements taken as 16.

        A pixel costs as 27 more, a row of taps as 27 more, or as 32 if it is a vector or less.
        """
        if not self._pixels:
            return self._last * self.depth
        pixels, _ = self.op.matrix()
        height, width = self.window.size
        vectors = mve.vectors(width * self.depth)
        row = 32 if vectors == 1 else mve.VECTOR * vectors + 27
        image = 2 * self._image.bytes + 37 * self.window.source[0] if self._image.bytes else 0
        return pixels * (height * row + 27) + image

    def counts(self) -> dict[str, float]:
        """Blocks of four channels and two pixels, as a run each, with whole vectors of taps.

        Channels count as often as the inner loop begins with them, which takes as long as 14 more,
        and pixels as often as some are copied.
        """
        _, channels = self.op.matrix()
        pairs = sum(-(-pixels // 2) for pixels in self._pieces)
        # An odd pixel is computed on its own.
        times = sum((pixels > 1) + pixels % 2 for pixels in self._pieces)
        blocks = -(-channels // _CHANNELS)
        return super().counts() | {
            "mac": pairs * blocks * 2 * _CHANNELS * self._column,
            "element": 0,
            "pixel": self._copies,
            "border": self._borders,
            "channel": times * (blocks * _CHANNELS + 14),
            "run": pairs * blocks,
        }

    @property
    def _pieces(self) -> list[int]:
        """Pixels that are computed together, piece by piece."""
        pixels, _ = self.op.matrix()
        if not self._pixels:
            inside = (pixels - self._last) // 2 * 2 if self._last else pixels
            return [inside, pixels - inside]
        whole, rest = divmod(pixels, self._pixels)
        return [self._pixels] * whole + [rest]

    @property
    def _borders(self) -> int:
        """Pixels that see padding, where no image has it."""
        return self.window.borders if self._pixels and not self._image.bytes else 0

    @property
    def _copies(self) -> int:
        """How often columns are copied: what is left of a row together, borders each alone."""
        if not self._pixels:
            return int(self._last > 0)
        rows, _ = self.window.results
        return len(self._pieces) + rows - 1 + self._borders

    def unit(self, cut: str) -> int:
        """Pixels in pairs."""
        return 2

    def cuts(self) -> tuple[str, ...]:
        """Pixels only: every claim goes through all weights once."""
        return ("pixels",)

    @property
    def _filters(self) -> Filters:
        return Filters.of(self.op)

    def params(self) -> Struct:
        """Fields of `Conv2dMve` in `crates/kernels/src/conv2d_mve.rs`."""
        return self._params

    @cached_property
    def _params(self) -> Struct:
        filters = self._filters
        return Struct(
            "Conv2dMve",
            {
                "window": self._image.over.params(),
                "depth": self.depth,
                "input_zero_point": filters.zero_point,
                "image": self._image.params(),
                "pixels": self._pixels,
                "filters": mve.packed(filters),
            },
        )


@dataclass(frozen=True, eq=False)
class FewToManyMve(Conv2dMve):
    """The same for a depthwise convolution of few input channels: zeros for what is not seen.

    Inner loop: that of Conv2dMve.
    """

    computes: ClassVar[type[Op]] = DepthwiseConv2d

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Many input channels, and what a convolution has."""
        if op.inputs[0].shape[3] >= MANY:
            return f"there are {MANY} input channels or more"
        return super().obstacle(op)

    @property
    def _filters(self) -> Filters:
        return super()._filters.spread(self.depth)


@dataclass(frozen=True, eq=False)
class FullyConnectedMve(Conv2dMve):
    """The same for a fully connected operator: its rows are pixels.

    Inner loop: that of Conv2dMve for one pixel: a vector of values and four of weights.
    """

    computes: ClassVar[type[Op]] = FullyConnected

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """What the requantization is not made for, and more rows than a window counts."""
        if op.matrix()[0] > LONGEST:
            return f"there are more than {LONGEST:,} rows"
        return mve.obstacle(Filters.of(op))

    @property
    def window(self) -> Window:
        """A filter of one tap over a row of pixels."""
        rows, _ = self.op.matrix()
        return Window((1, rows), (1, 1), (1, 1), (1, 1), NO_PADDING)

    @property
    def depth(self) -> int:
        """Elements of a row."""
        assert isinstance(self.op, FullyConnected)
        return self.op.depth
