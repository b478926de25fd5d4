"""Conv2d to few channels for cores with the vector extension MVE, which gathers no columns."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels import mve
from ferrule.kernels.columns import Image
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.ops.conv2d import Conv2d

# Channels and pixels that are computed at a time.
_PAIR = 2
_QUAD = 4
# Words of the table for four pixels.
_WORDS = _QUAD + 1
# Most bytes of an image, with its padding: each core has one.
_LARGEST_IMAGE = 8192
# Of more channels each reads the columns that others gather too: an image, which takes memory,
# spares them at most a seventh of the time.
_MOST_CHANNELS = 8
# Vectors of a block that `crates/kernels/src/instructions/mve/runs.rs` counts.
_MOST_VECTORS = 1 << 12


@dataclass(frozen=True, eq=False)
class Conv2dDirectMve(Kernel):
    """Reads each row of taps where it lies, in a copy of the input with its padding.

    Inner loop: a vector of 16 values of each of four pixels, and a vector of weights of each of two
    channels; eight VMLADAVA add 128 MACs to eight sums.
    """

    op: Conv2d
    computes: ClassVar[type[Op]] = Conv2d
    needs: ClassVar[frozenset[str]] = mve.NEEDS
    name: ClassVar[str] = "conv2d_direct_mve"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Dilated filters, many channels, large inputs, and what requantization is not made for."""
        assert isinstance(op, Conv2d)
        if op.dilation != (1, 1):
            return "the filter is dilated"
        if op.output.shape[3] > _MOST_CHANNELS:
            return f"there are more than {_MOST_CHANNELS} output channels"
        kernel = cls(op)
        if op.window.size[0] * kernel._vectors > _MOST_VECTORS:
            return f"rows of taps fill more than {_MOST_VECTORS:,} vectors"
        if not kernel._image.bytes:
            return f"the input and its padding have more than {_LARGEST_IMAGE:,} B"
        return mve.obstacle(Filters.of(op))

    @property
    def _depth(self) -> int:
        """Elements of an input pixel."""
        return self.op.inputs[0].shape[3]

    @property
    def _vectors(self) -> int:
        """Vectors of a row of taps."""
        return mve.vectors(self.op.window.size[1] * self._depth)

    @property
    def _image(self) -> Image:
        """The copy of the input, of which the last row's last vector may have one element."""
        return Image(self.op.window, self._depth, _LARGEST_IMAGE, mve.VECTOR - 1)

    @property
    def _quads(self) -> int:
        """How often pixels are computed, four at a time."""
        pixels, _ = self.op.matrix()
        return -(-pixels // _QUAD)

    @property
    def scratch_words(self) -> int:
        """The image, and a table of pixels."""
        return self._image.bytes // 4 + _WORDS * self._quads

    @property
    def gathered(self) -> int:
        """What is copied; a row costs as 32 elements more."""
        return self._image.bytes + 32 * self.op.window.source[0]

    def counts(self) -> dict[str, float]:
        """Four pixels by two channels, as a channel each, whose rows of taps are runs."""
        pixels, channels = self.op.matrix()
        rows, _ = self.op.window.size
        blocks = self._quads * -(-channels // _PAIR)
        return super().counts() | {
            "mac": blocks * rows * self._vectors * mve.VECTOR * _PAIR * _QUAD,
            "element": 0,
            "pixel": pixels,
            "channel": blocks,
            "run": blocks * rows,
        }

    def whole(self, cut: str) -> dict[str, float]:
        """Each core copies the whole input."""
        return super().whole(cut) | {"gather": self.gathered}

    def unit(self, cut: str) -> int:
        """Four pixels."""
        return _QUAD

    def cuts(self) -> tuple[str, ...]:
        """Pixels only: every claim goes through all weights once."""
        return ("pixels",)

    def params(self) -> Struct:
        """Fields of `Conv2dDirectMve` in `crates/kernels/src/conv2d_direct_mve.rs`."""
        return self._params

    @cached_property
    def _params(self) -> Struct:
        filters = Filters.of(self.op)
        return Struct(
            "Conv2dDirectMve",
            {
                "window": self._image.over.params(),
                "depth": self._depth,
                "input_zero_point": filters.zero_point,
                "image": self._image.params(),
                "pairs": self._packed(filters),
            },
        )

    def _packed(self, filters: Filters) -> Struct:
        """`MvePairs`: blocks of two channels, the last of them the last that there are."""
        channels = len(filters.weights)
        first = np.minimum(np.arange(0, channels, _PAIR), max(channels - _PAIR, 0))
        own = np.minimum(first[:, None] + np.arange(_PAIR), channels - 1)
        rows, width = self.op.window.size
        weights = filters.weights.reshape(channels, rows, width * self._depth)
        missing = self._vectors * mve.VECTOR - weights.shape[2]
        weights = np.pad(weights, ((0, 0), (0, 0), (0, missing))).astype(np.int8)
        vectors = weights.reshape(channels, rows * self._vectors, mve.VECTOR)[own]
        requantize = filters.requantize
        content = [
            np.repeat(filters.folded_bias[own], _QUAD, axis=1).astype("<i4"),
            np.ascontiguousarray(vectors.transpose(0, 2, 1, 3)).reshape(len(own), -1).view("<i4"),
            requantize.multipliers[own].astype("<i4"),
            requantize.shifts[own].astype("<i4"),
        ]
        return Struct(
            "MvePairs",
            {
                "channels": channels,
                "runs": rows,
                "vectors": self._vectors,
                "blocks": np.concatenate(content, axis=1),
                "range": mve.stored_range(requantize),
            },
        )
