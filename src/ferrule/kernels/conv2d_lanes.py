"""Conv2d for cores without SIMD: one multiplication for two pixels, six pixels at a time."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Array, Op, Struct
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.lanes import packed
from ferrule.kernels.packing import Filters
from ferrule.kernels.short_rescale import ShortRescale
from ferrule.ops.conv2d import Conv2d
from ferrule.window import NO_PADDING

# Pairs of pixels, and channels, that the inner loop computes at a time.
_PAIRS = 3
_CHANNELS = 2
# Most bytes of scratch for each core: a plain kernel needs none.
_MOST_SCRATCH = 16_384


@dataclass(frozen=True, eq=False)
class Conv2dLanes(Kernel):
    """Joins the values of two pixels in a word, for every tap, and multiplies both at once."""

    op: Conv2d
    computes: ClassVar[type[Op]] = Conv2d
    needs: ClassVar[frozenset[str]] = frozenset({"rv32"})

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Why not: a requantization that is not proved, or too many taps."""
        assert isinstance(op, Conv2d)
        if (size := 4 * cls(op).scratch_words) > _MOST_SCRATCH:
            return f"it needs {size:,} B of scratch on each core"
        filters = Filters.of(op)
        return ShortRescale(filters.requantize).obstacle(filters)

    @property
    def module(self) -> str:
        """The module of the kernels crate."""
        return "conv2d_lanes"

    @property
    def function(self) -> str:
        """The Rust function in that module."""
        return "conv2d_lanes"

    def unit(self, cut: str) -> int:
        """Pixels one by one, because the last few are cheap; channels by groups."""
        return _CHANNELS if cut == "channels" else 1

    @property
    def _taps(self) -> int:
        return math.prod(self.op.inputs[1].shape[1:])

    @property
    def _is_copied(self) -> bool:
        """Whether the taps of a pixel are apart in memory, or in the padding."""
        window = self.op.window
        return window.size != (1, 1) or window.padding != NO_PADDING

    @property
    def scratch_words(self) -> int:
        """A word of each pair for each tap, then the bytes of two pixels where they are copied."""
        return self._taps * _PAIRS + (math.ceil(self._taps / 2) if self._is_copied else 0)

    @property
    def gathered(self) -> int:
        """Every tap of every pixel."""
        pixels, _ = self.op.matrix()
        return pixels * self._taps

    def params(self) -> Struct:
        """Fields of `Conv2dLanes` in `crates/kernels/src/conv2d_lanes.rs`."""
        return self._params

    @cached_property
    def _params(self) -> Struct:
        filters = Filters.of(self.op)
        rescale = ShortRescale(filters.requantize)
        return Struct(
            "Conv2dLanes",
            {
                "columns": Struct(
                    "Columns",
                    {
                        "window": self.op.window.params(),
                        "depth": self.op.inputs[0].shape[3],
                        "padding": self.op.inputs[0].zero_point,
                    },
                ),
                "weights": packed(filters.weights, _CHANNELS),
                "records": _records(filters),
                "is_signed": rescale.is_signed,
                "low": filters.requantize.low,
                "span": filters.requantize.high - filters.requantize.low,
            },
        )


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
