"""Pools for cores with the DSP extension: four channels at a time."""

import math
from dataclasses import dataclass
from typing import ClassVar

from ferrule.ir import Op
from ferrule.kernels import dsp
from ferrule.kernels.kernel import Kernel
from ferrule.ops.average_pool2d import AveragePool2d
from ferrule.ops.max_pool2d import MaxPool2d

_GROUP = 4
# Sums of so many values fit 16 bits.
_MOST = 256


@dataclass(frozen=True, eq=False)
class AveragePool2dDsp(Kernel):
    """Two instructions add four channels of a pixel to sums of 16 bits.

    Inner loop: load a word of four channels; SXTAB16 adds the even ones, and SXTAB16 of the
    rotated word the odd ones, to two words of sums.
    """

    computes: ClassVar[type[Op]] = AveragePool2d
    needs: ClassVar[frozenset[str]] = dsp.NEEDS
    name: ClassVar[str] = "average_pool2d_dsp"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Fewer than four channels, and large filters."""
        assert isinstance(op, AveragePool2d | MaxPool2d)
        if op.output.shape[3] < _GROUP:
            return f"there are fewer than {_GROUP} channels"
        if math.prod(op.filter) > _MOST:
            return f"the filter has more than {_MOST} taps"
        return ""

    def counts(self) -> dict[str, float]:
        """Groups of four channels; a run is a row of taps of one."""
        assert isinstance(self.op, AveragePool2d | MaxPool2d)
        rows, columns = self.op.window.seen
        groups = -(-self.op.output.shape[3] // _GROUP)
        work = {"mac": rows * columns * groups * _GROUP}
        return super().counts() | work | {"run": rows * self.op.window.results[1] * groups}

    def whole(self, cut: str) -> dict[str, float]:
        """Each core goes over its own channels."""
        return super().whole(cut) | {"run": 0}

    def unit(self, cut: str) -> int:
        """A pixel, or four channels."""
        return _GROUP if cut == "channels" else 1


@dataclass(frozen=True, eq=False)
class MaxPool2dDsp(AveragePool2dDsp):
    """One instruction compares four channels, and one takes the larger ones.

    Inner loop: load a word of four channels; SSUB8 compares all four with the largest so far, and
    SEL takes what is larger.
    """

    computes: ClassVar[type[Op]] = MaxPool2d
    name: ClassVar[str] = "max_pool2d_dsp"
