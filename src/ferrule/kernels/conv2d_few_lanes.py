"""Convolutions of few output channels for cores without SIMD: nothing is gathered."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from ferrule.ir import Op, Struct
from ferrule.kernels.conv2d_lanes import Conv2dLanes
from ferrule.kernels.few import Few
from ferrule.kernels.kernel import Kernel
from ferrule.ops.conv2d import Conv2d

# Pixels that the inner loop computes at a time.
_PIXELS = 3


@dataclass(frozen=True, eq=False)
class Conv2dFewLanes(Conv2dLanes):
    """Two channels in one multiplication, out of the input or a copy of it with its padding.

    Inner loop: for each tap a word of two weights, and of three pixels a value (LB); three
    multiplications are six MACs. After four taps, at first what is left of four, the halves are
    told apart; weights that would overflow a half there are left out, and are added at the end.
    """

    computes: ClassVar[type[Op]] = Conv2d
    name: ClassVar[str] = "conv2d_few_lanes"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Many channels, dilated filters, padding without a copy, or as of a Conv2dLanes."""
        assert isinstance(op, Conv2d)
        return cls(op)._few.obstacle() or super().obstacle(op)

    def cuts(self) -> tuple[str, ...]:
        """Pixels only: there are few channels."""
        return ("pixels",)

    def unit(self, cut: str) -> int:
        """Pixels that are computed together."""
        return _PIXELS

    def grain(self, cut: str) -> int:
        """What is missing of a unit is its last pixel again."""
        return 1

    @cached_property
    def _few(self) -> Few:
        assert isinstance(self.op, Conv2d)
        return Few(self.op, self._columns, _PIXELS)

    @property
    def scratch_words(self) -> int:
        """The copy of the input."""
        return math.ceil(self.gathered / 4)

    @property
    def gathered(self) -> int:
        """The copy of the input."""
        return self._columns.bytes

    def counts(self) -> dict[str, float]:
        """Those of `Few`."""
        return Kernel.counts(self) | self._few.counts()

    def whole(self, cut: str) -> dict[str, float]:
        """The copy of the input."""
        return self._few.whole()

    @cached_property
    def _params(self) -> Struct:
        given = self._filter_params.fields
        kept = {name: given[name] for name in ("records", "is_signed", "low", "span")}
        return Struct("Conv2dFewLanes", {"few": self._few.params()} | kept)
