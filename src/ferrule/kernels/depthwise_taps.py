"""Depthwise convolutions of any filter over four channels or more for cores without SIMD.

The Rust is `crates/kernels/src/depthwise_taps.rs`.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ferrule.ir import Array, Op, Struct
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.kernels.short_rescale import ShortRescale
from ferrule.kernels.taps import Tapped
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

_GROUP = 4
# Instructions of the inner loop for two taps of a group: of one output of each channel, and of two.
_ONE, _BOTH = 39, 64


@dataclass(frozen=True, eq=False)
class DepthwiseTaps(Kernel):
    """Sums four channels in registers, tap by tap, from wherever these lie.

    Inner loop: for each tap four bytes of neighbouring channels and four weights, multiplied
    and added one by one; the address of a tap comes from a table. Of channels with several
    outputs two are summed at a time.
    """

    op: DepthwiseConv2d
    computes: ClassVar[type[Op]] = DepthwiseConv2d
    needs: ClassVar[frozenset[str]] = frozenset({"rv32"})
    name: ClassVar[str] = "depthwise_taps"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Why not: fewer channels, or a requantization that is not proved."""
        if op.inputs[0].shape[3] < _GROUP:
            return f"there are fewer than {_GROUP} input channels"
        filters = Filters.of(op)
        return ShortRescale(filters.requantize).obstacle(filters)

    @property
    def _tapped(self) -> Tapped:
        return Tapped(self.op)

    @property
    def scratch_words(self) -> int:
        """Places, and padding."""
        return self._tapped.scratch_words

    def counts(self) -> dict[str, float]:
        """Channels that two groups share, and partners of weight 0, cost as much as others.

        MACs are those of channels with one output that take as long.
        """
        pixels, _ = self.op.matrix()
        computed = pixels * self._tapped.groups(_GROUP).size
        both, one = divmod(self.op.multiplier, 2)
        part = (both * _BOTH + one * _ONE) / (self.op.multiplier * _ONE)
        work = {"mac": computed * 2 * self._tapped.pairs * part, "element": computed, "channel": 0}
        return super().counts() | work | self._tapped.places

    def grain(self, cut: str) -> int:
        """A row of outputs, most of which have their taps apart by the same."""
        return self._tapped.op.window.results[1]

    def cuts(self) -> tuple[str, ...]:
        """By pixels only: these have all of the channels."""
        return ("pixels",)

    def params(self) -> Struct:
        """Fields of `DepthwiseTaps` in `crates/kernels/src/depthwise_taps.rs`."""
        filters = Filters.of(self.op)
        rescale = ShortRescale(filters.requantize)
        constants = Struct(
            "Rv32Taps",
            {
                "words": self._words(filters),
                "signed": rescale.is_signed,
                "low": filters.requantize.low,
                "span": filters.requantize.high - filters.requantize.low,
            },
        )
        return Struct("DepthwiseTaps", {"tapped": self._tapped.params(), "filters": constants})

    def _words(self, filters: Filters) -> Array:
        """Each group's biases, taps of four weights, and four records."""
        groups = self._tapped.groups(_GROUP)
        taps = self._tapped.weights(filters.weights).astype(np.int8)[groups]
        weights = np.ascontiguousarray(taps.transpose(0, 2, 1)).view("<i4")[..., 0]
        records = np.stack(ShortRescale(filters.requantize).constants, axis=1)[groups]
        rows = [filters.folded_bias[groups], weights, records.reshape(len(groups), -1)]
        return np.concatenate(rows, axis=1).astype(np.int32)
