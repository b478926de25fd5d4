"""Depthwise convolutions of any filter and any number of channels for cores with the DSP extension.

The Rust is `crates/kernels/src/depthwise_taps_dsp.rs`.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ferrule.fixed_point import Int64
from ferrule.ir import Array, Op, Struct
from ferrule.kernels import dsp
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.kernels.taps import Tapped
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

_GROUP = 4
# What a MAC costs where a group has one input channel, of what it costs otherwise.
_ONE_INPUT = 9 / 15


@dataclass(frozen=True, eq=False)
class DepthwiseTapsDsp(Kernel):
    """Four channels of two taps are read and widened at a time, from wherever they lie.

    Inner loop: two words, of four channels at two taps, are interleaved by PKHBT and PKHTB and
    widened by SXTB16; four SMLADs add both taps to the sums of four channels.
    """

    computes: ClassVar[type[Op]] = DepthwiseConv2d
    needs: ClassVar[frozenset[str]] = dsp.NEEDS

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Less than four channels, and what cannot be stored so."""
        assert isinstance(op, DepthwiseConv2d)
        if max(op.inputs[0].shape[3], op.multiplier) < _GROUP:
            return f"there are fewer than {_GROUP} channels"
        return dsp.obstacle(Filters.of(op))

    @property
    def module(self) -> str:
        """The file of the Rust function."""
        return "depthwise_taps_dsp"

    @property
    def function(self) -> str:
        """The Rust function."""
        return "depthwise_taps_dsp"

    @property
    def _tapped(self) -> Tapped:
        assert isinstance(self.op, DepthwiseConv2d)
        return Tapped(self.op)

    @property
    def _has_one_input(self) -> bool:
        """Whether all channels of a group have the same input channel."""
        return self._tapped.op.multiplier >= _GROUP

    def _groups(self) -> Int64:
        return self._tapped.groups(_GROUP, self._has_one_input)

    @property
    def scratch_words(self) -> int:
        """Places, and padding."""
        return self._tapped.scratch_words

    def counts(self) -> dict[str, float]:
        """Channels that two groups share, and partners of weight 0, cost as much as others."""
        pixels, _ = self.op.matrix()
        computed = pixels * self._groups().size
        taps = 2 * self._tapped.pairs * (_ONE_INPUT if self._has_one_input else 1)
        work = {"mac": computed * taps, "element": computed}
        return super().counts() | work | self._tapped.places

    def grain(self, cut: str) -> int:
        """A row of outputs, most of which have their taps apart by the same."""
        return self._tapped.op.window.results[1]

    def cuts(self) -> tuple[str, ...]:
        """By pixels only: these have all of the channels."""
        return ("pixels",)

    def params(self) -> Struct:
        """Fields of `DepthwiseTapsDsp` in `crates/kernels/src/depthwise_taps_dsp.rs`."""
        filters = Filters.of(self.op)
        constants = Struct(
            "DspTaps",
            {
                "words": self._words(filters),
                "zero_point": filters.requantize.zero_point,
            },
        )
        return Struct("DepthwiseTapsDsp", {"tapped": self._tapped.params(), "filters": constants})

    def _words(self, filters: Filters) -> Array:
        """Each group's biases, pairs of weights, multipliers and scales: `[group, word, lane]`."""
        taps = np.ascontiguousarray(self._tapped.weights(filters.weights), "<i2")
        rows = [filters.folded_bias[:, None], taps.view("<i4")]
        rows += [constant[:, None] for constant in dsp.constants(filters.requantize)]
        words = np.concatenate(rows, axis=1).astype(np.int32)
        return words[self._groups()].transpose(0, 2, 1)
