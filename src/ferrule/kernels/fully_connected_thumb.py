"""FullyConnected for Arm cores without SIMD: four channels at a time, bias folded."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.kernels.split_rescale import SplitRescale
from ferrule.ops.fully_connected import FullyConnected

# Channels that the inner loop computes at a time.
_ROWS = 4
# Most elements and outputs, so that their product fits 32 bits.
_MOST = (1 << 16) - _ROWS


@dataclass(frozen=True, eq=False)
class FullyConnectedThumb(Kernel):
    """Loads each value once for four channels.

    Inner loop: a value, and for each of four rows a weight (LDRSB), MULS and an addition.
    """

    op: FullyConnected
    computes: ClassVar[type[Op]] = FullyConnected
    needs: ClassVar[frozenset[str]] = frozenset({"thumb"})
    name: ClassVar[str] = "fully_connected_thumb"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Weights with a zero point, and requantizations that are not proved."""
        assert isinstance(op, FullyConnected)
        if op.weights_zero_point:
            return "made for weights with a zero point of 0"
        if max(op.depth, op.matrix()[1]) > _MOST:
            return f"made for up to {_MOST:,} elements and outputs"
        return cls(op)._rescale.obstacle()

    def unit(self, cut: str) -> int:
        """Four channels."""
        return _ROWS if cut == "channels" else 1

    @cached_property
    def _rescale(self) -> SplitRescale:
        return SplitRescale(Filters.of(self.op))

    def counts(self) -> dict[str, float]:
        """Groups of four channels, as a run each."""
        groups = self.op.rows * -(-self.op.units // _ROWS)
        return super().counts() | {"mac": groups * _ROWS * self.op.depth, "run": groups}

    def params(self) -> Struct:
        """Fields of `FullyConnectedThumb` in `crates/kernels/src/fully_connected_thumb.rs`."""
        weights = Filters.of(self.op).weights.astype(np.int8)
        missing = -len(weights) % _ROWS
        return Struct(
            "FullyConnectedThumb",
            {
                "depth": self.op.depth,
                "weights": np.pad(weights, ((0, missing), (0, 0))),
                "rescale": self._rescale.params(),
            },
        )
