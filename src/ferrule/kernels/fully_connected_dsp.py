"""FullyConnected for cores with the DSP extension: four outputs at a time."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels import dsp
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters, interleaved
from ferrule.ops.fully_connected import FullyConnected

_GROUP = 4
# What a MAC costs where an output is alone, of what it costs in a group.
_ALONE = 2.7


@dataclass(frozen=True, eq=False)
class FullyConnectedDsp(Kernel):
    """A word of the input meets a word of weights of each of four outputs.

    Inner loop: a word of four values and a word of weights for each of four outputs; SXTB16 and
    SMLAD twice for each.
    """

    computes: ClassVar[type[Op]] = FullyConnected
    needs: ClassVar[frozenset[str]] = dsp.NEEDS
    name: ClassVar[str] = "fully_connected_dsp"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """What the requantization is not made for."""
        return dsp.obstacle(Filters.of(op))

    @property
    def _depth(self) -> int:
        assert isinstance(self.op, FullyConnected)
        return self.op.depth

    @property
    def scratch_words(self) -> int:
        """A row, where it is not whole words."""
        return -(-self._depth // 4) if self._depth % 4 else 0

    @property
    def gathered(self) -> int:
        """Rows, where they are not whole words."""
        rows, _ = self.op.matrix()
        return rows * self._depth if self._depth % 4 else 0

    def counts(self) -> dict[str, float]:
        """Groups of four outputs are runs, those left elements; all have whole words."""
        rows, units = self.op.matrix()
        groups, left = divmod(units, _GROUP)
        return super().counts() | {
            "mac": rows * (groups * _GROUP + left * _ALONE) * 4 * -(-self._depth // 4),
            "element": rows * left,
            "run": rows * groups,
        }

    def unit(self, cut: str) -> int:
        """A row, or four outputs."""
        return _GROUP if cut == "channels" else 1

    def params(self) -> Struct:
        """Fields of `FullyConnectedDsp` in `crates/kernels/src/fully_connected_dsp.rs`."""
        filters = Filters.of(self.op)
        multipliers, scales = dsp.constants(filters.requantize)
        filled = np.pad(filters.weights, ((0, 0), (0, -self._depth % 4))).astype(np.int8)
        records = np.stack([filters.folded_bias, multipliers, scales], axis=1).astype(np.int32)
        return Struct(
            "FullyConnectedDsp",
            {
                "depth": self._depth,
                "weights": interleaved(filled.view("<i4")),
                "scales": interleaved(records),
                "zero_point": filters.requantize.zero_point,
                "signed": dsp.is_signed(filters.requantize),
            },
        )
