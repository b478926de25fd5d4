"""FullyConnected for cores with the DSP extension: four outputs at a time."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels import dsp
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.ops.fully_connected import FullyConnected

_GROUP = 4


@dataclass(frozen=True, eq=False)
class FullyConnectedDsp(Kernel):
    """A word of the input meets a word of weights of each of four outputs.

    Inner loop: a word of four values and a word of weights for each of four outputs; SXTB16 and
    SMLAD twice for each.
    """

    computes: ClassVar[type[Op]] = FullyConnected
    needs: ClassVar[frozenset[str]] = dsp.NEEDS

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """What the requantization is not made for."""
        return dsp.obstacle(Filters.of(op))

    @property
    def module(self) -> str:
        """The file of the Rust function."""
        return "fully_connected_dsp"

    @property
    def function(self) -> str:
        """The Rust function."""
        return "fully_connected_dsp"

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
        """Groups of four outputs, as a run each, with all elements of whole words."""
        rows, units = self.op.matrix()
        groups = rows * -(-units // _GROUP)
        return super().counts() | {"mac": groups * _GROUP * 4 * -(-self._depth // 4), "run": groups}

    def unit(self, cut: str) -> int:
        """A row, or four outputs."""
        return _GROUP if cut == "channels" else 1

    def params(self) -> Struct:
        """Fields of `FullyConnectedDsp` in `crates/kernels/src/fully_connected_dsp.rs`."""
        filters = Filters.of(self.op)
        multipliers, scales = dsp.constants(filters.requantize)
        missing = -len(filters.weights) % _GROUP
        filled = np.pad(filters.weights, ((0, missing), (0, -self._depth % 4)))
        groups = len(filled) // _GROUP
        # [group, 4 outputs, quad, 4 elements] to [group, quad, 4 outputs, 4 elements].
        weights = filled.astype(np.int8).reshape(groups, _GROUP, -1, 4).transpose(0, 2, 1, 3)
        table = np.stack([filters.folded_bias, multipliers, scales])
        table = np.pad(table, ((0, 0), (0, missing))).reshape(3, groups, _GROUP)
        return Struct(
            "FullyConnectedDsp",
            {
                "depth": self._depth,
                "weights": np.ascontiguousarray(weights).reshape(-1).view("<i4"),
                "scales": table.transpose(1, 0, 2).astype(np.int32),
                "zero_point": filters.requantize.zero_point,
                "signed": dsp.is_signed(filters.requantize),
            },
        )
