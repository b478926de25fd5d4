"""Convolutions for cores with the DSP extension: columns of three pixels by pairs of channels."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels import dsp
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import MANY, Filters
from ferrule.ops.conv2d import Conv2d
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d
from ferrule.window import LONGEST, NO_PADDING, Window

# A longer row means fewer calls; this is its share of what is read and written.
_SHARE = 16
# Blocks of three pixels from which on cores that share can have some each.
_SEVERAL = 8


def convolution_obstacle(op: Conv2d | DepthwiseConv2d) -> str:
    """Why no convolution in three columns suits an operator; empty if one does."""
    if op.dilation != (1, 1):
        return "the filter is dilated"
    filters = Filters.of(op)
    if filters.weights.shape[1] > LONGEST:
        return f"a filter has more than {LONGEST:,} taps"
    return dsp.obstacle(filters)


@dataclass(frozen=True, eq=False)
class Conv2dDsp(Kernel):
    """What three pixels see is widened to 16 bits once, for all channels.

    Inner loop: two words of weights hold four taps of two channels; SXTB16 makes pairs of each,
    and six SMLADs multiply a pair of taps of three pixels with both channels: 24 MACs in 12
    SMLADs, 4 SXTB16s and 3 loads. Sums are scaled by SMMLAR and SMMLSR and clamped by SSAT.
    """

    computes: ClassVar[type[Op]] = Conv2d
    needs: ClassVar[frozenset[str]] = dsp.NEEDS
    name: ClassVar[str] = "conv2d_dsp"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Dilated filters, pixels that are not whole words, and what does not fit the loop."""
        assert isinstance(op, Conv2d | DepthwiseConv2d)
        if op.inputs[0].shape[3] % 4:
            return "the input channels are not a multiple of 4"
        return convolution_obstacle(op)

    @property
    def window(self) -> Window:
        """The filter over the input."""
        assert isinstance(self.op, Conv2d | DepthwiseConv2d)
        return self.op.window

    @property
    def filters(self) -> Filters:
        """The constants."""
        return Filters.of(self.op)

    @property
    def depth(self) -> int:
        """Input channels."""
        return self.op.inputs[0].shape[3]

    @property
    def quads(self) -> int:
        """Words of four values in a column."""
        height, width = self.window.size
        return dsp.quads(height, width * self.depth)

    @property
    def scratch_words(self) -> int:
        """Three columns of 16 bits."""
        return 6 * self.quads

    @property
    def gathered(self) -> int:
        """Every pixel's column, once."""
        pixels, _ = self.op.matrix()
        return pixels * 4 * self.quads

    def unit(self, cut: str) -> int:
        """Three pixels, or a pair of channels."""
        return 3 if cut == "pixels" else 2

    def counts(self) -> dict[str, float]:
        """Blocks of three pixels and two channels, as a run each, with all taps of whole words."""
        pixels, channels = self.op.matrix()
        blocks = -(-pixels // 3) * -(-channels // 2)
        work = {"mac": blocks * 6 * 4 * self.quads, "border": self._border, "run": blocks}
        return super().counts() | work

    def whole(self, cut: str) -> dict[str, float]:
        """Runs are those of the channels."""
        return super().whole(cut) | {"run": 0}

    @property
    def _border(self) -> int:
        """Pixels that see padding."""
        return self.window.borders

    def params(self) -> Struct:
        """Fields of `Conv2dDsp` in `crates/kernels/src/conv2d_dsp.rs`."""
        window = self.window
        first, end = window.whole
        return Struct(
            "Conv2dDsp",
            {
                "window": window.params(),
                "depth": self.depth,
                "input_zero_point": self.op.inputs[0].zero_point,
                "first_row": first[0],
                "end_row": end[0],
                "first_column": first[1],
                "end_column": end[1],
                "filters": dsp.packed(self.filters, window.size[0]),
            },
        )


@dataclass(frozen=True, eq=False)
class PointwiseConv2dDsp(Conv2dDsp):
    """A filter of one tap: pixels are columns as they lie in memory.

    Inner loop: that of Conv2dDsp; columns are widened from whole words.
    """

    name: ClassVar[str] = "pointwise_conv2d_dsp"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Other filters, and what a convolution has."""
        assert isinstance(op, Conv2d)
        if op.window.size != (1, 1) or op.stride != (1, 1):
            return "the filter has several taps, or a stride"
        return super().obstacle(op)

    def params(self) -> Struct:
        """Fields of `PointwiseConv2dDsp` in `crates/kernels/src/pointwise_conv2d_dsp.rs`."""
        filters = dsp.packed(self.filters, 1)
        return Struct("PointwiseConv2dDsp", {"depth": self.depth, "filters": filters})


@dataclass(frozen=True, eq=False)
class NarrowConv2dDsp(Conv2dDsp):
    """Pixels that are not whole words, as in first layers: the rows in use are padded first.

    Inner loop: that of Conv2dDsp; columns are gathered from padded rows, byte by byte where a
    tap is not a word.
    """

    name: ClassVar[str] = "narrow_conv2d_dsp"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Dilated filters, many channels, and what does not fit the loop."""
        assert isinstance(op, Conv2d | DepthwiseConv2d)
        if op.inputs[0].shape[3] % 4 == 0:
            return "the input channels are a multiple of 4"
        return convolution_obstacle(op)

    def cuts(self) -> tuple[str, ...]:
        """By pixels, if there are several blocks: else all cores gather every pixel by itself."""
        pixels, _ = self.op.matrix()
        return ("pixels",) if pixels >= 3 * _SEVERAL else super().cuts()

    def counts(self) -> dict[str, float]:
        """Padded rows of input are channels here, and pixels the blocks that go over a row's end.

        Columns of such a block are gathered one by one.
        """
        rows, width = self.window.results
        starts = np.arange(0, rows * width, 3)
        ends = np.minimum(starts + 2, rows * width - 1)
        over = np.count_nonzero(starts // width != ends // width)
        return super().counts() | {"channel": rows * self.window.size[0], "pixel": int(over)}

    def whole(self, cut: str) -> dict[str, float]:
        """Each core pads rows for its own channels."""
        padded = self.counts()["channel"] if cut == "channels" else 0
        return super().whole(cut) | {"channel": padded}

    @property
    def window(self) -> Window:
        """Pixels that see one each may be of any rows: of such as leave fewest blocks of three."""
        given = super().window
        if (given.size, given.stride, given.padding) != ((1, 1), (1, 1), NO_PADDING):
            return given
        pixels, channels = self.op.matrix()
        longest = max(given.source[1], pixels * (self.depth + channels) // (_SHARE * self.depth))
        widths = [w for w in range(1, min(longest, LONGEST) + 1) if pixels % w == 0]
        width = min(widths, key=lambda w: (pixels // w * -(-w // 3), -w))
        return replace(given, source=(pixels // width, width))

    @property
    def _pitch(self) -> int:
        """Bytes of a padded row, in whole words: as far as its outputs see."""
        window = self.window
        last = (window.results[1] - 1) * window.stride[1] * self.depth
        seen = 4 * dsp.quads(1, window.size[1] * self.depth)
        row = (window.padding.left + window.source[1]) * self.depth
        return 4 * -(-max(last + seen, row) // 4)

    @property
    def _border(self) -> int:
        """Elements of the rows that are padded for each row of outputs."""
        return self.window.results[0] * self.window.size[0] * self.window.source[1] * self.depth

    @property
    def scratch_words(self) -> int:
        """Three columns of 16 bits, and the padded rows that a row of outputs sees."""
        return 6 * self.quads + self.window.size[0] * self._pitch // 4

    def params(self) -> Struct:
        """Fields of `NarrowConv2dDsp` in `crates/kernels/src/narrow_conv2d_dsp.rs`."""
        return Struct(
            "NarrowConv2dDsp",
            {
                "window": self.window.params(),
                "depth": self.depth,
                "input_zero_point": self.op.inputs[0].zero_point,
                "pitch": self._pitch,
                "filters": dsp.packed(self.filters, self.window.size[0]),
            },
        )


@dataclass(frozen=True, eq=False)
class FewToManyDsp(NarrowConv2dDsp):
    """A depthwise convolution of up to three input channels: a convolution with zeros.

    Inner loop: that of Conv2dDsp.
    """

    computes: ClassVar[type[Op]] = DepthwiseConv2d

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """More input channels, and what a convolution has."""
        if op.inputs[0].shape[3] >= MANY:
            return f"there are {MANY} input channels or more"
        return super().obstacle(op)

    @property
    def filters(self) -> Filters:
        """Each channel's weights, and zeros for the input channels that it does not see."""
        return super().filters.spread(self.depth)
