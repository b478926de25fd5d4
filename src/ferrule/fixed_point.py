"""Requantization and rounding: the one Python definition.

TFLite models follow the arithmetic of TensorFlow Lite Micro, gemmlowp's double rounding: a
saturating rounding doubling high multiply, then a rounding shift. The same in Rust is
`crates/kernels/src/requantize.rs`.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ferrule.ir import Array, Struct, Tensor

Int64 = npt.NDArray[np.int64]


def multiplier_and_shift(real: float) -> tuple[int, int]:
    """The fixed-point form of a positive ratio: `real` is about `multiplier * 2**(shift - 31)`.

    The multiplier is 0 or in `[2**30, 2**31)`. After TFLite's `QuantizeMultiplier`. Ratios above
    `2**32` count as that: nothing but 0 can be multiplied by either.
    """
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(min(real, 2.0**32))
    multiplier = round_half_away(fraction * (1 << 31))
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return multiplier, shift


def round_half_away(value: float) -> int:
    """Rounds to the nearest integer, ties away from zero, as C's `round`."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def requantize(accumulator: Array, multiplier: Array | int, shift: Array | int) -> Int64:
    """Scales accumulators by `multiplier * 2**(shift - 31)` with double rounding.

    `accumulator` is any shape; `multiplier` and `shift` broadcast against it. A positive shift is
    applied before the multiply, a negative one after it.
    """
    left = np.maximum(np.asarray(shift, np.int64), 0)
    right = np.maximum(-np.asarray(shift, np.int64), 0)
    return rounding_shift(
        doubling_high(np.asarray(accumulator, np.int64) << left, multiplier), right
    )


def doubling_high(value: Array | int, multiplier: Array | int) -> Int64:
    """`value * multiplier / 2**31`, rounded to nearest, ties towards positive infinity.

    gemmlowp's `SaturatingRoundingDoublingHighMul` for multipliers that are not `-2**31`.
    """
    product = np.asarray(value, np.int64) * np.asarray(multiplier, np.int64)
    return (product + (1 << 30)) >> 31


def rounding_shift(value: Array | int, right: Array | int) -> Int64:
    """`value / 2**right`, rounded to nearest, ties away from zero."""
    wide = np.asarray(value, np.int64)
    shift = np.asarray(right, np.int64)
    mask = (np.int64(1) << shift) - 1
    threshold = (mask >> 1) + (wide < 0)
    return (wide >> shift) + ((wide & mask) > threshold)


@dataclass(frozen=True)
class Requantize:
    """How the accumulators of an operator become stored values, channel by channel.

    The same as `Requantize` in `crates/kernels/src/requantize.rs`.
    """

    multipliers: Array
    shifts: Array
    zero_point: int
    low: int
    high: int

    @staticmethod
    def of(
        source: Tensor,
        weights: Tensor,
        output: Tensor,
        *,
        channels: int,
        activation: str,
    ) -> "Requantize":
        """From the scales of input, weights and output; weights per tensor repeat theirs.

        Ratios of scales, which are float32, are computed in float64.
        """
        assert weights.quant is not None
        pairs = [
            multiplier_and_shift(source.scale * scale / output.scale)
            for scale in weights.quant.scales
        ]
        if len(pairs) == 1:
            pairs *= channels
        multipliers, shifts = zip(*pairs, strict=True)
        low, high = activation_range(activation, output)
        return Requantize(
            np.array(multipliers, np.int32),
            np.array(shifts, np.int8),
            output.zero_point,
            low,
            high,
        )

    def apply(self, accumulator: Array) -> Array:
        """The stored values of accumulators `[..., channels]`."""
        scaled = requantize(accumulator, self.multipliers, self.shifts) + self.zero_point
        return clamp(scaled, self.low, self.high)

    def params(self) -> Struct:
        """Fields of the Rust struct."""
        return Struct(
            "Requantize",
            {
                "multipliers": self.multipliers,
                "shifts": self.shifts,
                "zero_point": self.zero_point,
                "low": self.low,
                "high": self.high,
            },
        )


def clamp(value: Array, low: int, high: int, dtype: str = "int8") -> Array:
    """Limits values to bounds and stores them as `dtype`."""
    return np.clip(value, low, high).astype(dtype)


def activation_range(activation: str, output: Tensor) -> tuple[int, int]:
    """Stored bounds of a fused activation function: `none`, `relu`, `relu6` or `relu_n1_to_1`.

    After TFLite's `CalculateActivationRangeQuantized`, which divides in float32.
    """
    info = np.iinfo(output.dtype)
    low, high = int(info.min), int(info.max)

    def stored(real: float) -> int:
        with np.errstate(over="ignore"):
            ratio = float(np.float32(real) / np.float32(output.scale))
        return output.zero_point + round_half_away(max(-1e9, min(ratio, 1e9)))

    match activation:
        case "none":
            return low, high
        case "relu":
            return max(low, stored(0.0)), high
        case "relu6":
            return max(low, stored(0.0)), min(high, stored(6.0))
        case "relu_n1_to_1":
            return max(low, stored(-1.0)), min(high, stored(1.0))
    raise AssertionError(activation)
