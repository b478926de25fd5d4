"""Convolutions of one tap and few input channels for cores with the vector extension MVE."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Array, Op, Struct
from ferrule.kernels import mve
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.ops.conv2d import Conv2d
from ferrule.window import NO_PADDING

#: Pixels that are computed at a time, by `mve.BLOCK` channels.
QUAD = 4
# Places of a block's outputs in four pixels are numbers of 8 bits.
_MOST_CHANNELS = 84
# Input channels behind a vector are multiplied one by one: of more, another vector is faster.
_MOST_DEPTH = mve.VECTOR + 4


@dataclass(frozen=True, eq=False)
class PointwiseMve(Kernel):
    """A filter of one tap whose weights stay in registers, as pixels hardly fill a vector.

    Inner loop: a vector of each of four pixels; sixteen VMLADAVA multiply them with four channels.
    For each input channel behind the vector, VMLA adds one of four pixels to each channel's sums.
    """

    op: Conv2d
    computes: ClassVar[type[Op]] = Conv2d
    needs: ClassVar[frozenset[str]] = mve.NEEDS
    name: ClassVar[str] = "pointwise_mve"

    @classmethod
    def suits(cls, op: Op) -> bool:
        """Whether pixels are columns as they lie in memory."""
        assert isinstance(op, Conv2d)
        window = op.window
        return window.size == window.stride == (1, 1) and window.padding == NO_PADDING

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Other filters, many channels, and what the requantization is not made for."""
        if not cls.suits(op):
            return "the filter has several taps, or skips pixels"
        if op.inputs[0].shape[3] > _MOST_DEPTH:
            return f"there are more than {_MOST_DEPTH} input channels"
        if op.output.shape[3] > _MOST_CHANNELS:
            return f"there are more than {_MOST_CHANNELS} output channels"
        return mve.obstacle(Filters.of(op))

    @property
    def _depth(self) -> int:
        """Input channels."""
        return self.op.inputs[0].shape[3]

    @property
    def _tails(self) -> int:
        """Input channels behind a vector."""
        return max(self._depth - mve.VECTOR, 0)

    @property
    def _blocks(self) -> int:
        """Blocks of output channels."""
        return -(-self.op.output.shape[3] // mve.BLOCK)

    @property
    def _last(self) -> int:
        """Pixels that are copied because less than a vector follows them."""
        pixels, _ = self.op.matrix()
        return min(-(-max(mve.VECTOR - self._depth, 0) // self._depth), pixels)

    @property
    def scratch_words(self) -> int:
        """The pixels that are copied, which overlap."""
        if not self._last:
            return 0
        return -(-((self._last - 1) * self._depth + mve.VECTOR) // 4)

    @property
    def gathered(self) -> int:
        """What is copied."""
        return self._last * self._depth

    def counts(self) -> dict[str, float]:
        """Four pixels by four channels, as a run each; fewer than four pixels are one by one.

        Channels count as often as a block of them begins, for what is copied and what is not. Taps
        behind the vector take as long as eight MACs each, and five more.
        """
        pixels, _ = self.op.matrix()
        pieces = [piece for piece in (pixels - self._last, self._last) if piece]
        runs = self._blocks * sum(-(-n // QUAD) if n >= QUAD else n for n in pieces)
        begun = self._blocks * sum(1 + (n % QUAD > 0) if n >= QUAD else n for n in pieces)
        return super().counts() | {
            "mac": runs * (8 * self._tails + 5 if self._tails else 0),
            "element": 0,
            "pixel": int(self._last > 0),
            "channel": begun,
            "gather": 0,
            "run": runs,
        }

    def unit(self, cut: str) -> int:
        """Four pixels."""
        return QUAD

    def cuts(self) -> tuple[str, ...]:
        """Pixels only: every claim goes through all weights once."""
        return ("pixels",)

    def params(self) -> Struct:
        """Fields of `PointwiseMve` in `crates/kernels/src/pointwise_mve.rs`."""
        return self._params

    @cached_property
    def _params(self) -> Struct:
        filters = Filters.of(self.op)
        return Struct("PointwiseMve", {"quads": self._packed(filters)})

    def _packed(self, filters: Filters) -> Struct:
        """`MveQuads`: blocks of four channels, the missing ones of the last block 0."""
        channels, depth = filters.weights.shape
        more = -channels % mve.BLOCK

        def rows(values: Array, missing: int = 0) -> Array:
            """One row for each block of channels."""
            width = ((0, more), *[(0, 0)] * (values.ndim - 1))
            padded = np.pad(values, width, constant_values=missing)
            return padded.reshape(len(padded) // mve.BLOCK, mve.BLOCK, *values.shape[1:])

        vector = filters.weights[:, : mve.VECTOR]
        vector = np.pad(vector, ((0, 0), (0, mve.VECTOR - vector.shape[1]))).astype(np.int8)
        tails = rows(filters.weights[:, mve.VECTOR :]).transpose(0, 2, 1)
        requantize = filters.requantize
        scales = [rows(requantize.multipliers), rows(requantize.shifts, missing=-1)]
        blocks = len(tails)
        content = [
            rows(filters.folded_bias),
            np.stack(scales, axis=2).reshape(blocks, -1),
            rows(vector).reshape(blocks, -1).view("<i4"),
            tails.reshape(blocks, self._tails * mve.BLOCK),
        ]
        return Struct(
            "MveQuads",
            {
                "channels": channels,
                "depth": depth,
                "blocks": np.concatenate([part.astype("<i4") for part in content], axis=1),
                "range": mve.stored_range(requantize),
            },
        )
