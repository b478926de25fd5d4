"""DepthwiseConv2d of any filter for Arm cores without SIMD: a channel is copied with its padding.

The Rust is `crates/kernels/src/depthwise_lines_thumb.rs`.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Array, Op, Struct
from ferrule.kernels import thumb_plane
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.kernels.split_rescale import SplitRescale
from ferrule.kernels.thumb_plane import RUN, SCRATCH
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d


@dataclass(frozen=True, eq=False)
class DepthwiseLinesThumb(Kernel):
    """Six results of a line at a time, from words of a channel, for a list of taps.

    Inner loop: for each tap its weight and place from a list, six words of a line (LDM), and six
    MULS; sums of six outputs stay in high registers.
    """

    op: DepthwiseConv2d
    computes: ClassVar[type[Op]] = DepthwiseConv2d
    needs: ClassVar[frozenset[str]] = frozenset({"thumb"})

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Results below the zero point, and requantizations that are not proved."""
        assert isinstance(op, DepthwiseConv2d)
        kernel = cls(op)
        return thumb_plane.obstacle(op, kernel.scratch_words, kernel._rescale)

    @property
    def module(self) -> str:
        """The module of the kernels crate."""
        return "depthwise_lines_thumb"

    @property
    def function(self) -> str:
        """The Rust function in that module."""
        return "depthwise_lines_thumb"

    def cuts(self) -> tuple[str, ...]:
        """Channels: each is copied once, with all its pixels."""
        return ("channels",)

    @cached_property
    def _rescale(self) -> SplitRescale:
        return SplitRescale(Filters.of(self.op))

    @property
    def _taps(self) -> int:
        return math.prod(self.op.window.size)

    @property
    def _length(self) -> int:
        """Results of a line in whole runs."""
        return -(-self.op.window.results[1] // RUN) * RUN

    @property
    def _part(self) -> int:
        """Words of a line that hold values a stride apart."""
        window = self.op.window
        last = (window.size[1] - 1) * window.dilation[1]
        return max(window.results[1], RUN) + last // window.stride[1]

    @property
    def _pitch(self) -> int:
        """Words of a line of the plane."""
        return self._part * self.op.window.stride[1]

    def _plane(self, lines: int) -> int:
        """Words of what so many lines of results see."""
        window = self.op.window
        seen = (lines - 1) * window.stride[0] + (window.size[0] - 1) * window.dilation[0] + 1
        return seen * self._pitch

    @property
    def _band(self) -> int:
        """Lines of results of which scratch holds what they see."""
        rows = self.op.window.results[0]
        more = range(2, rows + 1)
        return max((n for n in more if 4 * self._plane(n) <= SCRATCH), default=1)

    @property
    def scratch_words(self) -> int:
        """Two words for each tap, and what a band of results sees of a channel."""
        return 2 * self._taps + self._plane(self._band)

    @property
    def _times(self) -> int:
        """How often a channel, or a band of one, is copied."""
        bands = -(-self.op.window.results[0] // self._band)
        return self.op.output.shape[3] * bands if bands > 1 else self.op.inputs[0].shape[3]

    @property
    def gathered(self) -> int:
        """Every value of the input, as often as its channel is copied."""
        bands = -(-self.op.window.results[0] // self._band)
        return math.prod(self.op.window.source) * self._times // bands

    def counts(self) -> dict[str, float]:
        """A run is a line of outputs, computed in whole sixes, or one of inputs that is copied.

        Scratch is filled with padding.
        """
        channels = self.op.output.shape[3]
        window = self.op.window
        bands = -(-window.results[0] // self._band)
        elements = channels * window.results[0] * self._length
        copied = self._times * window.source[0] * window.stride[1] // bands
        fills = 1 + (self._times if bands > 1 else 0)
        return super().counts() | {
            "mac": elements * self._taps,
            "element": elements,
            "pixel": 0,
            "border": fills * self._plane(self._band),
            "channel": channels * bands * self._taps,
            "run": channels * window.results[0] + copied,
        }

    def whole(self, cut: str) -> dict[str, float]:
        """Scratch: each core sees its own channels."""
        return {"call": 1, "border": self._plane(self._band)}

    def params(self) -> Struct:
        """Fields of `DepthwiseLinesThumb` in `crates/kernels/src/depthwise_lines_thumb.rs`."""
        return Struct(
            "DepthwiseLinesThumb",
            {
                "window": self.op.window.params(),
                "depth": self.op.inputs[0].shape[3],
                "multiplier": self.op.multiplier,
                "padding": self.op.inputs[0].zero_point,
                "band": self._band,
                "part": self._part,
                "phases": self._phases(),
                "places": self._places(),
                "weights": Filters.of(self.op).weights.astype(np.int8),
                "rescale": self._rescale.params(),
            },
        )

    def _phases(self) -> Array:
        """Of each phase: places before the first value, its column, and how many there are."""
        window = self.op.window
        stride, width = window.stride[1], window.source[1]
        rows = []
        for phase in range(stride):
            before = max(-(-(window.padding.left - phase) // stride), 0)
            column = phase + before * stride - window.padding.left
            length = min(-(-(width - column) // stride), self._part - before)
            rows.append((before, column, length) if length > 0 else (0, 0, 0))
        return np.array(rows, np.uint16)

    def _places(self) -> Array:
        """Words from where a line of results begins to each tap."""
        window = self.op.window
        rows, columns = (
            np.arange(n) * d for n, d in zip(window.size, window.dilation, strict=True)
        )
        stride = window.stride[1]
        in_line = columns % stride * self._part + columns // stride
        places: Array = rows[:, None] * self._pitch + in_line
        return places.astype(np.uint16)
