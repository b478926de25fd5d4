"""DepthwiseConv2d of 3x3 taps for cores without SIMD: a channel is copied with its padding."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.kernels.short_rescale import ShortRescale
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

_SIZE = 3


@dataclass(frozen=True, eq=False)
class DepthwisePlanes(Kernel):
    """Keeps nine weights in registers while it walks along the lines of a channel.

    Inner loop: three values of a column come from three lines; nine multiplications by weights
    in registers add to the three outputs that see them.
    """

    op: DepthwiseConv2d
    computes: ClassVar[type[Op]] = DepthwiseConv2d
    needs: ClassVar[frozenset[str]] = frozenset({"rv32"})
    name: ClassVar[str] = "depthwise_planes"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Why not: another filter, or a requantization that is not proved."""
        assert isinstance(op, DepthwiseConv2d)
        if op.window.size != (_SIZE, _SIZE) or op.dilation != (1, 1):
            return "made for filters of 3x3 taps, not dilated"
        if op.stride not in ((1, 1), (2, 2)):
            return "made for strides of 1 or 2"
        if obstacle := cls(op).too_much_scratch():
            return obstacle
        filters = Filters.of(op)
        rescale = ShortRescale(filters.requantize)
        if rescale.is_signed:
            return "made for results that are not below the zero point"
        return rescale.obstacle(filters)

    def cuts(self) -> tuple[str, ...]:
        """Channels: each is copied once, with all its pixels."""
        return ("channels",)

    @property
    def _plane(self) -> tuple[int, int]:
        """Height and width of what the filter sees of a channel, padding included."""
        height, width = self.op.window.results
        stride, _ = self.op.stride
        return (height - 1) * stride + _SIZE, (width - 1) * stride + _SIZE

    @property
    def _by_columns(self) -> bool:
        """Whether lines are columns, as these are longer."""
        height, width = self.op.window.results
        return height > width

    @property
    def scratch_words(self) -> int:
        """A plane of bytes."""
        return math.ceil(math.prod(self._plane) / 4)

    @property
    def gathered(self) -> int:
        """Every value of the input."""
        return self.op.inputs[0].elements

    def counts(self) -> dict[str, float]:
        """A run is a line of outputs; lines are along the longer side.

        An element is one that shares fewer of its values with the next, by a stride of 2.
        """
        channels = self.op.output.shape[3]
        lines = min(self.op.window.results) * channels
        macs = self.op.output.elements * _SIZE * _SIZE
        apart = self.op.output.elements if self.op.stride[0] > 1 else 0
        work = {"mac": macs, "element": apart, "pixel": 0, "channel": channels, "run": lines}
        return super().counts() | work

    def whole(self, cut: str) -> dict[str, float]:
        """The call; each core sees its own channels, but several may be of one input channel."""
        inputs, outputs = self.op.inputs[0].shape[3], self.op.output.shape[3]
        return {"call": 1, "gather": self.gathered / inputs if outputs > inputs else 0}

    def finer(self) -> Kernel:
        """By rows: there may be few channels."""
        return DepthwiseRows(self.op, self.is_lone)

    def params(self) -> Struct:
        """Fields of `DepthwisePlanes` in `crates/kernels/src/depthwise_planes.rs`."""
        return self._params

    @cached_property
    def _params(self) -> Struct:
        filters = Filters.of(self.op)
        multiplier, constant, shift = ShortRescale(filters.requantize).constants
        taps = filters.weights.reshape(-1, _SIZE, _SIZE)
        if self._by_columns:
            taps = taps.transpose(0, 2, 1)
        records = np.stack([4 * filters.folded_bias, multiplier, constant, shift], axis=1)
        return Struct(
            "DepthwisePlanes",
            {
                "window": self.op.window.params(),
                "depth": self.op.inputs[0].shape[3],
                "multiplier": self.op.multiplier,
                "padding": self.op.inputs[0].zero_point,
                "by_columns": self._by_columns,
                "weights": taps.astype(np.int8),
                "records": records.astype(np.int32),
                "low": filters.requantize.low,
                "span": filters.requantize.high - filters.requantize.low,
            },
        )


@dataclass(frozen=True, eq=False)
class DepthwiseRows(DepthwisePlanes):
    """As `DepthwisePlanes`, but a claim may have some rows of the channels.

    Inner loop: the same; two more rows than a claim has are copied for it.
    """

    name: ClassVar[str] = "depthwise_rows"
    only_instead: ClassVar[bool] = True

    @property
    def module(self) -> str:
        """That of `DepthwisePlanes`."""
        return DepthwisePlanes.name

    def cuts(self) -> tuple[str, ...]:
        """Pixels: whole rows. Channels, of which a core sees all rows."""
        return ("pixels", "channels")

    def unit(self, cut: str) -> int:
        """A row."""
        return self.op.window.results[1] if cut == "pixels" else 1

    def whole(self, cut: str) -> dict[str, float]:
        """For rows a visit to each channel, and the rows that others copy, too."""
        if cut == "channels":
            return super().whole(cut)
        _, width, channels = self.op.inputs[0].shape[1:]
        shared = min((_SIZE - self.op.stride[0]) * width * channels, self.gathered)
        counts = self.counts()
        columns = counts["run"] if self._by_columns else 0
        return {"call": 1, "channel": counts["channel"], "gather": shared, "run": columns}
