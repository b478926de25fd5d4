"""Pools for cores with the DSP extension: four channels at a time."""

import math
from dataclasses import dataclass
from typing import ClassVar

from ferrule.ir import Op
from ferrule.kernels import dsp, pool_runs
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
    rotated word the odd ones, to two words of sums. Four SMLAW multiply them by a reciprocal.
    """

    computes: ClassVar[type[Op]] = AveragePool2d
    needs: ClassVar[frozenset[str]] = dsp.NEEDS
    name: ClassVar[str] = "average_pool2d_dsp"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Fewer than four channels, and large filters."""
        return _obstacle(op)

    def counts(self) -> dict[str, float]:
        """Groups of four channels; a run is a row of taps of one, and a gather one of pixels."""
        assert isinstance(self.op, AveragePool2d)
        window, groups = self.op.window, -(-self.op.output.shape[3] // _GROUP)
        (rows, columns), (height, width) = window.seen, window.results
        return super().counts() | {
            "mac": rows * columns * groups * _GROUP,
            "element": height * width * groups * _GROUP,
            "pixel": height * width,
            "gather": pool_runs.calls(window),
            "run": pool_runs.lines(window) * groups,
        }

    def whole(self, cut: str) -> dict[str, float]:
        """Each core goes over its own channels, of the same runs of pixels."""
        if cut == "pixels":
            return super().whole(cut)
        return super().whole(cut) | {"run": 0, "gather": self.counts()["gather"]}

    def cuts(self) -> tuple[str, ...]:
        """No share has fewer than four channels."""
        return super().cuts() if self.op.output.shape[3] % _GROUP == 0 else ("pixels",)

    def unit(self, cut: str) -> int:
        """A pixel, or four channels."""
        return _GROUP if cut == "channels" else 1


@dataclass(frozen=True, eq=False)
class MaxPool2dDsp(Kernel):
    """One instruction compares four channels, and one takes the larger ones.

    Inner loop: load a word of four channels; SSUB8 compares all four with the largest so far, and
    SEL takes what is larger.
    """

    computes: ClassVar[type[Op]] = MaxPool2d
    needs: ClassVar[frozenset[str]] = dsp.NEEDS
    name: ClassVar[str] = "max_pool2d_dsp"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Fewer than four channels, and large filters."""
        return _obstacle(op)

    def counts(self) -> dict[str, float]:
        """Groups of four channels; a run is a row of taps of one."""
        assert isinstance(self.op, MaxPool2d)
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


def _obstacle(op: Op) -> str:
    assert isinstance(op, AveragePool2d | MaxPool2d)
    if op.output.shape[3] < _GROUP:
        return f"there are fewer than {_GROUP} channels"
    if math.prod(op.filter) > _MOST:
        return f"the filter has more than {_MOST} taps"
    return ""
