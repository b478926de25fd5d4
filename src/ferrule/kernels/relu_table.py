"""Relu as a table, for every core."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels.kernel import Kernel
from ferrule.ops.relu import Relu


@dataclass(frozen=True, eq=False)
class ReluTable(Kernel):
    """What is stored for each of the 256 values comes from a table, computed while compiling.

    Inner loop: load four bytes, load what is stored for each, store it.
    """

    computes: ClassVar[type[Op]] = Relu
    name: ClassVar[str] = "relu_table"

    def params(self) -> Struct:
        """Fields of `ReluTable` in `crates/kernels/src/relu_table.rs`."""
        values = np.arange(256, dtype=np.uint8).view(np.int8)
        stored = self.op.reference(values).astype(np.int8)
        return Struct("ReluTable", {"depth": self.op.matrix()[1], "stored": stored})
