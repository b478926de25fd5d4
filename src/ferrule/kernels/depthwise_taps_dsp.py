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
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

_GROUP = 4
# What a MAC costs where a group has one input channel, of what it costs otherwise.
_ONE_INPUT = 9 / 15
# Padding of more pixels means fewer calls; this is its share of what is read and written.
_SHARE = 16


@dataclass(frozen=True, eq=False)
class DepthwiseTapsDsp(Kernel):
    """Four channels of two taps are read and widened at a time, from wherever they lie."""

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
    def _depth(self) -> int:
        return self.op.inputs[0].shape[3]

    @property
    def _has_one_input(self) -> bool:
        """Whether all channels of a group have the same input channel."""
        assert isinstance(self.op, DepthwiseConv2d)
        return self.op.multiplier >= _GROUP

    def _channels(self) -> Int64:
        """Output channels `[group, lane]`; the last group of a pass ends where the pass does."""
        assert isinstance(self.op, DepthwiseConv2d)
        channels = np.arange(self.op.output.shape[3]).reshape(self._depth, -1)
        passes = channels if self._has_one_input else channels.T
        length = passes.shape[1]
        first = np.minimum(np.arange(0, length, _GROUP), length - _GROUP)
        groups: Int64 = passes[:, first[:, None] + np.arange(_GROUP)].reshape(-1, _GROUP)
        return groups

    @property
    def _pairs(self) -> int:
        """Pairs of taps; an odd tap has a partner of weight 0."""
        assert isinstance(self.op, DepthwiseConv2d)
        return -(-math.prod(self.op.window.size) // 2)

    @property
    def scratch_words(self) -> int:
        """A place for each tap, and padding of one pixel or a row of them."""
        assert isinstance(self.op, DepthwiseConv2d)
        window = self.op.window
        seen = (window.results[1] - 1) * window.stride[1] + 1
        most = (self.op.inputs[0].bytes + self.op.output.bytes) // _SHARE
        padding = min(seen * self._depth, max(self._depth, most))
        return 2 * self._pairs + -(-padding // 4)

    def features(self) -> list[float]:
        """Channels that two groups share, and partners of weight 0, cost as much as others."""
        _, _, pixels, *others = super().features()
        computed = pixels * self._channels().size
        taps = 2 * self._pairs * (_ONE_INPUT if self._has_one_input else 1)
        return [computed * taps, computed, pixels, *others]

    def cuts(self) -> tuple[str, ...]:
        """By pixels only: these have all of the channels."""
        return ("pixels",)

    def params(self) -> Struct:
        """Fields of `DepthwiseTapsDsp` in `crates/kernels/src/depthwise_taps_dsp.rs`."""
        assert isinstance(self.op, DepthwiseConv2d)
        filters = Filters.of(self.op)
        return Struct(
            "DepthwiseTapsDsp",
            {
                "window": self.op.window.params(),
                "depth": self._depth,
                "input_zero_point": filters.zero_point,
                "filters": Struct(
                    "TapFilters",
                    {
                        "multiplier": self.op.multiplier,
                        "words": self._words(filters),
                        "zero_point": filters.requantize.zero_point,
                    },
                ),
            },
        )

    def _words(self, filters: Filters) -> Array:
        """Each group's biases, pairs of weights, multipliers and scales: `[group, word, lane]`."""
        odd = filters.weights.shape[1] % 2
        taps = np.ascontiguousarray(np.pad(filters.weights, ((0, 0), (0, odd))), "<i2")
        rows = [filters.folded_bias[:, None], taps.view("<i4")]
        rows += [constant[:, None] for constant in dsp.constants(filters.requantize)]
        words = np.concatenate(rows, axis=1).astype(np.int32)
        return words[self._channels()].transpose(0, 2, 1)
