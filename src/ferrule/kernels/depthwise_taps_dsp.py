"""Depthwise convolutions of any filter and any number of channels for cores with the DSP extension.

The Rust is `crates/kernels/src/depthwise_taps_dsp.rs`.
"""

import math
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
_SIX = 6
# What a MAC costs where a group has one input channel, of what it costs otherwise.
_ONE_INPUT = 9 / 14


@dataclass(frozen=True, eq=False)
class DepthwiseTapsDsp(Kernel):
    """Four channels of two taps are read and widened at a time, from wherever they lie.

    Inner loop: two words, of four channels at two taps, are interleaved by PKHBT and PKHTB and
    widened by SXTB16; four SMLADs add both taps to the sums of four channels.
    """

    computes: ClassVar[type[Op]] = DepthwiseConv2d
    needs: ClassVar[frozenset[str]] = dsp.NEEDS
    name: ClassVar[str] = "depthwise_taps_dsp"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Less than four channels, and what cannot be stored so."""
        assert isinstance(op, DepthwiseConv2d)
        if max(op.inputs[0].shape[3], op.multiplier) < _GROUP:
            return f"there are fewer than {_GROUP} channels"
        return dsp.obstacle(Filters.of(op))

    @property
    def _tapped(self) -> Tapped:
        assert isinstance(self.op, DepthwiseConv2d)
        return Tapped(self.op)

    @property
    def _has_one_input(self) -> bool:
        """Whether all channels of a group have the same input channel."""
        return self._tapped.op.multiplier >= _GROUP

    def _groups(self) -> Int64:
        """Output channels `[group, lane]`; five of an input channel are six."""
        tapped = self._tapped
        if tapped.op.multiplier not in (_SIX - 1, _SIX):
            return tapped.groups(_GROUP, self._has_one_input)
        outputs = np.minimum(np.arange(_SIX), tapped.op.multiplier - 1)
        groups: Int64 = np.arange(tapped.depth)[:, None] * tapped.op.multiplier + outputs
        return groups

    @property
    def scratch_words(self) -> int:
        """Places, and padding."""
        return self._tapped.scratch_words

    def counts(self) -> dict[str, float]:
        """Channels that two groups share cost as much as others."""
        pixels, _ = self.op.matrix()
        computed = pixels * self._groups().size
        taps = math.prod(self._tapped.op.window.size) * (_ONE_INPUT if self._has_one_input else 1)
        work = {"mac": computed * taps, "element": computed, "channel": 0}
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
                "signed": dsp.is_signed(filters.requantize),
            },
        )
        return Struct("DepthwiseTapsDsp", {"tapped": self._tapped.params(), "filters": constants})

    def _words(self, filters: Filters) -> Array:
        """Each group's biases, first weights if odd, pairs of weights, multipliers and scales."""
        groups = self._groups()
        weights = np.ascontiguousarray(filters.weights[groups], "<i2")  # [group, lane, tap]
        odd = weights.shape[2] % 2
        first = np.ascontiguousarray(weights[:, :, :odd].transpose(0, 2, 1))
        pairs = np.ascontiguousarray(weights[:, :, odd:]).view("<i4").transpose(0, 2, 1)
        multipliers, scales = dsp.constants(filters.requantize)
        parts = [filters.folded_bias[groups], first.view("<i4"), pairs]
        parts += [multipliers[groups], scales[groups]]
        words = [part.reshape(len(groups), -1).astype(np.int32) for part in parts]
        return np.concatenate(words, axis=1)
