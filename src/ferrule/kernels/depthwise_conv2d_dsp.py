"""Depthwise convolutions of 3 x 3 taps for cores with the DSP extension, by four channels."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.kernels import dsp
from ferrule.kernels.kernel import Kernel
from ferrule.kernels.packing import Filters
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

_GROUP = 4
# More pairs of rows in scratch mean fewer calls; this is its share of what is read and written.
_SHARE = 8


@dataclass(frozen=True, eq=False)
class DepthwiseConv2dDsp(Kernel):
    """Two rows of the input are halves of words, so that one instruction multiplies both.

    Inner loop: a word has a value of one row in its low half and the value below it in the high
    half; at a stride of 1 a word of weights and SMLAD serve two taps of an output, and the rows
    of two outputs share the words.
    """

    computes: ClassVar[type[Op]] = DepthwiseConv2d
    needs: ClassVar[frozenset[str]] = dsp.NEEDS
    name: ClassVar[str] = "depthwise_conv2d_dsp"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Other filters, channels that are not whole words, and what cannot be stored so."""
        assert isinstance(op, DepthwiseConv2d)
        if op.window.size != (3, 3) or op.dilation != (1, 1):
            return "the filter is not 3 x 3, or dilated"
        if op.stride not in ((1, 1), (2, 2)):
            return "the stride is not 1 or 2 in both directions"
        if op.multiplier != 1 or op.inputs[0].shape[3] % _GROUP:
            return "the channels are not a multiple of 4, or multiplied"
        return dsp.obstacle(Filters.of(op))

    @property
    def _pitch(self) -> int:
        """Words of a pair of rows: four for each pixel that outputs see."""
        assert isinstance(self.op, DepthwiseConv2d)
        stride = self.op.stride[1]
        return (self.op.window.results[1] * stride + 3 - stride) * _GROUP

    @property
    def _pairs(self) -> int:
        """Pairs of rows that scratch has place for."""
        assert isinstance(self.op, DepthwiseConv2d)
        height = self.op.window.results[0]
        all_pairs = 1 + (-(-height // 2) if self.op.stride[0] == 1 else height)
        words = (self.op.inputs[0].bytes + self.op.output.bytes) // _SHARE // 4
        return min(all_pairs, max(2, words // self._pitch))

    @property
    def scratch_words(self) -> int:
        """Pairs of rows."""
        return self._pairs * self._pitch

    @property
    def gathered(self) -> int:
        """Every input element, about once."""
        return self.op.inputs[0].elements

    def unit(self, cut: str) -> int:
        """Four channels."""
        return _GROUP

    def counts(self) -> dict[str, float]:
        """A run is a call for as many steps as scratch has place for, of four channels.

        A step is two rows of outputs, of which the last is computed where it is missing too, or one
        at a stride of 2.
        """
        assert isinstance(self.op, DepthwiseConv2d)
        height, width = self.op.window.results
        channels = self.op.output.shape[3]
        rows = 2 if self.op.stride[0] == 1 else 1
        steps = -(-height // rows)
        runs = -(-steps // max(self._pairs - 1, 1))
        return super().counts() | {
            "mac": channels * steps * rows * width * 9,
            "element": 0,
            "pixel": 0,
            "channel": channels,
            "run": runs * channels // _GROUP,
        }

    def cuts(self) -> tuple[str, ...]:
        """By channels only: no row is then needed by two cores."""
        return ("channels",)

    def whole(self, cut: str) -> dict[str, float]:
        """Nothing but the call: each core sees its own channels."""
        return {"call": 1}

    def params(self) -> Struct:
        """Fields of `DepthwiseConv2dDsp` in `crates/kernels/src/depthwise_conv2d_dsp.rs`."""
        assert isinstance(self.op, DepthwiseConv2d)
        filters = Filters.of(self.op)
        multipliers, scales = dsp.constants(filters.requantize)
        # Bytes of a word are taps 0, 1, 1 and 2 of a column: `[channel, column, 4]`.
        taps = filters.weights.reshape(-1, 3, 3)[:, (0, 1, 1, 2)].transpose(0, 2, 1)
        words = np.ascontiguousarray(taps.astype(np.int8)).view("<i4")[..., 0]
        rest = np.stack([multipliers, scales, filters.folded_bias], axis=1)
        return Struct(
            "DepthwiseConv2dDsp",
            {
                "window": self.op.window.params(),
                "depth": self.op.inputs[0].shape[3],
                "input_zero_point": filters.zero_point,
                "output_height": self.op.window.results[0],
                "pairs": self._pairs,
                "filters": Struct(
                    "DepthwiseFilters",
                    {
                        "words": np.concatenate([words, rest], axis=1).astype(np.int32),
                        "zero_point": filters.requantize.zero_point,
                        "signed": dsp.is_signed(filters.requantize),
                    },
                ),
            },
        )
