"""Convolutions for Arm cores without SIMD: one multiplication for two pixels, six at a time."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels.columns import Columns, largest_image
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.kernels.split_rescale import SplitRescale
from ferrule.kernels.thumb_filters import BLOCK, RUN, columns, packed
from ferrule.ops.conv2d import Conv2d
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

# Pairs of pixels that the inner loop computes at a time.
_PAIRS = 3
# From so many pixels on, what is left after the last six does not matter.
_MANY = 48
# Most taps whose places in a column, in bytes, are 16 bits.
_MOST_TAPS = (1 << 16) // BLOCK - 4


@dataclass(frozen=True, eq=False)
class Conv2dThumb(Kernel):
    """Joins the values of two pixels in a word, for every tap, and multiplies both at once.

    Inner loop: for each tap a weight (LDRSB) and three words of pixel pairs (LDM); three MULS
    are six MACs. After four taps, at first what is left of four, the halves are told apart;
    weights that would overflow a half there are left out, and are added at the end.
    """

    op: Conv2d | DepthwiseConv2d
    computes: ClassVar[type[Op]] = Conv2d
    needs: ClassVar[frozenset[str]] = frozenset({"thumb"})
    name: ClassVar[str] = "conv2d_thumb"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Requantizations that are not proved, and too many taps."""
        assert isinstance(op, Conv2d | DepthwiseConv2d)
        kernel = cls(op)
        if kernel._columns.taps > _MOST_TAPS:
            return f"made for up to {_MOST_TAPS:,} taps"
        if obstacle := kernel.too_much_scratch():
            return obstacle
        return kernel._rescale.obstacle()

    def unit(self, cut: str) -> int:
        """Channels by blocks; of many pixels the last few are cheap, so these are cut freely."""
        if cut == "channels":
            return BLOCK
        pixels, _ = self.op.matrix()
        return 1 if pixels >= _MANY else 2 * _PAIRS

    def grain(self, cut: str) -> int:
        """Six pixels, in as many units as there are."""
        return 1 if cut == "channels" else 2 * _PAIRS // self.unit(cut)

    @cached_property
    def _columns(self) -> Columns:
        _, channels = self.op.matrix()
        return Columns(self.op.window, self.op.inputs[0], largest_image(channels))

    @cached_property
    def _rescale(self) -> SplitRescale:
        return SplitRescale(Filters.of(self.op))

    @property
    def scratch_words(self) -> int:
        """A word of each pair for each tap, then what the columns need."""
        _, channels = self.op.matrix()
        taps = columns(channels, self._columns.taps)
        return taps * _PAIRS + math.ceil(self._columns.bytes / 4)

    @property
    def gathered(self) -> int:
        """Every tap of every pixel, an odd last one twice."""
        pixels, _ = self.op.matrix()
        return -(-pixels // 2) * 2 * self._columns.taps

    def counts(self) -> dict[str, float]:
        """Blocks of six pixels; a run is a correction, or a channel's begin, in each of them."""
        filters = self.params().fields["filters"]
        assert isinstance(filters, Struct)
        corrections = filters.fields["corrections"]
        assert isinstance(corrections, np.ndarray)
        pixels, channels = self.op.matrix()
        blocks = -(-pixels // (2 * _PAIRS))
        work = 2 * _PAIRS * blocks * channels
        # A run of fewer taps takes as long for each, and as long to tell halves apart.
        taps = self._columns.taps + -self._columns.taps % RUN / 4
        return super().counts() | {
            "mac": work * taps,
            "element": work,
            "border": self._columns.borders,
            "run": blocks * (int(np.count_nonzero(corrections)) + channels),
        }

    def whole(self, cut: str) -> dict[str, float]:
        """Runs are those of the channels."""
        return super().whole(cut) | {"run": 0}

    def params(self) -> Struct:
        """Fields of the struct of its name, in the Rust file of its module."""
        return self._params

    @cached_property
    def _params(self) -> Struct:
        return Struct(
            "Conv2dThumb",
            {
                "columns": self._columns.params(),
                "filters": packed(Filters.of(self.op).weights),
                "rescale": self._rescale.params(),
            },
        )


@dataclass(frozen=True, eq=False)
class PointwiseThumb(Conv2dThumb):
    """Without what filters of several taps need.

    Inner loop: that of Conv2dThumb.
    """

    computes: ClassVar[type[Op]] = Conv2d
    name: ClassVar[str] = "pointwise_thumb"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Several taps, and what another convolution has."""
        assert isinstance(op, Conv2d)
        if not cls(op)._columns.is_pointwise:
            return "made for filters of one tap, without stride and padding"
        return super().obstacle(op)

    @cached_property
    def _params(self) -> Struct:
        fields = super()._params.fields
        kept = {name: fields[name] for name in ("filters", "rescale")}
        return Struct("PointwiseThumb", {"depth": self._columns.depth} | kept)


@dataclass(frozen=True, eq=False)
class DepthwiseThumb(Conv2dThumb):
    """With one input channel a DepthwiseConv2d is a Conv2d.

    Inner loop: that of Conv2dThumb.
    """

    computes: ClassVar[type[Op]] = DepthwiseConv2d

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Several input channels, and what a convolution has."""
        if op.inputs[0].shape[3] != 1:
            return "made for one input channel"
        return super().obstacle(op)
