"""AveragePool2d for cores without SIMD: four channels at a time, multiplied by a reciprocal."""

import math
from dataclasses import dataclass
from typing import ClassVar

from ferrule.ir import Op
from ferrule.kernels.kernel import Kernel
from ferrule.ops.average_pool2d import AveragePool2d

_GROUP = 4
# The reciprocal of so many values is precise enough: `Mean::MOST` of `mean.rs`.
_MOST = 362


@dataclass(frozen=True, eq=False)
class AveragePool2dQuads(Kernel):
    """Goes over the taps once for four channels, and multiplies where others divide.

    Inner loop: load four channels of a pixel and add each to its sum. A pixel's channels have one
    reciprocal; a sum is multiplied by it and shifted.
    """

    computes: ClassVar[type[Op]] = AveragePool2d
    name: ClassVar[str] = "average_pool2d_quads"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Large filters."""
        assert isinstance(op, AveragePool2d)
        taps = math.prod(op.filter)
        return f"the filter has more than {_MOST} taps" if taps > _MOST else ""

    def counts(self) -> dict[str, float]:
        """A run is a tap of a group, or of a channel that is left over; a gather a row of them."""
        assert isinstance(self.op, AveragePool2d)
        rows, columns = self.op.window.seen
        groups = sum(divmod(self.op.output.shape[3], _GROUP))
        runs = rows * columns * groups
        lines = rows * self.op.window.results[1] * groups
        return super().counts() | {"run": runs, "gather": lines}

    def whole(self, cut: str) -> dict[str, float]:
        """Each core goes over its own channels."""
        return super().whole(cut) | {"run": 0}

    def unit(self, cut: str) -> int:
        """A pixel, or four channels."""
        return _GROUP if cut == "channels" else 1
