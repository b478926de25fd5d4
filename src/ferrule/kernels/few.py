"""Convolutions of few output channels for cores without SIMD: nothing is gathered.

A word of weights holds that of one channel in its low half and adds that of another times 2^16, so
one multiplication by a value serves both. Sums of products are told apart as in
`thumb_filters.py`, run by run of up to four taps.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.fixed_point import Int64
from ferrule.ir import Op, Struct
from ferrule.kernels.columns import Columns
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.kernels.thumb_filters import RUN, without_large
from ferrule.ops.conv2d import Conv2d

# Most output channels: with more of them a gather pays.
_MOST = 4
_CHANNELS = 2


@dataclass(frozen=True, eq=False)
class Few:
    """A convolution whose input, or the copy of it with its padding, is read in place."""

    op: Conv2d
    columns: Columns
    pixels: int

    def obstacle(self) -> str:
        """Why this is not for it; empty if it is."""
        if self.op.output.shape[3] > _MOST:
            return f"made for up to {_MOST} output channels"
        if self.op.dilation != (1, 1):
            return "the filter is dilated"
        if self.columns.borders:
            return "made for inputs without padding, or small enough for a copy with it"
        return ""

    @property
    def _length(self) -> int:
        """Taps of a row."""
        return self.op.window.size[1] * self.columns.depth

    @cached_property
    def _split(self) -> tuple[Int64, Int64]:
        """Weights `[channels, taps]` of which no run overflows, and what is left of them."""
        return without_large(Filters.of(self.op).weights, self._length)

    @property
    def _corrections(self) -> list[int]:
        """Channel, elements from the first tap, and weight of what is left of weights."""
        _, left = self._split
        words: list[int] = []
        for channel, tap in np.argwhere(left):
            row, place = divmod(int(tap), self._length)
            words += [int(channel), row * self.columns.step + place, int(left[channel, tap])]
        return words

    def counts(self) -> dict[str, float]:
        """Blocks of pixels and pairs of channels, each a run for every row of taps."""
        pixels, channels = self.op.matrix()
        blocks = -(-pixels // self.pixels)
        pairs = -(-channels // _CHANNELS)
        computed = blocks * self.pixels
        # A missing tap of a run costs a quarter of another.
        taps = self.op.window.size[0] * (self._length + -self._length % RUN / 4)
        return {
            "mac": computed * pairs * _CHANNELS * taps,
            "element": computed * pairs * (_CHANNELS + len(self._corrections) / 3),
            "pixel": computed,
            "border": 0,
            "gather": self.columns.bytes,
            "run": blocks * pairs * self.op.window.size[0],
        }

    def whole(self) -> dict[str, float]:
        """The copy of the input."""
        return {"call": 1, "gather": self.columns.bytes}

    def params(self) -> Struct:
        """Fields of `Few` in `crates/kernels/src/few.rs`."""
        safe, _ = self._split
        filled = np.pad(safe, ((0, -len(safe) % _CHANNELS), (0, 0)))
        words = (filled[::2] + (filled[1::2] << 16)) & 0xFFFFFFFF
        return Struct(
            "Few",
            {
                "columns": self.columns.params(),
                "weights": words.astype(np.uint32).ravel(),
                "corrections": np.array(self._corrections, np.int32),
                "channels": len(safe),
            },
        )


class FewChannels:
    """What kernels that read a `Few` have in common; the kernel beside it gathers columns."""

    op: Op
    _columns: Columns
    #: Pixels that the inner loop computes at a time.
    pixels: ClassVar[int]

    @cached_property
    def _few(self) -> Few:
        assert isinstance(self.op, Conv2d)
        return Few(self.op, self._columns, self.pixels)

    def cuts(self) -> tuple[str, ...]:
        """Pixels only: there are few channels."""
        return ("pixels",)

    def unit(self, cut: str) -> int:
        """Pixels that are computed together."""
        return self.pixels

    def grain(self, cut: str) -> int:
        """What is missing of a unit is its last pixel again."""
        return 1

    @property
    def scratch_words(self) -> int:
        """The copy of the input."""
        return math.ceil(self.gathered / 4)

    @property
    def gathered(self) -> int:
        """The copy of the input."""
        return self._columns.bytes

    def counts(self) -> dict[str, float]:
        """Those of `Few`."""
        return Kernel(self.op).counts() | self._few.counts()

    def whole(self, cut: str) -> dict[str, float]:
        """The copy of the input."""
        return self._few.whole()
