"""DepthwiseConv2d of 3x3 taps for Arm cores without SIMD: a channel is copied with its padding."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels import thumb_plane
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.kernels.split_rescale import SplitRescale
from ferrule.kernels.thumb_plane import RUN, SCRATCH
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

_SIZE = 3


@dataclass(frozen=True, eq=False)
class DepthwisePlane(Kernel):
    """Six results of a line at a time, from words of a channel that are loaded by the six.

    Inner loop: for each of nine taps a weight and six words of a line (LDM), six MULS; sums of
    six outputs stay in high registers.
    """

    op: DepthwiseConv2d
    computes: ClassVar[type[Op]] = DepthwiseConv2d
    needs: ClassVar[frozenset[str]] = frozenset({"thumb"})
    name: ClassVar[str] = "depthwise_thumb"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Other filters, results below the zero point, and requantizations that are not proved."""
        assert isinstance(op, DepthwiseConv2d)
        if op.window.size != (_SIZE, _SIZE) or op.dilation != (1, 1):
            return "made for filters of 3x3 taps, not dilated"
        if op.stride not in ((1, 1), (2, 2)):
            return "made for strides of 1 or 2"
        kernel = cls(op)
        # Lines can be columns, of which values are a row apart, or two.
        apart = (2, 1)
        return thumb_plane.obstacle(op, kernel, kernel._rescale, *apart)

    def cuts(self) -> tuple[str, ...]:
        """Channels: each is copied once, with all its pixels."""
        return ("channels",)

    @cached_property
    def _rescale(self) -> SplitRescale:
        return SplitRescale(Filters.of(self.op))

    @property
    def _stride(self) -> int:
        return self.op.stride[0]

    @property
    def _by_columns(self) -> bool:
        """Whether columns are cut into fewer runs than rows, or there are fewer of them."""
        height, width = self.op.window.results
        runs = [lines * -(-length // RUN) for lines, length in ((height, width), (width, height))]
        return (runs[1], width) < (runs[0], height)

    @property
    def _lines(self) -> tuple[int, int]:
        """Lines of results, and their length."""
        height, width = self.op.window.results
        return (width, height) if self._by_columns else (height, width)

    @property
    def _seen(self) -> int:
        """Lines of a channel of the input."""
        return self.op.window.source[1 if self._by_columns else 0]

    @property
    def _pitch(self) -> int:
        """Words of a line that a filter sees; at a stride of 2 in two parts."""
        length = max(self._lines[1], RUN)
        return length + 2 if self._stride == 1 else 2 * (length + 1)

    @property
    def _band(self) -> int:
        """Lines of results of which scratch holds what they see."""
        seen = SCRATCH // 4 // self._pitch
        return max(1, min(self._lines[0], (seen - _SIZE) // self._stride + 1))

    @property
    def scratch_words(self) -> int:
        """What a band of results sees of a channel."""
        return ((self._band - 1) * self._stride + _SIZE) * self._pitch

    @property
    def gathered(self) -> int:
        """Every value of the input."""
        return self.op.inputs[0].elements

    def counts(self) -> dict[str, float]:
        """A run is a line of outputs, computed in whole sixes, or one of inputs that is copied.

        Scratch is filled with padding.
        """
        channels = self.op.output.shape[3]
        lines, length = self._lines
        bands = -(-lines // self._band)
        fills = 1 + (channels * bands if bands > 1 else 0)
        return super().counts() | {
            "mac": channels * lines * -(-length // RUN) * RUN * _SIZE * _SIZE,
            "element": 0,
            "pixel": 0,
            "border": fills * self.scratch_words,
            "channel": channels,
            "run": channels * lines + self.op.inputs[0].shape[3] * self._seen,
        }

    def whole(self, cut: str) -> dict[str, float]:
        """Scratch: each core sees its own channels."""
        return {"call": 1, "border": self.scratch_words}

    def params(self) -> Struct:
        """Fields of `DepthwiseThumb` in `crates/kernels/src/depthwise_thumb.rs`."""
        return self._params

    @cached_property
    def _params(self) -> Struct:
        taps = Filters.of(self.op).weights.reshape(-1, _SIZE, _SIZE)
        if self._by_columns:
            taps = taps.transpose(0, 2, 1)
        if self._stride == 2:
            taps = taps[:, :, [0, 2, 1]]
        return Struct(
            "DepthwiseThumb",
            {
                "window": self.op.window.params(),
                "depth": self.op.inputs[0].shape[3],
                "multiplier": self.op.multiplier,
                "padding": self.op.inputs[0].zero_point,
                "by_columns": self._by_columns,
                "band": self._band,
                "weights": taps.astype(np.int8),
                "rescale": self._rescale.params(),
            },
        )
