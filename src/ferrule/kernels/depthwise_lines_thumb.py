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
    name: ClassVar[str] = "depthwise_lines_thumb"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Results below the zero point, and requantizations that are not proved."""
        assert isinstance(op, DepthwiseConv2d)
        kernel = cls(op)
        apart = (kernel._row_phases, op.window.stride[1])
        return thumb_plane.obstacle(op, kernel, kernel._rescale, *apart)

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
    def _reach(self) -> tuple[int, int]:
        """Rows and columns from the first tap of a filter to its last."""
        window = self.op.window
        height, width = ((n - 1) * d for n, d in zip(window.size, window.dilation, strict=True))
        return height, width

    @property
    def _is_line(self) -> bool:
        """Whether lines of results are one, because no results of a line see more than it has.

        Then the plane has rows by phases too, so that the next row is what the next line sees.
        """
        return self._reach[1] < self.op.window.stride[1]

    @property
    def _row_phases(self) -> int:
        """Phases of rows that are apart in the plane."""
        return self.op.window.stride[0] if self._is_line else 1

    @property
    def _column_phases(self) -> list[int]:
        """Phases of columns that a filter sees; without a line all."""
        (_, size), (_, step) = self.op.window.size, self.op.window.dilation
        stride = self.op.window.stride[1]
        seen = {tap * step % stride for tap in range(size)}
        return list(range(max(seen) + 1 if self._is_line else stride))

    @property
    def _width(self) -> int:
        """Words of a line for the values of a phase of columns."""
        window = self.op.window
        length = window.results[1]
        return length if self._is_line else max(length, RUN) + self._reach[1] // window.stride[1]

    @property
    def _pitch(self) -> int:
        """Words of a line of the plane."""
        return self._width if self._is_line else self._width * self.op.window.stride[1]

    def _row_part(self, lines: int) -> int:
        """Words for a phase of rows of which so many lines of results see something."""
        step = self.op.window.stride[0] // self._row_phases
        return ((lines - 1) * step + self._reach[0] // self._row_phases + 1) * self._pitch

    def _part(self, lines: int) -> int:
        """Words from a phase of columns to the next."""
        return self._row_part(lines) * self._row_phases if self._is_line else self._width

    def _plane(self, lines: int) -> int:
        """Words of what so many lines of results see."""
        if not self._is_line:
            return self._row_part(lines)
        return self._part(lines) * len(self._column_phases) + RUN

    def _runs(self, lines: int) -> int:
        """Runs of so many lines of results."""
        length = self.op.window.results[1]
        return -(-lines * length // RUN) if self._is_line else lines * -(-length // RUN)

    @property
    def _bands(self) -> list[int]:
        """Lines of results of each band."""
        rows, band = self.op.window.results[0], self._band
        return [min(band, rows - first) for first in range(0, rows, band)]

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
        bands = len(self._bands)
        return self.op.output.shape[3] * bands if bands > 1 else self.op.inputs[0].shape[3]

    @property
    def gathered(self) -> int:
        """Every value of the input that is seen, as often as its channel is copied."""
        window = self.op.window
        seen = math.prod(window.source) * len(self._column_phases) // window.stride[1]
        return seen * self._times // len(self._bands)

    def counts(self) -> dict[str, float]:
        """A run is a line of outputs, computed in whole sixes, or one of inputs that is copied.

        Scratch is filled with padding.
        """
        channels = self.op.output.shape[3]
        bands = len(self._bands)
        elements = channels * sum(map(self._runs, self._bands)) * RUN
        lines = bands if self._is_line else self.op.window.results[0]
        copied = self._times * self.op.window.source[0] * len(self._column_phases) // bands
        fills = 1 + (self._times if bands > 1 else 0)
        return super().counts() | {
            "mac": elements * self._taps,
            "element": elements,
            "pixel": 0,
            "border": fills * self._plane(self._band),
            "channel": channels * bands * self._taps,
            "run": channels * lines + copied,
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
                "pitch": self._pitch,
                "step": self.op.window.stride[0] // self._row_phases,
                "part": self._part(self._band),
                "row_phases": self._row_phases,
                "row_part": self._row_part(self._band),
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
        for phase in self._column_phases:
            before = max(-(-(window.padding.left - phase) // stride), 0)
            column = phase + before * stride - window.padding.left
            length = min(-(-(width - column) // stride), self._width - before)
            rows.append((before, column, length) if length > 0 else (0, 0, 0))
        return np.array(rows, np.uint16)

    def _places(self) -> Array:
        """Words from where a line of results begins to each tap."""
        window = self.op.window
        rows, columns = (
            np.arange(n) * d for n, d in zip(window.size, window.dilation, strict=True)
        )
        stride, phases = window.stride[1], self._row_phases
        in_line = columns % stride * self._part(self._band) + columns // stride
        line = rows % phases * self._row_part(self._band) + rows // phases * self._pitch
        places: Array = line[:, None] + in_line
        return places.astype(np.uint16)
