"""Softmax: every row becomes probabilities."""

import math
from dataclasses import dataclass

import numpy as np

from ferrule import checks
from ferrule.fixed_point import Int64, doubling_high, multiplier_and_shift, rounding_shift
from ferrule.ir import Array, Block, Op, Struct

# Differences from a row's maximum are scaled to 5 integer bits and 26 fractional bits; sums of
# exponentials have 12 and 19, so a sum of 4,096 ones does not fit.
_DIFFERENCE_BITS = 26
_SUM_BITS = 12
_LONGEST_ROW = (1 << _SUM_BITS) - 1


@dataclass(frozen=True, eq=False)
class Softmax(Op):
    """`exp(beta * x)` over its sum along the last axis.

    int8. Arithmetic: gemmlowp's fixed point, as TensorFlow Lite Micro's `SOFTMAX`. The exponentials
    of all differences from a row's maximum, at most 256, are computed while compiling.

    Limits: an output of scale 1/256 and zero point -128; rows of up to 4,095 elements; `beta` times
    the input's scale of more than 2^-26.
    """

    beta: float

    def verify(self) -> None:
        """Checks types, the scale of the input, and the fixed scale of the output."""
        checks.arity(self, 1)
        (source,) = self.inputs
        checks.int8_activations(self, source, self.output)
        checks.shape(self, self.output, source.shape)
        if self.output.scale != 1 / 256 or self.output.zero_point != -128:
            raise self.reject(
                f"the output has scale {self.output.scale:.6g} and zero point "
                f"{self.output.zero_point}; needs 1/256 and -128"
            )
        if source.shape[-1] > _LONGEST_ROW:
            raise self.reject(
                f"rows have {source.shape[-1]} elements; at most {_LONGEST_ROW} can be summed"
            )
        if not (math.isfinite(self.beta) and self._slope > 1):
            raise self.reject(
                f"beta {self.beta} times the input's scale {source.scale:.6g} must be finite and "
                f"more than 2^-{_DIFFERENCE_BITS}"
            )

    @property
    def _slope(self) -> float:
        """What one stored step is worth, in fixed point."""
        return self.beta * self.inputs[0].scale * (1 << _DIFFERENCE_BITS)

    def exponentials(self) -> Int64:
        """`exp` of 0, -1, -2... stored steps with 31 fractional bits; beyond them it is 0."""
        multiplier, shift = multiplier_and_shift(min(self._slope, (1 << 31) - 1.0))
        longest = (((1 << 5) - 1) << _DIFFERENCE_BITS) >> shift
        differences = -np.arange(min(longest, 255) + 1, dtype=np.int64)
        return _exponential(doubling_high(differences << shift, multiplier))

    def reference(self, *inputs: Array) -> Array:
        """Rows along the last axis."""
        rows = inputs[0].reshape(self.matrix()).astype(np.int64)
        return self.shares(rows).reshape(self.output.shape)

    def shares(self, rows: Int64) -> Array:
        """What is stored for rows `[rows, depth]`: each exponential divided by the row's sum."""
        table = np.zeros(256, np.int64)
        table[: len(self.exponentials())] = self.exponentials()
        powers = table[rows.max(axis=1, keepdims=True) - rows]
        sums = rounding_shift(powers, _SUM_BITS).sum(axis=1, keepdims=True)
        bits = np.array([[int(total[0]).bit_length()] for total in sums])
        # A sum is `2**(bits - 20)` times a number in [1, 2).
        inverse = _inverse((sums << (32 - bits)) - (1 << 31))
        stored = rounding_shift(doubling_high(inverse, powers), bits + (_SUM_BITS - 32 + 23)) - 128
        return np.minimum(stored, 127).astype(np.int8)

    def cuts(self) -> tuple[str, ...]:
        """A row is not divided."""
        return ("pixels",)

    def block(self) -> Block:
        """Every row by itself."""
        pixels, _ = self.matrix()
        return Block(1, (self.inputs[0].elements // pixels,))

    def params(self) -> Struct:
        """Fields of `Softmax` in `crates/kernels/src/softmax.rs`."""
        table = self.exponentials()
        # What is less adds nothing to a sum, and its share is 0.
        counting = table[: np.flatnonzero(table >= 1 << (_SUM_BITS - 1)).max() + 1]
        return Struct(
            "Softmax",
            {"depth": self.output.shape[-1], "exponentials": counting.astype(np.uint32)},
        )


def _exponential(value: Int64) -> Int64:
    """`exp` of values up to 0 with 26 fractional bits; gemmlowp's `exp_on_negative_values`."""
    quarter = 1 << (_DIFFERENCE_BITS - 2)
    # In [-1/4, 0): the rest of the value is a sum of powers of two.
    small = (value & (quarter - 1)) - quarter
    result = _small_exponential(small << 5)
    rest = small - value
    # exp(-1/4), exp(-1/2), exp(-1)... exp(-16) with 31 fractional bits.
    for power, factor in enumerate(
        (1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242)
    ):
        chosen = rest & (quarter << power) != 0
        result[chosen] = doubling_high(result[chosen], factor)
    result[value == 0] = (1 << 31) - 1
    return result


def _small_exponential(value: Int64) -> Int64:
    """`exp` on [-1/4, 0) with 31 fractional bits: a Taylor series around -1/8."""
    x = value + (1 << 28)
    square = doubling_high(x, x)
    cube = doubling_high(square, x)
    fourth = rounding_shift(doubling_high(square, square), 2)
    # x**2 / 2 + x**3 / 6 + x**4 / 24, and the constants 1/3 and exp(-1/8).
    tail = rounding_shift(doubling_high(fourth + cube, 715_827_883) + square, 1)
    return 1_895_147_668 + doubling_high(x + tail, 1_895_147_668)


def _inverse(value: Int64) -> Int64:
    """`1 / (1 + value)` on [0, 1) with 31 fractional bits: Newton's method on half of it.

    gemmlowp's `one_over_one_plus_x_for_x_in_0_1`.
    """
    half = (value + (1 << 31)) >> 1
    # 48/17 - 32/17 * half, with 29 fractional bits.
    x = 1_515_870_810 + doubling_high(half, -1_010_580_540)
    for _ in range(3):
        x = x + (doubling_high(x, (1 << 29) - doubling_high(half, x)) << 2)
    result: Int64 = np.minimum(x << 1, (1 << 31) - 1)
    return result
