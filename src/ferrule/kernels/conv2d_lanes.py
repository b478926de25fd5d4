"""Convolutions for cores without SIMD: one multiplication for two pixels, six at a time."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Array, Op, Struct
from ferrule.kernels.columns import Columns, largest_image
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.lanes import packed
from ferrule.kernels.packing import MANY, Filters
from ferrule.kernels.short_rescale import ShortRescale
from ferrule.ops.conv2d import Conv2d
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

#: Pairs of pixels that the inner loop computes at a time.
PAIRS = 3
_CHANNELS = 2
# Instructions of the inner loop for a tap and a run, with three pairs of pixels and with one.
_TAP, _RUN = 17, 31
_TAP_ALONE, _RUN_ALONE = 7, 15
# From so many pixels on, what is left after the last six does not matter.
_MANY = 48


@dataclass(frozen=True, eq=False)
class Conv2dLanes(Kernel):
    """Joins the values of two pixels in a word, for every tap, and multiplies both at once.

    Inner loop: for each tap three words of pixel pairs and two weights; six multiplications are
    twelve MACs. After runs of taps, which the compiler cuts so that no low half overflows, high
    halves are added up apart.
    """

    op: Conv2d | DepthwiseConv2d
    computes: ClassVar[type[Op]] = Conv2d
    needs: ClassVar[frozenset[str]] = frozenset({"rv32"})
    name: ClassVar[str] = "conv2d_lanes"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Why not: a requantization that is not proved, or too many taps."""
        assert isinstance(op, Conv2d | DepthwiseConv2d)
        if obstacle := cls(op).too_much_scratch():
            return obstacle
        filters = Filters.of(op)
        return ShortRescale(filters.requantize).obstacle(filters)

    def unit(self, cut: str) -> int:
        """Channels by groups; of many pixels the last few are cheap, so these are cut freely."""
        if cut == "channels":
            return _CHANNELS
        pixels, _ = self.op.matrix()
        return 1 if pixels >= _MANY else 2 * PAIRS

    def grain(self, cut: str) -> int:
        """Six pixels, in as many units as there are."""
        return 1 if cut == "channels" else 2 * PAIRS // self.unit(cut)

    @property
    def _filters(self) -> Filters:
        return Filters.of(self.op)

    @cached_property
    def _columns(self) -> Columns:
        _, channels = self.op.matrix()
        return Columns(self.op.window, self.op.inputs[0], largest_image(channels))

    @property
    def scratch_words(self) -> int:
        """A word of each pair for each tap, then what the columns need."""
        return self._columns.taps * PAIRS + math.ceil(self._columns.bytes / 4)

    @property
    def gathered(self) -> int:
        """Every tap of every pixel, an odd last one twice."""
        full, alone = self._blocks
        return (full * PAIRS + alone) * 2 * self._columns.taps

    @property
    def _blocks(self) -> tuple[int, int]:
        """How often the inner loop goes over all channels, with three pairs of pixels and one."""
        pixels, _ = self.op.matrix()
        full, left = divmod(pixels, 2 * PAIRS)
        if left == 2 * PAIRS - 1:
            return full + 1, 0
        return full, -(-left // 2)

    def counts(self) -> dict[str, float]:
        """MACs are those that take as long as the inner loop does for taps and runs of them."""
        filters = self.params().fields["filters"]
        assert isinstance(filters, Struct)
        lanes = filters.fields["weights"]
        assert isinstance(lanes, Struct)
        content, starts = lanes.fields["runs"], lanes.fields["starts"]
        assert isinstance(content, np.ndarray)
        assert isinstance(starts, np.ndarray)
        taps = len(starts) * self._columns.taps
        runs = len(content) - len(starts) - _CHANNELS * taps
        full, alone = self._blocks
        spent = full * (_TAP * taps + _RUN * runs) + alone * (_TAP_ALONE * taps + _RUN_ALONE * runs)
        return super().counts() | {
            "mac": spent * 2 * PAIRS * _CHANNELS / _TAP,
            "pixel": 2 * (PAIRS * full + alone),
            "border": self._columns.borders,
            "run": self._columns.copied,
        }

    def whole(self, cut: str) -> dict[str, float]:
        """Runs are elements of the copy of the input."""
        return super().whole(cut) | {"run": self._columns.copied}

    def params(self) -> Struct:
        """Fields of `Conv2dLanes` in `crates/kernels/src/conv2d_lanes.rs`."""
        return self._params

    @cached_property
    def _params(self) -> Struct:
        return Struct(
            "Conv2dLanes", {"columns": self._columns.params(), "filters": self._filter_params}
        )

    @property
    def _filter_params(self) -> Struct:
        """Fields of `LaneFilters`."""
        filters = self._filters
        return Struct(
            "LaneFilters",
            {
                "weights": packed(filters.weights, _CHANNELS),
                "records": _records(filters),
                "is_signed": ShortRescale(filters.requantize).is_signed,
                "low": filters.requantize.low,
                "span": filters.requantize.high - filters.requantize.low,
            },
        )


@dataclass(frozen=True, eq=False)
class PointwiseLanes(Conv2dLanes):
    """Without what filters of several taps need.

    Inner loop: that of Conv2dLanes.
    """

    computes: ClassVar[type[Op]] = Conv2d
    name: ClassVar[str] = "pointwise_lanes"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Why not: several taps, or as of another Conv2d."""
        assert isinstance(op, Conv2d)
        if not cls(op)._columns.is_pointwise:
            return "made for filters of one tap, without stride and padding"
        return super().obstacle(op)

    @cached_property
    def _params(self) -> Struct:
        return Struct("PointwiseLanes", {"filters": self._filter_params})


@dataclass(frozen=True, eq=False)
class DepthwiseLanes(Conv2dLanes):
    """With few input channels a DepthwiseConv2d is a Conv2d with zeros.

    Inner loop: that of Conv2dLanes.
    """

    computes: ClassVar[type[Op]] = DepthwiseConv2d

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Why not: many input channels, or as of a Conv2d."""
        if op.inputs[0].shape[3] >= MANY:
            return f"made for fewer than {MANY} input channels"
        return super().obstacle(op)

    @property
    def _filters(self) -> Filters:
        return super()._filters.spread(self._columns.depth)


def _records(filters: Filters) -> Array:
    """Of each group of channels the bias, then multiplier, constant and shift of each."""
    rescale = ShortRescale(filters.requantize)
    columns = [filters.folded_bias, *rescale.constants]
    rows = np.stack(columns, axis=1)
    missing = np.zeros((-len(rows) % _CHANNELS, rows.shape[1]), np.int64)
    groups = np.concatenate([rows, missing]).reshape(-1, _CHANNELS, rows.shape[1])
    bias, scales = groups[:, :, :1], groups[:, :, 1:]
    flat = [part.reshape(len(groups), -1) for part in (bias, scales)]
    return np.concatenate(flat, axis=1).astype(np.int32)
