"""Means for cores with the vector extension MVE: 16 channels at a time."""

import math
from dataclasses import dataclass
from typing import ClassVar

from ferrule.ir import Op
from ferrule.kernels import mve, pool_runs
from ferrule.kernels.kernel import Kernel
from ferrule.ops.average_pool2d import AveragePool2d

# Sums of so many values fit 16 bits: `MOST` of the Rust module.
_MOST = 256
# Elements of 16 bits.
_LANES = mve.VECTOR // 2


@dataclass(frozen=True, eq=False)
class AveragePool2dMve(Kernel):
    """Two vectors of sums go over all taps, and are multiplied by a reciprocal.

    Inner loop: load twice eight channels of a tap, which makes 16 bits of them; two VADD. A filter
    of up to 16 taps has a reciprocal of 16 bits.
    """

    computes: ClassVar[type[Op]] = AveragePool2d
    needs: ClassVar[frozenset[str]] = mve.NEEDS
    name: ClassVar[str] = "average_pool2d_mve"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Large filters."""
        assert isinstance(op, AveragePool2d)
        taps = math.prod(op.filter)
        return f"the filter has more than {_MOST} taps" if taps > _MOST else ""

    def counts(self) -> dict[str, float]:
        """Pairs of vectors, a run for each row of taps of one; one that is left counts as two.

        Pixels are runs of those that see as many taps of a row, and a gather is what is computed
        of one on its own.
        """
        assert isinstance(self.op, AveragePool2d)
        window, depth = self.op.window, self.op.output.shape[3]
        (rows, columns), (height, _) = window.seen, window.results
        whole, others = pool_runs.runs(window)
        # What pixels of stride 1 see lies side by side.
        sides = [whole * depth] if window.stride[1] == 1 and whole else [depth] * whole
        border = columns - whole * window.size[1]
        taps = window.size[1] * sum(map(_pairs, sides)) + border * _pairs(depth)
        pairs = sum(map(_pairs, sides)) + others * _pairs(depth)
        lines = height if window.size[1] == 1 else rows
        return super().counts() | {
            "mac": rows * taps * mve.VECTOR,
            "element": 0,
            "pixel": pool_runs.calls(window),
            "channel": height * pairs,
            "gather": height * (len(sides) + others),
            "run": lines * pairs,
        }

    def cuts(self) -> tuple[str, ...]:
        """Pixels only, as those of a row are computed together."""
        return ("pixels",)


def _pairs(elements: int) -> int:
    """Pairs of vectors of 16 bits, and vectors that are left."""
    whole, left = divmod(elements, mve.VECTOR)
    return whole + -(-left // _LANES)
