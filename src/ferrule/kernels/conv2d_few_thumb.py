"""Convolutions of few output channels for Arm cores without SIMD: nothing is gathered."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from ferrule.ir import Op, Struct
from ferrule.kernels.conv2d_thumb import Conv2dThumb
from ferrule.kernels.few import FewChannels
from ferrule.ops.conv2d import Conv2d


@dataclass(frozen=True, eq=False)
class Conv2dFewThumb(FewChannels, Conv2dThumb):
    """Two channels in one multiplication, out of the input or a copy of it with its padding.

    Inner loop: for each tap a word of two weights, and of two pixels a value (LDRSB); two
    multiplications are four MACs. After four taps, at first what is left of four, the halves are
    told apart; weights that would overflow a half there are left out, and are added at the end.
    """

    computes: ClassVar[type[Op]] = Conv2d
    name: ClassVar[str] = "conv2d_few_thumb"
    pixels: ClassVar[int] = 2

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Many channels, dilated filters, padding without a copy, or as of a Conv2dThumb."""
        assert isinstance(op, Conv2d)
        return cls(op)._few.obstacle() or super().obstacle(op)

    @cached_property
    def _params(self) -> Struct:
        rescale = self._rescale.params()
        return Struct("Conv2dFewThumb", {"few": self._few.params(), "rescale": rescale})
