"""FullyConnected for cores with the vector extension MVE, without what convolutions need."""

from dataclasses import dataclass
from typing import ClassVar

from ferrule.ir import Op, Struct
from ferrule.kernels import mve
from ferrule.kernels.conv2d_mve import FullyConnectedMve
from ferrule.ops.fully_connected import FullyConnected


@dataclass(frozen=True, eq=False)
class RowsMve(FullyConnectedMve):
    """Rows in a function of their own, which is smaller than that of convolutions.

    Inner loop: that of Conv2dMve for one pixel: a vector of values and four of weights.
    """

    computes: ClassVar[type[Op]] = FullyConnected
    name: ClassVar[str] = "fully_connected_mve"

    def params(self) -> Struct:
        """Fields of `FullyConnectedMve` in `crates/kernels/src/fully_connected_mve.rs`."""
        return Struct(
            "FullyConnectedMve",
            {"depth": self.depth, "filters": mve.packed(self._filters)},
        )
