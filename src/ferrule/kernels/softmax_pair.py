"""Softmax of two classes as a table, for every core."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ferrule.ir import Array, Op, Struct
from ferrule.kernels.kernel import Kernel
from ferrule.ops.softmax import Softmax

_PAIR = 2
# Differences of two stored values.
_DIFFERENCES = 256
# The larger value has all: 127 is stored for it and, in the high byte, -128 for the other.
_ALL = 0x807F


@dataclass(frozen=True, eq=False)
class SoftmaxPair(Kernel):
    """Two classes: both shares come from a table of the difference, computed while compiling.

    Inner loop: load two bytes, subtract, load both shares, store them in this order or the other.
    """

    computes: ClassVar[type[Op]] = Softmax
    name: ClassVar[str] = "softmax_pair"

    @classmethod
    def suits(cls, op: Op) -> bool:
        """Rows of two elements."""
        return op.output.shape[-1] == _PAIR

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Rows of more than two elements, or of one."""
        depth = op.output.shape[-1]
        return "" if cls.suits(op) else f"rows have {depth} elements, not {_PAIR}"

    def params(self) -> Struct:
        """Fields of `SoftmaxPair` in `crates/kernels/src/softmax_pair.rs`."""
        return Struct("SoftmaxPair", {"shares": self._shares()})

    def _shares(self) -> Array:
        """Stored shares of the larger value and, shifted, of the smaller one, by difference."""
        assert isinstance(self.op, Softmax)
        larger = np.full(_DIFFERENCES, 127)
        rows = np.stack([larger, larger - np.arange(_DIFFERENCES)], axis=1)
        shares = self.op.shares(rows).view(np.uint8).astype(np.uint16)
        words: Array = shares[:, 0] | shares[:, 1] << 8
        return words[: np.flatnonzero(words != _ALL).max() + 1]
