"""Depthwise convolutions of any filter over four channels or more for Arm cores without SIMD.

The Rust is `crates/kernels/src/depthwise_taps_thumb.rs`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.kernels.split_rescale import SplitRescale
from ferrule.kernels.taps import Tapped
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

_GROUP = 4


@dataclass(frozen=True, eq=False)
class DepthwiseTapsThumb(Kernel):
    """Sums four channels in registers, tap by tap, from wherever these lie.

    Inner loop: for each tap four bytes of neighbouring channels and a word of four weights,
    multiplied and added one by one; the address of a tap comes from a table.
    """

    op: DepthwiseConv2d
    computes: ClassVar[type[Op]] = DepthwiseConv2d
    needs: ClassVar[frozenset[str]] = frozenset({"thumb"})
    name: ClassVar[str] = "depthwise_taps_thumb"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Fewer channels, and requantizations that are not proved."""
        assert isinstance(op, DepthwiseConv2d)
        if op.inputs[0].shape[3] < _GROUP:
            return f"there are fewer than {_GROUP} input channels"
        return cls(op)._rescale.obstacle()

    @property
    def _tapped(self) -> Tapped:
        return Tapped(self.op)

    @cached_property
    def _rescale(self) -> SplitRescale:
        return SplitRescale(Filters.of(self.op))

    @property
    def scratch_words(self) -> int:
        """Places, and padding."""
        return self._tapped.scratch_words

    def counts(self) -> dict[str, float]:
        """Channels that two groups share, and partners of weight 0, cost as much as others."""
        pixels, _ = self.op.matrix()
        computed = pixels * self._tapped.groups(_GROUP).size
        work = {"mac": computed * 2 * self._tapped.pairs, "element": computed, "channel": 0}
        return super().counts() | work | self._tapped.places

    def cuts(self) -> tuple[str, ...]:
        """By pixels only: these have all of the channels."""
        return ("pixels",)

    def params(self) -> Struct:
        """Fields of `DepthwiseTapsThumb` in `crates/kernels/src/depthwise_taps_thumb.rs`."""
        weights = self._tapped.weights(Filters.of(self.op).weights).astype(np.int8)
        taps = weights[self._tapped.groups(_GROUP)]
        words = np.ascontiguousarray(taps.transpose(0, 2, 1)).view("<i4")[..., 0]
        filters = Struct(
            "ThumbTaps",
            {"weights": words.astype(np.int32), "rescale": self._rescale.params()},
        )
        return Struct("DepthwiseTapsThumb", {"tapped": self._tapped.params(), "filters": filters})
