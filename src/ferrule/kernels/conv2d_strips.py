"""Convolutions for cores without SIMD that go down the output, six pixels wide."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from ferrule.ir import Op, Struct
from ferrule.kernels.conv2d_lanes import PAIRS, Conv2dLanes, DepthwiseLanes
from ferrule.ops.conv2d import Conv2d
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

# Tiles of a strip after which all taps are gathered anew.
_TILES = 5


@dataclass(frozen=True, eq=False)
class Conv2dStrips(Conv2dLanes):
    """Gathers what a row of taps sees once for all output rows that see it.

    Inner loop: that of Conv2dLanes. The taps of a tile stand behind those of the tile above it,
    of which it needs the last.
    """

    computes: ClassVar[type[Op]] = Conv2d
    name: ClassVar[str] = "conv2d_strips"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Why not: rows seen once, padding without a copy of the input, or as of a Conv2dLanes."""
        assert isinstance(op, Conv2d | DepthwiseConv2d)
        if op.dilation != (1, 1) or op.window.size[0] <= op.stride[0]:
            return "made for filters that are higher than their stride, not dilated"
        if cls(op)._columns.borders:
            return "made for inputs without padding, or small enough for a copy with it"
        return super().obstacle(op)

    def grain(self, cut: str) -> int:
        """Whole rows, so that there are strips to go down."""
        if cut == "channels":
            return super().grain(cut)
        return math.lcm(self.unit(cut), self.op.window.results[1]) // self.unit(cut)

    @property
    def _room(self) -> int:
        """Rows of taps that scratch has words for."""
        height, stride = self.op.window.size[0], self.op.stride[0]
        rows = min(_TILES, self.op.window.results[0])
        return height + (rows - 1) * stride

    @property
    def scratch_words(self) -> int:
        """A word of each pair for each tap of those rows, then what the columns need."""
        line = self._columns.taps // self.op.window.size[0]
        return self._room * line * PAIRS + math.ceil(self._columns.bytes / 4)

    @property
    def gathered(self) -> int:
        """Taps of the rows that a tile sees and those above it do not, an odd pixel's twice."""
        line = self._columns.taps // self.op.window.size[0]
        return sum(2 * pairs * rows for pairs, rows in self._tiles) * line

    def whole(self, cut: str) -> dict[str, float]:
        """A core that begins in the midst of rows gathers a row of pixels, and begins strips."""
        if cut == "channels":
            return super().whole(cut)
        (height, _), (stride, _) = self.op.window.size, self.op.window.stride
        taps = self.op.window.results[1] * self._columns.taps
        return super().whole(cut) | {"gather": taps + taps * max(height - stride, 0) // height}

    @property
    def _blocks(self) -> tuple[int, int]:
        """How many tiles have three pairs of pixels, and how many have one."""
        pairs = [pairs for pairs, _ in self._tiles]
        return pairs.count(PAIRS), pairs.count(1)

    @cached_property
    def _tiles(self) -> list[tuple[int, int]]:
        """Pairs of pixels of each tile where a core has all rows, and the rows of taps gathered."""
        results, (height, _) = self.op.window.results, self.op.window.size
        tiles = []
        left = results[1]
        while left:
            width = next(width for width in (6, 5, 2, 1) if left >= width)
            row, start, missing = 0, 0, height
            while row < results[0]:
                pixels = width * (results[0] - row)
                most = width if width >= 5 else 6
                count = min(pixels, most if pixels >= 5 else 2)
                tiles.append((-(-count // 2), missing))
                below = max(count // width, 1)
                row, step = row + below, below * self.op.stride[0]
                has_room = start + step + height <= self._room
                is_shared = width > 1 and step < height and has_room
                start, missing = (start + step, step) if is_shared else (0, height)
            left -= width
        return tiles

    @cached_property
    def _params(self) -> Struct:
        return Struct(
            "Conv2dStrips",
            {
                "columns": self._columns.params(),
                "filters": self._filter_params,
                "room": self._room,
            },
        )


@dataclass(frozen=True, eq=False)
class DepthwiseStrips(DepthwiseLanes, Conv2dStrips):
    """With few input channels a DepthwiseConv2d is a Conv2d with zeros, in strips.

    Inner loop: that of Conv2dLanes.
    """
