"""Requantization: its definition in exact arithmetic, and vectors for the kernels' tests."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from ferrule.fixed_point import (
    activation_range,
    doubling_high,
    multiplier_and_shift,
    requantize,
    rounding_shift,
)
from ferrule.ir import Quant, Tensor

POWERS = [1 << power for power in range(31)]
EDGES = sorted(
    {sign * (power + near) for power in POWERS for near in (-1, 0, 1) for sign in (1, -1)}
    | {(1 << 31) - 1, -(1 << 31)}
)
MULTIPLIERS = [0, 1 << 30, (1 << 30) + 1, 3 << 29, 1_672_461_947, (1 << 31) - 1]


def nearest(value: Fraction) -> int:
    """The nearest integer, ties away from zero."""
    rounded = int(abs(value) + Fraction(1, 2))
    return rounded if value >= 0 else -rounded


def test_rounding_shift_equals_its_definition() -> None:
    for right in range(32):
        expected = [nearest(Fraction(value, 1 << right)) for value in EDGES]
        assert rounding_shift(np.array(EDGES), right).tolist() == expected, right


def test_doubling_high_equals_its_definition() -> None:
    for multiplier in MULTIPLIERS:
        expected = [(value * multiplier + (1 << 30)) // (1 << 31) for value in EDGES]
        assert doubling_high(np.array(EDGES), multiplier).tolist() == expected, multiplier


def test_vectors_for_the_kernels(golden: Callable[[str, str], None]) -> None:
    numbers = np.random.default_rng(1)
    lines = []
    for multiplier in MULTIPLIERS:
        for shift in range(-31, 9):
            limit = (1 << 31) >> max(shift, 0)
            fitting = [value for value in EDGES if -limit <= value < limit]
            for value in numbers.choice(fitting, 8, replace=False).tolist():
                result = requantize(np.array(value), multiplier, shift)
                lines.append(f"{value} {multiplier} {shift} {result}\n")
    golden("requantize.txt", "".join(lines))


@pytest.mark.parametrize("real", [1e-12, 2.0**-31, 0.1, 0.5, 1 - 2.0**-40, 1.0, 3.7, 2.0**20])
def test_a_multiplier_and_a_shift_stand_for_a_ratio(real: float) -> None:
    multiplier, shift = multiplier_and_shift(real)
    if multiplier:
        assert 1 << 30 <= multiplier < 1 << 31
    assert multiplier * 2.0 ** (shift - 31) == pytest.approx(real, rel=1e-9, abs=2.0**-32)


@pytest.mark.parametrize("scale", [1e-45, 1e-30, 0.02, 1.0, 3e38])
@pytest.mark.parametrize("zero_point", [-128, 0, 127])
def test_bounds_of_an_activation_function_are_stored_values(scale: float, zero_point: int) -> None:
    output = Tensor("output", (1,), "int8", Quant((float(np.float32(scale)),), (zero_point,)))
    for activation in ("none", "relu", "relu6", "relu_n1_to_1"):
        low, high = activation_range(activation, output)
        assert -128 <= low <= high <= 127
