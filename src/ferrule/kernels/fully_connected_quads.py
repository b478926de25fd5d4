"""FullyConnected for cores without SIMD: four channels at a time, bias folded."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters, interleaved
from ferrule.kernels.short_rescale import ShortRescale
from ferrule.ops.fully_connected import FullyConnected

# Rows of weights that are multiplied together.
_ROWS = 4


@dataclass(frozen=True, eq=False)
class FullyConnectedQuads(Kernel):
    """Loads each value once for four channels.

    Inner loop: load a value once, and for each of four outputs a weight; multiply and add.
    """

    op: FullyConnected
    computes: ClassVar[type[Op]] = FullyConnected
    needs: ClassVar[frozenset[str]] = frozenset({"rv32"})
    name: ClassVar[str] = "fully_connected_quads"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Why not: weights with a zero point, or a requantization that is not proved."""
        assert isinstance(op, FullyConnected)
        if op.weights_zero_point:
            return "made for weights with a zero point of 0"
        filters = Filters.of(op)
        return ShortRescale(filters.requantize).obstacle(filters)

    def unit(self, cut: str) -> int:
        """Four channels."""
        return _ROWS if cut == "channels" else 1

    def counts(self) -> dict[str, float]:
        """Groups of four channels, as a run each; those that are left read the row one by one."""
        groups, left = divmod(self.op.units, _ROWS)
        return super().counts() | {
            "mac": self.op.rows * groups * _ROWS * self.op.depth,
            "gather": self.op.rows * left * self.op.depth,
            "run": self.op.rows * (groups + left),
        }

    def params(self) -> Struct:
        """Fields of `FullyConnectedQuads` in `crates/kernels/src/fully_connected_quads.rs`."""
        filters = Filters.of(self.op)
        rescale = ShortRescale(filters.requantize)
        records = np.stack([filters.folded_bias, *rescale.constants], axis=1)
        rows = Struct(
            "Quads",
            {
                "weights": interleaved(filters.weights.astype(np.int8)),
                "records": records.astype(np.int32),
                "depth": self.op.depth,
                "is_signed": rescale.is_signed,
                "low": filters.requantize.low,
                "span": filters.requantize.high - filters.requantize.low,
            },
            constructor="new",
        )
        return Struct("FullyConnectedQuads", {"rows": rows})
