"""DepthwiseConv2d with few taps for cores with the vector extension MVE: vectors of pixels."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels import mve
from ferrule.kernels.columns import Image
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d
from ferrule.window import NO_PADDING

# Taps of a filter, and pixels that are computed at a time.
_TAPS = 4
_QUAD = 4
# Words of the table for four pixels.
_WORDS = 2 * _QUAD
# Most bytes of a padded image: each core has one.
_LARGEST_IMAGE = 8192
# Most elements of an output.
_MOST_OUTPUTS = 1 << 16


@dataclass(frozen=True, eq=False)
class DepthwiseShortMve(Kernel):
    """Gathers what four pixels see of a channel once, for all output channels of it.

    Inner loop: four multiplications add what each of four taps sees of four pixels, for each of two
    output channels.
    """

    op: DepthwiseConv2d
    computes: ClassVar[type[Op]] = DepthwiseConv2d
    needs: ClassVar[frozenset[str]] = mve.NEEDS
    name: ClassVar[str] = "depthwise_short_mve"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """More taps, an odd multiplier, and what the requantization is not made for."""
        assert isinstance(op, DepthwiseConv2d)
        if op.dilation != (1, 1):
            return "the filter is dilated"
        if math.prod(op.window.size) > _TAPS:
            return f"the filter has more than {_TAPS} taps"
        if op.multiplier % 2:
            return "an input channel has an odd number of output channels"
        if op.output.elements > _MOST_OUTPUTS:
            return f"there are more than {_MOST_OUTPUTS:,} outputs"
        if op.window.padding != NO_PADDING and not cls(op)._image.bytes:
            return f"the input and its padding have more than {_LARGEST_IMAGE:,} B"
        return mve.obstacle(Filters.of(op))

    @property
    def _depth(self) -> int:
        """Input channels."""
        return self.op.inputs[0].shape[3]

    @property
    def _image(self) -> Image:
        """The copy of an input with its padding."""
        return Image(self.op.window, self._depth, _LARGEST_IMAGE)

    @property
    def _quads(self) -> int:
        """How often pixels are computed, four at a time."""
        pixels, _ = self.op.matrix()
        return -(-pixels // _QUAD)

    @property
    def scratch_words(self) -> int:
        """The image, and a table of pixels."""
        return -(-self._image.bytes // 4) + _WORDS * self._quads

    @property
    def gathered(self) -> int:
        """What is copied; a row costs as 32 elements more."""
        size = self._image.bytes
        return size + 32 * self.op.window.source[0] if size else 0

    def counts(self) -> dict[str, float]:
        """Four pixels of an input channel, as a channel each, and of two of its outputs, as a run.

        Nothing depends on the number of taps.
        """
        pixels, _ = self.op.matrix()
        fours = self._depth * self._quads
        return super().counts() | {
            "mac": 0,
            "element": 0,
            "pixel": pixels,
            "border": 0,
            "channel": self._depth + fours,
            "gather": self.gathered,
            "run": fours * self.op.multiplier // 2,
        }

    def whole(self, cut: str) -> dict[str, float]:
        """Each core copies the whole input, and goes over all channels."""
        return super().whole(cut) | {"gather": self.gathered, "channel": self._depth}

    def unit(self, cut: str) -> int:
        """Four pixels."""
        return _QUAD

    def cuts(self) -> tuple[str, ...]:
        """Pixels only: every claim goes through all weights once."""
        return ("pixels",)

    def params(self) -> Struct:
        """Fields of `DepthwiseShortMve` in `crates/kernels/src/depthwise_short_mve.rs`."""
        return self._params

    @cached_property
    def _params(self) -> Struct:
        filters = Filters.of(self.op)
        requantize = filters.requantize
        taps = np.pad(filters.weights, ((0, 0), (0, _TAPS - filters.weights.shape[1])))
        scales = [filters.folded_bias, requantize.multipliers, requantize.shifts]
        return Struct(
            "DepthwiseShortMve",
            {
                "window": self._image.over.params(),
                "depth": self._depth,
                "pairs": self.op.multiplier // 2,
                "input_zero_point": filters.zero_point,
                "image": self._image.params(),
                "filters": np.column_stack([taps, *scales]).astype(np.int32),
                "range": mve.stored_range(requantize),
            },
        )
